//! Creation of roles and schema by a superuser. It may be repeated, and then replaces the
//! passwords.

use super::Error;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};
use std::str::FromStr;

pub(super) const ROLES: &str = include_str!("../../../migrations/roles.sql");

/// Passwords of the three roles that log in to PostgreSQL.
#[derive(Clone)]
pub struct Passwords {
    pub migrate: String,
    pub app: String,
    pub platform: String,
}

pub async fn bootstrap(superuser_url: &str, passwords: &Passwords) -> Result<(), Error> {
    let role = "superuser";
    let mut conn = PgConnectOptions::from_str(superuser_url)
        .map_err(|cause| Error::Address { role, cause })?
        // Statements below contain passwords.
        .disable_statement_logging()
        .connect()
        .await
        .map_err(|cause| Error::Connect { role, cause })?;
    sqlx::raw_sql(ROLES).execute(&mut conn).await.map_err(Error::Bootstrap)?;
    for (role, password) in
        [("eaf_migrate", &passwords.migrate), ("eaf_app", &passwords.app), ("eaf_platform", &passwords.platform)]
    {
        set_password(&mut conn, role, password).await.map_err(Error::Bootstrap)?;
    }
    conn.close().await.map_err(Error::Bootstrap)
}

async fn set_password(conn: &mut PgConnection, role: &str, password: &str) -> Result<(), sqlx::Error> {
    // ALTER ROLE takes no parameters, so `format` quotes the values.
    let statement: String = sqlx::query_scalar("select format('alter role %I password %L', $1, $2)")
        .bind(role)
        .bind(password)
        .fetch_one(&mut *conn)
        .await?;
    sqlx::raw_sql(AssertSqlSafe(statement)).execute(conn).await?;
    Ok(())
}
