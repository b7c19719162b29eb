/** How the text of a variable is read. */
export type VariableType =
  | 'text'
  | 'port'
  /** One that people's browsers go to. */
  | 'web-port'
  | 'flag'
  | 'path'
  | 'listen'
  | 'address'
  | 'addresses'
  | 'web-url'
  | 'database-url'
  | 'log';

export type Reader = 'up' | 'api' | 'worker' | 'gateway' | 'agent' | 'migrate' | 'bootstrap' | 'cli';

export interface Variable {
  readonly name: string;
  readonly type: VariableType;
  /** What is taken when it is not set, in words where it is not a fixed value. */
  readonly default: string;
  readonly readers: readonly Reader[];
  /** A secret may also come in a file: `<NAME>_FILE`. */
  readonly secret: boolean;
  readonly about: string;
}

const variable = (
  name: string,
  type: VariableType,
  fallback: string,
  readers: readonly Reader[],
  about: string,
): Variable => ({ name, type, default: fallback, readers, secret: false, about });

const secret = (
  name: string,
  type: VariableType,
  fallback: string,
  readers: readonly Reader[],
  about: string,
): Variable => ({
  ...variable(name, type, fallback, readers, about),
  secret: true,
});

const SERVERS: readonly Reader[] = ['up', 'api', 'worker', 'gateway', 'migrate'];
const TEMPORAL: readonly Reader[] = ['up', 'api', 'worker', 'gateway', 'bootstrap'];
const EVERYBODY: readonly Reader[] = [...SERVERS, 'bootstrap', 'agent', 'cli'];

/** Every variable that Holdfast reads, and nothing else is read. `docs/configuration.md` is made from this list. */
export const VARIABLES: readonly Variable[] = [
  variable('HOLDFAST_DATA', 'path', '.holdfast', EVERYBODY, 'The data folder.'),
  variable(
    'HOLDFAST_CACHE',
    'path',
    '~/.cache/holdfast, without a home <data>/cache',
    ['up'],
    'Where programs that were built or fetched are kept.',
  ),
  variable(
    'HOLDFAST_PORT',
    'web-port',
    '8080',
    ['up', 'api', 'bootstrap'],
    'Port of the API; 0 picks a free one and says so.',
  ),
  variable(
    'HOLDFAST_GATEWAY_PORT',
    'port',
    '7443',
    ['up', 'gateway', 'bootstrap'],
    'Port for agents; 0 picks a free one and says so.',
  ),
  variable(
    'HOLDFAST_GATEWAY_ADDRESS',
    'address',
    '127.0.0.1:<gateway port>',
    ['up', 'gateway', 'bootstrap'],
    'Where agents reach the gateway; its certificate says this name.',
  ),
  variable(
    'HOLDFAST_BIND',
    'listen',
    '127.0.0.1',
    ['up', 'api', 'gateway', 'bootstrap'],
    'Address to listen on. Another one than loopback needs TLS files, a trusted proxy or HOLDFAST_INSECURE_HTTP=1.',
  ),
  variable('HOLDFAST_TLS_CERT_FILE', 'path', '(none)', ['api', 'gateway'], 'Certificate, PEM.'),
  variable('HOLDFAST_TLS_KEY_FILE', 'path', '(none)', ['api', 'gateway'], 'Private key of the certificate, PEM.'),
  variable(
    'HOLDFAST_TRUSTED_PROXY',
    'addresses',
    '(none)',
    ['api'],
    'Addresses of proxies whose forwarded headers are believed, separated by commas.',
  ),
  variable(
    'HOLDFAST_INSECURE_HTTP',
    'flag',
    '0',
    ['up', 'api', 'gateway'],
    '1 allows plain HTTP on another address than loopback, with a banner.',
  ),
  variable(
    'HOLDFAST_KEYRING_FILE',
    'path',
    '<data>/keyring.json',
    [...SERVERS, 'agent'],
    'The keys that seal secrets, payloads and tokens. The agent only leaves the file out of backups.',
  ),
  variable(
    'HOLDFAST_LOG',
    'log',
    'json',
    EVERYBODY,
    'Form and level of log lines: json or pretty, and debug, info, warn or error, for example pretty:debug.',
  ),
  variable(
    'HOLDFAST_PUBLIC_URL',
    'web-url',
    'http://<bind>:<port>',
    ['up', 'bootstrap'],
    'The address people use, for links.',
  ),
  variable('HOLDFAST_URL', 'web-url', '(from cli.json)', ['cli'], 'Address of the API that the command line talks to.'),
  secret('HOLDFAST_API_KEY', 'text', '(from cli.json)', ['cli'], 'API key of the command line.'),
  variable('HOLDFAST_PROGRAM_TEMPORAL_SERVER', 'path', '(looked up)', ['up'], 'The Temporal server to run.'),
  variable('HOLDFAST_PROGRAM_TEMPORAL_SQL', 'path', '(looked up)', ['up'], "Temporal's SQL tool."),
  variable('HOLDFAST_PROGRAM_TEMPORAL_UI', 'path', '(looked up)', ['up'], "Temporal's UI server."),
  variable('HOLDFAST_PROGRAM_RESTIC', 'path', '(looked up)', ['up', 'agent'], 'The restic to run.'),
  secret(
    'DATABASE_URL',
    'database-url',
    '(embedded PostgreSQL)',
    ['up', 'migrate', 'bootstrap'],
    'The database, as its owner.',
  ),
  secret(
    'DATABASE_URL_API',
    'database-url',
    '<data>/secrets/database-url-api',
    ['api', 'migrate'],
    'The database, as the login of the API.',
  ),
  secret(
    'DATABASE_URL_AUTH',
    'database-url',
    '<data>/secrets/database-url-auth',
    ['api', 'migrate'],
    'The database, as the login that finds credentials.',
  ),
  secret(
    'DATABASE_URL_WORKER',
    'database-url',
    '<data>/secrets/database-url-worker',
    ['worker', 'migrate'],
    'The database, as the login of the worker.',
  ),
  secret(
    'DATABASE_URL_GATEWAY',
    'database-url',
    '<data>/secrets/database-url-gateway',
    ['gateway', 'migrate'],
    'The database, as the login of the gateway.',
  ),
  variable('TEMPORAL_ADDRESS', 'address', '(embedded Temporal)', TEMPORAL, 'Host and port of Temporal.'),
  variable('TEMPORAL_NAMESPACE', 'text', 'holdfast', TEMPORAL, 'The namespace to use.'),
  variable('TEMPORAL_UI_URL', 'web-url', '(embedded UI)', ['up', 'api'], "Address of Temporal's UI, for links."),
  secret('TEMPORAL_API_KEY', 'text', '(none)', TEMPORAL, 'API key for Temporal.'),
  variable(
    'TEMPORAL_TLS_SERVER_CA',
    'path',
    '(none)',
    TEMPORAL,
    'File with the authority of the certificate of Temporal, PEM; switches TLS on.',
  ),
  variable('TEMPORAL_TLS_CERT', 'path', '(none)', TEMPORAL, 'File with our client certificate, PEM.'),
  variable('TEMPORAL_TLS_KEY', 'path', '(none)', TEMPORAL, 'File with the key of our client certificate, PEM.'),
  variable('TEMPORAL_TLS_SERVER_NAME', 'text', '(none)', TEMPORAL, 'Name the certificate of Temporal has to have.'),
  variable(
    'OTEL_EXPORTER_OTLP_ENDPOINT',
    'web-url',
    '(off)',
    SERVERS,
    'Where traces go; reserved, nothing is sent yet.',
  ),
];

/** The documentation table; a test holds `docs/configuration.md` against it. */
export function configurationTable(): string {
  const rows = VARIABLES.map(
    (v) =>
      `| \`${v.name}\`${v.secret ? ` or \`${v.name}_FILE\`` : ''} | ${v.default.replaceAll('|', '\\|')} | ${v.readers.join(', ')} | ${v.about} |`,
  );
  return ['| variable | default | read by | meaning |', '| --- | --- | --- | --- |', ...rows, ''].join('\n');
}
