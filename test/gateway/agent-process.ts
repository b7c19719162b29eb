// An agent as it runs on a host: `agent-process.ts <gateway> <authority file> <credential> <data folder>`.
import '../../src/lib/small-memory.ts';
// Not called here: what a real agent has loaded counts for its memory.
import '../../src/activities/host/index.ts';
import { readFileSync } from 'node:fs';
import { Context } from '@temporalio/activity';
import { startAgent } from '../../src/agent/session/agent.ts';
import { exitWithAgent } from '../../src/agent/session/agent-exit.ts';
import type { HostActivities } from '../../src/agent/session/attempt-interceptor.ts';
import { QUIESCENCE_ACTIVITY } from '../../src/domain/jobs/agent-protocol.ts';
import { monotonicMs, systemClock } from '../../src/lib/clock.ts';
import { systemRandom } from '../../src/lib/ids.ts';

const [address = '', authorityFile = '', credential = '', dataDir = ''] = process.argv.slice(2);
const SECRET_TEXT = 'the letters of /home/eva';
const tell = (event: object) => process.stdout.write(`${JSON.stringify(event)}\n`);
const write = (level: string) => (fields: object, message: string) =>
  tell({ event: 'log', level, message, text: JSON.stringify(fields) });
const log = {
  debug: () => {},
  info: write('info'),
  warn: write('warn'),
  error: write('error'),
  child: () => log,
} as never;

const activities: HostActivities = {
  'restic.backup.v1': async (input, link) => {
    const claim = await link.claim();
    const { nextSeq } = await link.report(0, [[Date.now(), 'out', 'hello']], null, null, false);
    tell({ event: 'noop', input, claim, nextSeq });
    return { code: 'succeeded', counts: { files: 1 }, refs: { text: SECRET_TEXT } };
  },
  'restic.init.v1': async (_input, link) => {
    await link.claim();
    const context = Context.current();
    const beats = setInterval(() => context.heartbeat({ at: SECRET_TEXT }), 1_000);
    context.heartbeat({ at: SECRET_TEXT });
    tell({ event: 'waiting' });
    try {
      await context.cancelled;
    } catch (reason) {
      tell({ event: 'cancelled', reason: (reason as Error).message, atMs: Date.now() });
      throw reason;
    } finally {
      clearInterval(beats);
    }
    throw new Error('not reached');
  },
  'noop.v1': () => Promise.reject(new Error(SECRET_TEXT)),
};

const agent = startAgent({
  gateway: { address, authorityPem: readFileSync(authorityFile, 'utf8'), credential },
  hello: { protocol: 1, agentVersion: '0', hostname: 'h', os: 'linux', arch: 'x64', programs: [], powers: [] },
  dataDir,
  agentMark: credential,
  activities: { main: activities, quick: { [QUIESCENCE_ACTIVITY]: activities['restic.init.v1']! } },
  shutdownGraceMs: 500,
  clock: systemClock,
  random: systemRandom,
  monotonicMs,
  log,
});
exitWithAgent(agent, { process, hangUpIgnored: false, exit: process.exit, shutdownGraceMs: 500, log });
void agent.ready.then((hello) => tell({ event: 'ready', hello }));
process.on('SIGUSR1', () => tell({ event: 'rss', mib: Math.round(process.memoryUsage.rss() / 1024 / 1024) }));
