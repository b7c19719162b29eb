/** Why a job does not go on, for people, and how many are before it. */
export interface JobWait {
  readonly words: string;
  /** Its place among the jobs that wait for what it waits for; 1 is next, 101 is any place from there. Null while its host is away. */
  readonly position: number | null;
  /** The job it waits behind; null also when the reader may not see it. */
  readonly behindJobId: string | null;
  /** When what may still run of it on a host that does not answer has stopped by itself at the latest. */
  readonly stopsBy: string | null;
}

/** A job that is in the way, as a reader may see it. Its id is a public one; times here are RFC 3339. */
export interface JobInTheWay {
  readonly id: string;
  readonly title: string;
  readonly actor: string;
}

const wait = (words: string, rest: Partial<JobWait> = {}): JobWait => ({
  words,
  position: null,
  behindJobId: null,
  stopsBy: null,
  ...rest,
});

export const waitsForHost = (host: string | null, seenAt: string | null): JobWait =>
  wait(`host ${host ?? 'unknown'} ${seenAt === null ? 'has never been seen' : `is away since ${seenAt}`}`);

export const waitsForGrant = (position: number): JobWait => wait('it is about to be granted', { position });

/** `job`: null when the reader may not see it. `waitsToo`: it holds nothing yet itself. */
export function waitsBehind(job: JobInTheWay | null, waitsToo: boolean, position: number): JobWait {
  const who = job === null ? 'a job at another site' : named(job);
  return wait(`behind ${who}${waitsToo ? ', which waits too' : ''}`, { position, behindJobId: job?.id ?? null });
}

/** `holders`: those that the reader may see, of `used` in all. */
export function waitsForCap(
  cap: { readonly of: string; readonly slots: number; readonly used: number },
  holders: readonly JobInTheWay[],
  position: number,
  behindJobId: string | null,
): JobWait {
  const who = holders.map(named);
  if (who.length === 0) who.push(`${cap.used} ${cap.used === 1 ? 'job' : 'jobs'} at other sites`);
  else if (cap.used > who.length) who.push(`${cap.used - who.length} more`);
  const all = who.length === 1 ? who[0] : `${who.slice(0, -1).join(', ')} and ${who.at(-1)}`;
  const limit = `${cap.slots} ${cap.slots === 1 ? 'job' : 'jobs'}`;
  return wait(`${cap.of} is at its cap of ${limit}: behind ${all}`, { position, behindJobId });
}

const named = ({ id, title, actor }: JobInTheWay): string => `"${title}" (${id}) of ${actor}`;

/** An attempt's answer is missing, and its host is asked. */
export const hostIsAsked = (host: string | null, stopsBy: string): JobWait =>
  stops(`host ${host} gave no answer and is asked whether anything of it still runs`, stopsBy);

/** `away`: known to be; else nobody has heard of it. */
export const hostIsSilent = (host: string | null, away: boolean, since: string, stopsBy: string): JobWait =>
  stops(`host ${host} ${away ? 'is away' : 'has not been heard of'} since ${since}`, stopsBy);

const stops = (what: string, stopsBy: string): JobWait =>
  wait(`${what}; it stops by itself by ${stopsBy}`, { stopsBy });

/** What its program says of itself. */
export const saysItself = (note: string): JobWait => wait(note);
