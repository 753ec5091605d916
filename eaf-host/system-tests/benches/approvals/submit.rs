//! Submission of requests under a policy of five stages with deadlines.

use crate::arrivals::{RATE, measure};
use crate::{command, publish, wish};
use eaf_system_tests::system::People;
use serde_json::{Value, json};

const COUNT: usize = 600;
const LIMIT_MS: f64 = 100.0;

pub async fn run(people: &People) {
    publish(&people.admin, "five-stages", &Value::from_iter((1..=5).map(stage))).await;
    for n in 0..20 {
        command(&people.requester, "request-vm", &wish(&format!("warm-{n}"))).await;
    }
    measure(&format!("submit under 5 stages, {RATE} a second"), COUNT, LIMIT_MS, |n| {
        let requester = people.requester.clone();
        async move {
            command(&requester, "request-vm", &wish(&format!("staged-{n}"))).await;
        }
    })
    .await;
}

fn stage(number: usize) -> Value {
    let after: Vec<String> = (number > 1).then(|| format!("stage-{}", number - 1)).into_iter().collect();
    json!({
        "key": format!("stage-{number}"),
        "name": { "de": format!("Stufe {number}"), "en": format!("Stage {number}") },
        "after": after,
        "when": { "fact": "monthly_cents", "is": "ge", "value": 0 },
        "approvers": [{ "permission": "approve" }, { "manager_of": "requester" }],
        "needs": "any",
        "deadline": { "hours": 16, "remind_after": [8], "escalate": [{ "to": { "permission": "operate" }, "hours": 8 }], "finally": "expire" },
    })
}
