import type { Command } from 'commander';
import { type Cli, openSession } from '../client/cli.ts';
import { showToEnd } from '../watch/show-to-end.ts';
import { jobId } from './arguments.ts';

export function jobAgain(jobs: Command, cli: Cli): void {
  jobs
    .command('again')
    .argument('<id>', 'id of a job')
    .option('--wait', 'wait for the end, and end with its exit code')
    .option('--follow', 'show its log meanwhile, and end with its exit code')
    .description('start another job of the same kind, with the same target and parameters')
    .addHelpText('after', '\nExample:\n  holdfast jobs again job_... --follow')
    .action(async (id: string, options: { wait?: boolean; follow?: boolean }, command: Command) => {
      const session = openSession(cli, command);
      const { kind, params, host, planId } = await session.client.get(`jobs/${jobId(id)}`);
      // A plan names its host itself.
      const target = host === null || planId !== null ? {} : { target: { hostId: host.id } };
      const job = await session.client.post('jobs', { kind, params, ...target }, { creates: true });
      await showToEnd(cli, session, job, options);
    });
}
