/** A process environment, or a piece of one. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The environment of this process; nobody else reads it. Entry points hand it to `readConfig`. The database library would
 * take libpq's variables by itself: a PGSSLMODE or PGOPTIONS that is meant for psql kept our own server from being used.
 */
export function processEnvironment(): Environment {
  for (const name of Object.keys(process.env)) if (name.startsWith('PG')) delete process.env[name];
  return process.env;
}

/** By these a machine sends its programs through a proxy. Each has two spellings, and programs differ in which they read. */
export const PROXY_VARIABLES: readonly string[] = ['http_proxy', 'https_proxy', 'all_proxy', 'no_proxy'].flatMap(
  (name) => [name, name.toUpperCase()],
);

const PASSED_ON = [
  'PATH',
  'HOME',
  'LANG',
  'LC_ALL',
  'TZ',
  'TMPDIR',
  'USER',
  'XDG_CACHE_HOME',
  'GOPATH',
  'GOCACHE',
  'GOMODCACHE',
  'GOPROXY',
  'GOFLAGS',
  'GONOSUMDB',
  'GONOSUMCHECK',
  'GOSUMDB',
  'GOTOOLCHAIN',
  ...PROXY_VARIABLES,
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  // For sftp repositories: keys that an ssh agent holds.
  'SSH_AUTH_SOCK',
];

/** What programs that we start need of our environment: no secret of ours is among it. */
export function baseEnvironment(env: Environment): Record<string, string> {
  return Object.fromEntries(PASSED_ON.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])));
}
