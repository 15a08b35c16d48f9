//! The operator's files: mistakes, plans, applying, and people from Slack. On a private PostgreSQL.

mod applying;
mod linking;
mod mistakes;
mod world;
