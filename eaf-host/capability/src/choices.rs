//! Choices: values of another system, such as vCenter's templates, from which an admin chooses
//! instead of typing a name.

use super::{Class, Failure, HostCode};
use eaf_core::actor::Locale;
use serde_json::{Map, Value};

/// Query for choices. `list` is the name of one of the provider's lists: a word of the capability,
/// such as `template`, or a JSON member of the connection's `config`, such as `datastore`.
pub struct ChoiceQuery<'a> {
    pub list: &'a str,
    /// Scope of the grant, which limits the choices. It is JSON null while an admin edits a
    /// connection, because then there is no grant.
    pub scope: &'a Value,
    pub selection: ChoiceSelection<'a>,
    /// Language of the choices' descriptions.
    pub locale: Locale,
}

pub enum ChoiceSelection<'a> {
    /// Selects the choices whose path contains every word of `search`, at most `limit` choices.
    Matching { search: &'a str, limit: usize },
    /// Selects only the choice with this value, to find out whether the value exists and can be
    /// used.
    Exact(&'a str),
}

#[derive(Debug, Default)]
pub struct Choices {
    pub items: Vec<Choice>,
    /// Whether more choices match than the `limit` of the query.
    pub more: bool,
    /// Number of objects that the account may not read, so that it is unknown whether they are
    /// choices.
    pub unreadable: usize,
    /// Failure that says why the value of an exact query cannot be used. `None` if it can be used,
    /// or if the query was a search.
    pub unusable: Option<Failure>,
}

#[derive(Debug, PartialEq)]
pub struct Choice {
    /// Value of the choice that a form writes into its field.
    pub value: String,
    /// Last segment of the value's path, which is the name that people know.
    pub name: String,
    /// Facts about the choice, such as its size, for products. The capability defines their names.
    pub facts: Map<String, Value>,
    /// Description of the choice for people, in one line; may be empty.
    pub description: String,
}

/// Whether `text` contains every word of `search`. Upper and lower case are equal.
pub fn matches_search(text: &str, search: &str) -> bool {
    let text = text.to_lowercase();
    search.to_lowercase().split_whitespace().all(|word| text.contains(word))
}

pub fn no_such_list() -> Failure {
    Failure::new(Class::Permanent, HostCode::NothingToChoose, "This capability has no such list.")
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
