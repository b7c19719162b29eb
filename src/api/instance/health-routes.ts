import Type from 'typebox';
import { readMigrations } from '../../db/instance/instance.ts';
import { judgeSchema } from '../../domain/instance/schema-version.ts';
import type { EngineState } from '../../temporal/workflow-engine.ts';
import type { App } from '../core/app-type.ts';
import { Nullable, Time } from '../core/common-schema.ts';
import type { ApiParts } from '../core/parts.ts';
import { publicProblems } from '../core/problem-schema.ts';

const Part = Type.Object(
  {
    state: Type.Enum(['ok', 'away', 'wrong', 'unknown']),
    since: Nullable(Time),
    ageSeconds: Nullable(Type.Number()),
    detail: Type.Optional(Type.String()),
  },
  { title: 'ReadinessPart' },
);
type Part = Type.Static<typeof Part>;

const Readiness = Type.Object(
  {
    status: Type.Enum(['ready', 'degraded', 'not-ready']),
    version: Type.String(),
    commit: Nullable(Type.String()),
    parts: Type.Object({ database: Part, schema: Part, temporal: Part }),
  },
  { title: 'Readiness' },
);

const STATE_FRESH_MS = 5_000;
const PROBE_MS = 1_500;

type Watch = (state: Part['state'], detail?: string) => Part;

/** Remembers since when a part is in its state. */
function watch(now: () => Date): Watch {
  let last: { state: Part['state']; since: Date } | null = null;
  return (state: Part['state'], detail?: string): Part => {
    const at = now();
    if (last?.state !== state) last = { state, since: at };
    return part(state, last.since, at, detail);
  };
}

const part = (state: Part['state'], since: Date, now: Date, detail?: string): Part => ({
  state,
  since: since.toISOString(),
  ageSeconds: Math.round((now.getTime() - since.getTime()) / 1000),
  ...(detail === undefined ? {} : { detail }),
});

export function healthRoutes(app: App, parts: ApiParts): void {
  const { database, clock, settings, build } = parts;
  const now = () => clock.now();
  const [databasePart, schema, temporal] = [watch(now), watch(now), watch(now)];

  app.get(
    '/healthz',
    {
      config: { public: true },
      schema: {
        summary: 'Does the process live?',
        response: { 200: Type.Object({ status: Type.Literal('ok') }, { title: 'Health' }), ...publicProblems() },
      },
    },
    async () => ({ status: 'ok' as const }),
  );

  app.get(
    '/readyz',
    {
      config: { public: true },
      schema: {
        summary: 'Can it serve? Without Temporal it can: jobs are taken and wait.',
        response: { 200: Readiness, 503: Readiness, ...publicProblems() },
      },
    },
    async (request, reply) => {
      const found = await readMigrations(database).then(
        (migrations) => ({ migrations }),
        (error: unknown) => {
          request.log.warn({ err: error }, 'database check failed');
          return null;
        },
      );
      const engine = await askEngine(parts);
      const judged = {
        database: databasePart(found ? 'ok' : 'away'),
        schema: found ? judge(schema, found.migrations, settings.migrations) : schema('unknown'),
        temporal: temporal(engine.ok ? 'ok' : 'away'),
      };
      const dead = judged.database.state !== 'ok' || judged.schema.state === 'wrong';
      const status = dead ? ('not-ready' as const) : engine.ok ? ('ready' as const) : ('degraded' as const);
      if (dead) reply.header('retry-after', '2');
      return reply.code(dead ? 503 : 200).send({ status, version: build.version, commit: build.commit, parts: judged });
    },
  );
}

/** What the last call to Temporal showed; asked anew when that is long ago, and never waited for long. */
async function askEngine({ engine, clock }: ApiParts): Promise<EngineState> {
  const state = engine.state();
  if (state.since !== null && clock.now().getTime() - state.since.getTime() < STATE_FRESH_MS) return state;
  const waited = new Promise<EngineState>((resolve) =>
    setTimeout(() => resolve({ ...state, ok: false }), PROBE_MS).unref(),
  );
  return await Promise.race([engine.probe(), waited]);
}

/** Null: this login may not look, and migrate has looked before we started. */
function judge(schema: Watch, found: readonly string[] | null, known: readonly string[]): Part {
  if (found === null) return schema('unknown', 'not readable by this login; checked by migrate');
  const newest = found.at(-1) ?? 'none';
  switch (judgeSchema(found, known)) {
    case 'same':
      return schema('ok', newest);
    case 'newer':
      return schema('ok', `${newest}, newer than this program, which can live with it`);
    default:
      return schema('wrong', `the database is at ${newest}, this program needs ${known.at(-1)}`);
  }
}
