-- Signed-in browsers.
-- Why: a browser holds a random id and nothing else; here stands its SHA-256, so that a stolen dump opens no session. A
-- session is found before its tenant is known, by the platform role. It is a tenant's table all the same, and not one of
-- the list without tenant_id: so the host's own role makes and ends sessions of one tenant at a time behind the wall, and
-- the platform sees ids and times and changes one of them. The hash is text, because the platform may read no column
-- that can carry payload. An operator's session belongs to no customer: its tenant_id is only zeros.

create table eaf.session (
  tenant_id  uuid        not null,
  hash       text        collate "C" not null check (hash ~ '^[0-9a-f]{64}$'),
  actor_id   uuid        not null,
  created_at timestamptz not null,      -- all three by the host's clock
  seen_at    timestamptz not null,      -- written at most once a minute
  expires_at timestamptz not null,      -- however busy it is
  primary key (tenant_id, hash)
);
create index session_hash on eaf.session (hash);

select eaf.tenant_table('eaf.session');
select eaf.platform_table('eaf.session');
grant select, insert, delete on eaf.session to eaf_app;
grant select (tenant_id, hash, actor_id, seen_at, expires_at), update (seen_at) on eaf.session to eaf_platform;
