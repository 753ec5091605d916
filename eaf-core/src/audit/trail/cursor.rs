//! Where a page ended, as clients hand it back: `<microseconds>.<key>` per record, `-` for one that is over.

use super::{SOURCES, Source};
use std::fmt;
use std::str::FromStr;
use time::OffsetDateTime;

/// Where each record goes on, that row included: what is written meanwhile belongs to no later page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor([Option<Place>; 3]);

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub at: OffsetDateTime,
    /// Of the row within its record.
    pub key: String,
}

#[derive(Debug, thiserror::Error)]
#[error("this is no cursor of the audit trail")]
pub struct ParseError;

impl Cursor {
    /// None when all of them are over.
    pub(super) fn to(places: [Option<Place>; 3]) -> Option<Cursor> {
        places.iter().any(Option::is_some).then_some(Cursor(places))
    }

    /// None: this one is over.
    pub(super) fn of(&self, source: Source) -> Option<&Place> {
        SOURCES.iter().zip(&self.0).find(|(known, _)| **known == source).and_then(|(_, place)| place.as_ref())
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, place) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("~")?;
            }
            match place {
                Some(Place { at, key }) => write!(f, "{}.{key}", at.unix_timestamp_nanos() / 1_000)?,
                None => f.write_str("-")?,
            }
        }
        Ok(())
    }
}

impl FromStr for Cursor {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let mut places = text.split('~').map(place);
        let mut next = || places.next().ok_or(ParseError)?;
        let cursor = Cursor([next()?, next()?, next()?]);
        if places.next().is_some() { Err(ParseError) } else { Ok(cursor) }
    }
}

fn place(text: &str) -> Result<Option<Place>, ParseError> {
    if text == "-" {
        return Ok(None);
    }
    let (micros, key) = text.split_once('.').ok_or(ParseError)?;
    let micros: i64 = micros.parse().map_err(|_| ParseError)?;
    let at = OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros) * 1_000).map_err(|_| ParseError)?;
    // No log is older, and the database's calendar ends.
    if !(1970..10_000).contains(&at.year()) || key.contains('\0') {
        return Err(ParseError);
    }
    Ok(Some(Place { at, key: key.to_owned() }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_as_it_prints() {
        let text = "1764028800123456.42~-~1764028800000000.0198f0a0-0000-7000-8000-000000000000/7";
        let cursor: Cursor = text.parse().expect("a cursor");
        assert_eq!(cursor.to_string(), text);
        assert_eq!(cursor.of(Source::Log).map(|place| place.key.as_str()), Some("42"));
        assert!(cursor.of(Source::Host).is_none());
    }

    #[test]
    fn anything_else_is_refused() {
        for text in
            ["", "-", "-~-", "-~-~-~-", "x.1~-~-", "1~-~-", "99999999999999999999.1~-~-", "9223372036854775807.1~-~-"]
        {
            assert!(text.parse::<Cursor>().is_err(), "{text}");
        }
    }
}
