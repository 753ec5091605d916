//! Check that a page acts for the person whom it shows. All tabs of a browser share one session,
//! which may belong to another person by now.
//!
//! A page sends with each request the actor that `/api/session` named when the page was loaded, so
//! that no tab acts for, or shows data of, another person. A bearer token is bound to one person
//! and needs no check.

use super::csrf::single;
use crate::code::Code;
use crate::problem::Problem;
use axum::http::{HeaderMap, Method};
use eaf_core::id::ActorId;

pub const HEADER: &str = "eaf-person";

/// Refuses a change without the header [`HEADER`], and any request whose header names another
/// person.
pub fn check(method: &Method, headers: &HeaderMap, signed_in: ActorId) -> Result<(), Problem> {
    if !method.is_safe() && !headers.contains_key(HEADER) {
        return Err(Problem::new(Code::PersonMissing));
    }
    check_if_present(headers, signed_in)
}

pub fn check_if_present(headers: &HeaderMap, signed_in: ActorId) -> Result<(), Problem> {
    if !headers.contains_key(HEADER) || single(headers, HEADER) == Some(signed_in.to_string().as_str()) {
        return Ok(());
    }
    tracing::info!(code = Code::PersonChanged.as_str(), "a request of a page of another person was refused");
    Err(Problem::new(Code::PersonChanged))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;
    use uuid::Uuid;

    const ME: ActorId = ActorId(Uuid::from_u128(7));

    fn answer(method: Method, values: &[&str]) -> Result<(), String> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(HEADER, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        check(&method, &headers, ME).map_err(|problem| {
            for code in [Code::PersonMissing, Code::PersonChanged] {
                if problem.is(code) {
                    return code.as_str().to_owned();
                }
            }
            "another".to_owned()
        })
    }

    #[test]
    fn a_page_acts_only_for_the_person_whom_it_shows() {
        let me = ME.to_string();
        for method in [Method::GET, Method::POST, Method::PUT, Method::DELETE] {
            assert_eq!(answer(method.clone(), &[&me]), Ok(()), "{method}");
            let other = Uuid::from_u128(8).to_string();
            for values in [
                &[other.as_str()][..],
                &[""],
                &["null"],
                &["ä"],
                &[&me.replace('-', "")],
                &[&format!("{me} ")],
                &[&format!("{me},{me}")],
                &[&me, &me],
                &[&me, &other],
            ] {
                assert_eq!(answer(method.clone(), values), Err("person-changed".into()), "{method} {values:?}");
            }
        }
    }

    #[test]
    fn a_change_names_the_person_of_its_page() {
        assert_eq!(answer(Method::GET, &[]), Ok(()), "an address that was typed");
        for method in [Method::POST, Method::PUT, Method::DELETE, Method::PATCH] {
            assert_eq!(answer(method, &[]), Err("person-missing".into()));
        }
    }
}
