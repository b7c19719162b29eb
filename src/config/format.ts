import { isIP } from 'node:net';
import type { VariableType } from './schema.ts';

/** What is wrong with a value and what to give instead, or null. Never repeats the value, which may be a secret. */
export function wrongFormat(type: VariableType, value: string): string | null {
  return FITS[type](value) ? null : ADVICE[type];
}

const isPort = (text: string) => /^\d{1,5}$/.test(text) && Number(text) <= 65_535;

const FITS: Readonly<Record<VariableType, (value: string) => boolean>> = {
  text: () => true,
  path: () => true,
  port: isPort,
  flag: (value) => value === '0' || value === '1',
  listen: (value) => value === 'localhost' || isIP(value) !== 0,
  address: (value) => {
    const parts = /^(?:[^\s/:@]+|\[[0-9a-f:.]+\]):(\d+)$/i.exec(value);
    return parts !== null && isPort(parts[1]!);
  },
  addresses: (value) => value.split(',').every((part) => isNetwork(part.trim())),
  // `localhost:8080` is a URL too, one of the scheme "localhost": only the schemes that we can use are taken.
  'web-url': (value) => hasScheme(value, ['http:', 'https:']),
  'database-url': (value) => hasScheme(value, ['postgres:', 'postgresql:']),
  log: (value) => /^(?:(?:json|pretty)(?::(?:debug|info|warn|error))?|debug|info|warn|error)$/.test(value),
};

const ADVICE: Readonly<Record<VariableType, string>> = {
  text: '',
  path: '',
  port: 'is not a port: give a number from 0 to 65535.',
  flag: 'is not a flag: give 0 or 1.',
  listen: 'is not an address to listen on: give an IP address or localhost.',
  address: 'is not an address: give host:port.',
  addresses: 'is not a list of addresses: give IP addresses or networks such as 10.0.0.0/8, separated by commas.',
  'web-url': 'is not a URL: give http://host or https://host.',
  'database-url': 'is not a URL of PostgreSQL: give postgres://user:password@host:5432/database.',
  log: 'is not a form of log: give json, pretty, a level, or both as in pretty:debug.',
};

function hasScheme(value: string, schemes: readonly string[]): boolean {
  return URL.canParse(value) && schemes.includes(new URL(value).protocol);
}

function isNetwork(text: string): boolean {
  const [address = '', bits, ...more] = text.split('/');
  const version = isIP(address);
  if (version === 0 || more.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128));
}
