//! One execution of a run: from the start, handing back what the journal knows, until the first call that is not over.
//!
//! Every host call takes the next sequence number. If the journal has it, the call must be the recorded one; if not,
//! this execution is at the run's frontier and acts. A call that is not over suspends the run: the guest is aborted by
//! an error that carries nothing (the reason is in [`Execution::take_stop`]), and is run again when there is news.

use super::effects::{Effects, failure, last_command, too_large};
use super::kernel::{Divergence, Entry, Outcome, State, Wait, Waiting};
use eaf_capability::{Class, Failure};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use time::OffsetDateTime;

/// Journal entries of a run; a longer one has to continue as another.
pub const ENTRIES_MAX: i32 = 2_000;
/// The arguments of one call, as JSON; larger ones are the call's failure.
const ARGS_MAX: usize = 256 << 10;
/// The name of a grant: it stands in clear.
const GRANT_MAX: usize = 200;
/// A line to the log; the rest of a longer one is dropped.
const LOG_MAX: usize = 8 << 10;
/// Arguments and results of all calls of a run.
const JOURNAL_MAX: usize = 16 << 20;
/// Host calls of one execution, replayed ones included.
const CALLS_MAX: u32 = 20_000;

/// Why the guest was ended by the host.
#[derive(Debug)]
pub enum Stop {
    Suspended {
        wake_at: OffsetDateTime,
        waiting: Option<Waiting>,
    },
    Diverged(Divergence),
    /// The run cannot go on, whatever is tried.
    Limit(Failure),
    Kernel(super::kernel::Error),
}

pub struct Execution {
    effects: Arc<dyn Effects>,
    journal: BTreeMap<i32, Entry>,
    /// Of arguments and results in the journal.
    bytes: usize,
    next: i32,
    calls: u32,
    /// Capability and grant of each opened connection.
    opened: Vec<(&'static str, String)>,
    stop: Option<Stop>,
}

impl Execution {
    pub fn new(effects: Arc<dyn Effects>, journal: BTreeMap<i32, Entry>) -> Self {
        let bytes = journal.values().map(Entry::bytes).sum();
        Execution { effects, journal, bytes, next: 1, calls: 0, opened: Vec::new(), stop: None }
    }

    /// Why the host ended the guest, if it did.
    pub fn take_stop(&mut self) -> Option<Stop> {
        self.stop.take()
    }

    /// A call that the journal has and this execution has not made.
    pub fn unused(&self) -> Option<&Entry> {
        self.journal.range(self.next..).next().map(|(_, entry)| entry)
    }

    pub fn count_call(&mut self) -> wasmtime::Result<()> {
        self.calls += 1;
        if self.calls > CALLS_MAX {
            return Err(self.end(Stop::Limit(limit("host-calls", "the run made too many host calls in one go"))));
        }
        Ok(())
    }

    /// Capability and grant of a connection that the guest holds.
    pub fn opened(&self, connection: u32) -> wasmtime::Result<(&'static str, String)> {
        self.opened.get(connection as usize).cloned().ok_or_else(|| wasmtime::Error::msg("no such connection"))
    }

    pub async fn open(
        &mut self,
        capability: &'static str,
        interface: &'static str,
        grant: String,
    ) -> wasmtime::Result<Result<u32, Failure>> {
        if grant.len() > GRANT_MAX {
            return Err(wasmtime::Error::msg("the name of a grant is too long"));
        }
        let args = json!({"interface": interface});
        let sequence = self.effect(capability, "open", Some(grant.clone()), args).await?;
        if let Err(failure) = self.outcome(sequence)? {
            return Ok(Err(failure));
        }
        self.opened.push((capability, grant));
        Ok(Ok(self.opened.len() as u32 - 1))
    }

    /// A call with an effect outside: begun if the journal does not know that it was. Its number names it from here on.
    pub async fn effect(
        &mut self,
        capability: &str,
        function: &str,
        grant: Option<String>,
        args: Value,
    ) -> wasmtime::Result<i32> {
        let size = args.to_string().len();
        let is_too_large = size > ARGS_MAX;
        // A stand-in, so that a replay finds the same call.
        let args = if is_too_large { json!({"too_large": size}) } else { args };
        let (mut entry, is_new) = self.step(capability, function, grant, args)?;
        if !is_new && !matches!(entry.state, State::Intent) {
            return Ok(entry.sequence);
        }
        if is_too_large {
            entry.state = State::Done(Err(too_large("the call, with its arguments,")));
            return self.write_or_pend(entry, is_new).await;
        }
        let after = last_command(&self.journal);
        let begun = if is_new {
            self.effects.begin(entry, after.as_ref()).await
        } else {
            // Intent without a result: the host died in between. The same key makes the repetition harmless.
            self.effects.begin_again(entry, after.as_ref()).await
        };
        self.keep(begun)
    }

    /// How a call went; suspends the run if it is not over.
    pub fn outcome(&mut self, sequence: i32) -> wasmtime::Result<Outcome> {
        match self.journal.get(&sequence).map(|entry| &entry.state) {
            Some(State::Done(outcome)) => Ok(outcome.clone()),
            Some(_) => Err(self.suspend(&[sequence])),
            None => Err(wasmtime::Error::msg("no such operation")),
        }
    }

    pub async fn await_any(&mut self, operations: Vec<i32>) -> wasmtime::Result<u32> {
        if operations.is_empty() {
            return Err(wasmtime::Error::msg("await-any of no operations would wait for ever"));
        }
        if operations.len() > ENTRIES_MAX as usize {
            return Err(wasmtime::Error::msg("await-any of more operations than a run can have"));
        }
        let sequence = self.next;
        if !self.journal.contains_key(&sequence) {
            let over = |sequence: &i32| matches!(self.journal.get(sequence), Some(Entry { state: State::Done(_), .. }));
            // Nothing is written while nothing has ended: which one it will be is not known yet.
            let Some(index) = operations.iter().position(over) else {
                return Err(self.suspend(&operations));
            };
            let args = json!({"operations": operations});
            return index_of(self.record("await-any", args, json!(index)).await?);
        }
        index_of(self.recorded("await-any", json!({"operations": operations}))?)
    }

    pub async fn sleep(&mut self, ms: u64) -> wasmtime::Result<i32> {
        let (mut entry, is_new) = self.step("flow", "sleep", None, json!({"ms": ms}))?;
        if !is_new && !matches!(entry.state, State::Intent) {
            return Ok(entry.sequence);
        }
        let poll_at = self.effects.now() + Duration::from_millis(ms.min(MILLIS_MAX));
        entry.state = State::Pending { wait: Wait::Time, poll_at };
        self.write_or_pend(entry, is_new).await
    }

    pub async fn progress_reaches(&mut self, operation: i32, percent: u32) -> wasmtime::Result<i32> {
        let percent = percent.min(100);
        let args = json!({"operation": operation, "percent": percent});
        let (mut entry, is_new) = self.step("flow", "progress-reaches", None, args)?;
        if !is_new && !matches!(entry.state, State::Intent) {
            return Ok(entry.sequence);
        }
        let Some(parent) = self.journal.get(&operation) else {
            return Err(wasmtime::Error::msg("no such operation"));
        };
        entry.state = match (parent.reached(u64::from(percent)), &parent.state) {
            (Some(reached), _) if is_new => State::Done(Ok(json!(reached))),
            (_, State::Pending { poll_at, .. }) => State::Pending { wait: Wait::Time, poll_at: *poll_at },
            _ => State::Pending { wait: Wait::Time, poll_at: self.effects.now() },
        };
        self.write_or_pend(entry, is_new).await
    }

    /// A host that died between intent and waiting left a row that already exists.
    async fn write_or_pend(&mut self, entry: Entry, is_new: bool) -> wasmtime::Result<i32> {
        let written = if is_new { self.effects.write(entry).await } else { self.effects.pend(entry).await };
        self.keep(written)
    }

    pub async fn now(&mut self) -> wasmtime::Result<u64> {
        if self.is_recorded() {
            return Ok(self.recorded("now", json!({}))?.as_u64().unwrap_or_default());
        }
        let now = (self.effects.now().unix_timestamp_nanos() / 1_000_000) as u64;
        self.record("now", json!({}), json!(now)).await?;
        Ok(now)
    }

    /// Written, so that a replay does not say it twice.
    pub async fn log(&mut self, mut level: String, mut message: String) -> wasmtime::Result<()> {
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

    fn recorded(&mut self, function: &str, args: Value) -> wasmtime::Result<Value> {
        let (entry, _) = self.step("flow", function, None, args)?;
        match entry.state {
            State::Done(Ok(value)) => Ok(value),
            _ => Err(wasmtime::Error::msg("the journal has no answer to a call that is answered at once")),
        }
    }

    async fn record(&mut self, function: &str, args: Value, answer: Value) -> wasmtime::Result<Value> {
        let (mut entry, _) = self.step("flow", function, None, args)?;
        entry.state = State::Done(Ok(answer.clone()));
        let written = self.effects.write(entry).await;
        self.keep(written)?;
        Ok(answer)
    }

    /// Takes the next number. The recorded entry, if there is one and it is this call; else a new one.
    fn step(
        &mut self,
        capability: &str,
        function: &str,
        grant: Option<String>,
        args: Value,
    ) -> wasmtime::Result<(Entry, bool)> {
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
            if sequence > ENTRIES_MAX {
                let failure =
                    limit("journal-entries", "the run used up its journal; continue long work as another run");
                return Err(self.end(Stop::Limit(failure)));
            }
            if self.bytes + new.bytes() > JOURNAL_MAX {
                return Err(self.end(Stop::Limit(too_large("all that the run asked and was told"))));
            }
            return Ok((new, true));
        };
        if !recorded.is_same_call(&new) {
            let divergence = Divergence::between(recorded, &new);
            return Err(self.end(Stop::Diverged(divergence)));
        }
        Ok((recorded.clone(), false))
    }

    fn keep(&mut self, written: Result<Entry, super::kernel::Error>) -> wasmtime::Result<i32> {
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

    /// Sleeps until the first of all pending calls has to be looked at, awaited or not: what runs beside makes
    /// progress too.
    fn suspend(&mut self, awaited: &[i32]) -> wasmtime::Error {
        let due = self.journal.values().filter_map(|entry| match &entry.state {
            State::Pending { poll_at, .. } => Some(*poll_at),
            _ => None,
        });
        let wake_at = due.min().unwrap_or_else(|| self.effects.now());
        let waiting = awaited.iter().find_map(|sequence| waiting(self.journal.get(sequence)?));
        self.end(Stop::Suspended { wake_at, waiting })
    }

    fn end(&mut self, stop: Stop) -> wasmtime::Error {
        self.stop = Some(stop);
        wasmtime::Error::msg("the host ended this execution")
    }
}

/// About 30 years, so that a guest cannot make a date that the database does not know.
const MILLIS_MAX: u64 = 1_000_000_000_000;

fn waiting(entry: &Entry) -> Option<Waiting> {
    let State::Pending { wait, .. } = &entry.state else { return None };
    if let Some(stall) = wait.stall() {
        return Some(Waiting { code: stall.failure.code.clone(), message: stall.failure.message.clone() });
    }
    let code = format!("{}.{}", entry.capability, entry.function);
    Some(Waiting { message: format!("waiting for {code}"), code })
}

fn limit(code: &str, message: &str) -> Failure {
    failure(Class::Permanent, code, message)
}

fn index_of(value: Value) -> wasmtime::Result<u32> {
    let index = value.as_u64().and_then(|index| u32::try_from(index).ok());
    index.ok_or_else(|| wasmtime::Error::msg("the journal holds no index"))
}
