//! Reads what a store holds, for those who look at it: a [`GeoPackage`], or tables of [`ClickHouse`] beside a file with what
//! people say.
//!
//! Takes a [`Filter`] and gives events a page at a time, places for a map, counts, one event with all that is known of
//! it, vessels, and who met whom. Whatever was asked for is bound to statements as parameters. Besides it keeps what
//! people say of events: reviews, lists of their own, and who did what.
//!
//! Events are found in `alongside_index`, of which a scan of 50,000 rows takes some ten milliseconds; what is shown of
//! them is read by their ids.

mod export;
mod filter;
mod lists;
mod place;
mod remote;
mod reviewing;
mod vessels;

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use maritime::{Timestamp, TrackPoint};
use rusqlite::types::Value;
use rusqlite::{
    Connection, InterruptHandle, OpenFlags, OptionalExtension, Row, params, params_from_iter,
};
use rustc_hash::FxHashMap;
use tokio::sync::watch;

use self::filter::{Conditions, Key};
use self::lists::BETWEEN_KINDS;
use self::remote::Remote;
use crate::geopackage::{StoreError, check_schema, is_empty_or_sqlite, store_error};
use crate::packed::Unpacked;
use crate::schema::prepare;
use crate::trail;
use crate::{ClickHouse, GeoPackage};

pub use self::export::Records;
pub use self::filter::{Cursor, Filter, Order};
pub use self::lists::{Lists, StoredList, WatchSet, ZoneShape};
pub use self::place::Place;
pub use self::reviewing::{Audited, Review, ReviewState};
pub use self::vessels::{Link, Network, Node, StoredIdentity, StoredVessel, VesselFilter};

/// Pages of the file that a reader keeps, in KiB: the index of 100,000 events.
const CACHE_KIB: i64 = 65_536;
/// What is no encounter is kept and shown from this score on, unless its kind is asked for.
pub const OTHERS_SCORE_MIN: f64 = 0.5;

/// An open store, to read from.
#[derive(Debug)]
pub struct Reader {
    path: PathBuf,
    connection: Connection,
    lists: Arc<Lists>,
    /// Where events are, if not in the file.
    remote: Option<Remote>,
}

/// Breaks off what a reader is at: its call then fails, and changes nothing.
pub struct Interrupt {
    file: InterruptHandle,
    remote: Option<watch::Sender<bool>>,
}

impl Interrupt {
    /// Does so; if it is at nothing, nothing happens.
    pub fn interrupt(&self) {
        self.file.interrupt();
        if let Some(remote) = &self.remote {
            remote.send_replace(true);
        }
    }
}

/// An event as it is listed.
#[derive(Debug, Clone, PartialEq)]
pub struct Listed {
    /// Of the event.
    pub id: String,
    /// JSON, exactly as it is told.
    pub record: String,
    /// What people made of it.
    pub review: Review,
    /// Names of the zones and watchlists of the reader's own that it is in.
    pub marks: Marks,
}

/// In which lists of the reader's own an event is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Marks {
    /// Zones around its place.
    pub zones: Vec<String>,
    /// Watchlists that name one of its vessels.
    pub watchlists: Vec<String>,
}

/// Some of the events that were asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// In the order that was asked for.
    pub events: Vec<Listed>,
    /// Where to go on; `None` if these were the last.
    pub next: Option<Cursor>,
    /// Of all pages.
    pub total: u64,
}

/// An event on a map.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mark<'a> {
    /// Of the event.
    pub id: &'a str,
    /// East positive.
    pub longitude_deg: f64,
    /// North positive.
    pub latitude_deg: f64,
    /// In `[0, 1]`.
    pub score: f64,
    /// See [`maritime::EventKind`].
    pub kind: &'a str,
    /// Of an encounter.
    pub class: Option<&'a str>,
    /// In milliseconds since 1970.
    pub started_at_ms: i64,
    /// Of the review.
    pub state: &'a str,
}

/// How many events there are of each.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[allow(missing_docs, reason = "the names say it")]
pub struct Facets {
    pub kinds: BTreeMap<String, u64>,
    pub classes: BTreeMap<String, u64>,
    pub profiles: BTreeMap<String, u64>,
    pub flags: BTreeMap<String, u64>,
    pub types: BTreeMap<String, u64>,
    pub states: BTreeMap<String, u64>,
    pub zones: BTreeMap<String, u64>,
    pub watchlists: BTreeMap<String, u64>,
}

/// All that is known of one event.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    /// As it is told now.
    pub listed: Listed,
    /// Every review, the newest first.
    pub reviews: Vec<Review>,
    /// How it was told, the present telling first.
    pub versions: Vec<Version>,
    /// The run that found it.
    pub run: Option<StoredRun>,
}

/// A telling of an event.
#[derive(Debug, Clone, PartialEq)]
pub struct Version {
    /// From 1.
    pub version: u32,
    /// See [`maritime::EventState`].
    pub state: String,
    /// Time of the data.
    pub as_of: String,
    /// JSON, exactly as it was told.
    pub record: String,
}

/// See [`crate::Run`].
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs, reason = "they are those of a run")]
pub struct StoredRun {
    pub run_id: String,
    pub started_at: String,
    pub software_version: String,
    pub parameters_hash: String,
    pub parameters: String,
    /// A JSON array of texts.
    pub inputs: String,
    pub selection: String,
}

/// The way of one vessel of an event.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredTrack {
    /// Who.
    pub mmsi: u32,
    /// Fit to be shown.
    pub name: Option<String>,
    /// From the antenna to bow, stern, port and starboard, in metres.
    pub antenna_m: Option<[u16; 4]>,
    /// In order of time.
    pub points: Vec<TrackPoint>,
}

/// What somebody who watches a store has seen of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Of a file that of the last time it was stored in, of ClickHouse the newest time of telling.
    number: i64,
    /// Of ClickHouse, what was told shortly before: when and which version.
    ids: HashMap<String, (i64, u32)>,
}

impl Seen {
    fn up_to(number: i64) -> Self {
        Seen { number, ids: HashMap::new() }
    }
}

/// Whom reports came from.
#[derive(Debug, Clone, PartialEq)]
pub struct Feed {
    /// Of the feed or recording.
    pub name: String,
    /// The newest position.
    pub last_observed_at: Timestamp,
    /// In the mean of the hours in which it was heard.
    pub positions_per_s: f64,
}

/// What a store is like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// Flagged encounters, and those of other kinds.
    pub events: u64,
    /// When anything was stored last, reviews included.
    pub last_change: Option<String>,
    /// Of the run that was stored last.
    pub software_version: Option<String>,
    /// Of the run that was stored last.
    pub parameters_hash: Option<String>,
}

impl Reader {
    /// Opens the store at `path`, which must be there, to read from it and to review.
    ///
    /// # Errors
    ///
    /// It is not there, is something else or of another version; see [`StoreError`].
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let failed = |source| store_error(path, "open", source);
        if !path.is_file() || is_empty_or_sqlite(path)? {
            return Err(StoreError::Absent { path: path.into() });
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags).map_err(failed)?;
        prepare(&connection).map_err(failed)?;
        check_schema(path, &connection)?;
        connection.pragma_update(None, "cache_size", -CACHE_KIB).map_err(failed)?;
        connection.set_prepared_statement_cache_capacity(64);
        let mut reader =
            Reader { path: path.into(), connection, lists: Arc::default(), remote: None };
        reader.use_lists(Arc::default())?;
        Ok(reader)
    }

    /// Opens events in ClickHouse beside the file at `desk` with what people say of them, which is made if it is not
    /// there. On a thread of a runtime that may wait, and used on such ones.
    ///
    /// # Errors
    ///
    /// The file is something else; the server does not answer or has not the tables.
    pub fn open_remote(events: &ClickHouse, desk: &Path) -> Result<Self, StoreError> {
        let remote = Remote::open(events)?;
        GeoPackage::open(desk)?;
        Ok(Reader { remote: Some(remote), ..Reader::open(desk)? })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Breaks off whatever this reader is at, from another thread.
    pub fn interrupt(&mut self) -> Interrupt {
        let remote = self.remote.as_mut().map(Remote::interrupt);
        Interrupt { file: self.connection.get_interrupt_handle(), remote }
    }

    /// Reads until it is broken off, for tests of that.
    ///
    /// # Errors
    ///
    /// It was broken off.
    #[doc(hidden)]
    pub fn count_without_end(&self) -> Result<u64, StoreError> {
        self.reading(|connection| {
            let endless = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";
            connection.query_row(endless, [], |row| self::count(row, 0))
        })
    }

    /// A number that is another one whenever somebody else has changed the store.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn data_version(&self) -> Result<i64, StoreError> {
        self.reading(|connection| {
            connection.pragma_query_value(None, "data_version", |row| row.get(0))
        })
    }

    /// A page of events.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn events(
        &self,
        filter: &Filter,
        order: Order,
        limit: usize,
        after: Option<&Cursor>,
    ) -> Result<Page, StoreError> {
        if let Some(remote) = &self.remote {
            return remote.events(self, filter, order, limit, after);
        }
        self.reading(|connection| {
            let wanted = filter.conditions();
            let (mut keys, total) = match wanted.is_in_order() {
                true => read_in_order(connection, wanted, order, limit + 1, after)?,
                false => look_through(connection, &wanted, order, limit + 1, after)?,
            };
            let more = keys.len() > limit;
            keys.truncate(limit);
            let next = keys.last().filter(|_| more).map(|key| key.at.clone());
            let mut events = Vec::with_capacity(keys.len());
            for key in keys {
                events.extend(self.listed(connection, key.row)?);
            }
            Ok(Page { events, next, total })
        })
    }

    /// How many events were asked for.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn count(&self, filter: &Filter) -> Result<u64, StoreError> {
        if let Some(remote) = &self.remote {
            return remote.count(self, filter);
        }
        self.reading(|connection| count_of(connection, &filter.conditions()))
    }

    /// Calls `each` with the events that were asked for, at most `limit` of them, and says whether there are more.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn map(
        &self,
        filter: &Filter,
        limit: usize,
        mut each: impl FnMut(Mark<'_>),
    ) -> Result<bool, StoreError> {
        if let Some(remote) = &self.remote {
            return remote.map(self, filter, limit, each);
        }
        self.reading(|connection| {
            let wanted = filter.conditions();
            let states = States::read(connection)?;
            let query = format!(
                "SELECT i.event_id, i.longitude_deg, i.latitude_deg, i.score, i.kind, i.class, i.started_ms
                 FROM {} WHERE {} LIMIT {}",
                wanted.scanned(),
                wanted.all(),
                limit + 1
            );
            let mut statement = connection.prepare_cached(&query)?;
            let mut rows = statement.query(params_from_iter(wanted.values()))?;
            let mut count = 0;
            while let Some(row) = rows.next()? {
                count += 1;
                if count > limit {
                    return Ok(true);
                }
                let id = row.get_ref(0)?.as_str()?;
                each(Mark {
                    id,
                    longitude_deg: row.get(1)?,
                    latitude_deg: row.get(2)?,
                    score: row.get(3)?,
                    kind: row.get_ref(4)?.as_str()?,
                    class: row.get_ref(5)?.as_str_or_null()?,
                    started_at_ms: row.get(6)?,
                    state: states.of(id),
                });
            }
            Ok(false)
        })
    }

    /// How many there are of each.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn facets(&self, filter: &Filter) -> Result<Facets, StoreError> {
        if let Some(remote) = &self.remote {
            return remote.facets(self, filter);
        }
        self.reading(|connection| {
            let wanted = filter.conditions();
            let states = States::read(connection)?;
            let between = format!("char({})", u32::from(BETWEEN_KINDS));
            let joined =
                |own: &str| format!("i.zones || {between} || i.watchlists || {between} || {own}");
            let listed = match self.lists.is_empty() {
                // Most are in none.
                true => {
                    format!("iif(length(i.zones) + length(i.watchlists) > 2, {}, '')", joined("''"))
                }
                false => joined(lists::MARKS),
            };
            let query = format!(
                "SELECT {id}, i.kind, i.class, i.profiles, i.flags, i.types, {listed}
                 FROM {source} WHERE {all}",
                id = if states.0.is_empty() { "''" } else { "i.event_id" },
                source = wanted.scanned(),
                all = wanted.all(),
            );
            let mut statement = connection.prepare_cached(&query)?;
            let mut rows = statement.query(params_from_iter(wanted.values()))?;
            let mut counts = Counts::default();
            while let Some(row) = rows.next()? {
                counts.add_row(row, &states)?;
            }
            Ok(counts.facets())
        })
    }

    /// All that is known of the event of that id; of one that was retracted, how it was told.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn case(&self, event_id: &str) -> Result<Option<Case>, StoreError> {
        if let Some(remote) = &self.remote {
            return remote.case(self, event_id);
        }
        self.reading(|connection| {
            let id = row_of(connection, event_id)?;
            let mut versions: Vec<(Version, String)> = connection
                .prepare_cached(
                    "SELECT version, state, as_of, record, run_id FROM event_versions
                     WHERE event_id = ?1 ORDER BY version DESC, fid DESC",
                )?
                .query_map([event_id], version)?
                .collect::<rusqlite::Result<_>>()?;
            let present = match id {
                Some(id) => self.listed(connection, id)?,
                None => None,
            };
            let listed = match present {
                Some(listed) => {
                    let now = connection
                        .prepare_cached(
                            "SELECT version, state, as_of, record, run_id FROM encounters WHERE event_id = ?1
                             UNION ALL
                             SELECT version, state, as_of, record, run_id FROM events WHERE event_id = ?1",
                        )?
                        .query_row([event_id], version)?;
                    versions.insert(0, now);
                    listed
                }
                None => match versions.first() {
                    Some((last, _)) => Listed {
                        id: event_id.into(),
                        record: last.record.clone(),
                        review: reviewing::review(connection, event_id)?,
                        marks: Marks::default(),
                    },
                    None => return Ok(None),
                },
            };
            let run = match versions.first() {
                Some((_, run_id)) => run(connection, run_id)?,
                None => None,
            };
            Ok(Some(Case {
                listed,
                reviews: reviewing::reviews(connection, event_id)?,
                versions: versions.into_iter().map(|(version, _)| version).collect(),
                run,
            }))
        })
    }

    /// The ways of the vessels of an event: of flagged encounters alone.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn tracks(&self, event_id: &str) -> Result<Vec<StoredTrack>, StoreError> {
        if let Some(remote) = &self.remote {
            return remote.tracks(event_id);
        }
        self.reading(|connection| {
            connection
                .prepare_cached(
                    "SELECT mmsi, name, to_bow_m, to_stern_m, to_port_m, to_starboard_m, reports
                     FROM encounter_tracks WHERE event_id = ?1 ORDER BY mmsi",
                )?
                .query_map([event_id], |row| {
                    let side = |column: usize| row.get::<_, Option<u16>>(column);
                    let sides = [side(2)?, side(3)?, side(4)?, side(5)?];
                    let known = sides.iter().all(Option::is_some);
                    Ok(StoredTrack {
                        mmsi: row.get(0)?,
                        name: row.get(1)?,
                        antenna_m: known.then(|| sides.map(Option::unwrap_or_default)),
                        points: row
                            .get::<_, Option<Vec<u8>>>(6)?
                            .and_then(|packed| trail::unpack(&packed))
                            .unwrap_or_default(),
                    })
                })?
                .collect()
        })
    }

    /// As if everything that is stored had been seen.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn seen(&self) -> Result<Seen, StoreError> {
        if let Some(remote) = &self.remote {
            return remote.seen();
        }
        self.reading(|connection| Ok(Seen::up_to(stored_number(connection)?)))
    }

    /// The events that were stored since, at most `limit`, and what is seen with them.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn stored_since(
        &self,
        seen: &Seen,
        limit: usize,
    ) -> Result<(Vec<Listed>, Seen), StoreError> {
        if let Some(remote) = &self.remote {
            return remote.stored_since(self, seen, limit);
        }
        let number = seen.number;
        self.reading(|connection| {
            let keys: Vec<(i64, i64)> = connection
                .prepare_cached(
                    "SELECT id, stored FROM alongside_index WHERE stored > ?1 AND flagged = 1
                     ORDER BY stored LIMIT ?2",
                )?
                .query_map(params![number, limit as i64], |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect::<rusqlite::Result<_>>()?;
            let last = match keys.len() < limit {
                true => stored_number(connection)?,
                // More than that at once: those are passed over, as whoever asks anew does not see them either.
                false => keys.last().map_or(number, |(_, stored)| *stored),
            };
            let mut events = Vec::with_capacity(keys.len());
            for (id, _) in keys {
                events.extend(self.listed(connection, id)?);
            }
            Ok((events, Seen::up_to(last)))
        })
    }

    /// The events of these ids, in their order, as far as they are there.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn listed_of(&self, ids: &[String]) -> Result<Vec<Listed>, StoreError> {
        if let Some(remote) = &self.remote {
            return remote.listed(self, ids);
        }
        self.reading(|connection| {
            let mut events = Vec::with_capacity(ids.len());
            for id in ids {
                if let Some(id) = row_of(connection, id)? {
                    events.extend(self.listed(connection, id)?);
                }
            }
            Ok(events)
        })
    }

    /// What the store is like.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn summary(&self) -> Result<Summary, StoreError> {
        if let Some(remote) = &self.remote {
            return remote.summary();
        }
        self.reading(|connection| {
            let one = |query: &str| -> rusqlite::Result<Option<String>> {
                connection.query_row(query, [], |row| row.get(0)).optional().map(Option::flatten)
            };
            Ok(Summary {
                events: connection.query_row(
                    "SELECT count(*) FROM alongside_index WHERE flagged = 1",
                    [],
                    |row| count(row, 0),
                )?,
                last_change: changed_at(&self.path).map(|at| at.to_string()),
                software_version: one(
                    "SELECT software_version FROM runs ORDER BY started_at DESC LIMIT 1",
                )?,
                parameters_hash: one(
                    "SELECT parameters_hash FROM runs ORDER BY started_at DESC LIMIT 1",
                )?,
            })
        })
    }

    /// How each feed was heard, as far as the store knows; a GeoPackage does not.
    ///
    /// # Errors
    ///
    /// The store cannot be read.
    pub fn feeds(&self) -> Result<Vec<Feed>, StoreError> {
        self.remote.as_ref().map_or(Ok(Vec::new()), Remote::feeds)
    }

    /// What one row of the index stands for; `None` if somebody has deleted it from its layer.
    fn listed(&self, connection: &Connection, id: i64) -> rusqlite::Result<Option<Listed>> {
        let marks = if self.lists.is_empty() { "''" } else { lists::MARKS };
        connection
            .prepare_cached(&format!(
                "SELECT i.event_id, ifnull(e.record, o.record), r.state, r.note, r.changed_at, r.changed_by, {marks}
                 FROM alongside_index i
                 LEFT JOIN encounters e ON i.kind = 'encounter' AND e.event_id = i.event_id
                 LEFT JOIN events o ON i.kind <> 'encounter' AND o.event_id = i.event_id
                 LEFT JOIN reviews r ON r.event_id = i.event_id
                 WHERE i.id = ?1"
            ))?
            .query_row([id], |row| {
                let Some(Unpacked(record)) = row.get(1)? else { return Ok(None) };
                Ok(Some(Listed {
                    id: row.get(0)?,
                    record,
                    review: Review::from_row(row, 2)?,
                    marks: lists::marks(&row.get::<_, String>(6)?),
                }))
            })
            .optional()
            .map(Option::flatten)
    }

    fn reading<T>(
        &self,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        read(&self.connection).map_err(|source| store_error(&self.path, "read from", source))
    }

    fn writing<T>(
        &mut self,
        write: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        let behavior = rusqlite::TransactionBehavior::Immediate;
        let written = self.connection.transaction_with_behavior(behavior).and_then(|transaction| {
            let written = write(&transaction)?;
            transaction.commit()?;
            Ok(written)
        });
        written.map_err(|source| store_error(&self.path, "write to", source))
    }
}

/// How many events there are of that sort.
fn count_of(connection: &Connection, wanted: &Conditions) -> rusqlite::Result<u64> {
    let query = format!("SELECT count(*) FROM {} WHERE {}", wanted.scanned(), wanted.all());
    connection
        .prepare_cached(&query)?
        .query_row(params_from_iter(wanted.values()), |row| count(row, 0))
}

/// The first `limit` events in an order, after the end of the page before, and how many there are of all pages: all rows
/// are looked at, once.
fn look_through(
    connection: &Connection,
    wanted: &Conditions,
    order: Order,
    limit: usize,
    after: Option<&Cursor>,
) -> rusqlite::Result<(Vec<Key>, u64)> {
    let query = format!("SELECT {} FROM {} WHERE {}", Key::COLUMNS, wanted.scanned(), wanted.all());
    let mut statement = connection.prepare_cached(&query)?;
    let mut rows = statement.query(params_from_iter(wanted.values()))?;
    let keep_first = |keys: &mut Vec<Key>| {
        keys.sort_unstable_by(|a, b| order.compare(&a.at, &b.at));
        keys.truncate(limit);
    };
    let (mut first, mut total) = (Vec::new(), 0);
    while let Some(row) = rows.next()? {
        total += 1;
        let key = Key::from_row(row, order)?;
        if after.is_none_or(|after| order.compare(&key.at, after).is_gt()) {
            first.push(key);
        }
        // Sorted now and then, so that no more than this is ever held.
        if first.len() >= limit.max(1_000) * 2 {
            keep_first(&mut first);
        }
    }
    keep_first(&mut first);
    Ok((first, total))
}

/// The same where an index has the order.
fn read_in_order(
    connection: &Connection,
    mut wanted: Conditions,
    order: Order,
    limit: usize,
    after: Option<&Cursor>,
) -> rusqlite::Result<(Vec<Key>, u64)> {
    let total = count_of(connection, &wanted)?;
    if let Some(after) = after {
        wanted.begin_after(order, after);
    }
    let query = format!(
        "SELECT {} FROM {} WHERE {} ORDER BY {} LIMIT {limit}",
        Key::COLUMNS,
        wanted.source(),
        wanted.all(),
        order.columns(),
    );
    let first = connection
        .prepare_cached(&query)?
        .query_map(params_from_iter(wanted.values()), |row| Key::from_row(row, order))?
        .collect::<rusqlite::Result<_>>()?;
    Ok((first, total))
}

/// What is counted of an event that is in no zone and no list.
const NOWHERE: &str = "|\u{1e}|\u{1e}\u{1e}";

/// How often each text stands in a column; they are few, and most stand there whole many times.
#[derive(Default)]
struct Counts {
    /// Kinds, classes, profiles, flags, types.
    columns: [FxHashMap<String, u64>; 5],
    states: FxHashMap<String, u64>,
    /// Zones and watchlists, with those of the reader's own.
    listed: FxHashMap<String, u64>,
}

impl Counts {
    fn add_row(&mut self, row: &Row<'_>, states: &States) -> rusqlite::Result<()> {
        let text = |column: usize| -> rusqlite::Result<&str> {
            Ok(row.get_ref(column)?.as_str_or_null()?.unwrap_or_default())
        };
        let columns = [text(1)?, text(2)?, text(3)?, text(4)?, text(5)?];
        self.add(columns, states.of(text(0)?), text(6)?);
        Ok(())
    }

    /// Kind, class, profiles, flags and types; what was made of it; zones, watchlists and the reader's own lists,
    /// with [`BETWEEN_KINDS`], or nothing.
    fn add(&mut self, columns: [&str; 5], state: &str, listed: &str) {
        for (counts, text) in self.columns.iter_mut().zip(columns) {
            count_one(counts, text);
        }
        count_one(&mut self.states, state);
        if listed.len() > NOWHERE.len() {
            count_one(&mut self.listed, listed);
        }
    }

    fn facets(self) -> Facets {
        let Counts { columns, states, listed } = self;
        let [kinds, classes, profiles, flags, types] = columns;
        let (mut zones, mut watchlists) = (BTreeMap::new(), BTreeMap::new());
        for (text, count) in listed {
            let mut parts = text.splitn(3, BETWEEN_KINDS);
            let mut part = || parts.next().unwrap_or_default();
            let (of_zones, of_watchlists) = (part(), part());
            let own = lists::marks(part());
            add_names(&mut zones, of_zones, &own.zones, count);
            add_names(&mut watchlists, of_watchlists, &own.watchlists, count);
        }
        Facets {
            kinds: each_name(kinds),
            classes: each_name(classes),
            profiles: each_name(profiles),
            flags: each_name(flags),
            types: each_name(types),
            states: each_name(states),
            zones,
            watchlists,
        }
    }
}

fn count_one(counts: &mut FxHashMap<String, u64>, text: &str) {
    match counts.get_mut(text) {
        Some(count) => *count += 1,
        None => {
            counts.insert(text.to_owned(), 1);
        }
    }
}

fn each_name(counts: FxHashMap<String, u64>) -> BTreeMap<String, u64> {
    let mut names = BTreeMap::new();
    for (barred, count) in counts {
        add_names(&mut names, &barred, &[], count);
    }
    names
}

/// Two vessels under one flag are one event of that flag.
fn add_names(counts: &mut BTreeMap<String, u64>, barred: &str, own: &[String], count: u64) {
    let mut names: Vec<&str> = barred.split('|').filter(|name| !name.is_empty()).collect();
    names.extend(own.iter().map(String::as_str));
    names.sort_unstable();
    names.dedup();
    for name in names {
        *counts.entry(name.to_owned()).or_default() += count;
    }
}

/// Of the events that somebody has looked at: the others are new.
struct States(FxHashMap<String, String>);

impl States {
    fn read(connection: &Connection) -> rusqlite::Result<Self> {
        let states = connection
            .prepare_cached("SELECT event_id, state FROM reviews")?
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<rusqlite::Result<_>>()?;
        Ok(States(states))
    }

    fn of(&self, event_id: &str) -> &str {
        self.0.get(event_id).map_or(ReviewState::New.name(), String::as_str)
    }
}

/// By the file: a run that goes on for weeks has one row.
fn changed_at(path: &Path) -> Option<Timestamp> {
    let modified = path.metadata().and_then(|found| found.modified()).ok()?;
    let since_1970 = modified.duration_since(UNIX_EPOCH).ok()?;
    i64::try_from(since_1970.as_millis()).ok().map(Timestamp::from_millis)
}

fn version(row: &Row<'_>) -> rusqlite::Result<(Version, String)> {
    let version = Version {
        version: row.get(0)?,
        state: row.get(1)?,
        as_of: row.get(2)?,
        record: row.get::<_, Unpacked>(3)?.0,
    };
    Ok((version, row.get(4)?))
}

fn run(connection: &Connection, run_id: &str) -> rusqlite::Result<Option<StoredRun>> {
    connection
        .prepare_cached(
            "SELECT run_id, started_at, software_version, parameters_hash, parameters, inputs, selection
             FROM runs WHERE run_id = ?1",
        )?
        .query_row([run_id], |row| {
            Ok(StoredRun {
                run_id: row.get(0)?,
                started_at: row.get(1)?,
                software_version: row.get(2)?,
                parameters_hash: row.get(3)?,
                parameters: row.get(4)?,
                inputs: row.get(5)?,
                selection: row.get(6)?,
            })
        })
        .optional()
}

/// The row of an event in the index.
pub(crate) fn row_of(connection: &Connection, event_id: &str) -> rusqlite::Result<Option<i64>> {
    connection
        .prepare_cached("SELECT id FROM alongside_index WHERE event_id = ?1")?
        .query_row([event_id], |row| row.get(0))
        .optional()
}

/// Of the last time that anything was stored.
fn stored_number(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("SELECT number FROM alongside_stored", [], |row| row.get(0))
}

/// SQLite counts with a sign.
fn count(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    row.get::<_, i64>(column).map(|count| count.unsigned_abs())
}

fn text(at: Timestamp) -> Value {
    Value::Text(at.to_string())
}

#[cfg(test)]
mod tests;
