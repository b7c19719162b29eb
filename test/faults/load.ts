import { setTimeout as sleep } from 'node:timers/promises';
import type { FaultStack } from './stack/fault-stack.ts';
import { addHost, addPlan, addRepository, type FaultHost, type FaultRepository } from './stack/hosts.ts';
import type { Manners } from './stack/witness.ts';
import type { Expectation, ExpectedJob } from './verdict.ts';

/** Hosts with a plan each into one repository, and one host that nobody hurts, to ask whether work flows. */
export interface Site {
  readonly hosts: readonly (FaultHost & { readonly planId: string })[];
  readonly probe: FaultHost;
  readonly repository: FaultRepository;
}

/** `manners`: of each host's programs. */
export async function buildSite(stack: FaultStack, manners: number | readonly Manners[]): Promise<Site> {
  const probe = await addHost(stack, 'probe');
  const hosts: FaultHost[] = [];
  const all = typeof manners === 'number' ? new Array<Manners>(manners).fill('good') : manners;
  for (const [at, one] of all.entries()) hosts.push(await addHost(stack, `h${at + 1}`, one));
  for (const host of [probe, ...hosts]) await host.untilOnline();
  const repository = await addRepository(stack, 'main', hosts[0]!);
  const planned = await Promise.all(
    hosts.map(async (host) => ({ ...host, planId: await addPlan(stack, host, repository) })),
  );
  return { hosts: planned, probe, repository };
}

/** The jobs of one row, remembered from the moment of their 202. */
export class Accepted {
  readonly jobs: ExpectedJob[] = [];
  readonly #stack: FaultStack;

  constructor(stack: FaultStack) {
    this.#stack = stack;
  }

  async backup(planId: string, expect: Expectation = 'succeeds'): Promise<string> {
    return await this.#start({ kind: 'backup', params: { planId } }, expect, 0);
  }

  /** Without a host it runs in the control plane and logs nothing. */
  async noop(
    host: { readonly id: string } | null,
    params: { sleepMs?: number; logLines?: number } = {},
    expect: Expectation = 'succeeds',
  ): Promise<string> {
    const target = host === null ? {} : { target: { hostId: host.id } };
    return await this.#start({ kind: 'noop', ...target, params }, expect, host === null ? 0 : (params.logLines ?? 0));
  }

  async #start(
    body: { kind: string; [more: string]: unknown },
    expect: Expectation,
    logLines: number,
  ): Promise<string> {
    const { id } = await this.#stack.client.post('jobs', body);
    this.jobs.push({ id, kind: body.kind, expect, logLines });
    return id;
  }

  /** Waits until each of them has ended, or the time is up; whoever did not is for the verdict to say. */
  async settle(withinMs: number): Promise<void> {
    const end = Date.now() + withinMs;
    const { database, orgId } = this.#stack;
    for (;;) {
      const [open] = await database.rows<{ count: string }>(
        `select (select count(*) from job where org_id = $1 and state in ('waiting', 'queued', 'running', 'paused', 'cancelling'))
              + (select count(*) from outbox where org_id = $1) as count`,
        [orgId],
      );
      if (Number(open!.count) === 0 || Date.now() > end) return;
      await sleep(250);
    }
  }
}

/** What hosts do all day: a backup each, a chatty job behind it, and some work of the control plane itself. */
export async function startMixedWork(accepted: Accepted, site: Site): Promise<void> {
  await Promise.all([
    ...site.hosts.map(async (host) => {
      await accepted.backup(host.planId);
      await accepted.noop(host, { logLines: 2_000, sleepMs: 500 });
    }),
    ...Array.from({ length: 4 }, () => accepted.noop(null)),
  ]);
}
