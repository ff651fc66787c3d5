//! Where ships stand still and where they meet, learned from the ships themselves.
//!
//! Takes each cleaned position and each meeting that is told, in the order of time; gives for a place how far
//! it is to the nearest **anchorage**, a cell of space in which many different vessels have stood still by
//! then (berths are among them), and how many meetings there have been of late.
//!
//! Nothing that is found depends on the order of a hash map: cells are looked up by their key, and where all
//! of them are gone through, they are sorted or only a minimum or a count is taken.

use maritime::{Event, EventId, Position, VesselPair};
use rustc_hash::FxHashMap;

use crate::fix::Fix;
use crate::parameters::PlaceRules;
use crate::story::Heard;
use crate::track;

/// Side of the cells in which vessels that stand still are counted: ships at anchor swing through a few
/// hundred metres.
const BERTH_CELL_M: f64 = 1_000.0;
/// Anchorages farther away than this are not looked for.
const ANCHORAGE_M_MAX: f64 = 50_000.0;
/// Cells with vessels that stood still and that are no anchorage yet. At the bound the half that was used
/// longest ago is forgotten: a flood of invented ships costs the memory of seldom used places.
const CELLS_MAX: usize = 1 << 18;
/// Anchorages there can be. Beyond that no new ones are learned; the world has fewer.
const ANCHORAGES_MAX: usize = 1 << 18;
/// Side of the cells in which meetings are counted.
const MEETING_CELL_M: f64 = 4_000.0;
/// Meetings remembered in a cell; of more the oldest are forgotten, so that a count there says "at least".
const MEETINGS_IN_CELL_MAX: usize = 256;
/// Cells with meetings; at the bound the half whose last meeting is the oldest is forgotten.
const MEETING_CELLS_MAX: usize = 1 << 16;

/// What has been learned of places so far.
#[derive(Debug, Default, serde::Serialize, serde::Deserialize)]
pub(crate) struct Places {
    /// By the index of the vessel: 24 bytes for each.
    standing: Vec<Standing>,
    #[serde(with = "crate::snapshot::sorted_map")]
    cells: FxHashMap<u64, Cell>,
    anchorages: Anchorages,
    #[serde(with = "crate::snapshot::sorted_map")]
    meetings: FxHashMap<u64, Vec<Met>>,
}

/// A vessel that stands still.
#[derive(Debug, Clone, Copy, Default, serde::Serialize, serde::Deserialize)]
struct Standing {
    since: i64,
    until: i64,
    counted: bool,
}

/// A cell of space in which vessels have stood still.
#[derive(Debug, Default, serde::Serialize, serde::Deserialize)]
struct Cell {
    /// Different ones, at most as many as make an anchorage.
    vessels: Vec<u32>,
    /// Of all of them.
    spans: u32,
    /// The sum of where they stood, in whole metres.
    sum_m: [i64; 3],
    used_at: i64,
    is_anchorage: bool,
}

#[derive(Debug, Clone, Copy, serde::Serialize, serde::Deserialize)]
struct Met {
    id: EventId,
    pair: VesselPair,
    at: i64,
    /// When it was told first: those of one instant do not know of each other, whoever is told first.
    told_at: i64,
}

impl Places {
    /// Vessels are not remembered any more: others may get their indices.
    pub(crate) fn forget(&mut self, is_gone: &[bool]) {
        let standing = self.standing.iter_mut().zip(is_gone).filter(|(_, is_gone)| **is_gone);
        standing.for_each(|(standing, _)| *standing = Standing::default());
    }

    /// What [`Places::heard`] will read of a vessel; see `stage::clean`.
    pub(crate) fn look_ahead(&self, vessel: u32) -> i64 {
        self.standing.get(vessel as usize).map_or(0, |standing| standing.until)
    }

    /// A ship was heard.
    pub(crate) fn heard(&mut self, heard: &Heard, rules: &PlaceRules) {
        if rules.anchorage_vessels_min == 0 {
            return;
        }
        let Some((before, distance_m)) = heard.before else { return };
        let fix = &heard.fix;
        let metres_max = rules.speed_knots_max * 1852.0 * (fix.at - before.at) as f64 / 3_600_000.0;
        if distance_m > metres_max || (fix.at - before.at) as u128 > rules.silence_max.as_millis() {
            return;
        }
        let index = heard.vessel as usize;
        if self.standing.len() <= index {
            self.standing.resize(index + 1, Standing::default());
        }
        let standing = &mut self.standing[index];
        // It has moved since, was lost since, or another ship has sent this under the same number.
        if standing.until != before.at {
            *standing = Standing { since: before.at, until: before.at, counted: false };
        }
        standing.until = fix.at;
        let stood_millis = (standing.until - standing.since) as u128;
        if standing.counted || stood_millis < rules.standstill_min.as_millis() {
            return;
        }
        standing.counted = true;
        self.count(heard.vessel, fix, rules.anchorage_vessels_min);
    }

    /// The nearest place where many vessels have stood still, in whole metres; `None` if there is none within
    /// 50 km.
    pub(crate) fn anchorage_distance_m(&self, position: Position) -> Option<f64> {
        self.anchorages.nearest_m(position.to_ecef_m())
    }

    /// Meetings of other pairs in the same cell in the days before it began; `None` if they are not remembered.
    pub(crate) fn meetings_nearby(&self, event: &Event, rules: &PlaceRules) -> Option<u32> {
        if rules.meetings_remembered.is_zero() {
            return None;
        }
        let cell = key(event.position.to_ecef_m(), MEETING_CELL_M);
        let Some(met) = self.meetings.get(&cell) else { return Some(0) };
        let until = event.started_at.as_millis();
        let since = until - rules.meetings_remembered.as_millis() as i64;
        let counts = |met: &&Met| {
            (since..=until).contains(&met.at)
                && met.told_at < event.as_of.as_millis()
                && met.id != event.id
                && event.id.pair() != Some(met.pair)
        };
        Some(met.iter().filter(counts).count() as u32)
    }

    /// Remembers a meeting that has lasted, as it was told first.
    pub(crate) fn met(
        &mut self,
        id: EventId,
        at: i64,
        position: Position,
        told_at: i64,
        rules: &PlaceRules,
    ) {
        let Some(pair) = id.pair() else { return };
        let cell = key(position.to_ecef_m(), MEETING_CELL_M);
        if self.meetings.len() >= MEETING_CELLS_MAX && !self.meetings.contains_key(&cell) {
            forget_half(&mut self.meetings, |met| met.last().map_or(i64::MIN, |met| met.at));
        }
        let met = self.meetings.entry(cell).or_default();
        if met.iter().any(|met| met.id == id) {
            return;
        }
        let remembered = rules.meetings_remembered.as_millis() as i64;
        met.retain(|met| met.at >= at - remembered);
        if met.len() == MEETINGS_IN_CELL_MAX {
            met.remove(0);
        }
        met.push(Met { id, pair, at, told_at });
    }

    fn count(&mut self, vessel: u32, fix: &Fix, vessels_min: usize) {
        let here_m = track::ecef_m(fix);
        let key = key(here_m, BERTH_CELL_M);
        if self.cells.len() >= CELLS_MAX && !self.cells.contains_key(&key) {
            self.cells.retain(|_, cell| !cell.is_anchorage);
            forget_half(&mut self.cells, |cell| cell.used_at);
        }
        let cell = self.cells.entry(key).or_default();
        cell.used_at = fix.at;
        if cell.is_anchorage {
            return;
        }
        cell.spans += 1;
        for (sum_m, here_m) in cell.sum_m.iter_mut().zip(here_m) {
            *sum_m += libm::round(here_m) as i64;
        }
        if !cell.vessels.contains(&vessel) {
            cell.vessels.push(vessel);
        }
        if cell.vessels.len() >= vessels_min {
            cell.is_anchorage = true;
            cell.vessels = Vec::new();
            let spans = f64::from(cell.spans);
            self.anchorages.add(cell.sum_m.map(|sum_m| sum_m as f64 / spans));
        }
    }
}

/// Anchorages by cells of the distance up to which they are looked for.
#[derive(Debug, Default, serde::Serialize, serde::Deserialize)]
struct Anchorages {
    count: usize,
    #[serde(with = "crate::snapshot::sorted_map")]
    by_cell: FxHashMap<u64, Vec<[f64; 3]>>,
}

impl Anchorages {
    fn add(&mut self, place_m: [f64; 3]) {
        let known = self.by_cell.entry(key(place_m, ANCHORAGE_M_MAX)).or_default();
        if self.count < ANCHORAGES_MAX && !known.contains(&place_m) {
            known.push(place_m);
            self.count += 1;
        }
    }

    fn nearest_m(&self, here_m: [f64; 3]) -> Option<f64> {
        let steps = [-ANCHORAGE_M_MAX, 0.0, ANCHORAGE_M_MAX];
        let mut nearest_m = f64::INFINITY;
        for x in steps {
            for y in steps {
                for z in steps {
                    let cell = key([here_m[0] + x, here_m[1] + y, here_m[2] + z], ANCHORAGE_M_MAX);
                    for place_m in self.by_cell.get(&cell).into_iter().flatten() {
                        let squared = (0..3).map(|i| (place_m[i] - here_m[i]).powi(2));
                        nearest_m = nearest_m.min(squared.sum::<f64>());
                    }
                }
            }
        }
        let nearest_m = libm::round(libm::sqrt(nearest_m));
        (nearest_m <= ANCHORAGE_M_MAX).then_some(nearest_m)
    }
}

/// Keeps the half that was used last; of those used at one instant, that with the greater keys.
fn forget_half<T>(cells: &mut FxHashMap<u64, T>, used_at: impl Fn(&T) -> i64) {
    let mut order: Vec<(i64, u64)> =
        cells.iter().map(|(key, cell)| (used_at(cell), *key)).collect();
    order.sort_unstable();
    for (_, key) in &order[..order.len() / 2] {
        cells.remove(key);
    }
}

/// The cube of that side around a place in earth-centred space: 21 bits for each of the three.
fn key(place_m: [f64; 3], side_m: f64) -> u64 {
    place_m.iter().fold(0, |key, metres| {
        let index = libm::floor(metres / side_m) as i64 + (1 << 20);
        key << 21 | (index as u64 & 0x1F_FFFF)
    })
}

#[cfg(test)]
mod tests {
    use maritime::{EventKind, EventState, Mmsi, Surroundings, Timestamp};

    use super::*;
    use crate::leg::tests::fix;
    use crate::parameters::Parameters;
    use crate::story;

    fn rules() -> PlaceRules {
        PlaceRules { anchorage_vessels_min: 3, ..Parameters::default().places }
    }

    /// A vessel is heard every ten minutes, moving so many degrees north each time.
    fn stays(places: &mut Places, vessel: u32, minutes: i64, latitude_deg: f64, step_deg: f64) {
        let mut before: Option<Fix> = None;
        for step in 0..=minutes / 10 {
            let fix = fix(step as f64 * 10.0, latitude_deg + step as f64 * step_deg, 5.0);
            let distance_m = before.map(|before| {
                let [a, b] = [before, fix].map(|fix| fix.position());
                (before, a.distance_m(b))
            });
            let heard = Heard { vessel, track: 0, fix, before: distance_m, station: None };
            places.heard(&heard, &rules());
            before = Some(fix);
        }
    }

    #[track_caller]
    fn check(latitude_deg: f64, places: &Places, expected: Option<f64>) {
        let position = Position::new(latitude_deg, 5.0).unwrap();
        assert_eq!(places.anchorage_distance_m(position), expected);
    }

    #[test]
    fn many_vessels_that_stand_still_make_an_anchorage() {
        let mut places = Places::default();
        for vessel in [1, 2, 2, 2] {
            stays(&mut places, vessel, 60, 50.0, 0.0);
        }
        check(50.0, &places, None);
        stays(&mut places, 3, 50, 50.0, 0.0);
        stays(&mut places, 4, 120, 50.0, 0.01);
        check(50.0, &places, None);
        stays(&mut places, 5, 60, 50.0, 0.0);
        check(50.0, &places, Some(0.0));
        check(50.1, &places, Some(11_123.0));
        check(50.5, &places, None);
    }

    fn meeting(number: u32, day: i64) -> Event {
        let at = Timestamp::from_secs(day * 86_400);
        let [a, b] = [number, number + 1].map(|number| Mmsi::new(200_000_000 + number).unwrap());
        let pair = VesselPair::new(a, b).unwrap();
        let id = EventId::new(EventKind::Encounter, pair, at);
        let position = Position::new(30.0, 20.0).unwrap();
        let event = story::event(id, 1, EventState::Open, Vec::new(), (at, at), position, at);
        Event { place: Surroundings::default(), ..event }
    }

    #[test]
    fn meetings_of_others_count_for_thirty_days() {
        let mut places = Places::default();
        for (number, day) in [(1, 0), (1, 20), (5, 20), (7, 40)] {
            let meeting = meeting(number, day);
            let at = meeting.started_at.as_millis();
            for _ in 0..2 {
                places.met(meeting.id, at, meeting.position, at, &rules());
            }
        }
        assert_eq!(places.meetings_nearby(&meeting(9, 41), &rules()), Some(3));
        assert_eq!(places.meetings_nearby(&meeting(5, 41), &rules()), Some(2));
        assert_eq!(places.meetings_nearby(&meeting(9, 100), &rules()), Some(0));
    }

    #[test]
    fn a_flood_of_places_forgets_the_oldest() {
        let mut cells: FxHashMap<u64, i64> =
            (0..10).map(|key| (key, 100 - key as i64 / 2)).collect();
        forget_half(&mut cells, |used_at| *used_at);
        let mut kept: Vec<u64> = cells.into_keys().collect();
        kept.sort_unstable();
        assert_eq!(kept, [0, 1, 2, 3, 5]);
    }
}
