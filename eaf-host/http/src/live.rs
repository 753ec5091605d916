//! `GET /api/live?view=dcm/requests&view=…`: server-sent events that name the rows that changed,
//! without their content.
//!
//! The id of an event is a list with the position reached and the build id of each view, in the
//! order of the request. If a client sends the id back as `Last-Event-ID`, the stream resumes
//! there, or the client gets a `reset` and reloads. Without an id the stream starts at the end of
//! the log. An event names only rows that the caller may read by the view's row rules. The stream
//! ends when the token or the session ends, or another package becomes active.
//!
//! Proxies and programs on the client's machine may hold back an event until more data follows. So
//! the host sends a heartbeat at the start, every [`HEARTBEAT_INTERVAL`], and after changes, which
//! then leave the buffer. A heartbeat is an event and no comment, because browsers hide comments of
//! a stream from scripts.

use super::App;
use super::access::Access;
use super::caller::TenantCaller;
use super::code::Code;
use super::operation::{Entry, Operation};
use super::parameters::Parameters;
use super::problem::Problem;
use super::products::Product;
use super::slots::Permit;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use eaf_core::contract::ViewType;
use eaf_core::event_store::{self, Position};
use eaf_core::live::Change;
use eaf_core::view::{self, BuildId, Changed, Changes, PackageView, ViewPosition};
use futures_util::stream;
use serde_json::json;
use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{broadcast, watch};
use tokio::time::{Instant, Interval, MissedTickBehavior};

const MAX_VIEWS: usize = 16;
const LAST_EVENT_ID: &str = "last-event-id";
const MAX_ID_BYTES: usize = 4_096;
/// Pattern of a position; the id of an event contains a position and a build id for each view.
const POSITION_PATTERN: &str = "^[0-9]{1,9}-[0-9]{1,18}$";
/// Maximum number of changed rows that one query returns; the next query returns further ones.
const MAX_CHANGES: u32 = 200;
/// Interval at which a stream queries changes without a notification, because notifications may be
/// lost.
const POLL_INTERVAL: Duration = Duration::from_secs(5);
/// Interval of heartbeats, a third of the shortest idle time-out of common proxies (30 s).
const HEARTBEAT_INTERVAL: Duration = Duration::from_secs(10);
/// Delay of a browser before it reconnects, in milliseconds; each stream gets a random delay, so
/// that not all browsers reconnect at once after a restart.
const RECONNECT_DELAY: std::ops::Range<u64> = 500..2_000;
/// Wait between the notification of a change and the query, so that one query returns all changes
/// of this time.
const COALESCE: Duration = Duration::from_millis(50);
const HEARTBEAT: &str = "heartbeat";
/// Codes of problems that refuse one view of a request; the other views are streamed nevertheless.
const VIEW_REFUSALS: [Code; 3] = [Code::NotFound, Code::PermissionMissing, Code::ProductNotEnabled];
/// Headers that ask proxies to neither buffer, store nor compress the stream.
const UNBUFFERED: [(HeaderName, HeaderValue); 2] = [
    (HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no")),
    (header::CACHE_CONTROL, HeaderValue::from_static("no-cache, no-transform")),
];
/// Maximum duration of a stream, whatever the lifetime of the token.
const MAX_DURATION: Duration = Duration::from_secs(24 * 60 * 60);

pub fn operation() -> Operation {
    let doc = Entry::new("live", "eaf", "Server-sent events that name the changed rows of views")
        .query(
            "view",
            json!({ "type": "array", "minItems": 1, "maxItems": MAX_VIEWS, "uniqueItems": true, "items": { "type": "string", "pattern": "^[a-z][a-z0-9-]{0,31}/[a-z][a-z0-9-]{0,62}$" } }),
            "`plugin/view`; repeat the parameter for more.",
        )
        .query(
            LAST_EVENT_ID,
            json!({ "type": "string", "maxLength": MAX_ID_BYTES, "pattern": POSITION_PATTERN }),
            "As the header, which has priority: browsers cannot set a header on a new stream.",
        )
        .header(
            "Last-Event-ID",
            json!({ "type": "string", "pattern": POSITION_PATTERN }),
            "Resume after this position, or after the event with this id.",
        )
        .answers_as(
            "200",
            "`change` events with {plugin, view, key, position, deleted}; `reset` when the client must reload everything; \
             `heartbeat` at the start, every 10 s and after changes. The first one has {actor}, whose the stream \
             is, {resumed}, whether it continues after the given event, and {refused}, the views that do not exist or \
             that the caller may not read.",
            "text/event-stream",
            json!({ "type": "string" }),
        )
        .refuses(&[Code::QueryInvalid, Code::TooManyStreams])
        .refuses(&VIEW_REFUSALS);
    Operation { method: "get", path: "/api/live", access: Access::BackgroundMember, route: get(live), doc: doc.done() }
}

struct SubscribedView {
    product: Arc<Product>,
    view: String,
    reached: Position,
    /// Build id of the client's rows. None: the view's table does not exist yet.
    build_id: Option<BuildId>,
}

impl SubscribedView {
    fn view(&self) -> &ViewType {
        self.product.view(&self.view).expect("the view was found in this package")
    }

    /// Sets a view's position and build id to the current ones. Fails if the caller may not read
    /// the view.
    async fn start(&mut self, app: &App, who: &TenantCaller) -> Result<(), Problem> {
        match view::current_position(&app.core.db, &who.caller, self.package_view()).await {
            Ok(ViewPosition { build_id, position }) => (self.build_id, self.reached) = (Some(build_id), position),
            // The table is created with the first events.
            Err(view::Error::NotCreated(_)) => {
                let epoch = event_store::epoch(&app.core.db).await;
                let epoch = epoch.map_err(|cause| Problem::fault(Code::Internal, &cause))?;
                self.reached = Position { epoch, pos: 0 };
            }
            Err(view::Error::Forbidden(_)) => {
                return Err(who.denied_view(app, "view.watch", self.product.id(), self.view()).await);
            }
            Err(cause) => return Err(Problem::fault(Code::Internal, &cause)),
        }
        Ok(())
    }

    fn package_view(&self) -> PackageView<'_> {
        self.product.package_view(self.view())
    }

    /// Whether rows of this view may have changed, or become readable through the changed view.
    fn matches(&self, change: &Change) -> bool {
        let is_through = || self.package_view().through().any(|view| change.view == view);
        change.plugin == self.product.id() && (change.view == self.view || is_through())
    }
}

struct Subscription {
    app: App,
    who: TenantCaller,
    watched: Vec<SubscribedView>,
    changes: broadcast::Receiver<Change>,
    closing: watch::Receiver<bool>,
    end: Instant,
    ready: VecDeque<Event>,
    /// Whether the stream queries changes before it waits for notifications. True at the start,
    /// because rows may have changed after the position at which a client resumes.
    query_due: bool,
    /// Timer of [`POLL_INTERVAL`]. A notification that does not concern this stream must not
    /// restart the timer.
    poll: Interval,
    heartbeats: Interval,
    _permit: Permit,
}

async fn live(
    State(app): State<App>,
    mut who: TenantCaller,
    parameters: Parameters,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let permit = app.streams.acquire(who.caller.tenant, who.caller.actor);
    let limit = app.streams.limits().per_person;
    let permit = permit.ok_or_else(|| Problem::new(Code::TooManyStreams).with("limit", limit))?;
    // Subscribe before the positions are read, so that no change is lost.
    let changes = app.core.feed.subscribe();
    let (names, last) = parse(&parameters, &headers)?;
    let (mut watched, refused) = subscribe(&app, &who, &names).await?;
    if let Some(id) = last {
        resume(&mut watched, id).ok_or_else(|| Problem::parameter("Last-Event-ID", "invalid"))?;
    }
    // Release the tenant's permit: the stream lasts long.
    who.permit = None;
    let remaining = (who.expires - app.core.sessions.now()).try_into().unwrap_or(Duration::ZERO);
    let mut subscription = Subscription {
        closing: app.closing.clone(),
        end: Instant::now() + MAX_DURATION.min(remaining),
        app,
        who,
        watched,
        changes,
        ready: VecDeque::new(),
        query_due: true,
        poll: every(POLL_INTERVAL),
        heartbeats: every(HEARTBEAT_INTERVAL),
        _permit: permit,
    };
    subscription.send_opening(last.is_some(), &refused);
    let events = stream::unfold(subscription, |mut subscription| async move {
        let event = subscription.next().await?;
        Some((Ok::<_, Infallible>(event), subscription))
    });
    Ok((UNBUFFERED, Sse::new(events)).into_response())
}

/// Subscribes to the views that the caller may read and lists the refused ones. All tabs of a
/// browser share a stream: one refused view of an old page must not end the stream. Fails if all
/// views are refused.
async fn subscribe(
    app: &App,
    who: &TenantCaller,
    names: &[&str],
) -> Result<(Vec<SubscribedView>, Vec<String>), Problem> {
    let (mut watched, mut refused, mut first) = (Vec::new(), Vec::new(), None);
    for &name in names {
        let begun = match find(app, who, &watched, name)? {
            Ok(mut one) => one.start(app, who).await.map(|()| one),
            Err(problem) => Err(problem),
        };
        match begun {
            Ok(one) => watched.push(one),
            Err(problem) if VIEW_REFUSALS.iter().any(|code| problem.is(*code)) => {
                refused.push(name.to_owned());
                first.get_or_insert(problem);
            }
            Err(problem) => return Err(problem),
        }
    }
    match first {
        Some(problem) if watched.is_empty() => Err(problem),
        _ if watched.is_empty() => Err(Problem::parameter("view", "required")),
        _ => Ok((watched, refused)),
    }
}

fn every(period: Duration) -> Interval {
    let mut interval = tokio::time::interval_at(Instant::now() + period, period);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    interval
}

/// Views that the request names, and the id of the event to resume after; `None`: the stream starts
/// at the end of the log.
fn parse<'a>(parameters: &'a Parameters, headers: &'a HeaderMap) -> Result<(Vec<&'a str>, Option<&'a str>), Problem> {
    let mut last = None;
    let mut views = Vec::new();
    for (name, value) in parameters.checked(|name| name == "view" || name == LAST_EVENT_ID)? {
        match name.as_str() {
            LAST_EVENT_ID if last.is_none() && value.len() <= MAX_ID_BYTES => last = Some(value.as_str()),
            LAST_EVENT_ID => return Err(Problem::parameter(LAST_EVENT_ID, "invalid")),
            _ => views.push(value.as_str()),
        }
    }
    if views.len() > MAX_VIEWS {
        return Err(Problem::parameter("view", "max-items").limit(MAX_VIEWS));
    }
    let header = headers.get(LAST_EVENT_ID).map(|id| id.to_str().unwrap_or_default());
    Ok((views, header.or(last)))
}

/// Finds a view by its name `plugin/view`. The inner error refuses this view only, the outer error
/// the whole request.
fn find(
    app: &App,
    who: &TenantCaller,
    watched: &[SubscribedView],
    name: &str,
) -> Result<Result<SubscribedView, Problem>, Problem> {
    let (plugin, view) = name.split_once('/').ok_or_else(|| Problem::parameter("view", "format"))?;
    if watched.iter().any(|one| one.product.id() == plugin && one.view == view) {
        return Err(Problem::parameter("view", "unique-items"));
    }
    let product = app.products.get(plugin).filter(|product| product.view(view).is_some());
    if product.is_some() && !who.has(plugin) {
        return Ok(Err(Problem::new(Code::ProductNotEnabled).with("product", plugin)));
    }
    let subscribed =
        |product| SubscribedView { product, view: view.into(), reached: Position { epoch: 0, pos: 0 }, build_id: None };
    Ok(product.map(subscribed).ok_or_else(|| Problem::new(Code::NotFound)))
}

/// Sets the positions after which the views are streamed. `id` is the id of an event, or a position
/// that a command returned, which then applies to all views. `None`: the id is invalid.
fn resume(watched: &mut [SubscribedView], id: &str) -> Option<()> {
    if let Ok(one) = id.parse::<Position>() {
        watched.iter_mut().for_each(|view| view.reached = one);
        return Some(());
    }
    let parts: Vec<&str> = id.split(',').collect();
    if parts.len() != watched.len() {
        return None;
    }
    for (view, part) in watched.iter_mut().zip(parts) {
        let (position, build_id) =
            part.split_once('~').map_or((part, None), |(position, build_id)| (position, Some(build_id)));
        view.reached = position.parse().ok()?;
        // A view without a build id had no table then, so it keeps its current build id.
        if let Some(build_id) = build_id {
            view.build_id = Some(build_id.parse().ok()?);
        }
    }
    Some(())
}

impl Subscription {
    /// Sends two heartbeats at the start, because some proxies hold back an event until the next
    /// one.
    fn send_opening(&mut self, resumed: bool, refused: &[String]) {
        let spread = RECONNECT_DELAY.end - RECONNECT_DELAY.start;
        let retry = RECONNECT_DELAY.start + self.app.core.ambient.uuid().as_u64_pair().1 % spread;
        // Name the actor: the session of the browser may belong to another person by now.
        let data = json!({ "actor": self.who.caller.actor, "resumed": resumed, "refused": refused });
        let first = Event::default().event(HEARTBEAT).id(self.id()).data(data.to_string());
        self.ready.push_back(first.retry(Duration::from_millis(retry)));
        self.ready.push_back(self.heartbeat());
    }

    /// Heartbeat with the current id, so that a client that got no change can resume too.
    fn heartbeat(&self) -> Event {
        Event::default().event(HEARTBEAT).id(self.id()).data("{}")
    }

    /// Next event of the stream; `None`: the stream ends.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Some(event);
            }
            if *self.closing.borrow() || Instant::now() >= self.end {
                return None;
            }
            if self.query_due {
                self.query_due = false;
                // Count a query as a request of the tenant, so that streams cannot take all
                // database connections.
                let _permit = self.app.concurrency.acquire(self.who.caller.tenant).await;
                self.collect().await?;
                continue;
            }
            tokio::select! {
                () = tokio::time::sleep_until(self.end) => return None,
                closed = self.closing.changed() => if closed.is_err() { return None },
                _ = self.heartbeats.tick() => return Some(self.heartbeat()),
                _ = self.poll.tick() => {
                    if !self.is_still_valid().await {
                        return None;
                    }
                    self.query_due = true;
                }
                change = self.changes.recv() => match change {
                    Ok(change) if self.concerns(&change) => {
                        self.coalesce().await;
                        self.query_due = true;
                    }
                    Ok(_) => {}
                    Err(broadcast::error::RecvError::Lagged(_)) => self.query_due = true,
                    Err(broadcast::error::RecvError::Closed) => return None,
                },
            }
        }
    }

    /// Waits for further changes, so that one query finds all of them.
    async fn coalesce(&mut self) {
        tokio::time::sleep(COALESCE).await;
        // The next query finds these changes, and any whose notification was lost.
        for _ in 0..self.changes.len() {
            let _change = self.changes.try_recv();
        }
    }

    /// Checks session and membership, so that the stream ends at the next poll after a sign-out or
    /// the loss of a role.
    async fn is_still_valid(&self) -> bool {
        // An unknown state counts as signed out: the client reconnects and authenticates.
        self.who.is_still_valid(&self.app).await.unwrap_or(false)
    }

    fn concerns(&self, change: &Change) -> bool {
        change.tenant == self.who.caller.tenant && self.watched.iter().any(|view| view.matches(change))
    }

    async fn collect(&mut self) -> Option<()> {
        for index in 0..self.watched.len() {
            let one = &self.watched[index];
            let active = self.app.products.get(one.product.id())?;
            if !Arc::ptr_eq(&active.domain, &one.product.domain) {
                // A new package may have other rules and rows: the client reconnects.
                return None;
            }
            let (core, caller) = (&self.app.core, &self.who.caller);
            match view::changed_since(&core.db, caller, one.package_view(), one.reached, MAX_CHANGES).await {
                // The rows were rebuilt, or another copy is live.
                Ok(Changes { build_id, .. }) if one.build_id.as_ref().is_some_and(|known| *known != build_id) => {
                    return self.reset().await;
                }
                Ok(Changes { build_id, rows }) => {
                    self.watched[index].build_id = Some(build_id);
                    self.query_due |= rows.len() >= MAX_CHANGES as usize;
                    rows.into_iter().for_each(|change| self.announce(index, change));
                }
                // The log has a new epoch.
                Err(view::Error::OtherEpoch) => return self.reset().await,
                // The table is created with the first events.
                Err(view::Error::NotCreated(_)) => {}
                Err(cause) => {
                    // The client reconnects and resumes.
                    tracing::warn!(error = &cause as &dyn std::error::Error, "a stream of live updates failed");
                    return None;
                }
            }
        }
        if !self.ready.is_empty() {
            self.ready.push_back(self.heartbeat());
        }
        Some(())
    }

    /// Sends a reset, after which the client reloads everything. `None`: a view cannot be read any
    /// more, so the stream ends.
    async fn reset(&mut self) -> Option<()> {
        for view in &mut self.watched {
            view.start(&self.app, &self.who).await.ok()?;
        }
        self.ready.push_back(Event::default().event("reset").id(self.id()).data("{}"));
        self.ready.push_back(self.heartbeat());
        Some(())
    }

    fn announce(&mut self, index: usize, change: Changed) {
        let one = &mut self.watched[index];
        one.reached = change.position;
        let data = json!({
            "plugin": one.product.id(),
            "view": one.view,
            "key": change.key,
            "position": change.position,
            "deleted": change.deleted,
        });
        let event = Event::default().event("change").id(self.id()).data(data.to_string());
        self.ready.push_back(event);
    }

    fn id(&self) -> String {
        let part = |view: &SubscribedView| match &view.build_id {
            Some(build_id) => format!("{}~{build_id}", view.reached),
            None => view.reached.to_string(),
        };
        self.watched.iter().map(part).collect::<Vec<_>>().join(",")
    }
}
