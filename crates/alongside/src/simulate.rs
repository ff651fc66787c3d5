//! `alongside simulate`: a sea as its listeners hear it, and its truth.

use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use flate2::Compression;
use flate2::write::GzEncoder;
use sea::{Area, Coverage, Place, Scenario, Simulation, Truth};

use crate::UsageError;
use crate::cli::SimulateArgs;
use crate::output::{Output, is_same_file};
use crate::report::grouped;
use crate::terminal::tell;

/// Simulates as asked.
///
/// # Errors
///
/// The scenario makes no sense, or a file cannot be written.
pub fn run(args: &SimulateArgs) -> anyhow::Result<()> {
    if let Some(truth) = args.truth.as_deref()
        && (truth == args.output || is_same_file(truth, &args.output))
    {
        let truth = truth.display();
        return Err(UsageError(format!("--output and --truth are the same, {truth}")).into());
    }
    let simulation = Simulation::new(&scenario(args)).context("cannot simulate that")?;
    let truths = simulation.truths().to_vec();
    let vessels = simulation.vessel_count();
    let mut output = Output::create(&args.output)?;
    // The truth goes first: it is small, and whoever reads only the beginning has all of it.
    if let Some(path) = &args.truth {
        write_truths(path, &truths)?;
    }
    let sentences = if args.output.extension().is_some_and(|extension| extension == "gz") {
        let mut packed = GzEncoder::new(&mut output, Compression::default());
        write_sentences(simulation, &mut packed, |_| false)
            .and_then(|sentences| packed.finish().map(|_| sentences))
    } else {
        write_sentences(simulation, &mut output, Output::is_closed)
    }?;
    output.finish()?;
    let meetings = truths.iter().filter(|truth| truth.is_meeting()).count();
    let dark = truths.iter().filter(|truth| truth.kind.is_dark_meeting()).count();
    tell(format_args!(
        "{} sentences of {} vessels; planted: {meetings} meetings, {dark} dark ones, {} that only look like one",
        grouped(sentences),
        grouped(vessels as u64),
        truths.len() - meetings - dark,
    ));
    Ok(())
}

fn scenario(args: &SimulateArgs) -> Scenario {
    let mut scenario = Scenario {
        seed: args.seed,
        started_at: args.start_time,
        duration: Duration::from_secs(u64::from(args.hours) * 3600),
        ships: args.ships,
        ..Scenario::default()
    };
    if let Some(planted) = args.meetings {
        scenario.planted = planted;
    }
    let coverage = args.coverage.as_deref().and_then(Coverage::parse);
    if !args.area.is_empty() {
        let areas = args.area.iter().filter_map(|name| Area::parse(name));
        let coverage = coverage.unwrap_or(Coverage::Terrestrial);
        scenario.places = areas.map(|area| Place { area, coverage }).collect();
    } else if let Some(coverage) = coverage {
        for place in &mut scenario.places {
            place.coverage = coverage;
        }
    }
    scenario
}

fn write_truths(path: &Path, truths: &[Truth]) -> anyhow::Result<()> {
    let mut output = Output::create(path)?;
    truths.iter().try_for_each(|truth| writeln!(output, "{}", truth.to_json()))?;
    Ok(output.finish()?)
}

/// Writes lines until the sea ends or nobody reads any more; gives how many sentences it were.
fn write_sentences<W: Write>(
    simulation: Simulation,
    output: &mut W,
    is_closed: impl Fn(&W) -> bool,
) -> io::Result<u64> {
    let mut lines = Vec::new();
    let mut sentences = 0;
    for transmission in simulation {
        lines.clear();
        sentences += transmission.write_lines(&mut lines) as u64;
        output.write_all(&lines)?;
        if is_closed(output) {
            break;
        }
    }
    Ok(sentences)
}
