import { baseEnvironment, type Environment } from '../../config/environment.ts';
import type { Reader } from '../../config/field.ts';
import { VARIABLES } from '../../config/schema.ts';

/** The environment of one of our processes: what programs need anyway, the variables that this one reads, and `own` over them. */
export function childEnv(
  environment: Environment,
  reader: Reader,
  own: Readonly<Record<string, string | null>>,
): Record<string, string> {
  const read = VARIABLES.filter((variable) => variable.readers.includes(reader)).flatMap(({ name, secret }) =>
    secret ? [name, `${name}_FILE`] : [name],
  );
  const passed = read.flatMap((name) => (environment[name] ? [[name, environment[name]]] : []));
  const set = Object.entries(own).filter(([, value]) => value !== null);
  return { ...baseEnvironment(environment), ...Object.fromEntries(passed), ...Object.fromEntries(set) };
}
