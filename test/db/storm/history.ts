/** One entry of what happened to requests and jobs, in the order of the organisation's lock. */
export interface Entry {
  readonly no: number;
  readonly what: 'wish' | 'closing' | 'open' | 'grant' | 'end';
  readonly job: string;
  readonly key: string | null;
  readonly mode: string | null;
  readonly seq: number | null;
}

export interface Judgement {
  /** A later request was granted on a key that an earlier one had closed. */
  readonly overtaken: readonly string[];
  /** Of two jobs with the same keys the later was granted first. */
  readonly outOfOrder: readonly string[];
  readonly grants: number;
  readonly closings: number;
}

interface Wish {
  readonly seq: number;
  readonly keys: Map<string, string>;
}

/** Goes through a history and finds who was passed by somebody that came later. */
export function judgeHistory(entries: readonly Entry[]): Judgement {
  const wishes = new Map<string, Wish>();
  /** By key: the jobs that hold it closed, with their place. */
  const closed = new Map<string, Map<string, number>>();
  /** By the whole set of keys: who waits for it. */
  const waiting = new Map<string, Map<string, number>>();
  const overtaken: string[] = [];
  const outOfOrder: string[] = [];
  let grants = 0;
  let closings = 0;
  const setOf = (wish: Wish) => JSON.stringify([...wish.keys].sort());
  const leave = (job: string) => {
    const wish = wishes.get(job);
    if (wish) waiting.get(setOf(wish))?.delete(job);
  };
  for (const { what, job, key, mode, seq } of entries) {
    if (what === 'wish') {
      leave(job);
      const wish = wishes.get(job) ?? { seq: seq!, keys: new Map() };
      wish.keys.set(key!, mode!);
      wishes.set(job, wish);
      const among = waiting.get(setOf(wish)) ?? new Map<string, number>();
      waiting.set(setOf(wish), among.set(job, wish.seq));
    } else if (what === 'closing') {
      closings++;
      closed.set(key!, (closed.get(key!) ?? new Map()).set(job, seq!));
    } else if (what === 'open') closed.get(key!)?.delete(job);
    else if (what === 'end') leave(job);
    else {
      grants++;
      leave(job);
      const wish = wishes.get(job);
      if (!wish) continue;
      for (const [other, place] of waiting.get(setOf(wish)) ?? [])
        if (place < wish.seq) outOfOrder.push(`${job} (${wish.seq}) before ${other} (${place})`);
      for (const wanted of wish.keys.keys())
        for (const [other, place] of closed.get(wanted) ?? [])
          if (other !== job && place < wish.seq)
            overtaken.push(`${job} (${wish.seq}) took ${wanted} from ${other} (${place})`);
    }
  }
  return { overtaken, outOfOrder, grants, closings };
}
