-- Policies of the tables that MikroORM does not know, and what each login may do at all. A table that is not named for a
-- login is closed to it.
do $$ declare t text; begin
  foreach t in array array['lock_key', 'lock_slot', 'lock_request', 'log_chunk', 'log_head'] loop
    execute format('alter table %I enable row level security', t);
    execute format($f$create policy %I on %I to holdfast_g_api using (org_id = nullif(current_setting('app.org', true), '')::uuid) with check (org_id = nullif(current_setting('app.org', true), '')::uuid)$f$, t || '_api', t);
    execute format($f$create policy %I on %I to holdfast_g_worker using (current_setting('app.across', true) = 'on' or org_id = nullif(current_setting('app.org', true), '')::uuid) with check (current_setting('app.across', true) = 'on' or org_id = nullif(current_setting('app.org', true), '')::uuid)$f$, t || '_worker', t);
    execute format($f$create policy %I on %I to holdfast_g_gateway using (org_id = nullif(current_setting('app.org', true), '')::uuid) with check (org_id = nullif(current_setting('app.org', true), '')::uuid)$f$, t || '_gateway', t);
  end loop;
end $$;

revoke all on all functions in schema public from public;
grant usage on schema public to holdfast_g_api, holdfast_g_auth, holdfast_g_worker, holdfast_g_gateway;

-- What the schema is, for those who refuse to serve on another one.
grant select on migration to holdfast_g_api, holdfast_g_worker, holdfast_g_gateway;

grant select on organization to holdfast_g_api, holdfast_g_auth, holdfast_g_worker, holdfast_g_gateway;
grant select, insert, update on site, repository, plan, setting to holdfast_g_api;
grant select, update on host to holdfast_g_api;
grant select, insert on secret to holdfast_g_api;
grant select, insert, update on job to holdfast_g_api;
grant select on attempt, log_chunk, log_head, audit_link, instance to holdfast_g_api;
grant select, insert, update, delete on outbox, lock_key, lock_slot, lock_request, idempotency_key, lease to holdfast_g_api;
grant select, insert on event, audit_event to holdfast_g_api;
grant select, insert, update on api_key, role_assignment to holdfast_g_api;

grant select, update on app_user, setup_token to holdfast_g_auth;
grant select on role_assignment, api_key to holdfast_g_auth;
grant update (last_used_at) on api_key to holdfast_g_auth;

grant select on site, repository, plan, secret, host_credential, api_key, role_assignment to holdfast_g_worker;
grant update (state, state_at, version) on repository to holdfast_g_worker;
grant select, update on host to holdfast_g_worker;
grant select, insert, update on job, attempt to holdfast_g_worker;
grant select, insert, update, delete on outbox, lock_key, lock_slot, lock_request, idempotency_key, lease, log_head to holdfast_g_worker;
grant select, insert on event, audit_event, audit_link to holdfast_g_worker;
grant select, delete on audit_todo, event to holdfast_g_worker;
grant select, insert, delete on log_chunk to holdfast_g_worker;
grant select, update on instance, setting to holdfast_g_worker;

grant select on site, repository, plan, secret, host_credential to holdfast_g_gateway;
grant select, update on host to holdfast_g_gateway;
grant select on job to holdfast_g_gateway;
grant update (progress, progress_at) on job to holdfast_g_gateway;
grant select, insert, update on attempt, log_head to holdfast_g_gateway;
grant select, insert on log_chunk to holdfast_g_gateway;
grant insert on audit_event, event to holdfast_g_gateway;

grant usage on sequence job_order, event_id_seq, outbox_id_seq to holdfast_g_api, holdfast_g_worker, holdfast_g_gateway;
grant execute on function lock_enter(uuid), lock_try(uuid, uuid, timestamptz, uuid, timestamptz), lock_release(uuid, uuid),
  lock_grant(uuid, text[], timestamptz, uuid, timestamptz), lock_presence(uuid, uuid, boolean, timestamptz, uuid, timestamptz),
  lock_check(uuid) to holdfast_g_api, holdfast_g_worker;
grant execute on function log_partitions_make(date, date), log_partitions_drop(date) to holdfast_g_worker;
