-- Drops the oldest day before p_before and returns 1, or 0 when there is none. One day a call: each transaction stays short,
-- and the lock on the parent, behind which every report waits, is given back at once.
create or replace function log_partitions_drop(p_before date) returns int language plpgsql security definer set search_path = pg_catalog, public as $$
declare n text;
begin
  -- Lines are taken for two days after a job's end, and a job may wait and run for days before that.
  if p_before > current_date - 6 then raise exception 'log_partitions_drop: % is too young to drop', p_before; end if;
  set local lock_timeout = '2s';
  select c.relname into n from pg_inherits i join pg_class c on c.oid = i.inhrelid
   where i.inhparent = 'public.log_chunk'::regclass and c.relname ~ '^log_chunk_\d{8}$' and to_date(right(c.relname, 8), 'YYYYMMDD') < p_before
   order by c.relname limit 1;
  if n is null then return 0; end if;
  execute format('alter table public.log_chunk detach partition public.%I', n);
  execute format('drop table public.%I', n);
  return 1;
end $$;

revoke all on function log_partitions_drop(date) from public;
grant execute on function log_partitions_drop(date) to holdfast_g_worker;
