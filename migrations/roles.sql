-- Roles and the schema. Run by a superuser in the database that EAF is to use; may be repeated. It does what the
-- owner of the schema cannot do itself, so it is no migration. Passwords are set by whoever runs it.
--
--   eaf_owner     owns everything, cannot log in
--   eaf_migrate   logs in for migrations only, may become eaf_owner
--   eaf_app       the host: one tenant at a time, owns nothing, is a member of nothing
--   eaf_platform  the host: columns without payload across tenants; policies of its own, never BYPASSRLS
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

-- A plan made anew for every call of eaf.append costs more than the call. Read when a connection is made.
alter role eaf_app set plan_cache_mode = force_generic_plan;

-- Nobody waits for ever. Here, because a pooler passes no settings of a connection on.
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
-- The tables of views, made by eaf.create_view.
create schema if not exists eaf_view authorization eaf_owner;
grant usage on schema eaf_view to eaf_app;
-- What the owner makes is nobody else's until it is granted.
alter default privileges for role eaf_owner revoke execute on functions from public;
