//! Tests that retryable failures are told apart from similar ones: vCenter is starting, a proxy
//! answers for it, a file is locked, a fault is a descendant of another, a person cancels a task.

use super::admin::Admin;
use super::*;
use crate::client::soap::{MoRef, Request};

fn page(status: u16) -> Value {
    json!({ "kind": "http", "status": status, "content_type": "text/html", "body": "<!DOCTYPE html><p>Starting</p>" })
}

fn with(mut behaviour: Value, more: Value) -> Value {
    behaviour.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    behaviour
}

fn failing(kind: &str, method: &str, fault: &str, times: u32) -> Value {
    json!({ "kind": kind, "method": method, "fault": { "type": fault, "message": "on request" }, "times": times })
}

#[tokio::test(flavor = "multi_thread")]
async fn the_proxy_of_a_known_vcenter_is_retryable_with_a_budget() {
    let bench = Bench::start(&["--clone-duration", "300ms"]).await;
    bench.complete(&ensure_folder()).await.unwrap();
    let clone = clone_of("web-01");
    let Started::Pending { handle, .. } = bench.provider.start(&clone).await.unwrap() else { panic!("over at once") };
    for status in [404, 405, 302, 403, 200] {
        let starting = bench.vcsim.behave(page(status)).await;
        let failure = bench.provider.poll(&clone, &handle).await.unwrap_err();
        assert_eq!((failure.class, failure.code.as_str()), (Class::Transient, "vcenter-starting"), "{status}");
        assert!(failure.give_up_after_ms.is_some_and(|budget| budget <= 3_600_000), "{failure:?}");
        bench.vcsim.unbehave(starting).await;
    }
    let busy = bench.vcsim.behave(page(503)).await;
    let failure = bench.provider.poll(&clone, &handle).await.unwrap_err();
    assert_eq!((failure.class, failure.code.as_str()), (Class::Transient, "vcenter-unreachable"));
    assert!(failure.retry_after_ms.is_some_and(|pause| pause >= 5_000), "a busy server is not asked at once");
    bench.vcsim.unbehave(busy).await;
    bench.complete(&clone).await.unwrap();
    assert_eq!(bench.vcsim.machines().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_was_never_a_vcenter_is_a_configuration_error() {
    for status in [200, 302, 403, 404, 405] {
        let bench = Bench::start(&[]).await;
        bench.vcsim.behave(page(status)).await;
        let failure = bench.provider.check(TenantId::derive("acme"), "main").await.outcome().unwrap_err();
        assert_eq!((failure.class, failure.code.as_str()), (Class::Configuration, "vcenter-address"), "{status}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_from_a_browser_works() {
    let bench = Bench::start(&[]).await;
    for typed in ["", "/", "/ui/app/home", "/sdk/"] {
        bench.settings.set("url", &format!("https://localhost:{}{typed}", bench.proxy.address().port()));
        bench.provider.check(TenantId::derive("acme"), "main").await.outcome().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_effect_answered_by_a_proxy_is_in_doubt_and_happens_once() {
    let bench = Bench::start(&["--clone-duration", "300ms"]).await;
    bench.complete(&ensure_folder()).await.unwrap();
    for (round, status) in [503, 404, 302, 200].into_iter().enumerate() {
        let cut = with(page(status), json!({ "method": "CloneVM_Task", "when": "after", "times": 1 }));
        bench.vcsim.behave(cut).await;
        let (identity, name) = (format!("vm-{round}"), format!("web-{round}"));
        let mut clone = clone_of(&name);
        clone.args["identity"] = json!(identity);
        clone.idempotency_key = format!("run/{round}");
        let failure = bench.provider.start(&clone).await.unwrap_err();
        assert_eq!(failure.class, Class::UnknownOutcome, "{status}: {failure}");
        assert_eq!(bench.complete(&clone).await.unwrap()["name"], name);
        assert_eq!(
            (bench.vcsim.machines().len(), bench.vcsim.calls("CloneVM_Task").await),
            (round + 1, round as u64 + 1)
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn compressed_answers_and_odd_content_types_are_understood() {
    let bench = Bench::start(&[]).await;
    bench.vcsim.behave(json!({ "kind": "http", "gzip": true, "content_type": "text/plain" })).await;
    assert_eq!(bench.clone_vm().await["name"], "web-01");
}

#[tokio::test(flavor = "multi_thread")]
async fn locks_and_transient_errors_are_repeated_with_a_budget() {
    let bench = Bench::start(&[]).await;
    bench.complete(&ensure_folder()).await.unwrap();
    for (behaviour, code) in [
        (failing("task-fault", "CloneVM_Task", "FileLocked", 1), "vcenter-locked"),
        (failing("task-fault", "CloneVM_Task", "SystemError", 1), "vcenter-fault"),
        (failing("call-fault", "CloneVM_Task", "MethodDisabled", 1), "vcenter-method-disabled"),
        (failing("call-fault", "RetrievePropertiesEx", "SystemError", 1), "vcenter-fault"),
        (failing("task-fault", "CloneVM_Task", "NotAuthenticated", 1), "vcenter-session"),
    ] {
        bench.vcsim.behave(behaviour).await;
        let until = Instant::now() + DEADLINE;
        let failure = bench.attempt(&clone_of("web-01"), until).await.unwrap_err();
        assert_eq!((failure.class, failure.code.as_str()), (Class::Transient, code), "{failure}");
        let budget = failure.give_up_after_ms.unwrap_or_default();
        assert!((60_000..=3_600_000).contains(&budget), "{failure:?}");
    }
    bench.complete(&clone_of("web-01")).await.unwrap();
    assert_eq!(bench.vcsim.machines().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_task_is_not_started_again() {
    let bench = Bench::start(&[]).await;
    bench.clone_vm().await;
    bench.vcsim.behave(json!({ "kind": "task-stuck", "method": "PowerOnVM_Task" })).await;
    let Started::Pending { handle, .. } = bench.provider.start(&about("power-on")).await.unwrap() else {
        panic!("over at once")
    };
    let task: MoRef = serde_json::from_value(handle["task"].clone()).unwrap();
    Admin::of(&bench).0.call(|_| Request::new("CancelTask", &task, String::new())).await.unwrap();
    let until = Instant::now() + DEADLINE;
    let failure = loop {
        match bench.provider.poll(&about("power-on"), &handle).await.unwrap() {
            Polled::Ended(failure) => break failure,
            Polled::Running { .. } => assert!(Instant::now() < until, "does not end"),
            Polled::Done(answer) => panic!("{answer}"),
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    assert_eq!((failure.class, failure.code.as_str()), (Class::Cancelled, "task-cancelled"));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_missing_privilege_is_named_with_its_object() {
    let bench = Bench::start(&[]).await;
    bench.complete(&ensure_folder()).await.unwrap();
    let datastore = Admin::of(&bench).object(&["DC1", "datastore", "datastore1"]).await;
    let missing = json!([{ "entity": datastore, "privilegeIds": ["Datastore.AllocateSpace", "System.View"] }]);
    let fault = json!({ "type": "NoPermission", "message": "denied", "missingPrivileges": missing });
    let on_datastore = format!("System.View on Datastore datastore1 ({})", datastore.value);
    for kind in ["call-fault", "task-fault"] {
        let denied = json!({ "kind": kind, "method": "CloneVM_Task", "fault": fault, "times": 1 });
        bench.vcsim.behave(denied).await;
        let failure = bench.complete(&clone_of("web-01")).await.unwrap_err();
        assert_eq!((failure.class, failure.code.as_str()), (Class::Configuration, "vcenter-permission"), "{kind}");
        for named in ["Datastore.AllocateSpace", &on_datastore] {
            assert!(failure.message.contains(named), "{kind}: {failure}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changing_certificate_is_retryable_if_vcenter_answered_before() {
    let bench = Bench::start(&[]).await;
    bench.provider.check(TenantId::derive("acme"), "main").await.outcome().unwrap();
    let other = directory();
    let stranger = Vcsim::start(&other.0, &[]).await;
    bench.settings.set("ca_certificate", &stranger.ca_certificate());
    let failure = bench.provider.start(&about("read-vm")).await.unwrap_err();
    assert_eq!((failure.class, failure.code.as_str()), (Class::Transient, "vcenter-certificate"));
    assert!(failure.give_up_after_ms.is_some());
}
