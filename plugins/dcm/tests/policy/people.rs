//! People of the random approvals.

use dcm::policy::approval::Approvers;
use dcm::policy::document::{Approver, Whose};
use eaf_sdk::testing::SeededRandom;
use std::collections::{BTreeMap, BTreeSet};

pub const PEOPLE: usize = 6;
const GROUPS: usize = 3;
pub const REQUESTER: usize = 0;

/// Members of groups that change, as the directory has them. Some people have a second actor id,
/// and some may not decide.
pub struct TestMembers {
    pub members: BTreeMap<Approver, BTreeSet<String>>,
    pub may_decide: [bool; PEOPLE],
    pub second_id: [bool; PEOPLE],
    pub deputies: BTreeMap<String, BTreeSet<String>>,
}

pub fn first_id(person: usize) -> String {
    format!("{person:08}-0000-4000-8000-000000000001")
}

pub fn second_id(person: usize) -> String {
    format!("{person:08}-0000-4000-8000-000000000002")
}

pub fn number(actor: &str) -> usize {
    actor[..8].parse().unwrap()
}

pub fn references() -> Vec<Approver> {
    let groups = (0..GROUPS).map(|group| Approver::Group(format!("g{group}")));
    let permissions = ["approve", "operate"].map(|name| Approver::Permission(name.into()));
    groups.chain(permissions).chain([Approver::ManagerOf(Whose::Requester)]).collect()
}

impl TestMembers {
    pub fn new(random: &mut SeededRandom) -> Self {
        let has_second_ids = random.below(2) == 0;
        let second_id = std::array::from_fn(|_| has_second_ids && random.below(3) == 0);
        let may_decide = std::array::from_fn(|_| random.below(5) > 0);
        let mut people = TestMembers { members: BTreeMap::new(), may_decide, second_id, deputies: BTreeMap::new() };
        for reference in references() {
            people.change(random, reference);
        }
        for _ in 0..random.below(4) {
            let (of, deputy) = (people.actor(random), people.actor(random));
            people.deputies.entry(of).or_default().insert(deputy);
        }
        people
    }

    pub fn has_second_ids(&self) -> bool {
        self.second_id.contains(&true)
    }

    pub fn change(&mut self, random: &mut SeededRandom, reference: Approver) {
        let members = (0..random.below(4)).map(|_| self.actor(random)).collect();
        self.members.insert(reference, members);
    }

    /// Removes one person from a group, a role or the managers.
    pub fn leave(&mut self, random: &mut SeededRandom, reference: &Approver) {
        let members = self.members.entry(reference.clone()).or_default();
        let leaver = members.iter().nth(random.below(members.len().max(1))).cloned();
        leaver.map(|actor| members.remove(&actor));
    }

    /// Members of a group, a role or the managers, whether they may decide or not.
    pub fn listed(&self, reference: &Approver) -> BTreeSet<String> {
        match reference {
            Approver::Actor(actor) => BTreeSet::from([actor.clone()]),
            _ => self.members.get(reference).cloned().unwrap_or_default(),
        }
    }

    pub fn actor(&self, random: &mut SeededRandom) -> String {
        let person = random.below(PEOPLE);
        if self.second_id[person] && random.below(2) == 0 { second_id(person) } else { first_id(person) }
    }
}

/// Answers as the host gives them, which counts only people who may decide.
impl Approvers for TestMembers {
    fn members(&self, reference: &Approver) -> BTreeSet<String> {
        self.listed(reference).into_iter().filter(|actor| self.is_present(actor)).collect()
    }

    fn person(&self, actor: &str) -> BTreeSet<String> {
        let person = number(actor);
        let second = self.second_id[person].then(|| second_id(person));
        second.into_iter().chain([first_id(person)]).collect()
    }

    fn deputies(&self, actor: &str) -> BTreeSet<String> {
        let deputies = self.deputies.get(actor).cloned().unwrap_or_default();
        deputies.into_iter().filter(|deputy| self.is_present(deputy)).collect()
    }

    fn is_present(&self, actor: &str) -> bool {
        self.may_decide[number(actor)]
    }
}
