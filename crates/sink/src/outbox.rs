//! The outbox: what is told and not delivered yet, in an SQLite file.
//!
//! Takes messages, in one transaction with how far their teller has come; gives them in order to the publisher, and forgets
//! them once they are delivered. A broker that is away costs disk and no data. Whatever happens to the program, either
//! both the messages and that are there or neither is, so a teller that goes on from there tells each message once.
//!
//! The file has a bound; where it is reached [`Outbox::append`] takes nothing and says so, and whoever tells waits.
//! Messages that Kafka will never take, such as those longer than it allows, stay in it and count against the bound until
//! somebody has them tried again or drops them.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, Row, TransactionBehavior, params};

use crate::{Message, Topic};

/// Of the tables; a file with another one was made by another version of this program.
const SCHEMA_VERSION: i64 = 1;

/// `ALOB`, so that no other SQLite file is taken for one.
const APPLICATION_ID: i64 = 0x414C_4F42;

/// Another connection, that of the publisher or the teller, is done within this.
const BUSY_TIMEOUT: Duration = Duration::from_secs(30);

/// An open outbox. The teller and the publisher have one each of the same file.
#[derive(Debug)]
pub struct Outbox {
    path: PathBuf,
    connection: Connection,
    bytes_max: u64,
}

/// How much waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Depth {
    /// Messages that are not delivered yet.
    pub messages: u64,
    /// What they take.
    pub bytes: u64,
    /// Messages that Kafka will never take, such as those longer than it allows; they stay here.
    pub refused: u64,
    /// What these take.
    pub refused_bytes: u64,
}

/// A message that Kafka will never take as things are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// In the order in which they were told.
    pub seq: i64,
    /// What was told.
    pub message: Message,
    /// Why Kafka does not take it.
    pub reason: String,
}

/// A state from which a teller goes on, by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checkpoint<'a> {
    /// Whose.
    pub name: &'a str,
    /// Whatever that needs.
    pub state: &'a [u8],
}

/// A message with its place in the order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Queued {
    pub(crate) seq: i64,
    pub(crate) message: Message,
}

/// Why an outbox could not be used.
#[derive(Debug, thiserror::Error)]
pub enum OutboxError {
    /// It holds as much as it may; nothing was taken.
    #[error(
        "the outbox {} is full: {} messages of {} bytes wait and {} of {} are refused, {bytes_max} bytes are allowed",
        path.display(), depth.messages, depth.bytes, depth.refused, depth.refused_bytes
    )]
    Full {
        /// Of the file.
        path: PathBuf,
        /// What waits.
        depth: Depth,
        /// The bound.
        bytes_max: u64,
    },
    /// Some other SQLite file, or an outbox of another version.
    #[error("{} is no outbox of this version (found application {application_id:#x}, schema {found})", path.display())]
    Foreign {
        /// Of the file.
        path: PathBuf,
        /// What it says it is.
        application_id: i64,
        /// And in which version.
        found: i64,
    },
    /// Whatever else goes wrong in the file.
    #[error("cannot {doing} the outbox {}", path.display())]
    Sqlite {
        /// Of the file.
        path: PathBuf,
        /// What was tried.
        doing: &'static str,
        /// SQLite's words.
        source: rusqlite::Error,
    },
}

impl Outbox {
    /// Opens the outbox at `path`, which takes up to `bytes_max`; makes it if it is not there.
    ///
    /// # Errors
    ///
    /// The file is something else, or there can be none.
    pub fn open(path: &Path, bytes_max: u64) -> Result<Self, OutboxError> {
        let failed = |source| OutboxError::Sqlite { path: path.into(), doing: "open", source };
        let connection = Connection::open(path).map_err(failed)?;
        connection.busy_timeout(BUSY_TIMEOUT).map_err(failed)?;
        let number = |name: &str| connection.pragma_query_value(None, name, |row| row.get(0));
        let application_id: i64 = number("application_id").map_err(failed)?;
        let found: i64 = number("user_version").map_err(failed)?;
        let tables: i64 = connection
            .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
            .map_err(failed)?;
        let is_ours = (application_id, found) == (APPLICATION_ID, SCHEMA_VERSION);
        if tables > 0 && !is_ours {
            return Err(OutboxError::Foreign { path: path.into(), application_id, found });
        }
        // With a log beside the file the teller and the publisher do not wait for each other. A power cut may take the
        // last transactions, each of them whole: messages and the state they belong to.
        connection.pragma_update(None, "journal_mode", "WAL").map_err(failed)?;
        connection.pragma_update(None, "synchronous", "NORMAL").map_err(failed)?;
        let mut outbox = Outbox { path: path.into(), connection, bytes_max };
        outbox.write("make", |transaction| {
            transaction.execute_batch(TABLES)?;
            transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
            transaction.pragma_update(None, "user_version", SCHEMA_VERSION)
        })?;
        Ok(outbox)
    }

    /// Takes `messages`, and `checkpoint` with them: all of it or nothing.
    ///
    /// # Errors
    ///
    /// [`OutboxError::Full`] if there is no room; it is there again once the publisher has delivered something, or
    /// somebody has looked after what is refused. An empty outbox takes anything.
    pub fn append(
        &mut self,
        messages: &[Message],
        checkpoint: Option<Checkpoint<'_>>,
    ) -> Result<(), OutboxError> {
        let bytes: u64 = messages.iter().map(Message::bytes).sum();
        let depth = self.depth()?;
        let Depth { bytes: waiting, refused_bytes: refused, .. } = depth;
        if waiting + refused > 0 && waiting + refused + bytes > self.bytes_max {
            let (path, bytes_max) = (self.path.clone(), self.bytes_max);
            return Err(OutboxError::Full { path, depth, bytes_max });
        }
        self.write("write to", |transaction| {
            let mut insert = transaction.prepare_cached(
                "INSERT INTO messages (topic, key, id, source, payload, bytes) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )?;
            for message in messages {
                let Message { topic, key, id, source, payload } = message;
                insert.execute(params![topic.name(), key, id, source, payload, message.bytes() as i64])?;
            }
            change_depth(transaction, messages.len() as i64, bytes as i64)?;
            checkpoint.map_or(Ok(()), |checkpoint| keep(transaction, checkpoint))
        })
    }

    /// Takes a state alone, which no power cut takes again.
    ///
    /// # Errors
    ///
    /// A damaged file, or a full disk.
    pub fn keep(&mut self, checkpoint: Checkpoint<'_>) -> Result<(), OutboxError> {
        let synchronous = |outbox: &Self, value: &str| {
            let set = outbox.connection.pragma_update(None, "synchronous", value);
            set.map_err(|source| outbox.failed("write to", source))
        };
        synchronous(self, "FULL")?;
        let kept = self.write("write to", |transaction| keep(transaction, checkpoint));
        synchronous(self, "NORMAL")?;
        kept
    }

    /// The state that was appended last under `name`.
    ///
    /// # Errors
    ///
    /// A damaged file.
    pub fn checkpoint(&self, name: &str) -> Result<Option<Vec<u8>>, OutboxError> {
        self.connection
            .query_row("SELECT state FROM checkpoints WHERE name = ?1", [name], |row| row.get(0))
            .optional()
            .map_err(|source| self.failed("read", source))
    }

    /// How much waits.
    ///
    /// # Errors
    ///
    /// A damaged file.
    pub fn depth(&self) -> Result<Depth, OutboxError> {
        self.connection
            .prepare_cached(
                "SELECT messages, bytes, refused, refused_bytes FROM depth, refused_depth",
            )
            .and_then(|mut query| {
                query.query_row([], |row| {
                    let number = |at| row.get(at).map(|number: i64| number.unsigned_abs());
                    Ok(Depth {
                        messages: number(0)?,
                        bytes: number(1)?,
                        refused: number(2)?,
                        refused_bytes: number(3)?,
                    })
                })
            })
            .map_err(|source| self.failed("read", source))
    }

    /// Up to `count` messages after `seq` that are refused, in order.
    ///
    /// # Errors
    ///
    /// A damaged file.
    pub fn refused(&self, seq: i64, count: usize) -> Result<Vec<Refused>, OutboxError> {
        let refused = |row: &Row<'_>| {
            let Queued { seq, message } = queued(row)?;
            Ok(Refused { seq, message, reason: row.get(6)? })
        };
        self.connection
            .prepare_cached(
                "SELECT seq, topic, key, id, source, payload, reason FROM refused WHERE seq > ?1 ORDER BY seq LIMIT ?2",
            )
            .and_then(|mut query| query.query_map(params![seq, count as i64], refused)?.collect())
            .map_err(|source| self.failed("read", source))
    }

    /// Lets all that is refused wait again, behind what waits already. Says how many these are.
    ///
    /// # Errors
    ///
    /// A damaged file, or a full disk.
    pub fn retry_refused(&mut self) -> Result<u64, OutboxError> {
        let Depth { refused, refused_bytes, .. } = self.depth()?;
        self.write("write to", |transaction| {
            transaction.execute_batch(&format!(
                "INSERT INTO messages (topic, key, id, source, payload, bytes)
                 SELECT topic, key, id, source, payload, {BYTES} FROM refused ORDER BY seq;
                 DELETE FROM refused"
            ))?;
            change_refused(transaction, -(refused as i64), -(refused_bytes as i64))?;
            change_depth(transaction, refused as i64, refused_bytes as i64)
        })?;
        Ok(refused)
    }

    /// Forgets the message `seq`, which is refused.
    ///
    /// # Errors
    ///
    /// A damaged file, or a full disk.
    pub fn drop_refused(&mut self, seq: i64) -> Result<(), OutboxError> {
        self.write("write to", |transaction| {
            let bytes: Option<i64> = transaction
                .query_row(
                    &format!("DELETE FROM refused WHERE seq = ?1 RETURNING {BYTES}"),
                    [seq],
                    |row| row.get(0),
                )
                .optional()?;
            bytes.map_or(Ok(()), |bytes| change_refused(transaction, -1, -bytes))
        })
    }

    /// Up to `count` messages after `seq`, in order.
    pub(crate) fn after(&self, seq: i64, count: usize) -> Result<Vec<Queued>, OutboxError> {
        self.connection
            .prepare_cached(
                "SELECT seq, topic, key, id, source, payload FROM messages WHERE seq > ?1 ORDER BY seq LIMIT ?2",
            )
            .and_then(|mut query| query.query_map(params![seq, count as i64], queued)?.collect())
            .map_err(|source| self.failed("read", source))
    }

    /// Forgets all messages up to `seq`, which are delivered.
    pub(crate) fn forget(&mut self, seq: i64) -> Result<(), OutboxError> {
        self.write("write to", |transaction| {
            let (messages, bytes): (i64, i64) = transaction
                .prepare_cached(
                    "SELECT count(*), coalesce(sum(bytes), 0) FROM messages WHERE seq <= ?1",
                )?
                .query_row([seq], |row| Ok((row.get(0)?, row.get(1)?)))?;
            transaction.prepare_cached("DELETE FROM messages WHERE seq <= ?1")?.execute([seq])?;
            change_depth(transaction, -messages, -bytes)
        })
    }

    /// Puts aside the message `seq`, which Kafka will never take.
    pub(crate) fn refuse(&mut self, seq: i64, reason: &str) -> Result<(), OutboxError> {
        self.write("write to", |transaction| {
            transaction.execute(
                "INSERT OR REPLACE INTO refused
                 SELECT seq, topic, key, id, source, payload, ?2 FROM messages WHERE seq = ?1",
                params![seq, reason],
            )?;
            let bytes: i64 = transaction.query_row(
                "DELETE FROM messages WHERE seq = ?1 RETURNING bytes",
                [seq],
                |row| row.get(0),
            )?;
            change_refused(transaction, 1, bytes)?;
            change_depth(transaction, -1, -bytes)
        })
    }

    fn write(
        &mut self,
        doing: &'static str,
        work: impl FnOnce(&rusqlite::Transaction<'_>) -> rusqlite::Result<()>,
    ) -> Result<(), OutboxError> {
        // Immediate: to wait for the other connection at the start, and not to fail in the middle.
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate);
        transaction
            .and_then(|transaction| {
                work(&transaction)?;
                transaction.commit()
            })
            .map_err(|source| OutboxError::Sqlite { path: self.path.clone(), doing, source })
    }

    fn failed(&self, doing: &'static str, source: rusqlite::Error) -> OutboxError {
        OutboxError::Sqlite { path: self.path.clone(), doing, source }
    }
}

/// A row of `messages` or `refused` without what comes after the payload.
fn queued(row: &Row<'_>) -> rusqlite::Result<Queued> {
    let topic: String = row.get(1)?;
    let topic = Topic::parse(&topic).unwrap_or(Topic::DeadLetter);
    let (key, id, source, payload) = (row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?);
    Ok(Queued { seq: row.get(0)?, message: Message { topic, key, id, source, payload } })
}

fn keep(connection: &Connection, checkpoint: Checkpoint<'_>) -> rusqlite::Result<()> {
    let Checkpoint { name, state } = checkpoint;
    connection
        .prepare_cached("INSERT OR REPLACE INTO checkpoints (name, state) VALUES (?1, ?2)")?
        .execute(params![name, state])
        .map(drop)
}

/// Kept beside the messages, because counting them takes as long as there are many.
fn change_depth(
    transaction: &rusqlite::Transaction<'_>,
    messages: i64,
    bytes: i64,
) -> rusqlite::Result<()> {
    transaction
        .prepare_cached("UPDATE depth SET messages = messages + ?1, bytes = bytes + ?2")?
        .execute([messages, bytes])?;
    Ok(())
}

fn change_refused(
    transaction: &rusqlite::Transaction<'_>,
    messages: i64,
    bytes: i64,
) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(
            "UPDATE refused_depth SET refused = refused + ?1, refused_bytes = refused_bytes + ?2",
        )?
        .execute([messages, bytes])?;
    Ok(())
}

/// [`Message::bytes`] of a row of `refused`, which does not keep it.
const BYTES: &str =
    "octet_length(key) + octet_length(id) + octet_length(source) + octet_length(payload) + 64";

const TABLES: &str = "
CREATE TABLE IF NOT EXISTS messages (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, topic TEXT NOT NULL, key TEXT NOT NULL, id TEXT NOT NULL,
  source TEXT NOT NULL, payload TEXT NOT NULL, bytes INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS refused (
  seq INTEGER PRIMARY KEY, topic TEXT NOT NULL, key TEXT NOT NULL, id TEXT NOT NULL,
  source TEXT NOT NULL, payload TEXT NOT NULL, reason TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS checkpoints (name TEXT PRIMARY KEY NOT NULL, state BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS depth (messages INTEGER NOT NULL, bytes INTEGER NOT NULL);
INSERT INTO depth SELECT 0, 0 WHERE NOT EXISTS (SELECT 1 FROM depth);
CREATE TABLE IF NOT EXISTS refused_depth (refused INTEGER NOT NULL, refused_bytes INTEGER NOT NULL);
INSERT INTO refused_depth SELECT 0, 0 WHERE NOT EXISTS (SELECT 1 FROM refused_depth);
";

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    fn message(id: &str) -> Message {
        let (key, source, payload) = ("k".into(), "test".into(), "{}".into());
        Message { topic: Topic::Events, key, id: id.into(), source, payload }
    }

    fn outbox(bytes_max: u64) -> (TempDir, Outbox) {
        let directory = TempDir::new().unwrap();
        let outbox = Outbox::open(&directory.path().join("o.db"), bytes_max).unwrap();
        (directory, outbox)
    }

    #[test]
    fn messages_come_in_order_and_stay_until_they_are_delivered() {
        let (directory, mut outbox) = outbox(1_000_000);
        outbox.append(&["a", "b", "c"].map(message), None).unwrap();
        drop(outbox);
        let mut outbox = Outbox::open(&directory.path().join("o.db"), 1_000_000).unwrap();
        let ids = |outbox: &Outbox| -> Vec<String> {
            outbox.after(0, 10).unwrap().into_iter().map(|queued| queued.message.id).collect()
        };
        assert_eq!(ids(&outbox), ["a", "b", "c"]);
        let second = outbox.after(0, 2).unwrap()[1].seq;
        outbox.forget(second).unwrap();
        assert_eq!((ids(&outbox), outbox.depth().unwrap().messages), (vec!["c".to_owned()], 1));
        outbox.refuse(second + 1, "too long").unwrap();
        let bytes = message("c").bytes();
        let refused = Depth { refused: 1, refused_bytes: bytes, ..Depth::default() };
        assert_eq!(outbox.depth().unwrap(), refused);
    }

    #[test]
    fn what_is_refused_takes_room_until_it_is_tried_again_or_dropped() {
        let (_directory, mut outbox) = outbox(200);
        let bytes = message("a").bytes();
        outbox.append(&["a", "b"].map(message), None).unwrap();
        outbox.refuse(1, "too long").unwrap();
        outbox.refuse(2, "too long").unwrap();
        let error = outbox.append(&[message("c")], None).unwrap_err().to_string();
        assert!(error.contains("0 messages of 0 bytes wait and 2 of 144 are refused"), "{error}");
        let refused = outbox.refused(1, 10).unwrap();
        assert_eq!((refused.len(), &refused[0].reason[..]), (1, "too long"));
        assert_eq!(refused[0].message, message("b"));

        outbox.drop_refused(1).unwrap();
        outbox.drop_refused(1).unwrap();
        assert_eq!(outbox.depth().unwrap().refused_bytes, bytes);
        outbox.append(&[message("c")], None).unwrap();
        assert_eq!(outbox.retry_refused().unwrap(), 1);
        let depth = Depth { messages: 2, bytes: 2 * bytes, ..Depth::default() };
        assert_eq!(outbox.depth().unwrap(), depth);
        let ids = outbox.after(0, 10).unwrap().into_iter().map(|queued| queued.message.id);
        assert_eq!(ids.collect::<Vec<_>>(), ["c", "b"]);
    }

    #[test]
    fn a_full_outbox_takes_neither_messages_nor_state() {
        let (_directory, mut outbox) = outbox(100);
        let state = |state| Some(Checkpoint { name: "run", state });
        outbox.append(&[message("a")], state(b"1")).unwrap();
        let error = outbox.append(&[message("b")], state(b"2")).unwrap_err();
        assert!(matches!(error, OutboxError::Full { .. }), "{error}");
        assert_eq!(outbox.checkpoint("run").unwrap().unwrap(), b"1");
        assert_eq!(outbox.checkpoint("other").unwrap(), None);
        outbox.forget(1).unwrap();
        outbox.append(&[message("b")], state(b"2")).unwrap();
        assert_eq!(outbox.checkpoint("run").unwrap().unwrap(), b"2");
    }

    #[test]
    fn other_files_are_refused() {
        let directory = TempDir::new().unwrap();
        let path = directory.path().join("other.db");
        Connection::open(&path)
            .unwrap()
            .execute_batch("CREATE TABLE bookmarks (url TEXT)")
            .unwrap();
        let error = Outbox::open(&path, 1).unwrap_err();
        assert!(matches!(error, OutboxError::Foreign { .. }), "{error}");
    }
}
