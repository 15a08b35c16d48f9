//! `c1 demo`: the command.

use super::say;
use crate::demo::{self, Options};
use clap::Args;
use std::{net::SocketAddr, path::PathBuf, time::Duration};

/// How to run the demo.
#[derive(Debug, Args)]
pub struct Demo {
    /// Start over: forget everything that earlier runs kept
    #[arg(long)]
    fresh: bool,
    /// Where everything is kept between runs
    #[arg(long, default_value = ".c1/demo")]
    dir: PathBuf,
    /// Where the small Slack is opened in the browser
    #[arg(long, default_value = "127.0.0.1:7300")]
    page: SocketAddr,
    /// Where c1 itself listens
    #[arg(long, default_value = "127.0.0.1:7301")]
    listen: SocketAddr,
    /// Deliver by signed HTTP in place of Socket Mode
    #[arg(long)]
    http: bool,
}

impl Demo {
    /// Runs until Ctrl-C, and leaves nothing running.
    ///
    /// # Errors
    /// When a part cannot be started.
    pub async fn run(self) -> anyhow::Result<()> {
        let kept = !self.fresh && self.dir.join("slack.json").exists();
        let options = Options {
            dir: self.dir,
            page: self.page,
            listen: self.listen,
            http: self.http,
            fresh: self.fresh,
        };
        say("Starting");
        let told = |what: &str, took: Duration| say(format!("  ✓ {what:<42} {:>5.1} s", took.as_secs_f64()));
        let running = demo::Demo::start(&options, &told).await?;
        if options.page.port() != 0 && !running.page().ends_with(&format!(":{}", options.page.port())) {
            say(format!(
                "\nSomething else listens at {}, so the page is elsewhere.",
                options.page
            ));
        }
        say(welcome(&running.page(), kept));
        super::serve::told_to_stop().await?;
        say("\nStopping");
        running.stop().await;
        say("Nothing is left running. What you did is kept; `--fresh` starts over.");
        Ok(())
    }
}

fn welcome(page: &str, kept: bool) -> String {
    let kept = if kept { "Everything is as you left it.\n\n" } else { "" };
    format!(
        "\n{kept}Open  {page}\n\n\
         You are in the Slack of a small company, and can be anyone in it (top of the page).\n\
         Try this:\n\
         \x20 1. As Ana, type  /c1 request prod  in #general, choose “orders / Write”, say why, submit\n\
         \x20 2. Open Bob beside her: c1 has asked him, her manager. He approves; Carla or Dan, who own the data, come next\n\
         \x20 3. Reply in the thread under a card, and see it arrive on the other side\n\
         \x20 4. Click the blue link on a card: you sign in as anyone, and act on the request's page\n\
         \x20 5. Let some hours pass (⏩ at the top), and see the access end\n\n\
         Ctrl-C stops everything."
    )
}
