-- Views: typed tables in schema eaf_view, made from a plugin's description by eaf.create_view, so that
-- queries are plain SQL under row level security.

-- One row per definition that a package ever had; a changed definition is a new table, switched by
-- `active`, which the host writes with the activation. No tenant.
create table eaf.view (
  digest     text        not null primary key check (digest ~ '^[0-9a-f]{64}$'),
  plugin     text        not null,
  view       text        not null,
  version    integer     not null,
  spec       jsonb       not null,
  table_name text        not null unique,
  active     boolean     not null default false,
  created_at timestamptz not null default clock_timestamp()
);
create unique index view_active on eaf.view (plugin, view) where active;
grant select on eaf.view to eaf_app, eaf_platform;
grant update (active) on eaf.view to eaf_platform;

-- The tables of a definition, at most one in each state. Queries read the live one; all are projected,
-- each with a checkpoint of its own, so that a rebuilt copy can be compared before it is read and the
-- former one stays current for a way back. No tenant.
create table eaf.view_copy (
  table_name text        not null primary key,
  digest     text        not null references eaf.view (digest),
  state      text        not null check (state in ('live', 'building', 'standby')),
  made_at    timestamptz not null default clock_timestamp()
);
create unique index view_copy_state on eaf.view_copy (digest, state);
grant select on eaf.view_copy to eaf_app, eaf_platform;

-- Numbers in the names of copies, so that a new copy never finds the checkpoints of a dropped one.
create sequence eaf.view_copy_number;
