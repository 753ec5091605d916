-- The schema as the migrations leave it, to be read and not to be run. Generated from a database.
-- Why tables and columns are as they are stands in the numbered files and in functions/.

create table eaf.activation (
  plugin text not null,
  generation bigint not null,
  digest text not null,
  activated_by uuid not null,
  activated_at timestamp with time zone default clock_timestamp() not null,
  constraint activation_pkey PRIMARY KEY (plugin, generation),
  constraint activation_digest_fkey FOREIGN KEY (digest) REFERENCES eaf.package(digest)
);
grant select on eaf.activation to eaf_app;
grant select on eaf.activation to eaf_platform;

create table eaf.anchor (
  tenant_id uuid not null,
  nr bigint not null,
  at timestamp with time zone not null,
  log_pos bigint not null,
  log_chain bytea,
  audits bytea not null,
  journals bytea not null,
  audit_marks bytea not null,
  journal_marks bytea not null,
  chain bytea not null,
  constraint anchor_pkey PRIMARY KEY (tenant_id, nr),
  constraint anchor_nr_check CHECK ((nr > 0))
);
alter table eaf.anchor enable row level security;
alter table eaf.anchor force row level security;
create policy tenant on eaf.anchor to eaf_app, eaf_owner using ((tenant_id = ( SELECT (current_setting('app.tenant_id'::text))::uuid AS current_setting))) with check ((tenant_id = ( SELECT (current_setting('app.tenant_id'::text))::uuid AS current_setting)));
grant insert, select on eaf.anchor to eaf_app;

create table eaf.audit (
  tenant_id uuid not null,
  id uuid default gen_random_uuid() not null,
  at timestamp with time zone default clock_timestamp() not null,
  actor_id uuid not null,
  origin text,
  act text not null,
  object text not null,
  outcome text not null,
  change jsonb,
  plugin text,
  grant_name text,
  pruned text,
  count integer default 1 not null,
  trace_id text not null,
  anchor bigint,
  constraint audit_pkey PRIMARY KEY (tenant_id, id),
  constraint audit_count_check CHECK ((count > 0))
);
CREATE INDEX audit_about ON eaf.audit USING btree (tenant_id, ((change ->> 'about'::text)), at, id) WHERE ((change ->> 'about'::text) IS NOT NULL);
CREATE INDEX audit_actor ON eaf.audit USING btree (tenant_id, actor_id, at, id);
CREATE INDEX audit_anchor ON eaf.audit USING btree (tenant_id, anchor);
CREATE INDEX audit_denials ON eaf.audit USING btree (tenant_id, at) WHERE (outcome = 'denied'::text);
CREATE INDEX audit_newest ON eaf.audit USING btree (tenant_id, at DESC, id DESC);
CREATE INDEX audit_object ON eaf.audit USING btree (tenant_id, object, at, id);
CREATE INDEX audit_refusals ON eaf.audit USING btree (tenant_id, at) WHERE ((act = 'command.give'::text) AND (outcome <> 'denied'::text) AND (outcome <> 'ok'::text));
CREATE INDEX audit_trace ON eaf.audit USING btree (tenant_id, trace_id, at, id);
alter table eaf.audit enable row level security;
alter table eaf.audit force row level security;
create policy platform on eaf.audit to eaf_platform using (true) with check (true);
create policy tenant on eaf.audit to eaf_app, eaf_owner using ((tenant_id = ( SELECT (current_setting('app.tenant_id'::text))::uuid AS current_setting))) with check ((tenant_id = ( SELECT (current_setting('app.tenant_id'::text))::uuid AS current_setting)));
grant insert, select on eaf.audit to eaf_app;
grant update (count, anchor) on eaf.audit to eaf_app;
grant select (tenant_id, at, anchor) on eaf.audit to eaf_platform;

create table eaf.checkpoint (
  tenant_id uuid not null,
  plugin text not null,
  consumer text not null,
  epoch integer not null,
  pos bigint not null,
  rebuild_at timestamp with time zone,
  rebuild_again_at timestamp with time zone,
  rebuilds integer default 0 not null,
  failures integer default 0 not null,
  error text,
  error_at timestamp with time zone,
  retry_at timestamp with time zone,
  updated_at timestamp with time zone default clock_timestamp() not null,
  constraint checkpoint_pkey PRIMARY KEY (tenant_id, plugin, consumer)
);
alter table eaf.checkpoint enable row level security;
alter table eaf.checkpoint force row level security;
create policy platform on eaf.checkpoint to eaf_platform using (true) with check (true);
create policy tenant on eaf.checkpoint to eaf_app, eaf_owner using ((tenant_id = ( SELECT (current_setting('app.tenant_id'::text))::uuid AS current_setting))) with check ((tenant_id = ( SELECT (current_setting('app.tenant_id'::text))::uuid AS current_setting)));
grant delete, insert, select, update on eaf.checkpoint to eaf_app;
grant select (tenant_id, plugin, consumer, epoch, pos, rebuild_at, rebuild_again_at, retry_at) on eaf.checkpoint to eaf_platform;

create table eaf.connection (
  tenant_id uuid not null,
  capability text not null,
  name text not null,
  config jsonb not null,
  secret bytea not null,
  server text generated always as (md5(lower(regexp_replace(regexp_replace(COALESCE((config ->> 'url'::text), (config ->> 'host'::text), ''::text), '^([^:/]+://[^/]+).*$'::text, '\1'::text), ':443$'::text, ''::text)))) stored,
  observe_at timestamp with time zone default clock_timestamp() not null,
  observe_until timestamp with time zone,
  observe_failures integer default 0 not null,
  last_check_at timestamp with time zone,
  last_error text,
  used_at timestamp with time zone,
  use_error text,
  updated_by uuid not null,
  updated_at timestamp with time zone default clock_timestamp() not null,
  constraint connection_pkey PRIMARY KEY (tenant_id, capability, name)
);
alter table eaf.connection enable row level security;
alter table eaf.connection force row level security;
create policy platform on eaf.connection to eaf_platform using (true) with check (true);
create policy tenant on eaf.connection to eaf_app, eaf_owner using ((tenant_id = ( SELECT (current_setting('app.tenant_id'::text))::uuid AS current_setting))) with check ((tenant_id = ( SELECT (current_setting('app.tenant_id'::text))::uuid AS current_setting)));
grant delete, insert, select, update on eaf.connection to eaf_app;
grant select (tenant_id, capability, name, server, observe_at, observe_until), update (observe_until) on eaf.connection to eaf_platform;

create table eaf.departure (
  tenant_id uuid not null,
  departure_id uuid default gen_random_uuid() not null,
  actors text[] not null,
  groups text[] not null,
  roles text[] not null,
  reports text[] not null,
  failures integer default 0 not null,
  due_at timestamp with time zone not null,
  leased_until timestamp with time zone,
  looked boolean default false not null,
  constraint departure_pkey PRIMARY KEY (tenant_id, departure_id)
);
CREATE INDEX departure_due ON eaf.departure USING btree (due_at);
alter table eaf.departure enable row level security;
alter table eaf.departure force row level security;
create policy platform on eaf.departure to eaf_platform using (true) with check (true);
create policy tenant on eaf.departure to eaf_app, eaf_owner using ((tenant_id = ( SELECT (current_setting('app.tenant_id'::text))::uuid AS current_setting))) with check ((tenant_id = ( SELECT (current_setting('app.tenant_id'::text))::uuid AS current_setting)));
grant delete, insert, select on eaf.departure to eaf_app;
grant update (failures, due_at, leased_until, looked) on eaf.departure to eaf_app;
grant select (tenant_id, departure_id, due_at, leased_until), update (leased_until) on eaf.departure to eaf_platform;

create table eaf.deputy (
  tenant_id uuid not null,
  actor_id uuid not null,
  deputy_id uuid not null,
  starts_at timestamp with time zone not null,
  ends_at timestamp with time zone not null,
  updated_by uuid not null,
  updated_at timestamp with time zone default clock_timestamp() not null,
  constraint deputy_pkey PRIMARY KEY (tenant_id, actor_id),
  constraint deputy_check CHECK ((deputy_id <> actor_id)),
  constraint deputy_check1 CHECK ((ends_at > starts_at))
);
CREATE INDEX deputy_of ON eaf.deputy USING btree (tenant_id, deputy_id);
alter table eaf.deputy enable row level security;
alter table eaf.deputy force row level security;
create policy tenant on eaf.deputy to eaf_app, eaf_owner using ((tenant_id = ( SELECT (current_setting('app.tenant_id'::text))::uuid AS current_setting))) with check ((tenant_id = ( SELECT (current_setting('app.tenant_id'::text))::uuid AS current_setting)));
grant delete, insert, select on eaf.deputy to eaf_app;
grant update (deputy_id, starts_at, ends_at, updated_by, updated_at) on eaf.deputy to eaf_app;

create table eaf.draft (
  tenant_id uuid not null,
  draft_id uuid not null,
  actor_id uuid not null,
  plugin text not null,
  command text not null,
  sealed bytea not null,
  revision bigint not null,
  changed_at timestamp with time zone not null,
  expires_at timestamp with time zone not null,
  constraint draft_pkey PRIMARY KEY (tenant_id, draft_id),
  constraint draft_revision_check CHECK ((revision > 0))
);
CREATE INDEX draft_expired ON eaf.draft USING btree (tenant_id, expires_at);
CREATE INDEX draft_person ON eaf.draft USING btree (tenant_id, actor_id);
alter table eaf.draft enable row level security;
alter table eaf.draft force row level security;
create policy tenant on eaf.draft to eaf_app, eaf_owner using ((tenant_id = ( SELECT (current_setting('app.tenant_id'::text))::uuid AS current_setting))) with check ((tenant_id = ( SELECT (current_setting('app.tenant_id'::text))::uuid AS current_setting)));
grant delete, insert, select on eaf.draft to eaf_app;
grant update (sealed, revision, changed_at, expires_at) on eaf.draft to eaf_app;

create table eaf.event (
  tenant_id uuid not null,
  lane smallint not null,
  pos bigint not null,
  stream_id uuid not null,
  version bigint not null,
  event_id uuid not null,
  type text not null,
  schema_version smallint not null,
  data bytea not null,
  meta bytea not null,
  at timestamp with time zone not null,
  leaf bytea not null,
  chain bytea not null,
  constraint event_pkey PRIMARY KEY (tenant_id, lane, pos),
  constraint event_tenant_id_stream_id_version_key UNIQUE (tenant_id, stream_id, version)
);
alter table eaf.event enable row level security;
alter table eaf.event force row level security;
create policy platform on eaf.event to eaf_platform using (true) with check (true);
create policy tenant on eaf.event to eaf_app, eaf_owner using ((tenant_id = ( SELECT (current_setting('app.tenant_id'::text))::uuid AS current_setting))) with check ((tenant_id = ( SELECT (current_setting('app.tenant_id'::text))::uuid AS current_setting)));
grant select on eaf.event to eaf_app;
grant select (tenant_id, lane, pos, at) on eaf.event to eaf_platform;

create table eaf.function_source (
  name text not null,
  revision integer not null,
  digest bytea not null,
  constraint function_source_pkey PRIMARY KEY (name),
  constraint function_source_digest_check CHECK ((octet_length(digest) = 32)),
  constraint function_source_revision_check CHECK ((revision > 0))
);
grant select on eaf.function_source to eaf_platform;

create table eaf.generation (
  plugin text not null,
  generation bigint not null,
  digest text not null,
  constraint generation_pkey PRIMARY KEY (plugin)
);
grant select on eaf.generation to eaf_app;
grant select on eaf.generation to eaf_platform;

create table eaf.group_member (
  tenant_id uuid not null,
  key text collate "C" not null,
  actor_id uuid not null,
  added_by uuid not null,
  added_at timestamp with time zone default clock_timestamp() not null,
  constraint group_member_pkey PRIMARY KEY (tenant_id, key, actor_id)
);
CREATE INDEX group_member_actor ON eaf.group_member USING btree (tenant_id, actor_id);
alter table eaf.group_member enable row level security;
alter table eaf.group_member force row level security;
create policy tenant on eaf.group_member to eaf_app, eaf_owner using ((tenant_id = ( SELECT (current_setting('app.tenant_id'::text))::uuid AS current_setting))) with check ((tenant_id = ( SELECT (current_setting('app.tenant_id'::text))::uuid AS current_setting)));
grant delete, insert, select on eaf.group_member to eaf_app;

create table eaf.invitation (
  tenant_id uuid not null,
  invitation_id uuid not null,
  address bytea,
  sealed bytea,
  locale text not null,
  roles text[] not null,
  groups text[] not null,
  invited_by uuid not null,
  created_at timestamp with time zone not null,
  expires_at timestamp with time zone not null,
  mailed_at timestamp with time zone,
  mail_error text,
  ended text,
  ended_at timestamp with time zone,
  constraint invitation_pkey PRIMARY KEY (tenant_id, invitation_id),
  constraint invitation_check CHECK (((ended IS NULL) = (ended_at IS NULL))),
  constraint invitation_check1 CHECK (((ended IS NULL) = (address IS NOT NULL))),
  constraint invitation_check2 CHECK (((ended IS NULL) = (sealed IS NOT NULL))),
  constraint invitation_ended_check CHECK ((ended = ANY (ARRAY['accepted'::text, 'withdrawn'::text, 'expired'::text]))),
  constraint invitation_locale_check CHECK ((locale = ANY (ARRAY['de'::text, 'en'::text]))),
  constraint invitation_roles_check CHECK ((roles <> '{}'::text[]))
);
CREATE UNIQUE INDEX invitation_address ON eaf.invitation USING btree (tenant_id, address) WHERE (address IS NOT NULL);
alter table eaf.invitation enable row level security;
alter table eaf.invitation force row level security;
create policy tenant on eaf.invitation to eaf_app, eaf_owner using ((tenant_id = ( SELECT (current_setting('app.tenant_id'::text))::uuid AS current_setting))) with check ((tenant_id = ( SELECT (current_setting('app.tenant_id'::text))::uuid AS current_setting)));
grant delete, insert, select on eaf.invitation to eaf_app;
grant update (address, sealed, mailed_at, mail_error, ended, ended_at) on eaf.invitation to eaf_app;

create table eaf.journal (
  tenant_id uuid not null,
  run_id uuid not null,
  seq integer not null,
  capability text not null,
  grant_name text,
  function text not null,
  args bytea not null,
  idempotency_key text not null,
  state text not null,
  handle bytea,
  progress smallint,
  poll_at timestamp with time zone,
  attempts integer default 0 not null,
  retry_at timestamp with time zone,
  retry_code text,
  result bytea,
  outcome text,
  detail text,
  target text,
  started_at timestamp with time zone default clock_timestamp() not null,
  done_at timestamp with time zone,
  anchor bigint,
  constraint journal_pkey PRIMARY KEY (tenant_id, run_id, seq),
  constraint journal_tenant_id_run_id_fkey FOREIGN KEY (tenant_id, run_id) REFERENCES eaf.run(tenant_id, run_id),
  constraint journal_check CHECK (((state = 'done'::text) = (result IS NOT NULL))),
  constraint journal_progress_check CHECK (((progress >= 0) AND (progress <= 100))),
  constraint journal_seq_check CHECK (((seq >= 1) AND (seq <= 2000))),
  constraint journal_state_check CHECK ((state = ANY (ARRAY['intent'::text, 'pending'::text, 'done'::text])))
);
CREATE INDEX journal_anchor ON eaf.journal USING btree (tenant_id, anchor);
CREATE INDEX journal_calls ON eaf.journal USING btree (tenant_id, started_at, run_id, seq) WHERE ((capability <> 'flow'::text) AND (function <> 'open'::text));
alter table eaf.journal enable row level security;
alter table eaf.journal force row level security;
create policy platform on eaf.journal to eaf_platform using (true) with check (true);
create policy tenant on eaf.journal to eaf_app, eaf_owner using ((tenant_id = ( SELECT (current_setting('app.tenant_id'::text))::uuid AS current_setting))) with check ((tenant_id = ( SELECT (current_setting('app.tenant_id'::text))::uuid AS current_setting)));
grant insert, select on eaf.journal to eaf_app;
grant update (state, handle, progress, poll_at, attempts, retry_at, retry_code, result, outcome, detail, target, done_at, anchor) on eaf.journal to eaf_app;
grant select (tenant_id, state, started_at, done_at, anchor) on eaf.journal to eaf_platform;

create table eaf.ledger (
  tenant_id uuid not null,
  actor_id uuid not null,
  key text collate "C" not null,
  fingerprint bytea not null,
  lane smallint not null,
  first_pos bigint,
  last_pos bigint,
  answer bytea not null,
  at timestamp with time zone not null,
  keep_until timestamp with time zone not null,
  constraint ledger_pkey PRIMARY KEY (tenant_id, actor_id, key)
);
CREATE INDEX ledger_due ON eaf.ledger USING btree (tenant_id, at);
alter table eaf.ledger enable row level security;
alter table eaf.ledger force row level security;
create policy tenant on eaf.ledger to eaf_app, eaf_owner using ((tenant_id = ( SELECT (current_setting('app.tenant_id'::text))::uuid AS current_setting))) with check ((tenant_id = ( SELECT (current_setting('app.tenant_id'::text))::uuid AS current_setting)));
grant select on eaf.ledger to eaf_app;

create table eaf.log_epoch (
  only_row boolean default true not null,
  epoch integer default 1 not null,
  started_at timestamp with time zone default now() not null,
  constraint log_epoch_pkey PRIMARY KEY (only_row),
  constraint log_epoch_epoch_check CHECK ((epoch > 0)),
  constraint log_epoch_only_row_check CHECK (only_row)
);
grant select on eaf.log_epoch to eaf_app;
grant select on eaf.log_epoch to eaf_platform;

create table eaf.mail_digest (
  tenant_id uuid not null,
  actor_id uuid not null,
  due_at timestamp with time zone not null,
  leased_until timestamp with time zone,
  digest text,
  began_at timestamp with time zone,
  constraint mail_digest_pkey PRIMARY KEY (tenant_id, actor_id)
);
CREATE INDEX mail_digest_due ON eaf.mail_digest USING btree (due_at);
alter table eaf.mail_digest enable row level security;
alter table eaf.mail_digest force row level security;
create policy platform on eaf.mail_digest to eaf_platform using (true) with check (true);
create policy tenant on eaf.mail_digest to eaf_app, eaf_owner using ((tenant_id = ( SELECT (current_setting('app.tenant_id'::text))::uuid AS current_setting))) with check ((tenant_id = ( SELECT (current_setting('app.tenant_id'::text))::uuid AS current_setting)));
grant delete, insert, select on eaf.mail_digest to eaf_app;
grant update (due_at, leased_until, digest, began_at) on eaf.mail_digest to eaf_app;
grant select (tenant_id, actor_id, due_at, leased_until), update (leased_until) on eaf.mail_digest to eaf_platform;

create table eaf.mail_log (
  tenant_id uuid not null,
  message_id text not null,
  plugin text not null,
  template text not null,
  event_id uuid not null,
  run_id uuid not null,
  call_seq integer not null,
  recipient uuid not null,
  status text default 'pending'::text not null,
  error text,
  connection text,
  attempts integer default 0 not null,
  next_at timestamp with time zone,
  handed_at timestamp with time zone,
  unanswered integer default 0 not null,
  deferred_since timestamp with time zone,
  deferrals integer default 0 not null,
  relay text,
  trace text not null,
  created_at timestamp with time zone default clock_timestamp() not null,
  updated_at timestamp with time zone default clock_timestamp() not null,
  collected_for timestamp with time zone,
  digest text,
  constraint mail_log_pkey PRIMARY KEY (tenant_id, message_id),
  constraint mail_log_status_check CHECK ((status = ANY (ARRAY['pending'::text, 'sent'::text, 'failed'::text, 'skipped'::text, 'unknown'::text])))
);
CREATE INDEX mail_handed ON eaf.mail_log USING btree (tenant_id, connection, handed_at) WHERE (handed_at IS NOT NULL);
CREATE INDEX mail_of_call ON eaf.mail_log USING btree (tenant_id, run_id, call_seq) WHERE (status = 'pending'::text);
CREATE INDEX mail_recent ON eaf.mail_log USING btree (tenant_id, status, created_at DESC, message_id);
CREATE INDEX mail_settled ON eaf.mail_log USING btree (tenant_id, updated_at) WHERE (status = ANY (ARRAY['sent'::text, 'failed'::text, 'skipped'::text, 'unknown'::text]));
CREATE INDEX mail_trace ON eaf.mail_log USING btree (tenant_id, trace);
alter table eaf.mail_log enable row level security;
alter table eaf.mail_log force row level security;
create policy tenant on eaf.mail_log to eaf_app, eaf_owner using ((tenant_id = ( SELECT (current_setting('app.tenant_id'::text))::uuid AS current_setting))) with check ((tenant_id = ( SELECT (current_setting('app.tenant_id'::text))::uuid AS current_setting)));
grant insert, select on eaf.mail_log to eaf_app;
grant update (status, error, connection, attempts, next_at, handed_at, unanswered, deferred_since, deferrals, relay, updated_at, collected_for, digest) on eaf.mail_log to eaf_app;

create table eaf.mail_pause (
  tenant_id uuid not null,
  connection text not null,
  paused_by uuid not null,
  paused_at timestamp with time zone default clock_timestamp() not null,
  constraint mail_pause_pkey PRIMARY KEY (tenant_id, connection)
);
alter table eaf.mail_pause enable row level security;
alter table eaf.mail_pause force row level security;
create policy tenant on eaf.mail_pause to eaf_app, eaf_owner using ((tenant_id = ( SELECT (current_setting('app.tenant_id'::text))::uuid AS current_setting))) with check ((tenant_id = ( SELECT (current_setting('app.tenant_id'::text))::uuid AS current_setting)));
grant delete, insert, select on eaf.mail_pause to eaf_app;

create table eaf.mail_preference (
  tenant_id uuid not null,
  actor_id uuid not null,
  delivery text not null,
  hour integer not null,
  time_zone text not null,
  off text[] not null,
  updated_at timestamp with time zone default clock_timestamp() not null,
  constraint mail_preference_pkey PRIMARY KEY (tenant_id, actor_id),
  constraint mail_preference_delivery_check CHECK ((delivery = ANY (ARRAY['at-once'::text, 'daily'::text]))),
  constraint mail_preference_hour_check CHECK (((hour >= 0) AND (hour <= 23)))
);
alter table eaf.mail_preference enable row level security;
alter table eaf.mail_preference force row level security;
create policy tenant on eaf.mail_preference to eaf_app, eaf_owner using ((tenant_id = ( SELECT (current_setting('app.tenant_id'::text))::uuid AS current_setting))) with check ((tenant_id = ( SELECT (current_setting('app.tenant_id'::text))::uuid AS current_setting)));
grant delete, insert, select on eaf.mail_preference to eaf_app;
grant update (delivery, hour, time_zone, off, updated_at) on eaf.mail_preference to eaf_app;

create table eaf.managed_resource (
  tenant_id uuid not null,
  plugin text not null,
  capability text not null,
  identity text not null,
  data jsonb not null,
  seen jsonb,
  seen_position text,
  observed_at timestamp with time zone,
  updated_at timestamp with time zone default clock_timestamp() not null,
  constraint managed_resource_pkey PRIMARY KEY (tenant_id, plugin, capability, identity)
);
alter table eaf.managed_resource enable row level security;
alter table eaf.managed_resource force row level security;
create policy tenant on eaf.managed_resource to eaf_app, eaf_owner using ((tenant_id = ( SELECT (current_setting('app.tenant_id'::text))::uuid AS current_setting))) with check ((tenant_id = ( SELECT (current_setting('app.tenant_id'::text))::uuid AS current_setting)));
grant insert, select, update on eaf.managed_resource to eaf_app;

create table eaf.master_key (
  key_id text not null,
  known bytea not null,
  active boolean not null,
  created_at timestamp with time zone default clock_timestamp() not null,
  retired_at timestamp with time zone,
  constraint master_key_pkey PRIMARY KEY (key_id),
  constraint master_key_key_id_check CHECK ((key_id ~ '^[0-9a-f]{16}$'::text))
);
CREATE UNIQUE INDEX master_key_active ON eaf.master_key USING btree (active) WHERE active;
grant select (key_id, active) on eaf.master_key to eaf_app;
grant insert, select on eaf.master_key to eaf_platform;
grant update (active, retired_at) on eaf.master_key to eaf_platform;

create table eaf.member (
  tenant_id uuid not null,
  actor_id uuid not null,
  identity bytea,
  sealed bytea not null,
  locale text not null,
  roles text[] not null,
  created_at timestamp with time zone default now() not null,
  constraint member_pkey PRIMARY KEY (tenant_id, actor_id),
  constraint member_tenant_id_identity_key UNIQUE (tenant_id, identity),
  constraint member_locale_check CHECK ((locale = ANY (ARRAY['de'::text, 'en'::text])))
);
alter table eaf.member enable row level security;
alter table eaf.member force row level security;
create policy tenant on eaf.member to eaf_app, eaf_owner using ((tenant_id = ( SELECT (current_setting('app.tenant_id'::text))::uuid AS current_setting))) with check ((tenant_id = ( SELECT (current_setting('app.tenant_id'::text))::uuid AS current_setting)));
grant insert, select on eaf.member to eaf_app;
grant update (identity, sealed, locale, roles) on eaf.member to eaf_app;

create table eaf.member_group (
  tenant_id uuid not null,
  key text collate "C" not null,
  name text not null,
  updated_by uuid not null,
  updated_at timestamp with time zone default clock_timestamp() not null,
  constraint member_group_pkey PRIMARY KEY (tenant_id, key)
);
alter table eaf.member_group enable row level security;
alter table eaf.member_group force row level security;
create policy tenant on eaf.member_group to eaf_app, eaf_owner using ((tenant_id = ( SELECT (current_setting('app.tenant_id'::text))::uuid AS current_setting))) with check ((tenant_id = ( SELECT (current_setting('app.tenant_id'::text))::uuid AS current_setting)));
grant delete, insert, select on eaf.member_group to eaf_app;
grant update (name, updated_by, updated_at) on eaf.member_group to eaf_app;

create table eaf.operator (
  actor_id uuid not null,
  identity bytea not null,
  sealed bytea not null,
  key_id text not null,
  created_at timestamp with time zone default now() not null,
  removed_at timestamp with time zone,
  constraint operator_pkey PRIMARY KEY (actor_id),
  constraint operator_identity_key UNIQUE (identity)
);
grant insert, select on eaf.operator to eaf_platform;
grant update (identity, sealed, key_id, removed_at) on eaf.operator to eaf_platform;

create table eaf.package (
  digest text not null,
  plugin text not null,
  version text not null,
  bytes bytea not null,
  description jsonb not null,
  stored_at timestamp with time zone default clock_timestamp() not null,
  constraint package_pkey PRIMARY KEY (digest),
  constraint package_digest_check CHECK ((digest ~ '^[0-9a-f]{64}$'::text))
);
grant select on eaf.package to eaf_app;
grant insert, select on eaf.package to eaf_platform;
grant update (bytes, stored_at) on eaf.package to eaf_platform;

create table eaf.platform_audit (
  nr bigint not null,
  at timestamp with time zone not null,
  actor_id uuid not null,
  origin text,
  act text not null,
  object text not null,
  outcome text not null,
  change jsonb,
  trace_id text not null,
  chain bytea not null,
  constraint platform_audit_pkey PRIMARY KEY (nr),
  constraint platform_audit_nr_check CHECK ((nr > 0))
);
grant insert, select on eaf.platform_audit to eaf_platform;

create table eaf.platform_denial (
  id uuid not null,
  nr bigint,
  count bigint default 1 not null,
  constraint platform_denial_pkey PRIMARY KEY (id),
  constraint platform_denial_nr_key UNIQUE (nr),
  constraint platform_denial_count_check CHECK ((count > 0))
);
grant insert, select on eaf.platform_denial to eaf_platform;
grant update (nr, count) on eaf.platform_denial to eaf_platform;

create table eaf.plugin_grant (
  tenant_id uuid not null,
  plugin text not null,
  capability text not null,
  name text not null,
  scope jsonb not null,
  connection text not null,
  updated_by uuid not null,
  updated_at timestamp with time zone default clock_timestamp() not null,
  reason text default ''::text not null,
  expires_at timestamp with time zone,
  constraint plugin_grant_pkey PRIMARY KEY (tenant_id, plugin, capability, name)
);
alter table eaf.plugin_grant enable row level security;
alter table eaf.plugin_grant force row level security;
create policy tenant on eaf.plugin_grant to eaf_app, eaf_owner using ((tenant_id = ( SELECT (current_setting('app.tenant_id'::text))::uuid AS current_setting))) with check ((tenant_id = ( SELECT (current_setting('app.tenant_id'::text))::uuid AS current_setting)));
grant delete, insert, select, update on eaf.plugin_grant to eaf_app;

create table eaf.reporting (
  tenant_id uuid not null,
  actor_id uuid not null,
  manager uuid,
  cost_centre text not null,
  updated_by uuid not null,
  updated_at timestamp with time zone default clock_timestamp() not null,
  constraint reporting_pkey PRIMARY KEY (tenant_id, actor_id),
  constraint reporting_check CHECK ((manager <> actor_id))
);
CREATE INDEX reporting_manager ON eaf.reporting USING btree (tenant_id, manager) WHERE (manager IS NOT NULL);
alter table eaf.reporting enable row level security;
alter table eaf.reporting force row level security;
create policy tenant on eaf.reporting to eaf_app, eaf_owner using ((tenant_id = ( SELECT (current_setting('app.tenant_id'::text))::uuid AS current_setting))) with check ((tenant_id = ( SELECT (current_setting('app.tenant_id'::text))::uuid AS current_setting)));
grant delete, insert, select on eaf.reporting to eaf_app;
grant update (manager, cost_centre, updated_by, updated_at) on eaf.reporting to eaf_app;

create table eaf.run (
  tenant_id uuid not null,
  run_id uuid not null,
  plugin text not null,
  digest text not null,
  workflow text not null,
  event_id uuid not null,
  event_pos bigint not null,
  key text not null,
  subject uuid not null,
  trace text not null,
  state text default 'open'::text not null,
  due_at timestamp with time zone default clock_timestamp(),
  waiting_code text,
  waiting jsonb,
  attempts integer default 0 not null,
  lease_host uuid,
  lease_fence bigint default 0 not null,
  lease_until timestamp with time zone,
  result bytea,
  failure jsonb,
  created_at timestamp with time zone default clock_timestamp() not null,
  updated_at timestamp with time zone default clock_timestamp() not null,
  ended_at timestamp with time zone,
  journal_pruned_at timestamp with time zone,
  constraint run_pkey PRIMARY KEY (tenant_id, run_id),
  constraint run_check CHECK (((state = 'open'::text) = (due_at IS NOT NULL))),
  constraint run_state_check CHECK ((state = ANY (ARRAY['open'::text, 'done'::text, 'failed'::text, 'stopped'::text])))
);
CREATE INDEX run_due ON eaf.run USING btree (due_at) WHERE (state = 'open'::text);
CREATE INDEX run_ended ON eaf.run USING btree (tenant_id, ended_at) WHERE ((ended_at IS NOT NULL) AND (journal_pruned_at IS NULL));
CREATE INDEX run_key ON eaf.run USING btree (tenant_id, plugin, key);
CREATE INDEX run_recent ON eaf.run USING btree (tenant_id, created_at DESC, run_id);
CREATE INDEX run_subject ON eaf.run USING btree (tenant_id, subject);
CREATE INDEX run_trace ON eaf.run USING btree (tenant_id, trace);
alter table eaf.run enable row level security;
alter table eaf.run force row level security;
create policy platform on eaf.run to eaf_platform using (true) with check (true);
create policy tenant on eaf.run to eaf_app, eaf_owner using ((tenant_id = ( SELECT (current_setting('app.tenant_id'::text))::uuid AS current_setting))) with check ((tenant_id = ( SELECT (current_setting('app.tenant_id'::text))::uuid AS current_setting)));
grant insert, select on eaf.run to eaf_app;
grant update (state, due_at, waiting_code, waiting, attempts, lease_host, lease_fence, lease_until, result, failure, updated_at, ended_at) on eaf.run to eaf_app;
grant select (tenant_id, run_id, plugin, digest, state, due_at, lease_until) on eaf.run to eaf_platform;

create table eaf.session (
  tenant_id uuid not null,
  hash text collate "C" not null,
  actor_id uuid not null,
  created_at timestamp with time zone not null,
  seen_at timestamp with time zone not null,
  expires_at timestamp with time zone not null,
  hint bytea,
  constraint session_pkey PRIMARY KEY (tenant_id, hash),
  constraint session_hash_check CHECK ((hash ~ '^[0-9a-f]{64}$'::text))
);
CREATE INDEX session_hash ON eaf.session USING btree (hash);
alter table eaf.session enable row level security;
alter table eaf.session force row level security;
create policy platform on eaf.session to eaf_platform using (true) with check (true);
create policy tenant on eaf.session to eaf_app, eaf_owner using ((tenant_id = ( SELECT (current_setting('app.tenant_id'::text))::uuid AS current_setting))) with check ((tenant_id = ( SELECT (current_setting('app.tenant_id'::text))::uuid AS current_setting)));
grant delete, insert, select on eaf.session to eaf_app;
grant update (expires_at, hint) on eaf.session to eaf_app;
grant select (tenant_id, hash, actor_id, seen_at, expires_at), update (seen_at) on eaf.session to eaf_platform;

create table eaf.snapshot (
  tenant_id uuid not null,
  stream_id uuid not null,
  digest text not null,
  version bigint not null,
  chain bytea not null,
  people uuid[] not null,
  key bytea not null,
  state bytea not null,
  at timestamp with time zone default now() not null,
  constraint snapshot_pkey PRIMARY KEY (tenant_id, stream_id, digest)
);
alter table eaf.snapshot enable row level security;
alter table eaf.snapshot force row level security;
create policy tenant on eaf.snapshot to eaf_app, eaf_owner using ((tenant_id = ( SELECT (current_setting('app.tenant_id'::text))::uuid AS current_setting))) with check ((tenant_id = ( SELECT (current_setting('app.tenant_id'::text))::uuid AS current_setting)));
grant delete, insert, select, update on eaf.snapshot to eaf_app;

create table eaf.stopped_plugin (
  plugin text not null,
  reason text not null,
  stopped_by uuid not null,
  stopped_at timestamp with time zone default clock_timestamp() not null,
  constraint stopped_plugin_pkey PRIMARY KEY (plugin)
);
grant select on eaf.stopped_plugin to eaf_app;
grant delete, insert, select on eaf.stopped_plugin to eaf_platform;

create table eaf.subject_key (
  tenant_id uuid not null,
  subject_id uuid not null,
  wrapped bytea,
  key_id text,
  created_at timestamp with time zone default now() not null,
  destroyed_at timestamp with time zone,
  constraint subject_key_pkey PRIMARY KEY (tenant_id, subject_id),
  constraint subject_key_check CHECK (((wrapped IS NULL) = (destroyed_at IS NOT NULL))),
  constraint subject_key_check1 CHECK (((wrapped IS NULL) = (key_id IS NULL)))
);
alter table eaf.subject_key enable row level security;
alter table eaf.subject_key force row level security;
create policy platform on eaf.subject_key to eaf_platform using (true) with check (true);
create policy tenant on eaf.subject_key to eaf_app, eaf_owner using ((tenant_id = ( SELECT (current_setting('app.tenant_id'::text))::uuid AS current_setting))) with check ((tenant_id = ( SELECT (current_setting('app.tenant_id'::text))::uuid AS current_setting)));
grant insert, select on eaf.subject_key to eaf_app;
grant update (wrapped, key_id, destroyed_at) on eaf.subject_key to eaf_app;
grant select (tenant_id, key_id, destroyed_at) on eaf.subject_key to eaf_platform;

create table eaf.tenant (
  tenant_id uuid not null,
  slug text collate "C" not null,
  name text not null,
  created_at timestamp with time zone default now() not null,
  constraint tenant_pkey PRIMARY KEY (tenant_id)
);
alter table eaf.tenant enable row level security;
alter table eaf.tenant force row level security;
create policy platform on eaf.tenant to eaf_platform using (true) with check (true);
create policy tenant on eaf.tenant to eaf_app, eaf_owner using ((tenant_id = ( SELECT (current_setting('app.tenant_id'::text))::uuid AS current_setting))) with check ((tenant_id = ( SELECT (current_setting('app.tenant_id'::text))::uuid AS current_setting)));
grant insert, select on eaf.tenant to eaf_app;
grant update (name) on eaf.tenant to eaf_app;
grant select (tenant_id, slug) on eaf.tenant to eaf_platform;

create table eaf.tenant_product (
  tenant_id uuid not null,
  plugin text not null,
  enabled boolean not null,
  reason text not null,
  updated_by uuid not null,
  updated_at timestamp with time zone default clock_timestamp() not null,
  constraint tenant_product_pkey PRIMARY KEY (tenant_id, plugin)
);
alter table eaf.tenant_product enable row level security;
alter table eaf.tenant_product force row level security;
create policy platform on eaf.tenant_product to eaf_platform using (true) with check (true);
create policy tenant on eaf.tenant_product to eaf_app, eaf_owner using ((tenant_id = ( SELECT (current_setting('app.tenant_id'::text))::uuid AS current_setting))) with check ((tenant_id = ( SELECT (current_setting('app.tenant_id'::text))::uuid AS current_setting)));
grant insert, select, update on eaf.tenant_product to eaf_app;
grant select (tenant_id, plugin, enabled) on eaf.tenant_product to eaf_platform;

create table eaf.tenant_setting (
  tenant_id uuid not null,
  plugin text not null,
  version integer not null,
  settings jsonb not null,
  updated_by uuid not null,
  updated_at timestamp with time zone default clock_timestamp() not null,
  constraint tenant_setting_pkey PRIMARY KEY (tenant_id, plugin, version)
);
alter table eaf.tenant_setting enable row level security;
alter table eaf.tenant_setting force row level security;
create policy tenant on eaf.tenant_setting to eaf_app, eaf_owner using ((tenant_id = ( SELECT (current_setting('app.tenant_id'::text))::uuid AS current_setting))) with check ((tenant_id = ( SELECT (current_setting('app.tenant_id'::text))::uuid AS current_setting)));
grant insert, select on eaf.tenant_setting to eaf_app;

create table eaf.trigger (
  plugin text not null,
  workflow text not null,
  since timestamp with time zone default clock_timestamp() not null,
  retired_at timestamp with time zone,
  constraint trigger_pkey PRIMARY KEY (plugin, workflow)
);
grant select on eaf.trigger to eaf_app;
grant insert, select on eaf.trigger to eaf_platform;
grant update (retired_at) on eaf.trigger to eaf_platform;

create table eaf.used_state (
  hash text collate "C" not null,
  until timestamp with time zone not null,
  constraint used_state_pkey PRIMARY KEY (hash),
  constraint used_state_hash_check CHECK ((hash ~ '^[0-9a-f]{64}$'::text))
);
grant delete, insert, select on eaf.used_state to eaf_platform;

create table eaf.view (
  digest text not null,
  plugin text not null,
  view text not null,
  version integer not null,
  spec jsonb not null,
  table_name text not null,
  active boolean default false not null,
  created_at timestamp with time zone default clock_timestamp() not null,
  constraint view_pkey PRIMARY KEY (digest),
  constraint view_table_name_key UNIQUE (table_name),
  constraint view_digest_check CHECK ((digest ~ '^[0-9a-f]{64}$'::text))
);
CREATE UNIQUE INDEX view_active ON eaf.view USING btree (plugin, view) WHERE active;
grant select on eaf.view to eaf_app;
grant select on eaf.view to eaf_platform;
grant update (active) on eaf.view to eaf_platform;

create table eaf.view_copy (
  table_name text not null,
  digest text not null,
  state text not null,
  made_at timestamp with time zone default clock_timestamp() not null,
  constraint view_copy_pkey PRIMARY KEY (table_name),
  constraint view_copy_digest_fkey FOREIGN KEY (digest) REFERENCES eaf.view(digest),
  constraint view_copy_state_check CHECK ((state = ANY (ARRAY['live'::text, 'building'::text, 'standby'::text])))
);
CREATE UNIQUE INDEX view_copy_state ON eaf.view_copy USING btree (digest, state);
grant select on eaf.view_copy to eaf_app;
grant select on eaf.view_copy to eaf_platform;

create sequence eaf.view_copy_number;

create function eaf.activate(_plugin text, _generation bigint, _digest text)
  returns void language plpgsql security definer;
grant execute on function eaf.activate to eaf_platform;

create function eaf.activate_package(_plugin text, _digest text, _by uuid)
  returns bigint language plpgsql security definer;
grant execute on function eaf.activate_package to eaf_platform;

create function eaf.append(_tenant uuid, _lane smallint, _keep interval, r_actor uuid[], r_key text[], r_fingerprint bytea[], r_answer bytea[], r_plugin text[], r_generation bigint[], s_request integer[], s_stream uuid[], s_expected bigint[], e_stream integer[], e_id uuid[], e_type text[], e_schema smallint[], e_data bytea[], e_meta bytea[])
  returns TABLE(outcome text, first_pos bigint, last_pos bigint, answer bytea, actual bigint[]) language plpgsql security definer;
grant execute on function eaf.append to eaf_app;

create function eaf.append_plain(_lane smallint, _keep interval, f_plugin text[], f_generation bigint[], t_tenant uuid[], t_requests integer[], t_guards integer[], t_events integer[], r_actor uuid[], r_key text[], r_fingerprint bytea[], r_answer bytea[], r_first integer[], r_last integer[], g_stream uuid[], g_version bigint[], e_stream uuid[], e_version bigint[], e_id uuid[], e_type text[], e_schema smallint[], e_data bytea[], e_meta bytea[])
  returns bigint[] language plpgsql security definer;
grant execute on function eaf.append_plain to eaf_app;

create function eaf.begin_tenant(tenant uuid)
  returns void language plpgsql;
grant execute on function eaf.begin_tenant to eaf_app;

create function eaf.create_view(_spec jsonb)
  returns text language plpgsql security definer;
grant execute on function eaf.create_view to eaf_platform;

create function eaf.drop_view_copy(_table text)
  returns boolean language plpgsql security definer;
grant execute on function eaf.drop_view_copy to eaf_platform;

create function eaf.first_link(_tenant uuid, _lane smallint)
  returns bytea language plpgsql stable;

create function eaf.generation_lock(_plugin text)
  returns bigint language sql immutable;
grant execute on function eaf.generation_lock to eaf_platform;

create function eaf.genesis(tenant uuid, lane smallint)
  returns bytea language sql stable;

create function eaf.lagging_consumers()
  returns TABLE(tenant_id uuid, plugin text, consumer text, view text, live boolean, pos bigint, head bigint, parked boolean, waits boolean, since timestamp with time zone) language sql stable;
grant execute on function eaf.lagging_consumers to eaf_platform;

create function eaf.leaf(tenant uuid, lane smallint, pos bigint, stream uuid, version bigint, event uuid, type text, schema_version smallint, data bytea, meta bytea, at timestamp with time zone)
  returns bytea language sql stable;

create function eaf.new_epoch()
  returns integer language sql security definer;
grant execute on function eaf.new_epoch to eaf_platform;

create function eaf.now()
  returns timestamp with time zone language sql;
grant execute on function eaf.now to eaf_app;
grant execute on function eaf.now to eaf_platform;

create function eaf.platform_table(_table regclass)
  returns void language plpgsql;

create function eaf.position_before(_tenant uuid, _lane smallint, _at timestamp with time zone)
  returns bigint language plpgsql stable;
grant execute on function eaf.position_before to eaf_app;

create function eaf.prune(_what text, _before timestamp with time zone, _most integer)
  returns bigint language plpgsql security definer;
grant execute on function eaf.prune to eaf_app;

create function eaf.prune_anchored(_what text, _before timestamp with time zone, _most integer)
  returns TABLE(anchor bigint, pruned bigint) language plpgsql security definer;
grant execute on function eaf.prune_anchored to eaf_app;

create function eaf.rebuild_view(_plugin text, _view text)
  returns text language plpgsql security definer;
grant execute on function eaf.rebuild_view to eaf_platform;

create function eaf.switch_view(_table text)
  returns boolean language plpgsql security definer;
grant execute on function eaf.switch_view to eaf_platform;

create function eaf.tenant_table(_table regclass)
  returns void language plpgsql;

create function eaf.view_table(_spec jsonb, tab text)
  returns void language plpgsql;

-- functions/activate.sql 2 29f3870e68038433b770e8caaa1acbfcc6b3a9bf7653a3cad7dadeea0e25950c
-- functions/activate_package.sql 2 2189a421d7c03f38960012aec9f9ce43f53c42fd766c687b4ebdee20a3230eb3
-- functions/append.sql 5 7a774950d6e2020e74b80906de460f1f11b3ffdf0830210254c2f3dcd547c4d9
-- functions/append_plain.sql 5 4aedc20d656480b42b9b4e3a6dac021341bacf06696884654ded8e68ef5ff27a
-- functions/begin_tenant.sql 2 1265e924834a6e215dfee7c6f8dcc226d3ef571648da465c9fa88adf2593242a
-- functions/create_view.sql 2 1f1ad33eb7d15053251fd5760f51c54ccb2e4ed123bbbd361810c5fb2f2959c5
-- functions/drop_view_copy.sql 2 91360af219c66b208d1b277bf5e760a51c1966628fe690d586eb7294c28c5f59
-- functions/lagging_consumers.sql 1 a9fd014ef209f344325df2510d31bb26b816ffff0bd811b695f8ed0c25e23eed
-- functions/now.sql 2 849729f93fbecfd120a49448023a9c5f10733da7e5ef8f1608b81dfd8e14778f
-- functions/prune.sql 3 810f8019b57e71ab5e562ae3b1a3c326f7e271d3f531d3a56a2230a0832fde0d
-- functions/prune_anchored.sql 2 aec117f2d79c6cd7977b15c8a0337fd22311260fa5f0a9f5b0cf0a24173e7f27
-- functions/rebuild_view.sql 2 26845df442a5ca6e962d68a1d12bf52d37c65bd81d4b7f41c325916ade1d9ab1
-- functions/switch_view.sql 2 beb48711b04755ce7da8fdb793209f2eef5a1b88f2d3e4ccf46e4ad0eb6cae53
-- functions/view_table.sql 2 cc6ebf24de9bd5a0e438f41b95164e4634916976af089927de30a90d304d61da
