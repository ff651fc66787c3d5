//! The form of an event on the wire.
//!
//! Takes an [`Event`] and gives a record whose field names, order and rounding are fixed, so the same
//! event is the same bytes on every machine. Readers ignore fields they do not know.

use std::time::Duration;

use std::collections::BTreeMap;

use h3o::{LatLng, Resolution};
use maritime::{Event, EventVessel, Meeting, Position, Reason, Timestamp};
use serde::{Deserialize, Serialize};

use crate::explanation::explain;

/// Which program found an event, and with which parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provenance {
    /// For example `0.1.0`.
    pub software_version: String,
    /// Of the parameters in their canonical form.
    pub parameters_hash: String,
}

/// An event as it is written: `null` for what is unknown, instants in UTC to the millisecond, spans in
/// whole seconds. Arrays are in the order of `vessels`. What is known of meetings alone is `null` in other kinds of
/// events, whose numbers are in `figures`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EventRecord {
    /// Never changes; see [`maritime::EventId`].
    pub id: String,
    /// From 1; of two records with one id, the higher holds.
    pub version: u32,
    /// See [`maritime::EventKind`].
    pub kind: String,
    /// `candidate`, `open`, `closed`, `revised` or `retracted`.
    pub state: String,
    /// What sort of meeting; see [`maritime::MeetingClass`].
    pub class: Option<String>,
    /// How clearly it is of that class, in `[0, 1]`; 2 decimals.
    pub class_confidence: Option<f64>,
    /// What decided on the class; `null` where there is none.
    pub class_reasons: Option<Vec<ReasonRecord>>,
    /// The lower MMSI first; of an identity or an area those it is about.
    pub vessels: Vec<VesselRecord>,
    /// When they came within contact distance.
    #[serde(with = "rfc3339")]
    pub started_at: Timestamp,
    /// Bound of `started_at`; `null` if nothing was heard before.
    #[serde(default, with = "rfc3339_or_null")]
    pub started_at_earliest: Option<Timestamp>,
    /// Bound of `started_at`.
    #[serde(with = "rfc3339")]
    pub started_at_latest: Timestamp,
    /// When they were apart again, or until when they are known to be together.
    #[serde(with = "rfc3339")]
    pub ended_at: Timestamp,
    /// Bound of `ended_at`.
    #[serde(with = "rfc3339")]
    pub ended_at_earliest: Timestamp,
    /// Bound of `ended_at`; `null` if nothing was heard since.
    #[serde(default, with = "rfc3339_or_null")]
    pub ended_at_latest: Option<Timestamp>,
    /// North positive, 6 decimals. AIS gives 1/600 000 degree, which falls on no half of these: the same
    /// place is rounded alike on every meridian.
    pub latitude_deg: f64,
    /// East positive, in `[-180, 180]`, 6 decimals.
    pub longitude_deg: f64,
    /// Between the antennas, at the nearest; 1 decimal, as all distances.
    pub distance_m_min: Option<f64>,
    /// Median over the time in contact.
    pub distance_m_p50: Option<f64>,
    /// 95th percentile over the time in contact.
    pub distance_m_p95: Option<f64>,
    /// Within contact distance.
    pub contact_s: Option<u64>,
    /// Within 50 m.
    pub contact_within_50_m_s: Option<u64>,
    /// Within 100 m.
    pub contact_within_100_m_s: Option<u64>,
    /// Within 200 m.
    pub contact_within_200_m_s: Option<u64>,
    /// Within 500 m.
    pub contact_within_500_m_s: Option<u64>,
    /// Over ground, mean of the two, median over the time in contact; 2 decimals.
    pub speed_knots_p50: Option<f64>,
    /// Between the hulls, median over the time in contact.
    pub hull_gap_m_p50: Option<f64>,
    /// By how much that may be wrong.
    pub hull_gap_uncertainty_m: Option<f64>,
    /// Between the bows, in `[0, 180]`, median over the time in contact.
    pub heading_difference_deg_p50: Option<f64>,
    /// How far the second vessel moved in the frame of the first one's body, root mean square.
    pub body_frame_spread_m: Option<f64>,
    /// How far the second vessel moved about the first in the frame of the earth, root mean square.
    pub earth_frame_spread_m: Option<f64>,
    /// Of the two together, over ground.
    pub drift_knots: Option<f64>,
    /// The direction of that, clockwise from true north.
    pub drift_course_deg: Option<f64>,
    /// Mean speed of each in the hour before.
    pub approach_knots: Option<[Option<f64>; 2]>,
    /// Mean speed of each in the hour after.
    pub parting_knots: Option<[Option<f64>; 2]>,
    /// Share of the time in contact by night, in `[0, 1]`; 2 decimals.
    pub night_share: Option<f64>,
    /// Numbers of other vessels in contact with one of them at the time.
    pub third_vessels: Option<Vec<u32>>,
    /// The id that is the same for all encounters that hang together through them.
    pub raft: Option<String>,
    /// Of the time in contact, near a report of each vessel.
    pub observed_s: Vec<u64>,
    /// Of the time in contact, bridged between reports of each vessel.
    pub bridged_s: Vec<u64>,
    /// Longest silence of each vessel that touches the contact.
    pub silence_max_s: Vec<u64>,
    /// To the coast line of the 1:10m map; 0 on land, `null` where no map was used.
    pub coast_distance_m: Option<f64>,
    /// The nearest port within 100 km.
    pub port_name: Option<String>,
    /// How far that is.
    pub port_distance_m: Option<f64>,
    /// To the nearest place where many vessels have stood still by then, within 50 km.
    pub anchorage_distance_m: Option<f64>,
    /// Meetings of other pairs in the cell of some 4 km in the 30 days before.
    pub meetings_nearby: Option<u32>,
    /// The user's zones around it.
    #[serde(default)]
    pub zones: Vec<String>,
    /// The H3 cell at resolution 7, some 5 km², in hexadecimal digits.
    pub h3_cell: String,
    /// The numbers that make up an event that is no encounter, by name; units are in the names.
    #[serde(default)]
    pub figures: BTreeMap<String, f64>,
    /// Definitions of a meeting that this one satisfies.
    pub profiles: Vec<String>,
    /// In `[0, 1]`, 2 decimals.
    pub score: f64,
    /// What speaks for and against.
    pub reasons: Vec<ReasonRecord>,
    /// All of it in a paragraph of plain English; hostile names are in it as they were sent.
    #[serde(default)]
    pub explanation: String,
    /// The time of the data up to which this was known.
    #[serde(with = "rfc3339")]
    pub as_of: Timestamp,
    /// Which program found it.
    pub software_version: String,
    /// With which parameters.
    pub parameters_hash: String,
}

/// One vessel of an [`EventRecord`], as it called itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VesselRecord {
    /// Nine digits; leading zeros are not written.
    pub mmsi: u32,
    /// With a right check digit.
    pub imo: Option<u32>,
    /// As sent: hostile until escaped.
    pub name: Option<String>,
    /// As sent: hostile until escaped.
    pub callsign: Option<String>,
    /// ISO 3166-1, two letters, by the MMSI.
    pub flag: Option<String>,
    /// In words, such as `tanker`.
    #[serde(rename = "type")]
    pub ship_type: Option<String>,
    /// From bow to stern.
    pub length_m: Option<u16>,
    /// From side to side.
    pub beam_m: Option<u16>,
    /// As last sent before the start; 1 decimal.
    pub draught_m_before: Option<f64>,
    /// As last sent when the event was told; 1 decimal.
    pub draught_m_after: Option<f64>,
    /// Its silences in the day before and the day after, as far as they are known.
    #[serde(default)]
    pub gaps: Vec<GapRecord>,
    /// How often it changed its identity in that time.
    #[serde(default)]
    pub identity_changes: u32,
    /// Lists that name it, with what they matched by.
    #[serde(default)]
    pub watchlists: Vec<String>,
}

/// A silence of a [`VesselRecord`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GapRecord {
    /// Heard last.
    #[serde(with = "rfc3339")]
    pub started_at: Timestamp,
    /// Heard again.
    #[serde(with = "rfc3339")]
    pub ended_at: Timestamp,
}

/// One reason of an [`EventRecord`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReasonRecord {
    /// `snake_case`, fixed.
    pub rule: String,
    /// Negative if it speaks against; 2 decimals.
    pub weight: f64,
    /// In plain English.
    pub text: String,
}

impl EventRecord {
    /// Whether it is shown where nobody asks for all: an encounter that satisfies a profile, or of another kind.
    pub fn is_flagged(&self) -> bool {
        self.kind != "encounter" || !self.profiles.is_empty()
    }

    /// What is written of `event`. Its tracks are not: they go to [`crate::GeoPackage`] alone.
    pub fn new(event: &Event, provenance: &Provenance) -> Self {
        let each = |span: fn(&EventVessel) -> Duration| {
            event.vessels.iter().map(|vessel| whole_seconds(span(vessel))).collect()
        };
        let meeting = event.meeting.as_deref();
        let number = |value: fn(&Meeting) -> f64, decimals| {
            meeting.map(|meeting| rounded(value(meeting), decimals))
        };
        let perhaps = |value: fn(&Meeting) -> Option<f64>, decimals| {
            meeting.and_then(value).map(|value| rounded(value, decimals))
        };
        let speeds = |value: fn(&Meeting) -> [Option<f64>; 2]| {
            let knots = |known: Option<f64>| known.map(|knots| rounded(knots, 2));
            meeting.map(|meeting| value(meeting).map(knots))
        };
        let class = event.class.as_ref();
        let place = &event.place;
        let within_s = |distance_m| meeting.map(|meeting| contact_within_s(meeting, distance_m));
        EventRecord {
            id: event.id.to_string(),
            version: event.version,
            kind: event.kind().name().into(),
            state: event.state.name().into(),
            class: class.map(|verdict| verdict.class.name().into()),
            class_confidence: class.map(|verdict| rounded(verdict.confidence, 2)),
            class_reasons: class
                .map(|verdict| verdict.reasons.iter().map(ReasonRecord::new).collect()),
            vessels: event.vessels.iter().map(VesselRecord::new).collect(),
            started_at: event.started_at,
            started_at_earliest: event.started_at_earliest,
            started_at_latest: event.started_at_latest,
            ended_at: event.ended_at,
            ended_at_earliest: event.ended_at_earliest,
            ended_at_latest: event.ended_at_latest,
            latitude_deg: rounded(event.position.latitude_deg(), 6),
            longitude_deg: rounded(event.position.longitude_deg(), 6),
            distance_m_min: number(|meeting| meeting.distance_m_min, 1),
            distance_m_p50: number(|meeting| meeting.distance_m_p50, 1),
            distance_m_p95: number(|meeting| meeting.distance_m_p95, 1),
            contact_s: meeting.map(|meeting| whole_seconds(meeting.contact)),
            contact_within_50_m_s: within_s(50),
            contact_within_100_m_s: within_s(100),
            contact_within_200_m_s: within_s(200),
            contact_within_500_m_s: within_s(500),
            speed_knots_p50: number(|meeting| meeting.speed_knots_p50, 2),
            hull_gap_m_p50: perhaps(|meeting| meeting.hull_gap_m_p50, 1),
            hull_gap_uncertainty_m: perhaps(|meeting| meeting.hull_gap_uncertainty_m, 1),
            heading_difference_deg_p50: perhaps(|meeting| meeting.heading_difference_deg_p50, 1),
            body_frame_spread_m: perhaps(|meeting| meeting.body_frame_spread_m, 1),
            earth_frame_spread_m: perhaps(|meeting| meeting.earth_frame_spread_m, 1),
            drift_knots: number(|meeting| meeting.drift_knots, 2),
            drift_course_deg: perhaps(|meeting| meeting.drift_course_deg, 1),
            approach_knots: speeds(|meeting| meeting.approach_knots),
            parting_knots: speeds(|meeting| meeting.parting_knots),
            night_share: number(|meeting| meeting.night_share, 2),
            third_vessels: meeting
                .map(|meeting| meeting.third_vessels.iter().map(|mmsi| mmsi.get()).collect()),
            raft: meeting.and_then(|meeting| meeting.raft).map(|id| id.to_string()),
            observed_s: each(|vessel| vessel.observed),
            bridged_s: each(|vessel| vessel.bridged),
            silence_max_s: each(|vessel| vessel.silence_max),
            coast_distance_m: place.coast_distance_m.map(|distance_m| rounded(distance_m, 1)),
            port_name: place.port.as_ref().map(|(name, _)| name.clone()),
            port_distance_m: place.port.as_ref().map(|(_, distance_m)| rounded(*distance_m, 1)),
            anchorage_distance_m: place.anchorage_distance_m.map(|metres| rounded(metres, 1)),
            meetings_nearby: place.meetings_nearby,
            zones: place.zones.clone(),
            h3_cell: h3_cell(event.position),
            figures: figures(event),
            profiles: event.profiles.clone(),
            score: rounded(event.score, 2),
            reasons: event.reasons.iter().map(ReasonRecord::new).collect(),
            explanation: explain(event),
            as_of: event.as_of,
            software_version: provenance.software_version.clone(),
            parameters_hash: provenance.parameters_hash.clone(),
        }
    }
}

impl VesselRecord {
    fn new(vessel: &EventVessel) -> Self {
        let identity = &vessel.identity;
        VesselRecord {
            mmsi: vessel.mmsi.get(),
            imo: identity.imo.map(|imo| imo.get()),
            name: identity.name.map(|name| name.as_str().into()),
            callsign: identity.callsign.map(|callsign| callsign.as_str().into()),
            flag: vessel.mmsi.flag().map(|flag| flag.code().into()),
            ship_type: identity
                .ship_type
                .and_then(|ship_type| ship_type.category())
                .map(|category| category.name().into()),
            length_m: identity.dimensions.map(|dimensions| dimensions.length_m()),
            beam_m: identity.dimensions.map(|dimensions| dimensions.beam_m()),
            draught_m_before: vessel.draught_m_before.map(|draught_m| rounded(draught_m.into(), 1)),
            draught_m_after: vessel.draught_m_after.map(|draught_m| rounded(draught_m.into(), 1)),
            gaps: vessel.gaps.iter().map(GapRecord::new).collect(),
            identity_changes: vessel.identity_changes,
            watchlists: vessel.watchlists.clone(),
        }
    }
}

impl GapRecord {
    fn new(&(started_at, ended_at): &(Timestamp, Timestamp)) -> Self {
        GapRecord { started_at, ended_at }
    }
}

impl ReasonRecord {
    fn new(reason: &Reason) -> Self {
        ReasonRecord {
            rule: reason.rule.into(),
            weight: rounded(reason.weight, 2),
            text: reason.text.clone(),
        }
    }
}

/// By name; what is no number is left out, for JSON has no word for it.
fn figures(event: &Event) -> BTreeMap<String, f64> {
    let finite = event.figures.iter().filter(|figure| figure.value.is_finite());
    finite.map(|figure| (figure.name.to_owned(), rounded(figure.value, 4))).collect()
}

fn h3_cell(position: Position) -> String {
    let place = LatLng::new(position.latitude_deg(), position.longitude_deg());
    place.expect("a position is finite").to_cell(Resolution::Seven).to_string()
}

fn contact_within_s(meeting: &Meeting, distance_m: u16) -> u64 {
    let within = meeting.contact_within_m.iter().find(|&&(within_m, _)| within_m == distance_m);
    let &(_, span) = within.expect("a meeting counts the time within 50, 100, 200 and 500 m");
    whole_seconds(span)
}

/// To the nearest second, half a second up.
fn whole_seconds(span: Duration) -> u64 {
    (span + Duration::from_millis(500)).as_secs()
}

/// To so many decimals. JSON then writes the shortest digits that give this number back, which are at
/// most as many. Never the negative zero, which would be a second way to write nought.
pub(crate) fn rounded(value: f64, decimals: i32) -> f64 {
    let scale = 10_f64.powi(decimals);
    (value * scale).round() / scale + 0.0
}

/// `2024-01-01T00:14:07.250Z`.
pub(crate) mod rfc3339 {
    use std::fmt;

    use maritime::Timestamp;
    use serde::{Deserializer, Serializer, de};

    pub(crate) fn serialize<S: Serializer>(at: &Timestamp, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(at)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Timestamp, D::Error> {
        from.deserialize_str(Text)
    }

    /// Reads the text where it stands: every position has one.
    struct Text;

    impl de::Visitor<'_> for Text {
        type Value = Timestamp;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a time")
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<Timestamp, E> {
            Timestamp::parse(text).map_err(E::custom)
        }
    }
}

/// The same, or `null`.
mod rfc3339_or_null {
    use maritime::Timestamp;
    use serde::{Deserialize, Deserializer, Serializer, de};

    pub(super) fn serialize<S: Serializer>(
        at: &Option<Timestamp>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        match at {
            Some(at) => to.collect_str(at),
            None => to.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<Timestamp>, D::Error> {
        let text = Option::<String>::deserialize(from)?;
        text.map(|text| Timestamp::parse(&text).map_err(de::Error::custom)).transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{event, gap, provenance};

    #[test]
    fn names_order_and_rounding_are_fixed() {
        let record = EventRecord::new(&event(), &provenance());
        // What it says is tested where it is made.
        let record = EventRecord { explanation: "It is explained.".into(), ..record };
        let expected = r#"{"id":"encounter-311000222-538005541-20240101T001407Z","version":3,
"kind":"encounter","state":"closed","class":"possible_transfer","class_confidence":0.8,
"class_reasons":[{"rule":"hull_gap","weight":0.5,"text":"hull at hull"}],
"vessels":[{"mmsi":311000222,"imo":9074729,"name":"GULF \"ONE\"",
"callsign":"C6AB1","flag":"BS","type":"tanker","length_m":274,"beam_m":48,"draught_m_before":8.1,
"draught_m_after":14.9,"gaps":[{"started_at":"2023-12-31T14:14:07.250Z",
"ended_at":"2023-12-31T19:14:07.250Z"}],"identity_changes":0,"watchlists":["OFAC SDN by IMO"]},
{"mmsi":538005541,"imo":null,"name":"=HYPERLINK(\"//X.Y\")","callsign":null,
"flag":"MH","type":null,"length_m":null,"beam_m":null,"draught_m_before":null,
"draught_m_after":null,"gaps":[],"identity_changes":0,"watchlists":[]}],
"started_at":"2024-01-01T00:14:07.250Z",
"started_at_earliest":"2024-01-01T00:04:07.250Z","started_at_latest":"2024-01-01T00:24:07.250Z",
"ended_at":"2024-01-01T19:14:07.250Z","ended_at_earliest":"2024-01-01T19:04:07.250Z",
"ended_at_latest":null,"latitude_deg":28.2504,"longitude_deg":-94.8597,"distance_m_min":61.2,
"distance_m_p50":129.0,"distance_m_p95":181.4,"contact_s":67500,"contact_within_50_m_s":0,
"contact_within_100_m_s":600,"contact_within_200_m_s":67000,"contact_within_500_m_s":67500,
"speed_knots_p50":0.55,"hull_gap_m_p50":4.0,"hull_gap_uncertainty_m":12.0,
"heading_difference_deg_p50":null,"body_frame_spread_m":null,"earth_frame_spread_m":null,
"drift_knots":0.0,"drift_course_deg":null,"approach_knots":[9.5,null],"parting_knots":[null,null],
"night_share":0.0,"third_vessels":[],"raft":null,"observed_s":[51230,48811],"bridged_s":[16270,18689],
"silence_max_s":[3600,5400],"coast_distance_m":86273.0,"port_name":"Port Fourchon",
"port_distance_m":92000.0,"anchorage_distance_m":null,"meetings_nearby":3,"zones":[],
"h3_cell":"874892c8affffff","figures":{},"profiles":["gfw","sts"],"score":0.83,
"reasons":[{"rule":"tankers","weight":0.3,"text":"both are tankers"},{"rule":"near_port",
"weight":-0.05,"text":"+9 km from =\"PORT\""}],"explanation":"It is explained.",
"as_of":"2024-01-02T00:00:00.000Z","software_version":"0.1.0","parameters_hash":"c0ffee"}"#;
        assert_eq!(serde_json::to_string(&record).unwrap(), expected.replace('\n', ""));
    }

    #[track_caller]
    fn check_read(event: &Event) {
        let record = EventRecord::new(event, &provenance());
        let text = serde_json::to_string(&record).unwrap();
        assert_eq!(serde_json::from_str::<EventRecord>(&text).unwrap(), record);
    }

    #[test]
    fn a_record_reads_as_it_is_written() {
        check_read(&event());
        check_read(&gap());
    }

    #[test]
    fn what_another_kind_has_not_is_null_and_its_figures_are_an_object() {
        let record = EventRecord::new(&gap(), &provenance());
        let value = serde_json::to_value(&record).unwrap();
        assert!(value["distance_m_min"].is_null() && value["class"].is_null());
        assert_eq!(value["figures"]["silence_probability"], 0.93);
    }

    #[test]
    fn fields_of_later_versions_are_ignored() {
        let record = EventRecord::new(&event(), &provenance());
        let text = serde_json::to_string(&record).unwrap().replacen('{', r#"{"later":"tow","#, 1);
        assert_eq!(serde_json::from_str::<EventRecord>(&text).unwrap(), record);
    }

    #[track_caller]
    fn check_rounded(value: f64, decimals: i32, expected: &str) {
        assert_eq!(serde_json::to_string(&rounded(value, decimals)).unwrap(), expected);
    }

    #[test]
    fn numbers_have_no_more_decimals_than_they_mean() {
        check_rounded(61.249_999, 1, "61.2");
        check_rounded(-0.000_001, 5, "0.0");
        check_rounded(f64::from(14.9_f32), 1, "14.9");
        check_rounded(-179.999_999_9, 5, "-180.0");
    }
}
