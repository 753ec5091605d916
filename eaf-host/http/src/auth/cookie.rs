//! Cookies of the host: read by name, set and cleared with the same attributes.
//!
//! With https the name of a cookie begins with `__Host-`, so that browsers refuse a cookie of this
//! name if another host of the domain sets it.

use crate::Scheme;
use axum::http::{HeaderMap, HeaderValue, header};
use std::time::Duration;

/// Name of the cookie with the session's id, before a prefix is added.
const SESSION: &str = "eaf-session";

/// Name of the session cookie, with the prefix `__Host-` if the public address is https.
pub fn session(scheme: Scheme) -> String {
    named(scheme, SESSION)
}

pub fn named(scheme: Scheme, name: &str) -> String {
    if scheme == Scheme::Https { format!("__Host-{name}") } else { name.to_owned() }
}

/// Value of the first cookie of this name; `None`: the browser sends none. Other cookies are
/// skipped, because other applications of the domain may set cookies with any bytes, in any number
/// of header lines.
pub fn read<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    all(headers).find(|(known, _)| *known == name).map(|(_, value)| value)
}

/// Cookies whose name and value are ASCII, as the host's are.
pub fn all(headers: &HeaderMap) -> impl Iterator<Item = (&str, &str)> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .flat_map(|line| line.as_bytes().split(|byte| *byte == b';'))
        .filter_map(|pair| std::str::from_utf8(pair).ok().filter(|pair| pair.is_ascii()))
        .filter_map(|pair| pair.trim().split_once('='))
}

/// Header that sets a cookie for `max_age`; `None`: until the browser closes. `SameSite` is Lax,
/// because the redirect from the provider comes from another site.
pub fn set(scheme: Scheme, name: &str, value: &str, max_age: Option<Duration>) -> HeaderValue {
    let mut cookie = format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax");
    if let Some(max_age) = max_age {
        cookie += &format!("; Max-Age={}", max_age.as_secs());
    }
    if scheme == Scheme::Https {
        cookie += "; Secure";
    }
    HeaderValue::from_str(&cookie).expect("names and values are letters, digits, dashes and underscores")
}

pub fn clear(scheme: Scheme, name: &str) -> HeaderValue {
    set(scheme, name, "", Some(Duration::ZERO))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_found_among_others_by_its_whole_name() {
        let mut headers = HeaderMap::new();
        headers
            .append(header::COOKIE, HeaderValue::from_static("a=1; xeaf-session=no;eaf-session=yes ; eaf-session=2"));
        headers.append(header::COOKIE, HeaderValue::from_static("b==3=; rubbish; =4"));
        assert_eq!(read(&headers, "eaf-session"), Some("yes"));
        assert_eq!(read(&headers, "b"), Some("=3="));
        assert_eq!(read(&headers, "rubbish"), None);
    }

    #[test]
    fn cookies_of_other_applications_hide_none_of_the_host() {
        for foreign in
            ["theme=Gr\u{fc}n".as_bytes(), b"theme=Gr\xfcn", b"\xff\xfe=\x80", b"theme=\"a\xe4\"", b"\xc3\xbc"]
        {
            for line in [[b"eaf-session=yes; ", foreign].concat(), [foreign, b";eaf-session=yes"].concat()] {
                let mut headers = HeaderMap::new();
                headers.append(header::COOKIE, HeaderValue::from_bytes(foreign).unwrap());
                headers.append(header::COOKIE, HeaderValue::from_bytes(&line).unwrap());
                assert_eq!(read(&headers, "eaf-session"), Some("yes"), "{}", line.escape_ascii());
            }
        }
    }

    #[test]
    fn with_https_a_cookie_is_bound_to_this_host() {
        let cookie = set(Scheme::Https, &session(Scheme::Https), "x", None);
        assert_eq!(cookie, "__Host-eaf-session=x; Path=/; HttpOnly; SameSite=Lax; Secure");
        assert_eq!(
            clear(Scheme::Http, &session(Scheme::Http)),
            "eaf-session=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0"
        );
    }
}
