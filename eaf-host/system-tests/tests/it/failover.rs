//! Tests in which PostgreSQL restarts, or becomes read-only, while clients work.

use eaf_core::testing::Database;
use eaf_system_tests::server::Server;
use eaf_system_tests::system::{System, WAIT_MAX, offering};
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn following_the_log_survives_a_restart_of_postgresql_without_duplicates() {
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
    let (mut following, mut lines) = system.eaf_streaming(&arguments);
    let mut positions = Vec::new();
    for key in ["one", "two", "three"] {
        let position = define(key).await;
        loop {
            let line = tokio::time::timeout(WAIT_MAX, lines.next_line()).await.expect("it goes on").unwrap();
            let line = line.unwrap_or_else(|| panic!("it ended after {positions:?}"));
            let event: Value = serde_json::from_str(&line).unwrap();
            positions.push(event["position"].as_str().expect("a position").to_owned());
            if positions.last() == Some(&position) {
                break;
            }
        }
        server.kill_and_restart().await;
        while !system.host.as_ref().expect("the host runs").is_ready().await {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    }
    let expected: Vec<String> = (1..=positions.len()).map(|pos| format!("1-{pos}")).collect();
    assert_eq!(positions, expected, "each once and in order");
    assert!(following.try_wait().unwrap().is_none(), "it goes on");
    following.kill().await.unwrap();
    system.finish().await;
    server.stop().await;
}
