import { expect, test } from 'vitest';
import { operationName, tagOf } from './operation-name.ts';

test.each([
  ['GET', '/api/v1/jobs', 'listJobs', 'jobs'],
  ['GET', '/api/v1/jobs/:id', 'getJob', 'jobs'],
  ['POST', '/api/v1/jobs', 'createJob', 'jobs'],
  ['POST', '/api/v1/jobs/:id/cancel', 'cancelJob', 'jobs'],
  ['GET', '/api/v1/jobs/:id/stream', 'getJobStream', 'jobs'],
  ['GET', '/api/v1/job-kinds', 'listJobKinds', 'jobs'],
  ['POST', '/api/v1/repositories', 'createRepository', 'repositories'],
  ['PATCH', '/api/v1/repositories/:id', 'changeRepository', 'repositories'],
  ['PUT', '/api/v1/repositories/:id/credentials', 'setRepositoryCredentials', 'repositories'],
  ['DELETE', '/api/v1/plans/:id', 'removePlan', 'plans'],
  ['GET', '/api/v1/auth/me', 'getAuthMe', 'auth'],
  ['GET', '/api/v1', 'getStart', 'instance'],
  ['GET', '/healthz', 'getHealthz', 'instance'],
])('%s %s is %s of %s', (method, url, name, tag) => {
  expect(operationName(method, url)).toBe(name);
  expect(tagOf(url)).toBe(tag);
});
