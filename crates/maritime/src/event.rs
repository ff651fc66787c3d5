//! What was found.

use std::fmt;
use std::time::Duration;

use crate::{Mmsi, Position, Timestamp, VesselIdentity, VesselPair};

/// One finding: evidence with its reasons, never an accusation.
///
/// The same finding is told several times while it develops; each telling has a higher `version`
/// under the same `id`, and the last one holds.
///
/// ```
/// use alongside_maritime::{Event, EventId, EventKind, EventState, EventVessel, Figure, Mmsi, Position};
/// use alongside_maritime::{Surroundings, Timestamp, VesselPair};
/// use std::time::Duration;
///
/// let [a, b] = [311_000_222, 538_005_541].map(|number| Mmsi::new(number).unwrap());
/// let started_at = Timestamp::from_secs(1_704_067_200);
/// let ended_at = started_at.plus(Duration::from_secs(5400));
/// let event = Event {
///     id: EventId::new(EventKind::Encounter, VesselPair::new(a, b).unwrap(), started_at),
///     version: 1,
///     state: EventState::Open,
///     vessels: vec![EventVessel::new(a), EventVessel::new(b)],
///     started_at,
///     started_at_earliest: None,
///     started_at_latest: started_at,
///     ended_at,
///     ended_at_earliest: ended_at,
///     ended_at_latest: None,
///     position: Position::new(28.2504, -94.8597).unwrap(),
///     place: Surroundings::default(),
///     meeting: None,
///     figures: vec![Figure { name: "distance_m", value: 61.2 }],
///     class: None,
///     profiles: Vec::new(),
///     score: 0.0,
///     reasons: Vec::new(),
///     as_of: ended_at,
/// };
/// assert_eq!(event.kind(), EventKind::Encounter);
/// assert_eq!(event.duration().as_secs(), 5400);
/// assert_eq!(event.figure("distance_m"), Some(61.2));
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Never changes.
    pub id: EventId,
    /// From 1, one higher at each telling.
    pub version: u32,
    /// How far the event has come.
    pub state: EventState,
    /// Whom it is about, the lower MMSI first; those of [`EventId::subject`] where it names any.
    pub vessels: Vec<EventVessel>,
    /// When it began: of a meeting, when the vessels came within contact distance, interpolated between reports.
    pub started_at: Timestamp,
    /// Not before this. Of a meeting the reports before the start, of the vessel that was silent longer; `None` if
    /// there were none.
    pub started_at_earliest: Option<Timestamp>,
    /// Not after this: the reports after the start, of the vessel that was silent longer.
    pub started_at_latest: Timestamp,
    /// When it ended, or until when it is known to last.
    pub ended_at: Timestamp,
    /// The reports before that, of the vessel that was silent longer.
    pub ended_at_earliest: Timestamp,
    /// By then both had been heard again; `None` if they have not yet.
    pub ended_at_latest: Option<Timestamp>,
    /// Where: of a meeting the mean over the time in contact, half-way between the vessels.
    pub position: Position,
    /// What is near that place.
    pub place: Surroundings,
    /// What is known of two vessels that were near each other; of [`EventKind::Encounter`] alone.
    pub meeting: Option<Box<Meeting>>,
    /// The numbers that make up an event of any other kind, in a fixed order.
    pub figures: Vec<Figure>,
    /// What sort of meeting; of [`EventKind::Encounter`] alone.
    pub class: Option<Classification>,
    /// Names of the definitions of a meeting that this one satisfies, in the order of the parameters.
    pub profiles: Vec<String>,
    /// In `[0, 1]`, the sum of the weights of the reasons: an order for reading, not a probability.
    pub score: f64,
    /// What speaks for and against.
    pub reasons: Vec<Reason>,
    /// The time of the data up to which this was known.
    pub as_of: Timestamp,
}

impl Event {
    /// What sort of finding.
    pub fn kind(&self) -> EventKind {
        self.id.kind()
    }

    /// From start to end, partings in between included.
    pub fn duration(&self) -> Duration {
        let millis = self.ended_at.millis_since(self.started_at);
        Duration::from_millis(u64::try_from(millis).unwrap_or(0))
    }

    /// The figure of that name, if there is one.
    pub fn figure(&self, name: &str) -> Option<f64> {
        self.figures.iter().find(|figure| figure.name == name).map(|figure| figure.value)
    }
}

/// A named number of an event.
///
/// ```
/// use alongside_maritime::Figure;
///
/// let figure = Figure { name: "silence_probability", value: 0.93 };
/// assert_eq!(format!("{} {}", figure.name, figure.value), "silence_probability 0.93");
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Figure {
    /// `snake_case`, with its unit, fixed.
    pub name: &'static str,
    /// In that unit.
    pub value: f64,
}

/// What is known of two vessels that were near each other. Arrays of two are in the order of the vessels.
///
/// ```
/// use alongside_maritime::Meeting;
/// use std::time::Duration;
///
/// let meeting = Meeting { contact: Duration::from_secs(5400), ..Meeting::default() };
/// assert_eq!(meeting.hull_gap_m_p50, None);
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Meeting {
    /// Time within contact distance; less than end minus start where they parted in between.
    pub contact: Duration,
    /// Between the antennas, at the nearest.
    pub distance_m_min: f64,
    /// Between the antennas, median over the time in contact.
    pub distance_m_p50: f64,
    /// Between the antennas, 95th percentile over the time in contact.
    pub distance_m_p95: f64,
    /// Time in contact within 50, 100, 200 and 500 m.
    pub contact_within_m: [(u16, Duration); 4],
    /// Over ground, mean of the two vessels, median over the time in contact.
    pub speed_knots_p50: f64,
    /// Between the hulls, by dimensions, place of the antenna and heading, median over the time in contact; 0 where
    /// they overlap. `None` if a vessel has not told its dimensions.
    pub hull_gap_m_p50: Option<f64>,
    /// By how much that may be wrong: the antennas' errors, and headings that had to be guessed from the drift.
    pub hull_gap_uncertainty_m: Option<f64>,
    /// Between the bows, in `[0, 180]`, median over the time in contact; `None` if a heading is unknown.
    pub heading_difference_deg_p50: Option<f64>,
    /// How far the second vessel moved in the frame of the first one's body, root mean square: lashed ships stay.
    pub body_frame_spread_m: Option<f64>,
    /// How far the vector between the antennas moved in the frame of the earth, root mean square: ships at two
    /// anchors swing about it.
    pub earth_frame_spread_m: Option<f64>,
    /// Of the two together, over ground, from the first to the last place.
    pub drift_knots: f64,
    /// The direction of that, clockwise from true north, in `[0, 360)`; `None` if they lay still.
    pub drift_course_deg: Option<f64>,
    /// Mean speed of each in the hour before the contact, as far as is known: who came to whom.
    pub approach_knots: [Option<f64>; 2],
    /// Mean speed of each in the hour after the contact, as far as is known.
    pub parting_knots: [Option<f64>; 2],
    /// Share of the time in contact with the sun more than 6° below the horizon, in `[0, 1]`.
    pub night_share: f64,
    /// Other vessels that were in contact with one of the two at the time, by number; at most 16.
    pub third_vessels: Vec<Mmsi>,
    /// The same for all encounters that hang together through third vessels at the time: the id of the first of
    /// them. `None` if there are no third vessels.
    pub raft: Option<EventId>,
}

/// What sort of meeting it was taken for, and why.
///
/// ```
/// use alongside_maritime::{Classification, MeetingClass};
///
/// let class = Classification { class: MeetingClass::Tow, confidence: 0.9, reasons: Vec::new() };
/// assert_eq!(class.class.name(), "tow");
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Classification {
    /// Which.
    pub class: MeetingClass,
    /// In `[0, 1]`: how clearly the numbers fit this class and not the next best.
    pub confidence: f64,
    /// The numbers that decided; their weights are what each adds to the confidence.
    pub reasons: Vec<Reason>,
}

/// The sorts of meetings.
///
/// ```
/// use alongside_maritime::MeetingClass;
///
/// assert_eq!(MeetingClass::PilotOrCrew.name(), "pilot_or_crew");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum MeetingClass {
    /// Hull at hull, without a sign of what for.
    Alongside,
    /// Two that carry cargo or catch, hull at hull long enough to pass it over.
    PossibleTransfer,
    /// Each at its own anchor.
    AnchoredNeighbours,
    /// Moored to the same quay, pier or buoys.
    SameBerth,
    /// One pulls or pushes the other.
    Tow,
    /// Two fishing vessels with one net.
    PairTrawl,
    /// A boat that brings people or goods to a ship.
    PilotOrCrew,
    /// A bunker tanker or barge that fuels a ship.
    Bunkering,
    /// Two that go the same way, one beside or behind the other.
    Convoy,
    /// One of them is a buoy or a net, no ship.
    Gear,
}

impl MeetingClass {
    /// All of them.
    pub const ALL: [MeetingClass; 10] = [
        MeetingClass::PossibleTransfer,
        MeetingClass::Alongside,
        MeetingClass::Bunkering,
        MeetingClass::Tow,
        MeetingClass::PairTrawl,
        MeetingClass::PilotOrCrew,
        MeetingClass::Convoy,
        MeetingClass::SameBerth,
        MeetingClass::AnchoredNeighbours,
        MeetingClass::Gear,
    ];

    /// As written on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            MeetingClass::Alongside => "alongside",
            MeetingClass::PossibleTransfer => "possible_transfer",
            MeetingClass::AnchoredNeighbours => "anchored_neighbours",
            MeetingClass::SameBerth => "same_berth",
            MeetingClass::Tow => "tow",
            MeetingClass::PairTrawl => "pair_trawl",
            MeetingClass::PilotOrCrew => "pilot_or_crew",
            MeetingClass::Bunkering => "bunkering",
            MeetingClass::Convoy => "convoy",
            MeetingClass::Gear => "gear",
        }
    }
}

/// What is near the place of an event: it adds context and deletes nothing.
///
/// ```
/// use alongside_maritime::Surroundings;
///
/// assert_eq!(Surroundings::default().coast_distance_m, None);
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Surroundings {
    /// To the nearest land on the 1:10m map; 0 on land, which at that scale includes most rivers and
    /// harbours. `None` where no map was used.
    pub coast_distance_m: Option<f64>,
    /// The nearest port, and how far it is; `None` if none is within 100 km or none is known.
    pub port: Option<(String, f64)>,
    /// To the nearest place where many vessels have been seen to stand still, by then; `None` if none is within 50 km.
    pub anchorage_distance_m: Option<f64>,
    /// Meetings of other pairs within the same cell of some 4 km in the 30 days before.
    pub meetings_nearby: Option<u32>,
    /// The names of the user's zones around it.
    pub zones: Vec<String>,
}

/// Names an event for ever: `encounter-311000222-538005541-20240101T001407Z`.
///
/// It says what was first found: kind, vessels, and the start as first computed, to the second.
/// Later data may move the start; the id stays.
///
/// ```
/// use alongside_maritime::{EventId, EventKind, Mmsi, Timestamp, VesselPair};
///
/// let [a, b] = [311_000_222, 538_005_541].map(|number| Mmsi::new(number).unwrap());
/// let pair = VesselPair::new(a, b).unwrap();
/// let id = EventId::new(EventKind::Encounter, pair, Timestamp::from_secs(1_704_067_200));
/// assert_eq!(id.to_string(), "encounter-311000222-538005541-20240101T000000Z");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventId {
    kind: EventKind,
    subject: Subject,
    /// In whole seconds, so that ids are equal if they are written alike.
    first_started_at: Timestamp,
}

/// Whom or what an event is about.
///
/// ```
/// use alongside_maritime::{Mmsi, Subject};
///
/// assert_eq!(Subject::Vessel(Mmsi::new(311_000_222).unwrap()).to_string(), "311000222");
/// assert_eq!(Subject::Area { south_deg: 28, west_deg: -95 }.to_string(), "N28W095");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Subject {
    /// Two vessels.
    Pair(VesselPair),
    /// One vessel.
    Vessel(Mmsi),
    /// One degree of latitude and one of longitude, by its south-western corner.
    Area {
        /// Latitude of the southern edge, in `[-90, 89]`.
        south_deg: i16,
        /// Longitude of the western edge, in `[-180, 179]`.
        west_deg: i16,
    },
}

impl EventId {
    /// The id of an event of two vessels that was found to start in that second.
    pub fn new(kind: EventKind, pair: VesselPair, started_at: Timestamp) -> Self {
        EventId::of(kind, Subject::Pair(pair), started_at)
    }

    /// The id of an event that was found to start in that second.
    pub fn of(kind: EventKind, subject: Subject, started_at: Timestamp) -> Self {
        let seconds = started_at.as_millis().div_euclid(1000);
        EventId { kind, subject, first_started_at: Timestamp::from_secs(seconds) }
    }

    /// The id for a second finding of this kind about the same vessels that starts in the same second.
    pub fn a_second_later(self) -> Self {
        let first_started_at = self.first_started_at.plus_millis(1000);
        EventId { first_started_at, ..self }
    }

    /// What sort of finding.
    pub fn kind(self) -> EventKind {
        self.kind
    }

    /// Whom or what it is about.
    pub fn subject(self) -> Subject {
        self.subject
    }

    /// Who, if it is about two vessels.
    pub fn pair(self) -> Option<VesselPair> {
        match self.subject {
            Subject::Pair(pair) => Some(pair),
            Subject::Vessel(_) | Subject::Area { .. } => None,
        }
    }

    /// The start as first computed, in whole seconds.
    pub fn first_started_at(self) -> Timestamp {
        self.first_started_at
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time: String = self.first_started_at.to_string();
        let compact: String = time.chars().take(19).filter(|c| !matches!(c, '-' | ':')).collect();
        write!(f, "{}-{}-{compact}Z", self.kind.name(), self.subject)
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Subject::Pair(pair) => write!(f, "{}-{}", pair.low(), pair.high()),
            Subject::Vessel(mmsi) => write!(f, "{mmsi}"),
            Subject::Area { south_deg, west_deg } => {
                let (north_south, east_west) =
                    (if south_deg < 0 { 'S' } else { 'N' }, if west_deg < 0 { 'W' } else { 'E' });
                let (south_deg, west_deg) = (south_deg.unsigned_abs(), west_deg.unsigned_abs());
                write!(f, "{north_south}{south_deg:02}{east_west}{west_deg:03}")
            }
        }
    }
}

/// What sort of finding.
///
/// ```
/// use alongside_maritime::EventKind;
///
/// assert_eq!(EventKind::Encounter.name(), "encounter");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum EventKind {
    /// Two vessels near each other for a while.
    Encounter,
    /// One vessel slow in one place far from port for a while.
    Loitering,
    /// A vessel that was heard no more, or heard again after long.
    Gap,
    /// Two vessels that may have met while at least one of them was not heard.
    DarkMeeting,
    /// A vessel that calls itself otherwise than before.
    IdentityChange,
    /// Two vessels under one number, or one vessel under two.
    IdentityConflict,
    /// A vessel that cannot have got from one reported place to the next.
    Jump,
    /// Many vessels of one area that report to be elsewhere, or in a ring, at the same time.
    Displacement,
    /// A vessel that reports to be on land.
    OnLand,
    /// A vessel that stands on a watchlist.
    WatchlistHit,
}

impl EventKind {
    /// All of them, in the order of the list above.
    pub const ALL: [EventKind; 10] = [
        EventKind::Encounter,
        EventKind::Loitering,
        EventKind::Gap,
        EventKind::DarkMeeting,
        EventKind::IdentityChange,
        EventKind::IdentityConflict,
        EventKind::Jump,
        EventKind::Displacement,
        EventKind::OnLand,
        EventKind::WatchlistHit,
    ];

    /// As written on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            EventKind::Encounter => "encounter",
            EventKind::Loitering => "loitering",
            EventKind::Gap => "gap",
            EventKind::DarkMeeting => "dark_meeting",
            EventKind::IdentityChange => "identity_change",
            EventKind::IdentityConflict => "identity_conflict",
            EventKind::Jump => "jump",
            EventKind::Displacement => "displacement",
            EventKind::OnLand => "on_land",
            EventKind::WatchlistHit => "watchlist_hit",
        }
    }
}

/// How far an event has come.
///
/// ```
/// use alongside_maritime::EventState;
///
/// assert_eq!(EventState::Retracted.name(), "retracted");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum EventState {
    /// Too short yet to be told to anyone who did not ask.
    Candidate,
    /// The vessels are together as far as is known.
    Open,
    /// The vessels have parted, or nothing was heard of them for long.
    Closed,
    /// Was told as closed or open, and data that came late have changed it.
    Revised,
    /// Was told, and came to nothing.
    Retracted,
}

impl EventState {
    /// As written on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            EventState::Candidate => "candidate",
            EventState::Open => "open",
            EventState::Closed => "closed",
            EventState::Revised => "revised",
            EventState::Retracted => "retracted",
        }
    }
}

/// One vessel of an event, with what was known of it when the event was last told.
///
/// ```
/// use alongside_maritime::{EventVessel, Mmsi};
/// use std::time::Duration;
///
/// let vessel = EventVessel {
///     draught_m_before: Some(12.2),
///     draught_m_after: Some(9.5),
///     observed: Duration::from_secs(5400),
///     bridged: Duration::from_secs(600),
///     silence_max: Duration::from_secs(300),
///     ..EventVessel::new(Mmsi::new(311_000_222).unwrap())
/// };
/// assert_eq!((vessel.observed + vessel.bridged).as_secs(), 6000);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct EventVessel {
    /// Who, as claimed.
    pub mmsi: Mmsi,
    /// Identity as known then.
    pub identity: VesselIdentity,
    /// Draught in metres as last sent before the start.
    pub draught_m_before: Option<f32>,
    /// Draught in metres as last sent when the event was told.
    pub draught_m_after: Option<f32>,
    /// Time in contact that lies near a report of this vessel.
    pub observed: Duration,
    /// The rest: bridged by a straight line between two reports.
    pub bridged: Duration,
    /// The longest time without a report of this vessel that touches the contact.
    pub silence_max: Duration,
    /// Its silences of the 24 hours before the start and after the end that are known by now, at most 8.
    pub gaps: Vec<(Timestamp, Timestamp)>,
    /// How often it changed its name, callsign, IMO number or type in these hours.
    pub identity_changes: u32,
    /// Lists that name it, by its identity now or before, with what they matched by.
    pub watchlists: Vec<String>,
    /// Where it was, from two hours before the start, thinned evenly where there are many reports.
    pub track: Vec<TrackPoint>,
}

impl EventVessel {
    /// One of which nothing is known but its number.
    pub fn new(mmsi: Mmsi) -> Self {
        EventVessel {
            mmsi,
            identity: VesselIdentity::default(),
            draught_m_before: None,
            draught_m_after: None,
            observed: Duration::ZERO,
            bridged: Duration::ZERO,
            silence_max: Duration::ZERO,
            gaps: Vec::new(),
            identity_changes: 0,
            watchlists: Vec::new(),
            track: Vec::new(),
        }
    }
}

/// One point of a track that goes with an event.
///
/// ```
/// use alongside_maritime::{Position, Timestamp, TrackPoint};
///
/// let point = TrackPoint {
///     observed_at: Timestamp::from_secs(1_704_067_200),
///     position: Position::new(28.2504, -94.8597).unwrap(),
///     speed_knots: Some(0.5),
///     course_deg: None,
///     heading_deg: Some(271.0),
///     ends_silence: false,
/// };
/// assert_eq!(point.position.to_string(), "28.25040 -94.85970");
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct TrackPoint {
    /// When.
    pub observed_at: Timestamp,
    /// Where.
    pub position: Position,
    /// Over ground, as sent.
    pub speed_knots: Option<f32>,
    /// Over ground, as sent.
    pub course_deg: Option<f32>,
    /// Of the bow, as sent.
    pub heading_deg: Option<f32>,
    /// Nothing was heard since the point before, for so long that part of the way between them counts as bridged. Of
    /// a thinned track no shorter silences are told than the points are apart.
    pub ends_silence: bool,
}

/// One thing that speaks for or against a finding.
///
/// ```
/// use alongside_maritime::Reason;
///
/// let reasons = [("slow", 0.25), ("near_harbour", -0.125)];
/// let reasons = reasons.map(|(rule, weight)| Reason { rule, weight, text: rule.replace('_', " ") });
/// assert_eq!(reasons.iter().map(|reason| reason.weight).sum::<f64>(), 0.125);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Reason {
    /// Name of the rule, `snake_case`, fixed.
    pub rule: &'static str,
    /// What it adds to the score; negative if it speaks against.
    pub weight: f64,
    /// In plain English, with the numbers that decided.
    pub text: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_says_what_was_first_found() {
        let [low, high] = [2_573_000, 311_000_222].map(|number| Mmsi::new(number).unwrap());
        let pair = VesselPair::new(high, low).unwrap();
        let at = Timestamp::parse("2024-01-01T00:14:07.999Z").unwrap();
        let id = EventId::new(EventKind::Encounter, pair, at);
        assert_eq!(id.to_string(), "encounter-002573000-311000222-20240101T001407Z");
    }
}
