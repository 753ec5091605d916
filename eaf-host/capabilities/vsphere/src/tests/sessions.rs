//! Tests of sessions with vCenter: to which server they belong, how many there are, when they end,
//! and their API version.

use super::admin::{Admin, WEB_01};
use super::*;
use crate::client::properties;
use eaf_test_support::fault_proxy::Rule;

/// Fault without a kind, as vCenter's SOAP parser sends it.
const FAULT_WITHOUT_KIND: &str = "<?xml version=\"1.0\"?><e:Envelope xmlns:e=\"http://schemas.xmlsoap.org/soap/envelope/\">\
    <e:Body><e:Fault><faultcode>ServerFaultCode</faultcode><faultstring>Unsupported version</faultstring></e:Fault>\
    </e:Body></e:Envelope>";

fn without_kind(method: &str) -> Value {
    json!({ "kind": "http", "status": 500, "content_type": "text/xml", "body": FAULT_WITHOUT_KIND, "method": method,
        "times": 1 })
}

async fn sessions_become(bench: &Bench, expected: u64) {
    let until = Instant::now() + DEADLINE;
    while bench.vcsim.sessions().await != expected {
        assert!(Instant::now() < until, "{} sessions and not {expected}", bench.vcsim.sessions().await);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_identifies_its_vcenter() {
    let bench = Bench::start(&[]).await;
    let about = Admin::of(&bench).0.about().await.unwrap();
    assert_eq!(about.api_type, "VirtualCenter");
    assert!(about.api_version.starts_with("8."), "{about:?}");
    assert!(about.instance_uuid.is_some_and(|uuid| uuid.parse::<Uuid>().is_ok()));
}

#[tokio::test(flavor = "multi_thread")]
async fn tenants_and_connections_with_the_same_access_share_one_session() {
    let bench = Bench::start(&[]).await;
    let address = bench.settings.0.lock().unwrap().0["url"].as_str().unwrap().to_owned();
    for (tenant, url) in [("acme", address.clone()), ("globex", address.replace("/sdk", "/ui/app")), ("acme", address)]
    {
        bench.settings.set("url", &url);
        let tenant = TenantId::derive(tenant);
        bench.provider.check(tenant, "main").await.outcome().unwrap();
        bench.provider.check(tenant, "second").await.outcome().unwrap();
    }
    assert_eq!((bench.vcsim.sessions().await, bench.vcsim.calls("Login").await), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_ends_when_its_last_connection_changes() {
    let bench = Bench::start(&[]).await;
    let ca = bench.vcsim.ca_certificate();
    for change in 0..50 {
        bench.settings.set("ca_certificate", &format!("{ca}{}", "\n".repeat(change)));
        bench.provider.check(TenantId::derive("acme"), "main").await.outcome().unwrap();
    }
    sessions_become(&bench, 1).await;
    assert_eq!(bench.vcsim.calls("Login").await, 50);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_session_of_a_deleted_connection_is_closed() {
    let bench = Bench::start(&[]).await;
    let acme = TenantId::derive("acme");
    for name in ["main", "second"] {
        bench.provider.check(acme, name).await.outcome().unwrap();
    }
    bench.provider.close_connection(acme, "main").await;
    bench.provider.check(acme, "second").await.outcome().unwrap();
    assert_eq!((bench.vcsim.sessions().await, bench.vcsim.calls("Login").await), (1, 1), "another one uses it");
    bench.provider.close_connection(acme, "second").await;
    sessions_become(&bench, 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_without_effect_on_the_login_retain_the_session() {
    let bench = Bench::start(&[]).await;
    for pool in ["Cluster1", "Cluster9"] {
        bench.settings.set("resource_pool", pool);
        let _named_or_not = bench.provider.check(TenantId::derive("acme"), "main").await;
    }
    assert_eq!(bench.vcsim.calls("Login").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_host_leaves_no_session() {
    let bench = Bench::start(&[]).await;
    bench.clone_vm().await;
    assert_eq!(bench.vcsim.sessions().await, 1);
    bench.provider.close().await;
    assert_eq!(bench.vcsim.sessions().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unanswered_logout_does_not_delay_the_shutdown() {
    let bench = Bench::start(&[]).await;
    bench.clone_vm().await;
    bench.vcsim.behave(json!({ "kind": "slow", "method": "Logout", "delay": "1h" })).await;
    let began = Instant::now();
    bench.provider.close().await;
    assert!(began.elapsed() < Duration::from_secs(15));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_is_known_after_its_session_ended() {
    let bench = Bench::start(&[]).await;
    bench.clone_vm().await;
    let stuck = bench.vcsim.behave(json!({ "kind": "task-stuck", "method": "PowerOnVM_Task" })).await;
    let Started::Pending { handle, .. } = bench.provider.start(&about("power-on")).await.unwrap() else {
        panic!("over at once")
    };
    bench.vcsim.behave(json!({ "kind": "expire-sessions" })).await;
    let polled = bench.provider.poll(&about("power-on"), &handle).await;
    assert!(matches!(polled, Ok(Polled::Running { .. })), "{polled:?}");
    bench.vcsim.unbehave(stuck).await;
    bench.complete(&about("power-on")).await.unwrap();
    assert_eq!(bench.vcsim.calls("PowerOnVM_Task").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_token_of_a_page_is_not_sent_in_another_session() {
    let bench = Bench::start(&[]).await;
    bench.clone_vm().await;
    let admin = Admin::of(&bench);
    let objects = [admin.object(&WEB_01).await, admin.object(&["DC1", "vm", "Templates", "debian-12"]).await];
    bench.vcsim.behave(json!({ "kind": "pages", "size": 1 })).await;
    let (first, more) = ("RetrievePropertiesEx", "ContinueRetrievePropertiesEx");
    let before = (bench.vcsim.calls(first).await, bench.vcsim.calls(more).await);
    bench.vcsim.behave(json!({ "kind": "expire-sessions", "method": more, "times": 1 })).await;
    let found = properties::read(&admin.0, &objects, &["name"]).await.unwrap();
    assert_eq!(found.len(), 2);
    let after = (bench.vcsim.calls(first).await, bench.vcsim.calls(more).await);
    // The client requests five pages: the first and the refused second page; then the first page
    // within the ended session; then both pages in the new session.
    assert_eq!((after.0 - before.0, after.1 - before.1), (3, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_vcenter_gets_the_newest_tested_api_version() {
    let bench = Bench::start(&[]).await;
    bench.vcsim.behave(json!({ "kind": "about", "apiVersion": "9.1.0.0" })).await;
    let (own, tested) = (bench.proxy.rule(Rule::on("urn:vim25/9")), bench.proxy.rule(Rule::on("urn:vim25/8.0.3.0")));
    bench.complete(&about("read-vm")).await.unwrap();
    assert!(own.hits() == 0 && tested.hits() > 0);

    // A newer vCenter may no longer support the newest API version that this client was tested
    // with.
    let bench = Bench::start(&[]).await;
    bench.vcsim.behave(json!({ "kind": "about", "apiVersion": "9.1.0.0" })).await;
    bench.vcsim.behave(without_kind("Login")).await;
    let own = bench.proxy.rule(Rule::on("urn:vim25/9.1.0.0"));
    bench.complete(&about("read-vm")).await.unwrap();
    assert!(own.hits() > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_api_version_is_negotiated_again() {
    let bench = Bench::start(&[]).await;
    bench.clone_vm().await;
    bench.vcsim.behave(json!({ "kind": "about", "apiVersion": "7.0.3.0" })).await;
    bench.vcsim.behave(without_kind("FindAllByUuid")).await;
    let older = bench.proxy.rule(Rule::on("urn:vim25/7.0.3.0"));
    assert!(matches!(bench.provider.start(&about("read-vm")).await, Ok(Started::Done(_))));
    assert!(older.hits() > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_without_kind_leaves_doubt_and_has_a_budget() {
    let bench = Bench::start(&[]).await;
    bench.complete(&ensure_folder()).await.unwrap();
    bench.vcsim.behave(without_kind("CloneVM_Task")).await;
    let failure = bench.provider.start(&clone_of("web-01")).await.unwrap_err();
    assert_eq!((failure.class, failure.code.as_str()), (Class::UnknownOutcome, "vcenter-answer"));
    assert!(failure.give_up_after_ms.is_some());
    assert_eq!(bench.records.stage(), Stage::Creating);
    bench.complete(&clone_of("web-01")).await.unwrap();
    assert_eq!(bench.vcsim.machines().len(), 1);
    bench.vcsim.behave(without_kind("Destroy_Task")).await;
    let failure = bench.provider.start(&about("destroy")).await.unwrap_err();
    assert_eq!((failure.class, bench.records.stage()), (Class::UnknownOutcome, Stage::Removing));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_not_repeated_in_another_vcenter() {
    let bench = Bench::start(&[]).await;
    bench.clone_vm().await;
    let delayed = bench.proxy.rule(Rule::on("PowerOnVM_Task").hold_request().times(1));
    let other = async {
        delayed.wait_for_hit().await;
        bench.vcsim.behave(json!({ "kind": "about", "instanceUuid": Uuid::max().to_string() })).await;
        bench.vcsim.behave(json!({ "kind": "expire-sessions" })).await;
        delayed.release();
    };
    let call = about("power-on");
    let (started, ()) = tokio::join!(bench.provider.start(&call), other);
    let failure = started.unwrap_err();
    assert_eq!(failure.class, Class::Transient, "{failure}");
    assert!(bench.vcsim.machines().iter().all(|machine| !machine.powered_on));
}

/// Replaces the server by another vCenter, in which the same object ids belong to other objects.
async fn take_over(bench: &Bench) {
    bench.vcsim.behave(json!({ "kind": "about", "instanceUuid": Uuid::max().to_string() })).await;
    bench.vcsim.behave(json!({ "kind": "expire-sessions" })).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn all_calls_of_one_function_go_to_the_same_vcenter() {
    let bench = Bench::start(&[]).await;
    bench.clone_vm().await;
    let delayed = bench.proxy.rule(Rule::on("<RetrievePropertiesEx ").hold_answer().times(1));
    let other = async {
        delayed.wait_for_hit().await;
        take_over(&bench).await;
        // Meanwhile the call of another run logs in again.
        while bench.provider.start(&about("read-vm")).await.is_err_and(|e| e.code == "vcenter-changed") {}
        delayed.release();
    };
    let call = about("power-on");
    let (started, ()) = tokio::join!(bench.provider.start(&call), other);
    let failure = started.unwrap_err();
    assert_eq!((failure.class, failure.code.as_str()), (Class::Transient, "vcenter-changed"));
    assert!(failure.give_up_after_ms.is_some());
    assert_eq!(bench.vcsim.calls("PowerOnVM_Task").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_at_another_vcenter_is_detected() {
    let bench = Bench::start(&[]).await;
    let delayed = bench.proxy.rule(Rule::on("<Login ").hold_request().times(1));
    let other = async {
        delayed.wait_for_hit().await;
        take_over(&bench).await;
        delayed.release();
    };
    let call = about("read-vm");
    let (started, ()) = tokio::join!(bench.provider.start(&call), other);
    assert_eq!(started.unwrap_err().code, "vcenter-changed");
    assert_eq!(bench.vcsim.sessions().await, 0, "the login that is not used is ended");
    bench.complete(&call).await.unwrap();
}
