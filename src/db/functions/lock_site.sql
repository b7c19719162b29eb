-- How many jobs of a site's hosts run at once; null: as many as the hosts do. The key is there while there is a cap, so a
-- site without one costs nothing: when it comes, jobs that hold or want their host's key get a share or a request of it.
create or replace function lock_site(p_org uuid, p_site uuid, p_slots int, p_now timestamptz, p_claim uuid, p_claim_until timestamptz) returns uuid[] language plpgsql as $$
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

revoke all on function lock_site(uuid, uuid, int, timestamptz, uuid, timestamptz) from public;
grant execute on function lock_site(uuid, uuid, int, timestamptz, uuid, timestamptz) to holdfast_g_api;
