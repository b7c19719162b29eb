import Type from 'typebox';
import { tableOf } from '../../src/db/core/subject-table.ts';
import type { SubjectFact } from '../../src/domain/jobs/facts.ts';
import { hostKey } from '../../src/domain/jobs/lock.ts';
import { REPOSITORY } from '../../src/kinds/backup/repository.ts';
import { defineKind } from '../../src/kinds/core/define-kind.ts';
import { HOUR, MIB, MINUTE, SECOND } from '../../src/kinds/core/limits.ts';
import { defineSubject } from '../../src/kinds/core/subject.ts';
import { param } from '../../src/kinds/core/subject-source.ts';
import { HOST } from '../../src/kinds/hosts/host.ts';
import { Failure } from '../../src/lib/failure.ts';
import { publicIdPattern } from '../../src/lib/ids.ts';

/** A noun that only tests have: what a backup made, named by the job that made it. It shows what a later noun takes. */
interface SnapshotFact extends SubjectFact {
  readonly resticId: string | null;
}

export const SNAPSHOT = defineSubject<SnapshotFact>({
  noun: 'snapshot',
  id: 'job',
  read: 'job:read',
  readAt: 'site',
  brings: ['host', 'repository'],
  unready: ({ resticId }) =>
    resticId === null
      ? new Failure('no-such-snapshot', 'The backup made no snapshot.', { fault: 'caller', pointer: '/params' })
      : null,
});

interface Row {
  id: string;
  title: string;
  refs: { snapshotId?: string } | null;
}

export const snapshotSubject = tableOf<Row, SnapshotFact>(SNAPSHOT, {
  table: 'job',
  factOf: ({ id, title, refs }) => ({ id, name: title, resticId: refs?.snapshotId ?? null }),
});

/** Looks at a snapshot. Its activity is one that every host can do. */
export const prove = defineKind({
  key: 'prove',
  title: 'Prove',
  description: 'Reads a snapshot.',
  activity: 'noop.v1',
  lane: 'main',
  repeat: 'read',
  custodial: false,
  params: Type.Object(
    { snapshotId: Type.String({ title: 'Snapshot', pattern: publicIdPattern('job') }) },
    { title: 'Prove', additionalProperties: false },
  ),
  subjects: { snapshot: param('snapshotId') },
  permission: 'diagnostic:run',
  keys: (facts) => [hostKey(HOST.of(facts).id)],
  limits: { heartbeatTimeoutMs: MINUTE, runTimeoutMs: HOUR, queueDeadlineMs: HOUR, logBytes: MIB },
  stop: { signal: 'SIGTERM', graceMs: 5 * SECOND, cleanUp: null },
  secrets: (facts) => [{ name: 'password', table: 'repository', row: REPOSITORY.of(facts).id, column: 'password' }],
  work: (facts) => ({ repositoryUrl: REPOSITORY.of(facts).url, snapshot: SNAPSHOT.of(facts).resticId }),
  sentence: (facts) => `Prove ${SNAPSHOT.of(facts).name} from ${HOST.of(facts).name}`,
  outcomes: { succeeded: { state: 'succeeded', sentence: () => 'It can be read.', next: '' } },
});
