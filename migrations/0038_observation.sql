-- The host reads by itself what plugins manage elsewhere, and real calls say whether a connection works.
-- Why here: which host reads a connection now is a lease on its row, and no two connections of one server are read at the same time.

alter table eaf.connection
  -- Of the server's address; no more than equality may be told from it.
  add column server          text generated always as (md5(lower(regexp_replace(regexp_replace(
    coalesce(config->>'url', config->>'host', ''), '^([^:/]+://[^/]+).*$', '\1'), ':443$', '')))) stored,
  add column observe_at      timestamptz not null default clock_timestamp(),
  add column observe_until   timestamptz,                  -- the lease of the host that reads now
  add column observe_failures integer    not null default 0,  -- in a row
  add column used_at         timestamptz,                  -- the last real call of which the outcome is known
  add column use_error       text;                         -- its code; null: it went through
select eaf.platform_table('eaf.connection');
grant select (tenant_id, capability, name, server, observe_at, observe_until), update (observe_until)
  on eaf.connection to eaf_platform;

alter table eaf.managed_resource
  add column seen          jsonb,        -- what the plugin was told last; null: nothing yet
  add column seen_position text,         -- of which events the thing's row was then: others since may say otherwise
  add column observed_at   timestamptz;  -- when the thing was read last, changed or not
