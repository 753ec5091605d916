-- Drafts: input for a command that a person saved to give the command later.

create table eaf.draft (
  tenant_id  uuid        not null,
  draft_id   uuid        not null,
  actor_id   uuid        not null,                -- author, who alone reads the draft
  plugin     text        not null,
  command    text        not null,                -- without the plugin's prefix
  sealed     bytea       not null,                -- title and values, under the person's data key
  revision   bigint      not null check (revision > 0),
  changed_at timestamptz not null,                -- by the host's clock
  expires_at timestamptz not null,
  primary key (tenant_id, draft_id)
);
create index draft_person on eaf.draft (tenant_id, actor_id);
create index draft_expired on eaf.draft (tenant_id, expires_at);
select eaf.tenant_table('eaf.draft');
grant select, insert, update (sealed, revision, changed_at, expires_at), delete on eaf.draft to eaf_app;
