//! Schedule of the attempts to send a mail. Attempts are minutes apart because mail servers count
//! early attempts against a client, and because a repair by a person takes longer than seconds.

use super::mail_store::MailState;
use crate::failure_code::Code;
use eaf_capability::{Class, Failure};
use std::time::Duration;
use time::OffsetDateTime;

/// Maximum time for which the host tries to deliver a mail: five days, as in other mail systems
/// (RFC 5321, section 4.5.4.1).
pub const RETRY_TIME: Duration = Duration::from_secs(5 * 24 * 3600);
/// Maximum time for which the host tries a recipient that the server defers, from the first of
/// consecutive deferrals.
pub const DEFERRAL_TIME: Duration = Duration::from_secs(24 * 3600);
/// Maximum number of attempts in which the content is sent and the server does not reply. Then the
/// mail is settled as unknown.
pub const MAX_UNANSWERED: i32 = 3;

const MINUTE: u64 = 60;

/// Delay until the next attempt to send a mail, after an attempt that ended with `failure`.
pub fn pause(state: &MailState, failure: &Failure, now: OffsetDateTime) -> Duration {
    let age = age(state, now).as_secs();
    let seconds = match () {
        () if failure.has_code(Code::RecipientDeferred) => deferred(state.deferrals),
        // The first missing reply may be lost in the network, so the mail is tried again at once. A
        // second missing reply means a slow server.
        () if failure.has_code(Code::AnswerLost) => 5 * MINUTE * u64::from(state.unanswered > 0),
        () if failure.has_code(Code::MailRate) => 15,
        () if failure.has_code(Code::MailConnectionsBusy) => 2,
        () if failure.has_code(Code::MailPaused) => 10 * MINUTE,
        () if failure.class == Class::Configuration => (age / 2).clamp(MINUTE, 30 * MINUTE),
        () => (age / 4).min(10 * MINUTE),
    };
    let pause = Duration::from_secs(seconds);
    pause + pause.mul_f64(jitter(state))
}

pub fn age(state: &MailState, now: OffsetDateTime) -> Duration {
    Duration::try_from(now - state.written_at).unwrap_or_default()
}

fn deferred(before: i32) -> u64 {
    const MINUTES: [u64; 6] = [1, 2, 5, 10, 20, 30];
    let at = usize::try_from(before).unwrap_or_default();
    MINUTE * MINUTES.get(at).copied().unwrap_or(60)
}

/// Fraction, from 0 to 0.2, by which a delay is lengthened, so that not all mails are tried at the
/// same time. It is computed from the Message-ID and the number of attempts, because the delay must
/// not depend on randomness.
fn jitter(state: &MailState) -> f64 {
    let seed = state
        .entry
        .mail
        .message_id
        .bytes()
        .fold(state.attempts as u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte)));
    f64::from(seed % 1_000) / 5_000.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail_store::{Entry, Status};
    use eaf_core::actor::TraceId;
    use eaf_core::id::{ActorId, EventId, RunId, TenantId};
    use eaf_core::mail_log;
    use uuid::Uuid;

    fn mail_state(attempts: i32, unanswered: i32) -> MailState {
        let mail = mail_log::Mail {
            message_id: "<1@eaf.example>".into(),
            plugin: "counter".into(),
            template: "t".into(),
            event: EventId(Uuid::nil()),
            run: RunId(Uuid::nil()),
            sequence: 1,
            recipient: ActorId::SYSTEM,
            trace: TraceId(String::new()),
        };
        let entry = Entry { tenant: TenantId::derive("acme"), mail };
        let written_at = OffsetDateTime::UNIX_EPOCH;
        let (status, deferrals, deferred_since, next_at) = (Status::Pending(None), attempts, None, None);
        MailState { entry, status, attempts, unanswered, deferrals, deferred_since, next_at, written_at }
    }

    fn seconds(state: &MailState, class: Class, code: &str, age: u64) -> u64 {
        let now = OffsetDateTime::UNIX_EPOCH + Duration::from_secs(age);
        let pause = pause(state, &Failure::from_parts(class, code, ""), now).as_secs_f64();
        (pause / (1.0 + jitter(state))).round() as u64
    }

    #[test]
    fn retries_at_a_greylisting_server_start_after_minutes_and_grow() {
        let waits: Vec<u64> =
            (0..8).map(|n| seconds(&mail_state(n, 0), Class::Transient, "recipient-deferred", 0) / MINUTE).collect();
        assert_eq!(waits, [1, 2, 5, 10, 20, 30, 60, 60]);
    }

    #[test]
    fn retries_after_an_outage_grow_from_at_once_to_ten_minutes() {
        let waits =
            [0, 60, 3_600, 86_400].map(|age| seconds(&mail_state(1, 0), Class::Transient, "mail-unreachable", age));
        assert_eq!(waits, [0, 15, 600, 600]);
        let waits =
            [0, 600, 86_400].map(|age| seconds(&mail_state(1, 0), Class::Configuration, "mail-wrong-password", age));
        assert_eq!(waits, [60, 300, 1_800], "an account is not locked by us");
    }

    #[test]
    fn a_mail_that_may_have_arrived_is_repeated_once_soon_then_late() {
        let waits = [0, 1].map(|n| seconds(&mail_state(1, n), Class::UnknownOutcome, "answer-lost", 0));
        assert_eq!(waits, [0, 300]);
    }
}
