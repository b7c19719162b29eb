import { isIP } from 'node:net';
import { wrongDatabaseUrl } from './database-url.ts';
import type { VariableType } from './schema.ts';
import { blockedPort, wrongWebUrl } from './web-url.ts';

/** What is wrong with a value and what to give instead, or null. Never repeats the value, which may be a secret. */
export function wrongFormat(type: VariableType, value: string): string | null {
  return CHECKS[type](value);
}

type Check = (value: string) => string | null;

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

const CHECKS: Readonly<Record<VariableType, Check>> = {
  text: () => null,
  path: () => null,
  port,
  'web-port': (value) => port(value) ?? blockedPort(Number(value)),
  flag: check((value) => value === '0' || value === '1', 'is not a flag: give 0 or 1.'),
  listen: (value) =>
    value.includes('%')
      ? 'holds a zone, which no URL can: give an address without, or :: for all addresses.'
      : listen(value),
  address: check((value) => {
    const parts = /^(?:[^\s/:@%]+|\[[0-9a-f:.]+\]):(\d+)$/i.exec(value);
    return parts !== null && isPort(parts[1]!);
  }, 'is not an address: give host:port; an IPv6 address stands in brackets and has no zone.'),
  addresses: check(
    (value) => value.split(',').every((part) => isNetwork(part.trim())),
    'is not a list of addresses: give IP addresses or networks such as 10.0.0.0/8, separated by commas.',
  ),
  'web-url': wrongWebUrl,
  'database-url': wrongDatabaseUrl,
  log: check(
    (value) => /^(?:(?:json|pretty)(?::(?:debug|info|warn|error))?|debug|info|warn|error)$/.test(value),
    'is not a form of log: give json, pretty, a level, or both as in pretty:debug.',
  ),
};

function isNetwork(text: string): boolean {
  const [address = '', bits, ...more] = text.split('/');
  const version = isIP(address);
  if (version === 0 || more.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128));
}
