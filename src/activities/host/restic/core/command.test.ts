import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Failure } from '../../../../lib/failure.ts';
import { backupCommand, initCommand, openCommand, type ResticDeps, unlockStaleCommand } from './command.ts';
import { parseResticVersion } from './version.ts';

const deps: ResticDeps = {
  resticPath: '/usr/bin/restic',
  resticVersion: parseResticVersion('restic 0.18.1 compiled with go1.26.8 on linux/amd64'),
  dataDir: '/var/lib/agent',
  ownFolders: [],
  baseEnv: { PATH: '/usr/bin' },
};
const access = { repositoryUrl: 'rest:https://vault.example/db-1', password: 'canary-password' };
const work = {
  hostName: 'db-1',
  paths: ['/etc', '/srv/-x'],
  excludes: ['*.tmp', '-x'],
  tags: ['plan:plan_1', 'job:job_1'],
};

test('a backup is one argument array; address and password are in the environment only', () => {
  const { file, args, env } = backupCommand(deps, access, work);
  expect([file, ...args]).toEqual(
    ['/usr/bin/restic', 'backup', '--json', '--host=db-1', '--tag=plan:plan_1', '--tag=job:job_1'].concat([
      '--exclude=*.tmp',
      '--exclude=-x',
      '--',
      '/etc',
      '/srv/-x',
    ]),
  );
  expect(env).toEqual({
    PATH: '/usr/bin',
    RESTIC_REPOSITORY: access.repositoryUrl,
    RESTIC_PASSWORD: 'canary-password',
    RESTIC_CACHE_DIR: '/var/lib/agent/cache/restic',
    RESTIC_PROGRESS_FPS: '1',
  });
  for (const command of [initCommand, openCommand, unlockStaleCommand])
    expect(command(deps, access).args.join(' ')).not.toMatch(/canary|vault|remove-all/);
});

test('SC-6: whatever is in a plan, no value becomes an option, another argument or another variable', () => {
  const nasty = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom(
      '-o',
      '--password-command=id',
      '--repository-file=/x',
      '-r/x',
      '$(id)',
      '`id`',
      'a\nb',
      '\0',
      ';',
      '--',
      '',
    ),
    fc.string().map((tail) => `-${tail}`),
    fc.string().map((tail) => `/${tail}`),
  );
  const plan = fc.record({
    hostName: nasty,
    paths: fc.array(nasty, { maxLength: 3 }),
    excludes: fc.array(nasty, { maxLength: 3 }),
    tags: fc.array(nasty, { maxLength: 3 }),
  });
  fc.assert(
    fc.property(plan, nasty, nasty, (given, repositoryUrl, password) => {
      let command: ReturnType<typeof backupCommand>;
      try {
        command = backupCommand(deps, { repositoryUrl, password }, given);
      } catch (thrown) {
        expect(thrown).toBeInstanceOf(Failure);
        return;
      }
      const { args, env } = command;
      const end = args.indexOf('--');
      expect(args.slice(end + 1)).toEqual(given.paths);
      for (const arg of args.slice(1, end)) expect(arg).toMatch(/^--(json$|(host|tag)=[^-]|exclude=.)/su);
      expect(args.slice(1, end)).toHaveLength(2 + given.tags.length + given.excludes.length);
      expect(args.join('')).not.toMatch(/[\n\r\0]/);
      expect(Object.keys(env)).toHaveLength(5);
      expect(given.paths.every((path) => path.startsWith('/'))).toBe(true);
    }),
    { numRuns: 1_000 },
  );
});

test('an address that would reach ssh as an option is refused', () => {
  for (const repositoryUrl of ['sftp:-oProxyCommand=id:/x', 'sftp://u@-oProxyCommand=id/x', 'sftp:u@-oX:/x', '-r', ''])
    expect(() => backupCommand(deps, { ...access, repositoryUrl }, work)).toThrow(/address of the repository/);
  for (const repositoryUrl of ['sftp:user@host:/srv/-x', 'sftp://user@host//srv', '/srv/repo', 's3:https://h/b'])
    expect(backupCommand(deps, { ...access, repositoryUrl }, work).env.RESTIC_REPOSITORY).toBe(repositoryUrl);
});

test('versions are read as restic prints them', () => {
  expect(parseResticVersion('restic 0.14.0 compiled with go1.19.8 on linux/amd64\n')).toMatchObject({ minor: 14 });
  expect(parseResticVersion('restic 0.19.0-dev (compiled manually) compiled with go1.26')).toMatchObject({
    text: '0.19.0-dev',
  });
  expect(parseResticVersion('bash: restic: not found')).toBeNull();
});
