-- Tenants, the people who act in them, their keys and sessions, and the record of acts beside the log.

-- A host that may not migrate reads here which numbered migrations were applied.
grant select on eaf._sqlx_migrations to eaf_platform;

-- Functions that may change, one row per file of migrations/functions. A higher revision is newer.
create table eaf.function_source (
  name     text    primary key,
  revision integer not null check (revision > 0),
  digest   bytea   not null check (octet_length(digest) = 32)    -- SHA-256 of the file
);
grant select on eaf.function_source to eaf_platform;

-- ── Row level security ─────────────────────────────────────────────────────────────────────────

-- Makes a table one of tenants: called for every table that has tenant_id. `current_setting` has no
-- second argument, so that a statement without a tenant is an error instead of an empty result. The
-- owner is bound as well, because functions that run as the owner run for one tenant.
create function eaf.tenant_table(_table regclass) returns void language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
  execute format('alter table %s enable row level security', _table);
  execute format('alter table %s force row level security', _table);
  execute format('create policy tenant on %s to eaf_app, eaf_owner'
                 ' using (tenant_id = (select current_setting(''app.tenant_id'')::uuid))'
                 ' with check (tenant_id = (select current_setting(''app.tenant_id'')::uuid))', _table);
end $$;

-- Lets the platform role reach rows of all tenants. Column grants say which columns: never one that
-- can carry payload.
create function eaf.platform_table(_table regclass) returns void language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
  execute format('create policy platform on %s to eaf_platform using (true) with check (true)', _table);
end $$;

-- ── Tenants and people ─────────────────────────────────────────────────────────────────────────

-- tenant_id is derived from the slug, so the primary key makes the slug unique as well.
create table eaf.tenant (
  tenant_id  uuid        primary key,
  slug       text        collate "C" not null,
  name       text        not null,
  created_at timestamptz not null default now()
);
select eaf.tenant_table('eaf.tenant');
select eaf.platform_table('eaf.tenant');
grant select, insert, update (name) on eaf.tenant to eaf_app;
grant select (tenant_id, slug) on eaf.tenant to eaf_platform;

create table eaf.member (
  tenant_id  uuid        not null,
  actor_id   uuid        not null,
  identity   bytea,                      -- keyed digest of issuer and subject; null after an erasure
  sealed     bytea       not null,       -- issuer, subject, name, address, under the member's key
  locale     text        not null check (locale in ('de', 'en')),
  roles      text[]      not null,
  created_at timestamptz not null default now(),
  primary key (tenant_id, actor_id),
  unique (tenant_id, identity)
);
select eaf.tenant_table('eaf.member');
grant select, insert, update (identity, sealed, locale, roles) on eaf.member to eaf_app;

-- Platform actors, who belong to no tenant. One who was removed keeps the name for the audit.
create table eaf.operator (
  actor_id   uuid        primary key,
  identity   bytea       not null unique,
  sealed     bytea       not null,
  key_id     text        not null,       -- of the master key that `sealed` is under
  created_at timestamptz not null default now(),
  removed_at timestamptz
);
grant select, insert, update (identity, sealed, key_id, removed_at) on eaf.operator to eaf_platform;

-- ── Keys ───────────────────────────────────────────────────────────────────────────────────────

-- Each master key that was ever active; the keys themselves are not in the database. `known` is a
-- value that opens under that key alone, so that a host with another key refuses to start.
create table eaf.master_key (
  key_id     text        primary key check (key_id ~ '^[0-9a-f]{16}$'),
  known      bytea       not null,
  active     boolean     not null,
  created_at timestamptz not null default clock_timestamp(),
  retired_at timestamptz
);
create unique index master_key_active on eaf.master_key (active) where active;
grant select (key_id, active) on eaf.master_key to eaf_app;
grant select, insert, update (active, retired_at) on eaf.master_key to eaf_platform;

-- One data key per person, wrapped by a master key. The subject of only zeros is the tenant itself.
-- wrapped null: destroyed, and with it everything that was sealed under it.
create table eaf.subject_key (
  tenant_id    uuid        not null,
  subject_id   uuid        not null,
  wrapped      bytea,
  key_id       text,                     -- of the master key
  created_at   timestamptz not null default now(),
  destroyed_at timestamptz,
  primary key (tenant_id, subject_id),
  check ((wrapped is null) = (destroyed_at is not null)),
  check ((wrapped is null) = (key_id is null))
);
select eaf.tenant_table('eaf.subject_key');
select eaf.platform_table('eaf.subject_key');
grant select, insert, update (wrapped, key_id, destroyed_at) on eaf.subject_key to eaf_app;
-- To count the keys that a rotation has still to wrap.
grant select (tenant_id, key_id, destroyed_at) on eaf.subject_key to eaf_platform;

-- ── Sessions ───────────────────────────────────────────────────────────────────────────────────

-- Signed-in browsers. A browser holds a random id; the row holds its SHA-256, so that a stolen dump
-- opens no session. The platform role finds a session before its tenant is known; the hash is text,
-- because that role may read no column that can carry payload. An operator's session belongs to no
-- customer: its tenant_id is only zeros.
create table eaf.session (
  tenant_id  uuid        not null,
  hash       text        collate "C" not null check (hash ~ '^[0-9a-f]{64}$'),
  actor_id   uuid        not null,
  created_at timestamptz not null,       -- these three by the host's clock
  seen_at    timestamptz not null,       -- written at most once a minute
  expires_at timestamptz not null,       -- whether used or not
  hint       bytea,                      -- ID token for signing out, under a key from the session's id
  primary key (tenant_id, hash)
);
create index session_hash on eaf.session (hash);
select eaf.tenant_table('eaf.session');
select eaf.platform_table('eaf.session');
grant select, insert, update (expires_at, hint), delete on eaf.session to eaf_app;
grant select (tenant_id, hash, actor_id, seen_at, expires_at), update (seen_at) on eaf.session to eaf_platform;

-- The states of sign-ins that came back: each works once, on any host. The tenant is not known yet.
create table eaf.used_state (
  hash  text        collate "C" primary key check (hash ~ '^[0-9a-f]{64}$'),
  until timestamptz not null             -- by the host's clock
);
grant select, insert, delete on eaf.used_state to eaf_platform;

-- ── Audit ──────────────────────────────────────────────────────────────────────────────────────

-- Acts in a tenant. Ids and names of kinds, no personal data. A row changes only in `count`, for an
-- hour after the first of equal denials, and in `anchor`.
create table eaf.audit (
  tenant_id  uuid        not null,
  id         uuid        not null default gen_random_uuid(),
  at         timestamptz not null default clock_timestamp(),
  actor_id   uuid        not null,
  origin     text,                       -- the operating system's user, who has no id
  act        text        not null,
  object     text        not null,
  outcome    text        not null,
  change     jsonb,                      -- {"old": …, "new": …}
  plugin     text,                       -- of a workflow whose call was denied
  grant_name text,
  pruned     text,                       -- of retention.prune: `5:10 6:7`, ten rows of anchor 5, …
  count      integer     not null default 1 check (count > 0),
  trace_id   text        not null,
  anchor     bigint,                     -- null: not anchored yet
  primary key (tenant_id, id)
);
create index audit_newest on eaf.audit (tenant_id, at desc, id desc);
create index audit_actor on eaf.audit (tenant_id, actor_id, at, id);
create index audit_object on eaf.audit (tenant_id, object, at, id);
create index audit_about on eaf.audit (tenant_id, (change ->> 'about'), at, id) where (change ->> 'about') is not null;
create index audit_trace on eaf.audit (tenant_id, trace_id, at, id);
create index audit_denials on eaf.audit (tenant_id, at) where outcome = 'denied';
create index audit_refusals on eaf.audit (tenant_id, at)
  where act = 'command.give' and outcome <> 'denied' and outcome <> 'ok';
create index audit_anchor on eaf.audit (tenant_id, anchor);
select eaf.tenant_table('eaf.audit');
select eaf.platform_table('eaf.audit');
grant select, insert, update (count, anchor) on eaf.audit to eaf_app;
-- To find tenants whose rows wait for an anchor.
grant select (tenant_id, at, anchor) on eaf.audit to eaf_platform;

-- Links rows of eaf.audit and eaf.journal to the hash chain, a batch of a tenant at a time, seconds
-- after they were written: writers of rows would wait for one another if each row were linked to the
-- one before. An anchor is linked to the anchor before and to the log's last event at that moment.
create table eaf.anchor (
  tenant_id     uuid        not null,
  nr            bigint      not null check (nr > 0),    -- without gap
  at            timestamptz not null,
  log_pos       bigint      not null,    -- of the log's last event; 0: none
  log_chain     bytea,
  audits        bytea       not null,    -- 32 bytes per row of eaf.audit, in the order of the ids
  journals      bytea       not null,    -- 32 bytes per row of eaf.journal, in the order of the keys
  -- 5 bytes per row: which pruning may delete it (0 none, 1 denials, 2 refusals, 3 journals), its day.
  audit_marks   bytea       not null,
  journal_marks bytea       not null,
  chain         bytea       not null,
  primary key (tenant_id, nr)
);
select eaf.tenant_table('eaf.anchor');
grant select, insert on eaf.anchor to eaf_app;

-- Acts that belong to no tenant, such as a new operator or another active package. Rows are only
-- inserted, each linked to the one before by a hash over all its columns.
create table eaf.platform_audit (
  nr       bigint      primary key check (nr > 0),      -- without gap
  at       timestamptz not null,
  actor_id uuid        not null,
  origin   text,                         -- the operating system's user, who has no id
  act      text        not null,
  object   text        not null,
  outcome  text        not null,
  change   jsonb,                        -- {"old": …, "new": …}
  trace_id text        not null,
  chain    bytea       not null
);
grant select, insert on eaf.platform_audit to eaf_platform;

-- Counts an operator's equal denials of an hour, which are one row of eaf.platform_audit.
create table eaf.platform_denial (
  id    uuid   primary key,
  nr    bigint unique,                   -- of the row in eaf.platform_audit
  count bigint not null default 1 check (count > 0)
);
grant select, insert, update (nr, count) on eaf.platform_denial to eaf_platform;
