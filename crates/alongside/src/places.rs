//! Ports and zones from files of the user's.
//!
//! Takes GeoJSON, in which points are ports and polygons are zones, named by a property such as `name`, and
//! CSV with columns for name, latitude and longitude, whose rows are ports.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::Path;

use anyhow::{Context, bail};
use detector::{Parameters, PlaceFile, Port, Zone};
use maritime::Position;
use serde_json::Value;

/// All coast lines of the world take less. What is longer is another file.
const BYTES_MAX: u64 = 256 << 20;
/// Longer names are cut: they are repeated in every event there.
const NAME_CHARS_MAX: usize = 100;
/// Properties of GeoJSON and columns of CSV that hold a name, the first one that is there.
const NAME_KEYS: [&str; 6] = ["name", "name_en", "port", "port_name", "title", "id"];
const LATITUDE_KEYS: [&str; 4] = ["lat", "latitude", "latitude_deg", "y"];
const LONGITUDE_KEYS: [&str; 6] = ["lon", "lng", "long", "longitude", "longitude_deg", "x"];

/// Reads the files that are named in `parameters` and not read yet, and `more`.
///
/// # Errors
///
/// A file that cannot be read, is neither GeoJSON nor CSV, or has no place in it; the message says which.
pub fn load(parameters: &mut Parameters, more: &[impl AsRef<Path>]) -> anyhow::Result<()> {
    let more = more.iter().map(|file| file.as_ref().display().to_string());
    let unread = |file| PlaceFile { file, ports: Vec::new(), zones: Vec::new() };
    parameters.place_files.extend(more.map(unread));
    for places in &mut parameters.place_files {
        if places.ports.is_empty() && places.zones.is_empty() {
            read(places).with_context(|| {
                format!("cannot use the places in {}", maritime::shown(&places.file))
            })?;
        }
    }
    Ok(())
}

fn read(places: &mut PlaceFile) -> anyhow::Result<()> {
    let mut text = String::new();
    let bytes = File::open(&places.file)?.take(BYTES_MAX + 1).read_to_string(&mut text)?;
    if bytes as u64 > BYTES_MAX {
        return Err(io::Error::new(ErrorKind::FileTooLarge, "it is longer than 256 MiB").into());
    }
    (places.ports, places.zones) = parse(&text)?;
    if places.ports.is_empty() && places.zones.is_empty() {
        bail!(
            "it has no place: expected GeoJSON with points or polygons, or CSV with name, lat and lon"
        );
    }
    Ok(())
}

fn parse(text: &str) -> anyhow::Result<(Vec<Port>, Vec<Zone>)> {
    let text = text.trim_start_matches('\u{feff}').trim_start();
    if !text.starts_with('{') {
        return Ok((read_table(text)?, Vec::new()));
    }
    let value: Value = serde_json::from_str(text).context("it is no JSON")?;
    let (mut ports, mut zones) = (Vec::new(), Vec::new());
    let features = match value["features"].as_array() {
        Some(features) => features.as_slice(),
        None => std::slice::from_ref(&value),
    };
    for (number, feature) in features.iter().enumerate() {
        read_feature(feature, number + 1, &mut ports, &mut zones)
            .with_context(|| format!("feature {} of it is no place", number + 1))?;
    }
    Ok((ports, zones))
}

fn read_feature(
    feature: &Value,
    number: usize,
    ports: &mut Vec<Port>,
    zones: &mut Vec<Zone>,
) -> anyhow::Result<()> {
    let geometry = feature.get("geometry").unwrap_or(feature);
    let coordinates = &geometry["coordinates"];
    let name = name(&feature["properties"], number);
    match geometry["type"].as_str() {
        Some("Point") => ports.push(Port { name, position: position(coordinates)? }),
        Some("MultiPoint") => {
            for point in list(coordinates)? {
                ports.push(Port { name: name.clone(), position: position(point)? });
            }
        }
        Some("Polygon") => zones.push(Zone { name, rings: rings(coordinates)? }),
        // Of parts that do not overlap, as the standard asks, a place is within one at most.
        Some("MultiPolygon") => {
            let parts: Vec<_> = list(coordinates)?.iter().map(rings).collect::<Result<_, _>>()?;
            zones.push(Zone { name, rings: parts.concat() });
        }
        // A feature without a geometry is one without a place, which GeoJSON allows.
        None if geometry.is_null() => {}
        found => bail!(
            "its geometry is {}: expected Point, MultiPoint, Polygon or MultiPolygon",
            maritime::shown(found.unwrap_or("missing"))
        ),
    }
    Ok(())
}

fn name(properties: &Value, number: usize) -> String {
    let known = properties.as_object().into_iter().flatten();
    let value = NAME_KEYS.iter().find_map(|key| {
        known.clone().find(|(known, _)| known.eq_ignore_ascii_case(key)).map(|(_, value)| value)
    });
    let name = match value {
        Some(Value::String(name)) if !name.trim().is_empty() => name.trim().to_owned(),
        Some(Value::Number(name)) => name.to_string(),
        _ => format!("place {number}"),
    };
    // It stands in lists that are taken apart at such.
    cut(&name.replace(char::is_control, " "))
}

fn cut(name: &str) -> String {
    name.chars().take(NAME_CHARS_MAX).collect()
}

fn rings(coordinates: &Value) -> anyhow::Result<Vec<Vec<[f64; 2]>>> {
    let ring = |ring: &Value| -> anyhow::Result<Vec<[f64; 2]>> {
        let points = list(ring)?.iter().map(|point| {
            let position = position(point)?;
            Ok([position.longitude_deg(), position.latitude_deg()])
        });
        let points: Vec<[f64; 2]> = points.collect::<anyhow::Result<_>>()?;
        if points.len() < 3 {
            bail!("a ring has {} points: expected at least 3", points.len());
        }
        Ok(points)
    };
    list(coordinates)?.iter().map(ring).collect()
}

fn list(value: &Value) -> anyhow::Result<&[Value]> {
    value.as_array().map(Vec::as_slice).context("expected a list of coordinates")
}

/// Longitude comes first.
fn position(point: &Value) -> anyhow::Result<Position> {
    let number = |at: usize| point.get(at).and_then(Value::as_f64);
    let (Some(longitude_deg), Some(latitude_deg)) = (number(0), number(1)) else {
        bail!("expected longitude and latitude");
    };
    Position::new(latitude_deg, longitude_deg).with_context(|| {
        format!(
            "{longitude_deg}, {latitude_deg} is nowhere: expected longitude and latitude in degrees"
        )
    })
}

fn read_table(text: &str) -> anyhow::Result<Vec<Port>> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text.as_bytes());
    let header = reader.headers()?.clone();
    let column = |keys: &[&str]| {
        let is = |key: &str| header.iter().position(|known| known.eq_ignore_ascii_case(key));
        keys.iter().find_map(|key| is(key))
    };
    let columns = (column(&NAME_KEYS), column(&LATITUDE_KEYS), column(&LONGITUDE_KEYS));
    let (Some(name), Some(latitude), Some(longitude)) = columns else {
        bail!("it is neither GeoJSON nor CSV with columns name, lat and lon");
    };
    let mut ports = Vec::new();
    for row in reader.records() {
        let row = row?;
        let line = row.position().map_or(0, |position| position.line());
        let degrees = |at: usize| row.get(at).and_then(|text| text.parse().ok());
        let place = degrees(latitude).zip(degrees(longitude));
        let position = place.and_then(|(latitude_deg, longitude_deg): (f64, f64)| {
            Position::new(latitude_deg, longitude_deg)
        });
        let position = position
            .with_context(|| format!("line {line}: expected latitude and longitude in degrees"))?;
        ports.push(Port { name: cut(row.get(name).unwrap_or_default()), position });
    }
    Ok(ports)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, ports: &[&str], zones: &[&str]) {
        let (found_ports, found_zones) = parse(text).unwrap();
        assert_eq!(found_ports.iter().map(|port| &*port.name).collect::<Vec<_>>(), ports);
        assert_eq!(found_zones.iter().map(|zone| &*zone.name).collect::<Vec<_>>(), zones);
    }

    #[track_caller]
    fn check_refused(text: &str, expected: &str) {
        let message = format!("{:#}", parse(text).unwrap_err());
        assert!(message.contains(expected), "{message}");
    }

    #[test]
    fn points_are_ports_and_polygons_are_zones() {
        let square = "[[[0,0],[1,0],[1,1],[0,0]]]";
        let text = format!(
            r#"{{"type":"FeatureCollection","features":[
            {{"type":"Feature","properties":{{"Name":"Haven"}},"geometry":{{"type":"Point","coordinates":[4.1,51.9]}}}},
            {{"type":"Feature","properties":{{"id":7}},"geometry":{{"type":"Polygon","coordinates":{square}}}}},
            {{"type":"Feature","properties":null,"geometry":{{"type":"MultiPolygon","coordinates":[{square}]}}}},
            {{"type":"Feature","properties":{{}},"geometry":null}}]}}"#
        );
        check(&text, &["Haven"], &["7", "place 3"]);
        check(r#"{"type":"Point","coordinates":[4.1,51.9]}"#, &["place 1"], &[]);
        let text = r#"{"type":"Feature","properties":{"name":"A\nB"},"geometry":{"type":"Point","coordinates":[4.1,51.9]}}"#;
        check(text, &["A B"], &[]);
    }

    #[test]
    fn rows_are_ports() {
        check("Name,Lat,Lon\n\"Haven, Old\", 51.9, 4.1\nB,-3,179.5\n", &["Haven, Old", "B"], &[]);
    }

    #[test]
    fn what_is_no_place_is_refused_with_its_number() {
        check_refused("a,b\n1,2\n", "columns name, lat and lon");
        check_refused("name,lat,lon\nA,91,0\n", "line 2: expected latitude");
        check_refused("{", "no JSON");
        check_refused(r#"{"type":"LineString","coordinates":[[0,0],[1,1]]}"#, "feature 1");
        check_refused(r#"{"type":"Point","coordinates":[51.9,104.1]}"#, "is nowhere");
    }
}
