//! Row of the ledger: a command, the stream versions on which the decision is based, and the
//! answer. The row is sealed under the actor's key. A rejection may also contain data of other
//! people, and is sealed for all people in the loaded streams.

use super::boundary::LoadedBoundary;
use super::{Answer, Error};
use crate::actor::Caller;
use crate::contract::{Command, Context, Domain, Rejection, StreamMode, Subject};
use crate::crypto::Keyring;
use crate::crypto::{self, SharedSeal, personal};
use crate::db::TenantTx;
use crate::event_store::Position;
use crate::id::{ActorId, CommandId};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// Content of a ledger row: the command, the context and stream versions of the decision, and the
/// answer. Auditors read it, and a repetition of the command gets the answer.
#[derive(Serialize, Deserialize)]
struct Record {
    plugin: String,
    digest: String,
    /// Command as it was decided. Its body is null if the command was rejected.
    command: Command,
    context: Context,
    streams: Vec<Version>,
    answer: StoredAnswer,
}

#[derive(Serialize, Deserialize)]
struct Version {
    stream: String,
    mode: StreamMode,
    version: u64,
}

/// Answer to a command as known before the append, so without positions.
#[derive(Clone)]
pub(super) enum CommandAnswer {
    Accepted { subject: Option<Subject> },
    Rejected(Rejection),
}

/// Answer to a command in the form that a ledger row stores.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum StoredAnswer {
    Accepted { subject: Option<Subject> },
    Rejected(Rejection),
    Sealed { people: BTreeSet<ActorId>, key: String, value: String },
}

impl StoredAnswer {
    async fn seal(
        keyring: &Keyring,
        tx: &mut TenantTx,
        answer: CommandAnswer,
        mut people: BTreeSet<ActorId>,
        (actor, command): (ActorId, CommandId),
    ) -> Result<StoredAnswer, Error> {
        // The whole row is sealed under the actor's key.
        people.remove(&actor);
        let rejection = match answer {
            CommandAnswer::Accepted { subject } => return Ok(StoredAnswer::Accepted { subject }),
            CommandAnswer::Rejected(rejection) if people.is_empty() => return Ok(StoredAnswer::Rejected(rejection)),
            CommandAnswer::Rejected(rejection) => rejection,
        };
        let clear = serde_json::to_vec(&rejection).map_err(|cause| Error::Corrupt { command, cause })?;
        let SharedSeal { people, key, value } = match keyring.seal_for_all(tx, people, &aad(command), &clear).await {
            // A person was erased since the decision: the rejection may repeat that person's data.
            Err(crypto::Error::Destroyed) => return Err(Error::Conflict { attempts: 1 }),
            sealed => sealed?,
        };
        Ok(StoredAnswer::Sealed { people, key: BASE64.encode(key), value: BASE64.encode(value) })
    }

    async fn open(self, keyring: &Keyring, tx: &mut TenantTx, command: CommandId) -> Result<CommandAnswer, Error> {
        let (people, key, value) = match self {
            StoredAnswer::Accepted { subject } => return Ok(CommandAnswer::Accepted { subject }),
            StoredAnswer::Rejected(rejection) => return Ok(CommandAnswer::Rejected(rejection)),
            StoredAnswer::Sealed { people, key, value } => (people, key, value),
        };
        let bytes = |text: String| BASE64.decode(text).map_err(|_| crypto::Error::Malformed);
        let sealed = SharedSeal { people, key: bytes(key)?, value: bytes(value)? };
        let opened = keyring.open_for_all(tx, &aad(command), &sealed).await?.ok_or(Error::Erased)?;
        serde_json::from_slice(&opened).map(CommandAnswer::Rejected).map_err(|cause| Error::Corrupt { command, cause })
    }
}

impl CommandAnswer {
    pub(super) fn answer(self, command_id: CommandId, position: Option<Position>) -> Answer {
        match self {
            CommandAnswer::Accepted { subject } => Answer::Accepted { command_id, position, subject, preview: None },
            CommandAnswer::Rejected(rejection) => Answer::Rejected(rejection),
        }
    }
}

/// Key of a ledger row: the command's id. It is derived from the client's idempotency key, which is
/// not stored because it may contain a person's name.
pub(super) fn key(command: CommandId) -> String {
    command.to_string()
}

/// Reads the recorded answer to this command from the ledger. `None`: the command was not answered
/// before.
pub(super) async fn look_up(
    keyring: &Keyring,
    tx: &mut TenantTx,
    caller: &Caller,
    command: CommandId,
    identity: &CommandIdentity<'_>,
) -> Result<Option<Answer>, Error> {
    /// Row of the ledger: fingerprint, answer and last position of the command, and the log's
    /// epoch.
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
    let record = read(keyring, tx, caller, command, &answer).await?;
    if known != identity.fingerprint(keyring, tx).await? {
        return Err(Error::KeyReused);
    }
    let position = last.map(|pos| Position { epoch: epoch as u32, pos: pos as u64 });
    Ok(Some(record.answer.open(keyring, tx, command).await?.answer(command, position)))
}

pub(super) async fn open(
    keyring: &Keyring,
    tx: &mut TenantTx,
    caller: &Caller,
    command: CommandId,
    sealed: &[u8],
    position: Option<Position>,
) -> Result<Answer, Error> {
    let record = read(keyring, tx, caller, command, sealed).await?;
    Ok(record.answer.open(keyring, tx, command).await?.answer(command, position))
}

async fn read(
    keyring: &Keyring,
    tx: &mut TenantTx,
    caller: &Caller,
    command: CommandId,
    sealed: &[u8],
) -> Result<Record, Error> {
    let opened = keyring.open(tx, caller.actor, &aad(command), sealed).await?.ok_or(Error::Erased)?;
    serde_json::from_slice(&opened).map_err(|cause| Error::Corrupt { command, cause })
}

pub(super) async fn seal(
    keyring: &Keyring,
    tx: &mut TenantTx,
    domain: &dyn Domain,
    command: &Command,
    context: &Context,
    loaded: &LoadedBoundary,
    answer: CommandAnswer,
) -> Result<Vec<u8>, Error> {
    let id = context.command_id;
    let mut command = command.clone();
    seal_body(keyring, tx, domain, &mut command, (context.actor.id, id), loaded).await?;
    // A rejection may repeat data of the streams and of the command.
    let people = &loaded.people | &personal::subjects(&command.body);
    if matches!(answer, CommandAnswer::Rejected(_)) {
        // The fingerprint identifies a repetition without the body, and refused bodies must not
        // fill the ledger.
        command.body = Value::Null;
    }
    let record = Record {
        plugin: domain.plugin().to_owned(),
        digest: domain.digest().to_owned(),
        command,
        context: context.clone(),
        streams: loaded
            .streams
            .iter()
            .map(|entry| Version { stream: entry.stream.clone(), mode: entry.mode, version: entry.version })
            .collect(),
        answer: StoredAnswer::seal(keyring, tx, answer, people, (context.actor.id, id)).await?,
    };
    let clear = serde_json::to_vec(&record).map_err(|cause| Error::Corrupt { command: id, cause })?;
    Ok(keyring.seal(tx, context.actor.id, &aad(id), &clear).await?)
}

/// Seals the personal members of a command's body under the keys of the people whom they describe,
/// instead of the actor's key. Free text of the actor may describe any person in the loaded
/// streams, and is sealed for all of them.
async fn seal_body(
    keyring: &Keyring,
    tx: &mut TenantTx,
    domain: &dyn Domain,
    command: &mut Command,
    (actor, id): (ActorId, CommandId),
    loaded: &LoadedBoundary,
) -> Result<(), Error> {
    let commands = &domain.description().commands;
    let declared = commands.iter().find(|known| known.name == command.name && known.version == command.version);
    let Some(declared) = declared else { return Ok(()) };
    personal::encrypt_identified(keyring, tx, &declared.schema, &aad(id), &mut command.body).await?;
    let mut others = loaded.people.clone();
    others.remove(&actor);
    let body = &mut command.body;
    match personal::encrypt_for_all(keyring, tx, &declared.schema, &aad(id), body, &others).await {
        // A person was erased since the decision: the command is decided again without that
        // person's data.
        Err(personal::Error::Crypto { cause: crypto::Error::Destroyed, .. }) => Err(Error::Conflict { attempts: 1 }),
        sealed => Ok(sealed?),
    }
}

/// Parts that are equal in two requests of the same command: plugin, name and body. The command's
/// version is no part, so that a retry is recognised after an upgrade of the package.
pub(super) struct CommandIdentity<'a> {
    plugin: &'a str,
    name: &'a str,
    body: String,
}

impl<'a> CommandIdentity<'a> {
    pub(super) fn new(plugin: &'a str, name: &'a str, body: &Value) -> Self {
        CommandIdentity { plugin, name, body: canonical(body).to_string() }
    }

    /// Computes the fingerprint of the command, a keyed hash. Without the key, the body cannot be
    /// guessed from it.
    pub(super) async fn fingerprint(&self, keyring: &Keyring, tx: &mut TenantTx) -> Result<[u8; 32], Error> {
        let parts = [self.plugin.as_bytes(), self.name.as_bytes(), self.body.as_bytes()];
        Ok(keyring.digest(tx, "command", &parts).await?)
    }
}

/// Sorts the members of all JSON objects by name, because a client that repeats a request may send
/// the members in another order.
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

fn aad(command: CommandId) -> String {
    format!("ledger/{command}")
}
