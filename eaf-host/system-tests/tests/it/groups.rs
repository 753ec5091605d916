//! Groups, managers and the list of members on the command line.

use eaf_system_tests::system::System;

async fn succeeds(system: &System, command: &[&str]) -> String {
    let (said, well) = system.eaf(command).await;
    assert!(well, "{command:?}: {said}");
    said
}

#[tokio::test(flavor = "multi_thread")]
async fn groups_and_reporting_lines_are_set_and_listed_on_the_command_line() {
    let system = System::bare().await;
    let _people = system.people().await;
    let at = ["--tenant", "acme"];
    let command = |words: &[&'static str]| [words, &at].concat();
    succeeds(&system, &command(&["group", "put", "finance", " Finance "])).await;
    let requester = ["--subject", "requester@acme"];
    succeeds(&system, &[&command(&["group", "add", "finance"])[..], &requester].concat()).await;
    let listed = succeeds(&system, &command(&["group", "list"])).await;
    let words: Vec<&str> = listed.split_whitespace().collect();
    assert_eq!(words, ["finance", "1", "Finance"]);

    let reporting = command(&["member", "reporting", "--manager", "admin@acme", "--cost-centre", "4711"]);
    succeeds(&system, &[&reporting[..], &requester].concat()).await;
    let members = succeeds(&system, &command(&["member", "list"])).await;
    let line = members.lines().find(|line| line.contains("requester@acme")).expect("a line");
    for expected in ["groups finance", "manager admin@acme", "cost centre 4711"] {
        assert!(line.contains(expected), "{expected}: {line}");
    }
    let back = command(&["member", "reporting", "--subject", "admin@acme", "--manager", "requester@acme"]);
    let (said, well) = system.eaf(&back).await;
    assert!(!well && said.contains("would report to themselves"), "{said}");

    succeeds(&system, &[&command(&["group", "drop", "finance"])[..], &requester].concat()).await;
    let (said, well) = system.eaf(&[&command(&["group", "drop", "finance"])[..], &requester].concat()).await;
    assert!(!well && said.contains("does not belong to the group finance"), "{said}");
    let (said, well) = system.eaf(&command(&["group", "add", "finance", "--subject", "unknown"])).await;
    assert!(!well && said.contains("no member unknown"), "{said}");
    succeeds(&system, &command(&["group", "remove", "finance"])).await;
    let (said, well) = system.eaf(&command(&["group", "remove", "finance"])).await;
    assert!(!well && said.contains("no group finance"), "{said}");
    system.finish().await;
}
