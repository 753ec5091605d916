//! `GET /api/host/members/{actor}/open-items`: open items of a member in the products of the
//! tenant, so that an admin knows before a removal which of them need another person.
//!
//! The host knows no product: a view says which rows are not final, to whom they belong and for
//! whom they wait. Only rows that the admin may read are listed.

use super::member_shown::actor;
use super::record;
use crate::App;
use crate::access::Access;
use crate::caller::TenantCaller;
use crate::code::Code;
use crate::operation::{Entry, Operation};
use crate::people::roles_holding;
use crate::problem::Problem;
use crate::products::Product;
use axum::Json;
use axum::extract::{Path, State};
use axum::routing::get;
use eaf_core::contract::{PeopleRef, Principal, Thing, ViewType};
use eaf_core::directory::{Member, people_ids};
use eaf_core::view::{self, OpenItem, Relation};
use serde_json::{Map, Value, json};
use std::collections::HashMap;

/// Limit of listed items per view and relation; the answer has the number of all.
const LIMIT: u32 = 20;

pub fn operation() -> Operation {
    let item = record(json!({
        "object": { "type": "string", "description": "The thing, as the audit names it, such as `counter/tally/…`." },
        "name": { "type": "string" },
        "status_text": { "type": ["string", "null"] },
        "alone": { "type": "boolean", "description": "Whether it waits for no other person." },
    }));
    let items = |description: &str| {
        let items = json!({ "type": "array", "items": item });
        let mut schema = record(json!({ "items": items, "total": { "type": "integer", "minimum": 0 } }));
        schema["description"] = description.into();
        schema
    };
    let answer = record(json!({
        "own": items("Things of the member that are not in their final state."),
        "waiting": items("Things that wait for the member, alone or among others."),
    }));
    let doc = Entry::new("host.member.open-items", "host", "What is open of a member")
        .path("actor", "The member's id.")
        .answers("200", "The first items by name, and the number of all.", answer)
        .refuses(&[Code::PermissionMissing, Code::NotFound]);
    Operation {
        method: "get",
        path: "/api/host/members/{actor}/open-items",
        access: Access::members("member.open-items"),
        route: get(list),
        doc: doc.done(),
    }
}

async fn list(State(app): State<App>, who: TenantCaller, Path(text): Path<String>) -> Result<Json<Value>, Problem> {
    let found = app.core.directory.member(who.caller.tenant, actor(&text)?).await?;
    let member = found.filter(|member| !member.subject.is_empty()).ok_or_else(|| Problem::new(Code::NotFound))?;
    let own = Listing { app: &app, who: &who, member: &member, relation: Relation::Own };
    let waiting = Listing { relation: Relation::WaitsFor, ..own };
    Ok(Json(json!({ "own": own.document().await?, "waiting": waiting.document().await? })))
}

#[derive(Clone, Copy)]
struct Listing<'a> {
    app: &'a App,
    who: &'a TenantCaller,
    member: &'a Member,
    relation: Relation,
}

impl Listing<'_> {
    async fn document(self) -> Result<Value, Problem> {
        let (mut items, mut total) = (Vec::new(), 0);
        for product in self.app.products.all().iter().filter(|product| self.who.has(product.id())) {
            let views = product.domain.description().views.iter();
            for (view, thing) in views.filter_map(|view| Some((view, view.thing.as_ref()?))) {
                let (found, number) = self.of_view(product, view, thing).await?;
                items.extend(found);
                total += number;
            }
        }
        Ok(json!({ "items": items, "total": total }))
    }

    async fn of_view(self, product: &Product, view: &ViewType, thing: &Thing) -> Result<(Vec<Value>, u64), Problem> {
        let person = principal(product, self.member);
        let (package, caller) = (product.package_view(view), &self.who.caller);
        let mut tx = self.app.core.db.tenant(caller.tenant).await?;
        let found = match view::open_items(&mut tx, caller, package, &person, self.relation, LIMIT).await {
            // The table is created with the first events.
            Err(view::Error::NotCreated(_)) => return Ok((Vec::new(), 0)),
            found => found.map_err(|cause| Problem::fault(Code::Internal, &cause))?,
        };
        drop(tx);
        let alone = self.waits_alone(product, &found.items).await?;
        let kind = thing.streams.first().unwrap_or(&view.name);
        let document = |(item, alone): (&OpenItem, bool)| {
            let status = item.status.as_deref();
            let text = status.map(|status| product.texts.render("status", status, &Map::new(), caller.locale));
            json!({
                "object": format!("{}/{kind}/{}", product.id(), item.key),
                "name": item.name,
                "status_text": text,
                "alone": alone,
            })
        };
        Ok((found.items.iter().zip(alone).map(document).collect(), found.total))
    }

    /// Says of each item whether it waits for no person but the member.
    async fn waits_alone(self, product: &Product, items: &[OpenItem]) -> Result<Vec<bool>, Problem> {
        let (core, tenant) = (&self.app.core, self.who.caller.tenant);
        let mut known: HashMap<String, bool> = HashMap::new();
        let mut alone = Vec::with_capacity(items.len());
        for item in items {
            let mut is_alone = self.relation == Relation::WaitsFor && !item.waiting_for.is_empty();
            for people in item.waiting_for.iter().filter(|_| self.relation == Relation::WaitsFor) {
                let reference = format!("{people:?}");
                if !known.contains_key(&reference) {
                    let others = others(people, self.member).query(|permission| roles_holding(product, permission));
                    let ids = people_ids(&core.db, tenant, &others, core.ambient.now()).await?;
                    known.insert(reference.clone(), ids.is_empty());
                }
                is_alone &= known.get(&reference).copied().unwrap_or_default();
            }
            alone.push(is_alone);
        }
        Ok(alone)
    }
}

/// The people of the reference without the member, and without the member's deputy.
fn others(people: &PeopleRef, member: &Member) -> PeopleRef {
    let mut others = people.clone();
    others.except.push(member.actor);
    others
}

/// The member as the product sees the person.
fn principal(product: &Product, member: &Member) -> Principal {
    let declared = product.domain.description().permissions.iter();
    let held = declared.filter(|permission| permission.roles.iter().any(|role| member.roles.contains(role)));
    Principal {
        id: member.actor,
        permissions: held.map(|permission| permission.name.clone()).collect(),
        groups: member.affiliation.groups.clone(),
        manages: member.affiliation.manages.clone(),
    }
}
