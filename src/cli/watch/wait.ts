import type { JobAnswer } from '../client/api-types.ts';
import type { Cli, Session } from '../client/cli.ts';
import { CliError, exitOfState } from '../output/exit.ts';
import { agedWords, progressWords, stateWords } from './follow.ts';
import { interruptOf } from './interrupt.ts';
import { LiveView } from './live-view.ts';
import { PATIENCE_MS } from './watch-job.ts';

/** Polls until the job has ended; says on standard error what changes. Ctrl-C ends the waiting only. */
export async function waitForJob(cli: Cli, { client }: Session, jobId: string): Promise<JobAnswer> {
  const interrupt = interruptOf(cli, jobId);
  const view = new LiveView(cli.streams);
  let said = '';
  let lostAt: number | null = null;
  try {
    for (let pause = 150; ; pause = Math.min(pause * 1.3, 1_000)) {
      try {
        const job = await client.get(`jobs/${jobId}`);
        lostAt = null;
        const words = stateWords(job);
        if (words !== said) view.note(words);
        said = words;
        if (exitOfState(job.state) !== null) return job;
        if (job.state === 'running' && job.progress !== null)
          view.status(`${words}, ${progressWords(job.progress)}${agedWords(job.progressAt, cli.now())}`);
      } catch (error) {
        interrupt.check();
        if (!(error instanceof CliError) || !error.mayPass) throw error;
        const now = cli.now().getTime();
        lostAt ??= now;
        if (now - lostAt > PATIENCE_MS) throw error;
      }
      await interrupt.sleep(pause);
    }
  } finally {
    interrupt.stop();
    view.close();
  }
}
