//! A way to the database that can be cut.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex},
};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, UnixStream},
    sync::broadcast,
};

/// Stands between c1 and the database server.
pub struct Proxy {
    port: u16,
    server: Arc<Mutex<PathBuf>>,
    cut: broadcast::Sender<()>,
}

impl Proxy {
    /// A way to the server whose databases have such addresses (`…?host=/a/folder`).
    pub async fn to(url: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (server, cut) = (Arc::new(Mutex::new(socket(url))), broadcast::channel(1).0);
        let (to, cuts) = (Arc::clone(&server), cut.clone());
        tokio::spawn(async move {
            loop {
                let Ok((mut near, _)) = listener.accept().await else {
                    return;
                };
                let (path, mut cut) = (to.lock().unwrap().clone(), cuts.subscribe());
                tokio::spawn(async move {
                    let Ok(mut far) = UnixStream::connect(path).await else {
                        return;
                    };
                    tokio::select! {
                        _ = copy_bidirectional(&mut near, &mut far) => {}
                        _ = cut.recv() => {}
                    }
                });
            }
        });
        Self { port, server, cut }
    }

    /// The address of a database by this way.
    pub fn url_of(&self, url: &str) -> String {
        let name = url.split('?').next().unwrap().rsplit('/').next().unwrap();
        format!("postgres://postgres@127.0.0.1:{}/{name}?sslmode=disable", self.port)
    }

    /// Ends every connection without a word.
    pub fn cut(&self) {
        let _ = self.cut.send(());
    }

    /// The server is elsewhere now.
    pub fn leads_to(&self, url: &str) {
        *self.server.lock().unwrap() = socket(url);
    }
}

fn socket(url: &str) -> PathBuf {
    let url: url::Url = url.parse().unwrap();
    let host = url
        .query_pairs()
        .find(|(name, _)| name == "host")
        .unwrap()
        .1
        .into_owned();
    PathBuf::from(host).join(".s.PGSQL.5432")
}
