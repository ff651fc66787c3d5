//! Storing one block: messages to rows, rows into tables, and what is refused among the dead letters.

use std::ops::Range;
use std::time::Duration;

use clickhouse::error::Error;
use maritime::Timestamp;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{FutureProducer, FutureRecord};

use crate::block::{Block, Raw};
use crate::clickhouse::{
    AnyRow, EventRow, IdentityRow, PositionRow, Remedy, Store, Table, Told, remedy,
};
use crate::dead_letter::DeadLetterRecord;
use crate::message::{SCHEMA_VERSION_OF_MESSAGES, headers};
use crate::{Kafka, Topic, Uncounted, json};

/// Between attempts, doubled up to the longest.
const PAUSE_MIN: Duration = Duration::from_millis(200);
const PAUSE_MAX: Duration = Duration::from_secs(5);

/// A block of at least so many rows that are all refused says that the table is wrong and not the rows.
const ALL_REFUSED_MIN: usize = 10;

/// Where refused messages go.
#[derive(Clone)]
pub(crate) struct DeadLetters {
    producer: FutureProducer<Uncounted>,
    topic: String,
}

/// What became of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Stored {
    pub(crate) events: u64,
    pub(crate) positions: u64,
    pub(crate) identities: u64,
    pub(crate) dead: u64,
    pub(crate) retries: u64,
}

/// Rows of one table, and beside them the places in the block of the messages they come from.
struct Rows<T> {
    rows: Vec<T>,
    at: Vec<usize>,
}

impl<T> Rows<T> {
    fn with_capacity(count: usize) -> Self {
        Rows { rows: Vec::with_capacity(count), at: Vec::with_capacity(count) }
    }

    fn push(&mut self, at: usize, row: T) {
        self.rows.push(row);
        self.at.push(at);
    }
}

/// A block and the rows that it becomes.
pub(crate) struct Prepared {
    pub(crate) block: Block,
    token: String,
    events: Rows<EventRow>,
    positions: Rows<PositionRow>,
    identities: Rows<IdentityRow>,
    /// Messages that are no rows, by their place in the block, and why.
    dead: Vec<(usize, String)>,
}

/// A message, and whence it came if it was a dead letter before.
struct Letter<'a> {
    raw: &'a Raw,
    before: Option<DeadLetterRecord>,
    payload: std::borrow::Cow<'a, [u8]>,
}

/// Reads the messages of `block`. It waits for nothing, and takes a while: a microsecond or so for each.
pub(crate) fn prepare(block: Block) -> Prepared {
    // Mostly all of them are of one table.
    let count = |topic: Topic| if block.topic == topic { block.messages.len() } else { 0 };
    let mut events = Rows::with_capacity(count(Topic::Events));
    let mut positions = Rows::with_capacity(count(Topic::Positions));
    let mut identities = Rows::with_capacity(count(Topic::Vessels));
    let mut dead = Vec::new();
    for (at, raw) in block.messages.iter().enumerate() {
        match row(block.topic, &unwrap(block.topic, raw)) {
            Ok(AnyRow::Event(row)) => events.push(at, *row),
            Ok(AnyRow::Position(row)) => positions.push(at, row),
            Ok(AnyRow::Identity(row)) => identities.push(at, row),
            Err(reason) => dead.push((at, reason)),
        }
    }
    Prepared { token: block.token(), block, events, positions, identities, dead }
}

/// Stores `prepared`, however often that has to be tried. It ends when all of it is in the tables or among the dead
/// letters; whoever wants it to end earlier drops it.
pub(crate) async fn store(store: &Store, dead_letters: &DeadLetters, prepared: Prepared) -> Stored {
    let Prepared { block, token, events, positions, identities, mut dead } = prepared;
    let mut stored = Stored::default();
    let mut progress =
        Progress { store, token: &token, dead: &mut dead, retries: &mut stored.retries };
    stored.events = progress.insert::<EventRow>(&events).await;
    stored.positions = progress.insert::<PositionRow>(&positions).await;
    stored.identities = progress.insert::<IdentityRow>(&identities).await;

    stored.dead = dead.len() as u64;
    for (at, reason) in dead {
        let letter = unwrap(block.topic, &block.messages[at]);
        dead_letters.send(&block, &letter, reason).await;
    }
    stored
}

/// A dead letter is taken out of its envelope.
fn unwrap(topic: Topic, raw: &Raw) -> Letter<'_> {
    let before = match topic {
        Topic::DeadLetter => serde_json::from_slice::<DeadLetterRecord>(raw.payload()).ok(),
        _ => None,
    };
    match before.as_ref().and_then(DeadLetterRecord::payload_bytes) {
        Some(payload) => Letter { raw, before, payload: payload.into() },
        None => Letter { raw, before: None, payload: raw.payload().into() },
    }
}

fn row(topic: Topic, letter: &Letter<'_>) -> Result<AnyRow, String> {
    let (topic, schema_version, told) = match (topic, &letter.before) {
        (Topic::DeadLetter, None) => return Err("no dead letter of ours".into()),
        (Topic::DeadLetter, Some(before)) => {
            let name = &before.topic;
            let topic = Topic::parse(name).ok_or_else(|| format!("no topic of ours: {name:?}"))?;
            let told = Told { at_ms: before.told_at.as_millis(), source: &before.source };
            (topic, before.schema_version, told)
        }
        (topic, _) => {
            let raw = letter.raw;
            (topic, raw.schema_version, Told { at_ms: raw.told_at_ms, source: &raw.source })
        }
    };
    if schema_version > SCHEMA_VERSION_OF_MESSAGES {
        return Err(format!(
            "schema {schema_version} is later than {SCHEMA_VERSION_OF_MESSAGES}, which this program knows"
        ));
    }
    AnyRow::parse(topic, &letter.payload, told)
}

struct Progress<'p> {
    store: &'p Store,
    token: &'p str,
    dead: &'p mut Vec<(usize, String)>,
    retries: &'p mut u64,
}

impl Progress<'_> {
    /// Inserts all rows that the table takes; gives how many.
    async fn insert<T: Table>(&mut self, table: &Rows<T>) -> u64 {
        let rows = &table.rows[..];
        // Ranges still to insert; the last one is next.
        let mut waiting = Vec::from([Range { start: 0, end: rows.len() }]);
        let mut refused = Vec::new();
        let mut pause = PAUSE_MIN;
        while let Some(range) = waiting.pop() {
            if range.is_empty() {
                continue;
            }
            // The same range has the same rows whenever it is tried, so it has the same token.
            let token = format!("{}/{}/{}-{}", self.token, T::TABLE, range.start, range.end);
            let Err(error) = self.store.insert(&rows[range.clone()], &token).await else {
                pause = PAUSE_MIN;
                continue;
            };
            match remedy(&error) {
                Remedy::Rows if range.len() > 1 => {
                    let middle = range.start + range.len() / 2;
                    waiting.push(middle..range.end);
                    waiting.push(range.start..middle);
                    continue;
                }
                Remedy::Rows => {
                    refused.push((range.start, error.to_string()));
                    if refused.len() < rows.len() || rows.len() < ALL_REFUSED_MIN {
                        continue;
                    }
                    // Every single one: it is the table.
                    tracing::error!(
                        table = T::TABLE, rows = rows.len(), %error,
                        "clickhouse refuses every row of a block, which waits until somebody looks after the table"
                    );
                    refused.clear();
                    waiting.push(0..rows.len());
                    self.store.forget_columns().await;
                }
                Remedy::Schema => {
                    tracing::error!(table = T::TABLE, %error, "the table is not as it is known, trying again");
                    self.store.forget_columns().await;
                    waiting.push(range);
                }
                Remedy::Again => {
                    tracing::warn!(table = T::TABLE, %error, "clickhouse did not take a block, trying again");
                    waiting.push(range);
                }
            }
            *self.retries += 1;
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(PAUSE_MAX);
        }
        let count = rows.len() - refused.len();
        self.dead.extend(refused.into_iter().map(|(row, reason)| (table.at[row], reason)));
        count as u64
    }
}

impl DeadLetters {
    pub(crate) fn new(kafka: &Kafka) -> Result<Self, KafkaError> {
        let mut config = kafka.client();
        config
            .set("enable.idempotence", "true")
            .set("acks", "all")
            .set("message.timeout.ms", "0")
            .set("message.max.bytes", "8388608");
        Ok(DeadLetters {
            producer: config.create_with_context(Uncounted)?,
            topic: kafka.topic_name(Topic::DeadLetter),
        })
    }

    /// Does not end before the letter is on all replicas.
    async fn send(&self, block: &Block, letter: &Letter<'_>, reason: String) {
        let raw = letter.raw;
        let mut record = match &letter.before {
            Some(before) => DeadLetterRecord {
                reason,
                attempts: before.attempts.saturating_add(1),
                ..before.clone()
            },
            None => DeadLetterRecord {
                topic: block.topic_name.clone(),
                partition: block.partition,
                offset: raw.offset,
                told_at: Timestamp::from_millis(raw.told_at_ms),
                source: raw.source.to_string(),
                schema_version: raw.schema_version,
                key: raw.key().and_then(|key| String::from_utf8(key.to_vec()).ok()),
                reason,
                attempts: 1,
                payload: None,
                payload_hex: None,
            }
            .with_payload(raw.payload()),
        };
        tracing::warn!(
            topic = record.topic,
            partition = record.partition,
            offset = record.offset,
            reason = record.reason,
            "a message goes to the dead letters"
        );
        let key = format!("{}/{}/{}", record.topic, record.partition, record.offset);
        loop {
            let payload = json::to_text(&record);
            let message = FutureRecord::to(&self.topic)
                .key(&key)
                .payload(&payload)
                .headers(headers(Topic::DeadLetter, &key, &record.source));
            match self.producer.send(message, Duration::from_secs(60)).await {
                Ok(_) => return,
                // It is found by its topic, partition and offset all the same.
                Err((error, _)) if is_too_large(&error) && record.leave_payload_out() => {
                    tracing::error!(%error, key, "a dead letter is too large and goes without its message");
                }
                Err((error, _)) => {
                    tracing::error!(%error, "a dead letter is not delivered, trying again");
                    tokio::time::sleep(PAUSE_MAX).await;
                }
            }
        }
    }
}

fn is_too_large(error: &KafkaError) -> bool {
    use RDKafkaErrorCode::{InvalidMessageSize, InvalidRecord, MessageSizeTooLarge};
    let code = error.rdkafka_error_code();
    code.is_some_and(|code| {
        [MessageSizeTooLarge, InvalidMessageSize, InvalidRecord].contains(&code)
    })
}

/// The same for whoever stores without Kafka: nobody takes dead letters there, so an error ends it.
pub(crate) async fn store_rows(
    store: &Store,
    rows: Vec<AnyRow>,
    token: &str,
    attempts: u32,
) -> Result<(), Error> {
    let (mut events, mut positions, mut identities) = (Vec::new(), Vec::new(), Vec::new());
    for row in rows {
        match row {
            AnyRow::Event(row) => events.push(*row),
            AnyRow::Position(row) => positions.push(row),
            AnyRow::Identity(row) => identities.push(row),
        }
    }
    attempt(store, &events, token, attempts).await?;
    attempt(store, &positions, token, attempts).await?;
    attempt(store, &identities, token, attempts).await
}

async fn attempt<T: Table>(
    store: &Store,
    rows: &[T],
    token: &str,
    attempts: u32,
) -> Result<(), Error> {
    if rows.is_empty() {
        return Ok(());
    }
    let token = format!("{token}/{}", T::TABLE);
    let mut pause = PAUSE_MIN;
    let mut left = attempts;
    loop {
        left = left.saturating_sub(1);
        match store.insert(rows, &token).await {
            Ok(()) => return Ok(()),
            Err(error) if remedy(&error) == Remedy::Again && left > 0 => {
                tracing::warn!(table = T::TABLE, %error, "clickhouse did not take a block, trying again");
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(PAUSE_MAX);
            }
            Err(error) => return Err(error),
        }
    }
}
