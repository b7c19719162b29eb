import { describe, expect, test } from 'vitest';
import { faultTable, isClean } from './table.ts';
import { type AttemptEvidence, type Evidence, type ExpectedJob, judge } from './verdict.ts';

const at = (second: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, second));
const attempt = (more: Partial<AttemptEvidence> = {}): AttemptEvidence => ({
  jobId: 'job_b',
  runNo: 1,
  attempt: 1,
  claimedAt: at(1),
  resultAt: at(5),
  ...more,
});
const EXPECTED: readonly ExpectedJob[] = [
  { id: 'job_b', kind: 'backup', expect: 'succeeds', logLines: 0 },
  { id: 'job_n', kind: 'noop', expect: 'succeeds', logLines: 2 },
];
const GOOD: Evidence = {
  jobs: [
    { id: 'job_b', state: 'succeeded', code: 'succeeded', snapshotId: 'snap', auditStarts: 1 },
    { id: 'job_n', state: 'succeeded', code: 'succeeded', snapshotId: null, auditStarts: 1 },
  ],
  attempts: [attempt(), attempt({ jobId: 'job_n' })],
  snapshots: [{ id: 'snap', jobId: 'job_b' }],
  logs: new Map([['job_n', ['line 1 of 2', 'line 2 of 2', 'The attempt ended: succeeded']]]),
  violations: [],
  leftovers: [],
};
const job = (id: string, more: object) => GOOD.jobs.map((one) => (one.id === id ? { ...one, ...more } : one));
const counts = (evidence: Partial<Evidence>, expected = EXPECTED) => {
  const { lost, doubled, stuck } = judge(expected, { ...GOOD, ...evidence });
  return { lost, doubled, stuck };
};
const none = { lost: 0, doubled: 0, stuck: 0 };

test('evidence of a day without faults is clean', () => {
  expect(judge(EXPECTED, GOOD)).toEqual({ ...none, findings: [] });
});

test('a repeatable job that died after its snapshot may have two, one for each claim', () => {
  const died = [attempt({ resultAt: null }), attempt({ attempt: 2, claimedAt: at(8), resultAt: at(12) })];
  const two = [...GOOD.snapshots, { id: 'other', jobId: 'job_b' }];
  expect(counts({ attempts: died, snapshots: two })).toEqual(none);
});

describe('is found when it was spoiled: lost', () => {
  test.each<[string, Partial<Evidence>]>([
    ['the row of an accepted job', { jobs: GOOD.jobs.slice(1) }],
    ['the end it should have had', { jobs: job('job_b', { state: 'failed', code: 'lost' }) }],
    ['the end is unknown where it must be known', { jobs: job('job_b', { state: 'unknown' }) }],
    ['the snapshot of a backup that says it succeeded', { snapshots: [] }],
    ['another snapshot than the row names', { snapshots: [{ id: 'other', jobId: 'job_b' }] }],
    ['a log line', { logs: new Map([['job_n', ['line 1 of 2']]]) }],
    ['the whole log', { logs: new Map() }],
    ['the audit event', { jobs: job('job_n', { auditStarts: 0 }) }],
  ])('%s', (_what, evidence) => {
    expect(counts(evidence)).toEqual({ ...none, lost: 1 });
  });
});

describe('is found when it was spoiled: doubled', () => {
  test.each<[string, Partial<Evidence>]>([
    ['more snapshots than claims', { snapshots: [...GOOD.snapshots, { id: 'other', jobId: 'job_b' }] }],
    ['a second row of one request', { jobs: [...GOOD.jobs, { ...GOOD.jobs[0]!, id: 'job_x' }] }],
    [
      'a claim after the result was there',
      { attempts: [attempt(), attempt({ attempt: 2, claimedAt: at(6), resultAt: null })] },
    ],
    [
      'more claims than the repeat table allows',
      { attempts: [1, 2, 3, 4].map((no) => attempt({ attempt: no, claimedAt: at(no), resultAt: null })) },
    ],
    ['a log line twice', { logs: new Map([['job_n', ['line 1 of 2', 'line 2 of 2', 'line 2 of 2']]]) }],
    ['the audit event twice', { jobs: job('job_n', { auditStarts: 2 }) }],
    ['two programs at once, as the witness saw', { violations: ['two programs at once on h1'] }],
  ])('%s', (_what, evidence) => {
    expect(counts(evidence)).toEqual({ ...none, doubled: 1 });
  });
});

describe('is found when it was spoiled: stuck', () => {
  test.each<[string, Partial<Evidence>]>([
    ['a job without an end', { jobs: job('job_b', { state: 'running' }) }],
    ['a key that is held', { leftovers: ['key host/1 is held by job_b'] }],
  ])('%s', (_what, evidence) => {
    expect(counts(evidence)).toEqual({ ...none, stuck: 1 });
  });
});

test('the table has a line for each fault, and one that is not clean is seen', () => {
  const row = { fault: 'kill -9 api', times: 5, jobs: 60, lost: 0, doubled: 0, stuck: 0, slowestRecoveryMs: 2_340 };
  expect(faultTable([row])).toBe(
    [
      'fault        times  jobs  lost  doubled  stuck  slowest recovery',
      '-----------  -----  ----  ----  -------  -----  ----------------',
      'kill -9 api      5    60     0        0      0             2.3 s',
    ].join('\n'),
  );
  expect([row, { ...row, lost: 1 }, { ...row, doubled: 1 }, { ...row, stuck: 1 }].map(isClean)).toEqual([
    true,
    false,
    false,
    false,
  ]);
});
