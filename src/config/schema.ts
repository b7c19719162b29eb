import { join, resolve } from 'node:path';
import Type from 'typebox';
import { field, optional, optionalGroup, placed, type Reader, secret, together, variablesIn } from './field.ts';

const SERVERS: readonly Reader[] = ['up', 'api', 'worker', 'gateway', 'migrate'];
const TEMPORAL: readonly Reader[] = ['up', 'api', 'worker', 'gateway', 'bootstrap'];
const EVERYBODY: readonly Reader[] = [...SERVERS, 'bootstrap', 'agent', 'cli'];

/** Everything that Holdfast reads of the environment. The typed configuration and `docs/configuration.md` are made from it. */
export const CONFIG = Type.Object({
  dataDir: field('HOLDFAST_DATA', 'path', '.holdfast', EVERYBODY, 'The data folder.'),
  cacheDir: placed(
    'HOLDFAST_CACHE',
    '~/.cache/holdfast, without a home <data>/cache',
    ({ accountCache, dataDir }) => (accountCache ? resolve(accountCache, 'holdfast') : join(dataDir, 'cache')),
    ['up'],
    'Where programs that were built or fetched are kept.',
  ),
  port: field(
    'HOLDFAST_PORT',
    'web-port',
    '8080',
    ['up', 'api', 'bootstrap'],
    'Port of the API; 0 picks a free one and says so.',
  ),
  gatewayPort: field(
    'HOLDFAST_GATEWAY_PORT',
    'port',
    '7443',
    ['up', 'gateway', 'bootstrap'],
    'Port for agents; 0 picks a free one and says so.',
  ),
  gatewayAddress: optional(
    'HOLDFAST_GATEWAY_ADDRESS',
    'address',
    '127.0.0.1:<gateway port>',
    ['up', 'gateway', 'bootstrap'],
    'Where agents reach the gateway; its certificate says this name.',
  ),
  bind: field(
    'HOLDFAST_BIND',
    'listen',
    '127.0.0.1',
    ['up', 'api', 'gateway', 'bootstrap'],
    'Address to listen on. Another one than loopback needs TLS files, a trusted proxy or HOLDFAST_INSECURE_HTTP=1.',
  ),
  tls: optionalGroup({
    certFile: together('HOLDFAST_TLS_CERT_FILE', ['api', 'gateway'], 'Certificate, PEM.'),
    keyFile: together('HOLDFAST_TLS_KEY_FILE', ['api', 'gateway'], 'Private key of the certificate, PEM.'),
  }),
  trustedProxy: field(
    'HOLDFAST_TRUSTED_PROXY',
    'addresses',
    '',
    ['api'],
    'Addresses of proxies whose forwarded headers are believed, separated by commas.',
  ),
  insecureHttp: field(
    'HOLDFAST_INSECURE_HTTP',
    'flag',
    '0',
    ['up', 'api', 'gateway'],
    '1 allows plain HTTP on another address than loopback, with a banner.',
  ),
  keyringFile: placed(
    'HOLDFAST_KEYRING_FILE',
    '<data>/keyring.json',
    ({ dataDir }) => join(dataDir, 'keyring.json'),
    [...SERVERS, 'agent'],
    'The keys that seal secrets, payloads and tokens. The agent only leaves the file out of backups.',
  ),
  log: field(
    'HOLDFAST_LOG',
    'log',
    'json',
    EVERYBODY,
    'Form and level of log lines: json or pretty, and debug, info, warn or error, for example pretty:debug.',
  ),
  publicUrl: optional(
    'HOLDFAST_PUBLIC_URL',
    'web-url',
    'http://<bind>:<port>',
    ['up', 'bootstrap'],
    'The address people use, for links.',
  ),
  cli: Type.Object({
    url: optional(
      'HOLDFAST_URL',
      'web-url',
      '(from cli.json)',
      ['cli'],
      'Address of the API that the command line talks to.',
    ),
    apiKey: secret('HOLDFAST_API_KEY', 'text', '(from cli.json)', ['cli'], 'API key of the command line.'),
  }),
  /** Where the operator has a program of the name. */
  programs: Type.Object({
    'temporal-server': optional(
      'HOLDFAST_PROGRAM_TEMPORAL_SERVER',
      'path',
      '(looked up)',
      ['up'],
      'The Temporal server to run.',
    ),
    'temporal-sql': optional('HOLDFAST_PROGRAM_TEMPORAL_SQL', 'path', '(looked up)', ['up'], "Temporal's SQL tool."),
    'temporal-ui': optional('HOLDFAST_PROGRAM_TEMPORAL_UI', 'path', '(looked up)', ['up'], "Temporal's UI server."),
    restic: optional('HOLDFAST_PROGRAM_RESTIC', 'path', '(looked up)', ['up', 'agent'], 'The restic to run.'),
  }),
  /** Null: the embedded PostgreSQL, or the URL files in the data folder. */
  database: Type.Object({
    owner: secret(
      'DATABASE_URL',
      'database-url',
      '(embedded PostgreSQL)',
      ['up', 'migrate', 'bootstrap'],
      'The database, as its owner.',
    ),
    api: secret(
      'DATABASE_URL_API',
      'database-url',
      '<data>/secrets/database-url-api',
      ['api', 'migrate'],
      'The database, as the login of the API.',
    ),
    auth: secret(
      'DATABASE_URL_AUTH',
      'database-url',
      '<data>/secrets/database-url-auth',
      ['api', 'migrate'],
      'The database, as the login that finds credentials.',
    ),
    worker: secret(
      'DATABASE_URL_WORKER',
      'database-url',
      '<data>/secrets/database-url-worker',
      ['worker', 'migrate'],
      'The database, as the login of the worker.',
    ),
    gateway: secret(
      'DATABASE_URL_GATEWAY',
      'database-url',
      '<data>/secrets/database-url-gateway',
      ['gateway', 'migrate'],
      'The database, as the login of the gateway.',
    ),
  }),
  temporal: Type.Object({
    address: optional('TEMPORAL_ADDRESS', 'address', '(embedded Temporal)', TEMPORAL, 'Host and port of Temporal.'),
    namespace: field('TEMPORAL_NAMESPACE', 'text', 'holdfast', TEMPORAL, 'The namespace to use.'),
    uiUrl: optional(
      'TEMPORAL_UI_URL',
      'web-url',
      '(embedded UI)',
      ['up', 'api'],
      "Address of Temporal's UI, for links.",
    ),
    apiKey: secret('TEMPORAL_API_KEY', 'text', '(none)', TEMPORAL, 'API key for Temporal.'),
    tls: optionalGroup({
      serverCaFile: optional(
        'TEMPORAL_TLS_SERVER_CA',
        'file',
        '(none)',
        TEMPORAL,
        'File with the authority of the certificate of Temporal, PEM; switches TLS on.',
      ),
      certFile: optional('TEMPORAL_TLS_CERT', 'file', '(none)', TEMPORAL, 'File with our client certificate, PEM.'),
      keyFile: optional(
        'TEMPORAL_TLS_KEY',
        'file',
        '(none)',
        TEMPORAL,
        'File with the key of our client certificate, PEM.',
      ),
      serverName: optional(
        'TEMPORAL_TLS_SERVER_NAME',
        'text',
        '(none)',
        TEMPORAL,
        'Name the certificate of Temporal has to have.',
      ),
    }),
  }),
  tracesUrl: optional(
    'OTEL_EXPORTER_OTLP_ENDPOINT',
    'web-url',
    '(off)',
    SERVERS,
    'Where traces go; reserved, nothing is sent yet.',
  ),
});

export const VARIABLES = variablesIn(CONFIG);
