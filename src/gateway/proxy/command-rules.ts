import { status } from '@grpc/grpc-js';
import { PLAIN, type Rule, type RuleParts } from './rule.ts';
import { areWorkers, isCommandQueue, isForCommands, isNamespace } from './rule-checks.ts';
import * as field from './temporal-fields.ts';
import { type TokenUse, unwrapAt, wrapToken } from './tokens.ts';
import { bytesAt, replaceAt, textAt } from './wire.ts';

/** Where a polled command names the activity that it cancels. */
const CANCELLED_TOKEN = [
  field.PollNexusResponse.request,
  field.NexusRequest.startOperation,
  field.StartOperationRequest.payload,
  field.Payload.data,
  field.WorkerCommands.commands,
  field.WorkerCommand.cancelActivity,
  field.CancelActivityCommand.taskToken,
];

/** Commands of the server to the agent's process: how a cancel gets there in milliseconds. */
export function commandRules(parts: RuleParts): Record<string, Rule> {
  const answer = (ids: Readonly<Record<'namespace' | 'taskToken', number>>): Rule => ({
    ...PLAIN,
    auditNotFound: false,
    request(host, message) {
      isNamespace(parts.namespace, message, ids.namespace);
      return unwrapAt(parts.keyring, 'command', host, message, ids.taskToken);
    },
  });
  return {
    PollNexusTaskQueue: {
      ...PLAIN,
      poll: true,
      isEmpty: (message) => bytesAt(message, field.PollNexusResponse.taskToken).length === 0,
      strangers: status.PERMISSION_DENIED,
      async request(host, message) {
        const { namespace, taskQueue, workerHeartbeat } = field.PollNexusRequest;
        isNamespace(parts.namespace, message, namespace);
        const queue = bytesAt(message, taskQueue);
        isForCommands(queue);
        areWorkers(host, message, workerHeartbeat);
        await isCommandQueue(parts, host, textAt(queue, field.TaskQueue.name));
        return message;
      },
      response(host, message) {
        const wrap = (use: TokenUse) => (token: Buffer) =>
          token.length === 0 ? token : wrapToken(parts.keyring, use, host.hostId, token);
        // Left raw, the SDK would know no such activity and ignore the command without a word (measured: cancel then took 44 s).
        return replaceAt(
          replaceAt(message, [field.PollNexusResponse.taskToken], wrap('command')),
          CANCELLED_TOKEN,
          wrap('activity'),
        );
      },
    },
    RespondNexusTaskCompleted: answer(field.NexusCompletedRequest),
    RespondNexusTaskFailed: answer(field.NexusFailedRequest),
  };
}
