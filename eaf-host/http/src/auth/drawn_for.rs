//! For whom a page was drawn: a browser has one session for all its tabs, and it may have become somebody else's.
//!
//! A page sends with each request the actor that `/api/session` named when it was loaded. So no tab acts as, or shows the
//! data of, somebody whom it does not show. A program's token is its own and needs none of this.

use super::csrf::only;
use crate::code::Code;
use crate::problem::Problem;
use axum::http::{HeaderMap, Method};
use eaf_core::id::ActorId;

pub const HEADER: &str = "eaf-person";

/// What changes something must say it; what reads may, and then it counts too.
pub fn check(method: &Method, headers: &HeaderMap, signed_in: ActorId) -> Result<(), Problem> {
    if !method.is_safe() && !headers.contains_key(HEADER) {
        return Err(Problem::new(Code::PersonMissing));
    }
    check_if_said(headers, signed_in)
}

pub fn check_if_said(headers: &HeaderMap, signed_in: ActorId) -> Result<(), Problem> {
    if !headers.contains_key(HEADER) || only(headers, HEADER) == Some(signed_in.to_string().as_str()) {
        return Ok(());
    }
    tracing::info!(code = Code::PersonChanged.as_str(), "a page that was drawn for somebody else was refused");
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
    fn a_page_acts_for_the_person_that_it_was_drawn_for_and_for_nobody_else() {
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
    fn what_changes_something_says_for_whom_its_page_was_drawn() {
        assert_eq!(answer(Method::GET, &[]), Ok(()), "an address that was typed");
        for method in [Method::POST, Method::PUT, Method::DELETE, Method::PATCH] {
            assert_eq!(answer(method, &[]), Err("person-missing".into()));
        }
    }
}
