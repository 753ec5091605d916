-- Packages, grants, connections, managed resources and mails.

-- ── Packages ───────────────────────────────────────────────────────────────────────────────────

-- Package files; a run may need one that is not active. Pruning empties `bytes` and keeps the row.
-- No tenant.
create table eaf.package (
  digest      text        not null primary key check (digest ~ '^[0-9a-f]{64}$'),
  plugin      text        not null,
  version     text        not null,
  bytes       bytea       not null,
  description jsonb       not null,
  stored_at   timestamptz not null default clock_timestamp()    -- or time of the last activation
);
grant select on eaf.package to eaf_app, eaf_platform;
grant insert, update (bytes, stored_at) on eaf.package to eaf_platform;

-- Activations of packages with their authors. A plugin's last one is in eaf.generation. No tenant.
create table eaf.activation (
  plugin       text        not null,
  generation   bigint      not null,
  digest       text        not null references eaf.package (digest),
  activated_by uuid        not null,
  activated_at timestamptz not null default clock_timestamp(),
  primary key (plugin, generation)
);
grant select on eaf.activation to eaf_app, eaf_platform;

create table eaf.plugin_grant (
  tenant_id  uuid        not null,
  plugin     text        not null,
  capability text        not null,
  name       text        not null,
  scope      jsonb       not null,
  connection text        not null,
  updated_by uuid        not null,
  updated_at timestamptz not null default clock_timestamp(),
  primary key (tenant_id, plugin, capability, name)
);
select eaf.tenant_table('eaf.plugin_grant');
grant select, insert, update, delete on eaf.plugin_grant to eaf_app;

-- ── Other systems ──────────────────────────────────────────────────────────────────────────────

-- Connections of tenants. A lease on the row is the right to observe its managed resources; no two
-- connections of one server are leased at the same time.
create table eaf.connection (
  tenant_id        uuid        not null,
  capability       text        not null,
  name             text        not null,
  config           jsonb       not null,
  secret           bytea       not null,              -- sealed under the tenant's key, never listed
  -- Digest of the server's address: the platform role may compare servers, and read no address.
  server           text generated always as (md5(lower(regexp_replace(regexp_replace(
    coalesce(config->>'url', config->>'host', ''), '^([^:/]+://[^/]+).*$', '\1'), ':443$', '')))) stored,
  observe_at       timestamptz not null default clock_timestamp(),
  observe_until    timestamptz,                       -- end of the present lease
  observe_failures integer     not null default 0,    -- consecutive ones
  last_check_at    timestamptz,
  last_error       text,                              -- code; null: the check succeeded
  used_at          timestamptz,                       -- last call with a known outcome
  use_error        text,                              -- code of that call; null: it succeeded
  updated_by       uuid        not null,
  updated_at       timestamptz not null default clock_timestamp(),
  primary key (tenant_id, capability, name)
);
select eaf.tenant_table('eaf.connection');
select eaf.platform_table('eaf.connection');
grant select, insert, update, delete on eaf.connection to eaf_app;
grant select (tenant_id, capability, name, server, observe_at, observe_until), update (observe_until)
  on eaf.connection to eaf_platform;

-- Records of things that capabilities created in other systems, such as a virtual machine. With the
-- stored id a provider asks for that object, which a search by name may miss. No personal data, no
-- secrets.
create table eaf.managed_resource (
  tenant_id     uuid        not null,
  plugin        text        not null,
  capability    text        not null,
  identity      text        not null,    -- the product's id of the thing
  data          jsonb       not null,    -- the capability's document
  seen          jsonb,                   -- last report to the plugin; null: none yet
  seen_position text,                    -- of the thing's view row before that report
  observed_at   timestamptz,             -- last reading, with or without a change
  updated_at    timestamptz not null default clock_timestamp(),
  primary key (tenant_id, plugin, capability, identity)
);
select eaf.tenant_table('eaf.managed_resource');
grant select, insert, update on eaf.managed_resource to eaf_app;

-- ── Mail ───────────────────────────────────────────────────────────────────────────────────────

-- Log and queue of mails. The Message-ID is recorded before the mail is sent.
create table eaf.mail_log (
  tenant_id      uuid        not null,
  message_id     text        not null,   -- derived from event, recipient and template
  plugin         text        not null,
  template       text        not null,
  event_id       uuid        not null,
  run_id         uuid        not null,
  call_seq       integer     not null,   -- the run's call that recorded the mail first
  recipient      uuid        not null,   -- an actor; the address is never stored here
  -- `skipped`: its condition no longer held. `unknown`: the server received the content and did not
  -- answer; the mail may have arrived and is not repeated.
  status         text        not null default 'pending' check (status in ('pending', 'sent', 'failed', 'skipped', 'unknown')),
  error          text,
  connection     text,                   -- of the last attempt
  attempts       integer     not null default 0,
  next_at        timestamptz,            -- earliest next attempt; null: at once
  handed_at      timestamptz,            -- last offer to a server, which the rate limit counts
  unanswered     integer     not null default 0,      -- transmissions without an answer
  deferred_since timestamptz,            -- null: the last answer was no deferral
  deferrals      integer     not null default 0,      -- consecutive ones
  relay          text,                   -- id that the server assigned
  trace          text        not null,
  created_at     timestamptz not null default clock_timestamp(),
  updated_at     timestamptz not null default clock_timestamp(),
  primary key (tenant_id, message_id)
);
create index mail_recent on eaf.mail_log (tenant_id, status, created_at desc, message_id);
create index mail_of_call on eaf.mail_log (tenant_id, run_id, call_seq) where status = 'pending';
create index mail_handed on eaf.mail_log (tenant_id, connection, handed_at) where handed_at is not null;
create index mail_settled on eaf.mail_log (tenant_id, updated_at) where status in ('sent', 'failed', 'skipped', 'unknown');
create index mail_trace on eaf.mail_log (tenant_id, trace);
select eaf.tenant_table('eaf.mail_log');
grant select, insert on eaf.mail_log to eaf_app;
grant update (status, error, connection, attempts, next_at, handed_at, unanswered, deferred_since, deferrals, relay, updated_at)
  on eaf.mail_log to eaf_app;

-- Paused mail connections: nothing is sent until an admin resumes the connection.
create table eaf.mail_pause (
  tenant_id  uuid        not null,
  connection text        not null,
  paused_by  uuid        not null,
  paused_at  timestamptz not null default clock_timestamp(),
  primary key (tenant_id, connection)
);
select eaf.tenant_table('eaf.mail_pause');
grant select, insert, delete on eaf.mail_pause to eaf_app;
