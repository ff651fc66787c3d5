//! Many events at once.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::path::Path;

use maritime::Timestamp;

use super::{Remote, Wanted};
use crate::EventRecord;
use crate::geopackage::{GeoPackage, StoreError, ToldElsewhere};
use crate::reading::{Filter, Order, Reader, Review, reviewing};

/// Vessels that are asked for at a time.
const VESSELS_MAX: usize = 1_000;

impl Remote {
    /// Of all events that are asked for, the oldest first.
    pub(in crate::reading) fn ids(
        &self,
        reader: &Reader,
        filter: &Filter,
    ) -> Result<Vec<String>, StoreError> {
        let mut ids = Vec::new();
        self.each(&Wanted::new(reader, filter)?, &[], Order::TimeUp.columns(), None, |found| {
            ids.push(found.event_id.clone());
            ControlFlow::Continue(())
        })?;
        Ok(ids)
    }

    /// Writes these events with their tracks, vessels and reviews into the store at `path`, `batch` of them at a time.
    pub(in crate::reading) fn copy(
        &self,
        reader: &Reader,
        ids: &[String],
        batch: usize,
        path: &Path,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let mut copy = GeoPackage::open(path)?;
        let mut mmsis = BTreeSet::new();
        for ids in ids.chunks(batch) {
            let mut records = self.records_of(ids)?;
            let mut told = Vec::with_capacity(ids.len());
            for id in ids {
                let Some(text) = records.remove(id) else { continue };
                let record: EventRecord =
                    serde_json::from_str(&text).map_err(|source| self.damaged(id, source))?;
                mmsis.extend(record.vessels.iter().map(|vessel| vessel.mmsi));
                let review: Review =
                    reader.reading(|connection| reviewing::review(connection, id))?;
                told.push(ToldElsewhere { tracks: self.tracks_of(&record)?, record, text, review });
            }
            copy.store_told(at, &told)?;
        }
        let mmsis: Vec<u32> = mmsis.into_iter().collect();
        for mmsis in mmsis.chunks(VESSELS_MAX) {
            copy.store_heard(at, &self.vessels_of(mmsis)?, &self.identities_of(mmsis)?)?;
        }
        Ok(())
    }
}
