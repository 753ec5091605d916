//! Machine names. A name is a NetBIOS name and unique in the tenant, regardless of case, because
//! each name has a stream that the claiming request guards.

use eaf_sdk::{Event, FieldError, Fields, Recorded, State};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub const MAX: usize = 15;
/// Pattern of the machine names that [`check`] accepts, for forms and clients.
pub const PATTERN: &str = "^(?=.*[A-Za-z-])[A-Za-z0-9]([A-Za-z0-9-]{0,13}[A-Za-z0-9])?$";

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct NameClaimed {
    pub name: String,
    pub request_id: String,
}

impl Event for NameClaimed {
    const TYPE: &'static str = "name-claimed";
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct NameReleased {
    pub name: String,
    pub request_id: String,
}

impl Event for NameReleased {
    const TYPE: &'static str = "name-released";
}

/// State of a machine name: the request that has claimed the name; `None` while the name is free.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Holder {
    pub request_id: Option<String>,
}

impl State for Holder {
    type Event = crate::Event;
    const CATEGORY: &'static str = "vm-name";

    fn apply(&mut self, event: Self::Event, _: &Recorded) {
        match event {
            crate::Event::NameClaimed(claimed) => self.request_id = Some(claimed.request_id),
            crate::Event::NameReleased(_) => self.request_id = None,
            _ => {}
        }
    }
}

/// Name of the stream for a machine name, the same in upper and lower case. The machine name must
/// be one that [`check`] accepts.
pub fn stream(name: &str) -> String {
    format!("vm-name/{}", name.to_ascii_lowercase())
}

pub fn is_valid(name: &str) -> bool {
    let mut fields = Fields::default();
    check(&mut fields, "", name);
    fields.into_result("").is_ok()
}

pub fn check(fields: &mut Fields, pointer: &str, name: &str) {
    let length = name.chars().count();
    if length == 0 {
        return fields.push(FieldError::new(pointer, "vm-name-missing"));
    }
    if length > MAX {
        return fields.push(FieldError::new(pointer, "vm-name-too-long").param("max", MAX).param("length", length));
    }
    if !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
        return fields.push(FieldError::new(pointer, "vm-name-characters"));
    }
    if name.starts_with('-') || name.ends_with('-') {
        return fields.push(FieldError::new(pointer, "vm-name-hyphen"));
    }
    if name.bytes().all(|b| b.is_ascii_digit()) {
        fields.push(FieldError::new(pointer, "vm-name-digits"));
    }
}

/// Removes surrounding white space and invisible characters from a typed text, because text that is
/// copied from chats, tables and documents may contain them.
pub fn without_invisible(typed: &str) -> String {
    let invisible = |c: &char| matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
    typed.chars().filter(|c| !invisible(c)).collect::<String>().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(name: &str) -> Option<String> {
        let mut fields = Fields::default();
        check(&mut fields, "/name", name);
        fields.into_result("invalid").err().map(|r| r.fields[0].code.clone())
    }

    #[test]
    fn machine_names_are_netbios_names() {
        for good in ["a", "web-01", "WEB01", "1a", "abcdefghijklmno"] {
            assert_eq!(code(good), None, "{good}");
        }
        for (bad, why) in [
            ("", "vm-name-missing"),
            ("abcdefghijklmnop", "vm-name-too-long"),
            ("web_01", "vm-name-characters"),
            ("wéb", "vm-name-characters"),
            ("web 01", "vm-name-characters"),
            ("-web", "vm-name-hyphen"),
            ("web-", "vm-name-hyphen"),
            ("12345", "vm-name-digits"),
        ] {
            assert_eq!(code(bad).as_deref(), Some(why), "{bad}");
        }
    }

    #[test]
    fn invisible_characters_of_a_typed_name_are_ignored() {
        for typed in ["web-01", " web-01\n", "web\u{200b}-01", "\u{feff}web-01\u{a0}", "we\u{ad}b-01"] {
            assert_eq!(without_invisible(typed), "web-01");
        }
        assert_eq!(without_invisible("web 01"), "web 01");
    }

    #[test]
    fn all_spellings_of_a_name_share_one_stream() {
        assert_eq!(stream("WEB-01"), stream("web-01"));
    }
}
