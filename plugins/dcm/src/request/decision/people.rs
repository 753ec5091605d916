//! People of an approval: references that the host resolves, and the caller's own seats.

use crate::permission::{DECIDE, OPERATE};
use crate::policy::approval::{Approval, Approvers, Progress};
use crate::policy::document::{Approver, Whose};
use eaf_sdk::{Context, FieldError, Fields, People, Principal, Streams};
use std::collections::{BTreeMap, BTreeSet};

/// Reference of the host for a reference of a policy, to those who may decide: the host refuses the
/// decisions of others, so that they have no seat.
pub fn reference(approver: &Approver, requester: &str) -> People {
    let people = match approver {
        Approver::Group(key) => People::in_group(key),
        Approver::Permission(name) => People::who_may(name),
        Approver::ManagerOf(Whose::Requester) => People::manager_of(requester),
        Approver::Actor(id) => return decider(id),
    };
    people.must_hold(DECIDE)
}

/// Reference to a member who may decide.
pub fn decider(actor: &str) -> People {
    People::actor(actor).must_hold(DECIDE)
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
    takers(approval).into_iter().map(|actor| decider(actor)).reduce(People::or)
}

/// People to whom the host resolved the references of an approval, with the caller as the deputy of
/// the people for whom the caller stands in.
pub struct Resolved {
    members: BTreeMap<Approver, BTreeSet<String>>,
    /// People to whom a seat was passed on and who cannot decide any more.
    gone: BTreeSet<String>,
    caller: String,
    /// People for whom the caller may decide as their deputy.
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
            principals: principals(ctx).map(|principal| principal.id.clone()).collect(),
        }
    }
}

/// Persons for whom the caller may decide as their deputy; none if the caller may not decide.
fn principals(ctx: &Context) -> impl Iterator<Item = &Principal> {
    ctx.actor.stands_in_for.iter().filter(|_| ctx.may(DECIDE))
}

/// People to whom a seat was passed on and who have left or may not decide any more.
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
        let is_meant = match approver {
            Approver::Group(key) => groups.contains(key),
            Approver::Permission(name) => permissions.contains(name),
            Approver::ManagerOf(Whose::Requester) => manages.iter().any(|managed| managed == self.requester),
            Approver::Actor(actor) => actor == id,
        };
        is_meant && may_decide(permissions)
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
        let stands_in = principals(self.ctx).any(|principal| principal.id == actor);
        if stands_in { BTreeSet::from([self.ctx.actor.id.clone()]) } else { BTreeSet::new() }
    }

    /// Other people than the caller and the persons for whom the caller stands in count as present.
    fn is_present(&self, actor: &str) -> bool {
        let caller = &self.ctx.actor;
        let principal = caller.stands_in_for.iter().find(|principal| principal.id == actor);
        match principal.map(|principal| &principal.permissions) {
            Some(permissions) => may_decide(permissions),
            None => caller.id != actor || self.ctx.may(DECIDE),
        }
    }
}

fn may_decide(permissions: &[String]) -> bool {
    permissions.iter().any(|permission| permission == DECIDE)
}

/// People who have a seat in a stage and have not decided on it.
pub fn open_seats(approval: &Approval, stage: &Progress) -> People {
    let references = stage.asked.iter().flatten().map(|asked| reference(asked, &approval.requester));
    let takers = stage.passed_on.iter().map(|passed| decider(&passed.to));
    let people = references.chain(takers).fold(People::default(), People::or);
    let done: BTreeSet<&String> = done_in(stage).collect();
    done.into_iter().chain(&approval.requester_ids).fold(people, |people, actor| people.except(actor))
}

/// Actor ids of the people who have decided on a stage, themselves or by a deputy, of these
/// deputies, and of the people who passed their seat on.
fn done_in(progress: &Progress) -> impl Iterator<Item = &String> {
    let decisions = progress.decisions.iter();
    let decided = decisions.flat_map(|decision| [&decision.actor].into_iter().chain(&decision.on_behalf_of));
    decided.chain(progress.passed_on.iter().map(|passed| &passed.from))
}

/// People who may decide on a stage and have not, and their deputies.
pub fn waited_for(approval: &Approval, stage: &Progress) -> People {
    open_seats(approval, stage).with_deputies()
}

/// Checks that these actor ids, given with their JSON pointers, belong to members who may decide.
/// The references in `streams` must contain [`decider`] of each.
pub fn check_deciders<'a>(
    fields: &mut Fields,
    streams: &Streams,
    actors: impl IntoIterator<Item = (String, &'a String)>,
) {
    for (pointer, actor) in actors {
        if !streams.people(&decider(actor)).contains(actor) {
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
    passed.fold(people, |people, passed| people.or(decider(&passed.to)))
}
