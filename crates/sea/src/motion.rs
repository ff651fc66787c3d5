//! How ships move when they are not points on straight lines.
//!
//! A ship's place is the place of a *frame* (drifting water, a way steered, an anchor, a quay), plus
//! where it lies in that frame (alongside another, say, which turns with the frame), plus how far it
//! still has to come or has already gone ([`Leg`]). All of it is a closed form of time: any instant
//! can be asked for, in any order, and speeds and turn rates are bounded by construction.
//!
//! Metres east and north on the plane of the site, seconds since the start of the scenario, radians
//! clockwise from north.

use std::f64::consts::TAU;

/// Where a ship is, how it moves and where its bow points.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Pose {
    /// Of the middle of the hull.
    pub position_m: [f64; 2],
    /// Over ground, metres a second.
    pub velocity_mps: [f64; 2],
    /// Of the bow.
    pub heading_rad: f64,
}

/// A ship's whole way through a scenario.
#[derive(Debug, Clone)]
pub(crate) struct Motion {
    pub frame: Frame,
    /// Forward and to starboard, from the frame's origin, in the frame's axes.
    pub offset_m: [f64; 2],
    /// Wandering about the offset, forward and to starboard: surge and sway of a lashed ship, a
    /// helmsman's wandering of one under way.
    pub sway: [Swing; 2],
    /// How the ship comes to its place in the frame; `None` if it has always been there.
    pub arrive: Option<Leg>,
    /// How it leaves.
    pub depart: Option<Leg>,
}

/// `amplitude * sin(TAU * t / period + phase)`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Swing {
    pub amplitude: f64,
    pub period_s: f64,
    pub phase_rad: f64,
}

/// What carries a ship.
#[derive(Debug, Clone)]
pub(crate) enum Frame {
    /// The water, with engines stopped: at `origin_m` at `origin_s`.
    Drift { origin_m: [f64; 2], origin_s: f64, flow: Flow, heading: Heading },
    /// A way steered: `along_m` ahead of where the pace says.
    Way { course: Course, pace: Pace, along_m: f64 },
    /// An anchor: the ship lies `scope_m` down wind and tide of it.
    Anchor { anchor_m: [f64; 2], scope_m: f64, heading: Heading },
    /// A quay.
    Quay { position_m: [f64; 2], heading_rad: f64 },
}

/// Where the bow of a ship points that wind and tide have to themselves.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Heading {
    pub mean_rad: f64,
    /// The tide's turning, and the ship's own yawing.
    pub swings: [Swing; 2],
}

/// Wind and current: what displaces a ship without way. Slow and smooth, never constant.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Flow {
    pub mean_mps: [f64; 2],
    /// East and north parts of a tide and of a slow turning of the wind, metres a second.
    pub turns: [[Swing; 2]; 2],
}

/// A way into or out of a place: `pace` counts time away from it, `course` starts at it.
#[derive(Debug, Clone)]
pub(crate) struct Leg {
    /// When the ship is in its place (arriving), or begins to leave it (departing).
    pub at_s: f64,
    pub course: Course,
    pub pace: Pace,
}

/// A line of straights and arcs. Before its start and after its last piece it goes straight on.
#[derive(Debug, Clone)]
pub(crate) struct Course {
    pieces: Vec<Piece>,
}

#[derive(Debug, Clone, Copy)]
struct Piece {
    from_m: f64,
    start_m: [f64; 2],
    direction_rad: f64,
    /// East and north.
    unit: [f64; 2],
    /// Radians a metre, to starboard positive.
    curvature: f64,
}

/// Speed over time: linear between knots, constant before the first and after the last.
#[derive(Debug, Clone)]
pub(crate) struct Pace {
    knots: Vec<PaceKnot>,
}

#[derive(Debug, Clone, Copy)]
struct PaceKnot {
    time_s: f64,
    speed_mps: f64,
    /// Gone since the first knot.
    distance_m: f64,
}

impl Motion {
    /// A ship in the middle of its frame all the time.
    pub(crate) fn new(frame: Frame) -> Self {
        Motion { frame, offset_m: [0.0; 2], sway: [Swing::STILL; 2], arrive: None, depart: None }
    }

    pub(crate) fn at(&self, time_s: f64) -> Pose {
        let mut pose = self.frame.at(time_s);
        let (surge_m, surge_mps) = self.sway[0].at(time_s);
        let (sway_m, sway_mps) = self.sway[1].at(time_s);
        let (forward_m, starboard_m) = (self.offset_m[0] + surge_m, self.offset_m[1] + sway_m);
        if forward_m != 0.0 || starboard_m != 0.0 {
            let place_m = turned([forward_m, starboard_m], pose.heading_rad);
            let drift_mps = turned([surge_mps, sway_mps], pose.heading_rad);
            for i in 0..2 {
                pose.position_m[i] += place_m[i];
                pose.velocity_mps[i] += drift_mps[i];
            }
        }
        let Some((gone_m, way_mps, through_water)) = self.leg_at(time_s) else { return pose };
        let steered_mps = match self.frame {
            Frame::Way { .. } => std::array::from_fn(|i| pose.velocity_mps[i] + way_mps[i]),
            _ => way_mps,
        };
        // A ship with way on points where it goes; one that has lost it, where wind and tide let it.
        let share = smooth((through_water - 0.15) / 1.35);
        let bow_rad = libm::atan2(steered_mps[0], steered_mps[1]);
        pose.heading_rad += share * wrapped(bow_rad - pose.heading_rad);
        for i in 0..2 {
            pose.position_m[i] += gone_m[i];
            pose.velocity_mps[i] += way_mps[i];
        }
        pose
    }

    /// Displacement from the place in the frame, its velocity and speed; `None` while in place.
    fn leg_at(&self, time_s: f64) -> Option<([f64; 2], [f64; 2], f64)> {
        let (leg, time_away_s, sense) = match (&self.arrive, &self.depart) {
            (Some(leg), _) if time_s < leg.at_s => (leg, leg.at_s - time_s, -1.0),
            (_, Some(leg)) if time_s > leg.at_s => (leg, time_s - leg.at_s, 1.0),
            _ => return None,
        };
        let (distance_m, speed_mps) = leg.pace.at(time_away_s);
        let (gone_m, direction) = leg.course.at(distance_m);
        Some((gone_m, direction.map(|part| sense * part * speed_mps), speed_mps))
    }
}

impl Frame {
    fn at(&self, time_s: f64) -> Pose {
        match self {
            Frame::Drift { origin_m, origin_s, flow, heading } => {
                let (now_m, velocity_mps) = flow.at(time_s);
                let (then_m, _) = flow.at(*origin_s);
                let position_m = std::array::from_fn(|i| origin_m[i] + now_m[i] - then_m[i]);
                Pose { position_m, velocity_mps, heading_rad: heading.at(time_s).0 }
            }
            Frame::Way { course, pace, along_m } => {
                let (distance_m, speed_mps) = pace.at(time_s);
                let (position_m, direction) = course.at(distance_m + along_m);
                let velocity_mps = direction.map(|part| part * speed_mps);
                Pose {
                    position_m,
                    velocity_mps,
                    heading_rad: libm::atan2(direction[0], direction[1]),
                }
            }
            Frame::Anchor { anchor_m, scope_m, heading } => {
                let (heading_rad, turn_rate) = heading.at(time_s);
                let (sin, cos) = libm::sincos(heading_rad);
                Pose {
                    position_m: [anchor_m[0] - scope_m * sin, anchor_m[1] - scope_m * cos],
                    velocity_mps: [-scope_m * cos * turn_rate, scope_m * sin * turn_rate],
                    heading_rad,
                }
            }
            Frame::Quay { position_m, heading_rad } => {
                Pose { position_m: *position_m, velocity_mps: [0.0; 2], heading_rad: *heading_rad }
            }
        }
    }
}

impl Swing {
    pub(crate) const STILL: Swing = Swing { amplitude: 0.0, period_s: 1.0, phase_rad: 0.0 };

    /// Value and rate.
    fn at(&self, time_s: f64) -> (f64, f64) {
        if self.amplitude == 0.0 {
            return (0.0, 0.0);
        }
        let (sin, cos) = libm::sincos(TAU * time_s / self.period_s + self.phase_rad);
        (self.amplitude * sin, self.amplitude * TAU / self.period_s * cos)
    }

    /// The value summed over time from some fixed instant, and the value.
    fn summed(&self, time_s: f64) -> (f64, f64) {
        let (sin, cos) = libm::sincos(TAU * time_s / self.period_s + self.phase_rad);
        (-self.amplitude * self.period_s / TAU * cos, self.amplitude * sin)
    }
}

impl Heading {
    /// Angle and rate of turn, radians and radians a second.
    pub(crate) fn at(&self, time_s: f64) -> (f64, f64) {
        let (tide, yaw) = (self.swings[0].at(time_s), self.swings[1].at(time_s));
        (self.mean_rad + tide.0 + yaw.0, tide.1 + yaw.1)
    }
}

impl Flow {
    /// Displacement from some fixed place, and velocity.
    pub(crate) fn at(&self, time_s: f64) -> ([f64; 2], [f64; 2]) {
        let mut gone_m = self.mean_mps.map(|mps| mps * time_s);
        let mut velocity_mps = self.mean_mps;
        for turn in &self.turns {
            for (i, part) in turn.iter().enumerate() {
                let (sum_m, mps) = part.summed(time_s);
                gone_m[i] += sum_m;
                velocity_mps[i] += mps;
            }
        }
        (gone_m, velocity_mps)
    }
}

impl Course {
    /// Straight on from `start_m`.
    pub(crate) fn new(start_m: [f64; 2], direction_rad: f64) -> Self {
        Course { pieces: vec![Piece::new(0.0, start_m, direction_rad, 0.0)] }
    }

    /// After `straight_m` more, turns by `angle_rad` (starboard positive) on a circle of `radius_m`,
    /// and goes straight on.
    pub(crate) fn turn(mut self, straight_m: f64, angle_rad: f64, radius_m: f64) -> Self {
        if angle_rad == 0.0 {
            return self;
        }
        let from_m = self.pieces.last().expect("a course has a piece").from_m + straight_m;
        let (start_m, _) = self.at(from_m);
        let direction_rad = self.pieces.last().expect("a course has a piece").direction_rad;
        let curvature = angle_rad.signum() / radius_m;
        self.pieces.push(Piece::new(from_m, start_m, direction_rad, curvature));
        let to_m = from_m + angle_rad.abs() * radius_m;
        let (end_m, _) = self.at(to_m);
        self.pieces.push(Piece::new(to_m, end_m, direction_rad + angle_rad, 0.0));
        self
    }

    /// The point after `distance_m`, and the direction there as a unit vector.
    pub(crate) fn at(&self, distance_m: f64) -> ([f64; 2], [f64; 2]) {
        let next = self.pieces.partition_point(|piece| piece.from_m <= distance_m);
        self.pieces[next.saturating_sub(1)].at(distance_m)
    }
}

impl Piece {
    fn new(from_m: f64, start_m: [f64; 2], direction_rad: f64, curvature: f64) -> Self {
        let unit = libm::sincos(direction_rad).into();
        Piece { from_m, start_m, direction_rad, unit, curvature }
    }

    fn at(&self, distance_m: f64) -> ([f64; 2], [f64; 2]) {
        let gone_m = distance_m - self.from_m;
        let [x, y] = self.start_m;
        if self.curvature == 0.0 {
            return ([x + gone_m * self.unit[0], y + gone_m * self.unit[1]], self.unit);
        }
        let (sin, cos) = libm::sincos(self.direction_rad + gone_m * self.curvature);
        let radius_m = 1.0 / self.curvature;
        ([x + radius_m * (self.unit[1] - cos), y + radius_m * (sin - self.unit[0])], [sin, cos])
    }
}

impl Pace {
    /// Through `(time_s, speed_mps)`, in order of time. Distance counts from the first knot.
    pub(crate) fn new(knots: &[(f64, f64)]) -> Self {
        let mut pace = Pace { knots: Vec::with_capacity(knots.len()) };
        for &(time_s, speed_mps) in knots {
            let distance_m = pace.knots.last().map_or(0.0, |last| {
                last.distance_m + (time_s - last.time_s) * (last.speed_mps + speed_mps) / 2.0
            });
            pace.knots.push(PaceKnot { time_s, speed_mps, distance_m });
        }
        pace
    }

    /// From rest: creeps at `slow_mps` for `creep_s`, then gathers way to `full_mps` within `gather_s`.
    pub(crate) fn from_rest(slow_mps: f64, creep_s: f64, full_mps: f64, gather_s: f64) -> Self {
        Pace::new(&[
            (0.0, 0.0),
            (creep_s / 4.0, slow_mps),
            (creep_s, slow_mps),
            (creep_s + gather_s, full_mps),
        ])
    }

    /// Distance gone and speed.
    pub(crate) fn at(&self, time_s: f64) -> (f64, f64) {
        let next = self.knots.partition_point(|knot| knot.time_s <= time_s);
        let last = self.knots[next.saturating_sub(1)];
        let since_s = time_s - last.time_s;
        let rate = match self.knots.get(next) {
            Some(knot) if next > 0 => {
                (knot.speed_mps - last.speed_mps) / (knot.time_s - last.time_s)
            }
            _ => 0.0,
        };
        let speed_mps = last.speed_mps + rate * since_s;
        (last.distance_m + since_s * (last.speed_mps + speed_mps) / 2.0, speed_mps)
    }
}

/// East and north of what lies `forward` and to `starboard` of a bow that points to `heading_rad`.
pub(crate) fn turned([forward, starboard]: [f64; 2], heading_rad: f64) -> [f64; 2] {
    let (sin, cos) = libm::sincos(heading_rad);
    [forward * sin + starboard * cos, forward * cos - starboard * sin]
}

/// Into `[-PI, PI]`.
pub(crate) fn wrapped(angle_rad: f64) -> f64 {
    angle_rad - TAU * libm::round(angle_rad / TAU)
}

/// From 0 to 1 with level ends.
fn smooth(share: f64) -> f64 {
    let share = share.clamp(0.0, 1.0);
    share * share * (3.0 - 2.0 * share)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Position and velocity must belong together: the velocity is the slope of the position.
    #[track_caller]
    fn check(motion: &Motion) {
        for step in 0..2000 {
            let time_s = f64::from(step) * 30.0 - 10_000.0 + 0.37;
            let (before, now, after) =
                (motion.at(time_s - 0.5), motion.at(time_s), motion.at(time_s + 0.5));
            for i in 0..2 {
                let slope = after.position_m[i] - before.position_m[i];
                // Turning about the frame moves an offset ship a little besides.
                assert!((slope - now.velocity_mps[i]).abs() < 0.2, "at {time_s}: {slope}");
            }
        }
    }

    fn swing(amplitude: f64, period_s: f64) -> Swing {
        Swing { amplitude, period_s, phase_rad: 0.7 }
    }

    #[test]
    fn velocity_is_the_slope_of_position_in_every_frame() {
        let heading = Heading { mean_rad: 1.0, swings: [swing(0.8, 40_000.0), swing(0.1, 500.0)] };
        let flow = Flow {
            mean_mps: [0.2, -0.1],
            turns: [[swing(0.2, 44_714.0), swing(0.1, 44_714.0)], [swing(0.1, 90_000.0); 2]],
        };
        let course = Course::new([0.0; 2], 0.5).turn(9000.0, 0.8, 1500.0).turn(4000.0, -1.5, 900.0);
        let leg = |at_s| Leg {
            at_s,
            course: course.clone(),
            pace: Pace::from_rest(0.4, 600.0, 6.0, 1500.0),
        };
        for frame in [
            Frame::Drift { origin_m: [100.0, 50.0], origin_s: 500.0, flow, heading },
            Frame::Way { course: course.clone(), pace: Pace::new(&[(0.0, 2.5)]), along_m: -300.0 },
            Frame::Anchor { anchor_m: [0.0; 2], scope_m: 200.0, heading },
            Frame::Quay { position_m: [5.0, 5.0], heading_rad: 2.0 },
        ] {
            check(&Motion {
                offset_m: [10.0, 45.0],
                sway: [swing(1.5, 120.0), swing(1.0, 80.0)],
                arrive: Some(leg(9000.0)),
                depart: Some(leg(30_000.0)),
                ..Motion::new(frame)
            });
        }
    }

    #[test]
    fn a_course_has_no_corners() {
        let course = Course::new([0.0; 2], 0.0).turn(1000.0, 2.0, 500.0).turn(500.0, -1.0, 800.0);
        let mut last = course.at(-500.0);
        for metre in -499..6000 {
            let next = course.at(f64::from(metre));
            let step = [next.0[0] - last.0[0], next.0[1] - last.0[1]];
            assert!((step[0].hypot(step[1]) - 1.0).abs() < 1e-3);
            assert!(next.1[0] * last.1[0] + next.1[1] * last.1[1] > 0.99999);
            last = next;
        }
    }
}
