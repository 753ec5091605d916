-- What operators and tenant admins set and see: connections, grants, mails, packages.
-- Why: credentials are sealed under the tenant's key and never listed; a mail's Message-ID is recorded before it is sent.

create table eaf.connection (
  tenant_id     uuid        not null,
  capability    text        not null,
  name          text        not null,
  config        jsonb       not null,
  secret        bytea       not null,     -- sealed
  last_check_at timestamptz,
  last_error    text,                     -- null after a good check
  updated_by    uuid        not null,
  updated_at    timestamptz not null default clock_timestamp(),
  primary key (tenant_id, capability, name)
);

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

create table eaf.mail_log (
  tenant_id  uuid        not null,
  message_id text        not null,        -- derived from event, recipient and template
  plugin     text        not null,
  template   text        not null,
  event_id   uuid        not null,
  run_id     uuid        not null,
  recipient  uuid        not null,        -- an actor; the address is never stored here
  status     text        not null default 'pending' check (status in ('pending', 'sent', 'failed')),
  error      text,
  attempts   integer     not null default 0,
  trace      text        not null,
  created_at timestamptz not null default clock_timestamp(),
  updated_at timestamptz not null default clock_timestamp(),
  primary key (tenant_id, message_id)
);
create index mail_recent on eaf.mail_log (tenant_id, status, created_at desc, message_id);

select eaf.tenant_table('eaf.connection');
select eaf.tenant_table('eaf.plugin_grant');
select eaf.tenant_table('eaf.mail_log');
grant select, insert, update, delete on eaf.connection, eaf.plugin_grant to eaf_app;
grant select, insert on eaf.mail_log to eaf_app;
grant update (status, error, attempts, updated_at) on eaf.mail_log to eaf_app;

-- Package files; a run may need an old one. No tenant.
create table eaf.package (
  digest      text        not null primary key check (digest ~ '^[0-9a-f]{64}$'),
  plugin      text        not null,
  version     text        not null,
  bytes       bytea       not null,
  description jsonb       not null,
  stored_at   timestamptz not null default clock_timestamp()
);
-- Which package was made active by whom, ever. The last one of a plugin is also its row in eaf.generation. No tenant.
create table eaf.activation (
  plugin       text        not null,
  generation   bigint      not null,
  digest       text        not null references eaf.package (digest),
  activated_by uuid        not null,
  activated_at timestamptz not null default clock_timestamp(),
  primary key (plugin, generation)
);
grant select on eaf.package, eaf.activation to eaf_app, eaf_platform;
grant insert on eaf.package to eaf_platform;

-- Makes a stored package the active one and answers its generation; asked again, it answers the same. Null: no such package.
create function eaf.activate_package(_plugin text, _digest text, _by uuid) returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  now_active record;
  _next bigint;
begin
  if not exists (select from eaf.package p where p.digest = _digest and p.plugin = _plugin) then return null; end if;
  perform pg_advisory_xact_lock(eaf.generation_lock(_plugin));
  select g.generation, g.digest into now_active from eaf.generation g where g.plugin = _plugin;
  if now_active.digest = _digest then return now_active.generation; end if;
  _next := coalesce(now_active.generation, 0) + 1;
  perform eaf.activate(_plugin, _next, _digest);
  insert into eaf.activation (plugin, generation, digest, activated_by) values (_plugin, _next, _digest, _by);
  return _next;
end $$;
grant execute on function eaf.activate_package to eaf_platform;
