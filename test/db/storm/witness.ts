import type pg from 'pg';
import type { Entry } from './history.ts';

/** Triggers that write down what the product does with requests and jobs. Its logins know nothing of them. */
const WITNESS = `
  create table witness(no bigint generated always as identity primary key, what text not null, job uuid not null, key text, mode text, seq bigint);
  create index on witness(job) where what = 'wish';
  create function witness_request() returns trigger language plpgsql security definer as $$ begin
    if tg_op = 'INSERT' then insert into witness(what, job, key, mode, seq) values ('wish', new.job_id, new.key, new.mode::text, new.seq);
    elsif tg_op = 'DELETE' then
      if old.closing then insert into witness(what, job, key, mode, seq) values ('open', old.job_id, old.key, old.mode::text, old.seq); end if;
    elsif new.closing <> old.closing then
      insert into witness(what, job, key, mode, seq) values (case when new.closing then 'closing' else 'open' end, new.job_id, new.key, new.mode::text, new.seq);
    end if;
    return null;
  end $$;
  create function witness_job() returns trigger language plpgsql security definer as $$ begin
    if old.state = 'waiting' and new.state = 'queued' then insert into witness(what, job) values ('grant', new.id);
    elsif old.state = 'waiting' and new.state <> 'waiting' then insert into witness(what, job) values ('end', new.id); end if;
    return null;
  end $$;
  -- A cap that goes down leaves holders above it, and one that comes finds them: only a grant may not pass it.
  create table witness_over(key text not null, job uuid not null);
  create function witness_slot() returns trigger language plpgsql security definer as $$ begin
    if exists (select 1 from job where org_id = new.org_id and id = new.job_id and state = 'waiting') and exists (
        select 1 from lock_key k where k.org_id = new.org_id and k.key = new.key
         and (new.slot >= k.slots or (select count(*) from lock_slot s where s.org_id = k.org_id and s.key = k.key) > k.slots)) then
      insert into witness_over(key, job) values (new.key, new.job_id);
    end if;
    return null;
  end $$;
  create trigger witness_slot after insert on lock_slot for each row execute function witness_slot();
  create trigger witness_request after insert or update or delete on lock_request for each row execute function witness_request();
  create trigger witness_job after update on job for each row execute function witness_job();
  -- Beside lock_check: a job under way holds all it wished for, an exclusive wish every slot of its key.
  create function witness_check(p_org uuid) returns table(what text, detail text) language sql stable as $$
    select * from lock_check(p_org)
    union all select 'granted above its limit', key || ' ' || job from witness_over
    union all
    select 'under way without all its keys', j.id || ' ' || w.key
      from job j join (select distinct job, key, mode from witness where witness.what = 'wish') w on w.job = j.id
      join lock_key k on k.org_id = p_org and k.key = w.key
     where j.org_id = p_org and j.state in ('queued', 'running', 'cancelling')
       and (select count(*) from lock_slot s where s.org_id = p_org and s.key = w.key and s.job_id = j.id) <> case when w.mode = 'x' then k.slots else 1 end
  $$;`;

export async function installWitness(owner: pg.Client): Promise<void> {
  await owner.query(WITNESS);
}

export async function readWitness(owner: pg.Client): Promise<Entry[]> {
  const found = await owner.query('select no::int, what, job, key, mode, seq::int from witness order by no');
  return found.rows;
}

/** What is wrong in this very moment; one statement, so one snapshot. */
export async function violations(owner: pg.Client, org: string): Promise<{ what: string; detail: string }[]> {
  return (await owner.query('select * from witness_check($1)', [org])).rows;
}
