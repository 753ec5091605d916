//! Mail as the bytes that SMTP sends: headers, a plain text, and the same content as HTML.

use eaf_capability::text::mails::Rendered;
use eaf_core::actor::Locale;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message, MultiPart, SinglePart};
use lettre::{Address, error};
use time::OffsetDateTime;
use uuid::Uuid;

pub struct Envelope<'a> {
    pub from: &'a Address,
    pub from_name: &'a str,
    /// Address to which people's answers go, for the header `Reply-To`; `None`: answers go to the
    /// sender.
    pub reply_to: Option<&'a Address>,
    pub to: &'a Address,
    pub to_name: &'a str,
    /// UUID of the mail; it is also the part of the Message-ID before the `@`.
    pub id: Uuid,
    /// Message-ID with angle brackets, such as `<0c9a0f3e-…@eaf.example.com>`.
    pub message_id: &'a str,
    pub date: OffsetDateTime,
    pub locale: Locale,
    pub trace: &'a str,
}

pub fn compose(envelope: &Envelope, mail: &Rendered) -> Result<Vec<u8>, error::Error> {
    // The MIME boundary is derived from the mail's UUID, so that the same mail has the same bytes
    // at every attempt. The boundary cannot occur in the content, because base64 and
    // quoted-printable do not produce `=_`.
    let content = MultiPart::alternative()
        .boundary(format!("=_{}", envelope.id.simple()))
        .singlepart(SinglePart::builder().header(ContentType::TEXT_PLAIN).body(mail.text.clone()))
        .singlepart(SinglePart::builder().header(ContentType::TEXT_HTML).body(mail.html.clone()));
    let mut builder = Message::builder();
    if let Some(reply_to) = envelope.reply_to {
        builder = builder.reply_to(Mailbox::new(None, reply_to.clone()));
    }
    let message = builder
        .from(Mailbox::new(display_name(envelope.from_name), envelope.from.clone()))
        .to(Mailbox::new(display_name(envelope.to_name), envelope.to.clone()))
        .subject(mail.subject.as_str())
        .message_id(Some(envelope.message_id.to_owned()))
        .date(envelope.date.into())
        .raw_header(header("Auto-Submitted", "auto-generated"))
        // Exchange sends out-of-office notes although a mail has the header `Auto-Submitted`; this
        // header prevents them.
        .raw_header(header("X-Auto-Response-Suppress", "OOF, AutoReply"))
        .raw_header(header("Content-Language", envelope.locale.as_str()))
        .raw_header(header("X-Trace-Id", envelope.trace))
        .multipart(content)?;
    Ok(message.formatted())
}

fn header(name: &'static str, value: &str) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), one_line(value))
}

fn display_name(name: &str) -> Option<String> {
    Some(one_line(name)).filter(|name| !name.is_empty())
}

/// Replaces line breaks and repeated spaces by one space, because a line break in a value could add
/// a header to the mail.
fn one_line(value: &str) -> String {
    value
        .split(|c: char| c.is_control() || c.is_whitespace())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compose_with(to_name: &str, subject: &str, trace: &str) -> String {
        let from: Address = "cloud@acme.example".parse().unwrap();
        let to: Address = "jm@acme.example".parse().unwrap();
        let reply_to: Address = "desk@acme.example".parse().unwrap();
        let envelope = Envelope {
            from: &from,
            from_name: "Acme Cloud",
            reply_to: Some(&reply_to),
            to: &to,
            to_name,
            id: Uuid::nil(),
            message_id: "<00000000-0000-0000-0000-000000000000@eaf.example>",
            date: OffsetDateTime::UNIX_EPOCH,
            locale: Locale::De,
            trace,
        };
        let mail = Rendered { subject: subject.into(), text: "Grüße\n".into(), html: "<p>Grüße</p>".into() };
        String::from_utf8(compose(&envelope, &mail).unwrap()).expect("ASCII on the wire")
    }

    #[test]
    fn headers_have_addresses_date_subject_and_mark_an_automatic_mail() {
        let mail = compose_with("Jana Berger", "Ready: web-01", "4bf9");
        for line in [
            "From: \"Acme Cloud\" <cloud@acme.example>",
            "To: \"Jana Berger\" <jm@acme.example>",
            "Subject: Ready: web-01",
            "Message-ID: <00000000-0000-0000-0000-000000000000@eaf.example>",
            "Date: Thu, 01 Jan 1970 00:00:00 +0000",
            "Reply-To: desk@acme.example",
            "Auto-Submitted: auto-generated",
            "X-Auto-Response-Suppress: OOF, AutoReply",
            "Content-Language: de",
            "X-Trace-Id: 4bf9",
        ] {
            assert!(mail.lines().any(|found| found == line), "{line} is missing in:\n{mail}");
        }
        assert!(mail.is_ascii(), "no server needs 8BITMIME for it");
    }

    #[test]
    fn no_value_starts_a_header() {
        let mail = compose_with("X\r\nBcc: a@thief.example", "Y\r\nBcc: b@thief.example", "Z\nBcc: c@thief.example");
        let (headers, _) = mail.split_once("\r\n\r\n").unwrap();
        assert!(!headers.lines().any(|line| line.to_ascii_lowercase().starts_with("bcc")), "{headers}");
    }

    #[test]
    fn the_same_mail_has_the_same_bytes() {
        assert_eq!(compose_with("A", "B", "C"), compose_with("A", "B", "C"));
    }
}
