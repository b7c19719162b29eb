import http from 'node:http';

/**
 * Sends one start. `dropAfterMs`: the socket is destroyed that long after the request went out, and nobody reads the
 * answer. Answers the public id of the job, or null when there was no good answer.
 */
export function sendStart(
  target: { readonly port: number; readonly apiKey: string; readonly agent: http.Agent },
  key: string,
  dropAfterMs: number | null,
): Promise<string | null> {
  const body = JSON.stringify({ kind: 'noop', params: { message: key } });
  return new Promise((resolve) => {
    const request = http.request(
      {
        host: '127.0.0.1',
        port: target.port,
        agent: target.agent,
        method: 'POST',
        path: '/api/v1/jobs',
        headers: {
          authorization: `Bearer ${target.apiKey}`,
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(body),
          'idempotency-key': key,
        },
        timeout: 10_000,
      },
      (answer) => {
        let text = '';
        answer.on('data', (chunk) => {
          text += chunk;
        });
        answer.on('error', () => resolve(null));
        answer.on('end', () => resolve(answer.statusCode === 202 && answer.complete ? JSON.parse(text).id : null));
      },
    );
    request.on('error', () => resolve(null));
    request.on('timeout', () => request.destroy());
    request.on('close', () => resolve(null));
    request.end(body, () => {
      if (dropAfterMs !== null) setTimeout(() => request.destroy(), dropAfterMs);
    });
  });
}
