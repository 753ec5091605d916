//! Check of the roles' privileges on tables and columns.

use super::allow_list::AllowList;
use sqlx::Row;
use sqlx::postgres::PgConnection;

/// Checks the privileges of roles. `eaf_app` may read and write rows. On a table with tenants,
/// `eaf_platform` may use only the listed columns, which carry no payload; on views, which are
/// payload, it may use no column. No other role has a privilege.
pub(super) async fn check(
    conn: &mut PgConnection,
    allow_list: &AllowList,
    findings: &mut Vec<String>,
) -> Result<(), sqlx::Error> {
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
        let short: &str = row.try_get("short")?;
        let tenants = !allow_list.is_without_tenant(short);
        match (grantee.as_str(), column) {
            ("eaf_app", _) if ["select", "insert", "update", "delete"].contains(&privilege.as_str()) => {}
            ("eaf_platform", None) if tenants => {
                findings.push(format!("{name}: eaf_platform may {privilege} whole rows; grant columns"));
            }
            ("eaf_platform", Some(column)) if tenants => {
                let kind = column.rsplit(' ').next().unwrap_or_default().trim_end_matches("[]");
                if short.is_empty() || ["bytea", "json", "jsonb"].contains(&kind) {
                    findings.push(format!("{name}: eaf_platform may {privilege} the payload {column}"));
                }
            }
            ("eaf_platform", _) => {}
            _ => findings.push(format!("{name}: {grantee} may {privilege}")),
        }
    }
    Ok(())
}
