//! Watchlists and zones of the reader's own.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use serde_json::{Value, json};
use sink::StoreError;
use sink::reading::{Lists, Reader, StoredList, WatchSet, ZoneShape};

use crate::access::{Caller, Role};
use crate::answer::{self, Answer, Refusal};
use crate::server::Server;

/// Reads a watchlist of that name: CSV or JSON in, or what is wrong with it.
pub(crate) type ReadWatchlist = Arc<dyn Fn(&str, &str) -> Result<WatchSet, String> + Send + Sync>;

const WATCHLIST: &str = "watchlist";
const ZONE: &str = "zone";
/// Of a kind.
const LISTS_MAX: usize = 200;
/// Of all lists of a kind together: they are in memory, and each event is compared with each of them.
const LISTS_BYTES_MAX: usize = 64 << 20;
/// Of all zones together.
const ZONES_CORNERS_MAX: usize = 200_000;
/// A zone with more is a coast line, and each event is compared with each corner.
const CORNERS_MAX: usize = 20_000;
const NAME_CHARS_MAX: usize = 80;

/// All that are kept. What cannot be read any more is left out, and said.
pub(crate) fn read(reader: &Reader, read_watchlist: &ReadWatchlist) -> Result<Lists, StoreError> {
    let mut lists = Lists::default();
    for list in reader.stored_lists(WATCHLIST)? {
        match read_watchlist(&list.name, &list.body) {
            Ok(set) => {
                lists.watchlists.insert(list.name, set);
            }
            Err(reason) => tracing::warn!(list = list.name, reason, "a watchlist cannot be read"),
        }
    }
    for list in reader.stored_lists(ZONE)? {
        match parse_zone(&list.body) {
            Ok(shape) => {
                lists.zones.insert(list.name, shape);
            }
            Err(reason) => tracing::warn!(zone = list.name, reason, "a zone cannot be read"),
        }
    }
    Ok(lists)
}

pub(crate) async fn watchlists(State(server): State<Arc<Server>>) -> Answer {
    let stored = server.store.read(|reader| reader.stored_lists(WATCHLIST)).await?;
    let lists = server.store.lists();
    let lists: Vec<Value> = stored
        .iter()
        .map(|list| {
            let set = lists.watchlists.get(&list.name).cloned().unwrap_or_default();
            json!({
                "name": list.name,
                "entries": set.mmsis.len().max(set.imos.len()).max(set.names.len()),
                "mmsis": set.mmsis.len(), "imos": set.imos.len(), "names": set.names.len(),
                "changed_at": list.changed_at, "changed_by": list.changed_by,
            })
        })
        .collect();
    Ok(answer::value(&json!({"watchlists": lists})))
}

pub(crate) async fn put_watchlist(
    State(server): State<Arc<Server>>,
    caller: Caller,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: String,
) -> Answer {
    server.check_change(&caller, &headers, Role::Analyst)?;
    let name = checked_name(&name)?;
    let set = (server.store.read_watchlist())(&name, &body).map_err(|reason| {
        Refusal::bad(format!(
            "{reason}: expected CSV with a column imo, mmsi, callsign or name, or JSON of vessels"
        ))
    })?;
    let count = set.mmsis.len().max(set.imos.len()).max(set.names.len());
    keep(&server, &caller, WATCHLIST, name.clone(), body).await?;
    Ok(answer::value(&json!({"name": name, "entries": count})))
}

pub(crate) async fn delete_watchlist(
    State(server): State<Arc<Server>>,
    caller: Caller,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Answer {
    delete(server, caller, headers, WATCHLIST, name).await
}

pub(crate) async fn zones(State(server): State<Arc<Server>>) -> Answer {
    let stored = server.store.read(|reader| reader.stored_lists(ZONE)).await?;
    let mut features = Vec::new();
    for list in stored {
        let Ok(body) = serde_json::from_str::<Value>(&list.body) else { continue };
        for geometry in geometries(&body) {
            features.push(json!({
                "type": "Feature",
                "properties": {
                    "name": list.name, "changed_at": list.changed_at, "changed_by": list.changed_by,
                },
                "geometry": geometry,
            }));
        }
    }
    Ok(answer::value(&json!({"type": "FeatureCollection", "features": features})))
}

pub(crate) async fn put_zone(
    State(server): State<Arc<Server>>,
    caller: Caller,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: String,
) -> Answer {
    server.check_change(&caller, &headers, Role::Analyst)?;
    let name = checked_name(&name)?;
    parse_zone(&body).map_err(Refusal::bad)?;
    keep(&server, &caller, ZONE, name.clone(), body).await?;
    Ok(answer::value(&json!({"name": name})))
}

pub(crate) async fn delete_zone(
    State(server): State<Arc<Server>>,
    caller: Caller,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Answer {
    delete(server, caller, headers, ZONE, name).await
}

async fn keep(
    server: &Arc<Server>,
    caller: &Caller,
    kind: &'static str,
    name: String,
    body: String,
) -> Answer<()> {
    let (store, by, at) = (server.store.clone(), caller.name(), server.now());
    let kept = server.store.with(move |reader| {
        // Before the store is locked: to read a zone takes a while.
        let sizes = Sizes::new(kind, &reader.stored_lists(kind)?);
        let size = sizes.of(&body);
        let fits = |others: &[StoredList]| check_room(others, body.len(), size, &sizes);
        let kept = reader.store_list(kind, &name, &body, at, &by, fits)?;
        if kept.is_ok() {
            reader.audit(at, &by, &format!("put {kind}"), &name)?;
            store.read_lists(reader)?;
        }
        Ok(kept)
    });
    kept.await?.map_err(Refusal::bad)
}

/// Corners of the zones that are there, by name and time of change; nothing of watchlists.
struct Sizes(Option<HashMap<(String, String), usize>>);

impl Sizes {
    fn new(kind: &str, lists: &[StoredList]) -> Self {
        let size = |list: &StoredList| (key(list), zone_corners(&list.body));
        Sizes((kind == ZONE).then(|| lists.iter().map(size).collect()))
    }

    fn of(&self, body: &str) -> usize {
        self.0.as_ref().map_or(0, |_| zone_corners(body))
    }

    /// Whoever came meanwhile is read now.
    fn of_list(&self, list: &StoredList) -> usize {
        let known = self.0.as_ref().map(|sizes| sizes.get(&key(list)).copied());
        known.map_or(0, |known| known.unwrap_or_else(|| zone_corners(&list.body)))
    }
}

fn key(list: &StoredList) -> (String, String) {
    (list.name.clone(), list.changed_at.clone())
}

fn zone_corners(body: &str) -> usize {
    parse_zone(body).map_or(0, |zone| corners(&zone))
}

/// Whether there is room for one more, of so many bytes and corners, beside the others of its kind.
fn check_room(
    others: &[StoredList],
    bytes: usize,
    size: usize,
    sizes: &Sizes,
) -> Result<(), String> {
    if others.len() >= LISTS_MAX {
        return Err(format!("there are {LISTS_MAX} already: delete one first"));
    }
    let bytes = bytes + others.iter().map(|list| list.body.len()).sum::<usize>();
    if bytes > LISTS_BYTES_MAX {
        let (bytes, most) = (bytes >> 20, LISTS_BYTES_MAX >> 20);
        return Err(format!(
            "all of a kind would have {bytes} MB: at most {most}; delete one first"
        ));
    }
    let corners = size + others.iter().map(|list| sizes.of_list(list)).sum::<usize>();
    if corners > ZONES_CORNERS_MAX {
        return Err(format!(
            "all zones would have {corners} corners: at most {ZONES_CORNERS_MAX}; delete one first"
        ));
    }
    Ok(())
}

fn corners(zone: &ZoneShape) -> usize {
    zone.rings.iter().map(Vec::len).sum()
}

async fn delete(
    server: Arc<Server>,
    caller: Caller,
    headers: HeaderMap,
    kind: &'static str,
    name: String,
) -> Answer {
    server.check_change(&caller, &headers, Role::Analyst)?;
    let (store, by, at, of) = (server.store.clone(), caller.name(), server.now(), name.clone());
    let deleted = server.store.with(move |reader| {
        let deleted = reader.delete_list(kind, &of)?;
        if deleted {
            reader.audit(at, &by, &format!("delete {kind}"), &of)?;
            store.read_lists(reader)?;
        }
        Ok(deleted)
    });
    match deleted.await? {
        true => Ok(StatusCode::NO_CONTENT.into_response()),
        false => Err(Refusal::absent(format!("there is no {kind} {:?}", maritime::shown(&name)))),
    }
}

fn checked_name(name: &str) -> Answer<String> {
    let name = name.trim();
    let fits = (1..=NAME_CHARS_MAX).contains(&name.chars().count())
        && name.chars().all(|c| maritime::is_seen(c) && !matches!(c, '|' | ','));
    let expected = "a name has 1 to 80 characters, and no comma, bar or control character";
    fits.then(|| name.to_owned()).ok_or_else(|| Refusal::bad(expected))
}

/// The areas of GeoJSON, whatever is around them.
fn geometries(value: &Value) -> Vec<&Value> {
    match value["type"].as_str() {
        Some("FeatureCollection") => {
            value["features"].as_array().into_iter().flatten().flat_map(geometries).collect()
        }
        Some("Feature") => geometries(&value["geometry"]),
        Some("Polygon" | "MultiPolygon") => vec![value],
        _ => Vec::new(),
    }
}

fn parse_zone(body: &str) -> Result<ZoneShape, String> {
    let value: Value =
        serde_json::from_str(body).map_err(|error| format!("this is no JSON: {error}"))?;
    let mut shape = ZoneShape::default();
    for geometry in geometries(&value) {
        let coordinates = &geometry["coordinates"];
        let polygons: Vec<&Value> = match geometry["type"].as_str() {
            Some("Polygon") => vec![coordinates],
            _ => coordinates.as_array().into_iter().flatten().collect(),
        };
        for ring in
            polygons.into_iter().flat_map(|polygon| polygon.as_array().into_iter().flatten())
        {
            let corners = ring.as_array().map(Vec::as_slice).unwrap_or_default();
            let ring: Option<Vec<[f64; 2]>> = corners.iter().map(corner).collect();
            let ring = ring.filter(|ring| ring.len() >= 3);
            shape.rings.push(ring.ok_or(
                "a ring has three corners or more, each [longitude, latitude] in degrees",
            )?);
        }
    }
    if shape.rings.is_empty() {
        return Err(
            "there is no area in it: expected GeoJSON with a Polygon or MultiPolygon".into()
        );
    }
    match corners(&shape) {
        0..=CORNERS_MAX => Ok(shape),
        count => Err(format!("it has {count} corners: at most {CORNERS_MAX}")),
    }
}

fn corner(value: &Value) -> Option<[f64; 2]> {
    let (x, y) = (value.get(0)?.as_f64()?, value.get(1)?.as_f64()?);
    (x.abs() <= 540.0 && y.abs() <= 90.0).then_some([x, y])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn areas_are_found_in_every_form_of_geojson() {
        let ring = "[[0,0],[1,0],[1,1],[0,0]]";
        let polygon = format!("{{\"type\":\"Polygon\",\"coordinates\":[{ring}]}}");
        let feature =
            format!("{{\"type\":\"Feature\",\"properties\":{{}},\"geometry\":{polygon}}}");
        let collection =
            format!("{{\"type\":\"FeatureCollection\",\"features\":[{feature},{feature}]}}");
        let multi = format!("{{\"type\":\"MultiPolygon\",\"coordinates\":[[{ring}],[{ring}]]}}");
        for (body, rings) in [(polygon, 1), (feature, 1), (collection, 2), (multi, 2)] {
            assert_eq!(parse_zone(&body).unwrap().rings.len(), rings, "{body}");
        }
    }

    /// With the first of the others known before, and the rest come meanwhile.
    fn check_room(kind: &str, others: &[StoredList], body: &str) -> Result<(), String> {
        let sizes = Sizes::new(kind, &others[..others.len().min(1)]);
        super::check_room(others, body.len(), sizes.of(body), &sizes)
    }

    #[test]
    fn lists_have_a_bound_together() {
        let list = |body: String| StoredList {
            name: "x".into(),
            body,
            changed_at: String::new(),
            changed_by: String::new(),
        };
        let large = [list("x".repeat(40 << 20)), list("x".repeat(20 << 20))];
        assert!(check_room(WATCHLIST, &large, &"x".repeat(1 << 20)).is_ok());
        assert!(check_room(WATCHLIST, &large, &"x".repeat(5 << 20)).unwrap_err().contains("65 MB"));
        let corners: Vec<String> =
            (0..19_000).map(|i| format!("[{},1]", f64::from(i) / 200.0)).collect();
        let zone = format!("{{\"type\":\"Polygon\",\"coordinates\":[[{}]]}}", corners.join(","));
        let zones = vec![list(zone.clone()); 10];
        assert!(check_room(ZONE, &zones[..9], &zone).is_ok());
        assert!(check_room(ZONE, &zones, &zone).unwrap_err().contains("209000 corners"));
        let many = vec![list(String::new()); LISTS_MAX];
        assert!(check_room(WATCHLIST, &many, "").unwrap_err().contains("200 already"));
    }

    #[test]
    fn what_is_no_area_is_refused() {
        for body in [
            "",
            "[]",
            "{\"type\":\"Point\",\"coordinates\":[0,0]}",
            "{\"type\":\"Polygon\",\"coordinates\":[[[0,0],[1,0]]]}",
            "{\"type\":\"Polygon\",\"coordinates\":[[[0,0],[1,0],[1,\"x\"]]]}",
            "{\"type\":\"Polygon\",\"coordinates\":[[[0,0],[1,0],[1,95]]]}",
        ] {
            assert!(parse_zone(body).is_err(), "{body}");
        }
        assert!(checked_name("../../etc/passwd").is_ok(), "a name is no path here");
        for name in ["", " ", "a,b", "a|b", "a\u{202e}b", &"x".repeat(81)] {
            assert!(checked_name(name).is_err(), "{name}");
        }
    }
}
