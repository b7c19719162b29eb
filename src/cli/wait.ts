import type { Cli, Session } from './cli.ts';
import type { Answer } from './client.ts';
import { CliError, EXIT, exitOfState } from './exit.ts';
import { bytes } from './output.ts';

/** How long an API that went away may stay away before we stop waiting for the job. */
const PATIENCE_MS = 60_000;

/** Polls until the job has ended; says on standard error what changes. */
export async function waitForJob(cli: Cli, { client, output }: Session, jobId: string): Promise<Answer> {
  let said = '';
  let lost: number | null = null;
  for (let pause = 150; ; pause = Math.min(pause * 1.3, 1_000)) {
    try {
      const job = await client.get(`jobs/${jobId}`);
      lost = null;
      const words = stateWords(job);
      if (words !== said) output.note(words);
      said = words;
      if (exitOfState(job.state) !== null) return job;
    } catch (error) {
      if (!(error instanceof CliError) || error.exitCode !== EXIT.unreachable) throw error;
      const now = cli.now().getTime();
      lost ??= now;
      if (now - lost > PATIENCE_MS) throw error;
    }
    await cli.sleep(pause);
  }
}

function stateWords(job: Answer): string {
  const head = `${job.title}: ${job.state}`;
  if (job.state === 'waiting') return `${head}, ${job.waitsFor ?? 'for its turn'}`;
  const { progress } = job;
  if (job.state !== 'running' || progress === null || typeof progress.fraction !== 'number') return head;
  return `${head}, ${Math.floor(progress.fraction * 100)} % of ${bytes(progress.bytesTotal ?? 0)}`;
}
