//! From messages straight into ClickHouse, without Kafka between: for a replay with a store of its own.

use crate::clickhouse::{AnyRow, ClickHouseError, Told};
use crate::storing::store_rows;
use crate::{Message, Store};

/// Rows that are inserted at once.
const ROWS_MAX: usize = 50_000;
/// With pauses of up to 5 s between: half a minute or so.
const ATTEMPTS: u32 = 10;

/// Collects messages and stores them in blocks.
pub struct Writer {
    store: Store,
    told_at_ms: i64,
    run: String,
    rows: Vec<AnyRow>,
    blocks: u64,
}

impl Writer {
    /// One that tells everything as at `told_at_ms`, and whose blocks are named after `run`.
    pub fn new(store: Store, run: &str, told_at_ms: i64) -> Self {
        Writer { store, told_at_ms, run: run.into(), rows: Vec::new(), blocks: 0 }
    }

    /// Takes `message`, and stores what there is if that is enough for a block.
    ///
    /// # Errors
    ///
    /// ClickHouse refuses, or takes nothing for half a minute.
    pub async fn write(&mut self, message: &Message) -> Result<(), ClickHouseError> {
        let told = Told { at_ms: self.told_at_ms, source: &message.source };
        match AnyRow::parse(message.topic, message.payload.as_bytes(), told) {
            Ok(row) => self.rows.push(row),
            // The same for an event of a year that the tables do not know.
            Err(reason) => tracing::error!(id = message.id, reason, "clickhouse cannot hold this"),
        }
        if self.rows.len() >= ROWS_MAX { self.flush().await } else { Ok(()) }
    }

    /// Stores what there is.
    ///
    /// # Errors
    ///
    /// As [`Writer::write`].
    pub async fn flush(&mut self) -> Result<(), ClickHouseError> {
        let token = format!("{}/{}", self.run, self.blocks);
        self.blocks += 1;
        let rows = std::mem::take(&mut self.rows);
        let stored = store_rows(&self.store, rows, &token, ATTEMPTS).await;
        stored.map_err(|source| self.store.failed("store a block", source))
    }
}
