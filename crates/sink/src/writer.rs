//! From messages straight into ClickHouse, without Kafka between: for a replay with a store of its own.

use std::time::{Duration, Instant};

use crate::clickhouse::{AnyRow, ClickHouseError, Told};
use crate::storing::store_rows;
use crate::{BlockSize, Message, Store};

/// With pauses of up to 5 s between: half a minute or so.
const ATTEMPTS: u32 = 10;

/// Collects messages and stores them in blocks.
pub struct Writer {
    store: Store,
    told_at_ms: i64,
    run: String,
    size: BlockSize,
    flush_after: Duration,
    rows: Vec<AnyRow>,
    /// Of the messages of these.
    bytes: usize,
    /// When the first of them came.
    opened_at: Instant,
    blocks: u64,
    skipped: u64,
}

impl Writer {
    /// One that tells everything as at `told_at_ms`, and whose blocks are named after `run`. A block has as many rows
    /// as `size` has offsets, or as many bytes, or is stored `flush_after` its first message.
    pub fn new(
        store: Store,
        run: &str,
        told_at_ms: i64,
        size: BlockSize,
        flush_after: Duration,
    ) -> Self {
        let (run, opened_at) = (run.into(), Instant::now());
        let (rows, bytes, blocks, skipped) = (Vec::new(), 0, 0, 0);
        Writer {
            store,
            told_at_ms,
            run,
            size,
            flush_after,
            rows,
            bytes,
            opened_at,
            blocks,
            skipped,
        }
    }

    /// Takes `message`, and stores what there is if that is enough for a block.
    ///
    /// # Errors
    ///
    /// ClickHouse refuses, or takes nothing for half a minute.
    pub async fn write(&mut self, message: &Message) -> Result<(), ClickHouseError> {
        let told = Told { at_ms: self.told_at_ms, source: &message.source };
        match AnyRow::parse(message.topic, message.payload.as_bytes(), told) {
            Ok(row) => {
                if self.rows.is_empty() {
                    self.opened_at = Instant::now();
                }
                self.rows.push(row);
                self.bytes += message.bytes() as usize;
            }
            // The same for an event of a year that the tables do not know.
            Err(reason) => {
                self.skipped += 1;
                tracing::error!(id = message.id, reason, "clickhouse cannot hold this");
            }
        }
        let is_whole = self.rows.len() as i64 >= self.size.offsets || self.bytes >= self.size.bytes;
        if is_whole { self.flush().await } else { self.flush_if_due().await }
    }

    /// Messages that ClickHouse cannot hold, and which are not there.
    pub fn skipped(&self) -> u64 {
        self.skipped
    }

    /// Stores what there is if its time is up. To be asked while no messages come.
    ///
    /// # Errors
    ///
    /// As [`Writer::write`].
    pub async fn flush_if_due(&mut self) -> Result<(), ClickHouseError> {
        let is_due = !self.rows.is_empty() && self.opened_at.elapsed() >= self.flush_after;
        if is_due { self.flush().await } else { Ok(()) }
    }

    /// Stores what there is.
    ///
    /// # Errors
    ///
    /// As [`Writer::write`].
    pub async fn flush(&mut self) -> Result<(), ClickHouseError> {
        let token = format!("{}/{}", self.run, self.blocks);
        self.blocks += 1;
        self.bytes = 0;
        let rows = std::mem::take(&mut self.rows);
        let stored = store_rows(&self.store, rows, &token, ATTEMPTS).await;
        stored.map_err(|source| self.store.failed("store a block", source))
    }
}
