//! Choices: values of another system from which an admin chooses, so that no name is typed from
//! memory.

use super::{Class, Failure};
use serde_json::{Map, Value};

/// Query for choices. `list` names a list of the provider: a word of the capability, such as
/// `template`, or a member of the connection's `config`.
pub struct ChoiceQuery<'a> {
    pub list: &'a str,
    /// Scope of the grant, which limits the choices; null while an admin edits a connection.
    pub scope: &'a Value,
    pub selection: ChoiceSelection<'a>,
}

pub enum ChoiceSelection<'a> {
    /// Choices whose path contains every word of `search`, at most `limit` of them.
    Matching { search: &'a str, limit: usize },
    /// The given value only, to find out whether it exists and can be used.
    Exact(&'a str),
}

#[derive(Debug, Default)]
pub struct Choices {
    pub items: Vec<Choice>,
    /// Whether there are more choices than `limit`.
    pub more: bool,
    /// Number of objects that the account may not read, so that it is unknown whether they are
    /// choices.
    pub unreadable: usize,
    /// Reason why the value of an exact query cannot be used; none: usable, or not an exact query.
    pub unusable: Option<Failure>,
}

#[derive(Debug, PartialEq)]
pub struct Choice {
    /// Value that a form stores in the field.
    pub value: String,
    /// Last segment of the value's path, which people know.
    pub name: String,
    /// Numbers and words that describe the value, such as its size. The capability defines their
    /// names.
    pub facts: Map<String, Value>,
}

/// Whether `text` contains every word of `search`, in upper or lower case.
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
