//! Persons as members of a command's body: `"x-eaf-person": {"permission": "decide"}` at a text, or
//! at the items of a list, marks an actor id that the host checks before the component is called.

use super::Permission;
use crate::id::ActorId;
use serde::Deserialize;
use serde_json::Value;

/// Keyword of the mark in a JSON Schema.
pub const KEYWORD: &str = "x-eaf-person";

/// Mark of a member that names a person.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mark {
    /// Permission of the package that the person must hold. `None`: any current member.
    pub permission: Option<String>,
}

impl Mark {
    /// Roles of which the person must have one. `None`: any role.
    pub fn roles<'a>(&self, permissions: &'a [Permission]) -> Option<&'a [String]> {
        let name = self.permission.as_ref()?;
        let declared = permissions.iter().find(|permission| permission.name == *name);
        // A permission that no role holds permits no person.
        Some(declared.map_or(&[], |permission| &permission.roles))
    }
}

/// Value of a marked member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedPerson {
    /// JSON pointer to the value in the body.
    pub pointer: String,
    /// `None`: the text is no actor id.
    pub actor: Option<ActorId>,
    pub mark: Mark,
}

/// Lists the marks in a command's schema, each with the name of its member. `Err`: the mark cannot
/// be read.
pub fn marks(schema: &Value) -> impl Iterator<Item = (&String, Result<Mark, serde_json::Error>)> {
    let members = schema["properties"].as_object().into_iter().flatten();
    members.filter_map(|(name, member)| Some((name, Mark::deserialize(mark(member)?))))
}

fn mark(member: &Value) -> Option<&Value> {
    member.get(KEYWORD).or_else(|| member.get("items")?.get(KEYWORD))
}

/// Lists the persons whom a command's body names. Values of another type than the schema's are left
/// to the component, which refuses them.
pub fn named(schema: &Value, body: &Value) -> Vec<NamedPerson> {
    let mut named = Vec::new();
    for (name, mark) in marks(schema) {
        let Ok(mark) = mark else { continue };
        let mut add = |pointer: String, text: &str| {
            // One form alone, because packages compare ids as texts.
            let actor = text.parse().ok().filter(|actor: &ActorId| actor.to_string() == text);
            named.push(NamedPerson { pointer, actor, mark: mark.clone() });
        };
        match &body[name] {
            Value::String(text) => add(format!("/{name}"), text),
            Value::Array(items) => {
                let texts = items.iter().enumerate().filter_map(|(index, item)| Some((index, item.as_str()?)));
                texts.for_each(|(index, text)| add(format!("/{name}/{index}"), text));
            }
            _ => {}
        }
    }
    named
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_single_member_and_each_item_of_a_list_are_named() {
        let schema = json!({ "properties": {
            "to": { "type": "string", "x-eaf-person": { "permission": "decide" } },
            "cc": { "type": "array", "items": { "type": "string", "x-eaf-person": {} } },
            "other": { "type": ["string", "null"], "x-eaf-person": {} },
            "note": { "type": "string" },
        } });
        let ada = "6561665f-0000-4000-8000-00000000000a";
        let cc = json!(["nobody", ada, 7, ada.to_uppercase(), format!("{{{ada}}}")]);
        let body = json!({ "to": ada, "cc": cc, "other": null, "note": ada });
        let found = named(&schema, &body);
        let found: Vec<_> = found
            .iter()
            .map(|one| (one.pointer.as_str(), one.actor.is_some(), one.mark.permission.as_deref()))
            .collect();
        let cc = [("/cc/0", false, None), ("/cc/1", true, None), ("/cc/3", false, None), ("/cc/4", false, None)];
        assert_eq!(found, [&[("/to", true, Some("decide"))], &cc[..]].concat());
    }

    #[test]
    fn a_permission_that_the_package_does_not_declare_permits_no_role() {
        let declared = [Permission { name: "decide".into(), roles: vec!["approver".into()] }];
        let of = |name: &str| Mark { permission: Some(name.into()) };
        assert_eq!(of("decide").roles(&declared), Some(&["approver".to_owned()][..]));
        assert_eq!(of("other").roles(&declared), Some(&[][..]));
        assert_eq!(Mark::default().roles(&declared), None);
    }
}
