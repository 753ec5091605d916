//! Tests of refused logins. Some refusals do not mean a wrong password, and too many refusals lock
//! the account.

use super::*;
use eaf_capability::Verdict;
use std::ops::Add;

fn refuse_logins(fault: &str) -> Value {
    json!({ "kind": "call-fault", "method": "Login", "fault": { "type": fault, "message": "refused" } })
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_operations_with_a_wrong_password_log_in_at_most_twice() {
    let bench = Bench::start(&[]).await;
    bench.settings.set_password("not-the-right-one");
    let read = about("read-vm");
    let calls = (0..20).map(|_| bench.provider.start(&read));
    for outcome in futures_util::future::join_all(calls).await {
        let failure = outcome.unwrap_err();
        assert_eq!((failure.class, failure.code.as_str()), (Class::Configuration, "vcenter-login"));
        assert!(!format!("{failure:?}").contains("not-the-right-one"));
    }
    for _ in 0..20 {
        bench.provider.start(&read).await.unwrap_err();
    }
    assert!(bench.vcsim.calls("Login").await <= 2);
    bench.settings.set_password(PASSWORD);
    bench.complete(&read).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn refusal_of_working_credentials_is_retryable() {
    let bench = Bench::start(&[]).await;
    bench.clone_vm().await;
    let refused = bench.vcsim.behave(refuse_logins("InvalidLogin")).await;
    bench.vcsim.behave(json!({ "kind": "expire-sessions" })).await;
    for _ in 0..5 {
        let failure = bench.provider.start(&about("power-on")).await.unwrap_err();
        assert_eq!((failure.class, failure.code.as_str()), (Class::Transient, "vcenter-login"), "{failure}");
        assert_eq!(failure.give_up_after_ms, Some(30 * 60 * 1000));
        assert!(failure.retry_after_ms.is_some_and(|pause| pause > 60_000), "{failure:?}");
    }
    assert_eq!(bench.vcsim.hits(refused).await, 1);
    // The pause after a refused login does not apply to a person who tests the connection.
    bench.vcsim.unbehave(refused).await;
    bench.provider.check(TenantId::derive("acme"), "main").await.outcome().unwrap();
    bench.complete(&about("power-on")).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_after_a_restart_does_not_end_a_running_operation() {
    let mut bench = Bench::start(&["--clone-duration", "1s"]).await;
    bench.complete(&ensure_folder()).await.unwrap();
    let clone = clone_of("web-01");
    let Started::Pending { handle, .. } = bench.provider.start(&clone).await.unwrap() else { panic!("over at once") };
    bench.restart_host();
    let refused = bench.vcsim.behave(refuse_logins("InvalidLogin")).await;
    let failure = bench.provider.poll(&clone, &handle).await.unwrap_err();
    assert_eq!((failure.class, failure.code.as_str()), (Class::Transient, "vcenter-login"));
    bench.vcsim.unbehave(refused).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_persons_tests_do_not_lock_the_account() {
    let bench = Bench::start(&[]).await;
    let mut last = None;
    for attempt in 0..10 {
        bench.settings.set_password(&format!("guess {attempt}"));
        last = bench.provider.check(TenantId::derive("acme"), "main").await.outcome().err();
    }
    assert_eq!(bench.vcsim.calls("Login").await, 3, "vCenter locks an account after 5 in 180 seconds");
    let last = last.unwrap();
    assert_eq!((last.class, last.code.as_str()), (Class::Transient, "vcenter-login-pause"), "{last}");
    assert!(last.retry_after_ms.is_some_and(|pause| pause <= 180_000), "{last:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn guesses_of_another_tenants_password_do_not_lock_that_tenant_out() {
    let bench = Bench::start(&[]).await;
    bench.complete(&about("read-vm")).await.unwrap();
    let before = bench.vcsim.calls("Login").await;
    for attempt in 0..20 {
        bench.settings.set_password(&format!("guess {attempt}"));
        bench.settings.set("username", &USER.to_uppercase()[..4].to_owned().add(&USER[4..]));
        let name = format!("spy-{attempt}");
        bench.provider.check(TenantId::derive("globex"), &name).await.outcome().unwrap_err();
    }
    assert_eq!(bench.vcsim.calls("Login").await - before, 3);
    bench.settings.set_password(PASSWORD);
    bench.settings.set("username", USER);
    bench.vcsim.behave(json!({ "kind": "expire-sessions" })).await;
    bench.complete(&about("read-vm")).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_password_is_reported_even_if_it_worked_before() {
    let bench = Bench::start(&[]).await;
    bench.complete(&about("read-vm")).await.unwrap();
    bench.vcsim.behave(refuse_logins("PasswordExpired")).await;
    bench.vcsim.behave(json!({ "kind": "expire-sessions" })).await;
    let failure = bench.provider.start(&about("read-vm")).await.unwrap_err();
    assert_eq!((failure.class, failure.code.as_str()), (Class::Configuration, "vcenter-password-expired"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_login_is_awaited_and_does_not_count_as_a_guess() {
    let bench = Bench::start(&[]).await;
    let contact = Duration::from_millis(700);
    let provider = provider_in(&bench.settings, &bench.records, testing::this_machine(), contact);
    bench.vcsim.behave(json!({ "kind": "slow", "method": "Login", "delay": "1500ms" })).await;
    for _ in 0..4 {
        let report = provider.check(TenantId::derive("acme"), "main").await;
        let bad = report.findings().iter().find(|found| found.name == "url" && found.verdict != Verdict::Good);
        assert!(bad.is_none(), "{bad:?}");
        bench.vcsim.behave(json!({ "kind": "expire-sessions" })).await;
        provider.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_operation_does_not_affect_changed_settings() {
    let mut bench = Bench::start(&["--clone-duration", "1s"]).await;
    bench.complete(&ensure_folder()).await.unwrap();
    let clone = clone_of("web-01");
    let Started::Pending { handle, .. } = bench.provider.start(&clone).await.unwrap() else { panic!("over at once") };
    bench.restart_host();
    bench.settings.set("username", "somebody-else@vsphere.local");
    bench.vcsim.behave(refuse_logins("InvalidLogin")).await;
    let failure = bench.provider.poll(&clone, &handle).await.unwrap_err();
    assert_eq!((failure.class, failure.code.as_str()), (Class::Configuration, "vcenter-login"), "it never worked");
}
