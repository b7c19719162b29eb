import type { IncomingMessage } from 'node:http';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import fastify, { LogController } from 'fastify';
import { authRoutes } from './access/auth-routes.ts';
import { setupPage } from './access/setup-page.ts';
import type { App } from './core/app-type.ts';
import { frameworkLog } from './core/framework-log.ts';
import { readRoutes } from './core/noun.ts';
import type { ApiParts } from './core/parts.ts';
import { installAccessLog } from './core/plugins/access-log.ts';
import { installAuthz } from './core/plugins/authz.ts';
import { installBodyLimits, SERVER_LIMITS } from './core/plugins/body-limits.ts';
import { installOpenapi } from './core/plugins/openapi.ts';
import { answerClientError, answerError, installProblems } from './core/plugins/problems.ts';
import { requestIdMaker } from './core/plugins/request-id.ts';
import { installResponseHeaders } from './core/plugins/response-headers.ts';
import { installValidation } from './core/plugins/validation.ts';
import { docsRoutes } from './instance/docs-routes.ts';
import { healthRoutes } from './instance/health-routes.ts';
import { problemPages } from './instance/problem-pages.ts';
import { startPage } from './instance/start-page.ts';
import { jobEngineRoutes } from './jobs/job-engine-routes.ts';
import { jobKindRoutes } from './jobs/job-kinds-routes.ts';
import { jobStreamRoutes } from './jobs/job-stream-routes.ts';
import { jobRoutes } from './jobs/jobs-routes.ts';
import { jobLogDownloadRoute } from './logs/job-log-download-routes.ts';
import { NOUNS } from './nouns.ts';

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
  installResponseHeaders(app);
  installAccessLog(app);
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
      await api.register(authRoutes, parts);
      for (const { noun, changes } of NOUNS) {
        readRoutes(api, parts, noun);
        if (changes) await api.register(changes, parts);
      }
      await api.register(jobKindRoutes, parts);
      await api.register(jobRoutes, parts);
      await api.register(jobEngineRoutes, parts);
      await api.register(jobLogDownloadRoute, parts);
      await api.register(jobStreamRoutes, parts);
      await docsRoutes(api);
    },
    { prefix: '/api/v1' },
  );
  more?.(app);
  await app.ready();
  return app;
}
