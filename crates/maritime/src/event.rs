//! What was found.

use std::fmt;
use std::time::Duration;

use crate::{Mmsi, Position, Timestamp, VesselIdentity, VesselPair};

/// One finding: evidence with its reasons, never an accusation.
///
/// The same finding is told several times while it develops; each telling has a higher `version`
/// under the same `id`, and the last one holds.
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
    /// The last reports before that; `None` if there were none.
    pub started_at_earliest: Option<Timestamp>,
    /// The first reports after that.
    pub started_at_latest: Timestamp,
    /// When they were apart again, or until when they are known to be together.
    pub ended_at: Timestamp,
    /// The last reports at which they were together.
    pub ended_at_earliest: Timestamp,
    /// The first reports at which they were apart; `None` if there were none yet.
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
        self.id.kind
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventId {
    /// What sort of finding.
    pub kind: EventKind,
    /// Who.
    pub pair: VesselPair,
    /// The start as first computed. Only its whole seconds are part of the written id.
    pub first_started_at: Timestamp,
}

/// Why a text is no event id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not an event id: expected encounter-311000222-538005541-20240101T001407Z")]
pub struct EventIdError {
    /// The text as it was found.
    pub text: String,
}

impl EventId {
    /// Reads what `Display` writes.
    ///
    /// # Errors
    ///
    /// Anything else.
    pub fn parse(text: &str) -> Result<Self, EventIdError> {
        parse_event_id(text).ok_or_else(|| EventIdError { text: text.into() })
    }
}

fn parse_event_id(text: &str) -> Option<EventId> {
    let mut parts = text.split('-');
    let kind = EventKind::parse(parts.next()?)?;
    let low = Mmsi::new(parts.next()?.parse().ok()?)?;
    let high = Mmsi::new(parts.next()?.parse().ok()?)?;
    let time = parts.next()?;
    if parts.next().is_some() || time.len() != 16 || !time.is_ascii() {
        return None;
    }
    let digits = |range: std::ops::Range<usize>| time[range].parse::<u32>().ok();
    let first_started_at = Timestamp::from_civil(
        digits(0..4)? as i32,
        digits(4..6)?,
        digits(6..8)?,
        digits(9..11)?,
        digits(11..13)?,
        digits(13..15)?,
    )?;
    Some(EventId { kind, pair: VesselPair::new(low, high)?, first_started_at })
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time: String = self.first_started_at.to_string();
        let compact: String = time.chars().take(19).filter(|c| !matches!(c, '-' | ':')).collect();
        write!(f, "{}-{}-{}-{compact}Z", self.kind.name(), self.pair.low(), self.pair.high())
    }
}

/// What sort of finding.
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

    fn parse(name: &str) -> Option<Self> {
        (name == "encounter").then_some(EventKind::Encounter)
    }
}

/// How far an event has come.
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
    fn an_id_reads_as_it_is_written() {
        let text = "encounter-002573000-311000222-20240101T001407Z";
        assert_eq!(EventId::parse(text).unwrap().to_string(), text);
        for damaged in ["", "encounter-1-1-20240101T001407Z", "dance-1-2-20240101T001407Z"] {
            assert!(EventId::parse(damaged).is_err());
        }
    }
}
