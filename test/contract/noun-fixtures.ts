import { publicId } from '../../src/lib/ids.ts';
import type { ApiBench } from '../api/bench.ts';
import { host, plan, repository, site, type TestOrganization, uuid } from '../factories.ts';

/** Where a new one is put: in whose organisation, and at which site of it. */
export interface Place {
  readonly org: TestOrganization;
  readonly siteId: string;
}

/** What the suite needs to know of a noun to try it: nothing about how it works. */
export interface NounFixture {
  /** Writes a row that nothing points at; answers its uuid. */
  readonly make: (api: ApiBench, place: Place) => Promise<string>;
  /** For each query parameter of the list: a value that only this one has. */
  readonly filters: Readonly<Record<string, (shown: Shown) => string>>;
  /** Who may create, change and remove it. */
  readonly manage?: string;
  /** A body that makes a new one each time. Its name is what a repeated request may not change. */
  readonly create?: (api: ApiBench) => Promise<{ name: string }>;
  readonly change?: { readonly body: object; readonly action: string };
  readonly remove?: boolean;
}
// biome-ignore lint/suspicious/noExplicitAny: bodies of many shapes are looked into
type Shown = any;

let count = 0;
const newName = (): string => `made-${++count}`;
const newRepository = async (api: ApiBench, { org }: Place) =>
  (await repository(api.database.owner, org.id, { password: { keyring: api.parts.keyring, text: 'a password' } })).id;

async function planTarget(api: ApiBench, place: Place) {
  const { id: hostId } = await host(api.database.owner, place.org, { siteId: place.siteId });
  return { hostId, repositoryId: await newRepository(api, place) };
}

/** One for each noun in src/api/nouns.ts; the suite fails when one is missing. */
export const NOUN_FIXTURES: Readonly<Record<string, NounFixture>> = {
  site: {
    make: (api, { org }) => site(api.database.owner, org.id),
    filters: { name: ({ name }) => name },
    manage: 'site:manage',
    create: async () => ({ name: newName() }),
    change: { body: { maxJobs: 3 }, action: 'site.set-cap' },
    remove: true,
  },
  host: {
    make: async (api, { org, siteId }) => (await host(api.database.owner, org, { siteId })).id,
    filters: { name: ({ name }) => name },
  },
  repository: {
    make: newRepository,
    filters: { name: ({ name }) => name },
    manage: 'repository:manage',
    create: async () => {
      const name = newName();
      return { name, url: `/srv/${name}`, password: 'a password' };
    },
    change: { body: { maxJobs: 3 }, action: 'repository.set-cap' },
  },
  plan: {
    make: async (api, place) => (await plan(api.database.owner, place.org.id, await planTarget(api, place))).id,
    filters: {
      hostId: (shown) => shown.host.id,
      repositoryId: (shown) => shown.repository.id,
      name: ({ name }) => name,
    },
    manage: 'plan:manage',
    create: async (api) => {
      const { hostId, repositoryId } = await planTarget(api, { org: api.org, siteId: api.org.siteId });
      return {
        name: newName(),
        hostId: publicId('host', hostId),
        repositoryId: publicId('repository', repositoryId),
        paths: ['/etc'],
      };
    },
    change: { body: { paths: ['/srv'] }, action: 'plan.change' },
    remove: true,
  },
  schedule: {
    make: async (api, place) => {
      const { id: planId } = await plan(api.database.owner, place.org.id, await planTarget(api, place));
      const id = uuid();
      await api.database.owner.query(
        `insert into schedule(org_id, id, plan_id, name, spec, time_zone, created_at) values ($1, $2, $3, $4, '0 2 * * *', 'UTC', now())`,
        [place.org.id, id, planId, newName()],
      );
      return id;
    },
    filters: { planId: (shown) => shown.plan.id, name: ({ name }) => name },
    manage: 'schedule:manage',
    create: async (api) => {
      const place = { org: api.org, siteId: api.org.siteId };
      const { id } = await plan(api.database.owner, api.org.id, await planTarget(api, place));
      return { name: newName(), planId: publicId('plan', id), spec: '30 2 * * 1-5', timeZone: 'Europe/Berlin' };
    },
    change: { body: { spec: '0 3 * * *', enabled: false }, action: 'schedule.change' },
    remove: true,
  },
};
