//! The state between runs: one JSON file, replaced as a whole.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;

use crate::inner::Inner;
use crate::sync::Locked;
use crate::world::World;

/// Changes come in bursts; so long is waited for the rest of one.
const REST: Duration = Duration::from_millis(200);

/// `None` when there is no file yet.
pub(crate) fn load(path: &Path) -> anyhow::Result<Option<World>> {
    let text = match std::fs::read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).with_context(|| format!("the state file {}", path.display())),
    };
    let world = serde_json::from_slice(&text).with_context(|| format!("the state file {}", path.display()))?;
    Ok(Some(world))
}

pub(crate) fn save(inner: &Inner) -> anyhow::Result<()> {
    let Some(path) = &inner.state_file else { return Ok(()) };
    let text = serde_json::to_vec(&*inner.world.locked())?;
    let temporary = path.with_extension("new");
    let write = || -> std::io::Result<()> {
        if let Some(folder) = path.parent().filter(|p| !p.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::write(&temporary, text)?;
        std::fs::rename(&temporary, path)
    };
    write().with_context(|| format!("the state file {}", path.display()))
}

/// Saves after changes until the simulator stops.
pub(crate) async fn run(inner: Arc<Inner>) {
    loop {
        tokio::select! {
            () = inner.stop.cancelled() => return,
            () = inner.dirty.notified() => {}
        }
        tokio::time::sleep(REST).await;
        let saver = Arc::clone(&inner);
        let saved = tokio::task::spawn_blocking(move || save(&saver)).await;
        if let Ok(Err(error)) = saved {
            tracing::warn!(%error, "the state was not saved");
        }
    }
}
