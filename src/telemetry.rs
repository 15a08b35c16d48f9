//! Logs and metrics.
//!
//! A log line is a sentence with dotted fields (`request.id`, `slack.method`), one line per outcome at the boundary.
//!
//! Invariant: no token, secret, reason, message text or body is ever logged or counted; metrics carry no ids of people.
//!
//! | metric | what |
//! |---|---|
//! | `c1_slack_deliveries_total{kind}` | what came in: `command`, `action`, …, `own`, `foreign`, `unknown`, `broken` |
//! | `c1_slack_answer_seconds{kind}` | from delivery to acknowledgement |
//! | `c1_slack_late_replies_total{kind}` | handlers past the deadline |
//! | `c1_slack_handler_failures_total{kind}` | handlers that failed or panicked |
//! | `c1_slack_forged_total{cause}` | requests Slack did not sign |
//! | `c1_slack_calls_total{method,outcome}`, `c1_slack_call_seconds{method}` | our calls |
//! | `c1_slack_calls_held_back_total{method}` | calls our own limiter sent back |
//! | `c1_slack_drifted_total{what}` | copies that were not as c1 made them (`card`, `comment`), and messages it had `missed` |
//! | `c1_slack_socket_connections`, `c1_slack_socket_switched_off_total` | Socket Mode |
//! | `c1_jobs{name,state}` | jobs by what they are for; names of another version count as `unknown` |
//! | `c1_jobs_latest_seconds` | how late the oldest due job is |
//! | `c1_jobs_wait_seconds` | from due to begun |
//! | `c1_jobs_ended_total` | jobs by how they ended |

use anyhow::Context as _;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::EnvFilter;

/// How log lines look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// For machines: one object a line.
    Json,
}

/// Starts logging to standard error. `filter` is a level or a list such as `info,c1=debug`.
///
/// # Errors
/// When the filter does not parse or logging has been started already.
pub fn start_logs(filter: &str, format: LogFormat) -> anyhow::Result<()> {
    let filter = EnvFilter::builder()
        .parse(filter)
        .with_context(|| format!("C1_LOG: {filter:?} is no log filter"))?;
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    let started = match format {
        LogFormat::Text => lines.try_init(),
        LogFormat::Json => lines.json().flatten_event(true).try_init(),
    };
    started.map_err(|error| anyhow::anyhow!("logging was started already: {error}"))
}

/// Starts counting; the handle renders what was counted, for `/metrics`.
///
/// # Errors
/// When counting has been started already.
pub fn start_metrics() -> anyhow::Result<PrometheusHandle> {
    PrometheusBuilder::new()
        .install_recorder()
        .context("metrics were started already")
}
