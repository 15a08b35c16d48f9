//! Stories in the browser.

mod keeping;
mod live;
mod requests;
mod signing_in;
mod talking;
