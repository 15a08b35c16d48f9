//! Stories: what people do, and what they see. One binary, one world per test.

#![expect(
    unreachable_pub,
    reason = "a test binary exports nothing; `pub` here means: for the stories"
)]
#![expect(clippy::unwrap_used, reason = "a story that goes otherwise than told has failed")]

mod administering;
mod approving;
mod attacks;
mod auditing;
mod away;
mod bad_input;
mod bulk;
mod bundles;
mod cards;
mod channels;
mod comments;
mod conversation;
mod crash;
mod deciders;
mod desk;
mod doctor;
mod drifting;
mod drills;
mod edits;
mod emergencies;
mod escalating;
mod explaining;
mod faults;
mod grants;
mod harness;
mod home;
mod long_story;
mod matrix;
mod meanwhile;
mod mirroring;
mod notes;
mod races;
mod reminding;
mod replicas;
mod requesting;
mod reviews;
mod step_options;
mod transports;
mod walk;
mod web;
