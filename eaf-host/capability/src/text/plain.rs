//! Escapes texts of packages, people and other systems for the log and for the output of commands,
//! where they must stay on one line.
//!
//! Characters that end the line, move the cursor or change the reading direction become JSON
//! escapes. Otherwise such a text could forge lines of the log.

use std::borrow::Cow;
use std::fmt::Write;

/// Escapes a text so that it stays on one line.
pub fn line(text: &str) -> Cow<'_, str> {
    escape(text, |_| false)
}

/// Escapes a text except for line breaks and tabs, for output of several lines.
pub fn lines(text: &str) -> Cow<'_, str> {
    escape(text, |c| matches!(c, '\n' | '\t'))
}

/// Escapes a text of several lines and indents each line after the first, so that its lines are not
/// taken for lines of the output itself.
pub fn indented(text: &str, by: &str) -> String {
    lines(text).replace('\n', &format!("\n{by}"))
}

/// Escapes a text as the value in `name=value`. The value is put in quotes if its end would be
/// ambiguous, or if it could be read as a further `name=`.
pub fn value(text: &str) -> Cow<'_, str> {
    let is_word = !text.is_empty() && !text.contains([' ', '=', '"']);
    if is_word {
        return line(text);
    }
    Cow::Owned(format!("\"{}\"", line(&text.replace('"', "\\\""))))
}

fn escape(text: &str, kept: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.chars().any(|c| is_dangerous(c) && !kept(c)) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            c if kept(c) || !is_dangerous(c) => escaped.push(c),
            '\n' => escaped.push_str("\\n"),
            '\r' => escaped.push_str("\\r"),
            '\t' => escaped.push_str("\\t"),
            // All these characters are in the Basic Multilingual Plane, so one JSON escape is
            // enough for each.
            c => write!(escaped, "\\u{:04x}", u32::from(c)).expect("a String takes all text"),
        }
    }
    Cow::Owned(escaped)
}

/// Whether a character is dangerous in a line of text: a control character, a line or paragraph
/// separator, or a mark that changes the reading direction.
fn is_dangerous(c: char) -> bool {
    let turns = matches!(
        c,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
    );
    turns || c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORGED: &str = "no\n12:00:00.000 ERROR all is lost\r\x1b[2J\u{85}\u{2028}\u{202e}x";

    #[test]
    fn a_line_stays_one_line_whatever_is_written_on_it() {
        assert_eq!(line(FORGED), "no\\n12:00:00.000 ERROR all is lost\\r\\u001b[2J\\u0085\\u2028\\u202ex");
        assert!(matches!(line("Grün, 数"), Cow::Borrowed("Grün, 数")));
    }

    #[test]
    fn only_our_own_lines_begin_at_the_margin() {
        assert_eq!(indented("a\nerror: b\rc", "    "), "a\n    error: b\\rc");
    }

    #[test]
    fn a_value_holds_no_other_field() {
        assert_eq!(value("4bf9"), "4bf9");
        assert_eq!(value("x trace_id=1"), "\"x trace_id=1\"");
        assert_eq!(value("a\" trace_id=\"1"), "\"a\\\" trace_id=\\\"1\"");
        assert_eq!(value(""), "\"\"");
    }

    #[test]
    fn a_json_document_stays_the_same_document() {
        let document = serde_json::json!({ "a": "\u{7f}\u{202e}\n" });
        let shown = lines(&document.to_string()).into_owned();
        assert_eq!(serde_json::from_str::<serde_json::Value>(&shown).unwrap(), document);
        assert!(!shown.chars().any(is_dangerous));
    }
}
