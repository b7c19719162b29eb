import pg from 'pg';
import { GatewayClient } from '../../src/agent/session/gateway-client.ts';
import { openDatabase } from '../../src/db/core/database.ts';
import { openOrm } from '../../src/db/core/orm.ts';
import { gatewayStore } from '../../src/db/hosts/gateway-store.ts';
import type { LogLine } from '../../src/domain/jobs/agent-protocol.ts';
import { parseCredential } from '../../src/gateway/identity/credential.ts';
import { issueTicket } from '../../src/gateway/proxy/ticket.ts';
import { wrapToken } from '../../src/gateway/proxy/tokens.ts';
import { type Gateway, startGateway } from '../../src/gateway/server.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { publicId, systemRandom } from '../../src/lib/ids.ts';
import { newKeyring } from '../../src/lib/seal.ts';
import { type Bench, openBench } from '../harness/bench.ts';
import { RecordingStore } from './recording-store.ts';

const quiet = () => {};
const log = { debug: quiet, info: quiet, warn: quiet, error: quiet, child: () => log } as never;

/** Several gateways before one database, as in production: real ones, each with its own pool. No engine behind them. */
export async function openReplicas(count: number) {
  const bench = await openBench();
  const { clock, random } = bench;
  const keyring = newKeyring(clock, random);
  const stage = new RecordingStore(bench, keyring);
  const stops: (() => Promise<unknown>)[] = [];
  const start = async (port = 0): Promise<Gateway> => {
    const db = openDatabase(
      await openOrm({ url: bench.urls.gateway, poolMax: 10, transactionTimeoutMs: 15_000, applicationName: 'replica' }),
      { clock: systemClock, random: systemRandom, registry: bench.registry },
    );
    const store = gatewayStore(db);
    const listen = { host: '127.0.0.1', port };
    const parts = {
      upstream: { address: '127.0.0.1:1', apiKey: null, tls: null },
      namespace: 'none',
      keyring,
      store,
      clock,
      random,
      log,
    };
    const gateway = await startGateway({ listen, tls: null, ...parts });
    stops.push(async () => {
      await gateway.stop();
      await db.close();
    });
    return gateway;
  };
  const gateways = await Promise.all(Array.from({ length: count }, () => start()));
  return {
    bench,
    gateways,
    async enrol() {
      const host = stage.enrol('host');
      // The row is written when this is answered.
      await stage.authenticate(host.orgId, host.hostId, parseCredential(host.credential)!.hash);
      return host;
    },
    /** A second connection of the owner, for what must not be in the way of the first. */
    async connect(): Promise<pg.Client> {
      const { host, port, user, password, database } = bench.owner;
      const client = new pg.Client({ host, port, user, password: password ?? undefined, database });
      await client.connect();
      client.on('error', quiet);
      stops.unshift(() => client.end());
      return client;
    },
    /** The client of a host's agent to the gateway of that number. */
    clientOf(host: { credential: string }, at: number): GatewayClient {
      const address = `127.0.0.1:${gateways[at]!.port}`;
      const client = new GatewayClient({ address, authorityPem: null, credential: host.credential });
      stops.unshift(async () => client.close());
      return client;
    },
    /** A job that runs on that host, and what its attempt was handed out with. Accepted so many days ago. */
    async attempt(host: { hostId: string }, daysAgo = 0) {
      const id = bench.newId();
      await stage.addJob('noop', id, `host/${publicId('host', host.hostId)}`);
      await bench.owner.query(`update job set run_id = 'run', accepted_day = current_date - $2::int where id = $1`, [
        id,
        daysAgo,
      ]);
      const token = Buffer.from(random(40));
      const about = { jobId: id, runNo: 1, runId: 'run', attempt: 1, activity: 'noop.v1' };
      return {
        id,
        token: wrapToken(keyring, 'activity', host.hostId, token).toString('base64'),
        ticket: issueTicket(keyring, host.hostId, about, token).toString('base64'),
        input: { kind: 'noop', jobId: publicId('job', id), runNo: 1, attempt: 1 },
      };
    },
    async close() {
      for (const stop of stops) await stop();
      await bench.close();
    },
  };
}
export type Replicas = Awaited<ReturnType<typeof openReplicas>>;

/** The log of a job as it lies in the database; fails when two chunks overlap or leave a gap. */
export async function storedLines(bench: Bench, jobId: string): Promise<string[]> {
  const found = await bench.owner.query(
    'select first_seq, lines, body from log_chunk where job_id = $1 order by run_no, attempt, first_seq',
    [jobId],
  );
  let next = 0;
  return found.rows.flatMap((row) => {
    const lines = JSON.parse(row.body) as LogLine[];
    if (Number(row.first_seq) !== next || row.lines !== lines.length) throw new Error(`a gap at ${next}`);
    next += lines.length;
    return lines.map((line) => line[2]);
  });
}

/** Keeps everybody from the log until it is given back: a log store that is away, and nothing else. */
export async function lockLog(of: Replicas): Promise<() => Promise<unknown>> {
  const holder = await of.connect();
  await holder.query('begin; lock table log_chunk, log_head in access exclusive mode');
  return () => holder.query('commit');
}
