//! Check that the database isolates tenants. The check reads PostgreSQL's catalogue. So it also
//! covers tables of later migrations and those that `eaf.create_view` made, which a list in the
//! code could miss.

mod allow_list;
mod functions;
mod policies;
mod privileges;
mod roles;
mod tables;

use self::allow_list::AllowList;
use super::{Db, Error, budget, schema};
use sqlx::Row;
use sqlx::postgres::{PgConnection, PgPool};

/// Checks the schema's version, the number and settings of connections, and the tables, policies,
/// keys, functions and roles. Changes nothing.
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

/// Lists the findings about the tables, policies, keys, functions and roles in PostgreSQL's
/// catalogue, one per line, as the transaction of `conn` sees them.
pub async fn catalogue_findings(conn: &mut PgConnection) -> Result<Vec<String>, sqlx::Error> {
    let allow_list = AllowList::load(conn).await?;
    let mut findings = Vec::new();
    roles::check(conn, &mut findings).await?;
    tables::check(conn, &allow_list, &mut findings).await?;
    policies::check(conn, &allow_list, &mut findings).await?;
    privileges::check(conn, &allow_list, &mut findings).await?;
    functions::check(conn, &allow_list, &mut findings).await?;
    findings.sort();
    findings.dedup();
    Ok(findings)
}

async fn connection(expected: &str, pool: &PgPool, findings: &mut Vec<String>) -> Result<(), sqlx::Error> {
    let row = sqlx::query(
        "select current_user::text as name, current_setting('plan_cache_mode') as plans,
                array(select s from unnest(array['idle_in_transaction_session_timeout', 'lock_timeout', 'statement_timeout']) s
                      where current_setting(s) = '0') as endless",
    )
        .fetch_one(pool)
        .await?;
    let name: String = row.try_get("name")?;
    if name != expected {
        findings.push(format!("a connection that should be {expected}'s is {name}'s"));
    }
    for setting in row.try_get::<Vec<String>, _>("endless")? {
        findings.push(format!("a connection of {expected} has no {setting}: run migrations/roles.sql again"));
    }
    let plans: String = row.try_get("plans")?;
    if expected == "eaf_app" && plans != "force_generic_plan" {
        findings.push(format!("role eaf_app: plan_cache_mode is {plans}, not force_generic_plan (read at log-in)"));
    }
    Ok(())
}
