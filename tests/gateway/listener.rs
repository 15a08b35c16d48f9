//! The listener with everything on it, over real connections: Slack's addresses, probes, limits, an orderly end.

use crate::stand_in::{World, handler, signed, world};
use axum::Router;
use axum::body::Bytes;
use axum::routing::{get, post};
use c1::http::{Check, Front, Site, limited, probes, serve};
use c1::slack::gateway::reply::Reply;
use c1::telemetry::start_metrics;
use http_body_util::{BodyExt as _, Full};
use hyper::{Request, Response};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use metrics_exporter_prometheus::PrometheusHandle;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Metrics are one per process.
static METRICS: LazyLock<PrometheusHandle> = LazyLock::new(|| start_metrics().unwrap());

struct Running {
    address: SocketAddr,
    stop: CancellationToken,
    serving: JoinHandle<()>,
    client: Client<HttpConnector, Full<Bytes>>,
}

async fn run(world: &World, checks: Vec<Check>, pages: Router) -> Running {
    let metrics = METRICS.clone();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mouth = world.mouth.clone();
    let front: Front = Arc::new(move |request| {
        let mouth = mouth.clone();
        Box::pin(async move { mouth.handle(request).await })
    });
    let site = Site {
        front: Some(("/slack/", front)),
        router: limited(probes(checks, metrics).merge(pages)),
    };
    let stop = CancellationToken::new();
    let serving = tokio::spawn(serve(listener, site, stop.clone()));
    let client = Client::builder(TokioExecutor::new()).build_http();
    Running {
        address,
        stop,
        serving,
        client,
    }
}

impl Running {
    async fn send(&self, mut request: Request<Full<Bytes>>) -> (u16, String) {
        let path = request.uri().path_and_query().unwrap().as_str().to_owned();
        *request.uri_mut() = format!("http://{}{path}", self.address).parse().unwrap();
        let response: Response<_> = self.client.request(request).await.unwrap();
        let status = response.status().as_u16();
        (
            status,
            String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap(),
        )
    }

    async fn get(&self, path: &str) -> (u16, String) {
        self.send(Request::get(path).body(Full::default()).unwrap()).await
    }
}

const COMMAND: &str = "team_id=T111&user_id=U1&channel_id=C1&command=%2Fc1&text=&trigger_id=t";

#[tokio::test]
async fn probes_tell_how_it_is() {
    let world = world(handler(|_| async { Ok(Reply::Ack) })).await;
    let well = Arc::new(AtomicBool::new(true));
    let looked = Arc::clone(&well);
    let database = Check::new("database", move || {
        let well = looked.load(Ordering::SeqCst);
        async move {
            if well {
                Ok(())
            } else {
                Err("the database does not answer".to_owned())
            }
        }
    });
    let slack = Check::new("slack", || async { Ok(()) });
    let running = run(&world, vec![database, slack], Router::new()).await;
    assert_eq!(running.get("/healthz").await, (200, "ok\n".to_owned()));
    let json = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    let (status, text) = running.get("/readyz").await;
    assert_eq!(
        (status, json(&text)),
        (
            200,
            json!({ "ready": true, "checks": { "database": "ok", "slack": "ok" } })
        )
    );
    well.store(false, Ordering::SeqCst);
    let (status, text) = running.get("/readyz").await;
    let checks = json!({ "database": "the database does not answer", "slack": "ok" });
    assert_eq!(
        (status, json(&text)),
        (503, json!({ "ready": false, "checks": checks }))
    );
    assert_eq!(running.send(signed("/slack/events", COMMAND.into(), 0)).await.0, 200);
    assert_eq!(running.send(signed("/slack/events", COMMAND.into(), 900)).await.0, 401);
    let (status, text) = running.get("/metrics").await;
    assert_eq!(status, 200);
    assert!(text.contains(r#"c1_slack_deliveries_total{kind="command"}"#), "{text}");
    assert!(text.contains(r#"c1_slack_forged_total{cause="age"}"#), "{text}");
    assert_eq!(running.get("/nowhere").await.0, 404);
}

#[tokio::test]
async fn a_check_that_hangs_has_failed() {
    let world = world(handler(|_| async { Ok(Reply::Ack) })).await;
    let running = run(&world, vec![Check::new("slack", std::future::pending)], Router::new()).await;
    let (status, text) = running.get("/readyz").await;
    assert!(status == 503 && text.contains("no answer within two seconds"), "{text}");
}

#[tokio::test]
async fn pages_have_limits_and_survive_panics() {
    let world = world(handler(|_| async { Ok(Reply::Ack) })).await;
    let pages = Router::new()
        .route(
            "/panic",
            get(|| async {
                if true {
                    panic!("as told")
                }
            }),
        )
        .route("/echo", post(|body: Bytes| async move { body.len().to_string() }));
    let running = run(&world, Vec::new(), pages).await;
    assert_eq!(running.get("/panic").await.0, 500);
    let post = |size: usize| Request::post("/echo").body(Full::from(vec![b'x'; size])).unwrap();
    assert_eq!(running.send(post(1000)).await, (200, "1000".to_owned()));
    assert_eq!(running.send(post(c1::http::LARGEST_BODY + 1)).await.0, 413);
}

#[tokio::test]
async fn a_huge_body_is_refused_before_it_is_sent() {
    let world = world(handler(|_| async { Ok(Reply::Ack) })).await;
    let running = run(&world, Vec::new(), Router::new()).await;
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    stream
        .write_all(b"POST /slack/events HTTP/1.1\r\nhost: c1\r\ncontent-length: 99999999\r\n\r\n")
        .await
        .unwrap();
    let mut answer = String::new();
    tokio::time::timeout(Duration::from_secs(2), stream.read_to_string(&mut answer))
        .await
        .expect("closed")
        .unwrap();
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    assert!(answer.contains("connection: close"), "{answer}");
}

#[tokio::test]
async fn a_stop_lets_answers_under_way_end_and_takes_no_more() {
    let gate = Arc::new(Semaphore::new(0));
    let held = Arc::clone(&gate);
    let world = world(handler(move |_| {
        let held = Arc::clone(&held);
        async move {
            let _open = held.acquire().await?;
            Ok(Reply::say("in time"))
        }
    }))
    .await;
    let running = run(&world, Vec::new(), Router::new()).await;
    // An idle connection must not hold up the end.
    let _idle = TcpStream::connect(running.address).await.unwrap();
    let (answer, ()) = tokio::join!(running.send(signed("/slack/events", COMMAND.into(), 0)), async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        running.stop.cancel();
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert!(
            TcpStream::connect(running.address).await.is_err(),
            "nobody listens any more"
        );
        gate.add_permits(1);
    });
    assert!(answer.1.contains("in time"));
    tokio::time::timeout(Duration::from_secs(3), running.serving)
        .await
        .expect("ended")
        .unwrap();
    world.gateway.drain().await;
}
