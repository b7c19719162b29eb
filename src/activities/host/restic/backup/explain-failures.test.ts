import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { readMounts } from '../../../../agent/programs/mounts.ts';
import { cutMiddle } from '../../../../lib/safe-text.ts';
import { explainFailures } from './explain-failures.ts';

const folder = mkdtempSync(join(tmpdir(), 'odd-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('BK-5: names with bytes that are no UTF-8 are shown so that they differ, and can be typed', async () => {
  const name = (...bytes: number[]) => Buffer.concat([Buffer.from(`${folder}/`), Buffer.from(bytes)]);
  for (const byte of [0xff, 0xfe]) mkdirSync(name(0x61, byte));
  writeFileSync(Buffer.concat([name(0x61, 0xff), Buffer.from("/it's")]), '');
  const failure = (item: string) => ({ code: 'unreadable', item, message: 'x' });
  const items = [`${folder}/a\ufffd`, `${folder}/a\ufffd`, `${folder}/a\ufffd/it's`, `${folder}/b\ufffd`];
  const explained = await explainFailures(items.map(failure));
  expect(explained.map(({ item }) => item)).toEqual([
    `$'${folder}/a\\xfe'`,
    `$'${folder}/a\\xff'`,
    `$'${folder}/a\\xfe/it\\'s'`,
    `${folder}/b\ufffd`,
  ]);
});

test('what went wrong is followed by what to do, however long the path in it', async () => {
  const path = `/${'a/'.repeat(2_000)}f`;
  const [long] = await explainFailures([
    { code: 'name-too-long', item: path, message: `failed to save ${path}: lstat ${path}: file name too long` },
  ]);
  expect(Buffer.byteLength(long!.message)).toBeLessThan(512);
  expect(long!.message).toMatch(/^failed to save .*file name too long; its path is longer .* exclude it$/s);
});

test('P2-03: a failure at a mount point names the mount and the exclude to write', async () => {
  const [at] = await explainFailures([
    { code: 'permission-denied', item: '/proc', message: 'lstat /proc: permission denied' },
  ]);
  expect(at).toEqual({
    code: 'mount-unreadable',
    item: '/proc',
    message: expect.stringContaining('mount of type proc: exclude "/proc"'),
  });
});

test('mounts are read as the kernel and fstab write them', async () => {
  const info = join(folder, 'mountinfo');
  const fstab = join(folder, 'fstab');
  writeFileSync(
    info,
    '36 35 98:0 / /mnt/a\\040b rw,noatime shared:1 - ext4 /dev/sda rw\n37 36 0:5 / /mnt/a\\040b rw - fuse.sshfs x rw\n',
  );
  writeFileSync(
    fstab,
    '# c\n/dev/sda /mnt/a\\040b ext4 defaults 0 2\n/dev/sr0 /mnt/cd iso9660 ro,noauto 0 0\nUUID=1 none swap sw 0 0\n\n',
  );
  const { present, wanted } = await readMounts(info, fstab);
  expect([...present]).toEqual([['/mnt/a b', 'fuse.sshfs']]);
  expect([...wanted]).toEqual(['/mnt/a b']);
});

test('a text that is cut in the middle keeps both ends and stays within its bytes', () => {
  for (const [text, most] of [
    ['é'.repeat(500), 101],
    ['€'.repeat(500), 100],
    [`${'x'.repeat(300)}END`, 50],
  ] as const) {
    const cut = cutMiddle(text, most);
    expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(most);
    expect(cut).not.toContain('\ufffd');
    expect(cut.slice(-3)).toBe(text.slice(-3));
  }
  expect(cutMiddle('short', 5)).toBe('short');
});
