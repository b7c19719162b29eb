import { setTimeout as sleep } from 'node:timers/promises';
import { LEASE_MS } from '../../../src/domain/jobs/agent-protocol.ts';
import { untilTrue } from '../../harness/until-true.ts';
import { Accepted } from '../load.ts';
import type { Scenario } from '../scenario.ts';
import { type FaultStack, openFaultStack } from '../stack/fault-stack.ts';
import { addHost, type FaultHost } from '../stack/hosts.ts';
import type { FaultReport } from '../table.ts';

/** HJ-6: a host that fell silent is known to be away this long after its lease ended. */
const DETECTED_WITHIN_MS = 2_000;
/** Longer than a lease, so that every lease ends meanwhile. */
const AWAY_MS = 40_000;
const HOSTS = 3;

/** HJ-6 and HJ-18 with real agents: a server that is away makes nobody offline, an agent that died is, and its jobs wait for it. */
export const presence: Scenario = {
  name: 'presence',
  about: 'gateway and API away for longer than a lease, then an agent that dies and comes back',
  inShort: false,
  async run({ short }) {
    const stack = await openFaultStack();
    try {
      const hosts: FaultHost[] = [];
      for (let no = 1; no <= HOSTS; no++) hosts.push(await addHost(stack, `p${no}`));
      for (const host of hosts) await host.untilOnline();
      // A verdict needs one full lease beside the gateway.
      await sleep(LEASE_MS);
      const reports = [await awayServer(stack, 'gateway')];
      if (!short) reports.push(await awayServer(stack, 'api'));
      return [...reports, await deadAgent(stack, hosts[0]!, hosts[1]!)];
    } finally {
      await stack.close();
    }
  },
};

/** Recovery: from the server's return until every host has beaten again. */
async function awayServer(stack: FaultStack, server: 'gateway' | 'api'): Promise<FaultReport> {
  const from = new Date();
  const part = stack.parts[server];
  await part.kill({ stayDown: true });
  await sleep(AWAY_MS);
  await part.start();
  const backAt = Date.now();
  await untilTrue('every host beats again', async () => {
    const [silent] = await stack.database.rows<{ count: string }>(
      'select count(*) from host where org_id = $1 and (last_seen_at < $2 or lease_until < now())',
      [stack.orgId, new Date(backAt)],
    );
    return silent!.count === '0';
  });
  const recoveryMs = Date.now() - backAt;
  const wrong = await stack.database.rows<{ name: string; at: Date }>(
    `select h.name, e.at from event e join host h on h.org_id = e.org_id and h.id = e.subject_id
      where e.org_id = $1 and e.topic = 'host.changed' and e.data->>'online' = 'false' and e.at > $2`,
    [stack.orgId, from],
  );
  const findings = wrong.map(({ name, at }) => `${name} was called offline at ${at.toISOString()}`);
  return {
    fault: `${server} away for ${AWAY_MS / 1_000} s`,
    times: 1,
    jobs: 0,
    lost: findings.length,
    doubled: 0,
    stuck: 0,
    slowestRecoveryMs: recoveryMs,
    findings,
  };
}

/** Recovery: from the agent's return until the job that waited for it had ended. */
async function deadAgent(stack: FaultStack, host: FaultHost, other: FaultHost): Promise<FaultReport> {
  const accepted = new Accepted(stack);
  const findings: string[] = [];
  await host.agent.kill({ stayDown: true });
  const fact = async () =>
    (
      await stack.database.rows<{ present: boolean; late: string }>(
        `select h.present, extract(epoch from e.at - h.lease_until) * 1000 as late from host h
           left join event e on e.org_id = h.org_id and e.subject_id = h.id and e.topic = 'host.changed' and e.data->>'online' = 'false'
          where h.id = $1 order by e.at desc nulls last limit 1`,
        [host.uuid],
      )
    )[0]!;
  await untilTrue('the host is away', async () => !(await fact()).present);
  const lateMs = Number((await fact()).late);
  if (lateMs > DETECTED_WITHIN_MS || lateMs < 0)
    findings.push(`${host.name} was called offline ${lateMs} ms after its lease`);
  const waits = await stack.client.post('jobs', { kind: 'noop', target: { hostId: host.id } });
  if (waits.state !== 'waiting' || waits.reason !== 'host_offline' || !/away since/.test(waits.waitsFor))
    findings.push(`the answer to the start says ${waits.state}, ${waits.reason}, ${waits.waitsFor}`);
  await accepted.noop(other);
  await host.agent.start();
  const from = Date.now();
  await untilTrue('the job has ended', async () => (await stack.client.get(`jobs/${waits.id}`)).state === 'succeeded');
  const recoveryMs = Date.now() - from;
  await accepted.settle(60_000);
  return {
    fault: 'agent dead, a job waits for it',
    times: 1,
    jobs: 2,
    lost: 0,
    doubled: 0,
    stuck: findings.length,
    slowestRecoveryMs: recoveryMs,
    findings,
  };
}
