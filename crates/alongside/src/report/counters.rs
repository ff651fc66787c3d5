//! What was read, what became of it and what was found: the closing lines on standard error.

use std::fmt::Display;
use std::path::Path;
use std::time::Duration;

use detector::{Counters, Profile};
use maritime::{Event, EventKind, MmsiKind, shown};
use source::{Intake, SourceError};

use super::words::{grouped, minute};
use crate::duration::Span;
use crate::replay::{Replayed, encounter_count};
use crate::terminal::tell;

/// Files in a directory that are named one by one when they cannot be read.
const LEFT_OUT_MAX: usize = 5;

/// Warnings about inputs that are told one by one.
const WARNINGS_MAX: usize = 20;

/// What there is to say at the end of a replay.
pub struct Summary<'a> {
    /// What came of it.
    pub replayed: &'a Replayed,
    /// The definitions that were looked for.
    pub profiles: &'a [Profile],
    /// How many encounters satisfy a profile that was asked for.
    pub selected: usize,
    /// By the clock on the wall.
    pub elapsed: Duration,
    /// Where the encounters are kept.
    pub store: Option<&'a Path>,
    /// Whether the user said when a recording began.
    pub start_time_given: bool,
}

/// Tells what was found in directories and cannot be read.
pub fn tell_left_out(skipped: &[SourceError]) {
    for error in skipped.iter().take(LEFT_OUT_MAX) {
        tell(format_args!("warning: left out: {error}"));
    }
    if skipped.len() > LEFT_OUT_MAX {
        let more = skipped.len() - LEFT_OUT_MAX;
        tell(format_args!("warning: left out: {} more such files", grouped(more as u64)));
    }
}

/// Tells what was read, rejected, detected, found and stored.
pub fn tell_summary(summary: &Summary<'_>) {
    let Summary { replayed, profiles, selected, elapsed, store, .. } = summary;
    let Replayed { findings, intake, bytes, counters, vessels, .. } = replayed;
    let total = &intake.total;

    let seconds = elapsed.as_secs_f64().max(0.001);
    let files = match intake.inputs.len() {
        1 => shown(&intake.inputs[0].input),
        count => format!("{} inputs", grouped(count as u64)),
    };
    line(
        "read",
        format_args!(
            "{files}, {} in {seconds:.1} s, {} records a second",
            megabytes(*bytes),
            grouped((total.received as f64 / seconds) as u64),
        ),
    );
    if let Some((first_at, last_at)) = total.observed_at {
        line("time", format_args!("{} to {} UTC", minute(first_at), minute(last_at)));
    }
    let rejected = total.rejected.total();
    line(
        "records",
        format_args!(
            "received {} = accepted {} + rejected {} + late {}",
            grouped(total.received),
            grouped(total.accepted),
            grouped(rejected),
            grouped(intake.late),
        ),
    );
    list("rejected", total.rejected.iter().map(|(reason, count)| (spaced(reason), count)));
    list("no report", total.without_report.iter().map(|(what, count)| (spaced(what), count)));
    if total.outside_selection > 0 {
        line(
            "left out",
            format_args!(
                "{} reports by --since, --until, --bbox",
                grouped(total.outside_selection)
            ),
        );
    }
    list(
        "messages",
        total.message_types.iter().map(|(number, count)| (format!("type {number}"), count)),
    );

    let ships = vessels.iter().filter(|vessel| vessel.mmsi.kind() == MmsiKind::Ship).count();
    line(
        "detected",
        format_args!(
            "{} stations, {} of them ships by their number; {} positions, {} legs, {} compared",
            grouped(vessels.len() as u64),
            grouped(ships as u64),
            grouped(counters.positions),
            grouped(counters.legs),
            grouped(counters.compared),
        ),
    );
    if counters.late > 0 {
        line(
            "late",
            format_args!(
                "{} reports, {} put in their place afterwards, {} older than the horizon; {} events told again",
                grouped(counters.late),
                grouped(counters.late_placed),
                grouped(counters.late_beyond_horizon),
                grouped(counters.retold),
            ),
        );
    }
    list("set aside", set_aside(counters).into_iter().filter(|(_, count)| *count > 0));
    list("at bounds", at_bounds(counters).into_iter().filter(|(_, count)| *count > 0));

    let by_profile: Vec<String> = profiles
        .iter()
        .map(|profile| {
            let satisfies = |event: &&Event| event.profiles.contains(&profile.name);
            let count = findings.iter().filter(satisfies).count();
            format!("{} {}", profile.name, grouped(count as u64))
        })
        .collect();
    line(
        "found",
        format_args!(
            "{} encounters ({}), {} selected",
            grouped(encounter_count(findings) as u64),
            by_profile.join(", "),
            grouped(*selected as u64),
        ),
    );
    let others = EventKind::ALL.into_iter().filter(|kind| *kind != EventKind::Encounter);
    let others = others.map(|kind| {
        let count = findings.iter().filter(|event| event.kind() == kind).count();
        (kind.name().replace('_', " "), count as u64)
    });
    list("besides", others.filter(|(_, count)| *count > 0));
    if let Some(path) = store {
        line("stored", format_args!("{}, which QGIS opens as it is", path.display()));
    }
}

/// Tells what the reader of the result must know: what was not read, and why little was found.
pub fn tell_warnings(summary: &Summary<'_>) {
    let Summary { replayed, start_time_given, .. } = summary;
    let Replayed { findings, intake, counters, vessels, late_by, .. } = replayed;
    let total = &intake.total;
    let warnings = input_warnings(intake);
    for warning in warnings.iter().take(WARNINGS_MAX) {
        tell(format_args!("warning: {warning}"));
    }
    if warnings.len() > WARNINGS_MAX {
        let more = (warnings.len() - WARNINGS_MAX) as u64;
        tell(format_args!("warning: {} more such warnings", grouped(more)));
    }
    if *start_time_given {
        let inputs = intake.inputs.iter().filter(|input| input.counters.reports > 0);
        let dated: Vec<_> = inputs.filter(|input| !input.time_from_seconds).collect();
        match dated[..] {
            [] => {}
            [input] => tell(format_args!(
                "warning: {} says its own time, so --start-time was passed over",
                shown(&input.input)
            )),
            _ => tell(format_args!(
                "warning: {} inputs say their own time, so --start-time was passed over",
                grouped(dated.len() as u64)
            )),
        }
    }
    if counters.capped > 0 {
        tell(format_args!(
            "warning: {} reports were of receivers whose clock is ahead of all others; their times were not \
             believed",
            grouped(counters.capped)
        ));
    }
    if intake.late > 0 {
        let advice = match lateness(*late_by) {
            _ if intake.inputs.iter().any(|input| input.waited) => {
                "; more inputs overlap in time than can be open at once: give fewer at a time"
                    .into()
            }
            Some(lateness) => format!("; run again with --lateness {lateness}"),
            None => String::new(),
        };
        tell(format_args!(
            "warning: {} records came too late; {} reports of them were put in their place afterwards, and {} \
             were left out{advice}",
            grouped(intake.late),
            grouped(counters.late_placed),
            grouped(counters.late - counters.late_placed)
        ));
    }
    if summary.selected > 0 {
        return;
    }
    let positions = counters.positions - counters.not_ships - counters.coarse;
    let encounters = encounter_count(findings);
    let reason = if encounters > 0 {
        format!(
            "{} encounters satisfy none of the profiles asked for; --profile any shows them",
            grouped(encounters as u64)
        )
    } else if total.outside_selection > 0 && total.reports == 0 {
        "--since, --until and --bbox leave nothing".into()
    } else if positions == 0 {
        match total.rejected.total() {
            0 => "there is no position of a ship in it".into(),
            rejected => format!(
                "there is no position of a ship in what was accepted; {} of {} records were rejected",
                grouped(rejected),
                grouped(total.received)
            ),
        }
    } else if vessels.len() < 2 {
        "only one vessel was heard".into()
    } else if counters.legs == 0 {
        "no ship was heard twice at a low enough speed; the recording may be too short or too thin"
            .into()
    } else {
        "no two ships were near each other for long enough".into()
    };
    tell(format_args!("nothing found: {reason}"));
}

/// What the reader must know of single inputs.
fn input_warnings(intake: &Intake) -> Vec<String> {
    let mut warnings = Vec::new();
    for input in &intake.inputs {
        let name = shown(&input.input);
        if let Some(damage) = &input.damage {
            warnings.push(format!("{name} {}", shown(damage)));
        }
        if intake.inputs.len() > 1 && !input.without_time {
            warnings.extend(all_rejected(&Intake::new(vec![input.clone()])));
        }
        if input.without_time {
            warnings.push(format!(
                "{name} has no time in it and was left out; --start-time gives it one"
            ));
        }
        if input.time_from_seconds {
            warnings.push(format!(
                "{name} has no time in it but the seconds of its position reports, by which \
                 --start-time was moved on; after silences of half a minute its times are too early"
            ));
        }
        let tag_blocks = input.counters.tag_blocks_damaged;
        if tag_blocks > 0 {
            warnings.push(format!(
                "{name} has {} tag blocks with a wrong checksum or none; their times were not used",
                grouped(tag_blocks)
            ));
        }
        if input.times_disbelieved > 0 {
            warnings.push(format!(
                "{name}: {} of the {} times told by base stations or the receiver were not believed, \
                 for they contradict the others",
                grouped(input.times_disbelieved),
                grouped(input.times_told)
            ));
        }
    }
    warnings
}

/// `day.csv: all 180 records were rejected: bad time 180, such as "8/1/2024"`, where some were and no
/// other had anything to say.
pub fn all_rejected(intake: &Intake) -> Option<String> {
    let total = &intake.total;
    let rejected = total.rejected.total();
    let is_nothing = |what: &str| matches!(what, "blank" | "comment" | "header");
    let nothing: u64 =
        total.without_report.iter().filter(|(what, _)| is_nothing(what)).map(|(_, n)| n).sum();
    if rejected == 0 || intake.late > 0 || total.accepted > nothing {
        return None;
    }
    let name = match &intake.inputs[..] {
        [input] => format!("{}: ", shown(&input.input)),
        _ => String::new(),
    };
    let reasons = total.rejected.by_reason.iter().map(|rejection| {
        let example = rejection.example.as_deref().filter(|example| !example.is_empty());
        let example =
            example.map_or(String::new(), |example| format!(", such as \"{}\"", shown(example)));
        format!("{} {}{example}", spaced(rejection.reason), grouped(rejection.count))
    });
    let reasons: Vec<String> = reasons.collect();
    let whole = match rejected {
        1 => "its only record was".into(),
        _ => format!("all {} records were", grouped(rejected)),
    };
    Some(format!("{name}{whole} rejected: {}", reasons.join("; ")))
}

fn set_aside(counters: &Counters) -> [(&'static str, u64); 3] {
    [
        ("not ships", counters.not_ships),
        ("too coarse", counters.coarse),
        ("repeated", counters.repeated),
    ]
}

/// What made room or was left out where no more is remembered; the configuration says how much that is.
fn at_bounds(counters: &Counters) -> [(&'static str, u64); 7] {
    let at_bounds = &counters.at_bounds;
    [
        ("reports out before their time", at_bounds.reports_hurried),
        ("vessels forgotten", at_bounds.vessels_forgotten),
        ("reports of vessels left out", at_bounds.vessels_refused),
        ("tracks displaced", at_bounds.sub_tracks_displaced),
        ("encounters displaced", at_bounds.pairs_displaced),
        ("contacts left out", at_bounds.pairs_refused),
        ("ships displaced in a cell", at_bounds.presences_displaced),
    ]
}

fn line(name: &str, text: impl Display) {
    tell(format_args!("{name:<10} {text}"));
}

/// `rejected   checksum 12, no sentence 3`; nothing at all for nothing.
fn list<N: Display>(name: &str, counts: impl Iterator<Item = (N, u64)>) {
    let counts: Vec<String> =
        counts.map(|(name, count)| format!("{name} {}", grouped(count))).collect();
    if !counts.is_empty() {
        line(name, counts.join(", "));
    }
}

/// `no_time_yet` to `no time yet`.
fn spaced(name: &str) -> String {
    name.replace('_', " ")
}

fn megabytes(bytes: u64) -> String {
    match bytes {
        0..1000 => format!("{bytes} bytes"),
        1000..1_000_000 => format!("{:.1} kB", bytes as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", bytes as f64 / 1e6),
        _ => format!("{:.2} GB", bytes as f64 / 1e9),
    }
}

/// A round span that is longer than `needed`, as `--lateness` takes it; `None` if it takes none.
fn lateness(needed: Duration) -> Option<String> {
    let minutes = needed.as_secs() / 60 + 1;
    let lateness = match minutes {
        0..=55 => format!("{}m", minutes.next_multiple_of(5) + 5),
        56..=1380 => format!("{}h", minutes / 60 + 1),
        _ => format!("{}d", minutes / 1440 + 1),
    };
    Span::parse(&lateness).is_ok().then_some(lateness)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lateness_advised_is_enough() {
        for (seconds, expected) in [(1, "10m"), (700, "20m"), (7000, "2h"), (90_000, "2d")] {
            assert_eq!(lateness(Duration::from_secs(seconds)).as_deref(), Some(expected));
        }
        assert_eq!(lateness(Duration::from_secs(200 * 366 * 86_400)), None);
    }
}
