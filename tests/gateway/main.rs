//! The Slack edge against Slack's own payloads, a stand-in for its Web API, and a WebSocket server.

#![expect(clippy::unwrap_used, reason = "a test whose world is not as it should be stops")]

mod calls;
mod decoding;
mod http;
mod listener;
mod replies;
mod socket;
mod stand_in;
