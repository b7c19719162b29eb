import Type from 'typebox';
import { shellWord } from '../../domain/core/shell-word.ts';
import type { JobFacts } from '../../domain/jobs/facts.ts';
import { hostKey, repositoryKey } from '../../domain/jobs/lock.ts';
import { Failure } from '../../lib/failure.ts';
import { publicIdPattern } from '../../lib/ids.ts';
import { defineKind } from '../core/define-kind.ts';
import { HOUR, MIB, MINUTE, SECOND } from '../core/limits.ts';
import { param, target } from '../core/subject-source.ts';
import { HOST } from '../hosts/host.ts';
import { initConfirmation, KnownRepository, knownRepository } from './known-repository.ts';
import { REPOSITORY } from './repository.ts';
import { INIT_OUTCOMES } from './restic-outcomes.ts';

/** What the host gets at the claim. The password is beside it, by the name `password`. */
export const InitWork = Type.Object({
  repositoryUrl: Type.String(),
  /** Left out by the release before. */
  known: Type.Optional(KnownRepository),
  /** False: only look whether the one that is known is there. */
  mayMake: Type.Optional(Type.Boolean()),
});
export type InitWork = Type.Static<typeof InitWork>;

/** Makes the repository at its address, from a host that will use it. One that is there already is left alone. */
export const initRepository = defineKind({
  key: 'init',
  title: 'Initialise repository',
  description: 'Makes a restic repository at its address, or finds that it is there and opens with the password.',
  activity: 'restic.init.v1',
  lane: 'main',
  // Safe to repeat: what a lost attempt made is found by the next one as `already-initialised`.
  repeat: 'repeatable',
  custodial: false,
  params: Type.Object(
    {
      repositoryId: Type.String({
        title: 'Repository',
        description: 'The repository to initialise.',
        pattern: publicIdPattern('repository'),
      }),
      confirm: Type.Optional(
        Type.String({
          title: 'Confirmation',
          description:
            'Only for a repository that was ready before: the text that the refusal without it names. A new, empty repository takes its place.',
          maxLength: 100,
        }),
      ),
    },
    { title: 'Initialise repository', additionalProperties: false },
  ),
  subjects: { host: target(), repository: param('repositoryId') },
  permission: 'repository:init',
  refuse: (facts, { confirm }) => (mayMake(facts, confirm) ? null : wasReady(facts)),
  keys: (facts) => [hostKey(HOST.of(facts).id), repositoryKey(REPOSITORY.of(facts), 'x')],
  // 20 min: restic >= 0.17 tries a dead storage for up to 15 min before it gives up.
  limits: { heartbeatTimeoutMs: 2 * MINUTE, runTimeoutMs: 20 * MINUTE, queueDeadlineMs: 12 * HOUR, logBytes: 16 * MIB },
  stop: { signal: 'SIGINT', graceMs: 72 * SECOND, cleanUp: null },
  secrets: (facts) => [{ name: 'password', table: 'repository', row: REPOSITORY.of(facts).id, column: 'password' }],
  // Asked again at the claim: what was ready meanwhile is not made again by a job that was accepted before.
  work: (facts, { confirm }): InitWork => ({
    repositoryUrl: REPOSITORY.of(facts).url,
    known: knownRepository(REPOSITORY.of(facts)),
    mayMake: mayMake(facts, confirm),
  }),
  sentence: (facts) => `Initialise ${REPOSITORY.of(facts).name} from ${HOST.of(facts).name}`,
  outcomes: INIT_OUTCOMES,
});

function mayMake(facts: JobFacts, confirm: string | undefined): boolean {
  const fact = REPOSITORY.of(facts);
  return !fact.wasReady || confirm === initConfirmation(fact);
}

function wasReady(facts: JobFacts): Failure {
  const fact = REPOSITORY.of(facts);
  const text = initConfirmation(fact);
  return new Failure(
    'repository-was-ready',
    `${fact.name} was ready before, so a new repository would begin a second history in its place. Mount what its address leads to, or correct the address: \`holdfast repositories address ${shellWord(fact.name)} ADDRESS\`. To begin anew all the same: \`holdfast repositories init ${shellWord(fact.name)} --host ${shellWord(HOST.of(facts).name)} --confirm "${text}"\`.`,
    { fault: 'caller', pointer: '/params/confirm', extra: { confirm: text } },
  );
}
