//! DAC 1, FI 27 (broadcast) and FI 28 (addressed): route information (IMO SN.1/Circ.289).

use core::time::Duration;

use maritime::Position;

use super::{BitView, Moment, minutes, position_ten_thousandths};

/// Up to the number of waypoints.
pub(super) const BITS_MIN: usize = 61;

/// Bits of one [`Waypoint`].
const WAYPOINT_BITS: usize = 55;

/// At most sixteen are sent.
const WAYPOINTS_MAX: usize = 16;

/// A way to go, by its waypoints.
///
/// ```
/// use alongside_decoder::application::{Application, BitView};
///
/// // A route without waypoints.
/// let Application::Route(route) = Application::decode(1, 27, BitView::new(&[0; 8], 0, 61)) else {
///     panic!("not a route");
/// };
/// assert!(route.is_cancellation());
/// assert_eq!(route.waypoints().count(), 0);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Route<'a> {
    /// Bits 0-9: number that links messages of one sender; 0 is "not available".
    pub linkage_raw: u16,
    /// Bits 10-12: 0 is a ship, 1 an authority; others are reserved.
    pub sender_raw: u8,
    /// Bits 13-17: [`RouteType`]; 0 is "undefined".
    pub route_type_raw: u8,
    /// Bits 18-21: month of the start in UTC; 0 is "not available".
    pub month_raw: u8,
    /// Bits 22-26: day of the start; 0 is "not available".
    pub day_raw: u8,
    /// Bits 27-31: hour of the start; 24 is "not available".
    pub hour_raw: u8,
    /// Bits 32-37: minute of the start; 60 is "not available".
    pub minute_raw: u8,
    /// Bits 38-55: minutes from the start until the route ends; 0 cancels it, 262143 is "not available".
    pub duration_raw: u32,
    /// Bits 56-60: number of waypoints, `1..=16`.
    pub waypoint_count_raw: u8,
    /// Bits 61 to the end: the waypoints, 55 bits each.
    pub waypoints_raw: BitView<'a>,
}

/// A point of a [`Route`].
///
/// ```
/// use alongside_decoder::application::Waypoint;
///
/// let waypoint = Waypoint { longitude_raw: -74 * 600_000, latitude_raw: 40 * 600_000 };
/// assert_eq!(waypoint.position().unwrap().to_string(), "40.00000 -74.00000");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Waypoint {
    /// Bits 0-27: 1/10000 minute, east positive; 181° is "not available".
    pub longitude_raw: i32,
    /// Bits 28-54: 1/10000 minute, north positive; 91° is "not available".
    pub latitude_raw: i32,
}

/// How binding a [`Route`] is.
///
/// ```
/// use alongside_decoder::application::RouteType;
///
/// assert_eq!(RouteType::from_raw(2), Some(RouteType::Recommended));
/// assert_eq!(RouteType::from_raw(0), None);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RouteType {
    /// 1
    Mandatory,
    /// 2
    Recommended,
    /// 3
    Alternative,
    /// 4
    RecommendedThroughIce,
    /// 5
    ShipPlan,
    /// 31: the route of this link is given up.
    Cancellation,
}

impl RouteType {
    /// From the five bits sent; `None` for 0, "undefined", and for 6 to 30, which are reserved.
    pub fn from_raw(raw: u8) -> Option<Self> {
        Some(match raw {
            1 => RouteType::Mandatory,
            2 => RouteType::Recommended,
            3 => RouteType::Alternative,
            4 => RouteType::RecommendedThroughIce,
            5 => RouteType::ShipPlan,
            31 => RouteType::Cancellation,
            _ => return None,
        })
    }
}

impl<'a> Route<'a> {
    pub(super) fn decode(data: BitView<'a>) -> Self {
        Route {
            linkage_raw: data.unsigned_or(0, 10, 0) as u16,
            sender_raw: data.unsigned_or(10, 3, 0) as u8,
            route_type_raw: data.unsigned_or(13, 5, 0) as u8,
            month_raw: data.unsigned_or(18, 4, 0) as u8,
            day_raw: data.unsigned_or(22, 5, 0) as u8,
            hour_raw: data.unsigned_or(27, 5, 24) as u8,
            minute_raw: data.unsigned_or(32, 6, 60) as u8,
            duration_raw: data.unsigned_or(38, 18, 262_143) as u32,
            waypoint_count_raw: data.unsigned_or(56, 5, 0) as u8,
            waypoints_raw: data.rest(61),
        }
    }

    /// In `1..=1023`: what a text carries that explains this route.
    pub fn linkage(&self) -> Option<u16> {
        (self.linkage_raw != 0).then_some(self.linkage_raw)
    }

    /// Whether an authority sends it, or a ship.
    pub fn is_from_authority(&self) -> Option<bool> {
        (self.sender_raw <= 1).then_some(self.sender_raw == 1)
    }

    /// How binding it is.
    pub fn route_type(&self) -> Option<RouteType> {
        RouteType::from_raw(self.route_type_raw)
    }

    /// In UTC.
    pub fn starts_at(&self) -> Moment {
        Moment::from_raw(self.month_raw, self.day_raw, self.hour_raw, self.minute_raw)
    }

    /// From the start until the route ends, in whole minutes, at most 262142; none for a cancellation.
    pub fn duration(&self) -> Option<Duration> {
        minutes(self.duration_raw)
    }

    /// Whether the route of this link is given up.
    pub fn is_cancellation(&self) -> bool {
        self.duration_raw == 0 || self.route_type() == Some(RouteType::Cancellation)
    }

    /// The waypoints: as many as are announced and whole, at most sixteen.
    pub fn waypoints(&self) -> impl Iterator<Item = Waypoint> + 'a {
        let all = self.waypoints_raw;
        let count = usize::from(self.waypoint_count_raw).min(WAYPOINTS_MAX);
        let piece = move |at| all.part(at * WAYPOINT_BITS, WAYPOINT_BITS);
        (0..count).map(piece).map_while(Waypoint::decode)
    }
}

impl Waypoint {
    fn decode(bits: BitView<'_>) -> Option<Self> {
        Some(Waypoint {
            longitude_raw: bits.signed(0, 28)? as i32,
            latitude_raw: bits.signed(28, 27)? as i32,
        })
    }

    /// Where it is.
    pub fn position(&self) -> Option<Position> {
        position_ten_thousandths(self.longitude_raw, self.latitude_raw)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::bits::BitWriter;
    use super::*;

    fn encode(route: &Route<'_>) -> BitWriter {
        let bits = BitWriter::default()
            .number(route.linkage_raw, 10)
            .number(route.sender_raw, 3)
            .number(route.route_type_raw, 5)
            .number(route.month_raw, 4)
            .number(route.day_raw, 5)
            .number(route.hour_raw, 5)
            .number(route.minute_raw, 6)
            .number(route.duration_raw, 18)
            .number(route.waypoint_count_raw, 5);
        route.waypoints().fold(bits, |bits, waypoint| {
            bits.number(waypoint.longitude_raw, 28).number(waypoint.latitude_raw, 27)
        })
    }

    proptest! {
        #[test]
        fn every_bit_comes_back(bytes in prop::collection::vec(any::<u8>(), 118)) {
            let count = Route::decode(BitView::new(&bytes, 0, 61)).waypoint_count_raw;
            let waypoints = usize::from(count).min(16);
            let route = Route::decode(BitView::new(&bytes, 0, 944));
            prop_assert_eq!(route.waypoints().count(), waypoints);
            prop_assert_eq!(encode(&route), BitView::new(&bytes, 0, 61 + 55 * waypoints));
        }
    }

    #[test]
    fn waypoints_end_where_the_message_does() {
        let bits = BitWriter::default()
            .number(5, 10)
            .number(1, 3)
            .number(2, 5)
            .number(12, 4)
            .number(24, 5)
            .number(23, 5)
            .number(59, 6)
            .number(90, 18)
            .number(9, 5)
            .number(-74 * 600_000, 28)
            .number(40 * 600_000, 27)
            .number(0, 54);
        let route = Route::decode(bits.view());
        let waypoints: Vec<_> = route.waypoints().map(|waypoint| waypoint.position()).collect();
        assert_eq!(waypoints, [Position::new(40.0, -74.0)]);
        assert_eq!(route.route_type(), Some(RouteType::Recommended));
        assert_eq!(route.is_from_authority(), Some(true));
        assert_eq!(route.duration(), Some(Duration::from_secs(5400)));
        let start = route.starts_at();
        assert_eq!((start.month, start.day), (Some(12), Some(24)));
        assert_eq!((start.hour, start.minute), (Some(23), Some(59)));
        assert!(!route.is_cancellation());
    }
}
