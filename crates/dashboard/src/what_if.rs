//! Which events other definitions of a meeting would flag.
//!
//! It rests on what is stored: each encounter tells for how long the ships were within 50, 100, 200 and 500 m, their median
//! speed, and the distances to coast, port and anchorage. A limit between these four is judged by a straight line
//! between them. Nothing stored is changed.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use serde::Deserialize;
use serde_json::{Value, json};
use sink::EventRecord;
use sink::reading::Filter;

use crate::access::{Caller, Role};
use crate::answer::{self, Answer, Refusal, array};
use crate::server::Server;

/// Of those that appear and of those that vanish.
const SHOWN_MAX: usize = 500;

const RESTS_ON: &str = "the figures stored with each encounter: time within 50, 100, 200 and 500 m (between these by a \
    straight line), median speed, and distances to coast, port and anchorage; gear, meetings that were too short to be \
    told and classes are as they were, and anchorages as they were known then";

/// A definition of a meeting.
#[derive(Debug, Clone, PartialEq)]
pub struct Profile {
    /// As it appears in events.
    pub name: String,
    /// Any of these suffices.
    pub nearness: Vec<Nearness>,
    /// At most.
    pub speed_knots_p50_max: f64,
    /// At least.
    pub coast_distance_m_min: f64,
    /// At least.
    pub port_distance_m_min: f64,
    /// Whether ports are known at all; where they are not, the coast stands in for them.
    pub ports_are_known: bool,
}

/// Near enough for long enough.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Nearness {
    /// Within this …
    pub distance_m: f64,
    /// … for at least this long in all.
    pub duration_s: f64,
}

impl Profile {
    pub(crate) fn told(&self) -> Value {
        let first = self.nearness.first();
        json!({
            "name": self.name,
            "distance_m": first.map(|near| near.distance_m),
            "duration_s": first.map(|near| near.duration_s),
            "alternatives": self.nearness.iter().skip(1).map(|near| {
                json!({"distance_m": near.distance_m, "duration_s": near.duration_s})
            }).collect::<Vec<_>>(),
            "speed_knots": self.speed_knots_p50_max,
            "coast_distance_m": self.coast_distance_m_min,
            "port_distance_m": self.port_distance_m_min,
        })
    }

    /// By the same rules as the detector, from what is stored.
    fn is_satisfied(&self, record: &EventRecord) -> bool {
        let near = |near: &Nearness| contact_s(record, near.distance_m) >= near.duration_s;
        // On the map's land the distance is 0.
        let coast_m = record.coast_distance_m.unwrap_or(f64::INFINITY);
        let havens = [record.port_distance_m, record.anchorage_distance_m];
        let haven_m = havens.into_iter().flatten().fold(f64::INFINITY, f64::min);
        let coast_m_min = match self.ports_are_known || record.anchorage_distance_m.is_some() {
            true => self.coast_distance_m_min,
            false => self.coast_distance_m_min.max(self.port_distance_m_min),
        };
        self.nearness.iter().any(near)
            && record.speed_knots_p50.is_some_and(|knots| knots <= self.speed_knots_p50_max)
            && coast_m >= coast_m_min
            && haven_m >= self.port_distance_m_min
    }
}

/// Time within a distance, by a straight line between those that are stored.
fn contact_s(record: &EventRecord, distance_m: f64) -> f64 {
    let stored = [
        (0.0, Some(0)),
        (50.0, record.contact_within_50_m_s),
        (100.0, record.contact_within_100_m_s),
        (200.0, record.contact_within_200_m_s),
        (500.0, record.contact_within_500_m_s),
    ];
    let seconds = |known: Option<u64>| known.unwrap_or(0) as f64;
    for pair in stored.windows(2) {
        let ((from_m, from_s), (to_m, to_s)) = (pair[0], pair[1]);
        if distance_m <= to_m {
            let share = (distance_m - from_m) / (to_m - from_m);
            return seconds(from_s) + share * (seconds(to_s) - seconds(from_s));
        }
    }
    seconds(record.contact_s.max(record.contact_within_500_m_s))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    profiles: BTreeMap<String, Changed>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Changed {
    distance_m: Option<f64>,
    duration_s: Option<f64>,
    speed_knots: Option<f64>,
    coast_distance_m: Option<f64>,
    port_distance_m: Option<f64>,
}

pub(crate) async fn what_if(
    State(server): State<Arc<Server>>,
    caller: Caller,
    body: String,
) -> Answer {
    server.check_role(&caller, Role::Viewer)?;
    let asked: Asked = serde_json::from_str(&body).map_err(|error| {
        Refusal::bad(format!(
            "expected {{\"profiles\":{{\"sts\":{{\"distance_m\":300}}}}}} with distance_m, duration_s, speed_knots, \
             coast_distance_m or port_distance_m: {error}"
        ))
    })?;
    let changed = changed(&server.options.profiles, asked)?;
    let judged = server.store.read(move |reader| {
        let (mut appear, mut vanish, mut stay) = (Vec::new(), Vec::new(), 0_u64);
        let encounters = Filter { kinds: vec!["encounter".into()], all: true, ..Filter::default() };
        for record in reader.records(&encounters) {
            let record = record?;
            // What lies beside a buoy satisfies nobody's definition.
            let is_gear = record.class.as_deref() == Some("gear");
            let was = !record.profiles.is_empty();
            let kept = record.profiles.iter().any(|name| !changed.iter().any(|p| p.name == *name));
            let is =
                kept || (!is_gear && changed.iter().any(|profile| profile.is_satisfied(&record)));
            match (was, is) {
                (false, true) => appear.push((record.score, record.id)),
                (true, false) => vanish.push((record.score, record.id)),
                (true, true) => stay += 1,
                (false, false) => {}
            }
        }
        let counts = (appear.len(), vanish.len());
        let mut listed = Vec::new();
        for mut ids in [appear, vanish] {
            ids.sort_by(|(one, a), (other, b)| other.total_cmp(one).then_with(|| a.cmp(b)));
            ids.truncate(SHOWN_MAX);
            let ids: Vec<String> = ids.into_iter().map(|(_, id)| id).collect();
            listed.push(array(&reader.listed_of(&ids)?));
        }
        Ok((listed, counts, stay))
    });
    let (listed, (appear, vanish), stay) = judged.await?;
    Ok(answer::text(format!(
        "{{\"appear\":{},\"vanish\":{},\"stay\":{stay},\"appear_total\":{appear},\"vanish_total\":{vanish},\"rests_on\":{}}}",
        listed[0],
        listed[1],
        json!(RESTS_ON)
    )))
}

/// The profiles that are changed, as they would be.
fn changed(profiles: &[Profile], asked: Asked) -> Answer<Vec<Profile>> {
    let mut changed = Vec::new();
    for (name, numbers) in asked.profiles {
        let known = profiles.iter().find(|profile| profile.name == name);
        let mut profile = known.cloned().ok_or_else(|| {
            let known: Vec<&str> = profiles.iter().map(|profile| profile.name.as_str()).collect();
            let name: String = maritime::shown(&name.chars().take(100).collect::<String>());
            Refusal::bad(format!(
                "there is no profile {name:?}: expected one of {}",
                known.join(", ")
            ))
        })?;
        let Changed { distance_m, duration_s, speed_knots, coast_distance_m, port_distance_m } =
            numbers;
        let given = [distance_m, duration_s, speed_knots, coast_distance_m, port_distance_m];
        if given.into_iter().flatten().any(|number| !number.is_finite() || number < 0.0) {
            return Err(Refusal::bad("a number of a profile is at least 0"));
        }
        if let Some(first) = profile.nearness.first_mut() {
            first.distance_m = distance_m.unwrap_or(first.distance_m);
            first.duration_s = duration_s.unwrap_or(first.duration_s);
        }
        profile.speed_knots_p50_max = speed_knots.unwrap_or(profile.speed_knots_p50_max);
        profile.coast_distance_m_min = coast_distance_m.unwrap_or(profile.coast_distance_m_min);
        profile.port_distance_m_min = port_distance_m.unwrap_or(profile.port_distance_m_min);
        changed.push(profile);
    }
    Ok(changed)
}
