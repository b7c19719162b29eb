// What gateways do with reports, without their wire: one transaction a report, one report in flight for each job.
import { openDatabase } from '../../src/db/core/database.ts';
import { openOrm } from '../../src/db/core/orm.ts';
import { gatewayStore } from '../../src/db/hosts/gateway-store.ts';
import { JOB_REGISTRY } from '../../src/db/job-registry.ts';
import type { LogLine } from '../../src/domain/jobs/agent-protocol.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { systemRandom } from '../../src/lib/ids.ts';
import { REST } from './words.ts';

export interface SpeakingHost {
  readonly orgId: string;
  readonly hostId: string;
  readonly jobId: string;
}
export interface Order {
  readonly name: string;
  readonly hosts: readonly SpeakingHost[];
  /** Lines of one report. */
  readonly lines: number;
  readonly reports: number;
  /** Between the starts of two reports of a job; 0: as fast as they are taken. */
  readonly everyMs: number;
}

const orm = await openOrm({
  url: process.argv[2]!,
  poolMax: 8,
  transactionTimeoutMs: 15_000,
  applicationName: 'bench gateway',
});
const store = gatewayStore(openDatabase(orm, { clock: systemClock, random: systemRandom, registry: JOB_REGISTRY }));
const TOKEN = Buffer.from('bench');

async function speak(host: SpeakingHost, order: Order): Promise<void> {
  const who = { orgId: host.orgId, hostId: host.hostId, hostName: 'bench' };
  const ticket = { jobId: host.jobId, runNo: 1, runId: 'bench', attempt: 1, activity: 'noop.v1' };
  let due = performance.now() + Math.random() * order.everyMs;
  for (let report = 0; report < order.reports; report++) {
    const wait = due - performance.now();
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    due += order.everyMs;
    const first = report * order.lines;
    // Each line says when it was handed in, so that a reader knows how old it is.
    const now = performance.timeOrigin + performance.now();
    const said = order.everyMs === 0 ? REST : `${now} ${REST}`;
    const lines = Array.from({ length: order.lines }, (_, i): LogLine => [now, 'out', `${first + i} ${said}`]);
    const { nextSeq } = await store.report(who, ticket, TOKEN, {
      firstSeq: first,
      lines,
      progress: null,
      result: null,
      last: report === order.reports - 1,
    });
    if (nextSeq !== first + order.lines) throw new Error(`a report was not taken: ${nextSeq}`);
  }
}

process.on('message', async (order: Order) => {
  const began = performance.now();
  await Promise.all(order.hosts.map((host) => speak(host, order)));
  process.send!({ name: order.name, ms: performance.now() - began });
});
process.send!({ ready: true });
// Whoever started us is gone.
process.on('disconnect', () => process.exit(0));
