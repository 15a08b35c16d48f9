//! The pages, each with its addresses.

mod acts;
mod events;
mod first;
mod request;

use super::Web;
use axum::Router;

pub(super) fn router() -> Router<Web> {
    Router::new()
        .merge(first::router())
        .merge(request::router())
        .merge(acts::router())
        .merge(events::router())
}
