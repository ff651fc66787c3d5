//! What was planted, as it truly was.

use maritime::{MeetingClass, Mmsi, Position, Timestamp, VesselPair};
use serde::{Deserialize, Serialize};

use crate::scenario::Coverage;

/// Antenna to antenna, in metres: nearer than this, two ships are together.
pub const TOGETHER_M: f64 = 500.0;

/// One planted meeting, or one thing that only looks like it. As JSON, one object with RFC 3339 times:
///
/// ```
/// use alongside_sea::Truth;
///
/// let line = concat!(
///     r#"{"kind":"long","is_meeting":true,"class":"possible_transfer","coverage":"terrestrial","#,
///     r#""mmsi":[311000222,538005541],"#,
///     r#""started_at":"2024-01-01T00:14:07.250Z","ended_at":"2024-01-01T09:00:00.000Z","#,
///     r#""distance_m_min":41.2,"latitude_deg":28.2504,"longitude_deg":-94.8597}"#
/// );
/// let truth = Truth::from_json(line).unwrap();
/// assert!(truth.is_meeting());
/// assert_eq!(truth.to_json(), line);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(into = "TruthRecord", try_from = "TruthRecord")]
pub struct Truth {
    /// What it is.
    pub kind: Kind,
    /// Who listened there.
    pub coverage: Coverage,
    /// Who.
    pub pair: VesselPair,
    /// When the true distance first came within [`TOGETHER_M`]. Where it never did (a convoy, ships
    /// at anchor 600 m apart), and where nobody could hear it before, when it began to be what it is.
    pub started_at: Timestamp,
    /// When the true distance last went beyond [`TOGETHER_M`], with the same exceptions.
    pub ended_at: Timestamp,
    /// Antenna to antenna, the least between start and end.
    pub distance_m_min: f64,
    /// Half-way between the ships, at half time.
    pub position: Position,
    /// From when to when each was silent or could not be heard, in the order of the pair; written only where one
    /// was.
    pub silences: [Option<Silence>; 2],
}

/// From when to when nothing was heard of a ship.
pub type Silence = (Timestamp, Timestamp);

/// What was planted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A meeting: drifting side by side for 4 to 24 h.
    Long,
    /// A meeting: drifting side by side, 50 to 110 min within [`TOGETHER_M`].
    Short,
    /// A meeting: side by side for 2 to 6 h, under way at 3 to 6 kn.
    UnderWay,
    /// A meeting: side by side for 2 to 18 h, one of them at anchor among other ships at anchor.
    AtAnchor,
    /// Two ships at anchor, their anchors 300 to 700 m apart.
    AnchoredNeighbours,
    /// Two ships moored to one quay, bow to stern.
    SameBerth,
    /// A tug and what it tows.
    Tow,
    /// Two fishing vessels with one net between them.
    PairTrawl,
    /// A boat alongside a ship under way for about 10 minutes.
    Pilot,
    /// One ship behind another for hours, some hundred metres to a nautical mile; half of them slow and close.
    Convoy,
    /// One ship passing another.
    Overtaking,
    /// Two ships near each other that were heard for one minute in all.
    Burst,
    /// A small bunker tanker alongside a ship at anchor for 90 min to 6 h.
    Bunkering,
    /// A crew boat alongside a drifting ship for half an hour or an hour.
    CrewBoat,
    /// A net buoy beside a fishing vessel or another buoy, for hours.
    Gear,
    /// Both switch off their AIS, drift side by side for 4 h, part and switch it on again.
    DarkMeeting,
    /// One drifts with its AIS on; the other switches off its own, lies alongside for 4 h, leaves and switches it on
    /// again.
    DarkWaiting,
    /// Two ships silent at the same time for 3 to 4 h that go apart and could not have met at less than 22 kn.
    InfeasibleGap,
    /// Two ships 9 km apart that drift where nothing is heard of anybody for 4 to 6 h; three more are there.
    ReceptionHole,
    /// One ship under two numbers: it falls silent for less than an hour and goes on with another MMSI, name and
    /// callsign, and the IMO number it had.
    IdentityChange,
}

/// A text that is no [`Truth`].
#[derive(Debug, thiserror::Error)]
#[error("not a truth: {0}")]
pub struct TruthError(#[from] serde_json::Error);

impl Truth {
    /// Whether a detector of meetings should find it.
    pub fn is_meeting(&self) -> bool {
        self.kind.is_meeting()
    }

    /// One line, without its end.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("a truth is plain data")
    }

    /// Reads one line.
    ///
    /// # Errors
    ///
    /// Anything that [`Truth::to_json`] would not have written.
    pub fn from_json(line: &str) -> Result<Self, TruthError> {
        Ok(serde_json::from_str(line)?)
    }
}

impl Kind {
    /// All, in the order of tables.
    pub const ALL: [Kind; 20] = [
        Kind::Long,
        Kind::Short,
        Kind::UnderWay,
        Kind::AtAnchor,
        Kind::AnchoredNeighbours,
        Kind::SameBerth,
        Kind::Tow,
        Kind::PairTrawl,
        Kind::Pilot,
        Kind::Convoy,
        Kind::Overtaking,
        Kind::Burst,
        Kind::Bunkering,
        Kind::CrewBoat,
        Kind::Gear,
        Kind::DarkMeeting,
        Kind::DarkWaiting,
        Kind::InfeasibleGap,
        Kind::ReceptionHole,
        Kind::IdentityChange,
    ];

    /// As written.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Long => "long",
            Kind::Short => "short",
            Kind::UnderWay => "under_way",
            Kind::AtAnchor => "at_anchor",
            Kind::AnchoredNeighbours => "anchored_neighbours",
            Kind::SameBerth => "same_berth",
            Kind::Tow => "tow",
            Kind::PairTrawl => "pair_trawl",
            Kind::Pilot => "pilot",
            Kind::Convoy => "convoy",
            Kind::Overtaking => "overtaking",
            Kind::Burst => "burst",
            Kind::Bunkering => "bunkering",
            Kind::CrewBoat => "crew_boat",
            Kind::Gear => "gear",
            Kind::DarkMeeting => "dark_meeting",
            Kind::DarkWaiting => "dark_waiting",
            Kind::InfeasibleGap => "infeasible_gap",
            Kind::ReceptionHole => "reception_hole",
            Kind::IdentityChange => "identity_change",
        }
    }

    /// Reads a [`Kind::name`].
    pub fn parse(name: &str) -> Option<Self> {
        Kind::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Whether a detector of meetings should find it from what is heard.
    pub const fn is_meeting(self) -> bool {
        matches!(self, Kind::Long | Kind::Short | Kind::UnderWay | Kind::AtAnchor)
    }

    /// Whether two ships meet while at least one of them is silent.
    pub const fn is_dark_meeting(self) -> bool {
        matches!(self, Kind::DarkMeeting | Kind::DarkWaiting)
    }

    /// The class in which an encounter of these two should be told; `None` if there should be no encounter.
    pub const fn class(self) -> Option<MeetingClass> {
        match self {
            Kind::Long | Kind::Short | Kind::UnderWay | Kind::AtAnchor => {
                Some(MeetingClass::PossibleTransfer)
            }
            Kind::AnchoredNeighbours => Some(MeetingClass::AnchoredNeighbours),
            Kind::SameBerth => Some(MeetingClass::SameBerth),
            Kind::Tow => Some(MeetingClass::Tow),
            Kind::PairTrawl => Some(MeetingClass::PairTrawl),
            Kind::Pilot | Kind::CrewBoat => Some(MeetingClass::PilotOrCrew),
            Kind::Convoy => Some(MeetingClass::Convoy),
            Kind::Bunkering => Some(MeetingClass::Bunkering),
            Kind::Gear => Some(MeetingClass::Gear),
            Kind::Overtaking
            | Kind::Burst
            | Kind::DarkMeeting
            | Kind::DarkWaiting
            | Kind::InfeasibleGap
            | Kind::ReceptionHole
            | Kind::IdentityChange => None,
        }
    }
}

/// How a [`Truth`] is written.
#[derive(Serialize, Deserialize)]
struct TruthRecord {
    kind: String,
    is_meeting: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    class: Option<String>,
    coverage: String,
    mmsi: [u32; 2],
    started_at: String,
    ended_at: String,
    distance_m_min: f64,
    latitude_deg: f64,
    longitude_deg: f64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    silences: Option<[Option<[String; 2]>; 2]>,
}

impl From<Truth> for TruthRecord {
    fn from(truth: Truth) -> Self {
        TruthRecord {
            kind: truth.kind.name().into(),
            is_meeting: truth.is_meeting(),
            class: truth.kind.class().map(|class| class.name().into()),
            coverage: truth.coverage.name().into(),
            mmsi: [truth.pair.low().get(), truth.pair.high().get()],
            started_at: truth.started_at.to_string(),
            ended_at: truth.ended_at.to_string(),
            distance_m_min: truth.distance_m_min,
            latitude_deg: truth.position.latitude_deg(),
            longitude_deg: truth.position.longitude_deg(),
            silences: truth.silences.iter().any(Option::is_some).then(|| {
                truth
                    .silences
                    .map(|silence| Some(<[_; 2]>::from(silence?).map(|at| at.to_string())))
            }),
        }
    }
}

impl TryFrom<TruthRecord> for Truth {
    type Error = String;

    fn try_from(record: TruthRecord) -> Result<Self, String> {
        let [a, b] = record.mmsi.map(Mmsi::new);
        let pair = a.zip(b).and_then(|(a, b)| VesselPair::new(a, b));
        let position = Position::new(record.latitude_deg, record.longitude_deg);
        Ok(Truth {
            kind: Kind::parse(&record.kind)
                .ok_or_else(|| format!("{:?} is no kind of meeting", record.kind))?,
            coverage: Coverage::parse(&record.coverage)
                .ok_or_else(|| format!("{:?} is no coverage", record.coverage))?,
            pair: pair.ok_or_else(|| format!("{:?} are no two vessels", record.mmsi))?,
            started_at: Timestamp::parse(&record.started_at).map_err(|e| e.to_string())?,
            ended_at: Timestamp::parse(&record.ended_at).map_err(|e| e.to_string())?,
            distance_m_min: record.distance_m_min,
            position: position.ok_or_else(|| "the position is not on the earth".to_string())?,
            silences: parse_silences(record.silences)?,
        })
    }
}

fn parse_silences(
    written: Option<[Option<[String; 2]>; 2]>,
) -> Result<[Option<Silence>; 2], String> {
    let parse = |at: &str| Timestamp::parse(at).map_err(|error| error.to_string());
    let mut silences = [None; 2];
    for (silence, written) in silences.iter_mut().zip(written.into_iter().flatten()) {
        if let Some([from, to]) = written {
            *silence = Some((parse(&from)?, parse(&to)?));
        }
    }
    Ok(silences)
}
