//! The command line: reads the words, starts logging, hands over.

use c1::cli;
use clap::Parser as _;
use std::process::ExitCode;

fn main() -> ExitCode {
    // One provider of cryptography for every crate, chosen before any of them opens a connection.
    if rustls::crypto::ring::default_provider().install_default().is_err() {
        tracing::debug!("the provider of cryptography was chosen already");
    }
    cli::run(cli::Words::parse())
}
