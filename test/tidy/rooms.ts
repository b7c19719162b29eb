/** A room of the house: a folder or file of src, what it may import values and types from, and why not more. */
export interface Room {
  readonly path: string;
  readonly mayImport: readonly string[];
  readonly reason: string;
}

const BASE = ['lib/', 'catalog/', 'domain/'];
const RULES = [...BASE, 'kinds/'];

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
    mayImport: [...BASE, 'temporal/', 'db/statements/'],
    reason: 'the door takes what statements answer and does no deciding of its own',
  },
  {
    path: 'activities/control/',
    mayImport: [...RULES, 'db/', 'temporal/', 'workflows/control-activities.ts', 'activities/control/'],
    reason: 'what the control plane does for a run: one transaction, then the door',
  },
  {
    path: 'activities/host/',
    mayImport: [...RULES, 'activities/host/'],
    reason: 'runs on hosts, which have no database, no API and no Temporal of their own',
  },
  {
    path: 'api/',
    mayImport: [...RULES, 'db/', 'temporal/', 'api/'],
    reason: 'the door for people decides nothing that a job does',
  },
  {
    path: 'gateway/',
    mayImport: [...BASE, 'gateway/'],
    reason: 'the door for agents gets its memory handed in; it holds no business',
  },
  {
    path: 'worker/',
    mayImport: [...RULES, 'db/', 'temporal/', 'activities/', 'workflows/', 'worker/'],
    reason: 'composition: the control worker, the agent and the loops',
  },
  {
    path: 'cli/up/',
    mayImport: [
      'lib/',
      'catalog/',
      'config/',
      'domain/',
      'db/',
      'temporal/',
      'gateway/',
      'worker/',
      'cli/',
      'migrations/',
    ],
    reason: 'composition of the embedded stack',
  },
  {
    path: 'cli/run/',
    mayImport: [
      'lib/',
      'catalog/',
      'config/',
      'domain/',
      'db/',
      'temporal/',
      'gateway/',
      'worker/',
      'api/',
      'activities/host/',
      'cli/',
      'migrations/',
    ],
    reason: 'composition of each process',
  },
  {
    path: 'cli/',
    mayImport: ['lib/', 'catalog/', 'config/', 'domain/', 'cli/'],
    reason: 'the operator command talks to the API only',
  },
];

/** Workflow code is replayed: a value from an ordinary module could change under a running workflow. */
export const WORKFLOW_VALUES = ['workflows/', '@temporalio/workflow'];
