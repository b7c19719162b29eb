import { expect, test } from 'vitest';
import { transition } from '../../domain/jobs/job-state.ts';
import { FUNCTIONS, functionText } from '../functions/index.ts';

test('the one function of the database that changes a state does what the table says of a grant', () => {
  const movers = FUNCTIONS.filter((name) => /update job set state/.test(functionText(name)));
  expect(movers).toEqual(['lock_try']);
  const text = functionText('lock_try');
  expect(text).toContain(`set state = '${transition('waiting', 'granted')!.state}'`);
  expect(transition('waiting', 'granted')!.effects).toEqual(['send-start']);
  expect(text).toMatch(/insert into outbox\([^)]*\)\s+values \(p_org, p_job, 'start', run/);
});
