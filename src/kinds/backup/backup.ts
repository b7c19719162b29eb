import Type from 'typebox';
import { hostKey, repositoryKey } from '../../domain/jobs/lock.ts';
import { publicId, publicIdPattern } from '../../lib/ids.ts';
import { defineKind, must } from '../core/define-kind.ts';
import { HOUR, MIB, MINUTE, SECOND } from '../core/limits.ts';
import { KnownRepository, knownRepository } from './known-repository.ts';
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
  target: 'plan',
  permission: 'backup:run',
  keys: ({ host, repository }) => [hostKey(must(host, 'host').id), repositoryKey(must(repository, 'repository'), 's')],
  limits: { heartbeatTimeoutMs: 10 * MINUTE, runTimeoutMs: 24 * HOUR, queueDeadlineMs: 12 * HOUR, logBytes: 256 * MIB },
  // 72 s: restic >= 0.17 may take 60 s to remove its lock after SIGINT (13-16 s measured under a bandwidth limit).
  stop: { signal: 'SIGINT', graceMs: 72 * SECOND, cleanUp: 'restic.unlock-stale.v1' },
  secrets: ({ repository }) => [
    { name: 'password', table: 'repository', row: must(repository, 'repository').id, column: 'password' },
  ],
  work: ({ host, plan, repository, jobId }): BackupWork => ({
    repositoryUrl: must(repository, 'repository').url,
    known: knownRepository(must(repository, 'repository')),
    hostName: must(host, 'host').name,
    paths: [...must(plan, 'plan').paths],
    excludes: [...must(plan, 'plan').excludes],
    // By these the catalogue can be rebuilt from the repository when our own database is lost.
    tags: [
      `plan:${publicId('plan', must(plan, 'plan').id)}`,
      `job:${publicId('job', jobId)}`,
      `host:${publicId('host', must(host, 'host').id)}`,
    ],
  }),
  sentence: ({ host, plan }) => `Back up ${must(plan, 'plan').name} of ${must(host, 'host').name}`,
  outcomes: BACKUP_OUTCOMES,
});
