//! Test of a deadline whose host's clock is set back and forward, on PostgreSQL with triggers,
//! journal and engine: each step of the deadline is taken once.

use super::journey::House;
use eaf_core::actor::Caller;
use eaf_core::clock::{Ambient, Clock};
use eaf_core::testing::{ambient, person};
use eaf_core::workflow;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

const WAIT_MAX: Duration = Duration::from_secs(30);
/// Time in which woken runs do what they can.
const QUIET: Duration = Duration::from_secs(2);
const MINUTE: time::Duration = time::Duration::MINUTE;
const DAY: time::Duration = time::Duration::DAY;

/// Clock that is ahead of the machine's by some milliseconds, or behind.
#[derive(Default)]
struct SetClock(AtomicI64);

impl Clock for SetClock {
    fn now(&self) -> OffsetDateTime {
        OffsetDateTime::now_utc() + time::Duration::milliseconds(self.0.load(Ordering::SeqCst))
    }
}

/// Request that waits in a stage with a deadline of two steps.
struct Waiting {
    house: House,
    clock: Arc<SetClock>,
    auditor: Caller,
    request: String,
}

impl Waiting {
    async fn open() -> Waiting {
        let clock = Arc::new(SetClock::default());
        let house = House::with(&["mail"], Ambient { clock: clock.clone(), ..ambient() }).await;
        let admin = house.admin().await;
        let policies = person(house.tenant, &["dcm.policy"]);
        let draft = json!({ "policy": "timed", "name_de": "Befristet", "name_en": "Timed", "revision": 0, "document": {
            "applies_to": { "kinds": ["vm.create"] },
            "stages": [{
                "key": "lead", "name": { "de": "Leitung", "en": "Lead" }, "needs": "any",
                "approvers": [{ "permission": "approve" }],
                "deadline": {
                    "hours": 8, "finally": "expire", "escalate": [{ "to": { "permission": "operate" }, "hours": 4 }],
                },
            }],
        } });
        house.give(&policies, "draft-policy", draft).await;
        let publish = json!({ "policy": "timed", "revision": 1, "reason": "Agreed with finance." });
        house.give(&policies, "publish-policy", publish).await;
        let request = house.ask(&admin).await;
        let auditor = person(house.tenant, &["dcm.audit"]);
        Waiting { house, clock, auditor, request }
    }

    /// Sets the host's clock, and lets the waiting runs look at it.
    async fn set(&self, at: OffsetDateTime) {
        let ahead = (at - OffsetDateTime::now_utc()).whole_milliseconds();
        self.clock.0.store(i64::try_from(ahead).expect("some days"), Ordering::SeqCst);
        let core = &self.house.core;
        workflow::wake_all(&core.db, &core.feed, self.house.tenant).await.unwrap();
    }

    /// Sets the clock and waits; no step is taken in this time.
    async fn set_in_vain(&self, at: OffsetDateTime) {
        let before = self.steps().await;
        self.set(at).await;
        tokio::time::sleep(QUIET).await;
        assert_eq!(self.steps().await, before, "at {at}");
    }

    /// Number of escalations and expiries of the request, and the end of the deadline's present
    /// step.
    async fn steps(&self) -> (usize, usize, Option<OffsetDateTime>) {
        let told = self.house.rows(&self.auditor, "timeline").await;
        let count = |kind: &str| told.iter().filter(|row| row["kind"] == kind).count();
        let stages = self.house.rows(&self.auditor, "stages").await;
        let due = stages.iter().find_map(|row| row["due_at"].as_str().filter(|_| row["status"] == "open"));
        let due = due.map(|text| OffsetDateTime::parse(text, &Rfc3339).expect("a time"));
        (count("stage-escalated"), count("request-expired"), due)
    }

    async fn until(&self, is_reached: impl Fn(&(usize, usize, Option<OffsetDateTime>)) -> bool) {
        let reached = async {
            while !is_reached(&self.steps().await) {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        tokio::time::timeout(WAIT_MAX, reached).await.expect("the step is taken");
    }

    async fn due(&self) -> OffsetDateTime {
        self.until(|(_, _, due)| due.is_some()).await;
        self.steps().await.2.expect("an open stage with a deadline")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_step_of_a_deadline_is_taken_once_whatever_the_clock_does() {
    let waiting = Waiting::open().await;
    let first = waiting.due().await;
    waiting.set_in_vain(first - MINUTE).await;
    waiting.set(first + MINUTE).await;
    waiting.until(|(escalated, _, due)| *escalated == 1 && due.is_some_and(|due| due != first)).await;
    let second = waiting.due().await;
    assert!(second > first, "{second} after {first}");
    for at in [first - DAY, first + MINUTE, first - MINUTE, second - MINUTE] {
        waiting.set_in_vain(at).await;
    }
    waiting.set(second + MINUTE).await;
    waiting.until(|(_, expired, _)| *expired == 1).await;
    let row = waiting.house.row("requests", &waiting.request).await.expect("the request");
    assert_eq!((&row["status"], &row["terminal"]), (&json!("expired"), &Value::Bool(true)));
    for at in [first - DAY, first + MINUTE, second + MINUTE] {
        waiting.set_in_vain(at).await;
    }
    assert_eq!(waiting.steps().await, (1, 1, None));
}
