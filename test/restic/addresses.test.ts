import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, expect, test } from 'vitest';
import { openCommand } from '../../src/activities/host/restic/core/command.ts';
import { findRestic } from '../harness/restic.ts';

const restic = findRestic();
const folder = mkdtempSync(join(tmpdir(), 'addresses-'));
const said = join(folder, 'said');
// Stands for ssh: writes down its arguments, one a line, and ends as if the host were not there.
writeFileSync(join(folder, 'ssh'), `#!/bin/sh\nprintf '%s\\n' "$@" > ${said}\nexit 255\n`, { mode: 0o755 });
afterAll(() => rmSync(folder, { recursive: true }));

const deps = {
  resticPath: restic?.path ?? '',
  resticVersion: restic?.version ?? null,
  dataDir: folder,
  ownFolders: [],
  baseEnv: { PATH: `${folder}:/usr/bin:/bin`, HOME: folder },
};

async function sshArguments(repositoryUrl: string): Promise<string[]> {
  const { file, args, env } = openCommand(deps, { repositoryUrl, password: 'x' });
  await promisify(execFile)(file, [...args], { env: { ...env } }).catch(() => undefined);
  return readFileSync(said, 'utf8').trim().split('\n');
}

test.skipIf(restic === null).each([
  ['sftp:backup@nas.example.org:/srv/-oX', ['nas.example.org', '-l', 'backup', '-s', 'sftp']],
  ['sftp:NAS:relative/x@y:z', ['nas', '-s', 'sftp']],
  ['sftp://backup@[::1]:2222//srv', ['::1', '-p', '2222', '-l', 'backup', '-s', 'sftp']],
  ['sftp://nas/a%2d', ['nas', '-s', 'sftp']],
])('SC-6: %s gives the real restic exactly the host and user that we read', async (address, expected) => {
  expect(await sshArguments(address)).toEqual(expected);
});

test.each([
  'sftp:a/@-oProxyCommand=touch /tmp/x:/x',
  'sftp://a@b@-oX=y/p',
  'sftp:-oProxyCommand=x:/x',
  'sftp://-oX/p',
  'sftp:u@-oX:/x',
])('SC-6: the agent does not start restic for %s', (repositoryUrl) => {
  expect(() => openCommand(deps, { repositoryUrl, password: 'x' })).toThrow(/restic was not started/);
});
