import { mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { publicId } from '../../src/lib/ids.ts';
import type { Stack } from '../harness/stack.ts';

/** What the suite needs to know of a kind to try it: nothing about how it works. */
export interface KindFixture {
  /** Makes what the job needs and answers what to ask for. Each call makes something new. `canary` is every secret's value. */
  readonly quick: (stack: Stack, canary: string) => Promise<Asked>;
  /** The same, for a job that lasts long enough to be cancelled while it runs; null for a kind that is over in a moment. */
  readonly slow: ((stack: Stack, canary: string) => Promise<Asked>) | null;
}
export interface Asked {
  readonly params: Record<string, unknown>;
  readonly hostId: string | null;
  /** What stands in the command line of its program while it runs; left out for a kind without one. */
  readonly program?: string;
}

async function initialised(stack: Stack, canary: string): Promise<string> {
  const { id } = await stack.addSealedRepository(canary);
  const job = await stack.start('init', { repositoryId: publicId('repository', id) }, stack.hostId);
  await stack.untilState(job, 'succeeded');
  return id;
}

async function planOf(stack: Stack, canary: string, name: string, fill: (folder: string) => void): Promise<Asked> {
  const repository = await initialised(stack, canary);
  const folder = join(stack.folder, `${name}-${repository}`);
  mkdirSync(folder);
  fill(folder);
  const plan = await stack.addPathsPlan(repository, [folder]);
  return { params: { planId: publicId('plan', plan) }, hostId: null, program: folder };
}

/** One for each kind in src/kinds; the suite fails when one is missing. */
export const FIXTURES: Readonly<Record<string, KindFixture>> = {
  noop: {
    quick: async (stack) => ({ params: { message: 'hello' }, hostId: stack.hostId }),
    slow: async (stack) => ({ params: { sleepMs: 60_000 }, hostId: stack.hostId }),
  },
  init: {
    quick: async (stack, canary) => {
      const { id } = await stack.addSealedRepository(canary);
      return { params: { repositoryId: publicId('repository', id) }, hostId: stack.hostId };
    },
    slow: null,
  },
  unlock: {
    quick: async (stack, canary) => ({
      params: { repositoryId: publicId('repository', await initialised(stack, canary)) },
      hostId: stack.hostId,
    }),
    slow: null,
  },
  backup: {
    quick: (stack, canary) =>
      planOf(stack, canary, 'small', (folder) => writeFileSync(join(folder, 'letter.txt'), 'Dear reader')),
    // Nothing on the disk, but restic has to read and hash all of it.
    slow: (stack, canary) =>
      planOf(stack, canary, 'large', (folder) => {
        writeFileSync(join(folder, 'sparse'), '');
        truncateSync(join(folder, 'sparse'), 64 * 1024 ** 3);
      }),
  },
};
