//! Members by API: list, change, removal and deputies.

use super::browser::Browser;
use super::{Answer, TestHost};
use axum::body::Body;
use axum::http::Request;
use eaf_core::actor::Locale;
use eaf_core::directory::{Basis, Member, NewMember};
use eaf_core::id::{ActorId, TenantId};
use serde_json::{Value, json};
use time::Duration;
use time::format_description::well_known::Rfc3339;

pub const MEMBERS: &str = "/api/host/members";
pub const UNKNOWN: &str = "0198f0a0-0000-7000-8000-000000000000";
/// Right-to-left text with an override, and a name of several code points per character.
const NAMES: [&str; 2] = ["\u{202e}مريم \u{202c}ישראל", "👩‍🚀 Zoë 🇩🇪"];

pub fn acme() -> TenantId {
    TenantId::derive("acme")
}

pub async fn hire(host: &TestHost, slug: &str, name: &str, roles: &[&str]) -> ActorId {
    hire_as(host, slug, name, name, roles).await
}

/// Adds a member; two members may have one name.
async fn hire_as(host: &TestHost, slug: &str, subject: &str, name: &str, roles: &[&str]) -> ActorId {
    let new = NewMember {
        issuer: host.issuer.url.clone(),
        subject: format!("{subject}@{slug}"),
        name: name.into(),
        email: format!("{subject}@{slug}.example"),
        locale: Locale::En,
        roles: roles.iter().map(|role| (*role).into()).collect(),
    };
    host.core.directory.put_member(&host.core.by, TenantId::derive(slug), new).await.expect("added")
}

/// Id of a member whom every test host has.
pub async fn id(host: &TestHost, who: &str) -> ActorId {
    host.get(who, "/api/session").await.json["actor"].as_str().expect("an actor").parse().expect("an id")
}

async fn stored(host: &TestHost, actor: ActorId) -> Member {
    host.core.directory.member(acme(), actor).await.expect("readable").expect("a member")
}

async fn put(host: &TestHost, actor: impl std::fmt::Display, body: Value) -> Answer {
    host.json("PUT", "admin@acme", &format!("{MEMBERS}/{actor}"), body, &[]).await
}

async fn delete(host: &TestHost, path: &str) -> Answer {
    host.send(host.request("DELETE", "admin@acme", path, &[]).body(Body::empty()).unwrap()).await
}

fn profile(roles: &[&str], manager: Option<ActorId>) -> Value {
    json!({ "roles": roles, "manager": manager, "cost_centre": "" })
}

fn names(answer: &Answer) -> Vec<&str> {
    let items = answer.json["items"].as_array().unwrap_or_else(|| panic!("{}", answer.text));
    items.iter().filter_map(|item| item["name"].as_str()).collect()
}

/// Body that sets a deputy, with a period of hours from now.
pub fn period(host: &TestHost, deputy: impl std::fmt::Display, from: i64, until: i64) -> Value {
    let now = host.core.ambient.now();
    let time = |hours: i64| (now + Duration::hours(hours)).format(&Rfc3339).unwrap();
    json!({ "deputy": deputy.to_string(), "starts_at": time(from), "ends_at": time(until) })
}

#[tokio::test]
async fn members_are_listed_by_name_with_groups_manager_and_deputies() {
    let host = TestHost::new().await;
    let (requester, admin) = (id(&host, "requester@acme").await, id(&host, "admin@acme").await);
    let directory = &host.core.directory;
    directory.put_group(&host.core.by, acme(), "finance", "Finance", &Basis::Any).await.unwrap();
    directory.add_to_group(&host.core.by, acme(), "finance", requester).await.unwrap();
    let changed = json!({ "roles": ["requester"], "manager": admin, "cost_centre": "  4711 " });
    assert_eq!(put(&host, requester, changed).await.status, 204);
    let deputy = format!("{MEMBERS}/{requester}/deputy");
    let begun = host.json("PUT", "admin@acme", &deputy, period(&host, admin, -1, 2), &[]).await;
    assert_eq!(begun.status, 204, "{}", begun.text);

    let listed = host.get("admin@acme", MEMBERS).await;
    assert_eq!(names(&listed), ["Canary admin", "Canary auditor", "Canary requester"]);
    let person = |actor: ActorId, name: &str| json!({ "actor": actor, "name": name });
    let shown = &listed.json["items"][2];
    for (member, expected) in [
        ("actor", json!(requester)),
        ("email", json!("requester@acme.example")),
        ("locale", json!("de")),
        ("roles", json!(["requester"])),
        ("groups", json!(["finance"])),
        ("manager", person(admin, "Canary admin")),
        ("cost_centre", json!("4711")),
        ("stands_in_for", json!([])),
    ] {
        assert_eq!(shown[member], expected, "{member}");
    }
    assert_eq!((&shown["deputy"]["actor"], &shown["deputy"]["name"]), (&json!(admin), &json!("Canary admin")));
    assert_eq!(listed.json["items"][0]["stands_in_for"], json!([person(requester, "Canary requester")]));
    assert_eq!(listed.json["items"][0]["deputy"], Value::Null);
    assert_eq!(names(&host.get("admin@globex", MEMBERS).await), ["Canary admin"], "of its own tenant alone");
    for who in ["requester@acme", "auditor@acme"] {
        assert_eq!(host.get(who, MEMBERS).await.code(), "permission-missing", "{who}");
    }
}

#[tokio::test]
async fn removed_members_are_listed_on_request_and_erased_ones_never() {
    let host = TestHost::new().await;
    let (removed, erased) = (id(&host, "requester@acme").await, id(&host, "auditor@acme").await);
    host.core.directory.remove_member(&host.core.by, acme(), removed).await.unwrap();
    host.core.directory.erase_member(&host.core.by, acme(), erased).await.unwrap();
    assert_eq!(names(&host.get("admin@acme", MEMBERS).await), ["Canary admin"]);
    assert_eq!(names(&host.get("admin@acme", &format!("{MEMBERS}?removed=false")).await), ["Canary admin"]);
    let all = host.get("admin@acme", &format!("{MEMBERS}?removed=true")).await;
    assert_eq!(names(&all), ["Canary admin", "Canary requester"]);
    assert_eq!(all.json["items"][1]["roles"], json!([]));
}

#[tokio::test]
async fn one_member_is_shown_as_in_the_list_also_after_the_removal() {
    let host = TestHost::new().await;
    let (removed, erased) = (id(&host, "requester@acme").await, id(&host, "auditor@acme").await);
    host.core.directory.remove_member(&host.core.by, acme(), removed).await.unwrap();
    host.core.directory.erase_member(&host.core.by, acme(), erased).await.unwrap();
    let listed = host.get("admin@acme", &format!("{MEMBERS}?removed=true")).await.json;
    let shown = host.get("admin@acme", &format!("{MEMBERS}/{removed}")).await.json;
    assert_eq!(shown, listed["items"][1]);
    let foreign = id(&host, "admin@globex").await;
    for unknown in [erased.to_string(), foreign.to_string(), UNKNOWN.into(), "no-id".into()] {
        let refused = host.get("admin@acme", &format!("{MEMBERS}/{unknown}")).await;
        assert_eq!(refused.refusal(), (404, "not-found", vec![]), "{unknown}");
    }
}

#[tokio::test]
async fn members_who_have_a_deputy_are_listed_on_request() {
    let host = TestHost::new().await;
    let (requester, admin) = (id(&host, "requester@acme").await, id(&host, "admin@acme").await);
    let with = format!("{MEMBERS}?deputy=true");
    assert_eq!(names(&host.get("admin@acme", &with).await), [""; 0]);
    let deputy = format!("{MEMBERS}/{requester}/deputy");
    let later = host.json("PUT", "admin@acme", &deputy, period(&host, admin, 1, 2), &[]).await;
    assert_eq!(later.status, 204, "{}", later.text);
    assert_eq!(names(&host.get("admin@acme", &with).await), ["Canary requester"]);
    assert_eq!(names(&host.get("admin@acme", &format!("{MEMBERS}?deputy=false")).await).len(), 3);
    let refused = host.get("admin@acme", &format!("{MEMBERS}?deputy=yes")).await;
    assert_eq!(refused.refusal(), (400, "query-invalid", vec!["?deputy"]));
}

#[tokio::test]
async fn a_search_finds_words_of_name_and_address() {
    let host = TestHost::new().await;
    for name in NAMES {
        hire(&host, "acme", name, &["requester"]).await;
    }
    for (search, expected) in [
        ("CANARY%20aud", &["Canary auditor"][..]),
        ("requester%40acme", &["Canary requester"]),
        ("%D7%99%D7%A9%D7%A8%D7%90%D7%9C", &NAMES[..1]),
        ("zo%C3%8B", &NAMES[1..]),
        ("%F0%9F%87%A9", &NAMES[1..]),
        ("%25", &[]),
        ("globex", &[]),
    ] {
        assert_eq!(names(&host.get("admin@acme", &format!("{MEMBERS}?q={search}")).await), expected, "{search}");
    }
    let long = "x".repeat(201);
    let foreign = id(&host, "admin@globex").await;
    for (query, pointer) in [
        ("q=%00".to_owned(), "?q"),
        (format!("q={long}"), "?q"),
        ("removed=yes".into(), "?removed"),
        ("cursor=x".into(), "?cursor"),
        (format!("cursor={UNKNOWN}"), "?cursor"),
        (format!("cursor={foreign}"), "?cursor"),
        ("name=a".into(), "?name"),
    ] {
        let refused = host.get("admin@acme", &format!("{MEMBERS}?{query}")).await;
        assert_eq!(refused.refusal(), (400, "query-invalid", vec![pointer]), "{query}");
    }
}

#[tokio::test]
async fn a_thousand_members_of_one_group_are_listed_page_by_page() {
    let host = TestHost::new().await;
    let directory = &host.core.directory;
    directory.put_group(&host.core.by, acme(), "all", "All", &Basis::Any).await.unwrap();
    for number in 0..1_000 {
        let (subject, name) = (number.to_string(), format!("Canary {:03}", number % 500));
        let actor = hire_as(&host, "acme", &subject, &name, &["requester"]).await;
        directory.add_to_group(&host.core.by, acme(), "all", actor).await.unwrap();
    }
    for (path, expected) in [(MEMBERS, 999), ("/api/host/groups/all/members", 999)] {
        let (mut found, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = host.get("admin@acme", &format!("{path}{cursor}")).await;
            let items = page.json["items"].as_array().expect("items");
            assert!(items.len() <= 50);
            found.extend(items.iter().map(|item| (item["name"].to_string(), item["actor"].to_string())));
            let Some(next) = page.json["next"].as_str() else { break };
            assert!(next.parse::<ActorId>().is_ok(), "a cursor holds no name: {next}");
            cursor = format!("?cursor={next}");
        }
        let mut sorted = found.clone();
        sorted.sort();
        sorted.dedup();
        assert!(found == sorted && found.len() > expected, "{path}: {}", found.len());
    }
    let groups = host.get("admin@acme", "/api/host/groups").await.json;
    assert_eq!(groups["items"][0]["size"], 1_000);
}

#[tokio::test]
async fn a_change_of_roles_applies_to_the_next_request_and_is_recorded() {
    let host = TestHost::new().await;
    let (requester, admin) = (id(&host, "requester@acme").await, id(&host, "admin@acme").await);
    assert_eq!(host.get("requester@acme", "/api/host/audit").await.status, 403);
    let body = json!({ "roles": ["auditor", "requester"], "manager": admin, "cost_centre": "4711" });
    assert_eq!(put(&host, requester, body).await.status, 204);
    assert_eq!(host.get("requester@acme", "/api/host/audit").await.status, 200);

    let audit = host.get("requester@acme", "/api/host/audit?act=member.&outcome=ok").await;
    let items = audit.json["items"].as_array().unwrap();
    let sentences: Vec<&Value> = items.iter().map(|item| &item["sentence"]).collect();
    assert_eq!(
        sentences,
        [
            "Canary admin hat für Canary requester gesetzt: Kostenstelle, Führungskraft.",
            "Canary admin hat Canary requester geändert: Rollen.",
        ]
    );
    let old = json!({ "manager": null, "cost_centre": "" });
    let new = json!({ "manager": admin, "cost_centre": "4711" });
    assert_eq!(items[0]["change"], json!({ "old": old, "new": new }));
    let key = items[0]["row"].as_str().unwrap();
    let row = host.get("requester@acme", &format!("/api/host/audit/row?source=host&key={key}")).await.json;
    let manager = row["fields"].as_array().unwrap().iter().find(|field| field["name"] == "manager").unwrap();
    assert_eq!((&manager["new"], &manager["old"]), (&json!("Canary admin"), &Value::Null));
    assert!(!audit.text.contains("@acme.example"), "{}", audit.text);
}

#[tokio::test]
async fn an_invalid_change_is_refused_with_a_pointer_and_changes_nothing() {
    let host = TestHost::new().await;
    let requester = id(&host, "requester@acme").await;
    let with = |member: &str, value: Value| {
        let mut body = profile(&["requester"], None);
        body[member] = value;
        body
    };
    for (body, pointer) in [
        (with("roles", json!([])), "/roles"),
        (with("roles", json!(["requester", "requester"])), "/roles"),
        (with("roles", json!(["requester", "emperor"])), "/roles/1"),
        (with("roles", json!(["approver\u{0}"])), "/roles/0"),
        (with("roles", json!("admin")), "/roles"),
        (with("manager", json!("not-an-id")), "/manager"),
        (with("manager", json!(UNKNOWN)), "/manager"),
        (with("manager", json!(id(&host, "admin@globex").await)), "/manager"),
        (with("cost_centre", json!("x".repeat(101))), "/cost_centre"),
        (with("cost_centre", json!("a\u{0}b")), "/cost_centre"),
        (with("cost_centre", Value::Null), "/cost_centre"),
        (with("name", json!("Another")), "/name"),
        (json!({ "roles": ["requester"] }), "/manager"),
    ] {
        let refused = put(&host, requester, body.clone()).await;
        let (status, code, pointers) = refused.refusal();
        assert_eq!((status, code), (422, "body-invalid"), "{body}: {}", refused.text);
        assert!(pointers.contains(&pointer), "{body}: {pointers:?}");
    }
    let member = stored(&host, requester).await;
    assert_eq!((member.roles, member.affiliation.cost_centre.as_str()), (vec!["requester".into()], ""));
    let long = with("cost_centre", json!("\u{1f1e9}".repeat(100)));
    assert_eq!(put(&host, requester, long).await.status, 204, "100 characters");
}

#[tokio::test]
async fn a_member_keeps_a_role_that_no_product_names_any_more() {
    let host = TestHost::new().await;
    let anna = hire(&host, "acme", "anna", &["approver"]).await;
    assert_eq!(put(&host, anna, profile(&["approver", "auditor"], None)).await.status, 204);
    assert_eq!(put(&host, anna, profile(&["auditor"], None)).await.status, 204);
    assert_eq!(put(&host, anna, profile(&["approver"], None)).await.refusal(), (422, "body-invalid", vec!["/roles/0"]));
}

#[tokio::test]
async fn ids_of_no_current_member_are_404_and_of_a_removed_member_409() {
    let host = TestHost::new().await;
    host.core.directory.put_group(&host.core.by, acme(), "finance", "Finance", &Basis::Any).await.unwrap();
    let (foreign, removed) = (id(&host, "admin@globex").await, id(&host, "requester@acme").await);
    let erased = id(&host, "auditor@acme").await;
    host.core.directory.remove_member(&host.core.by, acme(), removed).await.unwrap();
    host.core.directory.erase_member(&host.core.by, acme(), erased).await.unwrap();
    let admin = id(&host, "admin@acme").await;
    let ids = [foreign.to_string(), erased.to_string(), UNKNOWN.into(), "no-id".into(), "%00".into(), "%ff".into()];
    let unknown = ids.iter().map(|id| (id.clone(), 404, "not-found"));
    for (id, status, code) in unknown.chain([(removed.to_string(), 409, "not-a-current-member")]) {
        let path = format!("{MEMBERS}/{id}");
        for (method, path, body) in [
            ("PUT", path.clone(), profile(&["requester"], None)),
            ("DELETE", path.clone(), Value::Null),
            ("PUT", format!("{path}/deputy"), period(&host, admin, 0, 1)),
            ("DELETE", format!("{path}/deputy"), Value::Null),
            ("PUT", format!("/api/host/groups/finance/members/{id}"), Value::Null),
        ] {
            let refused = host.json(method, "admin@acme", &path, body, &[]).await;
            assert_eq!(refused.refusal(), (status, code, vec![]), "{method} {path}: {}", refused.text);
        }
    }
    let acts = host.get("admin@acme", "/api/host/audit?outcome=ok").await.text;
    assert!(!acts.contains(&foreign.to_string()) && !acts.contains(UNKNOWN), "{acts}");
}

#[tokio::test]
async fn reporting_lines_have_no_cycle_and_a_refusal_leaves_the_roles() {
    let host = TestHost::new().await;
    let (requester, admin) = (id(&host, "requester@acme").await, id(&host, "admin@acme").await);
    assert_eq!(put(&host, requester, profile(&["requester"], Some(admin))).await.status, 204);
    for (actor, manager) in [(admin, requester), (admin, admin)] {
        let refused = put(&host, actor, profile(&["admin", "auditor"], Some(manager))).await;
        assert_eq!(refused.refusal(), (409, "manager-cycle", vec![]));
    }
    assert_eq!(stored(&host, admin).await.roles, ["admin"]);
    // A manager who was removed may stay until another one is chosen, and is none for anyone else.
    let left = hire(&host, "acme", "left", &["requester"]).await;
    assert_eq!(put(&host, requester, profile(&["requester"], Some(left))).await.status, 204);
    assert_eq!(delete(&host, &format!("{MEMBERS}/{left}")).await.status, 204);
    assert_eq!(put(&host, requester, profile(&["requester", "auditor"], Some(left))).await.status, 204);
    let refused = put(&host, admin, profile(&["admin"], Some(left))).await;
    assert_eq!(refused.refusal(), (422, "body-invalid", vec!["/manager"]));
}

#[tokio::test]
async fn the_last_admin_stays() {
    let host = TestHost::new().await;
    let (admin, requester) = (id(&host, "admin@acme").await, id(&host, "requester@acme").await);
    let path = format!("{MEMBERS}/{admin}");
    assert_eq!(put(&host, admin, profile(&["auditor"], None)).await.refusal(), (409, "last-admin", vec![]));
    assert_eq!(delete(&host, &path).await.refusal(), (409, "last-admin", vec![]));
    assert_eq!(stored(&host, admin).await.roles, ["admin"]);
    assert_eq!(put(&host, requester, profile(&["admin"], None)).await.status, 204);
    assert_eq!(delete(&host, &path).await.status, 204);
    assert_eq!(host.get("admin@acme", "/api/session").await.code(), "not-a-member");
}

#[tokio::test]
async fn a_removed_members_session_ends_at_once() {
    let host = TestHost::new().await;
    let requester = id(&host, "requester@acme").await;
    let mut browser = Browser::new(&host);
    browser.sign_in("requester@acme").await;
    assert_eq!(browser.get("/api/session").await.status, 200);
    assert_eq!(delete(&host, &format!("{MEMBERS}/{requester}")).await.status, 204);
    assert_eq!(browser.get("/api/session").await.code(), "session-expired");
    assert_eq!(host.get("requester@acme", "/api/session").await.code(), "not-a-member");
    let anonymous = Request::delete(format!("{MEMBERS}/{requester}")).body(Body::empty()).unwrap();
    assert_eq!(host.send(anonymous).await.status, 401);
}
