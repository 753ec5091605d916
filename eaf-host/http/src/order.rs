//! Collation of names: by letters first, then by umlauts and case. Lists that the database sorts
//! have the same order.

use icu_collator::options::CollatorOptions;
use icu_collator::{Collator, CollatorBorrowed};
use std::cmp::Ordering;
use std::sync::LazyLock;

static COLLATOR: LazyLock<CollatorBorrowed<'static>> = LazyLock::new(|| {
    Collator::try_new(Default::default(), CollatorOptions::default()).expect("the root collation is built in")
});

pub fn compare(one: &str, other: &str) -> Ordering {
    COLLATOR.compare(one, other).then_with(|| one.cmp(other))
}

#[cfg(test)]
mod tests {
    #[test]
    fn names_sort_by_letter_before_case_and_umlaut() {
        let mut names = ["Zander", "Braun", "adler", "Ärmel", "von Adler", "Müller", "Mueller", "Muller"];
        names.sort_by(|one, other| super::compare(one, other));
        assert_eq!(names, ["adler", "Ärmel", "Braun", "Mueller", "Muller", "Müller", "von Adler", "Zander"]);
    }
}
