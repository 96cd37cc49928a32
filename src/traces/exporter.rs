//! Sending spans to a collector by OTLP over HTTP, in batches and from a thread of the library.
//!
//! A collector that cannot be reached costs spans and a warning now and then, and never a request.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use axum::http::{HeaderName, HeaderValue};
use bytes::Bytes;
use opentelemetry::KeyValue;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_http::{HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkError;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};
use reqwest::redirect::Policy;
use tokio::runtime::Handle;
use url::Url;

use super::{Exporter, Traces};
use crate::net;

/// How long a request to the collector may take.
const REQUEST_TIME: Duration = Duration::from_secs(10);

/// How long sending the last spans may take at the end of the process.
const LAST_SPANS: Duration = Duration::from_millis(1500);

/// The least time between two warnings.
const WARN_EVERY: Duration = Duration::from_secs(300);

/// Maximal size of a response of the collector, in bytes.
const LONGEST_ANSWER: usize = 64 << 10;

/// What the service is called where nothing else is configured.
const SERVICE: &str = "dispatch";

/// Where traces are sent, and which.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The base address of the collector; spans are sent to `/v1/traces` below it.
    pub endpoint: Url,
    /// Headers of each request. Their values are marked as sensitive, so that nothing prints them.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// The name of the service; none for the one in `OTEL_RESOURCE_ATTRIBUTES`, else `dispatch`.
    pub service_name: Option<String>,
    /// Which traces are sent.
    pub sampler: Sampler,
}

/// Traces cannot be sent with these settings.
#[derive(Debug, thiserror::Error)]
#[error("Traces cannot be sent: {0}")]
pub struct StartError(String);

impl Traces {
    /// Starts sending spans to a collector, by requests that run in `runtime`. What the library reads
    /// from the environment by itself, such as `OTEL_BSP_SCHEDULE_DELAY`, counts as well.
    ///
    /// # Errors
    ///
    /// When the machine has no root certificates for an `https` address, or the library rejects a
    /// setting of its own.
    pub fn start(settings: &Settings, runtime: Handle) -> Result<Self, StartError> {
        let unusable = |error: &dyn std::error::Error| StartError(error.to_string());
        let http = http_client(&settings.endpoint)?;
        let collector = Collector { http, runtime, warnings: Arc::default() };
        let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let headers = settings.headers.iter().map(|(name, value)| (name.to_string(), text(value)));
        let exporter = SpanExporter::builder()
            .with_http()
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(address(&settings.endpoint))
            .with_headers(headers.collect::<HashMap<_, _>>())
            .with_http_client(collector)
            .build()
            .map_err(|error| unusable(&error))?;
        let provider = SdkTracerProvider::builder()
            .with_resource(resource(settings.service_name.as_deref()))
            .with_sampler(settings.sampler.clone())
            .with_batch_exporter(exporter)
            .build();
        let tracer = provider.tracer(SERVICE);
        Ok(Self(Some(Arc::new(Exporter { tracer, provider }))))
    }

    /// Sends the spans that have ended, for a limited time, and no more afterwards.
    pub async fn close(&self) {
        let Some(exporter) = self.0.clone() else { return };
        let close = move || {
            let closed = exporter.provider.shutdown_with_timeout(LAST_SPANS);
            matches!(closed, Ok(()) | Err(OTelSdkError::AlreadyShutdown))
        };
        if !tokio::task::spawn_blocking(close).await.unwrap_or_default() {
            tracing::warn!("the last traces could not be sent");
        }
    }
}

/// The address that spans are sent to.
fn address(endpoint: &Url) -> String {
    format!("{}/v1/traces", endpoint.as_str().trim_end_matches('/'))
}

/// What is said of the process: the attributes of `OTEL_RESOURCE_ATTRIBUTES`, and its name and version.
fn resource(name: Option<&str>) -> Resource {
    let version = KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
    let given = Resource::builder().build().get(&"service.name".into());
    let given = given.map(|name| name.to_string());
    let given = given.as_deref().filter(|name| !name.starts_with("unknown_service"));
    let name = name.or(given).unwrap_or(SERVICE).to_owned();
    Resource::builder().with_attribute(version).with_service_name(name).build()
}

#[expect(
    clippy::disallowed_methods,
    reason = "the collector is not GitHub, and gets no token of it"
)]
fn http_client(endpoint: &Url) -> Result<reqwest::Client, StartError> {
    let unusable = |error: &dyn std::error::Error| StartError(error.to_string());
    let tls = net::tls(endpoint.scheme() == "https").map_err(|error| unusable(&error))?;
    let mut builder = reqwest::Client::builder()
        .timeout(REQUEST_TIME)
        // The headers may hold a key, which belongs to this address.
        .redirect(Policy::none())
        .tls_backend_preconfigured(tls);
    if net::is_this_machine(endpoint) {
        builder = builder.no_proxy();
    }
    builder.build().map_err(|error| unusable(&error))
}

/// The collector, as the library reaches it from its thread.
#[derive(Debug)]
struct Collector {
    http: reqwest::Client,
    runtime: Handle,
    warnings: Arc<Warnings>,
}

#[async_trait]
impl HttpClient for Collector {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let (http, warnings) = (self.http.clone(), self.warnings.clone());
        // The library's thread has no runtime.
        let sending = self.runtime.spawn(async move {
            let sent = send(&http, request).await;
            match &sent {
                Ok(answer) if answer.status().is_success() => {}
                Ok(answer) => warnings.warn(&format!("it answered {}", answer.status().as_u16())),
                Err(error) => warnings.warn(&innermost(error.as_ref())),
            }
            sent
        });
        sending.await?
    }
}

async fn send(
    http: &reqwest::Client,
    request: Request<Bytes>,
) -> Result<Response<Bytes>, HttpError> {
    let mut answer =
        http.execute(request.try_into()?).await.map_err(reqwest::Error::without_url)?;
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(reqwest::Error::without_url)? {
        if body.len() + chunk.len() > LONGEST_ANSWER {
            return Err("its response is too long".into());
        }
        body.extend_from_slice(&chunk);
    }
    let mut response = Response::new(body.into());
    *response.status_mut() = answer.status();
    std::mem::swap(response.headers_mut(), answer.headers_mut());
    Ok(response)
}

/// The innermost cause, which is the shortest.
fn innermost(error: &(dyn std::error::Error + 'static)) -> String {
    let mut cause = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}

/// When the last warning was logged.
#[derive(Debug, Default)]
struct Warnings(Mutex<Option<Instant>>);

impl Warnings {
    fn warn(&self, reason: &str) {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if last.is_none_or(|last| last.elapsed() >= WARN_EVERY) {
            *last = Some(Instant::now());
            let error = reason;
            tracing::warn!(error, "traces do not reach the collector; some may be lost");
        }
    }
}
