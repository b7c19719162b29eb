import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** A service of docker-compose.yml, in the forms that ours uses. */
export interface Service {
  readonly image: string;
  readonly build?: { readonly context: string };
  readonly user?: string;
  readonly init?: boolean;
  readonly entrypoint?: readonly string[];
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly secrets?: readonly string[];
  readonly volumes?: readonly string[];
  readonly tmpfs?: readonly string[];
  readonly networks?: readonly string[];
  readonly ports?: readonly string[];
  readonly profiles?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly restart?: string;
  readonly stop_grace_period?: string;
  readonly read_only?: boolean;
  readonly privileged?: boolean;
  readonly cap_drop?: readonly string[];
  readonly cap_add?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly logging?: { readonly options: Readonly<Record<string, string>> };
}

export interface ComposeFile {
  readonly services: Readonly<Record<string, Service>>;
  readonly networks: Readonly<Record<string, { readonly internal?: boolean } | null>>;
  readonly volumes: Readonly<Record<string, unknown>>;
  readonly secrets: Readonly<Record<string, { readonly file: string }>>;
}

/** `${NAME:-default}` and `$$`, as compose reads them; anything else with a dollar is no form of ours. */
function interpolate(text: string, env: Readonly<Record<string, string>>): string {
  return text.replace(/\$(?:\$|\{(\w+):-([^}]*)\}|)/g, (found, name: string | undefined, fallback: string) => {
    if (found === '$$') return '$';
    if (name === undefined) throw new Error(`a dollar that compose would read in: ${text}`);
    return env[name] || fallback;
  });
}

/** The text as compose sees it, with what the operator set. A test holds it against the real program. */
export function parseCompose(text: string, env: Readonly<Record<string, string>> = {}): ComposeFile {
  const walk = (value: unknown): unknown => {
    if (typeof value === 'string') return interpolate(value, env);
    if (Array.isArray(value)) return value.map(walk);
    if (value === null || typeof value !== 'object') return value;
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, walk(inner)]));
  };
  return walk(parse(text, { merge: true })) as ComposeFile;
}

export const composeText = (): string => readFileSync(`${ROOT}docker-compose.yml`, 'utf8');
export const readCompose = (env: Readonly<Record<string, string>> = {}): ComposeFile =>
  parseCompose(composeText(), env);

/** One that runs on, not a one-shot. */
export const isLongRunning = ({ restart }: Service): boolean => restart !== 'no';

/** `60s` */
export const millisecondsOf = (period: string): number => Number(/^(\d+)s$/.exec(period)?.[1]) * 1_000;
