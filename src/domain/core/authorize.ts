import { BUILTIN_ROLES, type BuiltinRole, PERMISSIONS, type Permission } from '../../catalog/permissions.ts';
import type { Can } from './actor.ts';

/** A role somebody has: everywhere in the organisation (`siteId` null) or at one site. */
export interface RoleGrant {
  readonly roleKey: string;
  readonly siteId: string | null;
}

/** Who asks, as the database knew them at this request. Ids are uuids. */
export interface Principal {
  readonly kind: 'key' | 'user';
  readonly userId: string;
  readonly keyId: string | null;
  readonly orgId: string;
  readonly label: string;
  readonly grants: readonly RoleGrant[];
  /** What a key is cut down to; null: all that its owner may. */
  readonly scopes: readonly string[] | null;
  readonly userStatus: 'invited' | 'active' | 'disabled';
  /** The credential's life is over, by time or by hand. */
  readonly credential: 'live' | 'expired' | 'revoked';
  readonly organizationDeleted: boolean;
}

type DenyReason =
  | 'organization-deleted'
  | 'credential-expired'
  | 'credential-revoked'
  | 'user-not-active'
  | 'unknown-permission'
  | 'outside-key-scopes'
  | 'no-grant';
type Decision = { readonly allowed: true } | { readonly allowed: false; readonly reason: DenyReason };

const deny = (reason: DenyReason): Decision => ({ allowed: false, reason });

/** Why this principal may do nothing at all, or null. The reason is for the log, never for the caller. */
export function refuseEntry(principal: Principal): DenyReason | null {
  if (principal.organizationDeleted) return 'organization-deleted';
  if (principal.credential === 'revoked') return 'credential-revoked';
  if (principal.credential === 'expired') return 'credential-expired';
  // An invited owner has a key in the embedded mode, before the first password is set.
  if (principal.userStatus === 'disabled') return 'user-not-active';
  return null;
}

const SITE_SCOPED = new Set<string>(
  PERMISSIONS.filter((p) => (p.scopes as readonly string[]).includes('site')).map((p) => p.key),
);
const KNOWN = new Set<string>(PERMISSIONS.map((p) => p.key));

function holds(roleKey: string, permission: Permission): boolean {
  return (BUILTIN_ROLES[roleKey as BuiltinRole] as readonly Permission[] | undefined)?.includes(permission) ?? false;
}

/**
 * May the principal do this at that site (null: in the organisation)? Deny by default. A site's assignment replaces the
 * organisation's at that site, except an owner's, so that nobody can lock the owner out of a site.
 */
export function authorize(principal: Principal, permission: Permission, siteId: string | null): Decision {
  const refused = refuseEntry(principal);
  if (refused) return deny(refused);
  if (!KNOWN.has(permission)) return deny('unknown-permission');
  if (principal.scopes && !principal.scopes.includes(permission)) return deny('outside-key-scopes');
  const site = SITE_SCOPED.has(permission) ? siteId : null;
  const wide = principal.grants.filter((g) => g.siteId === null);
  const local = site === null ? [] : principal.grants.filter((g) => g.siteId === site);
  const isOwner = wide.some((g) => g.roleKey === 'owner');
  const counted = local.length > 0 && !isOwner ? local : wide;
  return counted.some((g) => holds(g.roleKey, permission)) ? { allowed: true } : deny('no-grant');
}

/** The decision bound to one principal, as accept takes it. */
export const canOf =
  (principal: Principal): Can =>
  (permission, siteId) =>
    authorize(principal, permission, siteId).allowed;

/** Where a permission holds: everywhere but at some sites, or only at some. Lists are cut by this. */
export type Reach =
  | { readonly everywhere: true; readonly except: readonly string[] }
  | { readonly everywhere: false; readonly only: readonly string[] };

export function reachOf(principal: Principal, permission: Permission): Reach {
  const sites = [...new Set(principal.grants.flatMap((g) => g.siteId ?? []))];
  const can = (siteId: string | null) => authorize(principal, permission, siteId).allowed;
  if (can(null)) return { everywhere: true, except: sites.filter((site) => !can(site)) };
  return { everywhere: false, only: sites.filter((site) => can(site)) };
}

/** Is the site (null: no site) within it? */
export function reachIncludes(reach: Reach, siteId: string | null): boolean {
  if (!reach.everywhere) return siteId !== null && reach.only.includes(siteId);
  return siteId === null || !reach.except.includes(siteId);
}

/** Does it hold anywhere at all? What a route asks before it has looked at any row. */
export function canAnywhere(principal: Principal, permission: Permission): boolean {
  const reach = reachOf(principal, permission);
  return reach.everywhere || reach.only.length > 0;
}
