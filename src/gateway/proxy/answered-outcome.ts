import type { HostIdentity } from '../../domain/hosts/gateway-store.ts';
import { AGENT_FAULT, type Outcome } from '../../domain/jobs/outcome.ts';
import { readOutcome } from '../../domain/jobs/read-outcome.ts';
import type { RefusalAudit } from '../identity/audit.ts';

/** What goes on of an attempt's answer. The job ends in any case: what is no outcome is the agent's fault. */
export function answeredBy(host: HostIdentity, audit: Pick<RefusalAudit, 'refused'>): (sent: unknown) => Outcome {
  return (sent) => {
    const outcome = readOutcome(sent);
    if (outcome === null) audit.refused(host, 'RespondActivityTaskCompleted', 'an answer that is no outcome');
    return outcome ?? AGENT_FAULT;
  };
}
