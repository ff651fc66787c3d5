//! Events, vessels, and how it goes.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use maritime::{Position, Timestamp, TrackPoint};
use serde::Deserialize;
use serde_json::{Value, json};
use sink::reading::{
    Cursor, Feed, Mark, Network, Order, ReviewState, StoredIdentity, StoredTrack, StoredVessel,
    VesselFilter,
};

use crate::access::{Caller, Role};
use crate::answer::{self, Answer, Refusal, array, checked};
use crate::blocking::on_a_thread;
use crate::page;
use crate::query::{Query, parse, unexpected};
use crate::server::Server;

/// Points of a map: more are a fog.
const MARKS_MAX: usize = 100_000;
/// What is before them.
const MAP_BEGIN: &[u8] =
    br#"{"fields":["id","longitude_deg","latitude_deg","score","kind","class","started_at_ms","state"],"rows":["#;
/// Of a track that is thinned.
const THIN_POINTS_MAX: usize = 64;
/// Of a note.
const NOTE_CHARS_MAX: usize = 10_000;
/// A feed whose newest stored position is older than that is silent: it comes by Kafka, and in blocks.
const SILENT_AFTER_S: f64 = 900.0;
/// What an audit shows.
const AUDITED_MAX: usize = 1000;

pub(crate) async fn events(State(server): State<Arc<Server>>, RawQuery(query): RawQuery) -> Answer {
    let mut query = Query::new(query.as_deref())?;
    let filter = query.take_filter()?;
    let order = match query.take("order") {
        None => Order::default(),
        Some(name) => Order::of_name(&name)
            .ok_or_else(|| unexpected("order", &name, "score, -score, time or -time"))?,
    };
    let limit = query.take_limit()?;
    let after = query.take("cursor").map(|text| {
        let cursor = text.parse().ok().filter(|cursor: &Cursor| cursor.order() == order);
        cursor.ok_or_else(|| unexpected("cursor", &text, "`next` of a page in the same order"))
    });
    let after = after.transpose()?;
    query.finish()?;
    let page =
        server.store.read(move |reader| reader.events(&filter, order, limit, after.as_ref()));
    let page = page.await?;
    let next = json!(page.next.map(|cursor| cursor.to_string()));
    let (events, total) = (array(&page.events), page.total);
    Ok(answer::text(format!("{{\"events\":{events},\"next\":{next},\"total\":{total}}}")))
}

pub(crate) async fn map(State(server): State<Arc<Server>>, RawQuery(query): RawQuery) -> Answer {
    let mut query = Query::new(query.as_deref())?;
    let filter = query.take_filter()?;
    query.finish()?;
    let map = server.store.read(move |reader| {
        let mut map = Vec::from(MAP_BEGIN);
        let truncated = reader.map(&filter, MARKS_MAX, |mark| {
            if map.len() > MAP_BEGIN.len() {
                map.push(b',');
            }
            let Mark { id, longitude_deg, latitude_deg, score, kind, class, started_at_ms, state } =
                mark;
            let row = (id, longitude_deg, latitude_deg, score, kind, class, started_at_ms, state);
            serde_json::to_writer(&mut map, &row).expect("a vector takes what is written to it");
        })?;
        map.extend_from_slice(format!("],\"truncated\":{truncated}}}").as_bytes());
        Ok(map)
    });
    Ok(answer::text(map.await?))
}

pub(crate) async fn facets(State(server): State<Arc<Server>>, RawQuery(query): RawQuery) -> Answer {
    let mut query = Query::new(query.as_deref())?;
    let filter = query.take_filter()?;
    query.finish()?;
    let facets = server.store.read(move |reader| reader.facets(&filter)).await?;
    Ok(answer::value(&json!({
        "kinds": facets.kinds, "classes": facets.classes, "profiles": facets.profiles,
        "flags": facets.flags, "types": facets.types, "states": facets.states,
        "zones": facets.zones, "watchlists": facets.watchlists,
    })))
}

pub(crate) async fn event(State(server): State<Arc<Server>>, Path(id): Path<String>) -> Answer {
    let of = id.clone();
    let case = server.store.read(move |reader| reader.case(&of)).await?;
    let case = case.ok_or_else(|| no_event(&id))?;
    let versions: Vec<String> = case
        .versions
        .iter()
        .filter_map(|version| {
            let (number, state) = (version.version, json!(version.state));
            let (as_of, record) = (json!(version.as_of), checked(&version.record)?);
            Some(format!(
                "{{\"version\":{number},\"state\":{state},\"as_of\":{as_of},\"record\":{record}}}"
            ))
        })
        .collect();
    let run = case.run.map(|run| {
        let inputs: Value = serde_json::from_str(&run.inputs).unwrap_or_default();
        json!({
            "run_id": run.run_id, "started_at": run.started_at,
            "software_version": run.software_version, "parameters_hash": run.parameters_hash,
            "parameters": run.parameters, "inputs": inputs, "selection": run.selection,
        })
    });
    let reviews: Vec<Value> = case.reviews.iter().map(answer::review).collect();
    let record = answer::with_review(&case.listed)
        .ok_or_else(|| Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, "the record is damaged"))?;
    Ok(answer::text(format!(
        "{{\"event\":{record},\"review\":{},\"reviews\":{},\"versions\":[{}],\"run\":{}}}",
        answer::review(&case.listed.review),
        json!(reviews),
        versions.join(","),
        json!(run)
    )))
}

pub(crate) async fn tracks(
    State(server): State<Arc<Server>>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Answer {
    let mut query = Query::new(query.as_deref())?;
    let thin = match query.take("detail").as_deref() {
        None | Some("full") => false,
        Some("thin") => true,
        Some(other) => return Err(unexpected("detail", other, "full or thin")),
    };
    query.finish()?;
    let of = id.clone();
    let found = server.store.read(move |reader| {
        let Some(case) = reader.case(&of)? else { return Ok(None) };
        Ok(Some((case.listed.record, reader.tracks(&of)?)))
    });
    let (record, tracks) = found.await?.ok_or_else(|| no_event(&id))?;
    let record: Value = serde_json::from_str(&record).unwrap_or_default();
    let ends: Vec<Timestamp> = tracks
        .iter()
        .flat_map(|track| track.points.first().into_iter().chain(track.points.last()))
        .map(|point| point.observed_at)
        .collect();
    let or = |at: Option<&Timestamp>, name: &str| match at {
        Some(at) => json!(at.to_string()),
        None => record[name].clone(),
    };
    let told: Vec<Value> = tracks.iter().map(|track| told_track(track, &record, thin)).collect();
    let distance = match tracks.as_slice() {
        [a, b] => distances(&a.points, &b.points),
        _ => Vec::new(),
    };
    Ok(answer::value(&json!({
        "from": or(ends.iter().min(), "started_at"),
        "until": or(ends.iter().max(), "ended_at"),
        "tracks": told,
        "distance": distance,
    })))
}

fn told_track(track: &StoredTrack, record: &Value, thin: bool) -> Value {
    let vessels = record["vessels"].as_array().into_iter().flatten();
    let vessel = vessels.into_iter().find(|vessel| vessel["mmsi"] == track.mmsi);
    let of_vessel = |name: &str| vessel.map_or(Value::Null, |vessel| vessel[name].clone());
    let antenna = track.antenna_m.map(|[bow, stern, port, starboard]| {
        json!({"to_bow_m": bow, "to_stern_m": stern, "to_port_m": port, "to_starboard_m": starboard})
    });
    let step = match thin {
        true => track.points.len().div_ceil(THIN_POINTS_MAX).max(1),
        false => 1,
    };
    let last = track.points.len().saturating_sub(1);
    let kept = track.points.iter().enumerate().filter(|(i, _)| i % step == 0 || *i == last);
    let points: Vec<Value> = kept.map(|(_, point)| told_point(point)).collect();
    let bridged: Vec<[i64; 2]> = track
        .points
        .windows(2)
        .filter(|pair| pair[1].ends_silence)
        .map(|pair| [pair[0].observed_at.as_millis(), pair[1].observed_at.as_millis()])
        .collect();
    json!({
        "mmsi": track.mmsi, "name": track.name,
        "length_m": of_vessel("length_m"), "beam_m": of_vessel("beam_m"),
        "antenna": antenna, "points": points, "bridged": bridged,
    })
}

fn told_point(point: &TrackPoint) -> Value {
    let rounded = |degrees: f64| (degrees * 1e6).round() / 1e6;
    // Tenths in 32 bits are no tenths in 64.
    let tenths =
        |number: Option<f32>| number.map(|number| (f64::from(number) * 10.0).round() / 10.0);
    json!([
        point.observed_at.as_millis(),
        rounded(point.position.longitude_deg()),
        rounded(point.position.latitude_deg()),
        tenths(point.speed_knots),
        tenths(point.course_deg),
        tenths(point.heading_deg),
    ])
}

/// At every report of either, while both are under way from one report to another.
fn distances(a: &[TrackPoint], b: &[TrackPoint]) -> Vec<(i64, f64)> {
    let mut instants: Vec<i64> =
        a.iter().chain(b).map(|point| point.observed_at.as_millis()).collect();
    instants.sort_unstable();
    instants.dedup();
    let mut ways = [Way { points: a, next: 0 }, Way { points: b, next: 0 }];
    let at = |at: i64| {
        let [a, b] = ways.each_mut().map(|way| way.at(at));
        let (a, b) = (a?, b?);
        let squared: f64 = (0..3).map(|i| (a[i] - b[i]) * (a[i] - b[i])).sum();
        Some((at, (squared.sqrt() * 10.0).round() / 10.0))
    };
    instants.into_iter().filter_map(at).collect()
}

struct Way<'a> {
    points: &'a [TrackPoint],
    next: usize,
}

impl Way<'_> {
    /// Earth-centred, in metres; asked for in order of time.
    fn at(&mut self, at: i64) -> Option<[f64; 3]> {
        while self.points.get(self.next)?.observed_at.as_millis() < at {
            self.next += 1;
        }
        let to = &self.points[self.next];
        let to_at = to.observed_at.as_millis();
        if to_at == at {
            return Some(to.position.to_ecef_m());
        }
        let from = self.points.get(self.next.checked_sub(1)?)?;
        let from_at = from.observed_at.as_millis();
        let share = (at - from_at) as f64 / (to_at - from_at) as f64;
        // Between degrees and not through the earth, as the legs of the detector are.
        let turn = from.position.longitude_deg() - to.position.longitude_deg();
        let turn = 360.0 * (turn / 360.0).round();
        let between = |from: f64, to: f64| from + share * (to - from);
        let longitude_deg =
            between(from.position.longitude_deg(), to.position.longitude_deg() + turn);
        let longitude_deg = (longitude_deg + 540.0).rem_euclid(360.0) - 180.0;
        let latitude_deg = between(from.position.latitude_deg(), to.position.latitude_deg());
        Position::new(latitude_deg, longitude_deg).map(Position::to_ecef_m)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReviewRequest {
    state: String,
    #[serde(default)]
    note: String,
}

pub(crate) async fn review(
    State(server): State<Arc<Server>>,
    caller: Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: String,
) -> Answer {
    server.check_change(&caller, &headers, Role::Analyst)?;
    let ReviewRequest { state, note } = serde_json::from_str(&body).map_err(|error| {
        Refusal::bad(format!("expected {{\"state\":\"…\",\"note\":\"…\"}}: {error}"))
    })?;
    let state = ReviewState::of_name(&state)
        .ok_or_else(|| unexpected("state", &state, "new, reviewing, dismissed or confirmed"))?;
    if note.chars().count() > NOTE_CHARS_MAX {
        return Err(Refusal::bad(format!("a note has at most {NOTE_CHARS_MAX} characters")));
    }
    let (at, by, of) = (server.now(), caller.name(), id.clone());
    let done = server.store.with(move |reader| reader.review(&of, state, &note, at, &by)).await?;
    done.map(|done| answer::value(&answer::review(&done))).ok_or_else(|| no_event(&id))
}

pub(crate) async fn dossier(
    State(server): State<Arc<Server>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Answer {
    server.check_role(&caller, Role::Analyst)?;
    let of = id.clone();
    let known = server.store.read(move |reader| reader.case(&of)).await?;
    known.ok_or_else(|| no_event(&id))?;
    let Some(make) = server.options.dossier.clone() else {
        return Err(Refusal::new(
            StatusCode::NOT_IMPLEMENTED,
            "the raw sentences are not at hand here: `alongside dossier` makes one beside the recording",
        ));
    };
    let permit = server.may_export()?;
    let (at, by, subject) = (server.now(), caller.name(), id.clone());
    server.store.with(move |reader| reader.audit(at, &by, "dossier", &subject)).await?;
    let of = id.clone();
    let made = on_a_thread(move || {
        let _permit = permit;
        make(&of)
    })
    .await;
    let zip = made.unwrap_or_else(|_| Err("making it has failed".into()));
    let zip = zip.map_err(|reason| Refusal::new(StatusCode::NOT_IMPLEMENTED, reason))?;
    Ok(attachment(Body::from(zip), "application/zip", &format!("{}.zip", plain(&id))))
}

/// A file that a browser saves.
pub(crate) fn attachment(body: Body, kind: &'static str, name: &str) -> Response {
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    let disposition = format!("attachment; filename=\"{name}\"");
    let disposition = HeaderValue::from_str(&disposition).expect("a name of ours is ASCII");
    headers.insert(header::CONTENT_DISPOSITION, disposition);
    response
}

/// What an id is made of.
fn plain(id: &str) -> String {
    id.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').take(100).collect()
}

pub(crate) async fn vessels(
    State(server): State<Arc<Server>>,
    RawQuery(query): RawQuery,
) -> Answer {
    let mut query = Query::new(query.as_deref())?;
    let filter = VesselFilter {
        text: query.take_text()?,
        flags: query.take_list("flag")?,
        types: query.take_list("type")?,
    };
    let limit = query.take_limit()?;
    let after = query.take_as("cursor", "`next` of a page")?;
    query.finish()?;
    let (vessels, next) =
        server.store.read(move |reader| reader.vessels(&filter, limit, after)).await?;
    let vessels: Vec<Value> = vessels.iter().map(told_vessel).collect();
    let next = next.map(|mmsi| mmsi.to_string());
    Ok(answer::value(&json!({"vessels": vessels, "next": next})))
}

pub(crate) async fn vessel(State(server): State<Arc<Server>>, Path(mmsi): Path<String>) -> Answer {
    let mmsi: u32 = parse("the number of a vessel", &mmsi, "an MMSI")?;
    let found = server.store.read(move |reader| reader.vessel(mmsi)).await?;
    let (vessel, identities, events) =
        found.ok_or_else(|| Refusal::absent(format!("there is no vessel {mmsi}")))?;
    let identities: Vec<Value> = identities.iter().map(told_identity).collect();
    Ok(answer::text(format!(
        "{{\"vessel\":{},\"identities\":{},\"events\":{}}}",
        told_vessel(&vessel),
        json!(identities),
        array(&events)
    )))
}

fn told_vessel(vessel: &StoredVessel) -> Value {
    let mut told = told_identity(&vessel.identity);
    told["mmsi"] = vessel.identity.mmsi.into();
    told["positions"] = vessel.positions.into();
    told["events"] = vessel.events.into();
    told
}

fn told_identity(identity: &StoredIdentity) -> Value {
    json!({
        "imo": identity.imo, "name": identity.name, "callsign": identity.callsign,
        "flag": identity.flag, "type": identity.ship_type, "length_m": identity.length_m,
        "beam_m": identity.beam_m, "first_heard_at": identity.first_heard_at,
        "last_heard_at": identity.last_heard_at,
    })
}

pub(crate) async fn network(
    State(server): State<Arc<Server>>,
    RawQuery(query): RawQuery,
) -> Answer {
    let mut query = Query::new(query.as_deref())?;
    let depth: Option<u8> = query.take_as("depth", "1, 2 or 3")?;
    if depth.is_some_and(|depth| !(1..=3).contains(&depth)) {
        return Err(unexpected("depth", depth.unwrap_or_default(), "1, 2 or 3"));
    }
    let filter = query.take_filter()?;
    query.finish()?;
    // One number alone, or with a depth, is the middle of it.
    let is_around = matches!(filter.mmsis.as_slice(), [_]);
    if depth.is_some() && !is_around {
        return Err(Refusal::bad("depth needs one mmsi, around which to look"));
    }
    let network = server.store.read(move |reader| match filter.mmsis.as_slice() {
        [mmsi] => reader.network_around(*mmsi, depth.unwrap_or(1)),
        _ => reader.network(&filter),
    });
    Ok(answer::value(&told_network(&network.await?)))
}

fn told_network(network: &Network) -> Value {
    let nodes = network.nodes.iter().map(|node| {
        json!({"mmsi": node.mmsi, "name": node.name, "flag": node.flag, "type": node.ship_type,
               "events": node.events})
    });
    let links = network.links.iter().map(|link| {
        json!({"a": link.a, "b": link.b, "events": link.ids.len(), "score_max": link.score_max,
               "last_at": Timestamp::from_millis(link.last_at_ms).to_string(), "ids": link.ids})
    });
    json!({"nodes": nodes.collect::<Vec<_>>(), "links": links.collect::<Vec<_>>(),
           "truncated": network.truncated})
}

pub(crate) async fn health(State(server): State<Arc<Server>>) -> Answer {
    let read = server.store.read(|reader| Ok((reader.summary()?, reader.feeds()?)));
    let (summary, feeds) = read.await?;
    let mut health = match &server.options.health {
        Some(health) => health(),
        None => {
            let now = server.now();
            let sources: Vec<Value> = feeds.iter().map(|feed| told_feed(feed, now)).collect();
            json!({"sources": sources, "sinks": []})
        }
    };
    health["store"] = json!({
        "kind": server.store.place().kind(), "path": place_name(&server), "events": summary.events,
        "last_change": summary.last_change,
    });
    Ok(answer::value(&health))
}

/// As far as the store tells of what fills it.
fn told_feed(feed: &Feed, now: Timestamp) -> Value {
    let lag_s = now.millis_since(feed.last_observed_at) as f64 / 1000.0;
    let tenths = |number: f64| (number * 10.0).round() / 10.0;
    json!({
        "name": feed.name, "state": if lag_s <= SILENT_AFTER_S { "live" } else { "silent" },
        "last_message_at": feed.last_observed_at.to_string(), "rate_per_s": null,
        "usual_rate_per_s": tenths(feed.positions_per_s), "lag_s": tenths(lag_s),
    })
}

/// Where it lies is nobody's business who is not on this machine.
fn place_name(server: &Server) -> String {
    maritime::shown(&server.store.place().name(server.door.is_open()))
}

pub(crate) async fn about(State(server): State<Arc<Server>>) -> Answer {
    let summary = server.store.read(|reader| reader.summary()).await?;
    let profiles: Vec<Value> =
        server.options.profiles.iter().map(|profile| profile.told()).collect();
    Ok(answer::value(&json!({
        "software_version": server.options.software_version,
        "parameters_hash": summary.parameters_hash,
        "store": {"kind": server.store.place().kind(), "path": place_name(&server),
                  "events": summary.events, "software_version": summary.software_version},
        "basemap": "Natural Earth 1:10m land, public domain",
        "page": if page::is_built() { "built" } else { "absent" },
        "profiles": profiles,
    })))
}

pub(crate) async fn audit(State(server): State<Arc<Server>>, caller: Caller) -> Answer {
    server.check_role(&caller, Role::Admin)?;
    let audited = server.store.read(|reader| reader.audited(AUDITED_MAX)).await?;
    let told: Vec<Value> = audited
        .iter()
        .map(|one| {
            json!({"at": one.at, "user": one.user, "action": one.action, "subject": one.subject})
        })
        .collect();
    Ok(answer::value(&json!({"audit": told})))
}

pub(crate) async fn land(State(server): State<Arc<Server>>) -> Answer {
    let of = server.clone();
    let made =
        on_a_thread(move || of.land.get_or_init(|| Bytes::from((of.options.land)())).clone());
    let land = made
        .await
        .map_err(|_| Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, "the map cannot be made"))?;
    let mut response = Response::new(Body::from(land));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/geo+json"));
    // It is part of the program, and changes with it at most.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, max-age=86400"));
    Ok(response)
}

fn no_event(id: &str) -> Refusal {
    let id: String = id.chars().take(100).collect();
    Refusal::absent(format!("there is no event {:?}", maritime::shown(&id)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(places: &[(i64, f64, f64)]) -> Vec<TrackPoint> {
        let point = |&(at_s, latitude_deg, longitude_deg): &(i64, f64, f64)| TrackPoint {
            observed_at: Timestamp::from_secs(at_s),
            position: Position::new(latitude_deg, longitude_deg).unwrap(),
            speed_knots: None,
            course_deg: None,
            heading_deg: None,
            ends_silence: false,
        };
        places.iter().map(point).collect()
    }

    #[test]
    fn distances_are_between_reports_of_both_and_across_the_180th_meridian() {
        let a = points(&[(0, 0.0, 179.999), (100, 0.0, -179.999)]);
        let b = points(&[(50, 0.0, 180.0), (150, 0.0, 180.0)]);
        let found = distances(&a, &b);
        assert_eq!(found.iter().map(|(at, _)| *at).collect::<Vec<_>>(), [50_000, 100_000]);
        assert!(found[0].1 < 0.2 && (found[1].1 - 111.3).abs() < 0.2, "{found:?}");
        assert!(distances(&a, &[]).is_empty());
    }
}
