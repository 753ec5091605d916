//! Cost of logs and traces: the throughput of a host with both beside that of a host without. The
//! cost of metrics, which are always on, is in both.
//!
//! Both hosts share a database and alternate, so that the noise of the machine meets both.

use crate::increment;
use axum::Router;
use axum::body::Bytes;
use axum::routing::post;
use eaf_system_tests::person::Person;
use eaf_system_tests::system::System;
use eaf_test_support::maildev::free_address;
use std::time::Instant;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

const ROUNDS: usize = 8;
const COMMANDS: usize = 600;
const CALLERS: usize = 8;
/// Largest permitted loss of throughput, in percent.
const LIMIT: f64 = 5.0;

pub async fn run(system: &mut System, person: &Person) {
    let sink = sink().await;
    let (with, without) = (format!("http://{}", free_address()), format!("http://{}", free_address()));
    let _with = system.another_host_with(&with, &[("EAF_OTLP_ENDPOINT", &sink), ("EAF_LOG", "info,sqlx=warn")]).await;
    let _without = system.another_host_with(&without, &[("EAF_TRACE_RATIO", "0"), ("EAF_LOG", "off")]).await;
    let (with, without) = (at(person, &with), at(person, &without));
    let (mut slow, mut fast) = (0.0, 0.0);
    for round in 0..ROUNDS {
        let (first, second) = if round % 2 == 0 { (&with, &without) } else { (&without, &with) };
        let (one, other) = (throughput(first, round).await, throughput(second, round).await);
        let (of_with, of_without) = if round % 2 == 0 { (one, other) } else { (other, one) };
        if round > 0 {
            (slow, fast) = (slow + of_with, fast + of_without);
        }
    }
    let loss = (1.0 - slow / fast) * 100.0;
    let rounds = (ROUNDS - 1) as f64;
    let verdict = if loss <= LIMIT { "held" } else { "FAILED" };
    println!(
        "telemetry: {:.0} commands a second with logs and traces, {:.0} without; loss {loss:.1} %   limit {LIMIT} %: {verdict}",
        slow / rounds,
        fast / rounds
    );
}

fn at(person: &Person, base: &str) -> Person {
    Person { base: base.to_owned(), ..person.clone() }
}

/// Commands per second of concurrent callers.
async fn throughput(person: &Person, round: usize) -> f64 {
    let began = Instant::now();
    let mut running = JoinSet::new();
    for caller in 0..CALLERS {
        let person = person.clone();
        running.spawn(async move {
            for n in 0..COMMANDS / CALLERS {
                increment(&person, &format!("telemetry-{round}-{caller}-{n}")).await;
            }
        });
    }
    running.join_all().await;
    COMMANDS as f64 / began.elapsed().as_secs_f64()
}

/// Collector that takes traces and does not read them, because a real one runs elsewhere.
async fn sink() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let router = Router::new().route("/v1/traces", post(|_: Bytes| async {}));
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}")
}
