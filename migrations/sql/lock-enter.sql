-- An organisation whose row is not to be seen was locked by nobody, without a word: a transaction that forgot its door, or has
-- the wrong one, would have gone on beside those that hold the lock.
create or replace function lock_enter(p_org uuid) returns void language plpgsql as $$
declare n organization.number%type;
begin
  select number into n from organization where id = p_org;
  if not found then raise exception 'the organisation % cannot be locked: it is not to be seen here', p_org; end if;
  perform pg_advisory_xact_lock(7001, n);
end $$;
