import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BodyOf, HostAnswer, JobAnswer, PlanAnswer, RepositoryAnswer } from '../cli/client/api-types.ts';
import { ApiClient } from '../cli/client/client.ts';
import { find, lookFor } from '../cli/client/find.ts';
import type { Profile } from '../cli/client/profile.ts';
import { adviceFor } from '../cli/output/advice.ts';
import { exitOfState } from '../cli/output/exit.ts';
import { bytes } from '../cli/output/output.ts';
import { systemRandom } from '../lib/ids.ts';
import type { ProgressOutput } from './progress-output.ts';

const NAME = 'first';
/** The program's own source: a real folder that every installation has. */
const FOLDER = fileURLToPath(new URL('../', import.meta.url)).replace(/\/$/, '');
const JOB_WITHIN_MS = 120_000;

interface FirstBackup {
  readonly profile: Profile;
  readonly hostName: string;
  /** `<data>/repositories`. */
  readonly repositories: string;
  readonly output: ProgressOutput;
  readonly stopping: AbortSignal;
}

/** One real backup, asked for as anybody would ask: through the API. Returns whether it made a restore point. */
export async function firstBackup(order: FirstBackup): Promise<boolean> {
  const { output } = order;
  const client = new ApiClient(order.profile, systemRandom);
  const host = await find(client, 'host', order.hostName);
  const repository = await repositoryOf(client, order);
  // Ready when an earlier try came that far; what was ready once is not made again.
  if (repository.readyAt === null && !(await initialise(client, host, repository, order))) return false;
  const plan = await planOf(client, host, repository);
  const job = await runJob(client, { kind: 'backup', params: { planId: plan.id } }, order.stopping);
  tell(job, output);
  return typeof job.outcome?.refs?.snapshotId === 'string';
}

async function initialise(
  client: ApiClient,
  host: HostAnswer,
  repository: RepositoryAnswer,
  order: FirstBackup,
): Promise<boolean> {
  const init = { kind: 'init', target: { hostId: host.id }, params: { repositoryId: repository.id } };
  const made = await runJob(client, init, order.stopping);
  if (made.state !== 'succeeded') order.output.line(`  ${made.title}: ${made.state}. ${wordsOf(made)}`);
  return made.state === 'succeeded';
}

async function repositoryOf(client: ApiClient, { repositories, output }: FirstBackup): Promise<RepositoryAnswer> {
  // There when the first backup was tried before and did not come to its end.
  const found = await lookFor(client, 'repository', NAME);
  if (found) return found;
  const made = await client.post('repositories', { name: NAME, url: join(repositories, NAME) }, { creates: true });
  output.line(`  Repository "${made.name}" in ${made.url}`);
  output.line(`  Its password, shown this once: ${made.password}`);
  output.line('  Keep it somewhere safe: it opens the backups without Holdfast, and Holdfast never shows it again.');
  return made;
}

async function planOf(client: ApiClient, host: HostAnswer, repository: RepositoryAnswer): Promise<PlanAnswer> {
  const found = await lookFor(client, 'plan', NAME, { hostId: host.id });
  if (found) return found;
  const body = { name: NAME, hostId: host.id, repositoryId: repository.id, paths: [FOLDER] };
  return await client.post('plans', body, { creates: true });
}

async function runJob(client: ApiClient, body: BodyOf<'post', 'jobs'>, stopping: AbortSignal): Promise<JobAnswer> {
  let job = await client.post('jobs', body, { creates: true });
  const end = Date.now() + JOB_WITHIN_MS;
  while (exitOfState(job.state) === null && Date.now() < end) {
    stopping.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, 100));
    job = await client.get(`jobs/${job.id}`);
  }
  return job;
}

function tell(job: JobAnswer, output: ProgressOutput): void {
  const { counts = {}, refs = {} } = job.outcome ?? {};
  output.line(`  ${job.title}: ${job.state}. ${wordsOf(job)}`);
  output.line(`  Job       ${job.id}`);
  if (!refs.snapshotId) return;
  const took = (Date.parse(job.times.finishedAt ?? '') - Date.parse(job.times.startedAt ?? '')) / 1000;
  output.line(`  Snapshot  ${refs.snapshotId}`);
  output.line(
    `  Holds     ${counts.filesProcessed ?? '?'} files, ${bytes(counts.bytesProcessed ?? 0)} of ${FOLDER}, in ${took.toFixed(1)} s`,
  );
}

function wordsOf(job: JobAnswer): string {
  if (job.outcome) return [job.outcome.sentence, adviceFor(job, job.outcome.next)].filter(Boolean).join(' ');
  return `It goes on; look: holdfast jobs show ${job.id}`;
}
