import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import type { Schemas } from '../client/api-types.ts';
import { type Cli, openSession, type Session } from '../client/cli.ts';
import { download } from '../client/download.ts';
import { gapWords, lineWords } from '../watch/follow.ts';
import { watchJob } from '../watch/watch-job.ts';
import { count, jobId } from './arguments.ts';

interface LogOptions {
  tail?: number;
  follow?: boolean;
  download?: string | true;
}

export function jobLogs(jobs: Command, cli: Cli): void {
  jobs
    .command('logs')
    .argument('<id>', 'id of the job')
    .option('--tail <n>', 'only the last lines', count)
    .option('--follow', 'go on until the job has ended')
    .addOption(
      new Option(
        '--download [file]',
        'write the whole log into a file (<id>.log); with --output json a JSON object a line',
      ).conflicts(['tail', 'follow']),
    )
    .description('print the log of a job')
    .addHelpText(
      'after',
      '\nExamples:\n  holdfast jobs logs job_... --tail 50 --follow\n  holdfast jobs logs job_... --download',
    )
    .action(async (text: string, options: LogOptions, command: Command) => {
      const session = openSession(cli, command);
      const id = jobId(text);
      if (options.download !== undefined) await save(cli, session, id, options.download);
      else if (options.follow) await follow(cli, session, id, options.tail);
      else await print(cli, session, id, options.tail);
    });
}

const printer =
  (cli: Cli, { output }: Session) =>
  (line: Schemas['LogLine']): unknown =>
    output.format === 'json' ? cli.streams.out.write(`${JSON.stringify(line)}\n`) : output.line(lineWords(line));

async function print(cli: Cli, session: Session, id: string, tail: number | undefined): Promise<void> {
  for (let page = await session.client.get(`jobs/${id}/logs`, { tail }); ; ) {
    page.lines.forEach(printer(cli, session));
    for (const gap of page.gaps) session.output.note(gapWords(gap));
    if (!page.hasMore) return;
    page = await session.client.get(`jobs/${id}/logs`, { cursor: page.nextCursor });
  }
}

async function follow(cli: Cli, session: Session, id: string, tail: number | undefined): Promise<void> {
  const write = printer(cli, session);
  for await (const { event, data } of watchJob(cli, session, id, tail === undefined ? '' : `?tail=${tail}`)) {
    if (event === 'line') write(data);
    else if (event === 'gap') session.output.note(gapWords(data));
  }
}

async function save(cli: Cli, { client, output }: Session, id: string, named: string | true): Promise<void> {
  const file = resolve(cli.cwd, named === true ? `${id}.${output.format === 'json' ? 'ndjson' : 'log'}` : named);
  const path = `jobs/${id}/logs/download?format=${output.format === 'json' ? 'ndjson' : 'text'}`;
  const mark = Buffer.from(cli.random(4)).toString('hex');
  await download(file, mark, () => client.open(path, {}, AbortSignal.timeout(DOWNLOAD_MS)));
  output.note(`Wrote ${file}`);
}

/** An hour: a log of a million lines takes a second where the line is good. */
const DOWNLOAD_MS = 3_600_000;
