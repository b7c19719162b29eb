import Type from 'typebox';
import { Closed, Nullable, Time, Version } from '../core/common-schema.ts';
import { LogGapView, LogLineView } from '../logs/job-log-schema.ts';
import { Job, SharedJob } from './job-schema.ts';

export const StreamQuery = Closed({
  tail: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: 100_000,
      description: 'Start with the last lines only. Without meaning beside `Last-Event-ID`.',
    }),
  ),
});

export const StreamHeaders = Type.Object({
  'last-event-id': Type.Optional(
    Type.String({
      maxLength: 4_000,
      description: 'The `id` of the last event that was seen: the stream goes on behind it.',
    }),
  ),
});

/** What stands in `data` of each event, as JSON. */
const EVENTS = {
  hello: Type.Object({
    watermark: Type.String({ description: 'The stream shows at least what events before this place say. Opaque.' }),
    serverTime: Time,
    build: Type.Object({ version: Type.String(), commit: Nullable(Type.String()) }),
  }),
  reset: Type.Object({ reason: Type.String() }),
  job: Job,
  state: SharedJob,
  progress: Type.Object({ progress: Type.Unknown(), progressAt: Time, version: Version }),
  line: LogLineView,
  gap: LogGapView,
  end: Type.Object({
    job: SharedJob,
    logComplete: Type.Boolean({
      description: 'False: a host that was cut off may still bring lines; read them as pages.',
    }),
  }),
  closed: Type.Object({ code: Type.String(), detail: Type.String() }),
};

/** By the name of the event. */
export const STREAM_SCHEMAS = Type.Object(
  Object.fromEntries(Object.entries(EVENTS).map(([name, schema]) => [name, Type.Optional(schema)])),
  { title: 'JobStream', description: 'The `data` of each event is JSON; here under the name of its event.' },
);

export const STREAM_DESCRIPTION = `Events, in this order: \`hello\`, \`job\` (the job as it is now), then \`line\`, \`gap\` (lines that were dropped), \`progress\`
(at most two a second) and \`state\` (the row changed; the higher \`version\` wins) as they come, and at last \`end\` exactly once, after the last
line, also when the job had ended before (an agent that was cut off and is back brings the rest first; \`state\` tells the end then). Then the stream ends. Every event that moves on in the log has an \`id\`; a reader that was cut off
sends the last one as \`Last-Event-ID\` and goes on with the next line, also over attempts. \`reset\`: it cannot be gone on from there, all lines
come again. \`closed\`: the server ends the stream; \`restarting\` and \`unavailable\` are
worth another try, other codes are not. A comment comes each 15 s. A reader
that does not take what comes is cut off at 1 MiB. With the id of \`end\` the answer is 204.`;
