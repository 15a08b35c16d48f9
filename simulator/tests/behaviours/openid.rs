//! Sign in with Slack: what the page refuses, what a code is worth, what the id token says.

use axum::http::Request;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::time::Duration;
use url::Url;

use crate::app::{World, get};

const BACK: &str = "https://app.example.com/back";

async fn world() -> World {
    World::with(|c| {
        c.manifest = c.manifest.replace(
            "oauth_config:\n",
            "oauth_config:\n  redirect_urls: [\"https://app.example.com/back\"]\n",
        );
        c.manifest = c
            .manifest
            .replace("  scopes:\n", "  scopes:\n    user: [openid, profile]\n");
    })
    .await
}

/// The address of the page, with some of it changed.
fn page(world: &World, changed: &[(&str, &str)]) -> String {
    let mut fields = vec![
        ("response_type", "code"),
        ("client_id", world.slack.tokens().client_id.as_str()),
        ("scope", "openid profile"),
        ("state", "s1"),
        ("nonce", "n1"),
        ("redirect_uri", BACK),
    ];
    for (name, value) in changed {
        fields.retain(|(known, _)| known != name);
        fields.push((name, value));
    }
    let query = serde_urlencoded::to_string(fields).unwrap();
    format!("{}/openid/connect/authorize?{query}", world.slack.url())
}

/// What came back in the address.
fn came_back(address: &str, name: &str) -> Option<String> {
    let url = Url::parse(address).unwrap();
    url.query_pairs()
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.into_owned())
}

fn code(world: &World, changed: &[(&str, &str)]) -> String {
    let back = world.slack.person("ana").signs_in(&page(world, changed)).unwrap();
    assert!(back.starts_with(BACK), "{back}");
    assert_eq!(came_back(&back, "state").as_deref(), Some("s1"));
    came_back(&back, "code").unwrap()
}

/// Exchanges a code, with some of it said otherwise.
async fn exchange(world: &World, code: &str, changed: &[(&str, &str)]) -> Value {
    let tokens = world.slack.tokens();
    let mut fields = vec![
        ("grant_type", "authorization_code"),
        ("client_id", tokens.client_id.as_str()),
        ("client_secret", tokens.client_secret.as_str()),
        ("redirect_uri", BACK),
        ("code", code),
    ];
    for (name, value) in changed {
        fields.retain(|(known, _)| known != name);
        fields.push((name, value));
    }
    form(world, "openid.connect.token", &fields, None).await
}

async fn form(world: &World, method: &str, fields: &[(&str, &str)], authorization: Option<String>) -> Value {
    let client: Client<_, Full<axum::body::Bytes>> = Client::builder(TokioExecutor::new()).build_http();
    let mut request = Request::post(format!("{}/{method}", world.slack.api_url()))
        .header("content-type", "application/x-www-form-urlencoded");
    if let Some(value) = authorization {
        request = request.header("authorization", value);
    }
    let body = Full::from(serde_urlencoded::to_string(fields).unwrap());
    let answer = client.request(request.body(body).unwrap()).await.unwrap();
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    serde_json::from_slice(&body).unwrap()
}

fn claims(answer: &Value) -> Value {
    let token = answer["id_token"].as_str().unwrap();
    let part = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

#[tokio::test]
async fn somebody_signs_in_and_the_app_knows_who() {
    let world = world().await;
    let found = get(&format!("{}/.well-known/openid-configuration", world.slack.url()))
        .await
        .1;
    assert_eq!(found["issuer"], json!(world.slack.url()));
    assert_eq!(
        found["token_endpoint"],
        json!(format!("{}/openid.connect.token", world.slack.api_url()))
    );
    let keys = get(found["jwks_uri"].as_str().unwrap()).await.1;
    assert_eq!(
        (&keys["keys"][0]["kty"], &keys["keys"][0]["alg"]),
        (&json!("RSA"), &json!("RS256"))
    );

    let (status, shown) = get(&page(&world, &[])).await;
    assert!(
        status == 200 && shown.as_str().unwrap().contains("Ana Costa"),
        "{shown}"
    );
    let answer = exchange(&world, &code(&world, &[]), &[]).await;
    assert_eq!((&answer["ok"], &answer["token_type"]), (&json!(true), &json!("Bearer")));
    let said = claims(&answer);
    assert_eq!(said["iss"], json!(world.slack.url()));
    assert_eq!(said["aud"], json!(world.slack.tokens().client_id));
    assert_eq!(said["nonce"], "n1");
    assert_eq!(said["https://slack.com/user_id"], "U0ANA0000");
    assert_eq!(said["https://slack.com/team_id"], "T0SIM0000");
    assert_eq!(said["name"], "Ana Costa");
    assert_eq!(said.get("email"), None, "the app did not ask for it");
    assert_eq!(said["exp"].as_u64().unwrap() - said["iat"].as_u64().unwrap(), 300);
    let bearer = format!("Bearer {}", answer["access_token"].as_str().unwrap());
    let info = form(&world, "openid.connect.userInfo", &[], Some(bearer)).await;
    assert_eq!(info["sub"], "U0ANA0000");
    assert_eq!(
        form(&world, "openid.connect.userInfo", &[], None).await["error"],
        "not_authed"
    );
}

#[tokio::test]
async fn what_the_app_asks_wrongly_is_refused_on_the_page() {
    let world = world().await;
    let refused = [
        ("client_id", "9.9", "Invalid client_id"),
        (
            "redirect_uri",
            "https://evil.example/back",
            "redirect_uri did not match",
        ),
        (
            "redirect_uri",
            "https://app.example.com/back2",
            "redirect_uri did not match",
        ),
        (
            "redirect_uri",
            "https://app.example.com/back/../other",
            "redirect_uri did not match",
        ),
        ("response_type", "token", "Invalid response_type"),
        ("scope", "profile", "Invalid permissions"),
        ("scope", "openid admin", "Invalid permissions"),
        ("scope", "openid email", "does not ask for these scopes"),
        ("code_challenge", "abc", "pkce_not_allowed"),
    ];
    for (name, value, why) in refused {
        let address = page(&world, &[(name, value)]);
        let said = world.slack.person("ana").signs_in(&address).unwrap_err();
        assert!(said.contains(why), "{name}={value}: {said}");
        let (status, shown) = get(&address).await;
        assert!(
            status == 400 && shown.as_str().unwrap().contains("Something went wrong"),
            "{name}={value}"
        );
    }
    // An address below a known one is known.
    let below = format!("{BACK}/below");
    world
        .slack
        .person("ana")
        .signs_in(&page(&world, &[("redirect_uri", &below)]))
        .unwrap();
    let declined = world
        .slack
        .person("ana")
        .declines_to_sign_in(&page(&world, &[]))
        .unwrap();
    assert_eq!(came_back(&declined, "error").as_deref(), Some("access_denied"));
    assert_eq!(came_back(&declined, "code"), None);
}

#[tokio::test]
async fn a_code_is_worth_something_once_and_for_its_app() {
    let world = world().await;
    for (name, value, error) in [
        ("client_id", "9.9", "invalid_client_id"),
        ("client_secret", "guessed", "bad_client_secret"),
        ("redirect_uri", "https://app.example.com/back/below", "bad_redirect_uri"),
        ("code", "made-up", "invalid_code"),
        ("grant_type", "password", "invalid_grant_type"),
    ] {
        let answer = exchange(&world, &code(&world, &[]), &[(name, value)]).await;
        assert_eq!(answer["error"], error, "{name}={value}");
        assert_eq!(answer.get("id_token"), None);
    }
    let once = code(&world, &[]);
    assert_eq!(exchange(&world, &once, &[]).await["ok"], true);
    assert_eq!(exchange(&world, &once, &[]).await["error"], "code_already_used");
    let late = code(&world, &[]);
    world.slack.advance(Duration::from_secs(601));
    assert_eq!(exchange(&world, &late, &[]).await["error"], "invalid_code");
}

#[tokio::test]
async fn a_challenge_is_met_by_its_verifier_alone() {
    let world = world().await;
    world.slack.set_pkce(true);
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(b"the verifier"));
    let asked = [
        ("code_challenge", challenge.as_str()),
        ("code_challenge_method", "S256"),
    ];
    for verifier in ["", "another verifier"] {
        let answer = exchange(&world, &code(&world, &asked), &[("code_verifier", verifier)]).await;
        assert_eq!(answer["error"], "invalid_code_verifier", "{verifier}");
    }
    let answer = exchange(&world, &code(&world, &asked), &[("code_verifier", "the verifier")]).await;
    assert_eq!(answer["ok"], true);
    let plain = page(&world, &[("code_challenge", "abc"), ("code_challenge_method", "plain")]);
    assert!(world.slack.person("ana").signs_in(&plain).is_err());
}
