-- What a row knows of the restic repository at its address. Rows from before learn it from their jobs; the id of one that
-- was never initialised by us comes with its next backup.
set local lock_timeout = '5s';

alter table "repository" add column "restic_id" text null, add column "config_digest" text null, add column "ready_at" timestamptz null,
  add column "snapshots_known" int not null default 0, drop constraint "repository_state_check",
  add constraint "repository_state_check" check (state = any (array['unknown', 'uninitialised', 'missing', 'ready', 'locked', 'wrong-password', 'unreachable', 'damaged']));

update repository r set snapshots_known = j.snapshots, ready_at = j.ready_at, restic_id = j.restic_id
  from (select org_id, repository_id, count(*) filter (where refs ? 'snapshotId') as snapshots, max(finished_at) as ready_at,
               (array_agg(refs->>'resticId' order by id desc) filter (where refs->>'resticId' ~ '^[0-9a-f]{64}$'))[1] as restic_id
          from job where repository_id is not null and (refs ? 'snapshotId' or (kind = 'init' and state = 'succeeded')) group by 1, 2) j
 where r.org_id = j.org_id and r.id = j.repository_id;
update repository set state = 'missing' where state = 'uninitialised' and ready_at is not null;

grant update (restic_id, config_digest, ready_at, snapshots_known) on repository to holdfast_g_worker;
