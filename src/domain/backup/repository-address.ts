import { isPlainText } from '../core/plain-text.ts';

/** Where restic can keep a repository, by the way its address starts. */
const BACKENDS = ['local', 'rest', 'sftp', 's3'] as const;
type Backend = (typeof BACKENDS)[number];

/** The address as restic will read it, or in words why it is refused. */
export type ReadAddress = { readonly backend: Backend; readonly url: string } | { readonly refused: string };

const refuse = (refused: string): ReadAddress => ({ refused });

// What each part may hold. restic splits an address at the first ":" and at any "@" and hands host and user to ssh as
// arguments of their own, so each has to start with a letter or a digit, and neither may hold a character to split at.
const USER = '[A-Za-z0-9_][A-Za-z0-9._-]{0,63}\\$?';
const NAME = '[A-Za-z0-9](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9])?';
const IPV6 = '\\[[0-9A-Fa-f:.]{2,45}(?:%25[A-Za-z0-9._-]{1,15})?\\]';
const HOST = `(?<host>${NAME}|${IPV6})`;
const PORT = '(?::(?<port>[0-9]{1,5}))?';
const URL_PATH = "(?<path>(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})*)";

const WEB = new RegExp(`^(?<scheme>https?)://${HOST}${PORT}(?<slash>/${URL_PATH})?$`);
const SFTP_URL = new RegExp(`^//(?:(?<user>${USER})@)?${HOST}${PORT}/${URL_PATH}$`);
// Here everything behind the first ":" is the path, so that there is neither a port nor an IPv6 address.
const SFTP_SHORT = new RegExp(`^(?:(?<user>${USER})@)?(?<host>${NAME}):(?<path>.+)$`);

const SFTP_FORM = 'is not of the form sftp:user@host:/path or sftp://user@host:port//path';

/**
 * Reads a repository's address by an allowlist of forms and builds it anew from its parts. A password in it is refused:
 * it would stand in lists, argument lists and logs. The API asks when an address is saved, the agent before it starts restic.
 */
export function readRepositoryAddress(text: string): ReadAddress {
  if (!isPlainText(text)) return refuse('has a line break or another control character');
  if (text.trim() !== text || text === '') return refuse('starts or ends with a space, or is empty');
  if (text.startsWith('-')) return refuse('starts with "-"');
  if (text.startsWith('/')) return localAddress(text);
  const [scheme, inner] = [text.slice(0, text.indexOf(':') + 1), text.slice(text.indexOf(':') + 1)];
  if (scheme === 'local:') return localAddress(inner);
  if (scheme === 'rest:') return webAddress('rest', inner);
  if (scheme === 's3:') return s3Address(inner);
  if (scheme === 'sftp:') return sftpAddress(inner);
  return refuse('is none of an absolute path, rest:https://..., sftp:user@host:/path and s3:https://host/bucket');
}

function localAddress(path: string): ReadAddress {
  if (!path.startsWith('/')) return refuse('is a local path that is not absolute');
  const names = path.split('/').filter((name) => name !== '' && name !== '.');
  if (names.includes('..')) return refuse('has ".." in its path');
  if (names.length === 0) return refuse('is the root folder');
  const url = `/${names.join('/')}`;
  return url.trim() === url ? { backend: 'local', url } : refuse('ends with a space');
}

function s3Address(inner: string): ReadAddress {
  const withScheme = /^https?:/.test(inner);
  const read = webAddress('s3', withScheme ? inner : `https://${inner.replace(/^\/\//, '')}`);
  if ('refused' in read || withScheme) return read;
  return { backend: 's3', url: read.url.replace('s3:https://', 's3:') };
}

function webAddress(backend: Backend, inner: string): ReadAddress {
  const [, authority] = /^https?:\/\/([^/?#]*)/.exec(inner) ?? [];
  if (authority === undefined) return refuse('has no http(s) URL behind its first word');
  if (authority.includes('@'))
    return refuse(
      'holds a user name or password, which would stand in lists and logs. A login of a storage cannot be given yet: let the storage know the host by its network, or use sftp with a key of the host',
    );
  if (/[?#]/.test(inner)) return refuse('has a query or a fragment');
  const { scheme, host, port, slash = '', path = '' } = WEB.exec(inner)?.groups ?? {};
  if (host === undefined || !isPort(port))
    return refuse('has a host, port or path that a URL cannot hold; write other characters as %XX');
  if (backend === 's3' && path.replaceAll('/', '') === '') return refuse('names no bucket');
  return { backend, url: `${backend}:${scheme}://${authorityOf(host, port)}${slash}` };
}

function sftpAddress(inner: string): ReadAddress {
  const isUrl = inner.startsWith('//');
  if (/^(\/\/)?[^@/]*:[^@/]*@/.test(inner)) return refuse('holds a password; use a key of the host instead');
  const parts = (isUrl ? SFTP_URL : SFTP_SHORT).exec(inner)?.groups;
  if (parts === undefined) return refuse(SFTP_FORM);
  const { user, host = '', port, path = '' } = parts;
  if (!isPort(port) || path === '') return refuse(SFTP_FORM);
  if (path.startsWith('~'))
    return refuse('has a path that starts with "~"; write it out, or relative to the home folder');
  const login = `${user === undefined ? '' : `${user}@`}${isUrl ? authorityOf(host, port) : host.toLowerCase()}`;
  return { backend: 'sftp', url: isUrl ? `sftp://${login}/${path}` : `sftp:${login}:${path}` };
}

const isPort = (port: string | undefined): boolean =>
  port === undefined || (Number(port) >= 1 && Number(port) <= 65_535);

const authorityOf = (host: string, port: string | undefined): string =>
  `${host.toLowerCase()}${port === undefined ? '' : `:${Number(port)}`}`;
