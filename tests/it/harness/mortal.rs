//! A c1 that can be killed inside the test's process: it runs on threads of its own, and when they go, everything it was
//! doing ends where it stands. Its connections break, its transactions roll back, its lease runs out, as after `kill -9`.

use super::World;
use c1::server::Server;
use tokio::runtime::Runtime;

pub struct Mortal {
    runtime: Runtime,
    server: Server,
}

impl World {
    /// Starts a c1 that can be killed.
    pub async fn starts_mortal_c1(&self) {
        if !self.servers.is_empty() && self.mortals.lock().unwrap().is_empty() {
            let workers = sqlx::query_scalar("SELECT id::text FROM job_workers WHERE lease_until > now()");
            *self.living.lock().unwrap() = workers.fetch_all(&self.pool).await.unwrap();
        }
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let (config, options) = (self.config(), self.options());
        let server = runtime
            .spawn(async move { Server::start(&config, options).await })
            .await
            .unwrap()
            .unwrap();
        self.mortals.lock().unwrap().push(Mortal { runtime, server });
    }

    /// The same, where Slack or the database may not be there: whoever runs c1 starts it again until it stays.
    pub async fn starts_mortal_c1_in_any_weather(&self) {
        for _ in 0..20 {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(2)
                .enable_all()
                .build()
                .unwrap();
            let (config, options) = (self.config(), self.options());
            let started = runtime
                .spawn(async move { Server::start(&config, options).await })
                .await;
            if let Ok(Ok(server)) = started {
                self.mortals.lock().unwrap().push(Mortal { runtime, server });
                return;
            }
            runtime.shutdown_background();
            // Somebody has to install the app first.
            self.slack.installs_app();
        }
        panic!("c1 does not start");
    }

    /// Everything that is mortal ends where it stands; its leases run out.
    pub async fn kills_c1(&self) {
        for Mortal { runtime, server } in std::mem::take(&mut *self.mortals.lock().unwrap()) {
            runtime.shutdown_background();
            drop(server);
        }
        self.leases_run_out().await;
    }

    /// Stops whatever is mortal, in order.
    pub async fn stops_mortals(&self) {
        let all = std::mem::take(&mut *self.mortals.lock().unwrap());
        for Mortal { runtime, server } in all {
            server.stop().await;
            runtime.shutdown_background();
        }
    }
}
