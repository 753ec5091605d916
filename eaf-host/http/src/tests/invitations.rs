//! Invitations: by API, by mail, and accepted at a sign-in in a browser.

use super::browser::Browser;
use super::people::{UNKNOWN, acme, id};
use super::{Answer, Echo, TestHost};
use async_trait::async_trait;
use axum::body::Body;
use eaf_capability::{Call, Capability, Failure, HostMail, Polled, Provider, Report, Started};
use eaf_core::connection::NewConnection;
use eaf_core::id::{ActorId, TenantId};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

const INVITATIONS: &str = "/api/host/invitations";
const ADDRESS: &str = "canary.new@acme.example";

fn body(email: &str) -> Value {
    json!({ "email": email, "locale": "de", "roles": ["requester"] })
}

async fn invite(host: &TestHost, body: Value) -> Answer {
    host.json("POST", "admin@acme", INVITATIONS, body, &[]).await
}

/// Path of the link of an invitation, and the invitation's id.
fn link_of(invitation: &Value) -> (String, String) {
    let link = invitation["link"].as_str().expect("a link").strip_prefix("https://eaf.example").expect("of the host");
    (link.to_owned(), invitation["id"].as_str().unwrap_or_default().to_owned())
}

/// Claims about the person in an ID token.
fn claims(email: &str, is_verified: bool) -> Value {
    json!({ "name": "Canary 👩‍🚀 \u{202e}מרים", "email": email, "email_verified": is_verified })
}

/// Opens the link and signs in as `who`.
async fn follow(browser: &mut Browser<'_>, link: &str, who: &str, claims: Value) -> Answer {
    let begun = browser.begin(link).await;
    let mut token_claims = browser.token_claims(&begun, who);
    token_claims.claims = claims;
    browser.finish(&begun, &token_claims).await
}

#[tokio::test]
async fn an_invited_person_signs_in_and_is_a_member() {
    let host = TestHost::new().await;
    let invited = invite(&host, body(ADDRESS)).await;
    assert_eq!(invited.status, 201, "{}", invited.text);
    let (link, invitation) = link_of(&invited.json);
    assert_eq!(link, format!("/auth/sign-in?invitation={invitation}"));
    assert_eq!(invited.json["invited_by"]["actor"], json!(id(&host, "admin@acme").await));
    let listed = host.get("admin@acme", INVITATIONS).await;
    assert_eq!(
        (listed.json["items"].as_array().unwrap().len(), &listed.json["items"][0]["email"]),
        (1, &json!(ADDRESS))
    );

    let mut browser = Browser::new(&host);
    let answer = follow(&mut browser, &link, "new@acme", claims("Canary.NEW@acme.example", true)).await;
    assert_eq!((answer.status.as_u16(), &answer.headers["location"]), (303, &"/".parse().unwrap()), "{}", answer.text);
    let session = browser.get("/api/session").await.json;
    assert_eq!((&session["roles"], &session["locale"]), (&json!(["requester"]), &json!("de")));
    assert_eq!(session["name"], json!("Canary 👩‍🚀 \u{202e}מרים"));
    assert_eq!(host.get("admin@acme", INVITATIONS).await.json["items"], json!([]));

    // The link again: the member signs in as usual, another account is refused.
    let again = follow(&mut browser, &link, "new@acme", claims(ADDRESS, true)).await;
    assert_eq!(again.status, 303);
    let mut other = Browser::new(&host);
    let refused = follow(&mut other, &link, "other@acme", claims(ADDRESS, true)).await;
    let (status, code, next) = refused.page();
    assert_eq!((status, code.as_str()), (403, "invitation-used"));
    assert!(next.starts_with(&format!("{}/end-session", host.issuer.url)), "{next}");
    assert!(other.session().is_none() && !refused.text.contains("anary"), "{}", refused.text);

    let trail = host.get("auditor@acme", "/api/host/audit").await;
    assert!(!trail.text.contains("canary.new") && !trail.text.contains(ADDRESS), "{}", trail.text);
    let rows = trail.json["items"].as_array().unwrap();
    for act in ["invitation.accept", "invitation.add"] {
        let row = rows.iter().find(|row| row["act"] == act).unwrap_or_else(|| panic!("{act} in {}", trail.text));
        assert_ne!(row["sentence"], json!(act), "it has words");
    }
}

#[tokio::test]
async fn a_sign_in_that_does_not_fit_is_refused_with_a_page() {
    let host = TestHost::new().await;
    let (link, invitation) = link_of(&invite(&host, body(ADDRESS)).await.json);
    let refusal = async |link: &str, who: &str, claims: Value| {
        let mut browser = Browser::new(&host);
        let (status, code, _) = follow(&mut browser, link, who, claims).await.page();
        assert!(status == 403 && browser.session().is_none());
        code
    };
    assert_eq!(refusal(&link, "new@acme", claims(ADDRESS, false)).await, "address-unverified");
    assert_eq!(refusal(&link, "new@acme", json!({})).await, "address-unverified");
    assert_eq!(refusal(&link, "new@acme", claims("x@acme.example", true)).await, "invitation-other-address");
    assert_eq!(refusal(&link, "new@acme", claims("x\u{0}@acme.example", true)).await, "address-unverified");
    // Other tenants, operators, and links of nothing.
    let unknown = format!("/auth/sign-in?invitation={UNKNOWN}");
    for (link, who) in [
        (link.as_str(), "new@globex"),
        (link.as_str(), "new@nowhere"),
        (link.as_str(), "somebody"),
        (unknown.as_str(), "new@acme"),
        ("/auth/sign-in?invitation=%00", "new@globex"),
    ] {
        assert_eq!(refusal(link, who, claims(ADDRESS, true)).await, "not-a-member", "{link} {who}");
    }
    host.issuer.clock.forward(time::Duration::days(8));
    assert_eq!(refusal(&link, "new@acme", claims(ADDRESS, true)).await, "invitation-expired");

    let withdrawn = |who: &'static str, invitation: String| {
        let path = format!("{INVITATIONS}/{invitation}");
        let request = host.request("DELETE", who, &path, &[]).body(Body::empty()).unwrap();
        host.send(request)
    };
    assert_eq!(withdrawn("admin@globex", invitation.clone()).await.refusal(), (404, "not-found", vec![]));
    assert_eq!(withdrawn("admin@acme", invitation.clone()).await.status, 204);
    assert_eq!(withdrawn("admin@acme", invitation).await.refusal(), (404, "not-found", vec![]));
    assert_eq!(withdrawn("admin@acme", "nothing".into()).await.refusal(), (404, "not-found", vec![]));
    assert_eq!(refusal(&link, "new@acme", claims(ADDRESS, true)).await, "invitation-withdrawn");
}

#[tokio::test]
async fn an_invitation_is_accepted_without_its_link_too() {
    let host = TestHost::new().await;
    invite(&host, body(ADDRESS)).await;
    let mut browser = Browser::new(&host);
    let answer = follow(&mut browser, "/auth/sign-in?return_to=/vms", "new@acme", claims(ADDRESS, true)).await;
    assert_eq!((answer.status.as_u16(), &answer.headers["location"]), (303, &"/vms".parse().unwrap()));
    // A bearer token accepts no invitation: it does not show the mail address.
    invite(&host, body("second@acme.example")).await;
    assert_eq!(host.get("second@acme", "/api/session").await.code(), "not-a-member");
}

#[tokio::test]
async fn an_invalid_invitation_is_refused_with_a_pointer() {
    let host = TestHost::new().await;
    let with = |member: &str, value: Value| {
        let mut body = body(ADDRESS);
        body[member] = value;
        body
    };
    for (body, pointer) in [
        (with("email", json!("")), "/email"),
        (with("email", json!("anna")), "/email"),
        (with("email", json!("a\u{0}@acme.example")), "/email"),
        (with("email", json!("a@acme.example\r\nBcc: b@evil.example")), "/email"),
        (with("email", json!(format!("{}@acme.example", "a".repeat(300)))), "/email"),
        (with("email", json!(format!("{}@acme.example", "ä".repeat(150)))), "/email"),
        (with("email", json!(7)), "/email"),
        (with("locale", json!("fr")), "/locale"),
        (with("roles", json!([])), "/roles"),
        (with("roles", json!(["emperor"])), "/roles/0"),
        (with("groups", json!(["a\u{0}"])), "/groups/0"),
        (with("groups", json!(["nowhere"])), "/groups"),
        (with("name", json!("Anna")), "/name"),
    ] {
        assert_eq!(invite(&host, body.clone()).await.refusal(), (422, "body-invalid", vec![pointer]), "{body}");
    }
    assert_eq!(host.get("admin@acme", INVITATIONS).await.json["items"], json!([]));
}

#[tokio::test]
async fn an_address_that_is_taken_is_not_invited() {
    let host = TestHost::new().await;
    assert_eq!(invite(&host, body(ADDRESS)).await.status, 201);
    assert_eq!(invite(&host, body(" CANARY.new@acme.example")).await.refusal(), (409, "already-invited", vec![]));
    let member = host.core.directory.member(acme(), id(&host, "auditor@acme").await).await.unwrap().unwrap();
    assert_eq!(invite(&host, body(&member.email.to_uppercase())).await.refusal(), (409, "already-a-member", vec![]));
    // Another tenant invites whom it wants, and sees its own invitations only.
    let theirs = host.json("POST", "admin@globex", INVITATIONS, body(ADDRESS), &[]).await;
    assert_eq!(theirs.status, 201, "{}", theirs.text);
    let listed = host.get("admin@globex", INVITATIONS).await.json;
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
    assert_eq!(listed["items"][0]["id"], theirs.json["id"]);
}

#[tokio::test]
async fn an_operator_creates_a_tenant_with_its_first_admin() {
    let host = TestHost::new().await;
    let tenants = "/api/host/tenants";
    let admin = json!({ "email": "canary.boss@initech.example", "locale": "en" });
    let create = |body: Value| host.json("POST", "operator", tenants, body, &[]);
    let invalid = json!({ "slug": "initech", "name": "Initech", "admin": { "email": "boss", "locale": "en" } });
    assert_eq!(create(invalid).await.refusal(), (422, "body-invalid", vec!["/admin/email"]));
    let created = create(json!({ "slug": "initech", "name": "Initech", "admin": admin })).await;
    assert_eq!((created.status.as_u16(), created.text.contains("canary")), (201, false), "{}", created.text);
    let link = created.json["admin_link"].as_str().unwrap().strip_prefix("https://eaf.example").unwrap().to_owned();

    let path = format!("{tenants}/initech/admin-invitations");
    let again = host.json("POST", "operator", &path, admin.clone(), &[]).await;
    assert_eq!(again.refusal(), (409, "already-invited", vec![]));
    let mut browser = Browser::new(&host);
    let answer = follow(&mut browser, &link, "boss@initech", claims("canary.boss@initech.example", true)).await;
    assert_eq!(answer.status, 303, "{}", answer.text);
    assert_eq!(browser.get("/api/session").await.json["roles"], json!(["admin"]));
    let second = json!({ "email": "second@initech.example", "locale": "en" });
    let refused = host.json("POST", "operator", &path, second.clone(), &[]).await;
    assert_eq!(refused.refusal(), (409, "tenant-has-admin", vec![]));
    let nowhere = host.json("POST", "operator", &format!("{tenants}/nowhere/admin-invitations"), second, &[]).await;
    assert_eq!(nowhere.refusal(), (404, "not-found", vec![]));
    let listed = host.get("operator", tenants).await;
    assert_eq!((&listed.json["items"][2]["members"], listed.text.contains('@')), (&json!(1), false));
}

/// Provider that stores the mails of the host in place of a mail server.
struct MailServer {
    echo: Echo,
    mails: Mutex<Vec<(TenantId, String, String)>>,
    failure: Mutex<Option<Failure>>,
}

#[async_trait]
impl Capability for MailServer {
    async fn start(&self, call: &Call) -> Result<Started, Failure> {
        self.echo.start(call).await
    }
    async fn poll(&self, call: &Call, handle: &Value) -> Result<Polled, Failure> {
        self.echo.poll(call, handle).await
    }
}

#[async_trait]
impl Provider for MailServer {
    async fn check(&self, tenant: TenantId, connection: &str) -> Report {
        self.echo.check(tenant, connection).await
    }
    async fn send_host_mail(&self, tenant: TenantId, connection: &str, mail: &HostMail<'_>) -> Result<(), Failure> {
        if let Some(failure) = self.failure.lock().unwrap().take() {
            return Err(failure);
        }
        let link = mail.facts["sign_in"].as_str().unwrap_or_default();
        self.mails.lock().unwrap().push((tenant, format!("{connection} {}", mail.recipient), link.to_owned()));
        Ok(())
    }
    fn connections(&self) -> eaf_capability::ConnectionType {
        self.echo.connections()
    }
}

/// Waits until the list shows `expected` as the mail of the first invitation: whether it was sent,
/// and the error.
async fn mail_is(host: &TestHost, expected: (bool, Value)) {
    let mut shown = Value::Null;
    for _ in 0..500 {
        shown = host.get("admin@acme", INVITATIONS).await.json["items"][0]["mail"].clone();
        if (shown["sent_at"].is_string(), shown["error"].clone()) == expected {
            assert_eq!(shown["error_text"].is_string(), expected.1.is_string());
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{shown}");
}

#[tokio::test]
async fn an_invitation_is_sent_by_mail_and_again() {
    let mut host = TestHost::new().await;
    let failure = Failure::from_parts(eaf_capability::Class::Transient, "mail-unreachable", "");
    let server = Arc::new(MailServer {
        echo: Echo(host.core.clone()),
        mails: Mutex::default(),
        failure: Mutex::new(Some(failure)),
    });
    let provider = server.clone() as Arc<dyn Provider>;
    host.app.providers = Arc::new(BTreeMap::from([("mail".to_owned(), provider)]));
    host.router = crate::router(host.app.clone());

    let invitation = invite(&host, body(ADDRESS)).await.json;
    mail_is(&host, (false, json!("connection-missing"))).await;
    let mut tx = host.core.db.tenant(acme()).await.unwrap();
    for name in ["second", "first"] {
        let new = NewConnection {
            capability: "mail".into(),
            name: name.into(),
            config: json!({}),
            secret: Some(Map::new()),
            non_routing_fields: &[],
        };
        host.core.connections.put(&mut tx, &new, ActorId::SYSTEM).await.unwrap();
    }
    tx.commit().await.unwrap();

    let again = |id: String| {
        let request = host.request("POST", "admin@acme", &format!("{INVITATIONS}/{id}/mail"), &[]);
        host.send(request.body(Body::empty()).unwrap())
    };
    let id = invitation["id"].as_str().unwrap().to_owned();
    assert_eq!(again(id.clone()).await.status, 202);
    mail_is(&host, (false, json!("mail-unreachable"))).await;
    assert_eq!(again(id).await.status, 202);
    mail_is(&host, (true, Value::Null)).await;
    let expected = (acme(), format!("first {ADDRESS}"), invitation["link"].as_str().unwrap().to_owned());
    assert_eq!(*server.mails.lock().unwrap(), [expected]);
    for unknown in [UNKNOWN, "nothing", "%00"] {
        assert_eq!(again(unknown.to_owned()).await.status, 404, "{unknown}");
    }
}
