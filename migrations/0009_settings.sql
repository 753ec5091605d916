-- Settings of products, which the admins of a tenant set. A change adds a version; the last one
-- holds.
create table eaf.tenant_setting (
  tenant_id  uuid        not null,
  plugin     text        not null,
  version    integer     not null,
  settings   jsonb       not null,
  updated_by uuid        not null,
  updated_at timestamptz not null default clock_timestamp(),
  primary key (tenant_id, plugin, version)
);
select eaf.tenant_table('eaf.tenant_setting');
grant select, insert on eaf.tenant_setting to eaf_app;
