//! The input side of `replay`: files in, reports out in the order of time.
//!
//! In the order of the data: [`paths`] lists the inputs, [`compression`] unpacks them, [`format`]
//! tells what they are, [`nmea`] with its [`clock`] or [`table`] with its [`columns`] reads them,
//! [`order`] puts each in the order of time, [`merge`] makes one stream of all, and [`intake`] counts what became of every record.
//!
//! Whatever the input is, memory stays bounded and nothing here panics or asks what time it is.

mod clock;
mod columns;
mod compression;
mod format;
mod input;
mod intake;
mod merge;
mod nmea;
mod number;
mod order;
mod paths;
mod table;

use std::path::PathBuf;
use std::sync::Arc;

use maritime::Timestamp;

pub use columns::{ColumnMapping, ColumnMappingError};
pub use compression::Progress;
pub use intake::{Arrival, BoundingBox, BoundingBoxError, Counters, InputIntake, Intake, Tally};

use format::Unusable;
use intake::Selection;
use merge::Merge;

/// What was expected of an input, for the end of an error.
const EXPECTED: &str = "expected NMEA lines with AIS (!AIVDM…) or a CSV table with columns for MMSI, time, latitude and longitude, plain or packed by gzip or zstd";

/// Reports of a batch.
const BATCH: usize = 1024;

/// How to read.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Which column of a table is which; the usual names are known without it.
    pub columns: Option<ColumnMapping>,
    /// When the first line of each NMEA input was heard, for recordings that do not say.
    pub start_time: Option<Timestamp>,
    /// Leave out reports before this.
    pub since: Option<Timestamp>,
    /// Leave out reports at or after this.
    pub until: Option<Timestamp>,
    /// Leave out positions outside of this.
    pub bbox: Option<BoundingBox>,
}

impl Options {
    fn selection(&self) -> Selection {
        Selection { since: self.since, until: self.until, bbox: self.bbox }
    }
}

/// Why an input cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// It is not there, or the system does not let us.
    #[error("cannot read {input}")]
    Unreadable {
        /// As it was named.
        input: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// It is something else.
    #[error("{input} {found}: {EXPECTED}")]
    Unusable {
        /// As it was named.
        input: String,
        /// `looks like a PNG image`.
        found: String,
    },
    /// It is a table in which something is missing.
    #[error("{input} {found}")]
    Columns {
        /// As it was named.
        input: String,
        /// What is missing, what is there, and what to say.
        found: String,
    },
    /// A directory without a single usable file.
    #[error("{} holds nothing that can be read{}: {EXPECTED}", .directory.display(), first(.skipped))]
    NothingReadable {
        /// As it was named.
        directory: PathBuf,
        /// What is in it and cannot be used.
        skipped: Vec<SourceError>,
    },
    /// A directory with too many files.
    #[error("{} holds more than {files_max} files", .directory.display())]
    TooManyFiles {
        /// As it was named.
        directory: PathBuf,
        /// As many are allowed.
        files_max: usize,
    },
    /// `-` and `-` again.
    #[error("standard input is named twice")]
    StdinTwice,
}

impl SourceError {
    fn from_unusable(input: String, unusable: Unusable) -> Self {
        match unusable {
            Unusable::LooksLike(found) => SourceError::Unusable { input, found: found.into() },
            Unusable::Columns(error) => SourceError::Columns { input, found: error.to_string() },
        }
    }
}

/// ` (12 files; the first, x.png, looks like a PNG image …)`
fn first(skipped: &[SourceError]) -> String {
    match skipped {
        [] => String::new(),
        [SourceError::Unusable { input, found }, ..] => {
            format!(" ({} files; the first, {input}, {found})", skipped.len())
        }
        [error, ..] => format!(" ({} files; of the first: {error})", skipped.len()),
    }
}

/// All inputs as one stream of reports.
pub struct Sources {
    merge: Merge,
    skipped: Vec<SourceError>,
}

impl Sources {
    /// Opens the files, directories and standard input (`-`) that `paths` name, and tells what each is
    /// before the first record of any is read.
    ///
    /// # Errors
    ///
    /// The first named input that cannot be used. Within a directory such files are left out, see
    /// [`Sources::skipped`], unless nothing remains of it.
    pub fn open(paths: &[PathBuf], options: &Options) -> Result<Self, SourceError> {
        let locations = paths::expand(paths)?;
        let (merge, skipped) = Merge::open(locations, options)?;
        for (index, directory) in paths.iter().enumerate() {
            let is_useless =
                skipped.iter().any(|(found_in, _)| *found_in == index) && !merge.has_any_of(index);
            if is_useless {
                let mine = skipped.into_iter().filter(|(found_in, _)| *found_in == index);
                return Err(SourceError::NothingReadable {
                    directory: directory.clone(),
                    skipped: mine.map(|(_, error)| error).collect(),
                });
            }
        }
        Ok(Sources { merge, skipped: skipped.into_iter().map(|(_, error)| error).collect() })
    }

    /// What was found in directories and left out.
    pub fn skipped(&self) -> &[SourceError] {
        &self.skipped
    }

    /// Puts the next reports into `batch`, in the order of time, in place of what it holds. False at
    /// the end, with an empty batch.
    pub fn next_batch(&mut self, batch: &mut Vec<Arrival>) -> bool {
        batch.clear();
        self.merge.next(batch, BATCH)
    }

    /// The counters as they stand. Copies those of every input: for once a second, not for every batch.
    pub fn intake(&self) -> Intake {
        Intake::new(self.merge.intakes())
    }

    /// How far the reading is; can be looked at from another thread.
    pub fn progress(&self) -> Arc<Progress> {
        self.merge.progress()
    }
}
