-- Departures: people who left a group, a role, their reports or the tenant, until products have
-- looked again at the things that may wait for them. Written with the change of the directory. A
-- lease on the row is the right to work on it. No personal data.
create table eaf.departure (
  tenant_id    uuid        not null,
  departure_id uuid        not null default gen_random_uuid(),
  actors       text[]      not null,    -- people who left the tenant
  groups       text[]      not null,    -- groups that lost members
  roles        text[]      not null,    -- roles that lost members
  reports      text[]      not null,    -- people who lost their manager
  failures     integer     not null default 0,      -- consecutive ones
  due_at       timestamptz not null,
  leased_until timestamptz,             -- end of the present lease
  primary key (tenant_id, departure_id)
);
create index departure_due on eaf.departure (due_at);
select eaf.tenant_table('eaf.departure');
select eaf.platform_table('eaf.departure');
grant select, insert, update (failures, due_at, leased_until), delete on eaf.departure to eaf_app;
grant select (tenant_id, departure_id, due_at, leased_until), update (leased_until) on eaf.departure to eaf_platform;
