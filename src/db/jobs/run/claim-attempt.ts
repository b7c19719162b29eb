import type { AttemptIdentity } from '../../../domain/core/attempt-identity.ts';
import type { ClaimVerdict } from '../../../domain/hosts/gateway-store.ts';
import { attemptClass } from '../../../domain/jobs/agent-protocol.ts';
import type { JobFacts } from '../../../domain/jobs/facts.ts';
import { isTerminal } from '../../../domain/jobs/job-state.ts';
import { isCurrentRun } from '../../../domain/jobs/run.ts';
import type { JobKind } from '../../../kinds/core/define-kind.ts';
import type { Tx } from '../../core/transaction.ts';
import { type JobRow, readJobShared } from '../job-row.ts';
import { loadSubjects, subjectsOfJob } from '../load-subjects.ts';
import { newestSecrets, touchAttempt } from './touch-attempt.ts';

const refused = (reason: string): ClaimVerdict => ({ verdict: 'refused', reason });

/**
 * The moment from which an attempt may touch the world: hands out what to do and the sealed secrets, and writes down that
 * it did. Refused when the job is not being run, by this run, on this host. The same attempt may ask again (its answer
 * was lost) and gets the same.
 */
export async function claimAttempt(tx: Tx, who: AttemptIdentity, attemptId: string, now: Date): Promise<ClaimVerdict> {
  const { orgId, jobId } = who;
  const job = await readJobShared(tx, jobId);
  if (job === null || job.hostId !== who.hostId) return refused('this host has no such job');
  if (!isCurrentRun(job, who)) return refused('the job was started anew');
  if (isTerminal(job.state)) return refused(`the job has ended as ${job.state}`);
  const kind = tx.registry.kinds.byKey(job.kind);
  const why = kind === null ? 'the job is of another kind' : refusal(job, kind, who.activity);
  if (kind === null || why !== null) return refused(why ?? '');
  const [subjects] = await loadSubjects(tx, [subjectsOfJob(tx, job)]);
  const facts: JobFacts = { organizationId: orgId, jobId, subjects: subjects! };
  const wanted = opensSecrets(kind, who.activity) ? kind.secrets(facts) : [];
  const secrets = await newestSecrets(tx, wanted);
  if (secrets.length < wanted.length) return refused('a secret of the job is not there any more');
  const version = secrets.length === 0 ? null : Math.max(...secrets.map((s) => s.version));
  if ((await touchAttempt(tx, attemptId, who, now, true, version)) === null)
    return refused('another attempt has this number, or this one was given up');
  return { verdict: 'claimed', work: kind.work(facts, job.params), secrets };
}

/** Work is handed out to a job that runs; what cleans up after it, only while it keeps its keys for an attempt that was given up. */
function refusal(job: JobRow, kind: JobKind, activity: string): string | null {
  if (attemptClass(activity) === 'cleanup')
    return job.reason === 'verifying_host' ? null : 'nothing of the job has to be cleaned up';
  if (job.state !== 'running') return `the job is ${job.state}`;
  return kind.activity === activity ? null : 'the job is of another kind';
}

/** Looking whether anything runs needs no secret; cleaning up after a kind may. */
const opensSecrets = (kind: JobKind, activity: string): boolean =>
  attemptClass(activity) === 'work' || kind.stop.cleanUp !== null;
