import { activityRules } from './activity-rules.ts';
import { commandRules } from './command-rules.ts';
import { forbidden } from './refusal.ts';
import { PLAIN, type Rule, type RuleParts } from './rule.ts';
import { areWorkers, isIdentity, isNamespace, isOwnQueueName } from './rule-checks.ts';
import * as field from './temporal-fields.ts';
import { replaceAt, textAt, without } from './wire.ts';

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
        isNamespace(parts.namespace, message, field.DescribeNamespaceRequest.namespace);
        if (textAt(message, field.DescribeNamespaceRequest.id) !== '') throw forbidden('a namespace by its id');
        return message;
      },
      // namespace_info.capabilities.worker_poll_complete_on_shutdown: an SDK that sees it waits at its stop until the
      // server ends its polls; with the gateway away an agent was still alive 75 s after SIGTERM.
      response: (_host, message) =>
        replaceAt(
          message,
          [field.DescribeNamespaceResponse.namespaceInfo, field.NamespaceInfo.capabilities],
          (capabilities) => without(capabilities, field.Capabilities.workerPollCompleteOnShutdown),
        ),
    },
    RecordWorkerHeartbeat: {
      ...PLAIN,
      request(host, message) {
        const { namespace, identity, workerHeartbeat } = field.RecordWorkerHeartbeatRequest;
        isNamespace(parts.namespace, message, namespace);
        isIdentity(host, textAt(message, identity));
        areWorkers(host, message, workerHeartbeat);
        return message;
      },
    },
    ShutdownWorker: {
      ...PLAIN,
      request(host, message) {
        const { namespace, identity, workerHeartbeat, taskQueue, stickyTaskQueue } = field.ShutdownWorkerRequest;
        isNamespace(parts.namespace, message, namespace);
        isIdentity(host, textAt(message, identity));
        areWorkers(host, message, workerHeartbeat);
        isOwnQueueName(host, textAt(message, taskQueue));
        if (textAt(message, stickyTaskQueue) !== '') throw forbidden('a sticky queue');
        return message;
      },
    },
  };
}
