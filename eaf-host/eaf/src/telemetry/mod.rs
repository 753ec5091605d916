//! Logs, traces and metrics of the process, from `tracing` and `metrics`.
//!
//! Every log line has the fields of its spans, so all lines of a request or a run have one trace
//! id. Messages are constant; values are fields. Neither has personal data or secrets.

mod conventions;
mod fresh;
mod lines;
mod traces;

pub use traces::{Collector, Traces};

use fresh::Fresh;
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use std::backtrace::{Backtrace, BacktraceStatus};
use std::io::IsTerminal;
use std::panic::PanicHookInfo;
use std::str::FromStr;
use tracing::{Dispatch, Subscriber};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, Registry};

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("`{0}` is not a log filter")]
    Filter(String),
    #[error("logging was set up twice")]
    Twice(#[source] tracing_subscriber::util::TryInitError),
    #[error("traces cannot be exported")]
    Traces(#[from] traces::Error),
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

/// Telemetry of the running process.
pub struct Telemetry {
    /// Handle that renders the metrics as Prometheus text.
    pub metrics: PrometheusHandle,
    /// Export of traces, to be stopped at the end of the process.
    pub traces: Option<Traces>,
}

/// Sets up logs, metrics and traces for the process. The log filter does not apply to traces.
pub fn start(filter: &str, format: Format, collector: Option<&Collector>) -> Result<Telemetry, Error> {
    let filter = EnvFilter::try_new(filter).map_err(|_| Error::Filter(filter.to_string()))?;
    let output = tracing_subscriber::fmt::layer().with_ansi(std::io::stdout().is_terminal());
    let output = match format {
        Format::Readable => output.event_format(lines::Readable).boxed(),
        Format::Json => output.event_format(lines::Json).boxed(),
    };
    let traces = collector.map(Traces::start).transpose()?;
    subscriber(filter, output, traces.as_ref()).try_init().map_err(Error::Twice)?;
    std::panic::set_hook(Box::new(panicked));
    let metrics = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".into()), SECONDS)
        .map_err(Error::Metrics)?
        .install_recorder()
        .map_err(Error::Metrics)?;
    Ok(Telemetry { metrics, traces })
}

/// Subscriber that writes log lines by `filter` and exports spans.
fn subscriber(
    filter: EnvFilter,
    output: Box<dyn Layer<Registry> + Send + Sync>,
    traces: Option<&Traces>,
) -> impl Subscriber + Into<Dispatch> {
    tracing_subscriber::registry()
        .with(lines::SpanFields.and_then(output).with_filter(Fresh(filter)))
        .with(traces.map(Traces::layer))
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

#[cfg(test)]
mod tests {
    use super::*;
    use eaf_test_support::collector;
    use std::time::Duration;
    use tracing::Instrument;
    use tracing::instrument::WithSubscriber;

    /// Request with a command, as the host executes it. A library asks before each span whether it
    /// would write a line, and does not write it.
    async fn request() {
        let span = tracing::info_span!("request", method = "GET", route = "/a", password = "canary");
        let command = async {
            let _ = tracing::enabled!(target: "sqlx", tracing::Level::WARN);
            let span = tracing::info_span!("command", command = "go", outcome = tracing::field::Empty);
            let library = tracing::info_span!(target: "hyper", parent: &span, "connection");
            let detail = tracing::debug_span!(parent: &span, "ledger");
            async { tokio::time::sleep(Duration::from_millis(1)).await }.instrument(detail).await;
            drop(library);
            span.record("outcome", "accepted");
            span.in_scope(|| tracing::info!(name = "canary", "command answered"));
        };
        command.instrument(span).await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn every_span_of_the_host_is_exported_and_none_of_a_library() {
        let collector = collector::Collector::start().await.expect("a collector");
        let settings = Collector { endpoint: collector.endpoint(), ratio: 1.0 };
        let traces = Traces::start(&settings).expect("an export");
        let output = tracing_subscriber::fmt::layer().with_writer(std::io::sink).event_format(lines::Json).boxed();
        let dispatch: Dispatch = subscriber(EnvFilter::new("info,eaf=debug"), output, Some(&traces)).into();
        let requests = async {
            for _ in 0..100 {
                request().await;
            }
        };
        tokio::spawn(requests.with_subscriber(dispatch)).await.expect("the requests end");
        traces.stop().await;
        let spans = collector.spans();
        let count = |name: &str| spans.iter().filter(|span| span.name == name).count();
        assert_eq!((spans.len(), count("GET /a"), count("command go")), (200, 100, 100));
        assert!(!format!("{spans:?}").contains("canary"), "{:?}", spans[0]);
        assert!(spans.iter().all(|span| span.events == 0), "log lines are not exported");
    }
}
