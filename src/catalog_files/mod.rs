//! The operator's door: an organisation as a folder of YAML files.
//!
//! ```text
//! organisation.yaml      last_resort: who decides when nobody else can
//! people.yaml            manager, team and roles of people (who is there, Slack says)
//! groups.yaml            named sets of people
//! rotations.yaml         who is on call, and when
//! policies.yaml          how requests are decided; or policies/*.yaml
//! apps/*.yaml            one app each, with its entitlements
//! catalogs.yaml          who sees which entitlements
//! ```
//!
//! [`read`] takes the folder in, [`Folder::check`] turns it into an
//! [`Organisation`] or into [`Problems`], each with its file, line and column.
//! What changes is a [`Plan`], printed by [`mod@print`].

mod check;
pub mod expectations;
mod format;
mod place;
pub mod print;

pub use check::Checked;
pub use place::{Problem, Problems};

use crate::{
    domain::organisation::{Organisation, Plan},
    usecases::{
        System,
        apply_catalog::{self, Applied, ApplyError},
    },
};
use place::Source;
use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// Larger files are a mistake.
const LARGEST: u64 = 4 << 20;

/// The files of an organisation, as they were read.
#[derive(Clone, Debug)]
pub struct Folder {
    sources: Vec<Source>,
}

/// The parts that a folder may have, by the name of the file or of the folder beneath.
const FILES: [&str; 6] = ["organisation", "people", "groups", "rotations", "policies", "catalogs"];
const FOLDERS: [&str; 2] = ["policies", "apps"];

/// Why a folder cannot be applied.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// Something is wrong in the files.
    #[error("{0}")]
    Problems(#[from] Problems),
    /// The files are in order, and cannot be applied.
    #[error(transparent)]
    Apply(ApplyError),
}

/// A folder whose files are in order, and what would have to change.
#[derive(Clone, Debug)]
pub struct Proposal {
    /// What would change; printed by its `Display` or by [`print::table`].
    pub plan: Plan,
    /// What is odd but allowed.
    pub warnings: Vec<Problem>,
    folder: Folder,
    organisation: Organisation,
}

/// Reads the folder and says what would change. Changes nothing.
///
/// # Errors
/// [`FolderError`]: everything that is wrong, with its place.
pub async fn propose(system: &System, folder: &Path) -> Result<Proposal, FolderError> {
    propose_files(system, read(folder)?).await
}

/// [`propose`] for files that were read before.
///
/// # Errors
/// As there.
pub async fn propose_files(system: &System, folder: Folder) -> Result<Proposal, FolderError> {
    let Checked { organisation, warnings } = folder.check()?;
    match apply_catalog::plan(&system.db, &organisation).await {
        Ok(plan) => Ok(Proposal {
            plan,
            warnings,
            folder,
            organisation,
        }),
        Err(error) => Err(placed(&folder, error)),
    }
}

/// Carries a proposal out, exactly as it was shown.
///
/// # Errors
/// [`ApplyError::Changed`] when something has changed since it was shown; then nothing was done.
pub async fn carry_out(system: &System, proposal: &Proposal, actor: &str) -> Result<Applied, FolderError> {
    let Proposal {
        plan,
        organisation,
        folder,
        ..
    } = proposal;
    apply_catalog::carry_out(system, organisation, plan, actor)
        .await
        .map_err(|error| placed(folder, error))
}

/// Reads a folder and carries out what has to change, without asking: for the demo and for tests.
///
/// # Errors
/// [`FolderError`].
pub async fn apply_folder(system: &System, folder: &Path) -> Result<Applied, FolderError> {
    let proposal = propose(system, folder).await?;
    carry_out(system, &proposal, "c1").await
}

/// Shows conflicts where the files cause them.
fn placed(folder: &Folder, error: ApplyError) -> FolderError {
    match error {
        ApplyError::Conflicts(conflicts) => FolderError::Problems(Problems::new(
            conflicts
                .iter()
                .map(|conflict| folder.problem_with_person(&conflict.person, &conflict.sentence))
                .collect(),
        )),
        error => FolderError::Apply(error),
    }
}

/// Reads all files of the folder. What is not YAML (a README) or hidden is left alone.
///
/// # Errors
/// [`Problems`] when the folder or a file cannot be read, a file would be overlooked, or nothing is there.
pub fn read(folder: &Path) -> Result<Folder, Problems> {
    let mut sources = Vec::new();
    let mut problems = Vec::new();
    for (name, path) in listing(folder).map_err(|error| whole(folder, &error.to_string()))? {
        let stem = Path::new(&name)
            .file_stem()
            .and_then(|stem| stem.to_str())
            .unwrap_or_default();
        if path.is_dir() {
            if FOLDERS.contains(&name.as_str()) {
                match listing(&path) {
                    Ok(inside) => inside
                        .into_iter()
                        .filter(|(file, path)| is_yaml(file) && path.is_file())
                        .for_each(|(file, path)| load(&mut sources, &mut problems, format!("{name}/{file}"), &path)),
                    Err(error) => problems.push(Problem::about(name, error.to_string())),
                }
            }
        } else if is_yaml(&name) {
            if FILES.contains(&stem) {
                load(&mut sources, &mut problems, name, &path);
            } else {
                let known = FILES.map(|file| format!("{file}.yaml")).join(", ");
                let sentence =
                    format!("this file would not be read; c1 reads {known}, policies/*.yaml and apps/*.yaml");
                problems.push(Problem::about(name, sentence));
            }
        }
    }
    if sources.is_empty() && problems.is_empty() {
        return Err(whole(
            folder,
            "there is no organisation here (people.yaml, apps/, policies.yaml, …)",
        ));
    }
    if problems.is_empty() {
        Ok(Folder { sources })
    } else {
        Err(Problems::new(problems))
    }
}

impl Folder {
    /// The files as texts, by name relative to the folder; for tests and for folders that are not on a disk.
    #[must_use]
    pub fn of(files: &[(&str, &str)]) -> Self {
        let sources = files
            .iter()
            .map(|(name, text)| Source {
                name: (*name).to_owned(),
                text: (*text).to_owned(),
            })
            .collect();
        Self { sources }
    }

    /// The organisation that the files describe, with what is odd but allowed.
    ///
    /// # Errors
    /// [`Problems`]: everything that is wrong, not just the first.
    pub fn check(&self) -> Result<Checked, Problems> {
        check::check(&self.sources)
    }

    /// A problem with the person `key`, where the files say who that is.
    fn problem_with_person(&self, key: &str, sentence: &str) -> Problem {
        check::problem_with_person(&self.sources, key, sentence)
    }
}

fn is_yaml(name: &str) -> bool {
    name.ends_with(".yaml") || name.ends_with(".yml")
}

/// What is in a folder, in order, without what is hidden.
fn listing(folder: &Path) -> io::Result<Vec<(String, PathBuf)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if !name.starts_with('.') {
            found.push((name, entry.path()));
        }
    }
    found.sort();
    Ok(found)
}

fn load(sources: &mut Vec<Source>, problems: &mut Vec<Problem>, name: String, path: &Path) {
    let text = match fs::metadata(path) {
        Ok(about) if about.len() > LARGEST => Err(format!("larger than {} MB", LARGEST >> 20)),
        Ok(_) => fs::read_to_string(path).map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    };
    match text {
        Ok(text) => sources.push(Source { name, text }),
        Err(why) => problems.push(Problem::about(name, format!("cannot be read: {why}"))),
    }
}

fn whole(folder: &Path, sentence: &str) -> Problems {
    Problems::new(vec![Problem::about(folder.display().to_string(), sentence.to_owned())])
}
