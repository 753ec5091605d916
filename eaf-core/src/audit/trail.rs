//! The audit trail: who did what, newest first, from three records that are kept where they arise. The log says what was
//! decided, `eaf.audit` what was administered or refused, the journal what was done in other systems. Nothing is copied, so
//! nothing can be forgotten or differ.
//!
//! A page merges the three by time; its cursor says where each of them goes on. Time is found by index, what the filter else
//! asks for by comparing rows, so many at a time: a page may be short, or empty, and go on.

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
    /// An event.
    Log,
    /// An act of administration, a refusal, a denial.
    Host,
    /// A call of a workflow to another system.
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

/// All that is given must hold.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub actor: Option<ActorId>,
    /// What act and object begin with.
    pub act: Option<String>,
    pub object: Option<String>,
    pub outcome: Option<String>,
    pub trace: Option<String>,
    /// Whose events and calls.
    pub plugin: Option<String>,
    /// Inclusive.
    pub from: Option<OffsetDateTime>,
    /// Exclusive.
    pub to: Option<OffsetDateTime>,
    pub source: Option<Source>,
    pub about: Option<Things>,
    /// By or about this person.
    pub person: Option<ActorId>,
}

/// What acts are about, by all the names under which the three records know it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Things {
    /// In the log, and of refused commands: `dcm/vm/…`.
    pub streams: Vec<String>,
    /// Of runs: a plugin's id, and the thing's key.
    pub runs: Vec<(String, String)>,
    /// Of acts of administration: `vsphere/vcenter`.
    pub objects: Vec<String>,
}

impl Things {
    fn may_be_in(&self, source: Source) -> bool {
        match source {
            Source::Log => !self.streams.is_empty(),
            Source::Host => !self.streams.is_empty() || !self.objects.is_empty(),
            Source::Call => !self.runs.is_empty(),
        }
    }
}

/// How much one page is, and how much of each record is looked through for it.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    pub items: u32,
    pub examined: u32,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    pub id: String,
    /// By which it is found within its record.
    pub key: String,
    pub at: OffsetDateTime,
    pub source: Source,
    pub actor: ActorId,
    pub actor_kind: ActorKind,
    /// `dcm.request-approved`, `connection.put`, `vsphere.clone`.
    pub act: String,
    pub object: String,
    /// `ok`, `denied`, `pending`, or the code of a refusal or failure.
    pub outcome: String,
    /// Of equal denials within an hour.
    pub count: u32,
    pub trace: TraceId,
    /// Of a call, or its denial: whose workflow, and by which grant of it.
    pub plugin: Option<String>,
    pub grant: Option<String>,
    /// Who administered, where the directory has no id of them.
    pub origin: Option<String>,
    /// `{"old": …, "new": …}` of an act of administration.
    pub change: Option<Value>,
    /// Of a command that was refused: the stream of what it was about.
    pub about: Option<String>,
    /// Of a call: the id of what its run is about.
    pub run_key: Option<String>,
    /// When a call ended.
    pub ended: Option<OffsetDateTime>,
    /// What an event says, as it is stored: personal members are sealed.
    pub data: Option<Value>,
}

#[derive(Debug, Clone)]
pub struct Page {
    pub items: Vec<Item>,
    /// None: that was all.
    pub next: Option<Cursor>,
}

pub async fn page(tx: &mut TenantTx, filter: &Filter, cursor: Option<&Cursor>, bounds: Bounds) -> Result<Page, Error> {
    let mut records = Vec::with_capacity(SOURCES.len());
    for source in SOURCES {
        let start = cursor.map(|cursor| cursor.of(source));
        let over = matches!(start, Some(None));
        records.push(match over || !concerned(source, filter) {
            true => VecDeque::new(),
            false => record::read(tx, source, filter, start.flatten(), bounds).await?,
        });
    }
    let mut items = Vec::new();
    while items.len() < bounds.items as usize {
        let newest = records.iter_mut().max_by_key(|rows| rows.front().map(|row| row.place.at));
        // Nobody has looked beyond a row that is unseen, so nothing older can be shown yet.
        let Some(row) = newest.and_then(|rows| rows.pop_front_if(|row| !row.unseen)) else { break };
        items.push(row.item);
    }
    let mut places = records.into_iter().map(|mut rows| rows.pop_front().map(|row| row.place));
    Ok(Page { items, next: Cursor::to([(); 3].map(|()| places.next().flatten())) })
}

/// Can anything of this record pass?
fn concerned(source: Source, filter: &Filter) -> bool {
    filter.source.is_none_or(|wanted| wanted == source)
        && filter.about.as_ref().is_none_or(|things| things.may_be_in(source))
        && match source {
            Source::Log => filter.outcome.as_deref().is_none_or(|outcome| outcome == "ok"),
            Source::Host => true,
            Source::Call => filter.actor.is_none_or(|actor| actor == ActorId::SYSTEM),
        }
}
