//! Refuses a database in which the walls between tenants do not stand. Read from the catalogue, so it covers tables that
//! later migrations and `create_view` make, without a list to forget one in.

use super::{Db, Error, budget, schema};
use sqlx::Row;
use sqlx::postgres::{PgConnection, PgPool, PgRow};
use std::collections::BTreeMap;

const WITHOUT_TENANT: &str = include_str!("../../../migrations/tables-without-tenant.txt");

/// How PostgreSQL prints the one expression that may decide who sees a row.
const TENANT_RULE: &str = "(tenant_id = ( SELECT (current_setting('app.tenant_id'::text))::uuid";

/// Checks the schema's age, the number of connections, then tables, policies, keys, functions, roles and the settings of
/// the connections.
pub async fn check(db: &Db) -> Result<(), Error> {
    schema::check(&db.platform).await?;
    budget::check(db).await?;
    let mut findings = Vec::new();
    for (role, pool) in [("eaf_app", &db.app), ("eaf_app", &db.append), ("eaf_platform", &db.platform)] {
        connection(role, pool, &mut findings).await.map_err(Error::ReadCatalogue)?;
    }
    let mut conn = db.platform.acquire().await.map_err(Error::ReadCatalogue)?;
    findings.extend(catalogue_findings(&mut conn).await.map_err(Error::ReadCatalogue)?);
    if findings.is_empty() { Ok(()) } else { Err(Error::Catalogue(findings)) }
}

/// What the catalogue says, in the transaction of `conn`.
pub async fn catalogue_findings(conn: &mut PgConnection) -> Result<Vec<String>, sqlx::Error> {
    let mut findings = Vec::new();
    roles(conn, &mut findings).await?;
    tables(conn, &mut findings).await?;
    policies(conn, &mut findings).await?;
    privileges(conn, &mut findings).await?;
    functions(conn, &mut findings).await?;
    findings.sort();
    findings.dedup();
    Ok(findings)
}

async fn connection(expected: &str, pool: &PgPool, findings: &mut Vec<String>) -> Result<(), sqlx::Error> {
    let row = sqlx::query("select current_user::text as name, current_setting('plan_cache_mode') as plans")
        .fetch_one(pool)
        .await?;
    let name: String = row.try_get("name")?;
    if name != expected {
        findings.push(format!("a connection that should be {expected}'s is {name}'s"));
    }
    let plans: String = row.try_get("plans")?;
    if expected == "eaf_app" && plans != "force_generic_plan" {
        findings.push(format!("role eaf_app: plan_cache_mode is {plans}, not force_generic_plan (read at log-in)"));
    }
    Ok(())
}

async fn roles(conn: &mut PgConnection, findings: &mut Vec<String>) -> Result<(), sqlx::Error> {
    let rows = sqlx::query(
        "select rolname::text as name, rolcanlogin, rolsuper or rolbypassrls or rolcreaterole or rolcreatedb or rolreplication
                as mighty,
                array(select m.roleid::regrole::text from pg_auth_members m where m.member = r.oid) as member_of,
                exists(select from pg_class c where c.relowner = r.oid) as owns
         from pg_roles r where rolname in ('eaf_owner', 'eaf_migrate', 'eaf_app', 'eaf_platform')",
    )
    .fetch_all(conn)
    .await?;
    if rows.len() != 4 {
        findings.push("one of the roles eaf_owner, eaf_migrate, eaf_app, eaf_platform does not exist".into());
    }
    for row in rows {
        let name: String = row.try_get("name")?;
        let member_of: Vec<String> = row.try_get("member_of")?;
        if row.try_get("mighty")? {
            findings
                .push(format!("role {name}: is superuser, bypasses RLS, replicates, or creates roles or databases"));
        }
        if name == "eaf_owner" && row.try_get("rolcanlogin")? {
            findings.push("role eaf_owner: can log in".into());
        }
        if name != "eaf_owner" && row.try_get("owns")? {
            findings.push(format!("role {name}: owns tables"));
        }
        if member_of.iter().any(|role| !(name == "eaf_migrate" && role == "eaf_owner")) {
            findings.push(format!("role {name}: is a member of {}", member_of.join(", ")));
        }
    }
    Ok(())
}

async fn tables(conn: &mut PgConnection, findings: &mut Vec<String>) -> Result<(), sqlx::Error> {
    let rows = sqlx::query(
        "select c.oid::regclass::text as name, case n.nspname when 'eaf' then c.relname::text else '' end as short, c.relkind::text as kind, c.relrowsecurity,
                c.relforcerowsecurity, pg_get_userbyid(c.relowner)::text as owner,
                coalesce('security_invoker=true' = any (c.reloptions), false) as invoker,
                exists(select from pg_attribute a where a.attrelid = c.oid and a.attname = 'tenant_id'
                       and a.atttypid = 'uuid'::regtype and a.attnotnull and not a.attisdropped) as has_tenant,
                array(select i.indexrelid::regclass::text from pg_index i where i.indrelid = c.oid and i.indisunique
                      and not exists (select from pg_attribute a where a.attrelid = c.oid and a.attnum = i.indkey[0]
                                      and a.attname = 'tenant_id')) as keys_without_tenant
         from pg_class c join pg_namespace n on n.oid = c.relnamespace
         where (n.nspname = 'eaf' or n.nspowner = to_regrole('eaf_owner')) and c.relkind in ('r', 'p', 'v', 'm', 'f')",
    )
    .fetch_all(conn)
    .await?;
    for row in rows {
        let name: String = row.try_get("name")?;
        let owner: String = row.try_get("owner")?;
        if owner != "eaf_owner" {
            findings.push(format!("{name}: belongs to {owner}, not to eaf_owner"));
        }
        match row.try_get::<&str, _>("kind")? {
            "v" if row.try_get("invoker")? => continue,
            "v" => findings.push(format!("{name}: a view without security_invoker")),
            "r" | "p" => table(&name, &row, findings)?,
            _ => findings.push(format!("{name}: materialized views and foreign tables know no row level security")),
        }
    }
    Ok(())
}

fn table(name: &str, row: &PgRow, findings: &mut Vec<String>) -> Result<(), sqlx::Error> {
    let has_tenant: bool = row.try_get("has_tenant")?;
    if is_listed(row.try_get("short")?) {
        if has_tenant {
            findings.push(format!("{name}: is listed as a table without tenant_id, and has one"));
        }
        return Ok(());
    }
    if !has_tenant {
        findings.push(format!("{name}: has no column tenant_id uuid not null"));
        return Ok(());
    }
    if !row.try_get::<bool, _>("relrowsecurity")? {
        findings.push(format!("{name}: row level security is off"));
    }
    if !row.try_get::<bool, _>("relforcerowsecurity")? {
        findings.push(format!("{name}: row level security is not forced on the owner"));
    }
    for key in row.try_get::<Vec<String>, _>("keys_without_tenant")? {
        findings.push(format!("{name}: tenant_id does not lead the key {key}"));
    }
    Ok(())
}

/// Per table one policy for tenants, which is exactly the rule, and at most one for the platform.
async fn policies(conn: &mut PgConnection, findings: &mut Vec<String>) -> Result<(), sqlx::Error> {
    let rows = sqlx::query(
        "select c.oid::regclass::text as name, case n.nspname when 'eaf' then c.relname::text else '' end as short, p.polname::text as policy, p.polcmd::text as command,
                p.polpermissive, array(select case r when 0 then 'public' else pg_get_userbyid(r)::text end
                                       from unnest(p.polroles) r order by 1) as roles,
                pg_get_expr(p.polqual, p.polrelid) as using_rule, pg_get_expr(p.polwithcheck, p.polrelid) as check_rule
         from pg_class c join pg_namespace n on n.oid = c.relnamespace left join pg_policy p on p.polrelid = c.oid
         where (n.nspname = 'eaf' or n.nspowner = to_regrole('eaf_owner')) and c.relkind in ('r', 'p')",
    )
    .fetch_all(conn)
    .await?;
    let mut counts: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for row in rows {
        let name: String = row.try_get("name")?;
        if is_listed(row.try_get("short")?) {
            continue;
        }
        let (tenant, platform) = counts.entry(name.clone()).or_default();
        let Some(policy) = row.try_get::<Option<String>, _>("policy")? else { continue };
        let roles: Vec<String> = row.try_get("roles")?;
        if !row.try_get::<bool, _>("polpermissive")? {
            findings.push(format!("{name}: policy {policy} is restrictive; there is one permissive rule and no other"));
        } else if roles == ["eaf_app", "eaf_owner"] {
            *tenant += 1;
            tenant_policy(&name, &policy, &row, findings)?;
        } else if roles == ["eaf_platform"] {
            *platform += 1;
        } else {
            findings.push(format!("{name}: policy {policy} is for {}", roles.join(", ")));
        }
    }
    for (name, (tenant, platform)) in counts {
        if tenant != 1 {
            findings.push(format!("{name}: has {tenant} tenant policies instead of one"));
        }
        if platform > 1 {
            findings.push(format!("{name}: has {platform} platform policies"));
        }
    }
    Ok(())
}

fn tenant_policy(name: &str, policy: &str, row: &PgRow, findings: &mut Vec<String>) -> Result<(), sqlx::Error> {
    if row.try_get::<&str, _>("command")? != "*" {
        findings.push(format!("{name}: policy {policy} is not for all commands"));
    }
    for (clause, column) in [("USING", "using_rule"), ("WITH CHECK", "check_rule")] {
        let rule: Option<String> = row.try_get(column)?;
        if !rule.as_deref().is_some_and(is_tenant_rule) {
            findings.push(format!(
                "{name}: policy {policy}, {clause} is not the tenant rule: {}",
                rule.unwrap_or_default()
            ));
        }
    }
    Ok(())
}

/// What the platform may see of tenants' tables: named columns, none that can carry payload; and nobody but the three
/// roles may anything.
async fn privileges(conn: &mut PgConnection, findings: &mut Vec<String>) -> Result<(), sqlx::Error> {
    let rows = sqlx::query(
        "with tables as (
           select c.*, case n.nspname when 'eaf' then c.relname::text else '' end as short from pg_class c join pg_namespace n on n.oid = c.relnamespace
           where (n.nspname = 'eaf' or n.nspowner = to_regrole('eaf_owner')) and c.relkind in ('r', 'p', 'v'))
         select t.oid::regclass::text as name, t.short, null as column_name,
                coalesce(pg_get_userbyid(nullif(a.grantee, 0)), 'public')::text as grantee, lower(a.privilege_type) as privilege
         from tables t, aclexplode(t.relacl) a where a.grantee <> t.relowner
         union all
         select t.oid::regclass::text, t.short, c.attname::text || ' ' || format_type(c.atttypid, null),
                coalesce(pg_get_userbyid(nullif(a.grantee, 0)), 'public')::text, lower(a.privilege_type)
         from tables t join pg_attribute c on c.attrelid = t.oid, aclexplode(c.attacl) a where a.grantee <> t.relowner",
    )
    .fetch_all(conn)
    .await?;
    for row in rows {
        let name: String = row.try_get("name")?;
        let grantee: String = row.try_get("grantee")?;
        let privilege: String = row.try_get("privilege")?;
        let column: Option<String> = row.try_get("column_name")?;
        let tenants = !is_listed(row.try_get("short")?);
        match (grantee.as_str(), column) {
            ("eaf_app", _) if ["select", "insert", "update", "delete"].contains(&privilege.as_str()) => {}
            ("eaf_platform", None) if tenants => {
                findings.push(format!("{name}: eaf_platform may {privilege} whole rows; grant columns"));
            }
            ("eaf_platform", Some(column)) if tenants => {
                if ["bytea", "json", "jsonb"].iter().any(|payload| column.ends_with(&format!(" {payload}"))) {
                    findings.push(format!("{name}: eaf_platform may {privilege} the payload {column}"));
                }
            }
            ("eaf_platform", _) => {}
            _ => findings.push(format!("{name}: {grantee} may {privilege}")),
        }
    }
    Ok(())
}

/// A function that runs as its owner must not look up names where its caller says.
async fn functions(conn: &mut PgConnection, findings: &mut Vec<String>) -> Result<(), sqlx::Error> {
    let names: Vec<String> = sqlx::query_scalar(
        "select p.oid::regprocedure::text from pg_proc p join pg_namespace n on n.oid = p.pronamespace
         where (n.nspname = 'eaf' or n.nspowner = to_regrole('eaf_owner')) and p.prosecdef
           and not exists (select from unnest(p.proconfig) setting where setting like 'search_path=%')",
    )
    .fetch_all(conn)
    .await?;
    findings.extend(names.iter().map(|name| format!("{name}: security definer without a search_path of its own")));
    Ok(())
}

/// `table` is empty outside schema eaf: no other schema may have a table without a tenant.
fn is_listed(table: &str) -> bool {
    WITHOUT_TENANT.lines().any(|line| line == table)
}

fn is_tenant_rule(rule: &str) -> bool {
    // PostgreSQL adds an alias to the inner column; newer versions may not.
    let rest = rule.strip_prefix(TENANT_RULE);
    rest.is_some_and(|rest| matches!(rest, " AS current_setting))" | "))"))
}
