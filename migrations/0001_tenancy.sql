-- Tenants, members, operators, keys, sessions and the audit.

-- Lets a host that does not migrate check which numbered migrations were applied.
grant select on eaf._sqlx_migrations to eaf_platform;

-- Applied revision of each file in migrations/functions. A higher revision is newer.
create table eaf.function_source (
  name     text    primary key,
  revision integer not null check (revision > 0),
  digest   bytea   not null check (octet_length(digest) = 32)    -- SHA-256 of the file
);
grant select on eaf.function_source to eaf_platform;

-- ── Row level security ─────────────────────────────────────────────────────────────────────────

-- Limits a table to the tenant of the transaction. Called for each table with tenant_id.
-- `current_setting` has no second argument, so that a statement without a tenant fails instead of
-- finding no rows. The owner is limited too, because its functions run for one tenant.
create function eaf.tenant_table(_table regclass) returns void language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
  execute format('alter table %s enable row level security', _table);
  execute format('alter table %s force row level security', _table);
  execute format('create policy tenant on %s to eaf_app, eaf_owner'
                 ' using (tenant_id = (select current_setting(''app.tenant_id'')::uuid))'
                 ' with check (tenant_id = (select current_setting(''app.tenant_id'')::uuid))', _table);
end $$;

-- Shows the platform role the rows of all tenants. Column grants limit it to columns that cannot
-- carry payload.
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
  identity   bytea,                      -- keyed digest of issuer and subject; null: erased
  sealed     bytea       not null,       -- issuer, subject, name, address, under the member's key
  locale     text        not null check (locale in ('de', 'en')),
  roles      text[]      not null,
  created_at timestamptz not null default now(),
  primary key (tenant_id, actor_id),
  unique (tenant_id, identity)
);
select eaf.tenant_table('eaf.member');
grant select, insert, update (identity, sealed, locale, roles) on eaf.member to eaf_app;

-- Operators, who belong to no tenant. A removed operator's row stays, to name the author of an act.
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

-- Ids of master keys that are or were active; the keys themselves are not in the database. `known`
-- is a value that opens under that key alone, so that a host with another key refuses to start.
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

-- Data keys of a tenant's persons, wrapped by a master key. The nil UUID as subject is
-- the tenant itself. `wrapped` is null after an erasure, which makes all values under the key
-- unreadable.
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
-- For counting the keys that a rotation has not wrapped yet.
grant select (tenant_id, key_id, destroyed_at) on eaf.subject_key to eaf_platform;

-- ── Sessions ───────────────────────────────────────────────────────────────────────────────────

-- Signed-in browsers. The row holds the SHA-256 of the cookie's random id, so that a dump gives no
-- access. The platform role finds a session before its tenant is known; the hash is text, because
-- that role may read no bytea column. An operator's session has the nil UUID as tenant_id.
create table eaf.session (
  tenant_id  uuid        not null,
  hash       text        collate "C" not null check (hash ~ '^[0-9a-f]{64}$'),
  actor_id   uuid        not null,
  created_at timestamptz not null,       -- all times by the host's clock
  seen_at    timestamptz not null,       -- last activity; written at most once a minute
  expires_at timestamptz not null,       -- regardless of activity
  hint       bytea,                      -- ID token for sign-out, sealed under a key of the id
  primary key (tenant_id, hash)
);
create index session_hash on eaf.session (hash);
select eaf.tenant_table('eaf.session');
select eaf.platform_table('eaf.session');
grant select, insert, update (expires_at, hint), delete on eaf.session to eaf_app;
grant select (tenant_id, hash, actor_id, seen_at, expires_at), update (seen_at) on eaf.session to eaf_platform;

-- States of completed sign-ins, each accepted once by all hosts. No tenant, which is not known yet.
create table eaf.used_state (
  hash  text        collate "C" primary key check (hash ~ '^[0-9a-f]{64}$'),
  until timestamptz not null             -- by the host's clock
);
grant select, insert, delete on eaf.used_state to eaf_platform;

-- ── Audit ──────────────────────────────────────────────────────────────────────────────────────

-- Acts in a tenant, without personal data. Only two columns of a row change: `count`, in the hour
-- after the first of equal denials, and `anchor`.
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
  plugin     text,                       -- for a denied call of a workflow
  grant_name text,
  pruned     text,                       -- for retention.prune: `5:10 6:7`, 10 rows of anchor 5, …
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
-- For finding tenants whose rows wait for an anchor.
grant select (tenant_id, at, anchor) on eaf.audit to eaf_platform;

-- Hash chain over rows of eaf.audit and eaf.journal, added in batches some seconds later: chaining
-- each row at its insert would serialise the writers. An anchor includes the hash of the anchor
-- before and of the log's last event.
create table eaf.anchor (
  tenant_id     uuid        not null,
  nr            bigint      not null check (nr > 0),    -- without gap
  at            timestamptz not null,
  log_pos       bigint      not null,    -- of the log's last event; 0: none
  log_chain     bytea,
  audits        bytea       not null,    -- 32 bytes per row of eaf.audit, in the order of the ids
  journals      bytea       not null,    -- 32 bytes per row of eaf.journal, in order of the keys
  -- 5 bytes per row: the pruning that may delete it (0 none, 1 denials, 2 refusals, 3 journals),
  -- and the day.
  audit_marks   bytea       not null,
  journal_marks bytea       not null,
  chain         bytea       not null,
  primary key (tenant_id, nr)
);
select eaf.tenant_table('eaf.anchor');
grant select, insert on eaf.anchor to eaf_app;

-- Acts of no tenant, such as a new operator or an activated package. Rows are only inserted; each
-- has a hash of its columns and of the row before.
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

-- Number of an operator's equal denials in an hour, which share one row of eaf.platform_audit.
create table eaf.platform_denial (
  id    uuid   primary key,
  nr    bigint unique,                   -- of the row in eaf.platform_audit
  count bigint not null default 1 check (count > 0)
);
grant select, insert, update (nr, count) on eaf.platform_denial to eaf_platform;
