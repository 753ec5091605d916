//! Check of the policies of row-level security.

use super::allow_list::AllowList;
use sqlx::Row;
use sqlx::postgres::{PgConnection, PgRow};
use std::collections::BTreeMap;

/// Condition of every policy that isolates tenants, as PostgreSQL prints it.
const TENANT_RULE: &str = "(tenant_id = ( SELECT (current_setting('app.tenant_id'::text))::uuid";

/// Checks that each table with tenants has exactly one tenant policy, whose condition is
/// [`TENANT_RULE`], and at most one policy for the platform role.
pub(super) async fn check(
    conn: &mut PgConnection,
    allow_list: &AllowList,
    findings: &mut Vec<String>,
) -> Result<(), sqlx::Error> {
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
        if allow_list.is_without_tenant(row.try_get("short")?) {
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

fn is_tenant_rule(rule: &str) -> bool {
    // PostgreSQL 16 prints an alias for the inner column; other versions may not.
    let rest = rule.strip_prefix(TENANT_RULE);
    rest.is_some_and(|rest| matches!(rest, " AS current_setting))" | "))"))
}
