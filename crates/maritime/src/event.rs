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
/// use alongside_maritime::{Event, EventId, EventKind, EventState, EventVessel, Mmsi, Position};
/// use alongside_maritime::{Timestamp, VesselIdentity, VesselPair};
/// use std::time::Duration;
///
/// let [a, b] = [311_000_222, 538_005_541].map(|number| Mmsi::new(number).unwrap());
/// let started_at = Timestamp::from_secs(1_704_067_200);
/// let ended_at = started_at.plus(Duration::from_secs(5400));
/// let event = Event {
///     id: EventId::new(EventKind::Encounter, VesselPair::new(a, b).unwrap(), started_at),
///     version: 1,
///     state: EventState::Open,
///     vessels: [a, b].map(|mmsi| EventVessel {
///         mmsi,
///         identity: VesselIdentity::default(),
///         draught_m_before: None,
///         draught_m_after: None,
///         observed: Duration::from_secs(5400),
///         bridged: Duration::ZERO,
///         silence_max: Duration::from_secs(180),
///         track: Vec::new(),
///     }),
///     started_at,
///     started_at_earliest: None,
///     started_at_latest: started_at,
///     ended_at,
///     ended_at_earliest: ended_at,
///     ended_at_latest: None,
///     contact: Duration::from_secs(5400),
///     position: Position::new(28.2504, -94.8597).unwrap(),
///     distance_m_min: 40.0,
///     distance_m_p50: 55.0,
///     distance_m_p95: 90.0,
///     contact_within_m: [50, 100, 200, 500].map(|m| (m, Duration::from_secs(5400))),
///     speed_knots_p50: 0.5,
///     coast_distance_m: None,
///     profiles: Vec::new(),
///     score: 0.0,
///     reasons: Vec::new(),
///     as_of: ended_at,
/// };
/// assert_eq!(event.kind(), EventKind::Encounter);
/// assert_eq!(event.duration().as_secs(), 5400);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Never changes.
    pub id: EventId,
    /// From 1, one higher at each telling.
    pub version: u32,
    /// How far the event has come.
    pub state: EventState,
    /// In the order of [`VesselPair`].
    pub vessels: [EventVessel; 2],
    /// When the vessels came within contact distance, interpolated between reports.
    pub started_at: Timestamp,
    /// The reports before that, of the vessel that was silent longer; `None` if there were none.
    pub started_at_earliest: Option<Timestamp>,
    /// The reports after that, of the vessel that was silent longer.
    pub started_at_latest: Timestamp,
    /// When they were apart again, or until when they are known to be together.
    pub ended_at: Timestamp,
    /// The reports before that, of the vessel that was silent longer.
    pub ended_at_earliest: Timestamp,
    /// By then both had been heard again; `None` if they have not yet.
    pub ended_at_latest: Option<Timestamp>,
    /// Time within contact distance; less than end minus start where they parted in between.
    pub contact: Duration,
    /// Mean over the time in contact, half-way between the vessels.
    pub position: Position,
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
    /// To the nearest land on the 1:10m map; 0 on land, which at that scale includes most rivers and
    /// harbours. `None` where no map was used.
    pub coast_distance_m: Option<f64>,
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
    pair: VesselPair,
    /// In whole seconds, so that ids are equal if they are written alike.
    first_started_at: Timestamp,
}

impl EventId {
    /// The id of an event that was found to start in that second.
    pub fn new(kind: EventKind, pair: VesselPair, started_at: Timestamp) -> Self {
        let seconds = started_at.as_millis().div_euclid(1000);
        EventId { kind, pair, first_started_at: Timestamp::from_secs(seconds) }
    }

    /// What sort of finding.
    pub fn kind(self) -> EventKind {
        self.kind
    }

    /// Who.
    pub fn pair(self) -> VesselPair {
        self.pair
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
        write!(f, "{}-{}-{}-{compact}Z", self.kind.name(), self.pair.low(), self.pair.high())
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
pub enum EventKind {
    /// Two vessels near each other for a while.
    Encounter,
}

impl EventKind {
    /// As written on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            EventKind::Encounter => "encounter",
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
pub enum EventState {
    /// Too short yet to be told to anyone who did not ask.
    Candidate,
    /// The vessels are together as far as is known.
    Open,
    /// The vessels have parted, or nothing was heard of them for long.
    Closed,
    /// Was a candidate and came to nothing.
    Retracted,
}

impl EventState {
    /// As written on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            EventState::Candidate => "candidate",
            EventState::Open => "open",
            EventState::Closed => "closed",
            EventState::Retracted => "retracted",
        }
    }
}

/// One vessel of an event, with what was known of it when the event was last told.
///
/// ```
/// use alongside_maritime::{EventVessel, Mmsi, VesselIdentity};
/// use std::time::Duration;
///
/// let vessel = EventVessel {
///     mmsi: Mmsi::new(311_000_222).unwrap(),
///     identity: VesselIdentity::default(),
///     draught_m_before: Some(12.2),
///     draught_m_after: Some(9.5),
///     observed: Duration::from_secs(5400),
///     bridged: Duration::from_secs(600),
///     silence_max: Duration::from_secs(300),
///     track: Vec::new(),
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
    /// Where it was, from an hour before the start, thinned evenly where there are many reports.
    pub track: Vec<TrackPoint>,
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
/// };
/// assert_eq!(point.position.to_string(), "28.25040 -94.85970");
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TrackPoint {
    /// When.
    pub observed_at: Timestamp,
    /// Where.
    pub position: Position,
    /// Over ground, as sent.
    pub speed_knots: Option<f32>,
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
