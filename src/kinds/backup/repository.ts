import type { RepositoryFact } from '../../domain/backup/facts.ts';
import { Failure } from '../../lib/failure.ts';
import { defineSubject, type SubjectUse } from '../core/subject.ts';

const opens = ({ id }: RepositoryFact, { secrets }: SubjectUse) =>
  secrets.some(({ table, row }) => table === 'repository' && row === id);

/** Its password goes to hosts: that takes more than seeing it. */
export const REPOSITORY = defineSubject<RepositoryFact>({
  noun: 'repository',
  id: 'repository',
  read: 'repository:read',
  readAt: 'organization',
  brings: [],
  forbids: (repository, use) =>
    opens(repository, use) && repository.usedBy !== 'host' && !use.can('repository:manage', null)
      ? new Failure(
          'forbidden',
          `The password of ${repository.name} goes only to hosts with a plan that uses it, or with the permission repository:manage.`,
          { fault: 'caller', extra: { required: 'repository:manage' } },
        )
      : null,
  unready: (repository, use) =>
    opens(repository, use) && !repository.hasPassword
      ? new Failure('repository-has-no-password', `${repository.name} has no password yet.`, {
          fault: 'caller',
          pointer: '/params',
        })
      : null,
});
