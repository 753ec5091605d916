//! Cursor of the audit trail as text: for each source `<microseconds>.<key>` of the next row, or
//! `-` if the source has no further row.

use super::{SOURCES, Source};
use std::fmt;
use std::str::FromStr;
use time::OffsetDateTime;

/// Position of the next page's first row in each source. Rows that are written later are newer than
/// these positions, so no later page has them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor([Option<SourcePosition>; 3]);

/// Position of one row in one source: its time and its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SourcePosition {
    pub at: OffsetDateTime,
    pub key: String,
}

#[derive(Debug, thiserror::Error)]
#[error("the cursor is not of the audit trail")]
pub struct ParseError;

impl Cursor {
    /// Creates a cursor from the position in each source. `None`: no source has a further row.
    pub(super) fn new(positions: [Option<SourcePosition>; 3]) -> Option<Cursor> {
        positions.iter().any(Option::is_some).then_some(Cursor(positions))
    }

    /// Position of the next row in one source. `None`: the source has no further row.
    pub(super) fn of(&self, source: Source) -> Option<&SourcePosition> {
        SOURCES.iter().zip(&self.0).find(|(known, _)| **known == source).and_then(|(_, position)| position.as_ref())
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, position) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("~")?;
            }
            match position {
                Some(SourcePosition { at, key }) => write!(f, "{}.{key}", at.unix_timestamp_nanos() / 1_000)?,
                None => f.write_str("-")?,
            }
        }
        Ok(())
    }
}

impl FromStr for Cursor {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let mut positions = text.split('~').map(parse_position);
        let mut next = || positions.next().ok_or(ParseError)?;
        let cursor = Cursor([next()?, next()?, next()?]);
        if positions.next().is_some() { Err(ParseError) } else { Ok(cursor) }
    }
}

fn parse_position(text: &str) -> Result<Option<SourcePosition>, ParseError> {
    if text == "-" {
        return Ok(None);
    }
    let (micros, key) = text.split_once('.').ok_or(ParseError)?;
    let micros: i64 = micros.parse().map_err(|_| ParseError)?;
    let at = OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros) * 1_000).map_err(|_| ParseError)?;
    // Other years are in no log, and PostgreSQL's calendar is limited.
    if !(1970..10_000).contains(&at.year()) || key.contains('\0') {
        return Err(ParseError);
    }
    Ok(Some(SourcePosition { at, key: key.to_owned() }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_parses_to_the_cursor_that_it_was_printed_from() {
        let text = "1764028800123456.42~-~1764028800000000.0198f0a0-0000-7000-8000-000000000000/7";
        let cursor: Cursor = text.parse().expect("a cursor");
        assert_eq!(cursor.to_string(), text);
        assert_eq!(cursor.of(Source::Log).map(|position| position.key.as_str()), Some("42"));
        assert!(cursor.of(Source::Host).is_none());
    }

    #[test]
    fn an_invalid_cursor_is_rejected() {
        for text in
            ["", "-", "-~-", "-~-~-~-", "x.1~-~-", "1~-~-", "99999999999999999999.1~-~-", "9223372036854775807.1~-~-"]
        {
            assert!(text.parse::<Cursor>().is_err(), "{text}");
        }
    }
}
