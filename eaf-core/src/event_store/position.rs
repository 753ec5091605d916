//! Position of an event in a tenant's log, in the form that clients and checkpoints store.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Position of an event in a tenant's log, printed as `epoch-pos`. A restored database starts a new
/// epoch, so that a position after the log's end is noticed. Compare positions of one epoch only;
/// the derived order compares epochs first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Position {
    pub epoch: u32,
    pub pos: u64,
}

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("a position looks like 1-42")]
pub struct ParseError;

impl std::fmt::Display for Position {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}", self.epoch, self.pos)
    }
}

impl std::str::FromStr for Position {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let (epoch, pos) = text.split_once('-').ok_or(ParseError)?;
        let digits = |part: &str, most: usize| {
            (1..=most).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
        };
        // The database's integers hold at most this number of digits.
        if !digits(epoch, 9) || !digits(pos, 18) {
            return Err(ParseError);
        }
        Ok(Position { epoch: epoch.parse().map_err(|_| ParseError)?, pos: pos.parse().map_err(|_| ParseError)? })
    }
}

impl Serialize for Position {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Position {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_reads_as_it_prints() {
        let position = Position { epoch: 3, pos: 42 };
        assert_eq!(position.to_string(), "3-42");
        assert_eq!("3-42".parse(), Ok(position));
    }

    #[test]
    fn anything_else_is_refused() {
        for text in ["", "42", "-42", "3-", "3--4", "3-4-5", "+3-4", "3-+4", "4294967296-1", "a-b", "3 -4"] {
            assert_eq!(text.parse::<Position>(), Err(ParseError), "{text}");
        }
    }
}
