//! The schema: the numbered files of `config/clickhouse/`, applied in order and written down in a table.

use std::collections::BTreeMap;

use clickhouse::Row;
use serde::{Deserialize, Serialize};

use super::{ClickHouse, ClickHouseError, Store, is_absent};

/// One file.
struct Migration {
    number: u32,
    name: &'static str,
    text: &'static str,
}

macro_rules! migration {
    ($number:literal, $name:literal) => {
        Migration {
            number: $number,
            name: $name,
            text: include_str!(concat!("../../../../config/clickhouse/", $name, ".sql")),
        }
    };
}

/// In the order in which they are applied. One that was released never changes: what changes comes in a new one.
const MIGRATIONS: [Migration; 4] = [
    migration!(1, "0001_events"),
    migration!(2, "0002_positions"),
    migration!(3, "0003_identities"),
    migration!(4, "0004_views"),
];

/// What [`Store::apply_schema`] did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// Files that were applied now, by name.
    pub names: Vec<String>,
    /// The last one that is applied.
    pub version: u32,
}

/// Why the schema was not applied or is not usable.
#[derive(Debug, thiserror::Error)]
pub enum SchemaError {
    /// The server does not answer or refuses.
    #[error(transparent)]
    ClickHouse(#[from] ClickHouseError),
    /// A later version of this program made the tables.
    #[error(
        "database {database} has schema {found}, this program knows {known}: use a later version of it, or another \
         database"
    )]
    Future {
        /// Which database.
        database: String,
        /// Its schema.
        found: u32,
        /// The last one known here.
        known: u32,
    },
    /// Tables are missing.
    #[error(
        "database {database} has schema {found} of {known}: run `alongside schema apply` first"
    )]
    Behind {
        /// Which database.
        database: String,
        /// Its schema; 0 for none.
        found: u32,
        /// The one that is needed.
        known: u32,
    },
}

#[derive(Row, Serialize, Deserialize)]
struct AppliedRow {
    number: u32,
    name: String,
}

impl Store {
    /// Makes the database and whatever tables and views it does not have yet, and sets how long positions are kept.
    /// Done again, it changes nothing.
    ///
    /// # Errors
    ///
    /// The server does not answer or refuses, or the schema is from the future.
    pub async fn apply_schema(&self) -> Result<Applied, SchemaError> {
        let ClickHouse { database, cluster, .. } = &self.options;
        let without_database = Store {
            client: self.client.clone().with_database("default"),
            options: self.options.clone(),
        };
        let create = format!("CREATE DATABASE IF NOT EXISTS {}", quoted(database));
        without_database.execute("make the database", &on_cluster(&create, cluster)).await?;
        self.execute("make the table of migrations", &on_cluster(MIGRATIONS_TABLE, cluster))
            .await?;

        let there = self.applied().await?;
        self.refuse_future(&there)?;
        let mut names = Vec::new();
        for migration in MIGRATIONS.iter().filter(|one| !there.contains_key(&one.number)) {
            for statement in statements(migration.text) {
                self.execute("apply the schema", &on_cluster(&statement, cluster)).await?;
            }
            let note = format!(
                "INSERT INTO schema_migrations (number, name) VALUES ({}, '{}')",
                migration.number, migration.name
            );
            self.execute("note what was applied", &note).await?;
            names.push(migration.name.to_owned());
        }
        self.set_retention().await?;
        self.forget_columns().await;
        Ok(Applied { names, version: known() })
    }

    /// Makes sure that the tables are those that this program knows.
    ///
    /// # Errors
    ///
    /// The server does not answer, or the schema is not applied or from the future.
    pub async fn check_schema(&self) -> Result<(), SchemaError> {
        let database = self.options.database.clone();
        // Asked in the database itself: whoever may only read there sees no other.
        let found = match self.applied().await {
            Ok(there) => {
                self.refuse_future(&there)?;
                there.keys().max().copied().unwrap_or(0)
            }
            Err(SchemaError::ClickHouse(error)) if is_absent(&error.source) => 0,
            Err(error) => return Err(error),
        };
        if found < known() {
            return Err(SchemaError::Behind { database, found, known: known() });
        }
        Ok(())
    }

    async fn applied(&self) -> Result<BTreeMap<u32, String>, SchemaError> {
        let query =
            "SELECT number, name FROM schema_migrations GROUP BY number, name ORDER BY number";
        let rows = self.client.query(query).fetch_all::<AppliedRow>();
        let rows = self.within("read which schema there is", rows).await?;
        Ok(rows.into_iter().map(|row| (row.number, row.name)).collect())
    }

    fn refuse_future(&self, there: &BTreeMap<u32, String>) -> Result<(), SchemaError> {
        let found = there.keys().max().copied().unwrap_or(0);
        if found > known() {
            let database = self.options.database.clone();
            return Err(SchemaError::Future { database, found, known: known() });
        }
        Ok(())
    }

    /// The retention is a setting and no part of the schema, so it is set whenever it differs.
    async fn set_retention(&self) -> Result<(), SchemaError> {
        let seconds = self.options.positions_kept.as_secs();
        let wanted = match seconds % 86_400 {
            0 => format!("toIntervalDay({})", seconds / 86_400),
            _ => format!("toIntervalSecond({seconds})"),
        };
        for table in ["positions", "positions_by_place"] {
            let same = format!(
                "SELECT count() FROM system.tables WHERE database = {} AND name = '{table}' AND \
                 position(create_table_query, 'TTL published_at + {wanted}') > 0",
                text(&self.options.database)
            );
            if self.number(&same).await? == 0 {
                let alter = format!("ALTER TABLE {table} MODIFY TTL published_at + {wanted}");
                let alter = on_cluster(&alter, &self.options.cluster);
                self.execute("set how long positions are kept", &alter).await?;
            }
        }
        Ok(())
    }

    async fn execute(&self, doing: &'static str, statement: &str) -> Result<(), ClickHouseError> {
        // Raw, because `?` would be taken for a placeholder.
        self.within(doing, self.client.query_raw(statement).execute()).await
    }
}

const MIGRATIONS_TABLE: &str = "CREATE TABLE IF NOT EXISTS schema_migrations (\
    number UInt32, name String, applied_at DateTime('UTC') DEFAULT now()\
    ) ENGINE = ReplacingMergeTree ORDER BY number";

/// All files in order, as they are.
pub fn migrations_text() -> String {
    let file = |one: &Migration| format!("-- {}.sql\n\n{}", one.name, one.text);
    MIGRATIONS.iter().map(file).collect::<Vec<_>>().join("\n")
}

fn known() -> u32 {
    MIGRATIONS.iter().map(|migration| migration.number).max().unwrap_or(0)
}

/// The statements of a file. Comments go; a `;` at the end of a line ends a statement, as our files have it.
fn statements(file: &str) -> Vec<String> {
    let lines = file.lines().filter(|line| !line.trim_start().starts_with("--"));
    let text = lines.collect::<Vec<_>>().join("\n");
    let statements = text.split(";\n").map(|one| one.trim().trim_end_matches(';').to_owned());
    statements.filter(|one| !one.is_empty()).collect()
}

/// The statement for a replicated cluster: every server makes its part, and the tables replicate each other. Their
/// deduplication window then is that of the cluster.
fn on_cluster(statement: &str, cluster: &str) -> String {
    if cluster.is_empty() {
        return statement.to_owned();
    }
    let replicated = statement
        .replace("ENGINE = ReplacingMergeTree", "ENGINE = ReplicatedReplacingMergeTree")
        .replace("ENGINE = AggregatingMergeTree", "ENGINE = ReplicatedAggregatingMergeTree")
        .replace("non_replicated_deduplication_window", "replicated_deduplication_window");
    // `CREATE … name` and `ALTER TABLE name`: the cluster comes after the name, which is the last word before what
    // follows it.
    let heads = [
        "CREATE DATABASE IF NOT EXISTS ",
        "CREATE TABLE IF NOT EXISTS ",
        "CREATE MATERIALIZED VIEW IF NOT EXISTS ",
        "CREATE OR REPLACE VIEW ",
        "ALTER TABLE ",
    ];
    let Some(head) = heads.iter().find(|head| replicated.starts_with(**head)) else {
        return replicated;
    };
    let rest = &replicated[head.len()..];
    let (name, rest) = rest.split_at(rest.find(char::is_whitespace).unwrap_or(rest.len()));
    format!("{head}{name} ON CLUSTER {}{rest}", quoted(cluster))
}

fn quoted(name: &str) -> String {
    format!("`{}`", name.replace('\\', "\\\\").replace('`', "\\`"))
}

fn text(value: &str) -> String {
    format!("'{}'", value.replace('\\', "\\\\").replace('\'', "\\'"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_numbered_without_holes_and_every_statement_can_be_done_again() {
        for (at, migration) in MIGRATIONS.iter().enumerate() {
            assert_eq!(migration.number as usize, at + 1);
            assert!(migration.name.starts_with(&format!("{:04}_", migration.number)));
            for statement in statements(migration.text) {
                let again = ["IF NOT EXISTS", "CREATE OR REPLACE"];
                assert!(again.iter().any(|words| statement.contains(words)), "{statement}");
            }
        }
    }

    #[test]
    fn on_a_cluster_every_table_is_replicated() {
        for statement in MIGRATIONS.iter().flat_map(|migration| statements(migration.text)) {
            let there = on_cluster(&statement, "north");
            assert!(there.contains(" ON CLUSTER `north`"), "{there}");
            assert!(
                !there.contains("ENGINE = Re") || there.contains("ENGINE = Replicated"),
                "{there}"
            );
            assert!(
                !there.contains("ENGINE = Agg") && !there.contains("non_replicated"),
                "{there}"
            );
            assert_eq!(on_cluster(&statement, ""), statement);
        }
    }
}
