//! The company of the stories.

use std::path::Path;

/// The files.
pub fn folder() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/company"))
}

/// The workspace.
pub fn workspace() -> simulator::Seed {
    let people = std::fs::read_to_string(folder().join("people.yaml")).unwrap();
    let people = serde_yaml_ng::from_str::<Vec<c1::demo::company::Member>>(&people).unwrap();
    let mut seed = c1::demo::company::workspace_of(&people);
    seed.user_groups.push(simulator::SeedGroup {
        id: "S0ONCALL0".to_owned(),
        handle: "db-on-call".to_owned(),
        members: vec!["dan".to_owned()],
        ..simulator::SeedGroup::default()
    });
    seed
}

/// The company's files, some of which say something else.
pub fn with(changed: &[(&str, &str)]) -> c1::catalog_files::Folder {
    let mut files: Vec<(String, String)> = changed
        .iter()
        .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()))
        .collect();
    for (inside, folder) in [("", folder().to_owned()), ("apps/", folder().join("apps"))] {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = format!("{inside}{}", path.file_name().unwrap().to_string_lossy());
            if path.is_file() && name.ends_with(".yaml") && !files.iter().any(|(known, _)| *known == name) {
                files.push((name, std::fs::read_to_string(path).unwrap()));
            }
        }
    }
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|(name, text)| (name.as_str(), text.as_str()))
        .collect();
    c1::catalog_files::Folder::of(&files)
}

/// The company's policies, of which one has other rules.
pub fn policies_with(key: &str, rules: &str) -> String {
    let text = std::fs::read_to_string(folder().join("policies.yaml")).unwrap();
    let mut policies: Vec<serde_yaml_ng::Mapping> = serde_yaml_ng::from_str(&text).unwrap();
    let policy = policies.iter_mut().find(|policy| policy["key"] == key).unwrap();
    policy.insert("rules".into(), serde_yaml_ng::from_str(rules).unwrap());
    serde_yaml_ng::to_string(&policies).unwrap()
}
