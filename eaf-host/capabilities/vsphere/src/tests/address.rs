//! Tests of the function `await-address`: it returns only addresses that are reachable.

use super::admin::Admin;
use super::*;

fn wait(timeout_ms: u64) -> Call {
    call("await-address", json!({ "identity": "vm-1", "timeout_ms": timeout_ms }))
}

async fn set(bench: &Bench, values: Value) {
    bench.vcsim.behave(json!({ "kind": "set", "vm": "web-01", "values": values })).await;
}

/// Starts a vCenter with a running machine whose guest reports no address.
async fn running() -> Bench {
    let bench = Bench::start(&["--address-delay", "1h"]).await;
    bench.clone_vm().await;
    bench.complete(&about("power-on")).await.unwrap();
    bench
}

#[tokio::test(flavor = "multi_thread")]
async fn the_routable_address_among_all_cards_is_chosen() {
    let bench = running().await;
    let cards = json!([
        { "network": "VM Network", "mac": "00:50:56:00:00:01", "addresses": ["fe80::250:56ff:fe00:1", "169.254.7.7"] },
        { "network": "Backup", "mac": "00:50:56:00:00:02", "addresses": ["fe80::250:56ff:fe00:2", "2001:db8::7", "10.20.30.40"] },
    ]);
    set(&bench, json!({ "guest.toolsRunningStatus": "guestToolsRunning", "guest.ipAddress": "fe80::250:56ff:fe00:1", "guest.net": cards })).await;
    assert_eq!(bench.complete(&wait(30_000)).await.unwrap()["ip"], "10.20.30.40");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_with_only_link_local_addresses_has_none_yet() {
    let bench = running().await;
    let cards = json!([{ "network": "VM Network", "mac": "00:50:56:00:00:01", "addresses": ["169.254.7.7"] }]);
    set(&bench, json!({ "guest.toolsRunningStatus": "guestToolsRunning", "guest.ipAddress": "169.254.7.7", "guest.net": cards })).await;
    let failure = bench.complete(&wait(100)).await.unwrap_err();
    assert_eq!(failure.code, "no-address");
    assert!(failure.message.contains("report none"), "{failure}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_from_before_a_power_off_is_not_used() {
    let bench = Bench::start(&["--address-delay", "500ms"]).await;
    bench.clone_vm().await;
    bench.complete(&about("power-on")).await.unwrap();
    let address = bench.complete(&wait(30_000)).await.unwrap()["ip"].clone();
    bench.complete(&about("power-off")).await.unwrap();
    let admin = Admin::of(&bench);
    let machine = admin.object(&super::admin::WEB_01).await;
    assert_eq!(json!(admin.text(&machine, "guest.ipAddress").await), address, "vCenter goes on reporting it");
    assert_eq!(bench.complete(&about("read-vm")).await.unwrap()["ip"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn missing_tools_in_the_template_are_named_as_the_cause() {
    let bench = running().await;
    set(&bench, json!({ "guest.toolsVersionStatus2": "guestToolsNotInstalled" })).await;
    let failure = bench.complete(&wait(100)).await.unwrap_err();
    assert_eq!((failure.class, failure.code.as_str()), (Class::Permanent, "no-address"));
    assert!(failure.message.contains("not installed"), "{failure}");
}
