import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type Type from 'typebox';
import { Failure } from '../lib/failure.ts';
import { redactText } from '../lib/redact.ts';
import type { Environment } from './environment.ts';
import { groupOf, type Variable, variableOf } from './field.ts';
import { FORMATS } from './format.ts';
import { homeFolder } from './home.ts';
import { nearest } from './nearest.ts';
import { CONFIG, VARIABLES } from './schema.ts';

/** Everything that comes from the environment, read once, typed. */
export interface Config extends Readonly<Type.Static<typeof CONFIG>> {
  /** Null where the account has none that can be used. */
  readonly home: string | null;
}

const LOOPBACK = /^(?:127\.\d{1,3}\.\d{1,3}\.\d{1,3}|::1|localhost)$/;

/** Reads and checks the environment. All that is wrong is told in one failure. */
export function readConfig(env: Environment): Config {
  const problems = unknownNames(env);
  const texts = new Map(VARIABLES.map((v) => [v, textOf(v, env, problems)]));
  const home = homeFolder(env);
  const accountCache = env.XDG_CACHE_HOME || (home && join(home, '.cache'));
  const take = (variable: Variable, dataDir: string): unknown => {
    const text = texts.get(variable);
    if (text) return FORMATS[variable.format].read(text);
    return variable.fallback?.({ dataDir, accountCache }) ?? null;
  };
  const dataDir = take(variableOf(CONFIG.properties.dataDir)!, '') as string;
  // The only step from text to types: the schema says of which type each value is.
  const read = valueIn(CONFIG, (variable) => take(variable, dataDir)) as Type.Static<typeof CONFIG>;
  problems.push(...disagreements(read));
  if (problems.length > 0)
    throw new Failure('bad-configuration', `The configuration is not right:\n  ${problems.join('\n  ')}`, {
      fault: 'operator',
    });
  return { ...read, home };
}

function valueIn(type: Type.TSchema, take: (variable: Variable) => unknown): unknown {
  const variable = variableOf(type);
  if (variable) return take(variable);
  const { fields, isOptional } = groupOf(type);
  const values = Object.entries(fields).map(([name, one]) => [name, valueIn(one, take)] as const);
  return isOptional && values.every(([, value]) => value === null) ? null : Object.fromEntries(values);
}

/** What is wrong with values that are right each by itself. */
function disagreements({ bind, tls, temporal, trustedProxy, insecureHttp }: Type.Static<typeof CONFIG>): string[] {
  const problems: string[] = [];
  const hasTls = Boolean(tls?.certFile && tls.keyFile);
  if (tls && !hasTls) problems.push('HOLDFAST_TLS_CERT_FILE and HOLDFAST_TLS_KEY_FILE go together: set both.');
  if (Boolean(temporal.tls?.certFile) !== Boolean(temporal.tls?.keyFile))
    problems.push('TEMPORAL_TLS_CERT and TEMPORAL_TLS_KEY go together: set both.');
  if (temporal.address?.startsWith('[') && (temporal.tls || temporal.apiKey) && !temporal.tls?.serverName)
    problems.push(
      `TEMPORAL_ADDRESS=${temporal.address} is an IPv6 address, which the Temporal client cannot look for in a certificate: set TEMPORAL_TLS_SERVER_NAME to a name of the certificate.`,
    );
  if (!LOOPBACK.test(bind) && !hasTls && trustedProxy.length === 0 && !insecureHttp)
    problems.push(
      `HOLDFAST_BIND=${bind} is not loopback: set HOLDFAST_TLS_CERT_FILE and HOLDFAST_TLS_KEY_FILE, or HOLDFAST_TRUSTED_PROXY, or HOLDFAST_INSECURE_HTTP=1 if plain HTTP is what you want.`,
    );
  return problems;
}

function unknownNames(env: Environment): string[] {
  const known = VARIABLES.flatMap((v) => (v.secret ? [v.name, `${v.name}_FILE`] : [v.name]));
  return Object.keys(env)
    .filter((name) => name.startsWith('HOLDFAST_') && !known.includes(name))
    .map((name) => `${name} is not a variable of Holdfast; did you mean ${nearest(name, known)}?`);
}

function textOf(variable: Variable, env: Environment, problems: string[]): string | null {
  const direct = env[variable.name] || null;
  const file = (variable.secret && env[`${variable.name}_FILE`]) || null;
  if (direct && file) problems.push(`${variable.name} and ${variable.name}_FILE are both set: leave one of them out.`);
  const value = file ? contentOf(variable.name, file, problems) : direct;
  const wrong = value === null ? null : FORMATS[variable.format].wrong(value);
  if (wrong) problems.push(`${variable.name}${variable.secret ? '' : `=${redactText(value!)}`} ${wrong}`);
  return wrong ? null : value;
}

function contentOf(name: string, file: string, problems: string[]): string | null {
  try {
    const content = readFileSync(file, 'utf8').trim();
    if (content) return content;
    problems.push(`${name}_FILE=${file} is empty.`);
  } catch (thrown) {
    problems.push(`${name}_FILE=${file} cannot be read (${(thrown as NodeJS.ErrnoException).code}).`);
  }
  return null;
}
