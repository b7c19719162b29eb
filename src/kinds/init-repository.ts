import Type from 'typebox';
import { hostKey, repositoryKey } from '../domain/lock.ts';
import { publicIdPattern } from '../lib/ids.ts';
import { defineKind, must } from './define-kind.ts';
import { HOUR, MIB, MINUTE, SECOND } from './limits.ts';
import { INIT_OUTCOMES } from './restic-outcomes.ts';

/** What the host gets at the claim. The password is beside it, by the name `password`. */
export const InitWork = Type.Object({ repositoryUrl: Type.String() });
export type InitWork = Type.Static<typeof InitWork>;

/** Makes the repository at its address, from a host that will use it. One that is there already is left alone. */
export const initRepository = defineKind({
  key: 'init',
  title: 'Initialise repository',
  description: 'Makes a restic repository at its address, or finds that it is there and opens with the password.',
  activity: 'restic.init.v1',
  lane: 'main',
  // Safe to repeat: what a lost attempt made is found by the next one as `already-initialised`.
  repeat: 'repeatable',
  custodial: false,
  params: Type.Object(
    {
      repositoryId: Type.String({
        title: 'Repository',
        description: 'The repository to initialise.',
        pattern: publicIdPattern('repository'),
      }),
    },
    { title: 'Initialise repository', additionalProperties: false },
  ),
  target: 'repository-on-host',
  permission: 'repository:init',
  keys: ({ host, repository }) => [hostKey(must(host, 'host').id), repositoryKey(must(repository, 'repository'), 'x')],
  // 20 min: restic >= 0.17 tries a dead storage for up to 15 min before it gives up.
  limits: { heartbeatTimeoutMs: 2 * MINUTE, runTimeoutMs: 20 * MINUTE, queueDeadlineMs: 12 * HOUR, logBytes: 16 * MIB },
  stop: { signal: 'SIGINT', graceMs: 72 * SECOND, cleanUp: null },
  secrets: ({ repository }) => [
    { name: 'password', table: 'repository', row: must(repository, 'repository').id, column: 'password' },
  ],
  work: ({ repository }): InitWork => ({ repositoryUrl: must(repository, 'repository').url }),
  sentence: ({ host, repository }) =>
    `Initialise ${must(repository, 'repository').name} from ${must(host, 'host').name}`,
  outcomes: INIT_OUTCOMES,
});
