//! `GET /api/host/audit.csv`: the filtered audit trail as a file (RFC 4180), streamed.

use super::audit::{AuditQuery, filters, kind, look_up, page, parse};
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

/// Maximum number of rows in one file. If further rows exist, an additional last line says so.
const MAX_ROWS: usize = 100_000;
/// Maximum number of queries for one file, so that a filter with few matches does not read a whole
/// log.
const MAX_PAGES: usize = 500;
const PAGE: Bounds = Bounds { items: 1_000, examined: 20_000 };
#[rustfmt::skip]
const COLUMNS: [&str; 17] = [
    "at", "source", "actor", "actor_name", "actor_kind", "act", "object", "outcome", "trace_id", "id",
    "count", "plugin", "grant", "origin", "change", "thing", "sentence",
];
/// Columns of a file for Excel, which people read: texts first, codes last.
#[rustfmt::skip]
const EXCEL_COLUMNS: [&str; 16] = [
    "at", "zone", "sentence", "actor_name", "thing", "outcome_text", "source", "count", "change",
    "origin", "act", "object", "outcome", "trace_id", "id", "utc",
];
const ZONE: &str = "zone";
const MAX_ZONE_LENGTH: usize = 64;
const DIALECT: &str = "dialect";
const LANGUAGE: &str = "language";

/// Format of the exported file. Excel needs a byte order mark to read UTF-8, and a German Excel
/// separates columns by semicolons.
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
                    EXCEL_COLUMNS.map(|name| messages::render(&format!("audit.columns.{name}"), &Map::new(), locale));
                format!("\u{feff}{}", self.line(&titles))
            }
        }
    }

    fn columns(self) -> usize {
        match self {
            Dialect::Plain => COLUMNS.len(),
            Dialect::Excel { .. } => EXCEL_COLUMNS.len(),
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
    let doc = filters(Entry::new("host.audit.csv", "host", "The audit trail as a file"))
        .query(
            DIALECT,
            json!({ "enum": ["rfc4180", "excel"], "default": "rfc4180" }),
            "`excel`: for people, with a byte order mark, in German with semicolons, times of the zone.",
        )
        .query(
            ZONE,
            json!({ "type": "string", "maxLength": MAX_ZONE_LENGTH, "pattern": "^[A-Za-z0-9_+/-]+$", "default": "UTC" }),
            "With `excel`: the time zone, such as `Europe/Berlin`.",
        )
        .query(
            LANGUAGE,
            json!({ "enum": ["de", "en"] }),
            "The language of the file. Default: the caller's.",
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
    let slot = app.exports.acquire(who.caller.tenant, who.caller.actor);
    let slot = slot.ok_or_else(|| Problem::new(Code::TooManyRequests))?;
    who.record(&app, "audit.export", "audit", "ok").await?;
    let name = format!("audit-{}-{}.csv", who.tenant.slug, app.core.ambient.now().date());
    // Release the tenant's permit: the export may take long.
    who.permit = None;
    who.caller.locale = locale;
    let export = Export { dialect, zone, app, who, filter, next: Next::Head, rows: 0, pages: 0, _slot: slot };
    let chunks = stream::unfold(export, |mut export| async move {
        // The headers are sent: an error can only cut the file off. Its cause is logged.
        let chunk = export.chunk().await.map_err(|_| std::io::Error::other("the export failed")).transpose()?;
        Some((chunk, export))
    });
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
    ];
    Ok((headers, Body::from_stream(chunks)).into_response())
}

fn parse_export(parameters: &Parameters) -> Result<(Filter, Option<String>), Problem> {
    let AuditQuery { filter, cursor, thing } = parse(parameters, |name| [DIALECT, ZONE, LANGUAGE].contains(&name))?;
    if cursor.is_some() {
        return Err(Problem::parameter("cursor", "unknown"));
    }
    Ok((filter, thing))
}

/// Language of the exported file, which may differ from the caller's.
fn language(parameters: &Parameters, callers: Locale) -> Result<Locale, Problem> {
    match parameters.get(LANGUAGE) {
        None => Ok(callers),
        Some("de") => Ok(Locale::De),
        Some("en") => Ok(Locale::En),
        Some(_) => Err(Problem::parameter(LANGUAGE, "invalid")),
    }
}

/// Checks, before the response starts, that the database knows the time zone.
async fn zone(app: &App, who: &TenantCaller, zone: &str) -> Result<String, Problem> {
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"_+/-".contains(&byte);
    let fits = (1..=MAX_ZONE_LENGTH).contains(&zone.len()) && zone.bytes().all(is_name);
    if fits {
        let mut tx = app.core.db.tenant(who.caller.tenant).await?;
        let local = zone::local(&mut tx, zone, Locale::En, &[OffsetDateTime::UNIX_EPOCH]).await?;
        if local.is_some() {
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
    /// Next chunk of the file; `None`: the file is complete.
    async fn chunk(&mut self) -> Result<Option<String>, Problem> {
        let cursor = match std::mem::replace(&mut self.next, Next::End) {
            Next::Head => {
                self.next = Next::Page(None);
                return Ok(Some(self.dialect.head(self.who.caller.locale)));
            }
            Next::Page(cursor) => cursor,
            Next::End => return Ok(None),
        };
        if !self.who.is_still_valid(&self.app).await? {
            return Err(Problem::new(Code::PermissionMissing));
        }
        let tenant = self.who.caller.tenant;
        let bounds = Bounds { items: PAGE.items.min((MAX_ROWS - self.rows) as u32), ..PAGE };
        let found = page(&self.app, tenant, &self.filter, cursor.as_ref(), bounds).await?;
        let mut text = self.lines(&found.items).await?;
        self.rows += found.items.len();
        self.pages += 1;
        match found.next {
            Some(_) if self.rows >= MAX_ROWS || self.pages >= MAX_PAGES => {
                let params = Map::from_iter([("limit".to_owned(), MAX_ROWS.into())]);
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
            return Ok(items.iter().map(|item| self.dialect.line(&plain_cells(item, &words))).collect());
        }
        let instants: Vec<OffsetDateTime> = items.iter().map(|item| item.at).collect();
        let mut tx = self.app.core.db.tenant(self.who.caller.tenant).await?;
        let local = zone::local(&mut tx, &self.zone, self.who.caller.locale, &instants).await?.unwrap_or_default();
        let rows = items.iter().zip(local);
        let line = |(item, local): (&Item, Local)| {
            let zone = format!("{} ({})", self.zone, local.offset);
            self.dialect.line(&excel_cells(item, &words, &local.at, &zone))
        };
        Ok(rows.map(line).collect())
    }
}

fn plain_cells(item: &Item, words: &Words<'_>) -> [String; COLUMNS.len()] {
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

fn excel_cells(item: &Item, words: &Words<'_>, at: &str, zone: &str) -> [String; EXCEL_COLUMNS.len()] {
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

/// Characters that begin a formula in spreadsheets. An apostrophe before one makes the cell a text.
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// Encodes the text of a cell. Spreadsheets may also split a line at `;`, tab or `,`, so a formula
/// is prevented after each of these characters. A text that contains the file's own separator is
/// quoted instead.
fn cell(text: &str, separator: char) -> String {
    let mut safe = String::with_capacity(text.len() + 1);
    let mut at_start = true;
    for character in text.chars() {
        if at_start && FORMULA.contains(&character) {
            safe.push('\'');
        }
        safe.push(character);
        at_start = matches!(character, ';' | '\t' | '\n') || (character == ',' && separator != ',');
    }
    let text = safe;
    if text.contains(['"', separator, '\r', '\n']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_when_needed_and_never_formulas() {
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
    fn excel_gets_a_byte_order_mark_and_a_german_one_semicolons() {
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
                .starts_with(b"\xef\xbb\xbfZeit;Zeitzone;Was ist geschehen;")
        );
    }
}
