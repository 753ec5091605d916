//! `GET /api/host/audit.csv`: the audit with the same filters as a file (RFC 4180), written while it is read.

use super::audit::{Asked, filters, kind, look_up, page, parse};
use super::audit_words::Words;
use super::instant;
use crate::App;
use crate::access::Access;
use crate::caller::TenantCaller;
use crate::code::Code;
use crate::messages;
use crate::operation::{Entry, Operation};
use crate::parameters::Parameters;
use crate::problem::Problem;
use crate::slots::Permit;
use axum::body::Body;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use eaf_core::actor::Locale;
use eaf_core::audit::trail::{Bounds, Cursor, Filter, Item};
use eaf_core::audit::zone::{self, Local};
use futures_util::stream;
use serde_json::{Map, json};
use time::OffsetDateTime;

/// Rows of one file. More are for a narrower filter; the last row says so.
const MOST: usize = 100_000;
/// A filter that finds little must not read the whole log of years in one file.
const MOST_PAGES: usize = 500;
const PAGE: Bounds = Bounds { items: 1_000, examined: 20_000 };
#[rustfmt::skip]
const COLUMNS: [&str; 17] = [
    "at", "source", "actor", "actor_name", "actor_kind", "act", "object", "outcome", "trace_id", "id",
    "count", "plugin", "grant", "origin", "change", "thing", "sentence",
];
/// For people: what they read comes first, what they quote comes last.
#[rustfmt::skip]
const FOR_PEOPLE: [&str; 16] = [
    "at", "zone", "sentence", "actor_name", "thing", "outcome_text", "source", "count", "change",
    "origin", "act", "object", "outcome", "trace_id", "id", "utc",
];
const ZONE: &str = "zone";
const LONGEST_ZONE: usize = 64;
const DIALECT: &str = "dialect";
const LANGUAGE: &str = "language";

/// How the file is written. Programs read RFC 4180; Excel wants to be told that it is UTF-8, and a German one splits at
/// semicolons.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Dialect {
    Plain,
    Excel { separator: char },
}

impl Dialect {
    fn of(name: Option<&str>, locale: Locale) -> Result<Self, Problem> {
        let separator = if locale == Locale::De { ';' } else { ',' };
        match name {
            None | Some("rfc4180") => Ok(Dialect::Plain),
            Some("excel") => Ok(Dialect::Excel { separator }),
            Some(_) => Err(Problem::parameter(DIALECT, "invalid")),
        }
    }

    fn head(self, locale: Locale) -> String {
        match self {
            Dialect::Plain => self.line(&COLUMNS),
            Dialect::Excel { .. } => {
                let titles =
                    FOR_PEOPLE.map(|name| messages::render(&format!("audit.columns.{name}"), &Map::new(), locale));
                format!("\u{feff}{}", self.line(&titles))
            }
        }
    }

    fn columns(self) -> usize {
        match self {
            Dialect::Plain => COLUMNS.len(),
            Dialect::Excel { .. } => FOR_PEOPLE.len(),
        }
    }

    fn line(self, cells: &[impl AsRef<str>]) -> String {
        let separator = match self {
            Dialect::Plain => ',',
            Dialect::Excel { separator } => separator,
        };
        let cells: Vec<String> = cells.iter().map(|text| cell(text.as_ref(), separator)).collect();
        cells.join(&separator.to_string()) + "\r\n"
    }
}

pub fn operation() -> Operation {
    let doc = filters(Entry::new("host.audit.csv", "host", "The audit as a file"))
        .query(
            DIALECT,
            json!({ "enum": ["rfc4180", "excel"], "default": "rfc4180" }),
            "excel: for people: with a byte order mark, in German with semicolons, times of the zone.",
        )
        .query(
            ZONE,
            json!({ "type": "string", "maxLength": LONGEST_ZONE, "pattern": "^[A-Za-z0-9_+/-]+$", "default": "UTC" }),
            "With excel: whose clocks are meant, such as `Europe/Berlin`.",
        )
        .query(
            LANGUAGE,
            json!({ "enum": ["de", "en"] }),
            "In which language the file is written. Without it, the caller's.",
        )
        .answers_as("200", "At most 100,000 rows, newest first.", "text/csv", json!({ "type": "string" }))
        .refuses(&[Code::QueryInvalid, Code::PermissionMissing]);
    Operation {
        method: "get",
        path: "/api/host/audit.csv",
        access: Access::audit("audit.export"),
        route: get(export),
        doc: doc.done(),
    }
}

async fn export(State(app): State<App>, mut who: TenantCaller, parameters: Parameters) -> Result<Response, Problem> {
    let (mut filter, thing) = parse_export(&parameters)?;
    let locale = language(&parameters, who.caller.locale)?;
    let dialect = Dialect::of(parameters.get(DIALECT), locale)?;
    let zone = zone(&app, &who, parameters.get(ZONE).unwrap_or("UTC")).await?;
    look_up(&app, &who, &mut filter, thing.as_deref()).await?;
    let slot = app.exports.enter(who.caller.tenant, who.caller.actor);
    let slot = slot.ok_or_else(|| Problem::new(Code::TooManyRequests))?;
    who.record(&app, "audit.export", "audit", "ok").await?;
    let name = format!("audit-{}-{}.csv", who.tenant.slug, app.core.world.now().date());
    // Others of the tenant do not wait for the end of a file.
    who.work = None;
    who.caller.locale = locale;
    let export = Export { dialect, zone, app, who, filter, next: Next::Head, rows: 0, pages: 0, _slot: slot };
    let pieces = stream::unfold(export, |mut export| async move {
        // Headers are gone by now: a file that breaks off is all that can be told, and the log has the cause.
        let piece = export.piece().await.map_err(|_| std::io::Error::other("the export broke off")).transpose()?;
        Some((piece, export))
    });
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
    ];
    Ok((headers, Body::from_stream(pieces)).into_response())
}

fn parse_export(parameters: &Parameters) -> Result<(Filter, Option<String>), Problem> {
    let Asked { filter, cursor, thing } = parse(parameters, |name| [DIALECT, ZONE, LANGUAGE].contains(&name))?;
    if cursor.is_some() {
        return Err(Problem::parameter("cursor", "unknown"));
    }
    Ok((filter, thing))
}

/// A page may be read in another language than the browser asks for.
fn language(parameters: &Parameters, callers: Locale) -> Result<Locale, Problem> {
    match parameters.get(LANGUAGE) {
        None => Ok(callers),
        Some("de") => Ok(Locale::De),
        Some("en") => Ok(Locale::En),
        Some(_) => Err(Problem::parameter(LANGUAGE, "invalid")),
    }
}

/// Refused before the file begins, if there is no such zone.
async fn zone(app: &App, who: &TenantCaller, zone: &str) -> Result<String, Problem> {
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"_+/-".contains(&byte);
    let fits = (1..=LONGEST_ZONE).contains(&zone.len()) && zone.bytes().all(is_name);
    if fits {
        let mut tx = app.core.db.tenant(who.caller.tenant).await?;
        let known = zone::local(&mut tx, zone, Locale::En, &[OffsetDateTime::UNIX_EPOCH]).await?;
        if known.is_some() {
            return Ok(zone.to_owned());
        }
    }
    Err(Problem::parameter(ZONE, "invalid"))
}

struct Export {
    dialect: Dialect,
    zone: String,
    app: App,
    who: TenantCaller,
    filter: Filter,
    next: Next,
    rows: usize,
    pages: usize,
    _slot: Permit,
}

enum Next {
    Head,
    Page(Option<Cursor>),
    End,
}

impl Export {
    /// The next piece of the file; none after the last.
    async fn piece(&mut self) -> Result<Option<String>, Problem> {
        let cursor = match std::mem::replace(&mut self.next, Next::End) {
            Next::Head => {
                self.next = Next::Page(None);
                return Ok(Some(self.dialect.head(self.who.caller.locale)));
            }
            Next::Page(cursor) => cursor,
            Next::End => return Ok(None),
        };
        if !self.who.still_holds(&self.app).await? {
            return Err(Problem::new(Code::PermissionMissing));
        }
        let tenant = self.who.caller.tenant;
        let bounds = Bounds { items: PAGE.items.min((MOST - self.rows) as u32), ..PAGE };
        let found = page(&self.app, tenant, &self.filter, cursor.as_ref(), bounds).await?;
        let mut text = self.lines(&found.items).await?;
        self.rows += found.items.len();
        self.pages += 1;
        match found.next {
            Some(_) if self.rows >= MOST || self.pages >= MOST_PAGES => {
                let params = Map::from_iter([("limit".to_owned(), MOST.into())]);
                let cut = messages::render("audit.cut", &params, self.who.caller.locale);
                let mut cells = vec![cut];
                cells.resize(self.dialect.columns(), String::new());
                text += &self.dialect.line(&cells);
            }
            Some(next) => self.next = Next::Page(Some(next)),
            None => {}
        }
        Ok(Some(text))
    }

    async fn lines(&self, items: &[Item]) -> Result<String, Problem> {
        let words = Words::of(&self.app, &self.who.caller, items).await?;
        if self.dialect == Dialect::Plain {
            return Ok(items.iter().map(|item| self.dialect.line(&for_programs(item, &words))).collect());
        }
        let instants: Vec<OffsetDateTime> = items.iter().map(|item| item.at).collect();
        let mut tx = self.app.core.db.tenant(self.who.caller.tenant).await?;
        let local = zone::local(&mut tx, &self.zone, self.who.caller.locale, &instants).await?.unwrap_or_default();
        let rows = items.iter().zip(local);
        let line = |(item, local): (&Item, Local)| {
            let zone = format!("{} ({})", self.zone, local.offset);
            self.dialect.line(&for_people(item, &words, &local.at, &zone))
        };
        Ok(rows.map(line).collect())
    }
}

fn for_programs(item: &Item, words: &Words<'_>) -> [String; COLUMNS.len()] {
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    [
        instant(item.at).unwrap_or_default(),
        item.source.as_str().into(),
        item.actor.to_string(),
        text(words.actor_name(item)),
        kind(item).into(),
        item.act.clone(),
        item.object.clone(),
        item.outcome.clone(),
        item.trace.0.clone(),
        item.id.clone(),
        item.count.to_string(),
        text(item.plugin.as_deref()),
        text(item.grant.as_deref()),
        text(item.origin.as_deref()),
        item.change.as_ref().map(ToString::to_string).unwrap_or_default(),
        words.thing(item).unwrap_or_default(),
        words.sentence(item),
    ]
}

fn for_people(item: &Item, words: &Words<'_>, at: &str, zone: &str) -> [String; FOR_PEOPLE.len()] {
    [
        at.to_owned(),
        zone.to_owned(),
        words.sentence(item),
        words.who(item),
        words.thing(item).unwrap_or_default(),
        words.outcome(item),
        words.source(item),
        item.count.to_string(),
        words.changed(item).join(", "),
        item.origin.clone().unwrap_or_default(),
        item.act.clone(),
        item.object.clone(),
        item.outcome.clone(),
        item.trace.0.clone(),
        item.id.clone(),
        instant(item.at).unwrap_or_default(),
    ]
}

/// A spreadsheet takes what begins with one of these for a formula; behind an apostrophe it is text.
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// Some spreadsheets split at `;`, a tab or a `,` as well, and a cell begins there for them. A text with the file's own `,`
/// is in quotes as a whole.
fn cell(text: &str, separator: char) -> String {
    let mut safe = String::with_capacity(text.len() + 1);
    let mut begins = true;
    for character in text.chars() {
        if begins && FORMULA.contains(&character) {
            safe.push('\'');
        }
        safe.push(character);
        begins = matches!(character, ';' | '\t' | '\n') || (character == ',' && separator != ',');
    }
    let text = safe;
    if text.contains(['"', separator, '\r', '\n']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_quoted_where_it_must_be_and_never_a_formula() {
        for (text, written) in [
            ("plain", "plain"),
            ("", ""),
            ("a,b", "\"a,b\""),
            ("say \"hi\"", "\"say \"\"hi\"\"\""),
            ("two\r\nlines", "\"two\r\nlines\""),
            ("=1+1", "'=1+1"),
            ("+49", "'+49"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "'\t'=1"),
            ("x;=1+1;-1", "x;'=1+1;'-1"),
            ("\r=1", "\"'\r=1\""),
            ("=HYPERLINK(\"x\",\"y\")", "\"'=HYPERLINK(\"\"x\"\",\"\"y\"\")\""),
        ] {
            assert_eq!(cell(text, ','), written);
        }
        assert_eq!((cell("a,b", ';'), cell("a;b", ';')), ("a,b".into(), "\"a;b\"".into()));
        assert_eq!((cell("a,=1+1", ';'), cell("a,=1+1", ',')), ("a,'=1+1".into(), "\"a,=1+1\"".into()));
    }

    #[test]
    fn excel_is_told_the_encoding_and_a_german_one_gets_semicolons() {
        let dialect = |name, locale| Dialect::of(name, locale).ok();
        assert_eq!(dialect(None, Locale::De), Some(Dialect::Plain));
        assert_eq!(dialect(Some("excel"), Locale::De), Some(Dialect::Excel { separator: ';' }));
        assert_eq!(dialect(Some("excel"), Locale::En), Some(Dialect::Excel { separator: ',' }));
        assert_eq!(dialect(Some("tsv"), Locale::En), None);
        assert!(Dialect::Plain.head(Locale::En).starts_with("at,source,"));
        assert!(
            Dialect::Excel { separator: ';' }
                .head(Locale::De)
                .as_bytes()
                .starts_with(b"\xef\xbb\xbfZeit;Zeitzone;Was geschah;")
        );
    }
}
