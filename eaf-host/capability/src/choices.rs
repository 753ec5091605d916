//! Values of the other system that an admin can choose from, so that no name is typed from memory.

use super::{Class, Failure};
use serde_json::{Map, Value};

/// Query for values. `list` is its name: a word of the capability, such as `template`, or a member
/// of the connection's `config`.
pub struct ChoiceQuery<'a> {
    pub list: &'a str,
    /// Scope of the grant that limits the values; null while an admin sets a connection.
    pub scope: &'a Value,
    pub selection: ChoiceSelection<'a>,
}

pub enum ChoiceSelection<'a> {
    /// Values whose path contains every word of `search`, at most `limit` of them.
    Matching { search: &'a str, limit: usize },
    /// One value, to find out whether it exists and can be used.
    Exact(&'a str),
}

#[derive(Debug, Default)]
pub struct Choices {
    pub items: Vec<Choice>,
    /// True if there are more values than `limit`.
    pub more: bool,
    /// Number of values that the account may not read, so that they cannot be judged.
    pub unreadable: usize,
    /// Reason why the exact value of the query cannot be used.
    pub unusable: Option<Failure>,
}

#[derive(Debug, PartialEq)]
pub struct Choice {
    /// Value of the field.
    pub value: String,
    /// Last segment of the path, which people know.
    pub name: String,
    /// Numbers and words that describe the value, under names of the capability.
    pub facts: Map<String, Value>,
}

/// Whether the text contains every word of the search; upper and lower case count alike.
pub fn matches_search(text: &str, search: &str) -> bool {
    let text = text.to_lowercase();
    search.to_lowercase().split_whitespace().all(|word| text.contains(word))
}

pub fn no_such_list() -> Failure {
    Failure::new(Class::Permanent, "nothing-to-choose", "This capability has no such list.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_is_words_in_any_order() {
        assert!(matches_search("Templates/Linux/Debian-12", "debian linux"));
        assert!(matches_search("Größe", "GRÖßE") && matches_search("Größe", "GRÖẞE"));
        assert!(!matches_search("Größe", "GRÖSSE"), "ss is not ß");
        assert!(!matches_search("Templates/Debian-12", "debian windows"));
        assert!(matches_search("anything", " "));
    }
}
