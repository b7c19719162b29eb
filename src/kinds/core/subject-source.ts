/** Where a request names a subject: as a public id in a field of the params, or as its target. */
export type SubjectSource =
  | { readonly in: 'params'; readonly field: string }
  | { readonly in: 'target'; readonly optional: boolean };

export const param = (field: string): SubjectSource => ({ in: 'params', field });

/** Only a host can be one. Optional: without it the control plane does the job itself. */
export const target = ({ optional = false } = {}): SubjectSource => ({ in: 'target', optional });

export const pointerOf = (source: SubjectSource): string =>
  source.in === 'params' ? `/params/${source.field}` : '/target/hostId';
