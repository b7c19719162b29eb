import Type from 'typebox';
import { hostKey, repositoryKey } from '../../domain/jobs/lock.ts';
import { publicId, publicIdPattern } from '../../lib/ids.ts';
import { defineKind } from '../core/define-kind.ts';
import { HOUR, MIB, MINUTE, SECOND } from '../core/limits.ts';
import { param } from '../core/subject-source.ts';
import { HOST } from '../hosts/host.ts';
import { KnownRepository, knownRepository } from './known-repository.ts';
import { PLAN } from './plan.ts';
import { REPOSITORY } from './repository.ts';
import { BACKUP_OUTCOMES } from './restic-outcomes.ts';

/** What the host gets at the claim. The password is beside it, by the name `password`. */
export const BackupWork = Type.Object({
  repositoryUrl: Type.String(),
  /** Left out by the release before. */
  known: Type.Optional(KnownRepository),
  hostName: Type.String(),
  paths: Type.Array(Type.String()),
  excludes: Type.Array(Type.String()),
  tags: Type.Array(Type.String()),
});
export type BackupWork = Type.Static<typeof BackupWork>;

/** One restic backup of a plan's paths into its repository. */
export const backup = defineKind({
  key: 'backup',
  title: 'Backup',
  description: 'Backs up the paths of a plan into its repository with restic, in one snapshot.',
  activity: 'restic.backup.v1',
  lane: 'main',
  repeat: 'repeatable',
  custodial: true,
  params: Type.Object(
    { planId: Type.String({ title: 'Plan', description: 'The plan to back up.', pattern: publicIdPattern('plan') }) },
    { title: 'Backup', additionalProperties: false },
  ),
  subjects: { plan: param('planId') },
  permission: 'backup:run',
  keys: (facts) => [hostKey(HOST.of(facts).id), repositoryKey(REPOSITORY.of(facts), 's')],
  limits: { heartbeatTimeoutMs: 10 * MINUTE, runTimeoutMs: 24 * HOUR, queueDeadlineMs: 12 * HOUR, logBytes: 256 * MIB },
  // 72 s: restic >= 0.17 may take 60 s to remove its lock after SIGINT (13-16 s measured under a bandwidth limit).
  stop: { signal: 'SIGINT', graceMs: 72 * SECOND, cleanUp: 'restic.unlock-stale.v1' },
  secrets: (facts) => [{ name: 'password', table: 'repository', row: REPOSITORY.of(facts).id, column: 'password' }],
  work: (facts): BackupWork => ({
    repositoryUrl: REPOSITORY.of(facts).url,
    known: knownRepository(REPOSITORY.of(facts)),
    hostName: HOST.of(facts).name,
    paths: [...PLAN.of(facts).paths],
    excludes: [...PLAN.of(facts).excludes],
    // By these the catalogue can be rebuilt from the repository when our own database is lost.
    tags: [
      `plan:${publicId('plan', PLAN.of(facts).id)}`,
      `job:${publicId('job', facts.jobId)}`,
      `host:${publicId('host', HOST.of(facts).id)}`,
    ],
  }),
  sentence: (facts) => `Back up ${PLAN.of(facts).name} of ${HOST.of(facts).name}`,
  outcomes: BACKUP_OUTCOMES,
});
