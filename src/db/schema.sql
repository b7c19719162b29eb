-- The whole schema, made by test/db/schema.test.ts (UPDATE_SCHEMA=1). To read and to compare, not to run.

table api_key
  org_id uuid not null
  id uuid not null
  user_id uuid not null
  name text not null
  key_hash bytea not null
  scopes text[]
  expires_at timestamp with time zone not null
  revoked_at timestamp with time zone
  last_used_at timestamp with time zone
    grant update to holdfast_g_auth
  version integer not null default 1
  created_at timestamp with time zone not null
  constraint api_key_key_hash_unique UNIQUE (key_hash)
  constraint api_key_org_id_foreign FOREIGN KEY (org_id) REFERENCES organization(id)
  constraint api_key_pkey PRIMARY KEY (org_id, id)
  constraint api_key_user_id_foreign FOREIGN KEY (user_id) REFERENCES app_user(id)
  row-level security
  policy api_key_api to holdfast_g_api using (org_id = (NULLIF(current_setting('app.org'::text, true), ''::text))::uuid)
  policy api_key_auth to holdfast_g_auth using true
  policy api_key_worker to holdfast_g_worker using ((current_setting('app.across'::text, true) = 'on'::text) OR (org_id = (NULLIF(current_setting('app.org'::text, true), ''::text))::uuid))
  grant insert, select, update to holdfast_g_api
  grant select to holdfast_g_auth
  grant select to holdfast_g_worker

table app_user
  id uuid not null
  email text not null
  name text not null
  status text not null
  security_version integer not null default 1
  version integer not null default 1
  created_at timestamp with time zone not null
  constraint app_user_pkey PRIMARY KEY (id)
  constraint app_user_status_check CHECK ((status = ANY (ARRAY['invited'::text, 'active'::text, 'disabled'::text])))
  CREATE UNIQUE INDEX app_user_email_unique ON public.app_user USING btree (lower(email))
  row-level security
  policy app_user_auth to holdfast_g_auth using true
  grant select, update to holdfast_g_auth

table attempt
  org_id uuid not null
  id uuid not null
  job_id uuid not null
  run_no integer not null
  attempt_no integer not null
  host_id uuid not null
  epoch integer not null
  activity text not null
  token_hash bytea
  first_seen_at timestamp with time zone not null
  claimed_at timestamp with time zone
  secret_version integer
  result jsonb
  result_at timestamp with time zone
  version integer not null default 1
  class text not null default 'work'::text
  given_up_at timestamp with time zone
  constraint attempt_class_check CHECK ((class = ANY (ARRAY['work'::text, 'cleanup'::text])))
  constraint attempt_number_unique UNIQUE (org_id, job_id, run_no, attempt_no)
  constraint attempt_org_id_host_id_foreign FOREIGN KEY (org_id, host_id) REFERENCES host(org_id, id)
  constraint attempt_org_id_job_id_foreign FOREIGN KEY (org_id, job_id) REFERENCES job(org_id, id)
  constraint attempt_pkey PRIMARY KEY (org_id, id)
  row-level security
  policy attempt_api to holdfast_g_api using (org_id = (NULLIF(current_setting('app.org'::text, true), ''::text))::uuid)
  policy attempt_gateway to holdfast_g_gateway using (org_id = (NULLIF(current_setting('app.org'::text, true), ''::text))::uuid)
  policy attempt_worker to holdfast_g_worker using ((current_setting('app.across'::text, true) = 'on'::text) OR (org_id = (NULLIF(current_setting('app.org'::text, true), ''::text))::uuid))
  grant insert, select, update to holdfast_g_gateway
  grant insert, select, update to holdfast_g_worker
  grant select to holdfast_g_api

table audit_event
  org_id uuid not null
  id uuid not null
  at timestamp with time zone not null
  actor_kind text not null
  actor_id uuid
  actor_label text not null
  action text not null
  object_kind text not null
  object_id uuid
  object_label text not null
  outcome text not null
  request_id text
  address text
  data jsonb not null
  constraint audit_event_outcome_check CHECK ((outcome = ANY (ARRAY['ok'::text, 'refused'::text, 'failed'::text])))
  constraint audit_event_pkey PRIMARY KEY (org_id, id)
  CREATE INDEX audit_event_time ON public.audit_event USING btree (org_id, at DESC)
  CREATE TRIGGER audit_event_immutable BEFORE DELETE OR UPDATE ON public.audit_event FOR EACH ROW EXECUTE FUNCTION audit_event_immutable()
  CREATE TRIGGER audit_event_listed AFTER INSERT ON public.audit_event REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION audit_event_listed()
  row-level security
  policy audit_event_api to holdfast_g_api using (org_id = (NULLIF(current_setting('app.org'::text, true), ''::text))::uuid)
  policy audit_event_gateway to holdfast_g_gateway using (org_id = (NULLIF(current_setting('app.org'::text, true), ''::text))::uuid)
  policy audit_event_worker to holdfast_g_worker using ((current_setting('app.across'::text, true) = 'on'::text) OR (org_id = (NULLIF(current_setting('app.org'::text, true), ''::text))::uuid))
  grant insert to holdfast_g_gateway
  grant insert, select to holdfast_g_api
  grant insert, select to holdfast_g_worker

table audit_link
  org_id uuid not null
  seq bigint not null
  event_id uuid not null
  digest bytea not null
  constraint audit_link_event_unique UNIQUE (org_id, event_id)
  constraint audit_link_pkey PRIMARY KEY (org_id, seq)
  row-level security
  policy audit_link_api to holdfast_g_api using (org_id = (NULLIF(current_setting('app.org'::text, true), ''::text))::uuid)
  policy audit_link_worker to holdfast_g_worker using ((current_setting('app.across'::text, true) = 'on'::text) OR (org_id = (NULLIF(current_setting('app.org'::text, true), ''::text))::uuid))
  grant insert, select to holdfast_g_worker
  grant select to holdfast_g_api

table audit_todo
  org_id uuid not null
  event_id uuid not null
  at timestamp with time zone not null
  constraint audit_todo_pkey PRIMARY KEY (org_id, event_id)
  CREATE INDEX audit_todo_order ON public.audit_todo USING btree (event_id)
  row-level security
  policy audit_todo_worker to holdfast_g_worker using ((current_setting('app.across'::text, true) = 'on'::text) OR (org_id = (NULLIF(current_setting('app.org'::text, true), ''::text))::uuid))
  grant delete, select to holdfast_g_worker

table event
  org_id uuid not null
  id bigint not null generated by default as identity
  txid xid8 not null default pg_current_xact_id()
  topic text not null
  subject_id uuid not null
  data jsonb not null
  at timestamp with time zone not null
  constraint event_pkey PRIMARY KEY (org_id, id)
  CREATE INDEX event_order ON public.event USING btree (txid, id)
  row-level security
  policy event_api to holdfast_g_api using (org_id = (NULLIF(current_setting('app.org'::text, true), ''::text))::uuid)
  policy event_gateway to holdfast_g_gateway using (org_id = (NULLIF(current_setting('app.org'::text, true), ''::text))::uuid)
  policy event_worker to holdfast_g_worker using ((current_setting('app.across'::text, true) = 'on'::text) OR (org_id = (NULLIF(current_setting('app.org'::text, true), ''::text))::uuid))
  grant delete, insert, select to holdfast_g_worker
  grant insert to holdfast_g_gateway
  grant insert, select to holdfast_g_api

table host
  org_id uuid not null
  id uuid not null
  site_id uuid not null
  name text not null
  present boolean not null default false
  lease_until timestamp with time zone
  last_seen_at timestamp with time zone
  epoch integer not null default 0
  command_queue text
  address text
  agent_version text
  hostname text
  os text
  arch text
  programs jsonb not null default '[]'::jsonb
  powers jsonb not null default '[]'::jsonb
  activities jsonb not null default '[]'::jsonb
  running_jobs jsonb not null default '[]'::jsonb
  version integer not null default 1
  created_at timestamp with time zone not null
  constraint host_command_queue_unique UNIQUE (command_queue)
  constraint host_name_unique UNIQUE (org_id, name)
  constraint host_org_id_foreign FOREIGN KEY (org_id) REFERENCES organization(id)
  constraint host_org_id_site_id_foreign FOREIGN KEY (org_id, site_id) REFERENCES site(org_id, id)
  constraint host_pkey PRIMARY KEY (org_id, id)
  CREATE INDEX host_lease ON public.host USING btree (lease_until) WHERE present
  CREATE INDEX host_lease_back ON public.host USING btree (lease_until) WHERE (NOT present)
  row-level security
  policy host_api to holdfast_g_api using (org_id = (NULLIF(current_setting('app.org'::text, true), ''::text))::uuid)
  policy host_gateway to holdfast_g_gateway using (org_id = (NULLIF(current_setting('app.org'::text, true), ''::text))::uuid)
  policy host_worker to holdfast_g_worker using ((current_setting('app.across'::text, true) = 'on'::text) OR (org_id = (NULLIF(current_setting('app.org'::text, true), ''::text))::uuid))
  grant select, update to holdfast_g_api
  grant select, update to holdfast_g_gateway
  grant select, update to holdfast_g_worker

table host_credential
  org_id uuid not null
  id uuid not null
  host_id uuid not null
  token_hash bytea not null
  revoked_at timestamp with time zone
  version integer not null default 1
  created_at timestamp with time zone not null
  constraint host_credential_org_id_host_id_foreign FOREIGN KEY (org_id, host_id) REFERENCES host(org_id, id)
  constraint host_credential_pkey PRIMARY KEY (org_id, id)
  constraint host_credential_token_hash_unique UNIQUE (token_hash)
  row-level security
  policy host_credential_gateway to holdfast_g_gateway using (org_id = (NULLIF(current_setting('app.org'::text, true), ''::text))::uuid)
  policy host_credential_worker to holdfast_g_worker using ((current_setting('app.across'::text, true) = 'on'::text) OR (org_id = (NULLIF(current_setting('app.org'::text, true), ''::text))::uuid))
  grant select to holdfast_g_gateway
  grant select to holdfast_g_worker

table idempotency_key
  org_id uuid not null
  principal text not null
  route text not null
  key text not null
  body_hash bytea not null
  subject_id uuid not null
  created_at timestamp with time zone not null
  constraint idempotency_key_pkey PRIMARY KEY (org_id, principal, route, key)
  CREATE INDEX idempotency_key_age ON public.idempotency_key USING btree (created_at)
  row-level security
  policy idempotency_key_api to holdfast_g_api using (org_id = (NULLIF(current_setting('app.org'::text, true), ''::text))::uuid)
  policy idempotency_key_worker to holdfast_g_worker using ((current_setting('app.across'::text, true) = 'on'::text) OR (org_id = (NULLIF(current_setting('app.org'::text, true), ''::text))::uuid))
  grant delete, insert, select, update to holdfast_g_api
  grant delete, insert, select, update to holdfast_g_worker

table ingest
  id integer not null
  since timestamp with time zone not null
  seen_at timestamp with time zone not null
  problem_since timestamp with time zone
    grant update to holdfast_g_worker
  silent_hosts integer not null default 0
    grant update to holdfast_g_worker
  constraint ingest_id_check CHECK ((id = 1))
  constraint ingest_pkey PRIMARY KEY (id)
  row-level security
  policy ingest_gateway to holdfast_g_gateway using true
  policy ingest_worker to holdfast_g_worker using true
  grant insert, select, update to holdfast_g_gateway
  grant select to holdfast_g_worker

table instance
  id integer not null
  temporal_namespace_id uuid
  first_backup_at timestamp with time zone
  created_at timestamp with time zone not null
  constraint instance_id_check CHECK ((id = 1))
  constraint instance_pkey PRIMARY KEY (id)
  row-level security
  policy instance_api to holdfast_g_api using true
  policy instance_worker to holdfast_g_worker using true
  grant select to holdfast_g_api
  grant select, update to holdfast_g_worker

table job
  org_id uuid not null
  id uuid not null
  kind text not null
  title text not null
  state text not null
  reason text
  host_id uuid
  site_id uuid
  repository_id uuid
  plan_id uuid
  params jsonb not null
  trigger text not null
  actor_kind text not null
  actor_id uuid
  actor_label text not null
  request_id text not null
  parent_job_id uuid
  retry_of_job_id uuid
  run_no integer not null default 1
  run_id text
  seq bigint
  accepted_at timestamp with time zone not null
  accepted_day date not null
  queued_at timestamp with time zone
  started_at timestamp with time zone
  finished_at timestamp with time zone
  queue_deadline_at timestamp with time zone not null
  attempts integer not null default 0
  cancel_requested_at timestamp with time zone
  cancel_actor text
  cancel_reason text
  outcome_code text
  outcome_sentence text
  outcome_next text
  counts jsonb
  refs jsonb
  failures jsonb
  failure_count integer not null default 0
  progress jsonb
    grant update to holdfast_g_gateway
  progress_at timestamp with time zone
    grant update to holdfast_g_gateway
  amended_at timestamp with time zone
  version integer not null default 1
  verifying_until timestamp with time zone
  constraint job_org_id_host_id_foreign FOREIGN KEY (org_id, host_id) REFERENCES host(org_id, id)
  constraint job_org_id_parent_job_id_foreign FOREIGN KEY (org_id, parent_job_id) REFERENCES job(org_id, id)
  constraint job_org_id_plan_id_foreign FOREIGN KEY (org_id, plan_id) REFERENCES plan(org_id, id)
  constraint job_org_id_repository_id_foreign FOREIGN KEY (org_id, repository_id) REFERENCES repository(org_id, id)
  constraint job_org_id_retry_of_job_id_foreign FOREIGN KEY (org_id, retry_of_job_id) REFERENCES job(org_id, id)
  constraint job_org_id_site_id_foreign FOREIGN KEY (org_id, site_id) REFERENCES site(org_id, id)
  constraint job_pkey PRIMARY KEY (org_id, id)
  constraint job_state_check CHECK ((state = ANY (ARRAY['waiting'::text, 'queued'::text, 'running'::text, 'paused'::text, 'cancelling'::text, 'succeeded'::text, 'partial'::text, 'failed'::text, 'cancelled'::text, 'timed_out'::text, 'unknown'::text])))
  constraint job_trigger_check CHECK ((trigger = ANY (ARRAY['person'::text, 'key'::text, 'schedule'::text, 'runbook'::text, 'system'::text])))
  CREATE INDEX job_host ON public.job USING btree (org_id, host_id, id DESC)
  CREATE INDEX job_kind ON public.job USING btree (org_id, kind, id DESC)
  CREATE INDEX job_state ON public.job USING btree (org_id, state, id DESC) WHERE (state <> 'succeeded'::text)
  CREATE INDEX job_under_way ON public.job USING btree (org_id, id) WHERE (state = ANY (ARRAY['queued'::text, 'running'::text, 'cancelling'::text]))
  CREATE INDEX job_waiting_deadline ON public.job USING btree (queue_deadline_at) WHERE (state = 'waiting'::text)
  CREATE INDEX job_waiting_host ON public.job USING btree (org_id, host_id) WHERE (state = 'waiting'::text)
  row-level security
  policy job_api to holdfast_g_api using (org_id = (NULLIF(current_setting('app.org'::text, true), ''::text))::uuid)
  policy job_gateway to holdfast_g_gateway using (org_id = (NULLIF(current_setting('app.org'::text, true), ''::text))::uuid)
  policy job_worker to holdfast_g_worker using ((current_setting('app.across'::text, true) = 'on'::text) OR (org_id = (NULLIF(current_setting('app.org'::text, true), ''::text))::uuid))
  grant insert, select, update to holdfast_g_api
  grant insert, select, update to holdfast_g_worker
  grant select to holdfast_g_gateway

table lease
  name text not null
  holder uuid not null
  until timestamp with time zone not null
  term integer not null default 1
  constraint lease_pkey PRIMARY KEY (name)
  row-level security
  policy lease_api to holdfast_g_api using true
  policy lease_worker to holdfast_g_worker using true
  grant delete, insert, select, update to holdfast_g_api
  grant delete, insert, select, update to holdfast_g_worker

table lock_key with (fillfactor=50)
  org_id uuid not null
  key text not null
  slots integer not null
  is_host boolean not null default false
  used integer not null default 0
  excl boolean not null default false
  closed_seq bigint
  edition integer not null default 0
  constraint lock_key_pkey PRIMARY KEY (org_id, key)
  constraint lock_key_slots_check CHECK (((slots >= 1) AND (slots <= 1000)))
  row-level security
  policy lock_key_api to holdfast_g_api using (org_id = (NULLIF(current_setting('app.org'::text, true), ''::text))::uuid)
  policy lock_key_gateway to holdfast_g_gateway using (org_id = (NULLIF(current_setting('app.org'::text, true), ''::text))::uuid)
  policy lock_key_worker to holdfast_g_worker using ((current_setting('app.across'::text, true) = 'on'::text) OR (org_id = (NULLIF(current_setting('app.org'::text, true), ''::text))::uuid))
  grant delete, insert, select, update to holdfast_g_api
  grant delete, insert, select, update to holdfast_g_worker

table lock_request
  org_id uuid not null
  job_id uuid not null
  key text not null
  mode "char" not null
  seq bigint not null
  host uuid not null
  ready boolean not null
  closing boolean not null default false
  constraint lock_request_mode_check CHECK ((mode = ANY (ARRAY['x'::"char", 's'::"char"])))
  constraint lock_request_org_id_job_id_fkey FOREIGN KEY (org_id, job_id) REFERENCES job(org_id, id)
  constraint lock_request_org_id_key_fkey FOREIGN KEY (org_id, key) REFERENCES lock_key(org_id, key)
  constraint lock_request_pkey PRIMARY KEY (org_id, job_id, key)
  CREATE INDEX lock_request_closing ON public.lock_request USING btree (org_id, key, seq) WHERE closing
  CREATE INDEX lock_request_host ON public.lock_request USING btree (org_id, host)
  CREATE INDEX lock_request_wait ON public.lock_request USING btree (org_id, key, seq) WHERE ready
  row-level security
  policy lock_request_api to holdfast_g_api using (org_id = (NULLIF(current_setting('app.org'::text, true), ''::text))::uuid)
  policy lock_request_gateway to holdfast_g_gateway using (org_id = (NULLIF(current_setting('app.org'::text, true), ''::text))::uuid)
  policy lock_request_worker to holdfast_g_worker using ((current_setting('app.across'::text, true) = 'on'::text) OR (org_id = (NULLIF(current_setting('app.org'::text, true), ''::text))::uuid))
  grant delete, insert, select, update to holdfast_g_api
  grant delete, insert, select, update to holdfast_g_worker

table lock_slot
  org_id uuid not null
  key text not null
  slot integer not null
  job_id uuid not null
  edition integer not null default 0
  constraint lock_slot_org_id_job_id_fkey FOREIGN KEY (org_id, job_id) REFERENCES job(org_id, id)
  constraint lock_slot_org_id_key_fkey FOREIGN KEY (org_id, key) REFERENCES lock_key(org_id, key)
  constraint lock_slot_pkey PRIMARY KEY (org_id, key, slot)
  CREATE INDEX lock_slot_job ON public.lock_slot USING btree (org_id, job_id)
  row-level security
  policy lock_slot_api to holdfast_g_api using (org_id = (NULLIF(current_setting('app.org'::text, true), ''::text))::uuid)
  policy lock_slot_gateway to holdfast_g_gateway using (org_id = (NULLIF(current_setting('app.org'::text, true), ''::text))::uuid)
  policy lock_slot_worker to holdfast_g_worker using ((current_setting('app.across'::text, true) = 'on'::text) OR (org_id = (NULLIF(current_setting('app.org'::text, true), ''::text))::uuid))
  grant delete, insert, select, update to holdfast_g_api
  grant delete, insert, select, update to holdfast_g_worker

table log_chunk partition by RANGE (day)
  day date not null
  org_id uuid not null
  job_id uuid not null
  run_no integer not null
  attempt integer not null
  first_seq bigint not null
  lines integer not null
  at timestamp with time zone not null
  body text not null
  constraint log_chunk_pkey PRIMARY KEY (day, org_id, job_id, run_no, attempt, first_seq)
  row-level security
  policy log_chunk_api to holdfast_g_api using (org_id = (NULLIF(current_setting('app.org'::text, true), ''::text))::uuid)
  policy log_chunk_gateway to holdfast_g_gateway using (org_id = (NULLIF(current_setting('app.org'::text, true), ''::text))::uuid)
  policy log_chunk_worker to holdfast_g_worker using ((current_setting('app.across'::text, true) = 'on'::text) OR (org_id = (NULLIF(current_setting('app.org'::text, true), ''::text))::uuid))
  grant delete, insert, select to holdfast_g_worker
  grant insert, select to holdfast_g_gateway
  grant select to holdfast_g_api

table log_head with (fillfactor=50)
  org_id uuid not null
  job_id uuid not null
  run_no integer not null
  attempt integer not null
  day date not null
  next_seq bigint not null
  closed boolean not null default false
  bytes bigint not null default 0
  constraint log_head_pkey PRIMARY KEY (org_id, job_id, run_no, attempt)
  CREATE INDEX log_head_day ON public.log_head USING btree (day)
  row-level security
  policy log_head_api to holdfast_g_api using (org_id = (NULLIF(current_setting('app.org'::text, true), ''::text))::uuid)
  policy log_head_gateway to holdfast_g_gateway using (org_id = (NULLIF(current_setting('app.org'::text, true), ''::text))::uuid)
  policy log_head_worker to holdfast_g_worker using ((current_setting('app.across'::text, true) = 'on'::text) OR (org_id = (NULLIF(current_setting('app.org'::text, true), ''::text))::uuid))
  grant delete, insert, select, update to holdfast_g_worker
  grant insert, select, update to holdfast_g_gateway
  grant select to holdfast_g_api

table migration
  id integer not null default nextval('migration_id_seq'::regclass)
  name character varying(255) not null
  executed_at timestamp(6) with time zone not null default CURRENT_TIMESTAMP(6)
  constraint migration_pkey PRIMARY KEY (id)
  grant select to holdfast_g_api
  grant select to holdfast_g_gateway
  grant select to holdfast_g_worker

table organization
  id uuid not null
  number integer not null generated always as identity
  name text not null
  plane text not null default 'organization'::text
  version integer not null default 1
  created_at timestamp with time zone not null
  deleted_at timestamp with time zone
  constraint organization_number_unique UNIQUE (number)
  constraint organization_pkey PRIMARY KEY (id)
  constraint organization_plane_check CHECK ((plane = ANY (ARRAY['organization'::text, 'platform'::text])))
  row-level security
  policy organization_api to holdfast_g_api for r using (id = (NULLIF(current_setting('app.org'::text, true), ''::text))::uuid) check nothing
  policy organization_auth to holdfast_g_auth for r using true check nothing
  policy organization_gateway to holdfast_g_gateway for r using (id = (NULLIF(current_setting('app.org'::text, true), ''::text))::uuid) check nothing
  policy organization_worker to holdfast_g_worker for r using ((current_setting('app.across'::text, true) = 'on'::text) OR (id = (NULLIF(current_setting('app.org'::text, true), ''::text))::uuid)) check nothing
  grant select to holdfast_g_api
  grant select to holdfast_g_auth
  grant select to holdfast_g_gateway
  grant select to holdfast_g_worker

table outbox
  org_id uuid not null
  id bigint not null generated by default as identity
  job_id uuid not null
  kind text not null
  run_no integer not null
  due_at timestamp with time zone not null
  claimed_until timestamp with time zone
  claim_token uuid
  tries integer not null default 0
  last_error text
  created_at timestamp with time zone not null
  constraint outbox_pkey PRIMARY KEY (org_id, id)
  CREATE INDEX outbox_due ON public.outbox USING btree (due_at, id)
  CREATE INDEX outbox_job ON public.outbox USING btree (org_id, job_id, id)
  row-level security
  policy outbox_api to holdfast_g_api using (org_id = (NULLIF(current_setting('app.org'::text, true), ''::text))::uuid)
  policy outbox_worker to holdfast_g_worker using ((current_setting('app.across'::text, true) = 'on'::text) OR (org_id = (NULLIF(current_setting('app.org'::text, true), ''::text))::uuid))
  grant delete, insert, select, update to holdfast_g_api
  grant delete, insert, select, update to holdfast_g_worker

table plan
  org_id uuid not null
  id uuid not null
  host_id uuid not null
  repository_id uuid not null
  name text not null
  paths jsonb not null
  excludes jsonb not null default '[]'::jsonb
  version integer not null default 1
  created_at timestamp with time zone not null
  deleted_at timestamp with time zone
  constraint plan_org_id_host_id_foreign FOREIGN KEY (org_id, host_id) REFERENCES host(org_id, id)
  constraint plan_org_id_repository_id_foreign FOREIGN KEY (org_id, repository_id) REFERENCES repository(org_id, id)
  constraint plan_pkey PRIMARY KEY (org_id, id)
  CREATE UNIQUE INDEX plan_name_unique ON public.plan USING btree (org_id, host_id, name) WHERE (deleted_at IS NULL)
  row-level security
  policy plan_api to holdfast_g_api using (org_id = (NULLIF(current_setting('app.org'::text, true), ''::text))::uuid)
  policy plan_gateway to holdfast_g_gateway using (org_id = (NULLIF(current_setting('app.org'::text, true), ''::text))::uuid)
  policy plan_worker to holdfast_g_worker using ((current_setting('app.across'::text, true) = 'on'::text) OR (org_id = (NULLIF(current_setting('app.org'::text, true), ''::text))::uuid))
  grant insert, select, update to holdfast_g_api
  grant select to holdfast_g_gateway
  grant select to holdfast_g_worker

table repository
  org_id uuid not null
  id uuid not null
  name text not null
  backend text not null
  url text not null
  state text not null default 'unknown'::text
    grant update to holdfast_g_worker
  state_at timestamp with time zone
    grant update to holdfast_g_worker
  version integer not null default 1
    grant update to holdfast_g_worker
  created_at timestamp with time zone not null
  max_jobs integer
  restic_id text
    grant update to holdfast_g_worker
  config_digest text
    grant update to holdfast_g_worker
  ready_at timestamp with time zone
    grant update to holdfast_g_worker
  snapshots_known integer not null default 0
    grant update to holdfast_g_worker
  constraint repository_max_jobs_check CHECK (((max_jobs >= 1) AND (max_jobs <= 50)))
  constraint repository_name_unique UNIQUE (org_id, name)
  constraint repository_org_id_foreign FOREIGN KEY (org_id) REFERENCES organization(id)
  constraint repository_pkey PRIMARY KEY (org_id, id)
  constraint repository_state_check CHECK ((state = ANY (ARRAY['unknown'::text, 'uninitialised'::text, 'missing'::text, 'ready'::text, 'locked'::text, 'wrong-password'::text, 'unreachable'::text, 'damaged'::text])))
  row-level security
  policy repository_api to holdfast_g_api using (org_id = (NULLIF(current_setting('app.org'::text, true), ''::text))::uuid)
  policy repository_gateway to holdfast_g_gateway using (org_id = (NULLIF(current_setting('app.org'::text, true), ''::text))::uuid)
  policy repository_worker to holdfast_g_worker using ((current_setting('app.across'::text, true) = 'on'::text) OR (org_id = (NULLIF(current_setting('app.org'::text, true), ''::text))::uuid))
  grant insert, select, update to holdfast_g_api
  grant select to holdfast_g_gateway
  grant select to holdfast_g_worker

table role_assignment
  org_id uuid not null
  id uuid not null
  user_id uuid not null
  role_key text not null
  site_id uuid
  expires_at timestamp with time zone
  deleted_at timestamp with time zone
  version integer not null default 1
  created_at timestamp with time zone not null
  constraint role_assignment_org_id_foreign FOREIGN KEY (org_id) REFERENCES organization(id)
  constraint role_assignment_org_id_site_id_foreign FOREIGN KEY (org_id, site_id) REFERENCES site(org_id, id)
  constraint role_assignment_pkey PRIMARY KEY (org_id, id)
  constraint role_assignment_user_id_foreign FOREIGN KEY (user_id) REFERENCES app_user(id)
  CREATE INDEX role_assignment_user ON public.role_assignment USING btree (user_id)
  CREATE UNIQUE INDEX role_assignment_live_unique ON public.role_assignment USING btree (org_id, user_id, role_key, site_id) NULLS NOT DISTINCT WHERE (deleted_at IS NULL)
  row-level security
  policy role_assignment_api to holdfast_g_api using (org_id = (NULLIF(current_setting('app.org'::text, true), ''::text))::uuid)
  policy role_assignment_auth to holdfast_g_auth using true
  policy role_assignment_worker to holdfast_g_worker using ((current_setting('app.across'::text, true) = 'on'::text) OR (org_id = (NULLIF(current_setting('app.org'::text, true), ''::text))::uuid))
  grant insert, select, update to holdfast_g_api
  grant select to holdfast_g_auth
  grant select to holdfast_g_worker

table schedule
  org_id uuid not null
  id uuid not null
  plan_id uuid not null
  name text not null
  spec text not null
  time_zone text not null
  enabled boolean not null default true
  version integer not null default 1
  created_at timestamp with time zone not null
  constraint schedule_name_unique UNIQUE (org_id, plan_id, name)
  constraint schedule_org_id_plan_id_foreign FOREIGN KEY (org_id, plan_id) REFERENCES plan(org_id, id)
  constraint schedule_pkey PRIMARY KEY (org_id, id)
  row-level security
  policy schedule_api to holdfast_g_api using (org_id = (NULLIF(current_setting('app.org'::text, true), ''::text))::uuid)
  policy schedule_worker to holdfast_g_worker using ((current_setting('app.across'::text, true) = 'on'::text) OR (org_id = (NULLIF(current_setting('app.org'::text, true), ''::text))::uuid))
  grant delete, insert, select, update to holdfast_g_api
  grant select to holdfast_g_worker

table secret
  org_id uuid not null
  id uuid not null
  table_name text not null
  row_id uuid not null
  column_name text not null
  secret_version integer not null
  sealed bytea not null
  version integer not null default 1
  created_at timestamp with time zone not null
  constraint secret_pkey PRIMARY KEY (org_id, id)
  constraint secret_version_unique UNIQUE (org_id, table_name, row_id, column_name, secret_version)
  row-level security
  policy secret_api to holdfast_g_api using (org_id = (NULLIF(current_setting('app.org'::text, true), ''::text))::uuid)
  policy secret_gateway to holdfast_g_gateway using (org_id = (NULLIF(current_setting('app.org'::text, true), ''::text))::uuid)
  policy secret_worker to holdfast_g_worker using ((current_setting('app.across'::text, true) = 'on'::text) OR (org_id = (NULLIF(current_setting('app.org'::text, true), ''::text))::uuid))
  grant insert, select to holdfast_g_api
  grant select to holdfast_g_gateway
  grant select to holdfast_g_worker

table setting
  org_id uuid not null
  key text not null
  value jsonb
  sealed bytea
  version integer not null default 1
  changed_at timestamp with time zone not null
  constraint setting_org_id_foreign FOREIGN KEY (org_id) REFERENCES organization(id)
  constraint setting_pkey PRIMARY KEY (org_id, key)
  row-level security
  policy setting_api to holdfast_g_api using (org_id = (NULLIF(current_setting('app.org'::text, true), ''::text))::uuid)
  policy setting_worker to holdfast_g_worker using ((current_setting('app.across'::text, true) = 'on'::text) OR (org_id = (NULLIF(current_setting('app.org'::text, true), ''::text))::uuid))
  grant insert, select, update to holdfast_g_api
  grant select, update to holdfast_g_worker

table setup_token
  id uuid not null
  user_id uuid not null
  token_hash bytea not null
  expires_at timestamp with time zone not null
  used_at timestamp with time zone
  created_at timestamp with time zone not null
  constraint setup_token_pkey PRIMARY KEY (id)
  constraint setup_token_token_hash_unique UNIQUE (token_hash)
  constraint setup_token_user_id_foreign FOREIGN KEY (user_id) REFERENCES app_user(id)
  row-level security
  policy setup_token_auth to holdfast_g_auth using true
  grant select, update to holdfast_g_auth

table site
  org_id uuid not null
  id uuid not null
  name text not null
  version integer not null default 1
  created_at timestamp with time zone not null
  max_jobs integer
  constraint site_max_jobs_check CHECK (((max_jobs >= 1) AND (max_jobs <= 1000)))
  constraint site_name_unique UNIQUE (org_id, name)
  constraint site_org_id_foreign FOREIGN KEY (org_id) REFERENCES organization(id)
  constraint site_pkey PRIMARY KEY (org_id, id)
  row-level security
  policy site_api to holdfast_g_api using (org_id = (NULLIF(current_setting('app.org'::text, true), ''::text))::uuid)
  policy site_gateway to holdfast_g_gateway using (org_id = (NULLIF(current_setting('app.org'::text, true), ''::text))::uuid)
  policy site_worker to holdfast_g_worker using ((current_setting('app.across'::text, true) = 'on'::text) OR (org_id = (NULLIF(current_setting('app.org'::text, true), ''::text))::uuid))
  grant delete, insert, select, update to holdfast_g_api
  grant select to holdfast_g_gateway
  grant select to holdfast_g_worker

sequence event_id_seq
  grant usage to holdfast_g_api
  grant usage to holdfast_g_gateway
  grant usage to holdfast_g_worker

sequence job_order
  grant usage to holdfast_g_api
  grant usage to holdfast_g_gateway
  grant usage to holdfast_g_worker

sequence migration_id_seq

sequence organization_number_seq

sequence outbox_id_seq
  grant usage to holdfast_g_api
  grant usage to holdfast_g_gateway
  grant usage to holdfast_g_worker

function audit_chain(integer) returns integer language plpgsql
  grant execute to holdfast_g_worker

function audit_digest(bytea,bigint,audit_event) returns bytea language sql stable
  grant execute to holdfast_g_worker

function audit_event_immutable() returns trigger language plpgsql

function audit_event_listed() returns trigger language plpgsql security definer set search_path=pg_catalog, public

function audit_verify(uuid) returns TABLE(seq bigint, event_id uuid, what text) language sql stable
  grant execute to holdfast_g_worker

function lock_check(uuid) returns TABLE(what text, detail text) language sql stable
  grant execute to holdfast_g_api
  grant execute to holdfast_g_worker

function lock_enter(uuid) returns void language plpgsql
  grant execute to holdfast_g_api
  grant execute to holdfast_g_worker

function lock_forgotten() returns TABLE(org_id uuid, job_id uuid, seq bigint) language sql stable
  grant execute to holdfast_g_api
  grant execute to holdfast_g_worker

function lock_grant(uuid,text[],timestamp with time zone,uuid,timestamp with time zone) returns uuid[] language plpgsql
  grant execute to holdfast_g_api
  grant execute to holdfast_g_worker

function lock_limit(uuid,text,integer,timestamp with time zone,uuid,timestamp with time zone) returns uuid[] language plpgsql
  grant execute to holdfast_g_api

function lock_presence(uuid,uuid,boolean,timestamp with time zone,uuid,timestamp with time zone) returns uuid[] language plpgsql
  grant execute to holdfast_g_api
  grant execute to holdfast_g_worker

function lock_release(uuid,uuid) returns text[] language plpgsql
  grant execute to holdfast_g_api
  grant execute to holdfast_g_worker

function lock_repeat(uuid,timestamp with time zone,uuid,timestamp with time zone) returns uuid[] language plpgsql
  grant execute to holdfast_g_worker

function lock_site(uuid,uuid,integer,timestamp with time zone,uuid,timestamp with time zone) returns uuid[] language plpgsql
  grant execute to holdfast_g_api

function lock_try(uuid,uuid,timestamp with time zone,uuid,timestamp with time zone) returns boolean language plpgsql
  grant execute to holdfast_g_api
  grant execute to holdfast_g_worker

function log_partitions_drop(date) returns integer language plpgsql security definer set search_path=pg_catalog, public
  grant execute to holdfast_g_worker

function log_partitions_make(date,date) returns integer language plpgsql security definer set search_path=pg_catalog, public
  grant execute to holdfast_g_worker
