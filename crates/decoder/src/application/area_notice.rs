//! DAC 1, FI 22 (broadcast) and FI 23 (addressed): area notice (IMO SN.1/Circ.289).

use core::time::Duration;

use maritime::Position;

use super::{BitView, Moment, SixBitView, minutes, position_thousandths};

/// Up to the first sub-area.
pub(super) const BITS_MIN: usize = 55;

/// Bits of one [`SubArea`].
const AREA_BITS: usize = 87;

/// At most ten are sent.
const AREAS_MAX: usize = 10;

/// Something to know of a place for a time: what, when and where.
///
/// ```
/// use alongside_decoder::application::{Application, BitView, SubArea};
///
/// // A whale, heard off Cape Cod.
/// let bytes = [
///     0x02, 0x80, 0x08, 0x4A, 0x10, 0x00, 0x28, 0x1E, 0x00, 0x4B, 0x29, 0x34,
///     0x39, 0x8C, 0x39, 0xE0, 0x00, 0x00,
/// ];
/// let Application::AreaNotice(notice) = Application::decode(1, 22, BitView::new(&bytes, 0, 144)) else {
///     panic!("not an area notice");
/// };
/// assert_eq!(notice.description(), Some("Caution Area: Marine mammals habitat"));
/// assert_eq!(notice.duration().unwrap().as_secs(), 1200);
/// let Some(SubArea::Circle(circle)) = notice.sub_areas().next() else { panic!("no circle") };
/// assert_eq!(circle.radius_m(), 9260.0);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AreaNotice<'a> {
    /// Bits 0-9: number that links messages of one sender; 0 is "not available".
    pub linkage_raw: u16,
    /// Bits 10-16: what the notice says; 127 is "undefined".
    pub notice_raw: u8,
    /// Bits 17-20: month of the start in UTC; 0 is "not available".
    pub month_raw: u8,
    /// Bits 21-25: day of the start; 0 is "not available".
    pub day_raw: u8,
    /// Bits 26-30: hour of the start; 24 is "not available".
    pub hour_raw: u8,
    /// Bits 31-36: minute of the start; 60 is "not available".
    pub minute_raw: u8,
    /// Bits 37-54: minutes from the start until the notice ends; 0 cancels it, 262143 is "not available".
    pub duration_raw: u32,
    /// Bits 55 to the end: the sub-areas, 87 bits each.
    pub sub_areas_raw: BitView<'a>,
}

/// A piece of the area, or text about it. Bits are counted from the start of the sub-area.
///
/// ```
/// use alongside_decoder::application::{Application, BitView, SubArea};
///
/// // A notice of one point.
/// let bytes = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
/// let data = BitView::new(&bytes, 0, 142);
/// let Application::AreaNotice(notice) = Application::decode(1, 22, data) else { panic!("{data:?}") };
/// assert!(matches!(notice.sub_areas().next(), Some(SubArea::Circle(circle)) if circle.radius_m() == 0.0));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SubArea<'a> {
    /// Shape 0
    Circle(Circle),
    /// Shape 1
    Rectangle(Rectangle),
    /// Shape 2
    Sector(Sector),
    /// Shape 3: a line from the centre of the circle before it, or from the end of the polyline before it.
    Polyline(Legs),
    /// Shape 4: an area whose outline starts at the centre of the circle before it and returns there.
    Polygon(Legs),
    /// Shape 5, bits 3-86: up to 14 characters.
    Text(SixBitView<'a>),
    /// Shapes 6 and 7, which are reserved: all bits.
    Reserved(BitView<'a>),
}

/// A circle, or a point if it has no radius.
///
/// ```
/// use alongside_decoder::application::Circle;
///
/// let circle = Circle {
///     scale_raw: 1,
///     longitude_raw: 6 * 60_000,
///     latitude_raw: 50 * 60_000,
///     precision_raw: 4,
///     radius_raw: 926,
/// };
/// assert_eq!(circle.position().unwrap().to_string(), "50.00000 6.00000");
/// assert_eq!(circle.radius_m(), 9260.0);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Circle {
    /// Bits 3-4: power of ten by which the radius is multiplied.
    pub scale_raw: u8,
    /// Bits 5-29: 1/1000 minute, east positive; 181° is "not available".
    pub longitude_raw: i32,
    /// Bits 30-53: 1/1000 minute, north positive; 91° is "not available".
    pub latitude_raw: i32,
    /// Bits 54-56: decimals of the minute that mean something; 4 by default, 5 to 7 are reserved.
    pub precision_raw: u8,
    /// Bits 57-68: metres, before scaling; 0 is a point.
    pub radius_raw: u16,
}

/// A rectangle, or a line if one side is 0.
///
/// ```
/// use alongside_decoder::application::Rectangle;
///
/// let rectangle = Rectangle {
///     scale_raw: 2,
///     longitude_raw: 6 * 60_000,
///     latitude_raw: 50 * 60_000,
///     precision_raw: 4,
///     east_raw: 30,
///     north_raw: 5,
///     orientation_raw: 45,
/// };
/// assert_eq!((rectangle.east_m(), rectangle.north_m()), (3000.0, 500.0));
/// assert_eq!(rectangle.orientation_deg(), Some(45.0));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rectangle {
    /// Bits 3-4: power of ten by which the sides are multiplied.
    pub scale_raw: u8,
    /// Bits 5-29: of the south-west corner, as of a [`Circle`].
    pub longitude_raw: i32,
    /// Bits 30-53: of the south-west corner, as of a [`Circle`].
    pub latitude_raw: i32,
    /// Bits 54-56: as of a [`Circle`].
    pub precision_raw: u8,
    /// Bits 57-64: metres to the east, before scaling.
    pub east_raw: u8,
    /// Bits 65-72: metres to the north, before scaling.
    pub north_raw: u8,
    /// Bits 73-81: degrees by which it is turned clockwise about that corner; 360 to 511 are reserved.
    pub orientation_raw: u16,
}

/// A sector of a circle.
///
/// ```
/// use alongside_decoder::application::Sector;
///
/// let sector = Sector {
///     scale_raw: 0,
///     longitude_raw: 6 * 60_000,
///     latitude_raw: 50 * 60_000,
///     precision_raw: 4,
///     radius_raw: 500,
///     left_raw: 350,
///     right_raw: 10,
/// };
/// assert_eq!(sector.radius_m(), 500.0);
/// assert_eq!((sector.left_deg(), sector.right_deg()), (Some(350.0), Some(10.0)));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Sector {
    /// Bits 3-4: power of ten by which the radius is multiplied.
    pub scale_raw: u8,
    /// Bits 5-29: of the centre, as of a [`Circle`].
    pub longitude_raw: i32,
    /// Bits 30-53: of the centre, as of a [`Circle`].
    pub latitude_raw: i32,
    /// Bits 54-56: as of a [`Circle`].
    pub precision_raw: u8,
    /// Bits 57-68: metres, before scaling.
    pub radius_raw: u16,
    /// Bits 69-77: left bound, degrees; 360 to 511 are reserved.
    pub left_raw: u16,
    /// Bits 78-86: right bound, degrees; 360 to 511 are reserved.
    pub right_raw: u16,
}

/// One to four legs of a polyline or polygon.
///
/// ```
/// use alongside_decoder::application::{LegRaw, Legs};
///
/// let none = LegRaw { bearing_raw: 720, distance_raw: 0 };
/// let east = LegRaw { bearing_raw: 180, distance_raw: 25 };
/// let legs = Legs { scale_raw: 1, legs_raw: [east, none, none, none] };
/// assert_eq!(legs.legs().count(), 1);
/// assert_eq!(legs.legs().next().unwrap().distance_m, 250.0);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Legs {
    /// Bits 3-4: power of ten by which the distances are multiplied.
    pub scale_raw: u8,
    /// Bits 5-24, 25-44, 45-64 and 65-84.
    pub legs_raw: [LegRaw; 4],
}

/// A leg of [`Legs`] as it is sent.
///
/// ```
/// use alongside_decoder::application::LegRaw;
///
/// let east = LegRaw { bearing_raw: 180, distance_raw: 25 };
/// assert_eq!(east.bearing_raw / 2, 90);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LegRaw {
    /// 10 bits: half degrees from true north; 720 is "not available".
    pub bearing_raw: u16,
    /// 10 bits: metres, before scaling; 0 is no leg.
    pub distance_raw: u16,
}

/// From one point to the next.
///
/// ```
/// use alongside_decoder::application::{Leg, LegRaw, Legs};
///
/// let east = LegRaw { bearing_raw: 180, distance_raw: 25 };
/// let legs = Legs { scale_raw: 0, legs_raw: [east; 4] };
/// let leg = Leg { bearing_deg: Some(90.0), distance_m: 25.0 };
/// assert!(legs.legs().eq([leg; 4]));
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Leg {
    /// Clockwise from true north, in `[0, 360)`.
    pub bearing_deg: Option<f32>,
    /// In `[1, 1_023_000]`.
    pub distance_m: f32,
}

impl<'a> AreaNotice<'a> {
    pub(super) fn decode(data: BitView<'a>) -> Self {
        AreaNotice {
            linkage_raw: data.unsigned_or(0, 10, 0) as u16,
            notice_raw: data.unsigned_or(10, 7, 127) as u8,
            month_raw: data.unsigned_or(17, 4, 0) as u8,
            day_raw: data.unsigned_or(21, 5, 0) as u8,
            hour_raw: data.unsigned_or(26, 5, 24) as u8,
            minute_raw: data.unsigned_or(31, 6, 60) as u8,
            duration_raw: data.unsigned_or(37, 18, 262_143) as u32,
            sub_areas_raw: data.part(55, AREAS_MAX * AREA_BITS),
        }
    }

    /// In `1..=1023`: what a text carries that explains this notice.
    pub fn linkage(&self) -> Option<u16> {
        (self.linkage_raw != 0).then_some(self.linkage_raw)
    }

    /// What the notice says, in the words of the circular (table 11.10); `None` for 127, "undefined",
    /// and for reserved numbers.
    pub fn description(&self) -> Option<&'static str> {
        description(self.notice_raw)
    }

    /// In UTC.
    pub fn starts_at(&self) -> Moment {
        Moment::from_raw(self.month_raw, self.day_raw, self.hour_raw, self.minute_raw)
    }

    /// From the start until the notice ends, in whole minutes, at most 262142; none for a cancellation.
    pub fn duration(&self) -> Option<Duration> {
        minutes(self.duration_raw)
    }

    /// Whether the notice of this link is taken back.
    pub fn is_cancellation(&self) -> bool {
        self.duration_raw == 0 || self.notice_raw == 126
    }

    /// The sub-areas, at most ten; the last may lack its spare bits, its last legs or characters.
    pub fn sub_areas(&self) -> impl Iterator<Item = SubArea<'a>> + 'a {
        let all = self.sub_areas_raw;
        (0..AREAS_MAX).map(move |at| all.part(at * AREA_BITS, AREA_BITS)).map_while(SubArea::decode)
    }
}

impl<'a> SubArea<'a> {
    /// `None` where the message ends before there is anything to show.
    fn decode(bits: BitView<'a>) -> Option<Self> {
        let number = |start, width| Some(bits.unsigned(start, width)? as u16);
        // Every shape with a centre has it, and the scale, in the same place.
        let scale_raw = || Some(bits.unsigned(3, 2)? as u8);
        let longitude_raw = || Some(bits.signed(5, 25)? as i32);
        let latitude_raw = || Some(bits.signed(30, 24)? as i32);
        let precision_raw = || Some(bits.unsigned(54, 3)? as u8);
        Some(match bits.unsigned(0, 3)? {
            0 => SubArea::Circle(Circle {
                scale_raw: scale_raw()?,
                longitude_raw: longitude_raw()?,
                latitude_raw: latitude_raw()?,
                precision_raw: precision_raw()?,
                radius_raw: number(57, 12)?,
            }),
            1 => SubArea::Rectangle(Rectangle {
                scale_raw: scale_raw()?,
                longitude_raw: longitude_raw()?,
                latitude_raw: latitude_raw()?,
                precision_raw: precision_raw()?,
                east_raw: number(57, 8)? as u8,
                north_raw: number(65, 8)? as u8,
                orientation_raw: number(73, 9)?,
            }),
            2 => SubArea::Sector(Sector {
                scale_raw: scale_raw()?,
                longitude_raw: longitude_raw()?,
                latitude_raw: latitude_raw()?,
                precision_raw: precision_raw()?,
                radius_raw: number(57, 12)?,
                left_raw: number(69, 9)?,
                right_raw: number(78, 9)?,
            }),
            3 if bits.len() >= 25 => SubArea::Polyline(Legs::decode(bits)),
            4 if bits.len() >= 25 => SubArea::Polygon(Legs::decode(bits)),
            5 if bits.len() >= 9 => SubArea::Text(SixBitView::new(bits.rest(3))),
            6 | 7 if bits.len() == AREA_BITS => SubArea::Reserved(bits),
            _ => return None,
        })
    }
}

impl Circle {
    /// The centre.
    pub fn position(&self) -> Option<Position> {
        position_thousandths(self.longitude_raw, self.latitude_raw)
    }

    /// In `[0, 4_095_000]`; 0 is a point.
    pub fn radius_m(&self) -> f32 {
        scaled_m(self.radius_raw, self.scale_raw)
    }
}

impl Rectangle {
    /// The south-west corner.
    pub fn position(&self) -> Option<Position> {
        position_thousandths(self.longitude_raw, self.latitude_raw)
    }

    /// To the east, before it is turned, in `[0, 255_000]`.
    pub fn east_m(&self) -> f32 {
        scaled_m(self.east_raw.into(), self.scale_raw)
    }

    /// To the north, before it is turned, in `[0, 255_000]`.
    pub fn north_m(&self) -> f32 {
        scaled_m(self.north_raw.into(), self.scale_raw)
    }

    /// Clockwise, in `[0, 360)`.
    pub fn orientation_deg(&self) -> Option<f32> {
        (self.orientation_raw < 360).then(|| f32::from(self.orientation_raw))
    }
}

impl Sector {
    /// The centre.
    pub fn position(&self) -> Option<Position> {
        position_thousandths(self.longitude_raw, self.latitude_raw)
    }

    /// In `[0, 4_095_000]`.
    pub fn radius_m(&self) -> f32 {
        scaled_m(self.radius_raw, self.scale_raw)
    }

    /// Clockwise from true north, in `[0, 360)`.
    pub fn left_deg(&self) -> Option<f32> {
        (self.left_raw < 360).then(|| f32::from(self.left_raw))
    }

    /// Clockwise from true north, in `[0, 360)`.
    pub fn right_deg(&self) -> Option<f32> {
        (self.right_raw < 360).then(|| f32::from(self.right_raw))
    }
}

impl Legs {
    fn decode(bits: BitView<'_>) -> Self {
        let leg = |start| LegRaw {
            bearing_raw: bits.unsigned_or(start, 10, 720) as u16,
            distance_raw: bits.unsigned_or(start + 10, 10, 0) as u16,
        };
        Legs {
            scale_raw: bits.unsigned_or(3, 2, 0) as u8,
            legs_raw: [leg(5), leg(25), leg(45), leg(65)],
        }
    }

    /// The legs up to the first that has no length.
    pub fn legs(&self) -> impl Iterator<Item = Leg> + '_ {
        let sent = self.legs_raw.iter().take_while(|leg| leg.distance_raw != 0);
        sent.map(|leg| Leg {
            bearing_deg: (leg.bearing_raw < 720).then(|| f32::from(leg.bearing_raw) / 2.0),
            distance_m: scaled_m(leg.distance_raw, self.scale_raw),
        })
    }
}

/// `scale_raw` is in `0..=3`.
fn scaled_m(raw: u16, scale_raw: u8) -> f32 {
    f32::from(raw) * [1.0, 10.0, 100.0, 1000.0][usize::from(scale_raw & 3)]
}

fn description(notice: u8) -> Option<&'static str> {
    Some(match notice {
        0 => "Caution Area: Marine mammals habitat",
        1 => "Caution Area: Marine mammals in area - reduce speed",
        2 => "Caution Area: Marine mammals in area - stay clear",
        3 => "Caution Area: Marine mammals in area - report sightings",
        4 => "Caution Area: Protected habitat - reduce speed",
        5 => "Caution Area: Protected habitat - stay clear",
        6 => "Caution Area: Protected habitat - no fishing or anchoring",
        7 => "Caution Area: Derelicts (drifting objects)",
        8 => "Caution Area: Traffic congestion",
        9 => "Caution Area: Marine event",
        10 => "Caution Area: Divers down",
        11 => "Caution Area: Swim area",
        12 => "Caution Area: Dredge operations",
        13 => "Caution Area: Survey operations",
        14 => "Caution Area: Underwater operation",
        15 => "Caution Area: Seaplane operations",
        16 => "Caution Area: Fishery - nets in water",
        17 => "Caution Area: Cluster of fishing vessels",
        18 => "Caution Area: Fairway closed",
        19 => "Caution Area: Harbour closed",
        20 => "Caution Area: Risk (define in associated text field)",
        21 => "Caution Area: Underwater vehicle operation",
        23 => "Environmental Caution Area: Storm front (line squall)",
        24 => "Environmental Caution Area: Hazardous sea ice",
        25 => "Environmental Caution Area: Storm warning (storm cell or line of storms)",
        26 => "Environmental Caution Area: High wind",
        27 => "Environmental Caution Area: High waves",
        28 => "Environmental Caution Area: Restricted visibility (fog, rain, etc.)",
        29 => "Environmental Caution Area: Strong currents",
        30 => "Environmental Caution Area: Heavy icing",
        32 => "Restricted Area: Fishing prohibited",
        33 => "Restricted Area: No anchoring",
        34 => "Restricted Area: Entry approval required prior to transit",
        35 => "Restricted Area: Entry prohibited",
        36 => "Restricted Area: Active military OPAREA",
        37 => "Restricted Area: Firing - danger area",
        38 => "Restricted Area: Drifting mines",
        40 => "Anchorage Area: Anchorage open",
        41 => "Anchorage Area: Anchorage closed",
        42 => "Anchorage Area: Anchorage prohibited",
        43 => "Anchorage Area: Deep draft anchorage",
        44 => "Anchorage Area: Shallow draft anchorage",
        45 => "Anchorage Area: Vessel transfer operations",
        56 => "Security Alert: Level 1",
        57 => "Security Alert: Level 2",
        58 => "Security Alert: Level 3",
        64 => "Distress Area: Vessel disabled and adrift",
        65 => "Distress Area: Vessel sinking",
        66 => "Distress Area: Vessel abandoning ship",
        67 => "Distress Area: Vessel requests medical assistance",
        68 => "Distress Area: Vessel flooding",
        69 => "Distress Area: Vessel fire/explosion",
        70 => "Distress Area: Vessel grounding",
        71 => "Distress Area: Vessel collision",
        72 => "Distress Area: Vessel listing/capsizing",
        73 => "Distress Area: Vessel under assault",
        74 => "Distress Area: Person overboard",
        75 => "Distress Area: SAR area",
        76 => "Distress Area: Pollution response area",
        80 => "Instruction: Contact VTS at this point/juncture",
        81 => "Instruction: Contact port administration at this point/juncture",
        82 => "Instruction: Do not proceed beyond this point/juncture",
        83 => "Instruction: Await instructions prior to proceeding beyond this point/juncture",
        84 => "Instruction: Proceed to this location - await instructions",
        85 => "Instruction: Clearance granted - proceed to berth",
        88 => "Information: Pilot boarding position",
        89 => "Information: Icebreaker waiting area",
        90 => "Information: Places of refuge",
        91 => "Information: Position of icebreakers",
        92 => "Information: Location of response units",
        93 => "Information: VTS active target",
        94 => "Information: Rogue or suspicious vessel",
        95 => "Information: Vessel requesting non-distress assistance",
        96 => "Chart Feature: Sunken vessel",
        97 => "Chart Feature: Submerged object",
        98 => "Chart Feature: Semi-submerged object",
        99 => "Chart Feature: Shoal area",
        100 => "Chart Feature: Shoal area due north",
        101 => "Chart Feature: Shoal area due east",
        102 => "Chart Feature: Shoal area due south",
        103 => "Chart Feature: Shoal area due west",
        104 => "Chart Feature: Channel obstruction",
        105 => "Chart Feature: Reduced vertical clearance",
        106 => "Chart Feature: Bridge closed",
        107 => "Chart Feature: Bridge partially open",
        108 => "Chart Feature: Bridge fully open",
        112 => "Report from ship: Icing info",
        114 => "Report from ship: Miscellaneous information (define in associated text field)",
        120 => "Route: Recommended route",
        121 => "Route: Alternative route",
        122 => "Route: Recommended route through ice",
        125 => "Other: Define in associated text field",
        126 => "Cancellation: Cancel area as identified by message linkage id",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::bits::BitWriter;
    use super::*;

    fn encode(notice: &AreaNotice<'_>) -> BitWriter {
        let bits = BitWriter::default()
            .number(notice.linkage_raw, 10)
            .number(notice.notice_raw, 7)
            .number(notice.month_raw, 4)
            .number(notice.day_raw, 5)
            .number(notice.hour_raw, 5)
            .number(notice.minute_raw, 6)
            .number(notice.duration_raw, 18);
        notice.sub_areas().fold(bits, encode_area)
    }

    /// The spare bits are zero.
    fn encode_area(bits: BitWriter, area: SubArea<'_>) -> BitWriter {
        let legs = |bits: BitWriter, legs: Legs| {
            let bits = bits.number(legs.scale_raw, 2);
            let legs = legs.legs_raw.iter().fold(bits, |bits, leg| {
                bits.number(leg.bearing_raw, 10).number(leg.distance_raw, 10)
            });
            legs.number(0, 2)
        };
        match area {
            SubArea::Circle(circle) => bits
                .number(0, 3)
                .number(circle.scale_raw, 2)
                .number(circle.longitude_raw, 25)
                .number(circle.latitude_raw, 24)
                .number(circle.precision_raw, 3)
                .number(circle.radius_raw, 12)
                .number(0, 18),
            SubArea::Rectangle(rectangle) => bits
                .number(1, 3)
                .number(rectangle.scale_raw, 2)
                .number(rectangle.longitude_raw, 25)
                .number(rectangle.latitude_raw, 24)
                .number(rectangle.precision_raw, 3)
                .number(rectangle.east_raw, 8)
                .number(rectangle.north_raw, 8)
                .number(rectangle.orientation_raw, 9)
                .number(0, 5),
            SubArea::Sector(sector) => bits
                .number(2, 3)
                .number(sector.scale_raw, 2)
                .number(sector.longitude_raw, 25)
                .number(sector.latitude_raw, 24)
                .number(sector.precision_raw, 3)
                .number(sector.radius_raw, 12)
                .number(sector.left_raw, 9)
                .number(sector.right_raw, 9),
            SubArea::Polyline(polyline) => legs(bits.number(3, 3), polyline),
            SubArea::Polygon(polygon) => legs(bits.number(4, 3), polygon),
            SubArea::Text(text) => bits.number(5, 3).append(text.bits()),
            SubArea::Reserved(all) => bits.append(all),
        }
    }

    proptest! {
        #[test]
        fn fields_come_back(bytes in prop::collection::vec(any::<u8>(), 116), areas in 0usize..=10) {
            // The spare bits of the sample are lost the first time.
            let first = AreaNotice::decode(BitView::new(&bytes, 0, 55 + AREA_BITS * areas));
            prop_assert_eq!(first.sub_areas().count(), areas);
            let bits = encode(&first);
            prop_assert_eq!(bits.view().len(), 55 + AREA_BITS * areas);
            let second = AreaNotice::decode(bits.view());
            prop_assert!(first.sub_areas().eq(second.sub_areas()));
            let header = |notice| AreaNotice { sub_areas_raw: BitView::new(&[], 0, 0), ..notice };
            prop_assert_eq!(header(first), header(second));
            prop_assert_eq!(bits.view().part(0, 55), BitView::new(&bytes, 0, 55));
        }
    }

    #[test]
    fn every_shape_is_read() {
        let area = |shape: u8, bits: BitWriter| {
            let all = BitWriter::default().number(shape, 3).append(bits.view());
            let spare = AREA_BITS - all.view().len();
            all.number(0, spare)
        };
        let place = || {
            BitWriter::default()
                .number(1, 2)
                .number(-74 * 60_000, 25)
                .number(40 * 60_000, 24)
                .number(4, 3)
        };
        let legs = BitWriter::default()
            .number(2, 2)
            .number(90, 10)
            .number(7, 10)
            .number(720, 10)
            .number(1, 10);
        let at = Position::new(40.0, -74.0);
        let mut bits = BitWriter::default().number(0, 55);
        for piece in [
            area(0, place().number(50, 12)),
            area(1, place().number(2, 8).number(0, 8).number(360, 9)),
            area(2, place().number(4095, 12).number(10, 9).number(359, 9)),
            area(3, legs.clone()),
            area(4, legs),
            area(5, BitWriter::default().text("STAY CLEAR", 14)),
            area(6, BitWriter::default()),
        ] {
            bits = bits.append(piece.view());
        }
        let notice = AreaNotice::decode(bits.view());
        let areas: Vec<_> = notice.sub_areas().collect();
        let [
            SubArea::Circle(circle),
            SubArea::Rectangle(rectangle),
            SubArea::Sector(sector),
            SubArea::Polyline(polyline),
            SubArea::Polygon(polygon),
            SubArea::Text(text),
            SubArea::Reserved(reserved),
        ] = areas[..]
        else {
            panic!("{areas:?}")
        };
        assert_eq!((circle.position(), circle.radius_m()), (at, 500.0));
        assert_eq!((rectangle.position(), rectangle.orientation_deg()), (at, None));
        assert_eq!((rectangle.east_m(), rectangle.north_m()), (20.0, 0.0));
        assert_eq!((sector.position(), sector.radius_m()), (at, 40_950.0));
        assert_eq!((sector.left_deg(), sector.right_deg()), (Some(10.0), Some(359.0)));
        assert_eq!(polyline, polygon);
        let legs: Vec<_> = polyline.legs().collect();
        let expected = [(Some(45.0), 700.0), (None, 100.0)];
        let expected = expected.map(|(bearing_deg, distance_m)| Leg { bearing_deg, distance_m });
        assert_eq!(legs, expected);
        assert_eq!(text.to_string(), "STAY CLEAR");
        assert_eq!(reserved.len(), AREA_BITS);
    }

    #[test]
    fn filling_behind_the_last_area_is_none() {
        for filling in 0..8 {
            let circle = BitWriter::default().number(0, 55 + AREA_BITS).number(0, filling);
            assert_eq!(AreaNotice::decode(circle.view()).sub_areas().count(), 1);
        }
    }
}
