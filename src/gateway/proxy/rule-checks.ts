import { mainQueue, quickQueue } from '../../catalog/queues.ts';
import type { HostIdentity } from '../../domain/hosts/gateway-store.ts';
import { publicId } from '../../lib/ids.ts';
import type { Epochs } from '../identity/epochs.ts';
import { forbidden } from './refusal.ts';
import { fieldsOf, LENGTH, numberAt, textAt } from './wire.ts';

// What a call may name. Each check throws a refusal.

/** Field numbers of a TaskQueue. */
export const TASK_QUEUE = { name: 1, kind: 2, normalName: 3 };
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
  isOwnQueueName(host, textAt(queue, TASK_QUEUE.name));
  if (!NORMAL_KIND.includes(numberAt(queue, TASK_QUEUE.kind)) || textAt(queue, TASK_QUEUE.normalName) !== '')
    throw forbidden('a sticky queue');
}

export function isOwnQueueName(host: HostIdentity, name: string): void {
  if (name !== mainQueue(host.hostId) && name !== quickQueue(host.hostId)) throw forbidden(`queue "${name}"`);
}

/** Each WorkerHeartbeat in the field `id` is of this host's workers. */
export function areWorkers(host: HostIdentity, message: Buffer, id: number): void {
  for (const { id: found, wire, body } of fieldsOf(message)) {
    if (found !== id || wire !== LENGTH) continue;
    isIdentity(host, textAt(body, 2));
    isOwnQueueName(host, textAt(body, 4));
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
  if (numberAt(queue, TASK_QUEUE.kind) !== COMMAND_KIND || textAt(queue, TASK_QUEUE.normalName) !== '')
    throw forbidden('a queue that is not for commands');
}
