/** Something that must not stand in source text but in the places that are named. */
export interface Pattern {
  readonly name: string;
  readonly finds: RegExp;
  readonly under: string;
  readonly files: RegExp;
  /** Paths, or beginnings of paths, where it may stand. */
  readonly allowed: readonly string[];
  readonly reason: string;
  /** One line that has to be found, so that the check is known to be able to fail. */
  readonly sample: string;
}

const TS = /(?<!\.test|\.fixture)\.ts$/;
const src = { under: 'src', files: TS };

export const PATTERNS: readonly Pattern[] = [
  {
    under: 'src',
    files: /\.ts$/,
    name: 'a wait that gives up after a second',
    finds: /\bvi\.waitUntil\((?!.*(?:timeout|TIMEOUT|WAIT\b|patient)).*\);/,
    allowed: ['test/tidy/patterns.ts'],
    reason: 'vi.waitUntil waits 1 s unless told; beside busy neighbours that is a failure of the machine',
    sample: 'await vi.waitUntil(() => lines.length > 0);',
  },
  {
    under: 'test',
    files: /\.ts$/,
    name: 'a wait that gives up after a second',
    finds: /\bvi\.waitUntil\((?!.*(?:timeout|TIMEOUT|WAIT\b|patient)).*\);/,
    allowed: ['test/tidy/patterns.ts'],
    reason: 'vi.waitUntil waits 1 s unless told; beside busy neighbours that is a failure of the machine',
    sample: 'await vi.waitUntil(() => lines.length > 0);',
  },
  {
    under: 'src/domain',
    files: TS,
    name: 'the outside world in rules',
    finds: /from '(?:node:|pg'|kysely|@mikro-orm\/|@temporalio\/|@grpc\/|fastify)/,
    allowed: [],
    reason: 'rules are pure: they are tried on millions of cases and mean the same everywhere',
    sample: "import { readFileSync } from 'node:fs';",
  },
  {
    under: 'src/lib',
    files: TS,
    name: 'a server or its client in lib',
    finds: /from '(?:pg'|kysely|@mikro-orm\/|@temporalio\/|@grpc\/|fastify)/,
    allowed: [],
    reason: 'lib is loaded by every process, also by those that have no such thing',
    sample: "import type { PayloadCodec } from '@temporalio/common';",
  },
  {
    under: 'src',
    files: TS,
    name: 'a gRPC status code by hand',
    finds: /\b(?:INVALID_ARGUMENT|DEADLINE_EXCEEDED|NOT_FOUND|ALREADY_EXISTS|UNAVAILABLE|UNAUTHENTICATED) = \d+;/,
    allowed: [],
    reason: 'grpc-js has the list (`status`)',
    sample: 'const NOT_FOUND = 5;',
  },
  {
    under: 'src/db',
    files: TS,
    name: 'Temporal in the database room',
    finds: /from '@temporalio\//,
    allowed: [],
    reason: 'rows decide; Temporal is told after the commit, by the engine',
    sample: "import { Client } from '@temporalio/client';",
  },
  {
    under: 'migrations',
    files: /\.(?:ts|sql)$/,
    name: 'a function made by a migration',
    finds: /\bcreate (?:or replace )?function\b/,
    allowed: ['locks', 'logs', 'audit', 'audit-chain', 'upkeep', 'presence', 'caps', 'lock-enter'].map(
      (name) => `migrations/sql/${name}.sql`,
    ),
    reason: 'its current text is one file in src/db/functions; a migration that needs one at its time is listed here',
    sample: 'create or replace function lock_try(p_org uuid) returns boolean language sql as $$',
  },
  {
    under: 'src',
    files: /(?<!\.test)\.(?:ts|sql)$/,
    name: 'what happened, written by hand',
    finds: /insert into (?:audit_event|event)\b/,
    // Functions of the database grant, or change the presence of hosts, many at a time.
    allowed: ['src/db/audit/record.ts', 'src/db/functions/lock_try.sql', 'src/db/functions/lock_presence.sql'],
    reason: 'one function records what happened, so that each entry says who, when and in which request',
    sample: 'await tx.run(sql`insert into audit_event(org_id, id, at) values (1)`);',
  },
  {
    under: 'src',
    files: /(?<!\.test)\.(?:ts|sql)$/,
    name: 'the state of a job, changed by hand',
    // What an attempt says of its progress changes nothing but that.
    finds: /update job\b(?! set progress = )/,
    // They grant, and change what the jobs of a host wait for, many at a time.
    allowed: ['src/db/jobs/move-jobs.ts', 'src/db/functions/lock_try.sql', 'src/db/functions/lock_presence.sql'],
    reason: 'a job goes on by the table of job-state.ts, which one function applies: row, version, event, outbox',
    sample: "await tx.run(sql`update job set state = 'running' where id = 1`);",
  },
  {
    under: 'src/api',
    files: TS,
    name: 'a clean-up that may come too late',
    finds: /\b(?:raw|response)\.(?:once|on)\('close'/,
    allowed: [],
    reason: 'a reader that left during an await has closed already, and its place would stay taken: use whenGone',
    sample: "response.once('close', () => open.delete(download));",
  },
  {
    ...src,
    name: 'process.env',
    finds: /\bprocess\.env\b/,
    allowed: ['src/config/environment.ts'],
    reason: 'configuration is read once, by one file, against one schema',
    sample: 'const port = process.env.PORT;',
  },
  {
    ...src,
    name: 'a bare clock',
    finds: /\bnew Date\(\)|\bDate\.now\(\)|\bperformance\.now\(\)/,
    // The embedded stack measures how long its steps take and how long it waits for programs; nothing there decides.
    // In a workflow the time is Temporal's, the same at each replay.
    allowed: [
      'src/lib/clock.ts',
      'src/embedded/',
      'src/processes/',
      'src/agent/session/gateway-client.ts',
      'src/workflows/show.ts',
      'src/workflows/until-quiet.ts',
    ],
    reason: 'time comes in through a parameter, so that rules can be tried at any time',
    sample: 'const now = new Date();',
  },
  {
    ...src,
    name: 'bare randomness',
    finds: /\bMath\.random\b|\brandomUUID\b|\brandomBytes\(/,
    // Passwords of the embedded servers and the name of a certificate authority: nothing that a test would want to choose.
    allowed: ['src/lib/ids.ts', 'src/embedded/', 'src/gateway/identity/certificate.ts'],
    reason: 'chance comes in through a parameter',
    sample: 'const id = randomUUID();',
  },
  {
    ...src,
    name: 'child processes',
    finds: /from 'node:child_process'/,
    allowed: [
      'src/agent/programs/run-program.ts',
      'src/embedded/supervisor/children.ts',
      'src/embedded/programs/run-short.ts',
    ],
    reason: 'programs are run in three places, each of which knows how they end',
    sample: `import { spawn } from 'node:child_process';`,
  },
  {
    ...src,
    name: 'a shell',
    finds: /\bshell: *(?!false)|\bexecSync\(|\bexecFileSync\(|(?<![.\w])exec(?:File)?\(/,
    allowed: [],
    reason: 'programs run with argument arrays: no value may become a word of a shell',
    sample: 'spawn(command, { shell: true });',
  },
  {
    ...src,
    name: 'outgoing HTTP',
    finds: /(?<![.\w])fetch\(|from 'undici'|\bhttps?\.request\(/,
    allowed: ['src/cli/', 'src/embedded/'],
    reason: 'servers call nobody yet; what will, goes through one module that guards against private addresses',
    sample: 'await fetch(url);',
  },
  {
    ...src,
    name: 'gRPC clients',
    finds: /\bConnection\.(?:lazy|connect)\(|(?<!Native)\bnew Client\((?!\{ connection)/,
    allowed: [
      'src/temporal/connection.ts',
      'src/agent/session/gateway-client.ts',
      'src/gateway/proxy/upstream.ts',
      'src/embedded/temporal/ui-grpc-proxy.ts',
    ],
    reason: 'each is told to go straight (lib/direct.ts): grpc-js sends loopback through http_proxy unless it is told',
    sample: 'const connection = Connection.lazy({ address });',
  },
  {
    ...src,
    name: 'directory scans',
    finds: /\breaddir(?:Sync)?\(|\bglobSync\(/,
    // Pid files, /proc, tokens and lines that a dead agent left, files of a repository: lists that only the file system has.
    allowed: [
      'src/embedded/',
      'src/agent/session/task-token-store.ts',
      'src/agent/programs/orphans.ts',
      'src/agent/programs/zombies.ts',
      'src/agent/log/log-spool.ts',
      'src/agent/log/spool-files.ts',
      'src/activities/host/restic/core/identity.ts',
      'src/activities/host/restic/locks/describe-lock.ts',
      'src/activities/host/restic/core/undecodable-names.ts',
    ],
    reason: 'lists are written down, so that types and readers see them',
    sample: 'for (const name of readdirSync(folder)) load(name);',
  },
  {
    ...src,
    name: 'console',
    finds: /\bconsole\.\w/,
    allowed: ['src/cli/', 'src/main.ts', 'src/processes/', 'src/embedded/'],
    reason: 'servers log through lib/log, which masks secrets',
    sample: 'console.log(secret);',
  },
  {
    ...src,
    name: 'default exports, loose types and unfinished work',
    finds: /\bexport default\b|\bas any\b|@ts-ignore|@ts-expect-error|eslint-disable|\bTODO\b|\bFIXME\b|\bXXX\b/,
    allowed: [],
    reason: 'a name is found by searching for it, a type is meant, and work is finished or not there',
    sample: 'const x = y as any;',
  },
  {
    under: 'test',
    files: /\.ts$/,
    name: 'tests that are left out',
    finds: /\.only\(|\b(?:test|describe|it)\.skip\(|\.todo\(|expect\(true\)/,
    allowed: ['test/tidy/patterns.ts'],
    reason: 'a test runs, or says with context.skip why it cannot',
    sample: 'test.only("this", () => {});',
  },
  {
    under: '.',
    files: /\.(?:ts|mjs|md|json|sql|yml)$/,
    name: 'paths of a machine',
    finds: /(?:^|[\s"'`(])\/(?:work|root)\/|\.\.\/shared\b/,
    allowed: ['test/tidy/patterns.ts'],
    reason: 'the project stands alone, wherever it lies',
    sample: 'see /root/notes',
  },
];
