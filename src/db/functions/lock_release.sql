-- Gives back what a job holds or waits for; returns the keys worth a grant pass.
create or replace function lock_release(p_org uuid, p_job uuid) returns text[] language plpgsql as $$
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

revoke all on function lock_release(uuid, uuid) from public;
grant execute on function lock_release(uuid, uuid) to holdfast_g_api, holdfast_g_worker;
