import Type from 'typebox';
import { hostKey } from '../../domain/jobs/lock.ts';
import { defineKind } from './define-kind.ts';
import { HOUR, MIB, MINUTE, SECOND } from './limits.ts';
import { target } from './subject-source.ts';

/** What the host gets at the claim. */
export const NoopWork = Type.Object({ message: Type.String(), sleepMs: Type.Number(), logLines: Type.Number() });
export type NoopWork = Type.Static<typeof NoopWork>;

/** Does nothing, the whole way round: shows that a host answers, and gives tests a job that costs nothing. */
export const noop = defineKind({
  key: 'noop',
  title: 'No operation',
  description: 'Shows that jobs reach the host and answers come back; changes nothing.',
  activity: 'noop.v1',
  lane: 'main',
  repeat: 'read',
  custodial: false,
  params: Type.Object(
    {
      message: Type.Optional(Type.String({ title: 'Message', description: 'Written to the job log.', maxLength: 200 })),
      sleepMs: Type.Optional(
        Type.Integer({ title: 'Sleep (ms)', description: 'How long it does nothing.', minimum: 0, maximum: 60_000 }),
      ),
      logLines: Type.Optional(
        Type.Integer({ title: 'Log lines', description: 'How many lines it logs.', minimum: 0, maximum: 100_000 }),
      ),
    },
    { title: 'No operation', additionalProperties: false },
  ),
  subjects: { host: target({ optional: true }) },
  permission: 'diagnostic:run',
  keys: ({ subjects: { host } }) => (host ? [hostKey(host.id)] : []),
  limits: { heartbeatTimeoutMs: MINUTE, runTimeoutMs: 5 * MINUTE, queueDeadlineMs: 12 * HOUR, logBytes: 64 * MIB },
  stop: { signal: 'SIGTERM', graceMs: 5 * SECOND, cleanUp: null },
  secrets: () => [],
  work: (_facts, params): NoopWork => ({
    message: params.message ?? '',
    sleepMs: params.sleepMs ?? 0,
    logLines: params.logLines ?? 0,
  }),
  sentence: ({ subjects: { host } }) => (host ? `Do nothing on ${host.name}` : 'Do nothing'),
  outcomes: {
    succeeded: { state: 'succeeded', sentence: () => 'The host answered.', next: '' },
  },
});
