//! Export of spans as OpenTelemetry traces, to a collector that speaks OTLP over HTTP.
//!
//! Only the spans of this host are exported, with the names and attributes of [`conventions`]: the
//! spans of HTTP libraries would be exported by requests that make spans again. A trace is exported
//! as a whole or not at all, on every host, because its id alone decides.

use super::conventions;
use super::fresh::Fresh;
use metrics::counter;
use opentelemetry::KeyValue;
use opentelemetry::trace::TracerProvider;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{ExporterBuildError, Protocol, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider, SpanData, SpanExporter};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::runtime::Handle;
use tracing::level_filters::LevelFilter;
use tracing::{Level, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::FilterFn;
use tracing_subscriber::registry::LookupSpan;

/// Maximum duration of one export, and of the last one when the host stops.
const TIMEOUT: Duration = Duration::from_secs(5);

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the HTTP client of traces cannot be built")]
    Client(#[source] reqwest::Error),
    #[error("the exporter of traces cannot be built")]
    Exporter(#[source] ExporterBuildError),
}

/// Collector of traces and the share of traces that it gets.
#[derive(Debug, Clone, PartialEq)]
pub struct Collector {
    /// Base address; spans are sent to its path `/v1/traces`.
    pub endpoint: String,
    /// Share of traces that are exported, from 0 to 1.
    pub ratio: f64,
}

/// Running export of traces.
#[derive(Clone)]
pub struct Traces(SdkTracerProvider);

impl Traces {
    /// Starts the export. Spans are sent in batches by a thread, with the current tokio runtime.
    pub fn start(collector: &Collector) -> Result<Self, Error> {
        // An error means that the process has a TLS provider already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(TIMEOUT)
            .build()
            .map_err(Error::Client)?;
        let exporter = opentelemetry_otlp::SpanExporter::builder()
            .with_http()
            .with_http_client(Sender { client, runtime: Handle::current() })
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(format!("{}/v1/traces", collector.endpoint.trim_end_matches('/')))
            .with_timeout(TIMEOUT)
            .build()
            .map_err(Error::Exporter)?;
        let version = KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
        // `Resource::builder` adds the variable OTEL_RESOURCE_ATTRIBUTES, by which a cluster names
        // the pod.
        let resource = Resource::builder().with_service_name("eaf").with_attribute(version).build();
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(Conventional { exporter, failing: Arc::default() })
            .with_sampler(Sampler::TraceIdRatioBased(collector.ratio))
            .with_resource(resource)
            .build();
        Ok(Traces(provider))
    }

    /// Layer of `tracing` that exports the host's spans.
    pub fn layer<S: Subscriber + for<'a> LookupSpan<'a>>(&self) -> impl Layer<S> {
        tracing_opentelemetry::layer()
            .with_tracer(self.0.tracer("eaf"))
            .with_context_activation(false)
            .with_location(false)
            .with_target(false)
            .with_threads(false)
            .with_tracked_inactivity(false)
            .with_filter(Fresh(FilterFn::new(is_exported).with_max_level_hint(LevelFilter::INFO)))
    }

    /// Sends the spans that wait, and ends the export.
    pub async fn stop(self) {
        let stopped = tokio::task::spawn_blocking(move || self.0.shutdown_with_timeout(TIMEOUT)).await;
        if let Ok(Err(error)) = stopped {
            tracing::warn!(error = &error as &dyn std::error::Error, "the last traces could not be sent");
        }
    }
}

fn is_exported(metadata: &Metadata<'_>) -> bool {
    metadata.is_span() && *metadata.level() <= Level::INFO && metadata.target().starts_with("eaf")
}

/// HTTP client of the exporter, which runs on a thread without a runtime.
#[derive(Debug)]
struct Sender {
    client: reqwest::Client,
    runtime: Handle,
}

#[async_trait::async_trait]
impl HttpClient for Sender {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let client = self.client.clone();
        let sent = self.runtime.spawn(async move {
            let answer = client.execute(request.try_into()?).await?;
            let (status, headers) = (answer.status(), answer.headers().clone());
            let mut response = Response::new(answer.bytes().await?);
            (*response.status_mut(), *response.headers_mut()) = (status, headers);
            Ok(response)
        });
        sent.await?
    }
}

/// Exporter of spans with the names and attributes of [`conventions`].
#[derive(Debug)]
struct Conventional<E> {
    exporter: E,
    /// True if the last batch was not accepted, so that an outage is one line of the log.
    failing: Arc<AtomicBool>,
}

impl<E: SpanExporter> SpanExporter for Conventional<E> {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let count = batch.len() as u64;
        let spans = batch.into_iter().map(conventions::apply).collect();
        let outcome = self.exporter.export(spans).await;
        self.note(count, &outcome);
        outcome
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.exporter.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.exporter.set_resource(resource);
    }
}

impl<E> Conventional<E> {
    fn note(&self, spans: u64, outcome: &Result<(), OTelSdkError>) {
        let label = if outcome.is_ok() { "sent" } else { "lost" };
        counter!("eaf_trace_spans_total", "outcome" => label).increment(spans);
        let was_failing = self.failing.swap(outcome.is_err(), Ordering::Relaxed);
        match outcome {
            Err(error) if !was_failing => {
                tracing::warn!(error = error as &dyn std::error::Error, "the collector does not take traces");
            }
            Ok(()) if was_failing => tracing::info!("the collector takes traces again"),
            _ => {}
        }
    }
}
