-- What was audited is put on the chainer's list in the same statement; writers need no right on that list.
create or replace function audit_event_listed() returns trigger language plpgsql security definer set search_path = pg_catalog, public as $$
begin
  insert into public.audit_todo(org_id, event_id, at) select org_id, id, at from added;
  return null;
end $$;

revoke all on function audit_event_listed() from public;
