//! Encounters for programs: the wire form of the sink.

use std::io::{self, Write};

use maritime::Event;
use sink::{EventRecord, Provenance};

/// A form that programs read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WireFormat {
    /// An object in a line.
    Ndjson,
    /// One array.
    Json,
    /// A row each.
    Csv,
    /// A point each.
    Geojson,
}

/// Writes `events` in the order of time, equal ones in the order of their ids.
///
/// # Errors
///
/// Where `output` cannot be written to.
pub fn write_events(
    output: impl Write,
    mut events: Vec<&Event>,
    format: WireFormat,
    provenance: &Provenance,
) -> io::Result<()> {
    events.sort_by_key(|event| (event.started_at, event.id));
    let records: Vec<EventRecord> =
        events.iter().map(|event| EventRecord::new(event, provenance)).collect();
    match format {
        WireFormat::Ndjson => sink::write_ndjson(&records, output),
        WireFormat::Json => sink::write_json(&records, output),
        WireFormat::Csv => sink::write_csv(&records, output),
        WireFormat::Geojson => sink::write_geojson(&records, output),
    }
}
