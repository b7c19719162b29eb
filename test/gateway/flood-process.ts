// An attempt that runs a program, in a process of its own, as an agent has it: by its first argument. Tells its figures at the end.
import '../../src/lib/small-memory.ts';
import { performAttempt } from '../../src/agent/attempt/attempt.ts';
import { LogSpool } from '../../src/agent/log/log-spool.ts';
import { findSetpriv } from '../../src/agent/programs/parent-death-signal.ts';
import { GatewayClient } from '../../src/agent/session/gateway-client.ts';
import { systemClock } from '../../src/lib/clock.ts';

export interface FloodOrder {
  readonly gateway: string;
  readonly credential: string;
  readonly attempt: {
    readonly token: string;
    readonly ticket: string;
    readonly input: { readonly kind: string; readonly jobId: string; readonly runNo: number; readonly attempt: number };
  };
  readonly spool: string;
  /** A program for Node. */
  readonly program: string;
  readonly logBytes?: number;
}
export interface FloodFigures {
  readonly code: string;
  readonly programMs: number;
  readonly grownMib: number;
}

const order = JSON.parse(process.argv[2]!) as FloodOrder;
const client = new GatewayClient({ address: order.gateway, authorityPem: null, credential: order.credential });
const spool = new LogSpool(order.spool);
const { token, ticket, input } = order.attempt;
const link = { ...client.attempt(token, ticket), openSpool: () => spool.open({ token, ticket, input }) };
const mib = () => process.memoryUsage.rss() / 1024 / 1024;
let [most, programMs] = [0, 0];
setInterval(() => {
  most = Math.max(most, mib());
}, 100).unref();
const before = mib();

const outcome = await performAttempt(
  async (context) => {
    await context.claim();
    const started = Date.now();
    const program = { file: process.execPath, args: ['-e', order.program], env: {} };
    const end = await context.run(program, (stream, line, cut) => context.log(cut ? `${line}<cut>` : line, stream));
    programMs = Date.now() - started;
    return { outcome: { code: `exit-${end.exitCode}`, counts: {}, refs: {} }, failures: [], failureCount: 0 };
  },
  { signal: 'SIGTERM', graceMs: 500 },
  input,
  link,
  { signal: new AbortController().signal, heartbeat: () => {} },
  {
    clock: systemClock,
    agentMark: order.spool,
    setpriv: await findSetpriv(),
    ...(order.logBytes && { logBytes: order.logBytes }),
  },
);
const figures: FloodFigures = { code: outcome.code, programMs, grownMib: Math.round(most - before) };
process.send!(figures);
process.once('disconnect', () => process.exit(0));
// What lingers goes on until it is delivered or the test hangs up.
setInterval(() => {}, 1_000);
