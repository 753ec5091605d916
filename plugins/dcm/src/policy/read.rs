//! Reading of policy documents. A document is refused with all of its errors at once.

use super::condition::Condition;
use super::document::{
    AppliesTo, Approver, AutoRule, Deadline, Escalation, Finally, Names, Needs, Policy, Stage, Whose,
};
use super::fact::Kind;
use crate::input::{Members, Node};
use crate::offering::is_key;
use crate::permission;
use crate::request::is_id;
use eaf_sdk::{FieldError, Fields, Rejection};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

pub const STAGES_MAX: usize = 20;
/// Maximum size, in bytes, of a document as JSON. Each submission of a request reads all published
/// policies of the tenant.
pub const DOCUMENT_MAX: usize = 16 * 1024;
/// Maximum number of approvers of a stage, of automatic rules of a policy, and of steps and
/// reminders of a deadline.
pub const LIST_MAX: usize = 20;
pub const HOURS: RangeInclusive<i64> = 1..=1000;
const NAME: RangeInclusive<usize> = 1..=80;
const GROUP_MAX: usize = 40;

/// Permissions whose holders a policy may name as approvers of a stage.
const PERMISSIONS: &[&str] = &[
    permission::REQUEST,
    permission::APPROVE,
    permission::OFFER,
    permission::OPERATE,
    permission::POLICY,
    permission::AUDIT,
];

impl Policy {
    /// Reads the policy document at the JSON pointer `pointer` of a command's body. Rejects a wrong
    /// document with all of its errors.
    pub fn read(value: &Value, pointer: &str) -> Result<Policy, Rejection> {
        let mut fields = Fields::default();
        let policy = Policy::read_into(&Node::new(pointer, value), &mut fields);
        fields.into_result("invalid-policy")?;
        policy.ok_or_else(|| Rejection::invalid("invalid-policy"))
    }

    /// Reads a policy document and adds its errors to `fields`. `None`: the document has errors.
    pub(super) fn read_into(node: &Node, fields: &mut Fields) -> Option<Policy> {
        if node.value.to_string().len() > DOCUMENT_MAX {
            fields.push(node.error("policy-too-large").param("max", DOCUMENT_MAX / 1024));
            return None;
        }
        policy(node, fields)
    }
}

fn policy(node: &Node, fields: &mut Fields) -> Option<Policy> {
    let known = ["applies_to", "auto_approve", "stages", "allow_timeout_approval"];
    let members = node.object(&known, fields)?;
    let applies_to = members.required("applies_to", fields).and_then(|node| applies_to(&node, fields));
    let allows = members.optional("allow_timeout_approval").map(|node| node.flag(fields));
    let allow_timeout_approval = allows.unwrap_or(Some(false));
    let auto_approve = members.optional("auto_approve").map(|node| auto_rules(&node, fields));
    let stages = members.optional("stages").map(|node| stages(&node, fields));
    if let (Some(false), Some(stages)) = (allow_timeout_approval, members.optional("stages")) {
        check_timeouts(&stages, fields);
    }
    let (auto_approve, stages) = (auto_approve.unwrap_or(Some(Vec::new())), stages.unwrap_or(Some(Vec::new())));
    if auto_approve.as_ref().is_some_and(Vec::is_empty) && stages.as_ref().is_some_and(Vec::is_empty) {
        let pointer = members.pointer_to("stages");
        fields.push(FieldError::new(&pointer, "stages-missing"));
    }
    Some(Policy {
        applies_to: applies_to?,
        auto_approve: auto_approve?,
        stages: stages?,
        allow_timeout_approval: allow_timeout_approval?,
    })
}

fn applies_to(node: &Node, fields: &mut Fields) -> Option<AppliesTo> {
    let members = node.object(&["kinds", "when"], fields)?;
    let kinds = members.required("kinds", fields).and_then(|node| kinds(&node, fields));
    let when = condition(&members, fields);
    Some(AppliesTo { kinds: kinds?, when: when? })
}

fn kinds(node: &Node, fields: &mut Fields) -> Option<BTreeSet<Kind>> {
    let kind = |node: &Node, fields: &mut Fields| {
        let name = node.text(fields)?;
        let kind = Kind::from_name(name);
        if kind.is_none() {
            fields.push(node.error("kind-unknown").param("kind", name));
        }
        kind
    };
    let items = node.list_of(LIST_MAX, fields)?;
    Some(each(&items, fields, kind)?.into_iter().collect())
}

/// Reads the optional condition `when`. The outer `None`: the condition has errors. The inner
/// `None`: the document has no condition.
fn condition(members: &Members, fields: &mut Fields) -> Option<Option<Condition>> {
    match members.optional("when") {
        None => Some(None),
        Some(node) => Condition::read(&node, fields).map(Some),
    }
}

fn auto_rules(node: &Node, fields: &mut Fields) -> Option<Vec<AutoRule>> {
    let items = node.list_up_to(LIST_MAX, fields)?;
    let rules = each(&items, fields, auto_rule);
    check_distinct(&items, fields);
    rules
}

fn auto_rule(node: &Node, fields: &mut Fields) -> Option<AutoRule> {
    let members = node.object(&["key", "name", "when"], fields)?;
    let key = members.required("key", fields).and_then(|node| key(&node, fields));
    let name = members.required("name", fields).and_then(|node| names(&node, fields));
    let when = members.required("when", fields).and_then(|node| Condition::read(&node, fields));
    Some(AutoRule { key: key?, name: name?, when: when? })
}

fn stages(node: &Node, fields: &mut Fields) -> Option<Vec<Stage>> {
    let items = node.list_up_to(STAGES_MAX, fields)?;
    let stages = each(&items, fields, stage);
    check_distinct(&items, fields);
    check_order(&items, fields);
    stages
}

fn stage(node: &Node, fields: &mut Fields) -> Option<Stage> {
    let known = ["key", "name", "after", "when", "approvers", "needs", "deadline"];
    let members = node.object(&known, fields)?;
    let key = members.required("key", fields).and_then(|node| key(&node, fields));
    let name = members.required("name", fields).and_then(|node| names(&node, fields));
    let after = members.optional("after").map(|node| texts(&node, fields));
    let when = condition(&members, fields);
    let approvers = members.required("approvers", fields).and_then(|node| approvers(&node, fields));
    let needs = members.required("needs", fields).and_then(|node| needs(&node, approvers.as_deref(), fields));
    let deadline = members.optional("deadline").map(|node| deadline(&node, fields));
    Some(Stage {
        key: key?,
        name: name?,
        after: after.unwrap_or(Some(Vec::new()))?,
        when: when?,
        approvers: approvers?,
        needs: needs?,
        deadline: match deadline {
            None => None,
            Some(deadline) => Some(deadline?),
        },
    })
}

/// Reads each item, so that the errors of all items are reported; `None` if at least one item has
/// an error.
fn each<T>(items: &[Node], fields: &mut Fields, read: impl Fn(&Node, &mut Fields) -> Option<T>) -> Option<Vec<T>> {
    let found: Vec<Option<T>> = items.iter().map(|item| read(item, fields)).collect();
    found.into_iter().collect()
}

fn texts(node: &Node, fields: &mut Fields) -> Option<Vec<String>> {
    let items = node.list_up_to(STAGES_MAX, fields)?;
    each(&items, fields, |node, fields| node.text(fields).map(Into::into))
}

fn key(node: &Node, fields: &mut Fields) -> Option<String> {
    let key = node.text(fields)?;
    if !is_key(key) {
        fields.push(node.error("key-format").param("key", key));
        return None;
    }
    Some(key.into())
}

fn names(node: &Node, fields: &mut Fields) -> Option<Names> {
    let members = node.object(&["de", "en"], fields)?;
    let mut name = |language: &str| {
        let Some(node) = members.optional(language) else {
            let pointer = members.pointer_to(language);
            fields.push(FieldError::new(&pointer, "name-language-missing").param("language", language));
            return None;
        };
        let name = node.text(fields)?.trim();
        fields.length(&node.pointer, "policy-name", name, NAME);
        Some(name.to_owned())
    };
    let (de, en) = (name("de"), name("en"));
    Some(Names { de: de?, en: en? })
}

fn approvers(node: &Node, fields: &mut Fields) -> Option<Vec<Approver>> {
    let items = node.list(fields)?;
    if items.is_empty() {
        fields.push(node.error("approvers-missing"));
        return None;
    }
    let items = node.list_of(LIST_MAX, fields)?;
    each(&items, fields, approver)
}

pub(super) fn approver(node: &Node, fields: &mut Fields) -> Option<Approver> {
    let known = ["group", "permission", "manager_of", "actor"];
    let members = node.object(&known, fields)?;
    let mut named = known.iter().filter_map(|name| members.optional(name).map(|node| (*name, node)));
    let (Some((name, node_of)), None) = (named.next(), named.next()) else {
        fields.push(node.error("approver-ambiguous"));
        return None;
    };
    let text = node_of.text(fields)?;
    let (approver, code) = match name {
        "group" => (is_group_key(text).then(|| Approver::Group(text.into())), "group-format"),
        "permission" => (PERMISSIONS.contains(&text).then(|| Approver::Permission(text.into())), "permission-unknown"),
        "manager_of" => ((text == "requester").then_some(Approver::ManagerOf(Whose::Requester)), "manager-unknown"),
        _ => {
            // The host resolves only UUIDs. Another id would fail each request under the policy.
            (is_id(text).then(|| Approver::Actor(text.into())), "actor-format")
        }
    };
    if approver.is_none() {
        fields.push(node_of.error(code).param("key", text));
    }
    approver
}

/// Whether the host accepts the text as the key of a group. Such a key may begin with a digit or a
/// hyphen, unlike the keys of a document.
pub fn is_group_key(text: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=GROUP_MAX).contains(&text.len()) && text.bytes().all(is_allowed)
}

fn needs(node: &Node, approvers: Option<&[Approver]>, fields: &mut Fields) -> Option<Needs> {
    match node.value.as_str() {
        Some("any") => return Some(Needs::Any),
        Some("all") => return Some(Needs::All),
        Some(_) => {
            fields.push(node.error("needs-unknown"));
            return None;
        }
        None => {}
    }
    let quorum = node.object(&["at_least"], fields)?.required("at_least", fields)?;
    let count = quorum.number(fields)?;
    let max = approvers.and_then(fixed_number).unwrap_or(1000);
    if !(1..=max).contains(&count) {
        fields.push(quorum.error("quorum-out-of-range").param("min", 1).param("max", max));
        return None;
    }
    Some(Needs::AtLeast(u32::try_from(count).ok()?))
}

/// Number of people in `approvers`, if each is named by actor id. `None` if a group, a permission
/// or a manager is among them, because their people change.
fn fixed_number(approvers: &[Approver]) -> Option<i64> {
    let actors: BTreeSet<&Approver> = approvers.iter().collect();
    let fixed = actors.iter().all(|approver| matches!(approver, Approver::Actor(_)));
    fixed.then(|| i64::try_from(actors.len()).unwrap_or(i64::MAX))
}

fn deadline(node: &Node, fields: &mut Fields) -> Option<Deadline> {
    let members = node.object(&["hours", "remind_after", "escalate", "finally"], fields)?;
    let hours = members.required("hours", fields).and_then(|node| self::hours(&node, fields));
    let reminders = members.optional("remind_after").map(|node| reminders(&node, hours, fields));
    let escalate = members.optional("escalate").map(|node| {
        let items = node.list_up_to(LIST_MAX, fields)?;
        each(&items, fields, escalation)
    });
    let finally = members.required("finally", fields).and_then(|node| finally(&node, fields));
    Some(Deadline {
        hours: hours?,
        remind_after: reminders.unwrap_or(Some(Vec::new()))?,
        escalate: escalate.unwrap_or(Some(Vec::new()))?,
        finally: finally?,
    })
}

fn hours(node: &Node, fields: &mut Fields) -> Option<u32> {
    let hours = node.number(fields)?;
    fields.within(&node.pointer, "hours-out-of-range", hours, HOURS);
    HOURS.contains(&hours).then(|| u32::try_from(hours).ok())?
}

fn reminders(node: &Node, deadline: Option<u32>, fields: &mut Fields) -> Option<Vec<u32>> {
    let items = node.list_up_to(LIST_MAX, fields)?;
    each(&items, fields, |node, fields| {
        let hours = hours(node, fields)?;
        if let Some(deadline) = deadline.filter(|deadline| hours >= *deadline) {
            fields.push(node.error("reminder-not-before-deadline").param("hours", deadline));
            return None;
        }
        Some(hours)
    })
}

fn escalation(node: &Node, fields: &mut Fields) -> Option<Escalation> {
    let members = node.object(&["to", "hours"], fields)?;
    let to = members.required("to", fields).and_then(|node| approver(&node, fields));
    let hours = members.required("hours", fields).and_then(|node| hours(&node, fields));
    Some(Escalation { to: to?, hours: hours? })
}

fn finally(node: &Node, fields: &mut Fields) -> Option<Finally> {
    match node.text(fields)? {
        "expire" => Some(Finally::Expire),
        "approve" => Some(Finally::Approve),
        _ => {
            fields.push(node.error("finally-unknown"));
            None
        }
    }
}

/// Reports each item of a list whose `key` an earlier item has.
fn check_distinct(items: &[Node], fields: &mut Fields) {
    let mut seen = BTreeSet::new();
    for item in items {
        let Some(key) = item.value.get("key").and_then(Value::as_str) else { continue };
        if !seen.insert(key) {
            let pointer = format!("{}/key", item.pointer);
            fields.push(FieldError::new(&pointer, "key-twice").param("key", key));
        }
    }
}

/// Reports unknown keys in `after`, and stages that wait for themselves, directly or by way of
/// other stages.
fn check_order(items: &[Node], fields: &mut Fields) {
    let mut after: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for item in items {
        let Some(key) = item.value.get("key").and_then(Value::as_str) else { continue };
        let list = item.value.get("after").and_then(Value::as_array);
        let keys = list.into_iter().flatten().filter_map(Value::as_str).collect();
        after.entry(key).or_insert(keys);
    }
    for item in items {
        let list = item.value.get("after").and_then(Value::as_array);
        for (index, key) in list.into_iter().flatten().enumerate() {
            let Some(key) = key.as_str().filter(|key| !after.contains_key(key)) else { continue };
            let pointer = format!("{}/after/{index}", item.pointer);
            fields.push(FieldError::new(&pointer, "stage-unknown").param("stage", key));
        }
        let Some(key) = item.value.get("key").and_then(Value::as_str) else { continue };
        if waits_for_itself(key, &after) {
            let pointer = format!("{}/after", item.pointer);
            fields.push(FieldError::new(&pointer, "stage-cycle").param("stage", key));
        }
    }
}

fn waits_for_itself(key: &str, after: &BTreeMap<&str, Vec<&str>>) -> bool {
    let direct = |key: &str| after.get(key).cloned().unwrap_or_default();
    let (mut open, mut seen) = (direct(key), BTreeSet::new());
    while let Some(next) = open.pop() {
        if next == key {
            return true;
        }
        if seen.insert(next) {
            open.extend(direct(next));
        }
    }
    false
}

/// Reports deadlines that end in approval although the policy does not permit it.
fn check_timeouts(stages: &Node, fields: &mut Fields) {
    for (index, stage) in stages.value.as_array().into_iter().flatten().enumerate() {
        if stage.pointer("/deadline/finally").and_then(Value::as_str) == Some("approve") {
            let pointer = format!("{}/{index}/deadline/finally", stages.pointer);
            fields.push(FieldError::new(&pointer, "timeout-approval-not-allowed"));
        }
    }
}

#[cfg(test)]
mod tests;
