//! `GET /api/live?view=dcm/requests&view=…`: server-sent events that say which rows changed, never what is in them.
//!
//! An event's id is the position reached in each asked view, in the order asked, and a mark of what its rows were folded
//! by. Sent back as Last-Event-ID it resumes exactly there, or tells the client to load everything anew; without it the
//! stream starts at the end of the log. Row rules hold for every event. The stream ends with the token, the session or the
//! package. One person has a few streams at a time.
//!
//! Proxies, and programs on the person's own machine, hold streams back without a word. So a client
//! hears a heartbeat at once and every [`BEAT`]: an event, because comments are not told to scripts. What
//! passes an event on only when the next one comes delays nothing: behind changes stands a heartbeat, too.

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
use eaf_core::view::{self, BuildId, Changed, Changes, ViewPosition};
use futures_util::stream;
use serde_json::json;
use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{broadcast, watch};
use tokio::time::{Instant, Interval, MissedTickBehavior};

pub const PATH: &str = "/api/live";
const MOST_VIEWS: usize = 16;
const RESUME: &str = "last-event-id";
const LONGEST_ID: usize = 4_096;
/// An event's id has one of these for each view, with a mark.
const POSITION: &str = "^[0-9]{1,9}-[0-9]{1,18}$";
/// Changes asked for at once; more follow in the next round.
const ROUND: u32 = 200;
/// Hints may be lost: look again this often.
const LOOK: Duration = Duration::from_secs(5);
/// Below the shortest silence that proxies in use allow (30 s), twice over.
const BEAT: Duration = Duration::from_secs(10);
/// How long browsers wait before they come again, in milliseconds; each is told a time of its own, or
/// all would come at the same moment after a restart.
const RETRY: std::ops::Range<u64> = 500..2_000;
/// How long changes are gathered before they are asked for. People do not see it.
const GATHER: Duration = Duration::from_millis(50);
const HEARTBEAT: &str = "heartbeat";
/// Of one view among several: the others are watched.
const REFUSALS: [Code; 3] = [Code::NotFound, Code::PermissionMissing, Code::ProductNotEnabled];
/// Asks what is in between to pass each event on at once, and neither to keep nor to compress it.
const UNBUFFERED: [(HeaderName, HeaderValue); 2] = [
    (HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no")),
    (header::CACHE_CONTROL, HeaderValue::from_static("no-cache, no-transform")),
];
/// However long a token says it lives.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

pub fn operation() -> Operation {
    let doc = Entry::new("live", "eaf", "Server-sent events: which rows of these views changed")
        .query(
            "view",
            json!({ "type": "array", "minItems": 1, "maxItems": MOST_VIEWS, "uniqueItems": true, "items": { "type": "string", "pattern": "^[a-z][a-z0-9-]{0,31}/[a-z][a-z0-9-]{0,62}$" } }),
            "`plugin/view`; repeat it for more.",
        )
        .query(
            RESUME,
            json!({ "type": "string", "maxLength": LONGEST_ID, "pattern": POSITION }),
            "As the header, which goes before it: for a browser, which cannot set one when it opens a new stream.",
        )
        .header(
            "Last-Event-ID",
            json!({ "type": "string", "pattern": POSITION }),
            "Resume after this position, or after the event with this id.",
        )
        .answers_as(
            "200",
            "`change` events with {plugin, view, key, position, deleted}; `reset` when everything must be loaded anew; \
             `heartbeat` at once, every 10 s and behind changes. The first one says with {actor} whose the stream \
             is, with {resumed} whether it goes on where the given event was, and with {refused} which of the views \
             are not there or not the caller's to read.",
            "text/event-stream",
            json!({ "type": "string" }),
        )
        .refuses(&[Code::QueryInvalid, Code::TooManyStreams])
        .refuses(&REFUSALS);
    Operation { method: "get", path: PATH, access: Access::Member, route: get(live), doc: doc.done() }
}

struct Watched {
    product: Arc<Product>,
    view: String,
    reached: Position,
    /// What the client's rows were folded by; none before the view's table is there.
    build_id: Option<BuildId>,
}

impl Watched {
    fn view(&self) -> &ViewType {
        self.product.view(&self.view).expect("found when it was asked for, in this package")
    }

    /// What the client reads from now on has come at least so far. Refused, if the caller may not read the view at all.
    async fn begin(&mut self, app: &App, who: &TenantCaller) -> Result<(), Problem> {
        match view::current_position(&app.core.db, &who.caller, self.product.id(), self.view()).await {
            Ok(ViewPosition { build_id, position }) => (self.build_id, self.reached) = (Some(build_id), position),
            // Made with the first events.
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

    fn hit(&self, change: &Change) -> bool {
        change.plugin == self.product.id() && change.view == self.view
    }
}

struct Watcher {
    app: App,
    who: TenantCaller,
    watched: Vec<Watched>,
    changes: broadcast::Receiver<Change>,
    closing: watch::Receiver<bool>,
    end: Instant,
    ready: VecDeque<Event>,
    /// Ask before waiting: something may have changed between resuming and listening.
    look: bool,
    /// Of its own, not made anew with each hint: those that do not concern this stream must not put the look off.
    looks: Interval,
    beats: Interval,
    _permit: Permit,
}

async fn live(
    State(app): State<App>,
    mut who: TenantCaller,
    parameters: Parameters,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let permit = app.streams.enter(who.caller.tenant, who.caller.actor);
    let most = app.streams.most().of_person;
    let permit = permit.ok_or_else(|| Problem::new(Code::TooManyStreams).with("limit", most))?;
    // Listen first, then read where the views stand: nothing falls in between.
    let changes = app.core.feed.subscribe();
    let (asked, last) = split(&parameters, &headers)?;
    let (mut watched, refused) = open(&app, &who, &asked).await?;
    if let Some(id) = last {
        resume(&mut watched, id).ok_or_else(|| Problem::parameter("Last-Event-ID", "invalid"))?;
    }
    // Others of the tenant do not wait for the end of a stream.
    who.work = None;
    let remaining = (who.expires - app.core.world.now()).try_into().unwrap_or(Duration::ZERO);
    let mut watcher = Watcher {
        closing: app.closing.clone(),
        end: Instant::now() + LONGEST.min(remaining),
        app,
        who,
        watched,
        changes,
        ready: VecDeque::new(),
        look: true,
        looks: every(LOOK),
        beats: every(BEAT),
        _permit: permit,
    };
    watcher.greet(last.is_some(), &refused);
    let events = stream::unfold(watcher, |mut watcher| async move {
        let event = watcher.next().await?;
        Some((Ok::<_, Infallible>(event), watcher))
    });
    Ok((UNBUFFERED, Sse::new(events)).into_response())
}

/// The views that this caller may watch, and the others. One tab of an older page, or of a person who has lost a role,
/// must not end the stream that all tabs share; refused is only who may watch none.
async fn open(app: &App, who: &TenantCaller, asked: &[&str]) -> Result<(Vec<Watched>, Vec<String>), Problem> {
    let (mut watched, mut refused, mut first) = (Vec::new(), Vec::new(), None);
    for &name in asked {
        let begun = match find(app, who, &watched, name)? {
            Ok(mut one) => one.begin(app, who).await.map(|()| one),
            Err(problem) => Err(problem),
        };
        match begun {
            Ok(one) => watched.push(one),
            Err(problem) if REFUSALS.iter().any(|code| problem.is(*code)) => {
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

/// The views, and the event after which to resume.
fn split<'a>(parameters: &'a Parameters, headers: &'a HeaderMap) -> Result<(Vec<&'a str>, Option<&'a str>), Problem> {
    let mut last = None;
    let mut views = Vec::new();
    for (name, value) in parameters.checked(|name| name == "view" || name == RESUME)? {
        match name.as_str() {
            RESUME if last.is_none() && value.len() <= LONGEST_ID => last = Some(value.as_str()),
            RESUME => return Err(Problem::parameter(RESUME, "invalid")),
            _ => views.push(value.as_str()),
        }
    }
    if views.len() > MOST_VIEWS {
        return Err(Problem::parameter("view", "max-items").limit(MOST_VIEWS));
    }
    let header = headers.get(RESUME).map(|id| id.to_str().unwrap_or_default());
    Ok((views, header.or(last)))
}

/// The inner error: there is no such view.
fn find(app: &App, who: &TenantCaller, watched: &[Watched], name: &str) -> Result<Result<Watched, Problem>, Problem> {
    let (plugin, view) = name.split_once('/').ok_or_else(|| Problem::parameter("view", "format"))?;
    if watched.iter().any(|one| one.product.id() == plugin && one.view == view) {
        return Err(Problem::parameter("view", "unique-items"));
    }
    let product = app.products.get(plugin).filter(|product| product.view(view).is_some());
    if product.is_some() && !who.has(plugin) {
        return Ok(Err(Problem::new(Code::ProductNotEnabled).with("product", plugin)));
    }
    let begin =
        |product| Watched { product, view: view.into(), reached: Position { epoch: 0, pos: 0 }, build_id: None };
    Ok(product.map(begin).ok_or_else(|| Problem::new(Code::NotFound)))
}

/// One position for each view with its mark, as events have it; or one position for all, as commands answer it.
fn resume(watched: &mut [Watched], id: &str) -> Option<()> {
    if let Ok(one) = id.parse::<Position>() {
        watched.iter_mut().for_each(|view| view.reached = one);
        return Some(());
    }
    let parts: Vec<&str> = id.split(',').collect();
    if parts.len() != watched.len() {
        return None;
    }
    for (view, part) in watched.iter_mut().zip(parts) {
        let (position, mark) = part.split_once('~').map_or((part, None), |(position, mark)| (position, Some(mark)));
        view.reached = position.parse().ok()?;
        // What it was before the table was there, it is no more.
        if let Some(mark) = mark {
            view.build_id = Some(mark.parse().ok()?);
        }
    }
    Some(())
}

impl Watcher {
    /// Two events, because some programs hold the first one back until a second one comes.
    fn greet(&mut self, resumed: bool, refused: &[String]) {
        let spread = RETRY.end - RETRY.start;
        let retry = RETRY.start + self.app.core.world.uuid().as_u64_pair().1 % spread;
        // In a browser all tabs have one session, and it may have become somebody else's.
        let data = json!({ "actor": self.who.caller.actor, "resumed": resumed, "refused": refused });
        let first = Event::default().event(HEARTBEAT).id(self.id()).data(data.to_string());
        self.ready.push_back(first.retry(Duration::from_millis(retry)));
        self.ready.push_back(self.heartbeat());
    }

    /// Carries the position as well: whoever was told of no change yet can resume, too.
    fn heartbeat(&self) -> Event {
        Event::default().event(HEARTBEAT).id(self.id()).data("{}")
    }

    /// None ends the stream.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Some(event);
            }
            if *self.closing.borrow() || Instant::now() >= self.end {
                return None;
            }
            if self.look {
                self.look = false;
                // One of the tenant's places, as for any request: streams must not take all connections.
                let _work = self.app.concurrency.take(self.who.caller.tenant).await;
                self.collect().await?;
                continue;
            }
            tokio::select! {
                () = tokio::time::sleep_until(self.end) => return None,
                closed = self.closing.changed() => if closed.is_err() { return None },
                _ = self.beats.tick() => return Some(self.heartbeat()),
                _ = self.looks.tick() => {
                    if !self.is_signed_in().await {
                        return None;
                    }
                    self.look = true;
                }
                change = self.changes.recv() => match change {
                    Ok(change) if self.concerns(&change) => {
                        self.gather().await;
                        self.look = true;
                    }
                    Ok(_) => {}
                    Err(broadcast::error::RecvError::Lagged(_)) => self.look = true,
                    Err(broadcast::error::RecvError::Closed) => return None,
                },
            }
        }
    }

    /// Lets changes that come in quick succession become one look.
    async fn gather(&mut self) {
        tokio::time::sleep(GATHER).await;
        // The look that follows sees what they tell of, and what was lost between them.
        for _ in 0..self.changes.len() {
            let _told = self.changes.try_recv();
        }
    }

    /// Signing out, here or elsewhere, and the loss of a role end the stream with its next look.
    async fn is_signed_in(&self) -> bool {
        // Not known is no: the client comes again and is asked who it is.
        self.who.still_holds(&self.app).await.unwrap_or(false)
    }

    fn concerns(&self, change: &Change) -> bool {
        change.tenant == self.who.caller.tenant && self.watched.iter().any(|view| view.hit(change))
    }

    async fn collect(&mut self) -> Option<()> {
        for index in 0..self.watched.len() {
            let one = &self.watched[index];
            let active = self.app.products.get(one.product.id())?;
            if !Arc::ptr_eq(&active.domain, &one.product.domain) {
                // Other rules and permissions, perhaps other rows: the client comes again, and is told.
                return None;
            }
            let (core, caller) = (&self.app.core, &self.who.caller);
            match view::changed_since(&core.db, caller, one.product.id(), one.view(), one.reached, ROUND).await {
                // Its rows were made anew: a person was erased, or another copy is read.
                Ok(Changes { build_id, .. }) if one.build_id.as_ref().is_some_and(|known| *known != build_id) => {
                    return self.reset().await;
                }
                Ok(Changes { build_id, rows }) => {
                    self.watched[index].build_id = Some(build_id);
                    self.look |= rows.len() >= ROUND as usize;
                    rows.into_iter().for_each(|change| self.announce(index, change));
                }
                // The log starts anew, and so does the client.
                Err(view::Error::OtherEpoch) => return self.reset().await,
                // Made with the first events.
                Err(view::Error::NotCreated(_)) => {}
                Err(cause) => {
                    // The client comes again and resumes.
                    tracing::warn!(error = &cause as &dyn std::error::Error, "live updates broke off");
                    return None;
                }
            }
        }
        if !self.ready.is_empty() {
            self.ready.push_back(self.heartbeat());
        }
        Some(())
    }

    /// The client loads everything anew.
    async fn reset(&mut self) -> Option<()> {
        for view in &mut self.watched {
            view.begin(&self.app, &self.who).await.ok()?;
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
        let part = |view: &Watched| match &view.build_id {
            Some(build_id) => format!("{}~{build_id}", view.reached),
            None => view.reached.to_string(),
        };
        self.watched.iter().map(part).collect::<Vec<_>>().join(",")
    }
}
