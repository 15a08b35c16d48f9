//! Stories: what people do, and what they see. One binary, one world per test.

#![expect(unreachable_pub, reason = "a test binary exports nothing; `pub` here means: for the stories")]

mod approving;
mod bad_input;
mod comments;
mod crash;
mod faults;
mod grants;
mod harness;
mod home;
mod replicas;
mod requesting;
mod transports;
