//! Functions that run as their owner, which may write what the host may not.

use super::known::Known;
use sqlx::postgres::PgConnection;

/// A function that runs as its owner must not look up names where its caller says.
pub(super) async fn check(
    conn: &mut PgConnection,
    known: &Known,
    findings: &mut Vec<String>,
) -> Result<(), sqlx::Error> {
    let names: Vec<String> = sqlx::query_scalar(
        "select p.oid::regprocedure::text from pg_proc p join pg_namespace n on n.oid = p.pronamespace
         where (n.nspname = 'eaf' or n.nspowner = to_regrole('eaf_owner')) and p.prosecdef
           and not exists (select from unnest(p.proconfig) setting where setting like 'search_path=%')",
    )
    .fetch_all(&mut *conn)
    .await?;
    findings.extend(names.iter().map(|name| format!("{name}: security definer without a search_path of its own")));
    let rows: Vec<(String, String)> = sqlx::query_as(
        "select p.proname::text, coalesce(pg_get_userbyid(nullif(a.grantee, 0)), 'public')::text
         from pg_proc p join pg_namespace n on n.oid = p.pronamespace,
              aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
         where (n.nspname = 'eaf' or n.nspowner = to_regrole('eaf_owner')) and p.prosecdef and a.grantee <> p.proowner",
    )
    .fetch_all(conn)
    .await?;
    for (name, grantee) in rows {
        if !known.may_run_as_owner(&name, &grantee) {
            findings.push(format!("eaf.{name}: {grantee} may run it as the owner"));
        }
    }
    Ok(())
}
