//! Triggers: an event of a declared type starts one run of a workflow.
//!
//! The run's id is derived from tenant, workflow and event. The run is inserted in the transaction
//! that advances the trigger's checkpoint. Runs of earlier events are never started again: a
//! rebuild of views does not touch the checkpoints of triggers, and the trigger of a new workflow
//! starts at its registration.

use super::checkpoint::{self, Claim, Start, Step};
use super::{BATCH, Consumers};
use crate::contract::{Domain, Recorded, Trigger, WorkflowType};
use crate::db;
use crate::event_store::{self, Position, StoredEvent};
use crate::id::{ActorId, RunId, TenantId};
use sqlx::PgConnection;

/// Maximum length, in bytes, of a run's key, which a trigger reads from the data of an event.
const MAX_KEY: usize = 200;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the plugin declares no workflow {0}")]
    UnknownWorkflow(String),
    #[error("the workflows of {plugin} could not be registered")]
    Register {
        plugin: String,
        #[source]
        cause: sqlx::Error,
    },
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
    #[error("the workflow depends on an event that this package does not understand")]
    Unknown(#[from] event_store::UnknownEvent),
    #[error("the event at {position} has no id at {pointer}")]
    NoKey { position: Position, pointer: String },
    #[error("the event at {position} has no actor id at {pointer}")]
    NoSubject { position: Position, pointer: String },
    #[error("the run could not be inserted")]
    Insert(#[source] sqlx::Error),
}

impl Error {
    /// Text that the checkpoint of a parked trigger stores: an error code with declared names, and
    /// no data of the tenant.
    fn code(&self) -> String {
        let code = match self {
            Error::Unknown(cause) => return format!("unknown event: {} of version {}", cause.kind, cause.schema),
            Error::UnknownWorkflow(_) => "unknown-workflow",
            Error::Register { .. } | Error::Db(_) | Error::Checkpoint { .. } | Error::Insert(_) => "database",
            Error::Log(_) => "log",
            Error::NoKey { .. } => "trigger: no key",
            Error::NoSubject { .. } => "trigger: no subject",
        };
        code.to_owned()
    }
}

/// Registers the plugin's workflows as triggers, and retires those that the plugin no longer has.
/// Idempotent: only the first registration decides from which time on events start a workflow.
///
/// `conn` is a platform connection, in the transaction that has locked the active generation.
pub(crate) async fn register(conn: &mut PgConnection, domain: &dyn Domain) -> Result<(), Error> {
    let workflows: Vec<&str> = domain.description().workflows.iter().map(|workflow| workflow.name.as_str()).collect();
    let plugin = domain.plugin();
    sqlx::query(
        "with retired as (update eaf.trigger set retired_at = now()
                       where plugin = $1 and workflow <> all ($2) and retired_at is null)
         insert into eaf.trigger (plugin, workflow, since) select $1, unnest($2), eaf.now()
         on conflict (plugin, workflow) do update set retired_at = null where trigger.retired_at is not null",
    )
    .bind(plugin)
    .bind(workflows)
    .execute(conn)
    .await
    .map_err(|cause| Error::Register { plugin: plugin.to_owned(), cause })?;
    Ok(())
}

impl Consumers {
    /// Starts the runs of one workflow for at most one batch of events. On an error the workflow's
    /// trigger is parked in this tenant.
    pub async fn run_trigger_batch(
        &self,
        domain: &dyn Domain,
        tenant: TenantId,
        workflow: &str,
    ) -> Result<Step, Error> {
        let workflow = domain
            .description()
            .workflows
            .iter()
            .find(|known| known.name == workflow)
            .ok_or_else(|| Error::UnknownWorkflow(workflow.to_owned()))?;
        match self.start_batch(domain, tenant, workflow).await {
            Ok(step) => {
                if matches!(step, Step::Advanced { changes, .. } if changes > 0) {
                    self.feed.runs_due();
                }
                Ok(step)
            }
            Err(error) => {
                self.park_trigger(domain, tenant, workflow, &error).await;
                Err(error)
            }
        }
    }

    async fn start_batch(&self, domain: &dyn Domain, tenant: TenantId, workflow: &WorkflowType) -> Result<Step, Error> {
        let (plugin, consumer) = (domain.plugin(), consumer(workflow));
        let at_checkpoint = |cause| Error::Checkpoint { consumer: consumer.clone(), cause };

        let mut tx = self.db.tenant(tenant).await?;
        let claim = checkpoint::claim(&mut tx, plugin, &consumer, &start(workflow)).await.map_err(at_checkpoint)?;
        let (after, stale_epoch) = match claim {
            Claim::Ready { pos, stale_epoch, .. } => (pos, stale_epoch),
            Claim::Busy => return Ok(Step::Busy),
            Claim::Parked { code } => return Ok(Step::Parked { code }),
            // Runs started after the restored point do not exist here: continue with the new
            // events.
            Claim::NeedsRebuild { last } => {
                let to = Position { pos: last, ..event_store::head(&mut tx).await? };
                checkpoint::advance(&mut tx, plugin, &consumer, to).await.map_err(at_checkpoint)?;
                tx.commit().await?;
                tracing::warn!(%tenant, plugin, consumer, position = %to, "the log was restored to before this trigger's position");
                return Ok(Step::Advanced { position: to, changes: 0 });
            }
        };
        let stored = event_store::read_after(&mut tx, after, BATCH).await?;
        let position = match stored.last() {
            Some(event) => event.position,
            None if stale_epoch => Position { pos: after, ..event_store::head(&mut tx).await? },
            None => return Ok(Step::CaughtUp),
        };
        let (started, processed) = self.start_runs(domain, &mut tx, workflow, stored).await?;
        let position = processed.unwrap_or(position);
        checkpoint::advance(&mut tx, plugin, &consumer, position).await.map_err(at_checkpoint)?;
        tx.commit().await?;
        Ok(Step::Advanced { position, changes: started })
    }

    /// Starts the workflow's runs for a batch of events. Returns the number of started runs, and
    /// the position of the last processed event; `None` if there was no event.
    async fn start_runs(
        &self,
        domain: &dyn Domain,
        tx: &mut db::TenantTx,
        workflow: &WorkflowType,
        stored: Vec<StoredEvent>,
    ) -> Result<(usize, Option<Position>), Error> {
        let (mut started, mut processed) = (0, None);
        for event in stored {
            let at = event.position;
            match self.start_run(domain, tx, workflow, event).await {
                Ok(runs) => (started, processed) = (started + runs, Some(at)),
                // A failed statement aborts the transaction: nothing of the batch can be committed.
                Err(error) if processed.is_none() || matches!(error, Error::Insert(_)) || db::is_transient(&error) => {
                    return Err(error);
                }
                // Commits the events before the failing one, which is the first of the next batch
                // and then parks the trigger.
                Err(_) => break,
            }
        }
        Ok((started, processed))
    }

    /// Starts the workflow's run for this event, if the event triggers the workflow. Returns the
    /// number of runs started: 0 or 1.
    async fn start_run(
        &self,
        domain: &dyn Domain,
        tx: &mut db::TenantTx,
        workflow: &WorkflowType,
        event: StoredEvent,
    ) -> Result<usize, Error> {
        let trigger = workflow.triggers.iter().find(|trigger| trigger.event == event.local_kind());
        let Some(trigger) = trigger.filter(|_| event.plugin() == domain.plugin()) else { return Ok(0) };
        event.understood_by(domain.description())?;
        let at = event.position;
        let event = event.open(&self.keyring, tx).await?;
        insert(tx, domain, workflow, trigger, at, &event).await
    }
}

async fn insert(
    tx: &mut db::TenantTx,
    domain: &dyn Domain,
    workflow: &WorkflowType,
    trigger: &Trigger,
    position: Position,
    event: &Recorded,
) -> Result<usize, Error> {
    let text = |pointer: &str| event.data.pointer(pointer).and_then(|value| value.as_str());
    let key = text(&trigger.key)
        .filter(|key| !key.is_empty() && key.len() <= MAX_KEY && !key.contains('\0'))
        .ok_or_else(|| Error::NoKey { position, pointer: trigger.key.clone() })?;
    let subject: ActorId = text(&trigger.subject)
        .and_then(|subject| subject.parse().ok())
        .ok_or_else(|| Error::NoSubject { position, pointer: trigger.subject.clone() })?;
    let run = RunId::derive(tx.tenant(), &format!("{}/{}", domain.plugin(), workflow.name), event.id);
    let inserted = sqlx::query(
        "insert into eaf.run (tenant_id, run_id, plugin, digest, workflow, event_id, event_pos, key, subject, trace)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) on conflict do nothing",
    )
    .bind(tx.tenant())
    .bind(run)
    .bind(domain.plugin())
    .bind(domain.digest())
    .bind(&workflow.name)
    .bind(event.id)
    .bind(position.pos as i64)
    .bind(key)
    .bind(subject)
    .bind(&event.trace_id)
    .execute(tx.conn())
    .await
    .map_err(Error::Insert)?;
    Ok(inserted.rows_affected() as usize)
}

impl Consumers {
    async fn park_trigger(&self, domain: &dyn Domain, tenant: TenantId, workflow: &WorkflowType, error: &Error) {
        let (plugin, name, code) = (domain.plugin(), &workflow.name, error.code());
        tracing::warn!(%tenant, plugin, workflow = name, code, "a trigger failed and is parked");
        let parked = async {
            let mut tx = self.db.tenant(tenant).await?;
            let consumer = consumer(workflow);
            checkpoint::park(&mut tx, plugin, &consumer, &start(workflow), &code)
                .await
                .map_err(|cause| Error::Checkpoint { consumer, cause })?;
            tx.commit().await.map_err(Error::from)
        };
        // The database is unavailable: the next scan retries the trigger.
        if let Err(error) = parked.await {
            tracing::warn!(%tenant, plugin, workflow = name, %error, "the trigger could not be parked");
        }
    }
}

fn consumer(workflow: &WorkflowType) -> String {
    format!("workflow/{}", workflow.name)
}

fn start(workflow: &WorkflowType) -> Start {
    Start::Registered { workflow: workflow.name.clone() }
}
