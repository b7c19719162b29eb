import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Failure } from '../lib/failure.ts';
import { redactText } from '../lib/redact.ts';
import type { Environment } from './environment.ts';
import { wrongFormat } from './format.ts';
import { homeFolder } from './home.ts';
import { nearest } from './nearest.ts';
import { VARIABLES, type Variable } from './schema.ts';
import { withoutSlash } from './web-url.ts';

export interface LogConfig {
  readonly pretty: boolean;
  readonly level: 'debug' | 'info' | 'warn' | 'error';
}

/** Everything that comes from the environment, read once, typed. */
export interface Config {
  readonly dataDir: string;
  /** Null where the account has none that can be used. */
  readonly home: string | null;
  readonly cacheDir: string;
  readonly port: number;
  readonly gatewayPort: number;
  readonly gatewayAddress: string | null;
  readonly bind: string;
  readonly tls: { readonly certFile: string; readonly keyFile: string } | null;
  readonly trustedProxy: readonly string[];
  readonly insecureHttp: boolean;
  readonly keyringFile: string;
  readonly log: LogConfig;
  readonly publicUrl: string | null;
  readonly cli: { readonly url: string | null; readonly apiKey: string | null };
  /** By program name: `temporal-server` and so on. */
  readonly programs: Readonly<Record<string, string>>;
  /** Null: the embedded PostgreSQL, or the URL files in the data folder. */
  readonly database: {
    readonly owner: string | null;
    readonly api: string | null;
    readonly auth: string | null;
    readonly worker: string | null;
    readonly gateway: string | null;
  };
  readonly temporal: {
    readonly address: string | null;
    readonly namespace: string;
    readonly uiUrl: string | null;
    readonly apiKey: string | null;
    readonly tls: {
      readonly serverCaFile: string | null;
      readonly certFile: string | null;
      readonly keyFile: string | null;
      readonly serverName: string | null;
    } | null;
  };
}

const LOOPBACK = /^(?:127\.\d{1,3}\.\d{1,3}\.\d{1,3}|::1|localhost)$/;

/** Reads and checks the environment. All that is wrong is told in one failure. */
export function readConfig(env: Environment): Config {
  const problems: string[] = [...unknownNames(env)];
  const values = new Map(VARIABLES.map((v) => [v.name, readValue(v, env, problems)]));
  const text = (name: string) => values.get(name) ?? null;
  // One address and not a name of two: listener, clients and whoever else holds a port would pick different ones.
  const bind = (text('HOLDFAST_BIND') ?? '127.0.0.1').replace(/^localhost$/, '127.0.0.1');
  const tls = pairOf(text('HOLDFAST_TLS_CERT_FILE'), text('HOLDFAST_TLS_KEY_FILE'), problems);
  const temporal = temporalOf(text, problems);
  const insecureHttp = text('HOLDFAST_INSECURE_HTTP') === '1';
  if (!LOOPBACK.test(bind) && !tls && !text('HOLDFAST_TRUSTED_PROXY') && !insecureHttp)
    problems.push(
      `HOLDFAST_BIND=${bind} is not loopback: set HOLDFAST_TLS_CERT_FILE and HOLDFAST_TLS_KEY_FILE, or HOLDFAST_TRUSTED_PROXY, or HOLDFAST_INSECURE_HTTP=1 if plain HTTP is what you want.`,
    );
  if (problems.length > 0)
    throw new Failure('bad-configuration', `The configuration is not right:\n  ${problems.join('\n  ')}`, {
      fault: 'operator',
    });
  const webUrl = (name: string) => {
    const url = text(name);
    return url === null ? null : withoutSlash(url);
  };
  const dataDir = resolve(text('HOLDFAST_DATA') ?? '.holdfast');
  const home = homeFolder(env);
  return {
    dataDir,
    home,
    cacheDir: resolve(text('HOLDFAST_CACHE') ?? cacheOf(env, home) ?? join(dataDir, 'cache')),
    port: Number(text('HOLDFAST_PORT') ?? 8080),
    gatewayPort: Number(text('HOLDFAST_GATEWAY_PORT') ?? 7443),
    gatewayAddress: text('HOLDFAST_GATEWAY_ADDRESS'),
    bind,
    tls,
    trustedProxy: (text('HOLDFAST_TRUSTED_PROXY') ?? '')
      .split(',')
      .map((a) => a.trim())
      .filter(Boolean),
    insecureHttp,
    keyringFile: resolve(text('HOLDFAST_KEYRING_FILE') ?? join(dataDir, 'keyring.json')),
    log: logOf(text('HOLDFAST_LOG')),
    publicUrl: webUrl('HOLDFAST_PUBLIC_URL'),
    cli: { url: webUrl('HOLDFAST_URL'), apiKey: text('HOLDFAST_API_KEY') },
    programs: programsOf(text),
    database: databaseOf(text),
    temporal,
  };
}

function cacheOf(env: Environment, home: string | null): string | null {
  const folder = env.XDG_CACHE_HOME || (home && join(home, '.cache'));
  return folder ? join(folder, 'holdfast') : null;
}

function unknownNames(env: Environment): string[] {
  const known = VARIABLES.flatMap((v) => (v.secret ? [v.name, `${v.name}_FILE`] : [v.name]));
  return Object.keys(env)
    .filter((name) => name.startsWith('HOLDFAST_') && !known.includes(name))
    .map((name) => `${name} is not a variable of Holdfast; did you mean ${nearest(name, known)}?`);
}

function readValue(variable: Variable, env: Environment, problems: string[]): string | null {
  const direct = env[variable.name] || null;
  const file = (variable.secret && env[`${variable.name}_FILE`]) || null;
  if (direct && file) problems.push(`${variable.name} and ${variable.name}_FILE are both set: leave one of them out.`);
  const value = file ? contentOf(variable.name, file, problems) : direct;
  const wrong = value === null ? null : wrongFormat(variable.type, value);
  if (wrong) problems.push(`${variable.name}${variable.secret ? '' : `=${redactText(value!)}`} ${wrong}`);
  return wrong ? null : value;
}

function contentOf(name: string, file: string, problems: string[]): string | null {
  try {
    const content = readFileSync(file, 'utf8').trim();
    if (content) return content;
    problems.push(`${name}_FILE=${file} is empty.`);
  } catch (thrown) {
    problems.push(`${name}_FILE=${file} cannot be read (${(thrown as NodeJS.ErrnoException).code}).`);
  }
  return null;
}

function pairOf(certFile: string | null, keyFile: string | null, problems: string[]): Config['tls'] {
  if (certFile && keyFile) return { certFile, keyFile };
  if (certFile || keyFile) problems.push('HOLDFAST_TLS_CERT_FILE and HOLDFAST_TLS_KEY_FILE go together: set both.');
  return null;
}

function logOf(text: string | null): LogConfig {
  const words = (text ?? 'json').split(':');
  const level = words.find((w): w is LogConfig['level'] => ['debug', 'info', 'warn', 'error'].includes(w));
  return { pretty: words.includes('pretty'), level: level ?? 'info' };
}

const PROGRAM_PREFIX = 'HOLDFAST_PROGRAM_';

function programsOf(text: (name: string) => string | null): Record<string, string> {
  const set = VARIABLES.filter((v) => v.name.startsWith(PROGRAM_PREFIX)).flatMap(({ name }) => {
    const path = text(name);
    return path === null ? [] : [[name.slice(PROGRAM_PREFIX.length).toLowerCase().replaceAll('_', '-'), resolve(path)]];
  });
  return Object.fromEntries(set);
}

function temporalOf(text: (name: string) => string | null, problems: string[]): Config['temporal'] {
  const serverCaFile = text('TEMPORAL_TLS_SERVER_CA');
  const certFile = text('TEMPORAL_TLS_CERT');
  const keyFile = text('TEMPORAL_TLS_KEY');
  const serverName = text('TEMPORAL_TLS_SERVER_NAME');
  if (Boolean(text('TEMPORAL_TLS_CERT')) !== Boolean(text('TEMPORAL_TLS_KEY')))
    problems.push('TEMPORAL_TLS_CERT and TEMPORAL_TLS_KEY go together: set both.');
  const temporal = {
    address: text('TEMPORAL_ADDRESS'),
    namespace: text('TEMPORAL_NAMESPACE') ?? 'holdfast',
    uiUrl: text('TEMPORAL_UI_URL'),
    apiKey: text('TEMPORAL_API_KEY'),
    tls: serverCaFile || certFile || serverName ? { serverCaFile, certFile, keyFile, serverName } : null,
  };
  if (temporal.address?.startsWith('[') && (temporal.tls || temporal.apiKey) && !temporal.tls?.serverName)
    problems.push(
      `TEMPORAL_ADDRESS=${temporal.address} is an IPv6 address, which the Temporal client cannot look for in a certificate: set TEMPORAL_TLS_SERVER_NAME to a name of the certificate.`,
    );
  return temporal;
}

function databaseOf(text: (name: string) => string | null): Config['database'] {
  return {
    owner: text('DATABASE_URL'),
    api: text('DATABASE_URL_API'),
    auth: text('DATABASE_URL_AUTH'),
    worker: text('DATABASE_URL_WORKER'),
    gateway: text('DATABASE_URL_GATEWAY'),
  };
}
