//! What is due and not taken yet, in an SQLite file, with what was told before.

use std::path::Path;
use std::time::Duration;

use maritime::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};
use sink::EventRecord;

use super::Rule;

/// Alerts that wait; beyond it the oldest go, and are counted.
const WAITING_MAX: i64 = 100_000;
/// Events that are remembered as told, by each rule.
const TOLD_MAX: i64 = 1_000_000;
/// Vessels of which is remembered when each rule told of them last; the others may be told of again too soon.
const LAST_MAX: i64 = 1_000_000;
/// Waits between attempts: a second, then twice as long, up to a quarter of an hour.
const WAIT_MAX_S: i64 = 900;
/// After so many attempts, some three days, it is given up.
const ATTEMPTS_MAX: i64 = 300;

const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS told (rule TEXT, event TEXT, PRIMARY KEY (rule, event)) STRICT;
    CREATE TABLE IF NOT EXISTS last (rule TEXT, mmsi INTEGER, at INTEGER, PRIMARY KEY (rule, mmsi)) STRICT;
    CREATE TABLE IF NOT EXISTS waiting (seq INTEGER PRIMARY KEY AUTOINCREMENT, channel TEXT, id TEXT, body TEXT,
        attempts INTEGER DEFAULT 0, due_at INTEGER DEFAULT 0) STRICT;
";

/// Why the queue could not be used.
#[derive(Debug, thiserror::Error)]
#[error("cannot use the queue of alerts {file}")]
pub struct QueueError {
    file: String,
    source: rusqlite::Error,
}

/// An open queue.
pub struct Queue {
    file: String,
    connection: Connection,
    /// Alerts that wait, and vessels that are remembered.
    maxima: [i64; 2],
}

/// What was put into a queue, and what had to make room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Put {
    /// Events that are told.
    pub new: u64,
    /// Alerts that waited for longest, and went.
    pub dropped: u64,
}

/// An alert that wants to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    seq: i64,
    attempts: i64,
    /// The name of its channel.
    pub channel: String,
    /// Of the alert: sent again, it has the same.
    pub id: String,
    /// JSON.
    pub body: String,
}

impl Queue {
    /// Opens the file; makes it if it is not there.
    ///
    /// # Errors
    ///
    /// It is something else, or cannot be.
    pub fn open(file: &Path) -> Result<Self, QueueError> {
        let name = file.display().to_string();
        let open = || {
            let connection = Connection::open(file)?;
            connection.busy_timeout(Duration::from_secs(30))?;
            connection.pragma_update(None, "journal_mode", "WAL")?;
            connection.execute_batch(TABLES)?;
            Ok(connection)
        };
        match open() {
            Ok(connection) => Ok(Queue { file: name, connection, maxima: [WAITING_MAX, LAST_MAX] }),
            Err(source) => Err(QueueError { file: name, source }),
        }
    }

    /// Puts what rules tell in, all or nothing, and gives back what is to be told otherwise. What was told before is
    /// left out, and so is what is only about vessels that the rule told of lately.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn put(
        &mut self,
        told: &[(Rule, EventRecord)],
        mut each: impl FnMut(&Rule, &EventRecord) -> Vec<(String, String, String)>,
    ) -> Result<Put, QueueError> {
        let [waiting_max, last_max] = self.maxima;
        let (mut new, mut dropped) = (0, 0);
        let mut put = || {
            let transaction = self.connection.transaction()?;
            for (rule, event) in told {
                if is_due(&transaction, rule, event)? {
                    for (channel, id, body) in each(rule, event) {
                        transaction.execute(
                            "INSERT INTO waiting (channel, id, body) VALUES (?1, ?2, ?3)",
                            params![channel, id, body],
                        )?;
                    }
                    new += 1;
                }
            }
            dropped = transaction.execute(
                "DELETE FROM waiting WHERE seq IN (
                   SELECT seq FROM waiting ORDER BY seq
                   LIMIT max((SELECT count(*) FROM waiting) - ?1, 0))",
                [waiting_max],
            )? as u64;
            // A row that is written again is the newest: what goes was written longest ago.
            for (table, most) in [("told", TOLD_MAX), ("last", last_max)] {
                transaction.execute(
                    &format!(
                        "DELETE FROM {table} WHERE rowid <= (SELECT max(rowid) FROM {table}) - ?1"
                    ),
                    [most],
                )?;
            }
            transaction.commit()
        };
        match put() {
            Ok(()) => Ok(Put { new, dropped }),
            Err(source) => Err(self.failed(source)),
        }
    }

    /// The next alert whose time has come at `now`.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn next(&self, now: Timestamp) -> Result<Option<Due>, QueueError> {
        let query = "SELECT seq, attempts, channel, id, body FROM waiting WHERE due_at <= ?1 ORDER BY due_at, seq LIMIT 1";
        let found = self.connection.query_row(query, [now.as_millis()], |row| {
            Ok(Due {
                seq: row.get(0)?,
                attempts: row.get(1)?,
                channel: row.get(2)?,
                id: row.get(3)?,
                body: row.get(4)?,
            })
        });
        found.optional().map_err(|source| self.failed(source))
    }

    /// How many wait.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn len(&self) -> Result<u64, QueueError> {
        let query = "SELECT count(*) FROM waiting";
        let count = self.connection.query_row(query, [], |row| row.get::<_, i64>(0));
        count.map(|count| count.unsigned_abs()).map_err(|source| self.failed(source))
    }

    /// It was taken, or never will be.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn forget(&self, due: &Due) -> Result<(), QueueError> {
        let done = self.connection.execute("DELETE FROM waiting WHERE seq = ?1", [due.seq]);
        done.map(drop).map_err(|source| self.failed(source))
    }

    /// It was not taken; it is tried again after a while. Says no where it has been tried often enough.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn wait(&self, due: &Due, now: Timestamp) -> Result<bool, QueueError> {
        let attempts = due.attempts + 1;
        if attempts >= ATTEMPTS_MAX {
            self.forget(due)?;
            return Ok(false);
        }
        let wait_s =
            1_i64.checked_shl(due.attempts.min(10) as u32).unwrap_or(WAIT_MAX_S).min(WAIT_MAX_S);
        let due_at = now.as_millis() + 1000 * wait_s;
        let done = self.connection.execute(
            "UPDATE waiting SET attempts = ?1, due_at = ?2 WHERE seq = ?3",
            params![attempts, due_at, due.seq],
        );
        done.map(|_| true).map_err(|source| self.failed(source))
    }

    fn failed(&self, source: rusqlite::Error) -> QueueError {
        QueueError { file: self.file.clone(), source }
    }
}

/// Whether a rule has not told of an event, and of one of its vessels not lately; notes that it has now.
fn is_due(connection: &Connection, rule: &Rule, event: &EventRecord) -> rusqlite::Result<bool> {
    let insert = "INSERT OR IGNORE INTO told (rule, event) VALUES (?1, ?2)";
    if connection.execute(insert, params![rule.name, event.id])? == 0 {
        return Ok(false);
    }
    let at = event.as_of.as_millis();
    let every = rule.at_most_every.0.as_millis() as i64;
    let mut is_due = event.vessels.is_empty();
    for vessel in &event.vessels {
        let last: Option<i64> = connection
            .query_row(
                "SELECT at FROM last WHERE rule = ?1 AND mmsi = ?2",
                params![rule.name, vessel.mmsi],
                |row| row.get(0),
            )
            .optional()?;
        is_due |= last.is_none_or(|last| at - last >= every);
    }
    if is_due {
        for vessel in &event.vessels {
            connection.execute(
                "INSERT OR REPLACE INTO last (rule, mmsi, at) VALUES (?1, ?2, ?3)",
                params![rule.name, vessel.mmsi, at],
            )?;
        }
    }
    Ok(is_due)
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;
    use crate::duration::Span;

    fn at(secs: i64) -> Timestamp {
        samples::event().as_of.plus_millis(1000 * secs)
    }

    #[test]
    fn an_event_is_told_once_and_a_vessel_not_too_often() {
        let folder = tempfile::tempdir().unwrap();
        let mut queue = Queue::open(&folder.path().join("alerts")).unwrap();
        let at_most_every = Span(Duration::from_secs(3600));
        let rule = Rule { name: "r".into(), at_most_every, ..Rule::default() };
        let mut put = |id: &str, secs: i64, mmsi: u32| {
            let mut event = EventRecord { id: id.into(), as_of: at(secs), ..samples::event() };
            event.vessels[1].mmsi = mmsi;
            let each =
                |_: &Rule, event: &EventRecord| vec![("c".into(), event.id.clone(), "{}".into())];
            queue.put(&[(rule.clone(), event)], each).unwrap().new
        };
        assert_eq!(put("a", 0, 2), 1);
        assert_eq!(put("a", 7200, 2), 0);
        assert_eq!(put("b", 60, 2), 0);
        // The other vessel is new.
        assert_eq!(put("c", 60, 3), 1);
        assert_eq!(put("d", 3660, 3), 1);
        assert_eq!(queue.len().unwrap(), 3);
    }

    #[test]
    fn what_makes_room_is_counted() {
        let folder = tempfile::tempdir().unwrap();
        let mut queue = Queue::open(&folder.path().join("alerts")).unwrap();
        queue.maxima = [10, 6];
        let rule = Rule { name: "r".into(), ..Rule::default() };
        let mut dropped = 0;
        for number in 0..30_u32 {
            let mut event = EventRecord { id: number.to_string(), ..samples::event() };
            event.vessels[0].mmsi = 2 * number;
            event.vessels[1].mmsi = 2 * number + 1;
            let each =
                |_: &Rule, event: &EventRecord| vec![("c".into(), event.id.clone(), "{}".into())];
            dropped += queue.put(&[(rule.clone(), event)], each).unwrap().dropped;
        }
        assert_eq!((dropped, queue.len().unwrap()), (20, 10));
        assert_eq!(queue.next(at(0)).unwrap().unwrap().id, "20");
        let count = |table: &str| -> i64 {
            let query = format!("SELECT count(*) FROM {table}");
            queue.connection.query_row(&query, [], |row| row.get(0)).unwrap()
        };
        assert_eq!((count("last"), count("told")), (6, 30));
    }

    #[test]
    fn what_is_not_taken_is_tried_again_later_and_later() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("alerts");
        let rule = Rule::default();
        let put = |queue: &mut Queue| {
            let each = |_: &Rule, _: &EventRecord| vec![("c".into(), "id".into(), "{}".into())];
            queue.put(&[(rule.clone(), samples::event())], each).unwrap()
        };
        let mut queue = Queue::open(&file).unwrap();
        put(&mut queue);
        drop(queue);
        let queue = Queue::open(&file).unwrap();
        let mut waits = Vec::new();
        let mut now = at(0);
        while let Some(due) = queue.next(now).unwrap() {
            let goes_on = queue.wait(&due, now).unwrap();
            let before = now;
            while goes_on && queue.next(now).unwrap().is_none() {
                now = now.plus_millis(1000);
            }
            waits.push(now.millis_since(before) / 1000);
        }
        assert_eq!(waits[..12], [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]);
        assert!(now.millis_since(at(0)) > 2 * 24 * 3_600_000);
        assert_eq!(queue.len().unwrap(), 0);
    }
}
