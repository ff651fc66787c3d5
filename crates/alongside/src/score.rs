//! `alongside score`: what was found beside what was planted.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;

use anyhow::{Context, anyhow};
use maritime::{Event, EventKind, EventState, Mmsi, Position, Timestamp, VesselPair};
use sea::{Candidate, Findings, Found, Truth};
use serde::Deserialize;

use crate::UsageError;
use crate::cli::{ScoreArgs, ScoreFormat};
use crate::output::Output;

/// Compares as asked.
///
/// # Errors
///
/// A file cannot be read, or a line of it is something else; the message gives its number.
pub fn run(args: &ScoreArgs) -> anyhow::Result<()> {
    if args.truth == Path::new("-") && args.events == Path::new("-") {
        return Err(UsageError("--truth and EVENTS are both standard input".into()).into());
    }
    let truths = read_truths(&args.truth)?;
    let findings = read_findings(&args.events)?;
    let card = sea::score(&truths, &findings);
    let mut output = Output::stdout();
    match args.format {
        ScoreFormat::Table => writeln!(output, "{card}")?,
        ScoreFormat::Json => {
            serde_json::to_writer(&mut output, &card).map_err(io::Error::from)?;
            writeln!(output)?;
        }
    }
    Ok(output.finish()?)
}

/// What the score needs of events.
pub fn findings<'a>(events: impl IntoIterator<Item = &'a Event>) -> Findings {
    let mut findings = Findings::default();
    for event in events {
        add(
            &mut findings,
            Finding {
                kind: event.kind().name(),
                mmsis: event.vessels.iter().map(|vessel| vessel.mmsi).collect(),
                started_at: event.started_at,
                ended_at: event.ended_at,
                position: Some(event.position),
                class: event.class.as_ref().map(|class| class.class.name().to_owned()),
                score: event.score,
            },
        );
    }
    findings
}

/// An event of any kind.
struct Finding<'a> {
    kind: &'a str,
    mmsis: Vec<Mmsi>,
    started_at: Timestamp,
    ended_at: Timestamp,
    position: Option<Position>,
    class: Option<String>,
    score: f64,
}

/// Kinds that are not scored are left out.
fn add(findings: &mut Findings, finding: Finding<'_>) {
    let Finding { kind, mmsis, started_at, ended_at, position, class, score } = finding;
    let is = |wanted: EventKind| kind == wanted.name();
    if is(EventKind::IdentityChange) || is(EventKind::IdentityConflict) {
        findings.identity_changes.push(mmsis);
        return;
    }
    let [a, b] = mmsis[..] else { return };
    let Some(pair) = VesselPair::new(a, b) else { return };
    if is(EventKind::Encounter) {
        findings.encounters.push(Found { pair, started_at, ended_at, position, class });
    } else if is(EventKind::DarkMeeting) {
        findings.dark_meetings.push(Candidate { pair, started_at, ended_at, position, score });
    }
}

/// What is read of an event; everything that some kinds or versions may lack has a default.
#[derive(Deserialize)]
struct EventLine {
    id: String,
    #[serde(default)]
    version: u32,
    #[serde(default)]
    kind: Option<String>,
    #[serde(default)]
    state: Option<String>,
    #[serde(default)]
    vessels: Vec<VesselLine>,
    started_at: String,
    ended_at: String,
    #[serde(default)]
    latitude_deg: Option<f64>,
    #[serde(default)]
    longitude_deg: Option<f64>,
    #[serde(default)]
    class: Option<String>,
    #[serde(default)]
    score: Option<f64>,
}

#[derive(Deserialize)]
struct VesselLine {
    mmsi: u32,
}

impl EventLine {
    /// A version that was told and not taken back. Without a state it stands.
    fn stands(&self) -> bool {
        let stands = [EventState::Open, EventState::Closed, EventState::Revised];
        self.state.as_ref().is_none_or(|state| stands.iter().any(|one| one.name() == state))
    }

    fn finding(&self) -> anyhow::Result<Finding<'_>> {
        let encounter = EventKind::Encounter.name();
        Ok(Finding {
            kind: self.kind.as_deref().unwrap_or(encounter),
            mmsis: self.vessels.iter().filter_map(|vessel| Mmsi::new(vessel.mmsi)).collect(),
            started_at: Timestamp::parse(&self.started_at)?,
            ended_at: Timestamp::parse(&self.ended_at)?,
            position: self.latitude_deg.zip(self.longitude_deg).and_then(
                |(latitude_deg, longitude_deg)| Position::new(latitude_deg, longitude_deg),
            ),
            class: self.class.clone(),
            score: self.score.unwrap_or(0.0),
        })
    }
}

fn read_truths(path: &Path) -> anyhow::Result<Vec<Truth>> {
    let mut truths = Vec::new();
    for (at, line) in sink::ndjson_lines(open(path)?).enumerate() {
        let line = line.with_context(|| format!("{}, line {}", path.display(), at + 1))?;
        if line.trim().is_empty() {
            continue;
        }
        // The error tells its cause itself; as a source it would be told twice.
        let truth = Truth::from_json(&line)
            .map_err(|error| anyhow!("{}, line {}: {error}", path.display(), at + 1))?;
        truths.push(truth);
    }
    Ok(truths)
}

/// The last version of each event that stands, so that a history may be given too.
fn read_findings(path: &Path) -> anyhow::Result<Findings> {
    let mut by_id: BTreeMap<String, EventLine> = BTreeMap::new();
    let is_blank = |line: &io::Result<String>| matches!(line, Ok(line) if line.trim().is_empty());
    let lines = sink::ndjson_lines(open(path)?).filter(|line| !is_blank(line));
    for (at, line) in lines.enumerate() {
        let place = || format!("{}, event {}", path.display(), at + 1);
        let line = line.with_context(place)?;
        let event: EventLine = serde_json::from_str(&line)
            .map_err(|error| anyhow!("{}: not an event: {error}", place()))?;
        if by_id.get(&event.id).is_none_or(|known| known.version <= event.version) {
            by_id.insert(event.id.clone(), event);
        }
    }
    let mut findings = Findings::default();
    for event in by_id.values().filter(|event| event.stands()) {
        let finding = event.finding();
        let finding =
            finding.with_context(|| format!("{}: event {:?}", path.display(), event.id))?;
        if finding.kind == EventKind::Encounter.name() && finding.mmsis.len() != 2 {
            return Err(anyhow!("{}: event {:?} is not of two vessels", path.display(), event.id));
        }
        add(&mut findings, finding);
    }
    Ok(findings)
}

fn open(path: &Path) -> anyhow::Result<Box<dyn BufRead>> {
    if path == Path::new("-") {
        return Ok(Box::new(io::stdin().lock()));
    }
    let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(Box::new(BufReader::new(file)))
}
