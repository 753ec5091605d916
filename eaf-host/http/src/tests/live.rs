//! Live updates: changes of visible rows, from the client's last position.

use super::{TestHost, note};
use axum::response::Response;
use eaf_core::id::TenantId;
use futures_util::StreamExt;
use serde_json::Value;
use std::time::Duration;
use time::Duration as Span;

const DEADLINE: Duration = Duration::from_secs(20);
const PATH: &str = "/api/live?view=notes/notes";

struct Events {
    body: axum::body::BodyDataStream,
    buffer: String,
}

#[derive(Debug)]
struct Event {
    id: String,
    kind: String,
    data: Value,
}

impl Events {
    async fn open(host: &TestHost, who: &str, headers: &[(&str, &str)]) -> Events {
        Events::of(host.open(who, PATH, headers).await)
    }

    fn of(response: Response) -> Events {
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Events { body: response.into_body().into_data_stream(), buffer: String::new() }
    }

    /// Next event that is no heartbeat. None: the stream ended.
    async fn next(&mut self) -> Option<Event> {
        loop {
            let event = self.any().await?;
            if event.kind != "heartbeat" {
                return Some(event);
            }
        }
    }

    async fn any(&mut self) -> Option<Event> {
        let read = async {
            loop {
                if let Some((event, rest)) = self.buffer.split_once("\n\n") {
                    let field = |name: &str| {
                        let prefix = format!("{name}: ");
                        event.lines().find_map(|line| line.strip_prefix(&prefix)).unwrap_or_default().to_owned()
                    };
                    let (id, kind, data) = (field("id"), field("event"), field("data"));
                    self.buffer = rest.to_owned();
                    if kind.is_empty() {
                        continue;
                    }
                    return Some(Event { id, kind, data: serde_json::from_str(&data).expect("JSON") });
                }
                let piece = self.body.next().await?.expect("the stream is whole");
                self.buffer.push_str(std::str::from_utf8(&piece).expect("UTF-8"));
            }
        };
        tokio::time::timeout(DEADLINE, read).await.expect("an event, or the end, in time")
    }
}

#[tokio::test]
async fn a_change_has_the_key_and_a_position_to_resume_from() {
    let host = TestHost::new().await;
    host.note("requester@acme", "before").await;
    let mut events = Events::open(&host, "requester@acme", &[]).await;
    let first = host.note("requester@acme", "first").await;
    let event = events.next().await.expect("an event");
    assert_eq!((event.kind.as_str(), &event.data["key"]), ("change", &Value::from(first)));
    let (position, mark) = event.id.split_once('~').expect("a mark");
    assert_eq!(event.data["position"], position);
    drop(events);
    for forged in ["", &mark[1..], "0123456789AB", &"f".repeat(400)] {
        let id = format!("{position}~{forged}");
        let response = host.open("requester@acme", PATH, &[("last-event-id", &id)]).await;
        assert_eq!(response.status(), 400, "{forged}");
    }
    let second = host.note("requester@acme", "second").await;
    let mut events = Events::open(&host, "requester@acme", &[("last-event-id", &event.id)]).await;
    assert_eq!(events.next().await.expect("an event").data["key"], second.as_str());
}

#[tokio::test]
async fn a_stream_is_unbuffered_and_has_heartbeats_first_and_after_changes() {
    let host = TestHost::new().await;
    let response = host.open("requester@acme", PATH, &[]).await;
    assert_eq!(response.headers()["x-accel-buffering"], "no");
    assert_eq!(response.headers()["cache-control"], "no-cache, no-transform");
    let mut events = Events::open(&host, "requester@acme", &[]).await;
    let first = events.any().await.expect("an event");
    assert_eq!((first.kind.as_str(), &first.data["resumed"]), ("heartbeat", &Value::from(false)));
    let session = host.get("requester@acme", "/api/session").await;
    assert_eq!(first.data["actor"], session.json["actor"], "it says whose it is");
    // Some proxies forward an event only when the next one comes.
    let second = events.any().await.expect("an event");
    assert_eq!((second.kind.as_str(), &second.id), ("heartbeat", &first.id));
    host.note("requester@acme", "first").await;
    let change = events.any().await.expect("an event");
    let behind = events.any().await.expect("an event");
    assert_eq!((change.kind.as_str(), behind.kind.as_str(), &behind.id), ("change", "heartbeat", &change.id));
    // A client without any change can resume too.
    let mut again = Events::open(&host, "requester@acme", &[("last-event-id", &first.id)]).await;
    let greeting = again.any().await.expect("an event");
    assert_eq!((greeting.kind.as_str(), &greeting.data["resumed"]), ("heartbeat", &Value::from(true)));
    assert_eq!(again.next().await.expect("an event").id, change.id);
}

#[tokio::test]
async fn a_browser_resumes_by_a_query_parameter() {
    let host = TestHost::new().await;
    let mut events = Events::open(&host, "requester@acme", &[]).await;
    let first = events.any().await.expect("an event");
    let noted = host.note("requester@acme", "meanwhile").await;
    let id = first.id.replace('~', "%7E").replace(',', "%2C");
    let path = format!("{PATH}&last-event-id={id}");
    let mut again = Events::of(host.open("requester@acme", &path, &[]).await);
    assert_eq!(again.any().await.expect("an event").data["resumed"], true);
    assert_eq!(again.next().await.expect("an event").data["key"], noted.as_str());
    for bad in [format!("{path}&last-event-id={id}"), format!("{PATH}&last-event-id=nonsense")] {
        assert_eq!(host.get("requester@acme", &bad).await.refusal().1, "query-invalid", "{bad}");
    }
}

#[tokio::test]
async fn hidden_rows_cause_no_events() {
    let host = TestHost::new().await;
    let mut mine = Events::open(&host, "requester@acme", &[]).await;
    let mut theirs = Events::open(&host, "admin@globex", &[]).await;
    host.note("admin@acme", "hidden").await;
    let seen = host.note("requester@acme", "seen").await;
    assert_eq!(mine.next().await.expect("an event").data["key"], seen.as_str());
    let own = host.note("admin@globex", "own").await;
    assert_eq!(theirs.next().await.expect("an event").data["key"], own.as_str());
}

#[tokio::test]
async fn a_position_of_another_epoch_resets_the_client() {
    let host = TestHost::new().await;
    let mut events = Events::open(&host, "requester@acme", &[("last-event-id", "99-7")]).await;
    assert_eq!(events.next().await.expect("an event").kind, "reset");
}

#[tokio::test]
async fn events_that_are_not_projected_at_the_start_are_sent_later() {
    let host = TestHost::new().await;
    let recorded = host.give("requester@acme", "write-note", note("late"), &[]).await;
    let mut events = Events::open(&host, "requester@acme", &[]).await;
    host.project(TenantId::derive("acme")).await;
    assert_eq!(events.next().await.expect("an event").data["key"], recorded.json["subject"]["key"]);
}

#[tokio::test]
async fn a_rebuilt_view_resets_the_client() {
    let host = TestHost::new().await;
    host.note("requester@acme", "before").await;
    let mut events = Events::open(&host, "requester@acme", &[]).await;
    host.database.run("update eaf.checkpoint set rebuild_at = now()").await;
    host.project(TenantId::derive("acme")).await;
    assert_eq!(events.next().await.expect("an event").kind, "reset");
    let after = host.note("requester@acme", "after").await;
    let event = events.next().await.expect("an event");
    assert_eq!(event.data["key"], after.as_str(), "and it goes on");
    // A client that reconnects gets the reset as well.
    drop(events);
    host.database.run("update eaf.checkpoint set rebuild_at = now()").await;
    host.project(TenantId::derive("acme")).await;
    let mut events = Events::open(&host, "requester@acme", &[("last-event-id", &event.id)]).await;
    let reset = events.next().await.expect("an event");
    assert_eq!(reset.kind, "reset");
    drop(events);
    let next = host.note("requester@acme", "next").await;
    let mut events = Events::open(&host, "requester@acme", &[("last-event-id", &reset.id)]).await;
    assert_eq!(events.next().await.expect("an event").data["key"], next.as_str(), "once is enough");
}

#[tokio::test]
async fn a_stream_ends_with_its_package_and_resumes_with_the_next_one() {
    let host = TestHost::new().await;
    let mut events = Events::open(&host, "requester@acme", &[]).await;
    let first = host.note("requester@acme", "first").await;
    let event = events.next().await.expect("an event");
    assert_eq!(event.data["key"], first.as_str());
    host.upgrade();
    assert!(events.next().await.is_none(), "its rules were the former package's");
    let second = host.note("requester@acme", "second").await;
    let mut events = Events::open(&host, "requester@acme", &[("last-event-id", &event.id)]).await;
    assert_eq!(events.next().await.expect("an event").data["key"], second.as_str());
}

#[tokio::test]
async fn a_stream_ends_with_the_host_and_with_the_token() {
    let host = TestHost::new().await;
    let mut token_claims = host.issuer.token_claims("requester@acme", Some("acme"));
    token_claims.lives = Span::seconds(1);
    let token = host.issuer.sign(&token_claims);
    let request = axum::http::Request::get(PATH).header("authorization", format!("Bearer {token}"));
    let response =
        tower::ServiceExt::oneshot(crate::router(host.app.clone()), request.body(axum::body::Body::empty()).unwrap());
    let body = response.await.unwrap().into_body().into_data_stream();
    let mut short = Events { body, buffer: String::new() };
    assert_eq!(short.any().await.expect("an event").kind, "heartbeat");
    assert!(short.next().await.is_none(), "the token is over");

    let mut events = Events::open(&host, "requester@acme", &[]).await;
    let noted = host.note("requester@acme", "before the close").await;
    assert_eq!(events.next().await.expect("an event").data["key"], noted.as_str());
    host.closing.send(true).unwrap();
    assert!(events.next().await.is_none(), "the host closes");
}

#[tokio::test]
async fn each_person_has_eight_streams() {
    let host = TestHost::new().await;
    let mut open = Vec::new();
    for _ in 0..crate::STREAM_LIMITS.per_person {
        open.push(Events::open(&host, "requester@acme", &[]).await);
    }
    let refused = host.get("requester@acme", PATH).await;
    assert_eq!(refused.refusal(), (429, "too-many-streams", vec![]));
    assert!(refused.headers.contains_key("retry-after"));
    Events::open(&host, "admin@acme", &[]).await;
    open.pop();
    Events::open(&host, "requester@acme", &[]).await;
}

#[tokio::test]
async fn an_invalid_view_is_refused_before_the_stream_begins() {
    let host = TestHost::new().await;
    for (path, expected) in [
        ("/api/live", (400, "query-invalid")),
        ("/api/live?view=notes", (400, "query-invalid")),
        ("/api/live?view=notes/other", (404, "not-found")),
        ("/api/live?view=notes/notes&colour=red", (400, "query-invalid")),
    ] {
        let answer = host.get("requester@acme", path).await;
        assert_eq!((answer.status.as_u16(), answer.code()), expected, "{path}");
    }
}

#[tokio::test]
async fn a_refused_view_does_not_end_the_stream_of_the_others() {
    let host = TestHost::new().await;
    let path = "/api/live?view=notes/vanished&view=notes/notes&view=gone/notes";
    let mut events = Events::of(host.open("requester@acme", path, &[]).await);
    let first = events.any().await.expect("an event");
    assert_eq!(first.data["refused"], serde_json::json!(["notes/vanished", "gone/notes"]));
    let noted = host.note("requester@acme", "first").await;
    let event = events.next().await.expect("an event");
    assert_eq!(event.data["key"], noted.as_str());
    let mut again = Events::of(host.open("requester@acme", path, &[("last-event-id", &event.id)]).await);
    assert_eq!(again.any().await.expect("an event").data["resumed"], true);
}

#[tokio::test]
async fn who_loses_their_roles_is_told_nothing_more_also_by_token() {
    let host = TestHost::new().await;
    let mut events = Events::open(&host, "requester@acme", &[]).await;
    let acme = TenantId::derive("acme");
    let found = host.core.directory.find_member(acme, &host.issuer.url, "requester@acme").await;
    let noted = host.note("requester@acme", "with roles").await;
    assert_eq!(events.next().await.expect("an event").data["key"], noted.as_str());
    host.without_roles(&found.unwrap().unwrap()).await;
    assert!(events.next().await.is_none(), "the roles are lost");
    assert_eq!(host.get("requester@acme", PATH).await.refusal(), (403, "not-a-member", vec![]));
}
