//! Slack as an OpenID provider: the way there, and what its answer is worth. The protocol is the library's; which answers
//! count is said here.

use crate::{
    clock::SharedClock,
    config::{SignInConfig, SlackConfig},
    http::client,
    usecases::sign_in::Departure,
};
use openidconnect::{
    AdditionalClaims, AdditionalProviderMetadata, AuthorizationCode, Client, ClientId, ClientSecret, CsrfToken,
    EmptyExtraTokenFields, HttpRequest, HttpResponse, IdTokenFields, IssuerUrl, Nonce, PkceCodeChallenge,
    PkceCodeVerifier, ProviderMetadata, RedirectUrl, RequestTokenError, Scope, StandardErrorResponse,
    StandardTokenResponse,
    core::{
        CoreAuthDisplay, CoreAuthPrompt, CoreAuthenticationFlow, CoreClaimName, CoreClaimType, CoreClientAuthMethod,
        CoreErrorResponseType, CoreGenderClaim, CoreGrantType, CoreJsonWebKey, CoreJweContentEncryptionAlgorithm,
        CoreJweKeyManagementAlgorithm, CoreJwsSigningAlgorithm, CoreResponseMode, CoreResponseType, CoreRevocableToken,
        CoreRevocationErrorResponse, CoreSubjectIdentifierType, CoreTokenIntrospectionResponse, CoreTokenType,
    },
};
use secrecy::ExposeSecret as _;
use serde::{Deserialize, Serialize};
use std::{fmt, sync::Arc, time::Duration};
use tokio::{sync::Mutex, time::Instant};
use url::Url;

/// Slack's addresses and keys are read again after so long.
const FRESH: Duration = Duration::from_secs(24 * 3600);

/// And no more often than this, when an answer is signed with a key we do not know.
const AT_ONCE: Duration = Duration::from_secs(60);

/// What Slack's description says beyond the standard's.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct More {
    #[serde(default)]
    code_challenge_methods_supported: Vec<String>,
}
impl AdditionalProviderMetadata for More {}

/// Who somebody is, in Slack's words. The e-mail address is not among them: it can be changed, and taken over.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Who {
    #[serde(rename = "https://slack.com/team_id")]
    team: String,
    #[serde(rename = "https://slack.com/user_id")]
    user: String,
}
impl AdditionalClaims for Who {}

type Metadata = ProviderMetadata<
    More,
    CoreAuthDisplay,
    CoreClientAuthMethod,
    CoreClaimName,
    CoreClaimType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseMode,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;

type Tokens = StandardTokenResponse<
    IdTokenFields<
        Who,
        EmptyExtraTokenFields,
        CoreGenderClaim,
        CoreJweContentEncryptionAlgorithm,
        CoreJwsSigningAlgorithm,
    >,
    CoreTokenType,
>;

/// A client of Slack's, with the endpoints that a description brings.
type SlackClient<Auth, Token, Info> = Client<
    Who,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    Tokens,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    Auth,
    openidconnect::EndpointNotSet,
    openidconnect::EndpointNotSet,
    openidconnect::EndpointNotSet,
    Token,
    Info,
>;

/// An account at Slack, proved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Account {
    pub(super) team: String,
    pub(super) user: String,
}

/// Why nobody is known after all. The words are for the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// Slack does not answer, or not in its own language.
    NotReached(String),
    /// Slack says no: to the code, or to us.
    Refused(String),
    /// The answer is not proof.
    Unproven(String),
}

/// Signs people in with Slack.
#[derive(Clone)]
pub struct SignIn(Arc<Inner>);

struct Inner {
    config: SignInConfig,
    issuer: IssuerUrl,
    comes_back_to: RedirectUrl,
    clock: SharedClock,
    /// What Slack says about itself, and when it was read.
    known: Mutex<Option<(Arc<Metadata>, Instant)>>,
}

impl fmt::Debug for SignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SignIn").field(&self.0.issuer).finish()
    }
}

impl SignIn {
    /// Where Slack sends people back to, below our own address.
    pub const CALLBACK: &'static str = "/auth/slack/callback";

    /// Where it is set up; `None` where it is not.
    #[must_use]
    pub fn set_up(slack: &SlackConfig, base_url: Option<&Url>, clock: SharedClock) -> Option<Self> {
        let (config, base) = (slack.sign_in.clone()?, base_url?);
        // Slack's Web API is one address below what vouches for people, and so is a stand-in's.
        let api = slack.api_url.as_str().trim_end_matches('/');
        let issuer = IssuerUrl::new(api.strip_suffix("/api").unwrap_or(api).to_owned()).ok()?;
        let back = format!("{}{}", base.as_str().trim_end_matches('/'), Self::CALLBACK);
        Some(Self(Arc::new(Inner {
            config,
            issuer,
            comes_back_to: RedirectUrl::new(back).ok()?,
            clock,
            known: Mutex::default(),
        })))
    }

    /// What Slack says about itself: read once a day, or when it is older than `oldest`.
    async fn metadata(&self, oldest: Duration) -> Result<Arc<Metadata>, Trouble> {
        let mut known = self.0.known.lock().await;
        if let Some((metadata, read)) = &*known
            && read.elapsed() < oldest
        {
            return Ok(Arc::clone(metadata));
        }
        let read = Metadata::discover_async(self.0.issuer.clone(), &call).await;
        let metadata = Arc::new(read.map_err(|error| Trouble::NotReached(chain(&error)))?);
        *known = Some((Arc::clone(&metadata), Instant::now()));
        Ok(metadata)
    }

    /// Is Slack there, and does it describe itself? For the operator.
    ///
    /// # Errors
    /// Why not, in a few words.
    pub async fn look(&self) -> Result<(), String> {
        match self.metadata(Duration::ZERO).await {
            Ok(_) => Ok(()),
            Err(Trouble::NotReached(why) | Trouble::Refused(why) | Trouble::Unproven(why)) => Err(why),
        }
    }

    fn client(
        &self,
        metadata: &Metadata,
    ) -> SlackClient<openidconnect::EndpointSet, openidconnect::EndpointMaybeSet, openidconnect::EndpointMaybeSet> {
        let config = &self.0.config;
        let secret = ClientSecret::new(config.client_secret.expose_secret().to_owned());
        Client::from_provider_metadata(metadata.clone(), ClientId::new(config.client_id.clone()), Some(secret))
            .set_redirect_uri(self.0.comes_back_to.clone())
    }

    /// Where to send somebody who sets out, to be asked about in this workspace.
    pub(super) async fn way(&self, departure: &Departure, team: Option<&str>) -> Result<Url, Trouble> {
        let metadata = self.metadata(FRESH).await?;
        let client = self.client(&metadata);
        let (state, nonce) = (departure.state.as_str().to_owned(), departure.nonce.clone());
        let mut way = client
            .authorize_url(
                CoreAuthenticationFlow::AuthorizationCode,
                || CsrfToken::new(state),
                || Nonce::new(nonce),
            )
            .add_scope(Scope::new("profile".to_owned()));
        if let Some(team) = team {
            way = way.add_extra_param("team", team.to_owned());
        }
        if takes_pkce(&metadata) {
            let verifier = PkceCodeVerifier::new(departure.verifier.clone());
            way = way.set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier));
        }
        Ok(way.url().0)
    }

    /// Who it is that comes back with this code: the signature, the issuer, the audience, the time and the nonce say so.
    pub(super) async fn redeem(&self, code: &str, departure: &Departure) -> Result<Account, Trouble> {
        let metadata = self.metadata(FRESH).await?;
        let client = self.client(&metadata);
        let mut exchange = client
            .exchange_code(AuthorizationCode::new(code.to_owned()))
            .map_err(|error| Trouble::NotReached(chain(&error)))?;
        if takes_pkce(&metadata) {
            exchange = exchange.set_pkce_verifier(PkceCodeVerifier::new(departure.verifier.clone()));
        }
        let tokens = exchange.request_async(&call).await.map_err(|error| match error {
            RequestTokenError::ServerResponse(said) => Trouble::Refused(said.error().as_ref().to_owned()),
            RequestTokenError::Request(error) => Trouble::NotReached(error.to_string()),
            // The answer itself, tokens and all, is no part of what is said.
            RequestTokenError::Parse(..) => Trouble::NotReached("its answer cannot be read".to_owned()),
            RequestTokenError::Other(why) => Trouble::NotReached(why),
        })?;
        match self.prove(&metadata, &tokens, departure) {
            // Slack may have new keys.
            Err(Trouble::Unproven(_)) => {
                let metadata = self.metadata(AT_ONCE).await?;
                self.prove(&metadata, &tokens, departure)
            }
            proved => proved,
        }
    }

    fn prove(&self, metadata: &Metadata, tokens: &Tokens, departure: &Departure) -> Result<Account, Trouble> {
        let unproven = |why: String| Trouble::Unproven(why);
        let id_token = tokens.extra_fields().id_token();
        let id_token = id_token.ok_or_else(|| unproven("there is no id token".to_owned()))?;
        let clock = Arc::clone(&self.0.clock);
        let client = self.client(metadata);
        let verifier = client
            .id_token_verifier()
            .set_allowed_algs([CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256])
            .set_time_fn(move || clock.now());
        let claims = id_token
            .claims(&verifier, &Nonce::new(departure.nonce.clone()))
            .map_err(|error| unproven(chain(&error)))?;
        let who = claims.additional_claims();
        Ok(Account {
            team: who.team.clone(),
            user: who.user.clone(),
        })
    }
}

/// Only apps that opted in may use PKCE at Slack; its description says whether it is known there at all.
fn takes_pkce(metadata: &Metadata) -> bool {
    let methods = &metadata.additional_metadata().code_challenge_methods_supported;
    methods.iter().any(|method| method == "S256")
}

/// A call that did not come to an answer.
#[derive(Debug)]
struct NoAnswer(String);

impl fmt::Display for NoAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for NoAnswer {}

async fn call(request: HttpRequest) -> Result<HttpResponse, NoAnswer> {
    let mut answer = client::carry(request)
        .await
        .map_err(|error| NoAnswer(format!("{error:#}")))?;
    // Slack says no with a 200; the protocol wants to hear it in the status.
    #[derive(Deserialize)]
    struct Says {
        ok: bool,
    }
    let said = serde_json::from_slice::<Says>(answer.body());
    if answer.status().is_success() && said.is_ok_and(|said| !said.ok) {
        *answer.status_mut() = openidconnect::http::StatusCode::BAD_REQUEST;
    }
    Ok(answer)
}

/// An error with what lies behind it.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text = format!("{text}: {cause}");
        next = cause.source();
    }
    text
}
