import pg from 'pg';
import { prefixedGroup } from '../../../migrations/base.ts';
import { GROUPS, type Group } from './policies.ts';

/** Connection strings of the four logins. */
export type LoginUrls = Readonly<Record<Group, string>>;

const TIMEOUT_SECONDS: Record<Group, number> = { api: 15, auth: 15, gateway: 15, worker: 60 };

/** The connection string of the owner, with another name and password. */
export function loginUrl(ownerUrl: string, user: string, password: string): string {
  const url = new URL(ownerUrl);
  url.username = encodeURIComponent(user);
  url.password = encodeURIComponent(password);
  return url.toString();
}

/**
 * Makes the group roles that policies name, and the logins, with the names and passwords of the given URLs. Can be run
 * again and by several at once: roles are cluster-wide and an advisory lock is not, so both "it is there" codes are fine.
 */
export async function ensureLogins(owner: pg.Client, rolePrefix: string, urls: LoginUrls): Promise<void> {
  const ident = pg.escapeIdentifier;
  const create = (role: string, how: string) =>
    owner.query(
      `do $$ begin create role ${ident(role)} ${how}; exception when duplicate_object or unique_violation then null; end $$`,
    );
  for (const group of GROUPS) {
    const url = new URL(urls[group]);
    const [login, password] = [decodeURIComponent(url.username), decodeURIComponent(url.password)];
    const groupRole = prefixedGroup(rolePrefix, group);
    await create(groupRole, 'nologin');
    await create(login, 'login');
    if (password) await owner.query(`alter role ${ident(login)} with login password ${pg.escapeLiteral(password)}`);
    // set false: the login has the group's grants and policies but cannot become another role.
    await owner.query(`grant ${ident(groupRole)} to ${ident(login)} with inherit true, set false`);
    const seconds = TIMEOUT_SECONDS[group];
    await owner.query(`alter role ${ident(login)} set transaction_timeout = '${seconds}s'`);
    await owner.query(`alter role ${ident(login)} set idle_in_transaction_session_timeout = '${seconds}s'`);
    await owner.query(`alter role ${ident(login)} set lock_timeout = '10s'`);
  }
}

/** Who may connect at all. A database made from a template starts open to everybody, so tests call this for each clone. */
export async function closeDatabase(owner: pg.Client, urls: LoginUrls): Promise<void> {
  const ident = pg.escapeIdentifier;
  const database = ident((await owner.query('select current_database() as name')).rows[0].name);
  await owner.query(`revoke connect, temporary on database ${database} from public`);
  await owner.query('revoke create on schema public from public');
  for (const group of GROUPS)
    await owner.query(
      `grant connect on database ${database} to ${ident(decodeURIComponent(new URL(urls[group]).username))}`,
    );
}
