-- Presence, the repeat of the grant pass, and indexes of the sweeps. Replaces functions of locks.sql.
set local lock_timeout = '5s';

-- Whether beats reach us at all. One row of the instance: gateways tell that they live, the presence sweep tells when too
-- many hosts fell silent at once to believe it of each.
create table "ingest" ("id" int not null, "since" timestamptz not null, "seen_at" timestamptz not null, "problem_since" timestamptz null, "silent_hosts" int not null default 0, primary key ("id"));
alter table "ingest" add constraint "ingest_id_check" check (id = 1);
alter table "ingest" enable row level security;
create policy "ingest_worker" on "ingest" to "holdfast_g_worker" using (true) with check (true);
create policy "ingest_gateway" on "ingest" to "holdfast_g_gateway" using (true) with check (true);
grant select, insert, update on ingest to holdfast_g_gateway;
grant select on ingest to holdfast_g_worker;
grant update (problem_since, silent_hosts) on ingest to holdfast_g_worker;

create index "host_lease_back" on "host" ("lease_until") where not "present";
create index "job_waiting_deadline" on "job" ("queue_deadline_at") where state = 'waiting';
create index lock_request_host on lock_request(org_id, host);

-- As before, but a job without a host keeps no other one back: all of those have the zero uuid as their host.
create or replace function lock_grant(p_org uuid, p_keys text[], p_now timestamptz, p_claim uuid, p_claim_until timestamptz) returns uuid[] language plpgsql as $$
declare last bigint := 0; j record; got uuid[] := '{}'; busy uuid[] := '{}';
  no_host constant uuid := '00000000-0000-0000-0000-000000000000';
begin
  loop
    select r.job_id, r.seq, r.host, r.is_host into j
      from lock_key k cross join lateral (
        select q.job_id, q.seq, q.host, k.is_host from lock_request q
         where q.org_id = p_org and q.key = k.key and q.ready and q.seq > last and not k.excl and k.used < k.slots
           and coalesce(k.closed_seq >= q.seq, true) and q.host <> all(busy) order by q.seq limit 1) r
     where k.org_id = p_org and k.key = any(p_keys) order by r.seq limit 1;
    exit when not found;
    last := j.seq;
    if lock_try(p_org, j.job_id, p_now, p_claim, p_claim_until) then got := got || j.job_id; end if;
    -- Other jobs of a host whose key is taken cannot be granted in this pass.
    if j.host <> no_host and exists (select 1 from lock_key where org_id = p_org and key = 'host/' || j.host and used > 0) then
      busy := busy || j.host;
    end if;
  end loop;
  return got;
end $$;

-- A host came or went: its waiting requests count or do not count. Answers the jobs that were granted.
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

-- Jobs that wait although nothing is in their way. Every change that lets somebody in grants in its own transaction, so
-- each snapshot finds none; one that is found was forgotten by a pass.
create function lock_forgotten() returns table(org_id uuid, job_id uuid, seq bigint) language sql stable as $$
  select r.org_id, r.job_id, min(r.seq) from lock_request r join lock_key k using (org_id, key)
   group by r.org_id, r.job_id
  having bool_and(r.ready and (case when r.mode = 'x' then k.used = 0 else not k.excl and k.used < k.slots end) and coalesce(k.closed_seq >= r.seq, true))
  union all
  select j.org_id, j.id, j.seq from job j left join host h on h.org_id = j.org_id and h.id = j.host_id
   where j.state = 'waiting' and coalesce(h.present, true)
     and not exists (select 1 from lock_request r where r.org_id = j.org_id and r.job_id = j.id)
$$;

-- The repeat of the grant pass, in accept order.
create function lock_repeat(p_org uuid, p_now timestamptz, p_claim uuid, p_claim_until timestamptz) returns uuid[] language plpgsql as $$
declare got uuid[] := '{}'; j uuid;
begin
  for j in select f.job_id from lock_forgotten() f where f.org_id = p_org order by f.seq loop
    if lock_try(p_org, j, p_now, p_claim, p_claim_until) then got := got || j; end if;
  end loop;
  return got;
end $$;

create or replace function lock_check(p_org uuid) returns table(what text, detail text) language sql stable as $$
  select 'over limit', k.key from lock_key k join (select org_id, key, count(*) c, max(slot) ms from lock_slot group by 1, 2) s using (org_id, key)
   where k.org_id = p_org and (s.c > k.slots or s.ms >= k.slots)
  union all select 'used wrong', k.key from lock_key k left join (select org_id, key, count(*) c from lock_slot group by 1, 2) s using (org_id, key)
   where k.org_id = p_org and k.used <> coalesce(s.c, 0)
  union all select 'exclusive not alone', k.key from lock_key k join lock_slot s using (org_id, key)
   where k.org_id = p_org and k.excl group by k.key having count(distinct s.job_id) <> 1
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
$$;

revoke all on function lock_forgotten(), lock_repeat(uuid, timestamptz, uuid, timestamptz) from public;
grant execute on function lock_forgotten() to holdfast_g_api, holdfast_g_worker;
grant execute on function lock_repeat(uuid, timestamptz, uuid, timestamptz) to holdfast_g_worker;
