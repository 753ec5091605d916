//! Departures: people who have left the tenant, a group, a role or their reports. Things of
//! products may wait for these people, so products look again at their open things.
//!
//! The directory records a departure in the transaction of its own change. A host leases it, gives
//! the products their commands and finishes it. If the host stops meanwhile, another host leases
//! the departure again; the ids of departures make the commands' idempotency keys.
//!
//! Products look twice. A command that found out its people before the change and ended after the
//! first look is seen by the second, which is later than the time-out of requests at the API.

use crate::db::{self, Db, TenantTx};
use crate::id::{ActorId, DepartureId, TenantId};
use std::time::Duration;
use time::OffsetDateTime;

/// Time from the change of the directory to the first look. By then most commands have ended that
/// found out their people before the change.
const FIRST_DELAY: Duration = Duration::from_secs(1);
/// Time from the end of the first look to the second. It is longer than the time-out of a request
/// at the API.
const SECOND_DELAY: Duration = Duration::from_secs(60);

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Db(#[from] db::Error),
    #[error("no departure could be claimed")]
    Claim(#[source] sqlx::Error),
    #[error("the departure could not be recorded")]
    Record(#[source] sqlx::Error),
    #[error("the lease of the departure could not be changed")]
    Lease(#[source] sqlx::Error),
    #[error("the departure could not be read")]
    Read(#[source] sqlx::Error),
    #[error("another host has leased the departure")]
    Fenced,
}

/// Sets that people have left. A thing that waits for one of these sets may lack people.
#[derive(Debug, Clone, Default, PartialEq, Eq, sqlx::FromRow)]
pub struct Departed {
    /// Actor ids of people who left the tenant or a role.
    pub actors: Vec<String>,
    /// Keys of groups that lost members, or have a member who left a role.
    pub groups: Vec<String>,
    /// Roles that lost members.
    pub roles: Vec<String>,
    /// Actor ids of people who lost their manager, or whose manager left a role.
    pub reports: Vec<String>,
}

impl Departed {
    pub(crate) fn from_group(key: &str) -> Self {
        Departed { groups: vec![key.to_owned()], ..Departed::default() }
    }

    pub(crate) fn manager_of(report: ActorId) -> Self {
        Departed { reports: vec![report.to_string()], ..Departed::default() }
    }

    fn is_empty(&self) -> bool {
        *self == Departed::default()
    }
}

/// Number of the look that products take at a departure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    First,
    Second,
}

/// Lease of a departure: the right to work on it until a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    pub tenant: TenantId,
    pub id: DepartureId,
    /// End of the lease by the database's clock. The end also serves as the fence of the lease.
    pub until: OffsetDateTime,
}

/// Records a departure in the transaction of the change. Records nothing if no set is named.
pub(crate) async fn record(tx: &mut TenantTx, departed: &Departed) -> Result<(), Error> {
    if departed.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "insert into eaf.departure (tenant_id, actors, groups, roles, reports, due_at)
         values ($1, $2, $3, $4, $5, clock_timestamp() + make_interval(secs => $6))",
    )
    .bind(tx.tenant())
    .bind(&departed.actors)
    .bind(&departed.groups)
    .bind(&departed.roles)
    .bind(&departed.reports)
    .bind(FIRST_DELAY.as_secs_f64())
    .execute(tx.conn())
    .await
    .map_err(Error::Record)?;
    Ok(())
}

/// Records that a member loses those of the `former` roles that are not in `present`. A lost role
/// may end the member's right to act on what waits for the member by name, group or report, and a
/// member without roles leaves these, so call it before they change.
pub(crate) async fn record_roles(
    tx: &mut TenantTx,
    actor: ActorId,
    former: &[String],
    present: &[String],
) -> Result<(), Error> {
    let roles: Vec<String> = former.iter().filter(|role| !present.contains(role)).cloned().collect();
    if roles.is_empty() {
        return Ok(());
    }
    let (groups, reports) = sqlx::query_as(
        "select array(select key from eaf.group_member where tenant_id = $1 and actor_id = $2),
                array(select actor_id::text from eaf.reporting where tenant_id = $1 and manager = $2)",
    )
    .bind(tx.tenant())
    .bind(actor)
    .fetch_one(tx.conn())
    .await
    .map_err(Error::Read)?;
    record(tx, &Departed { actors: vec![actor.to_string()], groups, roles, reports }).await
}

/// Leases the departure that has been due for the longest time, of a tenant to whose departures no
/// lease exists, so that a tenant whose views lag does not delay the others. `None`: none is due.
///
/// Two concurrent claims do not see each other's lease and may give two leases of one tenant, of
/// different departures. These may be worked on at the same time.
pub async fn claim(db: &Db, duration: Duration) -> Result<Option<Lease>, Error> {
    let mut tx = db.platform_tx().await.map_err(Error::Claim)?;
    let lease: Option<(TenantId, DepartureId, OffsetDateTime)> = sqlx::query_as(
        "update eaf.departure d set leased_until = clock_timestamp() + make_interval(secs => $1)
         from (select o.tenant_id, o.departure_id from eaf.departure o
               where o.due_at <= clock_timestamp()
                 and not exists (select from eaf.departure leased
                                 where leased.tenant_id = o.tenant_id and leased.leased_until > clock_timestamp())
               order by o.due_at limit 1 for update skip locked) due
         where (d.tenant_id, d.departure_id) = (due.tenant_id, due.departure_id)
         returning d.tenant_id, d.departure_id, d.leased_until",
    )
    .bind(duration.as_secs_f64())
    .fetch_optional(&mut *tx)
    .await
    .map_err(Error::Claim)?;
    tx.commit().await.map_err(Error::Claim)?;
    Ok(lease.map(|(tenant, id, until)| Lease { tenant, id, until }))
}

#[derive(sqlx::FromRow)]
struct Row {
    #[sqlx(flatten)]
    departed: Departed,
    looked: bool,
}

/// Reads the sets of a leased departure and which look is due. `None`: another host has finished
/// the departure.
pub async fn read(tx: &mut TenantTx, lease: &Lease) -> Result<Option<(Departed, Look)>, Error> {
    let row: Option<Row> = sqlx::query_as(
        "select actors, groups, roles, reports, looked from eaf.departure where tenant_id = $1 and departure_id = $2",
    )
    .bind(lease.tenant)
    .bind(lease.id)
    .fetch_optional(tx.conn())
    .await
    .map_err(Error::Read)?;
    Ok(row.map(|row| (row.departed, if row.looked { Look::Second } else { Look::First })))
}

/// Prolongs a lease. Fails with [`Error::Fenced`] if it is not the present one any more.
pub async fn renew(db: &Db, lease: &mut Lease, duration: Duration) -> Result<(), Error> {
    let mut tx = db.tenant(lease.tenant).await?;
    let until = sqlx::query_scalar(
        "update eaf.departure set leased_until = clock_timestamp() + make_interval(secs => $4)
         where tenant_id = $1 and departure_id = $2 and leased_until = $3 returning leased_until",
    )
    .bind(lease.tenant)
    .bind(lease.id)
    .bind(lease.until)
    .bind(duration.as_secs_f64())
    .fetch_optional(tx.conn())
    .await
    .map_err(Error::Lease)?;
    lease.until = until.ok_or(Error::Fenced)?;
    Ok(tx.commit().await?)
}

/// Ends a look that all products have taken. After the first, the second is due; after the second,
/// the departure is deleted. Changes nothing if the lease is not the present one.
pub async fn finish(db: &Db, lease: &Lease, look: Look) -> Result<(), Error> {
    let mut tx = db.tenant(lease.tenant).await?;
    let sql = match look {
        Look::First => {
            "update eaf.departure set looked = true, failures = 0, leased_until = null,
               due_at = clock_timestamp() + make_interval(secs => $4)
             where tenant_id = $1 and departure_id = $2 and leased_until = $3"
        }
        Look::Second => {
            "delete from eaf.departure
             where tenant_id = $1 and departure_id = $2 and leased_until = $3 and $4 is not null"
        }
    };
    sqlx::query(sql)
        .bind(lease.tenant)
        .bind(lease.id)
        .bind(lease.until)
        .bind(SECOND_DELAY.as_secs_f64())
        .execute(tx.conn())
        .await
        .map_err(Error::Lease)?;
    Ok(tx.commit().await?)
}

/// Ends a lease after a failure. The pause before the next attempt is `first`, and doubles with
/// each failure up to `longest`.
pub async fn postpone(db: &Db, lease: &Lease, first: Duration, longest: Duration) -> Result<(), Error> {
    let mut tx = db.tenant(lease.tenant).await?;
    sqlx::query(
        "update eaf.departure set failures = failures + 1, leased_until = null,
           due_at = clock_timestamp() + make_interval(secs => least($4 * 2 ^ least(failures, 20), $5))
         where tenant_id = $1 and departure_id = $2 and leased_until = $3",
    )
    .bind(lease.tenant)
    .bind(lease.id)
    .bind(lease.until)
    .bind(first.as_secs_f64())
    .bind(longest.as_secs_f64())
    .execute(tx.conn())
    .await
    .map_err(Error::Lease)?;
    Ok(tx.commit().await?)
}

/// Ends a lease whose work was interrupted, so that another host continues at once.
pub async fn release(db: &Db, lease: &Lease) -> Result<(), Error> {
    let mut tx = db.tenant(lease.tenant).await?;
    sqlx::query(
        "update eaf.departure set leased_until = null
         where tenant_id = $1 and departure_id = $2 and leased_until = $3",
    )
    .bind(lease.tenant)
    .bind(lease.id)
    .bind(lease.until)
    .execute(tx.conn())
    .await
    .map_err(Error::Lease)?;
    Ok(tx.commit().await?)
}
