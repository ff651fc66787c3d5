//! How two ships lay to each other while they were in contact: hull to hull, in the frame of a body and in that of
//! the earth.
//!
//! It rests on samples at whole minutes since the encounter began, so that it does not depend on how the contact was
//! cut into pieces, and it is reckoned when the encounter is told, with the dimensions known by then. On the plane of
//! latitude and longitude: across a pole it means nothing.

use std::sync::Arc;

use maritime::Dimensions;
use serde::{Deserialize, Serialize};

use crate::contact::ContactPiece;
use crate::fix::wrap;
use crate::hull::{Hull, is_antenna_unknown};
use crate::leg::Leg;

/// Between two samples, to begin with. Ships that are lashed move slowly, and what is told has lasted for 15 min.
const STEP_MILLIS: i64 = 60_000;
/// With more samples than this every other one is dropped and the step doubled: a median of 64 is as good as one of
/// thousands.
const SAMPLES_MAX: usize = 128;
/// So many samples lie together, and are shared by the copies of an encounter that are kept.
const BLOCK: usize = 16;
/// From this speed on a ship goes where it points, in knots; slower ones drift.
const STEERED_KNOTS_MIN: f32 = 2.0;
/// A sample within this of a report of each ship is seen; the others are bridged by straight lines.
const SEEN_WITHIN_S: u16 = 300;
/// If at least this many samples are seen, and one in so many of all, the others do not count: what ships did between
/// two passes of a satellite was no straight line.
const SEEN_MIN: usize = 4;
const SEEN_SHARE: usize = 12;

/// What satellite navigation and the entry of the dimensions may be wrong by, for each antenna.
const ANTENNA_ERROR_M: f64 = 10.0;
/// How far a ship may stray from the straight line between two reports, for each second to the nearer one: a tenth
/// of a knot of current or wind that nobody told of.
const BRIDGED_ERROR_M_PER_S: f64 = 0.05;
/// A heading guessed from the course of a ship under way, and one guessed from the drift of two that lie still, may be
/// wrong by so much.
const COURSE_ERROR_DEG: f64 = 10.0;
const DRIFT_ERROR_DEG: f64 = 45.0;

/// How two ships lay to each other at so many instants.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Formation {
    /// At most [`SAMPLES_MAX`].
    samples: Samples,
    started_at: i64,
    step_millis: i64,
    next_at: i64,
}

/// In order of time.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(from = "Vec<Sample>", into = "Vec<Sample>")]
struct Samples {
    /// Of [`BLOCK`] each; nothing in them changes any more.
    blocks: Vec<Arc<[Sample]>>,
    /// Those after them; fewer than that.
    newest: Vec<Sample>,
}

impl Samples {
    fn push(&mut self, sample: Sample) {
        self.newest.push(sample);
        if self.newest.len() == BLOCK {
            self.blocks.push(Arc::from(self.newest.as_slice()));
            self.newest.clear();
        }
    }

    fn len(&self) -> usize {
        self.blocks.len() * BLOCK + self.newest.len()
    }

    fn iter(&self) -> impl Iterator<Item = &Sample> {
        self.blocks.iter().flat_map(|block| block.iter()).chain(&self.newest)
    }
}

impl FromIterator<Sample> for Samples {
    fn from_iter<T: IntoIterator<Item = Sample>>(each: T) -> Self {
        let mut samples = Samples::default();
        each.into_iter().for_each(|sample| samples.push(sample));
        samples
    }
}

impl From<Vec<Sample>> for Samples {
    fn from(samples: Vec<Sample>) -> Self {
        samples.into_iter().collect()
    }
}

impl From<Samples> for Vec<Sample> {
    fn from(samples: Samples) -> Self {
        samples.iter().copied().collect()
    }
}

/// All in the order of the vessels. Small, because every encounter has up to [`SAMPLES_MAX`].
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Sample {
    /// Steps of [`STEP_MILLIS`] since the encounter began.
    steps: u32,
    /// From the first antenna to the second, east and north, in millimetres.
    apart_mm: [i32; 2],
    /// Half-way between them, in units.
    place: [i32; 2],
    /// Where the bows point, and who said it.
    bows_deg: [f32; 2],
    told: [Told; 2],
    /// Seconds to the nearest report.
    bridged_s: [u16; 2],
}

/// How it is known where a bow points.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
enum Told {
    ByItself,
    ByItsCourse,
    Not,
}

/// Where a bow points, in degrees.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Bow {
    Told(f32),
    /// By the course of a ship under way.
    Steered(f32),
    Unknown,
}

/// What the samples add up to; medians over time.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Lie {
    pub(crate) hull_gap_m_p50: Option<f64>,
    pub(crate) hull_gap_uncertainty_m: Option<f64>,
    /// How much of the shorter hull lay abreast of the longer, in `[0, 1]`.
    pub(crate) abreast_p50: Option<f64>,
    pub(crate) heading_difference_deg_p50: Option<f64>,
    /// How far abeam one was of the other: the sine of the bearing off the bow, in `[0, 1]`, from the body from which
    /// it was steadier.
    pub(crate) abeam_p50: Option<f64>,
    /// The spreads are root mean squares about the median place, over the half of the time that was nearest to it:
    /// coming and going do not count.
    pub(crate) body_frame_spread_m: Option<f64>,
    pub(crate) earth_frame_spread_m: Option<f64>,
    /// The same of the place of the two together: how far they went.
    pub(crate) place_spread_m: Option<f64>,
}

impl Formation {
    pub(crate) fn new(started_at: i64) -> Self {
        let (samples, step_millis) = (Samples::default(), STEP_MILLIS);
        Formation { samples, started_at, step_millis, next_at: started_at }
    }

    /// See [`crate::encounter::Encounter::look_ahead`].
    pub(crate) fn look_ahead(&self) -> i64 {
        self.next_at ^ self.samples.newest.last().map_or(0, |sample| i64::from(sample.steps))
    }

    /// Takes in a piece of contact, which follows those before it in time.
    pub(crate) fn add(&mut self, piece: &ContactPiece) {
        if piece.to <= self.next_at {
            return;
        }
        if self.next_at < piece.from {
            self.next_at = self.at_or_after(piece.from);
        }
        while self.next_at < piece.to {
            let steps = (self.next_at - self.started_at) / STEP_MILLIS;
            self.samples.push(Sample::new(piece, self.next_at, steps as u32));
            self.next_at += self.step_millis;
            if self.samples.len() > SAMPLES_MAX {
                self.thin();
            }
        }
    }

    fn thin(&mut self) {
        self.step_millis *= 2;
        let steps = (self.step_millis / STEP_MILLIS) as u32;
        let kept = self.samples.iter().filter(|sample| sample.steps.is_multiple_of(steps));
        self.samples = kept.copied().collect();
        self.next_at = self.at_or_after(self.next_at);
    }

    /// The first instant of the grid that is not before `at`.
    fn at_or_after(&self, at: i64) -> i64 {
        let steps = (at - self.started_at + self.step_millis - 1).div_euclid(self.step_millis);
        self.started_at + steps * self.step_millis
    }

    /// What it adds up to for ships of these dimensions that drifted to `drift_course_deg`.
    pub(crate) fn lie(
        &self,
        dimensions: [Option<Dimensions>; 2],
        drift_course_deg: Option<f64>,
    ) -> Lie {
        let is_seen = |sample: &&Sample| sample.bridged_s.iter().all(|&s| s <= SEEN_WITHIN_S);
        let mut samples: Vec<&Sample> = self.samples.iter().filter(is_seen).collect();
        if samples.len() < SEEN_MIN || samples.len() * SEEN_SHARE < self.samples.len() {
            samples = self.samples.iter().collect();
        }
        let hulls = if let [Some(a), Some(b)] = dimensions { Some([a, b]) } else { None };
        let (mut gaps_mm, mut abreast, mut errors_mm) = (Vec::new(), Vec::new(), Vec::new());
        for sample in samples.iter().filter(|_| hulls.is_some()) {
            let Some(dimensions) = hulls else { break };
            let Some(side) = sample.side_by_side(dimensions, drift_course_deg) else { continue };
            gaps_mm.push(millimetres(side.gap_m));
            errors_mm.push(millimetres(side.gap_error_m));
            abreast.push(millimetres(side.abreast));
        }
        let tenths_m = |mm: i64| ((mm + 50) / 100) as f64 / 10.0;
        let turned = samples.iter().filter_map(|sample| sample.heading_difference_deg());
        let mut turned: Vec<i64> =
            turned.map(|degrees| libm::round(degrees * 10.0) as i64).collect();
        let earth = samples.iter().map(|sample| sample.apart_mm.map(i64::from)).collect();
        let bodies = [0, 1].map(|index| {
            let seen = samples.iter().filter_map(|sample| sample.seen_from_body(index));
            let seen: Vec<[i64; 2]> = seen.collect();
            let mut abeam: Vec<i64> = seen.iter().map(|place| thousandths_abeam(*place)).collect();
            Some((spread_mm(seen)?, median(&mut abeam)?))
        });
        let steadier = bodies.into_iter().flatten().min();
        Lie {
            hull_gap_m_p50: median(&mut gaps_mm).map(tenths_m),
            hull_gap_uncertainty_m: median(&mut errors_mm).map(tenths_m),
            abreast_p50: median(&mut abreast).map(|thousandths| thousandths as f64 / 1000.0),
            heading_difference_deg_p50: median(&mut turned).map(|tenths| tenths as f64 / 10.0),
            abeam_p50: steadier.map(|(_, abeam)| abeam as f64 / 1000.0),
            body_frame_spread_m: steadier.map(|(spread_mm, _)| tenths_m(spread_mm)),
            earth_frame_spread_m: spread_mm(earth).map(tenths_m),
            place_spread_m: spread_mm(self.places_mm()).map(tenths_m),
        }
    }

    /// Of the two together, from where they were first.
    fn places_mm(&self) -> Vec<[i64; 2]> {
        let Some(first) = self.samples.iter().next() else { return Vec::new() };
        let place = |sample: &Sample| (i64::from(sample.place[0]), i64::from(sample.place[1]));
        let from_first = |sample| plane_m(place(first), place(sample)).map(millimetres);
        self.samples.iter().map(from_first).collect()
    }
}

/// How two hulls lie at an instant.
struct SideBySide {
    gap_m: f64,
    gap_error_m: f64,
    abreast: f64,
}

impl Sample {
    fn new(piece: &ContactPiece, at: i64, steps: u32) -> Self {
        let bows = [0, 1].map(|index| Bow::of(&piece.legs[index], at));
        let [a, b] = [0, 1].map(|index| piece.legs[index].place_at(at));
        let east_of_a = wrap(b.1 - a.1);
        let middle = ((a.0 + b.0).div_euclid(2), wrap(a.1 + east_of_a.div_euclid(2)));
        Sample {
            steps,
            apart_mm: plane_m(a, b).map(|metres| millimetres(metres) as i32),
            place: [middle.0 as i32, middle.1 as i32],
            bows_deg: bows.map(|bow| match bow {
                Bow::Told(degrees) | Bow::Steered(degrees) => degrees,
                Bow::Unknown => 0.0,
            }),
            told: bows.map(|bow| match bow {
                Bow::Told(_) => Told::ByItself,
                Bow::Steered(_) => Told::ByItsCourse,
                Bow::Unknown => Told::Not,
            }),
            bridged_s: [0, 1].map(|index| {
                let leg = &piece.legs[index];
                ((at - leg.from.at).min(leg.to.at - at) / 1000).min(i64::from(u16::MAX)) as u16
            }),
        }
    }

    fn bow(&self, index: usize) -> Bow {
        match self.told[index] {
            Told::ByItself => Bow::Told(self.bows_deg[index]),
            Told::ByItsCourse => Bow::Steered(self.bows_deg[index]),
            Told::Not => Bow::Unknown,
        }
    }

    /// `None` if nothing tells where one of the bows points.
    fn side_by_side(
        &self,
        dimensions: [Dimensions; 2],
        drift_course_deg: Option<f64>,
    ) -> Option<SideBySide> {
        let mut error_squared = 0.0;
        let mut headings_deg = [0.0; 2];
        for index in 0..2 {
            let (heading_deg, error_deg) = match self.bow(index) {
                Bow::Told(heading_deg) => (f64::from(heading_deg), 0.0),
                Bow::Steered(course_deg) => (f64::from(course_deg), COURSE_ERROR_DEG),
                Bow::Unknown => (drift_course_deg?, DRIFT_ERROR_DEG),
            };
            headings_deg[index] = heading_deg;
            let half_length_m = f64::from(dimensions[index].length_m()) / 2.0;
            let swung_m = half_length_m * libm::sin(error_deg.to_radians());
            let unknown_m = if is_antenna_unknown(dimensions[index]) { half_length_m } else { 0.0 };
            let bridged_m = f64::from(self.bridged_s[index]) * BRIDGED_ERROR_M_PER_S;
            for error_m in [ANTENNA_ERROR_M, swung_m, unknown_m, bridged_m] {
                error_squared += error_m * error_m;
            }
        }
        let first = Hull::new([0.0; 2], headings_deg[0], dimensions[0]);
        let apart_m = self.apart_mm.map(|mm| f64::from(mm) / 1000.0);
        let second = Hull::new(apart_m, headings_deg[1], dimensions[1]);
        Some(SideBySide {
            gap_m: first.gap_m(&second),
            gap_error_m: libm::sqrt(error_squared),
            abreast: first.abreast(&second),
        })
    }

    /// In `[0, 180]`.
    fn heading_difference_deg(&self) -> Option<f64> {
        let [Bow::Told(a), Bow::Told(b)] = [0, 1].map(|index| self.bow(index)) else { return None };
        let turn_deg = f64::from((a - b).abs());
        Some(turn_deg.min(360.0 - turn_deg))
    }

    /// Where the other antenna is, ahead and to starboard of this ship's, in millimetres.
    fn seen_from_body(&self, index: usize) -> Option<[i64; 2]> {
        let (Bow::Told(bow_deg) | Bow::Steered(bow_deg)) = self.bow(index) else { return None };
        let (east, north) = libm::sincos(f64::from(bow_deg).to_radians());
        let sense = if index == 0 { 1.0 } else { -1.0 };
        let apart = self.apart_mm.map(|mm| f64::from(mm) * sense);
        let ahead = apart[0] * east + apart[1] * north;
        let starboard = apart[0] * north - apart[1] * east;
        Some([ahead, starboard].map(|mm| libm::round(mm) as i64))
    }
}

impl Bow {
    /// Of a ship on a leg: as told at its ends, turning evenly the shorter way round in between.
    fn of(leg: &Leg, at: i64) -> Self {
        let told = [leg.from.heading_deg, leg.to.heading_deg];
        if told.iter().any(|heading_deg| !heading_deg.is_nan()) {
            return Bow::Told(between(told, leg, at));
        }
        let courses = [leg.from.course_deg, leg.to.course_deg];
        let is_steered = leg.to.leg_knots >= STEERED_KNOTS_MIN;
        if is_steered && courses.iter().any(|course_deg| !course_deg.is_nan()) {
            return Bow::Steered(between(courses, leg, at));
        }
        Bow::Unknown
    }
}

/// At an instant of a leg between two angles in degrees, of which one may be unknown. In `[0, 360)`.
fn between([from, to]: [f32; 2], leg: &Leg, at: i64) -> f32 {
    if from.is_nan() || to.is_nan() {
        return if from.is_nan() { to } else { from };
    }
    let turn_deg = into_turn_deg(f64::from(to) - f64::from(from) + 180.0) - 180.0;
    let share = (at - leg.from.at) as f64 / leg.duration() as f64;
    into_turn_deg(f64::from(from) + turn_deg * share) as f32
}

/// Into `[0, 360)`; to divide is slow, and most angles are at most a turn outside of it.
fn into_turn_deg(degrees: f64) -> f64 {
    match degrees {
        0.0..360.0 => degrees,
        360.0..720.0 => degrees - 360.0,
        -360.0..0.0 => degrees + 360.0,
        _ => degrees.rem_euclid(360.0),
    }
}

/// East and north from one place in units to another that is near, in metres.
pub(crate) fn plane_m(from: (i64, i64), to: (i64, i64)) -> [f64; 2] {
    use maritime::{ECCENTRICITY_SQUARED, EQUATORIAL_RADIUS_M};
    let (north, east) = (to.0 - from.0, wrap(to.1 - from.1));
    let latitude = crate::fix::radians((from.0 + to.0) as f64 / 2.0);
    let (sin_latitude, cos_latitude) = libm::sincos(latitude);
    let squared = 1.0 - ECCENTRICITY_SQUARED * sin_latitude * sin_latitude;
    let normal_m = EQUATORIAL_RADIUS_M / libm::sqrt(squared);
    let meridian_m = normal_m * (1.0 - ECCENTRICITY_SQUARED) / squared;
    let radians = |units: i64| crate::fix::radians(units as f64);
    [radians(east) * normal_m * cos_latitude, radians(north) * meridian_m]
}

/// The sine of the bearing of a place that is so far ahead and to starboard, without its sign.
fn thousandths_abeam([ahead, starboard]: [i64; 2]) -> i64 {
    let distance = (ahead * ahead + starboard * starboard).isqrt().max(1);
    starboard.abs() * 1000 / distance
}

fn millimetres(metres: f64) -> i64 {
    libm::round(metres * 1000.0) as i64
}

/// The one in the middle, or half-way between the two there, rounded towards 0, so that the median of all values with
/// the other sign is this one with the other sign.
fn median(values: &mut [i64]) -> Option<i64> {
    let last = values.len().checked_sub(1)?;
    let (_, &mut lower, after) = values.select_nth_unstable(last / 2);
    let upper = if last.is_multiple_of(2) { lower } else { *after.iter().min()? };
    Some((lower + upper) / 2)
}

/// Root mean square about the median place, over the half of the places that are nearest to it.
fn spread_mm(places_mm: Vec<[i64; 2]>) -> Option<i64> {
    let centre = [0, 1]
        .map(|axis| median(&mut places_mm.iter().map(|place| place[axis]).collect::<Vec<i64>>()));
    let [Some(east), Some(north)] = centre else { return None };
    let mut squares: Vec<i128> = places_mm
        .iter()
        .map(|place| {
            let (east, north) = (i128::from(place[0] - east), i128::from(place[1] - north));
            east * east + north * north
        })
        .collect();
    let half = squares.len().div_ceil(2);
    squares.select_nth_unstable(half - 1);
    squares.truncate(half);
    let mean = squares.iter().sum::<i128>() / squares.len() as i128;
    Some(mean.isqrt() as i64)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::fix::Fix;
    use crate::leg::tests::fix;

    const TANKER: Dimensions = Dimensions { bow_m: 200, stern_m: 50, port_m: 20, starboard_m: 20 };
    const COASTER: Dimensions = Dimensions { bow_m: 80, stern_m: 20, port_m: 8, starboard_m: 8 };

    /// A ship at a minute, so many metres east and north of a place, with its bow to somewhere.
    fn at(minute: f64, east_m: f64, north_m: f64, heading_deg: f32) -> Fix {
        let [east_unit_m, _] = plane_m((28 * 600_000, 0), (28 * 600_000, 1));
        let [_, north_unit_m] = plane_m((28 * 600_000, 0), (28 * 600_000 + 1, 0));
        let degrees = |metres: f64, unit_m: f64| metres / unit_m / 600_000.0;
        let mut fix =
            fix(minute, 28.0 + degrees(north_m, north_unit_m), degrees(east_m, east_unit_m));
        fix.heading_deg = heading_deg;
        fix
    }

    /// Two ships that keep their bearing in the frame of the first one's body, which turns by `turn_deg` in an hour;
    /// the pieces are cut every so many seconds.
    fn lashed(turn_deg: f64, cut_s: i64) -> Formation {
        let mut formation = Formation::new(0);
        for minute in 0..60i64 {
            let fixes = |time: f64| {
                let heading_deg = 340.0 + turn_deg * time / 60.0;
                let (sin, cos) = libm::sincos(heading_deg.to_radians());
                let bow_deg = heading_deg.rem_euclid(360.0) as f32;
                [at(time, 0.0, 0.0, bow_deg), at(time, 40.0 * cos, -40.0 * sin, bow_deg)]
            };
            let [[a0, b0], [a1, b1]] = [minute as f64, (minute + 1) as f64].map(fixes);
            let legs = [Leg { from: a0, to: a1 }, Leg { from: b0, to: b1 }];
            let approach = crate::leg::Approach::new(&legs[0], &legs[1]).unwrap();
            let mut from = minute * 60_000;
            while from < (minute + 1) * 60_000 {
                let to = (from + cut_s * 1000).min((minute + 1) * 60_000);
                formation.add(&ContactPiece { legs, approach, from, to });
                from = to;
            }
        }
        formation
    }

    #[test]
    fn lashed_ships_stay_in_the_frame_of_a_body() {
        let lie = lashed(90.0, 60).lie([Some(TANKER), Some(COASTER)], None);
        assert!((11.7..12.3).contains(&lie.hull_gap_m_p50.unwrap()), "{lie:?}");
        assert!((14.0..14.3).contains(&lie.hull_gap_uncertainty_m.unwrap()), "{lie:?}");
        assert_eq!(lie.heading_difference_deg_p50, Some(0.0));
        assert!(lie.body_frame_spread_m.unwrap() < 0.5, "{lie:?}");
        assert!(lie.earth_frame_spread_m.unwrap() > 5.0, "{lie:?}");
        assert_eq!(lie.abreast_p50, Some(1.0));
    }

    #[test]
    fn the_cut_does_not_matter() {
        let expected = lashed(90.0, 60).lie([Some(TANKER), Some(COASTER)], None);
        for cut_s in [7, 10, 59] {
            assert_eq!(lashed(90.0, cut_s).lie([Some(TANKER), Some(COASTER)], None), expected);
        }
    }

    #[test]
    fn a_guessed_heading_makes_the_gap_uncertain() {
        let mut formation = lashed(0.0, 60);
        let unknown = |sample: &Sample| Sample { told: [Told::Not; 2], ..*sample };
        formation.samples = formation.samples.iter().map(unknown).collect();
        let known = [Some(TANKER), Some(COASTER)];
        let lie = formation.lie(known, Some(340.0));
        assert!((11.5..12.5).contains(&lie.hull_gap_m_p50.unwrap()), "{lie:?}");
        assert!((90.0..100.0).contains(&lie.hull_gap_uncertainty_m.unwrap()), "{lie:?}");
        assert_eq!(lie.body_frame_spread_m, None);
        assert_eq!(formation.lie(known, None).hull_gap_m_p50, None);
        assert_eq!(formation.lie([Some(TANKER), None], Some(340.0)).hull_gap_m_p50, None);
    }

    #[test]
    fn a_long_encounter_keeps_a_bounded_number_of_samples() {
        let mut formation = Formation::new(0);
        for hour in 0..1000 {
            let minute = f64::from(hour) * 60.0;
            let [a, b] = [0.0, 100.0].map(|east_m| Leg {
                from: at(minute, east_m, 0.0, 0.0),
                to: at(minute + 60.0, east_m, 0.0, 0.0),
            });
            let approach = crate::leg::Approach::new(&a, &b).unwrap();
            let (from, to) = (a.from.at, a.to.at);
            formation.add(&ContactPiece { legs: [a, b], approach, from, to });
        }
        assert!((SAMPLES_MAX / 2..=SAMPLES_MAX).contains(&formation.samples.len()));
        assert_eq!(formation.lie([None; 2], None).earth_frame_spread_m, Some(0.0));
    }
}
