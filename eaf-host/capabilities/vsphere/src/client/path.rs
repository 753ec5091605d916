//! Inventory paths of vCenter: names joined by `/`. Inside a name, vCenter stores `/`, `\` and `%`
//! as the escapes `%2f`, `%5c` and `%25`.

/// Maximum length of a name, in characters, with escapes: `%2f` counts as three characters.
pub const MAX_NAME: usize = 80;

/// Maximum length, in bytes, of the part of a name that [`plain`] reads; the rest is cut off.
const MAX_KEPT: usize = 1_000;

pub fn is_too_long(name: &str) -> bool {
    of_name(name).chars().count() > MAX_NAME
}

/// Escapes a plain name as vCenter stores it: `a/b` becomes `a%2fb`.
pub fn of_name(name: &str) -> String {
    name.replace('%', "%25").replace('/', "%2f").replace('\\', "%5c")
}

/// Splits a path that a person wrote into plain names. In such a path, `%2f` stands for a `/`
/// inside a name.
pub fn names(path: &str) -> Vec<String> {
    path.split('/').filter(|part| !part.is_empty()).map(plain).collect()
}

/// Removes the escapes from a name that vCenter reports: `a%2fb` becomes `a/b`. A name longer than
/// vCenter allows is cut, because names are displayed and stored.
pub fn plain(kept: &str) -> String {
    let mut name = String::new();
    let mut rest = &kept[..kept.floor_char_boundary(MAX_KEPT)];
    while let Some(at) = rest.find('%') {
        name.push_str(&rest[..at]);
        let escape = rest.get(at..at + 3).unwrap_or("%").to_ascii_lowercase();
        let (character, length) = match escape.as_str() {
            "%2f" => ('/', 3),
            "%5c" => ('\\', 3),
            "%25" => ('%', 3),
            _ => ('%', 1),
        };
        name.push(character);
        rest = &rest[at + length..];
    }
    name + rest
}

/// Escapes plain names and joins them to a path, as the method `FindByInventoryPath` expects it.
pub fn join<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    names.into_iter().map(of_name).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slash_in_a_name_does_not_split_it() {
        assert_eq!(names("EAF/a%2fb/50%"), ["EAF", "a/b", "50%"]);
        assert_eq!(join(["EAF", "a/b", "50%"]), "EAF/a%2fb/50%25");
    }

    #[test]
    fn an_escaped_character_counts_as_three() {
        assert!(!is_too_long(&"a".repeat(80)) && is_too_long(&"a".repeat(81)));
        assert!(!is_too_long(&"/".repeat(26)) && is_too_long(&"/".repeat(27)));
    }

    #[test]
    fn a_percent_sign_at_the_end_of_a_wide_character_does_not_split_it() {
        assert_eq!(names("%\u{e4}\u{f6}%2"), ["%\u{e4}\u{f6}%2"]);
    }
}
