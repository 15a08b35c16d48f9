//! The page `GET /requests/42`: where links in cards lead. The request itself is shown in Slack, to whoever may see it there.

use super::gateway::inbound::Installation;
use axum::{
    Router,
    extract::{Path, State},
    http::header::{CONTENT_SECURITY_POLICY, HeaderName},
    response::{Html, IntoResponse},
    routing::get,
};
use std::sync::{Arc, OnceLock};

/// The page. It says nothing about the request, not even whether there is one: whoever follows the link is unknown here.
pub fn details(ours: Arc<OnceLock<Installation>>) -> Router {
    Router::new().route("/requests/{id}", get(page)).with_state(ours)
}

async fn page(State(ours): State<Arc<OnceLock<Installation>>>, Path(id): Path<u32>) -> impl IntoResponse {
    let open = match ours.get() {
        Some(Installation {
            team_id,
            app_id: Some(app),
            ..
        }) => {
            format!(
                "<p><a class=\"button\" href=\"slack://app?team={team_id}&amp;id={app}&amp;tab=messages\">Open in Slack</a></p>"
            )
        }
        _ => String::new(),
    };
    let policy: [(HeaderName, &str); 1] = [(
        CONTENT_SECURITY_POLICY,
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'",
    )];
    (
        policy,
        Html(PAGE.replace("{id}", &id.to_string()).replace("{open}", &open)),
    )
}

const PAGE: &str = r#"<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Request #{id}</title>
<style>
  :root { color-scheme: light dark; }
  body { font: 17px/1.5 system-ui, sans-serif; max-width: 34rem; margin: 18vh auto; padding: 0 1.5rem; }
  code { background: #8882; border-radius: 4px; padding: .1em .4em; }
  .button { display: inline-block; background: #007a5a; color: #fff; border-radius: 6px; padding: .6em 1.2em; text-decoration: none; }
</style>
<h1>Request #{id}</h1>
<p>This request is shown in Slack, to the people it concerns. Type <code>/c1 show {id}</code> in any channel.</p>
{open}
</html>
"#;
