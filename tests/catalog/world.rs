//! A database of its own for each test, on a private server that goes with the last of them.

use c1::{
    catalog_files::{self, Folder, FolderError, Proposal},
    clock::SystemClock,
    db::Db,
    private_postgres::{Durability, Options, PrivatePostgres},
    usecases::{System, apply_catalog::Applied},
};
use sqlx::PgPool;
use std::{
    path::Path,
    sync::{
        Arc, Weak,
        atomic::{AtomicU32, Ordering},
    },
};
use tempfile::TempDir;
use tokio::sync::Mutex;

static SERVER: Mutex<Weak<Server>> = Mutex::const_new(Weak::new());
static NEXT: AtomicU32 = AtomicU32::new(0);

/// The server, and the directory it lives in; stopped before the directory goes.
struct Server {
    postgres: PrivatePostgres,
    _dir: TempDir,
}

async fn server() -> Arc<Server> {
    let mut shared = SERVER.lock().await;
    if let Some(server) = shared.upgrade() {
        return server;
    }
    let dir = tempfile::tempdir().expect("a place for the server");
    let options = Options {
        durability: Durability::Off,
        ..Options::default()
    };
    let postgres = PrivatePostgres::start(&dir.path().join("postgres"), options)
        .await
        .expect("a server");
    let server = Arc::new(Server { postgres, _dir: dir });
    *shared = Arc::downgrade(&server);
    server
}

/// A system with an empty, migrated database.
pub(crate) struct World {
    pub(crate) system: System,
    /// To look behind the scenes.
    pub(crate) pool: PgPool,
    // The last field: connections are closed before the server stops.
    _server: Arc<Server>,
}

impl World {
    pub(crate) async fn new() -> Self {
        let server = server().await;
        let name = format!("catalog_{}", NEXT.fetch_add(1, Ordering::Relaxed));
        let url = server.postgres.create_database(&name).await.expect("a database");
        let pool = PgPool::connect(&url).await.expect("a connection");
        let db = Db::from_pool(pool.clone());
        db.migrate().await.expect("all migrations");
        let system = System {
            db,
            clock: Arc::new(SystemClock),
            base_url: None,
        };
        Self {
            system,
            pool,
            _server: server,
        }
    }

    pub(crate) async fn propose(&self, files: &[(String, String)]) -> Result<Proposal, FolderError> {
        let files: Vec<(&str, &str)> = files
            .iter()
            .map(|(name, text)| (name.as_str(), text.as_str()))
            .collect();
        catalog_files::propose_files(&self.system, Folder::of(&files)).await
    }

    /// Applies files and says what was shown before.
    pub(crate) async fn apply(&self, files: &[(String, String)]) -> (String, Applied) {
        let proposal = self.propose(files).await.expect("files in order");
        let applied = catalog_files::carry_out(&self.system, &proposal, "tester")
            .await
            .expect("applied");
        assert_eq!(applied.plan, proposal.plan);
        let again = self.propose(files).await.expect("files in order");
        assert!(
            again.plan.is_empty(),
            "a second time there is nothing to do:\n{}",
            again.plan
        );
        (proposal.plan.to_string(), applied)
    }

    /// The rows of a query as texts.
    pub(crate) async fn rows(&self, sql: &'static str) -> Vec<String> {
        sqlx::query_scalar(sql).fetch_all(&self.pool).await.expect(sql)
    }

    pub(crate) async fn count(&self, sql: &'static str) -> i64 {
        sqlx::query_scalar(sql).fetch_one(&self.pool).await.expect(sql)
    }
}

pub(crate) fn company() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/demo/company"))
}

/// The files of a small organisation: three people, a policy, an app.
pub(crate) fn small() -> Vec<(String, String)> {
    [
        ("organisation.yaml", "last_resort: [erin]\n"),
        (
            "people.yaml",
            "\
- { key: ana, name: Ana Alvarez, email: ana@example.com, team: Payments, manager: bob }
- { key: bob, name: Bob Brandt, email: bob@example.com, manager: erin, roles: [helpdesk] }
- { key: erin, name: Erin Eze, email: erin@example.com, roles: [super_admin, auditor] }
",
        ),
        ("groups.yaml", "- { key: owners, name: Owners, members: [bob, erin] }\n"),
        (
            "policies.yaml",
            "\
- key: owner
  name: One of the owners
  rules:
    - name: short
      when: request.minutes <= 60
      steps: [{ approve: true }]
    - steps: [{ approvers: [entitlement_owners] }]
",
        ),
        (
            "apps/github.yaml",
            "\
key: github
name: GitHub
owners: [group:owners]
entitlements:
  - { key: access, name: Access, policy: owner }
  - { key: admin, name: Admin, resource: payments, policy: owner, owners: [bob], lengths: { presets: [1h, 8h], max: 1d } }
",
        ),
        ("catalogs.yaml", "- { key: all, name: All, everyone: true, entitlements: [github/*] }\n"),
    ]
    .map(|(name, text)| (name.to_owned(), text.to_owned()))
    .to_vec()
}

/// `small`, with texts in place of others.
pub(crate) fn small_with(changes: &[(&str, &str, &str)]) -> Vec<(String, String)> {
    let mut files = small();
    for (file, from, to) in changes {
        let (_, text) = files
            .iter_mut()
            .find(|(name, _)| name == file)
            .expect("one of the files");
        assert!(text.contains(from), "{file} has no {from}");
        *text = text.replace(from, to);
    }
    files
}
