//! Comparison of the host with plain handlers on the same database: a list of 20 rows, and a
//! command.
//!
//! Both sides are measured alternately in one run, so that the load of the machine affects them
//! equally.

use crate::load::{per_second, request};
use crate::plain;
use crate::verdict::{Line, rounds};
use eaf_system_tests::system::{People, System, wish};
use eaf_test_support::maildev::free_address;
use serde_json::json;
use std::net::SocketAddr;
use std::time::Duration;

const ROWS: usize = 20;
const CONNECTIONS: usize = 100;
const TURN: Duration = Duration::from_secs(3);
const LIST: &str = "/api/dcm/views/requests?limit=20";
const COMMAND: &str = "/api/counter/commands/increment";

pub async fn run(system: &System, people: &People) {
    for n in 0..ROWS {
        people.requester.command("request-vm", wish(&format!("bench-{n}"))).await.ok();
    }
    until_there(people).await;
    let ours: SocketAddr = system.base.trim_start_matches("http://").parse().expect("an address");
    let theirs = free_address();
    let _plain = plain::start(&system.database, theirs).await;

    for connections in [1, CONNECTIONS] {
        let mut list = Line::at_least(&format!("list of {ROWS} rows, {connections} connections / plain"), 0.4, 0.6);
        let mut command = Line::at_least(&format!("command, {connections} connections / plain insert"), 0.4, 0.6);
        for _ in 0..rounds() {
            let token = people.requester.token.as_str();
            let listed = per_second(ours, connections, TURN, |_| request("GET", LIST, Some(token), "")).await;
            let plain = per_second(theirs, connections, TURN, |_| request("GET", "/acme/items", None, "")).await;
            list.add(listed, plain);
            let body = |n: usize| json!({ "name": format!("load-{n}"), "by": 1 }).to_string();
            let given = per_second(ours, connections, TURN, |n| request("POST", COMMAND, Some(token), &body(n))).await;
            let inserted =
                per_second(theirs, connections, TURN, |n| request("POST", "/acme/items", None, &body(n))).await;
            command.add(given, inserted);
        }
        list.print("per second");
        command.print("per second");
    }
}

async fn until_there(people: &People) {
    loop {
        let page = people.requester.get(LIST).await.ok();
        if page["items"].as_array().is_some_and(|items| items.len() == ROWS) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
