import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { createLogger } from './log.ts';
import { Redactor } from './redact.ts';

const CANARY = 'canary-7f31c2d9';

function logTo(pretty: boolean, redactor?: Redactor) {
  const lines: string[] = [];
  const destination = { write: (line: string) => lines.push(line) };
  const log = createLogger({ level: 'debug', pretty, process: 'api', destination, ...(redactor && { redactor }) });
  return { log, text: () => lines.join(''), only: () => JSON.parse(lines.join('')) as Record<string, unknown> };
}

const databaseError = (fields: object) =>
  Object.assign(new Error('duplicate key value'), {
    severity: 'ERROR',
    code: '23505',
    constraint: 'host_name',
    ...fields,
  });

describe.each([false, true])('RUN-11: no canary comes out (pretty: %s)', (pretty) => {
  const leaky: [string, unknown][] = [
    ['a header', { headers: { authorization: `Bearer ${CANARY}`, cookie: `s=${CANARY}`, 'x-api-key': CANARY } }],
    ['headers of a request object', { headers: new Headers({ 'x-api-key': CANARY }) }],
    ['a query string', { url: `/api/v1/jobs?token=${CANARY}` }],
    ['an environment', { env: { RESTIC_PASSWORD: CANARY, AWS_SECRET_ACCESS_KEY: CANARY } }],
    ['a URL', { repository: new URL(`https://user:${CANARY}@host/`) }],
    ['a secret field of any kind', { refreshToken: { value: CANARY }, password: [CANARY], secret: 12 }],
    ['a map', { settings: new Map([['password', CANARY]]) }],
    ['an object that renders itself', { config: { toJSON: () => ({ password: CANARY }) } }],
    ['the name of a field', { [`token=${CANARY}`]: 1 }],
    ['bytes', { chunk: Buffer.from(CANARY) }],
    ['a database error: detail', { err: databaseError({ detail: `Key (name)=(${CANARY}) already exists.` }) }],
    ['a database error: where', { err: databaseError({ where: `portal parameter $1 = '${CANARY}'` }) }],
    ['a database error: statement', { err: databaseError({ query: `select '${CANARY}'`, parameters: [CANARY] }) }],
    ['an ORM error', { err: new Error(`insert into "host" ("name") values ('${CANARY}') - duplicate key value`) }],
    ['a thrown error', { err: new Error(`password=${CANARY}`) }],
    ['its cause', { err: new Error('a', { cause: new Error('b', { cause: new Error(`://u:${CANARY}@h/`) }) }) }],
    ['a cause that is no error', { err: new Error('a', { cause: { password: CANARY } }) }],
    ['errors in an error', { err: new AggregateError([new Error(`token=${CANARY}`)], 'all failed') }],
    ['an error as the facts', new Error(`token=${CANARY}`)],
  ];

  test.each(leaky)('%s', (_name, facts) => {
    const { log, text } = logTo(pretty);
    log.error(facts as Record<string, unknown>, 'something happened');
    expect(text()).toContain('something happened');
    expect(text()).not.toContain(CANARY);
  });

  test.each(leaky)('%s, bound to a child', (_name, facts) => {
    const { log, text } = logTo(pretty);
    log
      .child({ facts })
      .child(facts as Record<string, unknown>)
      .warn({}, 'something happened');
    expect(text()).toContain('something happened');
    expect(text()).not.toContain(CANARY);
  });

  test('the stderr of a host program', () => {
    const words = `Fatal: unable to open rest:https://u:${CANARY}@h/\\nRESTIC_PASSWORD=${CANARY}\\nhfh_${CANARY}`;
    const script = `process.stderr.write("${words}"); process.exit(1)`;
    const { stderr, status } = spawnSync(process.execPath, ['-e', script], { encoding: 'utf8' });
    expect([status, stderr.includes(CANARY)]).toEqual([1, true]);
    const { log, text } = logTo(pretty);
    log.error({ stderr, err: new Error(stderr) }, `restic failed: ${stderr}`);
    expect(text()).toContain('restic failed: Fatal: unable to open rest:https://***@h/');
    expect(text()).not.toContain(CANARY);
  });

  test('a secret that only the process knows to be one', () => {
    const { log, text } = logTo(pretty, new Redactor().add(CANARY));
    log.child({ plain: CANARY }).info({ list: [{ also: `x ${CANARY}` }] }, `words ${CANARY}`);
    expect(text()).not.toContain(CANARY);
  });

  test('words alone, from a caller that types do not reach', () => {
    const { log, text } = logTo(pretty);
    (log.info as unknown as (words: string) => void)(`password=${CANARY}`);
    expect(text()).toContain('password=***');
  });
});

test('a line says what happened, to whom, and who was it', () => {
  const { log, only } = logTo(false);
  const cause = Object.assign(new Error('connection lost'), { code: 'ECONNRESET' });
  log.child({ requestId: 'r1' }).warn({ jobId: 'job_1', count: 3, err: new TypeError('no', { cause }) }, 'not sent');
  expect(only()).toMatchObject({
    level: 'warn',
    process: 'api',
    requestId: 'r1',
    jobId: 'job_1',
    count: 3,
    msg: 'not sent',
    err: { type: 'TypeError', message: 'no', cause: { message: 'connection lost', code: 'ECONNRESET' } },
  });
});

test('one call is one line, whatever is in it', () => {
  const { log, text } = logTo(false);
  log.info({ name: 'a\n{"level":"error"}', '\n': 1 }, 'b\nc');
  expect(text().trimEnd().split('\n')).toHaveLength(1);
});

test('odd values do not stop the line', () => {
  const { log, only } = logTo(false);
  const circle: Record<string, unknown> = {
    bad: {
      get value() {
        throw new Error('no');
      },
    },
    big: 12n,
    at: new Date(Number.NaN),
  };
  circle.self = circle;
  log.info({ circle, server: new (class Server {})(), long: Array.from({ length: 10_000 }, () => 1) }, 'odd');
  expect(only()).toMatchObject({
    circle: { bad: '[unreadable]', big: '12', at: null, self: '[circular]' },
    server: '[Server]',
  });
  expect((only().long as unknown[]).length).toBeLessThan(1_000);
});
