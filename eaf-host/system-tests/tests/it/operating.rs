//! Tests of an operator's commands on the command line beside a host that serves.

use eaf_system_tests::system::{System, approved, until};

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_reads_the_log_proves_it_and_rebuilds_a_view() {
    let system = System::start().await;
    assert!(system.logs().contains("\"capabilities\":\"mail, vsphere\""), "what is linked has registered itself");
    let people = system.people().await;
    let request = approved(&people, "web-01").await;
    until(&people.requester, "requests", &request, |item| item["terminal"] == true).await;

    let stream = format!("dcm/request/{request}");
    let (said, well) = system.eaf(&["stream", "show", "--tenant", "acme", &stream, "--data"]).await;
    assert!(well && said.contains("dcm.request-submitted") && said.contains("dcm.request-approved"), "{said}");
    assert!(said.contains("$sealed") && !said.contains("Lena Hoffmann"), "what is personal stays sealed: {said}");
    let (said, well) = system.eaf(&["stream", "show", "--tenant", "globex", &stream]).await;
    assert!(!well && said.contains("has no stream"), "{said}");

    let (said, well) = system.eaf(&["events", "tail", "--tenant", "acme", "--after", "1", "--json"]).await;
    let first: serde_json::Value = serde_json::from_str(said.lines().next().unwrap()).unwrap();
    assert!(well && first["position"] == "1-2" && first.get("data").is_none(), "{said}");
    let (said, well) = system.eaf(&["events", "tail"]).await;
    assert!(well && said.starts_with("acme") && said.contains(" 1-1 to 1-"), "{said}");

    let (said, well) = system.eaf(&["verify"]).await;
    assert!(well && said.contains("acme") && said.contains("sound"), "{said}");
    let (said, well) = system.eaf(&["verify", "--tenant", "nobody"]).await;
    assert!(!well && said.contains("there is no tenant nobody"), "{said}");

    let view = "dcm/requests";
    for (arguments, expected) in [
        (["projection", "rebuild", view, "--wait"].as_slice(), "caught up"),
        (&["projection", "status"], "building"),
        (&["projection", "diff", view], "1 equal, 0 changed"),
        (&["projection", "switch", view], "1 equal, 0 changed"),
        (&["projection", "back", view], "is live again"),
        (&["projection", "retry", view, "--tenant", "acme"], "0 parked"),
        (&["projection", "cancel", view], "is dropped"),
    ] {
        let (said, well) = system.eaf(arguments).await;
        assert!(well && said.contains(expected), "{arguments:?}: {said}");
        let seen = people.requester.item("requests", &request).await.ok();
        assert_eq!(seen["status"], "fulfilled", "people see it all the while");
    }

    system.database.run("update eaf.event set data = '{}' where pos = 2").await;
    let (said, well) = system.eaf(&["verify", "--json"]).await;
    assert!(!well && said.contains("\"finding\": \"leaf\""), "{said}");
    system.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_serve_and_migrate_change_the_schema() {
    let system = System::bare().await;
    let owner = system.database.url("eaf_migrate");
    let may_migrate = [("EAF_DATABASE_MIGRATE_URL", owner.as_str())];
    system.database.run("delete from eaf.function_source where name = 'lagging_consumers'").await;

    for command in [["verify"].as_slice(), &["operator", "list"], &["projection", "status"]] {
        let (said, well) = system.eaf_with(&may_migrate, command).await;
        assert!(!well && said.contains("functions/lagging_consumers.sql is missing"), "{command:?}: {said}");
        assert!(said.contains("eaf migrate"), "the error names the way out: {said}");
    }
    let (said, well) = system.eaf(&["migrate"]).await;
    assert!(!well && said.contains("EAF_DATABASE_MIGRATE_URL is missing"), "{said}");
    let (said, well) = system.eaf_with(&may_migrate, &["migrate"]).await;
    assert!(well, "{said}");
    let (said, well) = system.eaf(&["verify"]).await;
    assert!(well && said.contains("sound"), "{said}");
    system.finish().await;
}
