//! Takes the application data of a binary message, gives its fields: what addressed and broadcast
//! binary messages carry behind the application id, which is the designated area code (DAC) and the
//! function identifier (FI). Never says more than was sent: a field beyond the end of a short message
//! holds its "not available", and every accessor with a unit gives `None` for that and for what the
//! standard reserves. Never panics, never allocates; lists and long texts stay borrowed bits that are read
//! as they are asked for.
//!
//! ```
//! use alongside_decoder::application::{Application, SubArea};
//! use alongside_decoder::{Decoder, Message, OutcomeKind};
//!
//! let mut decoder = Decoder::new();
//! decoder.push(b"!AIVDM,1,1,,B,803Ovrh0EP:024`@02PN04da=3V<>N0000,4*39\n", &mut |outcome| {
//!     let OutcomeKind::Message(received) = outcome.kind else { panic!("{outcome:?}") };
//!     let Message::BinaryBroadcast(binary) = received.message else { panic!("{received:?}") };
//!     let (dac, fi) = (binary.application.dac, binary.application.fi);
//!     let application = Application::decode(dac, fi, (&binary.data).into());
//!     let Application::AreaNotice(notice) = application else { panic!("{application:?}") };
//!     assert_eq!(notice.description(), Some("Caution Area: Marine mammals habitat"));
//!     let Some(SubArea::Circle(circle)) = notice.sub_areas().next() else { panic!("{notice:?}") };
//!     assert_eq!(circle.radius_m(), 9260.0);
//! });
//! ```
//!
//! Bits are counted from 0, the first after the application id. The layouts are those of IMO SN/Circ.236,
//! IMO SN.1/Circ.289 and the Vessel Tracking and Tracing Standard for Inland Navigation (CCNR; EU regulation
//! 415/2007), as gpsd's description of the protocol tells them.
//!
//! | DAC | FI | what | bits needed | source |
//! |---|---|---|---|---|
//! | 1 | 11 | [`MetHydro`] | 49 | Circ.236 |
//! | 1 | 16 | [`PersonsOnBoard`] | 13-55 | Circ.236, Circ.289 |
//! | 1 | 22, 23 | [`AreaNotice`] | 55 | Circ.289 |
//! | 1 | 24 | [`ExtendedStatic`] | 23 | Circ.289 |
//! | 1 | 27, 28 | [`Route`] | 61 | Circ.289 |
//! | 1 | 29, 30 | [`TextDescription`] | 10 | Circ.289 |
//! | 1 | 31 | [`MetHydro`] | 49 | Circ.289 |
//! | 1 | 32 | [`TidalWindow`] | 9 | Circ.289 |
//! | 200 | 10 | [`InlandStatic`] | 71-120 | Inland |
//! | 200 | 21 | [`LockEta`] | 120 | Inland |
//! | 200 | 22 | [`LockRta`] | 120 | Inland |
//! | 200 | 23 | [`EmmaWarning`] | 56 | Inland |
//! | 200 | 24 | [`WaterLevels`] | 12 | Inland |
//! | 200 | 55 | [`InlandPersons`] | 8 | Inland |
//!
//! What is shorter, and what is longer where an upper bound stands, is [`Application::Unknown`]. The bounds
//! keep out what others send under the same id: radar targets as 1/16, and scrambled data as 200/10.
//!
//! # Where other decoders say something else
//!
//! | peer | application | it says | here | decided by |
//! |---|---|---|---|---|
//! | gpsd | 1/11, 1/31 | tendency 1 increasing, 2 decreasing, in words | 1 decreasing, 2 increasing | Circ.236 and Circ.289, and gpsd's own description |
//! | gpsd | 1/11, 1/31 | "not available" scaled like a number | `None` | the circulars |
//! | gpsd | 1/16 | 13 bits of the destination | the first 13 bits of the data | Circ.236, Circ.289 |
//! | gpsd | 1/27, 1/28, 1/32 | zeros behind the last place | the places that were sent | the bits were not sent |
//! | gpsd | 1/11, 1/31, 1/32 | zeros for what a short message lacks | `None` | the bits were not sent |
//! | gpsd | 200/24 | level as two's complement | lowest bit is the sign | see [`Gauge`] |
//! | gpsd | 200/10 | bits alone where a field is out of its range | the fields, and `None` for that one | the other fields are sound |
//! | gpsd | 200/23 | start as year, month, hour, minute, day | year, month, day, hour, minute | gpsd's own description |
//! | gpsd | 200/23 | least and greatest value as two's complement | sign and size | Inland |
//! | gpsd | 200/23 | intensity 1 "Medium", 2 "Strong" | 1 slight, 2 medium, 3 strong | Inland |
//! | libais | 1/22 | a duration of 2 minutes where 20 are sent | 20 minutes | Circ.289: 18 bits, whole minutes |
//! | libais | 200/24 | highest bit is the sign | lowest bit is the sign | see [`Gauge`] |
//! | libais | 200/10 | draught in 1/10 m | 1/100 m | Inland |

mod area_notice;
mod bits;
mod extended_static;
mod inland;
mod met_hydro;
mod persons;
mod route;
mod text_description;
mod tidal_window;

pub use area_notice::{AreaNotice, Circle, Leg, LegRaw, Legs, Rectangle, Sector, SubArea};
pub use bits::{BitView, SixBitView};
pub use extended_static::{ExtendedStatic, SolasEquipment};
pub use inland::{
    EmmaType, EmmaWarning, Gauge, HazardousCargo, InlandPersons, InlandStatic, LockEta, LockPlace,
    LockRta, LockStatus, WaterLevels,
};
pub use met_hydro::{Current, MetHydro, MetHydroEdition, Precipitation, Tendency, Waves};
pub use persons::PersonsOnBoard;
pub use route::{Route, RouteType, Waypoint};
pub use text_description::TextDescription;
pub use tidal_window::{TidalWindow, Tide};

use core::time::Duration;

use maritime::Position;

/// The data of a binary message by its application.
///
/// ```
/// use alongside_decoder::application::{Application, BitView};
///
/// let data = BitView::new(&[0x00, 0xB8], 0, 16);
/// assert!(matches!(Application::decode(1, 16, data), Application::PersonsOnBoard(_)));
/// assert_eq!(Application::decode(366, 56, data), Application::Unknown { dac: 366, fi: 56, data });
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Application<'a> {
    /// DAC 1, FI 11 and 31
    MetHydro(MetHydro),
    /// DAC 1, FI 16
    PersonsOnBoard(PersonsOnBoard),
    /// DAC 1, FI 22 and 23
    AreaNotice(AreaNotice<'a>),
    /// DAC 1, FI 24
    ExtendedStatic(ExtendedStatic),
    /// DAC 1, FI 27 and 28
    Route(Route<'a>),
    /// DAC 1, FI 29 and 30
    TextDescription(TextDescription<'a>),
    /// DAC 1, FI 32
    TidalWindow(TidalWindow<'a>),
    /// DAC 200, FI 10
    InlandStatic(InlandStatic),
    /// DAC 200, FI 21
    LockEta(LockEta),
    /// DAC 200, FI 22
    LockRta(LockRta),
    /// DAC 200, FI 23
    EmmaWarning(EmmaWarning),
    /// DAC 200, FI 24
    WaterLevels(WaterLevels),
    /// DAC 200, FI 55
    InlandPersons(InlandPersons),
    /// Any other application, or one whose length cannot be right.
    Unknown {
        /// Designated area code, `0..=1023`.
        dac: u16,
        /// Function identifier, `0..=63`.
        fi: u8,
        /// What follows them.
        data: BitView<'a>,
    },
}

impl<'a> Application<'a> {
    /// Reads the bits behind the application id `dac` and `fi`.
    pub fn decode(dac: u16, fi: u8, data: BitView<'a>) -> Self {
        let bits = data.len();
        match (dac, fi) {
            (1, 11) if bits >= met_hydro::BITS_MIN => {
                Application::MetHydro(MetHydro::decode_circular_236(data))
            }
            (1, 16) if (persons::BITS_MIN..=persons::BITS_MAX).contains(&bits) => {
                Application::PersonsOnBoard(PersonsOnBoard::decode(data))
            }
            (1, 22 | 23) if bits >= area_notice::BITS_MIN => {
                Application::AreaNotice(AreaNotice::decode(data))
            }
            (1, 24) if bits >= extended_static::BITS_MIN => {
                Application::ExtendedStatic(ExtendedStatic::decode(data))
            }
            (1, 27 | 28) if bits >= route::BITS_MIN => Application::Route(Route::decode(data)),
            (1, 29 | 30) if bits >= text_description::BITS_MIN => {
                Application::TextDescription(TextDescription::decode(data))
            }
            (1, 31) if bits >= met_hydro::BITS_MIN => {
                Application::MetHydro(MetHydro::decode_circular_289(data))
            }
            (1, 32) if bits >= tidal_window::BITS_MIN => {
                Application::TidalWindow(TidalWindow::decode(data))
            }
            (200, 10) if (inland::STATIC_BITS_MIN..=inland::STATIC_BITS_MAX).contains(&bits) => {
                Application::InlandStatic(InlandStatic::decode(data))
            }
            (200, 21) if bits >= inland::PLACE_BITS => Application::LockEta(LockEta::decode(data)),
            (200, 22) if bits >= inland::PLACE_BITS => Application::LockRta(LockRta::decode(data)),
            (200, 23) if bits >= inland::EMMA_BITS_MIN => {
                Application::EmmaWarning(EmmaWarning::decode(data))
            }
            (200, 24) if bits >= inland::WATER_LEVELS_BITS_MIN => {
                Application::WaterLevels(WaterLevels::decode(data))
            }
            (200, 55) if bits >= inland::PERSONS_BITS_MIN => {
                Application::InlandPersons(InlandPersons::decode(data))
            }
            _ => Application::Unknown { dac, fi, data },
        }
    }
}

/// A time as it is sent, without a year; what was not sent or cannot be is `None`.
///
/// ```
/// use alongside_decoder::application::Moment;
///
/// let moment = Moment::from_raw(13, 0, 14, 60);
/// assert_eq!((moment.month, moment.day), (None, None));
/// assert_eq!((moment.hour, moment.minute), (Some(14), None));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Moment {
    /// `1..=12`
    pub month: Option<u8>,
    /// `1..=31`
    pub day: Option<u8>,
    /// `0..=23`
    pub hour: Option<u8>,
    /// `0..=59`
    pub minute: Option<u8>,
}

impl Moment {
    /// From the numbers sent: 0, 0, 24 and 60 are "not available", and so is what no calendar has.
    pub fn from_raw(month: u8, day: u8, hour: u8, minute: u8) -> Self {
        Moment {
            month: (1..=12).contains(&month).then_some(month),
            day: (1..=31).contains(&day).then_some(day),
            hour: (hour < 24).then_some(hour),
            minute: (minute < 60).then_some(minute),
        }
    }
}

/// Longitude and latitude in 1/1000 minute; what lies off the earth is "not available".
fn position_thousandths(longitude_raw: i32, latitude_raw: i32) -> Option<Position> {
    Position::new(f64::from(latitude_raw) / 60_000.0, f64::from(longitude_raw) / 60_000.0)
}

/// Longitude and latitude in 1/10000 minute; what lies off the earth is "not available".
fn position_ten_thousandths(longitude_raw: i32, latitude_raw: i32) -> Option<Position> {
    Position::new(f64::from(latitude_raw) / 600_000.0, f64::from(longitude_raw) / 600_000.0)
}

/// Eighteen bits of minutes: all ones is "not available", and 0 is no span but a cancellation.
fn minutes(raw: u32) -> Option<Duration> {
    (raw != 0 && raw != 262_143).then(|| Duration::from_secs(60 * u64::from(raw)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Everything that can be asked of an application; the answers are not looked at.
    fn ask(application: &Application<'_>) -> usize {
        match application {
            Application::MetHydro(m) => {
                let measures = [
                    m.wind_speed_knots(),
                    m.gust_speed_knots(),
                    m.wind_direction_deg(),
                    m.gust_direction_deg(),
                    m.air_temperature_celsius(),
                    m.humidity_percent(),
                    m.dew_point_celsius(),
                    m.air_pressure_hpa(),
                    m.visibility_nmi(),
                    m.water_level_m(),
                    m.water_temperature_celsius(),
                    m.salinity_per_mille(),
                ];
                let _ = (m.position(), m.measured_at(), m.precipitation(), m.ice());
                measures.iter().flatten().filter(|measure| measure.is_finite()).count()
            }
            Application::PersonsOnBoard(m) => usize::from(m.persons().is_some()),
            Application::AreaNotice(m) => {
                let _ = (m.starts_at(), m.duration(), m.description(), m.linkage());
                m.sub_areas().map(|area| format!("{area:?}").len()).sum()
            }
            Application::ExtendedStatic(m) => {
                let _ = (m.last_port(), m.next_port(), m.second_port(), m.lloyds_ship_type());
                usize::from(m.is_operational(SolasEquipment::VoyageDataRecorder).is_some())
            }
            Application::Route(m) => {
                let _ = (m.starts_at(), m.duration(), m.route_type());
                m.waypoints().filter(|waypoint| waypoint.position().is_some()).count()
            }
            Application::TextDescription(m) => m.text.chars().count(),
            Application::TidalWindow(m) => {
                m.tides().filter(|tide| tide.position().is_some()).count()
            }
            Application::InlandStatic(m) => {
                let _ =
                    (m.vessel_id(), m.length_m(), m.beam_m(), m.draught_m(), m.hazardous_cargo());
                usize::from(m.eri_type_description().is_some())
            }
            Application::LockEta(m) => {
                let _ = (m.place.country(), m.place.section(), m.air_draught_m(), m.tugs());
                usize::from(m.arrives_at().month.is_some())
            }
            Application::LockRta(m) => {
                let _ = (m.place.location(), m.place.terminal(), m.place.hectometre(), m.status());
                usize::from(m.requested_at().month.is_some())
            }
            Application::EmmaWarning(m) => {
                let _ = (m.start(), m.end(), m.starts_at(), m.ends_at(), m.warning_type());
                usize::from(m.value_min().is_some()) + usize::from(m.value_max().is_some())
            }
            Application::WaterLevels(m) => m.gauges().filter(|g| g.level_m().is_some()).count(),
            Application::InlandPersons(m) => usize::from(m.crew().is_some()),
            Application::Unknown { data, .. } => data.len(),
        }
    }

    proptest! {
        #[test]
        fn no_bits_of_any_length_panic(
            bytes in prop::collection::vec(any::<u8>(), 0..130), start in 0usize..9,
            bits in 0usize..1050, dac in prop::sample::select(vec![1u16, 200, 366]), fi in 0u8..64,
        ) {
            let application = Application::decode(dac, fi, BitView::new(&bytes, start, bits));
            prop_assert!(ask(&application) < 100_000);
            prop_assert_ne!(format!("{:?}", application).len(), 0);
        }
    }

    #[test]
    fn lengths_that_cannot_be_right_stay_bits() {
        #[track_caller]
        fn check(dac: u16, fi: u8, bits: usize, known: bool) {
            let data = BitView::new(&[0xA5; 100], 0, bits);
            let unknown = Application::Unknown { dac, fi, data };
            assert_eq!(
                Application::decode(dac, fi, data) != unknown,
                known,
                "{dac}/{fi}, {bits} bits"
            );
        }
        // Radar targets, 120 bits each.
        check(1, 16, 120, false);
        check(1, 16, 720, false);
        check(1, 16, 48, true);
        check(1, 16, 16, true);
        // Scrambled.
        check(200, 10, 368, false);
        check(200, 10, 112, true);
        check(1, 11, 48, false);
        check(1, 11, 296, true);
        check(1, 31, 312, true);
        check(1, 40, 16, false);
        check(0, 11, 296, false);
        for (dac, fi) in [(1, 22), (1, 23), (1, 27), (1, 28), (1, 29), (1, 30), (1, 32)] {
            check(dac, fi, 0, false);
            check(dac, fi, 200, true);
        }
        for fi in [21, 22, 23, 24, 55] {
            check(200, fi, 0, false);
            check(200, fi, 168, true);
        }
    }
}
