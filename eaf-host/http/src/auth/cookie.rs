//! The host's cookies: read by name, set and cleared with the same attributes.
//!
//! Where the public address is https, `__Host-` in the name makes browsers refuse a cookie that another host of the same
//! domain planted.

use axum::http::{HeaderMap, HeaderValue, header};
use std::time::Duration;

/// Holds a session's id.
const SESSION: &str = "eaf-session";

pub fn session(https: bool) -> String {
    named(https, SESSION)
}

pub fn named(https: bool, name: &str) -> String {
    if https { format!("__Host-{name}") } else { name.to_owned() }
}

/// The first of this name. Of all that a browser sends only the host's own cookies are read: other applications of the same
/// domain write theirs in any bytes, and in as many lines as they like.
pub fn read<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    all(headers).find(|(known, _)| *known == name).map(|(_, value)| value)
}

/// Those whose name and value are ASCII, as the host's own are.
pub fn all(headers: &HeaderMap) -> impl Iterator<Item = (&str, &str)> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .flat_map(|line| line.as_bytes().split(|byte| *byte == b';'))
        .filter_map(|pair| std::str::from_utf8(pair).ok().filter(|pair| pair.is_ascii()))
        .filter_map(|pair| pair.trim().split_once('='))
}

/// `lives` None: until the browser closes. Lax, because the way back from the provider begins at another site.
pub fn set(https: bool, name: &str, value: &str, lives: Option<Duration>) -> HeaderValue {
    let mut cookie = format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax");
    if let Some(lives) = lives {
        cookie += &format!("; Max-Age={}", lives.as_secs());
    }
    if https {
        cookie += "; Secure";
    }
    HeaderValue::from_str(&cookie).expect("names and values are letters, digits, dashes and underscores")
}

pub fn clear(https: bool, name: &str) -> HeaderValue {
    set(https, name, "", Some(Duration::ZERO))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_found_among_others_and_by_its_whole_name() {
        let mut headers = HeaderMap::new();
        headers
            .append(header::COOKIE, HeaderValue::from_static("a=1; xeaf-session=no;eaf-session=yes ; eaf-session=2"));
        headers.append(header::COOKIE, HeaderValue::from_static("b==3=; rubbish; =4"));
        assert_eq!(read(&headers, "eaf-session"), Some("yes"));
        assert_eq!(read(&headers, "b"), Some("=3="));
        assert_eq!(read(&headers, "rubbish"), None);
    }

    #[test]
    fn a_cookie_of_somebody_else_hides_none_of_ours() {
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
    fn a_cookie_is_for_this_host_alone_where_https_allows_it() {
        let cookie = set(true, &session(true), "x", None);
        assert_eq!(cookie, "__Host-eaf-session=x; Path=/; HttpOnly; SameSite=Lax; Secure");
        assert_eq!(clear(false, &session(false)), "eaf-session=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0");
    }
}
