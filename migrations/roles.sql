-- Roles and schemas. A superuser runs this file in EAF's database and sets the passwords; it may be
-- repeated. Not a migration, because the owner of the schema lacks the rights.
--
--   eaf_owner     owns all objects; cannot log in
--   eaf_migrate   runs migrations; may set its role to eaf_owner
--   eaf_app       host: one tenant per transaction; owns nothing, is a member of no role
--   eaf_platform  host: columns without payload of all tenants, by policies and not by BYPASSRLS
do $$ begin
  if to_regrole('eaf_owner')    is null then create role eaf_owner; end if;
  if to_regrole('eaf_migrate')  is null then create role eaf_migrate; end if;
  if to_regrole('eaf_app')      is null then create role eaf_app; end if;
  if to_regrole('eaf_platform') is null then create role eaf_platform; end if;
end $$;
alter role eaf_owner    nologin noinherit nosuperuser nobypassrls nocreatedb nocreaterole noreplication;
alter role eaf_migrate  login   noinherit nosuperuser nobypassrls nocreatedb nocreaterole noreplication;
alter role eaf_app      login   noinherit nosuperuser nobypassrls nocreatedb nocreaterole noreplication;
alter role eaf_platform login   noinherit nosuperuser nobypassrls nocreatedb nocreaterole noreplication;
grant eaf_owner to eaf_migrate with inherit false, set true, admin false;

-- Planning each call of eaf.append would cost more than the call. Takes effect for new connections.
alter role eaf_app set plan_cache_mode = force_generic_plan;

-- Time-outs. Set for the role, because a pooler does not forward settings of a connection.
do $$ declare r text; begin
  foreach r in array array['eaf_app', 'eaf_platform'] loop
    execute format('alter role %I set idle_in_transaction_session_timeout = %L', r, '5s');
    execute format('alter role %I set lock_timeout = %L', r, '10s');
    execute format('alter role %I set statement_timeout = %L', r, '30s');
  end loop;
end $$;

do $$ begin
  execute format('revoke all on database %I from public', current_database());
  execute format('grant connect on database %I to eaf_migrate, eaf_app, eaf_platform', current_database());
end $$;
revoke create on schema public from public;
create schema if not exists eaf authorization eaf_owner;
grant usage on schema eaf to eaf_app, eaf_platform;
-- Tables of views, created by eaf.create_view.
create schema if not exists eaf_view authorization eaf_owner;
grant usage on schema eaf_view to eaf_app;
-- No role may run a function of the owner without a grant.
alter default privileges for role eaf_owner revoke execute on functions from public;
