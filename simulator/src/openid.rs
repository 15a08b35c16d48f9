//! Sign in with Slack: the simulator as an OpenID provider. A page asks who one is, a code comes of it, and the code is
//! exchanged for an id token, as docs.slack.dev/authentication/sign-in-with-slack describes it.
//!
//! The keys lie in the sources and protect nothing: whoever believes their signatures believes a stand-in.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Form, Query, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Json, Redirect, Response};
use axum::routing::get;
use axum::{Router, extract::RawQuery};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::rand::SystemRandom;
use ring::rsa::PublicKeyComponents as RsaPublicKeyComponents;
use ring::signature::{KeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use url::Url;

use crate::inner::Inner;
use crate::rules::{CODE_LIFE, ID_TOKEN_LIFE};
use crate::sync::Locked;
use crate::web_api::Answer;
use crate::web_api::args::Args;
use crate::web_api::refusal::Refusal;
use crate::world::SLACKBOT;

/// The name of the key in the key set.
const KEY_ID: &str = "simulator-1";

/// Signs id tokens.
static KEY: &[u8] = include_bytes!("openid/key.der");

/// Signs those that shall look forged.
static OTHER_KEY: &[u8] = include_bytes!("openid/other_key.der");

/// What is wrong with an id token.
#[derive(Debug, Clone)]
pub enum IdTokenFault {
    /// A claim says something else; `null` leaves it out.
    Claim(String, Value),
    /// Somebody else signed it.
    Forged,
    /// Nobody signed it (`alg: none`).
    Unsigned,
}

/// Who is signing in, and what the app may know of it.
#[derive(Debug, Default)]
pub(crate) struct Openid {
    pub(crate) redirect_urls: Vec<String>,
    pub(crate) pkce: bool,
    codes: HashMap<String, Code>,
    tokens: HashMap<String, String>,
    faults: Vec<IdTokenFault>,
}

#[derive(Debug, Clone)]
struct Code {
    user: String,
    asked: Asked,
    made: Duration,
    used: bool,
}

/// What stands in the address of the page.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Asked {
    response_type: String,
    client_id: String,
    scope: String,
    state: String,
    nonce: Option<String>,
    redirect_uri: String,
    team: Option<String>,
    code_challenge: Option<String>,
    code_challenge_method: Option<String>,
}

/// What was chosen on the page.
#[derive(Deserialize)]
struct Chosen {
    /// Nobody: they do not want to.
    #[serde(default)]
    user: String,
}

impl Openid {
    pub(crate) fn new(redirect_urls: Vec<String>, pkce: bool) -> Openid {
        Openid {
            redirect_urls,
            pkce,
            ..Openid::default()
        }
    }

    pub(crate) fn spoil(&mut self, fault: IdTokenFault) {
        self.faults.push(fault);
    }

    /// The same address, or one below it.
    fn may_return_to(&self, address: &str) -> bool {
        self.redirect_urls.iter().any(|known| {
            let below = address.strip_prefix(known.trim_end_matches('/'));
            address == known || below.is_some_and(|rest| rest.starts_with('/') && !rest.contains(".."))
        })
    }
}

pub(crate) fn router() -> Router<Arc<Inner>> {
    Router::new()
        .route("/.well-known/openid-configuration", get(discovery))
        .route("/openid/connect/keys", get(keys))
        .route("/openid/connect/authorize", get(ask).post(chosen))
}

async fn discovery(State(inner): State<Arc<Inner>>) -> Json<Value> {
    let base = inner.url();
    let mut found = json!({
        "issuer": base,
        "authorization_endpoint": format!("{base}/openid/connect/authorize"),
        "token_endpoint": format!("{base}/api/openid.connect.token"),
        "userinfo_endpoint": format!("{base}/api/openid.connect.userInfo"),
        "jwks_uri": format!("{base}/openid/connect/keys"),
        "scopes_supported": ["openid", "profile", "email"],
        "response_types_supported": ["code"],
        "response_modes_supported": ["form_post"],
        "grant_types_supported": ["authorization_code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "claims_supported": ["sub", "auth_time", "iss"],
        "claims_parameter_supported": false,
        "request_parameter_supported": false,
        "request_uri_parameter_supported": true,
        "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
    });
    if inner.openid.locked().pkce {
        found["code_challenge_methods_supported"] = json!(["S256"]);
    }
    Json(found)
}

async fn keys() -> Json<Value> {
    let key = RsaKeyPair::from_pkcs8(KEY).expect("the key in the sources is one");
    let public = RsaPublicKeyComponents::<Vec<u8>>::from(key.public_key());
    Json(json!({"keys": [{
        "kty": "RSA", "use": "sig", "alg": "RS256", "kid": KEY_ID,
        "n": URL_SAFE_NO_PAD.encode(public.n), "e": URL_SAFE_NO_PAD.encode(public.e),
    }]}))
}

/// What is wrong with what the app asks, as Slack words it.
fn wrong_with(inner: &Inner, asked: &Asked) -> Option<String> {
    let openid = inner.openid.locked();
    if asked.client_id != inner.tokens.client_id {
        return Some("Invalid client_id parameter".to_owned());
    }
    if !openid.may_return_to(&asked.redirect_uri) {
        let passed = &asked.redirect_uri;
        return Some(format!(
            "redirect_uri did not match any configured URIs. Passed URI: {passed}"
        ));
    }
    if asked.response_type != "code" {
        return Some("Invalid response_type parameter".to_owned());
    }
    let scopes: Vec<&str> = asked
        .scope
        .split([' ', ','])
        .filter(|scope| !scope.is_empty())
        .collect();
    let known = |scope: &&str| ["openid", "profile", "email"].contains(scope);
    if !scopes.contains(&"openid") || !scopes.iter().all(known) {
        return Some(format!("Invalid permissions requested: {}", asked.scope));
    }
    let granted = |scope: &&str| inner.manifest.user_scopes.iter().any(|have| have == scope);
    if !scopes.iter().all(granted) {
        return Some(format!(
            "The app does not ask for these scopes of people: {}",
            asked.scope
        ));
    }
    match (&asked.code_challenge, asked.code_challenge_method.as_deref()) {
        (Some(_), _) if !openid.pkce => Some("pkce_not_allowed".to_owned()),
        (Some(_), Some("S256")) | (None, None) => None,
        _ => Some("Invalid code_challenge_method parameter".to_owned()),
    }
}

fn escaped(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    text.replace('"', "&quot;")
}

const PAGE: &str = include_str!("openid/page.html");

fn page(heading: &str, body: &str) -> String {
    PAGE.replace("{heading}", &escaped(heading)).replace("{body}", body)
}

fn refused(why: &str) -> Response {
    let body = format!("<p class=\"wrong\" data-qa=\"openid-error\">{}</p>", escaped(why));
    (StatusCode::BAD_REQUEST, Html(page("Something went wrong", &body))).into_response()
}

/// "The app wants to sign you in": in place of Slack's own question, one chooses who one is.
async fn ask(State(inner): State<Arc<Inner>>, RawQuery(query): RawQuery, Query(asked): Query<Asked>) -> Response {
    if let Some(why) = wrong_with(&inner, &asked) {
        return refused(&why);
    }
    let (people, team, name) = inner.look(|world| {
        let there = world.people().into_iter().filter(|u| !u.is_bot && !u.deleted && u.id != SLACKBOT);
        let people: String = there
            .map(|user| {
                format!(
                    "<button name=\"user\" value=\"{}\" data-qa=\"sign-in-as\" data-person=\"{}\">\
                     <svg viewBox=\"0 0 36 36\" aria-hidden=\"true\"><rect width=\"36\" height=\"36\" rx=\"6\" fill=\"#{}\"/>\
                     <text x=\"18\" y=\"23\" text-anchor=\"middle\">{}</text></svg>\
                     <span><b>{}</b><br><small>{}</small></span></button>",
                    escaped(&user.id),
                    escaped(&user.name),
                    user.color(),
                    escaped(&user.initials()),
                    escaped(&user.real_name),
                    escaped(&user.title),
                )
            })
            .collect();
        (people, world.team.name.clone(), inner.manifest.name.clone())
    });
    let action = format!("/openid/connect/authorize?{}", query.unwrap_or_default());
    let body = format!(
        "<p><b>{name}</b> wants to know who you are in <b>{team}</b>: your name, and nothing else. Here you can be anyone.</p>\
         <form method=\"post\" action=\"{}\">{people}\
         <button class=\"no\" data-qa=\"sign-in-cancel\">Cancel</button></form>",
        escaped(&action),
        name = escaped(&name),
        team = escaped(&team),
    );
    Html(page(&format!("Sign in to {name} with Slack"), &body)).into_response()
}

async fn chosen(State(inner): State<Arc<Inner>>, Query(asked): Query<Asked>, Form(chosen): Form<Chosen>) -> Response {
    match consent(&inner, asked, &chosen.user) {
        Ok(back) => Redirect::to(back.as_str()).into_response(),
        Err(why) => refused(&why),
    }
}

/// A person agrees (or, as nobody, does not); where they are sent back to.
fn consent(inner: &Inner, asked: Asked, user: &str) -> Result<Url, String> {
    if let Some(why) = wrong_with(inner, &asked) {
        return Err(why);
    }
    let mut back = Url::parse(&asked.redirect_uri).map_err(|_| "Invalid redirect_uri parameter".to_owned())?;
    if user.is_empty() {
        back.query_pairs_mut().append_pair("error", "access_denied");
    } else {
        let there = inner.look(|world| world.user(user).is_some_and(|user| !user.deleted && !user.is_bot));
        if !there {
            return Err("This account cannot sign in".to_owned());
        }
        let code = secret();
        back.query_pairs_mut().append_pair("code", &code);
        let made = Code {
            user: user.to_owned(),
            asked: asked.clone(),
            made: inner.clock.now(),
            used: false,
        };
        inner.openid.locked().codes.insert(code, made);
    }
    back.query_pairs_mut().append_pair("state", &asked.state);
    Ok(back)
}

/// What the page does, for tests: somebody follows the app's address and agrees.
pub(crate) fn sign_in(inner: &Inner, address: &str, user: &str) -> Result<String, String> {
    let url = Url::parse(address).map_err(|error| error.to_string())?;
    let ours = format!("{}/openid/connect/authorize", inner.url());
    if !address.starts_with(&format!("{ours}?")) {
        return Err(format!("{address} is not where people sign in ({ours})"));
    }
    let asked: Asked =
        serde_urlencoded::from_str(url.query().unwrap_or_default()).map_err(|error| error.to_string())?;
    consent(inner, asked, user).map(String::from)
}

/// `client_secret_basic`.
pub(crate) fn basic(header: &str) -> Option<(String, String)> {
    let pair = String::from_utf8(STANDARD.decode(header.strip_prefix("Basic ")?).ok()?).ok()?;
    let (id, secret) = pair.split_once(':')?;
    let plain = |text: &str| {
        let read: Vec<(String, String)> = serde_urlencoded::from_str(&format!("v={text}")).ok()?;
        read.into_iter().next().map(|(_, value)| value)
    };
    Some((plain(id)?, plain(secret)?))
}

/// `openid.connect.token`.
pub(crate) fn token(inner: &Inner, args: &Args) -> Answer {
    if args.needed("client_id")? != inner.tokens.client_id {
        return Err("invalid_client_id".into());
    }
    if args.text("client_secret").unwrap_or_default() != inner.tokens.client_secret {
        return Err("bad_client_secret".into());
    }
    if args.text("grant_type").is_some_and(|kind| kind != "authorization_code") {
        return Err("invalid_grant_type".into());
    }
    let code = args.needed("code")?;
    let now = inner.clock.now();
    let mut openid = inner.openid.locked();
    let made = openid
        .codes
        .get_mut(&code)
        .ok_or_else(|| Refusal::new("invalid_code"))?;
    if made.used {
        return Err("code_already_used".into());
    }
    if now.saturating_sub(made.made) > CODE_LIFE {
        return Err("invalid_code".into());
    }
    if args.text("redirect_uri").unwrap_or_default() != made.asked.redirect_uri {
        return Err("bad_redirect_uri".into());
    }
    if let Some(challenge) = &made.asked.code_challenge {
        let verifier = args.text("code_verifier").unwrap_or_default();
        if URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes())) != *challenge {
            return Err("invalid_code_verifier".into());
        }
    }
    made.used = true;
    let made = made.clone();
    let access = format!("xoxp-{}", secret());
    openid.tokens.insert(access.clone(), made.user.clone());
    let faults = std::mem::take(&mut openid.faults);
    drop(openid);
    let id_token = id_token(inner, &made, now, &faults);
    Ok(json!({"access_token": access, "token_type": "Bearer", "id_token": id_token}))
}

/// What Slack tells about somebody, as far as the app may know.
fn claims(inner: &Inner, user: &str, scope: &str) -> Value {
    inner.look(|world| {
        let Some(person) = world.user(user) else {
            return json!({});
        };
        let mut claims = json!({
            "sub": user, "https://slack.com/user_id": user, "https://slack.com/team_id": world.team.id,
        });
        let team = if person.is_stranger {
            "T0OTHER00"
        } else {
            &world.team.id
        };
        claims["https://slack.com/team_id"] = json!(team);
        if scope.contains("profile") {
            claims["name"] = json!(person.real_name);
            claims["https://slack.com/team_name"] = json!(world.team.name);
            claims["https://slack.com/team_domain"] = json!(world.team.domain);
        }
        if scope.contains("email") {
            claims["email"] = json!(person.email);
            claims["email_verified"] = json!(true);
        }
        claims
    })
}

fn id_token(inner: &Inner, code: &Code, now: Duration, faults: &[IdTokenFault]) -> String {
    let mut claims = claims(inner, &code.user, &code.asked.scope);
    claims["iss"] = json!(inner.url());
    claims["aud"] = json!(inner.tokens.client_id);
    claims["iat"] = json!(now.as_secs());
    claims["auth_time"] = json!(now.as_secs());
    claims["exp"] = json!((now + ID_TOKEN_LIFE).as_secs());
    claims["nonce"] = json!(code.asked.nonce);
    let (mut key, mut algorithm) = (KEY, "RS256");
    for fault in faults {
        match fault {
            IdTokenFault::Claim(name, value) => claims[name.as_str()] = value.clone(),
            IdTokenFault::Forged => key = OTHER_KEY,
            IdTokenFault::Unsigned => algorithm = "none",
        }
    }
    if let Some(claims) = claims.as_object_mut() {
        claims.retain(|_, value| !value.is_null());
    }
    let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let head = json!({"typ": "JWT", "alg": algorithm, "kid": KEY_ID});
    let signed = format!("{}.{}", part(head), part(claims));
    if algorithm == "none" {
        return format!("{signed}.");
    }
    let key = RsaKeyPair::from_pkcs8(key).expect("the keys in the sources are keys");
    let mut signature = vec![0; key.public().modulus_len()];
    key.sign(
        &RSA_PKCS1_SHA256,
        &SystemRandom::new(),
        signed.as_bytes(),
        &mut signature,
    )
    .expect("a key of 2048 bits signs any message");
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// `openid.connect.userInfo`.
pub(crate) fn user_info(inner: &Inner, token: &str) -> Answer {
    if token.is_empty() {
        return Err("not_authed".into());
    }
    let user = inner.openid.locked().tokens.get(token).cloned();
    let user = user.ok_or_else(|| Refusal::new("invalid_auth"))?;
    Ok(claims(inner, &user, "openid profile"))
}

fn secret() -> String {
    hex::encode((0..16).map(|_| rand::random::<u8>()).collect::<Vec<_>>())
}
