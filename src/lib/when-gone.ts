import type { ServerResponse } from 'node:http';

/**
 * Runs a clean-up once, when nothing more of a response will reach its reader: at once if that is so already. A listener for
 * `close` alone comes too late for a reader that left while the request was worked on. So it is called when everything to be
 * cleaned up is there.
 */
export function whenGone(response: ServerResponse, cleanUp: () => void): void {
  if (response.closed || response.destroyed || response.req.socket.destroyed) cleanUp();
  else response.once('close', cleanUp);
}
