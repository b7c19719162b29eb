import Type from 'typebox';
import { PERMISSION_KEYS } from '../../catalog/permissions.ts';
import { reachOf } from '../../domain/core/authorize.ts';
import { publicId } from '../../lib/ids.ts';
import { Id, Nullable } from '../core/common-schema.ts';
import type { Routes } from '../core/parts.ts';
import { problems } from '../core/problem-schema.ts';

const Me = Type.Object(
  {
    kind: Type.Enum(['key', 'user']),
    user: Type.Object({ id: Id('user'), name: Type.String(), email: Type.String() }),
    key: Nullable(Type.Object({ id: Id('apiKey'), name: Type.String() })),
    organization: Type.Object({ id: Id('organization'), name: Type.String() }),
    permissions: Type.Array(Type.String(), { description: 'What you may in the whole organisation.' }),
    sitePermissions: Type.Array(Type.Object({ siteId: Id('site'), permissions: Type.Array(Type.String()) }), {
      description: 'What you may at sites where you have a role of their own.',
    }),
  },
  { title: 'Me' },
);

export const authRoutes: Routes = async (app) => {
  app.get(
    '/auth/me',
    {
      config: { authz: { permission: 'authenticated' } },
      schema: { summary: 'Who am I, and what may I do?', response: { 200: Me, ...problems() } },
    },
    async (request) => {
      const known = request.known!;
      const { principal } = known;
      const sites = [...new Set(principal.grants.flatMap((g) => g.siteId ?? []))];
      const at = (siteId: string) =>
        PERMISSION_KEYS.filter((p) => {
          const reach = reachOf(principal, p);
          return reach.everywhere ? !reach.except.includes(siteId) : reach.only.includes(siteId);
        });
      return {
        kind: principal.kind,
        user: { id: publicId('user', principal.userId), name: known.userName, email: known.email },
        key: principal.keyId === null ? null : { id: publicId('apiKey', principal.keyId), name: known.keyName },
        organization: { id: publicId('organization', principal.orgId), name: known.organizationName },
        permissions: PERMISSION_KEYS.filter((p) => reachOf(principal, p).everywhere),
        sitePermissions: sites.map((siteId) => ({ siteId: publicId('site', siteId), permissions: at(siteId) })),
      };
    },
  );
};
