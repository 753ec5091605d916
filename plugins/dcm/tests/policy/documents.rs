//! Random policy documents and facts.

use crate::people::{PEOPLE, first_id, references};
use dcm::policy::condition::{Comparison, Condition, Operand, Operator};
use dcm::policy::document::{
    AppliesTo, Approver, AutoRule, Deadline, Escalation, Finally, Names, Needs, Policy, Stage,
};
use dcm::policy::fact::{Fact, Facts, Kind};
use dcm::policy::plan::Published;
use eaf_sdk::testing::SeededRandom;

pub fn facts(random: &mut SeededRandom) -> Facts {
    Facts {
        kind: *random.pick(Kind::ALL),
        cpus: random.below(4) as u32,
        memory_gb: 8,
        term_months: 12,
        machines: 1,
        monthly_cents: random.below(4) as i64,
        total_cents: 0,
        offering: "ubuntu".into(),
        requester_groups: (0..random.below(2)).map(|group| format!("g{group}")).collect(),
        cost_centre: String::new(),
        at: 0,
        weekday: 1 + random.below(7) as u8,
        hour: 10,
    }
}

fn condition(random: &mut SeededRandom, depth: usize) -> Condition {
    let list =
        |random: &mut SeededRandom| (0..1 + random.below(2)).map(|_| condition(random, depth + 1)).collect::<Vec<_>>();
    match random.below(if depth < 3 { 6 } else { 3 }) {
        3 => Condition::All { all: list(random) },
        4 => Condition::Any { any: list(random) },
        5 => Condition::Not { not: Box::new(condition(random, depth + 1)) },
        0 => Condition::Comparison(Comparison {
            fact: Fact::RequesterGroups,
            is: Operator::Contains,
            value: Operand::Text("g0".into()),
        }),
        _ => Condition::Comparison(Comparison {
            fact: *random.pick(&[Fact::Cpus, Fact::MonthlyCents]),
            is: *random.pick(&[Operator::Gt, Operator::Le, Operator::Ne]),
            value: Operand::Number(random.below(4) as i64),
        }),
    }
}

fn sometimes<T>(random: &mut SeededRandom, make: impl FnOnce(&mut SeededRandom) -> T) -> Option<T> {
    (random.below(2) == 0).then(|| make(random))
}

pub fn approver(random: &mut SeededRandom) -> Approver {
    match random.below(4) {
        0 => Approver::Actor(first_id(random.below(PEOPLE))),
        _ => random.pick(&references()).clone(),
    }
}

fn names() -> Names {
    Names { de: "Leitung".into(), en: "Management".into() }
}

fn deadline(random: &mut SeededRandom) -> Deadline {
    let escalate =
        (0..random.below(3)).map(|_| Escalation { to: approver(random), hours: 1 + random.below(9) as u32 }).collect();
    let finally = *random.pick(&[Finally::Expire, Finally::Approve]);
    Deadline { hours: 2 + random.below(9) as u32, remind_after: vec![1], escalate, finally }
}

fn stages(random: &mut SeededRandom) -> Vec<Stage> {
    let stage = |number: usize, random: &mut SeededRandom| Stage {
        key: format!("s{number}"),
        name: names(),
        after: (0..number).filter(|_| random.below(3) == 0).map(|before| format!("s{before}")).collect(),
        when: sometimes(random, |random| condition(random, 2)),
        approvers: (0..1 + random.below(2)).map(|_| approver(random)).collect(),
        needs: *random.pick(&[Needs::Any, Needs::All, Needs::AtLeast(1), Needs::AtLeast(2), Needs::AtLeast(3)]),
        deadline: sometimes(random, deadline),
    };
    (0..random.below(4)).map(|number| stage(number, random)).collect()
}

pub fn policies(random: &mut SeededRandom) -> Vec<Published> {
    let policy = |random: &mut SeededRandom| Policy {
        applies_to: AppliesTo {
            kinds: Kind::ALL.iter().copied().collect(),
            when: sometimes(random, |random| condition(random, 3)),
        },
        auto_approve: sometimes(random, |random| AutoRule {
            key: "small".into(),
            name: names(),
            when: condition(random, 2),
        })
        .into_iter()
        .collect(),
        stages: stages(random),
        allow_timeout_approval: true,
    };
    let published = |number: usize, random: &mut SeededRandom| Published {
        key: format!("k{number}"),
        version: 1 + random.below(3) as u32,
        policy: policy(random),
    };
    (0..random.below(4)).map(|number| published(number, random)).collect()
}
