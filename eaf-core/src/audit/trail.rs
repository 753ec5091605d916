//! Audit trail: log, `eaf.audit` and journal read as one list, newest first. Nothing is copied, so
//! no copy can be incomplete or differ.
//!
//! A page merges the three sources by time; its cursor has the position in each. Indexes find the
//! time range and serve some filters. Rows are compared with the other filters one by one, up to a
//! maximum per page. So a page may be short or empty, and yet have a next page.

mod cursor;
pub mod detail;
mod record;

pub use cursor::Cursor;

use super::Error;
use crate::actor::{ActorKind, TraceId};
use crate::db::TenantTx;
use crate::id::ActorId;
use serde_json::Value;
use std::collections::VecDeque;
use std::str::FromStr;
use time::OffsetDateTime;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// Events of the tenant's log.
    Log,
    /// Acts of administration, refusals and denials.
    Host,
    /// Calls of workflows to other systems, from the journal.
    Call,
}

const SOURCES: [Source; 3] = [Source::Log, Source::Host, Source::Call];

impl Source {
    pub fn as_str(self) -> &'static str {
        match self {
            Source::Log => "log",
            Source::Host => "host",
            Source::Call => "call",
        }
    }
}

impl FromStr for Source {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        SOURCES.into_iter().find(|source| source.as_str() == text).ok_or(())
    }
}

/// Conditions on the rows of the audit trail. A row must satisfy all of them. `None` sets no
/// condition.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub actor: Option<ActorId>,
    /// Text with which the code of the act begins, such as `connection.`.
    pub act: Option<String>,
    /// Text with which the object of the act begins, such as `vsphere/`.
    pub object: Option<String>,
    pub outcome: Option<String>,
    pub trace: Option<String>,
    /// Plugin to which an event, a workflow's call, or the denial of such a call belongs.
    pub plugin: Option<String>,
    /// Earliest time at which the acts happened, inclusive.
    pub from: Option<OffsetDateTime>,
    /// Time before which the acts happened, exclusive.
    pub to: Option<OffsetDateTime>,
    pub source: Option<Source>,
    pub about: Option<Things>,
    /// Person who is the actor or the object of the act.
    pub person: Option<ActorId>,
}

/// Things for which the trail is filtered. In each of the three sources, a thing has another name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Things {
    /// Names of streams, such as `dcm/vm/…`, of events and of refused commands.
    pub streams: Vec<String>,
    /// Plugin and key of each run; such a run's calls are listed.
    pub runs: Vec<(String, String)>,
    /// Objects of acts of administration, such as `vsphere/vcenter`.
    pub objects: Vec<String>,
}

impl Things {
    fn can_be_in(&self, source: Source) -> bool {
        match source {
            Source::Log => !self.streams.is_empty(),
            Source::Host => !self.streams.is_empty() || !self.objects.is_empty(),
            Source::Call => !self.runs.is_empty(),
        }
    }
}

/// Limits of one page of the audit trail.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Maximum number of items on the page.
    pub items: u32,
    /// Maximum number of rows of each source that are compared with the filter for one page.
    pub examined: u32,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    pub id: String,
    /// Key of the row within its source: an event's position, an audit row's id, or a call's run
    /// and sequence.
    pub key: String,
    pub at: OffsetDateTime,
    pub source: Source,
    pub actor: ActorId,
    pub actor_kind: ActorKind,
    /// Code of the act, such as `dcm.request-approved`, `connection.put` or `vsphere.clone`.
    pub act: String,
    pub object: String,
    /// Outcome of the act: `ok`, `denied`, `pending`, or the code of a refusal or failure.
    pub outcome: String,
    /// Number of equal denials within an hour, which share one row. 1 for all other acts.
    pub count: u32,
    pub trace: TraceId,
    /// Plugin of an event, of a workflow's call, or of the denial of such a call; `None` for other
    /// acts.
    pub plugin: Option<String>,
    /// Name of the grant of a workflow's call, or of the denial of such a call; `None` for other
    /// acts.
    pub grant: Option<String>,
    /// Origin of an act on the command line, such as `os:root@web-1`. `None` for other acts.
    pub origin: Option<String>,
    /// Old and new values, `{"old": …, "new": …}`, of an act of administration; `None` for other
    /// acts.
    pub change: Option<Value>,
    /// Name of the stream that a refused command is about; `None` for other acts.
    pub about: Option<String>,
    /// Key of the run that made the call; `None` for other acts.
    pub run_key: Option<String>,
    /// Time at which a workflow's call ended. `None`: the call has not ended, or the act is no
    /// call.
    pub ended: Option<OffsetDateTime>,
    /// Data of an event as stored, with personal fields sealed; `None` for other acts.
    pub data: Option<Value>,
}

#[derive(Debug, Clone)]
pub struct Page {
    pub items: Vec<Item>,
    /// Cursor of the next page; `None` on the last page.
    pub next: Option<Cursor>,
}

pub async fn page(tx: &mut TenantTx, filter: &Filter, cursor: Option<&Cursor>, bounds: Bounds) -> Result<Page, Error> {
    let mut sources = Vec::with_capacity(SOURCES.len());
    for source in SOURCES {
        let start = cursor.map(|cursor| cursor.of(source));
        let is_at_end = matches!(start, Some(None));
        sources.push(match is_at_end || !can_match(source, filter) {
            true => VecDeque::new(),
            false => record::read(tx, source, filter, start.flatten(), bounds).await?,
        });
    }
    let mut items = Vec::new();
    while items.len() < bounds.items as usize {
        let newest = sources.iter_mut().max_by_key(|rows| rows.front().map(|row| row.position.at));
        // Rows of this source that are older than a row that was not compared are unknown, so the
        // page ends before that row.
        let Some(row) = newest.and_then(|rows| rows.pop_front_if(|row| !row.not_compared)) else { break };
        items.push(row.item);
    }
    let mut positions = sources.into_iter().map(|mut rows| rows.pop_front().map(|row| row.position));
    Ok(Page { items, next: Cursor::new([(); 3].map(|()| positions.next().flatten())) })
}

/// Whether any row of the source can match the filter. If not, the source is not read.
fn can_match(source: Source, filter: &Filter) -> bool {
    filter.source.is_none_or(|wanted| wanted == source)
        && filter.about.as_ref().is_none_or(|things| things.can_be_in(source))
        && match source {
            Source::Log => filter.outcome.as_deref().is_none_or(|outcome| outcome == "ok"),
            Source::Host => true,
            Source::Call => filter.actor.is_none_or(|actor| actor == ActorId::SYSTEM),
        }
}
