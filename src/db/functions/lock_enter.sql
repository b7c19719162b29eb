-- Takes the organisation's lock until the transaction ends; comes first in every one that changes a job's state (ADR 004).
-- An organisation whose row is not to be seen was locked by nobody, without a word: a transaction that named no organisation,
-- or the wrong one, would have gone on beside those that hold the lock.
create or replace function lock_enter(p_org uuid) returns void language plpgsql as $$
declare n organization.number%type;
begin
  select number into n from organization where id = p_org;
  if not found then raise exception 'the organisation % cannot be locked: it is not to be seen here', p_org; end if;
  perform pg_advisory_xact_lock(7001, n);
end $$;

revoke all on function lock_enter(uuid) from public;
grant execute on function lock_enter(uuid) to holdfast_g_api, holdfast_g_worker;
