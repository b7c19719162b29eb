-- What is wrong with a chain, set-based. A digest that does not fit says that its event, or the link before it, was changed.
create or replace function audit_verify(p_org uuid) returns table(seq bigint, event_id uuid, what text) language sql stable as $$
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

revoke all on function audit_verify(uuid) from public;
grant execute on function audit_verify(uuid) to holdfast_g_worker;
