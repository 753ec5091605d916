//! Kinds of mails: `mails/kinds.toml` of a package declares for a template what people may choose.
//!
//! ```toml
//! [approval-requested]
//! collect = true          # may wait for a digest …
//! deadline = "due_at"     # … that is sent before this fact, in milliseconds since 1970
//!
//! [request-settled]
//! collect = true
//! optional = true         # a person may turn it off
//! ```
//!
//! A mail that the file does not name is sent at once to everyone. The locales have the name of
//! each kind for people, in the table `mails`.

use super::{Error, LANGUAGES};
use crate::text::Locales;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use time::OffsetDateTime;

/// Path of the file below `mails/`.
pub const PATH: &str = "kinds.toml";

/// Choices that people have about the mails of one template.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kind {
    /// Whether the mail may wait for the digest of a person who wants one.
    #[serde(default)]
    pub collect: bool,
    /// Name of the fact with the time, in milliseconds since 1970, before which the mail must
    /// arrive. `None`, and a mail without the fact: there is no such time.
    pub deadline: Option<String>,
    /// Whether a person may turn the mail off.
    #[serde(default)]
    pub optional: bool,
}

impl Kind {
    /// Whether a mail with these facts may wait until `at`. A deadline that is no time forbids it.
    pub fn may_wait_until(&self, at: OffsetDateTime, facts: &Map<String, Value>) -> bool {
        let deadline = self.deadline.as_ref().and_then(|name| facts.get(name)).filter(|fact| !fact.is_null());
        let is_before = |deadline: &Value| {
            let millis = deadline.as_i64().map(|millis| i128::from(millis) * 1_000_000);
            millis.is_some_and(|nanos| nanos > at.unix_timestamp_nanos())
        };
        self.collect && deadline.is_none_or(is_before)
    }
}

/// Key of a kind's name in the locales.
pub fn key(name: &str) -> String {
    format!("mails.{name}")
}

pub fn read(
    files: &BTreeMap<String, String>,
    names: &BTreeSet<String>,
    locales: &Locales,
) -> Result<BTreeMap<String, Kind>, Error> {
    let Some(text) = files.get(PATH) else { return Ok(BTreeMap::new()) };
    let kinds: BTreeMap<String, Kind> =
        toml::from_str(text).map_err(|cause| Error::Kinds { path: PATH, cause: Box::new(cause) })?;
    for name in kinds.keys() {
        if !names.contains(name) {
            return Err(Error::KindWithoutMail { path: PATH, name: name.clone() });
        }
        if LANGUAGES.iter().any(|locale| locales.plain(&key(name), *locale).is_none()) {
            return Err(Error::KindWithoutName { path: PATH, name: name.clone() });
        }
    }
    Ok(kinds)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read_text(text: &str, names: &str) -> Result<BTreeMap<String, Kind>, Error> {
        let files = BTreeMap::from([(PATH.to_owned(), text.to_owned())]);
        let locales = Locales::load(names, names).unwrap();
        read(&files, &BTreeSet::from(["settled".to_owned(), "asked".to_owned()]), &locales)
    }

    #[test]
    fn a_kind_names_a_mail_of_the_package_and_has_a_name_for_people() {
        let names = "[mails]\nsettled = 'Settled'\nasked = 'Asked'";
        let kinds = read_text("[settled]\ncollect = true\noptional = true\n[asked]\ndeadline = 'due'", names).unwrap();
        assert_eq!(kinds["settled"], Kind { collect: true, deadline: None, optional: true });
        assert_eq!(kinds["asked"].deadline.as_deref(), Some("due"));
        for (text, names, expected) in [
            ("[settled]\nsometimes = true", names, "mails/kinds.toml cannot be read"),
            ("[lent]\ncollect = true", names, "mails/kinds.toml names `lent`, which is no mail of the package"),
            (
                "[settled]\ncollect = true",
                "[mails]\nasked = 'Asked'",
                "mails/kinds.toml names `settled`: the locales need its name for people, `mails.settled`",
            ),
        ] {
            assert_eq!(read_text(text, names).unwrap_err().to_string(), expected);
        }
    }

    #[test]
    fn a_mail_waits_only_until_before_its_deadline() {
        let at = OffsetDateTime::from_unix_timestamp(1_000).unwrap();
        let due = Kind { collect: true, deadline: Some("due".into()), optional: false };
        let plain = Kind { collect: true, ..Kind::default() };
        for (kind, facts, waits) in [
            (&plain, json!({}), true),
            (&Kind::default(), json!({}), false),
            (&due, json!({ "due": 1_000_001 }), true),
            (&due, json!({ "due": 1_000_000 }), false),
            (&due, json!({ "due": null }), true),
            (&due, json!({}), true),
            (&due, json!({ "due": "tomorrow" }), false),
        ] {
            assert_eq!(kind.may_wait_until(at, facts.as_object().unwrap()), waits, "{kind:?} {facts}");
        }
    }
}
