//! The ledger's row: what was asked, on which versions it was decided, and what was answered. Sealed under the actor's key; a "no" may
//! say something of others, and is sealed among all who could be read in what it was decided on.

use super::boundary::Loaded;
use super::{Answer, Error};
use crate::Core;
use crate::actor::Caller;
use crate::contract::{Command, Context, Domain, Rejection, StreamMode, Subject};
use crate::crypto::{self, Among, personal};
use crate::db::TenantTx;
use crate::event_store::Position;
use crate::id::{ActorId, CommandId};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// What the replay check of an upgrade and the auditor live on.
#[derive(Serialize, Deserialize)]
struct Record {
    plugin: String,
    digest: String,
    /// Its body is null where the answer is a "no".
    command: Command,
    context: Context,
    streams: Vec<Version>,
    answer: Kept,
}

#[derive(Serialize, Deserialize)]
struct Version {
    stream: String,
    mode: StreamMode,
    version: u64,
}

/// The part of the answer that is known before the append.
#[derive(Clone)]
pub(super) enum Told {
    Accepted { subject: Option<Subject> },
    Rejected(Rejection),
}

/// The same as it is recorded.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kept {
    Accepted { subject: Option<Subject> },
    Rejected(Rejection),
    Sealed { people: BTreeSet<ActorId>, key: String, value: String },
}

impl Kept {
    async fn seal(
        core: &Core,
        tx: &mut TenantTx,
        told: Told,
        mut people: BTreeSet<ActorId>,
        (actor, command): (ActorId, CommandId),
    ) -> Result<Kept, Error> {
        // The row is sealed under the actor's key anyway.
        people.remove(&actor);
        let rejection = match told {
            Told::Accepted { subject } => return Ok(Kept::Accepted { subject }),
            Told::Rejected(rejection) if people.is_empty() => return Ok(Kept::Rejected(rejection)),
            Told::Rejected(rejection) => rejection,
        };
        let clear = serde_json::to_vec(&rejection).map_err(|cause| Error::Corrupt { command, cause })?;
        let Among { people, key, value } = match core.keyring.seal_among(tx, people, &place(command), &clear).await {
            // Erased since it was decided: what it says should not be said any more.
            Err(crypto::Error::Destroyed) => return Err(Error::Conflict { attempts: 1 }),
            sealed => sealed?,
        };
        Ok(Kept::Sealed { people, key: BASE64.encode(key), value: BASE64.encode(value) })
    }

    async fn open(self, core: &Core, tx: &mut TenantTx, command: CommandId) -> Result<Told, Error> {
        let (people, key, value) = match self {
            Kept::Accepted { subject } => return Ok(Told::Accepted { subject }),
            Kept::Rejected(rejection) => return Ok(Told::Rejected(rejection)),
            Kept::Sealed { people, key, value } => (people, key, value),
        };
        let bytes = |text: String| BASE64.decode(text).map_err(|_| crypto::Error::Malformed);
        let sealed = Among { people, key: bytes(key)?, value: bytes(value)? };
        let opened = core.keyring.open_among(tx, &place(command), &sealed).await?.ok_or(Error::Erased)?;
        serde_json::from_slice(&opened).map(Told::Rejected).map_err(|cause| Error::Corrupt { command, cause })
    }
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
    asked: &Asked<'_>,
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
    let record = read(core, tx, caller, command, &answer).await?;
    if known != asked.fingerprint(core, tx).await? {
        return Err(Error::KeyReused);
    }
    let position = last.map(|pos| Position { epoch: epoch as u32, pos: pos as u64 });
    Ok(Some(record.answer.open(core, tx, command).await?.answer(command, position)))
}

pub(super) async fn open(
    core: &Core,
    tx: &mut TenantTx,
    caller: &Caller,
    command: CommandId,
    sealed: &[u8],
    position: Option<Position>,
) -> Result<Answer, Error> {
    let record = read(core, tx, caller, command, sealed).await?;
    Ok(record.answer.open(core, tx, command).await?.answer(command, position))
}

async fn read(
    core: &Core,
    tx: &mut TenantTx,
    caller: &Caller,
    command: CommandId,
    sealed: &[u8],
) -> Result<Record, Error> {
    let opened = core.keyring.open(tx, caller.actor, &place(command), sealed).await?.ok_or(Error::Erased)?;
    serde_json::from_slice(&opened).map_err(|cause| Error::Corrupt { command, cause })
}

pub(super) async fn seal(
    core: &Core,
    tx: &mut TenantTx,
    domain: &dyn Domain,
    command: &Command,
    context: &Context,
    loaded: &Loaded,
    told: Told,
) -> Result<Vec<u8>, Error> {
    let id = context.command_id;
    let mut command = command.clone();
    seal_body(core, tx, domain, &mut command, (context.actor.id, id), loaded).await?;
    // A "no" may repeat what was read, and what was asked.
    let people = &loaded.people | &personal::subjects(&command.body);
    if matches!(told, Told::Rejected(_)) {
        // The fingerprint knows a repetition without it, and nobody may fill the ledger with what is refused.
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
        answer: Kept::seal(core, tx, told, people, (context.actor.id, id)).await?,
    };
    let clear = serde_json::to_vec(&record).map_err(|cause| Error::Corrupt { command: id, cause })?;
    Ok(core.keyring.seal(tx, context.actor.id, &place(id), &clear).await?)
}

/// What a command says about somebody else goes with that person's key, not with the actor's; what its giver wrote may
/// be about anybody whom the decision was made on.
async fn seal_body(
    core: &Core,
    tx: &mut TenantTx,
    domain: &dyn Domain,
    command: &mut Command,
    (actor, id): (ActorId, CommandId),
    loaded: &Loaded,
) -> Result<(), Error> {
    let commands = &domain.description().commands;
    let declared = commands.iter().find(|known| known.name == command.name && known.version == command.version);
    let Some(declared) = declared else { return Ok(()) };
    personal::encrypt_known(&core.keyring, tx, &declared.schema, &place(id), &mut command.body).await?;
    let mut others = loaded.people.clone();
    others.remove(&actor);
    let body = &mut command.body;
    match personal::encrypt_among(&core.keyring, tx, &declared.schema, &place(id), body, &others).await {
        // Erased since it was decided: it is decided again, on what is still known.
        Err(personal::Error::Crypto { cause: crypto::Error::Destroyed, .. }) => Err(Error::Conflict { attempts: 1 }),
        sealed => Ok(sealed?),
    }
}

/// What makes two requests the same. The version of the command is the package's and no part of it: a retry stays one
/// across an upgrade.
pub(super) struct Asked<'a> {
    plugin: &'a str,
    name: &'a str,
    body: String,
}

impl<'a> Asked<'a> {
    pub(super) fn new(plugin: &'a str, name: &'a str, body: &Value) -> Self {
        Asked { plugin, name, body: canonical(body).to_string() }
    }

    /// Keyed, so that the body cannot be guessed from it.
    pub(super) async fn fingerprint(&self, core: &Core, tx: &mut TenantTx) -> Result<[u8; 32], Error> {
        let parts = [self.plugin.as_bytes(), self.name.as_bytes(), self.body.as_bytes()];
        Ok(core.keyring.digest(tx, "command", &parts).await?)
    }
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
