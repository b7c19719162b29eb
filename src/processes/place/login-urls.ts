import { join } from 'node:path';
import type { Config } from '../../config/config.ts';
import { type LoginUrls, loginUrl } from '../../db/core/logins.ts';
import { GROUPS, type Group } from '../../db/core/policies.ts';
import { Failure } from '../../lib/failure.ts';
import type { RandomBytes } from '../../lib/ids.ts';
import { dataPaths, readIfThere, writeSecretFile } from './data-folder.ts';

const fileOf = (config: Config, group: Group) => join(dataPaths(config.dataDir).secrets, `database-url-${group}`);
const variableOf = (group: Group) => `DATABASE_URL_${group.toUpperCase()}`;

/** Roles belong to the whole cluster, so a database with another name gets roles with its name in theirs. */
export function rolePrefixOf(ownerUrl: string): string {
  const name = decodeURIComponent(new URL(ownerUrl).pathname.slice(1)).toLowerCase();
  const plain = name.replaceAll(/[^a-z0-9_]/g, '_').slice(0, 40);
  return plain.startsWith('holdfast') ? plain : `holdfast_${plain}`;
}

/** The four connection strings: what was given, else logins with passwords of our making, kept in the data folder. */
export function ensureLoginUrls(config: Config, ownerUrl: string, random: RandomBytes): LoginUrls {
  const prefix = rolePrefixOf(ownerUrl);
  const urlOf = (group: Group): string => {
    const given = config.database[group];
    if (given !== null) return given;
    const kept = readIfThere(fileOf(config, group));
    const password = kept ? decodeURIComponent(new URL(kept).password) : Buffer.from(random(24)).toString('base64url');
    // Written anew: the embedded server may have another port at this start.
    const url = loginUrl(ownerUrl, `${prefix}_${group}`, password);
    if (url !== kept) writeSecretFile(fileOf(config, group), url);
    return url;
  };
  return Object.fromEntries(GROUPS.map((group) => [group, urlOf(group)])) as Record<Group, string>;
}

/** The connection string of one login, and the name by which a person changes it. */
export function readLoginUrl(config: Config, group: Group): { url: string; variable: string } {
  const given = config.database[group];
  if (given !== null) return { url: given, variable: variableOf(group) };
  const file = fileOf(config, group);
  const url = readIfThere(file);
  if (url !== null) return { url, variable: file };
  throw new Failure(
    'database-url-missing',
    `The database is not known: ${variableOf(group)} is not set and there is no ${file}. Run "holdfast migrate" first, or set ${variableOf(group)}.`,
    { fault: 'operator' },
  );
}
