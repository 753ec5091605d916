//! What was mailed to whom, by Message-ID, and what still waits. The row is written before the mail is sent, so that a
//! repetition after a crash carries the same id and a refused recipient is visible to the tenant's admins. It is
//! written again before the content goes out, because a server that does not answer may have taken it. Addresses are
//! never stored here.

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
    #[error("eaf.mail_log, column status: '{0}' is no status")]
    Corrupt(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// Derived from event, recipient and template.
    pub message_id: String,
    pub plugin: String,
    pub template: String,
    pub event: EventId,
    pub run: RunId,
    /// The call of the run that wrote it down first.
    pub sequence: i32,
    pub recipient: ActorId,
    pub trace: TraceId,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// Waits to be sent. `None`: nothing is in its way so far.
    Pending(Option<String>),
    Sent,
    /// A code or a sentence without personal data: a server's own words may repeat the address.
    Failed(String),
    /// Not sent, because its condition no longer held.
    Skipped,
    /// A server took its content and did not answer: it may have arrived.
    Unknown,
}

impl Status {
    fn parts(&self) -> (&'static str, Option<&str>) {
        match self {
            Status::Pending(error) => ("pending", error.as_deref()),
            Status::Sent => ("sent", None),
            Status::Failed(error) => ("failed", Some(error)),
            Status::Skipped => ("skipped", None),
            Status::Unknown => ("unknown", Some("answer-lost")),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logged {
    pub mail: Mail,
    pub status: Status,
    /// Over which it was tried last.
    pub connection: Option<String>,
    pub attempts: i32,
    /// How often its content was given to a server that did not answer.
    pub unanswered: i32,
    /// How often in a row its recipient was deferred, and since when.
    pub deferrals: i32,
    pub deferred_since: Option<OffsetDateTime>,
    /// Not tried sooner.
    pub next_at: Option<OffsetDateTime>,
    /// The server's own id for it.
    pub relay: Option<String>,
    pub created_at: OffsetDateTime,
    pub updated_at: OffsetDateTime,
}

const COLUMNS: &str = "message_id, plugin, template, event_id, run_id, call_seq, recipient, trace,
    status, error, attempts, connection, unanswered, deferrals, deferred_since, next_at, relay, created_at, updated_at";

/// What a connection's rate counts.
const RATE: Duration = Duration::from_secs(60);

/// Writes the mail down as pending, or answers what is known of it.
pub async fn write_down(db: &Db, tenant: TenantId, mail: &Mail) -> Result<Logged, Error> {
    let mut tx = db.tenant(tenant).await?;
    sqlx::query(
        "insert into eaf.mail_log (tenant_id, message_id, plugin, template, event_id, run_id, recipient, trace, call_seq)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict (tenant_id, message_id) do nothing",
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
    let logged = logged(&row)?;
    tx.commit().await?;
    Ok(logged)
}

pub async fn find(db: &Db, tenant: TenantId, message_id: &str) -> Result<Option<Logged>, Error> {
    let sql = format!("select {COLUMNS} from eaf.mail_log where tenant_id = $1 and message_id = $2");
    let mut tx = db.tenant(tenant).await?;
    let row = sqlx::query(AssertSqlSafe(sql)).bind(tenant).bind(message_id).fetch_optional(tx.conn()).await;
    row.map_err(Error::Read)?.map(|row| logged(&row)).transpose()
}

/// May a mail be offered to a server?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Offer {
    Made,
    /// The connection sends no more mails in this minute.
    RateReached,
    /// It was settled meanwhile.
    Over,
}

/// It is offered to a server, if the connection's rate leaves a place. Places are given one after the other, so that
/// calls and hosts at the same time take no more than there are.
pub async fn attempt(
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
    .bind(RATE.as_secs_f64())
    .execute(tx.conn())
    .await
    .map_err(Error::Write)?;
    tx.commit().await?;
    if done.rows_affected() > 0 {
        return Ok(Offer::Made);
    }
    let known = find(db, tenant, message_id).await?;
    let waits = known.is_some_and(|known| matches!(known.status, Status::Pending(_)));
    Ok(if waits { Offer::RateReached } else { Offer::Over })
}

/// Its content is given to the server from now on: if no answer comes, it may have arrived. False: it was settled
/// meanwhile.
pub async fn hand_over(db: &Db, tenant: TenantId, message_id: &str) -> Result<bool, Error> {
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

/// The mails that a call wrote down and that wait.
pub async fn waiting_of(db: &Db, tenant: TenantId, run: RunId, sequence: i32) -> Result<Vec<Logged>, Error> {
    let sql = format!(
        "select {COLUMNS} from eaf.mail_log
         where tenant_id = $1 and run_id = $2 and call_seq = $3 and status = 'pending' order by message_id"
    );
    let mut tx = db.tenant(tenant).await?;
    let rows = sqlx::query(AssertSqlSafe(sql)).bind(tenant).bind(run).bind(sequence).fetch_all(tx.conn()).await;
    rows.map_err(Error::Read)?.iter().map(logged).collect()
}

/// Why a mail waits, and for how long.
#[derive(Debug, Clone, PartialEq)]
pub struct Wait<'a> {
    pub error: &'a str,
    pub at_least: Duration,
    /// What is known after this attempt: 0 when the server answered.
    pub unanswered: i32,
    /// Of the recipient alone.
    pub is_deferral: bool,
}

pub async fn wait(db: &Db, tenant: TenantId, message_id: &str, wait: &Wait<'_>) -> Result<(), Error> {
    let set = "error = $3, next_at = clock_timestamp() + make_interval(secs => $4), unanswered = $5,
        deferrals = case when $6 then deferrals + 1 else 0 end,
        deferred_since = case when $6 then coalesce(deferred_since, clock_timestamp()) end";
    change(db, tenant, message_id, set, |query| {
        let query = query.bind(wait.error.to_owned()).bind(wait.at_least.as_secs_f64());
        query.bind(wait.unanswered).bind(wait.is_deferral)
    })
    .await
}

/// What came of it. A mail that was sent stays sent.
pub async fn mark(
    db: &Db,
    tenant: TenantId,
    message_id: &str,
    status: &Status,
    relay: Option<&str>,
) -> Result<(), Error> {
    let (word, error) = status.parts();
    let set = "status = $3, error = $4, relay = coalesce($5, relay), next_at = null";
    change(db, tenant, message_id, set, |query| {
        query.bind(word).bind(error.map(str::to_owned)).bind(relay.map(str::to_owned))
    })
    .await
}

/// A mail that was given up, or may have arrived, is pending again, because an admin wants it sent; also one that has
/// waited for `abandoned` since anybody worked on it. False: there is none.
pub async fn reopen(db: &Db, tenant: TenantId, message_id: &str, abandoned: Duration) -> Result<bool, Error> {
    let mut tx = db.tenant(tenant).await?;
    let done = sqlx::query(
        "update eaf.mail_log set status = 'pending', unanswered = 0, deferrals = 0, deferred_since = null,
                next_at = null, updated_at = clock_timestamp()
         where tenant_id = $1 and message_id = $2 and (status in ('failed', 'unknown')
           or status = 'pending' and updated_at < clock_timestamp() - make_interval(secs => $3))",
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

/// All waiting mails may be tried at once.
pub async fn hurry(tx: &mut TenantTx) -> Result<(), Error> {
    sqlx::query("update eaf.mail_log set next_at = null where tenant_id = $1 and status = 'pending'")
        .bind(tx.tenant())
        .execute(tx.conn())
        .await
        .map_err(Error::Write)?;
    Ok(())
}

/// How many mails were offered to a connection's server within the last minute.
pub async fn offered(db: &Db, tenant: TenantId, connection: &str) -> Result<u32, Error> {
    let mut tx = db.tenant(tenant).await?;
    let count: i64 = sqlx::query_scalar(
        "select count(*) from eaf.mail_log
         where tenant_id = $1 and connection = $2 and handed_at > clock_timestamp() - make_interval(secs => $3)",
    )
    .bind(tenant)
    .bind(connection)
    .bind(RATE.as_secs_f64())
    .fetch_one(tx.conn())
    .await
    .map_err(Error::Read)?;
    Ok(u32::try_from(count).unwrap_or(u32::MAX))
}

/// Who got a mail of this template by a run of the same package about the same thing; also who may have got it, and to whom
/// it is being sent just now.
pub async fn told(db: &Db, tenant: TenantId, run: RunId, template: &str) -> Result<Vec<ActorId>, Error> {
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

/// Of a mail that is not sent; `$1` and `$2` name it.
async fn change(
    db: &Db,
    tenant: TenantId,
    message_id: &str,
    set: &'static str,
    bind: impl FnOnce(Query<'_>) -> Query<'_>,
) -> Result<(), Error> {
    let sql = format!(
        "update eaf.mail_log set {set}, updated_at = clock_timestamp()
         where tenant_id = $1 and message_id = $2 and status <> 'sent'"
    );
    let mut tx = db.tenant(tenant).await?;
    let query = sqlx::query(AssertSqlSafe(sql)).bind(tenant).bind(message_id);
    bind(query).execute(tx.conn()).await.map_err(Error::Write)?;
    tx.commit().await?;
    Ok(())
}

/// Which mails to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    All,
    /// Not sent, or perhaps: nobody comes back for them.
    Failed,
    Waiting,
}

/// Newest first.
pub async fn list(db: &Db, tenant: TenantId, which: Which, limit: u32) -> Result<Vec<Logged>, Error> {
    let mut sql: QueryBuilder<Postgres> = QueryBuilder::new("select ");
    sql.push(COLUMNS).push(" from eaf.mail_log where tenant_id = ").push_bind(tenant);
    match which {
        Which::All => {}
        Which::Failed => drop(sql.push(" and status in ('failed', 'unknown')")),
        Which::Waiting => drop(sql.push(" and status = 'pending'")),
    }
    sql.push(" order by created_at desc, message_id limit ").push_bind(i64::from(limit));
    let mut tx = db.tenant(tenant).await?;
    let rows = sql.build().fetch_all(tx.conn()).await.map_err(Error::Read)?;
    rows.iter().map(logged).collect()
}

fn logged(row: &PgRow) -> Result<Logged, Error> {
    let (status, error): (String, Option<String>) =
        (row.try_get("status").map_err(Error::Read)?, row.try_get("error").map_err(Error::Read)?);
    let status = parse(&status, error)?;
    let read = || -> Result<Logged, sqlx::Error> {
        Ok(Logged {
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
            relay: row.try_get("relay")?,
            created_at: row.try_get("created_at")?,
            updated_at: row.try_get("updated_at")?,
        })
    };
    read().map_err(Error::Read)
}

fn parse(status: &str, error: Option<String>) -> Result<Status, Error> {
    match status {
        "pending" => Ok(Status::Pending(error)),
        "sent" => Ok(Status::Sent),
        "failed" => Ok(Status::Failed(error.unwrap_or_default())),
        "skipped" => Ok(Status::Skipped),
        "unknown" => Ok(Status::Unknown),
        other => Err(Error::Corrupt(other.to_owned())),
    }
}
