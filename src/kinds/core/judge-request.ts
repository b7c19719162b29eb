import Value from 'typebox/value';
import type { Can } from '../../domain/core/actor.ts';
import type { JobFacts } from '../../domain/jobs/facts.ts';
import { Failure } from '../../lib/failure.ts';
import { inputErrors } from '../../lib/input-errors.ts';
import type { JobKind } from './define-kind.ts';
import type { KindRegistry } from './kind-registry.ts';
import type { SubjectUse } from './subject.ts';
import { pointerOf } from './subject-source.ts';

/** What somebody asks for, before anything about it was looked up. `hostId` is a uuid. */
export interface AskedJob {
  readonly kind: string;
  readonly params: Record<string, unknown>;
  readonly hostId: string | null;
}

/** The request when its kind is known and its params fit. */
export interface ReadRequest {
  readonly kind: JobKind;
  readonly params: Record<string, unknown>;
  /** The uuids of the subjects that it names, by noun. */
  readonly asked: Readonly<Record<string, string>>;
}

const callers = (code: string, message: string, pointer: string) =>
  new Failure(code, message, { fault: 'caller', pointer });

/** Looks at the request alone: the kind, the shape of the params, the target that this kind needs. */
export function readRequest(kinds: KindRegistry, { kind: key, params, hostId }: AskedJob): ReadRequest | Failure {
  const kind = kinds.byKey(key);
  if (kind === null)
    return callers(
      'unknown-kind',
      `There is no kind of job "${key.slice(0, 64)}"; there are ${kinds.all.map((one) => one.key).join(', ')}.`,
      '/kind',
    );
  const [wrong] = inputErrors(kind.params, Value.Errors(kind.params, params));
  if (wrong) return callers('invalid-input', `params${wrong.pointer}: ${wrong.message}`, `/params${wrong.pointer}`);
  const { host } = kind.subjects;
  if (host?.in === 'target' && !host.optional && hostId === null)
    return callers('invalid-input', `A job of kind "${kind.key}" needs a host as its target.`, '/target/hostId');
  if (host?.in !== 'target' && hostId !== null) return callers('invalid-input', noTarget(kinds, kind), '/target');
  return { kind, params, asked: kinds.asked(kind, params, hostId) };
}

function noTarget(kinds: KindRegistry, kind: JobKind): string {
  const says = Object.keys(kind.subjects).find((noun) => kinds.subject(noun).brings.includes('host'));
  const why = says === undefined ? `A job of kind "${kind.key}" has no host` : `The ${says} says which host`;
  return `${why}; leave the target out.`;
}

/** Looks at the request beside what it names: is it there, may this principal, can the agent, is everything ready. */
export function judgeRequest(kinds: KindRegistry, request: ReadRequest, facts: JobFacts, can: Can): Failure | null {
  const { kind } = request;
  const { host } = facts.subjects;
  const site = host?.siteId ?? null;
  const unseen = kinds.subjects.find(
    ({ noun, read, readAt }) =>
      noun in request.asked && !(facts.subjects[noun] && can(read, readAt === 'site' ? site : null)),
  );
  if (unseen)
    return callers('unknown-target', `There is no such ${unseen.noun}.`, pointerOf(kind.subjects[unseen.noun]!));
  if (!can(kind.permission, site))
    return new Failure('forbidden', `This needs the permission ${kind.permission}.`, {
      fault: 'caller',
      extra: { required: kind.permission },
    });
  const use = { facts, secrets: kind.secrets(facts), can };
  return (
    firstRefusal(kinds, 'forbids', use) ??
    (host && host.epoch > 0 && !host.activities.includes(kind.activity)
      ? callers('agent-too-old', `The agent of ${host.name} cannot do ${kind.activity}.`, '/target/hostId')
      : null) ??
    firstRefusal(kinds, 'unready', use) ??
    kind.refuse?.(facts, request.params) ??
    null
  );
}

/** Of all subjects, those that were brought along too. */
function firstRefusal(kinds: KindRegistry, check: 'forbids' | 'unready', use: SubjectUse): Failure | null {
  for (const subject of kinds.subjects) {
    const fact = use.facts.subjects[subject.noun];
    const refusal = fact && subject[check]?.(fact, use);
    if (refusal) return refusal;
  }
  return null;
}
