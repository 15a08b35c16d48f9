//! The company of the stories.

use std::path::Path;

/// The files.
pub fn folder() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/company"))
}

/// The workspace.
pub fn workspace() -> simulator::Seed {
    let people = std::fs::read_to_string(folder().join("people.yaml")).unwrap();
    c1::demo::company::workspace_of(&serde_yaml_ng::from_str::<Vec<c1::demo::company::Member>>(&people).unwrap())
}
