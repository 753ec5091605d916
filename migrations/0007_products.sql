-- Products of tenants, stopped plugins, and reason and expiry of grants.

-- Products that are or were enabled for a tenant. Runs of a disabled product wait until it is
-- enabled again.
create table eaf.tenant_product (
  tenant_id  uuid        not null,
  plugin     text        not null,
  enabled    boolean     not null,
  reason     text        not null,
  updated_by uuid        not null,
  updated_at timestamptz not null default clock_timestamp(),
  primary key (tenant_id, plugin)
);
select eaf.tenant_table('eaf.tenant_product');
select eaf.platform_table('eaf.tenant_product');
grant select, insert, update on eaf.tenant_product to eaf_app;
grant select (tenant_id, plugin, enabled) on eaf.tenant_product to eaf_platform;

-- Plugins that an operator stopped for all tenants. No tenant.
create table eaf.stopped_plugin (
  plugin     text        not null primary key,
  reason     text        not null,
  stopped_by uuid        not null,
  stopped_at timestamptz not null default clock_timestamp()
);
grant select on eaf.stopped_plugin to eaf_app, eaf_platform;
grant insert, delete on eaf.stopped_plugin to eaf_platform;

alter table eaf.plugin_grant
  add column reason     text not null default '',
  add column expires_at timestamptz;                  -- null: the grant does not expire
