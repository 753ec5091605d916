//! Addresses of rows.

use eaf_core::contract::Subject;
use std::fmt::Write;

/// Keys may contain `/`, which stays as it is: the route takes all that follows.
pub fn of_row(plugin: &str, subject: &Subject) -> String {
    format!("/api/{plugin}/views/{}/{}", subject.view, encoded(&subject.key))
}

fn encoded(key: &str) -> String {
    let mut out = String::with_capacity(key.len());
    for byte in key.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => out.push(byte as char),
            _ => write!(out, "%{byte:02X}").expect("a String takes everything"),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_cannot_break_out_of_the_address() {
        let subject = |key: &str| Subject { view: "vms".into(), key: key.into() };
        assert_eq!(of_row("dcm", &subject("a/b")), "/api/dcm/views/vms/a/b");
        assert_eq!(of_row("dcm", &subject("ü?#\r\n")), "/api/dcm/views/vms/%C3%BC%3F%23%0D%0A");
    }
}
