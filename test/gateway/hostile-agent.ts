// An agent in the hands of somebody else: as fast as it can it sends random valid messages with one field spoilt, and some with all
// of them good. Forked with an order; tells what it was answered.
import { Client, credentials, Metadata, type ServiceError } from '@grpc/grpc-js';
import proto from '@temporalio/proto';
import { AGENT_PROTOCOL, AGENT_SERVICE } from '../../src/domain/jobs/agent-protocol.ts';
import { temporalPath } from '../../src/gateway/proxy/upstream.ts';
import { dice, spoilt } from './spoil.ts';

export interface HostileOrder {
  readonly address: string;
  readonly authorityPem: string;
  readonly credential: string;
  readonly queue: string;
  readonly identity: string;
  readonly token: string;
  readonly ticket: string;
  readonly seed: number;
  /** Ends when it is told to, but not before it has sent so many: a slow machine makes the attack longer, not smaller. */
  readonly atLeast: number;
}
export type HostileAnswers = Readonly<Record<string, number>>;

const SIDE_BY_SIDE = 64;
const order = JSON.parse(process.argv[2]!) as HostileOrder;
const roll = dice(order.seed);
const client = new Client(order.address, credentials.createSsl(Buffer.from(order.authorityPem)));
const metadata = new Metadata();
metadata.set('authorization', `Bearer ${order.credential}`);
const same = (bytes: Buffer) => bytes;
const { token, ticket, queue, identity } = order;
const api = proto.temporal.api.workflowservice.v1;
const taskToken = Buffer.from(token, 'base64');
const json = {
  payloads: [
    {
      metadata: { encoding: Buffer.from('json/plain') },
      data: Buffer.from('{"code":"succeeded","counts":{},"refs":{}}'),
    },
  ],
};
const about = { namespace: 'none', identity };
const outcome = { code: 'succeeded', counts: { files: 1 }, refs: { a: 'b' } };

/** What an agent says, by how it is sent. */
const OURS: readonly (readonly [string, object])[] = [
  [
    'Hello',
    {
      protocol: AGENT_PROTOCOL,
      agentVersion: '1',
      hostname: 'evil',
      os: 'linux',
      arch: 'x64',
      programs: [{ name: 'restic', version: '1', path: '/x' }],
      powers: [],
      activities: ['noop.v1'],
    },
  ],
  ['Beat', { epoch: 1, running: [{ jobId: 'job_01m7y39633fm5vwwgwdqkxmc5t', attempt: 1 }] }],
  ['Claim', { token, ticket }],
  [
    'Report',
    {
      token,
      ticket,
      firstSeq: 0,
      lines: [
        [1, 'out', 'evil'],
        [2, 'err', '\u0001'.repeat(4_000)],
      ],
      progress: {
        fraction: 1,
        bytesDone: 1,
        bytesTotal: 1,
        filesDone: 1,
        filesTotal: 1,
        current: 'x',
        ratePerSecond: 1,
        etaSeconds: 1,
      },
      result: { outcome, failures: [{ code: 'a', item: 'b', message: 'c' }], failureCount: 1 },
      last: false,
    },
  ],
  // The worst to clean: a whole chunk of control characters.
  [
    'Report',
    {
      token,
      ticket,
      firstSeq: 0,
      lines: Array.from({ length: 16 }, () => [1, 'out', '\u0001'.repeat(10_000)]),
      progress: null,
      result: null,
    },
  ],
];
const TEMPORALS: readonly (readonly [string, { encode(message: never): { finish(): Uint8Array } }, object])[] = [
  ['RespondActivityTaskCompleted', api.RespondActivityTaskCompletedRequest, { ...about, taskToken, result: json }],
  [
    'RespondActivityTaskFailed',
    api.RespondActivityTaskFailedRequest,
    { ...about, taskToken, failure: { message: 'm', applicationFailureInfo: { type: 'x', details: json } } },
  ],
  ['RespondActivityTaskCanceled', api.RespondActivityTaskCanceledRequest, { ...about, taskToken, details: json }],
  ['RecordActivityTaskHeartbeat', api.RecordActivityTaskHeartbeatRequest, { ...about, taskToken, details: json }],
  ['PollActivityTaskQueue', api.PollActivityTaskQueueRequest, { ...about, taskQueue: { name: queue, kind: 1 } }],
  ['DescribeNamespace', api.DescribeNamespaceRequest, { namespace: 'none' }],
  ['StartWorkflowExecution', api.StartWorkflowExecutionRequest, { ...about, workflowId: 'x' }],
];

function next(): [path: string, bytes: Buffer] {
  const isGood = roll(10) === 0;
  if (roll(2) === 0) {
    const [method, good] = OURS[roll(OURS.length)]!;
    return [`/${AGENT_SERVICE}/${method}`, Buffer.from(JSON.stringify(isGood ? good : spoilt(good, roll)))];
  }
  const [method, type, good] = TEMPORALS[roll(TEMPORALS.length)]!;
  const encode = (message: object) => Buffer.from(type.encode(message as never).finish());
  try {
    return [temporalPath(method), encode(isGood ? good : spoilt(good, roll))];
  } catch {
    // A value that no field of the message can hold: bytes that are no message, or half of one.
    const bytes = encode(good);
    return [temporalPath(method), bytes.subarray(0, roll(bytes.length))];
  }
}

const answers: Record<string, number> = {};
let sent = 0;
let told = false;
process.once('message', () => {
  told = true;
});

function send(): Promise<void> {
  const [path, bytes] = next();
  return new Promise((resolve) => {
    const done = (error: ServiceError | null) => {
      const code = String(error?.code ?? 0);
      answers[code] = (answers[code] ?? 0) + 1;
      resolve();
    };
    client.makeUnaryRequest(path, same, same, bytes, metadata, { deadline: Date.now() + 10_000 }, done);
  });
}

async function attack(): Promise<void> {
  while (!told || sent < order.atLeast) {
    sent++;
    await send();
  }
}
await Promise.all(Array.from({ length: SIDE_BY_SIDE }, attack));
process.send!(answers satisfies HostileAnswers);
client.close();
process.disconnect();
