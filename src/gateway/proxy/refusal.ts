import { status } from '@grpc/grpc-js';
import { cutTo, safeText } from '../../lib/safe-text.ts';

/** It travels in a header and stands in the audit. */
const MAX_DETAIL_BYTES = 300;

/** Words about what an agent sent, which may quote it. */
export const safeDetail = (detail: string): string => cutTo(safeText(detail), MAX_DETAIL_BYTES);

/** An answer of the gateway's own. `audited` ones say that an agent tried something that is not its business. */
export class Refusal extends Error {
  readonly code: status;
  readonly details: string;
  readonly audited: boolean;

  constructor(code: status, details: string, audited: boolean) {
    super(safeDetail(details));
    this.code = code;
    this.details = this.message;
    this.audited = audited;
  }
}

export const forbidden = (details: string): Refusal => new Refusal(status.PERMISSION_DENIED, details, true);
export const malformed = (details: string): Refusal => new Refusal(status.INVALID_ARGUMENT, details, true);
export const tooMuch = (details: string): Refusal => new Refusal(status.RESOURCE_EXHAUSTED, details, true);
/** Not the agent's doing: it tries again by itself. */
export const later = (details: string): Refusal => new Refusal(status.UNAVAILABLE, details, false);
