//! Removal of characters that direct the writing of a text by force.
//!
//! A name with such a character would reverse whatever follows it in a mail, such as the cost.
//! Names in Arabic or Hebrew need none of them, because their letters have a direction.

use serde_json::Value;

/// Removes embeddings, overrides and isolates of direction from all texts of a value.
pub(super) fn remove_forced(value: &mut Value) {
    match value {
        Value::String(text) if text.contains(is_forced) => *text = text.replace(is_forced, ""),
        Value::Array(items) => items.iter_mut().for_each(remove_forced),
        Value::Object(members) => members.values_mut().for_each(remove_forced),
        _ => {}
    }
}

fn is_forced(character: char) -> bool {
    matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn texts_keep_their_letters_and_lose_forced_directions_at_any_depth() {
        let mut facts =
            json!({ "name": "\u{202e}evil\u{202c}", "people": [{ "name": "\u{2067}ليلى\u{2069}" }], "cpus": 4 });
        remove_forced(&mut facts);
        assert_eq!(facts, json!({ "name": "evil", "people": [{ "name": "ليلى" }], "cpus": 4 }));
    }
}
