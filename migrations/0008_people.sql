-- People of a tenant: groups, managers, cost centres, deputies and invitations.

-- Groups, to which products refer by key.
create table eaf.member_group (
  tenant_id  uuid        not null,
  key        text        collate "C" not null,
  name       text        not null,
  updated_by uuid        not null,
  updated_at timestamptz not null default clock_timestamp(),
  primary key (tenant_id, key)
);
select eaf.tenant_table('eaf.member_group');
grant select, insert, update (name, updated_by, updated_at), delete on eaf.member_group to eaf_app;

create table eaf.group_member (
  tenant_id  uuid        not null,
  key        text        collate "C" not null,
  actor_id   uuid        not null,
  added_by   uuid        not null,
  added_at   timestamptz not null default clock_timestamp(),
  primary key (tenant_id, key, actor_id)
);
create index group_member_actor on eaf.group_member (tenant_id, actor_id);
select eaf.tenant_table('eaf.group_member');
grant select, insert, delete on eaf.group_member to eaf_app;

-- Manager and cost centre of a member.
create table eaf.reporting (
  tenant_id   uuid        not null,
  actor_id    uuid        not null,
  manager     uuid,                                   -- null: no manager is known
  cost_centre text        not null,                   -- empty: none is known
  updated_by  uuid        not null,
  updated_at  timestamptz not null default clock_timestamp(),
  primary key (tenant_id, actor_id),
  check (manager <> actor_id)
);
create index reporting_manager on eaf.reporting (tenant_id, manager) where manager is not null;
select eaf.tenant_table('eaf.reporting');
grant select, insert, update (manager, cost_centre, updated_by, updated_at), delete on eaf.reporting to eaf_app;

-- Person who stands in for another one during a period; at most one at a time.
create table eaf.deputy (
  tenant_id  uuid        not null,
  actor_id   uuid        not null,
  deputy_id  uuid        not null,
  starts_at  timestamptz not null,
  ends_at    timestamptz not null,
  updated_by uuid        not null,
  updated_at timestamptz not null default clock_timestamp(),
  primary key (tenant_id, actor_id),
  check (deputy_id <> actor_id),
  check (ends_at > starts_at)
);
create index deputy_of on eaf.deputy (tenant_id, deputy_id);
select eaf.tenant_table('eaf.deputy');
grant select, insert, update (deputy_id, starts_at, ends_at, updated_by, updated_at), delete on eaf.deputy to eaf_app;
