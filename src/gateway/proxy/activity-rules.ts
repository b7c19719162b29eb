import { status } from '@grpc/grpc-js';
import type { HostIdentity } from '../../domain/hosts/gateway-store.ts';
import { TICKET_HEADER } from '../../domain/jobs/agent-protocol.ts';
import { ownerOf } from '../../lib/payload-cipher.ts';
import { answeredBy } from './answered-outcome.ts';
import { PLAIN, type Rule, type RuleParts } from './rule.ts';
import { isCommandQueue, isIdentity, isNamespace, isOwnQueue } from './rule-checks.ts';
import * as field from './temporal-fields.ts';
import { attemptOf, issueTicket } from './ticket.ts';
import { ownerInToken, unwrapAt, wrapToken } from './tokens.ts';
import { mapEntry, payloadOf, Transcoder } from './transcode.ts';
import { bytesAt, lengthField, replaceAt, textAt, without } from './wire.ts';

/** Taking an activity, keeping it alive, and answering it. */
export function activityRules(parts: RuleParts): Record<string, Rule> {
  const transcoder = new Transcoder(parts.keyring, parts.random);
  // Details of heartbeats, cancels and failures have no reader and are dropped.
  type Seal = (message: Buffer, owner: string, host: HostIdentity) => Buffer;
  type Ids = Readonly<Record<'taskToken' | 'identity' | 'namespace', number>>;
  const answer = (ids: Ids, seal: Seal): Rule => ({
    ...PLAIN,
    auditNotFound: true,
    request(host, message) {
      isNamespace(parts.namespace, message, ids.namespace);
      isIdentity(host, textAt(message, ids.identity));
      const unwrapped = unwrapAt(parts.keyring, 'activity', host, message, ids.taskToken);
      return seal(unwrapped, ownerInToken(bytesAt(unwrapped, ids.taskToken)), host);
    },
  });
  return {
    PollActivityTaskQueue: pollRule(parts, transcoder),
    RecordActivityTaskHeartbeat: {
      // NOT_FOUND ends the activity at once: the quickest way to stop a revoked host.
      ...answer(field.RecordHeartbeatRequest, (message) => without(message, field.RecordHeartbeatRequest.details)),
      strangers: status.NOT_FOUND,
      auditNotFound: false,
    },
    RespondActivityTaskCompleted: answer(field.CompletedRequest, (message, owner, host) =>
      transcoder.sealAnswer(message, field.CompletedRequest.result, owner, answeredBy(host, parts.audit)),
    ),
    RespondActivityTaskFailed: answer(field.FailedRequest, (message, owner) =>
      without(
        transcoder.sealFailure(message, field.FailedRequest.failure, owner),
        field.FailedRequest.lastHeartbeatDetails,
      ),
    ),
    RespondActivityTaskCanceled: answer(field.CanceledRequest, (message) =>
      without(message, field.CanceledRequest.details),
    ),
  };
}

function pollRule(parts: RuleParts, transcoder: Transcoder): Rule {
  return {
    ...PLAIN,
    poll: true,
    isEmpty: (message) => bytesAt(message, field.PollActivityResponse.taskToken).length === 0,
    // FAILED after 60 s of this, which the agent watches for; UNAVAILABLE would make it poll for ever.
    strangers: status.PERMISSION_DENIED,
    async request(host, message) {
      const { namespace, taskQueue, identity, workerControlTaskQueue } = field.PollActivityRequest;
      isNamespace(parts.namespace, message, namespace);
      isOwnQueue(host, bytesAt(message, taskQueue));
      isIdentity(host, textAt(message, identity));
      const commandQueue = textAt(message, workerControlTaskQueue);
      if (commandQueue !== '') await isCommandQueue(parts, host, commandQueue);
      return message;
    },
    response: (host, message) => handOut(parts, transcoder, host, message),
  };
}

/** A task on its way to a host: token wrapped, payloads opened, a ticket in its header. */
function handOut(parts: RuleParts, transcoder: Transcoder, host: HostIdentity, message: Buffer): Buffer {
  const {
    taskToken,
    workflowExecution,
    activityType,
    activityId: id,
    header,
    input,
    heartbeatDetails,
  } = field.PollActivityResponse;
  const token = bytesAt(message, taskToken);
  if (token.length === 0) return message;
  const execution = bytesAt(message, workflowExecution);
  const workflowId = textAt(execution, field.WorkflowExecution.workflowId);
  const runId = textAt(execution, field.WorkflowExecution.runId);
  const activityId = textAt(message, id);
  const owner = ownerOf(workflowId, activityId);
  if (ownerInToken(token) !== owner) throw new Error("Temporal's task token is of a form that we do not know");
  const opened = transcoder.openPayloads(transcoder.openPayloads(message, input, owner), heartbeatDetails, owner);
  const wrapped = replaceAt(opened, [taskToken], () => wrapToken(parts.keyring, 'activity', host.hostId, token));
  const attempt = attemptOf(
    workflowId,
    runId,
    activityId,
    textAt(bytesAt(message, activityType), field.ActivityType.name),
  );
  if (!attempt) return wrapped;
  const ticket = payloadOf({ encoding: 'binary/plain' }, issueTicket(parts.keyring, host.hostId, attempt, token));
  // A second header field: readers merge the two, and of two entries with one name the later counts.
  return Buffer.concat([wrapped, lengthField(header, mapEntry(field.Header.fields, TICKET_HEADER, ticket))]);
}
