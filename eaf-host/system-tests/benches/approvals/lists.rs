//! Lists of requests in a tenant with 10,000 of them.

use crate::arrivals::{RATE, measure};
use crate::{command, wish};
use eaf_system_tests::person::Person;
use eaf_system_tests::system::People;
use reqwest::Method;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

const REQUESTS: usize = 10_000;
const CALLERS: usize = 16;
const COUNT: usize = 600;
const LIMIT_MS: f64 = 50.0;

pub async fn run(people: &People) {
    fill(people).await;
    for (what, person, path) in [
        ("newest 100 of 10,000 requests", &people.approver, "/api/dcm/views/requests?sort=-submitted_at&limit=100"),
        (
            "open requests by cost",
            &people.approver,
            "/api/dcm/views/requests?terminal=false&sort=-monthly_cents&limit=100",
        ),
        ("own requests", &people.requester, "/api/dcm/views/requests?sort=-submitted_at&limit=100"),
        ("requests whose name contains 99", &people.approver, "/api/dcm/views/requests?search=99&limit=100"),
        ("inbox of an approver", &people.approver, "/api/dcm/views/approvals?limit=20"),
    ] {
        get(person, path).await;
        measure(&format!("{what}, {RATE} a second"), COUNT, LIMIT_MS, |_| {
            let person = person.clone();
            async move { get(&person, path).await }
        })
        .await;
    }
}

async fn fill(people: &People) {
    let began = Instant::now();
    let mut running = JoinSet::new();
    for caller in 0..CALLERS {
        let requester = people.requester.clone();
        running.spawn(async move {
            for n in (caller..REQUESTS).step_by(CALLERS) {
                command(&requester, "request-vm", &wish(&format!("m-{n}"))).await;
            }
        });
    }
    running.join_all().await;
    println!("{REQUESTS} requests submitted in {:.0} s", began.elapsed().as_secs_f64());
    // The views and the mails' runs catch up, so that the lists are measured alone.
    tokio::time::sleep(Duration::from_secs(20)).await;
}

async fn get(person: &Person, path: &str) {
    let answer = person.request(Method::GET, path).send().await.expect("the host answers");
    assert!(answer.status().is_success(), "{path}: {}", answer.status());
    answer.bytes().await.expect("the answer arrives whole");
}
