import { isIP } from 'node:net';
import { resolve } from 'node:path';
import Type from 'typebox';
import { wrongDatabaseUrl } from './database-url.ts';
import { blockedPort, withoutSlash, wrongWebUrl } from './web-url.ts';

/** What is wrong with a value and what to give instead, or null. Never repeats the value, which may be a secret. */
type Check = (value: string) => string | null;

/** How the text of a variable is checked and read, and the type of what is read. */
const format = <T extends Type.TSchema>(type: T, wrong: Check, read: (text: string) => Type.Static<T>) => ({
  type,
  wrong,
  read,
});
const text = (wrong: Check, read = (value: string) => value) => format(Type.String(), wrong, read);
const number = (wrong: Check) => format(Type.Integer(), wrong, Number);
const anything = () => null;

const check =
  (fits: (value: string) => boolean, advice: string): Check =>
  (value) =>
    fits(value) ? null : advice;

const isPort = (text: string) => /^\d{1,5}$/.test(text) && Number(text) <= 65_535;
const port = check(isPort, 'is not a port: give a number from 0 to 65535.');

const listen = check(
  (value) => value === 'localhost' || isIP(value) !== 0,
  'is not an address to listen on: give an IP address or localhost.',
);

const address = check((value) => {
  const parts = /^(?:[^\s/:@%]+|\[[0-9a-f:.]+\]):(\d+)$/i.exec(value);
  return parts !== null && isPort(parts[1]!);
}, 'is not an address: give host:port; an IPv6 address stands in brackets and has no zone.');

const addresses = check(
  (value) => value.split(',').every((part) => isNetwork(part.trim())),
  'is not a list of addresses: give IP addresses or networks such as 10.0.0.0/8, separated by commas.',
);

const log = check(
  (value) => /^(?:(?:json|pretty)(?::(?:debug|info|warn|error))?|debug|info|warn|error)$/.test(value),
  'is not a form of log: give json, pretty, a level, or both as in pretty:debug.',
);

const LEVELS = ['debug', 'info', 'warn', 'error'] as const;
const Log = Type.Object({ pretty: Type.Boolean(), level: Type.Enum(LEVELS) });

export const FORMATS = {
  text: text(anything),
  /** Taken from where the process stands. */
  path: text(anything, (value) => resolve(value)),
  file: text(anything),
  port: number(port),
  /** One that people's browsers go to. */
  'web-port': number((value) => port(value) ?? blockedPort(Number(value))),
  flag: format(
    Type.Boolean(),
    check((value) => value === '0' || value === '1', 'is not a flag: give 0 or 1.'),
    (value) => value === '1',
  ),
  listen: text(
    (value) =>
      value.includes('%')
        ? 'holds a zone, which no URL can: give an address without, or :: for all addresses.'
        : listen(value),
    // One address and not a name of two: listener, clients and whoever else holds a port would pick different ones.
    (value) => value.replace(/^localhost$/, '127.0.0.1'),
  ),
  address: text(address),
  addresses: format(Type.Array(Type.String()), addresses, (value) =>
    value
      .split(',')
      .map((part) => part.trim())
      .filter(Boolean),
  ),
  'web-url': text(wrongWebUrl, withoutSlash),
  'database-url': text(wrongDatabaseUrl),
  log: format(Log, log, (value) => {
    const words = value.split(':');
    return { pretty: words.includes('pretty'), level: LEVELS.find((level) => words.includes(level)) ?? 'info' };
  }),
};
export type FormatName = keyof typeof FORMATS;

function isNetwork(text: string): boolean {
  const [address = '', bits, ...more] = text.split('/');
  const version = isIP(address);
  if (version === 0 || more.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128));
}
