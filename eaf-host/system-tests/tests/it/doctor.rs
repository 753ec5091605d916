//! Diagnosis by `eaf doctor`: each prepared fault is named by its check, with a remedy.

use eaf_system_tests::system::System;
use eaf_test_support::maildev::free_address;
use serde_json::Value;

const OTHER_KEY: &str = "CQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQk=";

/// Names of the checks that are not met, each with its finding and remedy.
async fn faults(system: &System, settings: &[(&str, &str)]) -> Vec<(String, String)> {
    // The public address of these tests has no name in the DNS.
    let settings = [&[("EAF_PUBLIC_URL", system.base.as_str())], settings].concat();
    let (said, good) = system.eaf_with(&settings, &["doctor", "--json"]).await;
    let checks: Vec<Value> = serde_json::from_str(&said).unwrap_or_else(|cause| panic!("{cause}: {said}"));
    for secret in system.secrets() {
        assert!(!said.contains(&secret), "a secret is in {said}");
    }
    let failed = checks.iter().any(|check| check["state"] == "failed");
    assert_eq!(good, !failed, "the exit code says whether a check failed: {said}");
    let unmet = checks.iter().filter(|check| check["state"] != "ok");
    unmet
        .map(|check| {
            let text = |name: &str| check[name].as_str().unwrap_or_else(|| panic!("{name} in {check}")).to_owned();
            (text("name"), format!("{} | {}", text("finding"), text("remedy")))
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_fault_is_named_with_what_to_do() {
    let system = System::start().await;
    assert_eq!(faults(&system, &[]).await, [], "a working installation");

    let app = system.database.url("eaf_app");
    let closed = free_address().to_string();
    let server = app.split(['@', '/']).nth(3).expect("an address");
    let database = app.rsplit('/').next().expect("a database");
    let unreachable = app.replace(server, &closed);
    let wrong_password = app.replacen("eaf_app:", "eaf_app:x", 1);
    let no_database = app.replace(database, "no_such_database");
    let issuer_down = format!("http://{closed}");
    let wrong_issuer = format!("{}/other", system.issuer);
    let file = std::env::temp_dir().join(format!("eaf-doctor-{}", uuid::Uuid::new_v4()));
    std::fs::write(&file, "a file").unwrap();
    let file = file.display().to_string();
    let superuser = system.database.superuser_url();
    for (variable, value, check, said) in [
        ("EAF_MASTER_KEY", "short", "configuration", "32 bytes in base64"),
        ("EAF_OIDC_ISUER", "x", "configuration", "did you mean EAF_OIDC_ISSUER"),
        ("EAF_DATABASE_PLATFORM_URL", &unreachable, "database.platform", "that PostgreSQL runs"),
        ("EAF_DATABASE_URL", &wrong_password, "database.app", "`eaf db bootstrap` sets"),
        ("EAF_DATABASE_URL", &no_database, "database.app", "create the database"),
        ("EAF_DATABASE_PLATFORM_URL", &app, "database.platform", "not as eaf_platform"),
        ("EAF_DATABASE_URL", superuser, "database.app", "superuser"),
        ("EAF_MASTER_KEY", OTHER_KEY, "master-key", "deploy/runbooks/master-key.md"),
        ("EAF_OIDC_ISSUER", &issuer_down, "issuer", "the network to the provider"),
        ("EAF_OIDC_ISSUER", &wrong_issuer, "issuer", "letter by letter"),
        ("EAF_PACKAGES", "/no/such.eaf", "package", "correct EAF_PACKAGES"),
        ("EAF_COMPILED_CACHE", &file, "compiled-cache", "make the directory writable"),
        ("EAF_PUBLIC_URL", &issuer_down, "public-address", "check name, network"),
    ] {
        let found = faults(&system, &[(variable, value)]).await;
        let named = found.iter().find(|(name, _)| name == check);
        assert!(named.is_some_and(|(_, text)| text.contains(said)), "{variable}: {check} in {found:#?}");
    }
    std::fs::remove_file(file).unwrap();

    system.vcenter.cut();
    let found = faults(&system, &[]).await;
    assert!(found.iter().any(|(name, _)| name.starts_with("connection.acme.vsphere.")), "{found:#?}");
    system.vcenter.restore();
    system.database.run("delete from eaf.function_source where name = 'lagging_consumers'").await;
    let found = faults(&system, &[]).await;
    assert!(found.iter().any(|(name, text)| name == "schema" && text.contains("eaf migrate")), "{found:#?}");
    system.end_without_search();
}
