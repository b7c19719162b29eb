import type { Permission } from '../../catalog/permissions.ts';

/** Who did something, as it is copied into job and audit rows. */
export interface Actor {
  readonly kind: 'user' | 'key' | 'system' | 'agent' | 'temporal';
  readonly id: string | null;
  readonly label: string;
}

export type Trigger = 'person' | 'key' | 'schedule' | 'runbook' | 'system';

/** The question of the decision function, bound to one principal: may it do this at that site (null: in the organisation)? */
export type Can = (permission: Permission, siteId: string | null) => boolean;
