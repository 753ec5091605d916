//! Projections: events folded into view rows by the plugin's pure `keys` and `project`.
//!
//! Rows and checkpoint change in one transaction, which holds the checkpoint's row lock. A batch that fails leaves both
//! as they were and parks this view of this tenant: others go on.

mod changes;
mod rebuild_tenant;
mod rows;

use super::checkpoint::{self, Held, Start, Step};
use super::{BATCH, Consumers};
use crate::contract::{Domain, DomainError, KeysInput, ProjectInput, Recorded, ViewType};
use crate::db::TenantTx;
use crate::event_store::{self, Position};
use crate::id::TenantId;
use crate::live::Change;
use crate::view::{Copy, State, Table};
use crate::{db, view};
use changes::Invalid;
use std::collections::BTreeSet;

/// For a copy that nobody waits for.
const REBUILD_BATCH: u32 = 1_000;
const MAX_KEYS: usize = 2_000;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the plugin describes no view {0}")]
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
    /// The component may manage fewer events; and one event that it cannot take should not hold up those before it.
    fn may_be_the_size(&self) -> bool {
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

    /// What stands at a parked checkpoint: a word and a name, never data.
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

/// A trap's text is the plugin's own and may carry data: it goes to the trace only.
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
    /// Projects at most one batch into the copy that is read, as much of it as the component manages. An error has parked the view
    /// of this tenant when this returns.
    pub async fn project_batch(&self, domain: &dyn Domain, tenant: TenantId, view: &str) -> Result<Step, Error> {
        let copies = view::copies(&self.db).await?;
        let known = known(domain, view)?;
        let digest = Table::of(domain.plugin(), known)?.digest().to_owned();
        let live = copies.into_iter().find(|copy| copy.digest == digest && copy.state == State::Live);
        let live = live.ok_or_else(|| view::Error::NotCreated(view.to_owned()))?;
        match self.run_copy(domain, tenant, &live).await? {
            Step::Void => self.refold_copy(domain, tenant, &live).await,
            step => Ok(step),
        }
    }
}

fn known<'a>(domain: &'a dyn Domain, view: &str) -> Result<&'a ViewType, Error> {
    let views = &domain.description().views;
    views.iter().find(|known| known.name == view).ok_or_else(|| Error::UnknownView(view.to_owned()))
}

impl Consumers {
    /// The same for one copy. Only the one that is read is told to the feed.
    pub(crate) async fn run_copy(&self, domain: &dyn Domain, tenant: TenantId, copy: &Copy) -> Result<Step, Error> {
        let view = known(domain, &copy.view)?;
        let table = Table::of(domain.plugin(), view)?.copy(copy.table.clone());
        let limit = if copy.state == State::Live { BATCH } else { REBUILD_BATCH };
        let step = self.largest_batch(domain, tenant, view, &table, limit).await;
        self.ended(domain, tenant, copy, &table, step).await
    }

    /// Folds what [`Step::Void`] told of anew; [`run_copy`] goes on from there.
    pub(crate) async fn refold_copy(&self, domain: &dyn Domain, tenant: TenantId, copy: &Copy) -> Result<Step, Error> {
        let view = known(domain, &copy.view)?;
        let table = Table::of(domain.plugin(), view)?.copy(copy.table.clone());
        let step = self.refold(domain, tenant, view, &table).await;
        self.ended(domain, tenant, copy, &table, step).await
    }

    /// Tells of what went forward, and parks what failed.
    async fn ended(
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

    /// Halves what fails, down to a single event: only that one can park the view.
    async fn largest_batch(
        &self,
        domain: &dyn Domain,
        tenant: TenantId,
        view: &ViewType,
        table: &Table<'_>,
        mut limit: u32,
    ) -> Result<Step, Error> {
        loop {
            match self.advance_alone(domain, tenant, view, table, &mut limit).await {
                Err(error) if limit > 1 && error.may_be_the_size() => {
                    tracing::warn!(%tenant, plugin = domain.plugin(), view = view.name, limit, code = error.code(), "a batch is halved");
                    limit /= 2;
                }
                ended => return ended,
            }
        }
    }

    async fn advance_alone(
        &self,
        domain: &dyn Domain,
        tenant: TenantId,
        view: &ViewType,
        table: &Table<'_>,
        limit: &mut u32,
    ) -> Result<Step, Error> {
        let mut tx = self.db.tenant(tenant).await?;
        match self.advance(&mut tx, domain, view, table, limit).await {
            Ok(step @ Step::Advanced { .. }) => {
                tx.commit().await?;
                Ok(step)
            }
            ended => {
                tx.rollback().await;
                ended
            }
        }
    }

    /// `limit` becomes the number of events that there were.
    async fn advance(
        &self,
        tx: &mut TenantTx,
        domain: &dyn Domain,
        view: &ViewType,
        table: &Table<'_>,
        limit: &mut u32,
    ) -> Result<Step, Error> {
        let plugin = domain.plugin();
        let at_checkpoint = |cause| Error::Checkpoint { consumer: table.name.clone(), cause };
        let at_rows = |cause| Error::Rows { view: view.name.clone(), cause };

        let (after, older) =
            match checkpoint::take(tx, plugin, &table.name, &Start::Beginning).await.map_err(at_checkpoint)? {
                Held::At { pos, failed, older } => {
                    if failed {
                        *limit = 1;
                    }
                    (pos, older)
                }
                Held::Busy => return Ok(Step::Busy),
                Held::Parked { code } => return Ok(Step::Parked { code }),
                Held::Void { .. } => return Ok(Step::Void),
            };
        let stored = event_store::read_after(tx, after, *limit).await?;
        *limit = stored.len() as u32;
        let position = match stored.last() {
            Some(event) => event.position,
            None if older => Position { pos: after, ..event_store::head(tx).await? },
            None => return Ok(Step::CaughtUp),
        };
        let mut events = Vec::new();
        for event in stored {
            if event.plugin() == plugin && view.events.iter().any(|kind| kind == event.local_kind()) {
                let unknown = |cause| Error::Unknown { view: view.name.clone(), cause };
                event.understood_by(domain.description()).map_err(unknown)?;
                events.push(event.open(&self.keyring, tx).await?);
            }
        }

        let mut changes = 0;
        if !events.is_empty() {
            let keys = keys(domain, view, &events).await?;
            let loaded = rows::load(tx, table, &keys).await.map_err(at_rows)?;
            let input = ProjectInput { view: view.name.clone(), events, rows: loaded.clone() };
            let output =
                domain.project(input).await.map_err(|cause| Error::Project { view: view.name.clone(), cause })?;
            let folded = changes::fold(&view.columns, loaded, output.changes)
                .map_err(|cause| Error::Invalid { view: view.name.clone(), cause })?;
            changes = folded.len();
            rows::store(tx, table, position, folded).await.map_err(at_rows)?;
        }
        checkpoint::advance(tx, plugin, &table.name, position).await.map_err(at_checkpoint)?;
        Ok(Step::Advanced { position, changes })
    }
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
        tracing::warn!(%tenant, plugin, view, code, "a view does not move");
        metrics::counter!("eaf_projection_failures_total", "plugin" => plugin.to_owned(), "view" => view.clone())
            .increment(1);
        let parked = async {
            let mut tx = self.db.tenant(tenant).await?;
            checkpoint::park(&mut tx, plugin, &table.name, &Start::Beginning, &code)
                .await
                .map_err(|cause| Error::Checkpoint { consumer: table.name.clone(), cause })?;
            tx.commit().await.map_err(Error::from)
        };
        // The database is away: the next scan finds the view as it is.
        if let Err(error) = parked.await {
            tracing::warn!(%tenant, plugin, view, %error, "the view could not be parked");
        }
    }
}
