//! `alongside score`: what was found beside what was planted.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;

use anyhow::{Context, anyhow};
use maritime::{Event, EventKind, EventState, Mmsi, VesselPair};
use sea::{Found, Truth};
use sink::EventRecord;

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
    let found = read_found(&args.events)?;
    let card = sea::score(&truths, &found);
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

/// What the score needs of an event; `None` if it is no encounter.
pub fn found(event: &Event) -> Option<Found> {
    let pair = event.id.pair().filter(|_| event.kind() == EventKind::Encounter)?;
    Some(Found { pair, started_at: event.started_at, ended_at: event.ended_at })
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
fn read_found(path: &Path) -> anyhow::Result<Vec<Found>> {
    let mut by_id: BTreeMap<String, EventRecord> = BTreeMap::new();
    for (at, record) in sink::read_ndjson(open(path)?).enumerate() {
        let record = record.with_context(|| format!("{}, event {}", path.display(), at + 1))?;
        let newer = by_id.get(&record.id).is_none_or(|known| known.version <= record.version);
        if newer {
            by_id.insert(record.id.clone(), record);
        }
    }
    let stands = |record: &&EventRecord| {
        record.state == EventState::Open.name() || record.state == EventState::Closed.name()
    };
    by_id
        .values()
        .filter(stands)
        .map(|record| {
            let [a, b] = [0, 1].map(|at| Mmsi::new(record.vessels[at].mmsi));
            let pair = a.zip(b).and_then(|(a, b)| VesselPair::new(a, b)).ok_or_else(|| {
                anyhow!("{}: event {:?} is not of two vessels", path.display(), record.id)
            })?;
            Ok(Found { pair, started_at: record.started_at, ended_at: record.ended_at })
        })
        .collect()
}

fn open(path: &Path) -> anyhow::Result<Box<dyn BufRead>> {
    if path == Path::new("-") {
        return Ok(Box::new(io::stdin().lock()));
    }
    let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(Box::new(BufReader::new(file)))
}
