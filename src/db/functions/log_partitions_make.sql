-- Day partitions are made and dropped by the owner only; the worker may ask for it within bounds.
create or replace function log_partitions_make(p_from date, p_to date) returns int language plpgsql security definer set search_path = pg_catalog, public as $$
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

revoke all on function log_partitions_make(date, date) from public;
grant execute on function log_partitions_make(date, date) to holdfast_g_worker;
