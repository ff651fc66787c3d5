//! What a vessel says of itself, after decoding: one position, or one piece of its identity.

use crate::{Imo, Mmsi, Position, ShipType, Text, Timestamp};

/// One thing that one vessel said.
///
/// ```
/// use alongside_maritime::{Mmsi, Position, PositionFix, Report, Timestamp};
///
/// let fix = PositionFix {
///     mmsi: Mmsi::new(311_000_222).unwrap(),
///     observed_at: Timestamp::from_secs(1_704_067_200),
///     position: Position::new(28.2504, -94.8597).unwrap(),
///     speed_knots: Some(0.5),
///     course_deg: None,
///     heading_deg: None,
///     coarse: false,
///     station: None,
/// };
/// assert_eq!(Report::Position(fix).mmsi(), fix.mmsi);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Report {
    /// Where it was.
    Position(PositionFix),
    /// Who it is and how it is laden.
    Static(StaticReport),
}

impl Report {
    /// Who said it.
    pub fn mmsi(&self) -> Mmsi {
        match self {
            Report::Position(fix) => fix.mmsi,
            Report::Static(report) => report.mmsi,
        }
    }

    /// The instant it speaks of.
    pub fn observed_at(&self) -> Timestamp {
        match self {
            Report::Position(fix) => fix.observed_at,
            Report::Static(report) => report.observed_at,
        }
    }
}

/// One reported position of one vessel.
///
/// ```
/// use alongside_maritime::{Mmsi, Position, PositionFix, Timestamp};
///
/// let fix = PositionFix {
///     mmsi: Mmsi::new(311_000_222).unwrap(),
///     observed_at: Timestamp::from_secs(1_704_067_200),
///     position: Position::new(28.2504, -94.8597).unwrap(),
///     speed_knots: Some(0.5),
///     course_deg: None,
///     heading_deg: None,
///     coarse: false,
///     station: None,
/// };
/// assert_eq!(fix.observed_at.to_string(), "2024-01-01T00:00:00.000Z");
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct PositionFix {
    /// Who was there, as claimed.
    pub mmsi: Mmsi,
    /// When the vessel was there, which is not when we heard of it.
    pub observed_at: Timestamp,
    /// Of the antenna.
    pub position: Position,
    /// Over ground; `None` when the vessel sent "not available".
    pub speed_knots: Option<f32>,
    /// Over ground, clockwise from true north, in `[0, 360)`.
    pub course_deg: Option<f32>,
    /// Of the bow, clockwise from true north, in `[0, 360)`.
    pub heading_deg: Option<f32>,
    /// Position given to 0.1 minute only (message 27), so up to 130 m away from the truth.
    pub coarse: bool,
    /// The receiver that heard it; `None` if nothing names it.
    pub station: Option<StationId>,
}

/// A receiver, by a hash of its name: the same on every machine and in every run. Two of some thousand receivers share
/// one by a chance of one in a thousand; then they are taken for one receiver with two places.
///
/// ```
/// use alongside_maritime::StationId;
///
/// assert_eq!(StationId::new("r003669945"), StationId::new("r003669945"));
/// assert_ne!(StationId::new("r003669945"), StationId::new("r003669946"));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct StationId(u32);

impl StationId {
    /// The receiver of that name (FNV-1a).
    #[inline]
    pub fn new(name: &str) -> Self {
        StationId::of_bytes(name.as_bytes())
    }

    /// The same, of a name in UTF-8.
    #[inline]
    pub fn of_bytes(name: &[u8]) -> Self {
        let fold = |hash: u32, &byte: &u8| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
        StationId(name.iter().fold(0x811C_9DC5, fold))
    }
}

/// One piece of a vessel's identity and voyage. Message 24 sends it in two parts, so every field may
/// be missing, and a missing field says nothing about what an earlier report said.
///
/// ```
/// use alongside_maritime::{Mmsi, StaticReport, Text, Timestamp, VesselIdentity};
///
/// let report = StaticReport {
///     mmsi: Mmsi::new(311_000_222).unwrap(),
///     observed_at: Timestamp::from_secs(1_704_067_200),
///     identity: VesselIdentity { name: Text::new("EVER DIADEM"), ..VesselIdentity::default() },
///     draught_m: Some(12.2),
///     destination: None,
/// };
/// assert_eq!(report.identity.name.unwrap().as_str(), "EVER DIADEM");
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct StaticReport {
    /// Who speaks.
    pub mmsi: Mmsi,
    /// When it was said.
    pub observed_at: Timestamp,
    /// Who the vessel says it is.
    pub identity: VesselIdentity,
    /// Present static draught in metres, as entered by hand on board.
    pub draught_m: Option<f32>,
    /// As entered by hand on board.
    pub destination: Option<Text<20>>,
}

/// Who a vessel says it is; what it has not said is `None`.
///
/// ```
/// use alongside_maritime::{ShipType, Text, VesselIdentity};
///
/// let mut identity = VesselIdentity { name: Text::new("EVER DIADEM"), ..VesselIdentity::default() };
/// identity.update(&VesselIdentity { ship_type: Some(ShipType(70)), ..VesselIdentity::default() });
/// assert_eq!(identity.name.unwrap().as_str(), "EVER DIADEM");
/// assert_eq!(identity.ship_type, Some(ShipType(70)));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct VesselIdentity {
    /// Only with a right check digit.
    pub imo: Option<Imo>,
    /// As sent.
    pub name: Option<Text<34>>,
    /// As sent.
    pub callsign: Option<Text<7>>,
    /// As sent.
    pub ship_type: Option<ShipType>,
    /// Of the hull, about the antenna.
    pub dimensions: Option<Dimensions>,
}

impl VesselIdentity {
    /// Takes over from `newer` what it says, and keeps the rest.
    pub fn update(&mut self, newer: &VesselIdentity) {
        self.imo = newer.imo.or(self.imo);
        self.name = newer.name.or(self.name);
        self.callsign = newer.callsign.or(self.callsign);
        self.ship_type = newer.ship_type.or(self.ship_type);
        self.dimensions = newer.dimensions.or(self.dimensions);
    }
}

/// Distances in whole metres from the reported position to the four sides of the hull
/// (ITU-R M.1371-5, annex 8, figure 41). All zero is "not available" and becomes `None` outside.
///
/// ```
/// use alongside_maritime::Dimensions;
///
/// let hull = Dimensions { bow_m: 225, stern_m: 70, port_m: 1, starboard_m: 31 };
/// assert_eq!((hull.length_m(), hull.beam_m()), (295, 32));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Dimensions {
    /// To the bow, `0..=511`.
    pub bow_m: u16,
    /// To the stern, `0..=511`.
    pub stern_m: u16,
    /// To the port side, `0..=63`.
    pub port_m: u16,
    /// To the starboard side, `0..=63`.
    pub starboard_m: u16,
}

impl Dimensions {
    /// From bow to stern.
    pub fn length_m(self) -> u16 {
        self.bow_m + self.stern_m
    }

    /// From side to side.
    pub fn beam_m(self) -> u16 {
        self.port_m + self.starboard_m
    }
}
