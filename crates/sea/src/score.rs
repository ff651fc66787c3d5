//! What was found, held against what was planted.

use std::collections::BTreeMap;
use std::fmt;

use maritime::{MeetingClass, Mmsi, Position, Timestamp, VesselPair};
use serde::Serialize;

use crate::scenario::Coverage;
use crate::truth::{Kind, Truth};

/// What a detector reports.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Findings {
    /// Pairs that it saw near each other.
    pub encounters: Vec<Found>,
    /// Pairs that may have met unseen.
    pub dark_meetings: Vec<Candidate>,
    /// Ships that it takes to have changed their identity: under which numbers.
    pub identity_changes: Vec<Vec<Mmsi>>,
}

/// One encounter that a detector reports.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// Who.
    pub pair: VesselPair,
    /// From when.
    pub started_at: Timestamp,
    /// Until when.
    pub ended_at: Timestamp,
    /// Where, if it says so.
    pub position: Option<Position>,
    /// As what, if it says so: [`MeetingClass::name`].
    pub class: Option<String>,
}

/// One pair that a detector takes for having perhaps met unseen.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// Who.
    pub pair: VesselPair,
    /// From when they may have been together.
    pub started_at: Timestamp,
    /// Until when.
    pub ended_at: Timestamp,
    /// Where, if it says so.
    pub position: Option<Position>,
    /// The higher, the more a person should look at it.
    pub score: f64,
}

/// How a detector did.
///
/// A found encounter belongs to the truth of the same pair with which it shares most time; without a
/// common instant it belongs to none. *Recall* of a row is the share of its truths to which at least
/// one found encounter belongs.
///
/// An encounter *claims* a meeting if its class is `alongside` or `possible_transfer`, or if it has none.
/// *Precision* is the share of the claims that belong to a planted meeting, dark ones included:
/// confounders told in a class of theirs are no mistake, all others and unplanted pairs are (a meeting
/// found in three pieces counts three times for it; see `pieces`).
///
/// What belongs to a truth belongs to the truth's coverage. What belongs to none belongs to the
/// coverage of the planted thing that is nearest in place; without a place, to the first in
/// [`Coverage::ALL`] in which something was planted.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Scorecard {
    /// One for each coverage and kind of meeting or of what looks like one that was planted, meetings first.
    pub rows: Vec<ScoreRow>,
    /// One for each coverage in which something was planted.
    pub coverages: Vec<CoverageScore>,
    /// One for each coverage in which ships were planted that were silent on purpose or for want of reception.
    pub dark: Vec<DarkScore>,
    /// One for each coverage in which changes of identity were planted.
    pub identity_changes: Vec<IdentityScore>,
    /// How many encounters were found.
    pub found: usize,
    /// Of these, how many claim a meeting.
    pub claims: usize,
    /// Of the claims, how many belong to a planted meeting.
    pub found_meetings: usize,
    /// Of the claims, how many belong to a planted confounder, by kind.
    pub found_confounders: Vec<(&'static str, usize)>,
    /// Of the claims, how many belong to nothing planted.
    pub found_unplanted: usize,
    /// `found_meetings / claims`; `None` if nothing was claimed.
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
    /// In which class they should be told, see [`Kind::class`]; `None` for what should not be told at all.
    pub class: Option<&'static str>,
    /// How many of those found were told in that class, in the longest piece. For a meeting `alongside` will do.
    pub in_class: usize,
    /// `in_class / found`; `None` if none was found, if none was told with a class, or if there is no right one.
    pub class_share: Option<f64>,
    /// Classes of the longest pieces, with how many had them.
    pub classes: BTreeMap<String, usize>,
    /// Found start less true start in seconds, without sign, of the piece that begins first. Median.
    pub start_error_s_p50: Option<f64>,
    /// The worst of these.
    pub start_error_s_max: Option<f64>,
    /// Found end less true end in seconds, without sign, of the piece that ends last. Median.
    pub end_error_s_p50: Option<f64>,
    /// The worst of these.
    pub end_error_s_max: Option<f64>,
}

/// Everything in one coverage.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CoverageScore {
    /// [`Coverage::name`]
    pub coverage: &'static str,
    /// Meetings planted, without dark ones.
    pub planted: usize,
    /// How many of them were found.
    pub found: usize,
    /// `found / planted`; `None` without any.
    pub recall: Option<f64>,
    /// Encounters that claim a meeting.
    pub claims: usize,
    /// Of these, how many belong to a planted meeting.
    pub true_claims: usize,
    /// `true_claims / claims`; `None` if nothing was claimed.
    pub precision: Option<f64>,
    /// As in [`ScoreRow`], over all meetings.
    pub start_error_s_p50: Option<f64>,
    /// As in [`ScoreRow`], over all meetings.
    pub start_error_s_max: Option<f64>,
    /// As in [`ScoreRow`], over all meetings.
    pub end_error_s_p50: Option<f64>,
    /// As in [`ScoreRow`], over all meetings.
    pub end_error_s_max: Option<f64>,
}

/// Dark meetings in one coverage. The top are as many of the coverage's candidates, by score, as dark
/// meetings were planted there; of equal scores those of lower numbers come first.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DarkScore {
    /// [`Coverage::name`]
    pub coverage: &'static str,
    /// Dark meetings planted.
    pub planted: usize,
    /// Candidates of the detector.
    pub candidates: usize,
    /// Planted ones of which there is a candidate at all.
    pub found: usize,
    /// Planted ones among the top.
    pub found_top: usize,
    /// `found_top / planted`; `None` without any.
    pub recall_top: Option<f64>,
    /// The same by kind: planted, and among the top.
    pub kinds: BTreeMap<&'static str, (usize, usize)>,
    /// Candidates that are pairs planted as unable to have met.
    pub infeasible: usize,
    /// Candidates that are pairs planted as unheard for want of reception.
    pub unheard: usize,
    /// Of these, how many are among the top.
    pub unheard_top: usize,
    /// Candidates that are nothing planted.
    pub unplanted: usize,
    /// From the place of a planted one to that of its best candidate, in metres: median.
    pub place_error_m_p50: Option<f64>,
    /// Share of the true time together that lies within the best candidate's time: median.
    pub time_covered_p50: Option<f64>,
}

/// Changes of identity in one coverage.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct IdentityScore {
    /// [`Coverage::name`]
    pub coverage: &'static str,
    /// Planted.
    pub planted: usize,
    /// Of which one finding names the new number or the old.
    pub found: usize,
}

/// Holds what was found against what was planted.
pub fn score(truths: &[Truth], findings: &Findings) -> Scorecard {
    let found = &findings.encounters;
    let mut sorted: Vec<(usize, &Truth)> = truths.iter().enumerate().collect();
    sorted.sort_by_key(|(_, truth)| truth.pair);
    let mut pieces: Vec<Vec<&Found>> = vec![Vec::new(); truths.len()];
    let mut unplanted: Vec<(Coverage, &Found)> = Vec::new();
    for encounter in found {
        let span = (encounter.started_at, encounter.ended_at);
        match belongs_to(&sorted, encounter.pair, span) {
            Some(index) => pieces[index].push(encounter),
            None => unplanted.extend(
                coverage_at(truths, encounter.position).map(|coverage| (coverage, encounter)),
            ),
        }
    }
    let claims_of = |coverage: Option<Coverage>, wanted: &dyn Fn(Kind) -> bool| -> usize {
        let here = truths.iter().zip(&pieces).filter(|(truth, _)| {
            wanted(truth.kind) && coverage.is_none_or(|coverage| truth.coverage == coverage)
        });
        here.map(|(_, pieces)| pieces.iter().filter(|piece| piece.claims_meeting()).count()).sum()
    };
    let is_right = |kind: Kind| kind.is_meeting() || kind.is_dark_meeting();
    let unplanted_in = |coverage: Option<Coverage>| {
        let here = unplanted.iter().filter(|(at, found)| {
            found.claims_meeting() && coverage.is_none_or(|coverage| *at == coverage)
        });
        here.count()
    };
    let mut card = Scorecard {
        rows: Vec::new(),
        coverages: Vec::new(),
        dark: Vec::new(),
        identity_changes: Vec::new(),
        found: found.len(),
        claims: found.iter().filter(|found| found.claims_meeting()).count(),
        found_meetings: claims_of(None, &is_right),
        found_confounders: Kind::ALL
            .into_iter()
            .filter(|kind| !is_right(*kind))
            .map(|kind| (kind.name(), claims_of(None, &|other| other == kind)))
            .filter(|(_, count)| *count > 0)
            .collect(),
        found_unplanted: unplanted_in(None),
        precision: None,
    };
    card.precision = share(card.found_meetings, card.claims);
    for coverage in Coverage::ALL {
        if truths.iter().all(|truth| truth.coverage != coverage) {
            continue;
        }
        for kind in Kind::ALL {
            card.rows.extend(row(coverage, kind, truths, &pieces));
        }
        let true_claims = claims_of(Some(coverage), &is_right);
        let claims = claims_of(Some(coverage), &|_| true) + unplanted_in(Some(coverage));
        let meetings = |truth: &Truth| truth.coverage == coverage && truth.is_meeting();
        card.coverages.push(coverage_score(
            coverage,
            [claims, true_claims],
            &errors_of(truths, &pieces, &meetings),
        ));
        card.dark.extend(dark_score(coverage, truths, &sorted, &findings.dark_meetings));
        card.identity_changes.extend(identity_score(coverage, truths, &findings.identity_changes));
    }
    card.rows.sort_by_key(|row: &ScoreRow| !row.is_meeting);
    card
}

impl Found {
    /// Whether it is told as a meeting, or in no class.
    fn claims_meeting(&self) -> bool {
        self.class.as_deref().is_none_or(is_meeting_class)
    }
}

fn is_meeting_class(class: &str) -> bool {
    [MeetingClass::Alongside, MeetingClass::PossibleTransfer].iter().any(|c| c.name() == class)
}

fn share(part: usize, whole: usize) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// Of the planted thing nearest to there.
fn coverage_at(truths: &[Truth], position: Option<Position>) -> Option<Coverage> {
    let Some(position) = position else { return truths.iter().map(|truth| truth.coverage).min() };
    let distance_m = |truth: &&Truth| truth.position.distance_m(position);
    let nearest = truths.iter().min_by(|a, b| distance_m(a).total_cmp(&distance_m(b)));
    nearest.map(|truth| truth.coverage)
}

/// The truth, by index, of a pair with which a span of time shares most; none without a common instant.
fn belongs_to(
    sorted: &[(usize, &Truth)],
    pair: VesselPair,
    (started_at, ended_at): (Timestamp, Timestamp),
) -> Option<usize> {
    let from = sorted.partition_point(|(_, truth)| truth.pair < pair);
    sorted[from..]
        .iter()
        .take_while(|(_, truth)| truth.pair == pair)
        .map(|(index, truth)| (shared_ms(truth, started_at, ended_at), *index))
        .filter(|(shared_ms, _)| *shared_ms >= 0)
        .max()
        .map(|(_, index)| index)
}

fn shared_ms(truth: &Truth, started_at: Timestamp, ended_at: Timestamp) -> i64 {
    truth.ended_at.min(ended_at).millis_since(truth.started_at.max(started_at))
}

fn row(
    coverage: Coverage,
    kind: Kind,
    truths: &[Truth],
    pieces: &[Vec<&Found>],
) -> Option<ScoreRow> {
    let is_dark =
        kind.is_dark_meeting() || matches!(kind, Kind::InfeasibleGap | Kind::ReceptionHole);
    if is_dark || kind == Kind::IdentityChange {
        return None;
    }
    let errors =
        errors_of(truths, pieces, &|truth| truth.coverage == coverage && truth.kind == kind);
    if errors.planted == 0 {
        return None;
    }
    let expected = kind.class().map(MeetingClass::name);
    let mut classes: BTreeMap<String, usize> = BTreeMap::new();
    for class in &errors.classes {
        *classes.entry(class.clone()).or_default() += 1;
    }
    let is_right =
        |class: &str| Some(class) == expected || kind.is_meeting() && is_meeting_class(class);
    let in_class = errors.classes.iter().filter(|class| is_right(class)).count();
    let is_told = expected.is_some() && !classes.is_empty();
    let (start_error_s_p50, start_error_s_max) = median_and_worst(&errors.start_s);
    let (end_error_s_p50, end_error_s_max) = median_and_worst(&errors.end_s);
    Some(ScoreRow {
        coverage: coverage.name(),
        kind: kind.name(),
        is_meeting: kind.is_meeting(),
        planted: errors.planted,
        found: errors.found(),
        recall: errors.found() as f64 / errors.planted as f64,
        pieces: errors.pieces - errors.found(),
        class: expected,
        in_class,
        class_share: share(in_class, errors.found()).filter(|_| is_told),
        classes,
        start_error_s_p50,
        start_error_s_max,
        end_error_s_p50,
        end_error_s_max,
    })
}

/// What was found of some truths.
#[derive(Default)]
struct Errors {
    planted: usize,
    pieces: usize,
    /// One for each that was found.
    start_s: Vec<f64>,
    end_s: Vec<f64>,
    /// Of the longest piece of each that was found, if it was told with a class.
    classes: Vec<String>,
}

impl Errors {
    fn found(&self) -> usize {
        self.start_s.len()
    }
}

fn errors_of(truths: &[Truth], pieces: &[Vec<&Found>], wanted: &dyn Fn(&Truth) -> bool) -> Errors {
    let seconds = |ms: i64| ms.abs() as f64 / 1000.0;
    let mut errors = Errors::default();
    for (truth, pieces) in truths.iter().zip(pieces).filter(|(truth, _)| wanted(truth)) {
        errors.planted += 1;
        errors.pieces += pieces.len();
        let start = pieces.iter().map(|piece| piece.started_at).min();
        errors.start_s.extend(start.map(|start| seconds(start.millis_since(truth.started_at))));
        let end = pieces.iter().map(|piece| piece.ended_at).max();
        errors.end_s.extend(end.map(|end| seconds(end.millis_since(truth.ended_at))));
        let longest = pieces.iter().max_by_key(|p| p.ended_at.millis_since(p.started_at));
        errors.classes.extend(longest.and_then(|piece| piece.class.clone()));
    }
    errors
}

fn coverage_score(
    coverage: Coverage,
    [claims, true_claims]: [usize; 2],
    errors: &Errors,
) -> CoverageScore {
    let (start_error_s_p50, start_error_s_max) = median_and_worst(&errors.start_s);
    let (end_error_s_p50, end_error_s_max) = median_and_worst(&errors.end_s);
    CoverageScore {
        coverage: coverage.name(),
        planted: errors.planted,
        found: errors.found(),
        recall: share(errors.found(), errors.planted),
        claims,
        true_claims,
        precision: share(true_claims, claims),
        start_error_s_p50,
        start_error_s_max,
        end_error_s_p50,
        end_error_s_max,
    }
}

fn dark_score(
    coverage: Coverage,
    truths: &[Truth],
    sorted: &[(usize, &Truth)],
    candidates: &[Candidate],
) -> Option<DarkScore> {
    let here = |truth: &&Truth| truth.coverage == coverage;
    let of_kind = |kind: Kind| truths.iter().filter(here).filter(|t| t.kind == kind).count();
    let kinds = [Kind::DarkMeeting, Kind::DarkWaiting];
    let planted: usize = kinds.into_iter().map(of_kind).sum();
    if planted + of_kind(Kind::InfeasibleGap) + of_kind(Kind::ReceptionHole) == 0 {
        return None;
    }
    // Candidates of this coverage with their truths, the best first.
    let mut ranked: Vec<(&Candidate, Option<usize>)> = candidates
        .iter()
        .map(|it| (it, belongs_to(sorted, it.pair, (it.started_at, it.ended_at))))
        .filter(|(it, index)| match index {
            Some(index) => truths[*index].coverage == coverage,
            None => coverage_at(truths, it.position) == Some(coverage),
        })
        .collect();
    ranked.sort_by(|(a, _), (b, _)| {
        b.score.total_cmp(&a.score).then((a.pair, a.started_at).cmp(&(b.pair, b.started_at)))
    });
    let count = |top: usize, kind: Kind| {
        let of_kind = |&&(_, index): &&(_, Option<usize>)| {
            index.is_some_and(|index| truths[index].kind == kind)
        };
        ranked.iter().take(top).filter(of_kind).count()
    };
    // The best candidate of each dark meeting, with its rank.
    let best = |kind: Kind| {
        let ranked = &ranked;
        truths.iter().enumerate().filter(move |(_, t)| t.kind == kind && here(t)).filter_map(
            move |(index, truth)| {
                let rank = ranked.iter().position(|(_, of)| *of == Some(index))?;
                Some((rank, truth, ranked[rank].0))
            },
        )
    };
    let mut score = DarkScore {
        coverage: coverage.name(),
        planted,
        candidates: ranked.len(),
        found: 0,
        found_top: 0,
        recall_top: None,
        kinds: BTreeMap::new(),
        infeasible: count(usize::MAX, Kind::InfeasibleGap),
        unheard: count(usize::MAX, Kind::ReceptionHole),
        unheard_top: count(planted, Kind::ReceptionHole),
        unplanted: ranked.iter().filter(|(_, index)| index.is_none()).count(),
        place_error_m_p50: None,
        time_covered_p50: None,
    };
    let (mut places_m, mut covered) = (Vec::new(), Vec::new());
    for kind in kinds {
        let found_top = best(kind).filter(|(rank, ..)| *rank < planted).count();
        score.found_top += found_top;
        if of_kind(kind) > 0 {
            score.kinds.insert(kind.name(), (of_kind(kind), found_top));
        }
        for (_, truth, candidate) in best(kind) {
            score.found += 1;
            places_m.extend(candidate.position.map(|at| at.distance_m(truth.position)));
            let shared_ms = shared_ms(truth, candidate.started_at, candidate.ended_at);
            let whole_ms = truth.ended_at.millis_since(truth.started_at).max(1);
            covered.push(shared_ms as f64 / whole_ms as f64);
        }
    }
    score.recall_top = share(score.found_top, planted);
    score.place_error_m_p50 = median_and_worst(&places_m).0;
    score.time_covered_p50 = median_and_worst(&covered).0;
    Some(score)
}

fn identity_score(
    coverage: Coverage,
    truths: &[Truth],
    changes: &[Vec<Mmsi>],
) -> Option<IdentityScore> {
    let planted = |truth: &&Truth| truth.coverage == coverage && truth.kind == Kind::IdentityChange;
    let is_found = |truth: &&Truth| {
        let either = [truth.pair.low(), truth.pair.high()];
        changes.iter().flatten().any(|mmsi| either.contains(mmsi))
    };
    let score = IdentityScore {
        coverage: coverage.name(),
        planted: truths.iter().filter(planted).count(),
        found: truths.iter().filter(planted).filter(is_found).count(),
    };
    (score.planted > 0).then_some(score)
}

/// Of an even number of values, the median is the upper of the middle two.
fn median_and_worst(values: &[f64]) -> (Option<f64>, Option<f64>) {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    (values.get(values.len() / 2).copied(), values.last().copied())
}

impl fmt::Display for Scorecard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:<12} {:<20} {:>7} {:>6} {:>7} {:>7} {:>9}   {:>17}   {:>17}",
            "coverage",
            "planted",
            "number",
            "found",
            "share",
            "pieces",
            "in class",
            "start off by",
            "end off by"
        )?;
        writeln!(f, "{:<76} {:>17}   {:>17}", "", "median / worst", "median / worst")?;
        let mut in_meetings = true;
        for row in &self.rows {
            if in_meetings && !row.is_meeting {
                writeln!(f, "and what is no meeting:")?;
                in_meetings = false;
            }
            let start = errors(row.start_error_s_p50, row.start_error_s_max);
            let end = errors(row.end_error_s_p50, row.end_error_s_max);
            let line = format!(
                "{:<12} {:<20} {:>7} {:>6} {} {:>7} {:>9}   {start:>17}   {end:>17}",
                row.coverage,
                row.kind.replace('_', " "),
                row.planted,
                row.found,
                percent(Some(row.recall)),
                row.pieces,
                percent(row.class_share).trim_start(),
            );
            writeln!(f, "{}", line.trim_end())?;
        }
        writeln!(f, "in all:")?;
        for row in &self.coverages {
            let start = errors(row.start_error_s_p50, row.start_error_s_max);
            let end = errors(row.end_error_s_p50, row.end_error_s_max);
            let line = format!(
                "{:<12} {:<20} {:>7} {:>6} {} {:>17}   {start:>17}   {end:>17}",
                row.coverage,
                "meetings",
                row.planted,
                row.found,
                percent(row.recall),
                "",
            );
            writeln!(f, "{}", line.trim_end())?;
            match row.precision {
                Some(precision) => writeln!(
                    f,
                    "{:<12} {} of {} told as a meeting are one: precision {:.1} %",
                    "",
                    row.true_claims,
                    row.claims,
                    precision * 100.0
                )?,
                None => writeln!(f, "{:<12} nothing was told as a meeting", "")?,
            }
        }
        for row in &self.dark {
            writeln!(
                f,
                "{:<12} {} dark meetings planted, {} candidates: {} of the planted are among the first {} ({}), {} \
                 anywhere; {} candidates could not have met, {} were not heard ({} of them among the \
                 first), {} not planted",
                row.coverage,
                row.planted,
                row.candidates,
                row.found_top,
                row.planted,
                percent(row.recall_top).trim_start(),
                row.found,
                row.infeasible,
                row.unheard,
                row.unheard_top,
                row.unplanted
            )?;
        }
        for row in &self.identity_changes {
            writeln!(
                f,
                "{:<12} {} changes of identity planted, {} found",
                row.coverage, row.planted, row.found
            )?;
        }
        if self.found == 0 {
            return write!(f, "no encounter was found");
        }
        write!(
            f,
            "{} found, {} told as meetings: {} are planted meetings (precision {:.1} %), ",
            self.found,
            self.claims,
            self.found_meetings,
            self.precision.unwrap_or(0.0) * 100.0
        )?;
        for (kind, count) in &self.found_confounders {
            write!(f, "{count} {}, ", kind.replace('_', " "))?;
        }
        write!(f, "{} nothing planted", self.found_unplanted)
    }
}

/// ` 97 %`
fn percent(share: Option<f64>) -> String {
    share.map_or_else(|| format!("{:>7}", ""), |share| format!("{:>5.0} %", share * 100.0))
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
            silences: [None; 2],
        }
    }

    fn found(a: u32, from_s: i64, to_s: i64) -> Found {
        let (started_at, ended_at) = (Timestamp::from_secs(from_s), Timestamp::from_secs(to_s));
        Found { pair: pair(a), started_at, ended_at, position: None, class: None }
    }

    fn told(class: &str, found: Found) -> Found {
        Found { class: Some(class.into()), ..found }
    }

    fn candidate(a: u32, score: f64) -> Candidate {
        let (started_at, ended_at) = (Timestamp::from_secs(1000), Timestamp::from_secs(9000));
        Candidate { pair: pair(a), started_at, ended_at, position: None, score }
    }

    fn encounters(encounters: impl Into<Vec<Found>>) -> Findings {
        Findings { encounters: encounters.into(), ..Findings::default() }
    }

    #[test]
    fn pair_and_time_decide_what_belongs_together() {
        let truths = [
            truth(Kind::Long, 311_000_001, 1000, 20_000),
            truth(Kind::Long, 311_000_002, 1000, 20_000),
            truth(Kind::Tow, 311_000_003, 1000, 20_000),
        ];
        let found = [
            found(311_000_001, 1030, 5000),
            found(311_000_001, 6000, 19_990),
            found(311_000_002, 30_000, 40_000),
            found(311_000_003, 2000, 3000),
        ];
        let card = score(&truths, &encounters(found));
        assert_eq!(card.precision, Some(0.5));
        assert_eq!((card.found_meetings, card.found_unplanted), (2, 1));
        assert_eq!(card.found_confounders, [("tow", 1)]);
        let long = &card.rows[0];
        assert_eq!((long.planted, long.found, long.pieces), (2, 1, 1));
        assert_eq!((long.start_error_s_p50, long.end_error_s_p50), (Some(30.0), Some(10.0)));
    }

    #[test]
    fn a_confounder_told_in_its_own_class_is_no_mistake() {
        let truths = [
            truth(Kind::Long, 311_000_001, 1000, 20_000),
            truth(Kind::Tow, 311_000_002, 1000, 20_000),
            truth(Kind::Tow, 311_000_003, 1000, 20_000),
        ];
        let found = [
            told("alongside", found(311_000_001, 1000, 20_000)),
            told("tow", found(311_000_002, 2000, 3000)),
            told("possible_transfer", found(311_000_003, 2000, 3000)),
        ];
        let card = score(&truths, &encounters(found));
        assert_eq!((card.found, card.claims, card.precision), (3, 2, Some(0.5)));
        let shares: Vec<_> = card.rows.iter().map(|row| (row.in_class, row.class_share)).collect();
        assert_eq!(shares, [(1, Some(1.0)), (1, Some(0.5))]);
        assert_eq!(card.rows[1].classes["possible_transfer"], 1);
    }

    #[test]
    fn what_was_not_planted_belongs_to_the_nearest_coverage() {
        let mut far = truth(Kind::Long, 311_000_001, 1000, 20_000);
        far.coverage = Coverage::Satellite;
        far.position = Position::new(-22.0, 180.0).unwrap();
        let truths = [truth(Kind::Long, 311_000_002, 1000, 20_000), far];
        let position = Position::new(-22.1, -179.9);
        let card = score(
            &truths,
            &encounters([
                found(311_000_002, 1000, 20_000),
                Found { position, ..found(311_000_003, 1000, 20_000) },
            ]),
        );
        let precisions: Vec<_> =
            card.coverages.iter().map(|one| (one.coverage, one.recall, one.precision)).collect();
        assert_eq!(
            precisions,
            [("terrestrial", Some(1.0), Some(1.0)), ("satellite", Some(0.0), Some(0.0))]
        );
    }

    #[test]
    fn the_best_candidates_are_as_many_as_dark_meetings() {
        let truths = [
            truth(Kind::DarkMeeting, 311_000_001, 2000, 6000),
            truth(Kind::DarkWaiting, 311_000_002, 2000, 6000),
            truth(Kind::InfeasibleGap, 311_000_003, 2000, 6000),
            truth(Kind::ReceptionHole, 311_000_004, 2000, 6000),
        ];
        let dark_meetings = vec![
            candidate(311_000_003, 0.1),
            candidate(311_000_001, 0.9),
            candidate(311_000_004, 0.8),
            candidate(311_000_002, 0.7),
            candidate(311_000_005, 0.6),
        ];
        let card = score(&truths, &Findings { dark_meetings, ..Findings::default() });
        let [dark] = &card.dark[..] else { panic!("{card:?}") };
        assert_eq!((dark.planted, dark.candidates, dark.found), (2, 5, 2));
        assert_eq!((dark.found_top, dark.recall_top), (1, Some(0.5)));
        assert_eq!((dark.infeasible, dark.unheard, dark.unheard_top), (1, 1, 1));
        assert_eq!((dark.unplanted, dark.time_covered_p50), (1, Some(1.0)));
        assert_eq!(dark.kinds["dark_waiting"], (1, 0));
        assert!(
            card.to_string().contains("1 of the planted are among the first 2 (50 %)"),
            "{card}"
        );
    }

    #[test]
    fn a_changed_identity_is_found_by_either_number() {
        let truths = [truth(Kind::IdentityChange, 311_000_001, 2000, 6000)];
        for (number, found) in [(311_000_001, 1), (636_000_001, 1), (311_000_009, 0)] {
            let identity_changes = vec![vec![Mmsi::new(number).unwrap()]];
            let card = score(&truths, &Findings { identity_changes, ..Findings::default() });
            assert_eq!(card.identity_changes[0].found, found);
        }
    }

    #[test]
    fn the_table_is_aligned() {
        let truths = [truth(Kind::Long, 311_000_001, 1000, 20_000), truth(Kind::Tow, 5, 0, 9)];
        let found = [told("possible_transfer", found(311_000_001, 1030, 25_000))];
        let table = score(&truths, &encounters(found)).to_string();
        assert_eq!(
            table,
            "\
coverage     planted               number  found   share  pieces  in class        start off by          end off by
                                                                                median / worst      median / worst
terrestrial  long                       1      1   100 %       0     100 %         30 s / 30 s     83 min / 83 min
and what is no meeting:
terrestrial  tow                        1      0     0 %       0
in all:
terrestrial  meetings                   1      1   100 %                           30 s / 30 s     83 min / 83 min
             1 of 1 told as a meeting are one: precision 100.0 %
1 found, 1 told as meetings: 1 are planted meetings (precision 100.0 %), 0 nothing planted"
        );
    }
}
