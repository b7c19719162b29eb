-- Jobs that wait although nothing is in their way. Every change that lets somebody in grants in its own transaction, so
-- each snapshot finds none; one that is found was forgotten by a pass.
create or replace function lock_forgotten() returns table(org_id uuid, job_id uuid, seq bigint) language sql stable as $$
  select r.org_id, r.job_id, min(r.seq) from lock_request r join lock_key k using (org_id, key)
   group by r.org_id, r.job_id
  having bool_and(r.ready and (case when r.mode = 'x' then k.used = 0 else not k.excl and k.used < k.slots end) and coalesce(k.closed_seq >= r.seq, true))
  union all
  select j.org_id, j.id, j.seq from job j left join host h on h.org_id = j.org_id and h.id = j.host_id
   where j.state = 'waiting' and coalesce(h.present, true)
     and not exists (select 1 from lock_request r where r.org_id = j.org_id and r.job_id = j.id)
$$;

revoke all on function lock_forgotten() from public;
grant execute on function lock_forgotten() to holdfast_g_api, holdfast_g_worker;
