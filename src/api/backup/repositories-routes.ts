import { createRepository } from '../../db/backup/create-repository.ts';
import { getRepository, listRepositories } from '../../db/backup/repositories.ts';
import { setAddress } from '../../db/backup/set-address.ts';
import { setCredentials } from '../../db/backup/set-credentials.ts';
import { changeRepository } from '../../db/jobs/change-cap.ts';
import { parsePublicId } from '../../lib/ids.ts';
import type { App } from '../core/app-type.ts';
import { actorOf, etag, idempotencyOf, ifMatchOf, notFound, principalOf } from '../core/caller.ts';
import { IdempotencyHeaders, IdParams, PageOf } from '../core/common-schema.ts';
import { presentPage, readPage } from '../core/cursor.ts';
import type { ApiParts } from '../core/parts.ts';
import { problems } from '../core/problem-schema.ts';
import {
  ChangedRepository,
  CreatedRepository,
  NewAddress,
  NewCredentials,
  NewRepository,
  presentRepository,
  Repository,
  RepositoryQuery,
} from './repository-schema.ts';

const read = { permission: 'repository:read' } as const;
const manage = { permission: 'repository:manage' } as const;

export function repositoryRoutes(app: App, parts: ApiParts): void {
  list(app, parts);
  create(app, parts);
  show(app, parts);
  change(app, parts);
  changeCredentials(app, parts);
  changeAddress(app, parts);
}

function list(app: App, { database }: ApiParts): void {
  app.get(
    '/repositories',
    {
      config: { authz: read },
      schema: {
        summary: 'Repositories, newest first',
        querystring: RepositoryQuery,
        response: { 200: PageOf(Repository), ...problems(422) },
      },
    },
    async (request) => {
      const { orgId } = principalOf(request);
      const page = readPage(request.query);
      const filter = { name: request.query.name ?? null };
      return presentPage(
        await database.inOrganization(orgId, (tx) => listRepositories(tx, filter, page)),
        presentRepository,
      );
    },
  );
}

function create(app: App, { database, clock, random, keyring }: ApiParts): void {
  app.post(
    '/repositories',
    {
      config: { authz: manage },
      schema: {
        summary: 'Register a repository; nothing is written to its storage yet',
        headers: IdempotencyHeaders,
        body: NewRepository,
        response: { 201: CreatedRepository, ...problems(409, 413, 415, 422) },
      },
    },
    async (request, reply) => {
      const principal = principalOf(request);
      const { orgId } = principal;
      const { name, url, password = null, maxJobs = null } = request.body;
      const parts = { actor: actorOf(principal), requestId: request.id, clock, random, keyring };
      const { made, view } = await database.inOrganization(orgId, async (tx) => {
        const made = await createRepository(
          tx,
          { name, url, password, maxJobs, idempotency: idempotencyOf(request) },
          parts,
        );
        return { made, view: await getRepository(tx, made.id) };
      });
      const shown = presentRepository(view!);
      return reply
        .code(201)
        .header('location', `/api/v1/repositories/${shown.id}`)
        .header('etag', etag(shown.version))
        .send({ ...shown, password: made.mintedPassword, passwordNote: made.passwordNote });
    },
  );
}

function show(app: App, { database }: ApiParts): void {
  app.get(
    '/repositories/:id',
    {
      config: { authz: read },
      schema: {
        summary: 'One repository',
        params: IdParams('repository'),
        response: { 200: Repository, ...problems(404) },
      },
    },
    async (request, reply) => {
      const { orgId } = principalOf(request);
      const id = parsePublicId('repository', request.params.id)!;
      const view = await database.inOrganization(orgId, (tx) => getRepository(tx, id));
      if (!view) throw notFound();
      return reply.header('etag', etag(view.version)).send(presentRepository(view));
    },
  );
}

function change(app: App, { database, engine, clock, random }: ApiParts): void {
  app.patch(
    '/repositories/:id',
    {
      config: { authz: manage },
      schema: {
        summary: 'Change how many jobs run against a repository at once',
        description:
          'With more, jobs that wait start at once. With fewer, those that run go on, and none starts until it is below.',
        params: IdParams('repository'),
        body: ChangedRepository,
        response: { 200: Repository, ...problems(404, 412, 413, 415, 422) },
      },
    },
    async (request, reply) => {
      const principal = principalOf(request);
      const { orgId } = principal;
      const id = parsePublicId('repository', request.params.id)!;
      const parts = { actor: actorOf(principal), requestId: request.id, clock, random, claim: engine.newClaim() };
      const cap = { maxJobs: request.body.maxJobs, ifVersion: ifMatchOf(request) };
      const { starts, view } = await database.inOrganization(orgId, async (tx) => {
        const starts = await changeRepository(tx, id, cap, parts);
        return { starts, view: await getRepository(tx, id) };
      });
      if (starts.length > 0) void engine.startRuns(starts);
      return reply.header('etag', etag(view!.version)).send(presentRepository(view!));
    },
  );
}

function changeCredentials(app: App, { database, clock, random, keyring }: ApiParts): void {
  app.put(
    '/repositories/:id/credentials',
    {
      config: { authz: manage },
      schema: {
        summary: 'Set the password that the repository is opened with',
        params: IdParams('repository'),
        body: NewCredentials,
        response: { 200: Repository, ...problems(404, 412, 413, 415, 422) },
      },
    },
    async (request, reply) => {
      const principal = principalOf(request);
      const { orgId } = principal;
      const id = parsePublicId('repository', request.params.id)!;
      const parts = { actor: actorOf(principal), requestId: request.id, clock, random, keyring };
      const change = { password: request.body.password, ifVersion: ifMatchOf(request) };
      const view = await database.inOrganization(orgId, async (tx) => {
        await setCredentials(tx, id, change, parts);
        return await getRepository(tx, id);
      });
      return reply.header('etag', etag(view!.version)).send(presentRepository(view!));
    },
  );
}

function changeAddress(app: App, { database, clock, random }: ApiParts): void {
  app.put(
    '/repositories/:id/address',
    {
      config: { authz: manage },
      schema: {
        summary: 'Correct where a repository lies',
        description:
          'Nothing is moved. The password stays, and so does what is known of the repository: another one at the new address is refused by the next job. Refused while jobs that use it run or wait.',
        params: IdParams('repository'),
        body: NewAddress,
        response: { 200: Repository, ...problems(404, 409, 412, 413, 415, 422) },
      },
    },
    async (request, reply) => {
      const principal = principalOf(request);
      const { orgId } = principal;
      const id = parsePublicId('repository', request.params.id)!;
      const parts = { actor: actorOf(principal), requestId: request.id, clock, random };
      const change = { url: request.body.url, ifVersion: ifMatchOf(request) };
      const view = await database.inOrganization(orgId, async (tx) => {
        await setAddress(tx, id, change, parts);
        return await getRepository(tx, id);
      });
      return reply.header('etag', etag(view!.version)).send(presentRepository(view!));
    },
  );
}
