//! ClickHouse: the tables, what is put into them, and what is read back.
//!
//! Rows are inserted in blocks, each with a token made of what is in it. ClickHouse drops a block whose token it has
//! seen lately, so that a retry is stored once; what comes again later is undone by version (the `.sql` files beside
//! the tables say what holds where). Everything has a time-out.

mod rows;
mod schema;

use std::time::Duration;

use clickhouse::error::Error;
use clickhouse::query::Query;
use clickhouse::{Client, Compression, RowOwned, RowWrite};

use crate::EventRecord;

pub(crate) use rows::{AnyRow, EventRow, IdentityRow, PositionRow, Told, first_started_at_s};
pub use schema::{Applied, SchemaError, migrations_text};

/// How to reach a server, and how it keeps the tables.
#[derive(Clone, PartialEq)]
pub struct ClickHouse {
    /// `http://host:port`.
    pub url: String,
    /// Made by [`Store::apply_schema`].
    pub database: String,
    /// Empty for the server's default.
    pub user: String,
    /// Never shown.
    pub password: String,
    /// Of a replicated cluster, whose tables are then replicated; empty for one server.
    pub cluster: String,
    /// How long positions are kept after they were published.
    pub positions_kept: Duration,
    /// Until the server has taken a piece of a block.
    pub send_timeout: Duration,
    /// Until the server has answered to a block or a query.
    pub answer_timeout: Duration,
}

impl std::fmt::Debug for ClickHouse {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let ClickHouse { url, database, user, .. } = self;
        f.debug_struct("ClickHouse")
            .field("url", url)
            .field("database", database)
            .field("user", user)
            .finish_non_exhaustive()
    }
}

impl Default for ClickHouse {
    fn default() -> Self {
        ClickHouse {
            url: "http://127.0.0.1:8123".into(),
            database: "alongside".into(),
            user: String::new(),
            password: String::new(),
            cluster: String::new(),
            positions_kept: Duration::from_secs(400 * 24 * 3600),
            send_timeout: Duration::from_secs(10),
            answer_timeout: Duration::from_secs(60),
        }
    }
}

impl ClickHouse {
    /// The database, and `in_full` on which server.
    pub fn name(&self, in_full: bool) -> String {
        match in_full {
            true => format!("{}/{}", self.url, self.database),
            false => self.database.clone(),
        }
    }
}

/// A database of ours on a server.
#[derive(Clone)]
pub struct Store {
    options: ClickHouse,
    client: Client,
}

/// Why a server could not be used.
#[derive(Debug, thiserror::Error)]
#[error("clickhouse at {url}, database {database}: cannot {doing}")]
pub struct ClickHouseError {
    /// Which server.
    pub url: String,
    /// Which database there.
    pub database: String,
    /// What was tried.
    pub doing: &'static str,
    /// The reason.
    #[source]
    pub source: Error,
}

/// What to do about an insert that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Remedy {
    /// Try the same again, for as long as it takes.
    Again,
    /// The table is not as it is known: try again, and say so loudly, because somebody has to act.
    Schema,
    /// A row in it is refused.
    Rows,
}

/// Rows of one table.
pub(crate) trait Table:
    RowOwned + RowWrite + for<'a> clickhouse::Row<Value<'a> = Self> + Sync
{
    const TABLE: &'static str;
}

impl Table for EventRow {
    const TABLE: &'static str = "events";
}

impl Table for PositionRow {
    const TABLE: &'static str = "positions";
}

impl Table for IdentityRow {
    const TABLE: &'static str = "identities";
}

impl Store {
    /// Nothing is asked of the server yet.
    pub fn new(options: ClickHouse) -> Self {
        let mut client = Client::default()
            .with_url(&options.url)
            .with_database(&options.database)
            .with_compression(Compression::Lz4)
            .with_validation(true);
        if !options.user.is_empty() {
            client = client.with_user(&options.user).with_password(&options.password);
        }
        Store { options, client }
    }

    /// Inserts `rows` as one block, once for each `token` that the server remembers.
    pub(crate) async fn insert<T: Table>(&self, rows: &[T], token: &str) -> Result<(), Error> {
        let ClickHouse { send_timeout, answer_timeout, .. } = self.options;
        let whole = async {
            let mut insert = self
                .client
                .insert::<T>(T::TABLE)
                .await?
                .with_timeouts(Some(send_timeout), Some(answer_timeout))
                .with_setting("insert_deduplicate", "1")
                .with_setting("insert_deduplication_token", token)
                .with_setting("deduplicate_blocks_in_dependent_materialized_views", "1")
                // An asynchronous insert would be cut and merged by the server as it likes.
                .with_setting("async_insert", "0");
            for row in rows {
                insert.write(row).await?;
            }
            insert.end().await
        };
        // The crate bounds each step; asking for the columns has no bound of its own there.
        let all = 2 * (send_timeout + answer_timeout);
        tokio::time::timeout(all, whole).await.unwrap_or(Err(Error::TimedOut))
    }

    /// Asks for the columns of the tables again before the next insert.
    pub(crate) async fn forget_columns(&self) {
        self.client.clear_cached_metadata().await;
    }

    /// The number of rows of `select count() …`, or whatever one number a query gives.
    ///
    /// # Errors
    ///
    /// The server does not answer or does not like the query.
    pub async fn number(&self, query: &str) -> Result<u64, ClickHouseError> {
        self.within("read a number", self.client.query(query).fetch_one::<u64>()).await
    }

    /// All encounters as they were told last, by their start: what the view `v_encounters` shows.
    ///
    /// # Errors
    ///
    /// The server does not answer, or the schema is not applied.
    pub async fn encounters(&self) -> Result<Vec<EventRecord>, ClickHouseError> {
        let query = "SELECT record FROM v_events WHERE kind = 'encounter' AND state NOT IN ('candidate', 'retracted') \
                     ORDER BY started_at, id";
        let records = self.client.query(query).fetch_all::<String>();
        let records = self.within("read encounters", records).await?;
        let read = |record: &String| serde_json::from_str(record);
        records
            .iter()
            .map(read)
            .collect::<Result<_, _>>()
            .map_err(|error| self.failed("read an encounter", Error::Other(Box::new(error))))
    }

    /// A query whose values are bound by name, as `{name:Type}`.
    pub(crate) fn query(&self, text: &str) -> Query {
        self.client.query_raw(text)
    }

    /// What is asked, and where.
    pub(crate) fn name(&self) -> String {
        self.options.name(true)
    }

    pub(crate) async fn within<T>(
        &self,
        doing: &'static str,
        work: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, ClickHouseError> {
        tokio::time::timeout(self.options.answer_timeout, work)
            .await
            .unwrap_or(Err(Error::TimedOut))
            .map_err(|source| self.failed(doing, source))
    }

    pub(crate) fn failed(&self, doing: &'static str, source: Error) -> ClickHouseError {
        let ClickHouse { url, database, .. } = &self.options;
        ClickHouseError { url: url.clone(), database: database.clone(), doing, source }
    }
}

/// What to do about `error`.
pub(crate) fn remedy(error: &Error) -> Remedy {
    match error {
        Error::SchemaMismatch(_) | Error::InvalidColumnsHeader(_) | Error::Unsupported(_) => {
            Remedy::Schema
        }
        Error::BadResponse(message) => match code(message) {
            // UNKNOWN_TABLE, UNKNOWN_DATABASE, UNKNOWN_IDENTIFIER, NO_SUCH_COLUMN_IN_TABLE, THERE_IS_NO_COLUMN,
            // ACCESS_DENIED, UNKNOWN_TYPE.
            Some(60 | 81 | 47 | 16 | 8 | 497 | 50) => Remedy::Schema,
            // What speaks of values: CANNOT_PARSE_* and their like, VALUE_IS_OUT_OF_RANGE, INCORRECT_DATA,
            // TYPE_MISMATCH, VIOLATED_CONSTRAINT, CANNOT_CONVERT_TYPE, ARGUMENT_OUT_OF_BOUND, TOO_LARGE_STRING_SIZE,
            // CANNOT_INSERT_NULL_IN_ORDINARY_COLUMN, UNKNOWN_ELEMENT_OF_ENUM.
            Some(
                6 | 25 | 26 | 27 | 38 | 41 | 53 | 69 | 70 | 72 | 117 | 131 | 321 | 349 | 469 | 691,
            ) => Remedy::Rows,
            // Too many parts, no memory, read-only, no space, no quorum, the server is going down ...
            _ => Remedy::Again,
        },
        _ => Remedy::Again,
    }
}

/// Whether the table or the database is not there.
pub(crate) fn is_absent(error: &Error) -> bool {
    // UNKNOWN_TABLE, UNKNOWN_DATABASE.
    matches!(error, Error::BadResponse(message) if matches!(code(message), Some(60 | 81)))
}

/// `Code: 469. DB::Exception: …`
fn code(message: &str) -> Option<u32> {
    let rest = message.split("Code: ").nth(1)?;
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(message: &str, expected: Remedy) {
        assert_eq!(remedy(&Error::BadResponse(message.into())), expected);
    }

    #[test]
    fn errors_tell_whether_rows_tables_or_the_world_are_in_the_way() {
        check("Code: 469. DB::Exception: Constraint `c` is violated", Remedy::Rows);
        check("Code: 60. DB::Exception: Table t.events does not exist", Remedy::Schema);
        check("Code: 242. DB::Exception: Table is in readonly mode", Remedy::Again);
        check("Code: 252. DB::Exception: Too many parts", Remedy::Again);
        check("Bad Gateway", Remedy::Again);
        assert_eq!(remedy(&Error::TimedOut), Remedy::Again);
    }

    #[test]
    fn a_password_is_not_shown() {
        let options = ClickHouse { password: "hidden".into(), ..ClickHouse::default() };
        assert!(!format!("{options:?}").contains("hidden"));
    }
}
