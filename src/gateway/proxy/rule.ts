import { status } from '@grpc/grpc-js';
import type { HostIdentity } from '../../domain/hosts/gateway-store.ts';
import type { RandomBytes } from '../../lib/ids.ts';
import type { Keyring } from '../../lib/seal.ts';
import type { RefusalAudit } from '../identity/audit.ts';
import type { Epochs } from '../identity/epochs.ts';

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

export interface RuleParts {
  readonly namespace: string;
  readonly keyring: Keyring;
  readonly random: RandomBytes;
  readonly epochs: Epochs;
  readonly audit: Pick<RefusalAudit, 'refused'>;
}

/** What is the same for all; `strangers` UNAUTHENTICATED: an agent that cannot even connect stops by itself. */
export const PLAIN: Rule = {
  request: (_host, message) => message,
  response: (_host, message) => message,
  poll: false,
  isEmpty: () => false,
  strangers: status.UNAUTHENTICATED,
  auditNotFound: false,
};
