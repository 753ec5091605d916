//! Log and queue of mails. The key of a mail is its Message-ID.
//!
//! Mail is a service of the platform, as connections are: admins of a tenant see and manage the
//! queue of all products in one place. The capability `mail` sends the mails; their log is here,
//! because all SQL of the host is in this crate.
//!
//! A mail is recorded before it is sent. So a repetition after a crash has the same Message-ID, and
//! admins see which recipients a server refused. The start of the transmission is recorded too: if
//! the server then does not answer, it may have accepted the mail. Addresses are never stored.

pub mod digest;

use crate::actor::TraceId;
use crate::db::{self, Db, TenantTx};
use crate::id::{ActorId, EventId, RunId, TenantId};
use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, Postgres, QueryBuilder, Row};
use std::time::Duration;
use time::OffsetDateTime;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Db(#[from] db::Error),
    #[error("the mails could not be read")]
    Read(#[source] sqlx::Error),
    #[error("the mail could not be recorded")]
    Write(#[source] sqlx::Error),
    #[error("eaf.mail_log has the unknown status '{0}'")]
    Corrupt(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// Message-ID of the mail, derived from event, recipient and template.
    pub message_id: String,
    pub plugin: String,
    pub template: String,
    pub event: EventId,
    pub run: RunId,
    /// Sequence number, in its run, of the workflow call that first recorded the mail.
    pub sequence: i32,
    pub recipient: ActorId,
    pub trace: TraceId,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// The mail waits to be sent. The text is the error of the last attempt; `None`: there was no
    /// attempt.
    Pending(Option<String>),
    /// The mail waits for a [`digest`] of its recipient. The text is the error of the last attempt
    /// to send the digest; `None`: there was no attempt.
    Collected(Option<String>),
    Sent,
    /// The mail is not sent any more. The text is a code or a sentence without personal data. It is
    /// not the server's own message, which may contain the address.
    Failed(String),
    /// The mail is not sent, because its condition does not hold any more.
    Skipped,
    /// The mail is not sent, because its recipient turned off mails of this kind.
    TurnedOff,
    /// The server got the content and did not answer: the mail may have arrived.
    Unknown,
}

impl Status {
    fn columns(&self) -> (&'static str, Option<&str>) {
        match self {
            Status::Pending(error) | Status::Collected(error) => ("pending", error.as_deref()),
            Status::Sent => ("sent", None),
            Status::Failed(error) => ("failed", Some(error)),
            Status::Skipped => ("skipped", None),
            Status::TurnedOff => ("skipped", Some(TURNED_OFF)),
            Status::Unknown => ("unknown", Some("answer-lost")),
        }
    }
}

/// Mail as recorded, with the state of its delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedMail {
    pub mail: Mail,
    pub status: Status,
    /// Name of the connection that the last attempt used. `None`: there was no attempt.
    pub connection: Option<String>,
    pub attempts: i32,
    /// Number of times that the content was transmitted and the server did not answer.
    pub unanswered: i32,
    /// Number of times in a row that the server deferred this recipient.
    pub deferrals: i32,
    /// Time at which the server first deferred this recipient, in the current row of deferrals.
    /// `None`: the last attempt ended in another way.
    pub deferred_since: Option<OffsetDateTime>,
    /// Earliest time of the next attempt to send the mail. `None`: the mail is due at once.
    pub next_at: Option<OffsetDateTime>,
    /// Time of the digest that the mail waits for, by the host's clock. `None`: it is sent alone.
    pub collected_for: Option<OffsetDateTime>,
    /// Message-ID of the digest that the mail is part of. `None`: no digest has begun with it.
    pub digest: Option<String>,
    /// Id that the mail server assigned to the mail. `None`: the server has assigned none.
    pub relay: Option<String>,
    /// Time of [`record`] by the host's clock.
    pub created_at: OffsetDateTime,
    pub updated_at: OffsetDateTime,
}

/// Error of a mail that is stored as skipped because its recipient turned off such mails.
const TURNED_OFF: &str = "turned-off";

const COLUMNS: &str = "message_id, plugin, template, event_id, run_id, call_seq, recipient, trace,
    status, error, attempts, connection, unanswered, deferrals, deferred_since, next_at, relay, collected_for, digest,
    created_at, updated_at";

/// Period for which the rate limit of a connection counts mails.
const RATE_PERIOD: Duration = Duration::from_secs(60);

/// Records a mail as pending. If the mail was recorded before, returns it as it was recorded. `now`
/// is the time by the host's clock, because a host computes the age of a mail by its own clock.
pub async fn record(db: &Db, tenant: TenantId, mail: &Mail, now: OffsetDateTime) -> Result<LoggedMail, Error> {
    let mut tx = db.tenant(tenant).await?;
    sqlx::query(
        "insert into eaf.mail_log
           (tenant_id, message_id, plugin, template, event_id, run_id, recipient, trace, call_seq, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) on conflict (tenant_id, message_id) do nothing",
    )
    .bind(tenant)
    .bind(&mail.message_id)
    .bind(&mail.plugin)
    .bind(&mail.template)
    .bind(mail.event)
    .bind(mail.run)
    .bind(mail.recipient)
    .bind(&mail.trace.0)
    .bind(mail.sequence)
    .bind(now)
    .execute(tx.conn())
    .await
    .map_err(Error::Write)?;
    let sql = format!("select {COLUMNS} from eaf.mail_log where tenant_id = $1 and message_id = $2");
    let row = sqlx::query(AssertSqlSafe(sql))
        .bind(tenant)
        .bind(&mail.message_id)
        .fetch_one(tx.conn())
        .await
        .map_err(Error::Read)?;
    let logged = read_row(&row)?;
    tx.commit().await?;
    Ok(logged)
}

pub async fn find(db: &Db, tenant: TenantId, message_id: &str) -> Result<Option<LoggedMail>, Error> {
    let sql = format!("select {COLUMNS} from eaf.mail_log where tenant_id = $1 and message_id = $2");
    let mut tx = db.tenant(tenant).await?;
    let row = sqlx::query(AssertSqlSafe(sql)).bind(tenant).bind(message_id).fetch_optional(tx.conn()).await;
    row.map_err(Error::Read)?.map(|row| read_row(&row)).transpose()
}

/// Result of [`offer`]: whether a mail may be sent now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Offer {
    /// The mail may be sent to the server now.
    Made,
    /// The connection has reached its rate limit, so the mail must wait.
    RateReached,
    /// The mail is not pending any more, so it must not be sent.
    NotPending,
}

/// Records that a mail is about to be sent over a connection, unless the connection has reached its
/// rate limit. Hosts count one after the other, under an advisory lock, so that together they keep
/// the limit.
pub async fn offer(
    db: &Db,
    tenant: TenantId,
    message_id: &str,
    connection: &str,
    rate: Option<u32>,
) -> Result<Offer, Error> {
    let mut tx = db.tenant(tenant).await?;
    if rate.is_some() {
        sqlx::query("select pg_advisory_xact_lock(hashtextextended('eaf.mail_log/' || $1::text || '/' || $2, 0))")
            .bind(tenant)
            .bind(connection)
            .execute(tx.conn())
            .await
            .map_err(Error::Write)?;
    }
    let done = sqlx::query(
        "update eaf.mail_log set attempts = attempts + 1, connection = $3, handed_at = clock_timestamp(),
                updated_at = clock_timestamp()
         where tenant_id = $1 and message_id = $2 and status = 'pending' and ($4::bigint is null or $4 > (
           select count(*) from eaf.mail_log where tenant_id = $1 and connection = $3 and message_id <> $2
           and handed_at > clock_timestamp() - make_interval(secs => $5)))",
    )
    .bind(tenant)
    .bind(message_id)
    .bind(connection)
    .bind(rate.map(i64::from))
    .bind(RATE_PERIOD.as_secs_f64())
    .execute(tx.conn())
    .await
    .map_err(Error::Write)?;
    tx.commit().await?;
    if done.rows_affected() > 0 {
        return Ok(Offer::Made);
    }
    let recorded = find(db, tenant, message_id).await?;
    let is_pending = recorded.is_some_and(|recorded| matches!(recorded.status, Status::Pending(_)));
    Ok(if is_pending { Offer::RateReached } else { Offer::NotPending })
}

/// Records that the transmission of the mail's content begins. If the server then does not answer,
/// the mail may have arrived. Returns false if the mail is not pending any more.
pub async fn begin_transmission(db: &Db, tenant: TenantId, message_id: &str) -> Result<bool, Error> {
    let mut tx = db.tenant(tenant).await?;
    let done = sqlx::query(
        "update eaf.mail_log set unanswered = unanswered + 1, updated_at = clock_timestamp()
         where tenant_id = $1 and message_id = $2 and status = 'pending'",
    )
    .bind(tenant)
    .bind(message_id)
    .execute(tx.conn())
    .await
    .map_err(Error::Write)?;
    tx.commit().await?;
    Ok(done.rows_affected() > 0)
}

/// Reads the pending mails that were first recorded by this call of the run, without those that
/// wait for a digest.
pub async fn pending_of(db: &Db, tenant: TenantId, run: RunId, sequence: i32) -> Result<Vec<LoggedMail>, Error> {
    let sql = format!(
        "select {COLUMNS} from eaf.mail_log
         where tenant_id = $1 and run_id = $2 and call_seq = $3 and status = 'pending' and collected_for is null
         order by message_id"
    );
    let mut tx = db.tenant(tenant).await?;
    let rows = sqlx::query(AssertSqlSafe(sql)).bind(tenant).bind(run).bind(sequence).fetch_all(tx.conn()).await;
    rows.map_err(Error::Read)?.iter().map(read_row).collect()
}

/// Mails that a change concerns: one, or the pending ones of a digest.
#[derive(Debug, Clone, Copy)]
pub enum Key<'a> {
    /// Mail with this Message-ID.
    Mail(&'a str),
    /// Pending mails of the digest with this Message-ID.
    Digest(&'a str),
}

impl<'a> From<&'a String> for Key<'a> {
    fn from(message_id: &'a String) -> Self {
        Key::Mail(message_id)
    }
}

impl<'a> From<&'a str> for Key<'a> {
    fn from(message_id: &'a str) -> Self {
        Key::Mail(message_id)
    }
}

/// Result of a failed attempt, after which the mail is tried again later.
#[derive(Debug, Clone, PartialEq)]
pub struct Deferral<'a> {
    pub error: &'a str,
    /// Minimum time until the next attempt to send the mail.
    pub delay: Duration,
    /// New value of [`LoggedMail::unanswered`]; 0 if the server answered this attempt.
    pub unanswered: i32,
    /// Whether the server deferred this recipient alone. [`LoggedMail::deferrals`] counts such
    /// attempts.
    pub of_recipient: bool,
}

/// Stores the failed attempt of a mail and schedules the next one. `now` is the time by the host's
/// clock, because a host compares the stored times with its own clock.
pub async fn defer(
    db: &Db,
    tenant: TenantId,
    key: impl Into<Key<'_>>,
    deferral: &Deferral<'_>,
    now: OffsetDateTime,
) -> Result<(), Error> {
    let set = "error = $3, next_at = $4, unanswered = $5, deferrals = case when $6 then deferrals + 1 else 0 end,
        deferred_since = case when $6 then coalesce(deferred_since, $7) end";
    update(db, tenant, key.into(), set, |query| {
        let query = query.bind(deferral.error.to_owned()).bind(now + deferral.delay);
        query.bind(deferral.unanswered).bind(deferral.of_recipient).bind(now)
    })
    .await
}

/// Sets the status of a mail. A mail with the status sent keeps it.
pub async fn set_status(
    db: &Db,
    tenant: TenantId,
    key: impl Into<Key<'_>>,
    status: &Status,
    relay: Option<&str>,
) -> Result<(), Error> {
    let (word, error) = status.columns();
    let set = "status = $3, error = $4, relay = coalesce($5, relay), next_at = null";
    update(db, tenant, key.into(), set, |query| {
        query.bind(word).bind(error.map(str::to_owned)).bind(relay.map(str::to_owned))
    })
    .await
}

/// Makes a mail pending again at an admin's request. The mail must be failed or unknown, or pending
/// and without change for the time `abandoned`. Returns false if there is no such mail.
pub async fn requeue(db: &Db, tenant: TenantId, message_id: &str, abandoned: Duration) -> Result<bool, Error> {
    let mut tx = db.tenant(tenant).await?;
    let done = sqlx::query(
        "update eaf.mail_log set status = 'pending', unanswered = 0, deferrals = 0, deferred_since = null,
                next_at = null, collected_for = null, digest = null, updated_at = clock_timestamp()
         where tenant_id = $1 and message_id = $2 and (status in ('failed', 'unknown')
           or status = 'pending' and collected_for is null and updated_at < clock_timestamp() - make_interval(secs => $3))",
    )
    .bind(tenant)
    .bind(message_id)
    .bind(abandoned.as_secs_f64())
    .execute(tx.conn())
    .await
    .map_err(Error::Write)?;
    tx.commit().await?;
    Ok(done.rows_affected() > 0)
}

/// Makes all pending mails of the tenant due at once, and the digests that were tried before.
pub async fn retry_now(tx: &mut TenantTx) -> Result<(), Error> {
    sqlx::query("update eaf.mail_log set next_at = null where tenant_id = $1 and status = 'pending'")
        .bind(tx.tenant())
        .execute(tx.conn())
        .await
        .map_err(Error::Write)?;
    digest::retry_now(tx).await
}

/// Counts the mails that were sent over a connection within the last period of its rate limit.
pub async fn recent_offers(db: &Db, tenant: TenantId, connection: &str) -> Result<u32, Error> {
    let mut tx = db.tenant(tenant).await?;
    let count: i64 = sqlx::query_scalar(
        "select count(*) from eaf.mail_log
         where tenant_id = $1 and connection = $2 and handed_at > clock_timestamp() - make_interval(secs => $3)",
    )
    .bind(tenant)
    .bind(connection)
    .bind(RATE_PERIOD.as_secs_f64())
    .fetch_one(tx.conn())
    .await
    .map_err(Error::Read)?;
    Ok(u32::try_from(count).unwrap_or(u32::MAX))
}

/// Lists the people who have got, or may have got, a mail of this template from a run of the same
/// plugin about the same thing. Includes recipients of unknown mails and of mails in transmission.
pub async fn recipients_of(db: &Db, tenant: TenantId, run: RunId, template: &str) -> Result<Vec<ActorId>, Error> {
    let mut tx = db.tenant(tenant).await?;
    sqlx::query_scalar(
        "select distinct m.recipient from eaf.run this
         join eaf.run r on r.tenant_id = this.tenant_id and r.plugin = this.plugin and r.key = this.key
         join eaf.mail_log m on m.tenant_id = r.tenant_id and m.run_id = r.run_id
         where this.tenant_id = $1 and this.run_id = $2 and m.template = $3
           and (m.status in ('sent', 'unknown') or m.status = 'pending' and m.unanswered > 0)",
    )
    .bind(tenant)
    .bind(run)
    .bind(template)
    .fetch_all(tx.conn())
    .await
    .map_err(Error::Read)
}

type Query<'q> = sqlx::query::Query<'q, Postgres, <Postgres as sqlx::Database>::Arguments>;

/// Updates the row of a mail unless the mail was sent, or the rows of a digest. In the SQL `set`,
/// parameters begin at `$3`, because `$1` and `$2` identify the rows.
async fn update(
    db: &Db,
    tenant: TenantId,
    key: Key<'_>,
    set: &'static str,
    bind: impl FnOnce(Query<'_>) -> Query<'_>,
) -> Result<(), Error> {
    let (rows, id) = match key {
        Key::Mail(id) => ("message_id = $2 and status <> 'sent'", id),
        Key::Digest(id) => ("digest = $2 and status = 'pending'", id),
    };
    let sql = format!("update eaf.mail_log set {set}, updated_at = clock_timestamp() where tenant_id = $1 and {rows}");
    let mut tx = db.tenant(tenant).await?;
    let query = sqlx::query(AssertSqlSafe(sql)).bind(tenant).bind(id);
    bind(query).execute(tx.conn()).await.map_err(Error::Write)?;
    tx.commit().await?;
    Ok(())
}

/// Selection of mails by their status, for a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailFilter {
    All,
    /// Failed and unknown mails, which the host does not try again.
    Failed,
    Pending,
}

/// Lists up to `limit` mails of a tenant, the newest first.
pub async fn list(db: &Db, tenant: TenantId, filter: MailFilter, limit: u32) -> Result<Vec<LoggedMail>, Error> {
    let mut sql: QueryBuilder<Postgres> = QueryBuilder::new("select ");
    sql.push(COLUMNS).push(" from eaf.mail_log where tenant_id = ").push_bind(tenant);
    match filter {
        MailFilter::All => {}
        MailFilter::Failed => drop(sql.push(" and status in ('failed', 'unknown')")),
        MailFilter::Pending => drop(sql.push(" and status = 'pending'")),
    }
    sql.push(" order by created_at desc, message_id limit ").push_bind(i64::from(limit));
    let mut tx = db.tenant(tenant).await?;
    let rows = sql.build().fetch_all(tx.conn()).await.map_err(Error::Read)?;
    rows.iter().map(read_row).collect()
}

fn read_row(row: &PgRow) -> Result<LoggedMail, Error> {
    let (status, error): (String, Option<String>) =
        (row.try_get("status").map_err(Error::Read)?, row.try_get("error").map_err(Error::Read)?);
    let collected_for: Option<OffsetDateTime> = row.try_get("collected_for").map_err(Error::Read)?;
    let status = parse_status(&status, error, collected_for.is_some())?;
    let read_columns = || -> Result<LoggedMail, sqlx::Error> {
        Ok(LoggedMail {
            mail: Mail {
                message_id: row.try_get("message_id")?,
                plugin: row.try_get("plugin")?,
                template: row.try_get("template")?,
                event: row.try_get("event_id")?,
                run: row.try_get("run_id")?,
                sequence: row.try_get("call_seq")?,
                recipient: row.try_get("recipient")?,
                trace: TraceId(row.try_get("trace")?),
            },
            status: status.clone(),
            connection: row.try_get("connection")?,
            attempts: row.try_get("attempts")?,
            unanswered: row.try_get("unanswered")?,
            deferrals: row.try_get("deferrals")?,
            deferred_since: row.try_get("deferred_since")?,
            next_at: row.try_get("next_at")?,
            collected_for,
            digest: row.try_get("digest")?,
            relay: row.try_get("relay")?,
            created_at: row.try_get("created_at")?,
            updated_at: row.try_get("updated_at")?,
        })
    };
    read_columns().map_err(Error::Read)
}

fn parse_status(status: &str, error: Option<String>, is_collected: bool) -> Result<Status, Error> {
    match status {
        "pending" if is_collected => Ok(Status::Collected(error)),
        "pending" => Ok(Status::Pending(error)),
        "sent" => Ok(Status::Sent),
        "failed" => Ok(Status::Failed(error.unwrap_or_default())),
        "skipped" if error.as_deref() == Some(TURNED_OFF) => Ok(Status::TurnedOff),
        "skipped" => Ok(Status::Skipped),
        "unknown" => Ok(Status::Unknown),
        other => Err(Error::Corrupt(other.to_owned())),
    }
}
