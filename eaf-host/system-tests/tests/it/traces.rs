//! Test of traces: one trace leads from a person's request through the command and its events to
//! the workflow, vCenter and the mail server, on a real host with a collector.

use eaf_system_tests::person::Person;
use eaf_system_tests::system::{System, WAIT_MAX, approved, until};
use eaf_test_support::collector::Span;
use reqwest::Method;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const CALLER: &str = "00f067aa0ba902b7";

/// Waits until the collector has a span that `is_it` accepts.
async fn span(system: &System, what: &str, is_it: impl Fn(&Span) -> bool) -> Span {
    let deadline = Instant::now() + WAIT_MAX;
    loop {
        let spans = system.collector.spans();
        if let Some(span) = spans.iter().find(|span| is_it(span)) {
            return span.clone();
        }
        let names: BTreeSet<&str> = spans.iter().map(|span| span.name.as_str()).collect();
        assert!(Instant::now() < deadline, "no span of {what}; there are {names:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn is(span: &Span, attribute: &str, value: &str) -> bool {
    span.attributes.get(attribute).is_some_and(|found| found == value)
}

#[tokio::test(flavor = "multi_thread")]
async fn one_trace_leads_from_the_request_through_the_workflow_to_vcenter() {
    let system = System::start().await;
    let people = system.people().await;
    let request = approved(&people, "web-01").await;
    until(&people.requester, "requests", &request, |item| item["status"] == "fulfilled").await;

    // The request continues the caller's trace, and is named by its route.
    let traceparent = format!("00-{TRACE}-{CALLER}-01");
    let wish = eaf_system_tests::system::wish("web-02");
    let call = people.requester.request(Method::POST, "/api/dcm/commands/request-vm");
    let answer = call.header("traceparent", &traceparent).json(&wish).send().await.expect("an answer");
    assert_eq!(answer.headers()["x-trace-id"], TRACE);
    let server = span(&system, "the request", |span| span.parent == CALLER).await;
    assert_eq!((server.trace.as_str(), server.name.as_str()), (TRACE, "POST /api/{plugin}/commands/{command}"));
    assert!(
        is(&server, "http.request.method", "POST") && is(&server, "http.response.status_code", "202"),
        "{server:?}"
    );

    // Command, decision and SQL are its children.
    let command =
        span(&system, "the command", |span| span.parent == server.id && span.name.starts_with("command")).await;
    assert_eq!(command.name, "command request-vm");
    assert!(is(&command, "eaf.product", "dcm") && is(&command, "eaf.outcome", "accepted"), "{command:?}");
    for name in ["load", "decide", "append"] {
        let child = span(&system, name, |span| span.parent == command.id && span.name == name).await;
        assert_eq!(child.trace, TRACE);
        assert_eq!(is(&child, "db.system.name", "postgresql"), name != "decide");
    }

    // The workflow that asks the approvers by mail continues the trace of the command.
    let run = span(&system, "the run", |span| span.parent == command.id && span.name.starts_with("run ")).await;
    let call = span(&system, "the call", |span| span.parent == run.id && is(span, "eaf.capability", "mail")).await;
    let smtp = span(&system, "the mail", |span| span.parent == call.id && span.name == "smtp message").await;
    assert_eq!((run.trace.as_str(), call.trace.as_str(), smtp.trace.as_str()), (TRACE, TRACE, TRACE));

    // vCenter is called in the trace of the approval, which caused the run, and knows the trace id.
    let vcenter = span(&system, "the clone", |span| is(span, "rpc.method", "CloneVM_Task")).await;
    let call = span(&system, "the call of the clone", |span| span.id == vcenter.parent).await;
    assert!(is(&call, "eaf.capability", "vsphere") && is(&vcenter, "server.address", "localhost"), "{vcenter:?}");
    let (runs, spans) = (call.attributes["eaf.run.id"].clone(), system.collector.spans());
    let drives: Vec<&Span> =
        spans.iter().filter(|span| is(span, "eaf.run.id", &runs) && span.name.starts_with("run ")).collect();
    assert!(!drives.is_empty() && drives.iter().all(|drive| drive.trace == vcenter.trace), "{drives:?}");
    assert!(spans.iter().all(|span| span.events == 0), "log lines are not exported");
    system.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_malformed_traceparent_begins_a_trace_and_a_refusal_is_no_error() {
    let system = System::bare().await;
    let people = system.people().await;
    let call = people.requester.request(Method::GET, "/api/dcm/views/requests?sort=nothing");
    let answer = call.header("traceparent", "00-zero-zero-01").send().await.expect("an answer");
    assert_eq!(answer.status(), 400);
    let trace = answer.headers()["x-trace-id"].to_str().expect("text").to_owned();
    let server = span(&system, "the request", |span| span.trace == trace && span.parent.is_empty()).await;
    assert!(!server.is_error && is(&server, "http.route", "/api/{plugin}/views/{view}"), "{server:?}");
    let query = server.attributes.values().find(|value| value.contains("nothing"));
    assert_eq!(query, None, "a query is not exported");
    system.finish().await;
}

/// A collector that is away costs no request, and its return is noticed.
#[tokio::test(flavor = "multi_thread")]
async fn a_host_serves_without_its_collector() {
    let mut system = System::bare().await;
    let base = format!("http://{}", eaf_test_support::maildev::free_address());
    let host = system.another_host_with(&base, &[("EAF_OTLP_ENDPOINT", "http://127.0.0.1:9")]).await;
    let requester = Person { base: base.clone(), ..system.person("requester@acme").await };
    requester.get("/api/dcm/views/requests").await.ok();
    let deadline = Instant::now() + WAIT_MAX;
    while !system.log_at(&base).contains("the collector does not take traces") {
        assert!(Instant::now() < deadline, "the log does not say that traces are lost");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    drop(host);
    system.finish().await;
}
