-- Consumers of the log: checkpoints of views and triggers. Lane 0 is the only lane for now.

-- Position of a consumer in a tenant's log. A parked consumer keeps its position.
create table eaf.checkpoint (
  tenant_id        uuid        not null,
  plugin           text        not null,
  consumer         text        not null, -- a view's table, or `workflow/<name>`
  epoch            integer     not null,
  pos              bigint      not null,
  -- Times of rebuilds of the tenant's rows after erasures. The second is for an erasure before the
  -- first rebuild, which is not delayed by it.
  rebuild_at       timestamptz,
  rebuild_again_at timestamptz,
  rebuilds         integer     not null default 0,    -- a new number makes clients reload all rows
  failures         integer     not null default 0,
  error            text,                 -- a code and a name, never data
  error_at         timestamptz,
  retry_at         timestamptz,
  updated_at       timestamptz not null default clock_timestamp(),
  primary key (tenant_id, plugin, consumer)
);
select eaf.tenant_table('eaf.checkpoint');
select eaf.platform_table('eaf.checkpoint');
grant select, insert, update, delete on eaf.checkpoint to eaf_app;
grant select (tenant_id, plugin, consumer, epoch, pos, rebuild_at, rebuild_again_at, retry_at)
  on eaf.checkpoint to eaf_platform;

-- Workflows that events start. Events before `since` start no run, so that an upgrade does not act
-- on history. A retired workflow is not in the active package; its checkpoints stay for a later
-- package that has it again. No tenant.
create table eaf.trigger (
  plugin     text        not null,
  workflow   text        not null,
  since      timestamptz not null default clock_timestamp(),
  retired_at timestamptz,
  primary key (plugin, workflow)
);
grant select on eaf.trigger to eaf_app, eaf_platform;
grant insert, update (retired_at) on eaf.trigger to eaf_platform;
