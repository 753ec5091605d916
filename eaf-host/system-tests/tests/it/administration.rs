//! Tests that administrative acts on the command line are recorded with their actor, and that only
//! hosts with the valid master key serve.

use eaf_system_tests::system::System;
use serde_json::{Value, json};

const OTHER_KEY: &str = "CQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQk=";

fn acts(answer: &Value) -> Vec<(&str, &Value)> {
    let items = answer["items"].as_array().expect("items").iter().rev();
    items.map(|item| (item["act"].as_str().expect("an act"), item)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_act_on_the_command_line_records_its_actor() {
    let system = System::bare().await;
    let people = system.people().await;
    let operator = system.person("operator").await;
    let member = ["--tenant", "acme", "--subject", "requester@acme", "--name", "Lena", "--email", "l@acme.example"];
    let add = |as_whom: &[&'static str], role: &'static str| {
        [["member", "add"].as_slice(), &member, &["--role", role], as_whom].concat()
    };
    let (said, well) = system.eaf(&add(&[], "approver")).await;
    assert!(well, "{said}");
    let (said, well) = system.eaf(&add(&["--as", "operator"], "requester")).await;
    assert!(well, "{said}");
    let (said, well) = system.eaf(&add(&["--as", "nobody"], "approver")).await;
    assert!(!well && said.contains("there is no operator nobody"), "{said}");

    let audit = people.admin.get("/api/host/audit?act=member.change").await.ok();
    let [(_, by_os), (_, by_operator)] = acts(&audit)[..] else { panic!("{audit:#}") };
    assert!(by_os["origin"].as_str().is_some_and(|origin| origin.starts_with("os:")), "{by_os:#}");
    assert_eq!(
        (&by_os["change"]["old"]["roles"], &by_os["change"]["new"]["roles"]),
        (&json!(["requester"]), &json!(["approver"]))
    );
    assert_eq!((&by_operator["origin"], &by_operator["actor_name"]), (&json!("operator"), &Value::Null));

    let (said, well) =
        system.eaf(&["operator", "add", "--subject", "otto", "--name", "Otto", "--as", "operator"]).await;
    assert!(well, "{said}");
    let (said, well) = system.eaf(&["operator", "remove", "--subject", "otto", "--as", "operator"]).await;
    assert!(well, "{said}");
    let (said, _) = system.eaf(&["operator", "list"]).await;
    assert!(said.lines().any(|line| line.contains("otto") && line.contains("removed")), "{said}");
    let platform = operator.get("/api/host/platform-audit").await.ok();
    let names: Vec<&str> = acts(&platform).iter().map(|(act, _)| *act).collect();
    assert!(names.ends_with(&["operator.add", "operator.remove"]) && names.contains(&"package.activate"), "{names:?}");
    let (said, well) = system.eaf(&["verify"]).await;
    assert!(well && said.contains("the platform"), "{said}");

    // The hosts anchor the recorded rows; a row that is deleted afterwards is detected.
    loop {
        let (said, _) = system.eaf(&["verify", "--tenant", "acme"]).await;
        if !said.contains("not anchored") {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    }
    system.database.run("delete from eaf.audit where act = 'member.change'").await;
    let (said, well) = system.eaf(&["verify"]).await;
    assert!(!well && said.contains("deleted: "), "{said}");
    system.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_master_key_ends_a_host_and_rotation_needs_no_stop() {
    let system = System::bare().await;
    let wrong = [("EAF_MASTER_KEY", OTHER_KEY), ("EAF_LISTEN", "127.0.0.1:0")];
    let (said, well) = system.eaf_with(&wrong, &["serve"]).await;
    assert!(!well && said.contains("the database's keys are wrapped with the master key"), "{said}");
    assert!(said.contains("EAF_MASTER_KEY") && !said.contains(OTHER_KEY), "{said}");

    let former = system.secrets()[0].clone();
    let both = [("EAF_MASTER_KEY", OTHER_KEY), ("EAF_MASTER_KEY_PREVIOUS", former.as_str())];
    let (said, well) = system.eaf_with(&both, &["key", "status"]).await;
    assert!(well && said.contains("`eaf key rotate` makes it the active one"), "{said}");
    let (said, well) = system.eaf_with(&both, &["key", "rotate"]).await;
    assert!(!well && said.contains("--yes"), "{said}");
    let (said, well) = system.eaf_with(&both, &["key", "rotate", "--yes"]).await;
    assert!(well && said.contains("keys and "), "{said}");
    let (said, well) = system.eaf_with(&wrong[..1], &["key", "status"]).await;
    assert!(well && said.contains("nothing to do"), "{said}");
    let (said, well) = system.eaf(&["key", "status"]).await;
    assert!(!well && said.contains("EAF_MASTER_KEY_PREVIOUS"), "{said}");
    // The former key is restored, so that the processes that were started with it can end the test.
    let back = [("EAF_MASTER_KEY", former.as_str()), ("EAF_MASTER_KEY_PREVIOUS", OTHER_KEY)];
    let (said, well) = system.eaf_with(&back, &["key", "rotate", "--yes"]).await;
    assert!(well, "{said}");
    system.finish().await;
}
