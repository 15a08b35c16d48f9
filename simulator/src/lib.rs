//! A small Slack: a workspace with people, channels, modals and a Home tab, which serves one app through Slack's Web
//! API, Events API, interactivity and Socket Mode, and refuses what Slack refuses. Tests act in it as people; people
//! click in it in the browser.
//!
//! ```no_run
//! # async fn example() -> anyhow::Result<()> {
//! use simulator::{Config, Simulator};
//!
//! let slack = Simulator::start(Config::new("display_information: {name: Demo}")).await?;
//! // … start the app with slack.api_url() and slack.tokens() …
//! let ana = slack.person("ana");
//! let answer = ana.runs("general", "/demo hello").await?;
//! println!("{}", answer.text());
//! # Ok(())
//! # }
//! ```
//!
//! Times are by the simulator's clock ([`Simulator::advance`] shifts it): ids of messages, the life of triggers and
//! response URLs, the waits before repetitions, rate limits, and the timestamp in signatures.

mod act;
mod avatars;
pub mod blocks;
mod calls;
mod clock;
mod config;
mod deliver;
mod events_http;
mod faults;
mod inner;
mod inspect;
mod manifest;
mod openid;
mod page;
mod rate;
mod response_url;
pub mod rules;
mod server;
mod simulator;
mod socket;
mod store;
mod sync;
mod web_api;
mod world;

pub use act::{
    ActError, ActionFields, ChannelId, Choice, Container, MessageRef, MessageSnapshot, Outcome, Person, ProfileChange,
    Response, SubmitOutcome, Target, ViewSnapshot,
};
pub use calls::Call;
pub use config::{Config, Control, Delivery, RetryPace, Seed, SeedChannel, SeedGroup, SeedPerson, Team, Tokens};
pub use faults::{DeliveryFault, Fault, Faults};
pub use openid::IdTokenFault;
pub use simulator::Simulator;
