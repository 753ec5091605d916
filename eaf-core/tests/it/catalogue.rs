//! Tests of the catalogue check at the host's start: it finds every hole in the separation of
//! tenants.

use eaf_core::db::{catalogue_findings, check, migrate};
use eaf_core::testing::Database;

#[tokio::test]
async fn a_migrated_database_has_no_findings() {
    let database = Database::fresh().await;
    let checked = check(&database.db().await).await;
    assert!(checked.is_ok(), "{}", checked.unwrap_err());
}

#[tokio::test]
async fn a_connection_of_the_wrong_role_is_rejected() {
    let database = Database::fresh().await;
    let config = eaf_core::db::Config { app_url: database.superuser_url().into(), ..database.config() };
    let db = eaf_core::db::Db::connect(&config).await.unwrap();
    let refused = check(&db).await.unwrap_err().to_string();
    assert!(refused.contains("should be eaf_app's"), "{refused}");
}

const NEWER_MIGRATION: &str =
    "insert into eaf._sqlx_migrations (version, description, success, checksum, execution_time)
     values (9999, 'from the future', true, '\\x00', 0)";
const NEWER_FUNCTION: &str = "insert into eaf.function_source values ('future', 1, sha256(''))";
const NEWER_REVISION: &str = "update eaf.function_source set revision = 9999 where name = 'append'";
const NEWER_OBJECTS: &str = "set role eaf_owner;
    create table eaf.future (id int);
    create function eaf.future() returns int language sql security definer set search_path = pg_catalog, pg_temp as 'select 1';
    grant execute on function eaf.future to eaf_app";
/// SQL statements that create objects which violate the rules of the catalogue check.
const HOLES: &str = "set role eaf_owner;
    create table eaf.open (tenant_id uuid not null);
    create table eaf_view.future (id int);
    grant execute on function eaf.future to public;
    grant execute on function eaf.create_view to eaf_app";

#[tokio::test]
async fn objects_of_a_newer_release_are_not_checked_and_others_are() {
    for newer in [NEWER_MIGRATION, NEWER_FUNCTION, NEWER_REVISION] {
        let database = Database::fresh().await;
        database.run(newer).await;
        database.run(NEWER_OBJECTS).await;
        migrate(&database.url("eaf_migrate")).await.unwrap();
        check(&database.db().await).await.unwrap();
        database.run(HOLES).await;
        let refused = check(&database.db().await).await.unwrap_err().to_string();
        for expected in [
            "eaf.open: row level security is off",
            "eaf_view.future: has no column tenant_id",
            "eaf.future(): public may run it as the owner",
            "eaf.create_view(jsonb): eaf_app may run it as the owner",
        ] {
            assert!(refused.contains(expected), "{newer}: {refused}");
        }
    }
}

#[tokio::test]
async fn every_object_of_the_present_schema_is_checked() {
    let database = Database::fresh().await;
    database.run(NEWER_OBJECTS).await;
    let refused = check(&database.db().await).await.unwrap_err().to_string();
    for expected in ["eaf.future: has no column tenant_id", "eaf.future(): eaf_app may run it as the owner"] {
        assert!(refused.contains(expected), "{refused}");
    }
}

#[tokio::test]
async fn an_older_or_different_schema_is_rejected_by_its_migration() {
    for (change, expected) in [
        ("delete from eaf._sqlx_migrations where version = 5", "0005 workflow is missing"),
        ("update eaf._sqlx_migrations set success = false where version = 5", "0005 workflow is missing"),
        ("update eaf._sqlx_migrations set checksum = '\\x00' where version = 2", "0002 log was applied with another"),
        ("drop table eaf._sqlx_migrations", "0001 tenancy is missing"),
        ("delete from eaf.function_source where name = 'append'", "functions/append.sql is missing"),
        (
            "alter table eaf.function_source drop constraint function_source_revision_check;
             update eaf.function_source set revision = 0 where name = 'append'",
            "functions/append.sql is of revision 0, not ",
        ),
        (
            "update eaf.function_source set digest = sha256('') where name = 'append'",
            "functions/append.sql was applied with another content",
        ),
    ] {
        let database = Database::fresh().await;
        database.run(change).await;
        let refused = check(&database.db().await).await.unwrap_err().to_string();
        assert!(refused.contains(expected) && refused.contains("EAF_DATABASE_MIGRATE_URL"), "{change}: {refused}");
    }
}

#[tokio::test]
async fn pools_larger_than_the_servers_limit_are_rejected_at_start() {
    let database = Database::fresh().await;
    let config = eaf_core::db::Config { app_connections: 100_000, ..database.config() };
    let refused = check(&eaf_core::db::Db::connect(&config).await.unwrap()).await.unwrap_err().to_string();
    // The other connections are 6 to append, 2 of the platform role and 2 that listen.
    assert!(refused.contains("100010 connections"), "{refused}");
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "a table: one hole per row")]
async fn each_hole_is_a_finding() {
    let holes = [
        ("alter table eaf.member disable row level security", "eaf.member: row level security is off"),
        ("alter table eaf.member no force row level security", "eaf.member: row level security is not forced"),
        (
            "alter policy tenant on eaf.member using (true)",
            "eaf.member: policy tenant, USING is not the tenant rule: true",
        ),
        ("alter policy tenant on eaf.member with check (true)", "WITH CHECK is not the tenant rule: true"),
        (
            "alter policy tenant on eaf.member using (tenant_id = (select current_setting('app.tenant_id', true)::uuid))",
            "USING is not the tenant rule",
        ),
        (
            "alter policy tenant on eaf.member using (tenant_id = (select current_setting('app.tenant_id')::uuid) or true)",
            "USING is not the tenant rule",
        ),
        ("drop policy tenant on eaf.member", "eaf.member: has 0 tenant policies"),
        ("create policy second on eaf.member to eaf_app, eaf_owner using (true)", "eaf.member: has 2 tenant policies"),
        ("create policy second on eaf.member to eaf_app using (true)", "policy second is for eaf_app"),
        ("create policy second on eaf.member using (true)", "policy second is for public"),
        ("create policy narrow on eaf.member as restrictive using (true)", "policy narrow is restrictive"),
        (
            "drop policy tenant on eaf.member; create policy tenant on eaf.member for select to eaf_app, eaf_owner using (true)",
            "eaf.member: policy tenant is not for all commands",
        ),
        ("create policy more on eaf.event to eaf_platform using (true)", "eaf.event: has 2 platform policies"),
        ("create table eaf_view.operator (id int)", "eaf_view.operator: has no column tenant_id"),
        ("create table eaf.open (id int)", "eaf.open: has no column tenant_id"),
        ("alter table eaf.operator add tenant_id uuid not null default gen_random_uuid()", "eaf.operator: is listed"),
        ("alter table eaf.member add unique (actor_id)", "eaf.member: tenant_id does not lead the key"),
        (
            "alter table eaf.member add constraint lone unique (tenant_id, actor_id, locale);
             create table eaf.child (tenant_id uuid not null, actor_id uuid, locale text,
               constraint astray foreign key (actor_id, tenant_id, locale) references eaf.member (actor_id, tenant_id, locale))",
            "eaf.child: tenant_id does not lead the foreign key astray",
        ),
        (
            "create trigger sly before update on eaf.member for each row execute function suppress_redundant_updates_trigger()",
            "eaf.member: has the trigger sly",
        ),
        ("create rule sly as on delete to eaf.member do instead nothing", "eaf.member: has the rule sly"),
        ("create table eaf.child () inherits (eaf.member)", "eaf.member: has the child table eaf.child"),
        ("create role stranger; grant eaf_owner to stranger", "role stranger: is a member of one of EAF's roles"),
        ("create role stranger; grant eaf_app to stranger", "role stranger: is a member of one of EAF's roles"),
        ("grant eaf_owner to eaf_migrate with inherit true", "role eaf_migrate: is a member of one of EAF's roles"),
        (
            "grant execute on function eaf.create_view to eaf_app",
            "eaf.create_view(jsonb): eaf_app may run it as the owner",
        ),
        ("grant execute on function eaf.append to public", "bytea[]): public may run it as the owner"),
        (
            "create function eaf.append(text) returns int language sql security definer set search_path = pg_catalog, pg_temp
               as 'select 1'; grant execute on function eaf.append(text) to eaf_app",
            "eaf.append(text): eaf_app may run it as the owner",
        ),
        (
            "create function eaf_view.new_epoch() returns int language sql security definer set search_path = pg_catalog, pg_temp
               as 'select 1'; grant execute on function eaf_view.new_epoch to eaf_platform",
            "eaf_view.new_epoch(): eaf_platform may run it as the owner",
        ),
        ("alter function eaf.new_epoch owner to postgres", "eaf.new_epoch(): belongs to postgres, not to eaf_owner"),
        ("alter function eaf.leaf owner to postgres", "timestamp with time zone): belongs to postgres, not to eaf_owner"),
        ("create view eaf.names as select * from eaf.member", "eaf.names: a view without security_invoker"),
        ("create materialized view eaf.names as select 1 as x", "eaf.names: materialized views"),
        ("alter table eaf.member owner to postgres", "eaf.member: belongs to postgres"),
        ("grant select on eaf.member to eaf_platform", "eaf.member: eaf_platform may select whole rows"),
        (
            "grant select (sealed) on eaf.member to eaf_platform",
            "eaf.member: eaf_platform may select the payload sealed",
        ),
        (
            "create table eaf_view.v (tenant_id uuid, name text); grant select (name) on eaf_view.v to eaf_platform",
            "eaf_view.v: eaf_platform may select the payload name text",
        ),
        (
            "create table eaf.blob (tenant_id uuid, parts bytea[]); grant select (parts) on eaf.blob to eaf_platform",
            "eaf.blob: eaf_platform may select the payload parts bytea[]",
        ),
        ("grant select on eaf.member to public", "eaf.member: public may select"),
        ("grant truncate on eaf.event to eaf_app", "eaf.event: eaf_app may truncate"),
        ("alter role eaf_owner login", "role eaf_owner: can log in"),
        ("alter role eaf_app set app.tenant_id = '6561665f-0000-4000-8000-000000000001'", "role eaf_app: sets app.tenant_id"),
        ("do $$ begin execute format('alter database %I set app.tenant_id = 1', current_database()); end $$", "this database: sets"),
        ("alter role eaf_app bypassrls", "role eaf_app: is superuser, bypasses RLS"),
        ("grant eaf_owner to eaf_app", "role eaf_app: is a member of eaf_owner"),
        ("grant pg_read_all_data to eaf_platform", "role eaf_platform: is a member of pg_read_all_data"),
        (
            "create function eaf.f() returns int language sql security definer as 'select 1'",
            "eaf.f(): security definer without search_path=pg_catalog, pg_temp",
        ),
        (
            "alter function eaf.new_epoch set search_path = pg_catalog, public, pg_temp",
            "eaf.new_epoch(): security definer without search_path=pg_catalog, pg_temp",
        ),
        (
            "alter function eaf.new_epoch set search_path = pg_catalog",
            "eaf.new_epoch(): security definer without search_path=pg_catalog, pg_temp",
        ),
    ];
    let database = Database::fresh().await;
    let mut root = database.superuser().await;
    for (hole, expected) in holes {
        // Rolled back, because roles belong to all databases of the cluster.
        sqlx::raw_sql(sqlx::AssertSqlSafe(format!("begin; {hole}"))).execute(&mut root).await.unwrap();
        let findings = catalogue_findings(&mut root).await.unwrap();
        sqlx::raw_sql("rollback").execute(&mut root).await.unwrap();
        assert!(findings.iter().any(|finding| finding.contains(expected)), "{hole}: {findings:?}");
    }
}
