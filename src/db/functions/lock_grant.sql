-- All requests that the change of these keys may have made grantable, in accept order. Quadratic in the number of keys:
-- pass the keys of one job. `busy` keeps a full repository with many waiters of busy hosts cheap (124 ms -> 2.9 ms); a job
-- without a host keeps no other one back: all of those have the zero uuid as their host.
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

revoke all on function lock_grant(uuid, text[], timestamptz, uuid, timestamptz) from public;
grant execute on function lock_grant(uuid, text[], timestamptz, uuid, timestamptz) to holdfast_g_api, holdfast_g_worker;
