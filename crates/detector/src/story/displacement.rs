//! Many vessels of one area that report to be elsewhere at the same time: all in one place, or on a ring about one.
//! That is what receivers tell whose satellites somebody imitates.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, VecDeque};

use maritime::{Event, EventId, EventKind, EventState, Figure, Reason, Subject, Timestamp};

use super::jump::Leap;
use super::{World, event};
use crate::fix::{self, wrap};
use crate::parameters::DisplacementRules;
use crate::vessel::Place;

/// Leaps that are remembered of one area; the oldest makes room. The areas themselves are 64 800.
const LEAPS_MAX: usize = 1024;
/// Vessels that are counted in one event; further ones are not.
const MEMBERS_MAX: usize = 10_000;
/// Vessels that are listed in an event, those with the lowest numbers.
const LISTED_MAX: usize = 64;
/// It has ended when no further vessel came for this long.
const CLOSED_AFTER_MILLIS: i64 = 2 * 3_600_000;
/// Of those that leap at one time, this share must go to one place: two of a crowd always do.
const SHARE_MIN: f64 = 0.6;
/// A ring is one if the places lie off it by no more than this share of its radius, root mean square …
const RING_RESIDUAL_SHARE_MAX: f64 = 0.15;
/// … and if it is wider than the errors of a position.
const RING_RADIUS_M_MIN: f64 = 100.0;

/// Area by area, by its south-western corner in degrees.
type Corner = (i16, i16);

/// Who leaps from where to where at the same time.
#[derive(Debug, Default, serde::Serialize, serde::Deserialize)]
pub(super) struct Displacements {
    /// Those from which somebody leapt of late.
    areas: BTreeMap<Corner, Area>,
    #[serde(with = "crate::snapshot::sorted_heap")]
    timers: BinaryHeap<Reverse<(i64, Corner)>>,
}

#[derive(Debug, Default, serde::Serialize, serde::Deserialize)]
struct Area {
    /// The last of each vessel, in order of time.
    leaps: VecDeque<Leap>,
    /// When the newest came.
    last_at: i64,
    /// How many leaps there were when they were last looked at together.
    looked_at: usize,
    told: Option<Told>,
}

#[derive(Debug, serde::Serialize, serde::Deserialize)]
struct Told {
    id: EventId,
    version: u32,
    pattern: Pattern,
    started_at: i64,
    ended_at: i64,
    /// Indices of the vessels.
    members: BTreeSet<u32>,
    members_told: usize,
}

/// Where those that leap go to.
#[derive(Debug, Clone, Copy, serde::Serialize, serde::Deserialize)]
struct Pattern {
    /// In the units of [`fix::Fix`].
    centre: (i64, i64),
    /// Of the ring, or around all that belong to it.
    radius_m: f64,
    /// From the middle of where they were.
    centre_offset_m: f64,
    /// How far they lie off the ring, root mean square; `None` if it is none.
    ring_residual_m: Option<f64>,
}

impl Displacements {
    /// A vessel leapt.
    pub(super) fn leapt(&mut self, leap: Leap, world: World<'_>, told: &mut Vec<Event>) {
        // Who goes back to where it was is not sent there.
        if leap.back {
            return;
        }
        let rules = &world.parameters.displacement;
        let corner = corner(leap.from);
        let area = self.areas.entry(corner).or_default();
        if area.leaps.is_empty() && area.told.is_none() {
            let due = leap.to.at + CLOSED_AFTER_MILLIS;
            self.timers.push(Reverse((due, corner)));
        }
        area.add(leap, rules);
        if !area.is_due(rules) {
            return;
        }
        area.look(corner, rules);
        let at = area.last_at;
        if let Some(known) = &mut area.told
            && known.members.len() > known.members_told
            && known.members.len() >= 2 * known.members_told
        {
            known.tell(EventState::Open, at, world, told);
        }
    }

    /// Tells what is due before `now`, as of when it was due.
    pub(super) fn advance(&mut self, now: i64, world: World<'_>, told: &mut Vec<Event>) {
        while let Some(&Reverse((due, corner))) = self.timers.peek()
            && due < now
        {
            self.timers.pop();
            let Some(area) = self.areas.get_mut(&corner) else { continue };
            let closed_at = area.last_at + CLOSED_AFTER_MILLIS;
            if closed_at > due {
                self.timers.push(Reverse((closed_at, corner)));
                continue;
            }
            area.look(corner, &world.parameters.displacement);
            if let Some(known) = &mut area.told {
                known.tell(EventState::Closed, due, world, told);
            }
            self.areas.remove(&corner);
        }
    }

    /// Tells what has come since the last telling.
    pub(super) fn tell_rest(&mut self, now: i64, world: World<'_>, told: &mut Vec<Event>) {
        for (corner, area) in &mut self.areas {
            area.look(*corner, &world.parameters.displacement);
            let Some(known) = &mut area.told else { continue };
            if known.members.len() > known.members_told {
                known.tell(EventState::Open, now, world, told);
            }
        }
    }

    /// Vessels are not remembered any more: others may get their indices. Nothing more is told of them.
    pub(super) fn forget(&mut self, is_gone: &[bool]) {
        for area in self.areas.values_mut() {
            area.leaps.retain(|leap| !is_gone[leap.vessel as usize]);
            area.looked_at = area.looked_at.min(area.leaps.len());
            if let Some(known) = &mut area.told {
                known.members.retain(|vessel| !is_gone[*vessel as usize]);
                known.members_told = known.members_told.min(known.members.len());
            }
        }
    }
}

impl Area {
    fn add(&mut self, leap: Leap, rules: &DisplacementRules) {
        let since = leap.to.at - rules.within.as_millis() as i64;
        self.leaps.retain(|known| known.to.at >= since && known.vessel != leap.vessel);
        if self.leaps.len() == LEAPS_MAX {
            self.leaps.pop_front();
        }
        self.leaps.push_back(leap);
        self.last_at = leap.to.at;
        self.looked_at = self.looked_at.min(self.leaps.len() - 1);
    }

    /// Whether there is enough that is new: when there are many, not each is looked at.
    fn is_due(&self, rules: &DisplacementRules) -> bool {
        let count = self.leaps.len();
        count >= rules.vessels_min && count >= self.looked_at + 1 + count / 16
    }

    /// Looks at all leaps together.
    fn look(&mut self, corner: Corner, rules: &DisplacementRules) {
        let count = self.leaps.len();
        if count < rules.vessels_min || count == self.looked_at {
            return;
        }
        self.looked_at = count;
        let leaps: Vec<Leap> = self.leaps.iter().copied().collect();
        let Some((pattern, members)) = Pattern::of(&leaps, rules) else { return };
        let known = self.told.get_or_insert_with(|| {
            let started_at = members.iter().map(|leap| leap.to.at).min().unwrap_or(self.last_at);
            let (south_deg, west_deg) = corner;
            let id = EventId::of(
                EventKind::Displacement,
                Subject::Area { south_deg, west_deg },
                Timestamp::from_millis(started_at),
            );
            let (members, ended_at) = (BTreeSet::new(), started_at);
            Told { id, version: 0, pattern, started_at, ended_at, members, members_told: 0 }
        });
        known.pattern = pattern;
        known.ended_at = self.last_at;
        for leap in &members {
            if known.members.len() < MEMBERS_MAX {
                known.members.insert(leap.vessel);
            }
        }
    }
}

impl Told {
    fn tell(&mut self, state: EventState, at: i64, world: World<'_>, told: &mut Vec<Event>) {
        self.version += 1;
        self.members_told = self.members.len();
        let Pattern { centre, radius_m, centre_offset_m, ring_residual_m } = self.pattern;
        let mut vessels: Vec<_> = self.members.iter().copied().collect();
        vessels.sort_unstable_by_key(|&index| world.vessel(index).mmsi);
        vessels.truncate(LISTED_MAX);
        let vessels = vessels.into_iter().map(|index| world.event_vessel(index)).collect();
        let [started_at, ended_at, as_of] =
            [self.started_at, self.ended_at, at].map(Timestamp::from_millis);
        let here = fix::position(centre.0, centre.1);
        let span = (started_at, ended_at);
        let mut event = event(self.id, self.version, state, vessels, span, here, as_of);
        let count = self.members.len();
        event.figures = vec![
            Figure { name: "vessels", value: count as f64 },
            Figure { name: "radius_m", value: libm::round(radius_m) },
            Figure { name: "centre_offset_m", value: libm::round(centre_offset_m) },
        ];
        if let Some(residual_m) = ring_residual_m {
            event.figures.push(Figure { name: "ring_residual_m", value: libm::round(residual_m) });
        }
        let (radius_km, offset_km) = (radius_m / 1000.0, centre_offset_m / 1000.0);
        let shape = match ring_residual_m {
            Some(_) => format!("onto a ring of {radius_km:.1} km about a place"),
            None => format!("to within {radius_km:.1} km of a place"),
        };
        let text =
            format!("{count} vessels jumped {shape} {offset_km:.0} km away at the same time");
        let weight = if count >= 10 { 0.6 } else { 0.4 };
        event.reasons.push(Reason { rule: "displacement", weight, text });
        event.score = crate::assess::score(&event.reasons);
        told.push(event);
    }
}

impl Pattern {
    /// What most of the leaps have in common, if they have, and those that have it.
    fn of(leaps: &[Leap], rules: &DisplacementRules) -> Option<(Self, Vec<Leap>)> {
        let middle = middle(leaps.iter().map(|leap| leap.to));
        let distance_m = |place: Place, from: (i64, i64)| {
            place.position().distance_m(fix::position(from.0, from.1))
        };
        let near = |leap: &&Leap| distance_m(leap.to, middle) <= rules.radius_m_max;
        let members: Vec<Leap> = leaps.iter().filter(near).copied().collect();
        let share = members.len() as f64 / leaps.len() as f64;
        if members.len() < rules.vessels_min || share < SHARE_MIN {
            return None;
        }
        let from = self::middle(members.iter().map(|leap| leap.from));
        let offset_m = |centre: (i64, i64)| {
            fix::position(from.0, from.1).distance_m(fix::position(centre.0, centre.1))
        };
        if let Some((centre, radius_m, residual_m)) = ring(&members, middle) {
            let pattern = Pattern {
                centre,
                radius_m,
                centre_offset_m: offset_m(centre),
                ring_residual_m: Some(residual_m),
            };
            return Some((pattern, members));
        }
        let radius_m = members.iter().map(|leap| distance_m(leap.to, middle)).fold(0.0, f64::max);
        let centre_offset_m = offset_m(middle);
        // Who stays about where they all were before is not sent to one place.
        if radius_m > centre_offset_m / 2.0 {
            return None;
        }
        let pattern = Pattern { centre: middle, radius_m, centre_offset_m, ring_residual_m: None };
        Some((pattern, members))
    }
}

/// The circle that fits best (Kåsa's algebraic fit), its radius, and how far the places lie off it; `None` if that
/// is no ring.
fn ring(leaps: &[Leap], about: (i64, i64)) -> Option<((i64, i64), f64, f64)> {
    // Units of 1/10 000 minute on a plane that touches the earth there.
    let narrowing = libm::cos(fix::radians(about.0 as f64));
    let metres_per_unit = 0.1852;
    let points: Vec<(f64, f64)> = leaps
        .iter()
        .map(|leap| {
            let east = wrap(i64::from(leap.to.longitude) - about.1) as f64 * narrowing;
            let north = (i64::from(leap.to.latitude) - about.0) as f64;
            (east * metres_per_unit, north * metres_per_unit)
        })
        .collect();
    let count = points.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / count;
    let (mean_x, mean_y) = (mean(|p| p.0), mean(|p| p.1));
    let (mut xx, mut xy, mut yy, mut xz, mut yz, mut zz) = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0);
    for &(x, y) in &points {
        let (x, y) = (x - mean_x, y - mean_y);
        let z = x * x + y * y;
        (xx, xy, yy) = (xx + x * x, xy + x * y, yy + y * y);
        (xz, yz, zz) = (xz + x * z, yz + y * z, zz + z);
    }
    let determinant = xx * yy - xy * xy;
    // On one line, or in one point.
    if determinant <= 1e-6 * zz * zz {
        return None;
    }
    let centre_x = (xz * yy - yz * xy) / (2.0 * determinant);
    let centre_y = (yz * xx - xz * xy) / (2.0 * determinant);
    let radius_m = libm::sqrt(centre_x * centre_x + centre_y * centre_y + zz / count);
    let residuals = points.iter().map(|&(x, y)| {
        let (x, y) = (x - mean_x - centre_x, y - mean_y - centre_y);
        let off_m = libm::sqrt(x * x + y * y) - radius_m;
        off_m * off_m
    });
    let residual_m = libm::sqrt(residuals.sum::<f64>() / count);
    // Three or four places always lie on some circle, and an arc may be of any.
    let spread_m = libm::sqrt(zz / count);
    let is_ring = points.len() >= 5
        && radius_m >= RING_RADIUS_M_MIN
        && residual_m <= RING_RESIDUAL_SHARE_MAX * radius_m
        && spread_m >= 0.7 * radius_m;
    let units = |metres: f64| libm::round(metres / metres_per_unit) as i64;
    let north = about.0 + units(mean_y + centre_y);
    let east = about.1 + units((mean_x + centre_x) / narrowing.max(0.01));
    is_ring.then_some(((north.clamp(-54_000_000, 54_000_000), east), radius_m, residual_m))
}

/// The median of the latitudes and of the longitudes.
fn middle(places: impl Iterator<Item = Place>) -> (i64, i64) {
    let places: Vec<Place> = places.collect();
    let median = |mut units: Vec<i64>| {
        units.sort_unstable();
        units[units.len() / 2]
    };
    let first = i64::from(places[0].longitude);
    let east = median(places.iter().map(|it| wrap(i64::from(it.longitude) - first)).collect());
    let north = median(places.iter().map(|it| i64::from(it.latitude)).collect());
    (north, wrap(first + east))
}

fn corner(place: Place) -> Corner {
    let degrees = |units: i32| units.div_euclid(600_000) as i16;
    (degrees(place.latitude).min(89), degrees(place.longitude))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parameters::Parameters;
    use crate::story::scene::Scene;

    /// Ships that lie in one area and jump to the places that `to` gives, one a minute, and come back after two
    /// hours.
    fn scene(ships: u32, to: impl Fn(u32) -> (f64, f64)) -> Vec<Event> {
        let mut scene = Scene::default();
        for ship in 0..ships {
            let mmsi = 311_000_001 + ship;
            let here = (28.1 + f64::from(ship) * 0.02, -90.5 + f64::from(ship * 7 % 10) * 0.03);
            let first = ship % 20;
            scene.lies(mmsi, (first, 120 + first), here);
            scene.lies(mmsi, (120 + first, 240 + first), to(ship));
            scene.lies(mmsi, (240 + first, 720), here);
        }
        scene.found(EventKind::Displacement, &Parameters::default())
    }

    #[test]
    fn a_fleet_that_jumps_to_one_place_is_one_event() {
        let events = scene(12, |ship| (30.0 + f64::from(ship) * 0.001, -86.0));
        assert_eq!(events.len(), 1, "{events:#?}");
        assert_eq!(events[0].id.subject(), Subject::Area { south_deg: 28, west_deg: -91 });
        assert_eq!(events[0].figure("vessels"), Some(12.0));
        assert_eq!(events[0].vessels.len(), 12);
        assert_eq!(events[0].state, EventState::Closed);
        assert_eq!(events[0].figure("ring_residual_m"), None);
        assert!(events[0].figure("radius_m").unwrap() < 1500.0);
    }

    #[test]
    fn a_fleet_that_jumps_onto_a_ring_is_one_event_with_its_radius() {
        let events = scene(20, |ship| {
            let turn = f64::from(ship) * 0.314;
            (30.0 + 0.02 * libm::sin(turn), -86.0 + 0.02 / 0.866 * libm::cos(turn))
        });
        assert_eq!(events.len(), 1, "{events:#?}");
        let radius_m = events[0].figure("radius_m").unwrap();
        assert!((radius_m - 2220.0).abs() < 50.0, "{radius_m}");
        assert!(events[0].figure("ring_residual_m").unwrap() < 50.0);
    }

    #[test]
    fn many_that_jump_to_many_places_are_not_one_event() {
        let events = scene(12, |ship| (31.0 + f64::from(ship), -70.0 + f64::from(ship * 5 % 7)));
        assert_eq!(events.len(), 0);
    }

    #[test]
    fn a_few_are_not_many_and_a_list_is_bounded() {
        assert_eq!(scene(4, |_| (30.0, -86.0)).len(), 0);
        let events = scene(100, |_| (32.0, -86.0));
        let vessels: f64 = events.iter().map(|event| event.figure("vessels").unwrap()).sum();
        assert_eq!(vessels, 100.0);
        assert!(events.iter().all(|event| event.vessels.len() <= LISTED_MAX));
    }
}
