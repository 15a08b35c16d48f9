//! A c1 of its own process, which can die as programs do.

use super::World;
use std::{
    collections::HashMap,
    process::{Child, Command, Stdio},
};

pub struct Process(Child);

impl Process {
    /// Starts `c1 serve`.
    pub fn start(settings: &HashMap<&'static str, String>) -> Self {
        let child = Command::new(env!("CARGO_BIN_EXE_c1"))
            .arg("serve")
            .env_clear()
            .envs(settings)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Self(child)
    }

    /// As `kill -9` does.
    pub fn dies(mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl World {
    /// The leases of whoever died run out; by themselves they do after six seconds. Whoever lives keeps theirs: what they have
    /// under way at Slack cannot be called back.
    pub async fn leases_run_out(&self) {
        let living = self.living.lock().unwrap().clone();
        sqlx::query("UPDATE job_workers SET lease_until = now() - interval '1 second' WHERE id::text <> ALL($1)")
            .bind(living)
            .execute(&self.pool)
            .await
            .unwrap();
    }
}
