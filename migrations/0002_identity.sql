-- Tenants, who acts in them, the keys that their personal data is sealed with, and the record of acts beside the log.

-- tenant_id is derived from the slug, so the key makes the slug unique as well.
create table eaf.tenant (
  tenant_id  uuid        primary key,
  slug       text        collate "C" not null,
  name       text        not null,
  created_at timestamptz not null default now()
);

-- One data key per person, wrapped by the master key, which is not in the database. The subject of only zeros is the
-- tenant itself. wrapped null: destroyed, and with it everything that was sealed under it.
create table eaf.subject_key (
  tenant_id    uuid        not null,
  subject_id   uuid        not null,
  wrapped      bytea,
  created_at   timestamptz not null default now(),
  destroyed_at timestamptz,
  primary key (tenant_id, subject_id),
  check ((wrapped is null) = (destroyed_at is not null))
);

-- sealed: issuer, subject, name and mail address, under the member's own key. identity: keyed digest of issuer and
-- subject; null after an erasure.
create table eaf.member (
  tenant_id  uuid        not null,
  actor_id   uuid        not null,
  identity   bytea,
  sealed     bytea       not null,
  locale     text        not null check (locale in ('de', 'en')),
  roles      text[]      not null,
  created_at timestamptz not null default now(),
  primary key (tenant_id, actor_id),
  unique (tenant_id, identity)
);

-- Ids and names of kinds only, never personal data. Rows are added and never changed.
create table eaf.audit (
  tenant_id uuid        not null,
  id        uuid        not null default gen_random_uuid(),
  at        timestamptz not null default clock_timestamp(),
  actor_id  uuid        not null,
  act       text        not null,
  object    text        not null,
  outcome   text        not null,
  trace_id  text        not null,
  primary key (tenant_id, id)
);
create index audit_newest on eaf.audit (tenant_id, at desc, id desc);

-- Platform actors; they belong to no tenant.
create table eaf.operator (
  actor_id   uuid        primary key,
  identity   bytea       not null unique,
  sealed     bytea       not null,
  created_at timestamptz not null default now()
);

select eaf.tenant_table('eaf.tenant');
select eaf.tenant_table('eaf.subject_key');
select eaf.tenant_table('eaf.member');
select eaf.tenant_table('eaf.audit');
select eaf.platform_table('eaf.tenant');

grant select, insert, update (name) on eaf.tenant to eaf_app;
grant select, insert, update (wrapped, destroyed_at) on eaf.subject_key to eaf_app;
grant select, insert, update (identity, sealed, locale, roles) on eaf.member to eaf_app;
grant select, insert on eaf.audit to eaf_app;
grant select (tenant_id, slug) on eaf.tenant to eaf_platform;
grant select, insert, update (sealed) on eaf.operator to eaf_platform;
