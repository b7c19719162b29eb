import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { inPath } from '../../src/embedded/programs/programs.ts';
import { type ComposeFile, composeText, ROOT, readCompose } from '../harness/compose-file.ts';
import { INSTALLED_WHEN, installDebian } from '../harness/debian.ts';
import { CLEAN_ENV } from './up-process.ts';

const folder = mkdtempSync(join(tmpdir(), 'holdfast-compose-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Compose 2 where docker has it, else 1.29, which Debian has; both read the file in the same way. */
function findCompose(): readonly string[] | null {
  const named = process.env.HOLDFAST_PROGRAM_DOCKER_COMPOSE;
  if (named) return [named];
  const plugin = spawnSync('docker', ['compose', 'version'], { stdio: 'ignore' });
  if (plugin.status === 0) return ['docker', 'compose'];
  const old = inPath('docker-compose', CLEAN_ENV.PATH ?? '')[0];
  return old === undefined ? null : [old];
}

function config(compose: readonly string[], text: string, env: Record<string, string> = {}) {
  const file = join(folder, 'docker-compose.yml');
  writeFileSync(file, text);
  // An .env of the operator's is none of ours.
  writeFileSync(join(folder, 'empty.env'), '');
  const place = ['--env-file', join(folder, 'empty.env'), '--project-directory', ROOT, '--file', file];
  const [program, ...args] = [...compose, ...place];
  const all = ['--profile', 'agent', '--profile', 'cli', 'config'];
  return spawnSync(program!, [...args, ...all], { encoding: 'utf8', env: { ...CLEAN_ENV, ...env } });
}

/** What both forms of the file say about a service, in one form. */
function essence(services: ComposeFile['services']) {
  const names = (list: readonly (string | { source: string })[] | undefined) =>
    (list ?? []).map((one) => (typeof one === 'string' ? one : one.source)).sort();
  const forms = Object.entries(services).map(([name, { image, command, environment, secrets, ...more }]) => [
    name,
    {
      image,
      command: command?.map((word) => word.replaceAll('$$', '$').trim()),
      environment: { ...environment },
      secrets: names(secrets),
      networks: (Array.isArray(more.networks) ? [...more.networks] : Object.keys(more.networks ?? {})).sort(),
      restart: more.restart,
      readOnly: more.read_only,
      test: more.healthcheck?.test,
    },
  ]);
  return Object.fromEntries(forms);
}

test('RUN-6: docker compose takes docker-compose.yml, and reads the same in it as the tests do', (context) => {
  if (findCompose() === null) installDebian('docker-compose');
  const compose = findCompose();
  if (compose === null) return context.skip(`no docker compose; ${INSTALLED_WHEN}`);
  const set = { HOLDFAST_PUBLIC_URL: 'https://holdfast.example.org', HOLDFAST_IMAGE: 'holdfast:9.9.9' };
  for (const env of [{}, set] as Record<string, string>[]) {
    const { status, stdout, stderr } = config(compose, composeText(), env);
    expect(status, stderr).toBe(0);
    expect(essence(parse(stdout).services)).toEqual(essence(readCompose(env).services));
  }
  const spoiled = config(compose, composeText().replace('    stop_grace_period:', '    stop_grace_perod:'));
  expect(spoiled.status).not.toBe(0);
  expect(spoiled.stderr).toContain('stop_grace_perod');
});
