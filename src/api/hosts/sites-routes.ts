import Type from 'typebox';
import { changeSite, createSite, removeSite } from '../../db/hosts/sites.ts';
import { idempotencyOf, ifMatchOf, scopeOf } from '../core/caller.ts';
import { IdempotencyHeaders, IdParams } from '../core/common-schema.ts';
import { made, shown } from '../core/noun.ts';
import type { Routes } from '../core/parts.ts';
import { problems } from '../core/problem-schema.ts';
import { ChangedSite, NewSite, SITE } from './site-schema.ts';

const config = { authz: { permission: 'site:manage' } } as const;
const params = IdParams('site');

export const siteRoutes: Routes = async (app, { database, engine }) => {
  app.post(
    '/sites',
    {
      config,
      schema: {
        summary: 'Make a site',
        headers: IdempotencyHeaders,
        body: NewSite,
        response: { 201: SITE.shape, ...problems(409, 413, 415, 422) },
      },
    },
    async (request, reply) => {
      const site = await database.inOrganization(scopeOf(request), (tx) =>
        createSite(tx, request.body, idempotencyOf(request)),
      );
      return made(request, reply, SITE, site);
    },
  );

  app.patch(
    '/sites/:id',
    {
      config,
      schema: {
        summary: 'Change the name of a site, or how many jobs run there at once',
        description:
          'With more, jobs that wait start at once. With fewer, those that run go on, and none starts until it is below.',
        params,
        body: ChangedSite,
        response: { 200: SITE.shape, ...problems(404, 409, 412, 413, 415, 422) },
      },
    },
    async (request, reply) => {
      const change = { ...request.body, ifVersion: ifMatchOf(request) };
      const { site, starts } = await database.inOrganization(scopeOf(request), (tx) =>
        changeSite(tx, request.params.id, change),
      );
      if (starts.length > 0) void engine.startRuns(starts);
      return shown(request, reply, SITE, site);
    },
  );

  app.delete(
    '/sites/:id',
    {
      config,
      schema: {
        summary: 'Remove a site that never had a host',
        params,
        response: { 204: Type.Null(), ...problems(404, 409, 412, 413, 415) },
      },
    },
    async (request, reply) => {
      await database.inOrganization(scopeOf(request), (tx) => removeSite(tx, request.params.id, ifMatchOf(request)));
      return reply.code(204).send(null);
    },
  );
};
