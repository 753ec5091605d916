-- Which master key the other keys are wrapped with; and the record of what was done to the platform, and by whom.
--
-- Why: a host with another master key than its neighbours would serve, and make keys that nobody can open after it. And an
-- act that belongs to no tenant, such as a new operator or another active package, has no row in eaf.audit.

-- Each key that was ever the active one. `known` is a value that opens under that key alone. No key and no secret.
create table eaf.master_key (
  key_id     text        primary key check (key_id ~ '^[0-9a-f]{16}$'),
  known      bytea       not null,
  active     boolean     not null,
  created_at timestamptz not null default clock_timestamp(),
  retired_at timestamptz
);
create unique index master_key_active on eaf.master_key (active) where active;
comment on table eaf.master_key is 'without tenant';
grant select (key_id, active) on eaf.master_key to eaf_app;
grant select, insert, update (active, retired_at) on eaf.master_key to eaf_platform;

-- Null: wrapped by a host of the release before, under the key that was the only one then.
alter table eaf.subject_key add column key_id text;
-- removed_at: no operator any more. Their name stays, so that it can be told who did what.
alter table eaf.operator add column key_id text, add column removed_at timestamptz;
grant update (key_id) on eaf.subject_key to eaf_app;
grant update (identity, key_id, removed_at) on eaf.operator to eaf_platform;
-- How many keys are still to be wrapped anew, and whose tenants'.
select eaf.platform_table('eaf.subject_key');
grant select (tenant_id, key_id, destroyed_at) on eaf.subject_key to eaf_platform;

-- Rows are added and never changed; each is linked to the one before by a hash over all its columns, so that `eaf verify`
-- sees a changed or deleted one. Ids and names of kinds; origin: the operating system's user, of whom no id is known.
create table eaf.platform_audit (
  nr       bigint      primary key check (nr > 0),     -- without gap
  at       timestamptz not null,
  actor_id uuid        not null,
  origin   text,
  act      text        not null,
  object   text        not null,
  outcome  text        not null,
  change   jsonb,                          -- {"old": …, "new": …}
  trace_id text        not null,
  chain    bytea       not null
);
comment on table eaf.platform_audit is 'without tenant';
grant select, insert on eaf.platform_audit to eaf_platform;

alter table eaf.audit
  add column origin     text,
  add column change     jsonb,             -- {"old": …, "new": …}; no personal data
  add column plugin     text,              -- whose workflow was denied a call
  add column grant_name text;
