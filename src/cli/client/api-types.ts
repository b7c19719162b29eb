import type { components, paths as Documented } from './openapi.generated.ts';

/** The schemas of the API by their names. */
export type Schemas = components['schemas'];
export type HostAnswer = Schemas['Host'];
/** As everybody may see it: what a command shows. */
export type JobAnswer = Schemas['SharedJob'];
export type PlanAnswer = Schemas['Plan'];
export type RepositoryAnswer = Schemas['Repository'];
type SiteAnswer = Schemas['Site'];

/** What can be named by its id or by its name. */
export interface Nouns {
  readonly site: SiteAnswer;
  readonly host: HostAnswer;
  readonly repository: RepositoryAnswer;
  readonly plan: PlanAnswer;
  readonly schedule: Schedule;
}

/** What the stream of a job tells, by the name of the event. */
export type JobEvent = {
  [Name in keyof Schemas['JobStream']]-?: {
    readonly event: Name;
    readonly id: string | null;
    readonly data: NonNullable<Schemas['JobStream'][Name]>;
  };
}[keyof Schemas['JobStream']];

/** By hand, because the document hides schedules until they fire. */
interface Schedule {
  readonly id: string;
  readonly name: string;
  readonly plan: { readonly id: string; readonly name: string };
  readonly spec: string;
  readonly timeZone: string;
  readonly enabled: boolean;
  readonly version: number;
}
interface Told<Body> {
  readonly responses: { readonly 200: { readonly content: { readonly 'application/json': Body } } };
}
interface Asked<Body> extends Told<Schedule> {
  readonly requestBody: { readonly content: { readonly 'application/json': Body } };
}
interface Hidden {
  readonly '/api/v1/schedules': {
    readonly get: Told<{ items: Schedule[]; nextCursor: string | null }> & {
      readonly parameters: { readonly query?: { readonly name?: string } };
    };
    readonly post: Asked<{ readonly name: string }>;
  };
  readonly '/api/v1/schedules/{id}': {
    readonly get: Told<Schedule>;
    readonly patch: Asked<object>;
    readonly delete: object;
  };
}
type Paths = Documented & Hidden;

type Method = 'get' | 'post' | 'patch' | 'put' | 'delete';
type Filled<Path extends string> = Path extends `${infer Head}{${string}}${infer Rest}`
  ? `${Head}${string}${Filled<Rest>}`
  : Path;
/** A path of the document as commands write it: `jobs/${string}/logs`. */
type Written<Path> = Path extends `/api/v1/${infer Rest}` ? Filled<Rest> : never;
/** The paths that have a method. */
export type PathOf<M extends Method> = {
  [Path in keyof Paths]: Paths[Path] extends Record<M, object> ? Written<Path> : never;
}[keyof Paths];

/** Written as the one and no other: `jobs/${string}` takes in each longer path too. */
type KeyOf<Path extends string> = Path extends string
  ? {
      [Key in keyof Paths]: [Path, Written<Key>] extends [Written<Key>, Path] ? Key : never;
    }[keyof Paths]
  : never;
type Operation<M extends Method, Path extends string> = Paths[KeyOf<Path>] extends infer Methods
  ? Methods extends Record<M, infer One>
    ? One
    : never
  : never;
type Json<Content> = Content extends { content: { 'application/json': infer Body } } ? Body : never;

/** What a request is answered with when all is well. */
export type AnswerOf<M extends Method, Path extends string> =
  Operation<M, Path> extends { responses: infer Responses } ? Json<Responses[keyof Responses]> : never;
export type BodyOf<M extends Method, Path extends string> =
  Operation<M, Path> extends { requestBody?: infer Body } ? Json<NonNullable<Body>> : never;
type Parameters<Path extends string> =
  Operation<'get', Path> extends { parameters: { query?: infer Query } } ? NonNullable<Query> : never;
export type QueryOf<Path extends string> = {
  readonly [Name in keyof Parameters<Path>]?: Parameters<Path>[Name] | undefined;
};
export type ItemOf<Path extends string> = AnswerOf<'get', Path> extends { items: (infer Item)[] } ? Item : never;
