//! What people make of events, and who did what.

use maritime::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{Reader, text};
use crate::geopackage::StoreError;

/// How far the look at an event has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ReviewState {
    /// Nobody has looked at it.
    #[default]
    New,
    /// Somebody does.
    Reviewing,
    /// Nothing in it.
    Dismissed,
    /// It is what it looks like.
    Confirmed,
}

impl ReviewState {
    /// All of them.
    pub const ALL: [ReviewState; 4] =
        [ReviewState::New, ReviewState::Reviewing, ReviewState::Dismissed, ReviewState::Confirmed];

    /// As written.
    pub const fn name(self) -> &'static str {
        match self {
            ReviewState::New => "new",
            ReviewState::Reviewing => "reviewing",
            ReviewState::Dismissed => "dismissed",
            ReviewState::Confirmed => "confirmed",
        }
    }

    /// By that name.
    pub fn of_name(name: &str) -> Option<Self> {
        ReviewState::ALL.into_iter().find(|state| state.name() == name)
    }
}

/// What somebody made of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Review {
    /// See [`ReviewState`].
    pub state: String,
    /// In words.
    pub note: String,
    /// `None` if nobody has.
    pub changed_at: Option<String>,
    /// By whom; `None` if nobody has.
    pub changed_by: Option<String>,
}

/// Something that somebody did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audited {
    /// When.
    pub at: String,
    /// Who.
    pub user: String,
    /// What.
    pub action: String,
    /// To what.
    pub subject: String,
}

impl Review {
    /// From four columns, which are empty if there is none.
    pub(super) fn from_row(row: &Row<'_>, from: usize) -> rusqlite::Result<Self> {
        let state: Option<String> = row.get(from)?;
        Ok(Review {
            state: state.unwrap_or_else(|| ReviewState::New.name().into()),
            note: row.get::<_, Option<String>>(from + 1)?.unwrap_or_default(),
            changed_at: row.get(from + 2)?,
            changed_by: row.get(from + 3)?,
        })
    }
}

impl Reader {
    /// Reviews an event; `None` if there is no such event.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn review(
        &mut self,
        event_id: &str,
        state: ReviewState,
        note: &str,
        at: Timestamp,
        by: &str,
    ) -> Result<Option<Review>, StoreError> {
        let is_elsewhere = match &self.remote {
            Some(remote) => remote.knows(event_id)?,
            None => false,
        };
        self.writing(|connection| {
            let is_known: bool = is_elsewhere
                || connection.query_row(
                    "SELECT EXISTS (SELECT 1 FROM alongside_index WHERE event_id = ?1)
                   OR EXISTS (SELECT 1 FROM event_versions WHERE event_id = ?1)",
                    [event_id],
                    |row| row.get(0),
                )?;
            if !is_known {
                return Ok(None);
            }
            let values = params![event_id, state.name(), note, text(at), by];
            connection.execute(
                "INSERT INTO reviews (event_id, state, note, changed_at, changed_by)
                 VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT (event_id) DO UPDATE SET state = excluded.state, note = excluded.note,
                   changed_at = excluded.changed_at, changed_by = excluded.changed_by",
                values,
            )?;
            connection.execute(
                "INSERT INTO alongside_review_log (event_id, state, note, changed_at, changed_by)
                 VALUES (?1, ?2, ?3, ?4, ?5)",
                values,
            )?;
            audit(connection, at, by, "review", &format!("{event_id} {}", state.name()))?;
            review(connection, event_id).map(Some)
        })
    }

    /// Notes that somebody did something.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn audit(
        &mut self,
        at: Timestamp,
        user: &str,
        action: &str,
        subject: &str,
    ) -> Result<(), StoreError> {
        self.writing(|connection| audit(connection, at, user, action, subject))
    }

    /// What was done, the newest first, at most `limit`.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn audited(&self, limit: usize) -> Result<Vec<Audited>, StoreError> {
        self.reading(|connection| {
            connection
                .prepare_cached(
                    "SELECT at, user, action, subject FROM alongside_audit ORDER BY id DESC LIMIT ?1",
                )?
                .query_map([limit as i64], |row| {
                    Ok(Audited {
                        at: row.get(0)?,
                        user: row.get(1)?,
                        action: row.get(2)?,
                        subject: row.get(3)?,
                    })
                })?
                .collect()
        })
    }
}

fn audit(
    connection: &Connection,
    at: Timestamp,
    user: &str,
    action: &str,
    subject: &str,
) -> rusqlite::Result<()> {
    connection.execute(
        "INSERT INTO alongside_audit (at, user, action, subject) VALUES (?1, ?2, ?3, ?4)",
        params![text(at), user, action, subject],
    )?;
    Ok(())
}

pub(super) fn review(connection: &Connection, event_id: &str) -> rusqlite::Result<Review> {
    let found = connection
        .prepare_cached(
            "SELECT state, note, changed_at, changed_by FROM reviews WHERE event_id = ?1",
        )?
        .query_row([event_id], |row| Review::from_row(row, 0))
        .optional()?;
    Ok(found.unwrap_or_else(|| Review {
        state: ReviewState::New.name().into(),
        note: String::new(),
        changed_at: None,
        changed_by: None,
    }))
}

pub(super) fn reviews(connection: &Connection, event_id: &str) -> rusqlite::Result<Vec<Review>> {
    connection
        .prepare_cached(
            "SELECT state, note, changed_at, changed_by FROM alongside_review_log
             WHERE event_id = ?1 ORDER BY id DESC",
        )?
        .query_map([event_id], |row| Review::from_row(row, 0))?
        .collect()
}
