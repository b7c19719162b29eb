import Type from 'typebox';
import { hostKey, repositoryKey } from '../../domain/jobs/lock.ts';
import { publicIdPattern } from '../../lib/ids.ts';
import { defineKind } from '../core/define-kind.ts';
import { HOUR, MIB, MINUTE, SECOND } from '../core/limits.ts';
import { param, target } from '../core/subject-source.ts';
import { HOST } from '../hosts/host.ts';
import { KnownRepository, knownRepository } from './known-repository.ts';
import { REPOSITORY } from './repository.ts';
import { UNLOCK_OUTCOMES } from './restic-outcomes.ts';

/** What the host gets at the claim. The password is beside it, by the name `password`. */
export const UnlockWork = Type.Object({ repositoryUrl: Type.String(), known: KnownRepository });
export type UnlockWork = Type.Static<typeof UnlockWork>;

/** Removes locks that hold nothing any more. Those of living processes stay. */
export const unlockRepository = defineKind({
  key: 'unlock',
  title: 'Unlock repository',
  description: 'Removes the stale and damaged locks of a restic repository; those of living processes stay.',
  activity: 'restic.unlock.v1',
  lane: 'main',
  repeat: 'repeatable',
  custodial: false,
  params: Type.Object(
    {
      repositoryId: Type.String({
        title: 'Repository',
        description: 'The repository to unlock.',
        pattern: publicIdPattern('repository'),
      }),
    },
    { title: 'Unlock repository', additionalProperties: false },
  ),
  subjects: { host: target(), repository: param('repositoryId') },
  permission: 'repository:unlock',
  // Shared: what it removes locks nobody, so it need not wait until our own backups are done.
  keys: (facts) => [hostKey(HOST.of(facts).id), repositoryKey(REPOSITORY.of(facts), 's')],
  limits: { heartbeatTimeoutMs: 2 * MINUTE, runTimeoutMs: 20 * MINUTE, queueDeadlineMs: 12 * HOUR, logBytes: 16 * MIB },
  stop: { signal: 'SIGINT', graceMs: 72 * SECOND, cleanUp: null },
  secrets: (facts) => [{ name: 'password', table: 'repository', row: REPOSITORY.of(facts).id, column: 'password' }],
  work: (facts): UnlockWork => ({
    repositoryUrl: REPOSITORY.of(facts).url,
    known: knownRepository(REPOSITORY.of(facts)),
  }),
  sentence: (facts) => `Unlock ${REPOSITORY.of(facts).name} from ${HOST.of(facts).name}`,
  outcomes: UNLOCK_OUTCOMES,
});
