import Type from 'typebox';
import { changePlan, createPlan, removePlan } from '../../db/backup/plans.ts';
import { canOf } from '../../domain/core/authorize.ts';
import { idempotencyOf, openingOf, principalOf, scopeOf } from '../core/caller.ts';
import { IdempotencyHeaders, IdParams } from '../core/common-schema.ts';
import { made, shown } from '../core/noun.ts';
import type { Routes } from '../core/parts.ts';
import { problems } from '../core/problem-schema.ts';
import { ChangedPlan, NewPlan, PLAN } from './plan-schema.ts';

/** 300 texts of 4,096 characters, each escaped as six: what the schema allows is answered with the limit it breaks, not with 413. */
const bodyLimit = 8 * 1024 * 1024;

const config = { authz: { permission: 'plan:manage', scope: 'anywhere' } } as const;
const params = IdParams('plan');

export const planRoutes: Routes = async (app, { database, settings }) => {
  const { ownFolders = [] } = settings;
  app.post(
    '/plans',
    {
      bodyLimit,
      config,
      schema: {
        summary: 'Say which folders of a host go into which repository',
        headers: IdempotencyHeaders,
        body: NewPlan,
        response: { 201: PLAN.shape, ...problems(409, 413, 415, 422) },
      },
    },
    async (request, reply) => {
      const about = { can: canOf(principalOf(request)), ownFolders };
      const plan = await database.inOrganization(scopeOf(request), (tx) =>
        createPlan(tx, request.body, idempotencyOf(request), about),
      );
      return made(request, reply, PLAN, plan);
    },
  );

  app.patch(
    '/plans/:id',
    {
      bodyLimit,
      config,
      schema: {
        summary: 'Change the name, the paths or the excludes of a plan',
        description: 'A backup that runs goes on with what it began with; one that waits takes the plan as it is then.',
        params,
        body: ChangedPlan,
        response: { 200: PLAN.shape, ...problems(404, 409, 412, 413, 415, 422) },
      },
    },
    async (request, reply) => {
      const opening = openingOf(request, 'plan:read', 'plan:manage');
      const plan = await database.inOrganization(scopeOf(request), (tx) =>
        changePlan(tx, request.params.id, request.body, opening, ownFolders),
      );
      return shown(request, reply, PLAN, plan);
    },
  );

  app.delete(
    '/plans/:id',
    {
      config,
      schema: {
        summary: 'Remove a plan',
        description:
          'Refused while a job of it has not ended. Its jobs, their logs and the audit stay, and so do its snapshots in the repository.',
        params,
        response: { 204: Type.Null(), ...problems(404, 409, 412, 413, 415) },
      },
    },
    async (request, reply) => {
      const opening = openingOf(request, 'plan:read', 'plan:manage');
      await database.inOrganization(scopeOf(request), (tx) => removePlan(tx, request.params.id, opening));
      return reply.code(204).send(null);
    },
  );
};
