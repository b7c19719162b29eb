import proto from '@temporalio/proto'; // CommonJS: a named import fails under ESM
import type { Root } from 'protobufjs';

const schema = proto as unknown as Root;

/** The numbers of these fields of one of Temporal's messages. A name that the SDK's schema does not have throws when the gateway is loaded. */
function idsOf<Name extends string>(message: string, ...names: readonly Name[]): Readonly<Record<Name, number>> {
  const { fields } = schema.lookupType(`temporal.api.${message}`);
  const id = (name: Name): number => {
    const field = fields[name];
    if (field === undefined) throw new Error(`Temporal's ${message} has no field ${name}`);
    return field.id;
  };
  return Object.fromEntries(names.map((name) => [name, id(name)])) as Record<Name, number>;
}

const service = <Name extends string>(message: string, ...names: readonly Name[]) =>
  idsOf(`workflowservice.v1.${message}`, ...names);

// All that the gateway reads or writes of Temporal's messages. Everything else passes as it came.
export const DescribeNamespaceRequest = service('DescribeNamespaceRequest', 'namespace', 'id');
export const DescribeNamespaceResponse = service('DescribeNamespaceResponse', 'namespaceInfo');
export const NamespaceInfo = idsOf('namespace.v1.NamespaceInfo', 'capabilities');
export const Capabilities = idsOf('namespace.v1.NamespaceInfo.Capabilities', 'workerPollCompleteOnShutdown');
export const RecordWorkerHeartbeatRequest = service(
  'RecordWorkerHeartbeatRequest',
  'namespace',
  'identity',
  'workerHeartbeat',
);
export const ShutdownWorkerRequest = service(
  'ShutdownWorkerRequest',
  'namespace',
  'stickyTaskQueue',
  'identity',
  'workerHeartbeat',
  'taskQueue',
);
export const WorkerHeartbeat = idsOf('worker.v1.WorkerHeartbeat', 'workerIdentity', 'taskQueue');
export const TaskQueue = idsOf('taskqueue.v1.TaskQueue', 'name', 'kind', 'normalName');
export const PollActivityRequest = service(
  'PollActivityTaskQueueRequest',
  'namespace',
  'taskQueue',
  'identity',
  'workerControlTaskQueue',
);
export const PollActivityResponse = service(
  'PollActivityTaskQueueResponse',
  'taskToken',
  'workflowExecution',
  'activityType',
  'activityId',
  'header',
  'input',
  'heartbeatDetails',
);
export const WorkflowExecution = idsOf('common.v1.WorkflowExecution', 'workflowId', 'runId');
export const ActivityType = idsOf('common.v1.ActivityType', 'name');
export const Header = idsOf('common.v1.Header', 'fields');
export const RecordHeartbeatRequest = service(
  'RecordActivityTaskHeartbeatRequest',
  'taskToken',
  'details',
  'identity',
  'namespace',
);
export const CompletedRequest = service(
  'RespondActivityTaskCompletedRequest',
  'taskToken',
  'result',
  'identity',
  'namespace',
);
export const FailedRequest = service(
  'RespondActivityTaskFailedRequest',
  'taskToken',
  'failure',
  'identity',
  'namespace',
  'lastHeartbeatDetails',
);
export const CanceledRequest = service(
  'RespondActivityTaskCanceledRequest',
  'taskToken',
  'details',
  'identity',
  'namespace',
);
export const PollNexusRequest = service('PollNexusTaskQueueRequest', 'namespace', 'taskQueue', 'workerHeartbeat');
export const PollNexusResponse = service('PollNexusTaskQueueResponse', 'taskToken', 'request');
export const NexusRequest = idsOf('nexus.v1.Request', 'startOperation');
export const StartOperationRequest = idsOf('nexus.v1.StartOperationRequest', 'payload');
export const NexusCompletedRequest = service('RespondNexusTaskCompletedRequest', 'namespace', 'taskToken');
export const NexusFailedRequest = service('RespondNexusTaskFailedRequest', 'namespace', 'taskToken');
export const Payload = idsOf('common.v1.Payload', 'metadata', 'data');
export const Payloads = idsOf('common.v1.Payloads', 'payloads');
export const TemporalFailure = idsOf(
  'failure.v1.Failure',
  'message',
  'source',
  'stackTrace',
  'encodedAttributes',
  'cause',
  'applicationFailureInfo',
  'canceledFailureInfo',
);
export const ApplicationFailureInfo = idsOf('failure.v1.ApplicationFailureInfo', 'type', 'nonRetryable');
export const NamespaceNotFoundFailure = idsOf('errordetails.v1.NamespaceNotFoundFailure', 'namespace');

/** What an entry of a map has, and google.rpc.Status and Any, which no schema of Temporal's declares. */
export const MapEntry = { key: 1, value: 2 } as const;
export const RpcStatus = { details: 3 } as const;
export const AnyMessage = { type: 1, value: 2 } as const;
/** Of a task token of Temporal's server: an internal message of its own. */
export const TaskToken = { workflowId: 2, activityId: 6 } as const;
/** The commands to a worker in a Nexus payload (WorkerCommands of the server): each a command, of which one cancels an activity by its token. */
export const WorkerCommands = { commands: 1 } as const;
export const WorkerCommand = idsOf('worker.v1.WorkerCommand', 'cancelActivity');
export const CancelActivityCommand = idsOf('worker.v1.CancelActivityCommand', 'taskToken');
