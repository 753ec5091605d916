//! Reading of JSON documents that people write: every error is reported, with its JSON pointer.
//!
//! Serde stops at the first error and names no pointer, so documents that people edit are read
//! here. Stored documents were read once and are deserialised by serde, without these rules: a
//! stricter rule must not make an old event unreadable.

use eaf_sdk::{FieldError, Fields};
use serde_json::{Map, Value};

/// Value inside a document, and the JSON pointer to the value.
#[derive(Debug, Clone)]
pub struct Node<'a> {
    pub pointer: String,
    pub value: &'a Value,
}

impl<'a> Node<'a> {
    pub fn new(pointer: &str, value: &'a Value) -> Self {
        Node { pointer: pointer.into(), value }
    }

    pub fn error(&self, code: &str) -> FieldError {
        FieldError::new(&self.pointer, code)
    }

    /// Reads the value as an object; a member whose name is not in `known` is an error. `None`: the
    /// value is no object.
    pub fn object(&self, known: &[&str], fields: &mut Fields) -> Option<Members<'a>> {
        let Value::Object(map) = self.value else { return self.mismatch("object", fields) };
        for name in map.keys().filter(|name| !known.contains(&name.as_str())) {
            let pointer = format!("{}/{}", self.pointer, escaped(name));
            fields.push(FieldError::new(&pointer, "member-unknown").param("member", name.as_str()));
        }
        Some(Members { pointer: self.pointer.clone(), map })
    }

    pub fn list(&self, fields: &mut Fields) -> Option<Vec<Node<'a>>> {
        let Value::Array(items) = self.value else { return self.mismatch("list", fields) };
        let node = |(index, value)| Node { pointer: format!("{}/{index}", self.pointer), value };
        Some(items.iter().enumerate().map(node).collect())
    }

    /// Reads the value as a list of 1 to `max` items.
    pub fn list_of(&self, max: usize, fields: &mut Fields) -> Option<Vec<Node<'a>>> {
        let items = self.list(fields)?;
        if items.is_empty() {
            fields.push(self.error("list-empty"));
            return None;
        }
        self.bounded(items, max, fields)
    }

    /// Reads the value as a list of 0 to `max` items.
    pub fn list_up_to(&self, max: usize, fields: &mut Fields) -> Option<Vec<Node<'a>>> {
        let items = self.list(fields)?;
        self.bounded(items, max, fields)
    }

    pub fn text(&self, fields: &mut Fields) -> Option<&'a str> {
        self.value.as_str().or_else(|| self.mismatch("text", fields))
    }

    /// Reads the value as a whole number; a fraction is an error.
    pub fn number(&self, fields: &mut Fields) -> Option<i64> {
        self.value.as_i64().or_else(|| self.mismatch("number", fields))
    }

    pub fn flag(&self, fields: &mut Fields) -> Option<bool> {
        self.value.as_bool().or_else(|| self.mismatch("flag", fields))
    }

    fn mismatch<T>(&self, expected: &str, fields: &mut Fields) -> Option<T> {
        fields.push(self.error("type-mismatch").param("expected", expected));
        None
    }

    fn bounded(&self, items: Vec<Node<'a>>, max: usize, fields: &mut Fields) -> Option<Vec<Node<'a>>> {
        if items.len() <= max {
            return Some(items);
        }
        fields.push(self.error("list-too-long").param("max", max).param("length", items.len()));
        None
    }
}

/// Members of an object in a document. Each member is read by its name.
#[derive(Debug, Clone)]
pub struct Members<'a> {
    pointer: String,
    map: &'a Map<String, Value>,
}

impl<'a> Members<'a> {
    /// Returns a member; `None` if the object does not have the member, or if the member is null.
    pub fn optional(&self, name: &str) -> Option<Node<'a>> {
        let value = self.map.get(name).filter(|value| !value.is_null())?;
        Some(Node { pointer: self.pointer_to(name), value })
    }

    /// Returns a member. If the member is absent or null, adds an error to `fields` and returns
    /// `None`.
    pub fn required(&self, name: &str, fields: &mut Fields) -> Option<Node<'a>> {
        let found = self.optional(name);
        if found.is_none() {
            let pointer = self.pointer_to(name);
            fields.push(FieldError::new(&pointer, "member-missing").param("member", name));
        }
        found
    }

    pub fn pointer_to(&self, name: &str) -> String {
        format!("{}/{name}", self.pointer)
    }
}

/// Name of a member as a part of a JSON pointer (RFC 6901).
fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_error_of_an_object_is_reported_with_its_pointer() {
        let value = json!({ "a/b": 1, "count": "three", "many": [1, 2, 3] });
        let (node, mut fields) = (Node::new("/document", &value), Fields::default());
        let members = node.object(&["count", "many", "name"], &mut fields).unwrap();
        assert_eq!(members.required("name", &mut fields).map(|node| node.pointer), None);
        let count = members.required("count", &mut fields).unwrap();
        assert_eq!(count.number(&mut fields), None);
        assert!(members.required("many", &mut fields).unwrap().list_of(2, &mut fields).is_none());
        let rejection = fields.into_result("invalid-policy").unwrap_err();
        let found: Vec<_> = rejection.fields.iter().map(|f| (f.pointer.as_str(), f.code.as_str())).collect();
        let expected = [
            ("/document/a~1b", "member-unknown"),
            ("/document/name", "member-missing"),
            ("/document/count", "type-mismatch"),
            ("/document/many", "list-too-long"),
        ];
        assert_eq!(found, expected);
    }
}
