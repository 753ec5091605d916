//! When a mail that waits is tried again. Servers count attempts that come too early, and what a
//! person has to repair is not repaired within seconds.

use super::office::Letter;
use eaf_capability::{Class, Failure};
use std::time::Duration;
use time::OffsetDateTime;

/// As long as mail systems keep mails that they cannot deliver (RFC 5321, section 4.5.4.1).
pub const KEPT: Duration = Duration::from_secs(5 * 24 * 3600);
/// A server that takes no mail for one person is asked for a day, from its first such answer without another one between.
pub const DEFERRED: Duration = Duration::from_secs(24 * 3600);
/// A mail of which nobody knows whether it arrived is not sent more often than this.
pub const UNANSWERED: i32 = 3;

const MINUTE: u64 = 60;

/// How long a mail waits after this failure.
pub fn pause(letter: &Letter, failure: &Failure, now: OffsetDateTime) -> Duration {
    let age = age(letter, now).as_secs();
    let seconds = match failure.code.as_str() {
        "recipient-deferred" => deferred(letter.deferrals),
        // The first answer may have been lost on the way; after that the server is slow.
        "answer-lost" => 5 * MINUTE * u64::from(letter.unanswered > 0),
        "mail-rate" => 15,
        "mail-connections-busy" => 2,
        "mail-paused" => 10 * MINUTE,
        _ if failure.class == Class::Configuration => (age / 2).clamp(MINUTE, 30 * MINUTE),
        _ => (age / 4).min(10 * MINUTE),
    };
    let pause = Duration::from_secs(seconds);
    pause + pause.mul_f64(jitter(letter))
}

pub fn age(letter: &Letter, now: OffsetDateTime) -> Duration {
    Duration::try_from(now - letter.written_at).unwrap_or_default()
}

fn deferred(before: i32) -> u64 {
    const MINUTES: [u64; 6] = [1, 2, 5, 10, 20, 30];
    let at = usize::try_from(before).unwrap_or_default();
    MINUTE * MINUTES.get(at).copied().unwrap_or(60)
}

/// Up to a fifth, so that mails that began to wait together do not come back together. It follows
/// from id and attempt: no randomness is needed for it.
fn jitter(letter: &Letter) -> f64 {
    let seed = letter
        .entry
        .message_id
        .bytes()
        .fold(letter.attempts as u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte)));
    f64::from(seed % 1_000) / 5_000.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::office::{Entry, Status};
    use eaf_core::actor::TraceId;
    use eaf_core::id::{ActorId, EventId, RunId, TenantId};
    use uuid::Uuid;

    fn letter(attempts: i32, unanswered: i32) -> Letter {
        let entry = Entry {
            tenant: TenantId::derive("acme"),
            message_id: "<1@eaf.example>".into(),
            plugin: "counter".into(),
            template: "t".into(),
            event: EventId(Uuid::nil()),
            run: RunId(Uuid::nil()),
            sequence: 1,
            recipient: ActorId::SYSTEM,
            trace: TraceId(String::new()),
        };
        let written_at = OffsetDateTime::UNIX_EPOCH;
        let (status, deferrals, deferred_since, next_at) = (Status::Pending(None), attempts, None, None);
        Letter { entry, status, attempts, unanswered, deferrals, deferred_since, next_at, written_at }
    }

    fn seconds(letter: &Letter, class: Class, code: &str, age: u64) -> u64 {
        let now = OffsetDateTime::UNIX_EPOCH + Duration::from_secs(age);
        let pause = pause(letter, &Failure::new(class, code, ""), now).as_secs_f64();
        (pause / (1.0 + jitter(letter))).round() as u64
    }

    #[test]
    fn a_greylisting_server_is_asked_again_after_minutes_and_ever_more_rarely() {
        let waits: Vec<u64> =
            (0..8).map(|n| seconds(&letter(n, 0), Class::Transient, "recipient-deferred", 0) / MINUTE).collect();
        assert_eq!(waits, [1, 2, 5, 10, 20, 30, 60, 60]);
    }

    #[test]
    fn a_server_that_was_away_shortly_is_tried_at_once_and_one_that_is_away_for_hours_every_ten_minutes() {
        let waits = [0, 60, 3_600, 86_400].map(|age| seconds(&letter(1, 0), Class::Transient, "unreachable", age));
        assert_eq!(waits, [0, 15, 600, 600]);
        let waits = [0, 600, 86_400].map(|age| seconds(&letter(1, 0), Class::Configuration, "wrong-password", age));
        assert_eq!(waits, [60, 300, 1_800], "an account is not locked by us");
    }

    #[test]
    fn a_mail_that_may_have_arrived_is_repeated_once_soon_and_then_late() {
        let waits = [0, 1].map(|n| seconds(&letter(1, n), Class::UnknownOutcome, "answer-lost", 0));
        assert_eq!(waits, [0, 300]);
    }
}
