//! When a ship speaks, and what it says: reporting intervals and the errors of its instruments.

use decoder::encode::{course_raw, heading_raw, position_raw, rate_of_turn_raw, speed_raw};
use decoder::{
    ClassBReport, Header, LongRangeReport, Message, PositionReport, SixBitText, StaticDataA,
    StaticDataB, StaticVoyageReport,
};
use maritime::{Dimensions, Imo, Mmsi};

use crate::fleet::{Duty, Identity, Vessel};
use crate::meeting::KNOT_MPS;
use crate::motion::wrapped;
use crate::plane::Plane;
use crate::random::Chance;

/// Static data are sent this often (ITU-R M.1371-5, annex 1, 4.2.1).
pub const STATIC_INTERVAL_S: f64 = 360.0;
/// Message 27 is sent this often (annex 4).
pub const LONG_RANGE_INTERVAL_S: f64 = 180.0;

/// Positions are sent in 1/10000 minute, those of message 27 in 1/10 minute.
const UNITS_PER_DEGREE: f64 = 600_000.0;
const COARSE_PER_DEGREE: f64 = 600.0;
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
    /// When the bow last pointed where, radians.
    bow: (f64, f64),
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
        Transponder { chance, error_m, error_s: 0.0, bow: (f64::NEG_INFINITY, 0.0) }
    }

    pub(crate) fn position(&mut self, vessel: &Vessel, plane: &Plane, at: FixTime) -> Utterance {
        let (point_m, velocity_mps, heading_rad) = vessel.antenna_at(at.time_s);
        let (speed_knots, course_deg) = self.measured(velocity_mps);
        let position = plane.to_position(self.misplaced(point_m, at.time_s));
        let (longitude_raw, latitude_raw) = position_raw(Some(position), UNITS_PER_DEGREE);
        let has_heading = vessel.identity.has_heading;
        let heading_raw = heading_raw(has_heading.then(|| heading_rad.to_degrees() as f32));
        let accuracy_high = vessel.identity.imo.is_some();
        if vessel.identity.class_b {
            let message = Message::ClassB(ClassBReport {
                header: header(18, vessel.identity.mmsi),
                reserved: 0,
                speed_raw: speed_raw(Some(speed_knots as f32)),
                accuracy_high,
                longitude_raw,
                latitude_raw,
                course_raw: course_raw(Some(course_deg as f32)),
                heading_raw,
                second_raw: at.second,
                regional: 0,
                carrier_sense: true,
                display: true,
                dsc: true,
                whole_band: false,
                message_22: true,
                assigned: false,
                raim: false,
                // Selector 1 and the constant of a carrier sense unit (annex 8, table 71).
                communication_state_raw: Some(0xe_0006),
            });
            return Utterance { message, point_m, interval_s: class_b_interval_s(speed_knots) };
        }
        let navigational_status_raw = status(vessel.duty, speed_knots);
        let turn = self.turn_degrees_per_minute(vessel, heading_rad, at.time_s);
        let message = Message::PositionReport(PositionReport {
            header: header(if self.chance.yes(0.1) { 3 } else { 1 }, vessel.identity.mmsi),
            navigational_status_raw,
            rate_of_turn_raw: rate_of_turn_raw(has_heading.then_some(turn as f32)),
            speed_raw: speed_raw(Some(speed_knots as f32)),
            accuracy_high,
            longitude_raw,
            latitude_raw,
            course_raw: course_raw(Some(course_deg as f32)),
            heading_raw,
            second_raw: at.second,
            manoeuvre_raw: 0,
            raim: accuracy_high,
            communication_state_raw: Some(0x1_0000 + self.chance.below(2249) as u32),
        });
        let interval_s = class_a_interval_s(navigational_status_raw, speed_knots);
        Utterance { message, point_m, interval_s }
    }

    pub(crate) fn long_range(&mut self, vessel: &Vessel, plane: &Plane, at: FixTime) -> Utterance {
        let (point_m, velocity_mps, _) = vessel.antenna_at(at.time_s);
        let (speed_knots, course_deg) = self.measured(velocity_mps);
        let position = plane.to_position(self.misplaced(point_m, at.time_s));
        let (longitude_raw, latitude_raw) = position_raw(Some(position), COARSE_PER_DEGREE);
        let message = Message::LongRange(LongRangeReport {
            header: Header { repeat: 3, ..header(27, vessel.identity.mmsi) },
            accuracy_high: vessel.identity.imo.is_some(),
            raim: false,
            navigational_status_raw: status(vessel.duty, speed_knots),
            longitude_raw,
            latitude_raw,
            speed_raw: libm::round(speed_knots).min(62.0) as u8,
            course_raw: libm::round(course_deg) as u16 % 360,
            position_latency: false,
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

    /// How fast the bow turns, as the gyro has seen it in the last seconds.
    fn turn_degrees_per_minute(&mut self, vessel: &Vessel, heading_rad: f64, time_s: f64) -> f64 {
        let (mut before_s, mut before_rad) = self.bow;
        if !(5.0..=15.0).contains(&(time_s - before_s)) {
            before_s = time_s - 10.0;
            before_rad = vessel.motion.at(before_s).heading_rad;
        }
        self.bow = (time_s, heading_rad);
        wrapped(heading_rad - before_rad).to_degrees() * 60.0 / (time_s - before_s)
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
    let Identity { mmsi, imo, dimensions, .. } = vessel.identity;
    let identity = &vessel.identity;
    let ship_type_raw = identity.ship_type.0;
    if !identity.class_b {
        let message = StaticVoyageReport {
            header: header(5, mmsi),
            ais_version: 2,
            imo_raw: imo.map_or(0, Imo::get),
            callsign_raw: six_bits(identity.callsign.as_str(), identity.blank_padded),
            name_raw: six_bits(identity.name.as_str(), identity.blank_padded),
            ship_type_raw,
            bow_m_raw: dimensions.bow_m,
            stern_m_raw: dimensions.stern_m,
            port_m_raw: dimensions.port_m as u8,
            starboard_m_raw: dimensions.starboard_m as u8,
            positioning_device_raw: 1,
            eta_month_raw: 0,
            eta_day_raw: 0,
            eta_hour_raw: 24,
            eta_minute_raw: 60,
            draught_raw: libm::round(vessel.draught.at(time_s) * 10.0) as u8,
            destination_raw: six_bits(identity.destination.as_str(), identity.blank_padded),
            dte: false,
        };
        return [Some(Message::StaticVoyage(message)), None];
    }
    let part_a =
        StaticDataA { header: header(24, mmsi), name_raw: six_bits(identity.name.as_str(), false) };
    let part_b = StaticDataB {
        header: header(24, mmsi),
        ship_type_raw,
        vendor_raw: SixBitText::new("SEA"),
        unit_model: 1,
        serial_number: mmsi.get() % (1 << 20),
        callsign_raw: six_bits(identity.callsign.as_str(), false),
        dimensions_or_mothership_raw: dimensions_raw(dimensions),
        positioning_device_raw: 1,
    };
    [Some(Message::StaticDataA(part_a)), Some(Message::StaticDataB(part_b))]
}

fn header(message_type: u8, mmsi: Mmsi) -> Header {
    Header { message_type, repeat: 0, mmsi_raw: mmsi.get() }
}

/// Texts are filled up with `@`, or with blanks, as many stations do.
fn six_bits<const N: usize>(text: &str, blank_padded: bool) -> SixBitText<N> {
    if blank_padded { SixBitText::new(&format!("{text:<N$}")) } else { SixBitText::new(text) }
}

/// Bits 132-161 of message 24 B: to bow (9), stern (9), port (6) and starboard (6), in metres.
fn dimensions_raw(dimensions: Dimensions) -> u32 {
    let Dimensions { bow_m, stern_m, port_m, starboard_m } = dimensions;
    u32::from(bow_m) << 21
        | u32::from(stern_m) << 12
        | u32::from(port_m) << 6
        | u32::from(starboard_m)
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
