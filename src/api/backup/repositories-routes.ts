import { createRepository, REPOSITORIES } from '../../db/backup/repositories.ts';
import { setAddress } from '../../db/backup/set-address.ts';
import { setCredentials } from '../../db/backup/set-credentials.ts';
import { findEntity } from '../../db/core/entities.ts';
import { changeRepository } from '../../db/jobs/change-cap.ts';
import { idempotencyOf, ifMatchOf, scopeOf } from '../core/caller.ts';
import { IdempotencyHeaders, IdParams } from '../core/common-schema.ts';
import { made, shown } from '../core/noun.ts';
import type { Routes } from '../core/parts.ts';
import { problems } from '../core/problem-schema.ts';
import {
  ChangedRepository,
  CreatedRepository,
  NewAddress,
  NewCredentials,
  NewRepository,
  REPOSITORY,
} from './repository-schema.ts';

const config = { authz: { permission: 'repository:manage' } } as const;
const params = IdParams('repository');
const { shape } = REPOSITORY;

export const repositoryRoutes: Routes = async (app, parts) => {
  await app.register(create, parts);
  await app.register(change, parts);
  await app.register(credentials, parts);
  await app.register(address, parts);
};

const create: Routes = async (app, { database, random, keyring }) => {
  app.post(
    '/repositories',
    {
      config,
      schema: {
        summary: 'Register a repository; nothing is written to its storage yet',
        headers: IdempotencyHeaders,
        body: NewRepository,
        response: { 201: CreatedRepository, ...problems(409, 413, 415, 422) },
      },
    },
    async (request, reply) => {
      const { repository, mintedPassword, passwordNote } = await database.inOrganization(scopeOf(request), (tx) =>
        createRepository(tx, request.body, idempotencyOf(request), { keyring, random }),
      );
      return { ...made(request, reply, REPOSITORY, repository), password: mintedPassword, passwordNote };
    },
  );
};

const change: Routes = async (app, { database, engine }) => {
  app.patch(
    '/repositories/:id',
    {
      config,
      schema: {
        summary: 'Change how many jobs run against a repository at once',
        description:
          'With more, jobs that wait start at once. With fewer, those that run go on, and none starts until it is below.',
        params,
        body: ChangedRepository,
        response: { 200: shape, ...problems(404, 412, 413, 415, 422) },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const cap = { maxJobs: request.body.maxJobs, ifVersion: ifMatchOf(request) };
      const { starts, repository } = await database.inOrganization(scopeOf(request), async (tx) => {
        const starts = await changeRepository(tx, id, cap);
        return { starts, repository: await findEntity(tx, REPOSITORIES, id) };
      });
      if (starts.length > 0) void engine.startRuns(starts);
      return shown(request, reply, REPOSITORY, repository!);
    },
  );
};

const credentials: Routes = async (app, { database, keyring }) => {
  app.put(
    '/repositories/:id/credentials',
    {
      config,
      schema: {
        summary: 'Set the password that the repository is opened with',
        params,
        body: NewCredentials,
        response: { 200: shape, ...problems(404, 412, 413, 415, 422) },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const change = { password: request.body.password, ifVersion: ifMatchOf(request) };
      const repository = await database.inOrganization(scopeOf(request), async (tx) => {
        await setCredentials(tx, id, change, keyring);
        return await findEntity(tx, REPOSITORIES, id);
      });
      return shown(request, reply, REPOSITORY, repository!);
    },
  );
};

const address: Routes = async (app, { database }) => {
  app.put(
    '/repositories/:id/address',
    {
      config,
      schema: {
        summary: 'Correct where a repository lies',
        description:
          'Nothing is moved. The password stays, and so does what is known of the repository: another one at the new address is refused by the next job. Refused while jobs that use it run or wait.',
        params,
        body: NewAddress,
        response: { 200: shape, ...problems(404, 409, 412, 413, 415, 422) },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const change = { url: request.body.url, ifVersion: ifMatchOf(request) };
      const repository = await database.inOrganization(scopeOf(request), async (tx) => {
        await setAddress(tx, id, change);
        return await findEntity(tx, REPOSITORIES, id);
      });
      return shown(request, reply, REPOSITORY, repository!);
    },
  );
};
