import Type from 'typebox';
import type { RepositoryFact } from '../../domain/backup/facts.ts';

/** What the row knows of the repository at its address: the host compares it before anything is written there. */
export const KnownRepository = Type.Object({
  resticId: Type.Union([Type.String(), Type.Null()]),
  configDigest: Type.Union([Type.String(), Type.Null()]),
  wasReady: Type.Boolean(),
});
export type KnownRepository = Type.Static<typeof KnownRepository>;

export const knownRepository = ({ resticId, configDigest, wasReady }: RepositoryFact): KnownRepository => ({
  resticId,
  configDigest,
  wasReady,
});

/** What has to be typed to make a new repository where one was ready before: it says what is given up. */
export const initConfirmation = ({ snapshotsKnown }: RepositoryFact): string =>
  `begin anew without ${snapshotsKnown} ${snapshotsKnown === 1 ? 'snapshot' : 'snapshots'}`;
