-- Another number of slots for a key that is there. Up: who waits is let in at once. Down: nobody loses a slot, and nobody
-- gets one until fewer are held. An exclusive holder holds all slots there are, before and after. Returns who was granted.
create or replace function lock_limit(p_org uuid, p_key text, p_slots int, p_now timestamptz, p_claim uuid, p_claim_until timestamptz) returns uuid[] language plpgsql as $$
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

revoke all on function lock_limit(uuid, text, int, timestamptz, uuid, timestamptz) from public;
grant execute on function lock_limit(uuid, text, int, timestamptz, uuid, timestamptz) to holdfast_g_api;
