-- One job: grant it whole, or mark it closing, or leave it. Slots carry the edition of their limit. Free ones are found by one
-- look at the key instead of one for each number: a site has up to a thousand.
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

revoke all on function lock_try(uuid, uuid, timestamptz, uuid, timestamptz) from public;
grant execute on function lock_try(uuid, uuid, timestamptz, uuid, timestamptz) to holdfast_g_api, holdfast_g_worker;
