// What a careless change of a running workflow looks like: one more timer before the first step, without `patched`.
import { sleep } from '@temporalio/workflow';
import type { RunInput } from '../../src/domain/jobs/run.ts';
import { hostJob } from '../../src/workflows/host-job.ts';

export async function noop(run: RunInput): Promise<string> {
  await sleep(1_000);
  return hostJob(run);
}
