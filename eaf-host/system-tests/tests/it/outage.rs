//! Test with a connection to vCenter that is cut while the simulator runs: the request waits,
//! reports the outage, and completes.

use eaf_system_tests::system::{System, approved, until};
use std::time::Duration;

/// Duration of the outage: 5 s in `make test`, a minute in `make chaos`.
fn outage() -> Duration {
    let seconds = std::env::var("EAF_TEST_OUTAGE_SECONDS").ok().and_then(|text| text.parse().ok());
    Duration::from_secs(seconds.unwrap_or(5))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_of_vcenter_is_reported_and_the_request_waits() {
    let system = System::start().await;
    let people = system.people().await;
    system.vcenter.cut();
    let request = approved(&people, "web-01").await;
    let stalled = until(&people.requester, "requests", &request, |item| {
        item["waiting_on"].as_str().is_some_and(|sentence| sentence.contains("vCenter"))
    });
    // The outage lasts its full time, also after it was reported.
    tokio::join!(stalled, tokio::time::sleep(outage()));
    assert!(system.vcsim.machines().is_empty());
    system.vcenter.restore();
    let item = until(&people.requester, "requests", &request, |item| item["terminal"] == true).await;
    assert_eq!(item["status"], "fulfilled", "{item:#}");
    assert_eq!(system.vcsim.machines().len(), 1);
    system.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_cut_during_a_clone_leaves_one_machine() {
    let system = System::start().await;
    let people = system.people().await;
    let cloning = system.vcenter.rule(eaf_test_support::fault_proxy::Rule::on("CloneVM_Task").times(1));
    let request = approved(&people, "web-01").await;
    cloning.wait_for_hit().await;
    system.vcenter.cut();
    tokio::time::sleep(outage()).await;
    system.vcenter.restore();
    let item = until(&people.requester, "requests", &request, |item| item["terminal"] == true).await;
    assert_eq!(item["status"], "fulfilled", "{item:#}");
    assert_eq!(system.vcsim.machines().len(), 1);
    system.finish().await;
}
