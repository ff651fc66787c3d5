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
        // At once, and not every name and text in it by itself.
        let text = std::str::from_utf8(payload).map_err(|error| format!("no text: {error}"))?;
        match topic {
            Topic::Events => {
                let record: EventRecord =
                    serde_json::from_str(text).map_err(|error| not_a("an event", error))?;
                Ok(AnyRow::Event(Box::new(EventRow::new(record, text, told)?)))
            }
            Topic::Positions => {
                if let Some(row) = PositionRow::as_written(text, told) {
                    return Ok(AnyRow::Position(row));
                }
                let record: PositionRecord =
                    serde_json::from_str(text).map_err(|error| not_a("a position", error))?;
                Ok(AnyRow::Position(PositionRow::new(record, told)?))
            }
            Topic::Vessels => {
                let record: IdentityRecord =
                    serde_json::from_str(text).map_err(|error| not_a("an identity", error))?;
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
pub(crate) fn first_started_at_s(id: &str) -> Result<u32, String> {
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
#[derive(Debug, Clone, PartialEq, Row, Serialize, Deserialize)]
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
    /// Reads the text of a position that is written as [`PositionRecord`] is by ourselves; `None` for any other, which
    /// may be as good. Nearly all messages are such, and serde takes several times as long.
    fn as_written(text: &str, told: Told<'_>) -> Option<Self> {
        let mut text = Written(text);
        text.skip("{\"mmsi\":")?;
        let mmsi = u32::try_from(text.decimal(0)?).ok()?;
        text.skip(",\"observed_at\":")?;
        let observed_at = Timestamp::parse(text.string()?).ok()?.as_millis();
        text.skip(",\"latitude_deg\":")?;
        let latitude_deg = text.decimal(6).filter(|degrees| degrees.abs() <= 90_000_000)?;
        text.skip(",\"longitude_deg\":")?;
        let longitude_deg = text.decimal(6).filter(|degrees| degrees.abs() <= 180_000_000)?;
        text.skip(",\"speed_knots\":")?;
        let speed_knots = text.or_null(|text| text.decimal(1))?;
        text.skip(",\"course_deg\":")?;
        let course_deg = text.or_null(|text| text.decimal(1))?;
        text.skip(",\"heading_deg\":")?;
        let heading_deg = text.or_null(|text| u16::try_from(text.decimal(0)?).ok())?;
        text.skip(",\"coarse\":")?;
        let coarse = text.skip("true").is_some();
        if !coarse {
            text.skip("false")?;
        }
        text.skip(",\"source\":")?;
        let source = text.string()?.to_owned();
        text.skip("}")?;
        let published_at = u32::try_from(told.at_ms / 1000).unwrap_or(0);
        text.0.is_empty().then_some(PositionRow {
            mmsi,
            observed_at,
            latitude_deg,
            longitude_deg,
            speed_knots,
            course_deg,
            heading_deg,
            coarse,
            source,
            published_at,
        })
    }

    /// The source that a payload names, if it has just the names of [`PositionRecord`] in their order, as we write them;
    /// `None` for any other. What stands behind the other names is not looked at.
    pub(crate) fn source_as_written(payload: &[u8]) -> Option<&str> {
        const NAMES: [&[u8]; 8] = [
            b",\"observed_at\":",
            b",\"latitude_deg\":",
            b",\"longitude_deg\":",
            b",\"speed_knots\":",
            b",\"course_deg\":",
            b",\"heading_deg\":",
            b",\"coarse\":",
            b",\"source\":\"",
        ];
        let mut rest = payload.strip_prefix(b"{\"mmsi\":")?;
        for name in NAMES {
            rest =
                rest.get(rest.iter().position(|byte| *byte == name[0])?..)?.strip_prefix(name)?;
        }
        let source = rest.strip_suffix(b"\"}")?;
        let is_plain = !source.iter().any(|byte| matches!(byte, b'"' | b'\\' | ..b' '));
        std::str::from_utf8(source).ok().filter(|_| is_plain)
    }

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

/// What is left of a text of JSON without blanks.
struct Written<'a>(&'a str);

impl<'a> Written<'a> {
    fn skip(&mut self, expected: &str) -> Option<()> {
        self.0 = self.0.strip_prefix(expected)?;
        Some(())
    }

    fn or_null<T>(&mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<Option<T>> {
        match self.skip("null") {
            Some(()) => Some(None),
            None => read(self).map(Some),
        }
    }

    /// A text in which nothing is escaped.
    fn string(&mut self) -> Option<&'a str> {
        self.skip("\"")?;
        let is_end = |&byte: &u8| byte == b'"' || byte == b'\\' || byte < b' ';
        let (text, rest) = self.0.split_at(self.0.bytes().position(|byte| is_end(&byte))?);
        self.0 = rest;
        self.skip("\"")?;
        Some(text)
    }

    /// A number with at most so many decimals, in units of the last of them, and of at most nine digits.
    fn decimal(&mut self, places: usize) -> Option<i32> {
        let text = self.0;
        let unsigned = text.strip_prefix('-').unwrap_or(text);
        let is_negative = unsigned.len() < text.len();
        let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
        let (whole, rest) = unsigned.split_at(digits(unsigned));
        // Whole numbers have no sign, and no JSON begins a number with more zeros than one.
        if is_negative && places == 0 {
            return None;
        }
        if whole.is_empty() || (whole.len() > 1 && whole.starts_with('0')) {
            return None;
        }
        let (fraction, rest) = match rest.strip_prefix('.') {
            Some(rest) => rest.split_at(digits(rest)),
            None => ("", rest),
        };
        let has_point = unsigned.len() > whole.len() + rest.len();
        let is_exact = fraction.len() <= places && whole.len() + places <= 9;
        if !is_exact || (has_point && fraction.is_empty()) || rest.starts_with(['e', 'E']) {
            return None;
        }
        let zeros = std::iter::repeat_n(b'0', places - fraction.len());
        let number = whole
            .bytes()
            .chain(fraction.bytes())
            .chain(zeros)
            .fold(0, |number, digit| 10 * number + i32::from(digit - b'0'));
        self.0 = rest;
        Some(if is_negative { -number } else { number })
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

    /// By serde alone.
    fn slowly(text: &str) -> Option<PositionRow> {
        PositionRow::new(serde_json::from_str(text).ok()?, TOLD).ok()
    }

    #[test]
    fn positions_as_we_write_them_are_read_as_serde_reads_them() {
        let written = [
            r#"{"mmsi":311000222,"observed_at":"2024-01-01T00:14:07.250Z","latitude_deg":28.250412,"longitude_deg":-94.8597,"speed_knots":0.5,"course_deg":359.9,"heading_deg":7,"coarse":false,"source":"north"}"#,
            r#"{"mmsi":0,"observed_at":"2024-01-01T00:00:00Z","latitude_deg":-0.000001,"longitude_deg":180.0,"speed_knots":null,"course_deg":0.0,"heading_deg":null,"coarse":true,"source":"é 東"}"#,
            r#"{"mmsi":1,"observed_at":"1970-01-01T00:00:00.001Z","latitude_deg":90,"longitude_deg":-180.0,"speed_knots":102.2,"course_deg":null,"heading_deg":65535,"coarse":false,"source":""}"#,
        ];
        for text in written {
            let row = PositionRow::as_written(text, TOLD);
            assert!(row.is_some() && row == slowly(text), "{text}");
            let source = PositionRow::source_as_written(text.as_bytes());
            assert_eq!(source, row.as_ref().map(|row| row.source.as_str()));
            // Whatever stands in any place, it is either read as serde reads it or left to serde.
            for (at, c) in text.char_indices() {
                for other in "0159-+.eE\"\\ ,:{}nx\n\u{e9}".chars() {
                    let rest = &text[at + c.len_utf8()..];
                    for changed in [
                        format!("{}{other}{rest}", &text[..at]),
                        format!("{}{other}{c}{rest}", &text[..at]),
                        format!("{}{rest}", &text[..at]),
                        text[..at].to_owned(),
                    ] {
                        let quickly = PositionRow::as_written(&changed, TOLD);
                        assert!(quickly.is_none() || quickly == slowly(&changed), "{changed}");
                        if let Some(row) = quickly {
                            let source = PositionRow::source_as_written(changed.as_bytes());
                            assert_eq!(source, Some(row.source.as_str()), "{changed}");
                        }
                    }
                }
            }
        }
        // All that the sender can round.
        for millionths in (-180_000_000..=180_000_000).step_by(7_919) {
            let degrees = serde_json::to_string(&(f64::from(millionths) / 1e6)).unwrap();
            let mut text = Written(&degrees);
            // What is nearly zero is written with an exponent.
            let expected = (!degrees.contains('e')).then_some(millionths);
            assert_eq!(text.decimal(6), expected, "{degrees}");
        }
    }

    #[test]
    fn what_is_no_record_says_why() {
        let check = |topic, payload: &str, expected: &str| {
            let reason = AnyRow::parse(topic, payload.as_bytes(), TOLD).err().unwrap();
            assert!(reason.contains(expected), "{reason}");
        };
        check(Topic::Events, "no JSON", "not an event: expected");
        assert!(AnyRow::parse(Topic::Events, &[0xFF], TOLD).err().unwrap().starts_with("no text"));
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
