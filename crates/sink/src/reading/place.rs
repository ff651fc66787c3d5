//! Where a reader finds events.

use std::path::{Path, PathBuf};

use super::Reader;
use crate::ClickHouse;
use crate::geopackage::StoreError;

/// A store, as whoever looks at it names it.
#[derive(Debug, Clone, PartialEq)]
pub enum Place {
    /// Events, and what people say of them, in this file.
    GeoPackage(PathBuf),
    /// Events in these tables, and what people say of them in a file.
    ClickHouse {
        /// Which.
        events: Box<ClickHouse>,
        /// Made if it is not there.
        desk: PathBuf,
    },
}

impl Place {
    /// Opens it, to read from it and to review. Of ClickHouse, on a thread of a runtime that may wait.
    ///
    /// # Errors
    ///
    /// It is not there, is something else or of another version; see [`StoreError`].
    pub fn open(&self) -> Result<Reader, StoreError> {
        match self {
            Place::GeoPackage(path) => Reader::open(path),
            Place::ClickHouse { events, desk } => Reader::open_remote(events, desk),
        }
    }

    /// The file with what people say of events.
    pub fn desk(&self) -> &Path {
        match self {
            Place::GeoPackage(path) | Place::ClickHouse { desk: path, .. } => path,
        }
    }

    /// What sort of store it is.
    pub const fn kind(&self) -> &'static str {
        match self {
            Place::GeoPackage(_) => "geopackage",
            Place::ClickHouse { .. } => "clickhouse",
        }
    }

    /// Which one of its sort, in words that need escaping; with `in_full` where exactly it lies.
    pub fn name(&self, in_full: bool) -> String {
        match self {
            Place::ClickHouse { events, .. } => events.name(in_full),
            Place::GeoPackage(path) if in_full => path.display().to_string(),
            Place::GeoPackage(path) => {
                path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
            }
        }
    }
}
