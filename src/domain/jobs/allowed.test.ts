import { expect, test } from 'vitest';
import { hostNextAction, jobAllowed, jobNextAction, planAllowed, planNextAction } from './allowed.ts';
import { isTerminal, JOB_STATES } from './job-state.ts';

const all = () => true;
const none = () => false;

test('UX-3: a job can be cancelled until it ends or is being cancelled, by whoever may', () => {
  for (const state of JOB_STATES) {
    const { cancel } = jobAllowed({ state, siteId: null }, all);
    expect([state, cancel === true]).toEqual([state, !isTerminal(state) && state !== 'cancelling']);
    if (cancel !== true) expect(cancel).toContain(state === 'cancelling' ? 'being cancelled' : state);
  }
  expect(jobAllowed({ state: 'running', siteId: null }, none)).toMatchObject({
    cancel: 'needs the permission job:cancel',
  });
});

test('UX-3: every row says what to do next, and nothing when all is well', () => {
  for (const state of JOB_STATES)
    expect(jobNextAction({ state, siteId: null })).toBe(
      !isTerminal(state)
        ? 'wait'
        : state === 'unknown'
          ? 'look-at-host'
          : ['succeeded', 'cancelled'].includes(state)
            ? null
            : 'read-log',
    );
  expect([hostNextAction(true, true), hostNextAction(false, true), hostNextAction(false, false)]).toEqual([
    null,
    'look-at-agent',
    'start-agent',
  ]);
  const after = (state: string, wasReady: boolean) => planNextAction({ state, wasReady });
  expect(['unknown', 'uninitialised'].map((state) => after(state, false))).toEqual(['initialise', 'initialise']);
  expect(['unknown', 'ready', 'missing', 'wrong-password'].map((state) => after(state, true))).toEqual([
    'backup',
    'backup',
    'mend-repository',
    'mend-repository',
  ]);
});

test('UX-3: a plan can be backed up by who may start jobs and backups', () => {
  expect(planAllowed('site', (p) => p !== 'backup:run').backup).toBe('needs the permission backup:run');
  expect(planAllowed('site', (p) => p !== 'job:start').backup).toBe('needs the permission job:start');
  expect(planAllowed('site', all)).toEqual({ backup: true, change: true, remove: true });
});
