//! Live updates: what changed is told, to those who may know, from where they left off.

use super::{House, note};
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
    async fn open(house: &House, who: &str, headers: &[(&str, &str)]) -> Events {
        Events::of(house.open(who, PATH, headers).await)
    }

    fn of(response: Response) -> Events {
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Events { body: response.into_body().into_data_stream(), buffer: String::new() }
    }

    /// What is told beside heartbeats. None: the stream ended.
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
async fn a_change_is_told_with_its_key_and_a_position_to_resume_from() {
    let house = House::new().await;
    house.note("requester@acme", "before").await;
    let mut events = Events::open(&house, "requester@acme", &[]).await;
    let first = house.note("requester@acme", "first").await;
    let told = events.next().await.expect("an event");
    assert_eq!((told.kind.as_str(), &told.data["key"]), ("change", &Value::from(first)));
    let (position, mark) = told.id.split_once('~').expect("a mark");
    assert_eq!(told.data["position"], position);
    drop(events);
    for forged in ["", &mark[1..], "0123456789AB", &"f".repeat(400)] {
        let id = format!("{position}~{forged}");
        let response = house.open("requester@acme", PATH, &[("last-event-id", &id)]).await;
        assert_eq!(response.status(), 400, "{forged}");
    }
    let second = house.note("requester@acme", "second").await;
    let mut events = Events::open(&house, "requester@acme", &[("last-event-id", &told.id)]).await;
    assert_eq!(events.next().await.expect("an event").data["key"], second.as_str());
}

#[tokio::test]
async fn a_stream_asks_not_to_be_held_back_and_says_at_once_and_behind_changes_that_it_lives() {
    let house = House::new().await;
    let response = house.open("requester@acme", PATH, &[]).await;
    assert_eq!(response.headers()["x-accel-buffering"], "no");
    assert_eq!(response.headers()["cache-control"], "no-cache, no-transform");
    let mut events = Events::open(&house, "requester@acme", &[]).await;
    let first = events.any().await.expect("an event");
    assert_eq!((first.kind.as_str(), &first.data["resumed"]), ("heartbeat", &Value::from(false)));
    let session = house.get("requester@acme", "/api/session").await;
    assert_eq!(first.data["actor"], session.json["actor"], "it says whose it is");
    // Some programs pass the first one on when the second one comes.
    let second = events.any().await.expect("an event");
    assert_eq!((second.kind.as_str(), &second.id), ("heartbeat", &first.id));
    house.note("requester@acme", "first").await;
    let change = events.any().await.expect("an event");
    let behind = events.any().await.expect("an event");
    assert_eq!((change.kind.as_str(), behind.kind.as_str(), &behind.id), ("change", "heartbeat", &change.id));
    // Also who was told of no change can go on where they were.
    let mut again = Events::open(&house, "requester@acme", &[("last-event-id", &first.id)]).await;
    let greeting = again.any().await.expect("an event");
    assert_eq!((greeting.kind.as_str(), &greeting.data["resumed"]), ("heartbeat", &Value::from(true)));
    assert_eq!(again.next().await.expect("an event").id, change.id);
}

#[tokio::test]
async fn a_browser_resumes_by_a_parameter_where_it_cannot_set_a_header() {
    let house = House::new().await;
    let mut events = Events::open(&house, "requester@acme", &[]).await;
    let first = events.any().await.expect("an event");
    let noted = house.note("requester@acme", "meanwhile").await;
    let id = first.id.replace('~', "%7E").replace(',', "%2C");
    let path = format!("{PATH}&last-event-id={id}");
    let mut again = Events::of(house.open("requester@acme", &path, &[]).await);
    assert_eq!(again.any().await.expect("an event").data["resumed"], true);
    assert_eq!(again.next().await.expect("an event").data["key"], noted.as_str());
    for bad in [format!("{path}&last-event-id={id}"), format!("{PATH}&last-event-id=nonsense")] {
        assert_eq!(house.get("requester@acme", &bad).await.refusal().1, "query-invalid", "{bad}");
    }
}

#[tokio::test]
async fn nobody_hears_of_rows_that_they_may_not_see() {
    let house = House::new().await;
    let mut mine = Events::open(&house, "requester@acme", &[]).await;
    let mut theirs = Events::open(&house, "admin@globex", &[]).await;
    house.note("admin@acme", "hidden").await;
    let seen = house.note("requester@acme", "seen").await;
    assert_eq!(mine.next().await.expect("an event").data["key"], seen.as_str());
    let own = house.note("admin@globex", "own").await;
    assert_eq!(theirs.next().await.expect("an event").data["key"], own.as_str());
}

#[tokio::test]
async fn a_position_of_another_log_means_start_anew() {
    let house = House::new().await;
    let mut events = Events::open(&house, "requester@acme", &[("last-event-id", "99-7")]).await;
    assert_eq!(events.next().await.expect("an event").kind, "reset");
}

#[tokio::test]
async fn what_is_recorded_and_not_yet_shown_when_somebody_begins_to_listen_is_told_them() {
    let house = House::new().await;
    let recorded = house.give("requester@acme", "write-note", note("late"), &[]).await;
    let mut events = Events::open(&house, "requester@acme", &[]).await;
    house.project(TenantId::derive("acme")).await;
    assert_eq!(events.next().await.expect("an event").data["key"], recorded.json["subject"]["key"]);
}

#[tokio::test]
async fn rows_that_were_folded_anew_are_loaded_anew() {
    let house = House::new().await;
    house.note("requester@acme", "before").await;
    let mut events = Events::open(&house, "requester@acme", &[]).await;
    house.database.run("update eaf.checkpoint set rebuild_at = now()").await;
    house.project(TenantId::derive("acme")).await;
    assert_eq!(events.next().await.expect("an event").kind, "reset");
    let after = house.note("requester@acme", "after").await;
    let told = events.next().await.expect("an event");
    assert_eq!(told.data["key"], after.as_str(), "and it goes on");
    // Also for somebody who was away meanwhile.
    drop(events);
    house.database.run("update eaf.checkpoint set rebuild_at = now()").await;
    house.project(TenantId::derive("acme")).await;
    let mut events = Events::open(&house, "requester@acme", &[("last-event-id", &told.id)]).await;
    let reset = events.next().await.expect("an event");
    assert_eq!(reset.kind, "reset");
    drop(events);
    let next = house.note("requester@acme", "next").await;
    let mut events = Events::open(&house, "requester@acme", &[("last-event-id", &reset.id)]).await;
    assert_eq!(events.next().await.expect("an event").data["key"], next.as_str(), "once is enough");
}

#[tokio::test]
async fn a_stream_ends_with_its_package_and_goes_on_with_the_next_one() {
    let house = House::new().await;
    let mut events = Events::open(&house, "requester@acme", &[]).await;
    let first = house.note("requester@acme", "first").await;
    let told = events.next().await.expect("an event");
    assert_eq!(told.data["key"], first.as_str());
    house.upgrade();
    assert!(events.next().await.is_none(), "its rules were the former package's");
    let second = house.note("requester@acme", "second").await;
    let mut events = Events::open(&house, "requester@acme", &[("last-event-id", &told.id)]).await;
    assert_eq!(events.next().await.expect("an event").data["key"], second.as_str());
}

#[tokio::test]
async fn the_stream_ends_when_the_host_closes_and_when_the_token_does() {
    let house = House::new().await;
    let mut token_claims = house.issuer.token_claims("requester@acme", Some("acme"));
    token_claims.lives = Span::seconds(1);
    let token = house.issuer.sign(&token_claims);
    let request = axum::http::Request::get(PATH).header("authorization", format!("Bearer {token}"));
    let response =
        tower::ServiceExt::oneshot(crate::router(house.app.clone()), request.body(axum::body::Body::empty()).unwrap());
    let body = response.await.unwrap().into_body().into_data_stream();
    let mut short = Events { body, buffer: String::new() };
    assert!(short.next().await.is_none(), "the token is over");

    let mut events = Events::open(&house, "requester@acme", &[]).await;
    house.closing.send(true).unwrap();
    assert!(events.next().await.is_none(), "the host closes");
}

#[tokio::test]
async fn one_person_has_eight_streams_and_another_theirs() {
    let house = House::new().await;
    let mut open = Vec::new();
    for _ in 0..crate::STREAM_LIMITS.per_person {
        open.push(Events::open(&house, "requester@acme", &[]).await);
    }
    let refused = house.get("requester@acme", PATH).await;
    assert_eq!(refused.refusal(), (429, "too-many-streams", vec![]));
    assert!(refused.headers.contains_key("retry-after"));
    Events::open(&house, "admin@acme", &[]).await;
    open.pop();
    Events::open(&house, "requester@acme", &[]).await;
}

#[tokio::test]
async fn what_cannot_be_watched_is_refused_before_the_stream_begins() {
    let house = House::new().await;
    for (path, expected) in [
        ("/api/live", (400, "query-invalid")),
        ("/api/live?view=notes", (400, "query-invalid")),
        ("/api/live?view=notes/other", (404, "not-found")),
        ("/api/live?view=notes/notes&colour=red", (400, "query-invalid")),
    ] {
        let answer = house.get("requester@acme", path).await;
        assert_eq!((answer.status.as_u16(), answer.code()), expected, "{path}");
    }
}

#[tokio::test]
async fn one_view_that_cannot_be_watched_does_not_end_the_stream_of_the_others() {
    let house = House::new().await;
    let path = "/api/live?view=notes/vanished&view=notes/notes&view=gone/notes";
    let mut events = Events::of(house.open("requester@acme", path, &[]).await);
    let first = events.any().await.expect("an event");
    assert_eq!(first.data["refused"], serde_json::json!(["notes/vanished", "gone/notes"]));
    let noted = house.note("requester@acme", "first").await;
    let told = events.next().await.expect("an event");
    assert_eq!(told.data["key"], noted.as_str());
    let mut again = Events::of(house.open("requester@acme", path, &[("last-event-id", &told.id)]).await);
    assert_eq!(again.any().await.expect("an event").data["resumed"], true);
}

#[tokio::test]
async fn who_loses_their_roles_is_told_nothing_more_also_by_token() {
    let house = House::new().await;
    let mut events = Events::open(&house, "requester@acme", &[]).await;
    let acme = TenantId::derive("acme");
    let found = house.core.directory.find_member(acme, &house.issuer.url, "requester@acme").await;
    house.without_roles(&found.unwrap().unwrap()).await;
    while events.next().await.is_some() {}
}
