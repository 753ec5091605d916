//! The audit trail over HTTP, as a list and as a file.

use super::{TestHost, note};
use axum::http::StatusCode;
use eaf_core::actor::TraceId;
use eaf_core::audit::{self, Entry};
use eaf_core::id::{ActorId, TenantId};
use serde_json::json;

fn acts(answer: &super::Answer) -> Vec<&str> {
    answer.json["items"].as_array().expect("items").iter().map(|item| item["act"].as_str().expect("an act")).collect()
}

#[tokio::test]
async fn events_and_administrative_acts_are_one_list_with_names() {
    let host = TestHost::new().await;
    let given = host.give("requester@acme", "write-note", note("Shopping"), &[]).await;
    let body = json!({ "config": { "host": "bad" }, "secret": { "password": "canary-password" } });
    host.json("PUT", "admin@acme", "/api/host/connections/echo/main", body, &[]).await;
    let audit = host.get("auditor@acme", "/api/host/audit").await;
    assert_eq!(acts(&audit), ["connection.put", "notes.written"], "{}", audit.text);
    assert!(!audit.text.contains("canary-"), "{}", audit.text);
    let written = &audit.json["items"][1];
    let key = given.json["subject"]["key"].as_str().unwrap();
    assert_eq!(written["object"], format!("notes/note/{key}"));
    assert_eq!((&written["source"], &written["outcome"]), (&json!("log"), &json!("ok")));
    assert_eq!((&written["actor_name"], &written["actor_kind"]), (&json!("Canary requester"), &json!("person")));
    assert_eq!(
        host.get("admin@globex", "/api/host/audit").await.json,
        json!({ "items": [], "next": null, "things": [] })
    );
}

#[tokio::test]
async fn filters_select_rows_and_invalid_ones_are_refused() {
    let host = TestHost::new().await;
    host.give("requester@acme", "write-note", note("a"), &[]).await;
    host.give("admin@acme", "write-note", note("b"), &[]).await;
    host.give("admin@acme", "write-note", note("taken"), &[]).await;
    let all = host.get("auditor@acme", "/api/host/audit").await;
    assert_eq!(acts(&all), ["command.give", "notes.written", "notes.written"]);
    let newest = &all.json["items"][0];
    let text = |member: &str| newest[member].as_str().unwrap().to_owned();
    for (query, found) in [
        (format!("actor={}", text("actor")), 2),
        (format!("actor={}&source=log", text("actor")), 1),
        (format!("trace={}", text("trace_id")), 1),
        ("act=notes.".into(), 2),
        ("object=notes/write".into(), 1),
        ("outcome=title-taken".into(), 1),
        (format!("to={}", text("at")), 2),
        (format!("from={}", text("at")), 1),
    ] {
        let answer = host.get("auditor@acme", &format!("/api/host/audit?{query}")).await;
        assert_eq!(answer.json["items"].as_array().map(Vec::len), Some(found), "{query}: {}", answer.text);
    }
    for (query, pointer) in [
        ("actor=x", "?actor"),
        ("act=", "?act"),
        ("from=yesterday", "?from"),
        ("source=other", "?source"),
        ("cursor=x", "?cursor"),
        ("cursor=1.x~-~-", "?cursor"),
        ("person=x", "?person"),
        ("thing=", "?thing"),
        ("from=2026-11-29T10:00:00Z&to=2026-11-29T10:00:00Z", "?to"),
        ("act=a&act=b", "?act"),
        ("tenant=globex", "?tenant"),
    ] {
        let answer = host.get("auditor@acme", &format!("/api/host/audit?{query}")).await;
        assert_eq!(answer.refusal(), (400, "query-invalid", vec![pointer]), "{query}");
    }
}

#[tokio::test]
async fn pages_continue_at_the_cursor() {
    let host = TestHost::new().await;
    let mut tx = host.core.db.tenant(TenantId::derive("acme")).await.unwrap();
    for number in 0..120 {
        audit::record(&mut tx, &entry(&format!("act.{number}"))).await.unwrap();
    }
    tx.commit().await.unwrap();
    host.give("requester@acme", "write-note", note("last"), &[]).await;
    let (mut found, mut path) = (Vec::new(), "/api/host/audit".to_owned());
    loop {
        let page = host.get("auditor@acme", &path).await;
        found.extend(acts(&page).into_iter().map(str::to_owned));
        let Some(next) = page.json["next"].as_str() else { break };
        path = format!("/api/host/audit?cursor={next}");
    }
    let expected: Vec<String> = std::iter::once("notes.written".to_owned())
        .chain((0..120).rev().map(|number| format!("act.{number}")))
        .collect();
    assert_eq!(found, expected);
}

#[tokio::test]
async fn a_requester_is_refused_and_the_denial_is_recorded() {
    let host = TestHost::new().await;
    for (path, act) in [("/api/host/audit", "audit.list"), ("/api/host/audit.csv", "audit.export")] {
        assert_eq!(host.get("requester@acme", path).await.code(), "permission-missing");
        let newest = host.get("auditor@acme", "/api/host/audit").await.json["items"][0].clone();
        assert_eq!((&newest["act"], &newest["outcome"]), (&json!(act), &json!("denied")));
        assert_eq!(newest["actor_name"], "Canary requester");
    }
}

#[tokio::test]
async fn equal_denials_are_one_row_with_a_count() {
    let host = TestHost::new().await;
    for _ in 0..5 {
        assert_eq!(host.get("requester@acme", "/api/host/audit").await.code(), "permission-missing");
    }
    assert_eq!(host.get("requester@acme", "/api/host/runs").await.code(), "permission-missing");
    let audit = host.get("auditor@acme", "/api/host/audit?outcome=denied").await;
    let items = audit.json["items"].as_array().unwrap();
    let mut found: Vec<_> =
        items.iter().map(|item| (item["act"].as_str().unwrap(), item["count"].as_u64().unwrap())).collect();
    found.sort();
    // Two rows are possible if the hour ended in between.
    let counted: u64 = found.iter().filter(|(act, _)| *act == "audit.list").map(|(_, count)| count).sum();
    assert_eq!(counted, 5, "{found:?}");
    assert!(found.len() <= 3 && found.contains(&("run.list", 1)), "{found:?}");
}

#[tokio::test]
async fn a_file_for_excel_has_its_encoding_separator_and_times() {
    let host = TestHost::new().await;
    host.give("requester@acme", "write-note", note("taken"), &[]).await;
    // The members of the test host read German.
    let file = host.get("auditor@acme", "/api/host/audit.csv?dialect=excel&zone=Europe/Berlin").await;
    let lines: Vec<&str> = file.text.lines().collect();
    assert_eq!(
        lines[0],
        "\u{feff}Zeit;Zeitzone;Was ist geschehen;Wer;Gegenstand;Ergebnis;Art;Anzahl;Geändert;Kommandozeile;\
         Handlung (Code);Gegenstand (Kennung);Ergebnis (Code);Vorgangsnummer;Zeile;Zeit (UTC)"
    );
    let cells: Vec<&str> = lines[1].split(';').collect();
    let (date, clock) = cells[0].split_once(' ').expect("date and clock");
    assert_eq!((date.len(), date.matches('.').count(), clock.len()), (10, 2, 8), "{}", lines[1]);
    assert!(cells[1].starts_with("Europe/Berlin (UTC+0"), "{}", lines[1]);
    assert_eq!(cells[2..4], ["Canary auditor hat das Protokoll exportiert.", "Canary auditor"]);
    assert!(
        lines[2].contains("Canary requester versuchte „Notiz schreiben“; abgelehnt: Der Titel war vergeben."),
        "{}",
        lines[2]
    );
    let english = [("accept-language", "en")];
    let request = host.request("GET", "auditor@acme", "/api/host/audit.csv?dialect=excel", &english);
    let file = host.send(request.body(axum::body::Body::empty()).unwrap()).await;
    assert!(file.text.starts_with("\u{feff}Time,Time zone,What happened,"), "{}", file.text);
    assert!(file.text.contains(",UTC (UTC+00:00),"), "{}", file.text);
    for (asked, accepted, head) in [("de", "en", "\u{feff}Zeit;Zeitzone;"), ("en", "de", "\u{feff}Time,Time zone,")] {
        let path = format!("/api/host/audit.csv?dialect=excel&language={asked}");
        let request = host.request("GET", "auditor@acme", &path, &[("accept-language", accepted)]);
        let file = host.send(request.body(axum::body::Body::empty()).unwrap()).await;
        assert!(file.text.starts_with(head), "what is asked for wins: {}", file.text);
        assert!(file.text.contains("hat das Protokoll exportiert") == (asked == "de"), "{}", file.text);
    }
    for (query, pointer) in [
        ("dialect=lotus", "?dialect"),
        ("language=fr", "?language"),
        ("language=", "?language"),
        ("zone=Mars/Olympus", "?zone"),
        ("zone=", "?zone"),
        ("zone=a'b", "?zone"),
    ] {
        let refused = host.get("auditor@acme", &format!("/api/host/audit.csv?{query}")).await;
        assert_eq!(refused.refusal(), (400, "query-invalid", vec![pointer]), "{query}");
    }
    let refused = host.get("auditor@acme", "/api/host/audit?dialect=excel").await;
    assert_eq!(refused.refusal(), (400, "query-invalid", vec!["?dialect"]));
}

#[tokio::test]
async fn the_file_has_the_rows_of_the_list_and_no_formula() {
    let host = TestHost::new().await;
    let mut tx = host.core.db.tenant(TenantId::derive("acme")).await.unwrap();
    for act in ["plain", "=HYPERLINK(\"x\",\"y\")"] {
        audit::record(&mut tx, &entry(act)).await.unwrap();
    }
    tx.commit().await.unwrap();
    host.give("requester@acme", "write-note", note("a"), &[]).await;
    let file = host.get("auditor@acme", "/api/host/audit.csv?from=2026-01-01T00:00:00Z").await;
    assert_eq!(
        (file.status, &file.headers["content-type"]),
        (StatusCode::OK, &"text/csv; charset=utf-8".parse().unwrap())
    );
    let today = host.core.ambient.now().date();
    let name = format!("attachment; filename=\"audit-acme-{today}.csv\"");
    assert_eq!(file.headers["content-disposition"], name.as_str());
    let lines: Vec<&str> = file.text.split("\r\n").collect();
    assert_eq!(
        lines[0],
        "at,source,actor,actor_name,actor_kind,act,object,outcome,trace_id,id,count,plugin,grant,origin,change,thing,sentence"
    );
    assert_eq!(lines.len(), 1 + 4 + 1, "{}", file.text);
    // The file contains the record of its own export.
    assert!(lines[1].contains(",Canary auditor,person,audit.export,audit,ok,"), "{}", lines[1]);
    assert!(lines[2].contains(",log,") && lines[2].contains(",notes.written,notes/note/"), "{}", lines[2]);
    assert!(lines[3].contains(",\"'=HYPERLINK(\"\"x\"\",\"\"y\"\")\","), "{}", lines[3]);
    assert!(lines[4].contains(",plain,"), "{}", lines[4]);
    assert_eq!(lines[5], "");
    let none = host.get("auditor@acme", "/api/host/audit.csv?act=nothing").await;
    assert_eq!(none.text.lines().count(), 1, "{}", none.text);
    assert_eq!(host.get("admin@globex", "/api/host/audit.csv?source=log").await.text.lines().count(), 1);
    assert_eq!(host.get("auditor@acme", "/api/host/audit.csv?cursor=-").await.code(), "query-invalid");
}

fn entry(act: &str) -> Entry {
    Entry {
        actor: ActorId::SYSTEM,
        act: act.into(),
        object: "object".into(),
        outcome: "ok".into(),
        trace: TraceId("7".repeat(32)),
    }
}

#[tokio::test]
async fn every_documented_parameter_is_accepted() {
    let host = TestHost::new().await;
    let document = host.get("admin@acme", "/api/openapi.json").await.json;
    for path in ["/api/host/audit", "/api/host/audit.csv"] {
        let parameters = document["paths"][path]["get"]["parameters"].as_array().expect("parameters");
        let names = parameters.iter().filter(|one| one["in"] == "query").filter_map(|one| one["name"].as_str());
        for name in names.filter(|name| *name != "cursor") {
            let value = match name {
                "actor" | "person" => "6561665f-0000-4000-8000-00000000000a",
                "from" | "to" => "2026-11-29T10:00:00Z",
                "source" => "host",
                "zone" => "Europe/Berlin",
                "dialect" => "rfc4180",
                "language" => "en",
                _ => "notes",
            };
            let answer = host.get("admin@acme", &format!("{path}?{name}={value}")).await;
            assert_eq!(answer.status, 200, "{path}?{name}={value}: {}", answer.text);
        }
    }
}

#[tokio::test]
async fn ids_in_capitals_match() {
    let host = TestHost::new().await;
    let (id, trace) = ("01a21782-0930-7514-8de5-abf94e5fa0f0", "00c0ffee".repeat(4));
    let mut tx = host.core.db.tenant(TenantId::derive("acme")).await.unwrap();
    let entry = Entry { object: format!("person/{id}"), trace: TraceId(trace.clone()), ..entry("person.erase") };
    audit::record(&mut tx, &entry).await.unwrap();
    tx.commit().await.unwrap();
    for query in [
        format!("object=person/{}", id.to_ascii_uppercase()),
        format!("trace={}", trace.to_ascii_uppercase()),
        format!("object=person/{id}"),
    ] {
        let found = host.get("auditor@acme", &format!("/api/host/audit?{query}")).await;
        assert_eq!(acts(&found), ["person.erase"], "{query}");
    }
}
