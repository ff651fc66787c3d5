//! The sections of the configuration that say how events leave: `[outbox]`, `[kafka]`, `[clickhouse]`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail};
use serde::{Deserialize, Serialize};
use sink::{BlockSize, ClickHouse, Kafka, Loading};

use super::{ConfigError, require};
use crate::duration::Span;

/// What our guarantees rest on; set otherwise, messages could be lost or doubled in silence.
const KEPT_PROPERTIES: [&str; 10] = [
    "acks",
    "bootstrap.servers",
    "enable.auto.commit",
    "enable.auto.offset.store",
    "enable.idempotence",
    "group.id",
    "message.timeout.ms",
    "delivery.timeout.ms",
    "partition.assignment.strategy",
    "request.required.acks",
];

/// How events leave, checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Delivery {
    /// Where they wait.
    pub outbox: OutboxOptions,
    /// Where they go then.
    pub kafka: Kafka,
    /// And then.
    pub clickhouse: ClickHouse,
    /// How they get from the one to the other.
    pub loading: Loading,
    /// Read when it is needed.
    pub password_file: Option<PathBuf>,
}

/// Where events wait for Kafka.
#[derive(Debug, Clone, PartialEq)]
pub struct OutboxOptions {
    /// An SQLite file.
    pub file: PathBuf,
    /// How much it takes.
    pub bytes_max: u64,
    /// See [`sink::MessengerOptions`].
    pub positions_every: Option<Duration>,
    /// How long a replay waits at its end for brokers that take nothing.
    pub give_up_after: Duration,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct OutboxSection {
    file: String,
    bytes_max: u64,
    positions_every: Every,
    give_up_after: Span,
}

/// A duration, or "none".
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
enum Every {
    Time(Span),
    Word(NoneWord),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum NoneWord {
    None,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct KafkaSection {
    brokers: String,
    topic_prefix: String,
    group: String,
    partitions: i32,
    replication: i32,
    compression: Compression,
    properties: BTreeMap<String, String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Compression {
    Lz4,
    Zstd,
    Gzip,
    Snappy,
    None,
}

impl Compression {
    const ALL: [(Compression, &str); 5] = [
        (Compression::Lz4, "lz4"),
        (Compression::Zstd, "zstd"),
        (Compression::Gzip, "gzip"),
        (Compression::Snappy, "snappy"),
        (Compression::None, "none"),
    ];
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct ClickHouseSection {
    url: String,
    database: String,
    user: String,
    password_file: String,
    cluster: String,
    positions_kept: Span,
    block_offsets: i64,
    block_bytes: usize,
    flush_after: Span,
    memory_bytes_max: usize,
    storing_max: usize,
    send_timeout: Span,
    answer_timeout: Span,
}

impl Default for Delivery {
    fn default() -> Self {
        Delivery {
            outbox: OutboxOptions {
                file: "alongside.outbox".into(),
                bytes_max: 10_000_000_000,
                positions_every: Some(Duration::from_secs(60)),
                give_up_after: Duration::from_secs(60),
            },
            kafka: Kafka::default(),
            clickhouse: ClickHouse::default(),
            loading: Loading::default(),
            password_file: None,
        }
    }
}

impl Default for OutboxSection {
    fn default() -> Self {
        Delivery::default().sections().0
    }
}

impl Default for KafkaSection {
    fn default() -> Self {
        Delivery::default().sections().1
    }
}

impl Default for ClickHouseSection {
    fn default() -> Self {
        Delivery::default().sections().2
    }
}

impl Delivery {
    /// As they would be written.
    pub(super) fn sections(&self) -> (OutboxSection, KafkaSection, ClickHouseSection) {
        let Delivery { outbox, kafka, clickhouse, loading, password_file } = self;
        let text = |path: &Path| path.display().to_string();
        let compression = Compression::ALL.iter().find(|(_, name)| *name == kafka.compression);
        let outbox = OutboxSection {
            file: text(&outbox.file),
            bytes_max: outbox.bytes_max,
            positions_every: match outbox.positions_every {
                Some(every) => Every::Time(Span(every)),
                None => Every::Word(NoneWord::None),
            },
            give_up_after: Span(outbox.give_up_after),
        };
        let kafka = KafkaSection {
            brokers: kafka.brokers.clone(),
            topic_prefix: kafka.topic_prefix.clone(),
            group: kafka.group.clone(),
            partitions: kafka.partitions,
            replication: kafka.replication,
            compression: compression.map_or(Compression::Lz4, |(compression, _)| *compression),
            properties: kafka.properties.clone(),
        };
        let clickhouse = ClickHouseSection {
            url: clickhouse.url.clone(),
            database: clickhouse.database.clone(),
            user: clickhouse.user.clone(),
            password_file: password_file.as_deref().map(text).unwrap_or_default(),
            cluster: clickhouse.cluster.clone(),
            positions_kept: Span(clickhouse.positions_kept),
            block_offsets: loading.block.offsets,
            block_bytes: loading.block.bytes,
            flush_after: Span(loading.flush_after),
            memory_bytes_max: loading.bytes_max,
            storing_max: loading.storing_max,
            send_timeout: Span(clickhouse.send_timeout),
            answer_timeout: Span(clickhouse.answer_timeout),
        };
        (outbox, kafka, clickhouse)
    }

    pub(super) fn from_sections(
        outbox: OutboxSection,
        kafka: KafkaSection,
        clickhouse: ClickHouseSection,
    ) -> Result<Self, ConfigError> {
        for key in kafka.properties.keys() {
            require(
                !KEPT_PROPERTIES.contains(&key.as_str()),
                &format!("kafka.properties.{key}"),
                &kafka.properties[key],
                "this is set by the program, because delivery rests on it",
            )?;
        }
        for (key, value) in
            [("kafka.partitions", kafka.partitions), ("kafka.replication", kafka.replication)]
        {
            require((1..=1000).contains(&value), key, value, "expected 1 to 1000")?;
        }
        let name = |text: &str| {
            text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'))
        };
        for (key, value) in
            [("kafka.topic_prefix", &kafka.topic_prefix), ("kafka.group", &kafka.group)]
        {
            let expected = "expected letters, digits, `.`, `-` and `_`";
            require(name(value), key, format!("{value:?}"), expected)?;
        }
        let prefix = &kafka.topic_prefix;
        let expected = "expected nothing, or something that ends in `.`";
        require(
            prefix.is_empty() || prefix.ends_with('.'),
            "kafka.topic_prefix",
            format!("{prefix:?}"),
            expected,
        )?;
        for (key, value) in [
            ("clickhouse.database", &clickhouse.database),
            ("clickhouse.cluster", &clickhouse.cluster),
        ] {
            let plain = name(value) && (key != "clickhouse.database" || !value.is_empty());
            require(plain, key, format!("{value:?}"), "expected letters, digits, `-` and `_`")?;
        }
        require(
            (1_000_000..=1_000_000_000_000_000).contains(&outbox.bytes_max),
            "outbox.bytes_max",
            outbox.bytes_max,
            "expected 1 MB to 1 PB",
        )?;
        require(
            (100..=1_000_000).contains(&clickhouse.block_offsets),
            "clickhouse.block_offsets",
            clickhouse.block_offsets,
            "expected 100 to 1000000: ClickHouse cuts what is longer",
        )?;
        for (key, value) in [
            ("clickhouse.block_bytes", clickhouse.block_bytes),
            ("clickhouse.memory_bytes_max", clickhouse.memory_bytes_max),
        ] {
            let bytes = 100_000..=100_000_000_000;
            require(bytes.contains(&value), key, value, "expected 100 kB to 100 GB")?;
        }
        let storing_max = clickhouse.storing_max;
        require(
            (1..=64).contains(&storing_max),
            "clickhouse.storing_max",
            storing_max,
            "expected 1 to 64",
        )?;
        let day = Duration::from_secs(24 * 3600);
        for (key, value, least, most) in [
            ("outbox.give_up_after", outbox.give_up_after.0, Duration::from_secs(1), 30 * day),
            (
                "clickhouse.flush_after",
                clickhouse.flush_after.0,
                Duration::from_millis(10),
                day / 24,
            ),
            ("clickhouse.send_timeout", clickhouse.send_timeout.0, Duration::from_millis(100), day),
            (
                "clickhouse.answer_timeout",
                clickhouse.answer_timeout.0,
                Duration::from_millis(100),
                day,
            ),
            ("clickhouse.positions_kept", clickhouse.positions_kept.0, day / 24, 36_500 * day),
        ] {
            let expected = format!("expected {} to {}", Span(least), Span(most));
            require((least..=most).contains(&value), key, Span(value), &expected)?;
        }
        let password_file = &clickhouse.password_file;
        let mut delivery = Delivery {
            outbox: OutboxOptions {
                file: outbox.file.into(),
                bytes_max: outbox.bytes_max,
                positions_every: match outbox.positions_every {
                    Every::Time(Span(every)) => Some(every),
                    Every::Word(NoneWord::None) => None,
                },
                give_up_after: outbox.give_up_after.0,
            },
            kafka: Kafka {
                brokers: kafka.brokers,
                topic_prefix: kafka.topic_prefix,
                group: kafka.group,
                partitions: kafka.partitions,
                replication: kafka.replication,
                compression: Compression::ALL
                    .iter()
                    .find(|(compression, _)| *compression == kafka.compression)
                    .map_or_else(String::new, |(_, name)| (*name).to_owned()),
                properties: kafka.properties,
            },
            loading: Loading {
                block: BlockSize {
                    offsets: clickhouse.block_offsets,
                    bytes: clickhouse.block_bytes,
                },
                flush_after: clickhouse.flush_after.0,
                bytes_max: clickhouse.memory_bytes_max,
                storing_max: clickhouse.storing_max,
                ..Loading::default()
            },
            password_file: (!password_file.is_empty()).then(|| password_file.into()),
            clickhouse: ClickHouse {
                url: String::new(),
                database: clickhouse.database,
                user: clickhouse.user,
                password: String::new(),
                cluster: clickhouse.cluster,
                positions_kept: clickhouse.positions_kept.0,
                send_timeout: clickhouse.send_timeout.0,
                answer_timeout: clickhouse.answer_timeout.0,
            },
        };
        delivery.use_url(&clickhouse.url).map_err(|error| ConfigError::Value {
            key: "clickhouse.url".into(),
            value: "…".into(),
            expected: error.to_string(),
        })?;
        Ok(delivery)
    }

    /// Takes server, and where they are given user, password and database, from an address such as
    /// `clickhouse://user@host:8123/database`.
    ///
    /// # Errors
    ///
    /// It is none.
    pub fn use_url(&mut self, url: &str) -> anyhow::Result<()> {
        // What was wrong is not repeated: there may be a password in it.
        let expected = "expected http://host:port, with user@ before and /database after it where they are needed";
        let Some((scheme, rest)) = url.split_once("://") else { bail!(expected) };
        let scheme = match scheme {
            "http" | "clickhouse" => "http",
            // Later the client would say no more than that it cannot connect, and be tried again for ever.
            "https" | "clickhouses" if cfg!(not(feature = "tls")) => {
                bail!("expected http://…; https needs a build with the feature `tls`");
            }
            "https" | "clickhouses" => "https",
            _ => bail!(expected),
        };
        let (rest, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (user, host) = match rest.rsplit_once('@') {
            Some((user, host)) => (Some(user), host),
            None => (None, rest),
        };
        if host.is_empty() || path.contains(['/', '?', '#']) {
            bail!(expected);
        }
        let port = if host.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok()) {
            ""
        } else if scheme == "http" {
            ":8123"
        } else {
            ":8443"
        };
        self.clickhouse.url = format!("{scheme}://{host}{port}");
        if let Some(user) = user {
            let (user, password) = user.split_once(':').unwrap_or((user, ""));
            self.clickhouse.user = user.into();
            self.clickhouse.password = password.into();
        }
        if !path.is_empty() {
            self.clickhouse.database = path.into();
        }
        Ok(())
    }

    /// Reads the password, if a file has it.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn read_password(&mut self) -> anyhow::Result<()> {
        if let Some(file) = &self.password_file {
            let password = fs::read_to_string(file).with_context(|| {
                format!("cannot read the password of clickhouse in {}", file.display())
            })?;
            self.clickhouse.password = password.trim_end_matches(['\r', '\n']).into();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_url(url: &str, expected: [&str; 4]) {
        let mut delivery = Delivery::default();
        delivery.use_url(url).unwrap();
        let ClickHouse { url, user, password, database, .. } = &delivery.clickhouse;
        assert_eq!([url, user, password, database], expected);
    }

    #[test]
    fn addresses_say_as_much_as_they_want() {
        check_url("http://h:1", ["http://h:1", "", "", "alongside"]);
        check_url("clickhouse://h", ["http://h:8123", "", "", "alongside"]);
        check_url("clickhouse://u@h/d", ["http://h:8123", "u", "", "d"]);
        check_url("http://u:p@h:9/d", ["http://h:9", "u", "p", "d"]);
        if cfg!(feature = "tls") {
            check_url("https://u:p@h:9/d", ["https://h:9", "u", "p", "d"]);
            check_url("clickhouses://h", ["https://h:8443", "", "", "alongside"]);
        } else {
            let error = Delivery::default().use_url("https://h").unwrap_err().to_string();
            assert!(error.contains("feature `tls`"), "{error}");
        }
        for wrong in ["", "h:8123", "ftp://h", "http://", "http://u:secret@/x", "http://h/a/b"] {
            let error = Delivery::default().use_url(wrong).unwrap_err().to_string();
            assert!(error.contains("expected http") && !error.contains("secret"), "{error}");
        }
    }
}
