/** What real restics said (shortened figures), each with its exit code. `O ` is standard output, `E ` standard error. */
export interface RecordedStream {
  readonly version: string;
  readonly what: string;
  readonly exitCode: number;
  readonly code: string;
  readonly failures: readonly string[];
  readonly lines: string;
}

const ID = '8ec1658b970a320f3d4d88c3c11cca7ee00de56d190db1d2859488e83eeed9a3';
const ITEM = `E {"message_type":"error","error":{"message":"failed to save /proc/self/mem: read /proc/self/mem: input/output error"},"during":"archival","item":"/proc/self/mem"}`;
const FIGURES = `"files_new":1,"files_changed":0,"files_unmodified":2,"dirs_new":5,"dirs_changed":0,"dirs_unmodified":0,"data_blobs":0,"tree_blobs":3,"data_added":1044`;
const TOTALS = `"total_files_processed":3,"total_bytes_processed":30,"total_duration":0.713586341`;
const SUMMARY_14 = `O {"message_type":"summary",${FIGURES},${TOTALS},"snapshot_id":"9fb81640"}`;
const SUMMARY_17 = `O {"message_type":"summary",${FIGURES},"data_added_packed":757,${TOTALS},"snapshot_id":"${ID}"}`;
const SUMMARY_18 = `O {"message_type":"summary",${FIGURES},"data_added_packed":757,${TOTALS},"backup_start":"2026-11-21T04:45:10.8Z","backup_end":"2026-11-21T04:45:11.5Z","snapshot_id":"${ID}"}`;
const exitError = (code: number, message: string) =>
  `E ${JSON.stringify({ message_type: 'exit_error', code, message })}`;
const GONE = 'E /nope does not exist, skipping';
const UNREADABLE = 'Warning: at least one source file could not be read';
const MISSING =
  'repository does not exist: unable to open config file: stat /srv/r/config: no such file or directory\nIs there a repository at the following location?\n/srv/r';
const inText = (message: string) => `E Fatal: ${message.replaceAll('\n', '\nE ')}`;

const stream = (
  version: string,
  what: string,
  exitCode: number,
  code: string,
  failures: readonly string[],
  ...lines: string[]
): RecordedStream => ({ version, what, exitCode, code, failures, lines: lines.join('\n') });

export const STREAMS: readonly RecordedStream[] = [
  stream(
    '0.14',
    'all is well',
    0,
    'succeeded',
    [],
    'O {"message_type":"status","percent_done":0,"total_files":1,"total_bytes":3}',
    SUMMARY_14,
  ),
  stream(
    '0.14',
    'scan finished as a status',
    0,
    'succeeded',
    [],
    'O {"message_type":"status","action":"scan_finished","item":"","duration":0.1}',
    SUMMARY_14,
  ),
  stream(
    '0.14',
    'unreadable, said in the scan and again',
    3,
    'partial',
    ['permission-denied', 'read-error'],
    'E {"message_type":"error","error":{"Op":"open","Path":"/proc/1/mem","Err":13},"during":"scan","item":"/proc/1/mem"}',
    'E {"message_type":"error","error":{"Op":"open","Path":"/proc/1/mem","Err":13},"during":"archival","item":"/proc/1/mem"}',
    'E {"message_type":"error","error":{"Op":"read","Path":"/proc/self/mem","Err":5},"during":"archival","item":"/proc/self/mem"}',
    'O {"message_type":"status","percent_done":0,"error_count":1}',
    SUMMARY_14,
    `E ${UNREADABLE}`,
  ),
  stream(
    '0.14',
    'an error without any text',
    3,
    'partial',
    ['unreadable'],
    'E {"message_type":"error","error":{},"during":"archival","item":"/a"}',
    SUMMARY_14,
    `E ${UNREADABLE}`,
  ),
  stream('0.14', 'one path missing', 0, 'some-path-missing', ['path-missing'], GONE, SUMMARY_14),
  stream(
    '0.14',
    'all paths missing',
    1,
    'all-paths-missing',
    ['path-missing'],
    GONE,
    inText('all target directories/files do not exist'),
  ),
  stream('0.14', 'wrong password', 1, 'repository-wrong-password', [], inText('wrong password or no key found')),
  stream(
    '0.14',
    'no repository',
    1,
    'repository-missing',
    [],
    inText(MISSING.replace('repository does not exist: ', '')),
  ),
  stream(
    '0.14',
    'locked',
    1,
    'repository-locked',
    [],
    inText(
      'unable to create lock in backend: repository is already locked exclusively by PID 42 on db-1 by root (UID 0, GID 0)',
    ),
    'E the `unlock` command can be used to remove stale locks',
  ),
  stream(
    '0.14',
    'dead server',
    1,
    'repository-unreachable',
    [],
    inText(
      'unable to open config file: Head "http://127.0.0.1:1/config": dial tcp 127.0.0.1:1: connect: connection refused\nIs there a repository at the following location?\nrest:http://127.0.0.1:1/',
    ),
  ),
  stream(
    '0.17',
    'dead proxy',
    1,
    'proxy-unreachable',
    [],
    inText(
      'unable to open repository at rest:http://192.0.2.2:8000/x/: Head "http://192.0.2.2:8000/x/config": proxyconnect tcp: dial tcp 127.0.0.1:9: connect: connection refused',
    ),
  ),
  stream(
    '0.14',
    'rest-server says 401',
    1,
    'repository-refused',
    [],
    inText('unable to open config file: unexpected HTTP response (401): 401 Unauthorized'),
  ),
  stream('0.17', 'all is well', 0, 'succeeded', [], SUMMARY_17),
  stream('0.17', 'unreadable', 3, 'partial', ['read-error'], ITEM, SUMMARY_17, `E ${UNREADABLE}`),
  stream('0.17', 'no repository', 10, 'repository-missing', [], inText(MISSING)),
  stream('0.17', 'wrong password', 12, 'repository-wrong-password', [], inText('wrong password or no key found')),
  stream(
    '0.17',
    'retries between the messages',
    0,
    'succeeded',
    [],
    'E Save(<data/1234567890>) returned error, retrying after 552.3ms: connection refused',
    'E Save(<data/1234567890>) operation successful after 1 retries',
    SUMMARY_17,
  ),
  stream(
    '0.14',
    'sftp with a host key that nobody accepted',
    1,
    'ssh-host-key-unknown',
    [],
    'E subprocess ssh: Host key verification failed.',
    inText('unable to open repository at sftp:u@vault:/r: unable to start the sftp session, error: EOF'),
  ),
  stream(
    '0.18',
    'sftp without a key that fits',
    1,
    'ssh-key-refused',
    [],
    'E subprocess ssh: u@vault: Permission denied (publickey,keyboard-interactive).',
    exitError(
      1,
      'Fatal: unable to open repository at sftp:u@vault:/r: unable to start the sftp session, error: error receiving version packet from server: server unexpectedly closed connection: unexpected EOF',
    ),
  ),
  stream(
    '0.18',
    'sftp to a machine where no ssh listens',
    1,
    'repository-unreachable',
    [],
    'E subprocess ssh: ssh: connect to host vault port 22: Connection refused',
    exitError(
      1,
      'Fatal: unable to open repository at sftp:u@vault:/r: unable to start the sftp session, error: error receiving version packet from server: read |0: file already closed',
    ),
  ),
  stream('0.18', 'all is well', 0, 'succeeded', [], SUMMARY_18),
  stream('0.18', 'unreadable', 3, 'partial', ['read-error'], ITEM, SUMMARY_18, exitError(3, UNREADABLE)),
  stream('0.18', 'one path missing', 0, 'some-path-missing', ['path-missing'], GONE, SUMMARY_18),
  stream(
    '0.18',
    'all paths missing',
    1,
    'all-paths-missing',
    ['path-missing'],
    GONE,
    exitError(1, 'Fatal: all source directories/files do not exist'),
  ),
  stream('0.18', 'no repository', 10, 'repository-missing', [], exitError(10, `Fatal: ${MISSING}`)),
  stream(
    '0.18',
    'locked',
    11,
    'repository-locked',
    [],
    exitError(11, 'Fatal: unable to create lock in backend: repository is already locked'),
  ),
  stream(
    '0.18',
    'storage full',
    1,
    'no-space',
    ['read-error'],
    ITEM,
    exitError(1, 'Fatal: unable to save snapshot: write /srv/r/data/ab: no space left on device'),
  ),
  stream(
    '0.19',
    'one path missing',
    3,
    'some-path-missing',
    ['path-missing'],
    GONE,
    SUMMARY_18,
    exitError(3, UNREADABLE),
  ),
  stream(
    '0.19',
    'one path missing and one unreadable',
    3,
    'partial',
    ['path-missing', 'read-error'],
    GONE,
    ITEM,
    SUMMARY_18,
    exitError(3, UNREADABLE),
  ),
  stream(
    '0.19',
    'wrong password',
    12,
    'repository-wrong-password',
    [],
    exitError(12, 'Fatal: wrong password or no key found'),
  ),
  stream(
    'later',
    'messages nobody knows, and an exit code that nobody knows',
    99,
    'restic-failed',
    [],
    'O {"message_type":"excluded_item","item":"/x"}',
    'O {"no_type":1}',
    'O {broken',
    'O []',
    'E null',
  ),
  stream(
    'later',
    'a summary in another shape',
    0,
    'succeeded-without-summary',
    [],
    'O {"message_type":"summary_v2","files":{}}',
  ),
  stream(
    'later',
    'a summary with wrong types',
    0,
    'succeeded',
    [],
    'O {"message_type":"summary","files_new":"many","total_duration":null,"snapshot_id":7}',
  ),
];
