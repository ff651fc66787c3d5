//! The topics: what goes where, and how they are made.

use std::collections::BTreeMap;
use std::time::Duration;

use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::consumer::ConsumerContext;
use rdkafka::error::KafkaError;
use rdkafka::types::RDKafkaErrorCode;
use rdkafka::{ClientConfig, ClientContext};

const WEEK_MS: &str = "604800000";

/// What a message is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Topic {
    /// Events, keyed by id: the versions of one event stay in order.
    Events,
    /// Positions, keyed by MMSI.
    Positions,
    /// Identities, keyed by MMSI; compacted to the last of each vessel.
    Vessels,
    /// Events that a rule of somebody's asked for, with the rule; keyed by the event.
    Alerts,
    /// What the loader could not store, with the reason.
    DeadLetter,
}

impl Topic {
    /// All of them.
    pub const ALL: [Topic; 5] =
        [Topic::Events, Topic::Positions, Topic::Vessels, Topic::Alerts, Topic::DeadLetter];

    /// What is loaded into tables.
    pub const LOADED: [Topic; 3] = [Topic::Events, Topic::Positions, Topic::Vessels];

    /// The name after the prefix.
    pub const fn name(self) -> &'static str {
        match self {
            Topic::Events => "events",
            Topic::Positions => "positions",
            Topic::Vessels => "vessels",
            Topic::Alerts => "alerts",
            Topic::DeadLetter => "deadletter",
        }
    }

    /// The topic of that name, which may have any prefix.
    pub fn parse(name: &str) -> Option<Topic> {
        let last = name.rsplit('.').next()?;
        Topic::ALL.into_iter().find(|topic| topic.name() == last)
    }

    /// Of a message in it, as a CloudEvents type.
    pub(crate) const fn event_type(self) -> &'static str {
        match self {
            Topic::Events => "alongside.event",
            Topic::Positions => "alongside.position",
            Topic::Vessels => "alongside.identity",
            Topic::Alerts => "alongside.alert",
            Topic::DeadLetter => "alongside.deadletter",
        }
    }
}

/// How to reach the brokers, and what the topics there are like.
#[derive(Debug, Clone, PartialEq)]
pub struct Kafka {
    /// `host:port`, separated by commas.
    pub brokers: String,
    /// Before the name of each topic, `ais.` for `ais.events`.
    pub topic_prefix: String,
    /// Of the loaders, which share the work.
    pub group: String,
    /// Of topics that are made; those that are there stay as they are.
    pub partitions: i32,
    /// Of topics that are made.
    pub replication: i32,
    /// `lz4`, `zstd`, `gzip`, `snappy` or `none`.
    pub compression: String,
    /// Anything else that librdkafka knows, such as `security.protocol`.
    pub properties: BTreeMap<String, String>,
}

impl Default for Kafka {
    fn default() -> Self {
        Kafka {
            brokers: "127.0.0.1:9092".into(),
            topic_prefix: "ais.".into(),
            group: "alongside-load".into(),
            partitions: 3,
            replication: 1,
            compression: "lz4".into(),
            properties: BTreeMap::new(),
        }
    }
}

impl Kafka {
    /// The name of `topic` on the brokers.
    pub fn topic_name(&self, topic: Topic) -> String {
        format!("{}{}", self.topic_prefix, topic.name())
    }

    /// What every client is made with; its own settings come on top.
    pub fn client(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        for (key, value) in &self.properties {
            config.set(key, value);
        }
        config.set("bootstrap.servers", &self.brokers).set("client.id", "alongside");
        // Brokers that are away are asked again after at most this.
        config.set("reconnect.backoff.max.ms", "5000");
        config
    }

    /// Makes the topics that are not there.
    ///
    /// # Errors
    ///
    /// No broker answers in time, or it refuses.
    pub async fn make_topics(&self) -> Result<(), TopicError> {
        let failed = |source| TopicError::Unreachable { brokers: self.brokers.clone(), source };
        let admin: AdminClient<Uncounted> =
            self.client().create_with_context(Uncounted).map_err(failed)?;
        let names = Topic::ALL.map(|topic| self.topic_name(topic));
        let topics: Vec<NewTopic<'_>> = Topic::ALL
            .into_iter()
            .zip(&names)
            .map(|(topic, name)| self.new_topic(topic, name))
            .collect();
        let options = AdminOptions::new()
            .request_timeout(Some(Duration::from_secs(10)))
            .operation_timeout(Some(Duration::from_secs(10)));
        for made in admin.create_topics(&topics, &options).await.map_err(failed)? {
            match made {
                Ok(_) | Err((_, RDKafkaErrorCode::TopicAlreadyExists)) => {}
                Err((name, code)) => return Err(TopicError::Refused { name, code }),
            }
        }
        Ok(())
    }

    fn new_topic<'a>(&self, topic: Topic, name: &'a str) -> NewTopic<'a> {
        let partitions = if topic == Topic::DeadLetter { 1 } else { self.partitions };
        let new = NewTopic::new(name, partitions, TopicReplication::Fixed(self.replication));
        match topic {
            // Earlier identities stay for as long as positions do, for loaders that were away.
            Topic::Vessels => {
                new.set("cleanup.policy", "compact").set("min.compaction.lag.ms", WEEK_MS)
            }
            // What was refused may be as long as anything, and is wrapped.
            Topic::DeadLetter => new.set("max.message.bytes", "8388608").set("retention.ms", "-1"),
            // A year: events are few, and whoever was away for longer than a broker's week shall still find them.
            Topic::Events | Topic::Alerts => new.set("retention.ms", "31536000000"),
            // Positions are many. A week is also what brokers have by default, and not to be left to them: whoever is
            // away for longer misses some.
            Topic::Positions => new.set("cleanup.policy", "delete").set("retention.ms", WEEK_MS),
        }
    }
}

/// Why the topics could not be made.
#[derive(Debug, thiserror::Error)]
pub enum TopicError {
    /// Nobody answers.
    #[error("no answer from kafka at {brokers}")]
    Unreachable {
        /// Who was asked.
        brokers: String,
        /// librdkafka's words.
        source: KafkaError,
    },
    /// A broker says no.
    #[error("kafka refuses to make the topic {name}: {code}")]
    Refused {
        /// Which topic.
        name: String,
        /// Its reason.
        code: RDKafkaErrorCode,
    },
}

/// What stands behind a client that does not count: librdkafka's statistics are not asked for, and what reads them is so
/// much code that it is left out.
#[derive(Debug, Clone, Copy)]
pub struct Uncounted;

/// Logs what a client says of its brokers. They come and go, and librdkafka finds them again; but one that does not let
/// us in, or that we do not trust, stays as it is until somebody sees to it.
pub fn log_client_error(error: &KafkaError, reason: &str) {
    use RDKafkaErrorCode::{
        Authentication, SSL, SaslAuthenticationFailed, UnsupportedSASLMechanism,
    };
    match error.rdkafka_error_code() {
        Some(Authentication | SSL | SaslAuthenticationFailed | UnsupportedSASLMechanism) => {
            tracing::warn!(%error, reason, "kafka does not let us in");
        }
        _ => tracing::debug!(%error, reason, "kafka client"),
    }
}

impl ClientContext for Uncounted {
    fn error(&self, error: KafkaError, reason: &str) {
        log_client_error(&error, reason);
    }

    fn stats_raw(&self, _: &[u8]) {}
}

impl ConsumerContext for Uncounted {}
