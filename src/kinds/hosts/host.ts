import type { HostFact } from '../../domain/jobs/facts.ts';
import { defineSubject } from '../core/subject.ts';

export const HOST = defineSubject<HostFact>({
  noun: 'host',
  id: 'host',
  read: 'host:read',
  readAt: 'site',
  brings: [],
});
