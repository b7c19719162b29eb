import { status } from '@grpc/grpc-js';
import type { HostIdentity } from '../../domain/hosts/gateway-store.ts';
import { TICKET_HEADER } from '../../domain/jobs/agent-protocol.ts';
import type { RandomBytes } from '../../lib/ids.ts';
import { ownerOf } from '../../lib/payload-cipher.ts';
import type { Keyring } from '../../lib/seal.ts';
import type { RefusalAudit } from '../identity/audit.ts';
import type { Epochs } from '../identity/epochs.ts';
import { answeredBy } from './answered-outcome.ts';
import { forbidden } from './refusal.ts';
import {
  areWorkers,
  isCommandQueue,
  isForCommands,
  isIdentity,
  isNamespace,
  isOwnQueue,
  isOwnQueueName,
  TASK_QUEUE,
} from './rule-checks.ts';
import { attemptOf, issueTicket } from './ticket.ts';
import { ownerInToken, type TokenUse, unwrapAt, wrapToken } from './tokens.ts';
import { mapEntry, payloadOf, Transcoder } from './transcode.ts';
import { bytesAt, lengthField, replaceAt, textAt, without } from './wire.ts';

/** What happens to one of Temporal's calls when an agent makes it. What has no rule is refused. */
export interface Rule {
  /** Checks a request and gives what goes on to Temporal. Throws a refusal. */
  readonly request: (host: HostIdentity, message: Buffer) => Buffer | Promise<Buffer>;
  readonly response: (host: HostIdentity, message: Buffer) => Buffer;
  /** Counts as a long poll: few at a time, longer deadline. */
  readonly poll: boolean;
  /** Whether a response holds no task; those of fast polls are held back. */
  readonly isEmpty: (message: Buffer) => boolean;
  /** How a caller without a good credential is answered. */
  readonly strangers: status;
  /** An answer NOT_FOUND of Temporal's is written to the audit: the attempt is over, or the token was used before. */
  readonly auditNotFound: boolean;
}

interface RuleParts {
  readonly namespace: string;
  readonly keyring: Keyring;
  readonly random: RandomBytes;
  readonly epochs: Epochs;
  readonly audit: Pick<RefusalAudit, 'refused'>;
}

/** What is the same for all; `strangers` UNAUTHENTICATED: an agent that cannot even connect stops by itself. */
const PLAIN: Rule = {
  request: (_host, message) => message,
  response: (_host, message) => message,
  poll: false,
  isEmpty: () => false,
  strangers: status.UNAUTHENTICATED,
  auditNotFound: false,
};

export function rules(parts: RuleParts): Readonly<Record<string, Rule>> {
  return { ...sessionRules(parts), ...activityRules(parts), ...commandRules(parts) };
}

/** Connecting, saying how the worker is, and leaving. */
function sessionRules(parts: RuleParts): Record<string, Rule> {
  return {
    GetSystemInfo: PLAIN,
    DescribeNamespace: {
      ...PLAIN,
      request(_host, message) {
        isNamespace(parts.namespace, message, 1);
        if (textAt(message, 2) !== '') throw forbidden('a namespace by its id');
        return message;
      },
      // namespace_info.capabilities.worker_poll_complete_on_shutdown: an SDK that sees it waits at its stop until the
      // server ends its polls; with the gateway away an agent was still alive 75 s after SIGTERM.
      response: (_host, message) => replaceAt(message, [1, 7], (capabilities) => without(capabilities, 8)),
    },
    RecordWorkerHeartbeat: {
      ...PLAIN,
      request(host, message) {
        isNamespace(parts.namespace, message, 1);
        isIdentity(host, textAt(message, 2));
        areWorkers(host, message, 3);
        return message;
      },
    },
    ShutdownWorker: {
      ...PLAIN,
      request(host, message) {
        isNamespace(parts.namespace, message, 1);
        isIdentity(host, textAt(message, 3));
        areWorkers(host, message, 5);
        isOwnQueueName(host, textAt(message, 7));
        if (textAt(message, 2) !== '') throw forbidden('a sticky queue');
        return message;
      },
    },
  };
}

function activityRules(parts: RuleParts): Record<string, Rule> {
  const transcoder = new Transcoder(parts.keyring, parts.random);
  // Details of heartbeats, cancels and failures have no reader and are dropped.
  type Seal = (message: Buffer, owner: string, host: HostIdentity) => Buffer;
  const answer = (identity: number, namespace: number, seal: Seal): Rule => ({
    ...PLAIN,
    auditNotFound: true,
    request(host, message) {
      isNamespace(parts.namespace, message, namespace);
      isIdentity(host, textAt(message, identity));
      const unwrapped = unwrapAt(parts.keyring, 'activity', host, message, 1);
      return seal(unwrapped, ownerInToken(bytesAt(unwrapped, 1)), host);
    },
  });
  return {
    PollActivityTaskQueue: {
      ...PLAIN,
      poll: true,
      isEmpty: (message) => bytesAt(message, 1).length === 0,
      // FAILED after 60 s of this, which the agent watches for; UNAVAILABLE would make it poll for ever.
      strangers: status.PERMISSION_DENIED,
      async request(host, message) {
        isNamespace(parts.namespace, message, 1);
        isOwnQueue(host, bytesAt(message, 2));
        isIdentity(host, textAt(message, 3));
        const commandQueue = textAt(message, 9);
        if (commandQueue !== '') await isCommandQueue(parts, host, commandQueue);
        return message;
      },
      response: (host, message) => handOut(parts, transcoder, host, message),
    },
    RecordActivityTaskHeartbeat: {
      // NOT_FOUND ends the activity at once: the quickest way to stop a revoked host.
      ...answer(3, 4, (message) => without(message, 2)),
      strangers: status.NOT_FOUND,
      auditNotFound: false,
    },
    RespondActivityTaskCompleted: answer(3, 4, (message, owner, host) =>
      transcoder.sealAnswer(message, 2, owner, answeredBy(host, parts.audit)),
    ),
    RespondActivityTaskFailed: answer(3, 4, (message, owner) => without(transcoder.sealFailure(message, 2, owner), 5)),
    RespondActivityTaskCanceled: answer(3, 4, (message) => without(message, 2)),
  };
}

/** A task on its way to a host: token wrapped, payloads opened, a ticket in its header. */
function handOut(parts: RuleParts, transcoder: Transcoder, host: HostIdentity, message: Buffer): Buffer {
  const token = bytesAt(message, 1);
  if (token.length === 0) return message;
  const execution = bytesAt(message, 4);
  const [workflowId, runId, activityId] = [textAt(execution, 1), textAt(execution, 2), textAt(message, 6)];
  const owner = ownerOf(workflowId, activityId);
  if (ownerInToken(token) !== owner) throw new Error("Temporal's task token is of a form that we do not know");
  const opened = transcoder.openPayloads(transcoder.openPayloads(message, 8, owner), 9, owner);
  const wrapped = replaceAt(opened, [1], () => wrapToken(parts.keyring, 'activity', host.hostId, token));
  const attempt = attemptOf(workflowId, runId, activityId, textAt(bytesAt(message, 5), 1));
  if (!attempt) return wrapped;
  const ticket = payloadOf({ encoding: 'binary/plain' }, issueTicket(parts.keyring, host.hostId, attempt, token));
  // A second header field: readers merge the two, and of two entries with one name the later counts.
  return Buffer.concat([wrapped, lengthField(7, mapEntry(1, TICKET_HEADER, ticket))]);
}

/** Commands of the server to the agent's process: how a cancel gets there in milliseconds. */
function commandRules(parts: RuleParts): Record<string, Rule> {
  const answer: Rule = {
    ...PLAIN,
    auditNotFound: false,
    request(host, message) {
      isNamespace(parts.namespace, message, 1);
      return unwrapAt(parts.keyring, 'command', host, message, 3);
    },
  };
  return {
    PollNexusTaskQueue: {
      ...PLAIN,
      poll: true,
      isEmpty: (message) => bytesAt(message, 1).length === 0,
      strangers: status.PERMISSION_DENIED,
      async request(host, message) {
        isNamespace(parts.namespace, message, 1);
        const queue = bytesAt(message, 3);
        isForCommands(queue);
        areWorkers(host, message, 7);
        await isCommandQueue(parts, host, textAt(queue, TASK_QUEUE.name));
        return message;
      },
      response(host, message) {
        const wrap = (use: TokenUse) => (token: Buffer) =>
          token.length === 0 ? token : wrapToken(parts.keyring, use, host.hostId, token);
        // request.start_operation.payload.data: commands[].cancel_activity.task_token. Left raw, the SDK would know no
        // such activity and ignore the command without a word (measured: cancel then took 44 s).
        return replaceAt(replaceAt(message, [1], wrap('command')), [2, 3, 5, 2, 1, 1, 1], wrap('activity'));
      },
    },
    RespondNexusTaskCompleted: answer,
    RespondNexusTaskFailed: answer,
  };
}
