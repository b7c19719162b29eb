const ADVICE =
  'is not a URL of PostgreSQL: give postgres://user:password@host:5432/database, and write special characters of the name and the password percent-encoded (# as %23, / as %2F, ? as %3F, @ as %40, % as %25).';

/**
 * What is wrong with a connection string, or null; never a piece of it. A `/`, `?` or `#` in a password ends the
 * authority early: the start of the password is then the port, its rest the database, and both would be shown.
 */
export function wrongDatabaseUrl(value: string): string | null {
  if (!URL.canParse(value)) return ADVICE;
  const { protocol, username, password, pathname, search, hash } = new URL(value);
  if (protocol !== 'postgres:' && protocol !== 'postgresql:') return ADVICE;
  const behind = value.slice(value.indexOf('://') + 3).replace(/^[^/?#]*/, '');
  const isWhole = hash === '' && !behind.includes('@') && /^\/?[^/]*$/.test(pathname) && isQuery(search);
  return isWhole && [username, password, pathname].every(isEncoded) ? null : ADVICE;
}

const isQuery = (search: string): boolean => search === '' || /^\?[A-Za-z_]+=[^&]*(?:&[A-Za-z_]+=[^&]*)*$/.test(search);

function isEncoded(part: string): boolean {
  try {
    decodeURIComponent(part);
    return true;
  } catch {
    return false;
  }
}
