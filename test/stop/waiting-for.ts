import pg from 'pg';
import { vi } from 'vitest';
import { type Gate, opening } from '../harness/gates.ts';
import type { Stack } from '../harness/stack.ts';
import type { TestAgent } from '../harness/test-agent.ts';

const WAIT = { timeout: 30_000, interval: 10 };

export const untilTold = (agent: TestAgent, what: string) => vi.waitUntil(() => agent.told.includes(what), WAIT);

/** Lets the attempt through this gate, once it is there. */
export async function openGate(agent: TestAgent, name: Gate): Promise<void> {
  await untilTold(agent, `at ${name}`);
  agent.child.send(opening(name));
}

/** Lets attempts through these gates, one after the other. */
export async function openGates(agent: TestAgent, ...names: readonly Gate[]): Promise<void> {
  for (const name of names) await openGate(agent, name);
}

/** Takes a lock in a transaction of its own; what it answers gives it back. */
async function hold(stack: Stack, sql: string, id: string): Promise<() => Promise<void>> {
  const client = new pg.Client({ connectionString: stack.ownerUrl });
  await client.connect();
  await client.query('begin');
  await client.query(sql, [id]);
  return () => client.end();
}

/** Whoever wants to change this job waits. */
export const holdJob = (stack: Stack, jobId: string) =>
  hold(stack, 'select 1 from job where id = $1 for no key update', jobId);

/** Whoever wants to decide anything in the organisation waits; they go on in the order in which they came. */
export const holdOrganization = (stack: Stack) => hold(stack, 'select lock_enter($1)', stack.org);

/** Until a statement of this login that holds `words` waits for a lock. */
export function untilWaits(stack: Stack, login: keyof Stack['urls'], words: string): Promise<unknown> {
  const user = decodeURIComponent(new URL(stack.urls[login]).username);
  const waiting = async () =>
    (
      await stack.owner.query(
        `select 1 from pg_stat_activity where datname = current_database() and usename = $1 and wait_event_type = 'Lock'
           and position($2 in query) > 0`,
        [user, words],
      )
    ).rowCount;
  return vi.waitUntil(waiting, WAIT);
}
