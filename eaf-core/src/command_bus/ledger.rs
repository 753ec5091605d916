//! The ledger's row: what was asked, on which versions it was decided, and what was answered. Sealed under the actor's key.

use super::{Answer, Error};
use crate::Core;
use crate::actor::Caller;
use crate::contract::{Command, Context, Domain, LoadedStream, Rejection, StreamMode, Subject};
use crate::crypto::personal;
use crate::db::TenantTx;
use crate::event_store::Position;
use crate::id::CommandId;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What the replay check of an upgrade and the auditor live on.
#[derive(Serialize, Deserialize)]
struct Record {
    plugin: String,
    digest: String,
    command: Command,
    context: Context,
    streams: Vec<Version>,
    answer: Told,
}

#[derive(Serialize, Deserialize)]
struct Version {
    stream: String,
    mode: StreamMode,
    version: u64,
}

/// The part of the answer that is known before the append.
#[derive(Serialize, Deserialize, Clone)]
#[serde(rename_all = "lowercase")]
pub(super) enum Told {
    Accepted { subject: Option<Subject> },
    Rejected(Rejection),
}

impl Told {
    pub(super) fn answer(self, command_id: CommandId, position: Option<Position>) -> Answer {
        match self {
            Told::Accepted { subject } => Answer::Accepted { command_id, position, subject, preview: None },
            Told::Rejected(rejection) => Answer::Rejected(rejection),
        }
    }
}

/// The row's key: the id that is derived from the client's key, whose own words may name a person.
pub(super) fn key(command: CommandId) -> String {
    command.to_string()
}

/// The answer that was given to this command before, if any.
pub(super) async fn look_up(
    core: &Core,
    tx: &mut TenantTx,
    caller: &Caller,
    command: CommandId,
    fingerprint: &[u8; 32],
) -> Result<Option<Answer>, Error> {
    /// Fingerprint, answer, last position, epoch.
    type Row = (Vec<u8>, Vec<u8>, Option<i64>, i32);
    let row: Option<Row> = sqlx::query_as(
        "select fingerprint, answer, last_pos, (select epoch from eaf.log_epoch) from eaf.ledger
         where tenant_id = $1 and actor_id = $2 and key = $3",
    )
    .bind(caller.tenant)
    .bind(caller.actor)
    .bind(key(command))
    .fetch_optional(tx.conn())
    .await
    .map_err(Error::Ledger)?;
    let Some((known, answer, last, epoch)) = row else { return Ok(None) };
    if known != fingerprint {
        return Err(Error::KeyReused);
    }
    let position = last.map(|pos| Position { epoch: epoch as u32, pos: pos as u64 });
    open(core, tx, caller, command, &answer, position).await.map(Some)
}

pub(super) async fn open(
    core: &Core,
    tx: &mut TenantTx,
    caller: &Caller,
    command: CommandId,
    sealed: &[u8],
    position: Option<Position>,
) -> Result<Answer, Error> {
    let opened = core.keyring.open(tx, caller.actor, &place(command), sealed).await?.ok_or(Error::Erased)?;
    let record: Record = serde_json::from_slice(&opened).map_err(|cause| Error::Corrupt { command, cause })?;
    Ok(record.answer.answer(command, position))
}

pub(super) async fn seal(
    core: &Core,
    tx: &mut TenantTx,
    domain: &dyn Domain,
    command: &Command,
    context: &Context,
    boundary: &[LoadedStream],
    told: Told,
) -> Result<Vec<u8>, Error> {
    let id = context.command_id;
    let mut record = Record {
        plugin: domain.plugin().to_owned(),
        digest: domain.digest().to_owned(),
        command: command.clone(),
        context: context.clone(),
        streams: boundary
            .iter()
            .map(|entry| Version { stream: entry.stream.clone(), mode: entry.mode, version: entry.version })
            .collect(),
        answer: told,
    };
    // What a command says about somebody else goes with that person's key, not with the actor's.
    let declared = domain
        .description()
        .commands
        .iter()
        .find(|known| known.name == command.name && known.version == command.version);
    if let Some(declared) = declared {
        personal::encrypt_known(&core.keyring, tx, &declared.schema, &place(id), &mut record.command.body).await?;
    }
    let clear = serde_json::to_vec(&record).map_err(|cause| Error::Corrupt { command: id, cause })?;
    Ok(core.keyring.seal(tx, context.actor.id, &place(id), &clear).await?)
}

/// Keyed digest of what makes two requests the same.
pub(super) async fn fingerprint(
    core: &Core,
    tx: &mut TenantTx,
    plugin: &str,
    command: &Command,
) -> Result<[u8; 32], Error> {
    let body = canonical(&command.body).to_string();
    let parts = [plugin.as_bytes(), command.name.as_bytes(), &command.version.to_be_bytes(), body.as_bytes()];
    Ok(core.keyring.digest(tx, "command", &parts).await?)
}

/// Members sorted by name: clients need not repeat the order.
fn canonical(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let mut sorted: Vec<_> = members.iter().collect();
            sorted.sort_by_key(|(name, _)| *name);
            Value::Object(
                sorted.into_iter().map(|(name, member)| (name.clone(), canonical(member))).collect::<Map<_, _>>(),
            )
        }
        Value::Array(items) => Value::Array(items.iter().map(canonical).collect()),
        other => other.clone(),
    }
}

fn place(command: CommandId) -> String {
    format!("ledger/{command}")
}
