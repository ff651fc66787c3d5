//! One message on its way to Kafka, and what stands in its head.
//!
//! The payload is JSON. The headers are those of CloudEvents 1.0 in the binary mode of its Kafka binding, with the
//! extension `schemaversion`. Within one schema version fields are only ever added; readers pass over what they do not
//! know, and take for unknown or empty what an earlier program did not tell. A reader refuses a later schema version, but for what follows.
//!
//! A name always means the same, in the same unit: where a version needs another meaning it takes another name. So a
//! position in which there are just the names of this version, in their order, is one of this version, whatever its
//! headers say, and the loader does not read them: there are millions, and six headers take longer than all else of making a row.

use rdkafka::message::{Header, OwnedHeaders};

use crate::Topic;

/// Of the payloads, in the header `ce_schemaversion`.
pub const SCHEMA_VERSION_OF_MESSAGES: u32 = 1;

/// A payload with where it goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// What it is about.
    pub topic: Topic,
    /// Messages of one key stay in order.
    pub key: String,
    /// Names the message for ever: told again, it has the same.
    pub id: String,
    /// Who tells it.
    pub source: String,
    /// JSON.
    pub payload: String,
}

impl Message {
    /// About what it takes in memory and on disk.
    pub fn bytes(&self) -> u64 {
        (self.key.len() + self.id.len() + self.source.len() + self.payload.len() + 64) as u64
    }

    pub(crate) fn headers(&self) -> OwnedHeaders {
        headers(self.topic, &self.id, &self.source)
    }
}

pub(crate) fn headers(topic: Topic, id: &str, source: &str) -> OwnedHeaders {
    let version = SCHEMA_VERSION_OF_MESSAGES.to_string();
    let pairs = [
        ("ce_specversion", "1.0"),
        ("ce_type", topic.event_type()),
        ("ce_id", id),
        ("ce_source", source),
        ("ce_schemaversion", &version),
        ("content-type", "application/json"),
    ];
    pairs.into_iter().fold(OwnedHeaders::new_with_capacity(pairs.len()), |headers, (key, value)| {
        headers.insert(Header { key, value: Some(value) })
    })
}
