import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import fastify, { type FastifyBaseLogger, type FastifyInstance, LogController, type RawServerDefault } from 'fastify';
import { frameworkLog } from './framework-log.ts';
import type { ApiParts } from './parts.ts';
import { installAuthz } from './plugins/authz.ts';
import { installBodyLimits, SERVER_LIMITS } from './plugins/body-limits.ts';
import { installOpenapi } from './plugins/openapi.ts';
import { answerClientError, answerError, installProblems } from './plugins/problems.ts';
import { installRequestId, requestIdMaker } from './plugins/request-id.ts';
import { installValidation } from './plugins/validation.ts';
import { authRoutes } from './routes/auth.ts';
import { docsRoutes } from './routes/docs.ts';
import { healthRoutes } from './routes/health.ts';
import { hostRoutes } from './routes/hosts.ts';
import { jobEngineRoutes } from './routes/job-engine.ts';
import { jobKindRoutes } from './routes/job-kinds.ts';
import { jobLogDownloadRoute } from './routes/job-log-download.ts';
import { jobStreamRoutes } from './routes/job-stream.ts';
import { jobRoutes } from './routes/jobs.ts';
import { planRoutes } from './routes/plans.ts';
import { problemPages } from './routes/problem-pages.ts';
import { repositoryRoutes } from './routes/repositories.ts';
import { setupPage } from './routes/setup-page.ts';
import { siteRoutes } from './routes/sites.ts';
import { startPage } from './routes/start-page.ts';

export type App = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>;

/** The whole API without a listener. `more` is for tests that add a route. */
export async function buildApp(parts: ApiParts, more?: (app: App) => void): Promise<App> {
  const { tls, trustedProxy } = parts.settings;
  const newId = requestIdMaker(parts.random);
  const app: App = fastify({
    ...SERVER_LIMITS,
    // Node itself would answer a request without a Host header with 400 and no word; ours get the answers of all others.
    ...((tls ? { https: { ...tls, requireHostHeader: false } } : { http: { requireHostHeader: false } }) as object),
    trustProxy: trustedProxy.length > 0 ? [...trustedProxy] : false,
    loggerInstance: frameworkLog(parts.log),
    // Our own line for each request has no query string in it.
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'requestId' }),
    genReqId: (raw) => newId(raw as IncomingMessage),
    clientErrorHandler: answerClientError(() => newId({ headers: {} } as IncomingMessage)),
    frameworkErrors: (error, request, reply) => {
      reply.header('x-request-id', request.id);
      answerError(error, request, reply);
    },
  }).withTypeProvider<TypeBoxTypeProvider>();
  installRequestId(app);
  installProblems(app);
  installAuthz(app, parts);
  installBodyLimits(app);
  installValidation(app);
  await installOpenapi(app, parts.build.version);
  healthRoutes(app, parts);
  problemPages(app);
  setupPage(app);
  startPage(app, parts);
  await app.register(
    async (scoped) => {
      const api = scoped.withTypeProvider<TypeBoxTypeProvider>();
      authRoutes(api, parts);
      siteRoutes(api, parts);
      hostRoutes(api, parts);
      repositoryRoutes(api, parts);
      planRoutes(api, parts);
      jobKindRoutes(api);
      jobRoutes(api, parts);
      jobEngineRoutes(api, parts);
      jobLogDownloadRoute(api, parts);
      jobStreamRoutes(api, parts);
      await docsRoutes(api);
    },
    { prefix: '/api/v1' },
  );
  more?.(app);
  await app.ready();
  return app;
}
