import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, expect, test } from 'vitest';
import { findOrphans, marksOf, type Orphan, stopOrphans } from './orphans.ts';

const MARK = `mark-of-${process.pid}-7c1f`;
const input = { kind: 'backup', jobId: 'job_1', runNo: 1, attempt: 1 };
const started: ChildProcess[] = [];
afterAll(() => {
  for (const child of started) child.kill('SIGKILL');
});

/** A program that has said that it runs: by then its environment is its own. */
async function program(env: Record<string, string>, options: { uid?: number } = {}): Promise<number> {
  const script = 'echo here; read line';
  const child = spawn('/bin/sh', ['-c', script], { env, stdio: ['pipe', 'pipe', 'ignore'], ...options });
  started.push(child);
  await once(child.stdout!, 'data');
  return child.pid!;
}

const pidsOf = async (jobId: string | null) => (await findOrphans(MARK, jobId)).map(({ pid }) => pid);

test('HJ-33: only what carries the mark of this agent is its program, and its grace is bounded', async () => {
  const ours = await program(marksOf(MARK, input, { signal: 'SIGINT', graceMs: 1e12 }));
  await program(marksOf(`${MARK}x`, input, { signal: 'SIGINT', graceMs: 0 }));
  await program({ HOLDFAST_AGENT_MARK: '', HOLDFAST_JOB_ID: 'job_1', HOLDFAST_STOP: 'SIGTERM:1' });
  expect(await findOrphans(MARK, null)).toEqual([{ pid: ours, stop: { signal: 'SIGINT', graceMs: 90_000 } }]);
  expect(await pidsOf('job_1')).toEqual([ours]);
  expect(await pidsOf('job_2')).toEqual([]);
});

test.runIf(process.getuid?.() === 0)(
  'HJ-33: a process of another account is left alone, whatever it carries',
  async () => {
    const foreign = await program(marksOf(MARK, input, { signal: 'SIGTERM', graceMs: 0 }), { uid: 65_534 });
    expect(await pidsOf(null)).not.toContain(foreign);
  },
);

test('HJ-33: what makes new processes without end is given up, so that the agent becomes ready', async () => {
  let made = 0;
  const find = async (): Promise<Orphan[]> => {
    made++;
    // No process can have this number.
    return [{ pid: 2 ** 30, stop: { signal: 'SIGTERM', graceMs: 0 } }];
  };
  await expect(stopOrphans(find, 200)).rejects.toThrow(/new ones keep coming/);
  expect(made).toBe(5 + 1);
});
