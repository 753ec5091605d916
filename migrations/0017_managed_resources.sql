-- What capabilities remember of the things that they manage outside, such as a virtual machine in a vCenter.
-- Why: that an index does not list a thing is no proof that it is gone. With the id under which the thing was seen last, a provider asks
-- for that very object. No personal data and no secrets.

create table eaf.managed_resource (
  tenant_id  uuid        not null,
  plugin     text        not null,
  capability text        not null,
  identity   text        not null,        -- the product's own id of the thing
  data       jsonb       not null,        -- the capability's own
  updated_at timestamptz not null default clock_timestamp(),
  primary key (tenant_id, plugin, capability, identity)
);

select eaf.tenant_table('eaf.managed_resource');
grant select, insert, update on eaf.managed_resource to eaf_app;
