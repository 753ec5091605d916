//! Check of tables. Each table that is not on the allow list has the column `tenant_id`, has that
//! column first in each key, and forces row-level security.

use super::allow_list::AllowList;
use sqlx::Row;
use sqlx::postgres::{PgConnection, PgRow};

pub(super) async fn check(
    conn: &mut PgConnection,
    allow_list: &AllowList,
    findings: &mut Vec<String>,
) -> Result<(), sqlx::Error> {
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
    .fetch_all(&mut *conn)
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
            "r" | "p" => table(&name, &row, allow_list, findings)?,
            _ => findings.push(format!("{name}: materialized views and foreign tables have no row level security")),
        }
    }
    foreign_keys(&mut *conn, findings).await?;
    triggers_and_rules(conn, findings).await
}

/// Checks foreign keys. A foreign key whose first column is not the tenant could refer to a row of
/// another tenant.
async fn foreign_keys(conn: &mut PgConnection, findings: &mut Vec<String>) -> Result<(), sqlx::Error> {
    let rows: Vec<(String, String)> = sqlx::query_as(
        "select k.conrelid::regclass::text, k.conname::text
         from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace
         where k.contype = 'f' and (n.nspname = 'eaf' or n.nspowner = to_regrole('eaf_owner'))
           and exists (select from pg_attribute a where a.attrelid = k.confrelid and a.attname = 'tenant_id')
           and not ((select a.attname from pg_attribute a where a.attrelid = k.conrelid and a.attnum = k.conkey[1]) = 'tenant_id'
                    and (select a.attname from pg_attribute a where a.attrelid = k.confrelid and a.attnum = k.confkey[1]) = 'tenant_id')",
    )
    .fetch_all(&mut *conn)
    .await?;
    findings.extend(rows.iter().map(|(table, key)| format!("{table}: tenant_id does not lead the foreign key {key}")));
    Ok(())
}

/// Checks that there are no triggers and rules, because they add effects to a statement that its
/// text does not show. Checks that there are no child tables, because a query of a child table
/// applies the child's policies and not its parent's.
async fn triggers_and_rules(conn: &mut PgConnection, findings: &mut Vec<String>) -> Result<(), sqlx::Error> {
    let rows: Vec<(String, String)> = sqlx::query_as(
        "with ours as (select c.oid from pg_class c join pg_namespace n on n.oid = c.relnamespace
                       where (n.nspname = 'eaf' or n.nspowner = to_regrole('eaf_owner')) and c.relkind in ('r', 'p'))
         select t.tgrelid::regclass::text, 'trigger ' || t.tgname from pg_trigger t join ours on ours.oid = t.tgrelid
         where not t.tgisinternal
         union all
         select r.ev_class::regclass::text, 'rule ' || r.rulename from pg_rewrite r join ours on ours.oid = r.ev_class
         union all
         select i.inhparent::regclass::text, 'child table ' || i.inhrelid::regclass from pg_inherits i join ours on ours.oid = i.inhparent",
    )
    .fetch_all(conn)
    .await?;
    findings.extend(rows.iter().map(|(table, what)| format!("{table}: has the {what}")));
    Ok(())
}

fn table(name: &str, row: &PgRow, allow_list: &AllowList, findings: &mut Vec<String>) -> Result<(), sqlx::Error> {
    let has_tenant: bool = row.try_get("has_tenant")?;
    if allow_list.is_without_tenant(row.try_get("short")?) {
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
