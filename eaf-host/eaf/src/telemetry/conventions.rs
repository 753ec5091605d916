//! Names and attributes of exported spans, by OpenTelemetry's semantic conventions.
//!
//! The tables are complete: a field that they do not name is not exported. So neither personal data
//! nor a secret can leave the host by a field that is meant for the log alone.

use opentelemetry::trace::{SpanKind, Status};
use opentelemetry::{KeyValue, Value};
use opentelemetry_sdk::trace::{SpanData, SpanEvents};

/// Exported kind of a span.
struct Kind {
    /// Name of the span in the host's code.
    span: &'static str,
    kind: SpanKind,
    /// Field whose value follows the name, to tell spans of the same kind apart.
    subject: Option<&'static str>,
    /// Attributes that all spans of this kind have.
    attributes: &'static [(&'static str, &'static str)],
}

const DATABASE: &[(&str, &str)] = &[("db.system.name", "postgresql")];

const KINDS: &[Kind] = &[
    Kind { span: "request", kind: SpanKind::Server, subject: Some("http.route"), attributes: &[] },
    Kind { span: "command", kind: SpanKind::Internal, subject: Some("eaf.command"), attributes: &[] },
    Kind { span: "load", kind: SpanKind::Client, subject: None, attributes: DATABASE },
    Kind { span: "decide", kind: SpanKind::Internal, subject: None, attributes: &[] },
    Kind { span: "append", kind: SpanKind::Client, subject: None, attributes: DATABASE },
    Kind { span: "view", kind: SpanKind::Client, subject: Some("eaf.view"), attributes: DATABASE },
    Kind { span: "run", kind: SpanKind::Consumer, subject: Some("eaf.workflow"), attributes: &[] },
    Kind { span: "host_call", kind: SpanKind::Internal, subject: Some("eaf.function"), attributes: &[] },
    Kind {
        span: "vcenter",
        kind: SpanKind::Client,
        subject: Some("rpc.method"),
        attributes: &[("rpc.system", "soap"), ("http.request.method", "POST")],
    },
    Kind { span: "smtp", kind: SpanKind::Client, subject: Some("eaf.smtp.operation"), attributes: &[] },
    Kind { span: "identity_provider", kind: SpanKind::Client, subject: None, attributes: &[] },
];

/// Attributes by the names of fields.
const ATTRIBUTES: &[(&str, &str)] = &[
    ("capability", "eaf.capability"),
    ("command", "eaf.command"),
    ("command_id", "eaf.command.id"),
    ("function", "eaf.function"),
    ("grant", "eaf.grant"),
    ("method", "http.request.method"),
    ("operation", "eaf.smtp.operation"),
    ("outcome", "eaf.outcome"),
    ("plugin", "eaf.product"),
    ("route", "http.route"),
    ("rpc_method", "rpc.method"),
    ("run", "eaf.run.id"),
    ("seq", "eaf.call.sequence"),
    ("server_address", "server.address"),
    ("server_port", "server.port"),
    ("status", "http.response.status_code"),
    ("tenant", "eaf.tenant.id"),
    ("view", "eaf.view"),
    ("workflow", "eaf.workflow"),
];

/// Values of `outcome` that are no errors of the host or of a system that it uses.
const GOOD: &[&str] = &["ok", "accepted", "rejected", "conflict", "key-reused", "changed", "overloaded"];

/// Gives a span its exported name, kind, attributes and status. Log lines within the span are not
/// exported.
pub fn apply(mut span: SpanData) -> SpanData {
    span.events = SpanEvents::default();
    let known = KINDS.iter().find(|kind| kind.span == span.name);
    let fields = std::mem::take(&mut span.attributes);
    span.attributes = fields.into_iter().filter_map(attribute).collect();
    if let Some(Kind { kind, subject, attributes, .. }) = known {
        span.span_kind = kind.clone();
        span.attributes.extend(attributes.iter().map(|(name, value)| KeyValue::new(*name, *value)));
        if let Some(value) = subject.and_then(|subject| value(&span, subject)) {
            let first = value_text(&span, "http.request.method").filter(|_| *kind == SpanKind::Server);
            span.name = format!("{} {value}", first.as_deref().unwrap_or(&span.name)).into();
        }
    }
    span.status = match error(&span) {
        Some(code) => {
            span.attributes.push(KeyValue::new("error.type", code));
            Status::error("")
        }
        None => Status::Unset,
    };
    span
}

fn attribute(field: KeyValue) -> Option<KeyValue> {
    let (_, name) = ATTRIBUTES.iter().find(|(name, _)| *name == field.key.as_str())?;
    Some(KeyValue::new(*name, field.value))
}

fn value<'a>(span: &'a SpanData, name: &str) -> Option<&'a Value> {
    span.attributes.iter().find(|attribute| attribute.key.as_str() == name).map(|attribute| &attribute.value)
}

fn value_text(span: &SpanData, name: &str) -> Option<String> {
    value(span, name).map(ToString::to_string)
}

/// Value of `error.type`: the status of a failed request, or the outcome of a failed call.
fn error(span: &SpanData) -> Option<String> {
    match value(span, "http.response.status_code") {
        Some(Value::I64(status)) if *status >= 500 => return Some(status.to_string()),
        Some(_) => return None,
        None => {}
    }
    value_text(span, "eaf.outcome").filter(|outcome| !GOOD.contains(&outcome.as_str()))
}
