//! What the user named, as a list of inputs: files as they are, directories walked in name order,
//! `-` for standard input. Nothing is opened here.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::SourceError;

/// More files than anybody reads at once; a walk that finds more has probably strayed to `/`.
const FILES_MAX: usize = 100_000;

/// One input before it is opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    /// Where the bytes are.
    pub place: Place,
    /// Found in the directory of this number among the paths, and not named itself: if it cannot be
    /// used, it is left out.
    pub found_in: Option<usize>,
}

/// Where the bytes of an input are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// Can be read once, as it comes.
    Stdin,
    /// A pipe or a device: can be read once, as it comes.
    Stream(PathBuf),
    /// At hand, under a name of the caller's.
    Memory {
        /// For messages.
        name: String,
        /// All of them.
        bytes: Arc<[u8]>,
    },
    /// Can be opened again.
    File {
        /// As named, or below the directory that was named.
        path: PathBuf,
        /// As stored, when it was listed.
        bytes: u64,
    },
}

impl Place {
    /// The compressed size; `None` where only reading tells.
    pub fn bytes(&self) -> Option<u64> {
        match self {
            Place::File { bytes, .. } => Some(*bytes),
            Place::Memory { bytes, .. } => Some(bytes.len() as u64),
            Place::Stdin | Place::Stream(_) => None,
        }
    }
}

/// The path as it was named, or `standard input`.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Stdin => f.write_str("standard input"),
            Place::Memory { name, .. } => f.write_str(name),
            Place::Stream(path) | Place::File { path, .. } => write!(f, "{}", path.display()),
        }
    }
}

/// The inputs that `paths` stand for, in the order of `paths` and within directories in the order of
/// their names. Hidden files, and links to directories within directories, are left out.
///
/// # Errors
///
/// A path that is not there, a directory that cannot be listed or holds no file, standard input named
/// twice, or more than 100,000 files.
pub fn expand(paths: &[PathBuf]) -> Result<Vec<Location>, SourceError> {
    let mut locations = Vec::new();
    for (index, path) in paths.iter().enumerate() {
        if path.as_os_str() == "-" {
            if locations.iter().any(|location: &Location| location.place == Place::Stdin) {
                return Err(SourceError::StdinTwice);
            }
            locations.push(Location { place: Place::Stdin, found_in: None });
            continue;
        }
        let metadata = fs::metadata(path).map_err(|error| unreadable(path, error))?;
        if metadata.is_dir() {
            walk(path, index, &mut locations)?;
        } else if metadata.is_file() {
            let place = Place::File { path: path.clone(), bytes: metadata.len() };
            locations.push(Location { place, found_in: None });
        } else {
            locations.push(Location { place: Place::Stream(path.clone()), found_in: None });
        }
    }
    Ok(locations)
}

fn walk(root: &Path, index: usize, locations: &mut Vec<Location>) -> Result<(), SourceError> {
    let before = locations.len();
    // A stack and not recursion: the depth of a tree is not ours to choose.
    let mut open = vec![sorted_entries(root)?];
    while let Some(entries) = open.last_mut() {
        let Some(path) = entries.pop() else {
            open.pop();
            continue;
        };
        let link = fs::symlink_metadata(&path).map_err(|error| unreadable(&path, error))?;
        if link.is_dir() {
            open.push(sorted_entries(&path)?);
            continue;
        }
        // A dangling link, a pipe or a socket that merely lies there is not an input.
        let Ok(metadata) = fs::metadata(&path) else { continue };
        if !metadata.is_file() {
            continue;
        }
        if locations.len() == FILES_MAX {
            return Err(SourceError::TooManyFiles { directory: root.into(), files_max: FILES_MAX });
        }
        let place = Place::File { path, bytes: metadata.len() };
        locations.push(Location { place, found_in: Some(index) });
    }
    if locations.len() == before {
        return Err(SourceError::NothingReadable { directory: root.into(), skipped: Vec::new() });
    }
    Ok(())
}

/// The last name first, so that they are popped in order.
fn sorted_entries(directory: &Path) -> Result<Vec<PathBuf>, SourceError> {
    let mut entries = Vec::new();
    for entry in fs::read_dir(directory).map_err(|error| unreadable(directory, error))? {
        let entry = entry.map_err(|error| unreadable(directory, error))?;
        if !entry.file_name().as_encoded_bytes().starts_with(b".") {
            entries.push(entry.path());
        }
    }
    entries.sort_unstable_by(|a, b| b.cmp(a));
    Ok(entries)
}

fn unreadable(path: &Path, source: std::io::Error) -> SourceError {
    SourceError::Unreadable { input: path.display().to_string(), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(paths: &[PathBuf], root: &Path, expected: &[&str]) {
        let found: Vec<String> = expand(paths)
            .unwrap()
            .iter()
            .map(|location| location.place.to_string().replace(&format!("{}/", root.display()), ""))
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn directories_are_walked_in_name_order() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("b/inner")).unwrap();
        for name in ["c.csv", "a.csv", "b/2", "b/1", "b/inner/x", ".hidden"] {
            fs::write(root.path().join(name), "x").unwrap();
        }
        check(&[root.path().into()], root.path(), &["a.csv", "b/1", "b/2", "b/inner/x", "c.csv"]);
        check(
            &[root.path().join("c.csv"), "-".into(), root.path().join("b/inner")],
            root.path(),
            &["c.csv", "standard input", "b/inner/x"],
        );
    }

    #[test]
    fn what_is_not_there_is_an_error() {
        let root = tempfile::tempdir().unwrap();
        assert!(matches!(expand(&[root.path().into()]), Err(SourceError::NothingReadable { .. })));
        assert!(matches!(
            expand(&[root.path().join("missing")]),
            Err(SourceError::Unreadable { .. })
        ));
        assert!(matches!(expand(&["-".into(), "-".into()]), Err(SourceError::StdinTwice)));
    }
}
