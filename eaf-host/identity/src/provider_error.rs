//! What a provider says about a refusal, made fit for the log: the error from a closed list, the
//! description without what may be a person's or a secret.
//!
//! Support of every provider asks for the code in the description (such as `AADSTS7000222`) and for
//! the correlation id beside it; both stay.

/// RFC 6749, OpenID Connect Core, RFC 8707 and 9101, and what Entra ID adds.
const KNOWN: [&str; 23] = [
    "access_denied",
    "account_selection_required",
    "consent_required",
    "interaction_required",
    "invalid_client",
    "invalid_grant",
    "invalid_request",
    "invalid_request_object",
    "invalid_request_uri",
    "invalid_resource",
    "invalid_scope",
    "invalid_target",
    "login_required",
    "registration_not_supported",
    "request_not_supported",
    "request_uri_not_supported",
    "server_error",
    "slow_down",
    "temporarily_unavailable",
    "unauthorized_client",
    "unmet_authentication_requirements",
    "unsupported_grant_type",
    "unsupported_response_type",
];

const LONGEST: usize = 300;
/// Correlation ids have 36 characters; longer words are tokens, codes and keys.
const LONGEST_WORD: usize = 36;

/// What has to be done about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// A person or a rule of the provider's said no.
    Denied,
    /// Over in a while.
    Outage,
    /// Client, secret, address or scopes differ between host and provider.
    Configuration,
    /// This attempt is good for nothing; another one may be.
    Attempt,
}

/// A refusal in a provider's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    pub error: &'static str,
    /// May be empty.
    pub description: String,
}

impl Said {
    pub fn of(error: &str, description: &str) -> Self {
        let known = KNOWN.iter().copied().find(|known| *known == error);
        Said { error: known.unwrap_or("an error that no standard names"), description: cleaned(description) }
    }

    pub fn meaning(&self) -> Meaning {
        match self.error {
            "access_denied" => Meaning::Denied,
            "server_error" | "temporarily_unavailable" | "slow_down" => Meaning::Outage,
            "invalid_client"
            | "unauthorized_client"
            | "invalid_scope"
            | "invalid_resource"
            | "invalid_target"
            | "unsupported_grant_type"
            | "unsupported_response_type" => Meaning::Configuration,
            _ => Meaning::Attempt,
        }
    }
}

/// One short line of printable ASCII. Words with an `@`, what stands in quotes, and words that are
/// long enough for a secret become `…`: providers quote accounts, addresses and tokens.
pub fn cleaned(text: &str) -> String {
    let mut words = Vec::new();
    let mut quote = None;
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()) {
        let quoted = quote.is_some();
        for mark in word.chars() {
            match quote {
                None if is_opening(mark, word) => quote = Some(mark),
                Some(open) if mark == open => quote = None,
                _ => {}
            }
        }
        let hidden = quoted || word.contains(['\'', '"', '`', '@', '%', '=']) || is_long(word);
        let word = if hidden { "…" } else { word };
        if !(hidden && words.last() == Some(&"…")) {
            words.push(word);
        }
    }
    let line: String =
        words.join(" ").chars().map(|c| if c == '…' || c.is_ascii_graphic() { c } else { ' ' }).collect();
    line.chars().take(LONGEST).collect::<String>().trim().to_owned()
}

fn is_long(word: &str) -> bool {
    word.trim_matches(|c: char| !c.is_alphanumeric()).len() > LONGEST_WORD
}

/// A name that no person and no secret stands in, such as an issuer's of a document that is signed
/// or came by TLS.
pub fn shown(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_graphic() { c } else { '?' }).take(LONGEST).collect()
}

/// An apostrophe inside a word ("doesn't") opens nothing.
fn is_opening(mark: char, word: &str) -> bool {
    matches!(mark, '"' | '`') || (mark == '\'' && (word.starts_with('\'') || word.starts_with("('")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_that_support_asks_for_stays_and_persons_and_secrets_go() {
        let entra = "AADSTS7000222: The provided client secret keys for app '0f1e2d3c-aaaa-bbbb-cccc-1234567890ab' are expired. \
                     Trace ID: 6a2f1c3e-0000-1111-2222-333344445555 Correlation ID: 7b3f1c3e-0000-1111-2222-333344445555\r\n";
        let clean = cleaned(entra);
        assert!(clean.starts_with("AADSTS7000222: The provided client secret keys for app … are expired."), "{clean}");
        assert!(clean.ends_with("Correlation ID: 7b3f1c3e-0000-1111-2222-333344445555"), "{clean}");
        for (said, expected) in [
            ("AADSTS50020: User account 'anna maria@acme.example' from", "AADSTS50020: User account … from"),
            ("user anna@acme.example is locked", "user … is locked"),
            ("it doesn't fit", "it … fit"),
            ("code=abc&state=def is used", "… is used"),
            (&format!("token {} is over", "a".repeat(40)), "token … is over"),
            ("line\nforged \u{1b}[31mred", "line forged [31mred"),
            ("Müller ist gesperrt", "M ller ist gesperrt"),
            ("", ""),
        ] {
            assert_eq!(cleaned(said), expected, "{said:?}");
        }
        assert_eq!(cleaned(&"word ".repeat(500)).len(), LONGEST - 1);
    }

    #[test]
    fn an_error_that_no_standard_names_is_not_repeated() {
        assert_eq!(Said::of("invalid_grant", "").error, "invalid_grant");
        assert_eq!(Said::of("canary", "").error, "an error that no standard names");
        assert!(KNOWN.is_sorted());
    }
}
