import { isPlainText } from './plain-text.ts';

/** Where restic can keep a repository, by the way its address starts. */
export const BACKENDS = ['local', 'rest', 'sftp', 's3'] as const;
export type Backend = (typeof BACKENDS)[number];

/** The address as restic will read it, or in words why it is refused. */
export type ReadAddress = { readonly backend: Backend; readonly url: string } | { readonly refused: string };

const refuse = (refused: string): ReadAddress => ({ refused });

/**
 * Reads a repository's address by an allowlist of forms. A password in it is refused: it would stand in lists, argument
 * lists and logs. A leading `-` would be read as an option by restic.
 */
export function readRepositoryAddress(text: string): ReadAddress {
  if (!isPlainText(text)) return refuse('has a line break or another control character');
  if (text.trim() !== text || text === '') return refuse('starts or ends with a space, or is empty');
  if (text.startsWith('-')) return refuse('starts with "-"');
  if (text.startsWith('/')) return localAddress(text);
  if (text.startsWith('local:')) return localAddress(text.slice('local:'.length));
  if (text.startsWith('rest:')) return webAddress('rest', text, text.slice('rest:'.length));
  if (text.startsWith('s3:')) return webAddress('s3', text, s3Url(text.slice('s3:'.length)));
  if (text.startsWith('sftp:')) return sftpAddress(text);
  return refuse('is none of an absolute path, rest:https://..., sftp:user@host:/path and s3:https://host/bucket');
}

function localAddress(path: string): ReadAddress {
  if (!path.startsWith('/')) return refuse('is a local path that is not absolute');
  if (path.split('/').includes('..')) return refuse('has ".." in its path');
  if (path.replaceAll('/', '') === '') return refuse('is the root folder');
  return { backend: 'local', url: path };
}

const s3Url = (rest: string): string => (/^https?:\/\//.test(rest) ? rest : `https://${rest}`);

function webAddress(backend: Backend, text: string, inner: string): ReadAddress {
  if (!/^https?:\/\//.test(inner) || !URL.canParse(inner)) return refuse('has no http(s) URL behind its first word');
  const url = new URL(inner);
  if (url.username !== '' || url.password !== '')
    return refuse('holds a user name or password; set them as credentials');
  if (url.search !== '' || url.hash !== '') return refuse('has a query or a fragment');
  if (backend === 's3' && url.pathname.replaceAll('/', '') === '') return refuse('names no bucket');
  return { backend, url: text };
}

function sftpAddress(text: string): ReadAddress {
  const form =
    /^sftp:(?:\/\/)?(?:(?<user>[^@/:]+)@)?(?<host>[A-Za-z0-9[\]][A-Za-z0-9.:[\]-]*?)(?::\d{1,5}\/|:|\/)(?<path>\S.*)$/.exec(
      text,
    );
  if (text.includes('@') && /^sftp:(?:\/\/)?[^@]*:[^@]*@/.test(text))
    return refuse('holds a password; use a key of the host instead');
  if (!form || form.groups!.user?.startsWith('-')) return refuse('is not of the form sftp:user@host:/path');
  return { backend: 'sftp', url: text };
}
