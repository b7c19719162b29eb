-- What must never be true; rows returned are violations. Used by tests and by doctor.
create or replace function lock_check(p_org uuid) returns table(what text, detail text) language sql stable as $$
  select 'over limit', k.key from lock_key k join lock_slot s using (org_id, key) where k.org_id = p_org group by k.key, k.slots, k.edition
  having (count(*) > k.slots and max(s.edition) = k.edition) or bool_or(s.slot >= k.slots and s.edition = k.edition)
  union all select 'used wrong', k.key from lock_key k left join (select org_id, key, count(*) c from lock_slot group by 1, 2) s using (org_id, key)
   where k.org_id = p_org and k.used <> coalesce(s.c, 0)
  union all select 'exclusive not alone', k.key from lock_key k join lock_slot s using (org_id, key)
   where k.org_id = p_org and k.excl group by k.key, k.slots having count(distinct s.job_id) <> 1 or count(*) <> k.slots
  union all select 'held by a job that is not under way', s.key || ' ' || j.state from lock_slot s join job j on j.org_id = s.org_id and j.id = s.job_id
   where s.org_id = p_org and j.state not in ('queued', 'running', 'paused', 'cancelling')
  union all select 'waiting job holds something', j.id::text from job j join lock_slot s on s.org_id = j.org_id and s.job_id = j.id
   where j.org_id = p_org and j.state = 'waiting'
  union all select 'grantable but waiting', f.job_id::text from lock_forgotten() f where f.org_id = p_org
  union all select 'closed_seq wrong', k.key from lock_key k where k.org_id = p_org
   and k.closed_seq is distinct from (select min(seq) from lock_request q where q.org_id = p_org and q.key = k.key and q.closing)
  union all select 'closing but not ready', r.job_id::text from lock_request r where r.org_id = p_org and r.closing and not r.ready
  union all select 'counts although its host is away, or the other way round', r.job_id::text
    from lock_request r join host h on h.org_id = r.org_id and h.id = r.host where r.org_id = p_org and r.ready <> h.present
  union all select 'request of a job that does not wait', j.id::text from lock_request r join job j on j.org_id = r.org_id and j.id = r.job_id
   where r.org_id = p_org and j.state <> 'waiting'
  union all select 'limit is not the cap', c.key from (
      select 'site/' || id as key, max_jobs, true as always from site where org_id = p_org
      union all select 'repository/' || id, max_jobs, false from repository where org_id = p_org) c left join lock_key k on k.org_id = p_org and k.key = c.key
   where case when c.always then k.slots is distinct from c.max_jobs else k.slots <> c.max_jobs end
  union all select 'not counted at its site', s.job_id::text from site t join host h on h.org_id = t.org_id and h.site_id = t.id
      join lock_slot s on s.org_id = h.org_id and s.key = 'host/' || h.id
   where t.org_id = p_org and t.max_jobs is not null and not exists (select 1 from lock_slot c where c.org_id = p_org and c.key = 'site/' || t.id and c.job_id = s.job_id)
  union all select 'does not wait for its site', r.job_id::text from site t join host h on h.org_id = t.org_id and h.site_id = t.id
      join lock_request r on r.org_id = h.org_id and r.host = h.id and r.key = 'host/' || h.id
   where t.org_id = p_org and t.max_jobs is not null and not exists (select 1 from lock_request c where c.org_id = p_org and c.job_id = r.job_id and c.key = 'site/' || t.id)
$$;

revoke all on function lock_check(uuid) from public;
grant execute on function lock_check(uuid) to holdfast_g_api, holdfast_g_worker;
