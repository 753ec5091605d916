//! Position of spans in their distributed trace.
//!
//! An event keeps the span of the command that recorded it, so that the runs it starts continue
//! that trace, days later and on another host. Without an exporter of traces, spans have no
//! position.

use crate::actor::TraceId;
use opentelemetry::trace::{self, SpanContext, TraceContextExt, TraceFlags, TraceState};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// Position of a span in its trace, as a W3C `traceparent` header states it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    pub trace: TraceId,
    /// Span id: 16 lower-case hex digits.
    pub span: String,
}

impl Position {
    /// Position that a `traceparent` header states. `None`: the header is malformed.
    pub fn parse(traceparent: &str) -> Option<Position> {
        let mut parts = traceparent.split('-');
        let (version, trace, span) = (parts.next()?, parts.next()?, parts.next()?);
        let hex = |text: &str, length| {
            text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
        };
        let zero = |text: &str| text.bytes().all(|byte| byte == b'0');
        let good = hex(version, 2) && version != "ff" && hex(trace, 32) && !zero(trace) && hex(span, 16) && !zero(span);
        good.then(|| Position { trace: TraceId(trace.to_owned()), span: span.to_owned() })
    }

    /// Value of the header `traceparent` for a request to another system.
    pub fn traceparent(&self) -> String {
        format!("00-{}-{}-01", self.trace, self.span)
    }

    fn context(&self) -> Option<SpanContext> {
        let trace = trace::TraceId::from_hex(&self.trace.0).ok()?;
        let span = trace::SpanId::from_hex(&self.span).ok()?;
        let context = SpanContext::new(trace, span, TraceFlags::SAMPLED, true, TraceState::NONE);
        context.is_valid().then_some(context)
    }
}

/// Position of a span. `None`: no exporter of traces is set up.
pub fn position(span: &Span) -> Option<Position> {
    let context = span.context();
    let of_span = context.span();
    let of_span = of_span.span_context();
    let (trace, id) = (of_span.trace_id().to_string(), of_span.span_id().to_string());
    of_span.is_valid().then_some(Position { trace: TraceId(trace), span: id })
}

/// Position of the current span, if its trace is exported: another span may continue it later.
pub fn exported() -> Option<Position> {
    let context = Span::current().context();
    let sampled = context.span().span_context().is_sampled();
    sampled.then(|| position(&Span::current())).flatten()
}

/// Makes a span the child of one at `parent`, which may have ended on another host. Does nothing
/// without an exporter of traces, or if the span was entered before.
pub fn continue_from(span: &Span, parent: &Position) {
    if let Some(parent) = parent.context() {
        // An error means that nothing is exported, or that the span has a parent already.
        let _ = span.set_parent(opentelemetry::Context::new().with_remote_span_context(parent));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

    #[test]
    fn a_traceparent_is_read_only_if_it_is_well_formed() {
        let trace = |value: &str| Position::parse(value).map(|position| position.trace.0);
        assert_eq!(trace(&format!("00-{TRACE}-00f067aa0ba902b7-01")).as_deref(), Some(TRACE));
        // A newer version may have further parts.
        assert_eq!(trace(&format!("01-{TRACE}-00f067aa0ba902b7-01-more")).as_deref(), Some(TRACE));
        let zeros = "0".repeat(32);
        for bad in [
            "",
            "00",
            "00-xyz-00f067aa0ba902b7-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            &format!("ff-{TRACE}-00f067aa0ba902b7-01"),
            &format!("00-{zeros}-00f067aa0ba902b7-01"),
            &format!("00-{TRACE}-0000000000000000-01"),
        ] {
            assert_eq!(trace(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_position_is_written_as_it_was_read() {
        let text = format!("00-{TRACE}-00f067aa0ba902b7-01");
        assert_eq!(Position::parse(&text).expect("well formed").traceparent(), text);
    }

    #[test]
    fn a_span_has_no_position_without_an_exporter() {
        let span = tracing::info_span!("request");
        continue_from(&span, &Position::parse(&format!("00-{TRACE}-00f067aa0ba902b7-01")).expect("well formed"));
        assert_eq!(position(&span), None);
        assert_eq!(span.in_scope(exported), None);
    }
}
