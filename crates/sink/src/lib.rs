//! Where events go.
//!
//! Takes the events that the detector found and gives them a form that lasts: [`EventRecord`] is the
//! form on the wire, told as lines of JSON, a JSON array, GeoJSON or CSV; [`GeoPackage`] keeps events,
//! tracks, vessels and runs in one SQLite file that opens in QGIS as it is. Names and units of the
//! wire live here alone, so a noun of `maritime` can be renamed without moving a column.
//!
//! Names, callsigns and the like come by radio from anybody. They are escaped in JSON, [`shown`] and
//! guarded against spreadsheet formulas in CSV, and only ever bound to statements as parameters.
//!
//! Nothing here reads a clock: the instants that are written come from the data or the caller.

mod explanation;
mod text;
mod wire;

mod columns;
mod csv;
mod geojson;
mod json;

mod geometry;
mod geopackage;
mod schema;

pub use csv::write_csv;
pub use explanation::explain;
pub use geojson::write_geojson;
pub use geopackage::{GeoPackage, Run, StoreError, Stored, VesselRow};
pub use json::{LINE_BYTES_MAX, ndjson_lines, read_ndjson, write_json, write_ndjson};
pub use text::{is_seen, shown};
pub use wire::{EventRecord, GapRecord, Provenance, ReasonRecord, VesselRecord};

#[cfg(test)]
mod samples;
