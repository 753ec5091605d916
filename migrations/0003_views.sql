-- Views: typed tables in schema eaf_view, so that queries are plain SQL under row level security.
-- eaf.create_view creates them from a plugin's description.

-- Definitions of all packages, former ones included. A changed definition is a new row with tables
-- of its own; the activation of a package sets `active`. No tenant.
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

-- Tables of a definition, at most one in each state. Queries read the live one. All are projected,
-- each with its own checkpoint, so that a rebuilt copy can be compared before the switch, and the
-- standby stays current for a switch back. No tenant.
create table eaf.view_copy (
  table_name text        not null primary key,
  digest     text        not null references eaf.view (digest),
  state      text        not null check (state in ('live', 'building', 'standby')),
  made_at    timestamptz not null default clock_timestamp()
);
create unique index view_copy_state on eaf.view_copy (digest, state);
grant select on eaf.view_copy to eaf_app, eaf_platform;

-- Numbers in the names of copies: a new copy must not find the checkpoints of a dropped one.
create sequence eaf.view_copy_number;
