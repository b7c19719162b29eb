// npm run fleet -- --hosts N: simulated hosts for the Holdfast that "npm start" runs, until Ctrl-C.
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { lookFor } from '../../src/cli/client/find.ts';
import { publicId } from '../../src/lib/ids.ts';
import { enrolHost } from './enrol.ts';
import { Fleet } from './fleet.ts';
import { type Instance, openInstance } from './instance.ts';

const { values } = parseArgs({
  options: { hosts: { type: 'string', default: '20' }, data: { type: 'string' } },
});
const count = Number(values.hosts);
const say = (line: string) => void process.stdout.write(`${line}\n`);
if (!Number.isInteger(count) || count < 1 || count > 5_000) {
  say('--hosts takes a number from 1 to 5000.');
  process.exit(2);
}
const dataDir = resolve(values.data ?? process.env.HOLDFAST_DATA ?? '.holdfast');
const instance = await openInstance(dataDir, process.env.DATABASE_URL).catch((thrown: Error) => {
  say(`There is no running Holdfast with the data folder ${dataDir}: ${thrown.message}. Start it with "npm start".`);
  process.exit(2);
});

const hosts: { name: string; credential: string }[] = [];
const repository = await simulatedRepository(instance);
for (let no = 1; no <= count; no++) {
  const name = `sim-${String(no).padStart(4, '0')}`;
  const { uuid, credential } = await enrolHost(instance.database, { ...instance.place, name });
  hosts.push({ name, credential });
  await planOf(instance, name, publicId('host', uuid), repository);
}
await instance.database.close();
say(`${count} hosts sim-0001 to ${hosts.at(-1)!.name} are enrolled, each with a plan of its name.`);
say('They do no-ops and backups in appearance only: nothing is read and nothing is stored. Try:');
say('  npx holdfast jobs start backup --plan sim-0001 --wait');
const fleet = new Fleet({ gateway: instance.gateway, hosts });
process.once('SIGINT', () => void fleet.stop().then(() => process.exit(0)));
process.once('SIGTERM', () => void fleet.stop().then(() => process.exit(0)));
for (let said = ''; ; await sleep(1_000)) {
  const { online, running, done } = fleet.totals;
  const line = `${online} of ${count} hosts are online, ${running} jobs run, ${done} are done`;
  if (line !== said) say(line);
  said = line;
}

async function simulatedRepository({ client }: Instance): Promise<string> {
  const found = await lookFor(client, 'repository', 'simulated');
  if (found) return found.id;
  const made = await client.post('repositories', { name: 'simulated', url: '/simulated' }, { creates: true });
  return made.id;
}

async function planOf({ client }: Instance, name: string, hostId: string, repositoryId: string): Promise<void> {
  if (await lookFor(client, 'plan', name, { hostId })) return;
  await client.post('plans', { name, hostId, repositoryId, paths: ['/srv'] }, { creates: true });
}
