//! c1: access requests in Slack. The whole system in four sentences:
//!
//! 1. A door turns an outside message into an `Actor` and a verb, and turns the answer back.
//! 2. A use case makes one decision in one transaction, writing state, audit events and jobs together.
//! 3. A worker takes a job, looks at the *current* state, makes one outside thing agree with it, and records that.
//! 4. Nothing else talks to the outside, and nothing else writes state.
//!
//! ```text
//!   4   cli, demo, server, jobs                 may import everything
//!   3   slack, web, connectors, catalog_files   import usecases, db, domain; never each other
//!   2   usecases                                imports db, domain
//!   1   db                                      imports domain
//!   0   domain   (config, clock, telemetry, http and private_postgres stand beside it)
//!   S   simulator (its own crate)               imports none of the above; only `c1 demo` and tests import it
//! ```
//!
//! Invariant: a lower floor never names a higher one; `tests/architecture.rs` holds this up.
//! Invariant: nothing is written outside a `db::Tx`, and requests and grants only by `usecases::change`.
//! Invariant: nothing in `domain` awaits, knows SQL or Slack, or reads a clock.

pub mod catalog_files;
pub mod cli;
pub mod clock;
pub mod config;
pub mod connectors;
pub mod db;
#[cfg(feature = "demo")]
pub mod demo;
pub mod domain;
pub mod http;
pub mod jobs;
pub mod private_postgres;
pub mod server;
pub mod slack;
pub mod telemetry;
pub mod usecases;
pub mod web;
