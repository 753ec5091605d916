//! Return path of a sign-in: a path of this host that no browser resolves to another host.

use openidconnect::url::Url;

/// Maximum length of a return path, in bytes. The path is stored in a cookie, and proxies limit the
/// headers of a response.
const MAX_BYTES: usize = 1200;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReturnTo(String);

impl ReturnTo {
    pub fn home() -> Self {
        ReturnTo("/".into())
    }

    /// Parses a return path; an absent or empty text is `/`. `None`: the text is not a path of this
    /// host.
    pub fn parse(text: Option<&str>) -> Option<Self> {
        let text = text.filter(|text| !text.is_empty()).unwrap_or("/");
        // Browsers drop tabs and line ends and read a backslash as a slash: refuse all three.
        let plain = text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
        let local = text.starts_with('/') && !text.starts_with("//");
        (plain && local && text.len() <= MAX_BYTES && !leads_back_to_sign_in(text)?).then(|| ReturnTo(text.into()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// True if the path leads to `/auth` after a browser has resolved it. `None`: no browser can
/// resolve the path.
fn leads_back_to_sign_in(text: &str) -> Option<bool> {
    let here = Url::parse("https://here.invalid/").ok()?;
    let there = here.join(text).ok().filter(|there| there.origin() == here.origin())?;
    let mut segments = there.path_segments()?;
    Some(segments.next() == Some("auth"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_of_this_host_is_kept_unchanged() {
        for good in
            ["/", "/requests/4711", "/vms?status=running&q=a%2Fb#top", "/author", "/a//b", "/@evil.example", "/..//x"]
        {
            assert_eq!(ReturnTo::parse(Some(good)).as_ref().map(ReturnTo::as_str), Some(good));
        }
        assert_eq!(ReturnTo::parse(None), Some(ReturnTo::home()));
        assert_eq!(ReturnTo::parse(Some("")), Some(ReturnTo::home()));
    }

    #[test]
    fn paths_to_other_hosts_and_to_sign_in_are_refused() {
        let long = format!("/{}", "a".repeat(MAX_BYTES));
        for bad in [
            "https://evil.example/",
            "https:evil.example",
            "//evil.example",
            "///evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "/\t/evil.example",
            "/\n/evil.example",
            "\t//evil.example",
            " //evil.example",
            "/a\r\nset-cookie: x=y",
            "/\u{0}",
            "/\u{7f}",
            "/grüße",
            "evil.example",
            "javascript:alert(1)",
            "data:text/html,x",
            "?x",
            "#x",
            "/auth",
            "/auth/sign-in",
            "/auth/callback?code=x",
            "/a/../auth/sign-in",
            "/./auth/sign-out",
            "/%2e%2e/auth/sign-in",
            &long,
        ] {
            assert_eq!(ReturnTo::parse(Some(bad)), None, "{bad:?}");
        }
    }
}
