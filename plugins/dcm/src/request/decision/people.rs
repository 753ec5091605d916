//! People of an approval: references that the host resolves, and the caller's own seats.

use crate::permission::{DECIDE, OPERATE};
use crate::policy::approval::{Approval, Approvers};
use crate::policy::document::{Approver, Whose};
use eaf_sdk::{Context, FieldError, Fields, People, Streams};
use std::collections::{BTreeMap, BTreeSet};

/// Reference of the host for a reference of a policy.
pub fn reference(approver: &Approver, requester: &str) -> People {
    match approver {
        Approver::Group(key) => People::in_group(key),
        Approver::Permission(name) => People::who_may(name),
        Approver::ManagerOf(Whose::Requester) => People::manager_of(requester),
        Approver::Actor(id) => People::actor(id),
    }
}

/// References of all stages and escalations of an approval, and of the operators, who are asked
/// when people are missing.
pub fn approvers_of(approval: &Approval) -> BTreeSet<Approver> {
    let planned = approval.plan.stages.iter().flat_map(|stage| {
        let escalations = stage.deadline.iter().flat_map(|deadline| &deadline.escalate).map(|step| &step.to);
        stage.approvers.iter().chain(escalations)
    });
    let asked = approval.stages.values().flat_map(|progress| progress.asked.iter().flatten());
    let operators = Approver::Permission(OPERATE.into());
    planned.chain(asked).cloned().chain([operators]).collect()
}

pub fn references(approval: &Approval) -> Vec<People> {
    approvers_of(approval).iter().map(|approver| reference(approver, &approval.requester)).collect()
}

/// Actor ids of the people to whom seats in open stages were passed on.
fn takers(approval: &Approval) -> BTreeSet<&String> {
    let open = approval.open_stages().into_iter().filter_map(|stage| approval.open(stage));
    open.flat_map(|open| &open.passed_on).map(|passed| &passed.to).collect()
}

/// Reference to the people to whom seats in open stages were passed on. `None`: no seat was.
pub fn takers_reference(approval: &Approval) -> Option<People> {
    takers(approval).into_iter().map(|actor| People::actor(actor)).reduce(People::or)
}

/// People to whom the host resolved the references of an approval, with the caller as the deputy of
/// the people for whom the caller stands in.
pub struct Resolved {
    members: BTreeMap<Approver, BTreeSet<String>>,
    /// People to whom a seat was passed on and who have left since.
    gone: BTreeSet<String>,
    caller: String,
    principals: BTreeSet<String>,
}

impl Resolved {
    /// `further` are references that the approval does not have yet.
    pub fn new(approval: &Approval, ctx: &Context, streams: &Streams, further: &[Approver]) -> Self {
        let members = |approver: Approver| {
            let people = streams.people(&reference(&approver, &approval.requester));
            (approver, people.iter().cloned().collect())
        };
        Resolved {
            gone: gone(approval, streams),
            members: approvers_of(approval).into_iter().chain(further.iter().cloned()).map(members).collect(),
            caller: ctx.actor.id.clone(),
            principals: ctx.actor.stands_in_for.iter().map(|principal| principal.id.clone()).collect(),
        }
    }
}

/// People to whom a seat was passed on and who are no members any more.
fn gone(approval: &Approval, streams: &Streams) -> BTreeSet<String> {
    let Some(reference) = takers_reference(approval) else { return BTreeSet::new() };
    let present = streams.people(&reference);
    takers(approval).into_iter().filter(|actor| !present.contains(actor)).cloned().collect()
}

impl Approvers for Resolved {
    fn members(&self, reference: &Approver) -> BTreeSet<String> {
        self.members.get(reference).cloned().unwrap_or_default()
    }

    fn deputies(&self, actor: &str) -> BTreeSet<String> {
        if self.principals.contains(actor) { BTreeSet::from([self.caller.clone()]) } else { BTreeSet::new() }
    }

    fn is_present(&self, actor: &str) -> bool {
        !self.gone.contains(actor)
    }
}

/// The caller and the people for whom the caller stands in, as far as the context shows to which
/// references they belong. Enough to tell whether the caller has a seat, and not whether a stage
/// passes.
pub struct CallerAlone<'a> {
    ctx: &'a Context,
    requester: &'a str,
    /// Actor ids of other people who passed a seat on. The context does not show whether they still
    /// belong to a reference, so they count as members.
    givers: BTreeSet<String>,
}

impl<'a> CallerAlone<'a> {
    pub fn new(approval: &'a Approval, ctx: &'a Context) -> Self {
        let passed = approval.stages.values().flat_map(|progress| &progress.passed_on);
        let is_other = |id: &&String| **id != ctx.actor.id && ctx.actor.stands_in_for.iter().all(|p| p.id != **id);
        let givers = passed.map(|passed| &passed.from).filter(is_other).cloned().collect();
        CallerAlone { ctx, requester: &approval.requester, givers }
    }

    fn is_member(
        &self,
        approver: &Approver,
        id: &str,
        permissions: &[String],
        groups: &[String],
        manages: &[String],
    ) -> bool {
        match approver {
            Approver::Group(key) => groups.contains(key),
            Approver::Permission(name) => permissions.contains(name),
            Approver::ManagerOf(Whose::Requester) => manages.iter().any(|managed| managed == self.requester),
            Approver::Actor(actor) => actor == id,
        }
    }
}

impl Approvers for CallerAlone<'_> {
    fn members(&self, reference: &Approver) -> BTreeSet<String> {
        let actor = &self.ctx.actor;
        let mut members = self.givers.clone();
        if self.is_member(reference, &actor.id, &actor.permissions, &actor.groups, &actor.manages) {
            members.insert(actor.id.clone());
        }
        let principals = actor.stands_in_for.iter();
        let held = principals.filter(|p| self.is_member(reference, &p.id, &p.permissions, &p.groups, &p.manages));
        members.extend(held.map(|principal| principal.id.clone()));
        members
    }

    fn deputies(&self, actor: &str) -> BTreeSet<String> {
        let stands_in = self.ctx.actor.stands_in_for.iter().any(|principal| principal.id == actor);
        if stands_in { BTreeSet::from([self.ctx.actor.id.clone()]) } else { BTreeSet::new() }
    }
}

/// People who may decide on an open stage and have not, and their deputies.
pub fn waited_for(approval: &Approval) -> People {
    let open: Vec<_> = approval.open_stages().into_iter().filter_map(|stage| approval.open(stage)).collect();
    let references = open.iter().flat_map(|progress| progress.asked.iter().flatten());
    let mut people =
        references.fold(People::default(), |people, asked| people.or(reference(asked, &approval.requester)));
    let mut gone: BTreeSet<&String> = BTreeSet::new();
    for progress in &open {
        people = progress.passed_on.iter().fold(people, |people, passed| people.or(People::actor(&passed.to)));
        // A person who has decided on one of several open stages may have a seat in another.
        if let [_] = open.as_slice() {
            let decided =
                progress.decisions.iter().map(|decision| decision.on_behalf_of.as_ref().unwrap_or(&decision.actor));
            gone.extend(decided.chain(progress.passed_on.iter().map(|passed| &passed.from)));
        }
    }
    gone.extend(&approval.requester_ids);
    gone.into_iter().fold(people.with_deputies(), |people, id| people.except(id))
}

/// Checks that these actor ids, given with their JSON pointers, belong to members who may decide.
/// The references in `streams` must contain the holders of the permission to decide.
pub fn check_deciders<'a>(
    fields: &mut Fields,
    streams: &Streams,
    actors: impl IntoIterator<Item = (String, &'a String)>,
) {
    let deciders = streams.people(&People::who_may(DECIDE));
    for (pointer, actor) in actors {
        if !deciders.contains(actor) {
            fields.push(FieldError::new(&pointer, "person-unknown"));
        }
    }
}

/// People who have ever been asked to decide, and so may read the request.
pub fn asked(approval: &Approval) -> People {
    let all = approval.stages.values();
    let references = all.clone().flat_map(|progress| progress.asked.iter().flatten());
    let people = references.fold(People::default(), |people, asked| people.or(reference(asked, &approval.requester)));
    let passed = all.flat_map(|progress| &progress.passed_on);
    passed.fold(people, |people, passed| people.or(People::actor(&passed.to)))
}
