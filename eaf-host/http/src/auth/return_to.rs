//! Where a person wanted to go when they were sent to sign in: a path of this host, and nothing that a browser could
//! take for another one.

use openidconnect::url::Url;

/// A deep link with filters is shorter; a cookie has to hold it, and proxies limit the headers of an answer.
const LONGEST: usize = 1200;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReturnTo(String);

impl ReturnTo {
    pub fn home() -> Self {
        ReturnTo("/".into())
    }

    /// None: not a path of this host. Nothing given means home.
    pub fn parse(text: Option<&str>) -> Option<Self> {
        let text = text.filter(|text| !text.is_empty()).unwrap_or("/");
        // Browsers drop tabs and line ends and read a backslash as a slash. Nobody needs either in a path.
        let plain = text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
        let local = text.starts_with('/') && !text.starts_with("//");
        (plain && local && text.len() <= LONGEST && !leads_back_to_sign_in(text)?).then(|| ReturnTo(text.into()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// As a browser understands the path, dots and all. None: as it does not.
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
    fn a_path_of_ours_is_kept_as_it_is() {
        for good in
            ["/", "/requests/4711", "/vms?status=running&q=a%2Fb#top", "/author", "/a//b", "/@evil.example", "/..//x"]
        {
            assert_eq!(ReturnTo::parse(Some(good)).as_ref().map(ReturnTo::as_str), Some(good));
        }
        assert_eq!(ReturnTo::parse(None), Some(ReturnTo::home()));
        assert_eq!(ReturnTo::parse(Some("")), Some(ReturnTo::home()));
    }

    #[test]
    fn what_could_lead_elsewhere_or_round_in_circles_is_refused() {
        let long = format!("/{}", "a".repeat(LONGEST));
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
