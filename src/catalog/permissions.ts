/** Where a permission makes sense to be given. */
type PermissionScope = 'organization' | 'site';

interface PermissionDefinition {
  /** `resource:action`. */
  readonly key: string;
  readonly description: string;
  readonly plane: 'organization' | 'platform';
  readonly scopes: readonly PermissionScope[];
  /** The permission to see what this one acts on; a role that has this one needs that one. */
  readonly readPartner: string | null;
  /** Needs a login not older than ten minutes. */
  readonly stepUp: boolean;
}

const organization = (
  key: string,
  description: string,
  readPartner: string | null,
  scopes: readonly PermissionScope[] = ['organization', 'site'],
) => ({ key, description, plane: 'organization', scopes, readPartner, stepUp: false }) as const;

/** Every permission there is. A route names one of these or `public`; nothing else lets anybody in. */
export const PERMISSIONS = [
  organization('site:read', 'See sites', null),
  organization('site:manage', 'Create, change and remove sites, and say how many jobs run there at once', 'site:read', [
    'organization',
  ]),
  organization('host:read', 'See hosts and their presence', null),
  organization('repository:read', 'See repositories, without their secrets', null, ['organization']),
  organization('repository:manage', 'Create and change repositories and their credentials', 'repository:read', [
    'organization',
  ]),
  organization('repository:init', 'Initialise a repository', 'repository:read'),
  organization('repository:unlock', 'Remove stale and damaged locks of a repository', 'repository:read'),
  organization('plan:read', 'See plans', null),
  organization('plan:manage', 'Create, change and remove plans', 'plan:read'),
  organization('schedule:read', 'See schedules', null),
  organization('schedule:manage', 'Create, change and remove schedules', 'schedule:read'),
  organization('job:read', 'See jobs, their outcome and the kinds of jobs there are', null),
  organization('job:read_logs', 'Read the log of a job', 'job:read'),
  organization('job:start', 'Start jobs at all; each kind asks for its own permission too', 'job:read'),
  organization('job:cancel', 'Cancel jobs', 'job:read'),
  organization('backup:run', 'Start backups', 'plan:read'),
  organization('diagnostic:run', 'Start jobs that only show that a host answers', 'host:read'),
] as const satisfies readonly PermissionDefinition[];

export type Permission = (typeof PERMISSIONS)[number]['key'];

export const PERMISSION_KEYS: readonly Permission[] = PERMISSIONS.map((p) => p.key);

const READS: readonly Permission[] = [
  'site:read',
  'host:read',
  'repository:read',
  'plan:read',
  'schedule:read',
  'job:read',
];

/** The permissions a built-in role starts with. `owner` always has all of them. */
export const BUILTIN_ROLES = {
  owner: PERMISSION_KEYS,
  admin: PERMISSION_KEYS,
  operator: [
    ...READS,
    'job:read_logs',
    'job:start',
    'job:cancel',
    'backup:run',
    'diagnostic:run',
    'repository:init',
    'repository:unlock',
  ],
  technician: [...READS, 'job:read_logs', 'job:start', 'backup:run', 'diagnostic:run'],
  viewer: READS,
} as const satisfies Record<string, readonly Permission[]>;
export type BuiltinRole = keyof typeof BUILTIN_ROLES;
