//! The simulator is honest if an app written for Slack with Slack's own SDK works in it: a Python Bolt app, over
//! Socket Mode and over HTTP. The test makes a virtual environment of its own below the target folder.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use simulator::{Config, Delivery, MessageSnapshot, Simulator, SubmitOutcome};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, ChildStdin, Command};

const MANIFEST: &str = r#"
display_information: {name: Tasks}
features:
  app_home: {home_tab_enabled: true, messages_tab_enabled: true}
  bot_user: {display_name: tasks}
  slash_commands:
    - {command: /task, url: "https://tasks.example.com/slack/events", description: Asks for a task}
oauth_config:
  scopes: {bot: [commands, "chat:write", "im:write", "im:history", "users:read", "users:read.email"]}
settings:
  event_subscriptions:
    request_url: https://tasks.example.com/slack/events
    bot_events: [app_home_opened, message.im]
  interactivity: {is_enabled: true, request_url: "https://tasks.example.com/slack/events"}
"#;

/// Python with the packages of `bolt/requirements.txt`; made once for all runs.
fn python() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bolt");
    let requirements = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bolt/requirements.txt");
    std::fs::create_dir_all(&folder).unwrap();
    // Tests may run in several processes at once.
    let lock = std::fs::File::create(folder.join("lock")).unwrap();
    lock.lock().unwrap();
    let (venv, made) = (folder.join("venv"), folder.join("made"));
    let wanted = std::fs::read_to_string(&requirements).unwrap();
    let python = venv.join("bin/python");
    if std::fs::read_to_string(&made).ok().as_ref() == Some(&wanted) && python.exists() {
        return python;
    }
    let run = |program: &Path, args: &[&str], what: &str| {
        let output = std::process::Command::new(program).args(args).output();
        let output = output.unwrap_or_else(|e| panic!("{what}: `{}` could not be run: {e}", program.display()));
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success(),
            "{what}:\n{}{said}",
            String::from_utf8_lossy(&output.stdout)
        );
    };
    let needs = "this test needs python3 with its venv module on the PATH, to run an app written with Slack's own SDK";
    run(
        Path::new("python3"),
        &["-m", "venv", "--clear", venv.to_str().unwrap()],
        needs,
    );
    let install = [
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "-r",
        requirements.to_str().unwrap(),
    ];
    run(
        &python,
        &install,
        "this test installs Slack's SDK from PyPI, which failed",
    );
    std::fs::write(&made, wanted).unwrap();
    python
}

/// The app, and what keeps it alive.
struct Bolt {
    _child: Child,
    _stdin: ChildStdin,
    port: Option<u16>,
}

async fn start_bolt(slack: &Simulator, how: &str) -> Bolt {
    let python = tokio::task::spawn_blocking(python).await.unwrap();
    let mut child = Command::new(python)
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bolt/app.py"))
        .arg(how)
        .env("API_URL", slack.api_url())
        .env("BOT_TOKEN", &slack.tokens().bot)
        .env("APP_TOKEN", &slack.tokens().app)
        .env("SIGNING_SECRET", &slack.tokens().signing_secret)
        .env("NO_PROXY", "*")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let stdin = child.stdin.take().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let ready = tokio::time::timeout(Duration::from_secs(30), async {
        while let Some(line) = lines.next_line().await.unwrap() {
            if let Some(rest) = line.strip_prefix("ready") {
                return rest.trim().parse().ok();
            }
        }
        panic!("the Bolt app ended before it was ready");
    });
    let port = ready.await.expect("the Bolt app is not ready after half a minute");
    Bolt {
        _child: child,
        _stdin: stdin,
        port,
    }
}

/// Bolt works on after it has acknowledged, so what it does comes a little later.
async fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(started.elapsed() < Duration::from_secs(20), "{what} did not happen");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn a_bolt_app_works_over_socket_mode() {
    let slack = Simulator::start(Config::new(MANIFEST)).await.unwrap();
    let _bolt = start_bolt(&slack, "socket").await;
    eventually("the WebSocket", || (slack.sockets() == 1).then_some(())).await;
    story(&slack).await;
}

#[tokio::test]
async fn a_bolt_app_works_over_http() {
    let slack = Simulator::start(Config::new(MANIFEST)).await.unwrap();
    let bolt = start_bolt(&slack, "http").await;
    let base = format!("http://127.0.0.1:{}", bolt.port.expect("it said its port"))
        .parse()
        .unwrap();
    slack.set_delivery(Delivery::Http { base });
    let verified = eventually("the challenge", || slack.url_verified()).await;
    assert_eq!(verified, Ok(()), "Bolt answers the challenge and takes our signature");
    story(&slack).await;
}

/// A command opens a modal with a search; the submission becomes a message with a button; the click changes it and
/// answers in the other's thread; a reply in one thread appears in the other.
async fn story(slack: &Simulator) {
    let (ana, bob) = (slack.person("ana"), slack.person("bob"));

    ana.runs("general", "/task help").await.unwrap();
    let hint = eventually("the hint", || ana.messages("general").pop()).await;
    assert!(hint.is_ephemeral());
    assert_eq!(hint.raw_text(), "Type /task and fill in the form.");

    ana.runs("general", "/task").await.unwrap();
    let modal = eventually("the modal", || ana.modal()).await;
    assert_eq!(modal.callback_id(), "task");

    let found = ana.searches("Project", "ap").await.unwrap();
    assert_eq!(
        found.iter().map(|c| c.text.as_str()).collect::<Vec<_>>(),
        ["Apollo", "Apogee"]
    );
    ana.chooses("Project", "Apogee").await.unwrap();
    ana.types("Reason", "pls").await.unwrap();
    let SubmitOutcome::Errors(errors) = ana.submits().await.unwrap() else {
        panic!("too short a reason was taken")
    };
    assert_eq!(errors["reason"], "Please say a little more.");
    ana.types("Reason", "to see the far side").await.unwrap();
    assert_eq!(ana.submits().await.unwrap(), SubmitOutcome::Closed);
    assert!(ana.modal().is_none());

    let card = eventually("the card", || bob.last_dm()).await;
    assert!(card.text().contains("to see the far side"), "{}", card.text());
    assert_eq!(
        slack.metadata(&card.reference()).unwrap()["event_payload"]["project"],
        "Apogee"
    );
    let own = eventually("the receipt", || ana.last_dm()).await;
    assert_eq!(own.raw_text(), "You asked for Apogee.");

    bob.clicks(&card, "Approve").await.unwrap();
    let decided = eventually("the change", || bob.message(&card).filter(MessageSnapshot::is_edited)).await;
    assert_eq!(decided.raw_text(), format!("Apogee was approved by <@{}>", bob.id()));
    assert_eq!(bob.clicks(&card, "Approve").await.unwrap_err().error, "no such button");
    let answer = eventually("the answer", || ana.thread(&own).get(1).cloned()).await;
    assert_eq!(answer.raw_text(), decided.raw_text());

    ana.replies(&own, "Thanks & see you").await.unwrap();
    let mirrored = eventually("the mirrored reply", || bob.thread(&card).get(1).cloned()).await;
    assert_eq!(
        mirrored.raw_text(),
        format!("<@{}> says: Thanks &amp; see you", ana.id())
    );
    bob.replies(&card, "Good luck").await.unwrap();
    let mirrored = eventually("the other mirrored reply", || ana.thread(&own).get(3).cloned()).await;
    assert_eq!(mirrored.raw_text(), format!("<@{}> says: Good luck", bob.id()));

    ana.opens_home().await.unwrap();
    let home = eventually("the Home tab", || ana.home()).await;
    assert!(home.text().contains("Welcome, @Ana Costa"), "{}", home.text());

    slack.idle().await;
    assert_eq!(
        (bob.thread(&card).len(), ana.thread(&own).len()),
        (3, 4),
        "nothing is mirrored twice"
    );
    let refused: Vec<_> = slack.calls().into_iter().filter(|c| c.outcome != "ok").collect();
    assert!(refused.is_empty(), "{refused:?}");
}
