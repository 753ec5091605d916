//! Logs and metrics of the process, from `tracing` and `metrics`.
//!
//! Every log line has the fields of its spans, so all lines of a request or a run have one trace
//! id. Messages are constant; values are fields. Neither has personal data or secrets.

mod lines;

use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use std::backtrace::{Backtrace, BacktraceStatus};
use std::io::IsTerminal;
use std::panic::PanicHookInfo;
use std::str::FromStr;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("`{0}` is not a log filter")]
    Filter(String),
    #[error("logging was set up twice")]
    Twice(#[source] tracing_subscriber::util::TryInitError),
    #[error("the metrics recorder cannot be installed")]
    Metrics(#[source] BuildError),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Format of log lines for people at a terminal.
    Readable,
    /// Format of log lines as JSON, one object per line.
    Json,
}

impl FromStr for Format {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "readable" => Ok(Format::Readable),
            "json" => Ok(Format::Json),
            _ => Err(()),
        }
    }
}

/// Upper bounds of histogram buckets, in seconds. One bound is 0.5 s, the service level objective
/// for people's requests.
const SECONDS: &[f64] = &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// Sets up logs and metrics for the process. The returned handle renders the metrics as Prometheus
/// text.
pub fn start(filter: &str, format: Format) -> Result<PrometheusHandle, Error> {
    let filter = EnvFilter::try_new(filter).map_err(|_| Error::Filter(filter.to_string()))?;
    let output = tracing_subscriber::fmt::layer().with_ansi(std::io::stdout().is_terminal());
    let output = match format {
        Format::Readable => output.event_format(lines::Readable).boxed(),
        Format::Json => output.event_format(lines::Json).boxed(),
    };
    tracing_subscriber::registry()
        .with(filter)
        .with(lines::SpanFields)
        .with(output)
        .try_init()
        .map_err(Error::Twice)?;
    std::panic::set_hook(Box::new(panicked));
    PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".into()), SECONDS)
        .map_err(Error::Metrics)?
        .install_recorder()
        .map_err(Error::Metrics)
}

/// Panic hook that logs a panic as one line, with its text escaped, because the text may quote a
/// guest.
fn panicked(panic: &PanicHookInfo<'_>) {
    let text = panic.payload_as_str().unwrap_or_default();
    let place = panic.location().map(ToString::to_string).unwrap_or_default();
    let backtrace = Backtrace::capture();
    let backtrace = (backtrace.status() == BacktraceStatus::Captured).then(|| tracing::field::display(backtrace));
    tracing::error!(place, panic = text, backtrace, "the host panicked");
}
