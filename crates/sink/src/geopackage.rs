//! The embedded store: one OGC GeoPackage file, which is SQLite and opens in QGIS as it is.
//!
//! Takes events, tracks, vessels and runs; each call of [`GeoPackage::store`] is one transaction, so
//! whatever happens in it, the file is as before or as after. Storing the same again changes nothing.
//! SQLite's rollback journal is used and not WAL: between calls all of it is in one file that can be
//! copied and mailed.
//!
//! `encounters` holds the encounters, `events` whatever else was found, `flagged` shows the encounters that
//! satisfy a profile, and these alone have their tracks in `encounter_tracks`. An encounter seen through another selection of the same
//! reports may begin at another time; it is then another event beside the first. `run_id` of
//! `encounters` tells them apart: it names the row of `runs` that says what was read, with which
//! selection and which parameters. Texts that came by radio are [`shown`] in columns; `record` has them
//! exactly, see [`crate::packed`].

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, OpenOptions};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{LazyLock, Mutex, mpsc};
use std::thread;

use maritime::{
    Event, EventKind, EventState, EventVessel, Mmsi, Timestamp, TrackPoint, VesselIdentity, shown,
};
use rusqlite::types::{ToSqlOutput, Value};
use rusqlite::{Connection, OptionalExtension, ToSql, Transaction, params, params_from_iter};

use crate::columns::{Cell, columns};
use crate::geometry::{Bounds, bounds_of, point_blob, track_blob};
use crate::identities::HeardAs;
use crate::json;
use crate::packed::{Packer, Unpacked};
use crate::reading::{Review, StoredIdentity, StoredTrack, StoredVessel, row_of};
use crate::schema::{
    APPLICATION_ID, FEATURE_TABLES, SCHEMA_VERSION, create, create_insert_triggers,
    drop_insert_triggers, index_name, prepare,
};
use crate::trail;
use crate::{ClickHouseError, EventRecord, Provenance, SchemaError, VesselRecord};

/// Rows that a thread may write out before they can be stored; an encounter's is some 5 kB.
const ROWS_AHEAD_MAX: usize = 64;

/// An open store.
#[derive(Debug)]
pub struct GeoPackage {
    pub(crate) path: PathBuf,
    pub(crate) connection: Connection,
}

/// One run of the program over some input: what its events rest on.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// Names the run; storing one id again replaces its row.
    pub run_id: String,
    /// By the clock of the caller.
    pub started_at: Timestamp,
    /// What found the events.
    pub provenance: Provenance,
    /// The parameters in full, as text.
    pub parameters: String,
    /// What was read, by name.
    pub inputs: Vec<String>,
    /// Which of it was wanted, as on the command line; empty for all of it.
    pub selection: String,
    /// What was counted, by name.
    pub counters: serde_json::Value,
}

/// What one run heard of one vessel.
#[derive(Debug, Clone, PartialEq)]
pub struct VesselRow {
    /// Who, as claimed.
    pub mmsi: Mmsi,
    /// As last known.
    pub identity: VesselIdentity,
    /// First report of any kind.
    pub first_heard_at: Timestamp,
    /// Last report of any kind.
    pub last_heard_at: Timestamp,
    /// Position reports that were accepted.
    pub positions: u64,
    /// Every identity under which it was heard.
    pub identities: Vec<HeardAs>,
}

/// An event from another store, with what belongs to it.
pub(crate) struct ToldElsewhere {
    pub(crate) record: EventRecord,
    /// The record as it was told.
    pub(crate) text: String,
    pub(crate) tracks: Vec<StoredTrack>,
    pub(crate) review: Review,
}

/// What [`GeoPackage::store`] did with the events it was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stored {
    /// Were not there before.
    pub inserted: usize,
    /// Were there in the same or an earlier version, and were replaced.
    pub replaced: usize,
    /// Were there in a later version, which stays.
    pub outdated: usize,
    /// Were retracted; they are not in the store, whether or not they were before.
    pub retracted: usize,
}

/// Why the store could not be opened, written or read.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The file system refuses.
    #[error("cannot open {}", path.display())]
    Open {
        /// Of the store.
        path: PathBuf,
        /// Its reason.
        source: io::Error,
    },
    /// There is none yet.
    #[error("there is no store at {}: `alongside replay FILE --store {}` makes one", path.display(), path.display())]
    Absent {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// Some other sort of file.
    #[error("{} is not a GeoPackage: it is no SQLite file", path.display())]
    NotSqlite {
        /// Of the file.
        path: PathBuf,
    },
    /// A database of another program.
    #[error("{} is not a GeoPackage: it is an SQLite file of another kind", path.display())]
    NotGeoPackage {
        /// Of the file.
        path: PathBuf,
    },
    /// A map of another program.
    #[error("{} is a GeoPackage of another program: it has no tables of alongside", path.display())]
    Foreign {
        /// Of the file.
        path: PathBuf,
    },
    /// A store of another version of this program.
    #[error(
        "{} has schema {found}, this program knows {SCHEMA_VERSION} alone: keep it, and give --store another name",
        path.display()
    )]
    Schema {
        /// Of the store.
        path: PathBuf,
        /// Its schema.
        found: i64,
    },
    /// The disk or the quota is full.
    #[error(
        "no space left to {doing} {}; what was stored before is whole",
        path.display()
    )]
    Full {
        /// Of the store.
        path: PathBuf,
        /// What was tried.
        doing: &'static str,
        /// SQLite's words.
        source: rusqlite::Error,
    },
    /// Another program has it open and is writing.
    #[error("cannot {doing} {}: another program is using it", path.display())]
    Busy {
        /// Of the store.
        path: PathBuf,
        /// What was tried.
        doing: &'static str,
        /// SQLite's words.
        source: rusqlite::Error,
    },
    /// Whatever else goes wrong in the database.
    #[error("cannot {doing} {}", path.display())]
    Sqlite {
        /// Of the store.
        path: PathBuf,
        /// What was tried.
        doing: &'static str,
        /// SQLite's words.
        source: rusqlite::Error,
    },
    /// The server with the events does not answer, or refuses.
    #[error(transparent)]
    ClickHouse(#[from] Box<ClickHouseError>),
    /// The server with the events has not the tables.
    #[error(transparent)]
    Tables(#[from] Box<SchemaError>),
    /// A stored event that does not read as one.
    #[error("event {event_id:?} in {} is damaged", path.display())]
    Record {
        /// Of the store.
        path: PathBuf,
        /// Which event.
        event_id: String,
        /// What is wrong with it.
        source: serde_json::Error,
    },
}

impl GeoPackage {
    /// Opens the store at `path`; makes it if the file is absent or empty.
    ///
    /// # Errors
    ///
    /// A file that is something else is refused and left as it is; see [`StoreError`].
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let absent = !path.exists();
        let empty = is_empty_or_sqlite(path)?;
        let failed = |source| store_error(path, "open", source);
        let mut connection = Connection::open(path).map_err(failed)?;
        prepare(&connection).map_err(failed)?;
        if empty {
            create(&mut connection).map_err(|source| {
                roll_back(&connection);
                if absent {
                    GeoPackage::remove(path);
                }
                store_error(path, "create", source)
            })?;
        } else {
            check_schema(path, &connection)?;
            // QGIS leaves WAL behind if it is killed. While it runs, the mode stays, and all works.
            let _ = connection.pragma_update(None, "journal_mode", "DELETE");
        }
        Ok(GeoPackage { path: path.into(), connection })
    }

    /// Stores a run with its events, their tracks, and the vessels it heard: all of it or nothing.
    ///
    /// An event that is there already is replaced unless its version there is later; a retracted event
    /// is deleted, likewise. A vessel's row keeps its first and last time over all runs and the most
    /// positions any one run has heard, since runs may overlap; its identity is that of the latest.
    ///
    /// # Errors
    ///
    /// A full disk, a file in use, a damaged file. What was stored before is then unchanged.
    pub fn store<'a>(
        &mut self,
        run: &Run,
        events: impl IntoIterator<Item = &'a Event, IntoIter: Send>,
        vessels: &[VesselRow],
    ) -> Result<Stored, StoreError> {
        store_all(&mut self.connection, run, events, vessels).map_err(|source| {
            roll_back(&self.connection);
            store_error(&self.path, "store events in", source)
        })
    }

    /// Stores events that were told elsewhere, none of which is there yet. Of the runs that told them it knows the program
    /// and the hash of the parameters.
    ///
    /// # Errors
    ///
    /// A full disk.
    pub(crate) fn store_told(
        &mut self,
        at: Timestamp,
        told: &[ToldElsewhere],
    ) -> Result<(), StoreError> {
        self.storing(at, |transaction| {
            let number = next_number(transaction)?;
            let mut packer = Packer::new();
            let [encounters, others] = ["encounters", "events"].map(Statements::new);
            for ToldElsewhere { record, text, tracks, review } in told {
                let EventRecord { id, software_version, parameters_hash, .. } = record;
                let run_id = format!("{software_version} {parameters_hash}");
                let values = [&run_id as &dyn ToSql, &Cell::Time(at), software_version, parameters_hash];
                transaction
                    .prepare_cached(
                        "INSERT OR IGNORE INTO runs (run_id, started_at, software_version, parameters_hash,
                           parameters, inputs, selection, counters)
                         VALUES (?1, ?2, ?3, ?4, '', '[]', '', '{}')",
                    )?
                    .execute(values)?;
                let statements = if record.kind == "encounter" { &encounters } else { &others };
                let values = Row::values_of(record, text, &run_id, &mut packer);
                transaction
                    .prepare_cached(&statements.insert)?
                    .execute(params_from_iter(values))?;
                IndexRow::new(record).store(transaction, id, number)?;
                for track in tracks {
                    let StoredTrack { mmsi, name, antenna_m, points } = track;
                    insert_track(transaction, false, id, (*mmsi, name.as_deref()), *antenna_m, points)?;
                }
                if let (Some(changed_at), Some(changed_by)) = (&review.changed_at, &review.changed_by) {
                    transaction
                        .prepare_cached(
                            "INSERT INTO reviews (event_id, state, note, changed_at, changed_by)
                             VALUES (?1, ?2, ?3, ?4, ?5)",
                        )?
                        .execute(params![id, review.state, review.note, changed_at, changed_by])?;
                }
            }
            Ok(())
        })
    }

    /// Stores vessels that were heard elsewhere, none of which is there yet, with their identities.
    ///
    /// # Errors
    ///
    /// A full disk.
    pub(crate) fn store_heard(
        &mut self,
        at: Timestamp,
        vessels: &[StoredVessel],
        identities: &[StoredIdentity],
    ) -> Result<(), StoreError> {
        fn values(identity: &StoredIdentity) -> [&dyn ToSql; 10] {
            let StoredIdentity { mmsi, imo, name, callsign, flag, .. } = identity;
            let StoredIdentity {
                ship_type, length_m, beam_m, first_heard_at, last_heard_at, ..
            } = identity;
            [
                mmsi,
                imo,
                name,
                callsign,
                flag,
                ship_type,
                length_m,
                beam_m,
                first_heard_at,
                last_heard_at,
            ]
        }
        self.storing(at, |transaction| {
            for StoredVessel { identity, positions, .. } in vessels {
                let positions = i64::try_from(*positions).unwrap_or(i64::MAX);
                transaction
                    .prepare_cached(
                        "INSERT INTO vessels VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
                    )?
                    .execute(params_from_iter(
                        values(identity).into_iter().chain([&positions as _]),
                    ))?;
            }
            for identity in identities {
                transaction
                    .prepare_cached(IDENTITY_UPSERT)?
                    .execute(params_from_iter(values(identity)))?;
            }
            Ok(())
        })
    }

    /// All of it or nothing.
    fn storing(
        &mut self,
        at: Timestamp,
        store: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<()>,
    ) -> Result<(), StoreError> {
        let stored = self.connection.transaction().and_then(|transaction| {
            store(&transaction)?;
            describe_contents(&transaction, at)?;
            transaction.commit()
        });
        stored.map_err(|source| {
            roll_back(&self.connection);
            store_error(&self.path, "store events in", source)
        })
    }

    /// Removes the store at `path`, and what an interrupted write may have left beside it: the journal
    /// would be taken for that of the next file of this name.
    pub fn remove(path: &Path) {
        for path in [path.to_owned(), GeoPackage::journal_path(path)] {
            let _ = fs::remove_file(path);
        }
    }

    /// Where SQLite keeps the journal of the store at `path` while it writes.
    pub fn journal_path(path: &Path) -> PathBuf {
        let mut journal = path.as_os_str().to_owned();
        journal.push("-journal");
        journal.into()
    }

    /// All events, by their start.
    ///
    /// # Errors
    ///
    /// A damaged file or record.
    pub fn events(&self) -> Result<Vec<EventRecord>, StoreError> {
        let rows: Vec<(String, Unpacked)> = self
            .connection
            .prepare("SELECT event_id, record FROM (SELECT * FROM encounters UNION ALL SELECT * FROM events)
                 ORDER BY started_at, event_id",
            )
            .and_then(|mut query| {
                query.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
            })
            .map_err(|source| store_error(&self.path, "read events from", source))?;
        rows.into_iter()
            .map(|(event_id, Unpacked(record))| {
                serde_json::from_str(&record).map_err(|source| StoreError::Record {
                    path: self.path.clone(),
                    event_id,
                    source,
                })
            })
            .collect()
    }
}

/// Where the disk is full SQLite does not play the journal back at once, but when the file is read the
/// next time. Left to that, the journal would stay behind.
fn roll_back(connection: &Connection) {
    let _ = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()));
}

/// Whether the file is empty, having made it if it was absent. SQLite itself says only "unable to open
/// database file", and not why.
pub(crate) fn is_empty_or_sqlite(path: &Path) -> Result<bool, StoreError> {
    let mut head = Vec::new();
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)
        .and_then(|file| file.take(16).read_to_end(&mut head))
        .map_err(|source| StoreError::Open { path: path.into(), source })?;
    if !head.is_empty() && head != b"SQLite format 3\0" {
        return Err(StoreError::NotSqlite { path: path.into() });
    }
    Ok(head.is_empty())
}

pub(crate) fn store_error(path: &Path, doing: &'static str, source: rusqlite::Error) -> StoreError {
    let path = path.into();
    match source.sqlite_error_code() {
        Some(rusqlite::ErrorCode::DiskFull) => StoreError::Full { path, doing, source },
        Some(rusqlite::ErrorCode::DatabaseBusy | rusqlite::ErrorCode::DatabaseLocked) => {
            StoreError::Busy { path, doing, source }
        }
        _ => StoreError::Sqlite { path, doing, source },
    }
}

pub(crate) fn check_schema(path: &Path, connection: &Connection) -> Result<(), StoreError> {
    let failed = |source| store_error(path, "open", source);
    let application_id: i64 = connection
        .pragma_query_value(None, "application_id", |row| row.get(0))
        .map_err(|source| match source.sqlite_error_code() {
            Some(rusqlite::ErrorCode::NotADatabase) => StoreError::NotSqlite { path: path.into() },
            _ => failed(source),
        })?;
    if application_id != APPLICATION_ID {
        return Err(StoreError::NotGeoPackage { path: path.into() });
    }
    let ours: bool = connection
        .query_row(
            "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'alongside_schema'",
            [],
            |row| row.get(0),
        )
        .map_err(failed)?;
    if !ours {
        return Err(StoreError::Foreign { path: path.into() });
    }
    let found: i64 = connection
        .query_row("SELECT max(version) FROM alongside_schema", [], |row| row.get(0))
        .map_err(failed)?;
    if found != SCHEMA_VERSION {
        return Err(StoreError::Schema { path: path.into(), found });
    }
    Ok(())
}

fn store_all<'a>(
    connection: &mut Connection,
    run: &Run,
    events: impl IntoIterator<Item = &'a Event, IntoIter: Send>,
    vessels: &[VesselRow],
) -> rusqlite::Result<Stored> {
    // Immediate: to wait for another writer at the start, and not to fail in the middle.
    let behavior = rusqlite::TransactionBehavior::Immediate;
    let transaction = connection.transaction_with_behavior(behavior)?;
    let mut storer = Storer::begin(&transaction, &run.run_id, &run.provenance)?;
    storer.store_all(&transaction, events)?;
    let stored = storer.finish(&transaction, run, vessels)?;
    transaction.commit()?;
    Ok(stored)
}

/// An event as it stands in its table.
pub(crate) struct Row<'a> {
    event: &'a Event,
    event_id: String,
    /// In the order of [`Row::columns`]; empty if it is retracted.
    values: Vec<Value>,
    bounds: Option<Bounds>,
    index: Option<IndexRow>,
}

/// What an event is found by, in the form of its narrow row; lists stand between bars.
pub(crate) struct Narrow {
    pub(crate) profiles: String,
    pub(crate) flags: String,
    pub(crate) types: String,
    pub(crate) mmsis: String,
    pub(crate) imos: String,
    pub(crate) zones: String,
    pub(crate) watchlists: String,
    pub(crate) names: String,
    /// Line by line.
    pub(crate) words: String,
}

impl Narrow {
    pub(crate) fn new(record: &EventRecord) -> Self {
        let each = |text: fn(&VesselRecord) -> Option<String>| -> Vec<String> {
            record.vessels.iter().filter_map(text).collect()
        };
        let flags = each(|vessel| vessel.flag.clone());
        let types = each(|vessel| vessel.ship_type.clone());
        let mmsis = each(|vessel| Some(vessel.mmsi.to_string()));
        let imos = each(|vessel| vessel.imo.map(|imo| imo.to_string()));
        let names = each(|vessel| vessel.name.as_ref().map(|name| name.to_lowercase()));
        let callsigns =
            each(|vessel| vessel.callsign.as_ref().map(|callsign| callsign.to_lowercase()));
        let watchlists: Vec<String> =
            record.vessels.iter().flat_map(|vessel| vessel.watchlists.clone()).collect();
        let port = record.port_name.iter().map(|name| name.to_lowercase());
        let places = record.zones.iter().chain(&watchlists).map(|name| name.to_lowercase());
        let words: Vec<String> = [record.id.to_lowercase()]
            .into_iter()
            .chain(names.iter().chain(&callsigns).chain(&mmsis).chain(&imos).cloned())
            .chain(port)
            .chain(places)
            .collect();
        Narrow {
            profiles: barred(&record.profiles),
            flags: barred(&flags),
            types: barred(&types),
            mmsis: barred(&mmsis),
            imos: barred(&imos),
            zones: barred(&record.zones),
            watchlists: barred(&watchlists),
            names: barred(&names),
            words: words.join("\n"),
        }
    }
}

/// The narrow row of an event, by which it is found.
struct IndexRow {
    values: Vec<Value>,
    mmsis: Vec<u32>,
    is_flagged: bool,
}

impl IndexRow {
    /// All but the number under which it is stored.
    const COLUMNS: &'static str = "event_id, kind, class, score, started_ms, ended_ms, longitude_deg, latitude_deg, \
        flagged, profiles, flags, types, mmsis, imos, zones, watchlists, names, words";

    fn new(record: &EventRecord) -> Self {
        let narrow = Narrow::new(record);
        let is_flagged = record.is_flagged();
        let values = vec![
            Value::Text(record.id.clone()),
            Value::Text(record.kind.clone()),
            record.class.clone().map_or(Value::Null, Value::Text),
            Value::Real(record.score),
            Value::Integer(record.started_at.as_millis()),
            Value::Integer(record.ended_at.as_millis()),
            Value::Real(record.longitude_deg),
            Value::Real(record.latitude_deg),
            Value::Integer(is_flagged.into()),
            Value::Text(narrow.profiles),
            Value::Text(narrow.flags),
            Value::Text(narrow.types),
            Value::Text(narrow.mmsis),
            Value::Text(narrow.imos),
            Value::Text(narrow.zones),
            Value::Text(narrow.watchlists),
            Value::Text(narrow.names),
            Value::Text(narrow.words),
        ];
        let mmsis: BTreeSet<u32> = record.vessels.iter().map(|vessel| vessel.mmsi).collect();
        IndexRow { values, mmsis: mmsis.into_iter().collect(), is_flagged }
    }

    /// Stores it, in the place of the row of the same event if there is one: somebody may have deleted the event in its layer.
    fn store(self, connection: &Connection, event_id: &str, number: i64) -> rusqlite::Result<()> {
        let IndexRow { values, mmsis, is_flagged } = self;
        let known = row_of(connection, event_id)?;
        connection
            .prepare_cached(&INDEX_UPSERT)?
            .execute(params_from_iter(values.iter().chain([&Value::Integer(number)])))?;
        let id = known.unwrap_or_else(|| connection.last_insert_rowid());
        if known.is_some() {
            connection
                .prepare_cached("DELETE FROM alongside_event_vessels WHERE event = ?1")?
                .execute([id])?;
        }
        for mmsi in mmsis {
            connection
                .prepare_cached("INSERT INTO alongside_event_vessels VALUES (?1, ?2, ?3)")?
                .execute(params![mmsi, is_flagged, id])?;
        }
        Ok(())
    }

    fn delete(connection: &Connection, event_id: &str) -> rusqlite::Result<()> {
        for delete in [
            "DELETE FROM alongside_event_vessels
             WHERE event = (SELECT id FROM alongside_index WHERE event_id = ?1)",
            "DELETE FROM alongside_index WHERE event_id = ?1",
        ] {
            connection.prepare_cached(delete)?.execute([event_id])?;
        }
        Ok(())
    }
}

/// With the columns as a list of assignments, for which SQLite has no shorter word. It gives no id: for `RETURNING` SQLite keeps
/// what the statement changes, to be able to take it back.
static INDEX_UPSERT: LazyLock<String> = LazyLock::new(|| {
    let columns: Vec<&str> = IndexRow::COLUMNS.split(", ").map(str::trim).collect();
    let places = vec!["?"; columns.len() + 1].join(", ");
    let assignments: Vec<String> =
        columns.iter().map(|column| format!("{column} = excluded.{column}")).collect();
    format!(
        "INSERT INTO alongside_index ({}, stored) VALUES ({places})
         ON CONFLICT (event_id) DO UPDATE SET {}, stored = excluded.stored",
        columns.join(", "),
        assignments.join(", ")
    )
});

/// `|one|two|`, in which each is found with its bars; none has any of its own.
fn barred(texts: &[String]) -> String {
    let mut barred = String::from("|");
    for text in texts {
        barred.push_str(&text.replace('|', "/"));
        barred.push('|');
    }
    barred
}

fn bounds_of_place(record: &EventRecord) -> Option<Bounds> {
    let EventRecord { longitude_deg: x, latitude_deg: y, .. } = *record;
    Some(Bounds { min_x: x, max_x: x, min_y: y, max_y: y })
}

/// Of this call of [`GeoPackage::store`]: who asks for what is new remembers it.
fn next_number(connection: &Connection) -> rusqlite::Result<i64> {
    let next = "UPDATE alongside_stored SET number = number + 1 RETURNING number";
    connection.query_row(next, [], |row| row.get(0))
}

impl<'a> Row<'a> {
    fn new(event: &'a Event, run_id: &str, provenance: &Provenance, packer: &mut Packer) -> Self {
        let event_id = event.id.to_string();
        if event.state == EventState::Retracted {
            return Row { event, event_id, values: Vec::new(), bounds: None, index: None };
        }
        let record = EventRecord::new(event, provenance);
        let values = Row::values_of(&record, &json::to_text(&record), run_id, packer);
        let bounds = bounds_of_place(&record);
        Row { event, event_id, values, bounds, index: Some(IndexRow::new(&record)) }
    }

    /// In the order of [`Row::columns`].
    fn values_of(
        record: &EventRecord,
        text: &str,
        run_id: &str,
        packer: &mut Packer,
    ) -> Vec<Value> {
        let values = columns().map(|column| Value::from((column.cell)(record))).chain([
            Value::Blob(point_blob(record.longitude_deg, record.latitude_deg)),
            Value::Blob(packer.pack(text)),
            Value::Text(run_id.into()),
        ]);
        values.collect()
    }

    fn columns() -> impl Iterator<Item = &'static str> {
        columns().map(|column| column.name).chain(["geom", "record", "run_id"])
    }
}

/// What is said to the table of a kind of events.
#[derive(Debug)]
struct Statements {
    select: String,
    insert: String,
    update: String,
    keep: String,
}

impl Statements {
    fn new(table: &str) -> Self {
        let names: Vec<&str> = Row::columns().collect();
        let places = vec!["?"; names.len()].join(", ");
        let assignments: Vec<String> =
            names.iter().enumerate().map(|(i, name)| format!("{name} = ?{}", i + 1)).collect();
        let (names, assignments) = (names.join(", "), assignments.join(", "));
        Statements {
            select: format!(
                "SELECT version, software_version, parameters_hash FROM {table} WHERE event_id = ?1"
            ),
            insert: format!("INSERT INTO {table} ({names}) VALUES ({places})"),
            update: format!("UPDATE {table} SET {assignments} WHERE event_id = ?1"),
            // Of what satisfies no profile no history is kept: near a coast it is most of all.
            keep: format!(
                "INSERT OR IGNORE INTO event_versions
                   (event_id, version, state, as_of, parameters_hash, record, run_id)
                 SELECT event_id, version, state, as_of, parameters_hash, record, run_id FROM {table}
                 WHERE event_id = ?1 AND (kind <> 'encounter' OR profiles <> '' OR ?2)"
            ),
        }
    }
}

/// Stores events in a transaction that somebody else has begun and will end.
#[derive(Debug)]
pub(crate) struct Storer {
    run_id: String,
    provenance: Provenance,
    /// Of this call of [`GeoPackage::store`].
    number: i64,
    encounters: Statements,
    others: Statements,
    stored: Stored,
    /// See [`Storer::begin_draft`].
    is_draft: bool,
}

impl Storer {
    pub(crate) fn begin(
        connection: &Connection,
        run_id: &str,
        provenance: &Provenance,
    ) -> rusqlite::Result<Self> {
        let number = next_number(connection)?;
        let [encounters, others] = ["encounters", "events"].map(Statements::new);
        Ok(Storer {
            run_id: run_id.into(),
            provenance: provenance.clone(),
            number,
            encounters,
            others,
            stored: Stored::default(),
            is_draft: false,
        })
    }

    /// The same in a store that nobody has seen yet and that is of this run alone: what the run told before is how it came to
    /// what it tells in the end, and no former version; and rows are entered in the spatial index here and not by triggers.
    pub(crate) fn begin_draft(
        connection: &Connection,
        run_id: &str,
        provenance: &Provenance,
    ) -> rusqlite::Result<Self> {
        drop_insert_triggers(connection)?;
        Ok(Storer { is_draft: true, ..Storer::begin(connection, run_id, provenance)? })
    }

    /// Stores what belongs to the whole.
    pub(crate) fn finish(
        self,
        connection: &Connection,
        run: &Run,
        vessels: &[VesselRow],
    ) -> rusqlite::Result<Stored> {
        if self.is_draft {
            create_insert_triggers(connection)?;
        }
        vessels.iter().try_for_each(|vessel| store_vessel(connection, vessel))?;
        store_run(connection, run)?;
        describe_contents(connection, run.started_at)?;
        Ok(self.stored)
    }

    /// An event as this run tells it.
    pub(crate) fn row<'a>(&self, event: &'a Event, packer: &mut Packer) -> Row<'a> {
        Row::new(event, &self.run_id, &self.provenance, packer)
    }

    /// Stores events in their order. To write a row out takes longer than to store it: another thread writes ahead, and
    /// this one writes too whenever there is nothing to store.
    pub(crate) fn store_all<'a>(
        &mut self,
        connection: &Connection,
        events: impl IntoIterator<Item = &'a Event, IntoIter: Send>,
    ) -> rusqlite::Result<()> {
        let (run_id, provenance) = (self.run_id.clone(), self.provenance.clone());
        let events = Mutex::new(events.into_iter().fuse().enumerate());
        let write_next = |packer: &mut Packer| {
            let (number, event) = events.lock().expect("no thread panics with it").next()?;
            Some((number, Row::new(event, &run_id, &provenance, packer)))
        };
        thread::scope(|scope| {
            let (sender, rows) = mpsc::sync_channel(ROWS_AHEAD_MAX);
            scope.spawn(move || {
                let mut packer = Packer::new();
                while let Some(row) = write_next(&mut packer) {
                    if sender.send(row).is_err() {
                        return;
                    }
                }
            });
            let mut packer = Packer::new();
            let mut ahead = BTreeMap::new();
            let mut next = 0;
            loop {
                let written = match rows.try_recv() {
                    Ok(written) => Some(written),
                    // The other thread has the next one, and is slow.
                    Err(_) if ahead.len() == ROWS_AHEAD_MAX => rows.recv().ok(),
                    // All have been begun once there is none for this thread: the other one has the last of them.
                    Err(_) => write_next(&mut packer).or_else(|| rows.recv().ok()),
                };
                let Some((number, row)) = written else { return Ok(()) };
                ahead.insert(number, row);
                while let Some(row) = ahead.remove(&next) {
                    self.store(connection, row)?;
                    next += 1;
                }
            }
        })
    }

    /// Stores an event, or what is known of it now in its place.
    pub(crate) fn store(&mut self, connection: &Connection, row: Row<'_>) -> rusqlite::Result<()> {
        let Row { event, event_id, values, bounds, index } = row;
        let (table, statements) = match event.kind() {
            EventKind::Encounter => ("encounters", &self.encounters),
            _ => ("events", &self.others),
        };
        let there: Option<There> = connection
            .prepare_cached(&statements.select)?
            .query_row([&event_id], There::from_row)
            .optional()?;
        if let Some(there) = &there {
            let by_the_same = there.provenance == self.provenance;
            // Another program or other parameters count versions anew: then what was run last holds.
            if by_the_same && there.version > event.version {
                self.stored.outdated += 1;
                return Ok(());
            }
            let is_another = !by_the_same || there.version != event.version;
            if is_another && !self.is_draft {
                let keep = params![event_id, !event.profiles.is_empty()];
                connection.prepare_cached(&statements.keep)?.execute(keep)?;
            }
        }
        if event.state == EventState::Retracted {
            self.stored.retracted += 1;
            return delete(connection, &event_id);
        }

        // An update and not a replacement, so that the row keeps its fid; and not SQLite's upsert, which
        // the triggers of the spatial index cannot bear.
        let values = params_from_iter(values);
        if there.is_some() {
            self.stored.replaced += 1;
            connection.prepare_cached(&statements.update)?.execute(values)?;
        } else {
            self.stored.inserted += 1;
            let fid = connection.prepare_cached(&statements.insert)?.insert(values)?;
            if self.is_draft {
                store_bounds(connection, table, fid, bounds)?;
            }
        }
        let index = index.expect("what is not retracted is found");
        index.store(connection, &event_id, self.number)?;
        // Near a coast most encounters satisfy no profile, and tracks are most of what an encounter takes.
        if event.profiles.is_empty() {
            if there.is_some() {
                let delete = "DELETE FROM encounter_tracks WHERE event_id = ?1";
                connection.prepare_cached(delete)?.execute([&event_id])?;
            }
            return Ok(());
        }
        event
            .vessels
            .iter()
            .try_for_each(|vessel| store_track(connection, self.is_draft, &event_id, vessel))
    }
}

/// What is known of an event that is in the store.
struct There {
    version: u32,
    provenance: Provenance,
}

impl There {
    fn from_row(row: &rusqlite::Row<'_>) -> rusqlite::Result<Self> {
        let provenance = Provenance { software_version: row.get(1)?, parameters_hash: row.get(2)? };
        Ok(There { version: row.get(0)?, provenance })
    }
}

/// Removes an event, if it is there, and what belongs to it.
pub(crate) fn delete(connection: &Connection, event_id: &str) -> rusqlite::Result<()> {
    IndexRow::delete(connection, event_id)?;
    FEATURE_TABLES.iter().try_for_each(|table| {
        let delete = format!("DELETE FROM {table} WHERE event_id = ?1");
        connection.prepare_cached(&delete)?.execute([event_id]).map(drop)
    })
}

/// Does what the trigger would; see [`drop_insert_triggers`].
fn store_bounds(
    connection: &Connection,
    table: &str,
    fid: i64,
    bounds: Option<Bounds>,
) -> rusqlite::Result<()> {
    let Some(Bounds { min_x, max_x, min_y, max_y }) = bounds else { return Ok(()) };
    let insert =
        format!("INSERT OR REPLACE INTO {} VALUES (?1, ?2, ?3, ?4, ?5)", index_name(table));
    connection.prepare_cached(&insert)?.execute(params![fid, min_x, max_x, min_y, max_y])?;
    Ok(())
}

fn store_track(
    connection: &Connection,
    is_draft: bool,
    event_id: &str,
    vessel: &EventVessel,
) -> rusqlite::Result<()> {
    let name = vessel.identity.name.map(|name| shown(name.as_str()));
    let antenna_m = vessel.identity.dimensions.map(|dimensions| {
        [dimensions.bow_m, dimensions.stern_m, dimensions.port_m, dimensions.starboard_m]
    });
    let who = (vessel.mmsi.get(), name.as_deref());
    insert_track(connection, is_draft, event_id, who, antenna_m, &vessel.track)
}

/// In the place of the one that is there.
fn insert_track(
    connection: &Connection,
    is_draft: bool,
    event_id: &str,
    (mmsi, name): (u32, Option<&str>),
    antenna_m: Option<[u16; 4]>,
    track: &[TrackPoint],
) -> rusqlite::Result<()> {
    let side = |side: usize| antenna_m.map(|antenna_m| antenna_m[side]);
    let lines = track_blob(track);
    let values = params![
        event_id,
        mmsi,
        name,
        track.first().map(|point| Cell::Time(point.observed_at)),
        track.last().map(|point| Cell::Time(point.observed_at)),
        lines,
        side(0),
        side(1),
        side(2),
        side(3),
        trail::pack(track),
    ];
    let updated = connection
        .prepare_cached(
            "UPDATE encounter_tracks SET name = ?3, started_at = ?4, ended_at = ?5, geom = ?6,
               to_bow_m = ?7, to_stern_m = ?8, to_port_m = ?9, to_starboard_m = ?10, reports = ?11
             WHERE event_id = ?1 AND mmsi = ?2",
        )?
        .execute(values)?;
    if updated == 0 {
        let fid = connection
            .prepare_cached(
                "INSERT INTO encounter_tracks (event_id, mmsi, name, started_at, ended_at, geom,
                   to_bow_m, to_stern_m, to_port_m, to_starboard_m, reports)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
            )?
            .insert(values)?;
        if is_draft {
            let bounds = lines.as_deref().and_then(bounds_of);
            store_bounds(connection, "encounter_tracks", fid, bounds)?;
        }
    }
    Ok(())
}

fn store_vessel(connection: &Connection, vessel: &VesselRow) -> rusqlite::Result<()> {
    let heard_at = (vessel.first_heard_at, vessel.last_heard_at);
    let positions = i64::try_from(vessel.positions).unwrap_or(i64::MAX);
    let values = identity_values(vessel.mmsi, &vessel.identity, heard_at);
    connection
        .prepare_cached(&vessel_upsert())?
        .execute(params_from_iter(values.into_iter().chain([Value::Integer(positions)])))?;
    for (identity, first_heard_at, last_heard_at) in &vessel.identities {
        let values = identity_values(vessel.mmsi, identity, (*first_heard_at, *last_heard_at));
        connection.prepare_cached(IDENTITY_UPSERT)?.execute(params_from_iter(values))?;
    }
    Ok(())
}

fn identity_values(
    mmsi: Mmsi,
    identity: &VesselIdentity,
    (first_heard_at, last_heard_at): (Timestamp, Timestamp),
) -> [Value; 10] {
    let category = identity.ship_type.and_then(|ship| ship.category());
    [
        Cell::from(mmsi.get()),
        identity.imo.map(|imo| imo.get()).into(),
        identity.name.map(|name| name.as_str().to_owned()).into(),
        identity.callsign.map(|callsign| callsign.as_str().to_owned()).into(),
        mmsi.flag().map(|flag| flag.code().to_owned()).into(),
        category.map(|category| category.name().to_owned()).into(),
        identity.dimensions.map(|dimensions| dimensions.length_m()).into(),
        identity.dimensions.map(|dimensions| dimensions.beam_m()).into(),
        Cell::Time(first_heard_at),
        Cell::Time(last_heard_at),
    ]
    .map(Value::from)
}

const IDENTITY_UPSERT: &str = "
    INSERT INTO vessel_identities
      (mmsi, imo, name, callsign, flag, type, length_m, beam_m, first_heard_at, last_heard_at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
    ON CONFLICT (mmsi, ifnull(imo, 0), ifnull(name, ''), ifnull(callsign, ''), ifnull(type, ''),
                 ifnull(length_m, 0), ifnull(beam_m, 0))
    DO UPDATE SET first_heard_at = min(first_heard_at, excluded.first_heard_at),
                  last_heard_at = max(last_heard_at, excluded.last_heard_at)";

/// Instants are compared as text: of one width and in UTC, the order of the letters is that of time.
fn vessel_upsert() -> String {
    let mut upsert = String::from(
        "INSERT INTO vessels VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
         ON CONFLICT (mmsi) DO UPDATE SET",
    );
    for column in ["imo", "name", "callsign", "flag", "type", "length_m", "beam_m"] {
        upsert += &format!(
            " {column} = iif(excluded.last_heard_at >= last_heard_at,
                coalesce(excluded.{column}, {column}), coalesce({column}, excluded.{column})),"
        );
    }
    upsert += " first_heard_at = min(first_heard_at, excluded.first_heard_at),
                last_heard_at = max(last_heard_at, excluded.last_heard_at),
                positions = max(positions, excluded.positions)";
    upsert
}

fn store_run(connection: &Connection, run: &Run) -> rusqlite::Result<()> {
    let inputs = json::to_text(&run.inputs);
    connection.execute(
        "INSERT INTO runs (run_id, started_at, software_version, parameters_hash, parameters,
                           inputs, selection, counters)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
         ON CONFLICT (run_id) DO UPDATE SET
           started_at = excluded.started_at, software_version = excluded.software_version,
           parameters_hash = excluded.parameters_hash, parameters = excluded.parameters,
           inputs = excluded.inputs, selection = excluded.selection, counters = excluded.counters",
        params![
            run.run_id,
            Cell::Time(run.started_at),
            run.provenance.software_version,
            run.provenance.parameters_hash,
            run.parameters,
            inputs,
            run.selection,
            run.counters.to_string(),
        ],
    )?;
    Ok(())
}

/// Keeps the extents in `gpkg_contents` true; they are what a map zooms to.
pub(crate) fn describe_contents(
    connection: &Connection,
    changed_at: Timestamp,
) -> rusqlite::Result<()> {
    connection.execute("UPDATE gpkg_contents SET last_change = ?1", [Cell::Time(changed_at)])?;
    let points = |condition: &str| {
        format!(
            "SELECT min(longitude_deg), max(longitude_deg), min(latitude_deg), max(latitude_deg)
             FROM alongside_index WHERE {condition}"
        )
    };
    // Not of the layers of points, whose rows are wide.
    let extents = [
        ("encounters", points("kind = 'encounter'")),
        ("events", points("kind <> 'encounter'")),
        ("flagged", points("kind = 'encounter' AND flagged")),
        (
            "encounter_tracks",
            "SELECT min(ST_MinX(geom)), max(ST_MaxX(geom)), min(ST_MinY(geom)), max(ST_MaxY(geom))
             FROM encounter_tracks"
                .into(),
        ),
    ];
    for (table, extent) in extents {
        let update = format!(
            "UPDATE gpkg_contents SET (min_x, max_x, min_y, max_y) = ({extent})
             WHERE table_name = '{table}'"
        );
        connection.execute(&update, [])?;
    }
    Ok(())
}

impl From<Cell> for Value {
    fn from(cell: Cell) -> Self {
        match cell {
            Cell::Unknown => Value::Null,
            Cell::Text(text) => Value::Text(shown(&text)),
            Cell::Integer(number) => Value::Integer(number),
            Cell::Real(number) => Value::Real(number),
            Cell::Time(at) => Value::Text(at.to_string()),
        }
    }
}

impl ToSql for Cell {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Owned(self.clone().into()))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::process::Command;

    use maritime::{EventId, Position, Text};
    use tempfile::TempDir;

    use super::*;
    use crate::samples::{event, gap, provenance, track};

    fn run() -> Run {
        Run {
            run_id: "one".into(),
            started_at: Timestamp::parse("2026-01-01T12:00:00Z").unwrap(),
            provenance: provenance(),
            parameters: "distance_m_max = 500".into(),
            inputs: vec!["gulf.nmea".into()],
            selection: String::new(),
            counters: serde_json::json!({"received": 3, "accepted": 2, "rejected": 1}),
        }
    }

    fn vessel() -> VesselRow {
        let vessel = &event().vessels[0];
        VesselRow {
            mmsi: vessel.mmsi,
            identity: vessel.identity,
            first_heard_at: Timestamp::parse("2024-01-01").unwrap(),
            last_heard_at: Timestamp::parse("2024-01-02").unwrap(),
            positions: 48,
            identities: vec![(
                vessel.identity,
                Timestamp::parse("2024-01-01").unwrap(),
                Timestamp::parse("2024-01-02").unwrap(),
            )],
        }
    }

    /// A second event, across the 180th meridian, of which one vessel was heard but once.
    fn pacific_event() -> Event {
        let mut event = event();
        event.id = EventId::new(
            event.kind(),
            event.id.pair().unwrap(),
            event.started_at.plus_millis(5_000),
        );
        event.position = Position::new(-17.0, -179.999).unwrap();
        event.vessels[0].track = track(&[(-17.0, 179.99), (-17.0, -179.99)]);
        event.vessels[1].track = track(&[(-17.0, 180.0)]);
        event
    }

    fn store() -> (TempDir, PathBuf, GeoPackage) {
        let dir = TempDir::new().unwrap();
        let path = dir.path().join("store.gpkg");
        let store = GeoPackage::open(&path).unwrap();
        (dir, path, store)
    }

    impl GeoPackage {
        #[track_caller]
        fn answer(&self, query: &str) -> String {
            let text = |row: &rusqlite::Row<'_>| {
                let columns = row.as_ref().column_count();
                let cells: Vec<String> = (0..columns)
                    .map(|i| match row.get::<_, Value>(i).unwrap() {
                        Value::Null => String::new(),
                        Value::Integer(number) => number.to_string(),
                        Value::Real(number) => number.to_string(),
                        Value::Text(text) => text,
                        Value::Blob(bytes) => format!("{} bytes", bytes.len()),
                    })
                    .collect();
                Ok(cells.join(" "))
            };
            let mut query = self.connection.prepare(query).unwrap();
            let rows: Vec<String> =
                query.query_map([], text).unwrap().map(Result::unwrap).collect();
            rows.join("\n")
        }
    }

    #[test]
    fn events_read_as_they_were_stored() {
        let (_dir, path, mut store) = store();
        let events = [event(), pacific_event()];
        let stored = store.store(&run(), &events, &[vessel()]).unwrap();
        assert_eq!(stored, Stored { inserted: 2, ..Stored::default() });
        drop(store);

        let records = events.map(|event| EventRecord::new(&event, &provenance()));
        assert_eq!(GeoPackage::open(&path).unwrap().events().unwrap(), records);
    }

    #[test]
    fn storing_twice_leaves_one_copy() {
        let (_dir, _, mut store) = store();
        let everything = "SELECT * FROM encounters, encounter_tracks, vessels, runs, gpkg_contents";
        store.store(&run(), &[event(), pacific_event()], &[vessel()]).unwrap();
        let once = store.answer(everything);
        let stored = store.store(&run(), &[event(), pacific_event()], &[vessel()]).unwrap();
        assert_eq!(stored, Stored { replaced: 2, ..Stored::default() });
        assert_eq!(store.answer(everything), once);
        assert_eq!(store.answer("SELECT count(*) FROM rtree_encounters_geom"), "2");
    }

    #[test]
    fn what_was_deleted_in_its_layer_is_stored_anew() {
        let (_dir, _, mut store) = store();
        store.store(&run(), &[event(), pacific_event()], &[]).unwrap();
        let vessels = "SELECT * FROM alongside_event_vessels ORDER BY event, mmsi";
        let before = store.answer(vessels);
        store.connection.execute("DELETE FROM encounters", []).unwrap();
        let stored = store.store(&run(), &[pacific_event(), event()], &[]).unwrap();
        assert_eq!(stored.inserted, 2);
        assert_eq!(store.answer(vessels), before);
    }

    #[test]
    fn the_spatial_index_is_kept_where_there_is_one() {
        let (_dir, _, mut store) = store();
        let triggers = "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' ORDER BY name";
        let before = store.answer(triggers);
        store.store(&run(), &[event()], &[]).unwrap();
        assert_eq!(store.answer(triggers), before);
        // Who removes the index of a layer removes its triggers.
        for trigger in ["insert", "update1", "update2", "update3", "update4", "delete"] {
            let drop = format!("DROP TRIGGER rtree_encounters_geom_{trigger}");
            store.connection.execute_batch(&drop).unwrap();
        }
        store.connection.execute_batch("DROP TABLE rtree_encounters_geom").unwrap();
        store.store(&run(), &[pacific_event()], &[]).unwrap();
        assert_eq!(store.answer("SELECT count(*) FROM encounters"), "2");
        assert_eq!(store.answer("SELECT count(*) FROM rtree_encounter_tracks_geom"), "3");
    }

    #[test]
    fn a_later_version_replaces_and_an_earlier_one_does_not() {
        let (_dir, _, mut store) = store();
        store.store(&run(), &[event()], &[]).unwrap();
        let later = Event { version: 4, score: 0.5, ..event() };
        assert_eq!(store.store(&run(), &[later], &[]).unwrap().replaced, 1);
        assert_eq!(store.store(&run(), &[event()], &[]).unwrap().outdated, 1);
        assert_eq!(store.answer("SELECT fid, version, score FROM encounters"), "1 4 0.5");
    }

    #[test]
    fn under_other_parameters_the_last_run_holds() {
        let (_dir, _, mut store) = store();
        store.store(&run(), &[Event { version: 9, ..event() }], &[]).unwrap();
        let mut other = run();
        other.provenance.parameters_hash = "0123456789abcdef".into();
        assert_eq!(store.store(&other, &[event()], &[]).unwrap().replaced, 1);
    }

    #[test]
    fn a_retracted_event_is_deleted_with_its_tracks() {
        let (_dir, _, mut store) = store();
        store.store(&run(), &[event()], &[]).unwrap();
        let retracted = Event { version: 4, state: EventState::Retracted, ..event() };
        assert_eq!(store.store(&run(), &[retracted], &[]).unwrap().retracted, 1);
        for table in [
            "encounters",
            "encounter_tracks",
            "rtree_encounters_geom",
            "rtree_encounter_tracks_geom",
            "alongside_index",
            "alongside_event_vessels",
        ] {
            assert_eq!(store.answer(&format!("SELECT count(*) FROM {table}")), "0", "{table}");
        }
        assert_eq!(
            store.answer("SELECT max_x FROM gpkg_contents WHERE table_name = 'encounters'"),
            ""
        );
    }

    #[test]
    fn extents_and_index_follow_the_geometry() {
        let (_dir, _, mut store) = store();
        let extent = "SELECT min_x, max_x, min_y, max_y FROM gpkg_contents WHERE table_name LIKE 'encounter%'
                      ORDER BY table_name DESC";
        store.store(&run(), &[event()], &[]).unwrap();
        assert_eq!(
            store.answer(extent),
            "-94.8597 -94.8597 28.2504 28.2504\n-94.8601 -94.85 28.25 28.27"
        );
        let moved = Event { position: Position::new(10.0, 20.0).unwrap(), ..event() };
        store.store(&run(), &[moved, pacific_event()], &[]).unwrap();
        assert_eq!(store.answer(extent), "-179.999 20 -17 10\n-180 180 -17 28.27");
        assert_eq!(store.answer("SELECT id FROM rtree_encounters_geom WHERE minx > 0"), "1");
    }

    #[test]
    fn a_vessel_keeps_its_first_and_last_time_and_its_latest_name() {
        let (_dir, _, mut store) = store();
        let at = |text: &str| Timestamp::parse(text).unwrap();
        let mut earlier = vessel();
        earlier.first_heard_at = at("2023-05-01");
        earlier.last_heard_at = at("2023-05-02");
        earlier.positions = 7;
        earlier.identity.name = Text::new("FORMER NAME");
        let mut later = vessel();
        later.last_heard_at = at("2024-02-01");
        later.identity = VesselIdentity { name: Text::new("NEW"), ..VesselIdentity::default() };
        for vessel in [vessel(), earlier, later] {
            store.store(&run(), &[], &[vessel]).unwrap();
        }
        assert_eq!(
            store.answer("SELECT name, imo, first_heard_at, last_heard_at, positions FROM vessels"),
            "NEW 9074729 2023-05-01T00:00:00.000Z 2024-02-01T00:00:00.000Z 48"
        );
    }

    #[test]
    fn hostile_names_are_only_text() {
        let (_dir, _, mut store) = store();
        let mut event = event();
        let name = "'); DROP TABLE runs;--";
        event.vessels[0].identity.name = Text::new(name);
        let run = Run { inputs: vec![name.into()], ..run() };
        store.store(&run, &[event], &[]).unwrap();
        assert_eq!(store.answer("SELECT name_a FROM encounters"), name);
        assert_eq!(store.answer("SELECT inputs FROM runs"), format!("[\"{name}\"]"));
    }

    #[test]
    fn what_is_not_seen_is_written_out_in_columns_and_exact_in_the_record() {
        let (_dir, _, mut store) = store();
        let mut event = event();
        event.vessels[0].identity.name = Text::new("A\u{202e}B\u{1b}[2J");
        store.store(&run(), std::slice::from_ref(&event), &[]).unwrap();
        assert_eq!(store.answer("SELECT name_a FROM encounters"), "A\\u{202e}B\\u{1b}[2J");
        assert_eq!(store.events().unwrap(), [EventRecord::new(&event, &provenance())]);
    }

    #[test]
    fn an_encounter_tells_the_run_that_found_it() {
        let (_dir, _, mut store) = store();
        store.store(&run(), &[event()], &[]).unwrap();
        let selection = "--since 2024-01-01T00:00:05.000Z".to_owned();
        let selected = Run { run_id: "two".into(), selection, ..run() };
        store.store(&selected, &[pacific_event()], &[]).unwrap();
        let query = "SELECT encounters.fid, runs.run_id, runs.selection
                     FROM encounters JOIN runs USING (run_id) ORDER BY encounters.fid";
        assert_eq!(store.answer(query), "1 one \n2 two --since 2024-01-01T00:00:05.000Z");
    }

    #[test]
    fn what_satisfies_no_profile_is_kept_without_tracks() {
        let (_dir, _, mut store) = store();
        let counts = "SELECT (SELECT count(*) FROM encounters), (SELECT count(*) FROM flagged),
                             (SELECT count(*) FROM encounter_tracks)";
        store.store(&run(), &[event(), pacific_event()], &[]).unwrap();
        assert_eq!(store.answer(counts), "2 2 4");
        store.store(&run(), &[Event { profiles: Vec::new(), ..event() }], &[]).unwrap();
        assert_eq!(store.answer(counts), "2 1 2");
    }

    #[test]
    fn other_kinds_have_a_layer_of_their_own() {
        let (_dir, _, mut store) = store();
        let counts = "SELECT (SELECT count(*) FROM encounters), (SELECT count(*) FROM events)";
        assert_eq!(store.store(&run(), &[event(), gap()], &[]).unwrap().inserted, 2);
        assert_eq!(store.store(&run(), &[event(), gap()], &[]).unwrap().replaced, 2);
        assert_eq!(store.answer(counts), "1 1");
        assert_eq!(store.events().unwrap().len(), 2);
        let retracted = Event { version: 4, state: EventState::Retracted, ..gap() };
        assert_eq!(store.store(&run(), &[retracted], &[]).unwrap().retracted, 1);
        assert_eq!(store.answer(counts), "1 0");
    }

    #[test]
    fn a_full_disk_leaves_what_was_stored_before() {
        let (_dir, path, mut store) = store();
        store.store(&run(), &[event()], &[vessel()]).unwrap();
        let pages = store.answer("PRAGMA page_count");
        store.connection.pragma_update(None, "max_page_count", &pages).unwrap();
        let many: Vec<Event> = (0..500)
            .map(|i| {
                let mut event = event();
                let started_at = event.started_at.plus_millis(1000 * i);
                event.id = EventId::new(event.kind(), event.id.pair().unwrap(), started_at);
                event.version = 9;
                event
            })
            .collect();
        let error = store.store(&Run { run_id: "two".into(), ..run() }, &many, &[]).unwrap_err();
        let message = format!(
            "no space left to store events in {}; what was stored before is whole",
            path.display()
        );
        assert_eq!(error.to_string(), message);
        drop(store);

        let store = GeoPackage::open(&path).unwrap();
        assert_eq!(store.answer("PRAGMA integrity_check"), "ok");
        assert_eq!(store.answer("SELECT run_id FROM runs"), "one");
        assert_eq!(store.events().unwrap(), [EventRecord::new(&event(), &provenance())]);
    }

    #[test]
    fn one_file_is_left_and_it_says_that_it_is_a_geopackage() {
        let (dir, path, mut store) = store();
        store.store(&run(), &[event()], &[]).unwrap();
        let files: Vec<_> = fs::read_dir(dir.path()).unwrap().map(|f| f.unwrap().path()).collect();
        assert_eq!(files, std::slice::from_ref(&path));
        let head = fs::read(path).unwrap();
        assert_eq!(head[60..64], 10_300_u32.to_be_bytes());
        assert_eq!(&head[68..72], b"GPKG");
    }

    #[track_caller]
    fn check_refused(make: impl FnOnce(&Path), expected: &str) {
        let dir = TempDir::new().unwrap();
        let path = dir.path().join("other.gpkg");
        make(&path);
        let before = fs::read(&path).ok();
        let message = GeoPackage::open(&path).unwrap_err().to_string();
        assert_eq!(message.replace(&path.display().to_string(), "FILE"), expected);
        assert_eq!(fs::read(&path).ok(), before);
    }

    #[test]
    fn other_files_are_refused_and_left_alone() {
        let sql = |batch: &'static str| {
            move |path: &Path| Connection::open(path).unwrap().execute_batch(batch).unwrap()
        };
        check_refused(
            |path| fs::write(path, b"\x89PNG\r\n\x1a\nand more").unwrap(),
            "FILE is not a GeoPackage: it is no SQLite file",
        );
        check_refused(
            |path| fs::write(path, b"SQLite format 3\0 but no more").unwrap(),
            "FILE is not a GeoPackage: it is no SQLite file",
        );
        check_refused(
            sql("CREATE TABLE bookmarks (url TEXT)"),
            "FILE is not a GeoPackage: it is an SQLite file of another kind",
        );
        check_refused(
            sql("PRAGMA application_id = 0x47504B47; CREATE TABLE gpkg_contents (table_name TEXT)"),
            "FILE is a GeoPackage of another program: it has no tables of alongside",
        );
        check_refused(
            |path| {
                let store = GeoPackage::open(path).unwrap();
                store.connection.execute("UPDATE alongside_schema SET version = 99", []).unwrap();
            },
            "FILE has schema 99, this program knows 5 alone: keep it, and give --store another name",
        );
        check_refused(|path| fs::create_dir(path).unwrap(), "cannot open FILE");
    }

    #[test]
    fn a_missing_directory_is_named_with_its_reason() {
        let error = GeoPackage::open(Path::new("/nowhere/at/all.gpkg")).unwrap_err();
        assert_eq!(error.to_string(), "cannot open /nowhere/at/all.gpkg");
        assert!(std::error::Error::source(&error).unwrap().to_string().contains("No such file"));
    }

    #[test]
    fn an_empty_file_becomes_a_store() {
        let file = tempfile::NamedTempFile::new().unwrap();
        assert_eq!(GeoPackage::open(file.path()).unwrap().events().unwrap(), []);
        assert_eq!(GeoPackage::open(file.path()).unwrap().events().unwrap(), []);
    }

    #[test]
    fn a_store_in_use_by_another_program_says_so() {
        let (_dir, path, mut store) = store();
        let other = Connection::open(&path).unwrap();
        other.execute_batch("BEGIN EXCLUSIVE").unwrap();
        store.connection.busy_timeout(std::time::Duration::ZERO).unwrap();
        let message = store.store(&run(), &[event()], &[]).unwrap_err().to_string();
        assert!(message.ends_with("another program is using it"), "{message}");
    }

    #[test]
    fn gdal_lists_every_layer_without_a_warning() {
        let (_dir, path, mut store) = store();
        store.store(&run(), &[event(), pacific_event(), gap()], &[vessel()]).unwrap();
        drop(store);
        let Ok(output) = Command::new("ogrinfo").args(["-ro", "-al"]).arg(&path).output() else {
            eprintln!("skipped: ogrinfo (Debian: gdal-bin) is not installed");
            return;
        };
        let (said, warned) =
            (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success() && warned.is_empty(), "{warned}");
        for expected in [
            "Layer name: encounters\n",
            "Layer name: events\n",
            "figures (String) = distance_m=12000 silence_probability=0.93",
            "Layer name: encounter_tracks\n",
            "Layer name: flagged\n",
            "Layer name: vessels\n",
            "Layer name: runs\n",
            "Geometry: Point\nFeature Count: 2\nExtent: (-179.999000, -17.000000) - (-94.859700,",
            "started_at: DateTime (0.0)\n",
            "started_at (DateTime) = 2024/01/01 00:14:07.25",
            "POINT (-94.8597 28.2504)",
            "MULTILINESTRING ((179.99 -17",
            "),(-180 -17",
            "name_b (String) = =HYPERLINK(\"//X.Y\")",
        ] {
            assert!(said.contains(expected), "{expected:?} is not in\n{said}");
        }
    }
}
