import Value from 'typebox/value';
import { describe, expect, test } from 'vitest';
import { PERMISSION_KEYS } from '../catalog/permissions.ts';
import { TERMINAL_STATES } from '../domain/jobs/job-state.ts';
import { publicId } from '../lib/ids.ts';
import { repositoryStateAfter } from './backup/repository-state.ts';
import { kindRegistry } from './core/kind-registry.ts';
import { MIB } from './core/limits.ts';
import { KINDS, SUBJECTS } from './index.ts';

const { byKey } = kindRegistry(KINDS, SUBJECTS);

const ID = '01890a5d-ac96-774b-bcce-b302099a8057';
const OTHER = '01890a5d-ac96-774b-bcce-b302099a8058';
const facts = {
  organizationId: ID,
  jobId: ID,
  subjects: {
    host: { id: ID, siteId: ID, siteMaxJobs: null, name: 'db-1', online: true, activities: [], epoch: 1 },
    repository: {
      id: OTHER,
      name: 'vault',
      backend: 'local',
      url: '/srv/vault',
      hasPassword: true,
      usedBy: 'host',
      resticId: null,
      configDigest: null,
      wasReady: false,
      snapshotsKnown: 0,
      maxJobs: null,
    },
    plan: { id: ID, name: 'nightly', hostId: ID, repositoryId: OTHER, paths: ['/etc'], excludes: ['*.tmp'] },
  } as const,
};
const PARAMS: Record<string, unknown> = {
  backup: { planId: publicId('plan', ID) },
  init: { repositoryId: publicId('repository', OTHER) },
  unlock: { repositoryId: publicId('repository', OTHER) },
  noop: { message: 'hello' },
};

test('keys and activities are unique, and a kind is found by its key', () => {
  expect(new Set(KINDS.map((kind) => kind.key)).size).toBe(KINDS.length);
  expect(new Set(KINDS.map((kind) => kind.activity)).size).toBe(KINDS.length);
  expect(byKey('backup')?.activity).toBe('restic.backup.v1');
  expect(byKey('nothing')).toBeNull();
});

describe.each(KINDS.map((kind) => [kind.key, kind] as const))('%s', (key, kind) => {
  const schema = kind.params as { title?: string; additionalProperties?: unknown; properties: Record<string, object> };

  test('has a params schema that a form can be made from and that refuses what it does not know', () => {
    expect(schema.title).toBeTruthy();
    expect(schema.additionalProperties).toBe(false);
    for (const field of Object.values(schema.properties)) expect(field).toMatchObject({ title: expect.any(String) });
    expect(Value.Check(kind.params, PARAMS[key])).toBe(true);
    expect(Value.Check(kind.params, { ...(PARAMS[key] as object), extra: 1 })).toBe(false);
  });

  test('says of each outcome what happened, and what to do unless all is well', () => {
    for (const [code, outcome] of Object.entries(kind.outcomes)) {
      expect(code).toMatch(/^[a-z]+(-[a-z]+)*$/);
      expect(TERMINAL_STATES).toContain(outcome.state);
      const figures: Record<string, number>[] = [
        {},
        { filesProcessed: 1, bytesAdded: 2048, failures: 2, pathsMissing: 1 },
      ];
      for (const counts of figures) expect(outcome.sentence({ code, counts, refs: {} })).toMatch(/^[A-Za-z].*\.$/);
      expect(outcome.sentence({ code, counts: {}, refs: {} })).not.toMatch(/undefined|NaN/);
      if (outcome.state !== 'succeeded') expect(outcome.next).toMatch(/\.$/);
    }
    expect(Object.values(kind.outcomes).some((outcome) => outcome.state === 'succeeded')).toBe(true);
  });

  test('has a permission of the catalog, a versioned activity, limits in order and a work order without secrets', () => {
    expect(PERMISSION_KEYS).toContain(kind.permission);
    expect(kind.activity).toMatch(/\.v\d+$/);
    expect(kind.limits.heartbeatTimeoutMs).toBeLessThan(kind.limits.runTimeoutMs);
    // As much as may wait on a host's disk: a gateway that is away for long loses nothing of it.
    expect(kind.limits.logBytes).toBeLessThanOrEqual(256 * MIB);
    expect(kind.keys(facts).length).toBeGreaterThan(0);
    expect(kind.sentence(facts)).toContain('db-1');
    expect(JSON.parse(JSON.stringify(kind.work(facts, PARAMS[key])))).toEqual(kind.work(facts, PARAMS[key]));
    for (const secret of kind.secrets(facts)) expect(secret).toMatchObject({ table: 'repository', row: OTHER });
  });
});

test('a backup shares its repository and is tagged with plan and job; an initialisation has it alone', () => {
  const backup = byKey('backup')!;
  expect(backup.keys(facts)).toMatchObject([
    { isHost: true, mode: 'x' },
    { key: `repository/${OTHER}`, mode: 's' },
  ]);
  expect(backup.work(facts, PARAMS.backup)).toMatchObject({
    hostName: 'db-1',
    tags: [`plan:${publicId('plan', ID)}`, `job:${publicId('job', ID)}`, `host:${publicId('host', ID)}`],
  });
  expect(byKey('init')!.keys(facts)).toMatchObject([{ isHost: true }, { key: `repository/${OTHER}`, mode: 'x' }]);
  expect(byKey('noop')!.keys({ ...facts, subjects: {} })).toEqual([]);
});

test('a repository that was ready is made again only by the text that says what is given up', () => {
  const init = byKey('init')!;
  const ready = {
    ...facts,
    subjects: { ...facts.subjects, repository: { ...facts.subjects.repository, wasReady: true, snapshotsKnown: 12 } },
  };
  const confirmed = { ...(PARAMS.init as object), confirm: 'begin anew without 12 snapshots' };
  expect(init.refuse?.(facts, PARAMS.init)).toBeNull();
  for (const params of [PARAMS.init, { ...(PARAMS.init as object), confirm: 'begin anew without 11 snapshots' }]) {
    expect(init.refuse?.(ready, params)).toMatchObject({ code: 'repository-was-ready', pointer: '/params/confirm' });
    expect(init.work(ready, params)).toMatchObject({ mayMake: false, known: { wasReady: true } });
  }
  expect(init.refuse?.(ready, PARAMS.init)?.message).toContain(
    'holdfast repositories init vault --host db-1 --confirm "begin anew without 12 snapshots"',
  );
  expect(init.refuse?.(ready, confirmed)).toBeNull();
  expect(init.work(ready, confirmed)).toMatchObject({ mayMake: true });
});

test('what was ready once is missing when it is not found, never uninitialised', () => {
  expect(['repository-missing', 'repository-uninitialised'].map((code) => repositoryStateAfter(code, true))).toEqual([
    'missing',
    'missing',
  ]);
  expect(repositoryStateAfter('repository-uninitialised', false)).toBe('uninitialised');
  expect(repositoryStateAfter('repository-changed', true)).toBe('missing');
  expect(repositoryStateAfter('no-space', true)).toBeNull();
});
