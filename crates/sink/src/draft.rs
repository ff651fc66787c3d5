//! A store that is made while a run goes on.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use maritime::{Event, EventId};

use crate::geopackage::{Storer, delete, store_error};
use crate::packed::Packer;
use crate::{GeoPackage, Provenance, Run, StoreError, VesselRow};

/// Pages that are kept in memory, in KiB: those of the indexes are wanted again and again.
const CACHE_KIB: i64 = 16_384;

/// A store that nobody sees before it is whole: a file beside its place, in which events are stored as they are told. Whoever
/// gives it up removes the file.
#[derive(Debug)]
pub struct Draft {
    /// Its name is that of the place, for whoever reads an error.
    package: GeoPackage,
    file: PathBuf,
    storer: Storer,
    packer: Packer,
}

impl Draft {
    /// Makes one at `file`, in the place of what is there, for a run that will be stored at `path`.
    ///
    /// # Errors
    ///
    /// No file can be made there, or the disk is full.
    pub fn create(
        file: &Path,
        path: &Path,
        run_id: &str,
        provenance: &Provenance,
    ) -> Result<Self, StoreError> {
        // What a killed program of the same number left.
        GeoPackage::remove(file);
        let mut package = GeoPackage::open(file)?;
        package.path = path.into();
        let storer = begin(&package, run_id, provenance)
            .map_err(|source| store_error(path, "create", source))?;
        Ok(Draft { package, file: file.into(), storer, packer: Packer::new() })
    }

    /// Stores an event in the place of what this run told of it before; a retracted one is deleted.
    ///
    /// # Errors
    ///
    /// A full disk. The draft is of no use then.
    pub fn store(&mut self, event: &Event) -> Result<(), StoreError> {
        let Draft { package, storer, packer, .. } = self;
        let row = storer.row(event, packer);
        storer.store(&package.connection, row).map_err(|source| failed(package, source))
    }

    /// Deletes an event that was stored.
    ///
    /// # Errors
    ///
    /// A full disk. The draft is of no use then.
    pub fn forget(&self, id: EventId) -> Result<(), StoreError> {
        let Draft { package, .. } = self;
        delete(&package.connection, &id.to_string()).map_err(|source| failed(package, source))
    }

    /// Stores the `rest` of the events, the run and the vessels it heard, and puts the store in its place.
    ///
    /// # Errors
    ///
    /// A full disk, or something has come to that place meanwhile, and stays.
    pub fn finish<'a>(
        self,
        run: &Run,
        rest: impl IntoIterator<Item = &'a Event, IntoIter: Send>,
        vessels: &[VesselRow],
    ) -> Result<(), StoreError> {
        let Draft { package, file, mut storer, .. } = self;
        storer
            .store_all(&package.connection, rest)
            .and_then(|()| storer.finish(&package.connection, run, vessels))
            .and_then(|_| package.connection.execute_batch("COMMIT"))
            .map_err(|source| failed(&package, source))?;
        let GeoPackage { path, connection } = package;
        connection.close().map_err(|(_, source)| store_error(&path, "store events in", source))?;
        publish(&file, &path).map_err(|source| StoreError::Open { path, source })
    }
}

fn begin(package: &GeoPackage, run_id: &str, provenance: &Provenance) -> rusqlite::Result<Storer> {
    let connection = &package.connection;
    // What would be needed to take anything back is not: the file goes as a whole.
    connection.pragma_update(None, "journal_mode", "MEMORY")?;
    connection.pragma_update(None, "synchronous", "OFF")?;
    connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
    connection.execute_batch("BEGIN EXCLUSIVE")?;
    Storer::begin_draft(connection, run_id, provenance)
}

fn failed(package: &GeoPackage, source: rusqlite::Error) -> StoreError {
    store_error(&package.path, "store events in", source)
}

/// Moves a file to where there is none, once it is on the disk.
fn publish(file: &Path, path: &Path) -> io::Result<()> {
    File::open(file)?.sync_all()?;
    match fs::hard_link(file, path) {
        Ok(()) => fs::remove_file(file)?,
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Err(error),
        // Not every file system has links; there it is as good as it gets.
        Err(_) if path.symlink_metadata().is_ok() => {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        Err(_) => fs::rename(file, path)?,
    }
    // The name as well; where a directory cannot be opened the system has its own ways.
    let directory = path.parent().filter(|it| !it.as_os_str().is_empty());
    if let Ok(directory) = File::open(directory.unwrap_or(Path::new("."))) {
        directory.sync_all()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::EventRecord;
    use crate::samples::{event, gap, provenance};

    fn run() -> Run {
        Run {
            run_id: "one".into(),
            started_at: maritime::Timestamp::parse("2026-01-01T12:00:00Z").unwrap(),
            provenance: provenance(),
            parameters: String::new(),
            inputs: Vec::new(),
            selection: String::new(),
            counters: serde_json::json!({}),
        }
    }

    fn draft(directory: &Path) -> (PathBuf, Draft) {
        let path = directory.join("store.gpkg");
        let draft = Draft::create(&directory.join("draft"), &path, "one", &provenance()).unwrap();
        (path, draft)
    }

    #[test]
    fn it_is_seen_when_it_is_whole_and_holds_what_was_told_last() {
        let directory = tempfile::tempdir().unwrap();
        let (path, mut draft) = draft(directory.path());
        let later = Event { version: event().version + 1, score: 0.5, ..event() };
        for event in [&event(), &later] {
            draft.store(event).unwrap();
        }
        assert!(!path.exists());
        draft.finish(&run(), &[], &[]).unwrap();

        let names: Vec<_> = fs::read_dir(directory.path()).unwrap().collect();
        assert_eq!(names.len(), 1);
        let store = GeoPackage::open(&path).unwrap();
        assert_eq!(store.events().unwrap(), [EventRecord::new(&later, &provenance())]);
        let kept = "SELECT count(*) FROM event_versions";
        let kept: i64 = store.connection.query_row(kept, [], |row| row.get(0)).unwrap();
        assert_eq!(kept, 0);
    }

    #[test]
    fn it_is_the_same_as_one_that_is_stored_at_the_end() {
        let directory = tempfile::tempdir().unwrap();
        let (path, mut draft) = draft(directory.path());
        let events = [event(), gap()];
        draft.store(&event()).unwrap();
        draft.store(&gap()).unwrap();
        draft.forget(gap().id).unwrap();
        draft.finish(&run(), &[gap()], &[]).unwrap();
        let other = directory.path().join("other.gpkg");
        GeoPackage::open(&other).unwrap().store(&run(), &events, &[]).unwrap();

        let dumps = [path, other].map(|path| {
            let store = GeoPackage::open(&path).unwrap();
            let tables =
                "SELECT name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' ORDER BY name";
            let mut tables = store.connection.prepare(tables).unwrap();
            let tables: Vec<(String, Option<String>)> = tables
                .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
                .unwrap()
                .map(Result::unwrap)
                .collect();
            let rows = [
                "encounters",
                "events",
                "encounter_tracks",
                "rtree_encounters_geom",
                "alongside_event_vessels",
            ]
            .map(|table| {
                let mut query = store
                    .connection
                    .prepare(&format!("SELECT * FROM {table} ORDER BY 1, 2"))
                    .unwrap();
                let columns = query.column_count();
                let rows = query.query_map([], |row| {
                    (0..columns)
                        .map(|i| row.get(i))
                        .collect::<rusqlite::Result<Vec<rusqlite::types::Value>>>()
                });
                rows.unwrap().map(Result::unwrap).collect::<Vec<_>>()
            });
            (tables, format!("{rows:?}"))
        });
        assert_eq!(dumps[0], dumps[1]);
    }

    #[test]
    fn what_a_killed_program_left_is_no_part_of_it() {
        let directory = tempfile::tempdir().unwrap();
        let (path, mut left) = draft(directory.path());
        left.store(&gap()).unwrap();
        drop(left);
        let (_, mut draft) = draft(directory.path());
        draft.store(&event()).unwrap();
        draft.finish(&run(), &[], &[]).unwrap();
        let events = GeoPackage::open(&path).unwrap().events().unwrap();
        assert_eq!(events, [EventRecord::new(&event(), &provenance())]);
    }

    #[test]
    fn what_has_come_to_its_place_meanwhile_stays() {
        let directory = tempfile::tempdir().unwrap();
        let (path, draft) = draft(directory.path());
        fs::write(&path, "another").unwrap();
        assert!(matches!(draft.finish(&run(), &[], &[]), Err(StoreError::Open { .. })));
        assert_eq!(fs::read(&path).unwrap(), b"another");
    }
}
