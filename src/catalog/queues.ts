import { publicId } from '../lib/ids.ts';

/** The task queue of workflows and of activities that the control plane does itself. */
export const CONTROL_QUEUE = 'control';

/** The host's main lane: one activity at a time. `hostId` is a uuid. */
export const mainQueue = (hostId: string): string => `host/${publicId('host', hostId)}`;

/** The host's quick lane: reads, at most 60 s, four at once. `hostId` is a uuid. */
export const quickQueue = (hostId: string): string => `${mainQueue(hostId)}/quick`;
