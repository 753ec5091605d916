//! Errors of an identity provider in a form for the log: the code from a closed list, the
//! description without possible names and secrets.
//!
//! Every provider's support asks for the code in the description (such as `AADSTS7000222`) and the
//! correlation id beside it, so both stay.

/// Error codes of RFC 6749, OpenID Connect Core, RFC 8707 and 9101, and of Entra ID.
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

const MAX_CHARACTERS: usize = 300;
/// Maximum length of a logged word, in bytes. Correlation ids have 36; longer words are tokens,
/// codes and keys.
const MAX_WORD: usize = 36;

/// Meaning of a provider's error: what must change before a sign-in succeeds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// A person or a rule of the provider refused the sign-in.
    Denied,
    /// The provider is unavailable.
    Outage,
    /// Client, secret, address or scopes differ between host and provider.
    Configuration,
    /// This attempt failed; another one may succeed.
    Attempt,
}

/// Error that the identity provider reported, in a form for the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderError {
    pub error: &'static str,
    /// Description that the provider gave, after [`cleaned`]; empty if none remains.
    pub description: String,
}

impl ProviderError {
    pub fn of(error: &str, description: &str) -> Self {
        let known = KNOWN.iter().copied().find(|known| *known == error);
        ProviderError { error: known.unwrap_or("an error that no standard names"), description: cleaned(description) }
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

/// Reduces a text to one short line of printable ASCII. Words with an `@`, quoted text and words as
/// long as a secret become `…`, since providers quote accounts, addresses and tokens.
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
    line.chars().take(MAX_CHARACTERS).collect::<String>().trim().to_owned()
}

fn is_long(word: &str) -> bool {
    word.trim_matches(|c: char| !c.is_alphanumeric()).len() > MAX_WORD
}

/// Printable form of a name that cannot contain a person or a secret, such as the issuer of a
/// signed document.
pub fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_graphic() { c } else { '?' }).take(MAX_CHARACTERS).collect()
}

/// Whether a quotation mark starts a quotation; an apostrophe inside a word ("doesn't") does not.
fn is_opening(mark: char, word: &str) -> bool {
    matches!(mark, '"' | '`') || (mark == '\'' && (word.starts_with('\'') || word.starts_with("('")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn support_codes_stay_and_persons_and_secrets_are_removed() {
        let entra = "AADSTS7000222: The provided client secret keys for app '0f1e2d3c-aaaa-bbbb-cccc-1234567890ab' are expired. \
                     Trace ID: 6a2f1c3e-0000-1111-2222-333344445555 Correlation ID: 7b3f1c3e-0000-1111-2222-333344445555\r\n";
        let clean = cleaned(entra);
        assert!(clean.starts_with("AADSTS7000222: The provided client secret keys for app … are expired."), "{clean}");
        assert!(clean.ends_with("Correlation ID: 7b3f1c3e-0000-1111-2222-333344445555"), "{clean}");
        for (text, expected) in [
            ("AADSTS50020: User account 'anna maria@acme.example' from", "AADSTS50020: User account … from"),
            ("user anna@acme.example is locked", "user … is locked"),
            ("it doesn't fit", "it … fit"),
            ("code=abc&state=def is used", "… is used"),
            (&format!("token {} is over", "a".repeat(40)), "token … is over"),
            ("line\nforged \u{1b}[31mred", "line forged [31mred"),
            ("Müller ist gesperrt", "M ller ist gesperrt"),
            ("", ""),
        ] {
            assert_eq!(cleaned(text), expected, "{text:?}");
        }
        assert_eq!(cleaned(&"word ".repeat(500)).len(), MAX_CHARACTERS - 1);
    }

    #[test]
    fn an_unknown_error_code_is_not_repeated() {
        assert_eq!(ProviderError::of("invalid_grant", "").error, "invalid_grant");
        assert_eq!(ProviderError::of("canary", "").error, "an error that no standard names");
        assert!(KNOWN.is_sorted());
    }
}
