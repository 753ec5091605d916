//! Check of the SQL functions, above all of those that run with the rights of `eaf_owner` and so
//! may write what the host must not.

use super::allow_list::AllowList;
use sqlx::postgres::PgConnection;

/// Search path of a function. With it, only a superuser can create an object that hides another one
/// from the function.
const SEARCH_PATH: &str = "search_path=pg_catalog, pg_temp";

/// Checks three rules. Each function belongs to `eaf_owner`, because an owner may replace a
/// function. A function that runs with its owner's rights sets its own search path. Only listed
/// roles may call it.
pub(super) async fn check(
    conn: &mut PgConnection,
    allow_list: &AllowList,
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
        for caller in callers.iter().filter(|caller| as_owner && !allow_list.may_run_as_owner(&function, caller)) {
            findings.push(format!("{function}: {caller} may run it as the owner"));
        }
    }
    Ok(())
}
