//! What a mail server's refusal means: whose fault it is decides whether a mail is lost or waits.
//!
//! Many servers report what they have against us only where they are asked for a recipient or after
//! the content (RFC 3463 gives the enhanced codes). Such a refusal keeps the mail: it is for those
//! who repair the connection.

use lettre::transport::smtp::Error;
use std::error::Error as _;

/// What the server said to one mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// With the server's own id for it, where it names one.
    Accepted(Option<String>),
    /// For good: this recipient or this mail. The server's numbers, such as `550 5.1.1`.
    Refused(String),
    /// For good: us, and not this recipient.
    RefusedUs(String),
    /// For good, and it may be us or the recipient: the numbers do not say.
    Unclear(Stage, String),
    /// Not now.
    Deferred(String),
}

/// Where in a mail's way the server said no.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    Recipient,
    Content,
}

/// A refusal for good, as its numbers tell.
pub fn judge(stage: Stage, numbers: &str) -> Verdict {
    let refused = || Verdict::Refused(numbers.to_owned());
    let enhanced = numbers.split(' ').nth(1).unwrap_or_default();
    let mut parts = enhanced.split('.').skip(1).map(str::parse::<u16>);
    match (stage, parts.next(), parts.next()) {
        // Bad mailbox, system or syntax of the recipient; moved; null MX. 7 and 8 are the sender's.
        (_, Some(Ok(1)), Some(Ok(1 | 2 | 3 | 4 | 6 | 10))) => refused(),
        // Disabled, full, or not for lists; after the content it may be our own mailbox at Exchange.
        (Stage::Recipient, Some(Ok(2)), _) => refused(),
        // Too large, or nothing that the server can carry.
        (_, Some(Ok(3)), Some(Ok(4))) | (_, Some(Ok(6)), _) => refused(),
        // A list or a mailbox that not everybody may write to.
        (_, Some(Ok(7)), Some(Ok(2 | 124 | 133..=136))) => refused(),
        // The sender's address; our mailbox; our protocol; who we are and what we may send.
        (_, Some(Ok(1)), Some(Ok(7 | 8)))
        | (Stage::Content, Some(Ok(2)), _)
        | (_, Some(Ok(5)), _)
        | (_, Some(Ok(7)), Some(Ok(26 | 27 | 57 | 60 | 64))) => Verdict::RefusedUs(numbers.to_owned()),
        _ => Verdict::Unclear(stage, numbers.to_owned()),
    }
}

/// `550`, or `550 5.1.1` where the server gives an enhanced code. Its words are left out: they may name people.
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

/// The server's own id for a mail, to be found in its log: of `2.0.0 Ok: queued as 4F3A2` the last
/// word. Words that may be addresses are none.
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
    fn only_what_is_about_the_recipient_or_the_mail_is_final() {
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
            assert_eq!(judge(stage, numbers), Verdict::Refused(numbers.into()), "{stage:?} {numbers}");
        }
        for (stage, numbers) in [
            (Recipient, "504 5.5.2"),
            (Recipient, "550 5.1.8"),
            (Content, "554 5.2.2"),
            (Content, "554 5.2.0"),
            (Content, "550 5.7.60"),
        ] {
            assert_eq!(judge(stage, numbers), Verdict::RefusedUs(numbers.into()), "{stage:?} {numbers}");
        }
        for (stage, numbers) in [(Recipient, "554 5.7.1"), (Recipient, "550"), (Content, "554"), (Content, "554 5.7.1")]
        {
            assert_eq!(judge(stage, numbers), Verdict::Unclear(stage, numbers.into()), "{stage:?} {numbers}");
        }
    }

    #[test]
    fn the_servers_id_is_kept_and_an_address_is_not() {
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
