//! Trace and language of a request.

use axum::http::{HeaderMap, header};
use eaf_core::actor::{Locale, TraceId};
use eaf_core::clock::Ambient;
use eaf_core::id::TenantId;
use std::sync::OnceLock;

/// Trace and language of a request, in the request's extensions. The authentication fills in the
/// member's language and tenant once.
pub struct Info {
    pub trace: TraceId,
    /// Span id of the host within the trace, as 16 hexadecimal digits.
    pub span: String,
    accepted: Option<Locale>,
    member: OnceLock<Locale>,
    pub tenant: OnceLock<TenantId>,
}

impl Info {
    pub fn of(headers: &HeaderMap, ambient: &Ambient) -> Self {
        Info {
            trace: parent_trace(headers).unwrap_or_else(|| TraceId(hex(&ambient.bytes::<16>()))),
            span: hex(&ambient.bytes::<8>()),
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
        format!("00-{}-{}-01", self.trace, self.span)
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Trace id of a W3C `traceparent` header. `None`: the header is absent or malformed, so a new
/// trace begins.
fn parent_trace(headers: &HeaderMap) -> Option<TraceId> {
    let value = headers.get("traceparent")?.to_str().ok()?;
    let mut parts = value.split('-');
    let (version, trace, span) = (parts.next()?, parts.next()?, parts.next()?);
    let hex = |text: &str, length| {
        text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
    };
    let zero = |text: &str| text.bytes().all(|byte| byte == b'0');
    let good = hex(version, 2) && version != "ff" && hex(trace, 32) && !zero(trace) && hex(span, 16) && !zero(span);
    good.then(|| TraceId(trace.to_owned()))
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

    #[test]
    fn a_trace_is_continued_only_if_it_is_well_formed() {
        let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
        let given = |value: &str| parent_trace(&with("traceparent", value)).map(|trace| trace.0);
        assert_eq!(given(&format!("00-{trace}-00f067aa0ba902b7-01")).as_deref(), Some(trace));
        let zeros = "0".repeat(32);
        for bad in [
            "",
            "00",
            "00-xyz-00f067aa0ba902b7-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            &format!("ff-{trace}-00f067aa0ba902b7-01"),
            &format!("00-{zeros}-00f067aa0ba902b7-01"),
            &format!("00-{trace}-0000000000000000-01"),
        ] {
            assert_eq!(given(bad), None, "{bad}");
        }
    }
}
