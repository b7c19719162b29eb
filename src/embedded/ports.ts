import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { StartProblem } from '../processes/place/start-problem.ts';

/**
 * From here the system takes no port for outgoing connections (those start at 32768), so a remembered one stays free.
 * And Temporal's schema keeps ports of members as int2: above 32767 the server ends at once with `unable to encode`.
 */
const LOWEST = 20_000;
const HIGHEST = 32_767;
const LOOPBACK = '127.0.0.1';

/**
 * Processes that choose at the same time must not choose alike: between the choice and the listening lie seconds. So
 * each begins at a place of its own, with as much room as a whole stack takes, and never offers the same one twice.
 */
const ROOM = 32;
let next = LOWEST + ((process.pid * ROOM) % (HIGHEST - LOWEST));

function nextPort(): number {
  next = next < HIGHEST ? next + 1 : LOWEST;
  return next;
}

/** Why a port cannot be opened at an address of ours, as the system's code; null when it can. */
export function whyClosed(host: string, port: number): Promise<string | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(null)));
  });
}

/** These are of the port; any other code is of the address, and no port will do. */
const OF_THE_PORT = ['EADDRINUSE', 'EACCES'];

async function isFree(host: string, port: number): Promise<boolean> {
  const code = await whyClosed(host, port);
  if (code === null || OF_THE_PORT.includes(code)) return code === null;
  throw noAddress(host, code);
}

/** An address on which nothing can be opened: without this a start would look for a free port for ever. */
export function noAddress(host: string, code: string): StartProblem {
  const loopback = host === LOOPBACK;
  return new StartProblem(
    `This machine has no address ${host}`,
    code,
    loopback
      ? 'PostgreSQL and Temporal listen there: run `ip link set lo up` and `ip address add 127.0.0.1/8 dev lo`.'
      : 'Correct HOLDFAST_BIND, or unset it to listen on 127.0.0.1.',
  );
}

function readRemembered(file: string): Record<string, number> {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Record<string, number>;
  } catch {
    return {};
  }
}

/**
 * One free port for each name, of the loopback address unless told, remembered in `file`: bookmarks of the UI, and Temporal's membership table,
 * which holds host:port of its members, stay right over restarts. A port that was taken meanwhile is chosen anew.
 */
export async function choosePorts<Name extends string>(
  file: string,
  names: readonly Name[],
  host: string = LOOPBACK,
): Promise<Record<Name, number>> {
  const remembered = readRemembered(file);
  const chosen: Record<string, number> = {};
  for (const name of names) {
    const taken = new Set(Object.values(chosen));
    const old = remembered[name] ?? 0;
    let port = old >= LOWEST && old <= HIGHEST ? old : nextPort();
    while (taken.has(port) || !(await isFree(host, port))) port = nextPort();
    chosen[name] = port;
  }
  writeFileSync(file, JSON.stringify({ ...remembered, ...chosen }, null, 2));
  return chosen as Record<Name, number>;
}
