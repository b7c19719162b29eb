import Type from 'typebox';
import { FORMATS, type FormatName } from './format.ts';

export type Reader = 'up' | 'api' | 'worker' | 'gateway' | 'agent' | 'migrate' | 'bootstrap' | 'cli';

/** What a default may lie in. */
interface Places {
  readonly dataDir: string;
  /** Null where the account has neither a cache folder nor a home. */
  readonly accountCache: string | null;
}

/** A variable of the environment: one line of `docs/configuration.md`. */
export interface Variable {
  readonly name: string;
  readonly format: FormatName;
  /** What is taken when it is not set, in words where it is not a fixed value. */
  readonly default: string;
  /** Null: nothing is taken. */
  readonly fallback: ((places: Places) => unknown) | null;
  readonly readers: readonly Reader[];
  /** A secret may also come in a file: `<NAME>_FILE`. */
  readonly secret: boolean;
  readonly about: string;
}

type TypeOf<F extends FormatName> = (typeof FORMATS)[F]['type'];
type Nullable<T extends Type.TSchema> = Type.TUnion<[T, Type.TNull]>;

const leaf = <T extends Type.TSchema>(type: T, variable: Variable): T => ({ ...type, variable });

/** A field with a default, which is written as the variable would be. */
export function field<F extends FormatName>(
  name: string,
  format: F,
  fixed: string,
  readers: readonly Reader[],
  about: string,
): TypeOf<F> {
  const fallback = () => FORMATS[format].read(fixed);
  return leaf(FORMATS[format].type, {
    name,
    format,
    default: fixed || '(none)',
    fallback,
    readers,
    secret: false,
    about,
  });
}

/** A field whose default lies in a folder that others say. */
export function placed(
  name: string,
  words: string,
  fallback: (places: Places) => string,
  readers: readonly Reader[],
  about: string,
): TypeOf<'path'> {
  return leaf(FORMATS.path.type, { name, format: 'path', default: words, fallback, readers, secret: false, about });
}

/** A field that has no value when its variable is not set. */
export function optional<F extends FormatName>(
  name: string,
  format: F,
  words: string,
  readers: readonly Reader[],
  about: string,
): Nullable<TypeOf<F>> {
  const type = Type.Union([FORMATS[format].type, Type.Null()]) as Nullable<TypeOf<F>>;
  return leaf(type, { name, format, default: words, fallback: null, readers, secret: false, about });
}

export function secret<F extends FormatName>(...parts: Parameters<typeof optional<F>>): Nullable<TypeOf<F>> {
  const type = optional(...parts);
  return leaf(type, { ...variableOf(type)!, secret: true });
}

/** A field of a group that is there as a whole or not at all. */
export function together(name: string, readers: readonly Reader[], about: string): TypeOf<'file'> {
  const variable: Variable = { name, format: 'file', default: '(none)', fallback: null, readers, secret: false, about };
  return leaf(FORMATS.file.type, variable);
}

/** Fields of which none need be set: null then. */
export const optionalGroup = <Fields extends Type.TProperties>(fields: Fields): Nullable<Type.TObject<Fields>> =>
  Type.Union([Type.Object(fields), Type.Null()]);

export const variableOf = (type: Type.TSchema): Variable | null => (type as { variable?: Variable }).variable ?? null;

/** The fields of a group, and whether it is null when none of them has a value. */
export function groupOf(type: Type.TSchema): { fields: Type.TProperties; isOptional: boolean } {
  const isOptional = Type.IsUnion(type);
  const object = isOptional ? type.anyOf[0] : type;
  if (!Type.IsObject(object)) throw new Error('a field of the configuration has no variable');
  return { fields: object.properties, isOptional };
}

/** All variables below a schema, in its order. */
export function variablesIn(type: Type.TSchema): Variable[] {
  const variable = variableOf(type);
  return variable ? [variable] : Object.values(groupOf(type).fields).flatMap(variablesIn);
}
