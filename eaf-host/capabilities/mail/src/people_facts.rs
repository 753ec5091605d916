//! Facts of a mail that refer to people: the host inserts their names when the mail is sent.

use super::Mail;
use eaf_capability::{Call, Failure};
use eaf_core::contract::PeopleRef;
use eaf_core::directory::PeopleQuery;
use serde_json::{Map, Value};

/// Query for the people of a reference in a package's mail.
pub fn query(mail: &Mail, plugin: &str, reference: &PeopleRef) -> PeopleQuery {
    reference.query(|permission| mail.packages.roles_holding(plugin, own(plugin, permission)))
}

/// Replaces each fact that is a reference to people by the sorted names of these current members.
pub async fn insert_names(mail: &Mail, call: &Call, facts: &mut Map<String, Value>) -> Result<(), Failure> {
    for fact in facts.values_mut() {
        let Some(reference) = reference(fact) else { continue };
        let people = mail.store.people(call.tenant, &query(mail, &call.plugin, &reference)).await?;
        let mut names: Vec<String> = people.into_iter().map(|person| person.name).collect();
        names.sort();
        *fact = names.into();
    }
    Ok(())
}

fn reference(fact: &Value) -> Option<PeopleRef> {
    let members = fact.as_object().filter(|members| members.len() == 1)?;
    serde_json::from_value(members.get(PeopleRef::MARK)?.clone()).ok()
}

/// Name of a permission without its plugin's prefix: `dcm.approve` becomes `approve`. A package may
/// write the name with or without the prefix.
fn own<'a>(plugin: &str, permission: &'a str) -> &'a str {
    permission.strip_prefix(plugin).and_then(|rest| rest.strip_prefix('.')).unwrap_or(permission)
}
