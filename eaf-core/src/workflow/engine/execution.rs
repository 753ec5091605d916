//! One execution of a run: replay over the journal from the start, until a call that has not ended.
//!
//! Every host call gets the next sequence number. If the journal has an entry with that number, the
//! call must be the recorded one. If not, the execution has reached the run's frontier, and the
//! call is made. A call that has not ended suspends the run: an [`Abort`] ends the guest, and the
//! run is replayed when the call is due.

use super::effects::{RunEffects, last_command, too_large};
use super::kernel;
use crate::capability::{Class, Failure, HostCode};
use crate::workflow::{Divergence, Entry, MAX_ENTRIES, Outcome, State, Wait, Waiting};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use time::OffsetDateTime;

/// Maximum length, in bytes, of a call's arguments as JSON. Longer arguments make the call fail.
const ARGS_MAX: usize = 256 << 10;
/// Maximum length, in bytes, of a grant's name, which the journal stores in clear.
const GRANT_MAX: usize = 200;
/// Maximum length, in bytes, of a line that a workflow logs. The rest of a longer line is dropped.
const LOG_MAX: usize = 8 << 10;
/// Maximum size, in bytes, of the arguments and results of all calls in a run's journal.
const JOURNAL_MAX: usize = 16 << 20;
/// Maximum number of host calls of one execution, including replayed ones.
const CALLS_MAX: u32 = 20_000;

/// Maximum duration of a timer, in milliseconds, about 30 years. With it, the timer's end is a date
/// that the database can store.
const MILLIS_MAX: u64 = 1_000_000_000_000;

/// Error of a host call that ends the guest's execution.
#[derive(Debug, thiserror::Error)]
pub enum Abort {
    /// The host ends the execution. [`Execution::take_stop`] returns the reason.
    #[error("the host ended this execution")]
    Stopped,
    /// The guest made a call that correct code never makes. The execution ends like a trap.
    #[error("{0}")]
    Misuse(&'static str),
}

/// Reason for which the host ended the execution of a run.
#[derive(Debug)]
pub enum Stop {
    Suspended {
        wake_at: OffsetDateTime,
        waiting: Waiting,
    },
    Diverged(Divergence),
    /// The run exceeded a limit and fails with this failure.
    Limit(Failure),
    Kernel(kernel::Error),
}

/// Interface of a capability that the guest opened, under a grant.
struct Opened {
    capability: String,
    interface: String,
    grant: String,
}

pub struct Execution {
    effects: Arc<RunEffects>,
    journal: BTreeMap<i32, Entry>,
    /// Size, in bytes, of the arguments and results in the run's journal.
    bytes: usize,
    next: i32,
    calls: u32,
    opened: Vec<Opened>,
    stop: Option<Stop>,
}

impl Execution {
    pub fn new(effects: Arc<RunEffects>, journal: BTreeMap<i32, Entry>) -> Self {
        let bytes = journal.values().map(Entry::bytes).sum();
        Execution { effects, journal, bytes, next: 1, calls: 0, opened: Vec::new(), stop: None }
    }

    /// Removes and returns the reason for which the host ended the execution with
    /// [`Abort::Stopped`].
    pub fn take_stop(&mut self) -> Option<Stop> {
        self.stop.take()
    }

    /// First call in the journal that this execution has not made. `None`: it has made all of them.
    pub(super) fn unused(&self) -> Option<&Entry> {
        self.journal.range(self.next..).next().map(|(_, entry)| entry)
    }

    pub fn count_call(&mut self) -> Result<(), Abort> {
        self.calls += 1;
        if self.calls > CALLS_MAX {
            return Err(self.end(Stop::Limit(limit(HostCode::HostCalls, "the run made too many host calls in one go"))));
        }
        Ok(())
    }

    /// Returns the grant under which the guest opened this connection. Refuses a connection of
    /// another capability or interface: a grant for reading must not reach a function that changes
    /// things.
    pub fn opened(&self, connection: u32, capability: &str, interface: &str) -> Result<String, Abort> {
        let opened = self.opened.get(connection as usize).ok_or(Abort::Misuse("no such connection"))?;
        if (opened.capability.as_str(), opened.interface.as_str()) != (capability, interface) {
            return Err(Abort::Misuse("the connection is of another interface"));
        }
        Ok(opened.grant.clone())
    }

    pub async fn open(
        &mut self,
        capability: &str,
        interface: &str,
        grant: String,
    ) -> Result<Result<u32, Failure>, Abort> {
        if grant.len() > GRANT_MAX {
            return Err(Abort::Misuse("the name of a grant is too long"));
        }
        let args = json!({"interface": interface});
        let sequence = self.effect(capability, "open", Some(grant.clone()), args).await?;
        if let Err(failure) = self.outcome(sequence)? {
            return Ok(Err(failure));
        }
        self.opened.push(Opened { capability: capability.into(), interface: interface.into(), grant });
        Ok(Ok(self.opened.len() as u32 - 1))
    }

    /// Makes a call that has an effect outside the host, unless the journal has the call already.
    /// Returns the call's sequence number.
    pub async fn effect(
        &mut self,
        capability: &str,
        function: &str,
        grant: Option<String>,
        args: Value,
    ) -> Result<i32, Abort> {
        let size = args.to_string().len();
        let is_too_large = size > ARGS_MAX;
        // Arguments that are too large have a placeholder, so that a replay finds the same call.
        let args = if is_too_large { json!({"too_large": size}) } else { args };
        let (mut entry, is_new) = self.step(capability, function, grant, args)?;
        if !is_new && !matches!(entry.state, State::Intent) {
            return Ok(entry.sequence);
        }
        if is_too_large {
            entry.state = State::Done(Err(too_large("the call, with its arguments,")));
            return self.write_pending(entry, is_new).await;
        }
        let after = last_command(&self.journal);
        let acted = if is_new {
            self.effects.begin(entry, after.as_ref()).await
        } else {
            // The host died between intent and result. The same idempotency key makes the
            // repetition harmless.
            self.effects.begin_again(entry, after.as_ref()).await
        };
        self.keep(acted)
    }

    /// Returns the outcome of the call with this sequence number. Suspends the run if the call has
    /// not ended.
    pub fn outcome(&mut self, sequence: i32) -> Result<Outcome, Abort> {
        match self.journal.get(&sequence).map(|entry| &entry.state) {
            Some(State::Done(outcome)) => Ok(outcome.clone()),
            Some(_) => Err(self.suspend(&[sequence])),
            None => Err(Abort::Misuse("no such operation")),
        }
    }

    pub async fn await_any(&mut self, operations: Vec<i32>) -> Result<u32, Abort> {
        if operations.is_empty() {
            return Err(Abort::Misuse("await-any of no operations would wait for ever"));
        }
        if operations.len() > MAX_ENTRIES as usize {
            return Err(Abort::Misuse("await-any of more operations than a run can have"));
        }
        let sequence = self.next;
        if !self.journal.contains_key(&sequence) {
            let over = |sequence: &i32| matches!(self.journal.get(sequence), Some(Entry { state: State::Done(_), .. }));
            // Nothing is written while no operation has ended, because the answer is not known yet.
            let Some(index) = operations.iter().position(over) else {
                return Err(self.suspend(&operations));
            };
            let args = json!({"operations": operations});
            return index_of(self.record("await-any", args, json!(index)).await?);
        }
        index_of(self.recorded("await-any", json!({"operations": operations}))?)
    }

    pub async fn sleep(&mut self, ms: u64) -> Result<i32, Abort> {
        let (mut entry, is_new) = self.step("flow", "sleep", None, json!({"ms": ms}))?;
        if !is_new && !matches!(entry.state, State::Intent) {
            return Ok(entry.sequence);
        }
        let poll_at = self.effects.now() + Duration::from_millis(ms.min(MILLIS_MAX));
        entry.state = State::Pending { wait: Wait::Time, poll_at };
        self.write_pending(entry, is_new).await
    }

    pub async fn progress_reaches(&mut self, operation: i32, percent: u32) -> Result<i32, Abort> {
        let percent = percent.min(100);
        let args = json!({"operation": operation, "percent": percent});
        let (mut entry, is_new) = self.step("flow", "progress-reaches", None, args)?;
        if !is_new && !matches!(entry.state, State::Intent) {
            return Ok(entry.sequence);
        }
        let Some(parent) = self.journal.get(&operation) else {
            return Err(Abort::Misuse("no such operation"));
        };
        entry.state = match (parent.reached(u64::from(percent)), &parent.state) {
            (Some(reached), _) if is_new => State::Done(Ok(json!(reached))),
            (_, State::Pending { poll_at, .. }) => State::Pending { wait: Wait::Time, poll_at: *poll_at },
            _ => State::Pending { wait: Wait::Time, poll_at: self.effects.now() },
        };
        self.write_pending(entry, is_new).await
    }

    /// Writes the journal entry of a call that has no effect outside the host. Updates the entry if
    /// it exists, because a host died after writing the intent.
    async fn write_pending(&mut self, entry: Entry, is_new: bool) -> Result<i32, Abort> {
        let written = if is_new { self.effects.write(entry).await } else { self.effects.set_pending(entry).await };
        self.keep(written)
    }

    pub async fn now(&mut self) -> Result<u64, Abort> {
        if self.is_recorded() {
            return Ok(self.recorded("now", json!({}))?.as_u64().unwrap_or_default());
        }
        let now = (self.effects.now().unix_timestamp_nanos() / 1_000_000) as u64;
        self.record("now", json!({}), json!(now)).await?;
        Ok(now)
    }

    /// Logs a line for the run. The line is journaled, so that a replay does not log it again.
    pub async fn log(&mut self, mut level: String, mut message: String) -> Result<(), Abort> {
        level.truncate(level.floor_char_boundary(16));
        message.truncate(message.floor_char_boundary(LOG_MAX));
        let args = json!({"level": level, "message": message});
        if self.is_recorded() {
            return self.recorded("log", args).map(drop);
        }
        self.effects.log(&level, &message);
        self.record("log", args, Value::Null).await.map(drop)
    }

    fn is_recorded(&self) -> bool {
        self.journal.contains_key(&self.next)
    }

    fn recorded(&mut self, function: &str, args: Value) -> Result<Value, Abort> {
        let (entry, _) = self.step("flow", function, None, args)?;
        match entry.state {
            State::Done(Ok(value)) => Ok(value),
            _ => Err(Abort::Misuse("the journal has no answer to a call that is answered at once")),
        }
    }

    async fn record(&mut self, function: &str, args: Value, answer: Value) -> Result<Value, Abort> {
        let (mut entry, _) = self.step("flow", function, None, args)?;
        entry.state = State::Done(Ok(answer.clone()));
        let written = self.effects.write(entry).await;
        self.keep(written)?;
        Ok(answer)
    }

    /// Assigns the next sequence number to a call. If the journal has this number, returns the
    /// recorded entry and false; a recorded call that differs is a divergence. If the journal does
    /// not have the number, returns a new entry and true.
    fn step(
        &mut self,
        capability: &str,
        function: &str,
        grant: Option<String>,
        args: Value,
    ) -> Result<(Entry, bool), Abort> {
        let sequence = self.next;
        self.next += 1;
        let new = Entry {
            sequence,
            capability: capability.to_owned(),
            function: function.to_owned(),
            grant,
            args,
            idempotency_key: self.effects.idempotency_key(sequence),
            state: State::Intent,
            progress: None,
        };
        let Some(recorded) = self.journal.get(&sequence) else {
            if sequence > MAX_ENTRIES {
                let failure =
                    limit(HostCode::JournalEntries, "the run used up its journal; continue long work as another run");
                return Err(self.end(Stop::Limit(failure)));
            }
            if self.bytes + new.bytes() > JOURNAL_MAX {
                return Err(self.end(Stop::Limit(too_large("calls and results of the run"))));
            }
            return Ok((new, true));
        };
        if !recorded.is_same_call(&new) {
            let divergence = Divergence::between(recorded, &new);
            return Err(self.end(Stop::Diverged(divergence)));
        }
        Ok((recorded.clone(), false))
    }

    fn keep(&mut self, written: Result<Entry, kernel::Error>) -> Result<i32, Abort> {
        match written {
            Ok(entry) => {
                let (sequence, bytes) = (entry.sequence, entry.bytes());
                let before = self.journal.insert(sequence, entry);
                self.bytes += bytes;
                self.bytes -= before.map_or(0, |entry| entry.bytes());
                Ok(sequence)
            }
            Err(error) => Err(self.end(Stop::Kernel(error))),
        }
    }

    /// Suspends the run until the first pending call is to be polled. Pending calls for which the
    /// run does not wait count too, because polling advances them.
    fn suspend(&mut self, awaited: &[i32]) -> Abort {
        let due = self.journal.values().filter_map(|entry| match &entry.state {
            State::Pending { poll_at, .. } => Some(*poll_at),
            _ => None,
        });
        let wake_at = due.min().unwrap_or_else(|| self.effects.now());
        let waiting = awaited.iter().find_map(|sequence| waiting(self.journal.get(sequence)?));
        let waiting = waiting.unwrap_or_else(|| Waiting { code: "waiting".into(), message: "waiting".into() });
        self.end(Stop::Suspended { wake_at, waiting })
    }

    fn end(&mut self, stop: Stop) -> Abort {
        self.stop = Some(stop);
        Abort::Stopped
    }
}

fn waiting(entry: &Entry) -> Option<Waiting> {
    let State::Pending { wait, .. } = &entry.state else { return None };
    if let Some(stall) = wait.stall() {
        return Some(Waiting { code: stall.failure.code.clone(), message: stall.failure.message.clone() });
    }
    let code = format!("{}.{}", entry.capability, entry.function);
    Some(Waiting { message: format!("waiting for {code}"), code })
}

fn limit(code: HostCode, message: &str) -> Failure {
    Failure::new(Class::Permanent, code, message)
}

fn index_of(value: Value) -> Result<u32, Abort> {
    let index = value.as_u64().and_then(|index| u32::try_from(index).ok());
    index.ok_or(Abort::Misuse("the journal holds no index"))
}
