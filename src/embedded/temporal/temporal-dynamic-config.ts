import { writeFileSync } from 'node:fs';

/** Values of Temporal's dynamic configuration, each with its reason. An unknown key is ignored in silence: a test validates. */
const VALUES: Record<string, unknown> = {
  // Cancel reaches an agent in 34-106 ms by worker commands, instead of 44 s by heartbeat. All three are needed.
  'frontend.WorkerHeartbeatsEnabled': true,
  'frontend.WorkerCommandsEnabled': true,
  'system.enableCancelActivityWorkerCommand': true,
  // A queue of a host sees a few tasks a minute; four partitions would mean four times the idle polls.
  'matching.numTaskqueueReadPartitions': 1,
  'matching.numTaskqueueWritePartitions': 1,
  // Long polls at a time: several for each host, and 1200 would be the end at some hundred hosts.
  'frontend.namespaceCount': 20_000,
  // One metric series for each host's queue would be thousands.
  'metrics.breakdownByTaskQueue': false,
  // Ended runs stay in these caches for an hour. By default they are 128,000 runs and 128 MiB of events: after 3,000 jobs the
  // server had reached its memory limit, collected garbage all the time and took 112 ms of a core for a job instead of 23.
  'history.hostLevelCacheMaxSize': 2_000,
  'history.eventsHostLevelCacheMaxSizeBytes': 16 * 1024 * 1024,
  // What our ids fit in, and what an index of PostgreSQL likes.
  'limit.maxIDLength': 255,
  // frontend.enableCancelWorkerPollsOnShutdown stays off: agents whose gateway is dead would not end for 75 s.
};

/** Only for tests, as both cost queries. */
const FOR_TESTS: Record<string, unknown> = {
  // Timers fire up to 1 s late otherwise, which tests of timers would wait for.
  'history.timerProcessorMaxTimeShift': '10ms',
  // A new namespace or search attribute is usable after two refreshes: 4 s by default.
  'system.namespaceCacheRefreshInterval': '200ms',
};

/** Writes the file; JSON is YAML. */
export function writeDynamicConfig(
  file: string,
  options: { forTests?: boolean; changes?: Readonly<Record<string, unknown>> },
): void {
  const values = { ...VALUES, ...(options.forTests ? FOR_TESTS : {}), ...options.changes };
  const entries = Object.entries(values).map(([key, value]) => [key, [{ value }]]);
  writeFileSync(file, JSON.stringify(Object.fromEntries(entries), null, 2));
}
