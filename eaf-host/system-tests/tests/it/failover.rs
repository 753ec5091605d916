//! PostgreSQL restarts, or only reads, while somebody works with it.

use eaf_core::testing::Database;
use eaf_system_tests::server::Server;
use eaf_system_tests::system::{PATIENCE, System, offering};
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn following_the_log_goes_on_when_postgresql_restarts_and_tells_each_event_once() {
    let mut server = Server::start().await;
    let database = Database::fresh_in(&server.superuser_url()).await;
    let system = System::on(database, "https://cloud.example").await;
    let admin = system.person("admin@acme").await;
    let define = async |key: &str| {
        let mut wanted = offering();
        wanted["key"] = json!(key);
        let answer = admin.command("define-offering", wanted).await.ok();
        answer["position"].as_str().expect("a position").to_owned()
    };
    let arguments = ["events", "tail", "--tenant", "acme", "--follow", "--json"];
    let (mut following, mut lines) = system.eaf_going_on(&arguments);
    let mut told = Vec::new();
    for key in ["one", "two", "three"] {
        let position = define(key).await;
        loop {
            let line = tokio::time::timeout(PATIENCE, lines.next_line()).await.expect("it goes on").unwrap();
            let line = line.unwrap_or_else(|| panic!("it ended after {told:?}"));
            let event: Value = serde_json::from_str(&line).unwrap();
            told.push(event["position"].as_str().expect("a position").to_owned());
            if told.last() == Some(&position) {
                break;
            }
        }
        server.kill_and_restart().await;
        while !system.host.as_ref().expect("the host runs").is_ready().await {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    }
    let expected: Vec<String> = (1..=told.len()).map(|pos| format!("1-{pos}")).collect();
    assert_eq!(told, expected, "each once and in order");
    assert!(following.try_wait().unwrap().is_none(), "it goes on");
    following.kill().await.unwrap();
    system.finish().await;
    server.stop().await;
}
