//! `If-Match` and `If-None-Match: *`: the precondition of a change. A request with neither header
//! applies to any version.

use super::code::Code;
use super::operation::Entry;
use super::problem::Problem;
use axum::http::{HeaderMap, HeaderName, header};
use eaf_core::directory::{Basis, TAG_DIGITS};
use serde_json::{Value, json};

/// Condition of a change: the thing to change still has the tag that the caller read, or does not
/// exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Precondition<Tag> {
    Matches(Tag),
    Absent,
}

/// Reads the precondition of a request. `None`: the request has neither header. `If-Match` must
/// have exactly one strong tag, and `If-None-Match` must be `*`.
pub fn of<Tag>(headers: &HeaderMap, parse: impl Fn(&str) -> Option<Tag>) -> Result<Option<Precondition<Tag>>, Problem> {
    let invalid = || Problem::new(Code::BasisInvalid);
    match (only(headers, header::IF_MATCH)?, only(headers, header::IF_NONE_MATCH)?) {
        (None, None) => Ok(None),
        (None, Some("*")) => Ok(Some(Precondition::Absent)),
        (Some(tag), None) => {
            let tag = tag.strip_prefix('"').and_then(|tag| tag.strip_suffix('"')).and_then(parse);
            tag.map(|tag| Some(Precondition::Matches(tag))).ok_or_else(invalid)
        }
        _ => Err(invalid()),
    }
}

fn only(headers: &HeaderMap, name: HeaderName) -> Result<Option<&str>, Problem> {
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let value = value.to_str().ok().filter(|_| values.next().is_none());
    value.map(Some).ok_or_else(|| Problem::new(Code::BasisInvalid))
}

/// Reads the precondition of a change of the directory, whose tags are digests of the values.
pub fn basis(headers: &HeaderMap) -> Result<Basis, Problem> {
    let is_tag =
        |tag: &str| tag.len() == TAG_DIGITS && tag.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    Ok(match of(headers, |tag| is_tag(tag).then(|| tag.to_owned()))? {
        None => Basis::Any,
        Some(Precondition::Absent) => Basis::Absent,
        Some(Precondition::Matches(tag)) => Basis::Tag(tag),
    })
}

/// Adds the headers of [`basis`] to an operation's OpenAPI entry.
pub fn described_basis(entry: Entry, tag: &str) -> Entry {
    described(entry, &format!("[0-9a-f]{{{TAG_DIGITS}}}"), tag)
}

/// Schema of a tag that a document has for `If-Match`.
pub fn tag_schema() -> Value {
    json!({ "type": "string", "description": "For `If-Match` of a change." })
}

/// Adds the precondition's headers to an operation's OpenAPI entry; the operation refuses with
/// [`Code::BasisInvalid`] and [`Code::ChangedMeanwhile`].
pub fn described(entry: Entry, pattern: &str, tag: &str) -> Entry {
    entry
        .header(
            "If-Match",
            json!({ "type": "string", "pattern": format!("^\"{pattern}\"$") }),
            &format!("{tag} Refused with 412 `changed-meanwhile` after another change."),
        )
        .header("If-None-Match", json!({ "const": "*" }), "Only where it is not there yet; the same 412 otherwise.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn read(given: &[(HeaderName, &str)]) -> Result<Option<Precondition<u64>>, ()> {
        let mut headers = HeaderMap::new();
        for (name, value) in given {
            headers.append(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        of(&headers, |tag| tag.parse().ok()).map_err(|problem| assert!(problem.is(Code::BasisInvalid)))
    }

    #[test]
    fn a_precondition_is_one_strong_tag_or_absence() {
        use header::{IF_MATCH, IF_NONE_MATCH};
        assert_eq!(read(&[]), Ok(None));
        assert_eq!(read(&[(IF_MATCH, "\"7\"")]), Ok(Some(Precondition::Matches(7))));
        assert_eq!(read(&[(IF_NONE_MATCH, "*")]), Ok(Some(Precondition::Absent)));
        for garbage in ["", "7", "*", "\"\"", "\"x\"", "W/\"7\"", "\"7\", \"8\"", "\"7", "null", "\"ä\""] {
            assert_eq!(read(&[(IF_MATCH, garbage)]), Err(()), "{garbage}");
        }
        assert_eq!(read(&[(IF_MATCH, "\"7\""), (IF_MATCH, "\"7\"")]), Err(()));
        assert_eq!(read(&[(IF_MATCH, "\"7\""), (IF_NONE_MATCH, "*")]), Err(()));
        assert_eq!(read(&[(IF_NONE_MATCH, "\"7\"")]), Err(()));
    }
}
