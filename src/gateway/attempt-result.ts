import Type from 'typebox';
import type { AttemptResult } from '../domain/outcome.ts';

const code = Type.String({ maxLength: 64 });

/** The shape of an attempt's outcome as an agent reports it. Sizes are bounded: it becomes a row that people look at. */
export const AttemptResultShape = Type.Object({
  outcome: Type.Object({
    code,
    counts: Type.Record(Type.String({ maxLength: 64 }), Type.Number(), { maxProperties: 64 }),
    refs: Type.Record(Type.String({ maxLength: 64 }), Type.String({ maxLength: 1024 }), { maxProperties: 64 }),
  }),
  failures: Type.Array(
    Type.Object({ code, item: Type.String({ maxLength: 8192 }), message: Type.String({ maxLength: 8192 }) }),
    { maxItems: 100 },
  ),
  failureCount: Type.Integer({ minimum: 0 }),
});

// The two must say the same.
const _same: AttemptResult = {} as Type.Static<typeof AttemptResultShape>;
void _same;
