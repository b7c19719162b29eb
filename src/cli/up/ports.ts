import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';

/**
 * From here the system takes no port for outgoing connections (those start at 32768), so a remembered one stays free.
 * And Temporal's schema keeps ports of members as int2: above 32767 the server ends at once with `unable to encode`.
 */
const LOWEST = 20_000;
const HIGHEST = 32_767;

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

/** The port when it is free on the loopback address, else null. */
function tryPort(port: number): Promise<number | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(null));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : null));
    });
  });
}

function readRemembered(file: string): Record<string, number> {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Record<string, number>;
  } catch {
    return {};
  }
}

/**
 * One free loopback port for each name, remembered in `file`: bookmarks of the UI, and Temporal's membership table,
 * which holds host:port of its members, stay right over restarts. A port that was taken meanwhile is chosen anew.
 */
export async function choosePorts<Name extends string>(
  file: string,
  names: readonly Name[],
): Promise<Record<Name, number>> {
  const remembered = readRemembered(file);
  const chosen: Record<string, number> = {};
  for (const name of names) {
    const taken = new Set(Object.values(chosen));
    const old = remembered[name] ?? 0;
    let port = old >= LOWEST && old <= HIGHEST && !taken.has(old) ? await tryPort(old) : null;
    while (port === null || taken.has(port)) port = await tryPort(nextPort());
    chosen[name] = port;
  }
  writeFileSync(file, JSON.stringify({ ...remembered, ...chosen }, null, 2));
  return chosen as Record<Name, number>;
}
