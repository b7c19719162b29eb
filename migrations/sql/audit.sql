-- What was audited is put on the chainer's list in the same statement; writers need no right on that list.
create function audit_event_listed() returns trigger language plpgsql security definer set search_path = pg_catalog, public as $$
begin
  insert into public.audit_todo(org_id, event_id, at) select org_id, id, at from added;
  return null;
end $$;
create trigger audit_event_listed after insert on audit_event referencing new table as added
  for each statement execute function audit_event_listed();

create function audit_event_immutable() returns trigger language plpgsql as $$
begin
  raise exception 'audit events are never changed or removed by a login of ours' using errcode = '42501';
end $$;
create trigger audit_event_immutable before update or delete on audit_event for each row execute function audit_event_immutable();
