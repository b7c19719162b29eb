import Type from 'typebox';
import type { HostView } from '../../db/hosts/hosts.ts';
import type { Can } from '../../domain/core/actor.ts';
import { hostAllowed, hostNextAction } from '../../domain/jobs/allowed.ts';
import { publicId } from '../../lib/ids.ts';
import { Allowed, Closed, Id, Nullable, PAGE_QUERY, Time, Version } from '../core/common-schema.ts';

export const Host = Type.Object(
  {
    id: Id('host'),
    name: Type.String(),
    site: Type.Object({ id: Id('site'), name: Type.String() }),
    online: Type.Boolean(),
    lastSeenAt: Nullable(Time),
    agentVersion: Nullable(Type.String()),
    hostname: Nullable(Type.String()),
    os: Nullable(Type.String()),
    arch: Nullable(Type.String()),
    programs: Type.Array(Type.Object({ name: Type.String(), version: Type.String(), path: Type.String() })),
    powers: Type.Array(Type.String()),
    activities: Type.Array(Type.String({ description: 'What its agent can do.' })),
    allowed: Allowed,
    nextAction: Nullable(Type.Enum(['start-agent', 'look-at-agent'])),
    version: Version,
    createdAt: Time,
  },
  { title: 'Host' },
);

export const HostQuery = Closed({
  ...PAGE_QUERY,
  name: Type.Optional(Type.String({ maxLength: 255, description: 'Exactly this name.' })),
});

export function presentHost({ siteId, siteName, ...host }: HostView, can: Can): Type.Static<typeof Host> {
  return {
    ...host,
    id: publicId('host', host.id),
    site: { id: publicId('site', siteId), name: siteName },
    programs: [...host.programs],
    powers: [...host.powers],
    allowed: hostAllowed(siteId, can),
    nextAction: hostNextAction(host.online, host.lastSeenAt !== null),
    activities: [...host.activities],
  };
}
