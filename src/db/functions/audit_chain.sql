-- Links what is on the list, at most p_limit events, oldest first in each organisation; returns how many. The lock makes one
-- chain of two chainers. An event that is listed and not there any more stays on the list: it was removed, and shows as a gap.
create or replace function audit_chain(p_limit int) returns int language plpgsql as $$
declare e audit_event; o uuid; s bigint; before bytea; n int := 0;
begin
  perform pg_advisory_xact_lock(7003, 1);
  for e in
    with next as (select t.org_id, t.event_id from audit_todo t
       where exists (select 1 from audit_event a where a.org_id = t.org_id and a.id = t.event_id) order by t.event_id limit p_limit),
    taken as (delete from audit_todo t using next where t.org_id = next.org_id and t.event_id = next.event_id returning t.org_id, t.event_id)
    select a.* from taken join audit_event a on a.org_id = taken.org_id and a.id = taken.event_id order by a.org_id, a.id
  loop
    if o is distinct from e.org_id then
      o := e.org_id; s := 0; before := null;
      select seq, digest into s, before from audit_link where org_id = o order by seq desc limit 1;
    end if;
    s := coalesce(s, 0) + 1;
    before := audit_digest(before, s, e);
    insert into audit_link(org_id, seq, event_id, digest) values (o, s, e.id, before);
    n := n + 1;
  end loop;
  return n;
end $$;

revoke all on function audit_chain(int) from public;
grant execute on function audit_chain(int) to holdfast_g_worker;
