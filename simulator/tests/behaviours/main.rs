//! What the simulator must do as Slack does it: each test is one behaviour an app can see.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod app;
mod door;
mod events;
mod faults;
mod interactions;
mod limits;
mod messages;
mod methods;
mod modals;
mod openid;
mod people;
mod persistence;
mod socket;
