//! Tests of decisions at the same moment by two hosts: the result is that of the decisions one
//! after the other, and each person counts once.

use eaf_system_tests::host::Host;
use eaf_system_tests::person::{Answer, Person};
use eaf_system_tests::system::{People, System, until, wish};
use eaf_test_support::maildev::free_address;
use serde_json::{Value, json};

const ROUNDS: usize = 8;
/// Answers to the second decision on an ended approval, and to the second of one person.
const REFUSED: [&str; 2] = ["request-not-pending", "already-decided"];

/// Two hosts; the approver decides at the one, the admin at the other.
struct TwoHosts {
    system: System,
    other: Host,
    people: People,
    approver: Person,
    admin: Person,
}

impl TwoHosts {
    async fn open(needs: Option<Value>) -> TwoHosts {
        let mut system = System::start().await;
        let people = system.people().await;
        if let Some(needs) = needs {
            let document = json!({ "applies_to": { "kinds": ["vm.create"] }, "stages": [{
                "key": "both", "name": { "de": "Beide", "en": "Both" },
                "approvers": [{ "permission": "approve" }], "needs": needs,
            }] });
            let draft = json!({ "policy": "both", "name_de": "Beide", "name_en": "Both", "document": document,
                "revision": 0 });
            people.admin.command("draft-policy", draft).await.ok();
            let publish = json!({ "policy": "both", "revision": 1, "reason": "Two people decide." });
            people.admin.command("publish-policy", publish).await.ok();
        }
        let other = system.another_host(&format!("http://{}", free_address())).await;
        let admin = Person { base: other.base.clone(), ..people.admin.clone() };
        let approver = people.approver.clone();
        TwoHosts { system, other, people, approver, admin }
    }

    async fn request(&self, round: usize) -> String {
        let answer = self.people.requester.command("request-vm", wish(&format!("web-{round:02}"))).await.ok();
        answer["subject"]["key"].as_str().expect("a subject").to_owned()
    }

    /// Final row of a request, and the decisions that it shows.
    async fn decided(&self, request: &str) -> (Value, Vec<(String, String)>) {
        let row = until(&self.people.requester, "requests", request, |row| row["status"] != "pending").await;
        let decisions = row["decisions"].as_array().expect("decisions").iter();
        let word = |decision: &Value, member: &str| decision[member].as_str().expect("a text").to_owned();
        let decisions = decisions.map(|made| (word(made, "approver_id"), word(made, "verdict"))).collect();
        (row, decisions)
    }

    async fn finish(self) {
        self.other.kill().await;
        self.system.finish().await;
    }
}

async fn approve(person: &Person, request: &str) -> Answer {
    person.command("approve-request", json!({ "request": request })).await
}

async fn reject(person: &Person, request: &str) -> Answer {
    let body = json!({ "request": request, "reason": "Please use the existing front end." });
    person.command("reject-request", body).await
}

/// Number of accepted answers; the others say that the decision came too late.
fn accepted(answers: &[Answer]) -> usize {
    let refused = answers.iter().filter(|answer| !answer.status.is_success());
    for answer in refused.clone() {
        let code = answer.body["code"].as_str().unwrap_or_default();
        assert!(answer.status.as_u16() == 409 && REFUSED.contains(&code), "{} {:#}", answer.status, answer.body);
    }
    answers.len() - refused.count()
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_approvals_where_one_suffices_one_counts() {
    let hosts = TwoHosts::open(None).await;
    for round in 0..ROUNDS {
        let request = hosts.request(round).await;
        let answers: [Answer; 2] =
            tokio::join!(approve(&hosts.approver, &request), approve(&hosts.admin, &request)).into();
        assert_eq!(accepted(&answers), 1);
        let (_, decisions) = hosts.decided(&request).await;
        assert!(matches!(decisions.as_slice(), [(_, verdict)] if verdict == "approve"), "{decisions:?}");
    }
    hosts.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_approvals_where_both_are_needed_both_count_and_each_once() {
    let hosts = TwoHosts::open(Some(json!({ "at_least": 2 }))).await;
    let again = Person { base: hosts.other.base.clone(), ..hosts.approver.clone() };
    for round in 0..ROUNDS {
        let request = hosts.request(round).await;
        let answers: [Answer; 3] = tokio::join!(
            approve(&hosts.approver, &request),
            approve(&again, &request),
            approve(&hosts.admin, &request)
        )
        .into();
        assert_eq!(accepted(&answers), 2);
        assert!(answers[2].status.is_success(), "the admin decides once");
        let (_, decisions) = hosts.decided(&request).await;
        assert!(matches!(decisions.as_slice(), [(one, _), (other, _)] if one != other), "{decisions:?}");
    }
    hosts.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approval_and_a_rejection_have_the_result_of_some_order() {
    let hosts = TwoHosts::open(Some(json!({ "at_least": 2 }))).await;
    for round in 0..ROUNDS {
        let request = hosts.request(round).await;
        let answers: [Answer; 2] =
            tokio::join!(approve(&hosts.approver, &request), reject(&hosts.admin, &request)).into();
        let approved = answers[0].status.is_success();
        assert_eq!(accepted(&answers), 1 + usize::from(approved));
        assert!(answers[1].status.is_success(), "the rejection is accepted in each order");
        let (row, decisions) = hosts.decided(&request).await;
        assert_eq!(row["status"], "rejected", "{row:#}");
        let verdicts: Vec<&str> = decisions.iter().map(|(_, verdict)| verdict.as_str()).collect();
        assert_eq!(verdicts, if approved { vec!["approve", "reject"] } else { vec!["reject"] });
    }
    hosts.finish().await;
}
