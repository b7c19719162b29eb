import type { PlanFact } from '../../domain/backup/facts.ts';
import { defineSubject } from '../core/subject.ts';

export const PLAN = defineSubject<PlanFact>({
  noun: 'plan',
  id: 'plan',
  read: 'plan:read',
  readAt: 'site',
  brings: ['host', 'repository'],
});
