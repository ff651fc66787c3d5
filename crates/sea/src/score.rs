//! What was found, held against what was planted.

use std::fmt;

use maritime::{Timestamp, VesselPair};
use serde::Serialize;

use crate::scenario::Coverage;
use crate::truth::{Kind, Truth};

/// One encounter that a detector reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// Who.
    pub pair: VesselPair,
    /// From when.
    pub started_at: Timestamp,
    /// Until when.
    pub ended_at: Timestamp,
}

/// How a detector did.
///
/// A found encounter belongs to the truth of the same pair with which it shares most time; without a
/// common instant it belongs to none. *Recall* of a row is the share of its truths to which at least
/// one found encounter belongs. *Precision* is the share of all found encounters that belong to a
/// truth that is a meeting: confounders and unplanted pairs count against it, and so does nothing
/// else (a meeting found in three pieces counts three times for it; see `pieces`).
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Scorecard {
    /// One for each coverage and kind that was planted, meetings first.
    pub rows: Vec<ScoreRow>,
    /// How many encounters were found.
    pub found: usize,
    /// Of these, how many belong to a planted meeting.
    pub found_meetings: usize,
    /// Of these, how many belong to a planted confounder, by kind.
    pub found_confounders: Vec<(&'static str, usize)>,
    /// Of these, how many belong to nothing planted.
    pub found_unplanted: usize,
    /// `found_meetings / found`; `None` if nothing was found.
    pub precision: Option<f64>,
}

/// Truths of one kind in one coverage.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ScoreRow {
    /// [`Coverage::name`]
    pub coverage: &'static str,
    /// [`Kind::name`]
    pub kind: &'static str,
    /// Whether they should be found.
    pub is_meeting: bool,
    /// How many there are.
    pub planted: usize,
    /// How many of them were found.
    pub found: usize,
    /// `found / planted`
    pub recall: f64,
    /// Found encounters that belong to them, less `found`: more than 0 if some came in pieces.
    pub pieces: usize,
    /// Found start less true start in seconds, without sign, of the piece that begins first. Median.
    pub start_error_s_p50: Option<f64>,
    /// The worst of these.
    pub start_error_s_max: Option<f64>,
    /// Found end less true end in seconds, without sign, of the piece that ends last. Median.
    pub end_error_s_p50: Option<f64>,
    /// The worst of these.
    pub end_error_s_max: Option<f64>,
}

/// Holds what was found against what was planted.
pub fn score(truths: &[Truth], found: &[Found]) -> Scorecard {
    let mut sorted: Vec<(usize, &Truth)> = truths.iter().enumerate().collect();
    sorted.sort_by_key(|(_, truth)| truth.pair);
    let mut pieces: Vec<Vec<&Found>> = vec![Vec::new(); truths.len()];
    let mut found_unplanted = 0;
    for encounter in found {
        match belongs_to(&sorted, encounter) {
            Some(index) => pieces[index].push(encounter),
            None => found_unplanted += 1,
        }
    }
    let belonging = |kind: Kind| -> usize {
        truths.iter().zip(&pieces).filter(|(t, _)| t.kind == kind).map(|(_, p)| p.len()).sum()
    };
    let found_meetings = Kind::ALL.into_iter().filter(|k| k.is_meeting()).map(belonging).sum();
    let found_confounders = Kind::ALL
        .into_iter()
        .filter(|kind| !kind.is_meeting())
        .map(|kind| (kind.name(), belonging(kind)))
        .filter(|(_, count)| *count > 0)
        .collect();
    let mut rows = Vec::new();
    for coverage in Coverage::ALL {
        for kind in Kind::ALL {
            rows.extend(row(coverage, kind, truths, &pieces));
        }
    }
    rows.sort_by_key(|row: &ScoreRow| !row.is_meeting);
    Scorecard {
        rows,
        found: found.len(),
        found_meetings,
        found_confounders,
        found_unplanted,
        precision: (!found.is_empty()).then(|| found_meetings as f64 / found.len() as f64),
    }
}

/// The truth, by index, with which an encounter shares most time.
fn belongs_to(sorted: &[(usize, &Truth)], encounter: &Found) -> Option<usize> {
    let from = sorted.partition_point(|(_, truth)| truth.pair < encounter.pair);
    sorted[from..]
        .iter()
        .take_while(|(_, truth)| truth.pair == encounter.pair)
        .map(|(index, truth)| {
            let start = truth.started_at.max(encounter.started_at);
            (truth.ended_at.min(encounter.ended_at).millis_since(start), *index)
        })
        .filter(|(shared_ms, _)| *shared_ms >= 0)
        .max()
        .map(|(_, index)| index)
}

fn row(
    coverage: Coverage,
    kind: Kind,
    truths: &[Truth],
    pieces: &[Vec<&Found>],
) -> Option<ScoreRow> {
    let here: Vec<_> = truths
        .iter()
        .zip(pieces)
        .filter(|(truth, _)| truth.coverage == coverage && truth.kind == kind)
        .collect();
    if here.is_empty() {
        return None;
    }
    let seconds = |ms: i64| ms.abs() as f64 / 1000.0;
    let mut start_errors_s = Vec::new();
    let mut end_errors_s = Vec::new();
    for (truth, pieces) in &here {
        let start = pieces.iter().map(|piece| piece.started_at).min();
        start_errors_s.extend(start.map(|start| seconds(start.millis_since(truth.started_at))));
        let end = pieces.iter().map(|piece| piece.ended_at).max();
        end_errors_s.extend(end.map(|end| seconds(end.millis_since(truth.ended_at))));
    }
    let found = start_errors_s.len();
    let (start_error_s_p50, start_error_s_max) = median_and_worst(start_errors_s);
    let (end_error_s_p50, end_error_s_max) = median_and_worst(end_errors_s);
    Some(ScoreRow {
        coverage: coverage.name(),
        kind: kind.name(),
        is_meeting: kind.is_meeting(),
        planted: here.len(),
        found,
        recall: found as f64 / here.len() as f64,
        pieces: here.iter().map(|(_, pieces)| pieces.len()).sum::<usize>() - found,
        start_error_s_p50,
        start_error_s_max,
        end_error_s_p50,
        end_error_s_max,
    })
}

/// Of an even number of values, the median is the upper of the middle two.
fn median_and_worst(mut values: Vec<f64>) -> (Option<f64>, Option<f64>) {
    values.sort_by(f64::total_cmp);
    (values.get(values.len() / 2).copied(), values.last().copied())
}

impl fmt::Display for Scorecard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:<12} {:<20} {:>7} {:>6} {:>7} {:>7}   {:>17}   {:>17}",
            "coverage",
            "planted",
            "number",
            "found",
            "share",
            "pieces",
            "start off by",
            "end off by"
        )?;
        writeln!(f, "{:<66} {:>17}   {:>17}", "", "median / worst", "median / worst")?;
        let mut in_meetings = true;
        for row in &self.rows {
            if in_meetings && !row.is_meeting {
                writeln!(f, "and what is no meeting:")?;
                in_meetings = false;
            }
            let start = errors(row.start_error_s_p50, row.start_error_s_max);
            let end = errors(row.end_error_s_p50, row.end_error_s_max);
            let line = format!(
                "{:<12} {:<20} {:>7} {:>6} {:>5.0} % {:>7}   {start:>17}   {end:>17}",
                row.coverage,
                row.kind.replace('_', " "),
                row.planted,
                row.found,
                row.recall * 100.0,
                row.pieces,
            );
            writeln!(f, "{}", line.trim_end())?;
        }
        let Some(precision) = self.precision else { return write!(f, "nothing was found") };
        write!(
            f,
            "{} found: {} are planted meetings (precision {:.1} %), ",
            self.found,
            self.found_meetings,
            precision * 100.0
        )?;
        for (kind, count) in &self.found_confounders {
            write!(f, "{count} {}, ", kind.replace('_', " "))?;
        }
        write!(f, "{} nothing planted", self.found_unplanted)
    }
}

/// `12 s / 3 min`
fn errors(median_s: Option<f64>, worst_s: Option<f64>) -> String {
    let text = |seconds: f64| match seconds {
        _ if seconds < 120.0 => format!("{seconds:.0} s"),
        _ if seconds < 7200.0 => format!("{:.0} min", seconds / 60.0),
        _ => format!("{:.1} h", seconds / 3600.0),
    };
    match median_s.zip(worst_s) {
        Some((median_s, worst_s)) => format!("{} / {}", text(median_s), text(worst_s)),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use maritime::{Mmsi, Position};

    fn pair(a: u32) -> VesselPair {
        VesselPair::new(Mmsi::new(a).unwrap(), Mmsi::new(636_000_001).unwrap()).unwrap()
    }

    fn truth(kind: Kind, a: u32, from_s: i64, to_s: i64) -> Truth {
        Truth {
            kind,
            coverage: Coverage::Terrestrial,
            pair: pair(a),
            started_at: Timestamp::from_secs(from_s),
            ended_at: Timestamp::from_secs(to_s),
            distance_m_min: 30.0,
            position: Position::new(1.0, 2.0).unwrap(),
        }
    }

    fn found(a: u32, from_s: i64, to_s: i64) -> Found {
        let (started_at, ended_at) = (Timestamp::from_secs(from_s), Timestamp::from_secs(to_s));
        Found { pair: pair(a), started_at, ended_at }
    }

    #[test]
    fn pair_and_time_decide_what_belongs_together() {
        let truths = [
            truth(Kind::Long, 311_000_001, 1000, 20_000),
            truth(Kind::Long, 311_000_002, 1000, 20_000),
            truth(Kind::Tow, 311_000_003, 1000, 20_000),
        ];
        let card = score(
            &truths,
            &[
                found(311_000_001, 1030, 5000),
                found(311_000_001, 6000, 19_990),
                found(311_000_002, 30_000, 40_000),
                found(311_000_003, 2000, 3000),
            ],
        );
        assert_eq!(card.precision, Some(0.5));
        assert_eq!((card.found_meetings, card.found_unplanted), (2, 1));
        assert_eq!(card.found_confounders, [("tow", 1)]);
        let long = &card.rows[0];
        assert_eq!((long.planted, long.found, long.pieces), (2, 1, 1));
        assert_eq!((long.start_error_s_p50, long.end_error_s_p50), (Some(30.0), Some(10.0)));
    }

    #[test]
    fn the_table_is_aligned() {
        let truths = [truth(Kind::Long, 311_000_001, 1000, 20_000), truth(Kind::Tow, 5, 0, 9)];
        let table = score(&truths, &[found(311_000_001, 1030, 25_000)]).to_string();
        assert_eq!(
            table,
            "\
coverage     planted               number  found   share  pieces        start off by          end off by
                                                                      median / worst      median / worst
terrestrial  long                       1      1   100 %       0         30 s / 30 s     83 min / 83 min
and what is no meeting:
terrestrial  tow                        1      0     0 %       0
1 found: 1 are planted meetings (precision 100.0 %), 0 nothing planted"
        );
    }
}
