import Type from 'typebox';
import type { App } from '../core/app-type.ts';
import type { ApiParts } from '../core/parts.ts';
import { problems } from '../core/problem-schema.ts';

const JobKind = Type.Object(
  {
    key: Type.String(),
    title: Type.String(),
    description: Type.String(),
    target: Type.Enum(['host', 'host-optional', 'plan', 'repository-on-host']),
    params: Type.Record(Type.String(), Type.Unknown(), { description: 'JSON Schema of `params` in POST /jobs.' }),
    permission: Type.String(),
    limits: Type.Object({
      heartbeatTimeoutMs: Type.Integer(),
      runTimeoutMs: Type.Integer(),
      queueDeadlineMs: Type.Integer(),
    }),
  },
  { title: 'JobKind' },
);

export function jobKindRoutes(app: App, { database }: ApiParts): void {
  app.get(
    '/job-kinds',
    {
      config: { authz: { permission: 'job:read', scope: 'anywhere' } },
      schema: {
        summary: 'What can be done',
        response: { 200: Type.Object({ items: Type.Array(JobKind) }, { title: 'JobKinds' }), ...problems() },
      },
    },
    async () => ({
      items: database.registry.kinds.all.map(({ key, title, description, target, params, permission, limits }) => ({
        key,
        title,
        description,
        target,
        params: params as unknown as Record<string, unknown>,
        permission,
        limits,
      })),
    }),
  );
}
