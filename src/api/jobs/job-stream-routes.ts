import type { FastifyReply } from 'fastify';
import Type from 'typebox';
import { eventWatermark, printEventPlace } from '../../db/core/events.ts';
import { readJobSnapshots } from '../../db/jobs/job-snapshots.ts';
import { getJob } from '../../db/jobs/jobs.ts';
import { canOf, type Principal } from '../../domain/core/authorize.ts';
import { LOG_START, type LogPosition, printPosition, reaches, tailOf } from '../../domain/logs/log-position.ts';
import { demand, notFound, principalOf } from '../core/caller.ts';
import { IdParams } from '../core/common-schema.ts';
import type { ApiParts, Routes } from '../core/parts.ts';
import { problems } from '../core/problem-schema.ts';
import { STREAM_LIMITS } from '../core/stream-limits.ts';
import { presentJob } from './job-schema.ts';
import { STREAM_DESCRIPTION, STREAM_SCHEMAS, StreamHeaders, StreamQuery } from './job-stream-schema.ts';
import { frame, readEventId } from './stream/frames.ts';
import { JobStreams } from './stream/job-streams.ts';
import { Outlet } from './stream/outlet.ts';
import { Viewer } from './stream/viewer.ts';

/** How long a browser waits before it connects again. */
const RETRY_MS = 1_000;

/** A job as it happens, as server-sent events. */
export const jobStreamRoutes: Routes = async (app, parts) => {
  const { clock, build, settings } = parts;
  const limits = { ...STREAM_LIMITS, ...settings.streams };
  const streams = new JobStreams(parts, limits);
  app.addHook('preClose', async () => streams.close());
  app.get(
    '/jobs/:id/stream',
    {
      // A stream has no length to tell, and would be opened for nobody.
      exposeHeadRoute: false,
      config: { authz: { permission: 'job:read', scope: 'anywhere' } },
      schema: {
        summary: 'A job as it happens: state, progress and log',
        description: STREAM_DESCRIPTION,
        params: IdParams('job'),
        querystring: StreamQuery,
        headers: StreamHeaders,
        response: {
          200: { description: 'Server-sent events.', content: { 'text/event-stream': { schema: STREAM_SCHEMAS } } },
          204: Type.Null({ description: 'The end of the stream was seen already; do not connect again.' }),
          ...problems(404, 422, 429),
        },
      },
    },
    async (request, reply) => {
      const principal = principalOf(request);
      const { orgId } = principal;
      const { id } = request.params;
      const { watermark, job, snapshot } = await readFirst(parts, principal, id);
      const lastId = request.headers['last-event-id'];
      const asked = lastId === undefined ? undefined : readEventId(lastId);
      if (asked === 'ended') return reply.code(204).send(null);
      streams.assertRoom(principal);
      const { from, reset } = startOf(asked, request.query.tail, snapshot.end);
      const outlet = new Outlet(openReply(reply), limits.pendingBytes);
      const hello = { watermark: printEventPlace(watermark), serverTime: clock.now().toISOString(), build };
      outlet.write(`retry: ${RETRY_MS}\n${frame('hello', hello, printPosition(from))}`);
      if (reset)
        outlet.write(frame('reset', { reason: 'The log does not hold the id to go on from; it starts anew.' }));
      outlet.write(frame('job', presentJob(job, canOf(principal))));
      const viewer = new Viewer(outlet, { principal, siteId: job.site_id, shownVersion: job.version });
      streams.open(viewer, orgId, snapshot, job, from);
      return reply;
    },
  );
};

/** The watermark first: what the rows show afterwards is at least as new. */
function readFirst({ database }: ApiParts, principal: Principal, id: string) {
  const { orgId } = principal;
  return database.inOrganization(orgId, async (tx) => {
    const watermark = await eventWatermark(tx);
    const job = await getJob(tx, id);
    if (!job) throw notFound();
    demand(principal, 'job:read', 'job:read_logs', job.site_id);
    const [snapshot] = await readJobSnapshots(tx, [id]);
    return { watermark, job, snapshot: snapshot! };
  });
}

/** An id that the log cannot go on from (of another log, or of one that was restored from before it) starts anew. */
function startOf(
  asked: LogPosition | null | undefined,
  tail: number | undefined,
  end: LogPosition,
): { from: LogPosition; reset: boolean } {
  if (asked === undefined) return { from: tail === undefined ? LOG_START : tailOf(end, tail), reset: false };
  if (asked === null || !reaches(end, asked)) return { from: LOG_START, reset: true };
  return { from: asked, reset: false };
}

/** From here on the framework has nothing to do with the answer. */
function openReply(reply: FastifyReply) {
  reply.hijack();
  const { raw } = reply;
  raw.writeHead(200, {
    ...(reply.getHeaders() as Record<string, string>),
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store, no-transform',
    // Proxies that gather answers would hold lines back.
    'x-accel-buffering': 'no',
  });
  return raw;
}
