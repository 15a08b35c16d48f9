//! `/healthz`, `/readyz`, `/metrics`.

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Json, Response};
use axum::routing::get;
use futures::future::{BoxFuture, join_all};
use metrics_exporter_prometheus::PrometheusHandle;
use serde_json::{Map, Value, json};
use std::sync::Arc;
use std::time::Duration;

/// A check that takes longer than this has failed.
const WITHIN: Duration = Duration::from_secs(2);

/// Something that must work before requests are sent here.
#[derive(Clone)]
pub struct Check {
    /// What it is, in one word: `database`, `slack`.
    pub name: &'static str,
    /// Looks; the error is a sentence for the operator, without secrets.
    pub look: Arc<dyn Fn() -> BoxFuture<'static, Result<(), String>> + Send + Sync>,
}

impl Check {
    /// A check by a function.
    pub fn new<F>(name: &'static str, look: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<(), String>> + Send + 'static,
    {
        Self {
            name,
            look: Arc::new(move || Box::pin(look())),
        }
    }
}

impl std::fmt::Debug for Check {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Check").field(&self.name).finish()
    }
}

/// The addresses operators and their machines look at:
/// - `GET /healthz`: the process answers;
/// - `GET /readyz`: every check passes (200), or which do not and why (503);
/// - `GET /metrics`: Prometheus text.
pub fn probes(checks: Vec<Check>, metrics: PrometheusHandle) -> Router {
    let ready = Router::new()
        .route("/readyz", get(readyz))
        .with_state(Arc::<[Check]>::from(checks));
    Router::new()
        .route("/metrics", get(render))
        .with_state(metrics)
        .route("/healthz", get(async || "ok\n"))
        .merge(ready)
}

async fn readyz(State(checks): State<Arc<[Check]>>) -> Response {
    let results = join_all(checks.iter().map(async |check| {
        let result = tokio::time::timeout(WITHIN, (check.look)()).await;
        (
            check.name,
            result.unwrap_or_else(|_| Err("no answer within two seconds".to_owned())),
        )
    }))
    .await;
    let ready = results.iter().all(|(_, result)| result.is_ok());
    let checks: Map<String, Value> = results
        .into_iter()
        .map(|(name, result)| (name.to_owned(), result.err().unwrap_or_else(|| "ok".to_owned()).into()))
        .collect();
    let status = if ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (status, Json(json!({ "ready": ready, "checks": checks }))).into_response()
}

async fn render(State(metrics): State<PrometheusHandle>) -> Response {
    // Folds what was observed into the summaries; nobody else calls it.
    metrics.run_upkeep();
    (
        [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")],
        metrics.render(),
    )
        .into_response()
}
