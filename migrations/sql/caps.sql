-- Caps that people set: how many jobs run at once against a repository and at a site. Replaces functions of locks.sql and
-- presence.sql. The rules and why they are so: docs/adr/019-caps.md.
set local lock_timeout = '5s';

alter table "repository" add column "max_jobs" int null constraint "repository_max_jobs_check" check (max_jobs >= 1 and max_jobs <= 50);
alter table "site" add column "max_jobs" int null constraint "site_max_jobs_check" check (max_jobs >= 1 and max_jobs <= 1000);

-- Which limit a slot was granted under. A limit that goes down leaves more holders than it allows; each of them has an
-- older edition than the key, so that lock_check can tell them from one that was let in too many.
alter table lock_key add column edition int not null default 0, drop constraint lock_key_slots_check,
  add constraint lock_key_slots_check check (slots between 1 and 1000);
alter table lock_slot add column edition int not null default 0;

-- As before, but slots carry the edition of their limit, and free ones are found by one look at the key instead of one for
-- each number: a site has up to a thousand.
create or replace function lock_try(p_org uuid, p_job uuid, p_now timestamptz, p_claim uuid, p_claim_until timestamptz) returns boolean language plpgsql as $$
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
    insert into lock_slot(org_id, key, slot, job_id, edition)
      select p_org, r.key, g.slot, p_job, k.edition from lock_request r join lock_key k using (org_id, key), lateral (
        select i as slot from (select generate_series(0, k.slots - 1) except select slot from lock_slot where org_id = p_org and key = r.key) f(i)
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

-- Another number of slots for a key that is there. Up: who waits is let in at once. Down: nobody loses a slot, and nobody
-- gets one until fewer are held. An exclusive holder holds all slots there are, before and after. Answers who was granted.
create function lock_limit(p_org uuid, p_key text, p_slots int, p_now timestamptz, p_claim uuid, p_claim_until timestamptz) returns uuid[] language plpgsql as $$
declare k lock_key;
begin
  select * into k from lock_key where org_id = p_org and key = p_key;
  -- The first job that wants it brings the key, with the limit of that time.
  if not found or k.slots = p_slots then return '{}'; end if;
  if k.excl then
    insert into lock_slot(org_id, key, slot, job_id, edition)
      select p_org, p_key, i, (select job_id from lock_slot where org_id = p_org and key = p_key limit 1), k.edition + 1 from generate_series(k.slots, p_slots - 1) i;
    delete from lock_slot where org_id = p_org and key = p_key and slot >= p_slots;
  end if;
  update lock_key set slots = p_slots, edition = edition + 1, used = case when excl then p_slots else used end where org_id = p_org and key = p_key;
  if p_slots < k.slots then return '{}'; end if;
  return lock_grant(p_org, array[p_key], p_now, p_claim, p_claim_until);
end $$;

-- How many jobs of a site's hosts run at once; null: as many as the hosts do. The key is there while there is a cap, so a
-- site without one costs nothing: when it comes, jobs that hold or want their host's key get a share or a request of it.
create function lock_site(p_org uuid, p_site uuid, p_slots int, p_now timestamptz, p_claim uuid, p_claim_until timestamptz) returns uuid[] language plpgsql as $$
declare site_key constant text := 'site/' || p_site; waited uuid[]; got uuid[] := '{}'; busy uuid[] := '{}'; j record;
begin
  if p_slots is not null then
    insert into lock_key(org_id, key, slots, edition) values (p_org, site_key, p_slots, 1) on conflict do nothing;
    if not found then return lock_limit(p_org, site_key, p_slots, p_now, p_claim, p_claim_until); end if;
    with held as (insert into lock_slot(org_id, key, slot, job_id)
      select p_org, site_key, row_number() over (order by s.job_id) - 1, s.job_id
        from host h join lock_slot s on s.org_id = h.org_id and s.key = 'host/' || h.id where h.org_id = p_org and h.site_id = p_site returning 1)
    update lock_key set used = (select count(*) from held) where org_id = p_org and key = site_key;
    insert into lock_request(org_id, job_id, key, mode, seq, host, ready)
      select p_org, r.job_id, site_key, 's', r.seq, r.host, r.ready
        from host h join lock_request r on r.org_id = h.org_id and r.host = h.id and r.key = 'host/' || h.id where h.org_id = p_org and h.site_id = p_site;
    return '{}';
  end if;
  delete from lock_slot where org_id = p_org and key = site_key;
  with gone as (delete from lock_request where org_id = p_org and key = site_key returning job_id) select array_agg(job_id) into waited from gone;
  delete from lock_key where org_id = p_org and key = site_key;
  -- Who waited for it is found by nothing else: its other keys may be free all the time. A grant opens no key to others, so
  -- nobody becomes grantable on the way.
  for j in select r.job_id, r.host from lock_request r join lock_key k using (org_id, key), lateral (select coalesce(k.closed_seq >= r.seq, true) as free) c
     where r.org_id = p_org and r.job_id = any(waited) group by r.job_id, r.host
    having bool_and(r.ready and c.free and (case when r.mode = 'x' then k.used = 0 or (not k.is_host and not k.excl) else not k.excl and k.used < k.slots end))
     order by min(r.seq) loop
    continue when j.host = any(busy);
    if lock_try(p_org, j.job_id, p_now, p_claim, p_claim_until) then got := got || j.job_id; busy := busy || j.host; end if;
  end loop;
  return got;
end $$;

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

revoke all on function lock_limit(uuid, text, int, timestamptz, uuid, timestamptz), lock_site(uuid, uuid, int, timestamptz, uuid, timestamptz) from public;
grant execute on function lock_limit(uuid, text, int, timestamptz, uuid, timestamptz), lock_site(uuid, uuid, int, timestamptz, uuid, timestamptz) to holdfast_g_api;
