import { acceptJobs } from '../../src/db/jobs/accept-jobs.ts';
import type { Bench } from './bench.ts';

/** Starts a job and answers its id; throws when it was refused. */
export async function acceptJob(
  bench: Bench,
  kind: string,
  params: Record<string, unknown>,
  hostId: string | null,
): Promise<string> {
  const [answer] = await bench.api.inOrganization(bench.org, (tx) =>
    acceptJobs(tx, [bench.request(kind, params, hostId)]),
  );
  if (answer!.verdict === 'refused') throw answer!.failure;
  return answer!.jobId;
}
