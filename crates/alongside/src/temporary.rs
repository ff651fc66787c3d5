//! Files that shall not stay if the work is not finished.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard};

/// All there are; a handful.
static TEMPORARIES: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// A file or directory that goes when this is dropped, or when the program is interrupted.
#[derive(Debug)]
pub struct Temporary(PathBuf);

impl Temporary {
    /// What is or will be at `path`.
    pub fn new(path: PathBuf) -> Self {
        temporaries().push(path.clone());
        Temporary(path)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// It stays.
    pub fn keep(self) {
        temporaries().retain(|path| *path != self.0);
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let mut temporaries = temporaries();
        if let Some(at) = temporaries.iter().position(|path| *path == self.0) {
            remove(&temporaries.swap_remove(at));
        }
    }
}

/// From now on SIGINT and SIGTERM end the program as ever, after what is temporary has been removed.
#[cfg(unix)]
pub fn remove_when_interrupted() {
    use signal_hook::consts::{SIGINT, SIGTERM};

    let Ok(mut signals) = signal_hook::iterator::Signals::new([SIGINT, SIGTERM]) else { return };
    std::thread::spawn(move || {
        for signal in signals.forever() {
            temporaries().iter().for_each(|path| remove(path));
            let _ = signal_hook::low_level::emulate_default_handler(signal);
        }
    });
}

/// Elsewhere they stay.
#[cfg(not(unix))]
pub fn remove_when_interrupted() {}

fn remove(path: &Path) {
    let _ = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
}

fn temporaries() -> MutexGuard<'static, Vec<PathBuf>> {
    TEMPORARIES.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}
