import Type from 'typebox';
import type { AnyKind } from '../../kinds/core/kind-registry.ts';
import type { Routes } from '../core/parts.ts';
import { problems } from '../core/problem-schema.ts';

const JobKind = Type.Object(
  {
    key: Type.String(),
    title: Type.String(),
    description: Type.String(),
    target: Type.String({
      description:
        'What the job is about: `host`, `host-optional`, something named in `params` that says which host (`plan`), or something of a host that is the target (`repository-on-host`).',
    }),
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

/** In one word, for people. */
function targetOf({ subjects }: AnyKind): string {
  const { host } = subjects;
  const inParams = Object.keys(subjects).find((noun) => subjects[noun]!.in === 'params');
  if (host?.in !== 'target') return inParams ?? 'none';
  if (inParams !== undefined) return `${inParams}-on-host`;
  return host.optional ? 'host-optional' : 'host';
}

export const jobKindRoutes: Routes = async (app, { database }) => {
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
      items: database.registry.kinds.all.map((kind) => ({
        key: kind.key,
        title: kind.title,
        description: kind.description,
        target: targetOf(kind),
        params: kind.params as unknown as Record<string, unknown>,
        permission: kind.permission,
        limits: kind.limits,
      })),
    }),
  );
};
