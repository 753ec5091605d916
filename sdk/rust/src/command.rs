//! Decisions: a command, the streams it needs, and the events it leads to or the reason why not.

use crate::document::{self, FieldError, NewEvent, Rejection, RejectionKind, Subject};
use crate::{Boundary, Context, Event, Streams};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

pub use document::Accepted;

/// A command. The type is its body.
pub trait Command: DeserializeOwned + JsonSchema {
    const NAME: &'static str;
    const VERSION: u16 = 1;
    /// None: only the system (a workflow) may give it. Checked before `decide`.
    const PERMISSION: Option<&'static str>;

    /// The streams that this command reads or guards. Asked again with what was loaded, until it names nothing new.
    fn boundary(&self, ctx: &Context, loaded: &Streams) -> Boundary;

    fn decide(self, ctx: &Context, streams: &Streams) -> Result<Accepted, Rejection>;
}

/// May this caller give this command at all?
pub fn permitted<C: Command>(ctx: &Context) -> Result<(), Rejection> {
    match C::PERMISSION {
        Some(permission) if ctx.may(permission) => Ok(()),
        Some(permission) => Err(Rejection::forbidden("not-permitted").param("permission", permission)),
        None if ctx.actor.kind == crate::ActorKind::System => Ok(()),
        None => Err(Rejection::forbidden("system-only")),
    }
}

impl Accepted {
    /// Nothing happened, and that is fine: the command asked for what is already so.
    pub fn nothing() -> Self {
        Accepted::default()
    }

    pub fn event<E: Event>(mut self, stream: impl Into<String>, event: E) -> Self {
        let data = serde_json::to_value(event).expect("events are plain data");
        self.events.push(NewEvent { stream: stream.into(), kind: E::TYPE.into(), schema: E::SCHEMA, data });
        self
    }

    /// The view row that shows what the command was about.
    pub fn subject(mut self, view: &str, key: impl Into<String>) -> Self {
        self.subject = Some(Subject { view: view.into(), key: key.into() });
        self
    }

    /// What it would come to, for whoever is still filling in the form (`?dry-run`): a price, who would have to decide.
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

    /// Several at once.
    pub fn params(mut self, params: Map<String, Value>) -> Self {
        self.params.extend(params);
        self
    }

    /// The member of the body that is to blame, said in the rejection's own words; give the params first.
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

/// Gathers what is wrong with a body, so that the caller is told everything at once.
#[derive(Debug, Default)]
pub struct Fields(Vec<FieldError>);

impl Fields {
    pub fn push(&mut self, error: FieldError) {
        self.0.push(error);
    }

    /// `range` is inclusive.
    pub fn within(&mut self, pointer: &str, code: &str, value: i64, range: std::ops::RangeInclusive<i64>) {
        if range.contains(&value) {
            return;
        }
        self.push(FieldError::new(pointer, code).param("min", *range.start()).param("max", *range.end()));
    }

    /// Length in characters, not bytes, of the text without space around it.
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
    fn a_conflict_names_the_member_it_is_about() {
        let rejection = Rejection::conflict("name-taken").param("name", "web").at("/name");
        let field = &rejection.fields[0];
        assert_eq!(
            (field.pointer.as_str(), field.code.as_str(), &field.params["name"]),
            ("/name", "name-taken", &"web".into())
        );
    }

    #[test]
    fn every_wrong_field_is_named_with_its_limits() {
        let mut fields = Fields::default();
        fields.within("/cpus", "cpus-out-of-range", 9, 1..=8);
        fields.length("/note", "note", "   short   ", 10..=20);
        let rejection = fields.into_result("invalid").unwrap_err();
        let found: Vec<_> = rejection.fields.iter().map(|f| (f.pointer.as_str(), f.code.as_str())).collect();
        assert_eq!(found, [("/cpus", "cpus-out-of-range"), ("/note", "note-too-short")]);
        assert_eq!(rejection.fields[0].params["max"], 8);
    }
}
