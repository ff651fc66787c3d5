//! `alongside alerts test`: what the rules would have told of the events in a store, before they are put to work.

use std::io::Write;
use std::path::PathBuf;

use anyhow::{Context, bail};
use sink::{EventRecord, GeoPackage};

use super::{Queue, Rule};
use crate::cli::{AlertsTestArgs, Store};
use crate::output::Output;
use crate::store::now;
use crate::{UsageError, config};

/// Of each rule, so many are shown.
const SHOWN: usize = 10;

/// Does as asked.
///
/// # Errors
///
/// The configuration is refused, or there is no store.
pub fn run(args: &AlertsTestArgs) -> anyhow::Result<()> {
    let (_, _, daemon) = config::load_daemon(args.config.as_deref())?;
    let alerts = daemon.alerts;
    if alerts.rules.is_empty() {
        return Err(UsageError(
            "there is no rule: [[alert]] in the configuration makes one".into(),
        )
        .into());
    }
    let path: PathBuf = match (&args.store, daemon.store) {
        (Some(Store::GeoPackage(path)), _) => path.clone(),
        (None, Some(path)) => path,
        _ => bail!("rules are tested on a GeoPackage: --store FILE.gpkg"),
    };
    if !path.exists() {
        bail!("there is no store {}", path.display());
    }
    let store =
        GeoPackage::open(&path).with_context(|| format!("cannot open {}", path.display()))?;
    let since = now().plus_millis(-(args.since.0.as_millis() as i64));
    let mut events = store.events()?;
    events.retain(|event| event.as_of >= since);
    // In the order in which they would have been told.
    events.sort_by(|a, b| a.as_of.cmp(&b.as_of).then_with(|| a.id.cmp(&b.id)));

    let mut output = Output::stdout();
    for rule in &alerts.rules {
        let (told, throttled) = told(rule, &events)?;
        writeln!(
            output,
            "{}: {} of {} events, {throttled} more left out because a vessel was told of before",
            maritime::shown(&rule.name),
            told.len(),
            events.len()
        )?;
        for event in told.iter().take(SHOWN) {
            writeln!(
                output,
                "  {}  {:.2}  {}",
                event.as_of,
                event.score,
                maritime::shown(&event.explanation)
            )?;
        }
        if told.len() > SHOWN {
            writeln!(output, "  … and {} more", told.len() - SHOWN)?;
        }
    }
    Ok(output.finish()?)
}

fn told<'a>(
    rule: &Rule,
    events: &'a [EventRecord],
) -> anyhow::Result<(Vec<&'a EventRecord>, usize)> {
    // A queue of its own, which nobody sends.
    let folder = tempfile::tempdir()?;
    let mut queue = Queue::open(&folder.path().join("alerts"))?;
    let wanted: Vec<&EventRecord> = events.iter().filter(|event| rule.wants(event)).collect();
    let mut told = Vec::new();
    for event in &wanted {
        let one = [(rule.clone(), (*event).clone())];
        if queue.put(&one, |_, _| Vec::new())?.new > 0 {
            told.push(*event);
        }
    }
    let throttled = wanted.len() - told.len();
    Ok((told, throttled))
}
