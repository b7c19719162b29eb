-- Keys, slots and requests: who may use what. The rules and why they are so: docs/adr/004-locks-are-rows.md.
-- Everything here runs inside lock_enter of the organisation, which comes first in every transaction that changes a
-- job's state; a cancel that took the job row before the lock met a finish the other way round at once (40P01).
create sequence job_order;

create table lock_key(
  org_id uuid not null, key text not null, slots int not null check (slots between 1 and 50), is_host boolean not null default false,
  used int not null default 0, excl boolean not null default false, closed_seq bigint,
  primary key (org_id, key)) with (fillfactor = 50);

-- The database proves the limit: a slot is a row, and there are no more numbers than slots.
create table lock_slot(
  org_id uuid not null, key text not null, slot int not null, job_id uuid not null,
  primary key (org_id, key, slot),
  foreign key (org_id, key) references lock_key, foreign key (org_id, job_id) references job (org_id, id));
create index lock_slot_job on lock_slot(org_id, job_id);

create table lock_request(
  org_id uuid not null, job_id uuid not null, key text not null, mode "char" not null check (mode in ('x', 's')), seq bigint not null,
  -- Not null, and the zero uuid for a job without a host: `null <> all(busy)` is null and would hide the candidate for ever.
  host uuid not null, ready boolean not null, closing boolean not null default false,
  primary key (org_id, job_id, key),
  foreign key (org_id, key) references lock_key, foreign key (org_id, job_id) references job (org_id, id));
create index lock_request_wait on lock_request(org_id, key, seq) where ready;
create index lock_request_closing on lock_request(org_id, key, seq) where closing;

create function lock_enter(p_org uuid) returns void language sql as $$
  select pg_advisory_xact_lock(7001, number) from organization where id = p_org
$$;

-- One job: grant it whole, or mark it closing, or leave it.
create function lock_try(p_org uuid, p_job uuid, p_now timestamptz, p_claim uuid, p_claim_until timestamptz) returns boolean language plpgsql as $$
declare ok boolean; drain boolean; s bigint; run int;
begin
  select run_no into run from job where org_id = p_org and id = p_job and state = 'waiting';
  if not found then return false; end if;
  select coalesce(bool_and(o), true), bool_and(o or d), max(seq) into ok, drain, s from (
    select r.seq, r.ready and (case when r.mode = 'x' then k.used = 0 else not k.excl and k.used < k.slots end) and c.free as o,
           r.ready and r.mode = 'x' and not k.is_host and not k.excl and c.free as d
      from lock_request r join lock_key k using (org_id, key), lateral (select coalesce(k.closed_seq >= r.seq, true) as free) c
     where r.org_id = p_org and r.job_id = p_job) t;
  if ok then
    insert into lock_slot(org_id, key, slot, job_id)
      select p_org, r.key, g.slot, p_job from lock_request r join lock_key k using (org_id, key), lateral (
        select i as slot from generate_series(0, k.slots - 1) i
         where not exists (select 1 from lock_slot x where x.org_id = p_org and x.key = r.key and x.slot = i)
         order by i limit case when r.mode = 'x' then k.slots else 1 end) g
       where r.org_id = p_org and r.job_id = p_job;
    update lock_key k set used = used + case when r.mode = 'x' then k.slots else 1 end, excl = (r.mode = 'x'),
           closed_seq = case when k.closed_seq = s then (select min(q.seq) from lock_request q
             where q.org_id = p_org and q.key = k.key and q.closing and q.job_id <> p_job) else k.closed_seq end
      from lock_request r where r.org_id = p_org and r.job_id = p_job and k.org_id = p_org and r.key = k.key;
    delete from lock_request where org_id = p_org and job_id = p_job;
    update job set state = 'queued', reason = null, queued_at = p_now, version = version + 1 where org_id = p_org and id = p_job;
    insert into outbox(org_id, job_id, kind, run_no, due_at, claimed_until, claim_token, created_at)
      values (p_org, p_job, 'start', run, p_now, p_claim_until, p_claim, p_now);
    insert into event(org_id, topic, subject_id, data, at)
      select p_org, 'job.changed', p_job, jsonb_build_object('state', 'queued', 'version', version), p_now from job where org_id = p_org and id = p_job;
    return true;
  elsif drain then
    update lock_request set closing = true where org_id = p_org and job_id = p_job and mode = 'x' and not closing;
    if found then
      update lock_key k set closed_seq = s from lock_request r
       where r.org_id = p_org and r.job_id = p_job and r.mode = 'x' and k.org_id = p_org and k.key = r.key and coalesce(k.closed_seq > s, true);
    end if;
  end if;
  return false;
end $$;

-- All requests that the change of these keys may have made grantable, in accept order. Quadratic in the number of keys:
-- pass the keys of one job. `busy` keeps a full repository with many waiters of busy hosts cheap (124 ms -> 2.9 ms).
create function lock_grant(p_org uuid, p_keys text[], p_now timestamptz, p_claim uuid, p_claim_until timestamptz) returns uuid[] language plpgsql as $$
declare last bigint := 0; j record; got uuid[] := '{}'; busy uuid[] := '{}';
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
    if lock_try(p_org, j.job_id, p_now, p_claim, p_claim_until) then got := got || j.job_id; busy := busy || j.host;
    elsif not j.is_host and exists (select 1 from lock_key where org_id = p_org and key = 'host/' || j.host and used > 0) then busy := busy || j.host;
    end if;
  end loop;
  return got;
end $$;

-- Gives back what a job holds or waits for; returns the keys worth a grant pass.
create function lock_release(p_org uuid, p_job uuid) returns text[] language plpgsql as $$
declare ks text[]; cl text[];
begin
  with gone as (delete from lock_slot where org_id = p_org and job_id = p_job returning key),
  n as (select key, count(*)::int c from gone group by key),
  before as (select k.key, n.c, (k.excl or k.used >= k.slots or k.used = n.c or k.closed_seq is not null) as was
               from n join lock_key k on k.org_id = p_org and k.key = n.key),
  upd as (update lock_key k set used = k.used - b.c, excl = false from before b where k.org_id = p_org and k.key = b.key returning k.key, b.was)
  select array_agg(key) filter (where was) into ks from upd;
  with d as (delete from lock_request where org_id = p_org and job_id = p_job returning key, closing)
  select array_agg(key) filter (where closing) into cl from d;
  if cl is not null then
    update lock_key k set closed_seq = (select min(seq) from lock_request q where q.org_id = p_org and q.key = k.key and q.closing)
     where k.org_id = p_org and k.key = any(cl);
    ks := coalesce(ks, '{}') || cl;
  end if;
  return coalesce(ks, '{}');
end $$;

-- A host came or went: its waiting requests count or do not count. Answers the jobs that were granted.
create function lock_presence(p_org uuid, p_host uuid, p_on boolean, p_now timestamptz, p_claim uuid, p_claim_until timestamptz) returns uuid[] language plpgsql as $$
declare ks text[];
begin
  update host set present = p_on, version = version + 1 where org_id = p_org and id = p_host and present <> p_on;
  if not found then return '{}'; end if;
  insert into event(org_id, topic, subject_id, data, at)
    select p_org, 'host.changed', p_host, jsonb_build_object('online', p_on, 'version', version), p_now from host where org_id = p_org and id = p_host;
  if p_on then
    update lock_request set ready = true where org_id = p_org and host = p_host and not ready;
    update job set reason = 'lock', version = version + 1 where org_id = p_org and host_id = p_host and state = 'waiting' and reason = 'host_offline';
    return lock_grant(p_org, array['host/' || p_host], p_now, p_claim, p_claim_until);
  end if;
  update job set reason = 'host_offline', version = version + 1 where org_id = p_org and host_id = p_host and state = 'waiting';
  with u as (update lock_request r set ready = false, closing = false from lock_request o
     where o.org_id = p_org and o.job_id = r.job_id and o.key = r.key and r.org_id = p_org and r.host = p_host
     returning r.key, o.closing as was)
  select array_agg(distinct key) filter (where was) into ks from u;
  if ks is null then return '{}'; end if;
  update lock_key k set closed_seq = (select min(seq) from lock_request q where q.org_id = p_org and q.key = k.key and q.closing)
   where k.org_id = p_org and k.key = any(ks);
  return lock_grant(p_org, ks, p_now, p_claim, p_claim_until);
end $$;

-- What must never be true; rows returned are violations. Used by tests and by doctor.
create function lock_check(p_org uuid) returns table(what text, detail text) language sql stable as $$
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
  union all select 'grantable but waiting', r.job_id::text from lock_request r join lock_key k using (org_id, key)
   where r.org_id = p_org group by r.job_id
   having bool_and(r.ready and (case when r.mode = 'x' then k.used = 0 else not k.excl and k.used < k.slots end) and coalesce(k.closed_seq >= r.seq, true))
  union all select 'closed_seq wrong', k.key from lock_key k where k.org_id = p_org
   and k.closed_seq is distinct from (select min(seq) from lock_request q where q.org_id = p_org and q.key = k.key and q.closing)
  union all select 'request of a job that does not wait', j.id::text from lock_request r join job j on j.org_id = r.org_id and j.id = r.job_id
   where r.org_id = p_org and j.state <> 'waiting'
$$;
