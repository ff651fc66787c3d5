//! Vessels that cannot have got from one reported place to the next: they jumped, or there are two of them.
//!
//! A vessel that jumps is watched for a while, and what it was is told then: a jump, if it stayed there or came
//! back after more than one report; a conflict, if it goes on in both places; and nothing, if it was one wild
//! position, of which there are many.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, hash_map::Entry};

use maritime::{
    Event, EventId, EventKind, EventState, Figure, METRES_PER_NAUTICAL_MILE, Reason, Subject,
    Timestamp,
};
use rustc_hash::FxHashMap;

use super::{DAY, Heard, World, event, land};
use crate::parameters::JumpRules;
use crate::track::TrackIndex;
use crate::vessel::{Place, SUB_TRACKS_MAX};

/// Vessels that are watched at one time. Beyond that no further one is until one has been closed.
const WATCHED_MAX: usize = 100_000;
/// A vessel that was heard in a place this recently has not left it.
const PARALLEL_MILLIS_MAX: i64 = 30 * 60_000;
/// It is in two places at one time if it went to and fro between them so often.
const PARALLEL_MIN: u32 = 3;
/// Reports from one other place that make more than a wild position.
const REPORTS_MIN: u32 = 3;
/// One that has jumped and was hardly heard since is watched so many times longer, once.
const WATCHED_LONGER: i64 = 6;
/// Receivers without satellites give 0° N 0° E, or nearly.
const NOWHERE_UNITS: i32 = 6000;

/// Jumps and vessels in two places.
#[derive(Debug, Default, serde::Serialize, serde::Deserialize)]
pub(super) struct Jumps {
    /// By vessel.
    #[serde(with = "crate::snapshot::sorted_map")]
    watched: FxHashMap<u32, Watched>,
    #[serde(with = "crate::snapshot::sorted_heap")]
    timers: BinaryHeap<Reverse<(i64, u32)>>,
}

/// A vessel that goes where it cannot have gone.
#[derive(Debug, Clone, Copy, serde::Serialize, serde::Deserialize)]
pub(super) struct Leap {
    pub(super) vessel: u32,
    pub(super) from: Place,
    pub(super) to: Place,
    /// Whether it went back to where it had been before.
    pub(super) back: bool,
}

/// One that did so of late.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
struct Watched {
    from: Place,
    to: Place,
    /// Where it was heard, by sub-track; first the one that it left. Of sub-tracks beyond these nothing but
    /// the leaps is counted.
    stands: Vec<Stand>,
    /// The sub-track it was heard in last.
    last: TrackIndex,
    leaps: u32,
    /// Leaps to a stand where it had been a short time before.
    parallel: u32,
    last_leap_at: i64,
    longer: bool,
    due: i64,
    told: Option<Told>,
    on_land: Option<land::OnLand>,
}

#[derive(Debug, Clone, Copy, serde::Serialize, serde::Deserialize)]
struct Stand {
    track: TrackIndex,
    first: Place,
    last: Place,
    reports: u32,
}

#[derive(Debug, serde::Serialize, serde::Deserialize)]
struct Told {
    id: EventId,
    version: u32,
    leaps: u32,
}

impl Jumps {
    /// Gives the leap that the vessel took, if it took one.
    pub(super) fn heard(&mut self, heard: &Heard, world: World<'_>) -> Option<Leap> {
        let known = world.vessel(heard.vessel);
        if heard.before.is_some() && known.tracks.len() == 1 {
            return None;
        }
        let to = Place::of(&heard.fix, heard.track);
        let from = known.last_place?;
        if heard.before.is_some() && from.track == to.track && self.watched.is_empty() {
            return None;
        }
        let leaps = from.track != to.track && is_leap(from, to, &world.parameters.jump);
        let full = self.watched.len() >= WATCHED_MAX;
        match self.watched.entry(heard.vessel) {
            Entry::Occupied(watched) => {
                let back = watched.into_mut().go_on(to, leaps);
                leaps.then_some(Leap { vessel: heard.vessel, from, to, back })
            }
            Entry::Vacant(free) => {
                // The first report of a ship may be the wild one: tables that are cut at midnight begin with what was
                // heard last of many ships, however old.
                let is_second = known.positions <= 2;
                if !leaps || full || is_second {
                    return None;
                }
                let due = to.at + world.parameters.jump.judged_after.as_millis() as i64;
                free.insert(Watched::new(from, to, due));
                self.timers.push(Reverse((due, heard.vessel)));
                // It may go back to where it was before a jump that has been closed.
                let back = heard.before.is_some();
                Some(Leap { vessel: heard.vessel, from, to, back })
            }
        }
    }

    /// Tells what is due before `now`, as of when it was due.
    pub(super) fn advance(&mut self, now: i64, world: World<'_>, told: &mut Vec<Event>) {
        while let Some(&Reverse((due, vessel))) = self.timers.peek()
            && due < now
        {
            self.timers.pop();
            let Some(watched) = self.watched.get_mut(&vessel) else { continue };
            if watched.judge(vessel, due, world, told) {
                self.timers.push(Reverse((watched.due, vessel)));
            } else {
                self.watched.remove(&vessel);
            }
        }
    }

    /// Tells what has come since the last telling.
    pub(super) fn tell_rest(&mut self, now: i64, world: World<'_>, told: &mut Vec<Event>) {
        let mut rest: Vec<(EventId, u32)> = self
            .watched
            .iter()
            .filter_map(|(&vessel, watched)| {
                let known = watched.told.as_ref()?;
                (watched.leaps > known.leaps).then_some((known.id, vessel))
            })
            .collect();
        rest.sort_unstable();
        for (id, vessel) in rest {
            let watched = self.watched.get_mut(&vessel).expect("it was there just now");
            watched.tell(id.kind(), EventState::Open, vessel, now, world, told);
        }
    }

    /// Vessels are not remembered any more: others may get their indices. Nothing more is told of them.
    pub(super) fn forget(&mut self, is_gone: &[bool]) {
        self.watched.retain(|vessel, _| !is_gone[*vessel as usize]);
        self.timers.retain(|Reverse((_, vessel))| !is_gone[*vessel as usize]);
    }
}

impl Watched {
    fn new(from: Place, to: Place, due: i64) -> Self {
        let stand =
            |place: Place| Stand { track: place.track, first: place, last: place, reports: 1 };
        Watched {
            from,
            to,
            stands: vec![stand(from), stand(to)],
            last: to.track,
            leaps: 1,
            parallel: 0,
            last_leap_at: to.at,
            longer: false,
            due,
            told: None,
            on_land: None,
        }
    }

    /// It was heard again. Says whether it is back in a place it had left.
    fn go_on(&mut self, here: Place, leaps: bool) -> bool {
        let stand = self.stands.iter().position(|stand| stand.track == here.track);
        if leaps {
            self.leaps += 1;
            self.last_leap_at = here.at;
        }
        self.last = here.track;
        let Some(index) = stand else {
            if self.stands.len() < 2 * SUB_TRACKS_MAX {
                let (track, first, last) = (here.track, here, here);
                self.stands.push(Stand { track, first, last, reports: 1 });
            }
            return false;
        };
        let stand = &mut self.stands[index];
        if leaps && here.at - stand.last.at <= PARALLEL_MILLIS_MAX {
            self.parallel += 1;
        }
        stand.last = here;
        stand.reports += 1;
        index == 0
    }

    /// Says what it was, or how it went on. `false` if that is the end of it.
    fn judge(&mut self, vessel: u32, due: i64, world: World<'_>, told: &mut Vec<Event>) -> bool {
        let elsewhere = || self.stands[1..].iter();
        let reports = elsewhere().map(|stand| stand.reports).max().unwrap_or(0);
        let is_back = self.last == self.stands[0].track;
        let is_parallel = self.parallel >= PARALLEL_MIN
            && self.stands[0].reports >= 2
            && elsewhere().any(|stand| stand.reports >= 2);
        let known = self.told.as_ref().map(|told| (told.id.kind(), told.leaps));
        match known {
            Some((EventKind::Jump, _)) if is_parallel => {
                self.tell(EventKind::Jump, EventState::Retracted, vessel, due, world, told);
                self.told = None;
                self.tell(EventKind::IdentityConflict, EventState::Open, vessel, due, world, told);
            }
            Some((kind, leaps)) if self.leaps > leaps => {
                self.tell(kind, EventState::Open, vessel, due, world, told);
            }
            Some((kind, _)) => {
                self.tell(kind, EventState::Closed, vessel, due, world, told);
                return false;
            }
            None if is_parallel => {
                self.tell(EventKind::IdentityConflict, EventState::Open, vessel, due, world, told);
            }
            None if reports >= REPORTS_MIN || (is_back && reports > 1 && self.leaps >= 2) => {
                self.tell(EventKind::Jump, EventState::Open, vessel, due, world, told);
            }
            None if self.leaps == 1 && !self.longer => {
                self.longer = true;
                let judged_after = world.parameters.jump.judged_after.as_millis() as i64;
                self.due = due + judged_after * WATCHED_LONGER;
                return true;
            }
            None => return false,
        }
        self.due = due + DAY.as_millis() as i64;
        true
    }

    fn tell(
        &mut self,
        kind: EventKind,
        state: EventState,
        vessel: u32,
        at: i64,
        world: World<'_>,
        told: &mut Vec<Event>,
    ) {
        let mmsi = world.vessel(vessel).mmsi;
        let started_at = Timestamp::from_millis(self.from.at);
        let known = self.told.get_or_insert_with(|| Told {
            id: EventId::of(kind, Subject::Vessel(mmsi), started_at),
            version: 0,
            leaps: 0,
        });
        known.version += 1;
        known.leaps = self.leaps;
        let (id, version) = (known.id, known.version);
        let elsewhere = &self.stands[1..];
        let reports: u32 = elsewhere.iter().map(|stand| stand.reports).sum();
        let is_back = self.last == self.stands[0].track;
        let last_at = elsewhere.iter().map(|stand| stand.last.at).max().unwrap_or(self.to.at);
        let ended_at = match kind {
            EventKind::Jump => last_at,
            _ => self.last_leap_at,
        };
        let span = (started_at, Timestamp::from_millis(ended_at));
        let as_of = Timestamp::from_millis(at);
        let vessels = vec![world.event_vessel(vessel)];
        let here = self.to.position();
        let mut event = event(id, version, state, vessels, span, here, as_of);
        event.started_at_latest = Timestamp::from_millis(self.to.at);
        let distance_m = distance_m(self.from, self.to);
        let knots = knots(self.from, self.to, distance_m);
        event.figures = vec![
            Figure { name: "distance_m", value: libm::round(distance_m) },
            Figure { name: "speed_knots", value: libm::round(knots) },
            Figure { name: "jumps", value: f64::from(self.leaps) },
            Figure { name: "reports", value: f64::from(reports) },
        ];
        let minutes = (self.to.at - self.from.at) as f64 / 60_000.0;
        let miles = distance_m / METRES_PER_NAUTICAL_MILE;
        let way = format!("{miles:.1} nm in {minutes:.1} min, which is {knots:.0} kn");
        if kind == EventKind::IdentityConflict {
            let text = format!(
                "heard in two places by turns, {} times to and fro: {way}; two vessels with one number, or positions that are not true",
                self.leaps
            );
            event.reasons.push(Reason { rule: "two_places", weight: 0.4, text });
        } else {
            let stay = if is_back { "and came back" } else { "and stayed there" };
            let text = format!("{way}, {stay}; {reports} reports from there");
            let weight = if reports >= 10 { 0.3 } else { 0.2 };
            event.reasons.push(Reason { rule: "jump", weight, text });
            if self.leaps > 2 {
                let text = format!("{} jumps within a day of each other", self.leaps);
                event.reasons.push(Reason { rule: "jumps", weight: 0.1, text });
            }
        }
        event.score = crate::assess::score(&event.reasons);
        told.push(event);
        if kind == EventKind::Jump {
            let stands = (self.stands[0].last, elsewhere);
            let spans = stands.1.iter().map(|it| (it.first, it.last, it.reports));
            land::tell(&mut self.on_land, state, vessel, (stands.0, spans), at, world, told);
        }
    }
}

fn is_leap(from: Place, to: Place, rules: &JumpRules) -> bool {
    let nowhere = |place: Place| {
        place.latitude.abs() < NOWHERE_UNITS && place.longitude.abs() < NOWHERE_UNITS
    };
    if to.at - from.at > DAY.as_millis() as i64 || nowhere(from) || nowhere(to) {
        return false;
    }
    let distance_m = distance_m(from, to);
    distance_m >= rules.distance_m_min && knots(from, to, distance_m) >= rules.speed_knots_min
}

fn distance_m(from: Place, to: Place) -> f64 {
    from.position().distance_m(to.position())
}

/// Reports of one second are taken to be a second apart.
fn knots(from: Place, to: Place, distance_m: f64) -> f64 {
    let hours = (to.at - from.at).max(1000) as f64 / 3_600_000.0;
    distance_m / METRES_PER_NAUTICAL_MILE / hours
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parameters::Parameters;
    use crate::story::scene::{Scene, minute_at};

    const SHIP: u32 = 311_000_222;
    const HERE: (f64, f64) = (28.0, -90.0);
    const THERE: (f64, f64) = (27.0, -88.0);

    #[track_caller]
    fn check(scene: &Scene, kind: EventKind, expected: usize) -> Option<Event> {
        let parameters = Parameters::default();
        let kinds = [EventKind::Jump, EventKind::IdentityConflict, EventKind::OnLand];
        let found = kinds.map(|kind| scene.found(kind, &parameters));
        for (other, events) in kinds.iter().zip(&found) {
            let expected = if *other == kind { expected } else { 0 };
            assert_eq!(events.len(), expected, "{other:?}: {events:#?}");
        }
        found.into_iter().flatten().next()
    }

    #[test]
    fn who_jumps_and_stays_has_jumped() {
        let mut scene = Scene::default();
        scene.lies(SHIP, (0, 120), HERE);
        scene.lies(SHIP, (120, 400), THERE);
        let jump = check(&scene, EventKind::Jump, 1).unwrap();
        assert_eq!(jump.id.to_string(), "jump-311000222-20240227T040820Z");
        assert_eq!((jump.started_at, jump.started_at_latest), (minute_at(115.0), minute_at(120.0)));
        assert_eq!(jump.figure("jumps"), Some(1.0));
        let distance_m = jump.figure("distance_m").unwrap();
        assert!((220_000.0..230_000.0).contains(&distance_m), "{distance_m}");
    }

    #[test]
    fn who_jumps_and_comes_back_has_jumped() {
        let mut scene = Scene::default();
        scene.lies(SHIP, (0, 120), HERE);
        scene.lies(SHIP, (120, 150), THERE);
        scene.lies(SHIP, (150, 400), HERE);
        let jump = check(&scene, EventKind::Jump, 1).unwrap();
        assert_eq!(jump.ended_at, minute_at(145.0));
        assert!(jump.reasons[0].text.contains("came back"), "{:?}", jump.reasons);
    }

    #[test]
    fn one_wild_position_is_nothing() {
        let mut scene = Scene::default();
        scene.lies(SHIP, (0, 400), HERE);
        scene.at(SHIP, 121.0, THERE.0, THERE.1);
        scene.at(SHIP, 133.0, 10.0, 10.0);
        check(&scene, EventKind::Jump, 0);
    }

    #[test]
    fn nor_is_it_when_it_is_the_first_one() {
        let mut scene = Scene::default();
        scene.at(SHIP, 0.0, HERE.0, HERE.1);
        scene.lies(SHIP, (2, 400), THERE);
        check(&scene, EventKind::Jump, 0);
    }

    #[test]
    fn two_ships_with_one_number_are_a_conflict_and_told_once_a_day() {
        let mut scene = Scene::default();
        for minute in (0..3000).step_by(4) {
            scene.at(SHIP, f64::from(minute), HERE.0, HERE.1);
            scene.at(SHIP, f64::from(minute) + 2.0, THERE.0, THERE.1);
        }
        let conflict = check(&scene, EventKind::IdentityConflict, 1).unwrap();
        assert_eq!(conflict.version, 4);
        assert_eq!(conflict.ended_at, minute_at(2998.0));
    }

    #[test]
    fn a_fast_craft_does_not_jump() {
        let mut scene = Scene::default();
        for minute in 0..300 {
            scene.at(
                SHIP,
                f64::from(minute) * 2.0,
                28.0 + f64::from(minute) * 45.0 / 1800.0,
                -90.0,
            );
        }
        check(&scene, EventKind::Jump, 0);
    }

    #[test]
    fn silence_makes_a_long_way_possible() {
        let mut scene = Scene::default();
        scene.lies(SHIP, (0, 60), HERE);
        scene.lies(SHIP, (720, 900), THERE);
        check(&scene, EventKind::Jump, 0);
    }

    #[test]
    fn a_jump_onto_land_is_told_as_that_too() {
        let mut scene = Scene::default();
        scene.lies(SHIP, (0, 120), HERE);
        // Forty kilometres inside Louisiana.
        scene.lies(SHIP, (120, 400), (30.6, -91.9));
        let parameters = Parameters::default();
        let events = scene.found(EventKind::OnLand, &parameters);
        assert_eq!(events.len(), 1);
        assert!(events[0].figure("land_depth_m").unwrap() > 20_000.0);
        assert_eq!(scene.found(EventKind::Jump, &parameters).len(), 1);
    }

    #[test]
    fn a_ship_on_a_river_is_no_finding() {
        let mut scene = Scene::default();
        for minute in 0..200 {
            scene.at(SHIP, f64::from(minute) * 3.0, 30.0 + f64::from(minute) * 0.008, -91.2);
        }
        check(&scene, EventKind::OnLand, 0);
    }
}
