//! Events on a map: one GeoJSON FeatureCollection (RFC 7946), a point per event.

use std::borrow::Borrow;
use std::io::{self, Write};

use serde::{Serialize, Serializer};

use crate::EventRecord;
use crate::columns::{Cell, columns};
use crate::json::write_value;

/// Writes one FeatureCollection, a feature to a line, its properties flat as in the CSV.
///
/// # Errors
///
/// What `out` says.
pub fn write_geojson(
    records: impl IntoIterator<Item: Borrow<EventRecord>>,
    mut out: impl Write,
) -> io::Result<()> {
    out.write_all(b"{\"type\":\"FeatureCollection\",\"features\":[")?;
    let mut before = "\n";
    for record in records {
        out.write_all(before.as_bytes())?;
        write_value(&Feature::new(record.borrow()), &mut out)?;
        before = ",\n";
    }
    out.write_all(b"\n]}\n")?;
    out.flush()
}

#[derive(Serialize)]
struct Feature<'a> {
    r#type: &'static str,
    id: &'a str,
    geometry: Point,
    properties: Properties<'a>,
}

#[derive(Serialize)]
struct Point {
    r#type: &'static str,
    /// Longitude comes first (section 3.1.1).
    coordinates: [f64; 2],
}

/// The columns of a record in their order.
struct Properties<'a>(&'a EventRecord);

impl<'a> Feature<'a> {
    fn new(record: &'a EventRecord) -> Self {
        let coordinates = [record.longitude_deg, record.latitude_deg];
        Feature {
            r#type: "Feature",
            id: &record.id,
            geometry: Point { r#type: "Point", coordinates },
            properties: Properties(record),
        }
    }
}

impl Serialize for Properties<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_map(columns().map(|column| (column.name, (column.cell)(self.0))))
    }
}

impl Serialize for Cell {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Cell::Unknown => to.serialize_none(),
            Cell::Text(text) => to.serialize_str(text),
            Cell::Integer(number) => to.serialize_i64(*number),
            Cell::Real(number) => to.serialize_f64(*number),
            Cell::Time(at) => to.collect_str(at),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::samples::{event, provenance};

    #[track_caller]
    fn check(count: usize) -> Value {
        let record = EventRecord::new(&event(), &provenance());
        let mut written = Vec::new();
        write_geojson(vec![&record; count], &mut written).unwrap();
        let collection: Value = serde_json::from_slice(&written).unwrap();
        assert_eq!(collection["type"], "FeatureCollection");
        assert_eq!(collection["features"].as_array().unwrap().len(), count);
        collection
    }

    #[test]
    fn a_collection_of_any_size_is_geojson() {
        check(0);
        check(2);
    }

    #[test]
    fn an_event_is_a_point_with_longitude_first() {
        let feature = &check(1)["features"][0];
        assert_eq!(feature["geometry"]["coordinates"], json!([-94.8597, 28.2504]));
        assert_eq!(feature["properties"]["name_b"], "=HYPERLINK(\"//X.Y\")");
        assert_eq!(feature["properties"]["imo_b"], Value::Null);
    }
}
