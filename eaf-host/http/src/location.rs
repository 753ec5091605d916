//! Paths of views' rows in the API.

use eaf_core::contract::Subject;
use std::fmt::Write;

/// Path of a row of a view. A `/` in the key stays as it is, because the route takes the rest of
/// the path.
pub fn of_row(plugin: &str, subject: &Subject) -> String {
    format!("/api/{plugin}/views/{}/{}", subject.view, encoded(&subject.key))
}

fn encoded(key: &str) -> String {
    let mut out = String::with_capacity(key.len());
    for byte in key.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => out.push(byte as char),
            _ => write!(out, "%{byte:02X}").expect("writing to a String cannot fail"),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_percent_encoded_except_slashes() {
        let subject = |key: &str| Subject { view: "vms".into(), key: key.into() };
        assert_eq!(of_row("dcm", &subject("a/b")), "/api/dcm/views/vms/a/b");
        assert_eq!(of_row("dcm", &subject("ü?#\r\n")), "/api/dcm/views/vms/%C3%BC%3F%23%0D%0A");
    }
}
