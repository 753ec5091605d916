//! Tests of orders: given an offering and policies, when one submission requests several machines,
//! then each machine has a request of its own, or nothing is recorded.

mod cast;

use cast::*;
use dcm::policy::document::Approver;
use dcm::request::approvals::Approvals;
use dcm::request::approve::ApproveRequest;
use dcm::request::decision::confirm::ConfirmChanges;
use dcm::request::decision::propose::ProposeChanges;
use dcm::request::decision::stages::Stages;
use dcm::request::order::{EVENTS_MAX, MACHINES_MAX, request_id};
use dcm::request::reject::RejectRequest;
use dcm::request::revise::ReviseRequest;
use dcm::request::submit::RequestVm;
use dcm::request::view::Requests;
use dcm::request::withdraw::WithdrawRequest;
use dcm::{Dcm, DcmFlows};
use eaf_sdk::document::Decision;
use eaf_sdk::testing::{Script, SeededRandom, Stage, system};
use eaf_sdk::{People, Recorded};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Body that requests the machine `web-01` and further ones; each costs 30 EUR a month.
fn order(more_names: &[&str]) -> Value {
    let mut body = wanted("web-01");
    body["more_names"] = json!(more_names);
    body
}

/// Names `vm-1`, `vm-2` and so on.
fn names(count: usize) -> Vec<String> {
    (1..=count).map(|number| format!("vm-{number}")).collect()
}

fn order_of(count: usize) -> Value {
    let names = names(count - 1);
    order(&names.iter().map(String::as_str).collect::<Vec<_>>())
}

/// Ids of the requests of an order, by line.
fn ids(order: &str, lines: u32) -> Vec<String> {
    (1..=lines).map(|line| request_id(order, line)).collect()
}

/// Creates a stage with an order of three machines that waits for the default stage.
fn with_order() -> (Stage<Dcm>, Vec<String>) {
    let mut stage = with_offering();
    let id = stage.when::<RequestVm>(&requester(), order(&["web-02", "web-03"])).command_id;
    (stage, ids(&id, 3))
}

/// Policy with one stage of the requester's manager under a condition.
fn with_limit(fact: &str, value: i64) -> Stage<Dcm> {
    let limit = json!({ "fact": fact, "is": "gt", "value": value });
    let manager = json!({ "key": "manager", "name": { "de": "Führungskraft", "en": "Manager" }, "when": limit,
        "approvers": [{ "manager_of": "requester" }], "needs": "any" });
    with_policy(json!({ "applies_to": { "kinds": ["vm.create"] }, "stages": [manager] }))
}

/// Keys of the stages of a request, and the values of the facts that made them part of the plan.
fn plan_of(stage: &Stage<Dcm>, id: &str) -> (Value, Value) {
    let row = stage.view::<Requests>()[id].clone();
    let planned = &row["approval"]["plan"]["stages"][0];
    (planned["key"].clone(), planned["because"][0]["actual"].clone())
}

fn preview(stage: &Stage<Dcm>, command: &str, body: Value) -> Value {
    match stage.dry_run(&requester(), command, 1, body).decision {
        Decision::Accepted(accepted) => Value::from(accepted.preview),
        Decision::Rejected(rejection) => panic!("{rejection:?}"),
    }
}

#[test]
fn each_machine_of_an_order_has_a_request_and_a_result_of_its_own() {
    let mut stage = with_offering();
    let submitted = stage.when::<RequestVm>(&requester(), order(&["web-02", "WEB-03"]));
    let submitted = submitted.then_events(&[SUBMITTED, SUBMITTED, SUBMITTED].concat());
    let ids = ids(&submitted.command_id, 3);
    assert_eq!(ids[0], submitted.command_id);
    for (view, rows) in [("requests", stage.view::<Requests>()), ("approvals", stage.view::<Approvals>())] {
        for (line, (id, name)) in ids.iter().zip(["web-01", "web-02", "WEB-03"]).enumerate() {
            let shown = ["vm_name", "order_id", "order_line", "order_lines", "monthly_cents"].map(|m| &rows[id][m]);
            assert_eq!(json!(shown), json!([name, ids[0], line + 1, 3, 3_000]), "{view}");
        }
    }
    stage.when::<ApproveRequest>(&approver(), json!({ "request": ids[1] })).then_events(&[
        "stage-decided",
        "stage-passed",
        "request-approved",
    ]);
    let no = json!({ "request": ids[2], "reason": "Two are enough." });
    stage.when::<RejectRequest>(&approver(), no).then_events(&["stage-decided", "request-rejected", "name-released"]);
    let rows = stage.view::<Requests>();
    let statuses = ids.iter().map(|id| rows[id]["status"].as_str().unwrap()).collect::<Vec<_>>();
    assert_eq!(statuses, ["pending", "approved", "rejected"]);
}

#[test]
fn a_single_machine_has_no_order() {
    let (stage, id) = with_request();
    let row = &stage.view::<Requests>()[&id];
    assert_eq!(json!(["order_id", "order_line", "order_lines"].map(|m| &row[m])), json!([null, null, null]));
    assert!(stage.log.iter().all(|recorded| recorded.data.get("order").is_none()), "{:?}", stage.log);
}

/// Errors of members, each as pointer and code.
type Errors = &'static [(&'static str, &'static str)];

#[test]
fn nothing_is_recorded_when_one_line_is_wrong() {
    let mut stage = with_offering();
    stage.when::<RequestVm>(&approver(), wanted("taken"));
    let before = stage.log.len();
    let too_many = names(20);
    let too_many: Vec<&str> = too_many.iter().map(String::as_str).collect();
    let wrong: [(&[&str], &str, Errors); 7] = [
        (&too_many, "invalid-request", &[("/more_names", "machines-too-many")]),
        (&["web-02", "WEB-01"], "invalid-request", &[("/more_names/1", "vm-name-twice")]),
        (
            &["web-02", "", "Web-02"],
            "invalid-request",
            &[("/more_names/1", "vm-name-missing"), ("/more_names/2", "vm-name-twice")],
        ),
        (
            &["web-🚀", "web 02", "-web", "0815"],
            "invalid-request",
            &[
                ("/more_names/0", "vm-name-characters"),
                ("/more_names/1", "vm-name-characters"),
                ("/more_names/2", "vm-name-hyphen"),
                ("/more_names/3", "vm-name-digits"),
            ],
        ),
        (&["much-longer-than-15"], "invalid-request", &[("/more_names/0", "vm-name-too-long")]),
        (&["web-02", "Taken"], "vm-name-taken", &[("/more_names/1", "vm-name-taken")]),
        (&["web-02\0"], "invalid-request", &[("/more_names/0", "vm-name-characters")]),
    ];
    for (more_names, code, fields) in wrong {
        let refused = stage.when::<RequestVm>(&requester(), order(more_names));
        refused.then_rejected(code).then_fields(fields);
    }
    assert_eq!(stage.log.len(), before);
}

#[test]
fn each_taken_name_of_an_order_is_named() {
    let mut stage = with_offering();
    for name in ["web-01", "web-03"] {
        stage.when::<RequestVm>(&approver(), wanted(name));
    }
    let refused = stage.when::<RequestVm>(&requester(), order(&["web-02", "WEB-03"])).then_rejected("vm-names-taken");
    let rejection = refused.rejection().unwrap();
    assert_eq!(rejection.params["names"], "web-01, WEB-03");
    assert_eq!(rejection.fields[1].params["name"], "WEB-03");
    refused.then_fields(&[("/name", "vm-name-taken"), ("/more_names/1", "vm-name-taken")]);
}

#[test]
fn a_repeated_decision_creates_the_same_requests() {
    let stage = with_offering();
    let decided = || match stage.dry_run(&requester(), "request-vm", 1, order(&["web-02", "web-03"])).decision {
        Decision::Accepted(accepted) => json!(accepted.events),
        Decision::Rejected(rejection) => panic!("{rejection:?}"),
    };
    assert_eq!(decided(), decided());
}

#[test]
fn a_cost_limit_holds_for_the_whole_order() {
    let mut stage = with_limit("monthly_cents", 5_000);
    let alone = stage.when::<RequestVm>(&requester(), wanted("alone")).command_id;
    assert_eq!(plan_of(&stage, &alone).0, "approval");
    let id = stage.when::<RequestVm>(&requester(), order(&["web-02"])).command_id;
    for id in ids(&id, 2) {
        assert_eq!(plan_of(&stage, &id), (json!("costly.manager"), json!(6_000)));
    }
    let mut stage = with_limit("total_cents", 71_999);
    let id = stage.when::<RequestVm>(&requester(), order(&["web-02"])).command_id;
    assert_eq!(plan_of(&stage, &id), (json!("costly.manager"), json!(72_000)));
}

#[test]
fn a_policy_compares_the_number_of_machines() {
    let mut stage = with_limit("machines", 2);
    let two = stage.when::<RequestVm>(&requester(), order(&["web-02"])).command_id;
    assert_eq!(plan_of(&stage, &two).0, "approval");
    let mut three = order(&["web-04", "web-05"]);
    three["name"] = "web-03".into();
    let three = stage.when::<RequestVm>(&requester(), three).command_id;
    assert_eq!(plan_of(&stage, &three), (json!("costly.manager"), json!(3)));
}

#[test]
fn a_revision_counts_the_present_cost_of_the_other_machines() {
    let mut stage = with_limit("monthly_cents", 7_000);
    let id = stage.when::<RequestVm>(&requester(), order(&["web-02"])).command_id;
    let ids = ids(&id, 2);
    // 35 EUR and 30 EUR are within the limit; 35 EUR and 40 EUR are not.
    let revised = |id: &str, cpus: u32| json!({ "request": id, "cpus": cpus });
    stage.when::<ReviseRequest>(&requester(), revised(&ids[0], 3));
    assert_eq!(plan_of(&stage, &ids[0]).0, "approval");
    let quoted = preview(&stage, "revise-request", revised(&ids[1], 4));
    assert_eq!(
        json!(["monthly_cents", "order_monthly_cents", "machines"].map(|m| &quoted[m])),
        json!([4_000, 7_500, 2])
    );
    stage.when::<ReviseRequest>(&requester(), revised(&ids[1], 4));
    assert_eq!(plan_of(&stage, &ids[1]), (json!("costly.manager"), json!(7_500)));
    assert_eq!(stage.view::<Requests>()[&ids[1]]["order_line"], 2);
    // A machine that was given up costs nothing.
    stage.when::<WithdrawRequest>(&requester(), json!({ "request": ids[0] }));
    let again = json!({ "request": ids[1], "revision": 2, "term_months": 6 });
    stage.when::<ReviseRequest>(&requester(), again);
    assert_eq!(plan_of(&stage, &ids[1]).0, "approval");
}

#[test]
fn a_confirmed_proposal_counts_the_other_machines() {
    let mut stage = with_limit("monthly_cents", 5_000);
    let id = stage.when::<RequestVm>(&requester(), order(&["web-02", "web-03"])).command_id;
    let proposal = json!({ "request": id, "cpus": 1, "comment": "One is enough." });
    stage.when::<ProposeChanges>(&manager(), proposal);
    stage.when::<ConfirmChanges>(&requester(), json!({ "request": id }));
    assert_eq!(plan_of(&stage, &id), (json!("costly.manager"), json!(2_500 + 2 * 3_000)));
    assert_eq!(stage.view::<Requests>()[&id]["order_lines"], 3);
}

#[test]
fn a_quote_has_the_price_of_one_machine_and_of_all() {
    let stage = with_limit("monthly_cents", 5_000);
    let quoted = preview(&stage, "request-vm", order(&["web-02", "web-03"]));
    let shown = ["monthly_cents", "order_monthly_cents", "machines", "currency"].map(|member| &quoted[member]);
    assert_eq!(json!(shown), json!([3_000, 9_000, 3, "EUR"]));
    assert_eq!(quoted["approval"]["stages"][0]["because"][0]["actual"], 9_000);
}

#[test]
fn the_price_that_the_caller_saw_is_that_of_one_machine() {
    let mut stage = with_offering();
    let mut body = order(&["web-02"]);
    body["expected_monthly_cents"] = 6_000.into();
    stage.when::<RequestVm>(&requester(), body.clone()).then_rejected("price-changed");
    body["expected_monthly_cents"] = 3_000.into();
    stage.when::<RequestVm>(&requester(), body).then_events(&[SUBMITTED, SUBMITTED].concat());
}

/// Policy document with stages that open together, each with a deadline.
fn parallel(stages: usize) -> Value {
    let deadline = json!({ "hours": 8, "remind_after": [4], "finally": "expire" });
    let stage = |number| {
        json!({ "key": format!("s{number}"), "name": { "de": "Stufe", "en": "Stage" }, "deadline": deadline,
            "approvers": [{ "permission": "approve" }], "needs": "any" })
    };
    json!({ "applies_to": { "kinds": ["vm.create"] }, "stages": (0..stages).map(stage).collect::<Vec<_>>() })
}

#[test]
fn the_largest_order_fits_five_stages_and_a_larger_plan_is_refused() {
    let mut stage = with_policy(parallel(5));
    let accepted = stage.when::<RequestVm>(&requester(), order_of(MACHINES_MAX));
    assert_eq!(accepted.events().len(), MACHINES_MAX * (3 + 2 * 5));
    assert!(accepted.events().len() <= EVENTS_MAX);
    assert_eq!(stage.view::<Requests>().len(), MACHINES_MAX);
    let mut stage = with_policy(parallel(20));
    let refused = stage.when::<RequestVm>(&requester(), order_of(MACHINES_MAX)).then_rejected("order-too-large");
    assert_eq!(refused.rejection().unwrap().params["machines"], MACHINES_MAX);
    stage.when::<RequestVm>(&requester(), order_of(5));
    assert_eq!(stage.view::<Requests>().len(), 5);
}

/// Mails of the run for `event`, given the present views.
fn mails(stage: &Stage<Dcm>, event: &Recorded) -> Vec<Value> {
    let views = ["approvals", "stages", "requesters"].map(|name| (name, stage.view_named(name)));
    let script = Script::new().answer("mail.send-while", json!({ "sent": 1, "failed": 0, "skipped": false }));
    let script = script.answer("mail.send", json!({ "sent": 1, "failed": 0 }));
    let script = script.on("flow.read", move |args| {
        let (_, rows) = views.iter().find(|(name, _)| args["view"] == *name).expect("a view of the package");
        Ok(json!(rows.get(args["key"].as_str().expect("a key"))))
    });
    let run = script.run::<DcmFlows>("notify", event);
    run.result.as_ref().expect("the run ends well");
    run.calls.into_iter().filter(|(name, _)| name.starts_with("mail.send")).map(|(_, mail)| mail).collect()
}

fn opened(stage: &Stage<Dcm>) -> Vec<Recorded> {
    stage.log.iter().filter(|recorded| recorded.kind == "stage-opened").cloned().collect()
}

#[test]
fn an_approver_gets_one_mail_about_an_order_with_all_its_machines() {
    let (stage, ids) = with_order();
    let sent: Vec<Value> = opened(&stage).iter().flat_map(|event| mails(&stage, event)).collect();
    let [mail] = sent.as_slice() else { panic!("{sent:?}") };
    assert_eq!(mail["template"], "approval-requested");
    let facts = &mail["facts"];
    assert_eq!(facts["machines"], json!(["web-01", "web-02", "web-03"]));
    assert_eq!((&facts["request_id"], &facts["order_monthly_cents"]), (&json!(ids[0]), &json!(9_000)));
    assert_eq!(mail["condition"]["key"], format!("{}/approval", ids[0]));
}

#[test]
fn the_mail_about_an_order_leads_to_a_machine_that_still_waits() {
    let (mut stage, ids) = with_order();
    stage.when::<WithdrawRequest>(&requester(), json!({ "request": ids[0] }));
    let sent = mails(&stage, &opened(&stage)[0]);
    assert_eq!(sent[0]["facts"]["request_id"], ids[1]);
    for id in &ids[1..] {
        stage.when::<WithdrawRequest>(&requester(), json!({ "request": id }));
    }
    assert_eq!(mails(&stage, &opened(&stage)[0]), Vec::<Value>::new());
}

#[test]
fn later_stages_of_an_order_open_one_by_one_and_have_mails_of_their_own() {
    let mut stage = with_policy(two_stages(json!({})));
    let id = stage.when::<RequestVm>(&requester(), order(&["web-02"])).command_id;
    let second = request_id(&id, 2);
    stage.when::<ApproveRequest>(&manager(), json!({ "request": second }));
    let event = opened(&stage).pop().unwrap();
    let sent = mails(&stage, &event);
    assert_eq!((sent.len(), &sent[0]["facts"]["request_id"]), (1, &json!(second)));
    assert_eq!(sent[0]["facts"]["machines"], Value::Null);
}

#[test]
fn people_who_were_asked_about_an_order_learn_the_result_of_each_machine() {
    let (mut stage, ids) = with_order();
    for (line, id) in ids.iter().enumerate() {
        stage.when::<ApproveRequest>(&approver(), json!({ "request": id }));
        let sent = mails(&stage, stage.log.last().unwrap());
        assert_eq!((&sent[0]["template"], &sent[0]["facts"]["request_id"]), (&json!("request-settled"), &json!(id)));
        let after = if line == 0 { json!("approval-requested") } else { Value::Null };
        assert_eq!(sent[0]["condition"]["after"], after, "line 1 had the mail");
    }
}

#[test]
fn an_order_without_people_is_escalated_for_each_machine() {
    let mut stage = with_policy(two_stages(json!({})));
    stage.set_people(People::manager_of(&requester().id), &[]);
    let id = stage.when::<RequestVm>(&requester(), order(&["web-02"])).command_id;
    let operators = json!(Approver::Permission("operate".into()));
    let escalated: Vec<_> = stage.log.iter().filter(|recorded| recorded.kind == "stage-escalated").collect();
    assert_eq!(
        escalated.iter().map(|event| &event.data["request_id"]).collect::<Vec<_>>(),
        [&ids(&id, 2)[0], &ids(&id, 2)[1]]
    );
    assert!(escalated.iter().all(|event| event.data["to"] == operators));
}

#[test]
fn a_rule_approves_each_machine_of_an_order() {
    let mut stage = with_policy(two_stages(json!({})));
    let mut small = order(&["web-02"]);
    small["cpus"] = 1.into();
    let id = stage.when::<RequestVm>(&requester(), small).command_id;
    let rows = stage.view::<Requests>();
    assert!(ids(&id, 2).iter().all(|id| rows[id]["status"] == "approved"));
}

#[test]
fn only_the_system_or_a_requester_submits_an_order() {
    let mut stage = with_offering();
    stage.when::<RequestVm>(&auditor(), order(&["web-02"])).then_rejected("not-permitted");
    stage.when::<RequestVm>(&system(), order(&["web-02"]));
    assert_eq!(stage.view::<Requests>().len(), 2);
}

/// Whatever names an order has: either each of them is free, valid and different, and each gets one
/// request with the same plan, or nothing is recorded.
#[test]
fn random_orders_are_recorded_as_a_whole_or_not_at_all() {
    const POOL: [&str; 16] =
        ["a", "b", "c", "d", "e", "f", "g", "h", "A", "b2", "c-3", "x-", "", "straße", "12", "name-that-is-too-long"];
    let mut accepted = 0;
    for seed in 1..=60 {
        let mut random = SeededRandom::new(seed);
        let mut stage = with_limit("machines", 3);
        let mut taken = BTreeSet::new();
        for _ in 0..4 {
            let usual = 8 + random.below(9);
            let names: Vec<&str> = (0..1 + random.below(5)).map(|_| *random.pick(&POOL[..usual])).collect();
            let mut body = wanted(names[0]);
            body["more_names"] = json!(names[1..]);
            let (events, requests) = (stage.log.len(), stage.view::<Requests>().len());
            let spellings: BTreeSet<String> = names.iter().map(|name| name.to_lowercase()).collect();
            let valid = names.iter().all(|name| POOL[..11].contains(name));
            let fits = valid && spellings.len() == names.len() && taken.is_disjoint(&spellings);
            let outcome = stage.when::<RequestVm>(&requester(), body);
            assert_eq!(outcome.rejection().is_none(), fits, "{names:?} after {taken:?}");
            let rows = stage.view::<Requests>();
            assert_eq!(rows.len() - requests, if fits { names.len() } else { 0 });
            assert_eq!(stage.log.len() == events, !fits);
            if fits {
                accepted += usize::from(names.len() > 1);
                taken.extend(spellings);
                let ids = ids(&outcome.command_id, names.len() as u32);
                let plans: BTreeSet<String> = ids.iter().map(|id| rows[id]["approval"].to_string()).collect();
                assert_eq!(plans.len(), 1, "{plans:?}");
                let key = if names.len() > 3 { "costly.manager" } else { "approval" };
                assert_eq!(plan_of(&stage, &ids[0]).0, key);
                assert!(ids.iter().all(|id| stage.view::<Stages>()[&format!("{id}/{key}")]["status"] == "open"));
            }
        }
    }
    assert!(accepted > 20, "only {accepted} orders were accepted");
}
