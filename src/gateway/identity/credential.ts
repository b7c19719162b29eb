import { createHash } from 'node:crypto';
import { parsePublicId, publicId, type RandomBytes } from '../../lib/ids.ts';

/** `hfh_<organisation>_<host>_<secret>`: names its organisation, so that row-level security applies to its own look-up. */
const PATTERN = /^hfh_([0-9a-z]{26})_([0-9a-z]{26})_([A-Za-z0-9_-]{43})$/;
const SECRET_BYTES = 32;

export interface PresentedCredential {
  readonly orgId: string;
  readonly hostId: string;
  /** SHA-256 of the whole text: what a database may know. 256 bits of chance need no slow hash. */
  readonly hash: Buffer;
}

/** A new credential for a host; ids are uuids. The text is shown once and kept nowhere. */
export function newCredential(orgId: string, hostId: string, random: RandomBytes): string {
  const organisation = publicId('organization', orgId).slice('org_'.length);
  const host = publicId('host', hostId).slice('host_'.length);
  return `hfh_${organisation}_${host}_${Buffer.from(random(SECRET_BYTES)).toString('base64url')}`;
}

/** What a credential says of itself; null when it is none. Whether it is good, only the store knows. */
export function parseCredential(text: string): PresentedCredential | null {
  const found = PATTERN.exec(text);
  if (!found) return null;
  const orgId = parsePublicId('organization', `org_${found[1]}`);
  const hostId = parsePublicId('host', `host_${found[2]}`);
  if (orgId === null || hostId === null) return null;
  return { orgId, hostId, hash: createHash('sha256').update(text).digest() };
}
