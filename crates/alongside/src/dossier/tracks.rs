//! The positions of the vessels of an event, for maps and spreadsheets.

use std::io;

use maritime::{EventVessel, PositionFix, shown};
use serde_json::{Value, json};
use sink::write_guarded_csv;

use super::basis::Basis;
use super::basis::instant;
use super::deriving::Derived;

/// All that the vessels of the event sent within the time that was kept, by vessel and time.
fn fixes<'a>(
    basis: &Basis,
    derived: &'a Derived,
) -> anyhow::Result<Vec<(&'a EventVessel, Vec<&'a PositionFix>)>> {
    let since = instant(&basis.origin.kept.since)?;
    let until = instant(&basis.origin.kept.until)?;
    let of = |vessel: &'a EventVessel| (vessel, derived.track(vessel.mmsi, since, until).collect());
    Ok(derived.event.vessels.iter().map(of).collect())
}

/// A row for each position. Texts that a spreadsheet would take for formulas are guarded.
///
/// # Errors
///
/// The origin has no times.
pub fn csv(basis: &Basis, derived: &Derived) -> anyhow::Result<Vec<u8>> {
    let header = [
        "mmsi",
        "name",
        "observed_at",
        "latitude_deg",
        "longitude_deg",
        "speed_knots",
        "course_deg",
        "heading_deg",
        "receiver",
    ];
    let mut rows = vec![header.map(String::from).to_vec()];
    for (vessel, fixes) in fixes(basis, derived)? {
        let name = vessel.identity.name.map(|name| name.as_str().to_owned()).unwrap_or_default();
        for fix in fixes {
            let number =
                |value: Option<f32>| value.map(|value| format!("{value:.1}")).unwrap_or_default();
            let receiver = fix.station.and_then(|station| derived.receivers.get(&station));
            rows.push(vec![
                fix.mmsi.get().to_string(),
                name.clone(),
                fix.observed_at.to_string(),
                format!("{:.6}", fix.position.latitude_deg()),
                format!("{:.6}", fix.position.longitude_deg()),
                number(fix.speed_knots),
                number(fix.course_deg),
                number(fix.heading_deg),
                receiver.cloned().unwrap_or_default(),
            ]);
        }
    }
    let mut bytes = Vec::new();
    write_guarded_csv(&rows, &mut bytes).map_err(|error: io::Error| anyhow::anyhow!(error))?;
    Ok(bytes)
}

/// A line for each vessel (several pieces where it crosses the 180th meridian), with the times of its points, and a
/// point for the event.
///
/// # Errors
///
/// The origin has no times.
pub fn geojson(basis: &Basis, derived: &Derived) -> anyhow::Result<Vec<u8>> {
    let record = &derived.record;
    let mut features = vec![json!({
        "type": "Feature",
        "id": record.id,
        "geometry": { "type": "Point", "coordinates": [record.longitude_deg, record.latitude_deg] },
        "properties": {
            "kind": record.kind,
            "started_at": record.started_at.to_string(),
            "ended_at": record.ended_at.to_string(),
        },
    })];
    for (vessel, fixes) in fixes(basis, derived)? {
        let mut pieces: Vec<Vec<Value>> = Vec::new();
        let mut times: Vec<Vec<String>> = Vec::new();
        let mut last_deg = None;
        for fix in fixes {
            let (latitude_deg, longitude_deg) =
                (fix.position.latitude_deg(), fix.position.longitude_deg());
            let crosses =
                last_deg.is_some_and(|last_deg: f64| (longitude_deg - last_deg).abs() > 180.0);
            if crosses || pieces.is_empty() {
                pieces.push(Vec::new());
                times.push(Vec::new());
            }
            last_deg = Some(longitude_deg);
            let rounded = |degrees: f64| (degrees * 1e6).round() / 1e6;
            pieces
                .last_mut()
                .expect("there is one")
                .push(json!([rounded(longitude_deg), rounded(latitude_deg)]));
            times.last_mut().expect("there is one").push(fix.observed_at.to_string());
        }
        // A line has two points at least (RFC 7946, 3.1.4).
        for piece in pieces.iter_mut().filter(|piece| piece.len() == 1) {
            piece.push(piece[0].clone());
        }
        features.push(json!({
            "type": "Feature",
            "geometry": { "type": "MultiLineString", "coordinates": pieces },
            "properties": {
                "mmsi": vessel.mmsi.get(),
                "name": vessel.identity.name.map(|name| shown(name.as_str())),
                "times": times,
            },
        }));
    }
    let mut bytes = b"{\"type\":\"FeatureCollection\",\"features\":[\n".to_vec();
    for (index, feature) in features.iter().enumerate() {
        if index > 0 {
            bytes.extend(b",\n");
        }
        serde_json::to_writer(&mut bytes, feature).expect("a vector takes all");
    }
    bytes.extend(b"\n]}\n");
    Ok(bytes)
}
