//! Check of the four roles: no role has administrative attributes, `eaf_owner` cannot log in, and
//! no membership gives one role the rights of another, except `eaf_migrate` those of the owner.

use sqlx::Row;
use sqlx::postgres::PgConnection;

pub(super) async fn check(conn: &mut PgConnection, findings: &mut Vec<String>) -> Result<(), sqlx::Error> {
    check_attributes(conn, findings).await?;
    let members = outside_members(conn).await?;
    let preset = settings_of_tenant(conn).await?;
    findings.extend(
        preset.iter().map(|of| format!("{of}: sets app.tenant_id, so that no transaction is without a tenant")),
    );
    findings.extend(members.iter().map(|name| format!("role {name}: is a member of one of EAF's roles")));
    Ok(())
}

async fn check_attributes(conn: &mut PgConnection, findings: &mut Vec<String>) -> Result<(), sqlx::Error> {
    let rows = sqlx::query(
        "select rolname::text as name, rolcanlogin, rolsuper or rolbypassrls or rolcreaterole or rolcreatedb or rolreplication
                as privileged,
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
        if row.try_get("privileged")? {
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

/// Roles outside EAF that have the rights of one of its roles.
async fn outside_members(conn: &mut PgConnection) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar(
        "select m.member::regrole::text from pg_auth_members m
         where m.roleid in (select oid from pg_roles where rolname in ('eaf_owner', 'eaf_app', 'eaf_platform'))
           and (m.inherit_option or m.set_option)
           and not (m.roleid = to_regrole('eaf_owner') and m.member = to_regrole('eaf_migrate') and not m.inherit_option)",
    )
    .fetch_all(conn)
    .await
}

/// Roles, or the database, for which the setting `app.tenant_id` has a default value.
async fn settings_of_tenant(conn: &mut PgConnection) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar(
        "select coalesce('role ' || nullif(setrole, 0)::regrole::text, 'this database') from pg_db_role_setting, unnest(setconfig) s
         where setdatabase in (0, (select oid from pg_database where datname = current_database())) and s ilike 'app.tenant_id=%'",
    )
    .fetch_all(conn)
    .await
}
