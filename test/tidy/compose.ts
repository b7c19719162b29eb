import type { Reader } from '../../src/config/field.ts';
import { VARIABLES } from '../../src/config/schema.ts';
import { STOP_GRACE_MS } from '../../src/embedded/supervisor/our-processes.ts';
import { type ComposeFile, isLongRunning, millisecondsOf, type Service } from '../harness/compose-file.ts';

/** Something that every service of docker-compose.yml has to keep to. */
export interface ComposeRule {
  readonly name: string;
  readonly reason: string;
  /** What is wrong with it, in words; null when nothing is. */
  wrong(name: string, service: Service, file: ComposeFile): string | null;
  /** What is put over a service so that the rule has to find it. */
  readonly sample: { readonly of: string; readonly over: Partial<Service> };
}

const say = (isWrong: boolean, words: string): string | null => (isWrong ? words : null);

/** Those that people and hosts outside of the machine are meant to reach, where the operator says so. */
const PUBLIC: Readonly<Record<string, string>> = { gateway: '0.0.0.0:7443:7443' };
const LOOPBACK = /^127\.0\.0\.1:\d+:\d+$/;

/** The process that a service of ours runs: `holdfast <process>`, or the command line. */
export function readerOf({ command, entrypoint }: Service): Reader | null {
  if (entrypoint?.join(' ') === 'holdfast') return 'cli';
  const [program, process, ...more] = command ?? [];
  return program === 'holdfast' && more.length === 0 ? (process as Reader) : null;
}

/** By which names a process may be given something. */
function namesRead(reader: Reader): string[] {
  return VARIABLES.filter(({ readers }) => readers.includes(reader)).flatMap(({ name, secret }) =>
    secret ? [name, `${name}_FILE`] : [name],
  );
}

/** Secrets that a service is given but names nowhere, or names without being given them. */
function secretsAskew({ environment = {}, command = [], secrets = [] }: Service): string[] {
  const text = [...Object.values(environment), ...command].join('\n');
  const named = new Set([...text.matchAll(/\/run\/secrets\/([\w.-]+)/g)].map(([, name]) => name!));
  return [...new Set([...named, ...secrets])].filter((name) => named.has(name) !== secrets.includes(name));
}

const SECRET_NAME = /PASSWORD|PASSWD|PWD|SECRET|TOKEN|API_KEY|DATABASE_URL/;

export const COMPOSE_RULES: readonly ComposeRule[] = [
  {
    name: 'an exact tag',
    reason: 'the same file gives the same stack tomorrow',
    wrong: (_name, { image }) => say(!/:v?\d+\.\d+[\w.-]*$/.test(image), image),
    sample: { of: 'temporal', over: { image: 'temporalio/server:latest' } },
  },
  {
    name: 'published on loopback, unless it is meant for other machines',
    reason: 'who reaches Temporal, its UI or PostgreSQL is an administrator of all',
    wrong: (name, { ports = [] }) =>
      ports.filter((port) => !LOOPBACK.test(port) && PUBLIC[name] !== port).join(', ') || null,
    sample: { of: 'temporal-ui', over: { ports: ['8233:8080'] } },
  },
  {
    name: 'a health check where it runs on',
    reason: 'others wait for it, and an operator sees it',
    wrong: (_name, service) => say(isLongRunning(service) && !service.healthcheck, 'none'),
    sample: { of: 'worker', over: { healthcheck: undefined } },
  },
  {
    name: 'no secret in its environment',
    reason: 'docker inspect, /proc and crash reports show it',
    wrong: (_name, { environment = {} }) =>
      Object.entries(environment).find(
        ([name, value]) => (SECRET_NAME.test(name) && !name.endsWith('_FILE')) || /:\/\/[^/]*:[^/]*@/.test(value),
      )?.[0] ?? null,
    sample: { of: 'worker', over: { environment: { DATABASE_URL_WORKER: 'postgres://a@b/c' } } },
  },
  {
    name: 'its secrets and no others',
    reason: 'who breaks into one process opens nothing of another',
    wrong: (_name, service) => secretsAskew(service).join(', ') || null,
    sample: { of: 'worker', over: { secrets: ['database-url-worker', 'database-url'] } },
  },
  {
    name: 'only variables that its process reads',
    reason: 'what nobody reads misleads, and a secret that nobody reads is one too many',
    wrong: (_name, service) => {
      const reader = readerOf(service);
      if (!service.build || reader === null) return say(Boolean(service.build), 'its command is no holdfast process');
      const known = ['HOME', ...namesRead(reader)];
      return (
        Object.keys(service.environment ?? {})
          .filter((name) => !known.includes(name))
          .join(', ') || null
      );
    },
    sample: { of: 'api', over: { environment: { DATABASE_URL_WORKER_FILE: '/run/secrets/database-url-worker' } } },
  },
  {
    name: 'a read-only root',
    reason: 'what was broken into changes no program; what is written is a volume or goes with the container',
    wrong: (_name, { read_only }) => say(read_only !== true, 'its root can be written'),
    sample: { of: 'api', over: { read_only: false } },
  },
  {
    name: 'no privilege',
    reason: 'none of them needs one, and a new one is not to come by a set-uid program',
    wrong: (_name, service) =>
      say(
        service.privileged === true ||
          service.cap_drop?.join() !== 'ALL' ||
          (service.cap_add ?? []).length > 0 ||
          !service.security_opt?.includes('no-new-privileges:true') ||
          service.user === 'root' ||
          /^0\b/.test(service.user ?? ''),
        'privileges',
      ),
    sample: { of: 'agent', over: { cap_add: ['SYS_ADMIN'] } },
  },
  {
    name: 'a restart policy',
    reason: 'what ends is started again, one-shots are not',
    wrong: (_name, { restart }) => say(!['unless-stopped', 'no'].includes(restart ?? ''), restart ?? 'none'),
    sample: { of: 'api', over: { restart: 'always' } },
  },
  {
    name: 'time to stop',
    reason: 'a process that is killed before it ended in order leaves work for the next',
    wrong: (name, service) => {
      if (!isLongRunning(service)) return null;
      const given = millisecondsOf(service.stop_grace_period ?? '');
      const needed = name in STOP_GRACE_MS ? STOP_GRACE_MS[name as keyof typeof STOP_GRACE_MS] : 10_000;
      return say(!(given >= needed), `${service.stop_grace_period}, needed are ${needed} ms`);
    },
    sample: { of: 'agent', over: { stop_grace_period: '10s' } },
  },
  {
    name: 'a limit to its log',
    reason: 'the log of a container grows until the disk is full, unless told',
    wrong: (_name, { logging }) => say(!logging?.options['max-size'] || !logging.options['max-file'], 'none'),
    sample: { of: 'postgres', over: { logging: { options: {} } } },
  },
  {
    name: 'volumes by name, or files for reading',
    reason: 'an unnamed volume is lost with its container',
    wrong: (_name, { volumes = [] }, file) =>
      volumes.find((volume) => {
        const [source = '', target, mode] = volume.split(':');
        return target === undefined || (/^[./]/.test(source) ? mode !== 'ro' : !(source in file.volumes));
      }) ?? null,
    sample: { of: 'agent', over: { volumes: ['/srv:/host'] } },
  },
  {
    name: 'no way around the networks',
    reason: 'hosts reach the gateway and nothing behind it; the database and Temporal reach nothing outside',
    wrong: (name, { networks = [] }, file) => {
      const open = networks.filter((network) => file.networks[network]?.internal !== true);
      const may: Readonly<Record<string, string>> = {
        api: 'front',
        cli: 'front',
        gateway: 'agents',
        agent: 'agents',
        'temporal-ui': 'ui',
      };
      return open.find((network) => may[name] !== network) ?? say(networks.length === 0, 'the default network');
    },
    sample: { of: 'postgres', over: { networks: ['database', 'front'] } },
  },
];
