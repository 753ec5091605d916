//! Command bus, the only way in which state changes: command → decide → events.
//!
//! The steps are: search the ledger, load the boundary, decide, append. The append records the
//! answer, also a rejection, only if the versions on which the decision is based still hold. The
//! caller gets the answer after that. A repetition of the command gets the first answer.

mod boundary;
mod execute;
mod ledger;
mod limits;
mod output;
mod precondition;
mod snapshots;
mod stream_locks;
mod subjects;

pub use limits::CommandQuota;
pub use precondition::Precondition;

use crate::actor::Caller;
use crate::clock::Ambient;
use crate::contract::{Domain, DomainError, Rejection, Subject};
use crate::crypto::{self, Keyring, personal};
use crate::db::{self, Db};
use crate::directory;
use crate::event_store::{self, Appender, Position, StreamCache};
use crate::id::CommandId;
use crate::setting;
use limits::CommandLimits;
use serde_json::{Map, Value};
use std::time::Duration;
use stream_locks::StreamLocks;

/// Decides commands and records their answers. Cheap to clone; clones share cache, locks and
/// limits.
#[derive(Clone)]
pub struct CommandBus {
    db: Db,
    ambient: Ambient,
    keyring: Keyring,
    appender: Appender,
    limits: CommandLimits,
    stream_cache: StreamCache,
    /// Locks on streams. Commands of this host on the same streams are decided in order.
    stream_locks: StreamLocks,
    /// Locks on streams whose events are folded into a snapshot, by one task at a time.
    snapshot_locks: StreamLocks,
}

impl CommandBus {
    pub fn new(db: &Db, ambient: &Ambient, keyring: &Keyring, appender: &Appender, quota: CommandQuota) -> Self {
        CommandBus {
            db: db.clone(),
            ambient: ambient.clone(),
            keyring: keyring.clone(),
            appender: appender.clone(),
            limits: CommandLimits::new(ambient, quota),
            stream_cache: StreamCache::default(),
            stream_locks: StreamLocks::default(),
            snapshot_locks: StreamLocks::default(),
        }
    }

    /// Returns the bus with an empty stream cache, as on a host that has just started.
    #[cfg(feature = "testing")]
    pub fn with_empty_cache(self) -> Self {
        CommandBus { stream_cache: StreamCache::default(), ..self }
    }

    /// Decides a command and records the answer. A repetition with the same idempotency key returns
    /// the first answer and changes nothing.
    pub async fn execute(&self, domain: &dyn Domain, caller: &Caller, request: Request) -> Result<Answer, Error> {
        execute::execute(self, domain, caller, request).await
    }

    /// Returns the recorded answer to this request. `None`: there is none. A caller that checks
    /// requests against a schema calls this function first: after an upgrade with another schema, a
    /// retry still gets its first answer.
    pub async fn recorded_answer(
        &self,
        domain: &dyn Domain,
        caller: &Caller,
        request: &Request,
    ) -> Result<Option<Answer>, Error> {
        execute::recorded_answer(self, domain, caller, request).await
    }
}

/// Command to decide, as passed to the bus. Its permission and its body have been checked.
#[derive(Debug, Clone)]
pub struct Request {
    /// Name of the command without the plugin's prefix, such as `request-vm`. If the package
    /// declares several versions of the command, the newest one is decided.
    pub name: String,
    pub body: Value,
    /// Idempotency key of the command, 1 to 200 bytes long.
    pub idempotency_key: String,
    /// Whether the command is a rehearsal, which is decided and not recorded.
    pub dry_run: bool,
    /// Condition on the versions of the guarded streams. `None`: the command may apply to any
    /// version.
    pub precondition: Option<Precondition>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    Accepted {
        command_id: CommandId,
        /// Position of the last event that the command recorded. `None`: it recorded no event.
        position: Option<Position>,
        subject: Option<Subject>,
        /// Result that the plugin expects of a rehearsed command; `None` for a recorded command.
        preview: Option<Map<String, Value>>,
    },
    Rejected(Rejection),
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the plugin has no command '{name}' of this version")]
    UnknownCommand { name: String },
    #[error("an idempotency key has 1 to 200 bytes")]
    Key,
    #[error("the idempotency key was used for another command")]
    KeyReused,
    #[error("the answer to this key can no longer be read: a person in it was erased")]
    Erased,
    #[error("write conflict after {attempts} attempts")]
    Conflict { attempts: u32 },
    #[error("the streams that the command changes have changed since its caller read them")]
    Changed {
        /// Position of the last event of the guarded streams. `None`: the streams do not exist.
        position: Option<Position>,
    },
    #[error("the position that the command is based on is none of this log, which ends at {head}")]
    Precondition { head: Position },
    #[error("the tenant gives more commands than it may; there is room again in {retry_after:?}")]
    Overloaded { retry_after: Duration },
    #[error("another generation of the plugin is active")]
    Generation,
    #[error("{what} is larger than {limit} bytes")]
    TooLarge { what: &'static str, limit: usize },
    #[error("the decision has more than {limit} events")]
    TooManyEvents { limit: usize },
    #[error("the boundary named more than {limit} streams")]
    TooManyStreams { limit: usize },
    #[error("the boundary still named new streams after {limit} rounds")]
    TooManyRounds { limit: usize },
    #[error("the streams of the boundary hold more than {limit} events")]
    TooMuchHistory { limit: u32 },
    #[error("the streams of the boundary hold more than {limit} bytes")]
    TooManyBytes { limit: usize },
    #[error("the boundary named more than {limit} references to people")]
    TooManyPeople { limit: usize },
    #[error("the people of the boundary could not be resolved")]
    Directory(#[from] directory::Error),
    #[error("the settings of the product could not be determined")]
    Settings(#[from] setting::Error),
    #[error("'{stream}' is not a stream name")]
    StreamName { stream: String },
    #[error("the decision is about '{stream}', which the boundary does not guard")]
    OutsideBoundary { stream: String },
    #[error("the package does not declare the event '{kind}', version {schema}")]
    UndeclaredEvent { kind: String, schema: u16 },
    #[error("a stream that the command needs holds an event that this package does not understand")]
    UnknownEvent(#[from] event_store::UnknownEvent),
    #[error("the package does not declare the view '{view}'")]
    UndeclaredView { view: String },
    #[error(transparent)]
    Domain(#[from] DomainError),
    #[error("the member {pointer} of the command uses the reserved name $sealed")]
    Reserved { pointer: String },
    #[error("{pointer} of the command does not name a member of the tenant")]
    NoMember { pointer: String },
    #[error("{pointer} of the command names a member without the permission {permission}")]
    NotPermitted { pointer: String, permission: String },
    #[error("the command holds data of a person who was erased")]
    PersonErased,
    #[error("a personal field of an event could not be sealed")]
    Personal(#[source] personal::Error),
    #[error("the ledger's row could not be sealed or opened")]
    Crypto(#[source] crypto::Error),
    #[error(transparent)]
    Db(#[from] db::Error),
    #[error(transparent)]
    Store(#[from] event_store::Error),
    #[error("the ledger could not be read")]
    Ledger(#[source] sqlx::Error),
    #[error("the people in the command could not be looked up")]
    People(#[source] sqlx::Error),
    #[error("eaf.ledger.answer of command {command} is not what was written there")]
    Corrupt {
        command: CommandId,
        #[source]
        cause: serde_json::Error,
    },
    #[error("the event store refuses the request as malformed")]
    Invalid,
}

impl From<crypto::Error> for Error {
    fn from(cause: crypto::Error) -> Self {
        match cause {
            crypto::Error::Destroyed => Error::PersonErased,
            cause => Error::Crypto(cause),
        }
    }
}

impl From<personal::Error> for Error {
    fn from(cause: personal::Error) -> Self {
        match cause {
            personal::Error::Crypto { cause: crypto::Error::Destroyed, .. } => Error::PersonErased,
            cause => Error::Personal(cause),
        }
    }
}
