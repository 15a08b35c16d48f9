//! What people read on the pages: pure functions from read models to what the templates print.
//!
//! Invariant: nothing here awaits, reads a clock or knows the database.

pub(super) mod acts;
pub(super) mod hours;
pub(super) mod request;
pub(super) mod state;
pub(super) mod steps;
pub(super) mod talk;
pub(super) mod trail;
