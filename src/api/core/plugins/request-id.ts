import type { IncomingMessage } from 'node:http';
import type { RandomBytes } from '../../../lib/ids.ts';

/** What a caller may choose as its request id. It stands in logs, audit rows and headers, so its letters are few. */
const ACCEPTABLE = /^[A-Za-z0-9._-]{8,64}$/;

export function requestIdMaker(random: RandomBytes): (request: IncomingMessage) => string {
  return (request) => {
    const given = request.headers['x-request-id'];
    if (typeof given === 'string' && ACCEPTABLE.test(given)) return given;
    return `req_${Buffer.from(random(12)).toString('hex')}`;
  };
}
