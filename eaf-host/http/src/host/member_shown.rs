//! Members as documents: with groups, manager and deputies, by name. Names are personal data, so
//! cursors and paths hold ids.

use super::{PAGE, instant, record};
use crate::App;
use crate::code::Code;
use crate::order;
use crate::precondition::tag_schema;
use crate::problem::Problem;
use eaf_core::directory::{Deputy, Member, Profile, Reporting};
use eaf_core::id::{ActorId, TenantId};
use serde_json::{Value, json};
use std::cmp::Ordering;
use std::collections::HashMap;
use time::OffsetDateTime;

/// Members of a tenant without erased ones, and their affiliations.
pub struct Members {
    members: HashMap<ActorId, Member>,
    groups: HashMap<ActorId, Vec<String>>,
    reporting: HashMap<ActorId, Reporting>,
    deputies: HashMap<ActorId, Deputy>,
    now: OffsetDateTime,
}

impl Members {
    pub async fn load(app: &App, tenant: TenantId) -> Result<Members, Problem> {
        let (directory, now) = (&app.core.directory, app.core.ambient.now());
        let members = directory.members(tenant).await?;
        let mut groups: HashMap<ActorId, Vec<String>> = HashMap::new();
        for (key, actor) in directory.group_members(tenant).await? {
            groups.entry(actor).or_default().push(key);
        }
        let deputies = directory.deputies(tenant, now).await?;
        Ok(Members {
            members: members.into_iter().map(|member| (member.actor, member)).collect(),
            groups,
            reporting: directory.reporting(tenant).await?.into_iter().collect(),
            deputies: deputies.into_iter().map(|deputy| (deputy.actor_id, deputy)).collect(),
            now,
        })
    }

    /// Page of the members whom `is_wanted` selects, after the member of the cursor, and the cursor
    /// of the next page.
    pub fn page(
        &self,
        after: Option<ActorId>,
        is_wanted: impl Fn(&Member) -> bool,
    ) -> Result<(Vec<&Member>, Option<ActorId>), Problem> {
        let unknown = || Problem::parameter("cursor", "invalid");
        let after = after.map(|actor| self.members.get(&actor).ok_or_else(unknown)).transpose()?;
        let is_next = |member: &&Member| after.is_none_or(|after| by_name(member, after) == Ordering::Greater);
        let mut page: Vec<&Member> = self.members.values().filter(|member| is_wanted(member)).filter(is_next).collect();
        page.sort_by(|one, other| by_name(one, other));
        let has_more = page.len() > PAGE as usize;
        page.truncate(PAGE as usize);
        let next = page.last().filter(|_| has_more).map(|member| member.actor);
        Ok((page, next))
    }

    pub fn is_in_group(&self, actor: ActorId, key: &str) -> bool {
        self.groups.get(&actor).is_some_and(|groups| groups.iter().any(|group| group == key))
    }

    /// Document of one member. `None`: there is no such member, or the member was erased.
    pub fn find(&self, actor: ActorId) -> Option<Value> {
        self.members.get(&actor).map(|member| self.document(member))
    }

    pub fn has_deputy(&self, actor: ActorId) -> bool {
        self.deputies.contains_key(&actor)
    }

    pub fn document(&self, member: &Member) -> Value {
        let reporting = self.reporting.get(&member.actor);
        let deputy = self.deputies.get(&member.actor).and_then(|deputy| {
            let name = &self.members.get(&deputy.deputy_id)?.name;
            Some(deputy_document(deputy, Some(name)))
        });
        json!({
            "actor": member.actor,
            "name": member.name,
            "email": member.email,
            "locale": member.locale,
            "roles": member.roles,
            "groups": self.groups.get(&member.actor).map(Vec::as_slice).unwrap_or_default(),
            "manager": reporting.and_then(|reporting| self.person(reporting.manager?)),
            "cost_centre": reporting.map_or("", |reporting| &reporting.cost_centre),
            "deputy": deputy,
            "stands_in_for": self.stands_in_for(member.actor),
            "tag": self.tag(member),
        })
    }

    fn tag(&self, member: &Member) -> String {
        let reporting = self.reporting.get(&member.actor).cloned().unwrap_or_default();
        Profile { roles: member.roles.clone(), reporting }.tag()
    }

    /// Persons for whom this one stands in now, by name.
    fn stands_in_for(&self, actor: ActorId) -> Vec<Value> {
        let present = self.deputies.values().filter(|deputy| deputy.deputy_id == actor && deputy.starts_at <= self.now);
        let mut persons: Vec<&Member> = present.filter_map(|deputy| self.members.get(&deputy.actor_id)).collect();
        persons.sort_by(|one, other| by_name(one, other));
        persons.into_iter().map(|person| person_document(person.actor, Some(&person.name))).collect()
    }

    /// `None`: the person was erased.
    fn person(&self, actor: ActorId) -> Option<Value> {
        let member = self.members.get(&actor)?;
        Some(person_document(actor, Some(&member.name)))
    }
}

fn by_name(one: &Member, other: &Member) -> Ordering {
    order::compare(&one.name, &other.name).then(one.actor.cmp(&other.actor))
}

pub(crate) fn person_document(actor: ActorId, name: Option<&str>) -> Value {
    json!({ "actor": actor, "name": name.unwrap_or_default() })
}

pub(crate) fn deputy_document(deputy: &Deputy, name: Option<&str>) -> Value {
    json!({
        "actor": deputy.deputy_id,
        "name": name.unwrap_or_default(),
        "starts_at": instant(deputy.starts_at),
        "ends_at": instant(deputy.ends_at),
        "tag": deputy.tag(),
    })
}

/// Reads an id of the path. Another text names no one, so it is 404.
pub fn actor(text: &str) -> Result<ActorId, Problem> {
    text.parse().map_err(|_| Problem::new(Code::NotFound))
}

/// Finds the current member of the path. An id of no member of the tenant is 404, an erased member
/// too, and a removed member is a conflict.
pub async fn current(app: &App, tenant: TenantId, text: &str) -> Result<Member, Problem> {
    let found = app.core.directory.member(tenant, actor(text)?).await?;
    let member = found.filter(|member| !member.subject.is_empty()).ok_or_else(|| Problem::new(Code::NotFound))?;
    if member.roles.is_empty() { Err(Problem::new(Code::NotACurrentMember)) } else { Ok(member) }
}

pub fn person_schema() -> Value {
    record(json!({ "actor": { "type": "string", "format": "uuid" }, "name": { "type": "string" } }))
}

/// Schema of a deputy; null if there is none.
pub(crate) fn deputy_schema() -> Value {
    let time = || json!({ "type": "string", "format": "date-time" });
    let mut schema = record(json!({
        "actor": { "type": "string", "format": "uuid" },
        "name": { "type": "string" },
        "starts_at": time(),
        "ends_at": time(),
        "tag": tag_schema(),
    }));
    schema["type"] = json!(["object", "null"]);
    schema["description"] = "The deputy whose period has begun or is still to come.".into();
    schema
}

pub(crate) fn stands_in_schema() -> Value {
    json!({ "type": "array", "items": person_schema(), "description": "The persons for whom this one stands in now." })
}

pub fn schema() -> Value {
    let texts = || json!({ "type": "array", "items": { "type": "string" } });
    let mut manager = person_schema();
    manager["type"] = json!(["object", "null"]);
    record(json!({
        "actor": { "type": "string", "format": "uuid" },
        "name": { "type": "string" },
        "email": { "type": "string" },
        "locale": { "enum": ["de", "en"] },
        "roles": { "type": "array", "items": { "type": "string" }, "description": "Empty: the member was removed." },
        "groups": texts(),
        "manager": manager,
        "cost_centre": { "type": "string" },
        "deputy": deputy_schema(),
        "stands_in_for": stands_in_schema(),
        "tag": tag_schema(),
    }))
}
