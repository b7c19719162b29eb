import { Readable } from 'node:stream';
import Type from 'typebox';
import type { Database } from '../../db/core/database.ts';
import { readJobSnapshots } from '../../db/jobs/job-snapshots.ts';
import { getJob } from '../../db/jobs/jobs.ts';
import { type LogRange, type LogSlice, readLogBatch } from '../../db/logs/log-slices.ts';
import { LOG_START, reaches } from '../../domain/logs/log-position.ts';
import { publicId } from '../../lib/ids.ts';
import { demand, notFound, principalOf } from '../core/caller.ts';
import { Closed, IdParams } from '../core/common-schema.ts';
import type { Routes } from '../core/parts.ts';
import { problems } from '../core/problem-schema.ts';
import { STREAM_LIMITS } from '../core/stream-limits.ts';
import { Downloads } from './downloads.ts';
import { presentLine } from './job-log-schema.ts';

const FORMATS = {
  text: { type: 'text/plain; charset=utf-8', ending: 'log', write: textOf },
  ndjson: { type: 'application/x-ndjson', ending: 'ndjson', write: ndjsonOf },
} as const;

const Query = Closed({
  format: Type.Optional(
    Type.Enum(['text', 'ndjson'], {
      description: '`text` unless told; `ndjson`: the lines as pages have them, one a line.',
    }),
  ),
});

const text = (type: string) => ({ [type]: { schema: Type.Unsafe<Readable>({ type: 'string' }) } });

/** A whole log, in batches at the pace of the reader: memory does not grow with the log, and no transaction lasts. */
export const jobLogDownloadRoute: Routes = async (app, parts) => {
  const { database, settings } = parts;
  const downloads = new Downloads(parts, { ...STREAM_LIMITS, ...settings.streams });
  app.get(
    '/jobs/:id/logs/download',
    {
      exposeHeadRoute: false,
      config: { authz: { permission: 'job:read', scope: 'anywhere' } },
      schema: {
        summary: 'The whole log of a job, as it is now',
        description:
          'An answer that breaks off was cut by the server: it did not get to the end. That happens to who takes nothing for a minute, and within seconds to who may no longer read it.',
        params: IdParams('job'),
        querystring: Query,
        response: {
          200: { description: 'The lines.', content: { ...text('text/plain'), ...text('application/x-ndjson') } },
          ...problems(404, 422, 429),
        },
      },
    },
    async (request, reply) => {
      const principal = principalOf(request);
      const { orgId } = principal;
      const { id: jobId } = request.params;
      const { siteId, day, end } = await database.inOrganization(orgId, async (tx) => {
        const job = await getJob(tx, jobId);
        if (!job) throw notFound();
        demand(principal, 'job:read', 'job:read_logs', job.site_id);
        const [snapshot] = await readJobSnapshots(tx, [jobId]);
        return { siteId: job.site_id, ...snapshot! };
      });
      downloads.watch(reply.raw, principal, siteId);
      const { type, ending, write } = FORMATS[request.query.format ?? 'text'];
      const name = `${publicId('job', jobId)}.${ending}`;
      reply.header('content-type', type).header('content-disposition', `attachment; filename="${name}"`);
      return reply.send(Readable.from(batches(database, orgId, { jobId, day, to: end }, write), { objectMode: false }));
    },
  );
};

async function* batches(
  database: Database,
  orgId: string,
  log: Omit<LogRange, 'from'>,
  write: (slice: LogSlice) => string,
): AsyncGenerator<Buffer> {
  for (let from = LOG_START; !reaches(from, log.to); ) {
    const batch = await database.inOrganization(orgId, (tx) => readLogBatch(tx, { ...log, from }));
    yield Buffer.from(batch.slices.map(write).join(''));
    from = batch.position;
  }
}

function textOf({ run, attempt, first, next, lines }: LogSlice): string {
  if (lines === null) return `--- ${next - first} lines dropped (${run}.${attempt}.${first} to ${next - 1}) ---\n`;
  return lines
    .map((line, index) => {
      const { at, stream, text } = presentLine({ run, attempt, seq: first + index }, line);
      return `${at} ${run}.${attempt}.${first + index} ${stream} ${text}\n`;
    })
    .join('');
}

function ndjsonOf({ run, attempt, first, next, lines }: LogSlice): string {
  if (lines === null) return `${JSON.stringify({ gap: { run, attempt, fromSeq: first, toSeq: next - 1 } })}\n`;
  return lines
    .map((line, index) => `${JSON.stringify(presentLine({ run, attempt, seq: first + index }, line))}\n`)
    .join('');
}
