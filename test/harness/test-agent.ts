import { type ChildProcess, fork } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { vi } from 'vitest';
import { newCredential } from '../../src/gateway/identity/credential.ts';
import type { AgentOrder } from './agent-process.ts';
import type { Bench } from './bench.ts';

/** A host and its real agent, in a process of its own. */
export interface TestAgent {
  readonly hostId: string;
  readonly credential: string;
  child: ChildProcess;
  /** What its process told since it started. */
  told: string[];
  kill(signal: NodeJS.Signals): Promise<void>;
  /** Resolves when the host counts as online. */
  start(): Promise<void>;
}

/** Enrols a host and starts its agent. */
export async function startTestAgent(
  bench: Bench,
  gateway: { readonly address: string; readonly authorityPem: string },
  folder: string,
  resticPath: string,
  programsDieWithAgent = true,
): Promise<TestAgent> {
  const hostId = await bench.addHost({ present: false });
  const credential = newCredential(bench.org, hostId, bench.random);
  await bench.owner.query(
    'insert into host_credential(org_id, id, host_id, token_hash, created_at) values ($1, gen_random_uuid(), $2, $3, now())',
    [bench.org, hostId, createHash('sha256').update(credential).digest()],
  );
  const dataDir = join(folder, `agent-${hostId}`);
  mkdirSync(dataDir);
  const { address, authorityPem } = gateway;
  const about = { dataDir, agentMark: hostId, resticPath, programsDieWithAgent };
  const order: AgentOrder = { gateway: address, authorityPem, credential, ...about };
  const script = fileURLToPath(new URL('./agent-process.ts', import.meta.url));
  const isPresent = async () =>
    (await bench.owner.query('select present from host where id = $1', [hostId])).rows[0].present;
  const agent: TestAgent = {
    hostId,
    credential,
    child: undefined as unknown as ChildProcess,
    told: [],
    async start() {
      agent.child = fork(script, [JSON.stringify(order)]);
      agent.told = [];
      agent.child.on('message', (message) => agent.told.push(String(message)));
      await once(agent.child, 'message');
      await vi.waitUntil(isPresent, { timeout: 20_000, interval: 50 });
    },
    async kill(signal) {
      if (agent.child.exitCode !== null || agent.child.signalCode !== null) return;
      const exit = once(agent.child, 'exit');
      agent.child.kill(signal);
      await exit;
    },
  };
  await agent.start();
  return agent;
}
