import type { Static, TSchema } from 'typebox';
import Value from 'typebox/value';
import type { ClaimAnswer } from '../../domain/jobs/agent-protocol.ts';
import { Failure } from '../../lib/failure.ts';

/** What the claim handed out, as the kind promised it. A control plane of another release may have said it otherwise. */
export function workOf<Schema extends TSchema>(schema: Schema, answer: ClaimAnswer): Static<Schema> {
  if (Value.Check(schema, answer.work)) return answer.work as Static<Schema>;
  throw new Failure('invalid-work', 'The agent does not understand what it was told to do.', { fault: 'us' });
}

export function secretOf(answer: ClaimAnswer, name: string): string {
  const value = answer.secrets[name];
  if (value !== undefined) return value;
  throw new Failure('secret-missing', `The claim came without the secret "${name}".`, { fault: 'us' });
}
