//! Rules of the proxy. A rule is a fault and the exchanges in which the fault happens.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::watch;

#[derive(Debug, Clone)]
pub(super) enum Action {
    /// Loses the request: both sides of the connection are closed before the request is forwarded.
    LoseRequest,
    /// Loses the answer: the server executes the request, and the connection ends before the answer
    /// is forwarded.
    LoseAnswer,
    /// Delays the request by this time.
    Delay(Duration),
    /// Delays the request until [`RuleHandle::release`].
    HoldRequest,
    /// Delays the answer, after the effect, until [`RuleHandle::release`].
    HoldAnswer,
    /// Answers in place of the server; the request, up to its end of line, is dropped.
    Answer(Vec<u8>),
}

/// Fault, and the exchanges that it affects, such as
/// `Rule::on("CloneVM_Task").lose_answer().times(1)`.
#[derive(Debug, Clone)]
pub struct Rule {
    on: Vec<u8>,
    skip: usize,
    times: Option<usize>,
    action: Action,
}

impl Rule {
    /// Creates a rule for exchanges whose request contains these bytes. Without an action the rule
    /// only counts.
    pub fn on(bytes: impl AsRef<[u8]>) -> Rule {
        Rule { on: bytes.as_ref().to_vec(), skip: 0, times: None, action: Action::Delay(Duration::ZERO) }
    }

    /// Lets this number of matching exchanges pass before the rule acts.
    pub fn after(mut self, exchanges: usize) -> Rule {
        self.skip = exchanges;
        self
    }

    /// Limits how often the rule acts.
    pub fn times(mut self, times: usize) -> Rule {
        self.times = Some(times);
        self
    }

    pub fn lose_request(self) -> Rule {
        Rule { action: Action::LoseRequest, ..self }
    }

    pub fn lose_answer(self) -> Rule {
        Rule { action: Action::LoseAnswer, ..self }
    }

    pub fn delay(self, by: Duration) -> Rule {
        Rule { action: Action::Delay(by), ..self }
    }

    pub fn hold_request(self) -> Rule {
        Rule { action: Action::HoldRequest, ..self }
    }

    pub fn hold_answer(self) -> Rule {
        Rule { action: Action::HoldAnswer, ..self }
    }

    pub fn answer(self, bytes: impl AsRef<[u8]>) -> Rule {
        Rule { action: Action::Answer(bytes.as_ref().to_vec()), ..self }
    }

    /// Creates a rule that refuses a recipient, as a mail server does if it does not know the
    /// recipient.
    pub fn refuse_recipient(address: &str) -> Rule {
        Rule::on(format!("RCPT TO:<{address}>")).answer("550 5.1.1 No such recipient\r\n")
    }

    /// Creates a rule that loses the reply to the end of a mail's content: the server has accepted
    /// the mail, and the client does not know.
    pub fn lose_reply_to_mail() -> Rule {
        Rule::on("\r\n.\r\n").lose_answer()
    }
}

/// Handle of an active rule, to count and to release exchanges.
#[derive(Clone)]
pub struct RuleHandle {
    hits: watch::Receiver<usize>,
    released: watch::Sender<bool>,
}

impl RuleHandle {
    /// Number of times that the rule has acted. A lost or delayed answer counts when the effect has
    /// happened.
    pub fn hits(&self) -> usize {
        *self.hits.borrow()
    }

    /// Waits until the rule has acted. Panics after 30 seconds, because an endless test reports
    /// nothing.
    pub async fn wait_for_hit(&self) {
        let mut hits = self.hits.clone();
        let hit = hits.wait_for(|hits| *hits > 0);
        let outcome = tokio::time::timeout(Duration::from_secs(30), hit).await;
        outcome.expect("the rule was not hit within 30 s").expect("the proxy ended before the rule was hit");
    }

    /// Releases the exchanges that the rule delays, also future ones.
    pub fn release(&self) {
        self.released.send_replace(true);
    }
}

struct Active {
    id: u64,
    rule: Rule,
    matched: usize,
    hits: watch::Sender<usize>,
    released: watch::Sender<bool>,
}

/// A rule that matched the present exchange.
pub(super) struct Match {
    pub action: Action,
    /// Position of the matching bytes in the client's bytes of the exchange.
    pub at: usize,
    hits: watch::Sender<usize>,
    released: watch::Receiver<bool>,
}

impl Match {
    pub fn hit(&self) {
        self.hits.send_modify(|hits| *hits += 1);
    }

    pub async fn released(&mut self) {
        // A rule that was removed has no sender, which also releases the exchange.
        let _ = self.released.wait_for(|released| *released).await;
    }
}

#[derive(Default)]
pub(super) struct Rules {
    next: AtomicU64,
    active: Mutex<Vec<Active>>,
}

impl Rules {
    pub fn add(&self, rule: Rule) -> RuleHandle {
        let (hits, hits_seen) = watch::channel(0);
        let (released, _) = watch::channel(false);
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        self.active.lock().unwrap().push(Active { id, rule, matched: 0, hits, released: released.clone() });
        RuleHandle { hits: hits_seen, released }
    }

    pub fn clear(&self) {
        for active in self.active.lock().unwrap().drain(..) {
            active.released.send_replace(true);
        }
    }

    /// Finds a rule that matches the present exchange and has not matched it before. `sent`
    /// contains the client's bytes of the exchange, `seen` the ids of the rules that have matched.
    pub fn find(&self, sent: &[u8], seen: &mut Vec<u64>) -> Option<Match> {
        for active in self.active.lock().unwrap().iter_mut() {
            if seen.contains(&active.id) {
                continue;
            }
            let Some(at) = sent.windows(active.rule.on.len()).position(|w| w == active.rule.on) else { continue };
            seen.push(active.id);
            active.matched += 1;
            let acted = active.matched.saturating_sub(active.rule.skip);
            if acted == 0 || active.rule.times.is_some_and(|times| acted > times) {
                continue;
            }
            return Some(Match {
                action: active.rule.action.clone(),
                at,
                hits: active.hits.clone(),
                released: active.released.subscribe(),
            });
        }
        None
    }
}

/// Rules that the proxy's handle and its connections share.
pub(super) type Shared = Arc<Rules>;
