//! `GET /api/host/audit.csv`: the audit with the same filters as a file (RFC 4180), written while it is read.

use super::audit::{filters, kind, names, page, parse};
use super::instant;
use crate::http::App;
use crate::http::caller::TenantCaller;
use crate::http::code::Code;
use crate::http::messages;
use crate::http::operation::{Entry, Operation};
use crate::http::parameters::Parameters;
use crate::http::problem::Problem;
use crate::http::slots::Permit;
use axum::body::Body;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use eaf_core::actor::Locale;
use eaf_core::audit::trail::{Bounds, Cursor, Filter};
use futures_util::stream;
use serde_json::{Map, json};

/// Rows of one file. More are for a narrower filter; the last row says so.
const MOST: usize = 100_000;
/// A filter that finds little must not read the whole log of years in one file.
const MOST_PAGES: usize = 500;
const PAGE: Bounds = Bounds { items: 1_000, examined: 20_000 };
#[rustfmt::skip]
const COLUMNS: [&str; 15] = [
    "at", "source", "actor", "actor_name", "actor_kind", "act", "object", "outcome", "trace_id", "id",
    "count", "plugin", "grant", "origin", "change",
];
const DIALECT: &str = "dialect";

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

    fn head(self) -> String {
        match self {
            Dialect::Plain => self.line(COLUMNS),
            Dialect::Excel { .. } => format!("\u{feff}{}", self.line(COLUMNS)),
        }
    }

    fn line(self, cells: [&str; COLUMNS.len()]) -> String {
        let separator = match self {
            Dialect::Plain => ',',
            Dialect::Excel { separator } => separator,
        };
        cells.map(|text| cell(text, separator)).join(&separator.to_string()) + "\r\n"
    }
}

pub fn operation() -> Operation {
    let doc = filters(Entry::new("host.audit.csv", "host", "The audit as a file"))
        .query(
            DIALECT,
            json!({ "enum": ["rfc4180", "excel"], "default": "rfc4180" }),
            "excel: with a byte order mark, and in German with semicolons.",
        )
        .answers_as("200", "At most 100,000 rows, newest first.", "text/csv", json!({ "type": "string" }))
        .refuses(&[Code::QueryInvalid, Code::PermissionMissing]);
    Operation { method: "get", path: "/api/host/audit.csv", route: get(export), doc: doc.done() }
}

async fn export(State(app): State<App>, mut who: TenantCaller, parameters: Parameters) -> Result<Response, Problem> {
    who.require(&app, "host.audit", "audit.export", "audit").await?;
    let (filter, dialect) = parse_export(&parameters, who.caller.locale)?;
    let slot = app.exports.enter(who.caller.tenant, who.caller.actor);
    let slot = slot.ok_or_else(|| Problem::new(Code::TooManyRequests))?;
    who.record(&app, "audit.export", "audit", "ok").await?;
    let name = format!("audit-{}-{}.csv", who.tenant.slug, app.core.world.now().date());
    // Others of the tenant do not wait for the end of a file.
    who.work = None;
    let export = Export { dialect, app, who, filter, next: Next::Head, rows: 0, pages: 0, _slot: slot };
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

fn parse_export(parameters: &Parameters, locale: Locale) -> Result<(Filter, Dialect), Problem> {
    let (filter, cursor) = parse(parameters, |name| name == DIALECT)?;
    if cursor.is_some() {
        return Err(Problem::parameter("cursor", "unknown"));
    }
    Ok((filter, Dialect::of(parameters.get(DIALECT), locale)?))
}

struct Export {
    dialect: Dialect,
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
                return Ok(Some(self.dialect.head()));
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
        let names = names(&self.app, tenant, &found.items).await?;
        let mut text = String::new();
        for item in &found.items {
            let at = instant(item.at).unwrap_or_default();
            let count = item.count.to_string();
            let change = item.change.as_ref().map(ToString::to_string).unwrap_or_default();
            let (actor, name) = (item.actor.to_string(), names.get(&item.actor).map_or("", String::as_str));
            text += &self.dialect.line([
                &at,
                item.source.as_str(),
                &actor,
                name,
                kind(item),
                &item.act,
                &item.object,
                &item.outcome,
                &item.trace.0,
                &item.id,
                &count,
                item.plugin.as_deref().unwrap_or_default(),
                item.grant.as_deref().unwrap_or_default(),
                item.origin.as_deref().unwrap_or_default(),
                &change,
            ]);
        }
        self.rows += found.items.len();
        self.pages += 1;
        match found.next {
            Some(_) if self.rows >= MOST || self.pages >= MOST_PAGES => {
                let params = Map::from_iter([("limit".to_owned(), MOST.into())]);
                let cut = messages::render("audit.cut", &params, self.who.caller.locale);
                let cells = std::array::from_fn::<_, { COLUMNS.len() }, _>(|n| if n == 0 { cut.as_str() } else { "" });
                text += &self.dialect.line(cells);
            }
            Some(next) => self.next = Next::Page(Some(next)),
            None => {}
        }
        Ok(Some(text))
    }
}

/// A spreadsheet takes what begins with one of these for a formula; behind an apostrophe it is text.
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// Some spreadsheets split at `;` or a tab as well, and a cell begins there for them.
fn cell(text: &str, separator: char) -> String {
    let mut safe = String::with_capacity(text.len() + 1);
    let mut begins = true;
    for character in text.chars() {
        if begins && FORMULA.contains(&character) {
            safe.push('\'');
        }
        safe.push(character);
        begins = matches!(character, ';' | '\t' | '\n');
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
    }

    #[test]
    fn excel_is_told_the_encoding_and_a_german_one_gets_semicolons() {
        let dialect = |name, locale| Dialect::of(name, locale).ok();
        assert_eq!(dialect(None, Locale::De), Some(Dialect::Plain));
        assert_eq!(dialect(Some("excel"), Locale::De), Some(Dialect::Excel { separator: ';' }));
        assert_eq!(dialect(Some("excel"), Locale::En), Some(Dialect::Excel { separator: ',' }));
        assert_eq!(dialect(Some("tsv"), Locale::En), None);
        assert!(Dialect::Plain.head().starts_with("at,source,"));
        assert!(Dialect::Excel { separator: ';' }.head().as_bytes().starts_with(b"\xef\xbb\xbfat;source;"));
    }
}
