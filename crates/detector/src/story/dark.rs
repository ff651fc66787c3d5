//! Ships that may have met while at least one of them was not heard.
//!
//! A silent ship can have been anywhere that it can reach from where it was heard last and from which it can reach where
//! it is heard again: a prism in space and time. What two prisms have in common is where the ships can have met. How long
//! they can have stayed at a place is the least of the two departures less the latest of the two arrivals, each of which is
//! a cone over the sea: a concave function of the place, so that its greatest value is found by narrowing down an interval
//! within an interval. Of a ship that waited within hearing the way is known, and the stay follows from that.
//!
//! Many ships can have met and did not. What ranks them is how well it all fits: that they were silent and not out of
//! reach; that the courses on which they left and came back pass through one place; that their times there agree; and how
//! many others fit as well.

use std::cmp::Reverse;
use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use maritime::{
    ECCENTRICITY_SQUARED, EQUATORIAL_RADIUS_M, Event, EventId, EventKind, EventState, Figure,
    METRES_PER_NAUTICAL_MILE, Position, Reason, Subject, Timestamp, VesselPair,
};
use rustc_hash::FxHashMap;

use crate::assess;
use crate::fix::{self, Fix, wrap};
use crate::parameters::DarkRules;
use crate::story::gap::{Broken, Silence, lies_still};
use crate::story::loitering::{Loitering, Waiting, cell, cells_around};
use crate::story::reception::Place;
use crate::story::{World, event};

/// Silences that later ones are held against. Beyond that the oldest goes.
const SILENCES_MAX: usize = 50_000;
/// With so many others a silence is compared in full, of those that can have met at all: the latest.
const COMPARED_MAX: usize = 32;
/// So many are told for each silence at most: those that fit best.
const TOLD_MAX: usize = 3;
/// A fit this good or better counts fully as a rival.
const FIT_OF_NOBODY: f64 = 0.02;
/// Below this a ship has no course.
const COURSE_KNOTS_MIN: f64 = 2.0;
/// What a silent ship is taken to go at where it did not say.
const KNOTS_USUAL: f64 = 9.0;

/// In place of a vessel that was forgotten.
const NOBODY: u32 = u32::MAX;

/// Everywhere that a silent ship can have been. Metres on a plane and seconds.
#[derive(Debug, Clone, Copy)]
struct Prism {
    from: [f64; 2],
    from_s: f64,
    to: [f64; 2],
    to_s: f64,
    /// The fastest it can have gone, metres a second.
    mps: f64,
}

/// A course on which a ship left, or the opposite of one on which it came back.
#[derive(Debug, Clone, Copy)]
struct Ray {
    from: [f64; 2],
    /// Of length 1; `None` if it was slow, and so had come or not yet gone.
    towards: Option<[f64; 2]>,
    /// How far a ship may be off it, at its start; and more farther on.
    spread_m: f64,
}

/// One silent ship on the plane.
#[derive(Debug, Clone)]
struct Silent {
    prism: Prism,
    rays: Vec<Ray>,
    /// At which it left and came back, metres a second.
    leave_mps: f64,
    return_mps: f64,
}

/// A place and a time at which two ships may have been together.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
struct Stay {
    place: [f64; 2],
    from_s: f64,
    to_s: f64,
    /// The longest at any place.
    longest_s: f64,
    /// How well the courses fit, in `[0, 1]`, and by how much they miss the place.
    courses: f64,
    miss_m: f64,
    /// How well the times fit, in `[0, 1]`.
    times: f64,
}

/// A meeting that may have been.
#[derive(Debug, Clone, Copy, serde::Serialize, serde::Deserialize)]
struct Candidate {
    other: u32,
    /// Of the other one, if it was silent.
    silence: Option<Silence>,
    stay: Stay,
    position: Position,
    /// Metres by which the place may be wrong and the ships still have met.
    uncertainty_m: f64,
}

/// One that was told; a late report may still fall into a silence that it rests on.
#[derive(Debug, Clone, Copy, serde::Serialize, serde::Deserialize)]
struct Told {
    id: EventId,
    version: u32,
    silence: Silence,
    candidate: Candidate,
    share: f64,
    rivals: usize,
    at: i64,
}

impl Told {
    fn rests_on(&self, silence: &Silence) -> bool {
        is_same(&self.silence, silence)
            || self.candidate.silence.is_some_and(|other| is_same(&other, silence))
    }

    /// Whether it is of the two vessels.
    fn is_of(&self, a: u32, b: u32) -> bool {
        let (mine, other) = (self.silence.vessel, self.candidate.other);
        (mine, other) == (a, b) || (mine, other) == (b, a)
    }
}

/// The chapter.
#[derive(Debug, Default, serde::Serialize, serde::Deserialize)]
pub(crate) struct DarkMeetings {
    /// Ended at the instant `pending_at`, and not looked at yet: who has the lower number must not matter.
    pending: Vec<Silence>,
    pending_at: i64,
    /// In the order in which they ended.
    silences: VecDeque<Silence>,
    /// The number of the first of them.
    first: u64,
    /// Numbers of silences by the cells of their ends and middle; those of forgotten ones go with the next sweep.
    #[serde(with = "crate::snapshot::sorted_map")]
    cells: FxHashMap<(i32, i32), Vec<u64>>,
    swept_at: i64,
    /// Ids that were told, as long as another of the same pair could begin in the same second: one ship can be silent
    /// on two sub-tracks at once.
    ids: BTreeSet<EventId>,
    /// What was told within the horizon for late reports.
    told: Vec<Told>,
    /// Of these, what rests on a silence that a late report has broken: to be told again with the silences of
    /// `pending`, or retracted.
    shaken: Vec<Told>,
}

impl DarkMeetings {
    /// A ship is heard again.
    pub(crate) fn ended(&mut self, silence: Silence, at: i64, world: World<'_>) {
        let rules = &world.parameters.dark;
        let millis = silence.to.at - silence.from.at;
        if silence.probability < rules.silence_probability_min
            || millis as u128 > rules.silence_max.as_millis()
        {
            return;
        }
        self.pending_at = at;
        self.pending.push(silence);
    }

    /// A late report fell into a silence.
    pub(crate) fn broken(&mut self, broken: &Broken, now: i64, world: World<'_>) {
        let was = &broken.was;
        self.pending.retain(|silence| !is_same(silence, was));
        if let Some(known) = self.silences.iter_mut().rfind(|known| is_same(known, was)) {
            known.vessel = NOBODY;
        }
        self.shaken.extend(self.told.extract_if(.., |told| told.rests_on(was)));
        self.pending_at = now;
        for silence in broken.left.into_iter().flatten() {
            self.ended(silence, now, world);
        }
    }

    /// Holds what ended before `now` against all others.
    pub(crate) fn advance(
        &mut self,
        now: i64,
        loitering: &Loitering,
        world: World<'_>,
        told: &mut Vec<Event>,
    ) {
        if !(self.pending.is_empty() && self.shaken.is_empty()) && self.pending_at < now {
            self.compare(loitering, world, told);
        }
        if now.saturating_sub(self.swept_at) > 3_600_000 {
            self.swept_at = now;
            let oldest = Timestamp::from_millis(now).minus(2 * world.parameters.dark.silence_max);
            self.ids.retain(|id| id.first_started_at() >= oldest);
            let since = now - world.parameters.revision_millis();
            self.told.retain(|told| told.at >= since);
            let first = self.first;
            self.cells.retain(|_, numbers| {
                numbers.retain(|&number| number >= first);
                !numbers.is_empty()
            });
        }
    }

    /// Vessels are not remembered any more: others may get their indices. Nothing more is told of them.
    pub(crate) fn forget(&mut self, is_gone: &[bool]) {
        self.pending.retain(|silence| !is_gone[silence.vessel as usize]);
        let is_kept = |told: &Told| {
            !is_gone[told.silence.vessel as usize] && !is_gone[told.candidate.other as usize]
        };
        self.told.retain(is_kept);
        self.shaken.retain(is_kept);
        // Silences are found by their place in the line, so they keep it.
        for silence in &mut self.silences {
            if silence.vessel != NOBODY && is_gone[silence.vessel as usize] {
                silence.vessel = NOBODY;
            }
        }
    }

    /// The input has ended.
    pub(crate) fn tell_rest(
        &mut self,
        loitering: &Loitering,
        world: World<'_>,
        told: &mut Vec<Event>,
    ) {
        self.compare(loitering, world, told);
    }

    fn compare(&mut self, loitering: &Loitering, world: World<'_>, told: &mut Vec<Event>) {
        let rules = &world.parameters.dark;
        let oldest_at = self.pending_at - rules.silence_max.as_millis() as i64;
        while self.silences.len() > SILENCES_MAX
            || self.silences.front().is_some_and(|silence| silence.to.at < oldest_at)
        {
            self.silences.pop_front();
            self.first += 1;
        }
        let mut pending = std::mem::take(&mut self.pending);
        pending.sort_by_key(order);
        for silence in pending.drain(..) {
            self.compare_one(&silence, loitering, world, told);
            let number = self.first + self.silences.len() as u64;
            self.silences.push_back(silence);
            let mut cells = middle_and_ends(&silence).map(cell).to_vec();
            cells.sort_unstable();
            cells.dedup();
            for cell in cells {
                self.cells.entry(cell).or_default().push(number);
            }
        }
        self.pending = pending;
        for gone in std::mem::take(&mut self.shaken) {
            let Told { silence, candidate, share, rivals, .. } = gone;
            let at = self.pending_at;
            let retracted = tell(&silence, &candidate, share, rivals, at, world);
            told.extend(retracted.map(|event| Event {
                id: gone.id,
                version: gone.version + 1,
                state: EventState::Retracted,
                ..event
            }));
        }
    }

    fn compare_one(
        &mut self,
        silence: &Silence,
        loitering: &Loitering,
        world: World<'_>,
        told: &mut Vec<Event>,
    ) {
        let rules = &world.parameters.dark;
        let places = middle_and_ends(silence);
        let plane = Plane::new(places[1]);
        let mut numbers: Vec<u64> = cells_around(&places)
            .iter()
            .flat_map(|cell| self.cells.get(cell).into_iter().flatten().copied())
            .filter(|&number| number >= self.first)
            .collect();
        numbers.sort_unstable_by_key(|&number| Reverse(number));
        numbers.dedup();
        let mine = Silent::new(silence, &plane, rules);
        let others =
            numbers.into_iter().map(|number| &self.silences[(number - self.first) as usize]);
        let possible = others.filter(|other| {
            other.vessel != silence.vessel
                && other.vessel != NOBODY
                && other.from.at < silence.to.at
                && silence.from.at < other.to.at
        });
        let stay_min_s = rules.stay_min.as_secs_f64();
        let silent = possible
            .map(|other| (other, Silent::new(other, &plane, rules)))
            .filter(|(_, theirs)| bound_s(&mine.prism, &theirs.prism) >= stay_min_s)
            .take(COMPARED_MAX);
        let mut candidates: Vec<Candidate> = silent
            .filter_map(|(other, theirs)| {
                // By what they are and not by who comes first, so that exchanging them changes no bit.
                let pair = if order(silence) <= order(other) {
                    [&mine, &theirs]
                } else {
                    [&theirs, &mine]
                };
                let stay = meet(pair, stay_min_s)?;
                let mps = (mine.prism.mps + theirs.prism.mps) / 2.0;
                Some(Candidate {
                    other: other.vessel,
                    silence: Some(*other),
                    stay,
                    position: plane.position(stay.place),
                    uncertainty_m: (stay.longest_s - stay_min_s) / 2.0 * mps,
                })
            })
            .collect();
        let waiting = loitering.waiting_near(&places).into_iter().filter_map(|waiting| {
            if waiting.vessel == silence.vessel {
                return None;
            }
            let stay = meet_waiting(&mine, waiting, &plane, stay_min_s)?;
            Some(Candidate {
                other: waiting.vessel,
                silence: None,
                stay,
                position: plane.position(stay.place),
                uncertainty_m: 0.0,
            })
        });
        candidates.extend(waiting);
        let fits: f64 = candidates.iter().map(|candidate| candidate.stay.fit()).sum();
        let rivals = candidates.len() - usize::from(!candidates.is_empty());
        candidates.sort_by(|a, b| {
            b.stay.fit().total_cmp(&a.stay.fit()).then(a.stay.from_s.total_cmp(&b.stay.from_s))
        });
        for candidate in candidates.into_iter().take(TOLD_MAX) {
            let fit = candidate.stay.fit();
            let share = fit / (fits + FIT_OF_NOBODY);
            let Some(mut event) = tell(silence, &candidate, share, rivals, self.pending_at, world)
            else {
                continue;
            };
            if event.score < rules.score_min {
                continue;
            }
            let same =
                self.shaken.iter().position(|told| told.is_of(silence.vessel, candidate.other));
            if let Some(same) = same {
                let same = self.shaken.remove(same);
                (event.id, event.version) = (same.id, same.version + 1);
                event.state = EventState::Revised;
            } else {
                while !self.ids.insert(event.id) {
                    event.id = event.id.a_second_later();
                }
            }
            if world.parameters.revision_millis() > 0 {
                let (id, version, at) = (event.id, event.version, self.pending_at);
                let silence = *silence;
                self.told.push(Told { id, version, silence, candidate, share, rivals, at });
            }
            told.push(event);
        }
    }
}

/// Silences in an order that has nothing to do with the numbers of the vessels.
fn order(silence: &Silence) -> [i64; 6] {
    let fix = |fix: &Fix| [fix.at, i64::from(fix.latitude), i64::from(fix.longitude)];
    let ([a, b, c], [d, e, f]) = (fix(&silence.from), fix(&silence.to));
    [a, b, c, d, e, f]
}

fn is_same(a: &Silence, b: &Silence) -> bool {
    (a.vessel, a.from.at, a.to.at) == (b.vessel, b.from.at, b.to.at)
}

fn middle_and_ends(silence: &Silence) -> [Place; 3] {
    let place = |fix: &Fix| Place { latitude: fix.latitude, longitude: fix.longitude };
    let (from, to) = (place(&silence.from), place(&silence.to));
    let north = i64::from(to.latitude) - i64::from(from.latitude);
    let east = wrap(i64::from(to.longitude) - i64::from(from.longitude));
    let middle = Place {
        latitude: (i64::from(from.latitude) + north.div_euclid(2)) as i32,
        longitude: wrap(i64::from(from.longitude) + east.div_euclid(2)) as i32,
    };
    [from, middle, to]
}

impl Stay {
    fn fit(&self) -> f64 {
        self.courses * self.times
    }
}

impl Silent {
    fn new(silence: &Silence, plane: &Plane, rules: &DarkRules) -> Self {
        let (from, to) = (&silence.from, &silence.to);
        let knots = silence.speed_knots_max.clamp(rules.speed_knots_assumed, rules.speed_knots_max);
        // What the reported speed cannot be right about, the prism decides.
        let mps = |said: f32| {
            let said = f64::from(said);
            let usual = if said >= COURSE_KNOTS_MIN { said } else { KNOTS_USUAL };
            metres_a_second(usual.min(knots))
        };
        // Whoever comes back has drifted meanwhile with the one it met.
        let rays = [ray(from, plane, 1.0, 1500.0), ray(to, plane, -1.0, 5000.0)];
        Silent {
            prism: Prism {
                from: plane.place(from.position()),
                from_s: from.at as f64 / 1000.0,
                to: plane.place(to.position()),
                to_s: to.at as f64 / 1000.0,
                mps: metres_a_second(knots),
            },
            rays: rays.into_iter().flatten().collect(),
            leave_mps: mps(from.speed_knots),
            return_mps: mps(to.speed_knots),
        }
    }

    /// From when to when it would have been at a place, going there and back as it was seen to go.
    fn visit_s(&self, place: [f64; 2]) -> (f64, f64) {
        let prism = &self.prism;
        (
            prism.from_s + distance(prism.from, place) / self.leave_mps,
            prism.to_s - distance(place, prism.to) / self.return_mps,
        )
    }
}

fn ray(fix: &Fix, plane: &Plane, sense: f64, spread_m: f64) -> Option<Ray> {
    let from = plane.place(fix.position());
    if f64::from(fix.speed_knots) < COURSE_KNOTS_MIN {
        return Some(Ray { from, towards: None, spread_m: 5000.0 });
    }
    if fix.course_deg.is_nan() || fix.speed_knots.is_nan() {
        return None;
    }
    let towards = plane.direction(fix.position(), f64::from(fix.course_deg));
    Some(Ray { from, towards: Some(towards.map(|part| part * sense)), spread_m })
}

impl Ray {
    /// By how much it misses a place: in metres, and beside how much it may.
    fn miss(&self, place: [f64; 2]) -> (f64, f64) {
        let [x, y] = [place[0] - self.from[0], place[1] - self.from[1]];
        let away = libm::sqrt(x * x + y * y);
        // One that lay still all the while gives no hint of going anywhere.
        let Some([east, north]) = self.towards else {
            return (away, (away / self.spread_m).max(1.0));
        };
        let along = x * east + y * north;
        let miss = if along > 0.0 { (x * north - y * east).abs() } else { away };
        (miss, miss / (self.spread_m + 0.1 * away))
    }
}

impl Prism {
    /// The earliest arrival at and the latest departure from a place, in seconds.
    fn window(&self, place: [f64; 2]) -> (f64, f64) {
        (
            self.from_s + distance(self.from, place) / self.mps,
            self.to_s - distance(place, self.to) / self.mps,
        )
    }
}

/// No stay of the two can be longer: every arrival with every departure, at the place that suits these two best.
fn bound_s(a: &Prism, b: &Prism) -> f64 {
    let mut bound_s = f64::INFINITY;
    for leaves in [a, b] {
        for returns in [a, b] {
            let way_s = distance(leaves.from, returns.to) / leaves.mps.max(returns.mps);
            bound_s = bound_s.min(returns.to_s - leaves.from_s - way_s);
        }
    }
    bound_s
}

/// From when to when both can have been at a place; the end may be before the start.
fn window(prisms: [&Prism; 2], place: [f64; 2]) -> (f64, f64) {
    let [a, b] = prisms.map(|prism| prism.window(place));
    (a.0.max(b.0), a.1.min(b.1))
}

fn stay_s(prisms: [&Prism; 2], place: [f64; 2]) -> f64 {
    let (from_s, to_s) = window(prisms, place);
    to_s - from_s
}

/// The place at which two silent ships can have stayed together longest, and how long, in seconds; negative if they
/// cannot have met. Good to a metre.
fn longest_stay(prisms: [&Prism; 2]) -> ([f64; 2], f64) {
    // The best place lies among the four ends: moving one towards their hull brings it nearer to all of them.
    let ends = prisms.iter().flat_map(|prism| [prism.from, prism.to]);
    let (mut low, mut high) = ([f64::INFINITY; 2], [f64::NEG_INFINITY; 2]);
    for end in ends {
        for axis in 0..2 {
            low[axis] = low[axis].min(end[axis]);
            high[axis] = high[axis].max(end[axis]);
        }
    }
    let along = |x: f64| greatest(low[1], high[1], |y| stay_s(prisms, [x, y]));
    let (x, stay_s) = greatest(low[0], high[0], |x| along(x).1);
    ([x, along(x).0], stay_s)
}

/// The greatest value of a concave function between two ends, and where it is: golden sections.
fn greatest(mut low: f64, mut high: f64, value: impl Fn(f64) -> f64) -> (f64, f64) {
    const GOLDEN: f64 = 0.618_033_988_749_894_9;
    let (mut a, mut b) = (high - GOLDEN * (high - low), low + GOLDEN * (high - low));
    let (mut at_a, mut at_b) = (value(a), value(b));
    // In metres: ships cover that in a few seconds, and nobody asks for less.
    while high - low > 20.0 {
        if at_a >= at_b {
            (high, b, at_b) = (b, a, at_a);
            a = high - GOLDEN * (high - low);
            at_a = value(a);
        } else {
            (low, a, at_a) = (a, b, at_b);
            b = low + GOLDEN * (high - low);
            at_b = value(b);
        }
    }
    if at_a >= at_b { (a, at_a) } else { (b, at_b) }
}

/// Where two silent ships most likely met, if they can have been together for `stay_min_s`.
fn meet(pair: [&Silent; 2], stay_min_s: f64) -> Option<Stay> {
    let prisms = pair.map(|silent| &silent.prism);
    let (longest_at, longest_s) = longest_stay(prisms);
    if longest_s < stay_min_s {
        return None;
    }
    let rays: Vec<Ray> = pair.iter().flat_map(|silent| silent.rays.iter().copied()).collect();
    let times = |place: [f64; 2]| {
        let [a, b] = pair.map(|silent| silent.visit_s(place));
        let common_s = a.1.min(b.1) - a.0.max(b.0);
        let either_s = a.1.max(b.1) - a.0.min(b.0);
        if common_s > 0.0 { common_s / either_s * (common_s / 7200.0).min(1.0) } else { 0.0 }
    };
    // Less is better; impossible places are out.
    let misfit = |place: [f64; 2]| {
        if stay_s(prisms, place) < stay_min_s {
            return f64::INFINITY;
        }
        -libm::log(courses(&rays, place).0.max(1e-9)) - libm::log(0.05 + times(place))
    };
    let mut best = (misfit(longest_at), longest_at);
    let starts = rays.iter().enumerate().flat_map(|(index, a)| {
        let crossings = rays[..index].iter().filter_map(|b| crossing(a, b));
        crossings.chain(a.towards.is_none().then_some(a.from))
    });
    for start in starts {
        let at_start = misfit(start);
        if at_start < best.0 {
            best = (at_start, start);
        }
    }
    let mut step_m = 16_000.0;
    while step_m > 100.0 {
        let around = [(1.0, 0.0), (-1.0, 0.0), (0.0, 1.0), (0.0, -1.0)];
        let neighbours = around.map(|(x, y)| [best.1[0] + step_m * x, best.1[1] + step_m * y]);
        let next = neighbours.map(|place| (misfit(place), place));
        let next = next.into_iter().min_by(|a, b| a.0.total_cmp(&b.0)).expect("there are four");
        if next.0 < best.0 {
            best = next;
        } else {
            step_m /= 2.0;
        }
    }
    let place = best.1;
    let (from_s, to_s) = window(prisms, place);
    let (courses, miss_m) = courses(&rays, place);
    Some(Stay { place, from_s, to_s, longest_s, courses, miss_m, times: times(place) })
}

/// The same for a ship that waited within hearing, along its way.
fn meet_waiting(
    silent: &Silent,
    waiting: &Waiting,
    plane: &Plane,
    stay_min_s: f64,
) -> Option<Stay> {
    let prism = &silent.prism;
    let [waits_from_s, waits_to_s] =
        [waiting.from(), waiting.until()].map(|millis| millis as f64 / 1000.0);
    let (from_s, to_s) = (waits_from_s.max(prism.from_s), waits_to_s.min(prism.to_s));
    if to_s - from_s < stay_min_s {
        return None;
    }
    let place_at = |at_s: f64| {
        let place = waiting.place_at(libm::round(at_s * 1000.0) as i64);
        plane.place(fix::position(i64::from(place.latitude), i64::from(place.longitude)))
    };
    // It is slower than the silent ship, which therefore has reached it from some moment on, and can go back from it up
    // to some moment.
    let meets_from = |leave_mps: f64| {
        let there =
            |at_s: f64| at_s - prism.from_s >= distance(prism.from, place_at(at_s)) / leave_mps;
        first_true(from_s, to_s, there)
    };
    let meets_to = |return_mps: f64| {
        let gone = |at_s: f64| prism.to_s - at_s < distance(place_at(at_s), prism.to) / return_mps;
        first_true(from_s, to_s, gone)
    };
    let (arrives_s, departs_s) = (meets_from(prism.mps), meets_to(prism.mps));
    let longest_s = departs_s - arrives_s;
    if longest_s < stay_min_s {
        return None;
    }
    // With the speeds that it was seen at; there it has its start and its end.
    let (usual_from_s, usual_to_s) = (meets_from(silent.leave_mps), meets_to(silent.return_mps));
    let [came, went] = [usual_from_s, usual_to_s].map(place_at);
    let place = place_at((arrives_s + departs_s) / 2.0);
    let visit_from_s = prism.from_s + distance(prism.from, came) / silent.leave_mps;
    let visit_to_s = prism.to_s - distance(went, prism.to) / silent.return_mps;
    let common_s = (visit_to_s.min(waits_to_s) - visit_from_s.max(waits_from_s)).max(0.0);
    let either_s = (visit_to_s - visit_from_s).max(1.0);
    let misses = silent.rays.iter().enumerate().map(|(index, ray)| {
        let is_last = index + 1 == silent.rays.len() && silent.rays.len() > 1;
        ray.miss(if is_last { went } else { came })
    });
    let (courses, miss_m) = fit(misses, silent.rays.len());
    Some(Stay {
        place,
        from_s: arrives_s,
        to_s: departs_s,
        longest_s,
        courses,
        miss_m,
        times: (common_s / either_s).min(1.0) * (common_s / 7200.0).min(1.0),
    })
}

/// The first moment at which something is true that stays true; `high` if it is not before that.
fn first_true(mut low: f64, mut high: f64, is_true: impl Fn(f64) -> bool) -> f64 {
    if is_true(low) {
        return low;
    }
    // In seconds, of stays of an hour and more.
    while high - low > 15.0 {
        let middle = low + (high - low) / 2.0;
        if is_true(middle) { high = middle } else { low = middle }
    }
    high
}

/// How well rays fit a place, and by how much they miss it, root mean square.
fn courses(rays: &[Ray], place: [f64; 2]) -> (f64, f64) {
    fit(rays.iter().map(|ray| ray.miss(place)), rays.len())
}

fn fit(misses: impl Iterator<Item = (f64, f64)>, count: usize) -> (f64, f64) {
    if count == 0 {
        // Nothing is known of the courses: no better than a half.
        return (0.5, 0.0);
    }
    let mut sums = (0.0, 0.0);
    for (miss_m, miss) in misses {
        sums.0 += miss_m * miss_m;
        sums.1 += miss * miss;
    }
    let count = count as f64;
    (libm::exp(-sums.1 / count / 2.0), libm::sqrt(sums.0 / count))
}

/// Where two courses cross, ahead of both.
fn crossing(a: &Ray, b: &Ray) -> Option<[f64; 2]> {
    let (towards_a, towards_b) = (a.towards?, b.towards?);
    let cross = |u: [f64; 2], v: [f64; 2]| u[0] * v[1] - u[1] * v[0];
    let turn = cross(towards_a, towards_b);
    if turn.abs() < 1e-3 {
        return None;
    }
    let between = [b.from[0] - a.from[0], b.from[1] - a.from[1]];
    let (along_a, along_b) = (cross(between, towards_b) / turn, cross(between, towards_a) / turn);
    let place = [0, 1].map(|axis| a.from[axis] + along_a * towards_a[axis]);
    (along_a > 0.0 && along_b > 0.0).then_some(place)
}

fn tell(
    silence: &Silence,
    candidate: &Candidate,
    share: f64,
    rivals: usize,
    as_of: i64,
    world: World<'_>,
) -> Option<Event> {
    let stay = &candidate.stay;
    let mut vessels = vec![world.event_vessel(silence.vessel), world.event_vessel(candidate.other)];
    let pair = VesselPair::new(vessels[0].mmsi, vessels[1].mmsi)?;
    let at = |seconds: f64| Timestamp::from_millis(libm::round(seconds * 1000.0) as i64);
    let span = (at(stay.from_s), at(stay.to_s));
    let silences = [Some(*silence), candidate.silence];
    for (vessel, silence) in vessels.iter_mut().zip(silences) {
        let Some(silence) = silence else { continue };
        let gap = (silence.from.observed_at(), silence.to.observed_at());
        vessel.silence_max = Duration::from_millis((silence.to.at - silence.from.at) as u64);
        vessel.gaps = vec![gap];
        vessel.draught_m_before = world.vessel(silence.vessel).draught_m_at(gap.0);
    }
    let changed = vessels.iter().any(|vessel| {
        let change = vessel.draught_m_after.zip(vessel.draught_m_before);
        change.is_some_and(|(after, before)| (after - before).abs() >= 0.5)
    });
    vessels.sort_by_key(|vessel| vessel.mmsi);
    let id = EventId::of(EventKind::DarkMeeting, Subject::Pair(pair), span.0);
    let as_of = Timestamp::from_millis(as_of);
    let position = candidate.position;
    let mut event = event(id, 1, EventState::Closed, vessels, span, position, as_of);
    // The bounds are how long they can have been there; they need not have been there at all.
    event.started_at_latest = span.1;
    event.ended_at_earliest = span.0;
    let coast_distance_m = world.coast_distance_m(position);
    event.place.coast_distance_m = coast_distance_m;
    let mut probability = silence.probability;
    if let Some(other) = candidate.silence {
        probability *= other.probability;
    }
    let figure = |name, value| Figure { name, value };
    event.figures = vec![
        figure("stay_s", libm::round(stay.longest_s)),
        figure("silence_probability", assess::hundredths(probability)),
        figure("course_miss_m", libm::round(stay.miss_m)),
        figure("course_fit", assess::hundredths(stay.courses)),
        figure("time_fit", assess::hundredths(stay.times)),
        figure("rivals", rivals as f64),
        figure("surprise", assess::hundredths(share)),
        figure("position_uncertainty_m", libm::round(candidate.uncertainty_m)),
    ];
    let still = silences
        .iter()
        .flatten()
        .any(|silence| lies_still(silence.from.position().distance_m(silence.to.position())));
    event.reasons = reasons(&event, candidate, probability, share, rivals, changed);
    if still {
        event.reasons.push(Reason {
            rule: "lay_still",
            weight: -0.3,
            text: "one that was silent was heard again where it was heard last: it may have lain there all the while"
                .into(),
        });
    }
    event.score = assess::score(&event.reasons);
    Some(event)
}

fn reasons(
    event: &Event,
    candidate: &Candidate,
    probability: f64,
    share: f64,
    rivals: usize,
    changed: bool,
) -> Vec<Reason> {
    let stay = &candidate.stay;
    let longest = assess::words(Duration::from_secs(stay.longest_s as u64));
    let who = if candidate.silence.is_some() {
        "both were silent at the time and not out of reach"
    } else {
        "one waited while the other was silent and not out of reach"
    };
    let reason = |rule, weight, text| Reason { rule, weight: assess::hundredths(weight), text };
    let mut reasons = vec![
        reason(
            "silent",
            0.25 * probability,
            format!("{who}, with a probability of {:.0} %", probability * 100.0),
        ),
        reason(
            "courses",
            0.25 * stay.courses,
            format!(
                "the courses on which they were heard last and heard again pass {:.1} km from one place",
                stay.miss_m / 1000.0
            ),
        ),
        reason(
            "times",
            0.2 * stay.times,
            format!(
                "can have been together for {longest}; at their own speeds {:.0} % of the time that either had \
                     there is common to both",
                stay.times * 100.0
            ),
        ),
        reason(
            "alone",
            0.15 * share,
            format!(
                "{rivals} others can have been there too, and fit this well in all: {:.0} %",
                (1.0 - share) * 100.0
            ),
        ),
    ];
    if let Some(metres) = event.place.coast_distance_m {
        let miles = metres / METRES_PER_NAUTICAL_MILE;
        let text = format!("{miles:.0} nm off the coast");
        reasons.push(reason("offshore", 0.1 * (miles / 24.0).min(1.0), text));
    }
    if changed {
        let text = "a draught has changed meanwhile by half a metre or more".to_owned();
        reasons.push(reason("draughts", 0.05, text));
    }
    reasons
}

fn distance(a: [f64; 2], b: [f64; 2]) -> f64 {
    let [x, y] = [a[0] - b[0], a[1] - b[1]];
    libm::sqrt(x * x + y * y)
}

fn metres_a_second(knots: f64) -> f64 {
    knots * METRES_PER_NAUTICAL_MILE / 3600.0
}

/// A plane that touches the earth at a place, seen from above: distances within 500 km are right to a thousandth.
#[derive(Debug, Clone, Copy)]
struct Plane {
    centre: Position,
    centre_m: [f64; 3],
    east: [f64; 3],
    north: [f64; 3],
}

impl Plane {
    fn new(centre: Place) -> Self {
        let centre = fix::position(i64::from(centre.latitude), i64::from(centre.longitude));
        let (east, north) = axes(centre);
        Plane { centre, centre_m: centre.to_ecef_m(), east, north }
    }

    fn place(&self, position: Position) -> [f64; 2] {
        let place_m = position.to_ecef_m();
        let away_m = [0, 1, 2].map(|axis| place_m[axis] - self.centre_m[axis]);
        [dot(away_m, self.east), dot(away_m, self.north)]
    }

    /// The way on a course from a place, of length 1.
    fn direction(&self, position: Position, course_deg: f64) -> [f64; 2] {
        let (east, north) = axes(position);
        let (sin, cos) = libm::sincos(course_deg.to_radians());
        let way = [0, 1, 2].map(|axis| sin * east[axis] + cos * north[axis]);
        let [x, y] = [dot(way, self.east), dot(way, self.north)];
        let length = libm::sqrt(x * x + y * y).max(1e-9);
        [x / length, y / length]
    }

    /// The place on the earth below a point of the plane, along the plumb line of the centre.
    fn position(&self, point: [f64; 2]) -> Position {
        let (sin_lat, cos_lat) = libm::sincos(self.centre.latitude_deg().to_radians());
        let (sin_lon, cos_lon) = libm::sincos(self.centre.longitude_deg().to_radians());
        // With the axis of the earth stretched, the ellipsoid is a sphere.
        let flat = 1.0 - ECCENTRICITY_SQUARED;
        let stretched = |[x, y, z]: [f64; 3]| [x, y, z / libm::sqrt(flat)];
        let above = stretched([0, 1, 2].map(|axis| {
            self.centre_m[axis] + point[0] * self.east[axis] + point[1] * self.north[axis]
        }));
        let up = stretched([cos_lat * cos_lon, cos_lat * sin_lon, sin_lat]);
        let (along, square) = (dot(above, up), dot(up, up));
        let outside = dot(above, above) - EQUATORIAL_RADIUS_M * EQUATORIAL_RADIUS_M;
        let depth = (along - libm::sqrt((along * along - square * outside).max(0.0))) / square;
        let [x, y, z] = [0, 1, 2].map(|axis| above[axis] - depth * up[axis]);
        let from_axis_m = libm::sqrt(x * x + y * y);
        let latitude = libm::atan2(z * libm::sqrt(flat), flat * from_axis_m);
        let units = |radians: f64| libm::round(radians.to_degrees() * 600_000.0) as i64;
        fix::position(units(latitude), units(libm::atan2(y, x)))
    }
}

/// East and north at a place, in earth-centred coordinates.
fn axes(position: Position) -> ([f64; 3], [f64; 3]) {
    let (sin_lat, cos_lat) = libm::sincos(position.latitude_deg().to_radians());
    let (sin_lon, cos_lon) = libm::sincos(position.longitude_deg().to_radians());
    ([-sin_lon, cos_lon, 0.0], [-sin_lat * cos_lon, -sin_lat * sin_lon, cos_lat])
}

fn dot(a: [f64; 3], b: [f64; 3]) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

#[cfg(test)]
mod tests {
    use maritime::Report;
    use proptest::prelude::*;

    use super::*;
    use crate::story::samples::{Way, detect, kinds, reports};

    const HOUR: f64 = 3600.0;

    fn prism() -> impl Strategy<Value = Prism> {
        let place = || prop::array::uniform2(-60_000.0f64..60_000.0);
        (place(), place(), 0.0..2.0 * HOUR, 3.0 * HOUR..9.0 * HOUR, 4.0f64..9.0)
            .prop_map(|(from, to, from_s, to_s, mps)| Prism { from, from_s, to, to_s, mps })
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

        #[test]
        fn no_place_on_a_grid_allows_a_longer_stay(a in prism(), b in prism()) {
            let prisms = [&a, &b];
            let (place, found_s) = longest_stay(prisms);
            prop_assert_eq!(stay_s(prisms, place), found_s);
            prop_assert!(found_s <= bound_s(&a, &b) + 1e-6);
            let steps = (0..=150).map(|step| f64::from(step) * 800.0 - 60_000.0);
            let grid = steps.clone().flat_map(|x| steps.clone().map(move |y| [x, y]));
            let best_s = grid.map(|place| stay_s(prisms, place)).fold(f64::NEG_INFINITY, f64::max);
            prop_assert!(found_s >= best_s - 0.5, "{found_s} s, on the grid {best_s} s");
        }

        #[test]
        fn which_ship_comes_first_does_not_matter(a in prism(), b in prism()) {
            let (one, other) = (longest_stay([&a, &b]), longest_stay([&b, &a]));
            prop_assert_eq!(one.0.map(f64::to_bits), other.0.map(f64::to_bits));
            prop_assert_eq!(one.1.to_bits(), other.1.to_bits());
        }

        #[test]
        fn a_place_on_the_plane_is_a_place_on_the_earth(
            latitude in -89i32..89, longitude in -180i32..180,
            point in prop::array::uniform2(-200_000.0f64..200_000.0),
        ) {
            let units = |degrees: i32| degrees * 600_000;
            let plane = Plane::new(Place { latitude: units(latitude), longitude: units(longitude) });
            let again = plane.place(plane.position(point));
            prop_assert!(distance(point, again) < 1.0, "{point:?} {again:?}");
        }
    }

    /// Two tankers come from the west and the east, fall silent 10 nm from one place, lie there for four hours, and
    /// are heard again 10 nm on. Three others are heard all the while.
    fn dark(longitude_deg: f64) -> Vec<Report> {
        let west = Way::new(longitude_deg)
            .at(-30.0, 0.0)
            .to(-10.0, 0.0, 2.0)
            .silent()
            .to(0.0, 0.0, 1.0)
            .stay(4.0)
            .to(10.0, 2.0, 1.0)
            .heard()
            .to(30.0, 6.0, 2.0);
        let east = Way::new(longitude_deg)
            .at(30.0, 9.0)
            .to(10.0, 3.0, 2.1)
            .silent()
            .to(0.05, 0.0, 1.1)
            .stay(3.8)
            .to(-9.0, 5.0, 1.0)
            .heard()
            .to(-27.0, 15.0, 2.0);
        let mut ways = vec![west, east];
        for (x, y) in [(-6.0, 3.0), (4.0, -5.0), (1.0, 7.0)] {
            ways.push(Way::new(longitude_deg).at(x, y).to(x + 30.0, y, 10.0));
        }
        reports(&ways)
    }

    #[test]
    fn two_that_fell_silent_to_meet_are_found_where_they_met() {
        for longitude_deg in [-94.0, 180.0] {
            let events = detect(&dark(longitude_deg));
            let found = kinds(&events, EventKind::DarkMeeting);
            let [event] = found[..] else { panic!("{found:#?}") };
            let at = Position::new(28.0, wrapped(longitude_deg)).unwrap();
            assert!(event.position.distance_m(at) < 4000.0, "{event:#?}");
            assert!(event.figure("stay_s").unwrap() > 3.8 * HOUR, "{event:#?}");
            assert!(event.score > 0.6, "{event:#?}");
        }
    }

    #[test]
    fn a_late_report_from_elsewhere_retracts_the_meeting_and_one_from_there_does_not() {
        let tell = |place: Position, minutes_late: i64| {
            let mut all = dark(-94.0);
            let of = |report: &&Report| report.mmsi().get() == 211_000_001;
            let Some(Report::Position(mut late)) = all.iter().find(of).copied() else {
                panic!("it sends positions")
            };
            let arrives_at = all[0].observed_at().plus_millis(8 * 3_600_000 + 30 * 60_000);
            late.observed_at = arrives_at.plus_millis(-minutes_late * 60_000);
            late.position = place;
            late.speed_knots = Some(0.0);
            let index = all.iter().position(|report| report.observed_at() >= arrives_at).unwrap();
            all.insert(index, Report::Position(late));
            let parameters = crate::Parameters {
                land: crate::parameters::LandMap::None,
                revision_horizon: Duration::from_secs(3 * 3600),
                ..crate::Parameters::default()
            };
            let mut detector = crate::Detector::new(parameters);
            let mut events = Vec::new();
            all.iter().for_each(|report| {
                detector.push(report, &mut events);
            });
            detector.finish(&mut events);
            let told = kinds(&events, EventKind::DarkMeeting);
            told.into_iter().map(|event| (event.version, event.state)).collect::<Vec<_>>()
        };
        // It was heard again at the eighth hour, ten miles east; this is from twenty minutes before.
        let there = Position::new(28.02, -93.87).unwrap();
        assert_eq!(tell(there, 50), [(1, EventState::Closed), (2, EventState::Revised)]);
        // This one is from the middle of the silence, as far off as it can have got and come back.
        let elsewhere = Position::new(29.0, -94.0).unwrap();
        assert_eq!(tell(elsewhere, 170), [(1, EventState::Closed), (2, EventState::Retracted)]);
    }

    #[test]
    fn one_that_fell_silent_to_meet_one_that_waited_is_found() {
        let waits = Way::new(-94.0).at(0.0, 0.0).to(3.0, 1.0, 10.0);
        let comes = Way::new(-94.0)
            .at(-30.0, -1.0)
            .to(-10.0, 0.0, 2.0)
            .silent()
            .to(0.9, 0.3, 1.0)
            .to(2.1, 0.7, 4.0)
            .to(12.0, 3.0, 1.0)
            .heard()
            .to(30.0, 8.0, 2.0);
        let passes =
            [(-6.0, 8.0), (4.0, -9.0)].map(|(x, y)| Way::new(-94.0).at(x, y).to(x + 30.0, y, 10.0));
        let events = detect(&reports(&[&[waits, comes], &passes[..]].concat()));
        let found = kinds(&events, EventKind::DarkMeeting);
        let [event] = found[..] else { panic!("{found:#?}") };
        assert_eq!(event.vessels[0].gaps.len() + event.vessels[1].gaps.len(), 1);
        assert!(event.duration().as_secs() > 4 * 3600, "{event:#?}");
    }

    #[test]
    fn ships_that_cannot_have_met_are_no_candidates() {
        // Forty miles apart at eight knots and silent for four hours: the way made good leaves no time.
        let ways = [1.0, -1.0].map(|sense| {
            Way::new(-94.0)
                .at(12.0 * sense, 0.0)
                .to(20.0 * sense, 0.0, 1.0)
                .silent()
                .to(52.0 * sense, 0.0, 4.0)
                .heard()
                .to(60.0 * sense, 0.0, 1.0)
        });
        let events = detect(&reports(&ways));
        assert!(kinds(&events, EventKind::DarkMeeting).is_empty());
    }

    fn wrapped(longitude_deg: f64) -> f64 {
        (longitude_deg + 180.0).rem_euclid(360.0) - 180.0
    }
}
