//! Floor 0: what c1 is about, as plain values. Start with [`request`] and [`grant`], the two state machines; then
//! [`policy`], which says who decides; then [`event`], all that can have happened, and [`refusal`], every "no".
//!
//! Invariant: nothing here awaits, knows SQL or Slack, reads a clock or draws a random number. Time and facts are
//! arguments; answers are events or a refusal.

pub mod absence;
pub mod alarm;
pub mod catalog;
pub mod comment;
pub mod condition;
pub mod desk;
pub mod drill;
pub mod dry_run;
pub mod emergency;
pub mod event;
pub mod facts;
pub mod grant;
pub mod ids;
pub mod length;
pub mod markup;
pub mod nearest;
pub mod organisation;
pub mod person;
pub mod picture;
pub mod policy;
pub mod quiet;
pub mod refusal;
pub mod request;
pub mod review;
pub mod rotation;
pub mod settings;
pub mod step;
pub mod typed;
pub mod words;

#[cfg(test)]
mod tests;
