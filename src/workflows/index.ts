// Workflow types are named by kind, so that lists in Temporal read like ours. One line for each kind in src/kinds.
export { hostJob as backup, hostJob as init, hostJob as noop, hostJob as unlock } from './host-job.ts';
