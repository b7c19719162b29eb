import { setTimeout as sleep } from 'node:timers/promises';
import { enrolHost } from '../../../bench/fleet/enrol.ts';
import { Fleet } from '../../../bench/fleet/fleet.ts';
import { noop } from '../../../src/kinds/core/noop.ts';
import { parsePublicId, publicId } from '../../../src/lib/ids.ts';
import { untilTrue } from '../../harness/until-true.ts';
import { type Accepted, buildSite, type Site } from '../load.ts';
import { slowestEnd, untilWorkFlows } from '../recovery.ts';
import type { Scenario } from '../scenario.ts';
import { type FaultStack, openFaultStack } from '../stack/fault-stack.ts';
import type { FaultReport } from '../table.ts';
import { tally } from '../tally.ts';

const HOSTS = 200;
const JOB_MS = 60_000;
const LINES = 120;
const AT_ONCE = 20;
/** PF-12, on a machine that does nothing else. */
const BARS_MS = {
  api: 3_000,
  gateway: 3_000,
  worker: 12_000,
  agent: 5_000,
  'agent (not restarted)': noop.limits.heartbeatTimeoutMs + 5_000,
} as const;
type Victim = keyof typeof BARS_MS;

interface SimulatedHost {
  readonly name: string;
  readonly id: string;
}

/** 200 simulated hosts with a job each that speaks all the time; a row for each process that is killed under them. */
export const pf12: Scenario = {
  name: 'pf12',
  about: `recovery from kill -9 at ${HOSTS} running jobs`,
  inShort: false,
  async run({ short, say }) {
    const stack = await openFaultStack();
    try {
      const site = await buildSite(stack, 1);
      const { fleet, hosts } = await openFleet(stack);
      const reports: FaultReport[] = [];
      for (const victim of ['api', 'gateway', 'worker', 'agent', 'agent (not restarted)'] as const) {
        const options = { fault: `kill -9 ${victim} at ${HOSTS} jobs`, times: short ? 1 : 3, say };
        const unheard: string[] = [];
        const report = await tally(stack, site, options, (accepted) =>
          killUnderFleet({ stack, site, fleet, hosts, accepted, victim, unheard }),
        );
        const findings = [...report.findings, ...unheard];
        const bar = report.slowestRecoveryMs <= BARS_MS[victim] ? 'within' : 'OVER';
        say(
          `  ${options.fault}: ${(report.slowestRecoveryMs / 1000).toFixed(1)} s, ${bar} ${BARS_MS[victim] / 1000} s`,
        );
        reports.push({ ...report, lost: report.lost + unheard.length, findings });
      }
      return reports;
    } finally {
      await stack.close();
    }
  },
};

async function openFleet(stack: FaultStack): Promise<{ fleet: Fleet; hosts: SimulatedHost[] }> {
  const { orgId, siteId, database, gateway } = stack;
  const hosts: (SimulatedHost & { credential: string })[] = [];
  for (let no = 1; no <= HOSTS; no++) {
    const name = `sim-${no}`;
    const { uuid, credential } = await enrolHost(database, { orgId, siteId, name });
    hosts.push({ name, id: publicId('host', uuid), credential });
  }
  const fleet = new Fleet({ gateway, hosts });
  stack.onClose(() => fleet.stop());
  await untilTrue('the fleet is online', () => fleet.totals.online === HOSTS, 120_000);
  return { fleet, hosts };
}

interface Kill {
  readonly stack: FaultStack;
  readonly site: Site;
  readonly fleet: Fleet;
  readonly hosts: readonly SimulatedHost[];
  readonly accepted: Accepted;
  readonly victim: Victim;
  readonly unheard: string[];
}

async function killUnderFleet({ stack, site, fleet, hosts, accepted, victim, unheard }: Kill): Promise<number> {
  // The one real agent among them is the one that is killed: the others only hold their gateway busy.
  await accepted.noop(site.hosts[0]!, { sleepMs: JOB_MS, logLines: LINES });
  for (let at = 0; at < hosts.length; at += AT_ONCE)
    await Promise.all(
      hosts.slice(at, at + AT_ONCE).map((host) => accepted.noop(host, { sleepMs: JOB_MS, logLines: LINES })),
    );
  await untilTrue('all jobs run', () => fleet.totals.running === HOSTS, 60_000);
  await sleep(2_000);
  const faultAt = Date.now();
  const { agent } = site.hosts[0]!;
  const isAgent = victim === 'agent' || victim === 'agent (not restarted)';
  if (isAgent) await agent.kill({ stayDown: victim !== 'agent' });
  else await stack.parts[victim].kill();
  const before = acknowledged(fleet);
  const recoveryMs = await recovered(victim, { stack, site, accepted, faultAt });
  if (victim === 'agent (not restarted)') await agent.start();
  await accepted.settle(120_000);
  unheard.push(...(await linesMissing(stack, before)));
  return Math.max(recoveryMs, isAgent ? 0 : await slowestEnd(stack, faultAt));
}

function recovered(
  victim: Victim,
  { stack, site, accepted, faultAt }: Pick<Kill, 'stack' | 'site' | 'accepted'> & { readonly faultAt: number },
): Promise<number> {
  const isAgent = victim === 'agent' || victim === 'agent (not restarted)';
  return isAgent ? untilGivenUp(stack, site, faultAt) : untilWorkFlows(stack, accepted, site, faultAt);
}

/** By job: so many lines the gateway had said to have. */
function acknowledged(fleet: Fleet): Map<string, number> {
  const running = Object.values(fleet.states).flatMap(({ running }) => (running ? [running] : []));
  return new Map(running.map(({ jobId, acknowledged }) => [jobId, acknowledged]));
}

async function linesMissing({ database }: FaultStack, before: ReadonlyMap<string, number>): Promise<string[]> {
  const there = await database.rows<{ id: string; lines: string }>(
    'select job_id as id, sum(lines) as lines from log_chunk where job_id = any($1::uuid[]) group by job_id',
    [[...before.keys()].map((id) => parsePublicId('job', id))],
  );
  const counts = new Map(there.map(({ id, lines }) => [publicId('job', id), Number(lines)]));
  return [...before].flatMap(([id, acknowledged]) =>
    (counts.get(id) ?? 0) < acknowledged
      ? [`${id}: ${acknowledged} lines were acknowledged, ${counts.get(id) ?? 0} are there`]
      : [],
  );
}

/** The verdict over the attempt that died with its agent: it was given up (ADR 20). What follows, the host's answer and the next attempt, is not part of it. */
async function untilGivenUp({ database }: FaultStack, site: Site, faultAt: number): Promise<number> {
  let givenUpAt: Date | null = null;
  const look = async () => {
    const [row] = await database.rows<{ at: Date | null }>(
      'select min(given_up_at) as at from attempt where host_id = $1 and given_up_at > $2',
      [site.hosts[0]!.uuid, new Date(faultAt)],
    );
    givenUpAt = row!.at;
    return givenUpAt !== null;
  };
  await untilTrue('the attempt was given up', look, 120_000);
  return givenUpAt!.getTime() - faultAt;
}
