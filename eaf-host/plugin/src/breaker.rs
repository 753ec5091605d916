//! Circuit breaker for the domain component of a product: refuses operations that repeatedly loop
//! or trap, so that their calls do not delay other operations.
//!
//! Each product has its own breaker. It counts failures per tenant and operation (a command, a
//! view, the fold of a stream), so that failures of one tenant do not affect others. Traps are
//! counted per person, and failures of `actions` per row. Projections have no breaker, because a
//! consumer that fails is parked.

use eaf_core::contract::Standing;
use eaf_core::id::{ActorId, TenantId};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Number of failure points at which an operation is refused. A success resets its points to zero.
const POINTS_MAX: u32 = 5;
/// Failure points of a call that used its whole time. They are higher than for a trap, because such
/// a call delays other calls the longest.
const DEADLINE_POINTS: u32 = 3;
const TRAP_POINTS: u32 = 1;
/// First pause after which a refused operation may be tried again. The pause doubles each time the
/// try fails.
const INITIAL_PAUSE: Duration = Duration::from_secs(5);
const PAUSE_MAX: Duration = Duration::from_secs(60);
/// Pause that other calls of a refused operation get while one call tries it again.
const PROBE_PAUSE: Duration = Duration::from_secs(1);
/// Maximum number of operations that the breaker has in memory. Above it, operations that are not
/// refused are dropped.
const OPERATIONS_MAX: usize = 10_000;
/// Time after the end of its pause after which an operation without calls is dropped from memory.
const IDLE_TIME: Duration = Duration::from_secs(600);

/// Operation of a domain component whose failures are counted together, such as one command for one
/// tenant.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Operation {
    /// Tenant whose calls are counted; `None` if `name` already belongs to one tenant only.
    pub tenant: Option<TenantId>,
    pub export: &'static str,
    pub name: String,
    /// Row or person for which failures are counted separately; `None`: the operation as a whole.
    pub part: Option<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Part {
    /// Row of a view, by its key. The row is refused after its first failure, because one call
    /// answers several rows.
    Row(String),
    /// Person who gave the input of the call. A trap then counts for this person only.
    Actor(ActorId),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Success,
    Trap,
    Deadline,
}

#[derive(Default)]
struct State {
    points: u32,
    /// End of the operation's pause. After it, one call is permitted as a probe. `None` if the
    /// operation is not refused.
    refused_until: Option<Instant>,
    pauses: u32,
    probing: bool,
}

pub struct Breaker {
    plugin: String,
    operations: Mutex<HashMap<Operation, State>>,
}

/// Permit for one call of an operation. If the permit is dropped without an outcome, nothing is
/// counted.
pub struct Permit<'a> {
    breaker: &'a Breaker,
    operation: Option<Operation>,
    is_probe: bool,
}

impl Breaker {
    pub fn new(plugin: &str) -> Self {
        Breaker { plugin: plugin.to_owned(), operations: Mutex::default() }
    }

    /// Permits a call of an operation, or returns the time until the operation may be tried again.
    pub fn enter(&self, operation: Operation, now: Instant) -> Result<Permit<'_>, Duration> {
        let mut operations = self.operations.lock().unwrap_or_else(PoisonError::into_inner);
        let mut is_probe = false;
        if let Some(state) = operations.get_mut(&operation)
            && let Some(until) = state.refused_until
        {
            let wait = if state.probing { PROBE_PAUSE } else { until.saturating_duration_since(now) };
            if !wait.is_zero() {
                self.count("eaf_breaker_refused_total", operation.export);
                return Err(wait);
            }
            (state.probing, is_probe) = (true, true);
        }
        Ok(Permit { breaker: self, operation: Some(operation), is_probe })
    }

    /// Tells whether an operation is refused, without calling it.
    pub fn standing(&self, operation: &Operation, now: Instant) -> Standing {
        let operations = self.operations.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(state) = operations.get(operation) else { return Standing::Good };
        match state.refused_until {
            None => Standing::Good,
            Some(until) if until <= now && !state.probing => Standing::OnTrial,
            Some(_) => Standing::SetAside,
        }
    }

    /// Records a success of `operation`, which a successful call of another operation has shown.
    pub fn record_success(&self, operation: Operation, now: Instant) {
        self.ended(operation, Outcome::Success, now);
    }

    fn ended(&self, operation: Operation, outcome: Outcome, now: Instant) {
        let mut operations = self.operations.lock().unwrap_or_else(PoisonError::into_inner);
        let weight = match outcome {
            Outcome::Trap | Outcome::Deadline if matches!(operation.part, Some(Part::Row(_))) => POINTS_MAX,
            Outcome::Success => {
                if operations.remove(&operation).is_some_and(|state| state.refused_until.is_some()) {
                    tracing::info!(
                        plugin = self.plugin,
                        export = operation.export,
                        "the circuit breaker of an operation is closed"
                    );
                }
                self.measure(&operations);
                return;
            }
            Outcome::Trap => TRAP_POINTS,
            Outcome::Deadline => DEADLINE_POINTS,
        };
        let is_old = |state: &State| state.refused_until.is_some_and(|until| now.duration_since(until) > IDLE_TIME);
        operations.retain(|_, state| state.probing || !is_old(state));
        if operations.len() >= OPERATIONS_MAX {
            operations.retain(|_, state| state.refused_until.is_some_and(|until| until > now));
        }
        let (export, name) = (operation.export, operation.name.clone());
        let state = operations.entry(operation).or_default();
        state.points = state.points.saturating_add(weight);
        let is_over = state.refused_until.is_none_or(|until| until <= now);
        state.probing = false;
        if state.points < POINTS_MAX || !is_over {
            return;
        }
        let pause = INITIAL_PAUSE.saturating_mul(1 << state.pauses.min(8)).min(PAUSE_MAX);
        state.refused_until = Some(now + pause);
        state.pauses += 1;
        tracing::error!(plugin = self.plugin, export, name, ?pause, "the circuit breaker of an operation is open");
        self.count("eaf_breaker_opened_total", export);
        self.measure(&operations);
    }

    fn cancel_probe(&self, operation: &Operation) {
        let mut operations = self.operations.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(state) = operations.get_mut(operation) {
            state.probing = false;
        }
    }

    fn count(&self, name: &'static str, export: &'static str) {
        metrics::counter!(name, "plugin" => self.plugin.clone(), "export" => export).increment(1);
    }

    fn measure(&self, operations: &HashMap<Operation, State>) {
        let is_open = |(operation, state): &(&Operation, &State)| {
            state.refused_until.is_some() && !matches!(operation.part, Some(Part::Row(_)))
        };
        let open = operations.iter().filter(is_open).count();
        metrics::gauge!("eaf_breaker_open", "plugin" => self.plugin.clone()).set(open as f64);
    }
}

impl Permit<'_> {
    pub fn ended(mut self, outcome: Outcome, now: Instant) {
        if let Some(operation) = self.operation.take() {
            self.breaker.ended(operation, outcome, now);
        }
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        if let Some(operation) = self.operation.take().filter(|_| self.is_probe) {
            self.breaker.cancel_probe(&operation);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn operation(tenant: &str, name: &str) -> Operation {
        Operation { tenant: Some(TenantId::derive(tenant)), export: "decide", name: name.into(), part: None }
    }

    fn call(breaker: &Breaker, tenant: &str, outcome: Outcome, now: Instant) -> Result<(), Duration> {
        breaker.enter(operation(tenant, "go"), now).map(|permit| permit.ended(outcome, now))
    }

    #[test]
    fn two_endless_loops_or_five_traps_in_a_row_pause_an_operation() {
        for (outcome, times) in [(Outcome::Deadline, 2), (Outcome::Trap, 5)] {
            let (breaker, now) = (Breaker::new("loans"), Instant::now());
            for _ in 0..times {
                assert_eq!(call(&breaker, "acme", outcome, now), Ok(()));
            }
            assert_eq!(call(&breaker, "acme", outcome, now), Err(INITIAL_PAUSE));
            assert_eq!(call(&breaker, "globex", Outcome::Success, now), Ok(()), "another tenant");
            assert!(breaker.enter(operation("acme", "stop"), now).is_ok(), "another operation");
        }
    }

    #[test]
    fn a_call_that_goes_well_makes_up_for_those_before() {
        let (breaker, now) = (Breaker::new("loans"), Instant::now());
        for _ in 0..10 {
            call(&breaker, "acme", Outcome::Deadline, now).unwrap();
            call(&breaker, "acme", Outcome::Success, now).unwrap();
        }
    }

    #[test]
    fn after_the_pause_one_call_is_tried_and_the_others_wait_for_its_outcome() {
        let (breaker, begin) = (Breaker::new("loans"), Instant::now());
        for _ in 0..2 {
            call(&breaker, "acme", Outcome::Deadline, begin).unwrap();
        }
        let later = begin + INITIAL_PAUSE;
        let probe = breaker.enter(operation("acme", "go"), later).unwrap();
        assert_eq!(call(&breaker, "acme", Outcome::Success, later), Err(PROBE_PAUSE));
        probe.ended(Outcome::Deadline, later);
        assert_eq!(call(&breaker, "acme", Outcome::Success, later), Err(INITIAL_PAUSE * 2), "longer each time");

        let later = later + INITIAL_PAUSE * 2;
        drop(breaker.enter(operation("acme", "go"), later).unwrap());
        assert_eq!(call(&breaker, "acme", Outcome::Success, later), Ok(()), "a probe that was given up is no probe");
        assert_eq!(call(&breaker, "acme", Outcome::Trap, later), Ok(()), "and it counts from the beginning");
    }

    #[test]
    fn a_row_is_set_aside_after_one_failure_and_asked_alone_after_a_pause() {
        let (breaker, now) = (Breaker::new("loans"), Instant::now());
        let row = || Operation { part: Some(Part::Row("r".into())), ..operation("acme", "loans") };
        assert_eq!(breaker.standing(&row(), now), Standing::Good);
        breaker.enter(row(), now).unwrap().ended(Outcome::Trap, now);
        assert_eq!(breaker.standing(&row(), now), Standing::SetAside);
        assert_eq!(call(&breaker, "acme", Outcome::Success, now), Ok(()), "the rest of the view goes on");
        let later = now + INITIAL_PAUSE;
        assert_eq!(breaker.standing(&row(), later), Standing::OnTrial);
        let probe = breaker.enter(row(), later).unwrap();
        assert_eq!(breaker.standing(&row(), later), Standing::SetAside);
        probe.ended(Outcome::Success, later);
        assert_eq!(breaker.standing(&row(), later), Standing::Good);
    }

    #[test]
    fn calls_that_were_under_way_when_it_opened_do_not_lengthen_the_pause() {
        let (breaker, now) = (Breaker::new("loans"), Instant::now());
        let under_way: Vec<Permit> = (0..40).map(|_| breaker.enter(operation("acme", "go"), now).unwrap()).collect();
        under_way.into_iter().for_each(|permit| permit.ended(Outcome::Deadline, now));
        assert_eq!(call(&breaker, "acme", Outcome::Success, now), Err(INITIAL_PAUSE));
    }
}
