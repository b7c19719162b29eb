import Type from 'typebox';
import type { PlanView } from '../../db/backup/plans.ts';
import type { Can } from '../../domain/core/actor.ts';
import { planAllowed, planNextAction } from '../../domain/jobs/allowed.ts';
import { publicId } from '../../lib/ids.ts';
import { Allowed, Closed, Id, Name, PAGE_QUERY, Time, Version } from '../core/common-schema.ts';

export const Plan = Type.Object(
  {
    id: Id('plan'),
    name: Type.String(),
    host: Type.Object({ id: Id('host'), name: Type.String() }),
    repository: Type.Object({ id: Id('repository'), name: Type.String() }),
    paths: Type.Array(Type.String()),
    excludes: Type.Array(Type.String()),
    allowed: Allowed,
    nextAction: Type.Enum(['initialise', 'mend-repository', 'backup']),
    version: Version,
    createdAt: Time,
  },
  { title: 'Plan' },
);

const Paths = Type.Array(Type.String({ minLength: 1, maxLength: 4096 }), {
  minItems: 1,
  maxItems: 100,
  description:
    'Absolute paths on the host, without line breaks and "..", each at most 4095 bytes; 512 KiB together with the excludes.',
});
const Excludes = Type.Array(Type.String({ minLength: 1, maxLength: 4096 }), {
  maxItems: 200,
  description:
    'Patterns as restic takes them; the last that fits counts, "!" in front takes back. What restic would never match ("~/x", "$HOME/x", "./x", a blank at an end) or cannot read ("[") is refused.',
});

export const NewPlan = Closed({
  name: Name,
  hostId: Id('host'),
  repositoryId: Id('repository'),
  paths: Paths,
  excludes: Type.Optional(Excludes),
});

export const ChangedPlan = Closed(
  { name: Type.Optional(Name), paths: Type.Optional(Paths), excludes: Type.Optional(Excludes) },
  { minProperties: 1, description: 'What is left out stays as it is; a list replaces the one before.' },
);

export const PlanQuery = Closed({
  ...PAGE_QUERY,
  hostId: Type.Optional(Id('host')),
  repositoryId: Type.Optional(Id('repository')),
  name: Type.Optional(Type.String({ maxLength: 255, description: 'Exactly this name.' })),
});

export function presentPlan(plan: PlanView, can: Can): Type.Static<typeof Plan> {
  return {
    ...plan,
    id: publicId('plan', plan.id),
    host: { id: publicId('host', plan.host.id), name: plan.host.name },
    repository: { id: publicId('repository', plan.repository.id), name: plan.repository.name },
    paths: [...plan.paths],
    excludes: [...plan.excludes],
    allowed: planAllowed(plan.host.siteId, can),
    nextAction: planNextAction(plan.repository),
  };
}
