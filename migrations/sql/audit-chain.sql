-- The chain over an organisation's audit events. Each link's digest covers the one before, its number, and all of the event.
create index "audit_todo_order" on "audit_todo" ("event_id");

-- jsonb has one text for one value, whatever the order of fields. Of the time the seconds: its own text depends on the time zone.
create function audit_digest(p_before bytea, p_seq bigint, e audit_event) returns bytea language sql stable as $$
  select sha256(coalesce(p_before, '\x') || int8send(p_seq) || convert_to(jsonb_build_array(e.org_id, e.id, extract(epoch from e.at), e.actor_kind, e.actor_id,
    e.actor_label, e.action, e.object_kind, e.object_id, e.object_label, e.outcome, e.request_id, e.address, e.data)::text, 'UTF8'))
$$;

-- Links what is on the list, at most p_limit events, oldest first in each organisation; answers how many. The lock makes one
-- chain of two chainers. An event that is listed and not there any more stays on the list: it was removed, and shows as a gap.
create function audit_chain(p_limit int) returns int language plpgsql as $$
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

-- What is wrong with a chain, set-based. A digest that does not fit says that its event, or the link before it, was changed.
create function audit_verify(p_org uuid) returns table(seq bigint, event_id uuid, what text) language sql stable as $$
  with link as (
    select l.seq, l.event_id, l.digest, lag(l.digest) over w as before, coalesce(lag(l.seq) over w, 0) as before_seq
      from audit_link l where l.org_id = p_org window w as (order by l.seq))
  select l.seq, l.event_id,
         case when l.seq <> l.before_seq + 1 then 'link-removed' when a.id is null then 'event-removed' else 'altered' end
    from link l left join audit_event a on a.org_id = p_org and a.id = l.event_id
   where l.seq <> l.before_seq + 1 or a.id is null or l.digest is distinct from audit_digest(l.before, l.seq, a)
  union all
  select null, a.id, 'not-linked' from audit_event a
   where a.org_id = p_org and not exists (select 1 from audit_link l where l.org_id = p_org and l.event_id = a.id)
     and not exists (select 1 from audit_todo t where t.org_id = p_org and t.event_id = a.id)
  union all
  select null, t.event_id, 'event-removed' from audit_todo t
   where t.org_id = p_org and not exists (select 1 from audit_event a where a.org_id = p_org and a.id = t.event_id)
  order by 1
$$;

revoke all on function audit_digest(bytea, bigint, audit_event), audit_chain(int), audit_verify(uuid) from public;
grant execute on function audit_digest(bytea, bigint, audit_event), audit_chain(int), audit_verify(uuid) to holdfast_g_worker;
