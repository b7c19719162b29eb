-- A host came or went: its waiting requests count or do not count. Returns the jobs that were granted.
create or replace function lock_presence(p_org uuid, p_host uuid, p_on boolean, p_now timestamptz, p_claim uuid, p_claim_until timestamptz) returns uuid[] language plpgsql as $$
declare ks text[]; got uuid[] := '{}'; j uuid;
begin
  update host set present = p_on, version = version + 1 where org_id = p_org and id = p_host and present <> p_on;
  if not found then return '{}'; end if;
  insert into event(org_id, topic, subject_id, data, at)
    select p_org, 'host.changed', p_host, jsonb_build_object('online', p_on, 'version', version), p_now from host where org_id = p_org and id = p_host;
  with changed as (
    update job set reason = case when p_on then 'lock' else 'host_offline' end, version = version + 1
     where org_id = p_org and host_id = p_host and state = 'waiting' and reason = any (array['lock', 'host_offline'])
     returning id, reason, version)
  insert into event(org_id, topic, subject_id, data, at)
    select p_org, 'job.changed', id, jsonb_build_object('state', 'waiting', 'reason', reason, 'version', version), p_now from changed;
  if p_on then
    update lock_request set ready = true where org_id = p_org and host = p_host and not ready;
    -- Jobs that take no key have no request to be found by; jobs that take others than the host's are found by those.
    for j in select w.id from job w where w.org_id = p_org and w.host_id = p_host and w.state = 'waiting'
        and not exists (select 1 from lock_request r where r.org_id = p_org and r.job_id = w.id) order by w.seq loop
      if lock_try(p_org, j, p_now, p_claim, p_claim_until) then got := got || j; end if;
    end loop;
    select array_agg(distinct r.key) into ks from lock_request r
     where r.org_id = p_org and r.host = p_host
       and not exists (select 1 from lock_request h where h.org_id = p_org and h.job_id = r.job_id and h.key = 'host/' || p_host);
    return got || lock_grant(p_org, coalesce(ks, '{}') || ('host/' || p_host), p_now, p_claim, p_claim_until);
  end if;
  with u as (update lock_request r set ready = false, closing = false from lock_request o
     where o.org_id = p_org and o.job_id = r.job_id and o.key = r.key and r.org_id = p_org and r.host = p_host
     returning r.key, o.closing as was)
  select array_agg(distinct key) filter (where was) into ks from u;
  if ks is null then return '{}'; end if;
  update lock_key k set closed_seq = (select min(seq) from lock_request q where q.org_id = p_org and q.key = k.key and q.closing)
   where k.org_id = p_org and k.key = any(ks);
  return lock_grant(p_org, ks, p_now, p_claim, p_claim_until);
end $$;

revoke all on function lock_presence(uuid, uuid, boolean, timestamptz, uuid, timestamptz) from public;
grant execute on function lock_presence(uuid, uuid, boolean, timestamptz, uuid, timestamptz) to holdfast_g_api, holdfast_g_worker;
