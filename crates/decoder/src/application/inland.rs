//! DAC 200: Inland AIS (Vessel Tracking and Tracing Standard for Inland Navigation of the CCNR, edition
//! 1.01; EU regulation 415/2007). Some of it has been given up since; ships and shores send it still.

use maritime::{Position, Text};

use super::bits::text;
use super::{BitView, Moment, position_ten_thousandths};

/// FI 10: up to the beam.
pub(super) const STATIC_BITS_MIN: usize = 71;

/// FI 10: all of it and a byte of filling. What is longer is scrambled data that some send as 200/10.
pub(super) const STATIC_BITS_MAX: usize = 120;

/// FI 21 and 22: up to the hectometre.
pub(super) const PLACE_BITS: usize = 120;

/// FI 23: up to the times.
pub(super) const EMMA_BITS_MIN: usize = 56;

/// FI 24: up to the country.
pub(super) const WATER_LEVELS_BITS_MIN: usize = 12;

/// FI 55: up to the crew.
pub(super) const PERSONS_BITS_MIN: usize = 8;

/// Bits of one [`Gauge`].
const GAUGE_BITS: usize = 25;

/// FI 10: what an inland vessel says of itself beyond message 5.
///
/// ```
/// use alongside_decoder::application::{Application, BitView, HazardousCargo};
///
/// let bytes = [
///     0xC3, 0x2C, 0x70, 0xCF, 0x5D, 0x37, 0x0C, 0x30, 0x64, 0xFA, 0x50, 0x19, 0x88, 0x00,
/// ];
/// let Application::InlandStatic(vessel) = Application::decode(200, 10, BitView::new(&bytes, 0, 112))
/// else {
///     panic!("not inland static data");
/// };
/// assert_eq!(vessel.vessel_id().unwrap().as_str(), "02103547");
/// assert_eq!((vessel.length_m(), vessel.beam_m()), (Some(39.0), Some(5.0)));
/// assert_eq!(vessel.eri_type_description(), Some("Motor freighter"));
/// assert_eq!(vessel.hazardous_cargo(), Some(HazardousCargo::BlueCones(0)));
/// assert_eq!(vessel.draught_m(), Some(2.04));
/// assert_eq!(vessel.is_loaded(), Some(false));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct InlandStatic {
    /// Bits 0-47: unique European vessel identification number (ENI), eight six-bit characters; all `@` is
    /// "not available".
    pub vessel_id_raw: u64,
    /// Bits 48-60: 1/10 m, `1..=8000`; 0 is "not available".
    pub length_raw: u16,
    /// Bits 61-70: 1/10 m, `1..=1000`; 0 is "not available".
    pub beam_raw: u16,
    /// Bits 71-84: type of ship or convoy by the ERI classification, `8000..=8370`; some send the numbers of
    /// message 5, `1..=99`.
    pub eri_type_raw: u16,
    /// Bits 85-87: blue cones, 4 for the B flag; 5 is "unknown".
    pub hazardous_cargo_raw: u8,
    /// Bits 88-98: 1/100 m, `1..=2000`; 0 is "not available".
    pub draught_raw: u16,
    /// Bits 99-100: 1 unloaded, 2 loaded; 0 is "not available".
    pub loaded_raw: u8,
    /// Bit 101: the speed comes from an approved sensor, not from GNSS.
    pub speed_quality_high: bool,
    /// Bit 102: the course comes from an approved sensor, not from GNSS.
    pub course_quality_high: bool,
    /// Bit 103: the heading comes from an approved sensor.
    pub heading_quality_high: bool,
}

/// What an inland vessel shows of its cargo.
///
/// ```
/// use alongside_decoder::application::{Application, BitView, HazardousCargo};
///
/// // Two blue cones, and nothing else is known.
/// let data = BitView::new(&[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0], 0, 112);
/// let Application::InlandStatic(vessel) = Application::decode(200, 10, data) else { panic!("{data:?}") };
/// assert_eq!(vessel.hazardous_cargo(), Some(HazardousCargo::BlueCones(2)));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HazardousCargo {
    /// 0 to 3 blue cones by day, blue lights by night.
    BlueCones(u8),
    /// 4
    BFlag,
}

impl InlandStatic {
    pub(super) fn decode(data: BitView<'_>) -> Self {
        InlandStatic {
            vessel_id_raw: data.unsigned_or(0, 48, 0),
            length_raw: data.unsigned_or(48, 13, 0) as u16,
            beam_raw: data.unsigned_or(61, 10, 0) as u16,
            eri_type_raw: data.unsigned_or(71, 14, 0) as u16,
            hazardous_cargo_raw: data.unsigned_or(85, 3, 5) as u8,
            draught_raw: data.unsigned_or(88, 11, 0) as u16,
            loaded_raw: data.unsigned_or(99, 2, 0) as u8,
            speed_quality_high: data.flag(101).unwrap_or(false),
            course_quality_high: data.flag(102).unwrap_or(false),
            heading_quality_high: data.flag(103).unwrap_or(false),
        }
    }

    /// The ENI, as sent.
    pub fn vessel_id(&self) -> Option<Text<8>> {
        text(self.vessel_id_raw)
    }

    /// Of the ship or convoy, in `[0.1, 800]`.
    pub fn length_m(&self) -> Option<f32> {
        (1..=8000).contains(&self.length_raw).then(|| f32::from(self.length_raw) / 10.0)
    }

    /// Of the ship or convoy, in `[0.1, 100]`.
    pub fn beam_m(&self) -> Option<f32> {
        (1..=1000).contains(&self.beam_raw).then(|| f32::from(self.beam_raw) / 10.0)
    }

    /// As sent; `None` for 0, and for 8000, "unknown".
    pub fn eri_type(&self) -> Option<u16> {
        (self.eri_type_raw != 0 && self.eri_type_raw != 8000).then_some(self.eri_type_raw)
    }

    /// The words of the ERI classification; `None` for a number that it does not have.
    pub fn eri_type_description(&self) -> Option<&'static str> {
        eri_type_description(self.eri_type_raw)
    }

    /// What it shows of its cargo.
    pub fn hazardous_cargo(&self) -> Option<HazardousCargo> {
        match self.hazardous_cargo_raw {
            cones @ 0..=3 => Some(HazardousCargo::BlueCones(cones)),
            4 => Some(HazardousCargo::BFlag),
            _ => None,
        }
    }

    /// In `[0.01, 20]`.
    pub fn draught_m(&self) -> Option<f32> {
        (1..=2000).contains(&self.draught_raw).then(|| f32::from(self.draught_raw) / 100.0)
    }

    /// Whether it carries cargo.
    pub fn is_loaded(&self) -> Option<bool> {
        match self.loaded_raw {
            1 => Some(false),
            2 => Some(true),
            _ => None,
        }
    }
}

/// A lock, bridge or terminal by its codes, bits 0-119 of FI 21 and 22.
///
/// ```
/// use alongside_decoder::application::LockPlace;
///
/// let place = LockPlace {
///     // "DE" in six-bit characters.
///     country_raw: 4 << 6 | 5,
///     location_raw: 0,
///     section_raw: 0,
///     terminal_raw: 0,
///     hectometre_raw: 0,
/// };
/// assert_eq!(place.country().unwrap().as_str(), "DE");
/// assert_eq!(place.location(), None);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LockPlace {
    /// Bits 0-11: UN country code, two six-bit characters.
    pub country_raw: u64,
    /// Bits 12-29: UN location code, three six-bit characters.
    pub location_raw: u64,
    /// Bits 30-59: number of the fairway section, five six-bit characters.
    pub section_raw: u64,
    /// Bits 60-89: terminal, five six-bit characters.
    pub terminal_raw: u64,
    /// Bits 90-119: hectometre of the fairway, five six-bit characters.
    pub hectometre_raw: u64,
}

impl LockPlace {
    fn decode(data: BitView<'_>) -> Self {
        LockPlace {
            country_raw: data.unsigned_or(0, 12, 0),
            location_raw: data.unsigned_or(12, 18, 0),
            section_raw: data.unsigned_or(30, 30, 0),
            terminal_raw: data.unsigned_or(60, 30, 0),
            hectometre_raw: data.unsigned_or(90, 30, 0),
        }
    }

    /// As sent.
    pub fn country(&self) -> Option<Text<2>> {
        text(self.country_raw)
    }

    /// As sent.
    pub fn location(&self) -> Option<Text<3>> {
        text(self.location_raw)
    }

    /// As sent.
    pub fn section(&self) -> Option<Text<5>> {
        text(self.section_raw)
    }

    /// As sent.
    pub fn terminal(&self) -> Option<Text<5>> {
        text(self.terminal_raw)
    }

    /// As sent.
    pub fn hectometre(&self) -> Option<Text<5>> {
        text(self.hectometre_raw)
    }
}

/// FI 21: when a vessel means to arrive at a lock, bridge or terminal.
///
/// ```
/// use alongside_decoder::application::{Application, BitView};
///
/// let data = BitView::new(&[0; 31], 0, 248);
/// let Application::LockEta(eta) = Application::decode(200, 21, data) else { panic!("{data:?}") };
/// assert_eq!((eta.arrives_at().day, eta.tugs(), eta.air_draught_m()), (None, Some(0), None));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LockEta {
    /// Bits 0-119.
    pub place: LockPlace,
    /// Bits 120-123: month in UTC; 0 is "not available".
    pub month_raw: u8,
    /// Bits 124-128: day; 0 is "not available".
    pub day_raw: u8,
    /// Bits 129-133: hour; 24 is "not available".
    pub hour_raw: u8,
    /// Bits 134-139: minute; 60 is "not available".
    pub minute_raw: u8,
    /// Bits 140-142: assisting tugs; 7 is "unknown".
    pub tugs_raw: u8,
    /// Bits 143-154: 1/100 m, `1..=4000`; 0 is "not used".
    pub air_draught_raw: u16,
}

impl LockEta {
    pub(super) fn decode(data: BitView<'_>) -> Self {
        LockEta {
            place: LockPlace::decode(data),
            month_raw: data.unsigned_or(120, 4, 0) as u8,
            day_raw: data.unsigned_or(124, 5, 0) as u8,
            hour_raw: data.unsigned_or(129, 5, 24) as u8,
            minute_raw: data.unsigned_or(134, 6, 60) as u8,
            tugs_raw: data.unsigned_or(140, 3, 7) as u8,
            air_draught_raw: data.unsigned_or(143, 12, 0) as u16,
        }
    }

    /// In UTC.
    pub fn arrives_at(&self) -> Moment {
        Moment::from_raw(self.month_raw, self.day_raw, self.hour_raw, self.minute_raw)
    }

    /// Assisting it, in `0..=6`.
    pub fn tugs(&self) -> Option<u8> {
        (self.tugs_raw < 7).then_some(self.tugs_raw)
    }

    /// Greatest present height above the waterline, in `[0.01, 40]`.
    pub fn air_draught_m(&self) -> Option<f32> {
        (1..=4000).contains(&self.air_draught_raw).then(|| f32::from(self.air_draught_raw) / 100.0)
    }
}

/// FI 22: when a vessel is asked to arrive at a lock, bridge or terminal.
///
/// ```
/// use alongside_decoder::application::{Application, BitView, LockStatus};
///
/// let data = BitView::new(&[0; 29], 0, 232);
/// let Application::LockRta(rta) = Application::decode(200, 22, data) else { panic!("{data:?}") };
/// assert_eq!((rta.requested_at().day, rta.status()), (None, Some(LockStatus::Operational)));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LockRta {
    /// Bits 0-119.
    pub place: LockPlace,
    /// Bits 120-123: month in UTC; 0 is "not available".
    pub month_raw: u8,
    /// Bits 124-128: day; 0 is "not available".
    pub day_raw: u8,
    /// Bits 129-133: hour; 24 is "not available".
    pub hour_raw: u8,
    /// Bits 134-139: minute; 60 is "not available".
    pub minute_raw: u8,
    /// Bits 140-141: [`LockStatus`]; 3 is "not available".
    pub status_raw: u8,
}

/// Whether a lock, bridge or terminal works.
///
/// ```
/// use alongside_decoder::application::{Application, BitView, LockStatus};
///
/// let data = BitView::new(&[0; 29], 0, 232);
/// let Application::LockRta(rta) = Application::decode(200, 22, data) else { panic!("{data:?}") };
/// assert_eq!(rta.status(), Some(LockStatus::Operational));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LockStatus {
    /// 0
    Operational,
    /// 1
    Limited,
    /// 2
    OutOfOrder,
}

impl LockRta {
    pub(super) fn decode(data: BitView<'_>) -> Self {
        LockRta {
            place: LockPlace::decode(data),
            month_raw: data.unsigned_or(120, 4, 0) as u8,
            day_raw: data.unsigned_or(124, 5, 0) as u8,
            hour_raw: data.unsigned_or(129, 5, 24) as u8,
            minute_raw: data.unsigned_or(134, 6, 60) as u8,
            status_raw: data.unsigned_or(140, 2, 3) as u8,
        }
    }

    /// In UTC.
    pub fn requested_at(&self) -> Moment {
        Moment::from_raw(self.month_raw, self.day_raw, self.hour_raw, self.minute_raw)
    }

    /// Whether it works.
    pub fn status(&self) -> Option<LockStatus> {
        match self.status_raw {
            0 => Some(LockStatus::Operational),
            1 => Some(LockStatus::Limited),
            2 => Some(LockStatus::OutOfOrder),
            _ => None,
        }
    }
}

/// FI 23: warning of heavy weather on a stretch of fairway (European Multiservice Meteorological
/// Awareness).
///
/// ```
/// use alongside_decoder::application::{Application, BitView};
///
/// let data = BitView::new(&[0; 32], 0, 256);
/// let Application::EmmaWarning(warning) = Application::decode(200, 23, data) else { panic!("{data:?}") };
/// assert_eq!((warning.start_year(), warning.warning_type()), (None, None));
/// assert_eq!(warning.value_max(), Some(0));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct EmmaWarning {
    /// Bits 0-7: years since 2000; 0 is "not available".
    pub start_year_raw: u8,
    /// Bits 8-11: 0 is "not available".
    pub start_month_raw: u8,
    /// Bits 12-16: 0 is "not available".
    pub start_day_raw: u8,
    /// Bits 17-24: years since 2000; 0 is "not available".
    pub end_year_raw: u8,
    /// Bits 25-28: 0 is "not available".
    pub end_month_raw: u8,
    /// Bits 29-33: 0 is "not available".
    pub end_day_raw: u8,
    /// Bits 34-38: hour in UTC; 24 is "not available".
    pub start_hour_raw: u8,
    /// Bits 39-44: 60 is "not available".
    pub start_minute_raw: u8,
    /// Bits 45-49: hour in UTC; 24 is "not available".
    pub end_hour_raw: u8,
    /// Bits 50-55: 60 is "not available".
    pub end_minute_raw: u8,
    /// Bits 56-83: where the stretch begins, 1/10000 minute, east positive.
    pub start_longitude_raw: i32,
    /// Bits 84-110: where the stretch begins, 1/10000 minute, north positive.
    pub start_latitude_raw: i32,
    /// Bits 111-138: where the stretch ends.
    pub end_longitude_raw: i32,
    /// Bits 139-165: where the stretch ends.
    pub end_latitude_raw: i32,
    /// Bits 166-169: [`EmmaType`]; 0 is "not available".
    pub warning_type_raw: u8,
    /// Bits 170-178: a sign, 1 for negative, and eight bits of size, of which 254 is that or more and 255
    /// "unknown".
    pub value_min_raw: u16,
    /// Bits 179-187: as above.
    pub value_max_raw: u16,
    /// Bits 188-189: 1 slight, 2 medium, 3 strong; 0 is "not available".
    pub intensity_raw: u8,
    /// Bits 190-193: eighths of the circle from 1, north, to 8, north-west; 0 is "not available".
    pub wind_direction_raw: u8,
}

/// What an [`EmmaWarning`] warns of.
///
/// ```
/// use alongside_decoder::application::EmmaType;
///
/// assert_eq!(EmmaType::from_raw(5), Some(EmmaType::Fog));
/// assert_eq!(EmmaType::from_raw(0), None);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EmmaType {
    /// 1
    Wind,
    /// 2
    Rain,
    /// 3
    SnowAndIce,
    /// 4
    Thunderstorm,
    /// 5
    Fog,
    /// 6
    LowTemperature,
    /// 7
    HighTemperature,
    /// 8
    Flood,
    /// 9
    ForestFire,
}

impl EmmaType {
    /// From the four bits sent, 1 to 9; `None` for 0, "not available", and for reserved numbers.
    pub fn from_raw(raw: u8) -> Option<Self> {
        Some(match raw {
            1 => EmmaType::Wind,
            2 => EmmaType::Rain,
            3 => EmmaType::SnowAndIce,
            4 => EmmaType::Thunderstorm,
            5 => EmmaType::Fog,
            6 => EmmaType::LowTemperature,
            7 => EmmaType::HighTemperature,
            8 => EmmaType::Flood,
            9 => EmmaType::ForestFire,
            _ => return None,
        })
    }
}

impl EmmaWarning {
    pub(super) fn decode(data: BitView<'_>) -> Self {
        EmmaWarning {
            start_year_raw: data.unsigned_or(0, 8, 0) as u8,
            start_month_raw: data.unsigned_or(8, 4, 0) as u8,
            start_day_raw: data.unsigned_or(12, 5, 0) as u8,
            end_year_raw: data.unsigned_or(17, 8, 0) as u8,
            end_month_raw: data.unsigned_or(25, 4, 0) as u8,
            end_day_raw: data.unsigned_or(29, 5, 0) as u8,
            start_hour_raw: data.unsigned_or(34, 5, 24) as u8,
            start_minute_raw: data.unsigned_or(39, 6, 60) as u8,
            end_hour_raw: data.unsigned_or(45, 5, 24) as u8,
            end_minute_raw: data.unsigned_or(50, 6, 60) as u8,
            start_longitude_raw: data.signed_or(56, 28, 181 * 600_000) as i32,
            start_latitude_raw: data.signed_or(84, 27, 91 * 600_000) as i32,
            end_longitude_raw: data.signed_or(111, 28, 181 * 600_000) as i32,
            end_latitude_raw: data.signed_or(139, 27, 91 * 600_000) as i32,
            warning_type_raw: data.unsigned_or(166, 4, 0) as u8,
            value_min_raw: data.unsigned_or(170, 9, 0x1FF) as u16,
            value_max_raw: data.unsigned_or(179, 9, 0x1FF) as u16,
            intensity_raw: data.unsigned_or(188, 2, 0) as u8,
            wind_direction_raw: data.unsigned_or(190, 4, 0) as u8,
        }
    }

    /// In UTC; the year stands apart.
    pub fn starts_at(&self) -> Moment {
        let (month, day) = (self.start_month_raw, self.start_day_raw);
        Moment::from_raw(month, day, self.start_hour_raw, self.start_minute_raw)
    }

    /// In `2001..=2255`.
    pub fn start_year(&self) -> Option<u16> {
        (self.start_year_raw != 0).then(|| 2000 + u16::from(self.start_year_raw))
    }

    /// In UTC; the year stands apart.
    pub fn ends_at(&self) -> Moment {
        let (month, day) = (self.end_month_raw, self.end_day_raw);
        Moment::from_raw(month, day, self.end_hour_raw, self.end_minute_raw)
    }

    /// In `2001..=2255`.
    pub fn end_year(&self) -> Option<u16> {
        (self.end_year_raw != 0).then(|| 2000 + u16::from(self.end_year_raw))
    }

    /// Where the stretch begins.
    pub fn start(&self) -> Option<Position> {
        position_ten_thousandths(self.start_longitude_raw, self.start_latitude_raw)
    }

    /// Where the stretch ends.
    pub fn end(&self) -> Option<Position> {
        position_ten_thousandths(self.end_longitude_raw, self.end_latitude_raw)
    }

    /// What it warns of.
    pub fn warning_type(&self) -> Option<EmmaType> {
        EmmaType::from_raw(self.warning_type_raw)
    }

    /// In `-254..=254`, whose ends are that or beyond; the standard does not say in which unit.
    pub fn value_min(&self) -> Option<i16> {
        sign_and_size(self.value_min_raw)
    }

    /// In `-254..=254`, whose ends are that or beyond; the standard does not say in which unit.
    pub fn value_max(&self) -> Option<i16> {
        sign_and_size(self.value_max_raw)
    }

    /// 1 slight, 2 medium, 3 strong.
    pub fn intensity(&self) -> Option<u8> {
        (self.intensity_raw != 0).then_some(self.intensity_raw)
    }

    /// Where the wind comes from, one of eight, in `[0, 315]`.
    pub fn wind_direction_deg(&self) -> Option<f32> {
        let eighths = f32::from(self.wind_direction_raw) - 1.0;
        (1..=8).contains(&self.wind_direction_raw).then_some(45.0 * eighths)
    }
}

/// gpsd's description puts the sign first, and that is followed: the standard calls it "bit 0" and does
/// not say from which end it counts.
fn sign_and_size(raw: u16) -> Option<i16> {
    let size = (raw & 0xFF) as i16;
    (size != 255).then_some(if raw & 0x100 == 0 { size } else { -size })
}

/// FI 24: how high the water stands at up to four gauges.
///
/// ```
/// use alongside_decoder::application::{Application, BitView};
///
/// let data = BitView::new(&[0; 19], 0, 152);
/// let Application::WaterLevels(levels) = Application::decode(200, 24, data) else { panic!("{data:?}") };
/// assert_eq!((levels.country(), levels.gauges().count()), (None, 0));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct WaterLevels {
    /// Bits 0-11: UN country code, two six-bit characters.
    pub country_raw: u64,
    /// Bits 12-36, 37-61, 62-86 and 87-111.
    pub gauges_raw: [Gauge; 4],
}

/// A gauge and its water level.
///
/// The level has its sign in the lowest of its bits, 1 for positive, and its size above it: so the
/// note to the message in the register of application specific messages says it ("the least significant
/// bit of the water level code"), and so the standard itself numbers the bits of its other fields.
///
/// ```
/// use alongside_decoder::application::Gauge;
///
/// // 2.5 m above the reference level, and as much below it.
/// assert_eq!(Gauge { id_raw: 7, level_raw: 250 << 1 | 1 }.level_m(), Some(2.5));
/// assert_eq!(Gauge { id_raw: 7, level_raw: 250 << 1 }.level_m(), Some(-2.5));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Gauge {
    /// 11 bits: number of the gauge in its country; 0 is "unknown".
    pub id_raw: u16,
    /// 14 bits: size in cm and sign; a size of 0 is "unknown".
    pub level_raw: u16,
}

impl WaterLevels {
    pub(super) fn decode(data: BitView<'_>) -> Self {
        let gauge = |at| Gauge {
            id_raw: data.unsigned_or(12 + at * GAUGE_BITS, 11, 0) as u16,
            level_raw: data.unsigned_or(12 + at * GAUGE_BITS + 11, 14, 0) as u16,
        };
        WaterLevels {
            country_raw: data.unsigned_or(0, 12, 0),
            gauges_raw: [gauge(0), gauge(1), gauge(2), gauge(3)],
        }
    }

    /// As sent.
    pub fn country(&self) -> Option<Text<2>> {
        text(self.country_raw)
    }

    /// The gauges that have a number.
    pub fn gauges(&self) -> impl Iterator<Item = &Gauge> {
        self.gauges_raw.iter().filter(|gauge| gauge.id_raw != 0)
    }
}

impl Gauge {
    /// Above the local reference level (GlW in Germany, RNW on the Danube), in `[-81.91, 81.91]`, never 0.
    pub fn level_m(&self) -> Option<f32> {
        let size_m = f32::from(self.level_raw >> 1) / 100.0;
        let positive = self.level_raw & 1 == 1;
        (self.level_raw >> 1 != 0).then_some(if positive { size_m } else { -size_m })
    }
}

/// FI 55: people on board of an inland vessel.
///
/// ```
/// use alongside_decoder::application::InlandPersons;
///
/// let persons = InlandPersons { crew_raw: 4, passengers_raw: 8191, personnel_raw: 255 };
/// assert_eq!(persons.crew(), Some(4));
/// assert_eq!((persons.passengers(), persons.personnel()), (None, None));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct InlandPersons {
    /// Bits 0-7: 255 is "unknown".
    pub crew_raw: u8,
    /// Bits 8-20: 8191 is "unknown".
    pub passengers_raw: u16,
    /// Bits 21-28: 255 is "unknown".
    pub personnel_raw: u8,
}

impl InlandPersons {
    pub(super) fn decode(data: BitView<'_>) -> Self {
        InlandPersons {
            crew_raw: data.unsigned_or(0, 8, 255) as u8,
            passengers_raw: data.unsigned_or(8, 13, 8191) as u16,
            personnel_raw: data.unsigned_or(21, 8, 255) as u8,
        }
    }

    /// In `0..=254`.
    pub fn crew(&self) -> Option<u8> {
        (self.crew_raw != 255).then_some(self.crew_raw)
    }

    /// In `0..=8190`.
    pub fn passengers(&self) -> Option<u16> {
        (self.passengers_raw != 8191).then_some(self.passengers_raw)
    }

    /// Working on board beside the crew, in `0..=254`.
    pub fn personnel(&self) -> Option<u8> {
        (self.personnel_raw != 255).then_some(self.personnel_raw)
    }
}

fn eri_type_description(eri_type: u16) -> Option<&'static str> {
    Some(match eri_type {
        8000 => "Vessel, type unknown",
        8010 => "Motor freighter",
        8020 => "Motor tanker",
        8021 => "Motor tanker, liquid cargo, type N",
        8022 => "Motor tanker, liquid cargo, type C",
        8023 => "Motor tanker, dry cargo as if liquid (e.g. cement)",
        8030 => "Container vessel",
        8040 => "Gas tanker",
        8050 => "Motor freighter, tug",
        8060 => "Motor tanker, tug",
        8070 => "Motor freighter with one or more ships alongside",
        8080 => "Motor freighter with tanker",
        8090 => "Motor freighter pushing one or more freighters",
        8100 => "Motor freighter pushing at least one tank-ship",
        8110 => "Tug, freighter",
        8120 => "Tug, tanker",
        8130 => "Tug freighter, coupled",
        8140 => "Tug, freighter/tanker, coupled",
        8150 => "Freightbarge",
        8160 => "Tankbarge",
        8161 => "Tankbarge, liquid cargo, type N",
        8162 => "Tankbarge, liquid cargo, type C",
        8163 => "Tankbarge, dry cargo as if liquid (e.g. cement)",
        8170 => "Freightbarge with containers",
        8180 => "Tankbarge, gas",
        8210 => "Pushtow, one cargo barge",
        8220 => "Pushtow, two cargo barges",
        8230 => "Pushtow, three cargo barges",
        8240 => "Pushtow, four cargo barges",
        8250 => "Pushtow, five cargo barges",
        8260 => "Pushtow, six cargo barges",
        8270 => "Pushtow, seven cargo barges",
        8280 => "Pushtow, eight cargo barges",
        8290 => "Pushtow, nine or more barges",
        8310 => "Pushtow, one tank/gas barge",
        8320 => "Pushtow, two barges at least one tanker or gas barge",
        8330 => "Pushtow, three barges at least one tanker or gas barge",
        8340 => "Pushtow, four barges at least one tanker or gas barge",
        8350 => "Pushtow, five barges at least one tanker or gas barge",
        8360 => "Pushtow, six barges at least one tanker or gas barge",
        8370 => "Pushtow, seven barges at least one tanker or gas barge",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::bits::BitWriter;
    use super::*;

    fn encode_static(m: &InlandStatic) -> BitWriter {
        BitWriter::default()
            .number(m.vessel_id_raw as i64, 48)
            .number(m.length_raw, 13)
            .number(m.beam_raw, 10)
            .number(m.eri_type_raw, 14)
            .number(m.hazardous_cargo_raw, 3)
            .number(m.draught_raw, 11)
            .number(m.loaded_raw, 2)
            .number(m.speed_quality_high, 1)
            .number(m.course_quality_high, 1)
            .number(m.heading_quality_high, 1)
    }

    fn encode_place(place: &LockPlace) -> BitWriter {
        BitWriter::default()
            .number(place.country_raw as i64, 12)
            .number(place.location_raw as i64, 18)
            .number(place.section_raw as i64, 30)
            .number(place.terminal_raw as i64, 30)
            .number(place.hectometre_raw as i64, 30)
    }

    fn encode_eta(m: &LockEta) -> BitWriter {
        encode_place(&m.place)
            .number(m.month_raw, 4)
            .number(m.day_raw, 5)
            .number(m.hour_raw, 5)
            .number(m.minute_raw, 6)
            .number(m.tugs_raw, 3)
            .number(m.air_draught_raw, 12)
    }

    fn encode_rta(m: &LockRta) -> BitWriter {
        encode_place(&m.place)
            .number(m.month_raw, 4)
            .number(m.day_raw, 5)
            .number(m.hour_raw, 5)
            .number(m.minute_raw, 6)
            .number(m.status_raw, 2)
    }

    fn encode_emma(m: &EmmaWarning) -> BitWriter {
        BitWriter::default()
            .number(m.start_year_raw, 8)
            .number(m.start_month_raw, 4)
            .number(m.start_day_raw, 5)
            .number(m.end_year_raw, 8)
            .number(m.end_month_raw, 4)
            .number(m.end_day_raw, 5)
            .number(m.start_hour_raw, 5)
            .number(m.start_minute_raw, 6)
            .number(m.end_hour_raw, 5)
            .number(m.end_minute_raw, 6)
            .number(m.start_longitude_raw, 28)
            .number(m.start_latitude_raw, 27)
            .number(m.end_longitude_raw, 28)
            .number(m.end_latitude_raw, 27)
            .number(m.warning_type_raw, 4)
            .number(m.value_min_raw, 9)
            .number(m.value_max_raw, 9)
            .number(m.intensity_raw, 2)
            .number(m.wind_direction_raw, 4)
    }

    fn encode_levels(m: &WaterLevels) -> BitWriter {
        let bits = BitWriter::default().number(m.country_raw as i64, 12);
        m.gauges_raw
            .iter()
            .fold(bits, |bits, gauge| bits.number(gauge.id_raw, 11).number(gauge.level_raw, 14))
    }

    fn encode_persons(m: &InlandPersons) -> BitWriter {
        BitWriter::default()
            .number(m.crew_raw, 8)
            .number(m.passengers_raw, 13)
            .number(m.personnel_raw, 8)
    }

    proptest! {
        #[test]
        fn every_bit_comes_back(bytes in prop::collection::vec(any::<u8>(), 32)) {
            let data = BitView::new(&bytes, 0, 256);
            let vessel = InlandStatic::decode(data);
            prop_assert_eq!(encode_static(&vessel), data.part(0, 104));
            prop_assert_eq!(encode_eta(&LockEta::decode(data)), data.part(0, 155));
            prop_assert_eq!(encode_rta(&LockRta::decode(data)), data.part(0, 142));
            prop_assert_eq!(encode_emma(&EmmaWarning::decode(data)), data.part(0, 194));
            prop_assert_eq!(encode_levels(&WaterLevels::decode(data)), data.part(0, 112));
            prop_assert_eq!(encode_persons(&InlandPersons::decode(data)), data.part(0, 29));
        }
    }

    #[test]
    fn what_was_not_sent_is_not_available() {
        let data = BitView::new(&[], 0, 0);
        let vessel = InlandStatic::decode(data);
        assert_eq!((vessel.vessel_id(), vessel.eri_type()), (None, None));
        assert_eq!((vessel.hazardous_cargo(), vessel.is_loaded()), (None, None));
        assert_eq!([vessel.length_m(), vessel.beam_m(), vessel.draught_m()], [None; 3]);
        let eta = LockEta::decode(data);
        assert_eq!((eta.place.country(), eta.tugs(), eta.air_draught_m()), (None, None, None));
        let rta = LockRta::decode(data);
        assert_eq!((rta.requested_at().hour, rta.status()), (None, None));
        let emma = EmmaWarning::decode(data);
        assert_eq!((emma.start(), emma.end(), emma.start_year()), (None, None, None));
        assert_eq!((emma.value_min(), emma.value_max(), emma.intensity()), (None, None, None));
        assert_eq!((emma.warning_type(), emma.wind_direction_deg()), (None, None));
        assert_eq!(WaterLevels::decode(data).gauges().count(), 0);
        let persons = InlandPersons::decode(data);
        assert_eq!((persons.crew(), persons.passengers()), (None, None));
        assert_eq!(persons.personnel(), None);
    }

    #[test]
    fn a_lock_is_named() {
        let place = BitWriter::default()
            .text("NL", 2)
            .text("RTM", 3)
            .text("12345", 5)
            .text("LOCK1", 5)
            .text("00420", 5);
        let eta = place.clone().number(6, 4).number(30, 5).number(7, 5).number(45, 6);
        let eta = eta.number(2, 3).number(1234, 12).number(0, 5);
        let eta = LockEta::decode(eta.view());
        assert_eq!(eta.place.country().unwrap().as_str(), "NL");
        assert_eq!(eta.place.location().unwrap().as_str(), "RTM");
        assert_eq!(eta.place.section().unwrap().as_str(), "12345");
        assert_eq!(eta.place.terminal().unwrap().as_str(), "LOCK1");
        assert_eq!(eta.place.hectometre().unwrap().as_str(), "00420");
        assert_eq!(eta.arrives_at(), Moment::from_raw(6, 30, 7, 45));
        assert_eq!((eta.tugs(), eta.air_draught_m()), (Some(2), Some(12.34)));
        let rta = place.number(6, 4).number(30, 5).number(8, 5).number(0, 6).number(1, 2);
        let rta = LockRta::decode(rta.view());
        assert_eq!(rta.place, eta.place);
        assert_eq!(rta.requested_at(), Moment::from_raw(6, 30, 8, 0));
        assert_eq!(rta.status(), Some(LockStatus::Limited));
    }

    #[test]
    fn signs_stand_where_the_standard_puts_them() {
        let level = |level_raw| Gauge { id_raw: 1, level_raw }.level_m();
        assert_eq!(level(0), None);
        assert_eq!(level(1), None);
        assert_eq!(level(250 << 1 | 1), Some(2.5));
        assert_eq!(level(250 << 1), Some(-2.5));
        assert_eq!(sign_and_size(30), Some(30));
        assert_eq!(sign_and_size(0x100 | 30), Some(-30));
        assert_eq!((sign_and_size(255), sign_and_size(0x1FF)), (None, None));
    }
}
