import type { Command } from 'commander';
import { redactText } from '../../lib/redact.ts';
import { type Cli, openSession } from '../cli.ts';
import type { Answer } from '../client.ts';
import { count, jobId } from './jobs.ts';

interface LogOptions {
  tail?: number;
  follow?: boolean;
}

/** Like `jobs logs`: every line goes out safe for a terminal, because hosts wrote it. */
export function jobLogs(jobs: Command, cli: Cli): void {
  jobs
    .command('logs')
    .argument('<id>', 'id of the job')
    .option('--tail <n>', 'only the last lines', count)
    .option('--follow', 'go on until the job has ended')
    .description('print the log of a job')
    .action(async (id: string, options: LogOptions, command: Command) => {
      const { client, output } = openSession(cli, command);
      const path = `jobs/${jobId(id)}/logs`;
      const print = (line: Answer) =>
        output.format === 'json' ? cli.streams.out.write(`${JSON.stringify(line)}\n`) : output.line(wordsOf(line));
      let page = await client.get(options.tail === undefined ? path : `${path}?tail=${options.tail}`);
      for (;;) {
        page.lines.forEach(print);
        if (!page.hasMore) {
          if (!options.follow || page.ended) return;
          await cli.sleep(500);
        }
        page = await client.get(`${path}?cursor=${encodeURIComponent(page.nextCursor)}`);
      }
    });
}

const wordsOf = (line: Answer): string =>
  `${line.at.slice(11, 23)} ${line.stream === 'out' ? ' ' : line.stream === 'err' ? '!' : '*'} ${redactText(line.text)}`;
