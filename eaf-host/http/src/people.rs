//! Names of people in a package's answers:
//! `{"x-eaf-people": {"permissions": ["approve"], "except": ["<actor id>"]}}` becomes the sorted
//! display names of the current members who are meant: holders of permissions of the package,
//! members of groups, managers, or single persons.
//!
//! Names are resolved for each response, because they are personal data: a recorded rejection
//! contains the reference only, so that a repetition of the command names the people who may act at
//! that time.

use super::App;
use super::order;
use super::problem::Problem;
use super::products::Product;
use eaf_core::contract::{FieldError, PeopleRef, Rejection};
use eaf_core::id::{ActorId, TenantId};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// Resolver of names for one request, which queries each reference once.
pub struct People<'a> {
    app: &'a App,
    product: &'a Product,
    tenant: TenantId,
    found: BTreeMap<PeopleRef, Vec<Person>>,
}

struct Person {
    name: String,
    actor: ActorId,
}

impl<'a> People<'a> {
    pub fn new(app: &'a App, product: &'a Product, tenant: TenantId) -> Self {
        People { app, product, tenant, found: BTreeMap::new() }
    }

    /// Replaces the references to people in these parameters, at any depth, by names.
    pub async fn resolve(&mut self, params: &mut Map<String, Value>) -> Result<(), Problem> {
        let mut wanted = BTreeSet::new();
        params.values().for_each(|value| references(value, &mut wanted));
        for reference in wanted {
            if !self.found.contains_key(&reference) {
                let found = self.find(&reference).await?;
                self.found.insert(reference, found);
            }
        }
        params.values_mut().for_each(|value| self.replace(value));
        Ok(())
    }

    pub async fn resolve_rejection(&mut self, rejection: &mut Rejection) -> Result<(), Problem> {
        self.resolve(&mut rejection.params).await?;
        for FieldError { params, .. } in &mut rejection.fields {
            self.resolve(params).await?;
        }
        Ok(())
    }

    async fn find(&self, reference: &PeopleRef) -> Result<Vec<Person>, Problem> {
        let query = reference.query(|permission| roles_holding(self.product, permission));
        let members = self.app.core.directory.people(self.tenant, &query).await?;
        let mut people: Vec<Person> =
            members.into_iter().map(|member| Person { name: member.name, actor: member.actor }).collect();
        people.retain(|person| !person.name.is_empty());
        people.sort_by(|a, b| order::compare(&a.name, &b.name).then(a.actor.cmp(&b.actor)));
        Ok(people)
    }

    fn replace(&self, value: &mut Value) {
        if let Some(reference) = reference(value) {
            let people = self.found.get(&reference).into_iter().flatten();
            *value = people.map(|person| Value::from(person.name.as_str())).collect();
            return;
        }
        match value {
            Value::Array(items) => items.iter_mut().for_each(|item| self.replace(item)),
            Value::Object(members) => members.values_mut().for_each(|member| self.replace(member)),
            _ => {}
        }
    }
}

/// Names of the roles that hold a permission of the package.
pub fn roles_holding(product: &Product, permission: &str) -> Vec<String> {
    let declared = &product.domain.description().permissions;
    let Some(declared) = declared.iter().find(|known| known.name == permission) else {
        tracing::warn!(plugin = product.id(), "the package refers to a permission that it does not declare");
        return Vec::new();
    };
    declared.roles.clone()
}

fn reference(value: &Value) -> Option<PeopleRef> {
    let members = value.as_object().filter(|members| members.len() == 1)?;
    serde_json::from_value(members.get(PeopleRef::MARK)?.clone()).ok()
}

fn references(value: &Value, into: &mut BTreeSet<PeopleRef>) {
    if let Some(reference) = reference(value) {
        into.insert(reference);
        return;
    }
    match value {
        Value::Array(items) => items.iter().for_each(|item| references(item, into)),
        Value::Object(members) => members.values().for_each(|member| references(member, into)),
        _ => {}
    }
}
