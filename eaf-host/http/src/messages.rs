//! Texts of the host, with the audit texts of its capabilities. A package has texts of its own: see
//! [`eaf_capability::text`].

use eaf_capability::text::Locales;
use eaf_core::actor::Locale;
use serde_json::{Map, Value};
use std::sync::LazyLock;

static MESSAGES: LazyLock<Locales> = LazyLock::new(|| {
    Locales::load_host(include_str!("messages/de.toml"), include_str!("messages/en.toml"))
        .expect("the built-in texts are complete; a test checks it")
});

/// Renders a text; an unknown key is returned as it is.
pub fn render(key: &str, params: &Map<String, Value>, locale: Locale) -> String {
    MESSAGES.find(key, params, locale).unwrap_or_else(|| key.to_owned())
}

/// Renders a text; `None`: the key is unknown.
pub fn find(key: &str, params: &Map<String, Value>, locale: Locale) -> Option<String> {
    MESSAGES.find(key, params, locale)
}

/// Texts whose keys begin with `prefix`, each with the part of its key after the prefix.
pub fn section(prefix: &'static str, locale: Locale) -> impl Iterator<Item = (String, String)> {
    MESSAGES.keys().filter_map(move |key| {
        let name = key.strip_prefix(prefix)?;
        Some((name.to_owned(), MESSAGES.find(key, &Map::new(), locale)?))
    })
}

/// Text of a host call's error: a code, optionally with a detail behind it, such as
/// `refused (550 5.1.1)`. An unknown code is returned as it is.
pub fn failure(error: &str, locale: Locale) -> String {
    let code = error.split(' ').next().unwrap_or_default();
    MESSAGES.find(&format!("failures.{code}"), &Map::new(), locale).unwrap_or_else(|| error.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::code::{Code, FIELD_CODES};

    #[test]
    fn every_code_has_its_texts_and_there_are_no_others() {
        let mut expected: Vec<String> = Code::ALL
            .iter()
            .flat_map(|code| ["title", "detail"].map(|part| format!("problems.{}.{part}", code.as_str())))
            .chain(FIELD_CODES.iter().map(|code| format!("fields.{code}")))
            .collect();
        expected.sort();
        let mut found: Vec<String> = MESSAGES
            .keys()
            .filter(|key| key.starts_with("problems.") || key.starts_with("fields."))
            .map(Into::into)
            .collect();
        found.sort();
        assert_eq!(found, expected);
    }
}
