-- No login of ours has the right; this also holds for the owner.
create or replace function audit_event_immutable() returns trigger language plpgsql as $$
begin
  raise exception 'audit events are never changed or removed by a login of ours' using errcode = '42501';
end $$;

revoke all on function audit_event_immutable() from public;
