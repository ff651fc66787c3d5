//! The rows of the tables, made from what is on the wire.

use clickhouse::Row;
use maritime::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{EventRecord, IdentityRecord, PositionRecord, ReasonRecord, Topic, VesselRecord};

/// A row of one of the tables.
#[derive(Clone)]
pub(crate) enum AnyRow {
    Event(Box<EventRow>),
    Position(PositionRow),
    Identity(IdentityRow),
}

/// What a row is made from, besides the record.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Told<'a> {
    pub(crate) at_ms: i64,
    pub(crate) source: &'a str,
}

impl AnyRow {
    /// Reads the payload of a message.
    ///
    /// # Errors
    ///
    /// Why it is none that the tables can take, in words for the dead letter.
    pub(crate) fn parse(topic: Topic, payload: &[u8], told: Told<'_>) -> Result<AnyRow, String> {
        let not_a = |what: &str, error: serde_json::Error| format!("not {what}: {error}");
        match topic {
            Topic::Events => {
                let record: EventRecord =
                    serde_json::from_slice(payload).map_err(|error| not_a("an event", error))?;
                let text = std::str::from_utf8(payload).map_err(|error| error.to_string())?;
                Ok(AnyRow::Event(Box::new(EventRow::new(record, text, told)?)))
            }
            Topic::Positions => {
                let record: PositionRecord =
                    serde_json::from_slice(payload).map_err(|error| not_a("a position", error))?;
                Ok(AnyRow::Position(PositionRow::new(record, told)?))
            }
            Topic::Vessels => {
                let record: IdentityRecord =
                    serde_json::from_slice(payload).map_err(|error| not_a("an identity", error))?;
                Ok(AnyRow::Identity(IdentityRow::new(record)?))
            }
            Topic::Alerts => Err("alerts are in no table".into()),
            Topic::DeadLetter => Err("a dead letter in a dead letter".into()),
        }
    }
}

type Reasons = Vec<(String, f64, String)>;
type Vessel = (
    u32,
    Option<u32>,
    Option<String>,
    Option<String>,
    Option<String>,
    Option<String>,
    Option<u16>,
    Option<u16>,
    Option<f64>,
    Option<f64>,
    Vec<(i64, i64)>,
    u32,
    Vec<String>,
);

/// A row of `events`; instants in milliseconds since 1970.
#[derive(Clone, Row, Serialize, Deserialize)]
pub(crate) struct EventRow {
    pub(crate) id: String,
    version: u32,
    kind: String,
    state: String,
    class: Option<String>,
    class_confidence: Option<f64>,
    class_reasons: Reasons,
    vessels: Vec<Vessel>,
    first_started_at: u32,
    started_at: i64,
    started_at_earliest: Option<i64>,
    started_at_latest: i64,
    ended_at: i64,
    ended_at_earliest: i64,
    ended_at_latest: Option<i64>,
    latitude_deg: f64,
    longitude_deg: f64,
    distance_m_min: Option<f64>,
    distance_m_p50: Option<f64>,
    distance_m_p95: Option<f64>,
    contact_s: Option<u32>,
    contact_within_50_m_s: Option<u32>,
    contact_within_100_m_s: Option<u32>,
    contact_within_200_m_s: Option<u32>,
    contact_within_500_m_s: Option<u32>,
    speed_knots_p50: Option<f64>,
    hull_gap_m_p50: Option<f64>,
    hull_gap_uncertainty_m: Option<f64>,
    heading_difference_deg_p50: Option<f64>,
    body_frame_spread_m: Option<f64>,
    earth_frame_spread_m: Option<f64>,
    drift_knots: Option<f64>,
    drift_course_deg: Option<f64>,
    approach_knots: Vec<Option<f64>>,
    parting_knots: Vec<Option<f64>>,
    night_share: Option<f64>,
    third_vessels: Vec<u32>,
    raft: Option<String>,
    observed_s: Vec<u32>,
    bridged_s: Vec<u32>,
    silence_max_s: Vec<u32>,
    coast_distance_m: Option<f64>,
    port_name: Option<String>,
    port_distance_m: Option<f64>,
    anchorage_distance_m: Option<f64>,
    meetings_nearby: Option<u32>,
    zones: Vec<String>,
    h3_cell: String,
    figures: Vec<(String, f64)>,
    profiles: Vec<String>,
    score: f64,
    reasons: Reasons,
    explanation: String,
    as_of: i64,
    software_version: String,
    parameters_hash: String,
    source: String,
    told_at: i64,
    record: String,
}

impl EventRow {
    fn new(record: EventRecord, text: &str, told: Told<'_>) -> Result<Self, String> {
        let first_started_at = first_started_at_s(&record.id)?;
        let r = record;
        Ok(EventRow {
            first_started_at,
            version: r.version,
            kind: r.kind,
            state: r.state,
            class: r.class,
            class_confidence: r.class_confidence,
            class_reasons: reasons(r.class_reasons.unwrap_or_default()),
            vessels: r.vessels.into_iter().map(vessel).collect(),
            started_at: r.started_at.as_millis(),
            started_at_earliest: r.started_at_earliest.map(Timestamp::as_millis),
            started_at_latest: r.started_at_latest.as_millis(),
            ended_at: r.ended_at.as_millis(),
            ended_at_earliest: r.ended_at_earliest.as_millis(),
            ended_at_latest: r.ended_at_latest.map(Timestamp::as_millis),
            latitude_deg: r.latitude_deg,
            longitude_deg: r.longitude_deg,
            distance_m_min: r.distance_m_min,
            distance_m_p50: r.distance_m_p50,
            distance_m_p95: r.distance_m_p95,
            contact_s: seconds_or_none(r.contact_s)?,
            contact_within_50_m_s: seconds_or_none(r.contact_within_50_m_s)?,
            contact_within_100_m_s: seconds_or_none(r.contact_within_100_m_s)?,
            contact_within_200_m_s: seconds_or_none(r.contact_within_200_m_s)?,
            contact_within_500_m_s: seconds_or_none(r.contact_within_500_m_s)?,
            speed_knots_p50: r.speed_knots_p50,
            hull_gap_m_p50: r.hull_gap_m_p50,
            hull_gap_uncertainty_m: r.hull_gap_uncertainty_m,
            heading_difference_deg_p50: r.heading_difference_deg_p50,
            body_frame_spread_m: r.body_frame_spread_m,
            earth_frame_spread_m: r.earth_frame_spread_m,
            drift_knots: r.drift_knots,
            drift_course_deg: r.drift_course_deg,
            approach_knots: r.approach_knots.map(Vec::from).unwrap_or_default(),
            parting_knots: r.parting_knots.map(Vec::from).unwrap_or_default(),
            night_share: r.night_share,
            third_vessels: r.third_vessels.unwrap_or_default(),
            raft: r.raft,
            observed_s: all_seconds(r.observed_s)?,
            bridged_s: all_seconds(r.bridged_s)?,
            silence_max_s: all_seconds(r.silence_max_s)?,
            coast_distance_m: r.coast_distance_m,
            port_name: r.port_name,
            port_distance_m: r.port_distance_m,
            anchorage_distance_m: r.anchorage_distance_m,
            meetings_nearby: r.meetings_nearby,
            zones: r.zones,
            h3_cell: r.h3_cell,
            figures: r.figures.into_iter().collect(),
            profiles: r.profiles,
            score: r.score,
            reasons: reasons(r.reasons),
            explanation: r.explanation,
            as_of: r.as_of.as_millis(),
            software_version: r.software_version,
            parameters_hash: r.parameters_hash,
            source: told.source.into(),
            told_at: told.at_ms,
            record: text.into(),
            id: r.id,
        })
    }
}

/// `…-20240101T001407Z` in seconds since 1970. It is in the id, so that it is the same for every version.
fn first_started_at_s(id: &str) -> Result<u32, String> {
    let wrong = || format!("the id {id:?} does not end in a time such as 20240101T001407Z");
    let compact = id.rsplit('-').next().unwrap_or_default();
    if compact.len() != 16 || !compact.is_ascii() {
        return Err(wrong());
    }
    let at = |from: usize, to: usize| &compact[from..to];
    let text = format!(
        "{}-{}-{}T{}:{}:{}Z",
        at(0, 4),
        at(4, 6),
        at(6, 8),
        at(9, 11),
        at(11, 13),
        at(13, 15)
    );
    let instant = Timestamp::parse(&text).map_err(|_| wrong())?;
    u32::try_from(instant.as_millis() / 1000)
        .map_err(|_| format!("{text} is outside of what the table can hold, 1970 to 2106"))
}

fn reasons(records: Vec<ReasonRecord>) -> Reasons {
    records.into_iter().map(|reason| (reason.rule, reason.weight, reason.text)).collect()
}

fn vessel(vessel: VesselRecord) -> Vessel {
    let v = vessel;
    let gaps = v.gaps.iter().map(|gap| (gap.started_at.as_millis(), gap.ended_at.as_millis()));
    (
        v.mmsi,
        v.imo,
        v.name,
        v.callsign,
        v.flag,
        v.ship_type,
        v.length_m,
        v.beam_m,
        v.draught_m_before,
        v.draught_m_after,
        gaps.collect(),
        v.identity_changes,
        v.watchlists,
    )
}

fn seconds(seconds: u64) -> Result<u32, String> {
    u32::try_from(seconds).map_err(|_| format!("{seconds} s are more than a century"))
}

fn seconds_or_none(span_s: Option<u64>) -> Result<Option<u32>, String> {
    span_s.map(seconds).transpose()
}

fn all_seconds(spans_s: Vec<u64>) -> Result<Vec<u32>, String> {
    spans_s.into_iter().map(seconds).collect()
}

/// A row of `positions`; degrees in millionths, knots and courses in tenths, as `Decimal` has them.
#[derive(Clone, Row, Serialize, Deserialize)]
pub(crate) struct PositionRow {
    mmsi: u32,
    observed_at: i64,
    latitude_deg: i32,
    longitude_deg: i32,
    speed_knots: Option<i32>,
    course_deg: Option<i32>,
    heading_deg: Option<u16>,
    coarse: bool,
    source: String,
    published_at: u32,
}

impl PositionRow {
    fn new(record: PositionRecord, told: Told<'_>) -> Result<Self, String> {
        if record.latitude_deg.abs() > 90.0 || record.longitude_deg.abs() > 180.0 {
            return Err(format!(
                "{} {} is no place on earth",
                record.latitude_deg, record.longitude_deg
            ));
        }
        let tenths = |value: Option<f64>| value.map(|value| (value * 10.0).round() as i32);
        Ok(PositionRow {
            mmsi: record.mmsi,
            observed_at: record.observed_at.as_millis(),
            latitude_deg: (record.latitude_deg * 1e6).round() as i32,
            longitude_deg: (record.longitude_deg * 1e6).round() as i32,
            speed_knots: tenths(record.speed_knots),
            course_deg: tenths(record.course_deg),
            heading_deg: record.heading_deg,
            coarse: record.coarse,
            source: record.source,
            published_at: u32::try_from(told.at_ms / 1000).unwrap_or(0),
        })
    }
}

/// A row of `identities`; what is unknown is empty or 0.
#[derive(Clone, Row, Serialize, Deserialize)]
pub(crate) struct IdentityRow {
    mmsi: u32,
    imo: u32,
    name: String,
    callsign: String,
    flag: String,
    r#type: String,
    length_m: u16,
    beam_m: u16,
    source: String,
    first_heard_at: i64,
    last_heard_at: i64,
}

impl IdentityRow {
    fn new(record: IdentityRecord) -> Result<Self, String> {
        if record.first_heard_at > record.last_heard_at {
            return Err(format!(
                "first heard at {}, after last heard at {}",
                record.first_heard_at, record.last_heard_at
            ));
        }
        Ok(IdentityRow {
            mmsi: record.mmsi,
            imo: record.imo.unwrap_or_default(),
            name: record.name.unwrap_or_default(),
            callsign: record.callsign.unwrap_or_default(),
            flag: record.flag.unwrap_or_default(),
            r#type: record.ship_type.unwrap_or_default(),
            length_m: record.length_m.unwrap_or_default(),
            beam_m: record.beam_m.unwrap_or_default(),
            source: record.source,
            first_heard_at: record.first_heard_at.as_millis(),
            last_heard_at: record.last_heard_at.as_millis(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{event, gap, provenance};

    const TOLD: Told<'_> = Told { at_ms: 1_704_067_200_000, source: "test" };

    #[test]
    fn the_start_in_an_id_is_read_from_any_kind() {
        for (id, expected) in [
            ("encounter-311000222-538005541-20240101T001407Z", Ok(1_704_068_047)),
            ("displacement-N28W095-20240101T000000Z", Ok(1_704_067_200)),
        ] {
            assert_eq!(first_started_at_s(id), expected);
        }
        for id in ["", "encounter", "encounter-1-2-20241301T000000Z", "x-1890010\u{e9}T00140Z"] {
            assert!(first_started_at_s(id).is_err(), "{id}");
        }
    }

    #[test]
    fn a_row_keeps_the_record_as_it_was_told() {
        for event in [event(), gap()] {
            let record = EventRecord::new(&event, &provenance());
            let text = serde_json::to_string(&record).unwrap();
            let later = text.replacen('{', r#"{"later":"tow","#, 1);
            let row = AnyRow::parse(Topic::Events, later.as_bytes(), TOLD).unwrap();
            let AnyRow::Event(row) = row else { panic!("no row of events") };
            assert_eq!((row.id, row.record), (record.id, later));
        }
    }

    #[test]
    fn what_is_no_record_says_why() {
        let check = |topic, payload: &str, expected: &str| {
            let reason = AnyRow::parse(topic, payload.as_bytes(), TOLD).err().unwrap();
            assert!(reason.contains(expected), "{reason}");
        };
        check(Topic::Events, "no JSON", "not an event: expected");
        check(Topic::Positions, "{}", "not a position: missing field `mmsi`");
        check(Topic::Vessels, "[]", "not an identity");
        check(
            Topic::Positions,
            r#"{"mmsi":1,"observed_at":"2024-01-01T00:00:00Z","latitude_deg":91,"longitude_deg":0,
            "speed_knots":null,"course_deg":null,"heading_deg":null,"coarse":false,"source":"x"}"#,
            "91 0 is no place on earth",
        );
    }
}
