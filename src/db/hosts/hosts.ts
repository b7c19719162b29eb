import type { EntityRead } from '../core/entities.ts';
import { Host } from '../tables/host.ts';

export const HOSTS: EntityRead<Host> = { entity: Host, with: ['site'], site: 'site.id' };
