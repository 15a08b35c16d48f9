//! Stories in the browser.

mod live;
mod requests;
mod signing_in;
mod talking;
