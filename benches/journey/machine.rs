//! Where it was measured, and what else the machine did.

use std::{fs, process::Command};

/// The machine, in a line.
pub(crate) fn describe(data: &str) -> String {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let text = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = text
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": "))
        .map_or("unknown", |(_, model)| model);
    let version = fs::read_to_string(format!("{data}/PG_VERSION")).unwrap_or_default();
    let kernel = Command::new("uname").arg("-sr").output().ok();
    let kernel = kernel
        .map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
        .unwrap_or_default();
    format!(
        "## Speed of the main journey\n\n{cores} cores ({model}), {kernel}, PostgreSQL {}, default durability, loopback. Load of the machine at the start: {}.",
        version.trim(),
        load()
    )
}

/// The load of the last minute: more than this benchmark's own is somebody else's.
pub(crate) fn load() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split_whitespace().next().unwrap_or("unknown").to_owned()
}
