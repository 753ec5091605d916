//! Connection to the database as one role, to diagnose each role by itself.

use super::{Error, writable};
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection, Row};
use std::str::FromStr;
use std::time::Duration;
use time::OffsetDateTime;

const TIMEOUT: Duration = Duration::from_secs(10);

/// Server of the database, as one role sees it.
pub struct Probe {
    /// Version as PostgreSQL writes it in `server_version_num`: 160014 is 16.14.
    pub version: i32,
    pub user: String,
    pub is_superuser: bool,
    pub now: OffsetDateTime,
}

/// Connects once and reads version, role and clock of the server.
pub async fn probe(role: &'static str, url: &str) -> Result<Probe, Error> {
    let options = PgConnectOptions::from_str(url).map_err(|cause| Error::Address { role, cause })?;
    let connect = |cause| Error::Connect { role, cause };
    let probed = async {
        let mut conn = options.application_name("eaf doctor").connect().await?;
        let row = sqlx::query(
            "select current_setting('server_version_num')::int as version, current_user::text as user,
                    (select rolsuper from pg_roles where rolname = current_user) as is_superuser, clock_timestamp() as now",
        )
        .fetch_one(&mut conn)
        .await?;
        conn.close().await?;
        Ok(Probe {
            version: row.try_get("version")?,
            user: row.try_get("user")?,
            is_superuser: row.try_get("is_superuser")?,
            now: row.try_get("now")?,
        })
    };
    let probed = tokio::time::timeout(TIMEOUT, probed).await;
    probed.unwrap_or_else(|_| Err(writable::no_answer())).map_err(connect)
}
