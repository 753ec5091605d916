//! Tests with a hostile vCenter: its answers meet limits before they can use up memory and time.

use super::admin::Admin;
use super::egress::{https, tested};
use super::*;
use crate::client::{Error, properties, tree};

/// Makes the simulator answer the method `method` with the XML `returned`.
async fn answers(bench: &Bench, method: &str, returned: &str) {
    let body = format!(
        "<e:Envelope xmlns:e=\"http://schemas.xmlsoap.org/soap/envelope/\"><e:Body><r xmlns:xsi=\"x\">\
         <returnval>{returned}</returnval></r></e:Body></e:Envelope>"
    );
    let behaviour =
        json!({ "kind": "http", "status": 200, "content_type": "text/xml", "body": body, "method": method });
    bench.vcsim.behave(behaviour).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_of_a_million_elements_is_refused() {
    let bench = Bench::start(&[]).await;
    let port = https(&bench, "200 OK", format!("<a>{}</a>", "<a/>".repeat(1_500_000))).await;
    let url = format!("https://localhost:{port}/sdk");
    let (report, _) = tested(&bench, &["vsphere 127.0.0.2:1-65535"], &url, true).await;
    assert_eq!(report.outcome().unwrap_err().code, "vcenter-answer");
}

#[tokio::test(flavor = "multi_thread")]
async fn endless_pages_are_an_error() {
    let bench = Bench::start(&[]).await;
    let admin = Admin::of(&bench);
    let folder = admin.object(&["DC1", "vm"]).await;
    for method in ["RetrievePropertiesEx", "ContinueRetrievePropertiesEx"] {
        answers(&bench, method, "<token>again</token>").await;
    }
    let read = properties::read_one(&admin.0, &folder, &["name"]).await;
    assert!(matches!(read, Err(Error::TooMuch { .. })), "{read:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn unrequested_objects_are_not_collected() {
    let bench = Bench::start(&[]).await;
    let admin = Admin::of(&bench);
    let folder = admin.object(&["DC1", "vm"]).await;
    let object = "<objects><obj type=\"Folder\">group-v1</obj></objects>";
    answers(&bench, "RetrievePropertiesEx", &object.repeat(3)).await;
    let read = properties::read_one(&admin.0, &folder, &["name"]).await;
    assert!(matches!(read, Err(Error::TooMuch { .. })), "{read:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn folders_that_contain_each_other_are_visited_once() {
    let bench = Bench::start(&[]).await;
    let admin = Admin::of(&bench);
    let folder = admin.object(&["DC1", "vm"]).await;
    let itself = format!(
        "<objects>{0}<propSet><name>childEntity</name><val><ManagedObjectReference type=\"Folder\">{1}\
         </ManagedObjectReference></val></propSet></objects>",
        folder.element("obj"),
        folder.value
    );
    answers(&bench, "RetrievePropertiesEx", &itself).await;
    let before = bench.vcsim.calls("RetrievePropertiesEx").await;
    let search = tree::search(&admin.0, &folder, &["marker"]).await.unwrap().unwrap();
    assert!(search.marked.is_empty() && search.unreadable.is_empty());
    assert!(bench.vcsim.calls("RetrievePropertiesEx").await - before <= 3);
}
