/** The topics of events, each with what its data holds. Readers get them in the order of their transactions. */
const EVENT_TOPICS = {
  'job.changed': 'a job got another state: {state, reason, version}',
  'job.ended': 'a job reached its end: {state, code, version}',
  'host.changed': 'presence or facts of a host changed: {online, version}',
  'site.changed': 'a site was created, changed or removed: {version}',
  'repository.changed': 'a repository was created or changed: {version}',
  'plan.changed': 'a plan was created, changed or removed: {version}',
  'schedule.changed': 'a schedule was created, changed or removed: {version}',
} as const;
export type EventTopic = keyof typeof EVENT_TOPICS;
