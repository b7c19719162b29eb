/**
 * Ports that browsers and Node's fetch refuse to ask, because services that are not the web's were long there (the list of
 * the Fetch standard). curl does not mind, so a server there looks as if it ran.
 */
const BLOCKED_PORTS: ReadonlySet<number> = new Set([
  1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109, 110,
  111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526, 530, 531, 532,
  540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061,
  6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
]);

/** What is wrong with a port for people and our own client, or null. */
export const blockedPort = (port: number): string | null =>
  BLOCKED_PORTS.has(port) ? `is a port that browsers and our own client refuse (port ${port}): take another.` : null;

/** As paths are put behind it. */
export const withoutSlash = (url: string): string => url.replace(/\/+$/, '');

/** What is wrong with the address of a web server, or null. It may have a path, in front of which everything else is put. */
export function wrongWebUrl(value: string): string | null {
  // `localhost:8080` is a URL too, one of the scheme "localhost": only the schemes that we can use are taken.
  if (!/^https?:\/\//i.test(value) || !URL.canParse(value))
    return 'is not a URL: give http://host or https://host, with a port and a path if need be.';
  const { username, password, search, hash, port } = new URL(value);
  if (username !== '' || password !== '') return 'holds a name or a password: leave them out.';
  if (search !== '' || hash !== '' || /[?#]/.test(value)) return 'has a query or a fragment: leave it out.';
  return port === '' ? null : blockedPort(Number(port));
}
