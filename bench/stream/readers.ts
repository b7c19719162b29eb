import { Agent, get } from 'node:http';

const agent = new Agent({ keepAlive: false, maxSockets: Number.POSITIVE_INFINITY });

/** Opens an answer that does not end and hands on its bytes. Resolves when it has begun. */
export function openBytes(url: string, key: string, take: (bytes: Buffer) => void): Promise<{ close(): void }> {
  return new Promise((resolve, reject) => {
    const asking = get(url, { agent, headers: { authorization: `Bearer ${key}` } }, (response) => {
      if (response.statusCode !== 200) reject(new Error(`status ${response.statusCode}`));
      response.on('data', take);
      response.on('error', () => {});
      resolve({ close: () => asking.destroy() });
    });
    asking.on('error', reject);
  });
}

/** Reads lines as a program would: each has to be the one behind the last, and says how old it is. */
export class LineReader {
  readonly agesMs: number[] = [];
  next = 0;
  ended = 0;
  wrong: string | null = null;
  #rest = '';

  take(bytes: Buffer): void {
    const blocks = (this.#rest + bytes.toString('utf8')).split('\n\n');
    this.#rest = blocks.pop()!;
    const now = performance.timeOrigin + performance.now();
    for (const block of blocks) {
      if (block.includes('event: end')) this.ended++;
      if (!block.includes('event: line')) continue;
      const { seq, text } = JSON.parse(block.slice(block.indexOf('data: ') + 6)) as { seq: number; text: string };
      if (seq !== this.next || !text.startsWith(`${seq} `)) this.wrong ??= `line ${seq} where ${this.next} was due`;
      this.next = seq + 1;
      this.agesMs.push(now - Number(text.split(' ', 2)[1]));
    }
  }
}

export const quantile = (values: readonly number[], part: number): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length * part)] ?? Number.NaN;
