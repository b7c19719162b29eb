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
  ['rclone:remote:path', 'none of'],
  ['file:///srv', 'none of'],
])('%j is refused', (text, why) => {
  expect(readRepositoryAddress(text)).toEqual({ refused: expect.stringContaining(why) });
});
