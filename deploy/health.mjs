// Whether a process of the image does its work: `node deploy/health.mjs api|gateway|worker|agent`, as docker-compose.yml asks. It runs
// beside the process, with the same environment, and ends with 0 or, after one line that says why not, with 1.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { connect } from 'node:net';

const WITHIN_MS = 4_000;
const ESTABLISHED = '01';

const read = (file) => {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return '';
  }
};

/** Our process is the first one, or the child of docker's init. A test names another. */
const pid = process.argv[3] ?? (read('/proc/1/task/1/children').split(' ')[0] || '1');

async function apiIsReady() {
  const answer = await fetch(`http://127.0.0.1:${process.env.HOLDFAST_PORT ?? 8080}/readyz`, {
    signal: AbortSignal.timeout(WITHIN_MS),
  });
  return answer.ok ? null : `/readyz answered ${answer.status}`;
}

/** Its port takes connections; what a TLS handshake would show beyond that is in its log. */
function gatewayListens() {
  const socket = connect(Number(process.env.HOLDFAST_GATEWAY_PORT ?? 7443), '127.0.0.1');
  return new Promise((resolve, reject) => {
    socket.setTimeout(WITHIN_MS, () => reject(new Error('no answer')));
    socket.once('error', reject);
    socket.once('connect', () => resolve(socket.destroy() && null));
  });
}

/** Those two have no port of their own: what they are for shows in whom they hold a connection with. */
function holdsConnections(ports) {
  const own = new Set(
    readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      try {
        return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? [];
      } catch {
        return [];
      }
    }),
  );
  const rows = ['tcp', 'tcp6'].flatMap((name) => read(`/proc/${pid}/net/${name}`).split('\n').slice(1));
  const remote = rows
    .map((row) => row.trim().split(/\s+/))
    .filter((fields) => fields[3] === ESTABLISHED && own.has(fields[9]))
    .map((fields) => Number.parseInt(fields[2].split(':')[1], 16));
  const missing = ports.filter((port) => !remote.includes(port));
  return missing.length === 0 ? null : `no connection with port ${missing.join(' and ')}`;
}

const portOf = (address) => Number(/:(\d+)$/.exec(address)?.[1] ?? Number.NaN);
const databasePort = () => Number(new URL(read(process.env.DATABASE_URL_WORKER_FILE)).port || 5432);
const gatewayPort = () => portOf(JSON.parse(read(`${process.env.HOLDFAST_DATA}/agent/agent.json`)).address);

const CHECKS = {
  api: apiIsReady,
  gateway: gatewayListens,
  worker: () => holdsConnections([databasePort(), portOf(process.env.TEMPORAL_ADDRESS)]),
  agent: () => holdsConnections([gatewayPort()]),
};

const name = process.argv[2];
const problem = await Promise.resolve()
  .then(() => CHECKS[name]())
  .catch((thrown) => thrown.message);
if (problem !== null) process.stdout.write(`${name}: ${problem}\n`);
process.exit(problem === null ? 0 : 1);
