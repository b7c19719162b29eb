import { findPrograms } from '../../src/agent/programs/left-programs.ts';
import { publicId } from '../../src/lib/ids.ts';
import type { TestAgent } from './test-agent.ts';

/** The numbers of the processes that run for a job, by the marks in their environment. */
export async function processesOf(agent: TestAgent, jobId: string): Promise<number[]> {
  const found = await findPrograms(agent.hostId, publicId('job', jobId));
  return found.map(({ pid }) => pid);
}
