-- What signing in and out must remember.
--
-- A sign-in's state works once, on whichever host it comes back to: its hash stays here until the sign-in would be over
-- anyway. It belongs to nobody: who signs in is not known yet.
create table eaf.used_state (
  hash  text        collate "C" primary key check (hash ~ '^[0-9a-f]{64}$'),
  until timestamptz not null                 -- by the host's clock
);
comment on table eaf.used_state is 'without tenant';
grant select, insert, delete on eaf.used_state to eaf_platform;

-- The ID token of a sign-in, which some providers want to see when the person signs out. It is sealed under a key that
-- follows from the session's id, and that only the browser has. A session that has ended keeps it for the moment until
-- the browser leaves for the provider.
alter table eaf.session add column hint bytea;
grant update (expires_at, hint) on eaf.session to eaf_app;
