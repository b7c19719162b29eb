/** A process environment, or a piece of one. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The environment of this process; nobody else reads it. Entry points hand it to `readConfig`. */
export function processEnvironment(): Environment {
  return process.env;
}

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
  'HTTPS_PROXY',
  'HTTP_PROXY',
  'NO_PROXY',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
];

/** What programs that we start need of our environment: no secret of ours is among it. */
export function baseEnvironment(env: Environment): Record<string, string> {
  return Object.fromEntries(PASSED_ON.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])));
}
