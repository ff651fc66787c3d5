//! The flat form of a record, for everything that has columns: CSV, GeoJSON properties and the
//! layers `encounters` and `events` of the GeoPackage.
//!
//! Names are those of the wire; what a vessel has of its own ends in `_a` for the first and `_b` for
//! the second.

use maritime::Timestamp;

use crate::{EventRecord, ReasonRecord, VesselRecord};

/// One column: its name, what it holds, and how to take it from a record.
pub(crate) struct Column {
    pub(crate) name: &'static str,
    pub(crate) kind: ColumnKind,
    pub(crate) cell: fn(&EventRecord) -> Cell,
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ColumnKind {
    Text,
    Integer,
    Real,
    Time,
}

/// What stands in one column of one row.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Cell {
    Unknown,
    /// May be hostile; escape it.
    Text(String),
    Integer(i64),
    Real(f64),
    Time(Timestamp),
}

macro_rules! column {
    ($name:expr, $kind:ident, |$record:ident| $cell:expr) => {
        Column { name: $name, kind: ColumnKind::$kind, cell: |$record| Cell::from($cell) }
    };
}

macro_rules! vessel_columns {
    ($index:literal, $suffix:literal) => {
        [
            column!(concat!("mmsi_", $suffix), Integer, |r| vessel(r, $index).map(|v| v.mmsi)),
            column!(concat!("imo_", $suffix), Integer, |r| vessel(r, $index).and_then(|v| v.imo)),
            column!(concat!("name_", $suffix), Text, |r| vessel(r, $index)
                .and_then(|v| v.name.clone())),
            column!(concat!("callsign_", $suffix), Text, |r| vessel(r, $index)
                .and_then(|v| v.callsign.clone())),
            column!(concat!("flag_", $suffix), Text, |r| vessel(r, $index)
                .and_then(|v| v.flag.clone())),
            column!(concat!("type_", $suffix), Text, |r| vessel(r, $index)
                .and_then(|v| v.ship_type.clone())),
            column!(concat!("length_m_", $suffix), Integer, |r| vessel(r, $index)
                .and_then(|v| v.length_m)),
            column!(concat!("beam_m_", $suffix), Integer, |r| vessel(r, $index)
                .and_then(|v| v.beam_m)),
            column!(concat!("draught_m_before_", $suffix), Real, |r| {
                vessel(r, $index).and_then(|v| v.draught_m_before)
            }),
            column!(concat!("draught_m_after_", $suffix), Real, |r| {
                vessel(r, $index).and_then(|v| v.draught_m_after)
            }),
            column!(concat!("gaps_", $suffix), Integer, |r| vessel(r, $index)
                .map(|v| v.gaps.len() as u64)),
            column!(concat!("identity_changes_", $suffix), Integer, |r| vessel(r, $index)
                .map(|v| v.identity_changes)),
            column!(concat!("watchlists_", $suffix), Text, |r| vessel(r, $index)
                .map(|v| v.watchlists.join("; "))),
            column!(concat!("approach_knots_", $suffix), Real, |r| r
                .approach_knots
                .and_then(|knots| knots[$index])),
            column!(concat!("parting_knots_", $suffix), Real, |r| r
                .parting_knots
                .and_then(|knots| knots[$index])),
            column!(concat!("observed_s_", $suffix), Integer, |r| r
                .observed_s
                .get($index)
                .copied()),
            column!(concat!("bridged_s_", $suffix), Integer, |r| r.bridged_s.get($index).copied()),
            column!(concat!("silence_max_s_", $suffix), Integer, |r| r
                .silence_max_s
                .get($index)
                .copied()),
        ]
    };
}

/// All columns, in order.
pub(crate) fn columns() -> impl Iterator<Item = &'static Column> {
    WHAT_AND_WHEN.iter().chain(&VESSEL_A).chain(&VESSEL_B).chain(WHERE_AND_WHY)
}

const WHAT_AND_WHEN: &[Column] = &[
    column!("event_id", Text, |r| r.id.clone()),
    column!("version", Integer, |r| r.version),
    column!("kind", Text, |r| r.kind.clone()),
    column!("state", Text, |r| r.state.clone()),
    column!("class", Text, |r| r.class.clone()),
    column!("class_confidence", Real, |r| r.class_confidence),
    column!("class_reasons", Text, |r| r.class_reasons.as_deref().map(reasons_text)),
    column!("started_at", Time, |r| r.started_at),
    column!("started_at_earliest", Time, |r| r.started_at_earliest),
    column!("started_at_latest", Time, |r| r.started_at_latest),
    column!("ended_at", Time, |r| r.ended_at),
    column!("ended_at_earliest", Time, |r| r.ended_at_earliest),
    column!("ended_at_latest", Time, |r| r.ended_at_latest),
    column!("duration_h", Real, |r| duration_h(r)),
];

const VESSEL_A: [Column; 18] = vessel_columns!(0, "a");
const VESSEL_B: [Column; 18] = vessel_columns!(1, "b");

const WHERE_AND_WHY: &[Column] = &[
    column!("latitude_deg", Real, |r| r.latitude_deg),
    column!("longitude_deg", Real, |r| r.longitude_deg),
    column!("distance_m_min", Real, |r| r.distance_m_min),
    column!("distance_m_p50", Real, |r| r.distance_m_p50),
    column!("distance_m_p95", Real, |r| r.distance_m_p95),
    column!("contact_s", Integer, |r| r.contact_s),
    column!("contact_within_50_m_s", Integer, |r| r.contact_within_50_m_s),
    column!("contact_within_100_m_s", Integer, |r| r.contact_within_100_m_s),
    column!("contact_within_200_m_s", Integer, |r| r.contact_within_200_m_s),
    column!("contact_within_500_m_s", Integer, |r| r.contact_within_500_m_s),
    column!("speed_knots_p50", Real, |r| r.speed_knots_p50),
    column!("hull_gap_m_p50", Real, |r| r.hull_gap_m_p50),
    column!("hull_gap_uncertainty_m", Real, |r| r.hull_gap_uncertainty_m),
    column!("heading_difference_deg_p50", Real, |r| r.heading_difference_deg_p50),
    column!("body_frame_spread_m", Real, |r| r.body_frame_spread_m),
    column!("earth_frame_spread_m", Real, |r| r.earth_frame_spread_m),
    column!("drift_knots", Real, |r| r.drift_knots),
    column!("drift_course_deg", Real, |r| r.drift_course_deg),
    column!("night_share", Real, |r| r.night_share),
    column!("third_vessels", Text, |r| r.third_vessels.as_deref().map(numbers_text)),
    column!("raft", Text, |r| r.raft.clone()),
    column!("coast_distance_m", Real, |r| r.coast_distance_m),
    column!("port_name", Text, |r| r.port_name.clone()),
    column!("port_distance_m", Real, |r| r.port_distance_m),
    column!("anchorage_distance_m", Real, |r| r.anchorage_distance_m),
    column!("meetings_nearby", Integer, |r| r.meetings_nearby),
    column!("zones", Text, |r| r.zones.join("; ")),
    column!("h3_cell", Text, |r| r.h3_cell.clone()),
    column!("figures", Text, |r| figures_text(r)),
    column!("profiles", Text, |r| r.profiles.join(" ")),
    column!("score", Real, |r| r.score),
    column!("reasons", Text, |r| reasons_text(&r.reasons)),
    column!("explanation", Text, |r| r.explanation.clone()),
    column!("as_of", Time, |r| r.as_of),
    column!("software_version", Text, |r| r.software_version.clone()),
    column!("parameters_hash", Text, |r| r.parameters_hash.clone()),
];

fn vessel(record: &EventRecord, index: usize) -> Option<&VesselRecord> {
    record.vessels.get(index)
}

/// From start to end in hours, 2 decimals: what people sort a table by.
fn duration_h(record: &EventRecord) -> f64 {
    let millis = record.ended_at.millis_since(record.started_at);
    (millis as f64 / 36_000.0).round() / 100.0
}

/// `both are tankers (+0.30); 9 km from a port (-0.05)`.
fn reasons_text(reasons: &[ReasonRecord]) -> String {
    let texts: Vec<String> =
        reasons.iter().map(|reason| format!("{} ({:+.2})", reason.text, reason.weight)).collect();
    texts.join("; ")
}

/// `distance_m=12000 silence_probability=0.93`.
fn figures_text(record: &EventRecord) -> String {
    let texts: Vec<String> =
        record.figures.iter().map(|(name, value)| format!("{name}={value}")).collect();
    texts.join(" ")
}

fn numbers_text(numbers: &[u32]) -> String {
    numbers.iter().map(u32::to_string).collect::<Vec<_>>().join(" ")
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Cell::Text(text)
    }
}

impl From<u16> for Cell {
    fn from(number: u16) -> Self {
        Cell::Integer(number.into())
    }
}

impl From<u32> for Cell {
    fn from(number: u32) -> Self {
        Cell::Integer(number.into())
    }
}

impl From<u64> for Cell {
    /// Beyond 2⁶³ seconds of contact it stays there.
    fn from(number: u64) -> Self {
        Cell::Integer(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

impl From<f64> for Cell {
    fn from(number: f64) -> Self {
        Cell::Real(number)
    }
}

impl From<Timestamp> for Cell {
    fn from(at: Timestamp) -> Self {
        Cell::Time(at)
    }
}

impl<T: Into<Cell>> From<Option<T>> for Cell {
    fn from(known: Option<T>) -> Self {
        known.map_or(Cell::Unknown, Into::into)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::samples::{event, provenance};

    #[test]
    fn each_cell_is_of_its_columns_kind_and_each_name_is_used_once() {
        let record = EventRecord::new(&event(), &provenance());
        let mut names = BTreeSet::new();
        for column in columns() {
            assert!(names.insert(column.name), "{} twice", column.name);
            let kind = match (column.cell)(&record) {
                Cell::Unknown => continue,
                Cell::Text(_) => ColumnKind::Text,
                Cell::Integer(_) => ColumnKind::Integer,
                Cell::Real(_) => ColumnKind::Real,
                Cell::Time(_) => ColumnKind::Time,
            };
            assert_eq!(kind, column.kind, "{}", column.name);
        }
    }

    #[test]
    fn duration_and_reasons_are_for_people() {
        let record = EventRecord::new(&event(), &provenance());
        assert_eq!(duration_h(&record), 19.0);
        let expected = "both are tankers (+0.30); +9 km from =\"PORT\" (-0.05)";
        assert_eq!(reasons_text(&record.reasons), expected);
    }
}
