import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BUILTIN_ROLES, PERMISSION_KEYS, type Permission } from '../../catalog/permissions.ts';
import { authorize, canAnywhere, type Principal, reachOf } from './authorize.ts';

const person = (over: Partial<Principal> = {}): Principal => ({
  kind: 'key',
  userId: 'u',
  keyId: 'k',
  orgId: 'o',
  label: 'Ada',
  grants: [{ roleKey: 'owner', siteId: null }],
  scopes: null,
  userStatus: 'active',
  credential: 'live',
  organizationDeleted: false,
  ...over,
});
const grants = (...list: [string, string | null][]) => list.map(([roleKey, siteId]) => ({ roleKey, siteId }));

describe('authorize', () => {
  test('nobody without an assignment may anything', () => {
    for (const permission of PERMISSION_KEYS)
      expect(authorize(person({ grants: [] }), permission, null)).toEqual({ allowed: false, reason: 'no-grant' });
  });

  test('an assignment at a site replaces the one of the organisation there, up and down', () => {
    const narrowed = person({ grants: grants(['operator', null], ['viewer', 's1']) });
    expect(authorize(narrowed, 'job:cancel', 's1').allowed).toBe(false);
    expect(authorize(narrowed, 'job:cancel', 's2').allowed).toBe(true);
    const widened = person({ grants: grants(['viewer', null], ['operator', 's1']) });
    expect(authorize(widened, 'job:cancel', 's1').allowed).toBe(true);
    expect(authorize(widened, 'job:cancel', null).allowed).toBe(false);
  });

  test('an owner is never narrowed', () => {
    const owner = person({ grants: grants(['owner', null], ['viewer', 's1']) });
    for (const permission of PERMISSION_KEYS) expect(authorize(owner, permission, 's1').allowed).toBe(true);
  });

  test('a permission of the organisation does not come from a site', () => {
    const local = person({ grants: grants(['admin', 's1']) });
    expect(authorize(local, 'repository:manage', 's1').allowed).toBe(false);
  });

  test.each([
    [{ credential: 'expired' }, 'credential-expired'],
    [{ credential: 'revoked' }, 'credential-revoked'],
    [{ userStatus: 'disabled' }, 'user-not-active'],
    [{ organizationDeleted: true }, 'organization-deleted'],
    [{ scopes: ['job:read'] }, 'outside-key-scopes'],
    [{ grants: grants(['wizard', null]) }, 'no-grant'],
  ] as const)('%o is denied as %s', (over, reason) => {
    expect(authorize(person(over as Partial<Principal>), 'job:cancel', null)).toEqual({ allowed: false, reason });
  });

  test('a permission that nobody defined is denied, for the owner too', () => {
    expect(authorize(person(), 'job:explode' as Permission, null)).toEqual({
      allowed: false,
      reason: 'unknown-permission',
    });
  });

  const anyGrant = fc.record({
    roleKey: fc.constantFrom(...Object.keys(BUILTIN_ROLES)),
    siteId: fc.constantFrom(null, 's1', 's2', 's3'),
  });
  const anyPrincipal = fc
    .record({
      grants: fc.array(anyGrant, { maxLength: 5 }),
      scopes: fc.option(fc.subarray([...PERMISSION_KEYS])),
    })
    .map((over) => person(over));

  test('a key never may more than its owner, and reach says exactly what authorize says', () => {
    fc.assert(
      fc.property(
        anyPrincipal,
        fc.constantFrom(...PERMISSION_KEYS),
        fc.constantFrom(null, 's1', 's2', 's9'),
        (p, permission, site) => {
          const allowed = authorize(p, permission, site).allowed;
          if (allowed) expect(authorize({ ...p, scopes: null }, permission, site).allowed).toBe(true);
          const reach = reachOf(p, permission);
          const reached =
            site === null
              ? reach.everywhere
              : reach.everywhere
                ? !reach.except.includes(site)
                : reach.only.includes(site);
          expect(reached).toBe(allowed);
          if (allowed) expect(canAnywhere(p, permission)).toBe(true);
        },
      ),
    );
  });
});
