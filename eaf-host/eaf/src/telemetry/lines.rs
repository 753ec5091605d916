//! Log lines, as JSON or for people: time, level, message, the event's fields, then those of the
//! enclosing spans, the innermost first and each name once. Every line within a span with a
//! `trace_id` has this id.

use eaf_capability::text::plain;
use serde_json::{Map, Value};
use std::fmt;
use std::sync::LazyLock;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::fmt::FmtContext;
use tracing_subscriber::fmt::format::{FormatEvent, FormatFields, Writer};
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

/// Layer of `tracing` that stores the fields of each span, for the log lines within the span.
pub struct SpanFields;

struct Fields(Map<String, Value>);

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for SpanFields {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        store(&context, id, |visitor| attributes.record(visitor));
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        store(&context, id, |visitor| values.record(visitor));
    }
}

fn store<S>(context: &Context<'_, S>, id: &Id, record: impl FnOnce(&mut dyn Visit))
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    let Some(span) = context.span(id) else { return };
    let mut extensions = span.extensions_mut();
    let mut members = Members(extensions.remove::<Fields>().map(|fields| fields.0).unwrap_or_default());
    record(&mut members);
    extensions.insert(Fields(members.0));
}

/// Collects the message of an event, and its fields with those of the enclosing spans.
fn collect<S, N>(context: &FmtContext<'_, S, N>, event: &Event<'_>) -> (String, Map<String, Value>)
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    let mut members = Members(Map::new());
    event.record(&mut members);
    let Members(mut fields) = members;
    let message = fields.shift_remove("message").and_then(|message| message.as_str().map(str::to_string));
    for span in context.event_scope().into_iter().flatten() {
        if let Some(Fields(outer)) = span.extensions().get::<Fields>() {
            for (name, value) in outer {
                fields.entry(name.clone()).or_insert_with(|| value.clone());
            }
        }
    }
    (message.unwrap_or_default(), fields)
}

/// Format of log lines for programs: one JSON object per line.
pub struct Json;

impl<S, N> FormatEvent<S, N> for Json
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, context: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let (message, fields) = collect(context, event);
        let now = OffsetDateTime::now_utc().format(&Rfc3339).map_err(|_| fmt::Error)?;
        let mut line = Map::new();
        line.insert("time".into(), now.into());
        line.insert("level".into(), event.metadata().level().as_str().into());
        line.insert("target".into(), event.metadata().target().into());
        line.insert("message".into(), message.into());
        for (name, value) in fields {
            line.entry(name).or_insert(value);
        }
        writeln!(writer, "{}", Value::Object(line))
    }
}

/// Format of log lines for people. The trace id comes last, to be copied. Values are quoted and
/// escaped, so that a guest's text cannot forge a line or a field.
pub struct Readable;

impl<S, N> FormatEvent<S, N> for Readable
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, context: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let (message, mut fields) = collect(context, event);
        let trace = fields.shift_remove("trace_id");
        let now = OffsetDateTime::now_utc().time();
        let (dim, bright) = if writer.has_ansi_escapes() { ("\x1b[2m", "\x1b[0m") } else { ("", "") };
        let time = format!("{:02}:{:02}:{:02}.{:03}", now.hour(), now.minute(), now.second(), now.millisecond());
        write!(writer, "{dim}{time}{bright} {:<5} {}{dim}", event.metadata().level(), plain::line(&message))?;
        for (name, value) in fields.iter().chain(trace.as_ref().map(|trace| (&*TRACE, trace))) {
            match value {
                Value::String(text) => write!(writer, " {name}={}", plain::value(text))?,
                other => write!(writer, " {name}={other}")?,
            }
        }
        writeln!(writer, "{bright}")
    }
}

static TRACE: LazyLock<String> = LazyLock::new(|| "trace_id".to_string());

struct Members(Map<String, Value>);

impl Visit for Members {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.insert(field.name().into(), format!("{value:?}").into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().into(), value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.0.insert(field.name().into(), value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.0.insert(field.name().into(), value.into());
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.0.insert(field.name().into(), value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.0.insert(field.name().into(), value.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::sync::{Arc, Mutex};
    use tracing_subscriber::fmt::format::DefaultFields;
    use tracing_subscriber::layer::SubscriberExt;

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl Write for Written {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().expect("not poisoned").extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    /// Log lines of two events: one within the span of a request, and one outside any span.
    fn logged<E>(format: E) -> String
    where
        E: FormatEvent<tracing_subscriber::layer::Layered<SpanFields, tracing_subscriber::Registry>, DefaultFields>
            + Send
            + Sync
            + 'static,
    {
        written(format, || {
            let request = tracing::info_span!("request", trace_id = "4bf9", status = 1);
            let step = tracing::info_span!(parent: &request, "step", trace_id = "4bf9", view = tracing::field::Empty);
            step.record("view", "vms");
            step.in_scope(|| tracing::info!(rows = 3, status = 2, "projected"));
            tracing::info!("outside");
        })
    }

    fn written<E>(format: E, log: impl FnOnce()) -> String
    where
        E: FormatEvent<tracing_subscriber::layer::Layered<SpanFields, tracing_subscriber::Registry>, DefaultFields>
            + Send
            + Sync
            + 'static,
    {
        let written = Written::default();
        let sink = written.clone();
        let lines =
            tracing_subscriber::fmt::layer().with_ansi(false).event_format(format).with_writer(move || sink.clone());
        tracing::subscriber::with_default(tracing_subscriber::registry().with(SpanFields).with(lines), log);
        let bytes = written.0.lock().expect("not poisoned").clone();
        String::from_utf8(bytes).expect("UTF-8")
    }

    #[test]
    fn a_json_line_has_the_fields_of_its_spans_and_its_own_have_priority() {
        let text = logged(Json);
        let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        assert_eq!(lines[0]["trace_id"], "4bf9");
        assert_eq!(lines[0]["message"], "projected");
        assert_eq!((&lines[0]["rows"], &lines[0]["status"]), (&Value::from(3), &Value::from(2)));
        assert_eq!(lines[0]["view"], "vms");
        assert_eq!(lines[1].get("trace_id"), None);
    }

    #[test]
    fn a_readable_line_has_each_field_once_and_the_trace_id_last() {
        let text = logged(Readable);
        let first = text.lines().next().expect("a line");
        assert!(first.ends_with("INFO  projected rows=3 status=2 view=vms trace_id=4bf9"), "{first}");
    }

    #[test]
    fn a_guests_text_cannot_forge_a_line_or_a_field() {
        let forged = "no\n12:00:00.000 ERROR the host is lost trace_id=1\x1b[2K\r12:00:01.000";
        let text = written(Readable, || {
            tracing::warn!(untrusted_guest_text = forged, error = %forged, "a workflow says");
            tracing::warn!("{forged}");
        });
        assert_eq!(text.lines().count(), 2, "{text}");
        assert!(!text.contains(['\r', '\x1b']), "{text}");
        let escaped = r"no\n12:00:00.000 ERROR the host is lost trace_id=1\u001b[2K\r12:00:01.000";
        let fields = format!("WARN  a workflow says untrusted_guest_text=\"{escaped}\" error=\"{escaped}\"");
        assert!(text.lines().next().expect("a line").ends_with(&fields), "{text}");
    }
}
