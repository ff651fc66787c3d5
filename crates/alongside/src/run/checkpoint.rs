//! Checkpoints: what the daemon goes on from.
//!
//! The state of the detector is a file beside the outbox, `alongside.outbox.run-7`, and the outbox says which, and where in the
//! log it was then. A large one takes seconds to write, so that is done beside the work, and not in the outbox, which takes
//! messages meanwhile. The file is on the disk before the outbox names it, and the one before stays until another one is named:
//! whatever happens, the one that is named is whole.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::thread::{self, JoinHandle};

use detector::Snapshot;

use super::journal::sync_directory;

/// Numbers in the outbox: see [`Place`], and that of the file.
const NUMBERS: usize = 5;

/// Where in the log a state was, and what had been told by then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The segment.
    pub segment: u64,
    /// How many of its reports the detector had been given.
    pub given: u64,
    /// How much of it had been read, as the log measures it.
    pub read: u64,
    /// How many events had been told in all.
    pub told: u64,
}

/// A state that is on the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Named {
    /// Where it was.
    pub place: Place,
    number: u64,
}

impl Named {
    /// As the outbox keeps it.
    pub fn to_bytes(self) -> Vec<u8> {
        let Named { place: Place { segment, given, read, told }, number } = self;
        [segment, given, read, told, number].into_iter().flat_map(u64::to_le_bytes).collect()
    }

    /// `None` for what another version of this program has left.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (numbers, []) = bytes.as_chunks::<8>() else { return None };
        let numbers: [[u8; 8]; NUMBERS] = numbers.try_into().ok()?;
        let [segment, given, read, told, number] = numbers.map(u64::from_le_bytes);
        Some(Named { place: Place { segment, given, read, told }, number })
    }
}

/// What comes of writing one.
pub struct Written {
    /// What the outbox is to name.
    pub named: Named,
    /// How far sources had read.
    pub marks: Vec<u8>,
    /// How long the file is.
    pub bytes: u64,
}

/// The files of one log.
#[derive(Debug)]
pub struct Files {
    directory: PathBuf,
    /// `alongside.outbox.run-`, say.
    prefix: String,
    number: u64,
    writing: Option<JoinHandle<Result<Written, (State, io::Error)>>>,
}

/// What is to be written.
pub struct State {
    /// Of the detector.
    pub snapshot: Snapshot,
    /// Where it is.
    pub place: Place,
    /// How far sources have read.
    pub marks: Vec<u8>,
}

impl Files {
    /// Those of an outbox and of the log that has `name`, which is fit for a file.
    pub fn new(outbox: &Path, name: &str) -> Self {
        let file = outbox.file_name().unwrap_or_default().to_string_lossy();
        let prefix = format!("{file}.{name}-");
        let directory = outbox.parent().filter(|it| !it.as_os_str().is_empty());
        let directory = directory.unwrap_or(Path::new(".")).to_owned();
        let mut files = Files { directory, prefix, number: 0, writing: None };
        files.number = files.numbers().max().unwrap_or_default();
        files
    }

    /// The state of a checkpoint.
    ///
    /// # Errors
    ///
    /// There is no such file, or it cannot be read.
    pub fn read(&self, named: Named) -> io::Result<Vec<u8>> {
        fs::read(self.path(named.number))
    }

    /// Deletes what was being written when the program was killed: nothing names it.
    pub fn go_on_from(&mut self, named: Named) {
        self.number = self.number.max(named.number);
        for number in self.numbers().filter(|number| *number > named.number) {
            let _ = fs::remove_file(self.path(number));
        }
    }

    /// Keeps a state that cannot be used from being deleted.
    pub fn set_aside(&self, named: Named) -> io::Result<()> {
        let path = self.directory.join(format!("{}set-aside", self.prefix));
        fs::rename(self.path(named.number), path)
    }

    /// Whether one is being written.
    pub fn is_writing(&self) -> bool {
        self.writing.is_some()
    }

    /// Writes a state.
    ///
    /// # Errors
    ///
    /// A full disk, for one; the state comes back, to be tried again.
    pub fn write(&mut self, state: State) -> Result<Written, (State, io::Error)> {
        self.number += 1;
        write(&self.path(self.number), self.number, state)
    }

    /// Begins to write a state, with a thread of its own; none is being written.
    pub fn begin(&mut self, state: State) {
        self.number += 1;
        let (number, path) = (self.number, self.path(self.number));
        self.writing = Some(thread::spawn(move || write(&path, number, state)));
    }

    /// What has come of it; `None` if none is being written, or it is not done and `wait` is false.
    pub fn written(&mut self, wait: bool) -> Option<Result<Written, (State, io::Error)>> {
        let is_done = self.writing.as_ref().is_some_and(JoinHandle::is_finished);
        let writing = self.writing.take_if(|_| wait || is_done)?;
        Some(writing.join().expect("writing a file does not panic"))
    }

    /// Deletes all but the one that is named and the one before.
    pub fn tidy(&self, before: Option<Named>, named: Named) {
        let kept = [Some(named.number), before.map(|before| before.number)];
        for number in self.numbers().filter(|number| !kept.contains(&Some(*number))) {
            let _ = fs::remove_file(self.path(number));
        }
    }

    fn path(&self, number: u64) -> PathBuf {
        self.directory.join(format!("{}{number}", self.prefix))
    }

    fn numbers(&self) -> impl Iterator<Item = u64> {
        let entries = fs::read_dir(&self.directory).into_iter().flatten().flatten();
        entries.filter_map(|entry| {
            entry.file_name().to_str()?.strip_prefix(&self.prefix)?.parse().ok()
        })
    }
}

fn write(path: &Path, number: u64, state: State) -> Result<Written, (State, io::Error)> {
    let bytes = File::create_new(path).and_then(|mut file| {
        let bytes = state.snapshot.write(&mut file)?;
        file.sync_all()?;
        sync_directory(path.parent().expect("it has a directory"))?;
        Ok(bytes)
    });
    match bytes {
        Ok(bytes) => {
            let State { place, marks, .. } = state;
            Ok(Written { named: Named { place, number }, marks, bytes })
        }
        Err(error) => {
            let _ = fs::remove_file(path);
            Err((state, error))
        }
    }
}

#[cfg(test)]
mod tests {
    use detector::{Detector, Parameters};

    use super::*;

    fn place(segment: u64) -> Place {
        Place { segment, given: 2, read: 3, told: 4 }
    }

    fn state(detector: &Detector, segment: u64) -> State {
        State { snapshot: detector.freeze(), place: place(segment), marks: vec![7] }
    }

    #[test]
    fn the_outbox_names_what_is_on_the_disk() {
        let directory = tempfile::tempdir().unwrap();
        let outbox = directory.path().join("a.outbox");
        let detector = Detector::new(Parameters::default());
        let mut files = Files::new(&outbox, "run");
        let mut before = None;
        for segment in 1..=4 {
            files.begin(state(&detector, segment));
            let written = files.written(true).unwrap().ok().unwrap();
            let named = Named::from_bytes(&written.named.to_bytes()).unwrap();
            assert_eq!((named.place, written.marks), (place(segment), vec![7]));
            assert_eq!(files.read(named).unwrap(), detector.snapshot());
            assert_eq!(written.bytes, detector.snapshot().len() as u64);
            files.tidy(before.replace(named), named);
        }
        // The last one and the one before, and whoever comes next goes on counting.
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 2);
        let mut again = Files::new(&outbox, "run");
        // What was being written when the program was killed goes.
        fs::write(again.path(9), "half").unwrap();
        again.go_on_from(before.unwrap());
        assert!(!again.path(9).exists());
        let next = again.write(state(&detector, 5)).ok().unwrap();
        assert!(again.read(before.unwrap()).is_ok() && again.read(next.named).is_ok());
        assert!(Files::new(&outbox, "run-of-topic").written(true).is_none());
    }

    #[test]
    fn what_cannot_be_written_is_tried_again() {
        let directory = tempfile::tempdir().unwrap();
        let outbox = directory.path().join("not yet").join("a.outbox");
        let mut files = Files::new(&outbox, "run");
        files.begin(state(&Detector::new(Parameters::default()), 1));
        let (state, _) = files.written(true).unwrap().err().unwrap();
        fs::create_dir(outbox.parent().unwrap()).unwrap();
        let written = files.write(state).ok().unwrap();
        assert_eq!(written.named.place, place(1));
    }

    #[test]
    fn what_another_version_left_is_none() {
        assert_eq!(Named::from_bytes(&[0; 300]), None);
        assert_eq!(Named::from_bytes(b""), None);
    }
}
