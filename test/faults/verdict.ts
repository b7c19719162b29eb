/** What is to become of an accepted job. `ends`: any end is right (a cancel may meet a job that is done). */
export type Expectation = 'succeeds' | 'cancelled' | 'ends' | 'may-be-unknown';

export interface ExpectedJob {
  /** Public id, as the 202 gave it. */
  readonly id: string;
  readonly kind: string;
  readonly expect: Expectation;
  /** So many lines "line i of n" have to stand in the log of the attempt that answered. */
  readonly logLines: number;
}

export interface JobEvidence {
  readonly id: string;
  readonly state: string;
  readonly code: string | null;
  readonly snapshotId: string | null;
  /** How many audit events say that it was started by somebody. */
  readonly auditStarts: number;
}

export interface AttemptEvidence {
  readonly jobId: string;
  readonly runNo: number;
  readonly attempt: number;
  readonly claimedAt: Date | null;
  /** When its result was with us, whoever brought it. */
  readonly resultAt: Date | null;
}

/** Everything that was found when the dust had settled, from rows, repository, engine and process list. */
export interface Evidence {
  readonly jobs: readonly JobEvidence[];
  readonly attempts: readonly AttemptEvidence[];
  /** Snapshots of the repositories by the job that their tag names. */
  readonly snapshots: readonly { readonly id: string; readonly jobId: string }[];
  /** Log texts of the last attempt of a job, in their order. */
  readonly logs: ReadonlyMap<string, readonly string[]>;
  /** What the witness saw: programs that ran at the same time and must not. */
  readonly violations: readonly string[];
  /** Keys, requests, outbox entries, open workflows, repository locks, processes: things that nobody holds for a reason any more. */
  readonly leftovers: readonly string[];
}

export interface Verdict {
  readonly lost: number;
  readonly doubled: number;
  readonly stuck: number;
  readonly findings: readonly string[];
}

const TERMINAL = new Set(['succeeded', 'partial', 'failed', 'cancelled', 'timed_out', 'unknown']);
/** A repeatable attempt that was claimed is done again at most twice. */
const MOST_CLAIMED = 3;

/** Says what is wrong. Pure, so that it can be tried on evidence that was spoiled on purpose. */
export function judge(expected: readonly ExpectedJob[], evidence: Evidence): Verdict {
  const found = { lost: [] as string[], doubled: [] as string[], stuck: [] as string[] };
  const rows = Map.groupBy(evidence.jobs, (job) => job.id);
  const attempts = Map.groupBy(evidence.attempts, (attempt) => attempt.jobId);
  const snapshots = Map.groupBy(evidence.snapshots, (snapshot) => snapshot.jobId);
  for (const wanted of expected) {
    const job = rows.get(wanted.id)?.[0];
    if (!job) {
      found.lost.push(`${wanted.id} (${wanted.kind}) was accepted and has no row`);
      continue;
    }
    if (!TERMINAL.has(job.state)) {
      found.stuck.push(`${wanted.id} (${wanted.kind}) is ${job.state}`);
      continue;
    }
    found.lost.push(...lostOf(wanted, job, snapshots.get(wanted.id) ?? [], evidence.logs.get(wanted.id) ?? []));
    found.doubled.push(
      ...doubledOf(wanted, job, attempts.get(wanted.id) ?? [], snapshots.get(wanted.id) ?? []),
      ...repeatedLines(wanted, evidence.logs.get(wanted.id) ?? []),
    );
  }
  const known = new Set(expected.map(({ id }) => id));
  for (const job of evidence.jobs)
    if (!known.has(job.id)) found.doubled.push(`${job.id} has a row, and nobody was told so: a request made two jobs`);
  found.doubled.push(...evidence.violations);
  found.stuck.push(...evidence.leftovers);
  return {
    lost: found.lost.length,
    doubled: found.doubled.length,
    stuck: found.stuck.length,
    findings: [...found.lost, ...found.doubled, ...found.stuck],
  };
}

const isEnd = (expect: Expectation, state: string): boolean => {
  if (expect === 'ends') return true;
  if (expect === 'cancelled') return state === 'cancelled';
  return state === 'succeeded' || state === 'partial' || (expect === 'may-be-unknown' && state === 'unknown');
};

type Snapshots = Evidence['snapshots'];

function lostOf(wanted: ExpectedJob, job: JobEvidence, snapshots: Snapshots, log: readonly string[]): string[] {
  const lost: string[] = [];
  if (!isEnd(wanted.expect, job.state))
    lost.push(`${job.id} (${wanted.kind}) ended as ${job.state} (${job.code}), expected: ${wanted.expect}`);
  if (job.auditStarts === 0) lost.push(`${job.id} has no audit event`);
  const done = job.state === 'succeeded' || job.state === 'partial';
  // restic up to 0.15 tells the first eight characters of the id.
  const isThere = job.snapshotId !== null && snapshots.some(({ id }) => id.startsWith(job.snapshotId!));
  if (done && wanted.kind === 'backup' && !isThere)
    lost.push(`${job.id} ${job.state}, and its snapshot ${job.snapshotId} is not in the repository`);
  const lines = new Set(log);
  const missing = Array.from({ length: wanted.logLines }, (_, i) => `line ${i + 1} of ${wanted.logLines}`).filter(
    (line) => !lines.has(line),
  );
  if (done && missing.length > 0)
    lost.push(`${job.id}: ${missing.length} log lines are missing, first "${missing[0]}"`);
  return lost;
}

function doubledOf(
  wanted: ExpectedJob,
  job: JobEvidence,
  attempts: readonly AttemptEvidence[],
  snapshots: Snapshots,
): string[] {
  const doubled: string[] = [];
  const claimed = attempts.filter((attempt) => attempt.claimedAt !== null);
  if (job.auditStarts > 1) doubled.push(`${job.id} has ${job.auditStarts} audit events of its start`);
  if (claimed.length > MOST_CLAIMED) doubled.push(`${job.id} (${wanted.kind}) was claimed ${claimed.length} times`);
  if (snapshots.length > claimed.length)
    doubled.push(`${job.id} has ${snapshots.length} snapshots of ${claimed.length} claimed attempts`);
  for (const one of claimed)
    for (const next of claimed)
      if (one.resultAt !== null && next.claimedAt! > one.resultAt)
        doubled.push(`${job.id} was claimed again (${nameOf(next)}) after ${nameOf(one)} had brought its result`);
  return doubled;
}

const nameOf = (attempt: AttemptEvidence): string => `run ${attempt.runNo} attempt ${attempt.attempt}`;

function repeatedLines({ id, logLines }: ExpectedJob, log: readonly string[]): string[] {
  if (logLines === 0) return [];
  const counted = log.filter((line) => /^line \d+ of \d+$/.test(line));
  const extra = counted.length - new Set(counted).size;
  return extra > 0 ? [`${id}: ${extra} log lines stand there twice`] : [];
}
