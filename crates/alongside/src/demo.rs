//! `alongside demo`: a day at sea with planted transfers, found the way any recording is read.

use std::io::Write;
use std::time::Instant;

use anyhow::Context;
use detector::Parameters;
use flate2::Compression;
use flate2::write::GzEncoder;
use maritime::Event;
use sea::{Coverage, Findings, Scenario, Scorecard, Simulation, Truth};
use source::{Options, Sources};

use crate::UsageError;
use crate::cli::{DemoArgs, Store};
use crate::output::Output;
use crate::replay::{self, Told, Versions, encounter_count, is_worth_a_look, replay};
use crate::report::{self, Summary, Table, grouped};
use crate::score::findings;
use crate::store::Keeper;
use crate::temporary::Temporary;
use crate::terminal::{self, tell};

/// Encounters in the table.
const LIMIT: usize = 15;
/// Of what else was found.
const LIMIT_OTHERS: usize = 5;

/// Simulates a day, replays it, and shows what was found beside what was planted.
///
/// # Errors
///
/// There is no room for the simulated recording or the store, or the store is something else.
pub fn run(args: &DemoArgs) -> anyhow::Result<()> {
    let started = Instant::now();
    if matches!(args.store, Store::ClickHouse(_)) {
        let expected =
            "--store: the demo keeps what it finds in a file, expected FILE.gpkg or none";
        return Err(UsageError(expected.into()).into());
    }
    let parameters = Parameters::default();
    let provenance = replay::provenance(&parameters);
    let mut keeper = Keeper::new(&args.store, String::new(), &provenance)?;

    tell(format_args!("simulating a day of ships in four seas ..."));
    let simulation = Simulation::new(&Scenario::default())?;
    let truths = simulation.truths().to_vec();
    let vessels = simulation.vessel_count();
    let directory = tempfile::tempdir().context("cannot make a temporary directory")?;
    let directory = Temporary::new(directory.keep());
    let recording = directory.path().join("simulated-day.nmea.gz");
    let mut packed = GzEncoder::new(Output::create(&recording)?, Compression::fast());
    let sentences = simulation.write_sentences(&mut packed)?;
    packed.finish()?.finish()?;

    tell(format_args!("reading {} sentences of {vessels} vessels ...", grouped(sentences)));
    let sources = Sources::open(&[recording], &Options::default())?;
    keeper.begin();
    let replayed = replay(sources, &parameters, 2, false, Versions::Last, |told| {
        if let Told::Settled(event) = told {
            keeper.settle(event);
        }
        Ok(())
    })?;
    let kept = keeper.keep(&replayed, &parameters)?;

    let selected: Vec<&Event> =
        replayed.findings.iter().filter(|event| is_worth_a_look(event)).collect();
    let selected_count = encounter_count(selected.iter().copied());
    let flagged = findings(selected.iter().copied());
    let all = findings(&replayed.findings);
    let mut output = Output::stdout();
    let styled = terminal::is_styled();
    let rest = match &kept {
        Some(path) => format!("all are in {}", maritime::shown(&path.display().to_string())),
        None => "`alongside demo --store FILE.gpkg` keeps all".into(),
    };
    let table = Table { events: selected, limit: LIMIT, limit_others: LIMIT_OTHERS, rest, styled };
    report::write_table(&mut output, table)?;
    writeln!(output, "\n{}", comparison(&truths, &all, &flagged))?;
    if let Some(path) = kept.as_deref().map(|path| maritime::shown(&path.display().to_string())) {
        writeln!(
            output,
            "All of it is in {path}: drag it into QGIS, or ask it\n  \
             sqlite3 {path} 'SELECT name_a, name_b, started_at, score FROM encounters ORDER BY score DESC'\n",
        )?;
    }
    writeln!(
        output,
        "Next, with a recording of your own (NMEA or CSV, plain, gzip or zstd):\n  \
         alongside replay recording.nmea.gz"
    )?;
    output.finish()?;
    report::tell_summary(&Summary {
        replayed: &replayed,
        profiles: &parameters.profiles,
        selected: selected_count,
        elapsed: started.elapsed(),
        store: kept.as_deref(),
        start_time_given: false,
    });
    Ok(())
}

/// How it compares, in a few lines; `alongside score` has the rest.
fn comparison(truths: &[Truth], all: &Findings, flagged: &Findings) -> String {
    let (all, flagged) = (sea::score(truths, all), sea::score(truths, flagged));
    let mut text = String::from("Beside what was planted:\n");
    for coverage in Coverage::ALL {
        let of = |card: &Scorecard| {
            let rows = card.rows.iter();
            let meetings = rows.filter(|row| row.is_meeting && row.coverage == coverage.name());
            meetings.fold((0, 0), |sum, row| (sum.0 + row.planted, sum.1 + row.found))
        };
        let ((planted, found), (_, flagged)) = (of(&all), of(&flagged));
        if planted > 0 {
            text.push_str(&format!(
                "  {:<12} {planted:>3} meetings planted, {found:>3} found, {flagged:>3} of them flagged by a profile\n",
                coverage.name()
            ));
        }
    }
    let others: usize = flagged.found_confounders.iter().map(|(_, count)| count).sum();
    let kinds = flagged.found_confounders.iter();
    let kinds: Vec<String> =
        kinds.map(|(kind, count)| format!("{count} {}", kind.replace('_', " "))).collect();
    text.push_str(&format!("  {others} flagged that only look like one"));
    if !kinds.is_empty() {
        text.push_str(&format!(" ({})", kinds.join(", ")));
    }
    text.push_str(&format!("; {} that were not planted at all\n", flagged.found_unplanted));
    text
}
