//! Protection against cross-site request forgery, for requests that are authenticated by a cookie.
//!
//! Another site can make a browser send the cookie, but neither the header `EAF-Csrf`, for which
//! CORS grants no permission, nor this host's `Origin`.

use crate::Config;
use crate::code::Code;
use crate::problem::Problem;
use axum::http::{HeaderMap, Method, header};

pub const HEADER: &str = "eaf-csrf";

pub fn check(config: &Config, method: &Method, headers: &HeaderMap) -> Result<(), Problem> {
    if !is_cross_site(headers) && (method.is_safe() || has_proof(config, headers)) {
        return Ok(());
    }
    tracing::info!(code = Code::Csrf.as_str(), "a cross-site request was refused");
    Err(Problem::new(Code::Csrf))
}

/// True if the browser reports another site. Reads are refused as well, because they are audited
/// and start exports in the person's name.
fn is_cross_site(headers: &HeaderMap) -> bool {
    headers.get_all("sec-fetch-site").iter().any(|site| site != "same-origin" && site != "none")
}

fn has_proof(config: &Config, headers: &HeaderMap) -> bool {
    single(headers, HEADER).is_some_and(|value| value == "1")
        && single(headers, header::ORIGIN.as_str()).is_some_and(|origin| origin == config.origin)
}

/// Value of a header that occurs once; `None` otherwise, because a repeated header is ambiguous.
pub fn single<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?.to_str().ok()?;
    values.next().is_none().then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::{HeaderName, HeaderValue};

    const OURS: &[(&str, &str)] = &[("eaf-csrf", "1"), ("origin", "https://eaf.example")];

    fn refused(method: Method, given: &[(&str, &str)]) -> bool {
        let config = Config { origin: "https://eaf.example".into(), ..Config::for_tests() };
        let mut headers = HeaderMap::new();
        for (name, value) in given {
            headers.append(HeaderName::from_bytes(name.as_bytes()).unwrap(), HeaderValue::from_str(value).unwrap());
        }
        check(&config, &method, &headers).is_err()
    }

    #[test]
    fn own_pages_may_change_and_typed_addresses_may_read() {
        assert!(!refused(Method::POST, OURS));
        assert!(!refused(Method::PUT, &[OURS, &[("sec-fetch-site", "same-origin")]].concat()));
        assert!(!refused(Method::GET, &[]));
        assert!(!refused(Method::GET, &[("sec-fetch-site", "none")]), "an address that was typed");
        for site in ["cross-site", "same-site"] {
            assert!(refused(Method::GET, &[("sec-fetch-site", site)]), "{site}");
        }
    }

    #[test]
    fn a_change_without_proof_of_origin_is_refused() {
        for given in [
            &[][..],
            &[("eaf-csrf", "1")],
            &[("origin", "https://eaf.example")],
            &[("eaf-csrf", "0"), ("origin", "https://eaf.example")],
            &[("eaf-csrf", "1"), ("origin", "null")],
            &[("eaf-csrf", "1"), ("origin", "http://eaf.example")],
            &[("eaf-csrf", "1"), ("origin", "https://eaf.example:8443")],
            &[("eaf-csrf", "1"), ("origin", "https://eaf.example.evil.example")],
            &[("eaf-csrf", "1"), ("referer", "https://eaf.example/")],
            &[OURS, &[("sec-fetch-site", "cross-site")]].concat(),
            &[OURS, &[("sec-fetch-site", "same-site")]].concat(),
            &[OURS, &[("origin", "https://evil.example")]].concat(),
        ] {
            for method in [Method::POST, Method::PUT, Method::DELETE, Method::PATCH] {
                assert!(refused(method.clone(), given), "{method} {given:?}");
            }
        }
    }
}
