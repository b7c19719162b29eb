import Type from 'typebox';
import { readLogs } from '../../db/jobs/job-logs.ts';
import { getJob } from '../../db/jobs/jobs.ts';
import { canOf } from '../../domain/core/authorize.ts';
import { runWorkflowId } from '../../domain/jobs/workflow-id.ts';
import { printPosition } from '../../domain/logs/log-position.ts';
import { Failure } from '../../lib/failure.ts';
import type { EngineView } from '../../temporal/workflow-engine.ts';
import type { App } from '../core/app-type.ts';
import { demand, notFound, principalOf } from '../core/caller.ts';
import { IdParams, Nullable } from '../core/common-schema.ts';
import { readLogCursor } from '../core/cursor.ts';
import type { ApiParts, Routes } from '../core/parts.ts';
import { problems } from '../core/problem-schema.ts';
import { LogPage, LogQuery, presentLine } from '../logs/job-log-schema.ts';

const Engine = Type.Object(
  {
    namespace: Type.String(),
    workflowId: Type.String(),
    runId: Nullable(Type.String()),
    url: Nullable(Type.String({ description: "The run in Temporal's UI, where one is known." })),
    status: Type.String({
      description:
        'What Temporal says of the run; `UNKNOWN_RUN` when it has none, `UNAVAILABLE` when it does not answer.',
    }),
  },
  { title: 'JobEngine' },
);
const DEFAULT_LINES = 500;

const statusOf = (live: EngineView | 'unavailable' | null): string =>
  live === 'unavailable' ? 'UNAVAILABLE' : (live?.status ?? 'UNKNOWN_RUN');

/** What a job left behind elsewhere: its log, and its run in Temporal. */
export const jobEngineRoutes: Routes = async (app, parts) => {
  logs(app, parts);
  engine(app, parts);
};

function logs(app: App, { database }: ApiParts): void {
  app.get(
    '/jobs/:id/logs',
    {
      config: { authz: { permission: 'job:read', scope: 'anywhere' } },
      schema: {
        summary: 'The log of a job',
        params: IdParams('job'),
        querystring: LogQuery,
        response: { 200: LogPage, ...problems(404, 422) },
      },
    },
    async (request) => {
      const principal = principalOf(request);
      const { orgId } = principal;
      const { id } = request.params;
      const { tail, cursor, limit = DEFAULT_LINES, q: text = null } = request.query;
      if (tail !== undefined && cursor !== undefined)
        throw new Failure('invalid-input', 'Send either tail or cursor.', { fault: 'caller', pointer: 'tail' });
      const asked = tail === undefined ? { text, from: readLogCursor(cursor), limit } : { text, tail };
      const page = await database.inOrganization(orgId, async (tx) => {
        const job = await getJob(tx, id);
        if (!job) throw notFound();
        demand(principal, 'job:read', 'job:read_logs', job.site_id);
        return (await readLogs(tx, id, asked))!;
      });
      const lines = page.lines.map(({ line, ...place }) => presentLine(place, line));
      return {
        lines,
        gaps: [...page.gaps],
        nextCursor: printPosition(page.next),
        hasMore: page.hasMore,
        ended: page.ended,
      };
    },
  );
}

function engine(app: App, { database, engine, settings }: ApiParts): void {
  app.get(
    '/jobs/:id/engine',
    {
      config: { authz: { permission: 'job:read', scope: 'anywhere' } },
      schema: {
        summary: 'The run of a job in Temporal',
        params: IdParams('job'),
        response: { 200: Engine, ...problems(404) },
      },
    },
    async (request) => {
      const principal = principalOf(request);
      const { id } = request.params;
      const job = await database.inOrganization(principal.orgId, (tx) => getJob(tx, id));
      if (!job || !canOf(principal)('job:read', job.site_id)) throw notFound();
      const workflowId = runWorkflowId(job.id, job.run_no);
      const live = await engine.describe(job.id, job.run_no).catch(() => 'unavailable' as const);
      const { temporalUiUrl: ui, temporalNamespace: namespace } = settings;
      const path = `namespaces/${encodeURIComponent(namespace)}/workflows/${encodeURIComponent(workflowId)}`;
      const url = ui === null ? null : `${ui}/${path}${job.run_id === null ? '' : `/${job.run_id}/history`}`;
      return { namespace, workflowId, runId: job.run_id, url, status: statusOf(live) };
    },
  );
}
