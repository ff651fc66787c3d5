//! Events in the form of Global Fishing Watch's Events API (version 3): `id`, `type`, `start`, `end`, `position`,
//! `vessel`, and for an encounter the other vessel with median distance and speed.
//!
//! What that form has no place for is left out, and so are the kinds that it does not know: identity, jumps and the like.
//! Of an encounter its form tells one entry for each vessel, and so is done here.

use std::borrow::Borrow;
use std::io::{self, Write};

use serde_json::{Value, json};

use crate::json::write_value;
use crate::{EventRecord, VesselRecord};

/// Writes `{"entries":[…]}`, an entry to a line.
///
/// # Errors
///
/// What `out` says.
pub fn write_gfw(
    records: impl IntoIterator<Item: Borrow<EventRecord>>,
    mut out: impl Write,
) -> io::Result<()> {
    out.write_all(b"{\"entries\":[")?;
    let mut before = "\n";
    for record in records {
        for entry in entries(record.borrow()) {
            out.write_all(before.as_bytes())?;
            write_value(&entry, &mut out)?;
            before = ",\n";
        }
    }
    out.write_all(b"\n]}\n")?;
    out.flush()
}

fn entries(record: &EventRecord) -> Vec<Value> {
    let kind = match record.kind.as_str() {
        "encounter" => "encounter",
        "loitering" => "loitering",
        "gap" => "gap",
        _ => return Vec::new(),
    };
    let km = |metres: Option<f64>| metres.map(|metres| metres / 1000.0);
    let hours = record.ended_at.millis_since(record.started_at) as f64 / 3_600_000.0;
    let entry = |index: usize, vessel_record: &VesselRecord| {
        let mut entry = json!({
            "id": format!("{}.{}", record.id, index + 1),
            "type": kind,
            "start": record.started_at.to_string(),
            "end": record.ended_at.to_string(),
            "position": {"lat": record.latitude_deg, "lon": record.longitude_deg},
            "distances": {
                "startDistanceFromShoreKm": km(record.coast_distance_m),
                "endDistanceFromShoreKm": km(record.coast_distance_m),
                "startDistanceFromPortKm": km(record.port_distance_m),
                "endDistanceFromPortKm": km(record.port_distance_m),
            },
            "vessel": vessel(vessel_record),
        });
        match kind {
            "encounter" => {
                let other = record.vessels.get(1 - index.min(1));
                entry["encounter"] = json!({
                    "vessel": other.map(vessel),
                    "medianDistanceKilometers": km(record.distance_m_p50),
                    "medianSpeedKnots": record.speed_knots_p50,
                    "type": encounter_type(vessel_record, other),
                });
            }
            "loitering" => entry["loitering"] = json!({"totalTimeHours": hours}),
            _ => {
                let distance_km = km(record.figures.get("distance_m").copied());
                entry["gap"] = json!({"durationHours": hours, "distanceKm": distance_km});
            }
        }
        entry
    };
    record.vessels.iter().enumerate().map(|(index, vessel)| entry(index, vessel)).collect()
}

fn vessel(vessel: &VesselRecord) -> Value {
    json!({
        "id": Value::Null,
        "name": vessel.name,
        "ssvid": format!("{:09}", vessel.mmsi),
        "flag": vessel.flag,
        "type": gfw_type(vessel),
    })
}

fn encounter_type(one: &VesselRecord, other: Option<&VesselRecord>) -> String {
    format!("{}-{}", gfw_type(one), other.map_or("other", gfw_type)).to_uppercase()
}

fn gfw_type(vessel: &VesselRecord) -> &'static str {
    match vessel.ship_type.as_deref() {
        Some("fishing") => "fishing",
        Some("tanker") => "bunker_or_tanker",
        Some("cargo") => "cargo",
        Some("passenger") => "passenger",
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{event, gap, provenance};

    #[test]
    fn an_encounter_is_an_entry_for_each_vessel() {
        let records = [event(), gap()].map(|event| EventRecord::new(&event, &provenance()));
        let mut written = Vec::new();
        write_gfw(&records, &mut written).unwrap();
        let entries: Value = serde_json::from_slice(&written).unwrap();
        let entries = entries["entries"].as_array().unwrap();
        assert_eq!(entries.len(), 3);
        assert_eq!(entries[0]["vessel"]["ssvid"], "311000222");
        assert_eq!(entries[0]["encounter"]["vessel"]["ssvid"], "538005541");
        assert_eq!(entries[0]["encounter"]["medianDistanceKilometers"], 0.129);
        assert_eq!(entries[1]["encounter"]["vessel"]["ssvid"], "311000222");
        assert_eq!(entries[2]["gap"]["durationHours"], 6.0);
    }
}
