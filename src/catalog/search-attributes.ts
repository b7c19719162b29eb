/** The typed search attributes of every workflow (all Keyword; the SQL visibility store has room for ten of them). */
export const SEARCH_ATTRIBUTES = [
  'OrgId',
  'SiteId',
  'HostId',
  'PlanId',
  'RepositoryId',
  'JobKind',
  'Trigger',
  'AlertKind',
  'AlertState',
] as const;
export type SearchAttribute = (typeof SEARCH_ATTRIBUTES)[number];
