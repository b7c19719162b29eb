import Type from 'typebox';
import { hostKey, repositoryKey } from '../../domain/jobs/lock.ts';
import { publicIdPattern } from '../../lib/ids.ts';
import { defineKind, must } from '../core/define-kind.ts';
import { HOUR, MIB, MINUTE, SECOND } from '../core/limits.ts';
import { KnownRepository, knownRepository } from './known-repository.ts';
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
  target: 'repository-on-host',
  permission: 'repository:unlock',
  // Shared: what it removes locks nobody, so it need not wait until our own backups are done.
  keys: ({ host, repository }) => [hostKey(must(host, 'host').id), repositoryKey(must(repository, 'repository'), 's')],
  limits: { heartbeatTimeoutMs: 2 * MINUTE, runTimeoutMs: 20 * MINUTE, queueDeadlineMs: 12 * HOUR, logBytes: 16 * MIB },
  stop: { signal: 'SIGINT', graceMs: 72 * SECOND, cleanUp: null },
  secrets: ({ repository }) => [
    { name: 'password', table: 'repository', row: must(repository, 'repository').id, column: 'password' },
  ],
  work: ({ repository }): UnlockWork => ({
    repositoryUrl: must(repository, 'repository').url,
    known: knownRepository(must(repository, 'repository')),
  }),
  sentence: ({ host, repository }) => `Unlock ${must(repository, 'repository').name} from ${must(host, 'host').name}`,
  outcomes: UNLOCK_OUTCOMES,
});
