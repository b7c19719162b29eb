/** A room of the house: a folder or file of src, what it may import values and types from, and why not more. */
export interface Room {
  readonly path: string;
  readonly mayImport: readonly string[];
  readonly reason: string;
}

const BASE = ['lib/', 'catalog/', 'domain/'];
const RULES = [...BASE, 'kinds/'];
/** What an attempt on a host is made of; beside it stands what is done in one. */
const ATTEMPT = ['agent/attempt/', 'agent/log/', 'agent/programs/'];

/** Imports go one way. The first room whose path fits is the one that counts. */
export const ROOMS: readonly Room[] = [
  { path: 'lib/', mayImport: ['lib/'], reason: 'lib is used by everybody, so it may know nobody' },
  { path: 'config/', mayImport: ['lib/', 'config/'], reason: 'read by entry points before anything else is there' },
  { path: 'catalog/', mayImport: ['lib/', 'catalog/'], reason: 'lists are leaves: everything may name them' },
  { path: 'domain/', mayImport: BASE, reason: 'rules are pure: no clock, no I/O, no database' },
  { path: 'kinds/', mayImport: RULES, reason: 'a kind is data over rules; how it is carried out is not its business' },
  {
    path: 'db/',
    mayImport: [...RULES, 'db/', 'migrations/'],
    reason: 'rows decide: what is told to Temporal is told after the commit, by whoever called',
  },
  {
    path: 'temporal/',
    mayImport: [...BASE, 'temporal/', 'db/jobs/start-orders.ts'],
    reason: 'the engine takes what statements return and does no deciding of its own',
  },
  {
    path: 'activities/control/',
    mayImport: [...RULES, 'db/', 'temporal/', 'workflows/control-activities.ts', 'activities/control/'],
    reason: 'what the control plane does for a run: one transaction, then the engine',
  },
  {
    path: 'activities/host/',
    mayImport: [...RULES, 'activities/host/', ...ATTEMPT],
    reason: 'runs on hosts, which have no database, no API and no Temporal of their own',
  },
  {
    path: 'agent/session/',
    mayImport: [...RULES, 'agent/', 'activities/host/'],
    reason: 'what makes an agent of attempts and activities; it talks to the gateway only',
  },
  { path: 'agent/', mayImport: [...RULES, ...ATTEMPT], reason: 'one attempt knows nothing of the agent around it' },
  {
    path: 'api/',
    mayImport: [...RULES, 'db/', 'temporal/', 'api/'],
    reason: 'the API decides nothing that a job does',
  },
  {
    path: 'gateway/',
    mayImport: [...BASE, 'gateway/'],
    reason: 'the gateway gets its memory handed in; it holds no business',
  },
  {
    path: 'worker/',
    mayImport: [...RULES, 'db/', 'temporal/', 'activities/control/', 'workflows/', 'worker/'],
    reason: 'composition: the control worker and the loops',
  },
  {
    path: 'cli/',
    mayImport: ['lib/', 'catalog/', 'config/', 'domain/', 'cli/'],
    reason: 'the operator command talks to the API only',
  },
  {
    path: 'processes/',
    mayImport: [
      ...BASE,
      'config/',
      'db/',
      'temporal/',
      'gateway/',
      'worker/',
      'agent/',
      'activities/host/',
      'api/',
      'processes/',
      'cli/output/',
      'embedded/programs/',
      'migrations/',
    ],
    reason: 'composition of each process; of the embedded stack only how a program is found: the agent finds restic so',
  },
  {
    path: 'embedded/',
    mayImport: [
      ...BASE,
      'config/',
      'db/',
      'temporal/',
      'gateway/',
      'worker/',
      'cli/',
      'processes/',
      'embedded/',
      'migrations/',
    ],
    reason: 'supervises PostgreSQL, Temporal and our processes; nobody but main knows it',
  },
  {
    path: 'commands.ts',
    mayImport: [...BASE, 'config/', 'cli/', 'processes/', 'embedded/'],
    reason: 'the commands that run processes, each loaded when it is wanted',
  },
  {
    path: 'main.ts',
    mayImport: [...BASE, 'config/', 'cli/', 'processes/', 'embedded/', 'commands.ts'],
    reason: 'the only file that knows all commands',
  },
];

/** Workflow code is replayed: a value from an ordinary module could change under a running workflow. */
export const WORKFLOW_VALUES = ['workflows/', '@temporalio/workflow'];
