//! From lines to events: the log, the decoder, the detector and the ways out, in one thread.
//!
//! What is found is a function of the journal: the lines are decoded segment by segment, each by a decoder of its own,
//! as `alongside replay` reads them. So a checkpoint is the state of the detector, the segment, and how many reports
//! of that segment the detector has been given: a restart decodes the segment again from its beginning, which takes
//! a moment, and leaves so many reports out.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use anyhow::Context;
use detector::{Detector, Disposition, Parameters};
use maritime::{Event, EventId, EventState, Timestamp};
use sink::{
    Checkpoint, EventRecord, GeoPackage, Identities, Message, Messenger, MessengerOptions, Outbox,
    OutboxError, Provenance, Run, VesselRow,
};
use source::{Arrival, LiveReader};
use tokio::sync::mpsc::error::TryRecvError;
use tokio::sync::{mpsc, watch};

use super::checkpoint::{self, Named, Place, State, Written};
use super::health::{Health, Stats};
use super::log::{Accepted, Log, Next, OpenError, Refused};
use super::relay::Relay;
use super::sources::Chunk;
use super::sources::marks::Marks;
use super::{Daemon, describe};
use crate::alert::{self, Alerts, Queue, QueueError, Rule, Tally};
use crate::config;
use crate::store::{is_worth_keeping, now, vessel_row};

/// A report of so long after it was accepted has the time of a broken clock.
const AHEAD_MAX: Duration = Duration::from_secs(600);
/// What failed is tried again after this.
const RETRY_AFTER: Duration = Duration::from_secs(1);
/// Events that wait for the store at most; then they are stored at once, and intake waits for that.
const EVENTS_WAITING_MAX: usize = 10_000;
/// What takes no more than a moment is not said.
const READING_BYTES_SAID: u64 = 10_000_000;
/// The same of a topic, in messages.
const READING_MESSAGES_SAID: u64 = 1_000;
/// Of the ten seconds that there are for stopping.
const SOURCES_END_WITHIN: Duration = Duration::from_secs(3);
/// Vessels change slowly, and there are many.
const VESSELS_EVERY: Duration = Duration::from_secs(600);

/// Where the lines of the present segment become reports.
struct Segment {
    number: u64,
    reader: LiveReader,
    /// So much of it was read, as the log measures it, …
    read: u64,
    /// … and so much had been before a restart.
    read_before: u64,
    /// Reports that the detector has been given.
    given: u64,
    /// Reports that it had been given before a restart.
    skipped: u64,
}

impl Segment {
    fn new(number: u64) -> Self {
        Segment { number, reader: LiveReader::new(), read: 0, read_before: 0, given: 0, skipped: 0 }
    }
}

/// What ties it to the rest of the program.
pub struct Ends {
    /// Where it says how it goes.
    pub health: Arc<Health>,
    /// Turns true when it is to stop.
    pub stop: watch::Receiver<bool>,
    /// Where it tells sources how far they have read, when the log has been read.
    pub marker: watch::Sender<Option<Marks>>,
    /// Parameters that take the place of those that it runs with.
    pub reloads: watch::Receiver<Option<Parameters>>,
    /// Where accepted lines go besides.
    pub relay: Option<Relay>,
}

/// The thread's own.
pub struct Pipeline {
    daemon: Daemon,
    log: Log,
    /// What it has is not all in memory: somebody else wrote to it.
    is_behind: bool,
    segment: Segment,
    /// Of the checkpoint before the last, in case the last one turns out to be damaged.
    needed_from: u64,
    /// The segment could not be ended when it was full.
    roll_failed: bool,
    detector: Detector,
    ways_out: WaysOut,
    health: Arc<Health>,
    stop: watch::Receiver<bool>,
    /// How far sources have read, by what is in the journal.
    marks: Marks,
    /// Tells them, when the journal has been read.
    marker: watch::Sender<Option<Marks>>,
    /// Parameters that take the place of those that it runs with.
    reloads: watch::Receiver<Option<Parameters>>,
    relay: Option<Relay>,
    arrivals: Vec<Arrival>,
    events: Vec<Event>,
    stats: Stats,
    checkpoint_at: Instant,
    /// When it was told to stop.
    stopped_at: Option<Instant>,
}

impl Pipeline {
    /// Opens the journal and what the last checkpoint left.
    ///
    /// # Errors
    ///
    /// The journal, the outbox or the store cannot be used.
    pub fn open(daemon: Daemon, parameters: &Parameters, ends: Ends) -> anyhow::Result<Self> {
        let Ends { health, stop, marker, reloads, relay } = ends;
        let mut ways_out = WaysOut::open(&daemon, parameters, health.alerts())?;
        let restored = ways_out.restore(parameters)?;
        let marks = ways_out.outbox.checkpoint(&ways_out.names.marks)?;
        let marks = marks.map(|bytes| Marks::from_bytes(&bytes));
        let least = restored.as_ref().map_or(1, |(_, segment)| segment.number);
        let log = open_log(&daemon, least, &health, &stop)?;
        let first = log.first()?;
        let (detector, segment) = match restored {
            Some((detector, segment)) => {
                let (number, read) = (segment.number, segment.read_before);
                let segment = match log.instead_of(number, read)? {
                    None => segment,
                    Some(next) => {
                        tracing::error!(
                            checkpoint = log.place(number),
                            next = log.place(next),
                            "the log lacks what the checkpoint rests on; it goes on with what is there"
                        );
                        Segment::new(next)
                    }
                };
                (detector, segment)
            }
            None => {
                let detector = Detector::new(parameters.clone());
                ways_out.begin(first, &detector)?;
                (detector, Segment::new(first))
            }
        };
        let unread = log.unread(segment.number, 0)?;
        Ok(Pipeline {
            daemon,
            log,
            is_behind: false,
            segment,
            needed_from: first,
            roll_failed: false,
            detector,
            ways_out,
            health,
            stop,
            marks: marks.unwrap_or_default(),
            marker,
            reloads,
            relay,
            arrivals: Vec::new(),
            events: Vec::new(),
            stats: Stats { unread, ..Stats::default() },
            checkpoint_at: Instant::now(),
            stopped_at: None,
        })
    }

    /// Takes lines until there are no more, or it is told to stop and all that was waiting has been taken; then leaves
    /// a checkpoint.
    ///
    /// # Errors
    ///
    /// The last checkpoint cannot be written, or nothing could be accepted to the end.
    pub fn run(mut self, mut chunks: mpsc::UnboundedReceiver<Chunk>) -> anyhow::Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
        let mut lines = Vec::new();
        let mut counts = Vec::new();
        let mut stopped = self.catch_up(&mut chunks).context("cannot read the log again")?;
        while !stopped {
            self.close_when_stopped(&mut chunks);
            if self.begin_again_if_told()? || std::mem::take(&mut self.is_behind) {
                let read = self.catch_up(&mut chunks).context("cannot read the log again");
                stopped = read?;
                continue;
            }
            let tick = Duration::from_millis(200);
            let first = runtime.block_on(async { tokio::time::timeout(tick, chunks.recv()).await });
            let ended = matches!(first, Ok(None));
            if let Ok(Some(chunk)) = first {
                let bytes_max = self.log.commit_bytes_max();
                let gathering = async {
                    let mut next = Some(chunk);
                    while let Some(chunk) = next.take() {
                        lines.extend_from_slice(&chunk.bytes);
                        counts.push((chunk.source, chunk.lines));
                        if lines.len() < bytes_max {
                            next = chunks.recv().await;
                        }
                    }
                };
                let commit_after = self.daemon.commit_after;
                let _ =
                    runtime.block_on(async { tokio::time::timeout(commit_after, gathering).await });
                self.accept(&mut lines, &mut counts)?;
            }
            self.roll_when_full();
            if !self.is_behind {
                self.follow_segment();
            }
            self.go_on()?;
            // What is left to be read is with the next start.
            stopped = ended;
        }
        self.ways_out.finish();
        self.checkpoint_now()?;
        self.ways_out.close()
    }

    /// Once it has been told to stop, a source has a moment to end; one that waits for somebody who does not answer is
    /// not waited for. What is in the queue by then is accepted.
    fn close_when_stopped(&mut self, chunks: &mut mpsc::UnboundedReceiver<Chunk>) {
        if !*self.stop.borrow() || chunks.is_closed() {
            return;
        }
        let since = *self.stopped_at.get_or_insert_with(Instant::now);
        if since.elapsed() >= SOURCES_END_WITHIN {
            tracing::warn!("a source does not end; nothing more is taken of it");
            chunks.close();
        }
    }

    /// Puts lines into the journal and deals with them.
    fn accept(
        &mut self,
        lines: &mut Vec<u8>,
        counts: &mut Vec<(usize, u64)>,
    ) -> anyhow::Result<()> {
        let Accepted { at, follows } = self.commit(lines, counts)?;
        if follows && !self.is_behind {
            self.follow_segment();
            self.deal_with(lines, Some(at), false);
            self.segment.read = self.log.length();
        } else {
            self.is_behind = true;
            let Segment { number, read, .. } = self.segment;
            self.stats.unread = self.log.unread(number, read)?;
        }
        lines.clear();
        Ok(())
    }

    /// Goes on with the segment that is written to, when that is another one.
    fn follow_segment(&mut self) {
        let number = self.log.segment();
        if number != self.segment.number {
            self.end_segment(number);
        }
    }

    /// Puts lines into the journal, waiting for as long as it takes none.
    fn commit(
        &mut self,
        lines: &mut Vec<u8>,
        counts: &mut Vec<(usize, u64)>,
    ) -> anyhow::Result<Accepted> {
        let accepted = loop {
            match self.log.commit(lines, now()) {
                Ok(accepted) => break accepted,
                Err(Refused::ForNow(reason)) => {
                    self.wait_for(&format!("the {} takes nothing", self.log.name()), &reason)?;
                }
                Err(Refused::ForGood(error)) => return Err(error),
            }
        };
        if self.health.go_on() {
            tracing::info!("the {} takes lines again", self.log.name());
        }
        for (source, count) in counts.drain(..) {
            self.health.accepted(source, count);
        }
        if let Some(relay) = &self.relay {
            relay.offer(lines);
        }
        Ok(accepted)
    }

    /// Deals with what is in the journal from the segment of the checkpoint on. What comes meanwhile goes into the
    /// journal at once, and is dealt with in its turn. Says whether it was told to stop, and nothing more comes.
    fn catch_up(&mut self, chunks: &mut mpsc::UnboundedReceiver<Chunk>) -> anyhow::Result<bool> {
        let Segment { number, read, .. } = self.segment;
        let mut reader = self.log.reader(number, read);
        let mut taken_at = Instant::now();
        self.say();
        let unread = self.stats.unread;
        match self.log.topic() {
            None if unread > READING_BYTES_SAID => {
                tracing::info!(
                    bytes = unread,
                    "reading the journal again; what comes meanwhile is kept"
                );
            }
            Some(topic) if unread > READING_MESSAGES_SAID => {
                tracing::info!(
                    topic,
                    messages = unread,
                    "reading the topic again; what comes meanwhile is kept"
                );
            }
            _ => {}
        }
        loop {
            if taken_at.elapsed() >= self.daemon.commit_after {
                self.close_when_stopped(chunks);
                let is_over = self.take_in(chunks)?;
                if is_over && *self.stop.borrow() {
                    tracing::info!("stopped meanwhile; the next start goes on from here");
                    return Ok(true);
                }
                taken_at = Instant::now();
            }
            if self.begin_again_if_told()? {
                reader = self.log.reader(self.segment.number, 0);
            }
            let number = self.segment.number;
            let next = reader.next(&mut self.log);
            let next = match next.with_context(|| self.log.place(number))? {
                Next::Commit(commit) => {
                    if !commit.is_whole() {
                        let segment = self.log.place(number);
                        tracing::error!(
                            segment,
                            "the log is damaged; what can be read of it is read"
                        );
                    }
                    let read = self.log.measure(commit.bytes);
                    self.stats.unread = self.stats.unread.saturating_sub(read);
                    self.deal_with(commit.bytes, commit.at, false);
                    self.segment.read = reader.read();
                    self.go_on()?;
                    continue;
                }
                Next::Segment(next) => Some(next),
                Next::Nothing => None,
                Next::Later(None) => {
                    self.say();
                    continue;
                }
                Next::Later(Some(reason)) => {
                    self.wait_for(&format!("the {} gives nothing", self.log.name()), &reason)?;
                    continue;
                }
            };
            let Segment { given, skipped, .. } = &mut self.segment;
            if given < skipped {
                tracing::error!(
                    segment = number,
                    reports = *skipped - *given,
                    "the log lacks what the checkpoint rests on; it goes on with what is there"
                );
                *skipped = *given;
            }
            let Some(next) = next else {
                self.stats.unread = 0;
                self.health.go_on();
                self.marker.send_replace(Some(self.marks.clone()));
                return Ok(false);
            };
            self.end_segment(next);
        }
    }

    /// Where other parameters are to hold, it goes back to the beginning of the journal, so that what is told is what a
    /// replay of the journal with these tells; says whether it did.
    fn begin_again_if_told(&mut self) -> anyhow::Result<bool> {
        if !self.reloads.has_changed().unwrap_or_default() {
            return Ok(false);
        }
        let Some(parameters) = self.reloads.borrow_and_update().clone() else { return Ok(false) };
        if parameters.hash() == self.detector.parameters().hash() {
            return Ok(false);
        }
        // What was told with the old ones is safe before anything else is told.
        self.checkpoint_now()?;
        while !self.ways_out.waiting.is_empty() {
            self.wait_for("the store takes nothing", "events wait for it")?;
            self.store()?;
        }
        self.ways_out = loop {
            match WaysOut::open(&self.daemon, &parameters, self.health.alerts()) {
                Ok(ways_out) => break ways_out,
                Err(error) => self.wait_for("cannot begin again", &format!("{error:#}"))?,
            }
        };
        let first = loop {
            match self.log.first() {
                Ok(first) => break first,
                Err(error) => self.wait_for("cannot begin again", &describe(&error))?,
            }
        };
        self.stats.ended.add(&self.segment.reader.counters());
        self.detector = Detector::new(parameters);
        self.ways_out.begin(first, &self.detector)?;
        self.segment = Segment::new(first);
        self.needed_from = first;
        self.is_behind = false;
        self.stats.unread = self.log.unread(first, 0)?;
        tracing::info!("other parameters hold; the journal is read with them from its beginning");
        Ok(true)
    }

    /// Puts what waits into the journal, and says whether nothing more will come.
    fn take_in(&mut self, chunks: &mut mpsc::UnboundedReceiver<Chunk>) -> anyhow::Result<bool> {
        let (mut lines, mut counts) = (Vec::new(), Vec::new());
        let mut is_over = false;
        while lines.len() < self.log.commit_bytes_max() && !is_over {
            match chunks.try_recv() {
                Ok(chunk) => {
                    lines.extend_from_slice(&chunk.bytes);
                    counts.push((chunk.source, chunk.lines));
                }
                Err(TryRecvError::Empty) => break,
                Err(TryRecvError::Disconnected) => is_over = true,
            }
        }
        if !lines.is_empty() {
            self.commit(&mut lines, &mut counts)?;
            self.stats.unread += self.log.measure(&lines);
            self.say();
            self.roll_when_full();
        }
        Ok(is_over)
    }

    /// Decodes `bytes` of the present segment, accepted at `at`, and tells what is found.
    fn deal_with(&mut self, bytes: &[u8], at: Option<Timestamp>, ends: bool) {
        self.marks.note(bytes);
        let Segment { reader, given, skipped, .. } = &mut self.segment;
        self.arrivals.clear();
        reader.read(bytes, &mut self.arrivals);
        if ends {
            reader.finish(&mut self.arrivals);
        }
        let known = (*skipped - (*given).min(*skipped)).min(self.arrivals.len() as u64);
        *given += self.arrivals.len() as u64;
        let ahead = at.map(|at| at.plus_millis(AHEAD_MAX.as_millis() as i64));
        for arrival in &self.arrivals[known as usize..] {
            let report = &arrival.report;
            if ahead.is_some_and(|ahead| report.observed_at() > ahead) {
                // Nobody can have heard it yet; believed, it would make all others late.
                self.stats.ahead += u64::from(arrival.lines);
                continue;
            }
            self.ways_out.report(report);
            match self.detector.push(report, &mut self.events) {
                Disposition::Accepted => {
                    let at = Some(report.observed_at());
                    self.stats.newest_at = self.stats.newest_at.max(at);
                }
                Disposition::Late => self.stats.late += u64::from(arrival.lines),
            }
        }
        for event in self.events.drain(..) {
            self.stats.events += 1;
            self.ways_out.event(event);
        }
    }

    /// Goes on with the segment `next`.
    fn end_segment(&mut self, next: u64) {
        self.deal_with(b"", None, true);
        self.stats.ended.add(&self.segment.reader.counters());
        self.segment = Segment::new(next);
        self.stats.present = self.segment.reader.counters();
    }

    /// Begins another segment of the log, if it is time.
    fn roll_when_full(&mut self) {
        let at = now();
        if !self.log.is_full(at) {
            return;
        }
        match self.log.roll(at) {
            Ok(()) => self.roll_failed = false,
            Err(error) => {
                if !std::mem::replace(&mut self.roll_failed, true) {
                    let reason = describe(&error);
                    tracing::error!(
                        reason,
                        "no segment of the journal can be begun; the present one goes on"
                    );
                }
            }
        }
    }

    /// Whatever is due: to send, to store, to leave a checkpoint, to say how it goes.
    fn go_on(&mut self) -> anyhow::Result<()> {
        self.send()?;
        if self.ways_out.is_store_due(self.daemon.store_every) {
            self.store()?;
        }
        self.name_checkpoint(false)?;
        if self.checkpoint_at.elapsed() >= self.daemon.checkpoint_every {
            self.begin_checkpoint()?;
        }
        self.say();
        Ok(())
    }

    /// Puts what was told into the outbox, waiting for as long as that takes nothing.
    fn send(&mut self) -> anyhow::Result<()> {
        while let Err(error) = self.ways_out.alert() {
            self.wait_for("alerts cannot be queued", &describe(&error))?;
        }
        while let Err(error) = self.ways_out.send() {
            self.wait_for("the outbox takes nothing", &describe(&error))?;
        }
        self.health.go_on();
        Ok(())
    }

    /// What the store cannot take waits in memory up to a bound; then intake waits.
    fn store(&mut self) -> anyhow::Result<()> {
        self.ways_out.store(|identities| vessels(&self.detector, identities), &self.stats);
        while let Some(reason) = self.ways_out.store_failed.clone()
            && self.ways_out.waiting.len() >= EVENTS_WAITING_MAX
        {
            self.wait_for("the store takes nothing", &reason)?;
            self.ways_out.store(|identities| vessels(&self.detector, identities), &self.stats);
        }
        self.health.go_on();
        Ok(())
    }

    /// Leaves a checkpoint before anything else happens.
    fn checkpoint_now(&mut self) -> anyhow::Result<()> {
        self.name_checkpoint(true)?;
        self.begin_checkpoint()?;
        self.name_checkpoint(true)
    }

    /// Begins to leave a checkpoint, unless the last one is being written still.
    fn begin_checkpoint(&mut self) -> anyhow::Result<()> {
        self.checkpoint_at = Instant::now();
        if self.ways_out.states.is_writing() {
            return Ok(());
        }
        self.send()?;
        self.store()?;
        if !self.ways_out.waiting.is_empty() {
            // A restart finds again what the store lacks.
            return Ok(());
        }
        // What had been dealt with before a restart stays so, though it has not been read again.
        let Segment { number, given, skipped, read, read_before, .. } = self.segment;
        let (given, read) = (given.max(skipped), read.max(read_before));
        let place = Place { segment: number, given, read, told: self.ways_out.told };
        let (snapshot, marks) = (self.detector.freeze(), self.marks.to_bytes());
        self.ways_out.states.begin(State { snapshot, place, marks });
        Ok(())
    }

    /// Lets the outbox name the checkpoint that has been written; with `wait`, that is being written.
    fn name_checkpoint(&mut self, wait: bool) -> anyhow::Result<()> {
        let Some(mut written) = self.ways_out.states.written(wait) else { return Ok(()) };
        let written = loop {
            match written {
                Ok(written) => break written,
                Err((state, error)) => {
                    self.wait_for("no checkpoint can be left", &describe(&error))?;
                    written = self.ways_out.states.write(state);
                }
            }
        };
        while let Err(error) = self.ways_out.name(&written) {
            self.wait_for("no checkpoint can be left", &describe(&error))?;
        }
        self.health.go_on();
        self.stats.checkpoint_at = Some(now());
        self.stats.checkpoint_bytes = written.bytes;
        if let Err(error) = self.log.sweep(self.needed_from) {
            tracing::warn!(reason = describe(&error), "cannot delete old segments of the journal");
        }
        self.needed_from = written.named.place.segment;
        Ok(())
    }

    /// Says what keeps it from going on, and waits a moment; an error if it is to stop meanwhile.
    fn wait_for(&mut self, trouble: &str, reason: &str) -> anyhow::Result<()> {
        if self.health.stall(format!("{trouble}: {reason}")) {
            tracing::error!(reason, "{trouble}; intake waits");
        }
        self.say();
        if *self.stop.borrow() {
            anyhow::bail!(
                "{trouble}: stopped while waiting; what was accepted is in the {}",
                self.log.name()
            );
        }
        std::thread::sleep(RETRY_AFTER);
        Ok(())
    }

    fn say(&mut self) {
        self.stats.present = self.segment.reader.counters();
        self.stats.detector = *self.detector.counters();
        self.stats.segment = self.log.segment();
        self.stats.waiting = self.ways_out.waiting.len() as u64;
        self.stats.store_failed = self.ways_out.store_failed.clone();
        self.stats.outbox = self.ways_out.outbox.depth().unwrap_or_default();
        self.health.say(&self.stats);
    }
}

/// Opens the log, waiting for as long as whoever has it does not answer.
fn open_log(
    daemon: &Daemon,
    least: u64,
    health: &Health,
    stop: &watch::Receiver<bool>,
) -> anyhow::Result<Log> {
    let what = match &daemon.journal.topic {
        None => format!("the journal {}", daemon.journal.directory.display()),
        Some(topic) => format!("the topic {topic}"),
    };
    loop {
        let reason = match Log::open(daemon.journal.clone(), &daemon.delivery.kafka, least, now()) {
            Ok(log) => {
                health.go_on();
                return Ok(log);
            }
            Err(OpenError::Away(reason)) => reason,
            Err(OpenError::Failed(error)) => {
                return Err(error.context(format!("cannot open {what}")));
            }
        };
        if health.stall(format!("{what} cannot be opened: {reason}")) {
            tracing::error!(reason, "{what} cannot be opened; it is tried again");
        }
        health.say(&Stats::default());
        if *stop.borrow() {
            anyhow::bail!("{what} cannot be opened: {reason}: stopped while waiting");
        }
        std::thread::sleep(RETRY_AFTER);
    }
}

fn vessels(detector: &Detector, identities: &Identities) -> Vec<VesselRow> {
    detector.vessels().map(|vessel| vessel_row(&vessel, identities)).collect()
}

/// What is kept in the outbox, of one log. Each has its own: another log begins anew, and where the first one was stays
/// known.
struct Names {
    /// The checkpoint, …
    checkpoint: String,
    /// … and its files.
    files: String,
    /// The number of events that were told in all.
    told: String,
    /// How far sources have read.
    marks: String,
}

impl Names {
    fn new(topic: Option<&str>) -> Self {
        let of = topic.map_or_else(String::new, |topic| format!(" of topic {topic}"));
        Names {
            checkpoint: format!("run{of}"),
            files: topic.map_or_else(|| "run".into(), |topic| format!("run-of-{topic}")),
            told: format!("run-told{of}"),
            marks: format!("run-read{of}"),
        }
    }
}

/// Where events go.
struct WaysOut {
    names: Names,
    outbox: Outbox,
    states: checkpoint::Files,
    /// The checkpoint that the outbox names.
    named: Option<Named>,
    messenger: Option<Messenger>,
    batch: Vec<Message>,
    /// Events told in all, and how many of them are in the outbox.
    told: u64,
    sent: u64,
    alerter: Option<Alerter>,
    package: Option<Package>,
    /// As told last, for the store.
    waiting: BTreeMap<EventId, Event>,
    /// Since the start: what was heard before is in the store.
    identities: Identities,
    stored_at: Instant,
    vessels_at: Option<Instant>,
    store_failed: Option<String>,
}

/// Whom to tell of what.
struct Alerter {
    alerts: Alerts,
    queue: Queue,
    tally: Arc<Tally>,
    provenance: Provenance,
    due: Vec<(Rule, EventRecord)>,
}

struct Package {
    path: PathBuf,
    run: Run,
}

impl WaysOut {
    fn open(daemon: &Daemon, parameters: &Parameters, tally: Arc<Tally>) -> anyhow::Result<Self> {
        let outbox = Outbox::open(&daemon.delivery.outbox.file, daemon.delivery.outbox.bytes_max)?;
        let provenance = crate::replay::provenance(parameters);
        let messenger = daemon.publish.then(|| {
            let telling = MessengerOptions {
                source: "run".into(),
                positions_every: daemon.delivery.outbox.positions_every,
                vessels_max: parameters.bounds.vessels_max,
            };
            Messenger::new(telling, provenance.clone())
        });
        let alerter = (!daemon.alerts.rules.is_empty()).then(|| {
            let alerts = daemon.alerts.clone();
            let queue = Queue::open(&alerts.file)?;
            Ok::<_, QueueError>(Alerter {
                alerts,
                queue,
                tally,
                provenance: provenance.clone(),
                due: Vec::new(),
            })
        });
        let alerter = alerter.transpose()?;
        let package = daemon.store.clone();
        let package =
            package.map(|path| Package::open(path, daemon, parameters, provenance)).transpose()?;
        let names = Names::new(daemon.journal.topic.as_deref());
        Ok(WaysOut {
            states: checkpoint::Files::new(&daemon.delivery.outbox.file, &names.files),
            named: None,
            names,
            outbox,
            messenger,
            batch: Vec::new(),
            told: 0,
            sent: 0,
            alerter,
            package,
            waiting: BTreeMap::new(),
            identities: Identities::new(parameters.bounds.vessels_max),
            stored_at: Instant::now(),
            vessels_at: None,
            store_failed: None,
        })
    }

    /// The detector of the last checkpoint, and the segment with how many of its reports it has been given; `None` where
    /// the log must be read from its beginning.
    fn restore(&mut self, parameters: &Parameters) -> anyhow::Result<Option<(Detector, Segment)>> {
        let Some(state) = self.outbox.checkpoint(&self.names.checkpoint)? else { return Ok(None) };
        self.named = Named::from_bytes(&state);
        let Some(named) = self.named else {
            tracing::warn!(
                "the checkpoint is of another version; the log is read from its beginning"
            );
            return Ok(None);
        };
        self.states.go_on_from(named);
        let Place { segment, given, read, told } = named.place;
        let detector = match self.states.read(named) {
            Ok(state) => {
                Detector::restore(&state, parameters.clone()).map_err(|error| describe(&error))
            }
            Err(error) => Err(describe(&error)),
        };
        match detector {
            Ok(detector) => {
                self.told = told;
                let sent = self.outbox.checkpoint(&self.names.told)?;
                let sent = sent.and_then(|bytes| bytes.try_into().ok()).map(u64::from_le_bytes);
                self.sent = sent.unwrap_or(told).max(told);
                let segment =
                    Segment { read_before: read, skipped: given, ..Segment::new(segment) };
                Ok(Some((detector, segment)))
            }
            Err(reason) => {
                tracing::warn!(
                    reason,
                    "the checkpoint is set aside; the log is read from its beginning"
                );
                if let Err(error) = self.states.set_aside(named) {
                    tracing::warn!(reason = describe(&error), "it cannot be kept");
                }
                Ok(None)
            }
        }
    }

    /// Nothing has been told of what is in the log from this segment on.
    fn begin(&mut self, segment: u64, detector: &Detector) -> anyhow::Result<()> {
        let none = 0_u64.to_le_bytes();
        let name = &self.names.told;
        self.outbox.append(&[], Some(Checkpoint { name, state: &none }))?;
        let place = Place { segment, given: 0, read: 0, told: self.told };
        let state = State { snapshot: detector.freeze(), place, marks: Vec::new() };
        let written = self.states.write(state);
        let written = written.map_err(|(_, error)| error).context("cannot leave a checkpoint")?;
        self.name_state(written.named)?;
        Ok(())
    }

    /// From now on a start goes on from there.
    fn name(&mut self, written: &Written) -> Result<(), OutboxError> {
        let name = &self.names.marks;
        self.outbox.append(&[], Some(Checkpoint { name, state: &written.marks }))?;
        self.name_state(written.named)
    }

    fn name_state(&mut self, named: Named) -> Result<(), OutboxError> {
        let name = &self.names.checkpoint;
        self.outbox.keep(Checkpoint { name, state: &named.to_bytes() })?;
        self.states.tidy(self.named.replace(named), named);
        Ok(())
    }

    fn report(&mut self, report: &maritime::Report) {
        if let maritime::Report::Static(report) = report
            && self.package.is_some()
        {
            self.identities.learn(report);
        }
        if let Some(messenger) = &mut self.messenger {
            self.batch.extend(messenger.report(report));
        }
    }

    fn event(&mut self, event: Event) {
        self.told += 1;
        if let Some(alerter) = &mut self.alerter
            && self.told > self.sent
            && event.state != EventState::Candidate
        {
            let record = EventRecord::new(&event, &alerter.provenance);
            let wanting = alerter.alerts.wanting(&record, now());
            alerter.due.extend(wanting.map(|rule| (rule.clone(), record.clone())));
        }
        if let Some(messenger) = &self.messenger
            && self.told > self.sent
        {
            self.batch.push(messenger.event(&event));
        }
        if self.package.is_some() && event.state != EventState::Candidate {
            self.waiting.insert(event.id, event);
        }
    }

    /// Puts alerts into their queue, before anything else says that the events were told.
    fn alert(&mut self) -> Result<(), QueueError> {
        let Some(Alerter { alerts, queue, tally, due, .. }) = &mut self.alerter else {
            return Ok(());
        };
        if due.is_empty() {
            return Ok(());
        }
        let put = queue.put(due, |rule, event| {
            let body = alert::body(rule, event);
            let id = body["id"].as_str().unwrap_or_default().to_owned();
            let channels = alerts.channels(rule);
            channels.map(|channel| (channel.name.clone(), id.clone(), body.to_string())).collect()
        })?;
        if put.dropped > 0 {
            tally.dropped.fetch_add(put.dropped, Ordering::Relaxed);
            tracing::error!(alerts = put.dropped, "too many alerts wait; the oldest are dropped");
        }
        due.clear();
        Ok(())
    }

    fn send(&mut self) -> Result<(), OutboxError> {
        if self.batch.is_empty() {
            return Ok(());
        }
        let sent = self.told.max(self.sent);
        let state = sent.to_le_bytes();
        let name = &self.names.told;
        self.outbox.append(&self.batch, Some(Checkpoint { name, state: &state }))?;
        self.batch.clear();
        self.sent = sent;
        Ok(())
    }

    fn is_store_due(&self, every: Duration) -> bool {
        let due = self.stored_at.elapsed() >= every || self.waiting.len() >= EVENTS_WAITING_MAX;
        due && !self.waiting.is_empty()
    }

    /// Stores what waits. What cannot be stored waits on, and is said.
    fn store(&mut self, vessels: impl Fn(&Identities) -> Vec<VesselRow>, stats: &Stats) {
        let Some(package) = &mut self.package else { return };
        let with_vessels = self.vessels_at.is_none_or(|at| at.elapsed() >= VESSELS_EVERY);
        if self.waiting.is_empty() && !with_vessels {
            return;
        }
        let vessels = if with_vessels { vessels(&self.identities) } else { Vec::new() };
        // What is no longer worth keeping goes, as what is retracted.
        for event in self.waiting.values_mut() {
            if !is_worth_keeping(event) {
                event.state = EventState::Retracted;
            }
        }
        package.run.counters = stats.to_json();
        let stored = GeoPackage::open(&package.path)
            .and_then(|mut store| store.store(&package.run, self.waiting.values(), &vessels));
        match stored {
            Ok(_) => {
                self.waiting.clear();
                self.store_failed = None;
                if with_vessels {
                    self.vessels_at = Some(Instant::now());
                }
            }
            Err(error) => {
                let reason = describe(&error);
                if self.store_failed.is_none() {
                    tracing::error!(reason, "cannot store what was found; it is tried again");
                }
                self.store_failed = Some(reason);
            }
        }
        self.stored_at = Instant::now();
    }

    /// Nothing is told any more until the next start: identities are told with when they were heard last.
    fn finish(&mut self) {
        if let Some(messenger) = &mut self.messenger {
            self.batch.extend(messenger.finish());
        }
    }

    fn close(self) -> anyhow::Result<()> {
        match self.store_failed {
            Some(reason) if !self.waiting.is_empty() => anyhow::bail!(
                "{} events could not be stored, and are with the next start: {reason}",
                self.waiting.len()
            ),
            _ => Ok(()),
        }
    }
}

impl Package {
    fn open(
        path: PathBuf,
        daemon: &Daemon,
        parameters: &Parameters,
        provenance: Provenance,
    ) -> anyhow::Result<Self> {
        GeoPackage::open(&path)?;
        let started_at: Timestamp = now();
        let run = Run {
            run_id: format!("{started_at}-{}", std::process::id()),
            started_at,
            provenance,
            parameters: config::text(parameters),
            inputs: daemon.sources.iter().map(|source| source.name.clone()).collect(),
            selection: String::new(),
            counters: serde_json::Value::Null,
        };
        Ok(Package { path, run })
    }
}
