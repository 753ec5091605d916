//! Mail addresses in the form that SMTP sends: the domain is ASCII (A-label, RFC 5890), such as
//! `max@xn--mller-kva.example`. Therefore only a non-ASCII local part, before the `@`, requires a
//! server with SMTPUTF8.

use lettre::Address;

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is no mail address")]
pub struct Invalid;

/// Parses an address as people and directories write it, such as `max@müller.example`.
pub fn read(text: &str) -> Result<Address, Invalid> {
    let address: Address = text.trim().parse().map_err(|_| Invalid)?;
    if address.domain().is_ascii() {
        return Ok(address);
    }
    let domain = domain(address.domain())?;
    Address::new(address.user(), domain).map_err(|_| Invalid)
}

/// Converts a host name to its ASCII form: `müller.example` becomes `xn--mller-kva.example`.
pub fn domain(name: &str) -> Result<String, Invalid> {
    idna::domain_to_ascii_strict(name).map_err(|_| Invalid)
}

/// Whether sending to the address requires a mail server with the extension SMTPUTF8 (RFC 6531).
pub fn needs_utf8(address: &Address) -> bool {
    !address.user().is_ascii()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_is_sent_in_its_ascii_form_and_the_local_part_unchanged() {
        for (written, sent) in [
            ("max@müller.example", "max@xn--mller-kva.example"),
            ("max@MÜLLER.example", "max@xn--mller-kva.example"),
            // The letter `ü` as two code points, as some directories store it.
            ("max@mu\u{308}ller.example", "max@xn--mller-kva.example"),
            (" max@straße.example ", "max@xn--strae-oqa.example"),
            ("änna@müller.example", "änna@xn--mller-kva.example"),
            ("anna@acme.example", "anna@acme.example"),
            ("anna@[192.0.2.1]", "anna@[192.0.2.1]"),
        ] {
            let address = read(written).unwrap();
            assert_eq!(address.to_string(), sent, "{written}");
            assert_eq!(needs_utf8(&address), sent.starts_with('ä'), "{written}");
        }
    }

    #[test]
    fn an_invalid_address_is_refused() {
        for text in ["", "nobody", "a b@acme.example", "x@\u{200b}", "x@y\r\nRCPT TO:<z@evil.example>", "@acme.example"]
        {
            assert_eq!(read(text), Err(Invalid), "{text:?}");
        }
    }
}
