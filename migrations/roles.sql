-- Roles and schemas. `eaf db bootstrap` runs this file in EAF's database, as a superuser or as the
-- database's owner with CREATEROLE, and sets the passwords; it may be repeated. Not a migration,
-- because the owner of the schema lacks the rights.
--
--   eaf_owner     owns all objects; cannot log in
--   eaf_migrate   runs migrations; may set its role to eaf_owner
--   eaf_app       host: one tenant per transaction; owns nothing, is a member of no role
--   eaf_platform  host: columns without payload of all tenants, by policies and not by BYPASSRLS
do $$ begin
  if to_regrole('eaf_owner')    is null then create role eaf_owner nologin noinherit; end if;
  if to_regrole('eaf_migrate')  is null then create role eaf_migrate login noinherit; end if;
  if to_regrole('eaf_app')      is null then create role eaf_app login noinherit; end if;
  if to_regrole('eaf_platform') is null then create role eaf_platform login noinherit; end if;
end $$;
alter role eaf_owner    nologin noinherit;
alter role eaf_migrate  login   noinherit;
alter role eaf_app      login   noinherit;
alter role eaf_platform login   noinherit;
-- Only a superuser may name the other attributes, even to remove them.
do $$ declare r text; begin
  for r in select rolname from pg_roles
            where rolname in ('eaf_owner', 'eaf_migrate', 'eaf_app', 'eaf_platform')
              and (rolsuper or rolbypassrls or rolcreatedb or rolcreaterole or rolreplication) loop
    execute format('alter role %I nosuperuser nobypassrls nocreatedb nocreaterole noreplication', r);
  end loop;
end $$;
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

-- The rest belongs to eaf_owner. A role with CREATEROLE administers the roles that it creates, and
-- is a member only while this file runs.
grant eaf_owner to current_user with inherit false, set true;
create schema if not exists eaf authorization eaf_owner;
-- Tables of views, created by eaf.create_view.
create schema if not exists eaf_view authorization eaf_owner;
set role eaf_owner;
grant usage on schema eaf to eaf_app, eaf_platform;
grant usage on schema eaf_view to eaf_app;
-- No role may run a function of the owner without a grant.
alter default privileges revoke execute on functions from public;
reset role;
revoke eaf_owner from current_user;
