//! Commands of a plugin. A command is decided on the streams that it needs; the result is events or
//! a rejection.

use crate::document::{self, FieldError, NewEvent, Rejection, RejectionKind, Subject};
use crate::{Boundary, Context, Event, Streams};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

pub use document::Accepted;

/// Command of a plugin. The type that implements this trait is the command's body.
pub trait Command: DeserializeOwned + JsonSchema {
    const NAME: &'static str;
    const VERSION: u16 = 1;
    /// Permission that the caller needs, checked before `decide`. `None`: only the system (a
    /// workflow) may give the command.
    const PERMISSION: Option<&'static str>;

    /// Streams that the command reads or guards. The host loads the streams and calls the function
    /// again with them, until the result names no further stream.
    fn boundary(&self, ctx: &Context, loaded: &Streams) -> Boundary;

    fn decide(self, ctx: &Context, streams: &Streams) -> Result<Accepted, Rejection>;
}

/// Checks whether the caller holds the permission of the command `C`. The command's rules are not
/// checked.
pub fn permitted<C: Command>(ctx: &Context) -> Result<(), Rejection> {
    match C::PERMISSION {
        Some(permission) if ctx.may(permission) => Ok(()),
        Some(permission) => Err(Rejection::forbidden("not-permitted").param("permission", permission)),
        None if ctx.actor.kind == crate::ActorKind::System => Ok(()),
        None => Err(Rejection::forbidden("system-only")),
    }
}

impl Accepted {
    /// Accepts the command without events, because the command asks for a state that already
    /// exists.
    pub fn nothing() -> Self {
        Accepted::default()
    }

    pub fn event<E: Event>(mut self, stream: impl Into<String>, event: E) -> Self {
        let data = serde_json::to_value(event).expect("events are plain data");
        self.events.push(NewEvent { stream: stream.into(), kind: E::TYPE.into(), schema: E::SCHEMA, data });
        self
    }

    /// Sets the command's subject: the row of a view that shows the thing, such as a request, which
    /// the command concerns.
    pub fn subject(mut self, view: &str, key: impl Into<String>) -> Self {
        self.subject = Some(Subject { view: view.into(), key: key.into() });
        self
    }

    /// Sets the expected outcome, such as a price or the approvers, for the answer to a rehearsal
    /// (`?dry-run`).
    pub fn preview(mut self, preview: Map<String, Value>) -> Self {
        self.preview = Some(preview);
        self
    }
}

impl Rejection {
    pub fn invalid(code: &str) -> Self {
        Self::new(RejectionKind::Invalid, code)
    }

    pub fn conflict(code: &str) -> Self {
        Self::new(RejectionKind::Conflict, code)
    }

    pub fn forbidden(code: &str) -> Self {
        Self::new(RejectionKind::Forbidden, code)
    }

    pub fn not_found(code: &str) -> Self {
        Self::new(RejectionKind::NotFound, code)
    }

    pub fn param(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.params.insert(name.into(), value.into());
        self
    }

    pub fn params(mut self, params: Map<String, Value>) -> Self {
        self.params.extend(params);
        self
    }

    /// Adds an error for the member of the body that caused the rejection. The error copies the
    /// rejection's code and parameters, so call `param` before `at`.
    pub fn at(mut self, pointer: &str) -> Self {
        self.fields.push(FieldError { pointer: pointer.into(), code: self.code.clone(), params: self.params.clone() });
        self
    }

    fn new(kind: RejectionKind, code: &str) -> Self {
        Rejection { kind, code: code.into(), params: Map::new(), fields: Vec::new() }
    }
}

impl FieldError {
    pub fn new(pointer: &str, code: &str) -> Self {
        FieldError { pointer: pointer.into(), code: code.into(), params: Map::new() }
    }

    pub fn param(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.params.insert(name.into(), value.into());
        self
    }
}

/// Collector of the errors in a command's body, so that the caller gets all of them in one answer.
#[derive(Debug, Default)]
pub struct Fields(Vec<FieldError>);

/// Maximum number of errors that [`Fields`] collects. The host refuses a rejection with too many.
const ERRORS_MAX: usize = 100;

impl Fields {
    /// Adds an error; does nothing if there are [`ERRORS_MAX`] errors already.
    pub fn push(&mut self, error: FieldError) {
        if self.0.len() < ERRORS_MAX {
            self.0.push(error);
        }
    }

    /// Adds an error with `code` unless the number is in the inclusive `range`.
    pub fn within(&mut self, pointer: &str, code: &str, value: i64, range: std::ops::RangeInclusive<i64>) {
        if range.contains(&value) {
            return;
        }
        self.push(FieldError::new(pointer, code).param("min", *range.start()).param("max", *range.end()));
    }

    /// Adds an error unless the text's length is in the inclusive `range`. The length is that of
    /// the text without surrounding white space, in characters, not bytes.
    pub fn length(&mut self, pointer: &str, code: &str, text: &str, range: std::ops::RangeInclusive<usize>) {
        let length = text.trim().chars().count();
        let which = if length < *range.start() { "too-short" } else { "too-long" };
        if range.contains(&length) {
            return;
        }
        let error = FieldError::new(pointer, &format!("{code}-{which}"));
        self.push(error.param("min", *range.start()).param("max", *range.end()).param("length", length));
    }

    pub fn into_result(self, code: &str) -> Result<(), Rejection> {
        if self.0.is_empty() {
            return Ok(());
        }
        Err(Rejection { fields: self.0, ..Rejection::invalid(code) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn length_counts_characters_and_not_bytes() {
        let mut fields = Fields::default();
        fields.length("/note", "note", "ääääääääää", 10..=10);
        assert!(fields.into_result("invalid").is_ok());
    }

    #[test]
    fn a_conflict_names_the_member_that_caused_it() {
        let rejection = Rejection::conflict("name-taken").param("name", "web").at("/name");
        let field = &rejection.fields[0];
        assert_eq!(
            (field.pointer.as_str(), field.code.as_str(), &field.params["name"]),
            ("/name", "name-taken", &"web".into())
        );
    }

    #[test]
    fn at_most_100_errors_are_reported() {
        let mut fields = Fields::default();
        (0..1_000).for_each(|number| fields.push(FieldError::new(&format!("/{number}"), "unknown")));
        let rejection = fields.into_result("invalid").unwrap_err();
        assert_eq!(rejection.fields.len(), ERRORS_MAX);
        assert_eq!(rejection.fields.last().unwrap().pointer, "/99");
    }

    #[test]
    fn every_invalid_field_is_reported_with_its_limits() {
        let mut fields = Fields::default();
        fields.within("/cpus", "cpus-out-of-range", 9, 1..=8);
        fields.length("/note", "note", "   short   ", 10..=20);
        let rejection = fields.into_result("invalid").unwrap_err();
        let found: Vec<_> = rejection.fields.iter().map(|f| (f.pointer.as_str(), f.code.as_str())).collect();
        assert_eq!(found, [("/cpus", "cpus-out-of-range"), ("/note", "note-too-short")]);
        assert_eq!(rejection.fields[0].params["max"], 8);
    }
}
