//! Connections to other services: by TLS with the machine's root certificates; without it where no certificate is meant.

use anyhow::Context as _;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use std::{sync::Arc, time::Duration};
use url::Url;

/// How long a connection may take to be made.
pub const TO_CONNECT: Duration = Duration::from_secs(3);

/// Makes connections.
pub type Connector = HttpsConnector<HttpConnector>;

/// Makes connections to where `url` leads.
///
/// # Errors
/// When the machine has no root certificates though the address needs them.
pub fn connector(url: &Url) -> anyhow::Result<Connector> {
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    tcp.set_connect_timeout(Some(TO_CONNECT));
    let tls = HttpsConnectorBuilder::new();
    let provider = rustls::crypto::ring::default_provider();
    let tls = if url.scheme() == "https" {
        tls.with_provider_and_native_roots(provider)
            .context("no root certificates were found on this machine")?
    } else {
        // On this machine: no certificates needed, none trusted.
        let trust =
            rustls::ClientConfig::builder_with_provider(Arc::new(provider)).with_safe_default_protocol_versions()?;
        tls.with_tls_config(
            trust
                .with_root_certificates(rustls::RootCertStore::empty())
                .with_no_client_auth(),
        )
    };
    Ok(tls.https_or_http().enable_http1().wrap_connector(tcp))
}
