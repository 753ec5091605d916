//! `If-Match` and `If-None-Match: *`: what a change was made on. Other people change things too; who sends neither header
//! means it whatever they did.

use super::code::Code;
use super::operation::Entry;
use super::problem::Problem;
use axum::http::{HeaderMap, HeaderName, header};
use serde_json::json;

/// What the sender had read of a thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Read<Tag> {
    As(Tag),
    /// It was not there.
    Nothing,
}

/// None: neither header is there. One strong tag at most, and nothing else that the headers could say.
pub fn of<Tag>(headers: &HeaderMap, parse: impl Fn(&str) -> Option<Tag>) -> Result<Option<Read<Tag>>, Problem> {
    let invalid = || Problem::new(Code::BasisInvalid);
    match (only(headers, header::IF_MATCH)?, only(headers, header::IF_NONE_MATCH)?) {
        (None, None) => Ok(None),
        (None, Some("*")) => Ok(Some(Read::Nothing)),
        (Some(tag), None) => {
            let tag = tag.strip_prefix('"').and_then(|tag| tag.strip_suffix('"')).and_then(parse);
            tag.map(|tag| Some(Read::As(tag))).ok_or_else(invalid)
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

/// For the OpenAPI document; the operation refuses with [`Code::BasisInvalid`] and [`Code::ChangedMeanwhile`].
pub fn described(entry: Entry, pattern: &str, tag: &str) -> Entry {
    entry
        .header(
            "If-Match",
            json!({ "type": "string", "pattern": format!("^\"{pattern}\"$") }),
            &format!("{tag} Refused with 412 `changed-meanwhile` where somebody was faster."),
        )
        .header("If-None-Match", json!({ "const": "*" }), "Only where it is not there yet; the same 412 otherwise.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn read(given: &[(HeaderName, &str)]) -> Result<Option<Read<u64>>, ()> {
        let mut headers = HeaderMap::new();
        for (name, value) in given {
            headers.append(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        of(&headers, |tag| tag.parse().ok()).map_err(|problem| assert!(problem.is(Code::BasisInvalid)))
    }

    #[test]
    fn a_change_says_what_it_was_made_on_in_one_way() {
        use header::{IF_MATCH, IF_NONE_MATCH};
        assert_eq!(read(&[]), Ok(None));
        assert_eq!(read(&[(IF_MATCH, "\"7\"")]), Ok(Some(Read::As(7))));
        assert_eq!(read(&[(IF_NONE_MATCH, "*")]), Ok(Some(Read::Nothing)));
        for garbage in ["", "7", "*", "\"\"", "\"x\"", "W/\"7\"", "\"7\", \"8\"", "\"7", "null", "\"ä\""] {
            assert_eq!(read(&[(IF_MATCH, garbage)]), Err(()), "{garbage}");
        }
        assert_eq!(read(&[(IF_MATCH, "\"7\""), (IF_MATCH, "\"7\"")]), Err(()));
        assert_eq!(read(&[(IF_MATCH, "\"7\""), (IF_NONE_MATCH, "*")]), Err(()));
        assert_eq!(read(&[(IF_NONE_MATCH, "\"7\"")]), Err(()));
    }
}
