//! Where events go.
//!
//! Takes the events that the detector found and gives them a form that lasts: [`EventRecord`] is the
//! form on the wire, told as lines of JSON, a JSON array, GeoJSON or CSV; [`GeoPackage`] keeps events,
//! tracks, vessels and runs in one SQLite file that opens in QGIS as it is. Names and units of the
//! wire live here alone, so a noun of `maritime` can be renamed without moving a column.
//!
//! Names, callsigns and the like come by radio from anybody. They are escaped in JSON, [`shown`](maritime::shown) and
//! guarded against spreadsheet formulas in CSV, and only ever bound to statements as parameters.
//!
//! The other way out leads through Kafka into ClickHouse: a [`Messenger`] makes messages of what is told, the
//! [`Outbox`] keeps them, the [`Publisher`] takes them to Kafka, and [`load`] from there into the tables of a
//! [`Store`], exactly once as read.
//!
//! Nothing here reads the clock on the wall: the instants that are written come from the data, the caller or Kafka.

mod explanation;
mod text;
mod wire;

mod columns;
mod csv;
mod geojson;
mod gfw;
mod json;
mod xml;

mod draft;
mod geometry;
mod geopackage;
pub mod reading;
mod schema;
mod stored;
mod trail;

mod dead_letter;
mod identities;
mod identity;
mod position;

mod message;
mod messenger;
mod outbox;
mod packed;
mod publisher;
mod topics;

mod block;
mod clickhouse;
mod loader;
mod storing;
mod writer;

pub use block::BlockSize;
pub use clickhouse::{Applied, ClickHouse, ClickHouseError, SchemaError, Store, migrations_text};
pub use csv::{write_csv, write_guarded_csv};
pub use dead_letter::DeadLetterRecord;
pub use draft::Draft;
pub use explanation::explain;
pub use geojson::write_geojson;
pub use geopackage::{GeoPackage, Run, StoreError, Stored, VesselRow};
pub use gfw::write_gfw;
pub use identities::{HeardAs, Identities};
pub use identity::IdentityRecord;
pub use json::{LINE_BYTES_MAX, ndjson_lines, read_ndjson, write_json, write_ndjson};
pub use loader::{LoadError, Loaded, Loading, load};
pub use message::{Message, SCHEMA_VERSION_OF_MESSAGES};
pub use messenger::{Messenger, MessengerOptions};
pub use outbox::{Checkpoint, Depth, Outbox, OutboxError, Refused};
pub use position::PositionRecord;
pub use publisher::{PublishError, Published, Publisher, Until};
pub use text::escaped;
pub use topics::{Kafka, Topic, TopicError, Uncounted, log_client_error};
pub use wire::{EventRecord, GapRecord, Provenance, ReasonRecord, VesselRecord};
pub use writer::Writer;
pub use xml::{write_graphml, write_kml};

#[cfg(test)]
mod samples;
#[cfg(test)]
mod schemas;
