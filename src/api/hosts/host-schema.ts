import Type from 'typebox';
import { HOSTS } from '../../db/hosts/hosts.ts';
import { hostAllowed, hostNextAction } from '../../domain/jobs/allowed.ts';
import { Allowed, Id, Nullable, Time, Version } from '../core/common-schema.ts';
import { byName, defineNoun } from '../core/noun.ts';

export const HOST = defineNoun({
  noun: 'host',
  path: '/hosts',
  rows: HOSTS,
  permission: 'host:read',
  summaries: { list: 'Hosts, newest first', show: 'One host' },
  filters: { name: byName },
  shape: Type.Object(
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
  ),
  computed: {
    online: ({ present }) => present,
    allowed: ({ site }, can) => hostAllowed(site.id, can),
    nextAction: ({ present, lastSeenAt }) => hostNextAction(present, lastSeenAt != null),
  },
});
