import { mainQueue, quickQueue } from '../../catalog/queues.ts';
import type { HostIdentity } from '../../domain/hosts/gateway-store.ts';
import { publicId } from '../../lib/ids.ts';
import type { Epochs } from '../identity/epochs.ts';
import { forbidden } from './refusal.ts';
import { TaskQueue, WorkerHeartbeat } from './temporal-fields.ts';
import { fieldsOf, LENGTH, numberAt, textAt } from './wire.ts';

// What a call may name. Each check throws a refusal.

const NORMAL_KIND = [0, 1];
const COMMAND_KIND = 3;

export function isNamespace(namespace: string, message: Buffer, id: number): void {
  const name = textAt(message, id);
  if (name !== namespace) throw forbidden(`namespace "${name}"`);
}

/** Workers sign with the host's id, which people see in the Temporal UI: none may sign as another. */
export function isIdentity(host: HostIdentity, identity: string): void {
  if (identity !== publicId('host', host.hostId)) throw forbidden(`identity "${identity}"`);
}

export function isOwnQueue(host: HostIdentity, queue: Buffer): void {
  isOwnQueueName(host, textAt(queue, TaskQueue.name));
  if (!NORMAL_KIND.includes(numberAt(queue, TaskQueue.kind)) || textAt(queue, TaskQueue.normalName) !== '')
    throw forbidden('a sticky queue');
}

export function isOwnQueueName(host: HostIdentity, name: string): void {
  if (name !== mainQueue(host.hostId) && name !== quickQueue(host.hostId)) throw forbidden(`queue "${name}"`);
}

/** Each WorkerHeartbeat in the field `id` is of this host's workers. */
export function areWorkers(host: HostIdentity, message: Buffer, id: number): void {
  for (const { id: found, wire, body } of fieldsOf(message)) {
    if (found !== id || wire !== LENGTH) continue;
    isIdentity(host, textAt(body, WorkerHeartbeat.workerIdentity));
    isOwnQueueName(host, textAt(body, WorkerHeartbeat.taskQueue));
  }
}

export async function isCommandQueue(
  { namespace, epochs }: { readonly namespace: string; readonly epochs: Epochs },
  host: HostIdentity,
  queue: string,
): Promise<void> {
  const prefix = `temporal-sys/worker-commands/${namespace}/`;
  if (!queue.startsWith(prefix) || !/^[\w-]{8,64}$/.test(queue.slice(prefix.length)))
    throw forbidden(`queue "${queue}"`);
  if (!(await epochs.ownsCommandQueue(host, queue))) throw forbidden(`command queue of somebody else`);
}

export function isForCommands(queue: Buffer): void {
  if (numberAt(queue, TaskQueue.kind) !== COMMAND_KIND || textAt(queue, TaskQueue.normalName) !== '')
    throw forbidden('a queue that is not for commands');
}
