/** Every place that looks across organisations, and why it may. A new one has to be written down here to pass. */
export const ACROSS_ORGANIZATIONS: Readonly<Record<string, string>> = {
  'src/db/hosts/gateway-store.ts': 'whether beats arrive at all belongs to the instance, not to an organisation',
  'src/processes/commands/audit-command.ts':
    'lists the organisations of the instance; the chain of each is verified in it alone',
  'src/worker/control.ts': 'a lease belongs to the instance, not to an organisation',
  'src/worker/audit/chainer.ts': 'one chainer links the audit events of all organisations, each into its own chain',
  'src/worker/instance/engine.ts':
    'which namespace is ours stands in the one row of the instance; lost runs are found in index order',
  'src/worker/jobs/lost-runs.ts': 'runs under way are found by one index over all organisations, changed in each alone',
  'src/worker/jobs/lost-completions.ts':
    'runs whose answer was lost are found by one index over all organisations, ended in Temporal only',
  'src/worker/jobs/pump.ts': 'outbox entries of all organisations are sent by one pump, in one statement',
  'src/worker/hosts/presence.ts':
    'hosts that came or went are found by one indexed query, changed in each organisation alone',
  'src/worker/jobs/sweep.ts': 'overdue and forgotten waits are found by one query, changed in each organisation alone',
  'src/worker/instance/upkeep.ts': 'log days and old keys belong to the instance: they go by age, whoever they are of',
};
