//! Moved clock of a development database, so that events and administrative acts have the time of
//! the demo's clock.

use super::Error;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};
use std::str::FromStr;

/// Replaces the function `eaf.now` of a database: it returns the database's clock plus `ahead`. A
/// superuser's URL is needed, because no role of the host may replace a function.
pub async fn move_clock(superuser_url: &str, ahead: time::Duration) -> Result<(), Error> {
    let role = "superuser";
    let options = PgConnectOptions::from_str(superuser_url).map_err(|cause| Error::Address { role, cause })?;
    let mut conn: PgConnection = options.connect().await.map_err(|cause| Error::Connect { role, cause })?;
    let statement = format!(
        "create or replace function eaf.now() returns timestamptz language sql volatile
         as 'select clock_timestamp() + make_interval(secs => {})'",
        ahead.whole_seconds()
    );
    sqlx::raw_sql(AssertSqlSafe(statement))
        .execute(&mut conn)
        .await
        .map_err(|cause| Error::Function { name: "now", cause })?;
    conn.close().await.map_err(Error::Bootstrap)
}
