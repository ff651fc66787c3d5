//! Ships that are slow far from the coast, and where they lay meanwhile.
//!
//! The speed is measured over strides of some minutes, because over the seconds between two reports the noise of the
//! positions is as fast as a drifting ship. It is taken to change evenly from the middle of one stride to the middle of
//! the next; a spell begins and ends where it crosses the limit.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use maritime::{
    Event, EventId, EventKind, EventState, Figure, METRES_PER_NAUTICAL_MILE, Reason, Subject,
    Timestamp,
};
use rustc_hash::FxHashMap;

use crate::assess;
use crate::fix::{self, Fix, wrap};
use crate::parameters::LoiteringRules;
use crate::story::reception::Place;
use crate::story::{Heard, World, event};
use crate::track::TrackIndex;

/// Tenths of a knot that are told apart below the limit.
const BINS: usize = 24;
/// Spells that others may ask for, told or not. Beyond that further ones are not remembered for them.
const KEPT_MAX: usize = 50_000;
/// Points of a spell's way; where there are more, every second one goes.
const WAY_POINTS_MAX: usize = 16;
/// How long a spell that has ended may be asked for: as long as a silence that overlaps it can be.
const KEPT_MILLIS: i64 = 48 * 3_600_000;
/// Others may ask for a spell that has lasted so long.
const WAITING_MILLIS: i64 = 3_600_000;
/// Who goes so many metres comes as many nearer to the coast or farther from it, or crosses it, at most. Distances to it
/// are whole metres, and what is land has edges along the map where distances have chords: together less than this.
const COAST_ERROR_M: f64 = 500.0;
/// Edge of the cells by which spells are found, in 1/10 000 minute: 2°.
const CELL: i64 = 2 * 600_000;

/// What is known of every vessel, kept small.
#[derive(Debug, Clone, Copy, serde::Serialize, serde::Deserialize)]
struct Stride {
    /// Where the stride that is under way began.
    from_at: i64,
    from: Place,
    track: TrackIndex,
    /// Of the stride before, in knots; NaN if there is none.
    knots: f32,
    /// And its middle, before `from_at`, in milliseconds.
    middle_millis: i32,
}

/// A time in which a ship was slow.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
struct Spell {
    started_at: i64,
    first: Place,
    /// The end of the last slow stride.
    until: i64,
    last: Place,
    /// Milliseconds, and units times milliseconds from the first place, for the mean place.
    slow_millis: i64,
    north: i64,
    east: i64,
    /// Along the strides, in millimetres.
    way_mm: i64,
    /// Seconds at each tenth of a knot.
    speeds_s: [u32; BINS],
    version: u32,
    /// Of the data, when it was told last.
    told_until: i64,
    /// When to see whether it is far from the coast.
    ask_coast_at: i64,
    /// Where the coast was asked for and was near, and within how many metres of there it is so for certain.
    near_coast: Option<(Place, f32)>,
    /// In [`Loitering::kept`].
    kept: Option<u32>,
}

/// The way of a ship that lay far from the coast, for those who ask who was there.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub(crate) struct Waiting {
    /// Index of the vessel in the detector.
    pub(crate) vessel: u32,
    /// Milliseconds and places, in order; two at least.
    pub(crate) way: Vec<(i64, Place)>,
    /// Every so many strides are kept.
    every: u32,
    strides: u32,
}

/// The chapter.
#[derive(Debug, Default, serde::Serialize, serde::Deserialize)]
pub(crate) struct Loitering {
    /// By the index of the vessel.
    strides: Vec<Option<Stride>>,
    /// Of the vessels that are slow.
    spells: Vec<Option<Box<Spell>>>,
    /// When to see whether a spell that was told has been cut by silence. One for each at most.
    #[serde(with = "crate::snapshot::sorted_heap")]
    timers: BinaryHeap<Reverse<(i64, u32)>>,
    kept: Vec<Option<Waiting>>,
    free: Vec<u32>,
    /// By the cell in which they were found to wait.
    #[serde(with = "crate::snapshot::sorted_map")]
    cells: FxHashMap<(i32, i32), Vec<u32>>,
    swept_at: i64,
}

impl Loitering {
    /// What [`Loitering::heard`] will read of a vessel.
    pub(crate) fn look_ahead(&self, vessel: u32) -> i64 {
        let stride = self.strides.get(vessel as usize).and_then(Option::as_ref);
        let is_slow = self.spells.get(vessel as usize).is_some_and(Option::is_some);
        stride.map_or(0, |stride| stride.from_at) ^ i64::from(is_slow)
    }

    /// A ship was heard.
    pub(crate) fn heard(&mut self, heard: &Heard, world: World<'_>, told: &mut Vec<Event>) {
        let rules = &world.parameters.loitering;
        let index = heard.vessel as usize;
        if index >= self.strides.len() {
            self.strides.resize(index + 1, None);
            self.spells.resize_with(index + 1, || None);
        }
        let at = heard.fix.at;
        let silence_millis_max = world.parameters.leg_millis_max();
        let Some(stride) = &mut self.strides[index] else {
            self.strides[index] = Some(Stride::begin(heard));
            return;
        };
        if heard.track != stride.track || heard.before.is_none() {
            // Another ship under the number, unless the one that was followed is gone.
            if at - stride.from_at > silence_millis_max {
                *stride = Stride::begin(heard);
                self.end(heard.vessel, None, at, world, told);
            }
            return;
        }
        let millis = at - stride.from_at;
        if (millis as u128) < rules.stride.as_millis() {
            return;
        }
        let here = place(&heard.fix);
        let (from_at, from) = (stride.from_at, stride.from);
        let distance_m = position(from).distance_m(heard.fix.position());
        let knots = distance_m * 3_600_000.0 / METRES_PER_NAUTICAL_MILE / millis as f64;
        let was = (f64::from(stride.knots), from_at - i64::from(stride.middle_millis));
        *stride = Stride {
            from_at: at,
            from: here,
            track: heard.track,
            knots: knots as f32,
            middle_millis: (millis / 2) as i32,
        };
        if millis > silence_millis_max {
            stride.knots = f32::NAN;
            self.end(heard.vessel, None, at, world, told);
            return;
        }
        let slow = knots < rules.speed_knots_max;
        let crossing = crossing(was, (knots, at - millis / 2), rules.speed_knots_max);
        if !slow {
            self.end(heard.vessel, crossing, at, world, told);
            return;
        }
        let spell = self.spells[index]
            .get_or_insert_with(|| Box::new(Spell::new(crossing.unwrap_or(from_at), from, rules)));
        spell.add((from_at, from), (at, here), distance_m, knots, rules);
        self.follow(heard.vessel, at, world, told);
    }

    /// Closes what was told and has been cut by silence before `now`.
    pub(crate) fn advance(&mut self, now: i64, world: World<'_>, told: &mut Vec<Event>) {
        let silence_millis_max = world.parameters.leg_millis_max();
        while let Some(&Reverse((due, vessel))) = self.timers.peek()
            && due < now
        {
            self.timers.pop();
            let Some(spell) = &self.spells[vessel as usize] else { continue };
            // A spell that began after this one was told has a timer of its own.
            if spell.version == 0 {
                continue;
            }
            let again = spell.until + silence_millis_max;
            if due < again {
                self.timers.push(Reverse((again, vessel)));
                continue;
            }
            // The report that ends the silence begins a new stride.
            if let Some(stride) = &mut self.strides[vessel as usize] {
                stride.knots = f32::NAN;
            }
            self.end(vessel, None, due, world, told);
        }
        if now.saturating_sub(self.swept_at) > 3_600_000 {
            self.swept_at = now;
            self.sweep(now);
        }
    }

    /// Tells what has been added to open spells.
    pub(crate) fn tell_rest(&mut self, now: i64, world: World<'_>, told: &mut Vec<Event>) {
        for vessel in 0..self.spells.len() {
            if let Some(spell) = &mut self.spells[vessel]
                && spell.version > 0
                && spell.told_until < spell.until
            {
                told.push(spell.tell(vessel as u32, EventState::Open, now, world));
            }
        }
    }

    /// The ships that lay in one of the cells around a place and the eight around it, by number of the spell.
    pub(crate) fn waiting_near(&self, places: &[Place]) -> Vec<&Waiting> {
        let mut found = Vec::new();
        for cell in cells_around(places) {
            found.extend(self.cells.get(&cell).into_iter().flatten().copied());
        }
        found.sort_unstable();
        found.dedup();
        found.into_iter().filter_map(|kept| self.kept[kept as usize].as_ref()).collect()
    }

    /// What a slow stride makes due.
    fn follow(&mut self, vessel: u32, at: i64, world: World<'_>, told: &mut Vec<Event>) {
        let rules = &world.parameters.loitering;
        let spell = self.spells[vessel as usize].as_mut().expect("the caller has just added to it");
        if let Some(kept) = spell.kept {
            let waiting = self.kept[kept as usize].as_mut().expect("kept while it goes on");
            waiting.add(at, spell.last);
        }
        if at < spell.ask_coast_at {
            return;
        }
        if spell.is_near_coast(rules.coast_distance_m_min, world) {
            spell.ask_coast_at = at + rules.update_every.as_millis() as i64;
            return;
        }
        if spell.kept.is_none() && self.kept.len() - self.free.len() < KEPT_MAX {
            let way = vec![(spell.started_at, spell.first), (at, spell.last)];
            let waiting = Waiting { vessel, way, every: 1, strides: 0 };
            let kept = self.free.pop().unwrap_or_else(|| {
                self.kept.push(None);
                (self.kept.len() - 1) as u32
            });
            self.kept[kept as usize] = Some(waiting);
            self.cells.entry(cell(spell.last)).or_default().push(kept);
            spell.kept = Some(kept);
        }
        let open_at = spell.started_at + rules.duration_min.as_millis() as i64;
        if spell.until < open_at {
            spell.ask_coast_at = open_at;
            return;
        }
        if spell.version == 0 {
            let due = spell.until + world.parameters.leg_millis_max();
            self.timers.push(Reverse((due, vessel)));
        }
        spell.ask_coast_at = at + rules.update_every.as_millis() as i64;
        told.push(spell.tell(vessel, EventState::Open, at, world));
    }

    /// The ship is fast again, at `crossing`, or nothing was heard of it for too long.
    fn end(
        &mut self,
        vessel: u32,
        crossing: Option<i64>,
        as_of: i64,
        world: World<'_>,
        told: &mut Vec<Event>,
    ) {
        let Some(mut spell) = self.spells[vessel as usize].take() else { return };
        // Half of the fast stride may still have been slow.
        let heard_until = spell.until;
        if let Some(crossing) = crossing {
            spell.until = crossing.max(spell.started_at);
        }
        if spell.version == 0 {
            return;
        }
        let mut event = spell.tell(vessel, EventState::Closed, as_of, world);
        event.ended_at_earliest = Timestamp::from_millis(spell.until.min(heard_until));
        event.ended_at_latest = crossing.map(|_| Timestamp::from_millis(as_of));
        told.push(event);
    }

    fn sweep(&mut self, now: i64) {
        let (kept, free, spells) = (&mut self.kept, &mut self.free, &self.spells);
        self.cells.retain(|_, numbers| {
            numbers.retain(|&number| {
                let place = &mut kept[number as usize];
                let waiting = place.as_ref().expect("in its cell as long as it is kept");
                let goes_on = spells[waiting.vessel as usize]
                    .as_ref()
                    .is_some_and(|spell| spell.kept == Some(number));
                let keep = goes_on || now - waiting.until() <= KEPT_MILLIS;
                if !keep {
                    *place = None;
                    free.push(number);
                }
                keep
            });
            !numbers.is_empty()
        });
        // Nothing may depend on the order of the cells.
        free.sort_unstable();
    }

    /// Vessels are not remembered any more: others may get their indices. Nothing more is told of them.
    pub(crate) fn forget(&mut self, is_gone: &[bool]) {
        for (index, _) in is_gone.iter().enumerate().filter(|(_, is_gone)| **is_gone) {
            if let Some(stride) = self.strides.get_mut(index) {
                *stride = None;
                self.spells[index] = None;
            }
        }
        self.timers.retain(|Reverse((_, vessel))| !is_gone[*vessel as usize]);
        let (kept, free) = (&mut self.kept, &mut self.free);
        self.cells.retain(|_, numbers| {
            numbers.retain(|&number| {
                let place = &mut kept[number as usize];
                let waiting = place.as_ref().expect("in its cell as long as it is kept");
                let keep = !is_gone[waiting.vessel as usize];
                if !keep {
                    *place = None;
                    free.push(number);
                }
                keep
            });
            !numbers.is_empty()
        });
        free.sort_unstable();
    }
}

impl Stride {
    fn begin(heard: &Heard) -> Self {
        Stride {
            from_at: heard.fix.at,
            from: place(&heard.fix),
            track: heard.track,
            knots: f32::NAN,
            middle_millis: 0,
        }
    }
}

impl Spell {
    fn new(started_at: i64, first: Place, rules: &LoiteringRules) -> Self {
        let waiting_millis = WAITING_MILLIS.min(rules.duration_min.as_millis() as i64);
        Spell {
            started_at,
            first,
            until: started_at,
            last: first,
            slow_millis: 0,
            north: 0,
            east: 0,
            way_mm: 0,
            speeds_s: [0; BINS],
            version: 0,
            told_until: i64::MIN,
            ask_coast_at: started_at + waiting_millis,
            near_coast: None,
            kept: None,
        }
    }

    /// Whether the coast is nearer to where it is now than so many metres. Who lies at a berth is asked for days: so
    /// what the map said last holds as long as the ship has not gone far enough to leave the coast behind.
    fn is_near_coast(&mut self, metres_min: f64, world: World<'_>) -> bool {
        let here = position(self.last);
        if let Some((there, within_m)) = self.near_coast
            && here.distance_m(position(there)) < f64::from(within_m)
        {
            return true;
        }
        let metres = world.coast_distance_m(here).filter(|metres| *metres < metres_min);
        self.near_coast =
            metres.map(|metres| (self.last, (metres_min - metres - COAST_ERROR_M) as f32));
        metres.is_some()
    }

    fn add(
        &mut self,
        (from_at, from): (i64, Place),
        (at, here): (i64, Place),
        distance_m: f64,
        knots: f64,
        rules: &LoiteringRules,
    ) {
        let millis = at - from_at;
        let (north_from, east_from) = self.offset(from);
        let (north_to, east_to) = self.offset(here);
        self.slow_millis += millis;
        self.north += (north_from + north_to) / 2 * millis;
        self.east += (east_from + east_to) / 2 * millis;
        self.way_mm += libm::round(distance_m * 1000.0) as i64;
        let bin = (knots / rules.speed_knots_max * BINS as f64) as usize;
        self.speeds_s[bin.min(BINS - 1)] += (millis / 1000) as u32;
        (self.until, self.last) = (at, here);
    }

    fn offset(&self, place: Place) -> (i64, i64) {
        (
            i64::from(place.latitude) - i64::from(self.first.latitude),
            wrap(i64::from(place.longitude) - i64::from(self.first.longitude)),
        )
    }

    /// The middle of the bin in which half of the time is reached.
    fn speed_knots_p50(&self, rules: &LoiteringRules) -> f64 {
        let all: u64 = self.speeds_s.iter().map(|&seconds| u64::from(seconds)).sum();
        let mut below = 0;
        let bin = self.speeds_s.iter().position(|&seconds| {
            below += u64::from(seconds);
            2 * below >= all
        });
        (bin.unwrap_or(0) as f64 + 0.5) * rules.speed_knots_max / BINS as f64
    }

    fn tell(&mut self, vessel: u32, state: EventState, as_of: i64, world: World<'_>) -> Event {
        let rules = &world.parameters.loitering;
        self.version += 1;
        self.told_until = self.until;
        let [started_at, ended_at, as_of] =
            [self.started_at, self.until, as_of].map(Timestamp::from_millis);
        let mut vessels = vec![world.event_vessel(vessel)];
        vessels[0].draught_m_before = world.vessel(vessel).draught_m_at(started_at);
        let id = EventId::of(EventKind::Loitering, Subject::Vessel(vessels[0].mmsi), started_at);
        let mean = |sum: i64| sum.div_euclid(self.slow_millis.max(1));
        let position = fix::position(
            i64::from(self.first.latitude) + mean(self.north),
            wrap(i64::from(self.first.longitude) + mean(self.east)),
        );
        let span = (started_at, ended_at);
        let mut event = event(id, self.version, state, vessels, span, position, as_of);
        if state == EventState::Open {
            event.ended_at_latest = None;
        }
        let hours = event.duration().as_secs_f64() / 3600.0;
        let knots = self.speed_knots_p50(rules);
        let coast_distance_m = world.coast_distance_m(position);
        let drifted_m = self::position(self.first).distance_m(self::position(self.last));
        event.place.coast_distance_m = coast_distance_m;
        event.vessels[0].observed = event.duration();
        let figure = |name, value| Figure { name, value };
        event.figures = vec![
            figure("duration_s", event.duration().as_secs_f64()),
            figure("speed_knots_p50", assess::hundredths(knots)),
            figure("way_m", libm::round(self.way_mm as f64 / 1000.0)),
            figure("distance_m", libm::round(drifted_m)),
        ];
        let mut reasons = vec![
            Reason {
                rule: "long",
                weight: assess::hundredths(0.3 * (hours / 24.0).min(1.0)),
                text: format!(
                    "below {} kn for {}, {knots:.1} kn in the median",
                    rules.speed_knots_max,
                    assess::words(event.duration())
                ),
            },
            Reason {
                rule: "drifting",
                weight: if knots < 0.2 { 0.0 } else { 0.1 },
                text: format!(
                    "ended {:.1} nm from where it began, after a way of {:.1} nm",
                    drifted_m / METRES_PER_NAUTICAL_MILE,
                    self.way_mm as f64 / 1000.0 / METRES_PER_NAUTICAL_MILE
                ),
            },
        ];
        if let Some(metres) = coast_distance_m {
            let miles = metres / METRES_PER_NAUTICAL_MILE;
            reasons.push(Reason {
                rule: "offshore",
                weight: assess::hundredths(0.3 * (miles / 50.0).min(1.0)),
                text: format!("{miles:.0} nm off the coast"),
            });
        }
        event.score = assess::score(&reasons);
        event.reasons = reasons;
        event
    }
}

impl Waiting {
    /// From when it is known to have waited.
    pub(crate) fn from(&self) -> i64 {
        self.way[0].0
    }

    /// Until when.
    pub(crate) fn until(&self) -> i64 {
        self.way[self.way.len() - 1].0
    }

    /// Where it was at an instant, between its points.
    pub(crate) fn place_at(&self, at: i64) -> Place {
        let next = self.way.partition_point(|&(point_at, _)| point_at < at);
        let (Some(&(to_at, to)), Some(&(from_at, from))) =
            (self.way.get(next), self.way.get(next.wrapping_sub(1)))
        else {
            return self.way[next.min(self.way.len() - 1)].1;
        };
        let part = |span: i64| span * (at - from_at) / (to_at - from_at).max(1);
        let [north, east] = [
            i64::from(to.latitude) - i64::from(from.latitude),
            wrap(i64::from(to.longitude) - i64::from(from.longitude)),
        ];
        Place {
            latitude: (i64::from(from.latitude) + part(north)) as i32,
            longitude: wrap(i64::from(from.longitude) + part(east)) as i32,
        }
    }

    /// The last point is always the newest; the others are spread evenly.
    fn add(&mut self, at: i64, place: Place) {
        self.strides += 1;
        if self.strides.is_multiple_of(self.every) {
            self.way.push((at, place));
        } else {
            *self.way.last_mut().expect("there are two at least") = (at, place);
        }
        if self.way.len() > WAY_POINTS_MAX {
            let last = self.way.len() - 1;
            let mut index = 0;
            self.way.retain(|_| {
                index += 1;
                (index - 1) % 2 == 0 || index - 1 == last
            });
            self.every *= 2;
        }
    }
}

/// When the speed crossed the limit between the middles of two strides; `None` if it did not, or one is not known.
fn crossing(before: (f64, i64), after: (f64, i64), limit: f64) -> Option<i64> {
    let (knots, at) = before;
    let (knots_after, at_after) = after;
    if knots.is_nan() || (knots < limit) == (knots_after < limit) {
        return None;
    }
    let part = (limit - knots) / (knots_after - knots);
    Some(at + libm::round(part.clamp(0.0, 1.0) * (at_after - at) as f64) as i64)
}

/// The cell of a place and the eight around it, for each of the places, without doubles. Near the poles the cells are
/// narrow and some that are near are missed.
pub(crate) fn cells_around(places: &[Place]) -> Vec<(i32, i32)> {
    let columns = (360 * 600_000 / CELL) as i32;
    let mut cells = Vec::new();
    for &place in places {
        let (row, column) = cell(place);
        for row in row - 1..=row + 1 {
            cells.extend((column - 1..=column + 1).map(|column| (row, column.rem_euclid(columns))));
        }
    }
    cells.sort_unstable();
    cells.dedup();
    cells
}

pub(crate) fn cell(place: Place) -> (i32, i32) {
    let east = i64::from(place.longitude) + 180 * 600_000;
    (i64::from(place.latitude).div_euclid(CELL) as i32, east.div_euclid(CELL) as i32)
}

fn place(fix: &Fix) -> Place {
    Place { latitude: fix.latitude, longitude: fix.longitude }
}

fn position(place: Place) -> maritime::Position {
    fix::position(i64::from(place.latitude), i64::from(place.longitude))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::story::samples::{Way, detect, kinds, reports};

    #[test]
    fn a_spell_begins_and_ends_where_the_speed_crosses_the_limit() {
        let way =
            Way::new(-94.0).at(-20.0, 0.0).to(0.0, 0.0, 2.0).to(5.0, 0.0, 10.0).to(25.0, 0.0, 2.0);
        let events = detect(&reports(&[way]));
        let told = kinds(&events, EventKind::Loitering);
        let states: Vec<EventState> = told.iter().map(|event| event.state).collect();
        assert_eq!(states, [EventState::Open, EventState::Open, EventState::Closed]);
        let last = told[2];
        let start_s = last.started_at.millis_since(Timestamp::from_secs(1_704_067_200)) / 1000;
        let end_s = last.ended_at.millis_since(Timestamp::from_secs(1_704_067_200)) / 1000;
        assert!((start_s - 2 * 3600).abs() < 360, "{start_s}");
        assert!((end_s - 12 * 3600).abs() < 360, "{end_s}");
        let knots = last.figure("speed_knots_p50").unwrap();
        assert!((0.4..0.6).contains(&knots), "{knots}");
        assert!(told.iter().all(|event| event.id == last.id));
    }

    #[test]
    fn silence_ends_a_spell() {
        let way =
            Way::new(-94.0).to(2.0, 0.0, 5.0).silent().to(4.0, 0.0, 6.0).heard().to(4.5, 0.0, 1.0);
        let other = Way::new(-80.0).to(100.0, 0.0, 14.0);
        let events = detect(&reports(&[way, other]));
        let told = kinds(&events, EventKind::Loitering);
        let last = told.last().unwrap();
        assert_eq!((last.state, last.ended_at_latest), (EventState::Closed, None));
        assert!(last.duration().as_secs() <= 5 * 3600, "{last:#?}");
    }

    #[test]
    fn ships_under_way_and_short_stops_are_not_told() {
        let passes = Way::new(-94.0).to(60.0, 0.0, 10.0);
        let stops = Way::new(-90.0).to(10.0, 0.0, 1.0).stay(2.5).to(20.0, 0.0, 1.0);
        assert!(kinds(&detect(&reports(&[passes, stops])), EventKind::Loitering).is_empty());
    }
}
