//! When a ship speaks, and what it says: reporting intervals and the errors of its instruments.

use maritime::Text;

use crate::encode::{
    ClassAPosition, ClassBPosition, Eta, LongRange, Message, StaticPartA, StaticPartB,
    StaticVoyage, coarse_position, quantised_position, rate_of_turn_raw,
};
use crate::fleet::{Duty, Vessel};
use crate::meeting::KNOT_MPS;
use crate::plane::Plane;
use crate::random::Chance;

/// Static data are sent this often (ITU-R M.1371-5, annex 1, 4.2.1).
pub const STATIC_INTERVAL_S: f64 = 360.0;
/// Message 27 is sent this often (annex 4).
pub const LONG_RANGE_INTERVAL_S: f64 = 180.0;

/// Slow part of the position error: its size on either axis, and how long it lasts.
const ERROR_SLOW_M: f64 = 3.5;
const ERROR_LASTS_S: f64 = 300.0;
/// Fast part of the position error, and error of the velocity, on either axis.
const ERROR_FAST_M: f64 = 0.6;
const ERROR_VELOCITY_MPS: f64 = 0.03;

/// Seconds between two position reports of a class A station (ITU-R M.1371-5, annex 1, table 1),
/// without the shorter ones while the course changes.
pub fn class_a_interval_s(navigational_status: u8, speed_knots: f64) -> f64 {
    let at_rest = matches!(navigational_status, 1 | 5);
    match speed_knots {
        _ if at_rest && speed_knots <= 3.0 => 180.0,
        _ if speed_knots <= 14.0 => 10.0,
        _ if speed_knots <= 23.0 => 6.0,
        _ => 2.0,
    }
}

/// Seconds between two position reports of a class B carrier sense station (annex 1, table 2).
pub fn class_b_interval_s(speed_knots: f64) -> f64 {
    if speed_knots > 2.0 { 30.0 } else { 180.0 }
}

/// A ship's AIS station: what it must remember between reports.
#[derive(Debug, Clone)]
pub(crate) struct Transponder {
    pub chance: Chance,
    error_m: [f64; 2],
    error_s: f64,
}

/// What a station says at one instant.
pub(crate) struct Utterance {
    pub message: Message,
    /// Where the antenna truly is.
    pub point_m: [f64; 2],
    /// Until it speaks again.
    pub interval_s: f64,
}

/// The day and second of a fix.
#[derive(Clone, Copy)]
pub(crate) struct FixTime {
    /// Seconds since the start of the scenario.
    pub time_s: f64,
    /// Of the UTC minute.
    pub second: u8,
}

impl Transponder {
    pub(crate) fn new(mut chance: Chance) -> Self {
        let error_m = [(); 2].map(|()| ERROR_SLOW_M * chance.normal());
        Transponder { chance, error_m, error_s: 0.0 }
    }

    pub(crate) fn position(&mut self, vessel: &Vessel, plane: &Plane, at: FixTime) -> Utterance {
        let (point_m, velocity_mps, heading_rad) = vessel.antenna_at(at.time_s);
        let (speed_knots, course_deg) = self.measured(velocity_mps);
        let position = quantised_position(plane.to_position(self.misplaced(point_m, at.time_s)));
        let heading_deg = vessel
            .identity
            .has_heading
            .then(|| libm::round(heading_rad.to_degrees()).rem_euclid(360.0) as f32);
        let accurate = vessel.identity.imo.is_some();
        let mmsi = vessel.identity.mmsi;
        if vessel.identity.class_b {
            let message = Message::ClassBPosition(ClassBPosition {
                speed_knots: Some(speed_knots as f32),
                accurate,
                position: Some(position),
                course_deg: Some(course_deg as f32),
                heading_deg,
                second: at.second,
                ..ClassBPosition::new(mmsi)
            });
            return Utterance { message, point_m, interval_s: class_b_interval_s(speed_knots) };
        }
        let navigational_status = status(vessel.duty, speed_knots);
        let before_rad = vessel.motion.at(at.time_s - 10.0).heading_rad;
        let turn = (heading_rad - before_rad).to_degrees() * 6.0;
        let message = Message::ClassAPosition(ClassAPosition {
            message_type: if self.chance.yes(0.1) { 3 } else { 1 },
            navigational_status,
            rate_of_turn_raw: rate_of_turn_raw(heading_deg.map(|_| turn as f32)),
            speed_knots: Some(speed_knots as f32),
            accurate,
            position: Some(position),
            course_deg: Some(course_deg as f32),
            heading_deg,
            second: at.second,
            raim: accurate,
            radio: 0x1_0000 + self.chance.below(2249) as u32,
            ..ClassAPosition::new(mmsi)
        });
        let interval_s = class_a_interval_s(navigational_status, speed_knots);
        Utterance { message, point_m, interval_s }
    }

    pub(crate) fn long_range(&mut self, vessel: &Vessel, plane: &Plane, at: FixTime) -> Utterance {
        let (point_m, velocity_mps, _) = vessel.antenna_at(at.time_s);
        let (speed_knots, course_deg) = self.measured(velocity_mps);
        let position = plane.to_position(self.misplaced(point_m, at.time_s));
        let message = Message::LongRange(LongRange {
            repeat: 3,
            mmsi: vessel.identity.mmsi,
            accurate: vessel.identity.imo.is_some(),
            raim: false,
            navigational_status: status(vessel.duty, speed_knots),
            position: Some(coarse_position(position)),
            speed_knots: Some(libm::round(speed_knots) as f32),
            course_deg: Some((libm::round(course_deg) as u32 % 360) as f32),
            stale: false,
        });
        Utterance { message, point_m, interval_s: LONG_RANGE_INTERVAL_S }
    }

    /// Speed in knots and course in degrees, as the receiver measures and AIS rounds them. The course
    /// of a ship at rest is noise, as it is at sea.
    fn measured(&mut self, velocity_mps: [f64; 2]) -> (f64, f64) {
        let [east, north] = velocity_mps.map(|mps| mps + ERROR_VELOCITY_MPS * self.chance.normal());
        let speed_knots = (east * east + north * north).sqrt() / KNOT_MPS;
        let course_deg = libm::atan2(east, north).to_degrees();
        let tenths = libm::round(course_deg * 10.0).rem_euclid(3600.0);
        (libm::round(speed_knots * 10.0) / 10.0, tenths / 10.0)
    }

    /// Where the receiver believes the antenna to be: an error that lasts for minutes, and a little
    /// that does not.
    fn misplaced(&mut self, point_m: [f64; 2], time_s: f64) -> [f64; 2] {
        let kept = libm::exp((self.error_s - time_s).min(0.0) / ERROR_LASTS_S);
        let fresh = (1.0 - kept * kept).sqrt() * ERROR_SLOW_M;
        self.error_s = time_s;
        std::array::from_fn(|i| {
            self.error_m[i] = kept * self.error_m[i] + fresh * self.chance.normal();
            point_m[i] + self.error_m[i] + ERROR_FAST_M * self.chance.normal()
        })
    }
}

/// What a ship says of itself: message 5, or both parts of message 24.
pub(crate) fn static_messages(vessel: &Vessel, time_s: f64) -> [Option<Message>; 2] {
    let identity = &vessel.identity;
    if !identity.class_b {
        let message = StaticVoyage {
            ais_version: 2,
            imo: identity.imo,
            callsign: Some(identity.callsign),
            name: Some(identity.name),
            ship_type: Some(identity.ship_type),
            dimensions: Some(identity.dimensions),
            fix_type: 1,
            eta: Some(Eta { month: 0, day: 0, hour: 24, minute: 60 }),
            draught_m: Some((libm::round(vessel.draught.at(time_s) * 10.0) / 10.0) as f32),
            destination: Some(identity.destination),
            terminal_ready: true,
            blank_padded: identity.blank_padded,
            ..StaticVoyage::new(identity.mmsi)
        };
        return [Some(Message::StaticVoyage(message)), None];
    }
    let mmsi = identity.mmsi;
    let part_a = StaticPartA { repeat: 0, mmsi, name: Some(identity.name) };
    let part_b = StaticPartB {
        repeat: 0,
        mmsi,
        ship_type: Some(identity.ship_type),
        vendor: Text::new("SEA"),
        vendor_model: 1,
        vendor_serial: mmsi.get() % (1 << 20),
        callsign: Some(identity.callsign),
        dimensions: Some(identity.dimensions),
        fix_type: 1,
    };
    [Some(Message::StaticPartA(part_a)), Some(Message::StaticPartB(part_b))]
}

/// As the officer of the watch sets it: what the ship is there for, unless it has way on.
fn status(duty: Duty, speed_knots: f64) -> u8 {
    match duty {
        Duty::UnderWay => 0,
        Duty::Restricted if speed_knots < 7.0 => 3,
        Duty::Fishing if speed_knots < 6.0 => 7,
        Duty::AtAnchor if speed_knots < 2.0 => 1,
        Duty::Moored if speed_knots < 2.0 => 5,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_those_of_the_recommendation() {
        for (status, speed_knots, expected_s) in [
            (0, 0.2, 10.0),
            (0, 14.0, 10.0),
            (0, 14.1, 6.0),
            (0, 23.1, 2.0),
            (1, 0.4, 180.0),
            (1, 3.5, 10.0),
            (5, 0.0, 180.0),
            (7, 3.0, 10.0),
        ] {
            assert_eq!(class_a_interval_s(status, speed_knots), expected_s);
        }
        assert_eq!(class_b_interval_s(2.0), 180.0);
        assert_eq!(class_b_interval_s(2.1), 30.0);
    }
}
