import { findOrphans } from '../../src/agent/programs/orphans.ts';
import { publicId } from '../../src/lib/ids.ts';
import type { TestAgent } from './test-agent.ts';

/** The numbers of the processes that run for a job, by the marks in their environment. */
export async function processesOf(agent: TestAgent, jobId: string): Promise<number[]> {
  const found = await findOrphans(agent.hostId, publicId('job', jobId));
  return found.map(({ pid }) => pid);
}
