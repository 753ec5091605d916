//! Projection: the plugin's pure functions `keys` and `project` turn events into row changes.
//!
//! Rows and checkpoint change in one transaction, which holds the lock of the checkpoint's row. A
//! batch that fails changes neither, and parks this view in this tenant; other views and other
//! tenants continue.

mod changes;
mod rebuild_tenant;
mod rows;

use super::checkpoint::{self, Claim, Start, Step};
use super::{BATCH, Consumers};
use crate::contract::{Domain, DomainError, KeysInput, ProjectInput, Recorded, ViewType};
use crate::db::TenantTx;
use crate::event_store::{self, Position, StoredEvent};
use crate::id::TenantId;
use crate::live::Change;
use crate::view::{Copy, State, Table};
use crate::{db, view};
use changes::Invalid;
use std::collections::BTreeSet;

/// Maximum number of events per transaction when a copy other than the live one is projected.
const REBUILD_BATCH: u32 = 1_000;
/// Maximum number of row keys that a component may name for one batch of events.
const MAX_KEYS: usize = 2_000;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the plugin declares no view {0}")]
    UnknownView(String),
    #[error(transparent)]
    View(#[from] view::Error),
    #[error(transparent)]
    Db(#[from] db::Error),
    #[error("the checkpoint of {consumer} could not be read or written")]
    Checkpoint {
        consumer: String,
        #[source]
        cause: sqlx::Error,
    },
    #[error("the log could not be read")]
    Log(#[from] event_store::Error),
    #[error("the rows of view {view} could not be read or written")]
    Rows {
        view: String,
        #[source]
        cause: sqlx::Error,
    },
    #[error("view {view} depends on an event that this package does not understand")]
    Unknown {
        view: String,
        #[source]
        cause: event_store::UnknownEvent,
    },
    #[error("the component could not name the keys of view {view}")]
    Keys {
        view: String,
        #[source]
        cause: DomainError,
    },
    #[error("the component named more than {MAX_KEYS} keys for one batch of view {view}")]
    TooManyKeys { view: String },
    #[error("the component could not project into view {view}")]
    Project {
        view: String,
        #[source]
        cause: DomainError,
    },
    #[error("the component's rows do not fit the view {view}")]
    Invalid {
        view: String,
        #[source]
        cause: Invalid,
    },
}

impl Error {
    /// Whether a smaller batch may succeed: either the component cannot process that many events at
    /// once, or it cannot project one event, and the events before that one can be committed.
    fn is_batch_dependent(&self) -> bool {
        match self {
            Error::Keys { cause, .. } | Error::Project { cause, .. } => {
                !matches!(cause, DomainError::Host(_) | DomainError::Unavailable { .. })
            }
            Error::TooManyKeys { .. } | Error::Invalid { .. } | Error::Unknown { .. } => true,
            Error::Rows { cause, .. } => db::is_refused_value(cause),
            Error::Log(cause) => cause.is_of_one_event(),
            _ => false,
        }
    }

    /// Text that the checkpoint of a parked view stores: an error code with declared names, and no
    /// data of the tenant.
    fn code(&self) -> String {
        match self {
            Error::UnknownView(_) => "unknown-view".into(),
            Error::View(view::Error::NotCreated(_)) => "view-not-created".into(),
            Error::View(_) => "view".into(),
            Error::Rows { cause, .. } if db::is_refused_value(cause) => {
                "project: a value that PostgreSQL refuses".into()
            }
            Error::Db(_) | Error::Checkpoint { .. } | Error::Rows { .. } => "database".into(),
            Error::Log(_) => "log".into(),
            Error::Unknown { cause, .. } => format!("unknown event: {} of version {}", cause.kind, cause.schema),
            Error::Keys { cause, .. } => format!("keys: {}", domain_code(cause)),
            Error::TooManyKeys { .. } => "keys: too many".into(),
            Error::Project { cause, .. } => format!("project: {}", domain_code(cause)),
            Error::Invalid { cause, .. } => format!("project: {cause}"),
        }
    }
}

/// Error code of a component's failure, without the message of a trap, which may contain data of
/// the tenant.
fn domain_code(cause: &DomainError) -> &'static str {
    match cause {
        DomainError::Trap(_) => "trap",
        DomainError::Deadline => "deadline",
        DomainError::Malformed(_) => "malformed answer",
        DomainError::Host(_) => "host",
        DomainError::Unavailable { .. } => "no instance was free",
    }
}

impl Consumers {
    /// Projects at most one batch of events into the live copy of a view. On an error the view is
    /// parked in this tenant.
    ///
    /// A batch that fails in the component is halved until it succeeds or has one event.
    pub async fn project_batch(&self, domain: &dyn Domain, tenant: TenantId, view: &str) -> Result<Step, Error> {
        let copies = view::copies(&self.db).await?;
        let view_type = view_type(domain, view)?;
        let digest = Table::of(domain.plugin(), view_type)?.digest().to_owned();
        let live = copies.into_iter().find(|copy| copy.digest == digest && copy.state == State::Live);
        let live = live.ok_or_else(|| view::Error::NotCreated(view.to_owned()))?;
        match self.run_copy(domain, tenant, &live).await? {
            Step::NeedsRebuild => self.rebuild_copy(domain, tenant, &live).await,
            step => Ok(step),
        }
    }
}

fn view_type<'a>(domain: &'a dyn Domain, view: &str) -> Result<&'a ViewType, Error> {
    let views = &domain.description().views;
    views.iter().find(|declared| declared.name == view).ok_or_else(|| Error::UnknownView(view.to_owned()))
}

impl Consumers {
    /// Projects at most one batch of events into one copy of a view.
    pub(crate) async fn run_copy(&self, domain: &dyn Domain, tenant: TenantId, copy: &Copy) -> Result<Step, Error> {
        let view = view_type(domain, &copy.view)?;
        let table = Table::of(domain.plugin(), view)?.copy(copy.table.clone());
        let limit = if copy.state == State::Live { BATCH } else { REBUILD_BATCH };
        let step = self.project_halving(domain, tenant, view, &table, limit).await;
        self.finish_step(domain, tenant, copy, &table, step).await
    }

    /// Rebuilds the tenant's rows of one copy of a view, after [`Step::NeedsRebuild`].
    pub(crate) async fn rebuild_copy(&self, domain: &dyn Domain, tenant: TenantId, copy: &Copy) -> Result<Step, Error> {
        let view = view_type(domain, &copy.view)?;
        let table = Table::of(domain.plugin(), view)?.copy(copy.table.clone());
        let step = self.rebuild_tenant(domain, tenant, view, &table).await;
        self.finish_step(domain, tenant, copy, &table, step).await
    }

    /// Ends one step of a projection: publishes the progress of a live copy to the feed, and parks
    /// a view that failed.
    async fn finish_step(
        &self,
        domain: &dyn Domain,
        tenant: TenantId,
        copy: &Copy,
        table: &Table<'_>,
        step: Result<Step, Error>,
    ) -> Result<Step, Error> {
        match &step {
            Ok(Step::Advanced { position, changes }) if copy.state == State::Live => {
                let (plugin, view) = (domain.plugin().to_owned(), copy.view.clone());
                self.feed.publish(Change { tenant, plugin, view, position: *position, rows: *changes });
            }
            Ok(_) => {}
            Err(error) => self.park_view(domain, tenant, table, error).await,
        }
        step
    }

    /// Projects one batch, and halves a batch that fails, down to a single event. So the view is
    /// parked only at the event that fails.
    async fn project_halving(
        &self,
        domain: &dyn Domain,
        tenant: TenantId,
        view: &ViewType,
        table: &Table<'_>,
        mut limit: u32,
    ) -> Result<Step, Error> {
        loop {
            match self.project_transaction(domain, tenant, view, table, &mut limit).await {
                Err(error) if limit > 1 && error.is_batch_dependent() => {
                    tracing::warn!(%tenant, plugin = domain.plugin(), view = view.name, limit, code = error.code(), "a batch failed and is halved");
                    limit /= 2;
                }
                result => return result,
            }
        }
    }

    async fn project_transaction(
        &self,
        domain: &dyn Domain,
        tenant: TenantId,
        view: &ViewType,
        table: &Table<'_>,
        limit: &mut u32,
    ) -> Result<Step, Error> {
        let mut tx = self.db.tenant(tenant).await?;
        match self.project_in(&mut tx, domain, view, table, limit).await {
            Ok(step @ Step::Advanced { .. }) => {
                tx.commit().await?;
                Ok(step)
            }
            result => {
                tx.rollback().await;
                result
            }
        }
    }

    /// Projects at most `limit` events in the caller's transaction. Sets `limit` to the number of
    /// events that were read.
    pub(super) async fn project_in(
        &self,
        tx: &mut TenantTx,
        domain: &dyn Domain,
        view: &ViewType,
        table: &Table<'_>,
        limit: &mut u32,
    ) -> Result<Step, Error> {
        let plugin = domain.plugin();
        let at_checkpoint = |cause| Error::Checkpoint { consumer: table.name.clone(), cause };
        let claim = checkpoint::claim(tx, plugin, &table.name, &Start::Beginning).await.map_err(at_checkpoint)?;
        let (after, stale_epoch) = match claim {
            Claim::Ready { pos, last_attempt_failed, stale_epoch } => {
                if last_attempt_failed {
                    *limit = 1;
                }
                (pos, stale_epoch)
            }
            Claim::Busy => return Ok(Step::Busy),
            Claim::Parked { code } => return Ok(Step::Parked { code }),
            Claim::NeedsRebuild { .. } => return Ok(Step::NeedsRebuild),
        };
        let stored = event_store::read_after(tx, after, *limit).await?;
        *limit = stored.len() as u32;
        let position = match stored.last() {
            Some(event) => event.position,
            None if stale_epoch => Position { pos: after, ..event_store::head(tx).await? },
            None => return Ok(Step::CaughtUp),
        };
        let events = self.open_events(tx, domain, view, stored).await?;
        let changes = project_events(tx, domain, table, position, events).await?;
        checkpoint::advance(tx, plugin, &table.name, position).await.map_err(at_checkpoint)?;
        Ok(Step::Advanced { position, changes })
    }

    /// Decrypts the events whose types the view declares, and drops the others.
    async fn open_events(
        &self,
        tx: &mut TenantTx,
        domain: &dyn Domain,
        view: &ViewType,
        stored: Vec<StoredEvent>,
    ) -> Result<Vec<Recorded>, Error> {
        let mut events = Vec::new();
        for event in stored {
            if event.plugin() == domain.plugin() && view.events.iter().any(|kind| kind == event.local_kind()) {
                let unknown = |cause| Error::Unknown { view: view.name.clone(), cause };
                event.understood_by(domain.description()).map_err(unknown)?;
                events.push(event.open(&self.keyring, tx).await?);
            }
        }
        Ok(events)
    }
}

/// Lets the component project the events, and writes the rows. Returns how many rows changed.
async fn project_events(
    tx: &mut TenantTx,
    domain: &dyn Domain,
    table: &Table<'_>,
    position: Position,
    events: Vec<Recorded>,
) -> Result<usize, Error> {
    if events.is_empty() {
        return Ok(0);
    }
    let view = table.view;
    let at_rows = |cause| Error::Rows { view: view.name.clone(), cause };
    let keys = keys(domain, view, &events).await?;
    let rows = rows::load(tx, table, &keys).await.map_err(at_rows)?;
    let input = ProjectInput { view: view.name.clone(), events, rows: rows.clone() };
    let output = domain.project(input).await.map_err(|cause| Error::Project { view: view.name.clone(), cause })?;
    let changed = changes::apply_changes(&view.columns, rows, output.changes)
        .map_err(|cause| Error::Invalid { view: view.name.clone(), cause })?;
    let count = changed.len();
    rows::store(tx, table, position, changed).await.map_err(at_rows)?;
    Ok(count)
}

async fn keys(domain: &dyn Domain, view: &ViewType, events: &[Recorded]) -> Result<Vec<String>, Error> {
    let input = KeysInput { view: view.name.clone(), events: events.to_vec() };
    let output = domain.keys(input).await.map_err(|cause| Error::Keys { view: view.name.clone(), cause })?;
    let keys: BTreeSet<String> = output.keys.into_iter().collect();
    if keys.len() > MAX_KEYS {
        return Err(Error::TooManyKeys { view: view.name.clone() });
    }
    Ok(keys.into_iter().collect())
}

impl Consumers {
    async fn park_view(&self, domain: &dyn Domain, tenant: TenantId, table: &Table<'_>, error: &Error) {
        let (plugin, view, code) = (domain.plugin(), &table.view.name, error.code());
        tracing::warn!(%tenant, plugin, view, code, "a view failed and is parked");
        metrics::counter!("eaf_projection_failures_total", "plugin" => plugin.to_owned(), "view" => view.clone())
            .increment(1);
        let parked = async {
            let mut tx = self.db.tenant(tenant).await?;
            checkpoint::park(&mut tx, plugin, &table.name, &Start::Beginning, &code)
                .await
                .map_err(|cause| Error::Checkpoint { consumer: table.name.clone(), cause })?;
            tx.commit().await.map_err(Error::from)
        };
        // The database is unavailable: the next scan retries the view.
        if let Err(error) = parked.await {
            tracing::warn!(%tenant, plugin, view, %error, "the view could not be parked");
        }
    }
}
