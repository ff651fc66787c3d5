//! The event again, from what a dossier rests on and nothing else.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Context, bail};
use clap::Parser;
use decoder::{Outcome, OutcomeKind, Rejection, Station};
use detector::Parameters;
use maritime::{Event, Mmsi, PositionFix, Report, StationId, Timestamp};
use sink::EventRecord;
use source::{Feeds, Location, Options, Place, Sources};

use super::basis::Basis;
use crate::cli::{Cli, Command, ReplayArgs};
use crate::replay::{self, Told, Versions};

/// What follows from a [`Basis`].
pub struct Derived {
    /// The event.
    pub event: Event,
    /// The same as it is written.
    pub record: EventRecord,
    /// With which parameters.
    pub parameters: Parameters,
    /// Every position in the sentences, in the order of time.
    pub fixes: Vec<PositionFix>,
    /// The names of the receivers.
    pub receivers: BTreeMap<StationId, String>,
}

/// Derives the event of a dossier again.
///
/// # Errors
///
/// The parameters cannot be read, or the sentences give no such event.
pub fn derive(basis: &Basis) -> anyhow::Result<Derived> {
    let parameters = basis.read_parameters()?;
    let provenance = replay::provenance(&parameters);
    let options =
        Options { start_time: None, columns: None, ..selection(&basis.origin.run.selection)? };
    let locations = basis.sentences.iter().map(|(name, bytes)| Location {
        place: Place::Memory { name: name.clone(), bytes: Arc::from(bytes.as_slice()) },
        found_in: None,
    });
    let sources = Sources::at(locations.collect(), &options)?;
    let mut fixes = Vec::new();
    let replayed = replay::replay(sources, &parameters, 1, true, Versions::Last, |told| {
        if let Told::Report(Report::Position(fix)) = told {
            fixes.push(*fix);
        }
        Ok(())
    })?;
    let event = find(replayed.findings, &basis.stored)?;
    let record = EventRecord::new(&event, &provenance);
    let receivers = basis.sentences.values().flat_map(|bytes| receivers(bytes)).collect();
    fixes.sort_by_key(|fix| fix.observed_at);
    Ok(Derived { event, record, parameters, fixes, receivers })
}

/// A selection in the words of the command line, as the store has it.
///
/// # Errors
///
/// It has other words.
pub fn selection(words: &str) -> anyhow::Result<Options> {
    let words = ["alongside", "replay", "-"].into_iter().chain(words.split_whitespace());
    let cli = Cli::try_parse_from(words);
    let args = match cli.map(|cli| cli.command) {
        Ok(Command::Replay(args)) => args,
        Ok(_) | Err(_) => bail!(
            "the selection of the run is none: expected --since, --until, --bbox, --start-time"
        ),
    };
    let ReplayArgs { since, until, bbox, start_time, columns, .. } = args;
    Ok(Options { since, until, bbox, start_time, columns })
}

/// The event of that id; if there is none, the one of the same vessels that overlaps it longest in time.
fn find(events: Vec<Event>, stored: &EventRecord) -> anyhow::Result<Event> {
    let numbers = |event: &Event| -> Vec<u32> {
        event.vessels.iter().map(|vessel| vessel.mmsi.get()).collect()
    };
    let wanted: Vec<u32> = stored.vessels.iter().map(|vessel| vessel.mmsi).collect();
    let overlap_ms = |event: &Event| {
        let from = event.started_at.max(stored.started_at);
        event.ended_at.min(stored.ended_at).millis_since(from)
    };
    let found = events
        .into_iter()
        .filter(|event| event.kind().name() == stored.kind)
        .filter(|event| event.id.to_string() == stored.id || numbers(event) == wanted)
        .map(|event| ((event.id.to_string() == stored.id, overlap_ms(&event)), event))
        .filter(|((is_same, overlap_ms), _)| *is_same || *overlap_ms >= 0)
        .max_by_key(|(nearness, event)| (*nearness, std::cmp::Reverse(event.id)));
    found.map(|(_, event)| event).with_context(|| {
        let who: Vec<String> = wanted.iter().map(ToString::to_string).collect();
        format!("the sentences give no {} of {}", stored.kind.replace('_', " "), who.join(" and "))
    })
}

/// What is wrong with the lines of a file of sentences, and where: the dossier holds none that were refused.
pub fn refused(bytes: &[u8]) -> Vec<(u64, Rejection)> {
    let mut refused = Vec::new();
    let mut number = 0;
    let mut feeds = Feeds::new();
    for line in bytes.split(|&byte| byte == b'\n') {
        number += 1;
        feeds.push_line(line, &mut |_, outcome| {
            if let OutcomeKind::Rejected(rejection) = outcome.kind {
                refused.push((number, rejection));
            }
        });
    }
    feeds.finish(&mut |_, outcome| {
        if let OutcomeKind::Rejected(rejection) = outcome.kind {
            refused.push((number, rejection));
        }
    });
    refused
}

fn receivers(bytes: &[u8]) -> Vec<(StationId, String)> {
    let mut receivers = BTreeMap::new();
    let mut each = |feed: Option<Station>, outcome: Outcome| {
        if let OutcomeKind::Message(received) = outcome.kind
            && let Some(station) = received.station.or(feed)
        {
            receivers
                .entry(StationId::new(station.as_str()))
                .or_insert_with(|| station.as_str().to_owned());
        }
    };
    let mut feeds = Feeds::new();
    feeds.push(bytes, &mut each);
    feeds.finish(&mut each);
    receivers.into_iter().collect()
}

impl Derived {
    /// The positions of a vessel of the event, from `since` to `until`.
    pub fn track(
        &self,
        mmsi: Mmsi,
        since: Timestamp,
        until: Timestamp,
    ) -> impl Iterator<Item = &PositionFix> {
        let is_there = move |fix: &&PositionFix| {
            fix.mmsi == mmsi && (since..=until).contains(&fix.observed_at)
        };
        self.fixes.iter().filter(is_there)
    }
}
