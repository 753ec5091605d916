//! Functions, above all those that run as their owner, which may write what the host may not.

use super::known::Known;
use sqlx::postgres::PgConnection;

/// Where nobody but a superuser can put an object in front of one that is meant.
const SEARCH_PATH: &str = "search_path=pg_catalog, pg_temp";

/// Whoever owns a function says what it does; and one that runs as its owner must not look up names where its caller says.
pub(super) async fn check(
    conn: &mut PgConnection,
    known: &Known,
    findings: &mut Vec<String>,
) -> Result<(), sqlx::Error> {
    let rows: Vec<(String, String, bool, bool, Vec<String>)> = sqlx::query_as(
        "select format('%s.%I(%s)', p.pronamespace::regnamespace, p.proname, oidvectortypes(p.proargtypes)),
                pg_get_userbyid(p.proowner)::text, p.prosecdef, coalesce($1 = any (p.proconfig), false),
                array(select coalesce(pg_get_userbyid(nullif(a.grantee, 0)), 'public')::text
                      from aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a where a.grantee <> p.proowner)
         from pg_proc p join pg_namespace n on n.oid = p.pronamespace
         where n.nspname = 'eaf' or n.nspowner = to_regrole('eaf_owner')",
    )
    .bind(SEARCH_PATH)
    .fetch_all(conn)
    .await?;
    for (function, owner, as_owner, safe, callers) in rows {
        if owner != "eaf_owner" {
            findings.push(format!("{function}: belongs to {owner}, not to eaf_owner"));
        }
        if as_owner && !safe {
            findings.push(format!("{function}: security definer without {SEARCH_PATH}"));
        }
        for caller in callers.iter().filter(|caller| as_owner && !known.may_run_as_owner(&function, caller)) {
            findings.push(format!("{function}: {caller} may run it as the owner"));
        }
    }
    Ok(())
}
