//! `alongside replay`: files in, encounters out.
//!
//! The sources give batches of reports in the order of time, the detector takes them one by one, and of what it tells
//! the events are made. With `--threads 2` these three work side by side, each a few batches ahead of the next, which is
//! about as much as two processors can do. When the input has ended most is told, and the detector's side makes events
//! too. What is found does not depend on that.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{self, TrySendError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::bail;
use detector::{Coast, Detector, Disposition, LandMap, Parameters, Teller, Telling, VesselSummary};
use maritime::{Event, EventId, EventKind, EventState, Report, Timestamp};
use sink::{EventRecord, Identities, Provenance};
use source::{Arrival, BoundingBox, Intake, Options, Sources};

use crate::cli::{Format, ReplayArgs};
use crate::dispatch::Dispatch;
use crate::output::{Output, is_same_file};
use crate::progress::Bar;
use crate::report::{self, Summary, Table, WireFormat};
use crate::store::Keeper;
use crate::{DONE, REJECTED, UsageError, config, places, terminal, watchlist};

/// Batches that the sources may be ahead of the detector, and the detector of whoever is told. When they are, they wait.
const BATCHES_AHEAD_MAX: usize = 8;

/// What is no encounter is shown and kept from this score on, unless its kind is asked for.
pub const SCORE_MIN: f64 = sink::reading::OTHERS_SCORE_MIN;
/// How much of that the table shows, unless its kind is asked for.
pub const OTHERS_MAX: usize = 10;

/// The profile that everything satisfies.
const ANY_PROFILE: &str = "any";

/// Which versions of encounters are told while a replay goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Versions {
    /// All of them.
    All,
    /// Those of encounters that have ended, or are open at the end; it takes less time.
    Last,
}

/// What is told while a replay goes on, in the order of the data.
pub enum Told<'a> {
    /// A version of an event.
    Event(&'a Event),
    /// The version of an event that was told last, long ago. Late reports may change it all the same.
    Settled(&'a Event),
    /// A report that was read, late or not.
    Report(&'a Report),
}

/// What a replay gives.
pub struct Replayed {
    /// The last version of everything that was told, of encounters as one, in the order of their ids.
    pub findings: Vec<Event>,
    /// What was read.
    pub intake: Intake,
    /// How far the latest of the reports that came too late was behind the newest one.
    pub late_by: Duration,
    /// What was read, in bytes as stored.
    pub bytes: u64,
    /// What was done with it.
    pub counters: detector::Counters,
    /// Who was heard, in the order of their numbers.
    pub vessels: Vec<VesselSummary>,
    /// What they called themselves.
    pub identities: Identities,
}

/// Replays as asked; gives the exit code.
///
/// # Errors
///
/// An input, the configuration, the store or the output cannot be used, or no input has a time in it.
pub fn run(args: &ReplayArgs) -> anyhow::Result<u8> {
    let started = Instant::now();
    let (mut parameters, delivery) = config::load(args.config.as_deref())?;
    watchlist::load(&mut parameters, &args.watchlist)?;
    places::load(&mut parameters, &args.places)?;
    if let Some(lateness) = args.lateness {
        parameters.lateness = lateness.0;
    }
    check_request(args, &parameters)?;
    // Where thousands of ships are silent for hours, nearly each could have met another, and to find out takes longest.
    let dark_is_asked_for = args.kind.iter().any(|kind| kind == "dark_meeting");
    if !dark_is_asked_for {
        parameters.dark.silence_max = Duration::ZERO;
    }
    let provenance = provenance(&parameters);

    // Everything that can refuse does so before the first record is read.
    let sources = Sources::open(&args.files, &options(args))?;
    check_places(args, &sources.intake())?;
    report::tell_left_out(sources.skipped());
    let left_out = sources.skipped().len();
    let mut keeper = Keeper::new(&args.store, selection(args), &provenance)?;
    let mut output = match &args.output {
        Some(path) => Output::create(path)?,
        None => Output::stdout(),
    };

    let mut dispatch = Dispatch::new(args, delivery, &parameters, &provenance)?;
    let versions = match args.history || dispatch.is_some() {
        true => Versions::All,
        false => Versions::Last,
    };
    if versions == Versions::Last {
        keeper.begin();
    }
    let replayed = replay(sources, &parameters, args.threads, args.quiet, versions, |told| {
        if let Told::Settled(event) = told {
            keeper.settle(event);
        }
        if let Some(dispatch) = &mut dispatch {
            dispatch.tell(&told).map_err(io::Error::other)?;
        }
        if let Told::Event(event) = told
            && args.history
            && (args.kind.is_empty() || args.kind.iter().any(|kind| kind == event.kind().name()))
        {
            sink::write_ndjson([&EventRecord::new(event, &provenance)], &mut output)?;
        }
        Ok(())
    })?;
    check_time(&replayed.intake)?;
    check_accepted(&replayed.intake)?;

    // What was found is kept before it is shown: a reader of standard output may take an hour over
    // it. If it cannot be kept, it is shown all the same.
    let kept = keeper.keep(&replayed, &parameters);
    let dispatched = dispatch.map(Dispatch::finish).transpose();

    let selected: Vec<&Event> =
        replayed.findings.iter().filter(|event| is_asked_for(event, args)).collect();
    let selected_count = encounter_count(selected.iter().copied());
    let written =
        write_result(args, selected, &mut output, &provenance).and_then(|()| output.finish());

    let summary = Summary {
        replayed: &replayed,
        profiles: &parameters.profiles,
        selected: selected_count,
        elapsed: started.elapsed(),
        store: kept.as_ref().ok().and_then(Option::as_deref),
        start_time_given: args.start_time.is_some(),
    };
    if !args.quiet {
        report::tell_summary(&summary);
    }
    report::tell_warnings(&summary);
    if let (Ok(Some(words)), false) = (&dispatched, args.quiet) {
        terminal::tell(format_args!("{words}"));
    }
    written?;
    kept?;
    dispatched?;
    let whole = is_whole(&replayed.intake) && left_out == 0;
    Ok(if args.strict && !whole { REJECTED } else { DONE })
}

/// Reads `sources` to their end and finds what there is, calling `told` with every report, and with every version of
/// every event as it is told.
///
/// # Errors
///
/// What `told` says; the replay ends there.
pub fn replay(
    mut sources: Sources,
    parameters: &Parameters,
    threads: u8,
    quiet: bool,
    versions: Versions,
    told: impl FnMut(Told<'_>) -> io::Result<()>,
) -> io::Result<Replayed> {
    let progress = sources.progress();
    let bytes_read = || progress.bytes_read.load(Ordering::Relaxed);
    let bar = Bar::new(progress.bytes_total, quiet);
    let mut finder = Finder::new(parameters, versions);
    let mut findings = Findings::new(parameters, finder.detector.teller(), told);
    let mut take = |step: Step| {
        findings.take(step)?;
        bar.update(bytes_read(), findings.reports);
        io::Result::Ok(())
    };
    let found = if threads == 1 {
        let mut batch = Vec::new();
        while sources.next_batch(&mut batch) {
            take(finder.take(std::mem::take(&mut batch)))?;
        }
        let mut taken = Ok(());
        let found = finder.finish(|step| {
            if taken.is_ok() {
                taken = take(step);
            }
        });
        taken.map(|()| found)
    } else {
        let sources = &mut sources;
        thread::scope(|scope| {
            // The map takes a while to build and is wanted with the first encounter.
            if parameters.land == LandMap::NaturalEarth {
                scope.spawn(Coast::natural_earth);
            }
            let (sender, batches) = mpsc::sync_channel::<Vec<Arrival>>(BATCHES_AHEAD_MAX);
            scope.spawn(move || {
                let mut batch = Vec::new();
                while sources.next_batch(&mut batch) {
                    // Nobody receives any more once the result cannot be written.
                    if sender.send(std::mem::take(&mut batch)).is_err() {
                        return;
                    }
                }
            });
            let (sender, steps) = mpsc::sync_channel::<Step>(BATCHES_AHEAD_MAX);
            let finding = scope.spawn(move || {
                for batch in batches {
                    sender.send(finder.take(batch)).ok()?;
                }
                let teller = finder.detector.teller();
                // To tell the rest takes the other side longer than this one, which helps when it would have to wait.
                let found = finder.finish(|step| {
                    if let Err(TrySendError::Full(step)) = sender.try_send(step) {
                        drop(sender.send(step.worked_out(&teller)));
                    }
                });
                // To free all that it remembered takes a while, and somebody waits for what was found.
                thread::spawn(move || drop(finder));
                Some(found)
            });
            steps.into_iter().try_for_each(take)?;
            let found = finding.join().expect("the detector does not panic");
            Ok(found.expect("it goes on as long as somebody receives"))
        })
    }?;
    drop(bar);
    Ok(findings.finish(found, sources.intake(), bytes_read()))
}

/// Reports, and what is told by them.
#[derive(Default)]
struct Step {
    arrivals: Vec<Arrival>,
    tellings: Vec<Telling>,
    /// In place of `tellings` where this side has worked them out.
    events: Vec<Event>,
}

impl Step {
    fn worked_out(self, teller: &Teller) -> Self {
        let events = self.tellings.into_iter().map(|telling| teller.event(telling)).collect();
        Step { events, tellings: Vec::new(), ..self }
    }
}

/// The detector's side.
struct Finder {
    detector: Detector,
    /// Records that came too late; they are late whether or not the detector could put them in their place
    /// afterwards, which its own counters tell.
    late: u64,
    late_by_ms_max: i64,
    /// Of what came in time.
    newest_at: Timestamp,
}

/// What a [`Finder`] leaves behind.
struct Found {
    late: u64,
    late_by: Duration,
    counters: detector::Counters,
    vessels: Vec<VesselSummary>,
}

impl Finder {
    fn new(parameters: &Parameters, versions: Versions) -> Self {
        let detector = Detector::new(parameters.clone());
        let detector = match versions {
            Versions::All => detector,
            Versions::Last => detector.without_interim_versions(),
        };
        Finder { detector, late: 0, late_by_ms_max: 0, newest_at: Timestamp::MIN }
    }

    fn take(&mut self, arrivals: Vec<Arrival>) -> Step {
        let mut tellings = Vec::new();
        for arrival in &arrivals {
            let at = arrival.report.observed_at();
            match self.detector.settle(&arrival.report, &mut tellings) {
                Disposition::Accepted => self.newest_at = self.newest_at.max(at),
                Disposition::Late => {
                    self.late += u64::from(arrival.lines);
                    let late_by_ms = self.newest_at.millis_since(at);
                    self.late_by_ms_max = self.late_by_ms_max.max(late_by_ms);
                }
            }
        }
        Step { arrivals, tellings, ..Step::default() }
    }

    /// The input has ended.
    fn finish(&mut self, mut take: impl FnMut(Step)) -> Found {
        self.detector.settle_rest(|tellings| {
            take(Step { tellings: std::mem::take(tellings), ..Step::default() });
        });
        Found {
            late: self.late,
            late_by: Duration::from_millis(self.late_by_ms_max.unsigned_abs()),
            counters: *self.detector.counters(),
            vessels: self.detector.vessels().collect(),
        }
    }
}

/// The other side: whoever is told.
struct Findings<T> {
    teller: Teller,
    told: T,
    /// As told last. As many as there are encounters; what is retracted goes.
    last: BTreeMap<EventId, Event>,
    /// When which event was told, in this order, as far as that may have been the last time.
    told_at: VecDeque<(Timestamp, EventId)>,
    settles_after: Duration,
    reports: u64,
    identities: Identities,
}

impl<T: FnMut(Told<'_>) -> io::Result<()>> Findings<T> {
    fn new(parameters: &Parameters, teller: Teller, told: T) -> Self {
        let identities = Identities::new(parameters.bounds.vessels_max);
        Findings {
            teller,
            told,
            last: BTreeMap::new(),
            told_at: VecDeque::new(),
            settles_after: parameters.encounter_kept(),
            reports: 0,
            identities,
        }
    }

    fn take(&mut self, step: Step) -> io::Result<()> {
        for arrival in &step.arrivals {
            (self.told)(Told::Report(&arrival.report))?;
            if let Report::Static(report) = &arrival.report {
                self.identities.learn(report);
            }
        }
        self.reports += step.arrivals.len() as u64;
        let told = step.tellings.into_iter().map(|telling| self.teller.event(telling));
        for mut event in told.chain(step.events) {
            (self.told)(Told::Event(&event))?;
            // Their tracks are not kept, and are most of what an encounter takes.
            if event.profiles.is_empty() {
                event.vessels.iter_mut().for_each(|vessel| vessel.track = Vec::new());
            }
            self.told_at.push_back((event.as_of, event.id));
            match event.state {
                EventState::Retracted => self.last.remove(&event.id),
                _ => self.last.insert(event.id, event),
            };
        }
        self.settle()
    }

    fn settle(&mut self) -> io::Result<()> {
        let Some(&(now, _)) = self.told_at.back() else { return Ok(()) };
        while let Some(&(told_at, id)) = self.told_at.front()
            && now.millis_since(told_at) > self.settles_after.as_millis() as i64
        {
            self.told_at.pop_front();
            if let Some(event) = self.last.get(&id).filter(|event| event.as_of == told_at) {
                (self.told)(Told::Settled(event))?;
            }
        }
        Ok(())
    }

    fn finish(self, found: Found, mut intake: Intake, bytes: u64) -> Replayed {
        let Found { late, late_by, counters, vessels } = found;
        intake.count_late(late);
        let is_finding = |event: &Event| event.state != EventState::Candidate;
        Replayed {
            findings: self.last.into_values().filter(is_finding).collect(),
            intake,
            late_by,
            bytes,
            counters,
            vessels,
            identities: self.identities,
        }
    }
}

/// Which program finds events, and with which parameters.
pub fn provenance(parameters: &Parameters) -> Provenance {
    Provenance {
        software_version: env!("CARGO_PKG_VERSION").into(),
        parameters_hash: parameters.hash(),
    }
}

fn options(args: &ReplayArgs) -> Options {
    Options {
        columns: args.columns.clone(),
        start_time: args.start_time,
        since: args.since,
        until: args.until,
        bbox: args.bbox,
    }
}

/// What clap cannot see: options that make no sense beside each other, or beside the configuration.
fn check_request(args: &ReplayArgs, parameters: &Parameters) -> Result<(), UsageError> {
    let known: Vec<&str> =
        parameters.profiles.iter().map(|profile| profile.name.as_str()).collect();
    for name in &args.profile {
        if name != ANY_PROFILE && !known.contains(&name.as_str()) {
            let known = known.join(", ");
            return Err(UsageError(format!(
                "there is no profile {name:?}: expected one of {known}, or {ANY_PROFILE}"
            )));
        }
    }
    if args.history && args.format != Format::Ndjson {
        return Err(UsageError("--history needs --format ndjson".into()));
    }
    if let (Some(since), Some(until)) = (args.since, args.until)
        && since >= until
    {
        return Err(UsageError(format!("--since {since} is not before --until {until}")));
    }
    if let (Some(output), Some(store)) = (args.output.as_deref(), args.store.path())
        && (output == store || is_same_file(output, store))
    {
        let output = output.display();
        return Err(UsageError(format!("--output and --store are the same file, {output}")));
    }
    Ok(())
}

/// Nothing may be written over an input, those found in directories included.
fn check_places(args: &ReplayArgs, intake: &Intake) -> Result<(), UsageError> {
    let (output, store) = (args.output.as_deref(), args.store.path());
    for (option, path) in [("--output", output), ("--store", store)] {
        let Some(path) = path.filter(|path| path.exists()) else { continue };
        // An input whose name is no text is told by its name alone.
        let name = path.display().to_string();
        let is_it = |input: &str| input == name || is_same_file(Path::new(input), path);
        if intake.inputs.iter().any(|input| is_it(&input.input)) {
            let path = path.display();
            return Err(UsageError(format!("{option} {path} would write over an input")));
        }
    }
    Ok(())
}

/// Without any time there is nothing to detect in, and an empty result would be taken for an answer.
fn check_time(intake: &Intake) -> anyhow::Result<()> {
    let Some(timeless) = intake.inputs.iter().find(|input| input.without_time) else {
        return Ok(());
    };
    if intake.total.reports > 0 {
        return Ok(());
    }
    bail!(
        "{} has positions but no time: expected tag blocks with c:, times before or after the sentences, \
         or reports of base stations; if you know when it begins, add --start-time 2024-01-31T00:00:00Z",
        timeless.input
    )
}

/// Where everything was rejected nothing was looked at, and an empty result would be taken for an answer.
fn check_accepted(intake: &Intake) -> anyhow::Result<()> {
    match report::all_rejected(intake) {
        Some(reasons) => bail!("{reasons}"),
        None => Ok(()),
    }
}

/// Which reports are wanted, and when they were heard where that was given, in the words of the command line; empty
/// for all of them as they are.
fn selection(args: &ReplayArgs) -> String {
    let bbox = args.bbox.map(|bbox| {
        let BoundingBox { west_deg, south_deg, east_deg, north_deg } = bbox;
        format!("--bbox={west_deg},{south_deg},{east_deg},{north_deg}")
    });
    let options = [
        args.since.map(|at| format!("--since {at}")),
        args.until.map(|at| format!("--until {at}")),
        bbox,
        args.start_time.map(|at| format!("--start-time {at}")),
    ];
    options.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

fn is_asked_for(event: &Event, args: &ReplayArgs) -> bool {
    let (kinds, profiles) = (&args.kind, &args.profile);
    if !kinds.is_empty() && kinds.iter().all(|kind| kind != event.kind().name()) {
        return false;
    }
    if event.kind() != EventKind::Encounter {
        return !kinds.is_empty() || (profiles.is_empty() && is_worth_a_look(event));
    }
    if profiles.is_empty() {
        return is_worth_a_look(event);
    }
    profiles.iter().any(|name| name == ANY_PROFILE || event.profiles.contains(name))
}

/// What is shown to those who have not said what they want.
pub fn is_worth_a_look(event: &Event) -> bool {
    match event.kind() {
        EventKind::Encounter => !event.profiles.is_empty(),
        _ => event.score >= SCORE_MIN,
    }
}

/// How many of them are encounters.
pub fn encounter_count<'a>(events: impl IntoIterator<Item = &'a Event>) -> usize {
    events.into_iter().filter(|event| event.kind() == EventKind::Encounter).count()
}

fn is_whole(intake: &Intake) -> bool {
    let damaged = intake.inputs.iter().any(|input| input.damage.is_some());
    intake.total.rejected.total() == 0 && intake.late == 0 && !damaged
}

fn write_result(
    args: &ReplayArgs,
    events: Vec<&Event>,
    output: &mut Output,
    provenance: &Provenance,
) -> io::Result<()> {
    let format = match args.format {
        Format::Table => {
            let styled = args.output.is_none() && terminal::is_styled();
            let rest = format!("--limit {} shows all", encounter_count(events.iter().copied()));
            let limit_others =
                if args.kind.is_empty() { OTHERS_MAX.min(args.limit) } else { args.limit };
            let limit = args.limit;
            return report::write_table(
                output,
                Table { events, limit, limit_others, rest, styled },
            );
        }
        // It has been written as it was told.
        Format::Ndjson if args.history => return Ok(()),
        Format::Ndjson => WireFormat::Ndjson,
        Format::Json => WireFormat::Json,
        Format::Csv => WireFormat::Csv,
        Format::Geojson => WireFormat::Geojson,
    };
    report::write_events(output, events, format, provenance)
}
