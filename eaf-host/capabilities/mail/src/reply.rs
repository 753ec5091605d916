//! Classification of a mail server's refusals. A refusal of the recipient or of the mail is final;
//! after a refusal of the connection, the mail waits.
//!
//! Many servers report a refused connection only in the reply to RCPT or to the content, with an
//! enhanced status code (RFC 3463). The mail then waits until an admin has repaired the connection.

use lettre::transport::smtp::Error;
use std::error::Error as _;

/// Reply of the mail server to one mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The server accepted the mail. The text is the server's own id for the mail; `None` if its
    /// reply contains no id.
    Accepted(Option<String>),
    /// Permanent refusal of this recipient or this mail, with the reply code, such as `550 5.1.1`.
    Refused(String),
    /// Permanent refusal of the whole connection, for example of the sender, with the reply code.
    RefusedUs(String),
    /// Permanent refusal whose reply code does not tell whether the server refuses the recipient or
    /// the connection.
    Unclassified(Stage, String),
    /// Temporary refusal of the mail, with the reply code, such as `450 4.2.0`.
    Deferred(String),
}

/// Step of an SMTP transaction at which the server refused a mail: the recipient (RCPT) or the
/// content (DATA).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    Recipient,
    Content,
}

/// Classifies a permanent refusal by its SMTP reply code, such as `550 5.1.1`.
pub fn classify(stage: Stage, numbers: &str) -> Outcome {
    let refused = || Outcome::Refused(numbers.to_owned());
    let enhanced = numbers.split(' ').nth(1).unwrap_or_default();
    let mut parts = enhanced.split('.').skip(1).map(str::parse::<u16>);
    match (stage, parts.next(), parts.next()) {
        // Codes 5.1.x: bad mailbox, bad system, bad syntax, mailbox moved, null MX. The codes 5.1.7
        // and 5.1.8 concern the sender instead.
        (_, Some(Ok(1)), Some(Ok(1 | 2 | 3 | 4 | 6 | 10))) => refused(),
        // Codes 5.2.x: mailbox disabled, full, or not for lists. As a reply to the content,
        // Exchange means the sender's own mailbox by these codes, so only replies to RCPT count
        // here.
        (Stage::Recipient, Some(Ok(2)), _) => refused(),
        // Codes 5.3.4 and 5.6.x: the mail is too large, or has a content that the server cannot
        // transmit.
        (_, Some(Ok(3)), Some(Ok(4))) | (_, Some(Ok(6)), _) => refused(),
        // Codes 5.7.x: a mailing list or mailbox that is protected from some senders.
        (_, Some(Ok(7)), Some(Ok(2 | 124 | 133..=136))) => refused(),
        // These codes refuse the connection: the sender's address, the sender's mailbox, the
        // protocol, or the sender's identity and permissions.
        (_, Some(Ok(1)), Some(Ok(7 | 8)))
        | (Stage::Content, Some(Ok(2)), _)
        | (_, Some(Ok(5)), _)
        | (_, Some(Ok(7)), Some(Ok(26 | 27 | 57 | 60 | 64))) => Outcome::RefusedUs(numbers.to_owned()),
        _ => Outcome::Unclassified(stage, numbers.to_owned()),
    }
}

/// Reply code of a refusal, such as `550`, or `550 5.1.1` with an enhanced status code. The reply's
/// text is omitted, because it may name people.
pub fn numbers(error: &Error) -> String {
    let code = error.status().map(|code| code.to_string()).unwrap_or_default();
    let words = error.source().map(|cause| cause.to_string()).unwrap_or_default();
    numbers_of(&code, &words)
}

pub fn numbers_of(code: &str, words: &str) -> String {
    match words.split_whitespace().next().filter(|word| is_enhanced(word)) {
        Some(enhanced) => format!("{code} {enhanced}"),
        None => code.to_owned(),
    }
}

/// Id that the mail server gave a mail, by which an admin finds the mail in the server's log. The
/// id is the last word of the reply that looks like an id, such as `4F3A2` in `2.0.0 Ok: queued as
/// 4F3A2`. `None` if no word does; a word that may be an address is no id.
pub fn queue_id(answer: &str) -> Option<String> {
    let is_id = |word: &&str| {
        (4..=100).contains(&word.len())
            && word.bytes().any(|byte| byte.is_ascii_digit())
            && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.=+/:".contains(&byte))
            && !is_enhanced(word)
    };
    answer.split_whitespace().rev().find(is_id).map(str::to_owned)
}

fn is_enhanced(word: &str) -> bool {
    let parts: Vec<&str> = word.split('.').collect();
    parts.len() == 3
        && parts.iter().all(|part| (1..=3).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_refusals_of_a_recipient_or_a_mail_are_final() {
        use Stage::{Content, Recipient};
        for (stage, numbers) in [
            (Recipient, "550 5.1.1"),
            (Recipient, "550 5.1.10"),
            (Recipient, "550 5.2.1"),
            (Recipient, "552 5.2.2"),
            (Content, "550 5.1.1"),
            (Content, "552 5.3.4"),
            (Content, "550 5.6.0"),
            (Recipient, "550 5.7.133"),
        ] {
            assert_eq!(classify(stage, numbers), Outcome::Refused(numbers.into()), "{stage:?} {numbers}");
        }
        for (stage, numbers) in [
            (Recipient, "504 5.5.2"),
            (Recipient, "550 5.1.8"),
            (Content, "554 5.2.2"),
            (Content, "554 5.2.0"),
            (Content, "550 5.7.60"),
        ] {
            assert_eq!(classify(stage, numbers), Outcome::RefusedUs(numbers.into()), "{stage:?} {numbers}");
        }
        for (stage, numbers) in [(Recipient, "554 5.7.1"), (Recipient, "550"), (Content, "554"), (Content, "554 5.7.1")]
        {
            assert_eq!(classify(stage, numbers), Outcome::Unclassified(stage, numbers.into()), "{stage:?} {numbers}");
        }
    }

    #[test]
    fn the_queue_id_is_extracted_and_an_address_is_not() {
        for (answer, id) in [
            ("2.0.0 Ok: queued as 4F3A2B1C9D", Some("4F3A2B1C9D")),
            ("2.6.0 <x@y> [InternalId=4711, Hostname=A] 5 bytes Queued mail for delivery", None),
            ("Ok 0102018c-1234-5678", Some("0102018c-1234-5678")),
            ("2.0.0 accepted for anna1@acme.example", None),
            ("2.1.5 Ok", None),
        ] {
            assert_eq!(queue_id(answer).as_deref(), id, "{answer}");
        }
    }
}
