import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { enrolHost } from '../../../bench/fleet/enrol.ts';
import { publicId } from '../../../src/lib/ids.ts';
import { writeAgentFile } from '../../../src/processes/place/agent-file.ts';
import { dataPaths } from '../../../src/processes/place/data-folder.ts';
import { untilTrue } from '../../harness/until-true.ts';
import type { FaultStack } from './fault-stack.ts';
import { STACK_ENV } from './fault-stack.ts';
import { ourPart } from './ours.ts';
import type { Part } from './part.ts';
import { type Manners, writeWitness } from './witness.ts';

export interface FaultHost {
  readonly name: string;
  readonly uuid: string;
  readonly id: string;
  readonly agent: Part;
  /** The folder that its plans back up. */
  readonly source: string;
  untilOnline(): Promise<void>;
}

/** How much a backup has to do: with these it takes about three seconds. */
const FRESH_KIB = 3_072;
const UPLOAD_KIB_PER_SECOND = 1_024;

/** A host with an agent of its own, as a process that the product's own command starts. */
export async function addHost(stack: FaultStack, name: string, manners: Manners = 'good'): Promise<FaultHost> {
  const { orgId, siteId, folder, restic } = stack;
  const { uuid, credential } = await enrolHost(stack.database, { orgId, siteId, name });
  const dataDir = join(folder, 'hosts', name);
  mkdirSync(dataDir, { recursive: true });
  writeAgentFile(dataPaths(dataDir).agentFile, { ...stack.gateway, credential });
  // Not in the agent's own folder, which no backup takes in.
  const source = join(folder, 'sources', name);
  const witness = writeWitness({
    folder: join(folder, 'witness'),
    hostName: name,
    restic,
    source,
    freshKiB: FRESH_KIB,
    uploadKiBPerSecond: UPLOAD_KIB_PER_SECOND,
    manners,
  });
  const env = { ...STACK_ENV, HOLDFAST_DATA: dataDir, HOLDFAST_PROGRAM_RESTIC: witness };
  const agent = ourPart(folder, `agent-${name}`, 'agent', env);
  await agent.start();
  stack.onClose(() => agent.stop());
  const id = publicId('host', uuid);
  const untilOnline = () => untilTrue(`${name} is online`, async () => (await stack.client.get(`hosts/${id}`)).online);
  return { name, uuid, id, agent, source, untilOnline };
}

export interface FaultRepository {
  readonly id: string;
  readonly path: string;
  readonly password: string;
}

/** A real repository on this machine, initialised by a job of the host. */
export async function addRepository(stack: FaultStack, name: string, host: FaultHost): Promise<FaultRepository> {
  const path = join(stack.folder, 'repositories', name);
  mkdirSync(join(stack.folder, 'repositories'), { recursive: true });
  const { id, password } = await stack.client.post('repositories', { name, url: path });
  const job = await stack.client.post('jobs', {
    kind: 'init',
    target: { hostId: host.id },
    params: { repositoryId: id },
  });
  await untilTrue('the repository is there', async () => {
    const { state } = await stack.client.get(`jobs/${job.id}`);
    return state === 'succeeded';
  });
  return { id, path, password };
}

export async function addPlan(stack: FaultStack, host: FaultHost, repository: FaultRepository): Promise<string> {
  const plan = await stack.client.post('plans', {
    name: `everything of ${host.name}`,
    hostId: host.id,
    repositoryId: repository.id,
    paths: [host.source],
  });
  return plan.id;
}
