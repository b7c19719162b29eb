import Value from 'typebox/value';
import type { Can } from '../../domain/core/actor.ts';
import type { JobFacts } from '../../domain/jobs/facts.ts';
import { Failure } from '../../lib/failure.ts';
import { parsePublicId } from '../../lib/ids.ts';
import { inputErrors } from '../../lib/input-errors.ts';
import type { JobKind } from './define-kind.ts';
import type { KindRegistry } from './kind-registry.ts';

/** What somebody asks for, before anything about it was looked up. `hostId` is a uuid. */
export interface AskedJob {
  readonly kind: string;
  readonly params: Record<string, unknown>;
  readonly hostId: string | null;
}

/** The request when its kind is known and its params fit. Ids are uuids. */
export interface ReadRequest {
  readonly kind: JobKind;
  readonly params: Record<string, unknown>;
  readonly wanted: { planId: string | null; hostId: string | null; repositoryId: string | null };
}

const callers = (code: string, message: string, pointer: string) =>
  new Failure(code, message, { fault: 'caller', pointer });

/** Looks at the request alone: the kind, the shape of the params, the target that this kind needs. */
export function readRequest(kinds: KindRegistry, asked: AskedJob): ReadRequest | Failure {
  const kind = kinds.byKey(asked.kind);
  if (kind === null)
    return callers(
      'unknown-kind',
      `There is no kind of job "${asked.kind.slice(0, 64)}"; there are ${kinds.all.map(({ key }) => key).join(', ')}.`,
      '/kind',
    );
  const [wrong] = inputErrors(kind.params, Value.Errors(kind.params, asked.params));
  if (wrong) return callers('invalid-input', `params${wrong.pointer}: ${wrong.message}`, `/params${wrong.pointer}`);
  const ids = asked.params as { planId?: string; repositoryId?: string };
  const wanted = {
    planId: ids.planId === undefined ? null : parsePublicId('plan', ids.planId),
    hostId: asked.hostId,
    repositoryId: ids.repositoryId === undefined ? null : parsePublicId('repository', ids.repositoryId),
  };
  if ((kind.target === 'host' || kind.target === 'repository-on-host') && asked.hostId === null)
    return callers('invalid-input', `A job of kind "${kind.key}" needs a host as its target.`, '/target/hostId');
  if (kind.target === 'plan' && asked.hostId !== null)
    return callers('invalid-input', 'The plan says which host; leave the target out.', '/target');
  return { kind, params: asked.params, wanted };
}

/** Looks at the request beside what it names: is it there, may this principal, can the agent, is there a password. */
export function judgeRequest(request: ReadRequest, facts: JobFacts, can: Can): Failure | null {
  const { kind, wanted } = request;
  const site = facts.host?.siteId ?? null;
  const missing = (there: unknown, asked: unknown) => asked !== null && there === null;
  if (missing(facts.plan, wanted.planId) || (facts.plan && !can('plan:read', site)))
    return callers('unknown-target', 'There is no such plan.', '/params/planId');
  if (missing(facts.repository, wanted.repositoryId) || (wanted.repositoryId && !can('repository:read', null)))
    return callers('unknown-target', 'There is no such repository.', '/params/repositoryId');
  if (missing(facts.host, wanted.hostId) || (facts.host && wanted.hostId && !can('host:read', site)))
    return callers('unknown-target', 'There is no such host.', '/target/hostId');
  if (!can(kind.permission, site))
    return new Failure('forbidden', `This needs the permission ${kind.permission}.`, {
      fault: 'caller',
      extra: { required: kind.permission },
    });
  if (kind.secrets(facts).length > 0 && facts.repository?.usedBy !== 'host' && !can('repository:manage', null))
    return new Failure(
      'forbidden',
      `The password of ${facts.repository?.name} goes only to hosts with a plan that uses it, or with the permission repository:manage.`,
      { fault: 'caller', extra: { required: 'repository:manage' } },
    );
  if (facts.host && facts.host.epoch > 0 && !facts.host.activities.includes(kind.activity))
    return callers('agent-too-old', `The agent of ${facts.host.name} cannot do ${kind.activity}.`, '/target/hostId');
  if (kind.secrets(facts).length > 0 && !facts.repository?.hasPassword)
    return callers('repository-has-no-password', `${facts.repository?.name} has no password yet.`, '/params');
  return kind.refuse?.(facts, request.params) ?? null;
}
