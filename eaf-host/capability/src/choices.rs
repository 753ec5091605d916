//! What an admin can choose from in the other system, instead of typing its name from memory.

use super::{Class, Failure};
use serde_json::{Map, Value};

/// What is asked for: `of` is a word of the capability, such as `template` or a member of the connection's `config`.
pub struct Asked<'a> {
    pub of: &'a str,
    /// How far the grant goes over which it is used; null: an admin sets a connection.
    pub scope: &'a Value,
    pub wanted: Wanted<'a>,
}

pub enum Wanted<'a> {
    /// All whose path has every word of `search`; at most `limit` of them.
    Like { search: &'a str, limit: usize },
    /// Is there this one, and can it be used?
    Exactly(&'a str),
}

#[derive(Debug, Default)]
pub struct Choices {
    pub items: Vec<Choice>,
    /// There are more than `limit`.
    pub more: bool,
    /// How many are there of which the account may not read whether they fit.
    pub unreadable: usize,
    /// Why the one that was asked for cannot be used.
    pub unknown: Option<Failure>,
}

#[derive(Debug, PartialEq)]
pub struct Choice {
    /// As it is written into the field.
    pub value: String,
    /// The last part of it, as people know it.
    pub name: String,
    /// Numbers and words about it, under names of the capability.
    pub facts: Map<String, Value>,
}

/// Has the text every word of the search? Letters count alike, large or small.
pub fn is_like(text: &str, search: &str) -> bool {
    let text = text.to_lowercase();
    search.to_lowercase().split_whitespace().all(|word| text.contains(word))
}

pub fn nothing() -> Failure {
    Failure::new(Class::Permanent, "nothing-to-choose", "This capability lists nothing of this kind.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_is_words_in_any_order() {
        assert!(is_like("Templates/Linux/Debian-12", "debian linux"));
        assert!(is_like("Größe", "GRÖßE") && is_like("Größe", "GRÖẞE"));
        assert!(!is_like("Größe", "GRÖSSE"), "ss is not ß");
        assert!(!is_like("Templates/Debian-12", "debian windows"));
        assert!(is_like("anything", " "));
    }
}
