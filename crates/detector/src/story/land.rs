//! Vessels that report to be on land.
//!
//! The map takes rivers and lakes for land, and on those are many ships. So it is no finding that a vessel is on
//! land, but that it got there from the sea by a jump: whoever comes by an unbroken way is on water that the
//! map does not know.

use maritime::{
    Event, EventId, EventKind, EventState, Figure, Position, Reason, Subject, Timestamp,
};

use super::{World, event};
use crate::coast::Coast;
use crate::parameters::LandMap;
use crate::vessel::Place;

/// Reports from there that make more than a wild position.
const REPORTS_MIN: u32 = 3;

/// One that was told.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
pub(super) struct OnLand {
    id: EventId,
    version: u32,
}

/// Tells that a vessel that jumped is on land, or how that went on. `stands` is where it came from, and where it
/// was heard since: from, until, and in how many reports.
pub(super) fn tell(
    known: &mut Option<OnLand>,
    state: EventState,
    vessel: u32,
    stands: (Place, impl Iterator<Item = (Place, Place, u32)>),
    at: i64,
    world: World<'_>,
    told: &mut Vec<Event>,
) {
    let (land, depth_m_min) = (world.parameters.land, world.parameters.jump.land_depth_m_min);
    let (from, stands) = stands;
    let is_there = |place: Place| depth_m(place.position(), land) >= depth_m_min;
    let mut stands = stands.filter(|&(first, ..)| is_there(first)).peekable();
    let Some(&(first, ..)) = stands.peek() else { return };
    let (mut last, mut reports) = (first, 0);
    for (_, until, count) in stands {
        reports += count;
        if until.at > last.at {
            last = until;
        }
    }
    if reports < REPORTS_MIN || is_there(from) {
        return;
    }
    let mmsi = world.vessel(vessel).mmsi;
    let [started_at, ended_at] = [first.at, last.at].map(Timestamp::from_millis);
    let known = known.get_or_insert_with(|| OnLand {
        id: EventId::of(EventKind::OnLand, Subject::Vessel(mmsi), started_at),
        version: 0,
    });
    known.version += 1;
    let (vessels, as_of) = (vec![world.event_vessel(vessel)], Timestamp::from_millis(at));
    let here = first.position();
    let span = (started_at, ended_at);
    let mut event = event(known.id, known.version, state, vessels, span, here, as_of);
    event.started_at_earliest = Some(Timestamp::from_millis(from.at));
    let depth_m = depth_m(here, land);
    event.figures = vec![
        Figure { name: "land_depth_m", value: depth_m },
        Figure { name: "reports", value: f64::from(reports) },
    ];
    let text = format!(
        "{reports} reports from land, {:.1} km from the sea, where it came by a jump",
        depth_m / 1000.0
    );
    event.reasons.push(Reason { rule: "on_land", weight: 0.4, text });
    event.score = crate::assess::score(&event.reasons);
    told.push(event);
}

/// How far inside land; 0 at sea, and where there is no map.
fn depth_m(position: Position, land: LandMap) -> f64 {
    match land {
        LandMap::None => 0.0,
        LandMap::NaturalEarth => {
            let nearest = Coast::natural_earth().nearest(position);
            if nearest.on_land { nearest.distance_m } else { 0.0 }
        }
    }
}
