import { parsePublicId, publicId } from '../../lib/ids.ts';

/**
 * The workflow id of a job's run: what a person sees first in the Temporal UI, and what the gateway reads an attempt's job
 * from. Built and read here only. `jobId` is a uuid.
 */
export const runWorkflowId = (jobId: string, runNo: number): string => `job/${publicId('job', jobId)}/${runNo}`;

/** The job and run number in a workflow id, or null when it is none of a job's. */
export function parseRunWorkflowId(workflowId: string): { jobId: string; runNo: number } | null {
  const found = /^job\/(job_[0-9a-z]{26})\/([1-9]\d{0,8})$/.exec(workflowId);
  const jobId = found && parsePublicId('job', found[1]!);
  return found && jobId ? { jobId, runNo: Number(found[2]) } : null;
}
