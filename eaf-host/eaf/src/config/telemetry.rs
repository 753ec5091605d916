//! Settings of logs and traces.

use super::Section;
use super::key::{Default, Key, Kind, Values};
use crate::telemetry::{Collector, Format};
use openidconnect::url::Url;

pub const SECTION: Section = Section {
    title: "Telemetry",
    about: "Logs go to standard output; metrics are at `/actuator/prometheus` of the management port.",
    keys: &[LOG, LOG_FORMAT, OTLP_ENDPOINT, TRACE_RATIO],
};

const LOG: Key = Key {
    name: "telemetry.log",
    variable: "EAF_LOG",
    default: Default::Is("info,sqlx=warn"),
    kind: Kind::Plain,
    about: "The log filter, such as `info,eaf_core=debug`.",
};
const LOG_FORMAT: Key = Key {
    name: "telemetry.log_format",
    variable: "EAF_LOG_FORMAT",
    default: Default::Is("json"),
    kind: Kind::Plain,
    about: "`json`: one object per line; `readable`: for people.",
};

const OTLP_ENDPOINT: Key = Key {
    name: "telemetry.otlp_endpoint",
    variable: "EAF_OTLP_ENDPOINT",
    default: Default::Absent,
    kind: Kind::Plain,
    about: "Address of an OpenTelemetry collector that takes OTLP over HTTP, such as `http://alloy:4318`. Absent: no traces are \
            exported.",
};
const TRACE_RATIO: Key = Key {
    name: "telemetry.trace_ratio",
    variable: "EAF_TRACE_RATIO",
    default: Default::Is("1"),
    kind: Kind::Plain,
    about: "Share of traces that are exported, from 0 to 1.",
};

pub struct Telemetry {
    pub filter: String,
    pub format: Format,
    /// Collector of traces. `None`: no traces are exported.
    pub collector: Option<Collector>,
}

pub fn read(values: &mut Values) -> Option<Telemetry> {
    let filter = values.text(&LOG)?;
    if filter.parse::<tracing_subscriber::EnvFilter>().is_err() {
        values.refuse(&LOG, "a filter such as `info,eaf_core=debug`");
        return None;
    }
    let format = values.parse(&LOG_FORMAT, "json or readable");
    let collector = collector(values);
    Some(Telemetry { filter, format: format?, collector: collector? })
}

/// Collector that the settings name. The inner `None`: they name none.
fn collector(values: &mut Values) -> Option<Option<Collector>> {
    let ratio: f64 = values.parse(&TRACE_RATIO, "a number from 0 to 1")?;
    if !(0.0..=1.0).contains(&ratio) {
        values.refuse(&TRACE_RATIO, "a number from 0 to 1");
        return None;
    }
    let Some(endpoint) = values.text(&OTLP_ENDPOINT) else { return Some(None) };
    let is_usable = Url::parse(&endpoint).is_ok_and(|url| {
        matches!(url.scheme(), "http" | "https") && url.has_host() && url.username().is_empty() && url.query().is_none()
    });
    if !is_usable {
        values.refuse(&OTLP_ENDPOINT, "an address such as `http://alloy:4318`, without user and query");
        return None;
    }
    Some(Some(Collector { endpoint, ratio }))
}
