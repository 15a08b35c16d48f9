//! Read models: what doors show. They apply visibility, so a list, a page and a card cannot disagree.

pub mod alarms;
pub mod audit;
pub mod bundle;
pub mod catalog_for;
pub mod conversation;
pub mod desk;
pub mod details;
pub mod escalation;
pub mod my_work;
pub mod names;
pub mod request_card;
pub mod request_form;
pub mod reviews;
