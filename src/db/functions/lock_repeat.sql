-- The repeat of the grant pass, in accept order.
create or replace function lock_repeat(p_org uuid, p_now timestamptz, p_claim uuid, p_claim_until timestamptz) returns uuid[] language plpgsql as $$
declare got uuid[] := '{}'; j uuid;
begin
  for j in select f.job_id from lock_forgotten() f where f.org_id = p_org order by f.seq loop
    if lock_try(p_org, j, p_now, p_claim, p_claim_until) then got := got || j; end if;
  end loop;
  return got;
end $$;

revoke all on function lock_repeat(uuid, timestamptz, uuid, timestamptz) from public;
grant execute on function lock_repeat(uuid, timestamptz, uuid, timestamptz) to holdfast_g_worker;
