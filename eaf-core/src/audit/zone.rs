//! Conversion of instants to local times, by the time zones that PostgreSQL knows.

use super::Error;
use crate::actor::Locale;
use crate::db::TenantTx;
use time::OffsetDateTime;

/// Local time of an instant, with its offset from UTC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Local {
    /// Date and time in the form that spreadsheets parse: `29.11.2026 13:05:07` (German),
    /// `2026-11-29 13:05:07` (English).
    pub at: String,
    /// Offset of the local time from UTC, such as `UTC+01:00`.
    pub offset: String,
}

/// Converts `instants` to local times, in the same order. `None`: PostgreSQL does not know the time
/// zone `zone`.
pub async fn local(
    tx: &mut TenantTx,
    zone: &str,
    locale: Locale,
    instants: &[OffsetDateTime],
) -> Result<Option<Vec<Local>>, Error> {
    let format = match locale {
        Locale::De => "DD.MM.YYYY HH24:MI:SS",
        Locale::En => "YYYY-MM-DD HH24:MI:SS",
    };
    let rows: Result<Vec<(String, i32)>, sqlx::Error> = sqlx::query_as(
        "select to_char(t at time zone $1, $2),
                (extract(epoch from (t at time zone $1) - (t at time zone 'UTC')) / 60)::integer
         from unnest($3::timestamptz[]) with ordinality i(t, nr) order by nr",
    )
    .bind(zone)
    .bind(format)
    .bind(instants)
    .fetch_all(tx.conn())
    .await;
    match rows {
        Ok(rows) => Ok(Some(rows.into_iter().map(|(at, minutes)| Local { at, offset: offset(minutes) }).collect())),
        Err(cause) if cause.as_database_error().and_then(|error| error.code()).as_deref() == Some("22023") => Ok(None),
        Err(cause) => Err(Error::Read(cause)),
    }
}

fn offset(minutes: i32) -> String {
    let sign = if minutes < 0 { '-' } else { '+' };
    format!("UTC{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60)
}
