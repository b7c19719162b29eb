import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { publicId } from '../../src/lib/ids.ts';
import type { Stack } from '../harness/stack.ts';
import { TEST_ACTIVITIES } from '../harness/test-activities.ts';
import { changeKind } from '../harness/test-kinds.ts';

/** A backup that uploads at 200 KiB/s for half a minute, and the folder where its repository has its locks. */
export async function slowBackup(stack: Stack, hostId = stack.hostId): Promise<{ job: string; locks: string }> {
  const { id, path } = await stack.addSealedRepository('canary-Zq7Lw2Xv9');
  await stack.untilState(await stack.start('init', { repositoryId: publicId('repository', id) }, hostId), 'succeeded');
  const folder = join(stack.folder, `slow-${id}`);
  mkdirSync(folder);
  for (let i = 0; i < 12; i++) writeFileSync(join(folder, String(i)), randomBytes(512 * 1024));
  const plan = await stack.addPathsPlan(id, [folder]);
  await stack.owner.query('update plan set host_id = $2 where id = $1', [plan, hostId]);
  changeKind(stack, 'backup', { activity: TEST_ACTIVITIES.slowBackup });
  return { job: await stack.start('backup', { planId: publicId('plan', plan) }), locks: join(path, 'locks') };
}
