-- Log lines in chunks, one partition a day. The day is the job's accepted day, so a run over midnight stays in one.
create table log_chunk(
  day date not null, org_id uuid not null, job_id uuid not null, run_no int not null, attempt int not null, first_seq bigint not null,
  lines int not null, at timestamptz not null, body text not null,
  primary key (day, org_id, job_id, run_no, attempt, first_seq)) partition by range (day);

create table log_head(
  org_id uuid not null, job_id uuid not null, run_no int not null, attempt int not null, day date not null,
  next_seq bigint not null, closed boolean not null default false,
  primary key (org_id, job_id, run_no, attempt)) with (fillfactor = 50);

-- Day partitions are made and dropped by the owner only; the worker may ask for it within bounds.
create function log_partitions_make(p_from date, p_to date) returns int language plpgsql security definer set search_path = pg_catalog, public as $$
declare d date; n text; made int := 0;
begin
  if p_to < p_from or p_to - p_from > 40 then raise exception 'log_partitions_make: % to % is out of bounds', p_from, p_to; end if;
  set local lock_timeout = '2s';
  for d in select generate_series(p_from, p_to, interval '1 day')::date loop
    n := 'log_chunk_' || to_char(d, 'YYYYMMDD');
    if to_regclass('public.' || n) is null then
      -- like + attach takes a lighter lock on the parent than "partition of".
      execute format('create table public.%I (like public.log_chunk including all)', n);
      execute format('alter table public.log_chunk attach partition public.%I for values from (%L) to (%L)', n, d, d + 1);
      made := made + 1;
    end if;
  end loop;
  return made;
end $$;

create function log_partitions_drop(p_before date) returns int language plpgsql security definer set search_path = pg_catalog, public as $$
declare n text; dropped int := 0;
begin
  set local lock_timeout = '2s';
  for n in select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid where i.inhparent = 'public.log_chunk'::regclass loop
    if n !~ '^log_chunk_\d{8}$' then continue; end if;
    if to_date(right(n, 8), 'YYYYMMDD') < p_before then
      execute format('alter table public.log_chunk detach partition public.%I', n);
      execute format('drop table public.%I', n);
      dropped := dropped + 1;
    end if;
  end loop;
  return dropped;
end $$;

select log_partitions_make(current_date - 1, current_date + 7);
