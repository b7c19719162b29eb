import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readRepositoryAddress } from './repository-address.ts';

test.each([
  ['/srv/restic', 'local', '/srv/restic'],
  ['local:/srv/restic', 'local', '/srv/restic'],
  ['rest:https://backup.example.org:8000/db-1/', 'rest', 'rest:https://backup.example.org:8000/db-1/'],
  ['rest:http://127.0.0.1:8000/', 'rest', 'rest:http://127.0.0.1:8000/'],
  ['sftp:backup@nas.example.org:/srv/restic', 'sftp', 'sftp:backup@nas.example.org:/srv/restic'],
  ['sftp://backup@nas.example.org:2222//srv/restic', 'sftp', 'sftp://backup@nas.example.org:2222//srv/restic'],
  ['s3:https://s3.example.org/bucket/path', 's3', 's3:https://s3.example.org/bucket/path'],
  ['s3:s3.example.org/bucket', 's3', 's3:s3.example.org/bucket'],
  ['s3://s3.example.org/bucket', 's3', 's3:s3.example.org/bucket'],
  ['/srv//restic/./db/', 'local', '/srv/restic/db'],
  ['rest:http://[fe80::1%25eth0]:8000/db/', 'rest', 'rest:http://[fe80::1%25eth0]:8000/db/'],
  ['sftp://backup@[::1]:22//srv/restic', 'sftp', 'sftp://backup@[::1]:22//srv/restic'],
  ['sftp:nas:relative/-x', 'sftp', 'sftp:nas:relative/-x'],
])('%s is a %s repository', (text, backend, url) => {
  expect(readRepositoryAddress(text)).toEqual({ backend, url });
});

test.each([
  ['', 'empty'],
  ['srv/restic', 'none of'],
  ['/', 'root folder'],
  ['/srv/../etc', '..'],
  ['/srv/a\nb', 'line break'],
  ['/srv/a\0b', 'control character'],
  ['--password-command=evil', '"-"'],
  ['rest:https://ada:secret@backup.example.org/', 'password'],
  ['rest:https://ada@backup.example.org/', 'user name'],
  ['rest:ftp://backup.example.org/', 'http(s)'],
  ['rest:https://backup.example.org/?password=x', 'query'],
  ['s3:https://key:secret@s3.example.org/bucket', 'password'],
  ['s3:https://s3.example.org/', 'bucket'],
  ['sftp:ada:secret@nas:/srv', 'password'],
  ['sftp:-oProxyCommand=evil:/srv', 'form'],
  ['sftp:-oProxyCommand=evil@nas:/srv', 'form'],
  ['sftp:a/@-oProxyCommand=evil:/x', 'form'],
  ['sftp://a@b@-oX=y/p', 'form'],
  ['sftp://u%2d@nas/p', 'form'],
  ['sftp:a@b@nas:/x', 'form'],
  ['sftp:nas', 'form'],
  ['sftp://nas:70000//x', 'form'],
  ['sftp:nas:~/x', '~'],
  ['rest:http://a b/', 'cannot hold'],
  ['rest:http://nas:0/', 'cannot hold'],
  ['rest:http://nas/a%zz', 'cannot hold'],
  ['rest:http://-nas/', 'cannot hold'],
  ['s3:https://s3.example.org/buck et', 'cannot hold'],
  ['rclone:remote:path', 'none of'],
  ['file:///srv', 'none of'],
])('%j is refused', (text, why) => {
  expect(readRepositoryAddress(text)).toEqual({ refused: expect.stringContaining(why) });
});

/** How restic takes an sftp address apart (its sftp backend's documented forms): the host and user that ssh is given. */
function asResticReads(address: string): { user: string; host: string } {
  const inner = address.slice('sftp:'.length);
  if (inner.startsWith('//')) {
    const url = new URL(`ssh:${inner}`);
    return { user: decodeURIComponent(url.username), host: url.hostname };
  }
  const login = inner.slice(0, inner.indexOf(':'));
  const parts = login.split('@');
  const host = parts.length > 2 ? parts.slice(2).join('@') : (parts.at(-1) ?? '');
  return { user: parts.length > 2 ? parts.slice(0, 2).join('@') : parts.length === 2 ? parts[0]! : '', host };
}

const pieces = fc.constantFrom(
  ...[
    '-',
    '-oProxyCommand=id',
    'a',
    'nas',
    'u',
    '@',
    ':',
    '/',
    '//',
    '%2d',
    '%40',
    '[',
    ']',
    '::1',
    '.',
    '~',
    ' ',
    '?',
    '#',
    '\\',
    '22',
  ],
);

test('whatever is accepted is read the same again, and restic finds neither a host nor a user that is an option in it', () => {
  const made = fc.tuple(
    fc.constantFrom('sftp:', 'sftp://', 'rest:http://', 's3:', 's3:https://', '/'),
    fc.array(pieces, { maxLength: 8 }),
  );
  let accepted = 0;
  fc.assert(
    fc.property(made, ([scheme, rest]) => {
      const read = readRepositoryAddress(scheme + rest.join(''));
      if ('refused' in read) return;
      accepted++;
      expect(readRepositoryAddress(read.url)).toEqual(read);
      if (read.backend !== 'sftp') return;
      const { user, host } = asResticReads(read.url);
      expect(host).toMatch(/^[A-Za-z0-9[]/);
      expect(user).toMatch(/^(|[A-Za-z0-9_].*)$/);
      expect(host + user).not.toMatch(/[@/\s]|^-/);
    }),
    { numRuns: 5_000 },
  );
  expect(accepted).toBeGreaterThan(50);
});
