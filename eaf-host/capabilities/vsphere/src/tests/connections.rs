//! Tests of sessions with vCenter: they are shared, renewed after vCenter ended them, and replaced
//! when the connection's settings change.

use super::admin::{Admin, WEB_01};
use super::*;
use crate::client::login::Content;
use crate::client::soap::{MoRef, Request};
use crate::client::{Session, properties, reconfigure};
use eaf_test_support::fault_proxy::Rule;

/// Ends all other sessions at the simulator, as an idle time-out or an administrator does.
async fn terminate_other_sessions(session: &Session) {
    let manager = MoRef::new("SessionManager", "SessionManager");
    let found = properties::read_one(session, &manager, &["sessionList", "currentSession"]).await.unwrap().unwrap();
    let own = found.get("currentSession").unwrap().unwrap().text_of("key").unwrap();
    for other in found.get("sessionList").unwrap().unwrap().children.iter().filter_map(|s| s.text_of("key")) {
        if other != own {
            let arguments = format!("<sessionId>{other}</sessionId>");
            let end = |content: &Content| Request::new("TerminateSession", &content.session_manager, arguments.clone());
            session.call(end).await.unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_ended_by_vcenter_is_renewed_silently() {
    let bench = Bench::start(&[]).await;
    let logins = bench.proxy.rule(Rule::on("<Login "));
    bench.clone_vm().await;
    assert_eq!(logins.hits(), 1);
    terminate_other_sessions(&Admin::of(&bench).0).await;
    // The function renews the session itself, so the workflow engine need not repeat the call.
    assert!(matches!(bench.provider.start(&about("power-on")).await.unwrap(), Started::Pending { .. }));
    assert_eq!(logins.hits(), 2);
    assert_eq!(bench.vcsim.machines().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn parallel_calls_share_one_login() {
    let bench = Bench::start(&[]).await;
    let logins = bench.proxy.rule(Rule::on("<Login "));
    let read = about("read-vm");
    let calls = (0..20).map(|_| bench.provider.start(&read));
    for outcome in futures_util::future::join_all(calls).await {
        outcome.unwrap();
    }
    assert_eq!(logins.hits(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_with_a_changed_uuid_gets_ours_again() {
    let bench = Bench::start(&[]).await;
    let ours = bench.clone_vm().await;
    let admin = Admin::of(&bench);
    reconfigure::instance_uuid(&admin.0, &admin.object(&WEB_01).await, Uuid::max()).await.unwrap();
    let until = Instant::now() + DEADLINE;
    while bench.complete(&about("read-vm")).await.unwrap()["instance_uuid"] != json!(Uuid::max()) {
        assert!(Instant::now() < until, "the UUID was not changed");
    }
    bench.records.creating();
    let again = bench.complete(&clone_of("web-01")).await.unwrap();
    assert_eq!((&again["instance_uuid"], bench.vcsim.machines().len()), (&ours["instance_uuid"], 1));
}
