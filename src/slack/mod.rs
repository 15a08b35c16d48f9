//! The Slack door.
//!
//! ```text
//!   gateway/    what comes in: verify, decode, hand on, answer in time        knows no use case
//!   handlers/   Inbound -> Actor + verb -> Reply                              knows no transport, calls nobody
//!   view/       read model -> Block Kit                                       pure
//!   deliver.rs  what goes out: cards, threads, notices, Home tabs             by the message ledger
//!   directory.rs who is there: people of the workspace                        by events and by users.list
//!   client/     calls to the Web API                                          limits, time-outs, classes of errors
//!   surface.rs  every name Slack knows of us
//! ```
//!
//! Invariant: Slack's ids and slack-morphism's types stop at this folder's edge.

pub mod client;
pub mod deliver;
pub mod directory;
pub mod gateway;
mod groups;
pub mod handlers;
pub mod ledger;
pub mod look_again;
pub mod manifest;
pub mod surface;
pub mod view;
