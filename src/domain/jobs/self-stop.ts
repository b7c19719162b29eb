/**
 * An agent's beats and its attempts' heartbeats come 10 and 15 s apart and it looks once a second, so that its own count of
 * the silence may run this much behind the engine's.
 */
export const SELF_STOP_MARGIN_MS = 30_000;

interface SelfStop {
  readonly limits: { readonly heartbeatTimeoutMs: number };
  readonly stop: { readonly graceMs: number };
}

/**
 * When a host that cannot be asked has stopped an attempt by itself at the latest: its agent does so when it could not beat
 * for the heartbeat time-out. `seenMs` is the last beat that was taken, null when there was none. Milliseconds since 1970.
 */
export function stopsByMs(kind: SelfStop, seenMs: number | null, nowMs: number): number {
  const cutOffMs = Math.max(nowMs, (seenMs ?? nowMs) + kind.limits.heartbeatTimeoutMs);
  return cutOffMs + kind.stop.graceMs + SELF_STOP_MARGIN_MS;
}
