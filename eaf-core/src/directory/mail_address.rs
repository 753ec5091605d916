//! Mail addresses of invitations: form, and comparison with the address of a sign-in.

use super::Error;

/// Maximum length of a mail address, in bytes (RFC 5321, section 4.5.3.1.3).
pub const MAX_MAIL_ADDRESS: usize = 254;
/// Characters that only quoted local parts contain, which no identity provider uses.
const SPECIAL: &str = "()<>[]:;,\\\"";

/// Mail address as a person wrote it, without surrounding white space. No `Debug`, because an
/// address is personal data.
#[derive(Clone, PartialEq, Eq)]
pub struct MailAddress(String);

impl MailAddress {
    /// Fails with [`Error::MailAddress`] unless the text has a local part, one `@` and a domain, no
    /// white space or control character, and at most [`MAX_MAIL_ADDRESS`] bytes.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let text = text.trim();
        let is_allowed = |c: char| !c.is_control() && !c.is_whitespace() && !SPECIAL.contains(c);
        let (local, domain) = text.split_once('@').ok_or(Error::MailAddress)?;
        let fits = text.len() <= MAX_MAIL_ADDRESS && text.chars().all(is_allowed);
        if !fits || local.is_empty() || domain.is_empty() || domain.contains('@') {
            return Err(Error::MailAddress);
        }
        Ok(MailAddress(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Form in which addresses are compared: lower case. RFC 5321 lets a server distinguish the
    /// case of a local part; no server in use does, and people write their address in any case.
    pub fn normalized(&self) -> String {
        self.0.to_lowercase()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_compare_without_case_and_surrounding_space() {
        let written = MailAddress::parse(" Änna.Berger@Acme.EXAMPLE ").unwrap();
        assert_eq!(written.as_str(), "Änna.Berger@Acme.EXAMPLE");
        assert_eq!(written.normalized(), MailAddress::parse("änna.berger@acme.example").unwrap().normalized());
    }

    #[test]
    fn a_text_that_is_no_address_is_refused() {
        let long = format!("{}@acme.example", "a".repeat(MAX_MAIL_ADDRESS));
        for text in [
            "",
            "@",
            "anna",
            "anna@",
            "@acme.example",
            "a@b@acme.example",
            "a b@acme.example",
            "a\u{0}@acme.example",
            "a@acme.example\r\nBcc: b@evil.example",
            "Anna <a@acme.example>",
            "a@acme.example,b@acme.example",
            &long,
        ] {
            assert!(matches!(MailAddress::parse(text), Err(Error::MailAddress)), "{text:?}");
        }
        let longest = format!("{}@acme.example", "a".repeat(MAX_MAIL_ADDRESS - "@acme.example".len()));
        assert!(MailAddress::parse(&longest).is_ok());
    }
}
