//! Counters and durations for Prometheus, and one log line for each request.

use std::sync::OnceLock;
use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::middleware::Next;
use axum::response::Response;
use jobsheet_wire::{Reply, Verdict};
use metrics::{counter, gauge, histogram};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

use crate::app::App;

/// Bounds of the duration histograms, in seconds.
const SECONDS: [f64; 10] = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0];

/// What renders `/metrics`.
#[derive(Clone)]
pub(super) struct Metrics(Option<PrometheusHandle>);

impl Metrics {
    /// The text for Prometheus.
    #[allow(clippy::cast_precision_loss)] // there are never 2⁵² of them
    pub(super) fn render(&self, app: &App) -> String {
        gauge!("jobsheet_listeners").set(app.store.pokes().count() as f64);
        self.0.as_ref().map(PrometheusHandle::render).unwrap_or_default()
    }
}

/// Installs the recorder, once per process. A server without figures is better than none: a failure is logged.
pub(super) fn install() -> Metrics {
    static HANDLE: OnceLock<Metrics> = OnceLock::new();
    HANDLE
        .get_or_init(|| {
            let builder = PrometheusBuilder::new().set_buckets(&SECONDS);
            let handle = builder.and_then(PrometheusBuilder::install_recorder);
            Metrics(handle.inspect_err(|error| tracing::error!(%error, "no metrics")).ok())
        })
        .clone()
}

/// Counts, times and logs a request. The log names the route and not the path: a query may hold personal values.
pub(super) async fn observe(request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str).to_owned();
    let method = request.method().to_string();
    let begun = Instant::now();
    let response = next.run(request).await;
    let status = response.status().as_u16();
    let seconds = begun.elapsed().as_secs_f64();
    tracing::info!(method, route, status, ms = format!("{:.1}", seconds * 1000.0), "request");
    let labels = [("method", method), ("route", route.clone()), ("status", status.to_string())];
    counter!("jobsheet_requests_total", &labels).increment(1);
    histogram!("jobsheet_request_seconds", "route" => route).record(seconds);
    response
}

/// Counts an exchange.
pub(super) fn exchanged(reply: &Reply, received: usize, sent: usize, seconds: f64) {
    counter!("jobsheet_exchanges_total").increment(1);
    counter!("jobsheet_sync_bytes_total", "direction" => "received").increment(received as u64);
    counter!("jobsheet_sync_bytes_total", "direction" => "sent").increment(sent as u64);
    counter!("jobsheet_deliveries_total").increment(reply.deliveries.len() as u64);
    // A device that lost something, or a fault of this server: neither happens unseen.
    counter!("jobsheet_documents_differed_total").increment(reply.differed.unwrap_or(0).into());
    histogram!("jobsheet_exchange_seconds").record(seconds);
    for told in &reply.verdicts {
        let (verdict, code) = match &told.verdict {
            Verdict::Accepted(_) => ("accepted", ""),
            Verdict::Duplicate(_) => ("duplicate", ""),
            Verdict::Pending(_) => ("pending", ""),
            Verdict::Refused { code, .. } => ("refused", code.as_str()),
        };
        counter!("jobsheet_changes_total", "verdict" => verdict, "code" => code.to_owned()).increment(1);
    }
}
