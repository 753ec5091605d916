//! Trace and language of a request.

use axum::http::{HeaderMap, header};
use eaf_core::actor::{Locale, TraceId};
use eaf_core::clock::Ambient;
use eaf_core::id::TenantId;
use eaf_core::trace::{self, Position};
use std::sync::OnceLock;

/// Trace and language of a request, in the request's extensions. The authentication fills in the
/// member's language and tenant once.
pub struct Info {
    pub trace: TraceId,
    /// Span of the host within the trace: 16 hexadecimal digits.
    span: String,
    accepted: Option<Locale>,
    member: OnceLock<Locale>,
    pub tenant: OnceLock<TenantId>,
}

impl Info {
    /// Reads a request's headers. `span` continues the trace of the header `traceparent`, or begins
    /// a trace.
    pub fn of(headers: &HeaderMap, ambient: &Ambient, span: &tracing::Span) -> Self {
        let parent = headers.get("traceparent").and_then(|value| Position::parse(value.to_str().ok()?));
        if let Some(parent) = &parent {
            trace::continue_from(span, parent);
        }
        let position = trace::position(span).unwrap_or_else(|| Position {
            trace: parent.map_or_else(|| TraceId(hex(&ambient.bytes::<16>())), |parent| parent.trace),
            span: hex(&ambient.bytes::<8>()),
        });
        Info {
            trace: position.trace,
            span: position.span,
            accepted: accepted_locale(headers),
            member: OnceLock::new(),
            tenant: OnceLock::new(),
        }
    }

    /// Language of the response: that of Accept-Language, else the member's, else English.
    pub fn locale(&self) -> Locale {
        self.accepted.or_else(|| self.member.get().copied()).unwrap_or(Locale::En)
    }

    pub fn set_member(&self, tenant: TenantId, locale: Locale) {
        // A second extraction sets the same caller.
        let _ = self.member.set(locale);
        let _ = self.tenant.set(tenant);
    }

    pub fn traceparent(&self) -> String {
        Position { trace: self.trace.clone(), span: self.span.clone() }.traceparent()
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Preferred language by `Accept-Language`; `None`: the header names neither German nor English.
fn accepted_locale(headers: &HeaderMap) -> Option<Locale> {
    let value = headers.get(header::ACCEPT_LANGUAGE)?.to_str().ok()?;
    let mut best: Option<(f32, Locale)> = None;
    for range in value.split(',') {
        let mut parts = range.split(';');
        let tag = parts.next().unwrap_or_default().trim();
        let quality = parts.find_map(|part| part.trim().strip_prefix("q=")).map_or(1.0, |q| q.parse().unwrap_or(0.0));
        let locale = match tag.split('-').next().unwrap_or_default().to_ascii_lowercase().as_str() {
            "de" => Locale::De,
            "en" => Locale::En,
            _ => continue,
        };
        if quality > best.map_or(0.0, |(quality, _)| quality) {
            best = Some((quality, locale));
        }
    }
    best.map(|(_, locale)| locale)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn with(name: &'static str, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(axum::http::HeaderName::from_static(name), HeaderValue::from_str(value).unwrap())])
    }

    #[test]
    fn the_supported_language_with_the_highest_quality_wins() {
        let accepted = |value| accepted_locale(&with("accept-language", value));
        assert_eq!(accepted("de-AT,de;q=0.9,en;q=0.8"), Some(Locale::De));
        assert_eq!(accepted("fr, en;q=0.3, de;q=0.7"), Some(Locale::De));
        assert_eq!(accepted("en-GB"), Some(Locale::En));
        assert_eq!(accepted("fr,*"), None);
        assert_eq!(accepted("de;q=0"), None);
    }
}
