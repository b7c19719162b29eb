/**
 * The typed search attributes of our workflows. The SQL visibility store has room for ten Keywords, all taken, and three
 * KeywordLists: names are lists of one, which are found by `=` like the rest.
 */
export const SEARCH_ATTRIBUTES = {
  OrgId: 'KEYWORD',
  SiteId: 'KEYWORD',
  HostId: 'KEYWORD',
  PlanId: 'KEYWORD',
  RepositoryId: 'KEYWORD',
  JobKind: 'KEYWORD',
  /** The state of the job as far as this run knows it: `running`, `cancelling`, then how it ended. */
  JobState: 'KEYWORD',
  Trigger: 'KEYWORD',
  AlertKind: 'KEYWORD',
  AlertState: 'KEYWORD',
  /** As it was when the run started. */
  HostName: 'KEYWORD_LIST',
  PlanName: 'KEYWORD_LIST',
} as const;
export type SearchAttribute = keyof typeof SEARCH_ATTRIBUTES;
