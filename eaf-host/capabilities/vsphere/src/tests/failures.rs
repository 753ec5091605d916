//! Tests of the failures that people read: each names its cause and its remedy, and ends once the
//! cause is repaired.

use super::*;

async fn check(bench: &Bench) -> Failure {
    report(bench).await.outcome().unwrap_err()
}

async fn report(bench: &Bench) -> Report {
    bench.provider.check(TenantId::derive("acme"), "main").await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_good_connection_passes_its_check() {
    let bench = Bench::start(&[]).await;
    report(&bench).await.outcome().unwrap();
    bench.settings.set("resource_pool", "Cluster1");
    bench.settings.set("datastore", "datastore1");
    report(&bench).await.outcome().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_is_named_and_never_shown() {
    let bench = Bench::start(&[]).await;
    bench.settings.set_password("not-the-right-one");
    let failure = bench.complete(&ensure_folder()).await.unwrap_err();
    assert_eq!((failure.class, failure.code.as_str()), (Class::Configuration, "vcenter-login"));
    assert!(!format!("{failure:?}").contains("not-the-right-one"));
    bench.settings.set_password(PASSWORD);
    bench.complete(&ensure_folder()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn each_wrong_setting_is_named() {
    let bench = Bench::start(&[]).await;
    for (key, wrong, code, named) in [
        ("datacenter", "DC9", "datacenter-missing", "DC9"),
        ("folder", "EAF/nobody", "folder-missing", "EAF/nobody"),
        ("resource_pool", "Cluster9", "pool-missing", "Cluster9"),
        ("datastore", "datastore9", "datastore-missing", "datastore9"),
        ("url", "http://localhost/sdk", "vcenter-address", "https"),
        ("ca_certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", "vcenter-certificate", ""),
        ("username", "", "connection-settings", "username"),
        ("colour", "blue", "connection-settings", "colour"),
    ] {
        let before = bench.settings.0.lock().unwrap().0.clone();
        bench.settings.set(key, wrong);
        let failure = check(&bench).await;
        assert_eq!((failure.class, failure.code.as_str()), (Class::Configuration, code), "{key}: {failure}");
        assert!(failure.message.contains(named), "{key}: {failure}");
        bench.settings.0.lock().unwrap().0 = before;
    }
    report(&bench).await.outcome().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_of_an_unknown_ca_is_refused() {
    let bench = Bench::start(&[]).await;
    let other = directory();
    let stranger = Vcsim::start(&other.0, &[]).await;
    bench.settings.set("ca_certificate", &stranger.ca_certificate());
    let failure = check(&bench).await;
    assert_eq!((failure.class, failure.code.as_str()), (Class::Configuration, "vcenter-certificate"), "{failure}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_for_another_name_is_refused() {
    let bench = Bench::start(&[]).await;
    // On Linux, the address 0.0.0.0 leads to this machine. The simulator's certificate does not
    // name that address.
    bench.settings.set("url", &format!("https://0.0.0.0:{}/sdk", bench.proxy.address().port()));
    let failure = check(&bench).await;
    assert_eq!((failure.class, failure.code.as_str()), (Class::Configuration, "vcenter-certificate"), "{failure}");
    for named in ["another host name", "0.0.0.0", "localhost"] {
        assert!(failure.message.contains(named), "{failure}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unavailable_vcenter_is_transient() {
    let bench = Bench::start(&[]).await;
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    bench.settings.set("url", &format!("https://localhost:{}/sdk", free.port()));
    let failure = check(&bench).await;
    assert_eq!((failure.class, failure.code.as_str()), (Class::Transient, "vcenter-unreachable"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_template_is_named_by_its_path() {
    let bench = Bench::start(&[]).await;
    bench.complete(&ensure_folder()).await.unwrap();
    let mut clone = clone_of("web-01");
    clone.args["spec"]["template"] = json!("Templates/debian-13");
    let failure = bench.complete(&clone).await.unwrap_err();
    assert_eq!((failure.class, failure.code.as_str()), (Class::Configuration, "template-missing"));
    assert!(failure.message.contains("DC1/vm/Templates/debian-13"), "{failure}");
    assert!(bench.vcsim.machines().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_machine_is_no_template() {
    let bench = Bench::start(&[]).await;
    bench.clone_vm().await;
    let mut clone = clone_of("web-02");
    clone.args["identity"] = json!("vm-2");
    clone.args["spec"]["template"] = json!("EAF/acme/requests/web/web-01");
    assert_eq!(bench.complete(&clone).await.unwrap_err().code, "not-a-template");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_template_outside_the_grants_scope_is_denied() {
    let bench = Bench::start(&[]).await;
    bench.complete(&ensure_folder()).await.unwrap();
    for (scope, allowed) in [
        (json!({ "templates": ["Templates"] }), true),
        (json!({ "templates": ["*"] }), true),
        (json!({ "templates": [] }), false),
        (json!({}), false),
        (json!(null), false),
        (json!({ "templates": ["Temp", "Other/debian-12"] }), false),
        (json!({ "templates": "Templates" }), false),
    ] {
        let clone = scoped(clone_of("web-01"), &scope);
        let denied = matches!(bench.complete(&clone).await, Err(f) if f.class == Class::Denied);
        assert_eq!(!denied, allowed, "{scope}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_path_leads_down_only() {
    let bench = Bench::start(&[]).await;
    let failure = bench.complete(&call("ensure-folder", json!({ "path": "../globex" }))).await.unwrap_err();
    assert_eq!(failure.class, Class::Denied);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_machine_of_the_same_name_is_not_changed() {
    let bench = Bench::start(&[]).await;
    // Another plugin already has a machine with the requested name.
    bench.complete(&ensure_folder()).await.unwrap();
    let theirs = Call { plugin: "other".into(), ..clone_of("web-01") };
    bench.complete(&theirs).await.unwrap();
    let failure = bench.complete(&clone_of("web-01")).await.unwrap_err();
    assert_eq!((failure.class, failure.code.as_str()), (Class::Conflict, "foreign-vm"));
    assert!(failure.message.contains("EAF/acme/requests/web/web-01"), "{failure}");
    // After an administrator has removed the other machine, the repeated call completes the clone.
    bench.complete(&Call { plugin: "other".into(), ..about("destroy") }).await.unwrap();
    bench.complete(&clone_of("web-01")).await.unwrap();
    assert_eq!(bench.vcsim.machines().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn invalid_arguments_are_refused() {
    let bench = Bench::start(&[]).await;
    for call in [call("power-on", json!({})), call("clone", json!({ "identity": "x" })), call("fly", json!({}))] {
        assert_eq!(bench.complete(&call).await.unwrap_err().class, Class::Permanent, "{call:?}");
    }
    assert_eq!(
        bench
            .complete(&Call { granted: Granted::without_connection("nothing"), ..about("read-vm") })
            .await
            .unwrap_err()
            .code,
        "connection-missing"
    );
}

fn scoped(call: Call, scope: &Value) -> Call {
    Call { granted: Granted { scope: scope.clone(), ..call.granted }, ..call }
}
