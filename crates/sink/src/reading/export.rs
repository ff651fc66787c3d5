//! Many events at once: record by record, or as a store of their own.

use std::collections::VecDeque;
use std::path::Path;

use maritime::Timestamp;
use rusqlite::{Connection, params, params_from_iter};

use super::{Cursor, Filter, Order, Reader};
use crate::EventRecord;
use crate::geopackage::{GeoPackage, StoreError, describe_contents, store_error};
use crate::packed::Unpacked;

/// Records that are read at a time: between two of these others may write.
const BATCH: usize = 500;

/// Records in the order of their start, read a batch at a time, so that whoever writes need not wait.
#[derive(Debug)]
pub struct Records<'a> {
    reader: &'a Reader,
    filter: &'a Filter,
    /// The last that was read; `None` before the first.
    after: Option<Cursor>,
    /// Of all of them, where they are not in the reader's file; `None` before they were asked for.
    ids: Option<std::vec::IntoIter<String>>,
    batch: VecDeque<(String, Option<String>)>,
    ended: bool,
}

impl Records<'_> {
    fn read(&mut self) -> Result<(), StoreError> {
        if let Some(remote) = &self.reader.remote {
            let ids = match &mut self.ids {
                Some(ids) => ids,
                None => self.ids.insert(remote.ids(self.reader, self.filter)?.into_iter()),
            };
            let ids: Vec<String> = ids.take(BATCH).collect();
            let mut records = remote.records_of(&ids)?;
            self.ended = ids.len() < BATCH;
            self.batch = ids.into_iter().map(|id| (id.clone(), records.remove(&id))).collect();
            return Ok(());
        }
        let (filter, after) = (self.filter, &self.after);
        let batch: Vec<(Cursor, Option<String>)> = self.reader.reading(|connection| {
            let mut wanted = filter.conditions();
            if let Some(after) = after {
                wanted.begin_after(Order::TimeUp, after);
            }
            let query = format!(
                "SELECT k.event_id, k.started_ms, ifnull(e.record, o.record)
                 FROM (SELECT i.event_id, i.started_ms, i.kind FROM {} WHERE {} ORDER BY {} LIMIT {BATCH}) k
                 LEFT JOIN encounters e ON k.kind = 'encounter' AND e.event_id = k.event_id
                 LEFT JOIN events o ON k.kind <> 'encounter' AND o.event_id = k.event_id
                 ORDER BY k.started_ms, k.event_id",
                wanted.source(),
                wanted.all(),
                Order::TimeUp.columns()
            );
            connection
                .prepare_cached(&query)?
                .query_map(params_from_iter(wanted.values()), |row| {
                    let id = row.get(0)?;
                    let (order, started_ms) = (Order::TimeUp, row.get(1)?);
                    let record = row.get::<_, Option<Unpacked>>(2)?.map(|record| record.0);
                    Ok((Cursor { order, score: 0.0, started_ms, id }, record))
                })?
                .collect()
        })?;
        self.ended = batch.len() < BATCH;
        self.after = batch.last().map(|(at, _)| at.clone());
        self.batch = batch.into_iter().map(|(at, record)| (at.id, record)).collect();
        Ok(())
    }
}

impl Iterator for Records<'_> {
    type Item = Result<EventRecord, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let Some((event_id, record)) = self.batch.pop_front() else {
                if self.ended {
                    return None;
                }
                if let Err(error) = self.read() {
                    self.ended = true;
                    return Some(Err(error));
                }
                continue;
            };
            // Somebody has deleted it from its layer.
            let Some(record) = record else { continue };
            let path = self.reader.path.clone();
            let damaged = |source| StoreError::Record { path, event_id, source };
            return Some(serde_json::from_str(&record).map_err(damaged));
        }
    }
}

impl Reader {
    /// The events that were asked for, the oldest first.
    pub fn records<'a>(&'a self, filter: &'a Filter) -> Records<'a> {
        let batch = VecDeque::new();
        Records { reader: self, filter, after: None, ids: None, batch, ended: false }
    }

    /// Writes the events that were asked for with their tracks, vessels and runs into a new store at `path`, and gives
    /// their number; if there are more than `limit`, nothing is written, and `Err` has the number. Others may store
    /// meanwhile: each event is as it was at one time, and they need not all be of the same. Of ClickHouse there are no
    /// runs and no former versions in it.
    ///
    /// # Errors
    ///
    /// A full disk; the file cannot be read.
    pub fn copy_to(
        &self,
        filter: &Filter,
        limit: usize,
        path: &Path,
        at: Timestamp,
    ) -> Result<Result<usize, usize>, StoreError> {
        if let Some(remote) = &self.remote {
            let ids = remote.ids(self, filter)?;
            if ids.len() > limit {
                return Ok(Err(ids.len()));
            }
            remote.copy(self, &ids, BATCH, path, at)?;
            return Ok(Ok(ids.len()));
        }
        self.copy_in_batches(filter, limit, path, at, |_| {})
    }

    /// The same; `between` is told after each batch how many there are, when nothing is locked.
    pub(super) fn copy_in_batches(
        &self,
        filter: &Filter,
        limit: usize,
        path: &Path,
        at: Timestamp,
        mut between: impl FnMut(usize),
    ) -> Result<Result<usize, usize>, StoreError> {
        let ids: Vec<i64> = self.reading(|connection| {
            let wanted = filter.conditions();
            let query = format!(
                "SELECT i.id FROM {} WHERE {} ORDER BY i.id",
                wanted.source(),
                wanted.all()
            );
            connection
                .prepare(&query)?
                .query_map(params_from_iter(wanted.values()), |row| row.get(0))?
                .collect()
        })?;
        if ids.len() > limit {
            return Ok(Err(ids.len()));
        }
        let mut copy = GeoPackage::open(path)?;
        let from = self.path.to_string_lossy();
        let mut copy_all = || -> rusqlite::Result<()> {
            let connection = &mut copy.connection;
            connection.execute("ATTACH ?1 AS source", [&from])?;
            connection.execute_batch(
                "CREATE TEMP TABLE wanted (id INTEGER PRIMARY KEY, event_id TEXT UNIQUE)",
            )?;
            let mut copied = 0;
            for batch in ids.chunks(BATCH) {
                copy_batch(connection, batch)?;
                copied += batch.len();
                between(copied);
            }
            let transaction = connection.transaction()?;
            describe_contents(&transaction, at)?;
            transaction.commit()?;
            connection.execute_batch("DROP TABLE wanted; DETACH source")
        };
        copy_all().map_err(|source| store_error(path, "store events in", source))?;
        Ok(Ok(ids.len()))
    }
}

/// In a transaction of its own: the lock on the store that is copied goes with it, and whoever stores waits no longer.
fn copy_batch(connection: &mut Connection, ids: &[i64]) -> rusqlite::Result<()> {
    let transaction = connection.transaction()?;
    transaction.execute("DELETE FROM temp.wanted", [])?;
    for id in ids {
        transaction
            .prepare_cached(
                "INSERT INTO temp.wanted SELECT id, event_id FROM source.alongside_index WHERE id = ?1",
            )?
            .execute(params![id])?;
    }
    // By name: without a schema the first table of a name is that of the copy. What was deleted since an earlier batch
    // may have left its number to another row, which then takes its place.
    for table in ["encounters", "events", "encounter_tracks", "event_versions", "reviews"] {
        transaction.execute(
            &format!(
                "INSERT OR REPLACE INTO main.{table} SELECT * FROM source.{table}
                 WHERE event_id IN (SELECT event_id FROM temp.wanted)"
            ),
            [],
        )?;
    }
    // A vessel or a run of events of two batches is the same row.
    transaction.execute_batch(
        "INSERT OR REPLACE INTO main.alongside_index SELECT * FROM source.alongside_index
           WHERE id IN (SELECT id FROM temp.wanted);
         INSERT OR REPLACE INTO main.alongside_event_vessels SELECT * FROM source.alongside_event_vessels
           WHERE event IN (SELECT id FROM temp.wanted);
         INSERT OR IGNORE INTO main.vessels SELECT * FROM source.vessels
           WHERE mmsi IN (SELECT mmsi FROM source.alongside_event_vessels
                          WHERE event IN (SELECT id FROM temp.wanted));
         INSERT OR IGNORE INTO main.vessel_identities SELECT * FROM source.vessel_identities
           WHERE mmsi IN (SELECT mmsi FROM source.alongside_event_vessels
                          WHERE event IN (SELECT id FROM temp.wanted));
         INSERT OR IGNORE INTO main.runs SELECT * FROM source.runs
           WHERE run_id IN (
             SELECT run_id FROM source.encounters WHERE event_id IN (SELECT event_id FROM temp.wanted)
             UNION SELECT run_id FROM source.events WHERE event_id IN (SELECT event_id FROM temp.wanted));",
    )?;
    transaction.commit()
}
