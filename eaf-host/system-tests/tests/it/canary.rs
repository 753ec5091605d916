//! Canary search after a test that produces as much output as possible, and a test that the search
//! finds planted words.

use eaf_system_tests::canary::{self, Found};
use eaf_system_tests::system::{System, approved, until, wish};
use eaf_test_support::vcsim;
use lettre::message::header::ContentTransferEncoding;
use lettre::message::{Mailbox, SinglePart};
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use reqwest::Method;
use serde_json::json;
use std::fs::OpenOptions;
use std::io::Write;
use std::net::SocketAddr;

const EVERYTHING: [&str; 5] = ["requests", "approvals", "vms", "timeline", "offerings"];

#[tokio::test(flavor = "multi_thread")]
#[expect(clippy::too_many_lines, reason = "one story over one host")]
async fn passwords_are_nowhere_and_personal_data_only_where_permitted() {
    let system = System::start().await;
    let people = system.people().await;
    for (person, views) in [
        (&people.admin, &EVERYTHING[..]),
        (&people.foreign_admin, &EVERYTHING[..]),
        (&people.requester, &["requests", "vms", "timeline"]),
        (&people.foreigner, &["requests", "vms", "timeline"]),
    ] {
        person.listen(views).await;
    }

    // Every kind of output: a machine provisioned and decommissioned, a rejection, another tenant's
    // request, a wrong password.
    let built = approved(&people, "web-01").await;
    until(&people.requester, "requests", &built, |item| item["status"] == "fulfilled").await;
    let answer = people.requester.command("request-vm", wish("web-02")).await.ok();
    let rejected = answer["subject"]["key"].as_str().unwrap().to_owned();
    people.approver.command("reject-request", json!({ "request": rejected, "reason": canary::REASON })).await.ok();
    until(&people.requester, "requests", &rejected, |item| item["status"] == "rejected").await;
    for (person, words) in
        [(&people.approver, canary::APPROVERS_JUSTIFICATION), (&people.foreigner, canary::FOREIGN_JUSTIFICATION)]
    {
        let mut wish = wish("web-03");
        wish["justification"] = json!(words);
        if person.account == people.foreigner.account {
            people.foreign_admin.command("define-offering", eaf_system_tests::system::offering()).await.ok();
        }
        person.command("request-vm", wish).await.ok();
    }
    system.connect_vcenter(&people.admin, canary::WRONG_PASSWORD).await;
    let test = people.admin.call(Method::POST, "/api/host/connections/vsphere/vcenter/test", None, None).await.ok();
    assert_eq!(test["ok"], false, "{test:#}");
    people.requester.command("decommission-vm", json!({ "vm": built, "confirm": "web-01" })).await.ok();
    until(&people.requester, "vms", &built, |vm| vm["status"] == "decommission-failed").await;
    for path in [format!("/api/dcm/views/requests/{built}"), format!("/api/dcm/views/vms/{built}")] {
        for person in [&people.requester, &people.approver, &people.admin, &people.foreign_admin] {
            person.get(&path).await;
        }
    }
    // Colleagues are found by name, and no answer contains their addresses.
    let colleagues = people.requester.get("/api/session/colleagues?q=oliver").await.ok();
    assert_eq!(colleagues["items"][0]["name"], "Oliver Brandt", "{colleagues:#}");
    people.foreigner.get("/api/session/colleagues?q=oliver").await.ok();
    let members = people.admin.get("/api/host/members").await.ok();
    for member in members["items"].as_array().expect("members") {
        let path = format!("/api/host/members/{}/open-items", member["actor"].as_str().expect("an id"));
        people.admin.get(&path).await.ok();
        for person in [&people.requester, &people.foreign_admin] {
            person.get(&path).await;
        }
    }
    let invitation = json!({ "email": canary::INVITED, "locale": "en", "roles": ["requester"] });
    people.admin.call(Method::POST, "/api/host/invitations", None, Some(&invitation)).await.ok();
    for person in [&people.admin, &people.requester, &people.foreign_admin] {
        person.get("/api/host/invitations").await;
    }
    let settings = json!({ "version": 0, "values": { "max_term_months": 48 } });
    people.admin.call(Method::PUT, "/api/host/settings/dcm", None, Some(&settings)).await.ok();
    for path in ["/api/host/settings", "/api/host/settings/dcm/history"] {
        for person in [&people.admin, &people.requester, &people.foreign_admin] {
            person.get(path).await;
        }
    }
    let runs = people.admin.get("/api/host/runs").await.ok();
    for run in runs["items"].as_array().unwrap() {
        people.admin.get(&format!("/api/host/runs/{}", run["id"].as_str().unwrap())).await.ok();
    }
    system.finish().await;
}

/// Plants words in every place and expects the search to find them: an empty result alone proves
/// nothing.
#[tokio::test(flavor = "multi_thread")]
#[expect(clippy::too_many_lines, reason = "a list: one place per line")]
async fn planted_words_are_found_in_every_place() {
    let mut system = System::start().await;
    let people = system.people().await;
    let vm = approved(&people, "web-01").await;
    until(&people.requester, "requests", &vm, |item| item["status"] == "fulfilled").await;
    let in_place = |found: &[Found], place: &str, word: &str| {
        found.iter().any(|found| found.place.contains(place) && found.word == word)
    };
    let before = system.search().await;
    assert!(before.is_empty(), "{before:#?}");

    let (password, name) = (vcsim::PASSWORD, "Lena Hoffmann");
    system.database.run(&format!("update eaf.tenant set name = '{}'", password.replace('\'', "''"))).await;
    system.database.run(&format!("update eaf.connection set last_error = '{name}'")).await;
    system
        .database
        .run("update eaf.run set waiting_code = 'eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJyZXF1ZXN0ZXIifQ.sig'")
        .await;
    let mut careless = wish("web-02");
    careless["justification"] = json!(format!("The password is {password}"));
    people.requester.command("request-vm", careless).await.ok();
    system.mail_to("james.carter@acme.example", "web-02").await;
    let mut log = OpenOptions::new().append(true).open(system.log()).unwrap();
    writeln!(log, "{password} {name} {}", people.requester.token).unwrap();
    send(system.mail.address(), "priya.shah@globex.example", canary::JUSTIFICATION).await;
    let heard = |account, words: &str| system.heard.remember(account, "GET /planted".into(), words.to_owned());
    heard(people.foreign_admin.account, canary::JUSTIFICATION);
    heard(people.requester.account, canary::APPROVERS_JUSTIFICATION);
    heard(people.requester.account, "james.carter@acme.example");
    heard(people.foreign_admin.account, "james.carter@acme.example");
    heard(None, name);
    heard(Some("operator"), canary::REASON);
    heard(people.approver.account, canary::MAIL_PASSWORD);

    let found = system.search().await;
    for (place, word) in [
        ("table eaf.tenant", password),
        ("table eaf.connection", name),
        ("table eaf.run", "a token"),
        ("table eaf_view.", password),
        ("log of ", password),
        ("ledger of ", password),
        ("journal of ", password),
        ("the host's log", password),
        ("the host's log", name),
        ("the host's log", people.requester.token.as_str()),
        ("mail to james.carter@acme.example", password),
        ("mail to priya.shah@globex.example", canary::JUSTIFICATION),
        ("answer to admin@globex: GET /planted", canary::JUSTIFICATION),
        ("answer to requester@acme: GET /planted", canary::APPROVERS_JUSTIFICATION),
        ("answer to requester@acme: GET /planted", "james.carter@acme.example"),
        ("answer to admin@globex: GET /planted", "james.carter@acme.example"),
        ("answer to no account: GET /planted", name),
        ("answer to operator: GET /planted", canary::REASON),
        ("answer to approver@acme: GET /planted", canary::MAIL_PASSWORD),
        ("answer to requester@acme: GET /api/session", password),
    ] {
        assert!(in_place(&found, place, word), "{word} is not found in {place}: {found:#?}");
    }
}

async fn send(server: SocketAddr, to: &str, words: &str) {
    let mailbox = |address: &str| Mailbox::new(None, address.parse().unwrap());
    // Base64 hides the words from a search line by line.
    let body = SinglePart::builder().header(ContentTransferEncoding::Base64).body(words.to_owned());
    let mail = Message::builder().from(mailbox("cloud@acme.example")).to(mailbox(to)).subject("planted");
    let transport = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous("127.0.0.1").port(server.port()).build();
    transport.send(mail.singlepart(body).unwrap()).await.unwrap();
}
