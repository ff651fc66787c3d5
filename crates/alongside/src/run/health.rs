//! How it goes, for whoever asks from outside: counters, states, and what is wrong in words.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use maritime::Timestamp;
use serde_json::json;
use sink::Depth;
use source::Counters;

use super::relay::RelayGauge;
use super::sources::{Address, Gauge, Refusal, SourceOptions, datagrams_lost};
use crate::alert::Tally;
use crate::store::now;

/// The pipeline says at least so often that it is there.
const BEAT_MAX: Duration = Duration::from_secs(30);
/// The present rate is that of this time, …
const PRESENT_SECONDS: f64 = 10.0;
/// … the usual one that of this.
const USUAL_SECONDS: f64 = 3600.0;

/// What the pipeline says of itself.
#[derive(Debug, Clone, Default)]
pub struct Stats {
    /// Of the segments of the journal that have ended since the start, …
    pub ended: Counters,
    /// … and of the present one.
    pub present: Counters,
    /// Lines that came too late for the detector, …
    pub late: u64,
    /// … and lines of a time that has not come.
    pub ahead: u64,
    /// What the detector has done.
    pub detector: detector::Counters,
    /// The newest instant of a report in time.
    pub newest_at: Option<Timestamp>,
    /// Versions of events told since the start.
    pub events: u64,
    /// The segment that is written to.
    pub segment: u64,
    /// Of the journal, so much has not been dealt with yet, after a start: bytes, or messages of a topic.
    pub unread: u64,
    /// When the last checkpoint was left, …
    pub checkpoint_at: Option<Timestamp>,
    /// … and how long it is.
    pub checkpoint_bytes: u64,
    /// Events that wait for the store.
    pub waiting: u64,
    /// Why the store takes nothing.
    pub store_failed: Option<String>,
    /// What waits for Kafka.
    pub outbox: Depth,
}

impl Stats {
    /// Received, and what became of that but for `late`: accepted, and rejected by reason.
    fn counted(&self) -> Counters {
        let mut counted = self.ended.clone();
        counted.add(&self.present);
        counted.reject_accepted("clock_ahead", self.ahead);
        counted
    }

    /// For the store's table of runs.
    pub fn to_json(&self) -> serde_json::Value {
        let counted = self.counted();
        json!({
            "received": counted.received,
            "accepted": counted.accepted.saturating_sub(self.late),
            "rejected": counted.rejected.total(),
            "late": self.late,
            "positions": self.detector.positions,
            "legs": self.detector.legs,
            "events": self.events,
        })
    }
}

/// One source as seen from outside.
struct Watched {
    options: SourceOptions,
    gauge: Arc<Gauge>,
    rates: Mutex<Rates>,
    begun_at: Timestamp,
}

/// Lines a second.
#[derive(Debug, Clone, Copy, Default)]
struct Rates {
    before: u64,
    present: f64,
    usual: f64,
    seconds: f64,
}

/// Shared between the pipeline, the sources and the pages.
pub struct Health {
    started_at: Timestamp,
    sources: Vec<Watched>,
    stats: Mutex<(Stats, Instant)>,
    /// Why intake waits.
    stalled: Mutex<Option<String>>,
    stalls: AtomicU64,
    outbox_bytes_max: u64,
    /// The topic that takes the place of the journal.
    topic: Option<String>,
    /// Why the configuration was refused when it was read again.
    reload_refused: Mutex<Option<String>>,
    reloads: AtomicU64,
    relay: Arc<RelayGauge>,
    alerts: Arc<Tally>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Health {
    /// Of these sources, nothing heard yet.
    pub fn new(sources: &[SourceOptions], outbox_bytes_max: u64, topic: Option<String>) -> Self {
        let watched = |options: &SourceOptions| Watched {
            options: options.clone(),
            gauge: Arc::default(),
            rates: Mutex::default(),
            begun_at: now(),
        };
        Health {
            started_at: now(),
            sources: sources.iter().map(watched).collect(),
            stats: Mutex::new((Stats::default(), Instant::now())),
            stalled: Mutex::default(),
            stalls: AtomicU64::new(0),
            outbox_bytes_max,
            topic,
            reload_refused: Mutex::default(),
            reloads: AtomicU64::new(0),
            relay: Arc::default(),
            alerts: Arc::default(),
        }
    }

    /// What the relay counts.
    pub fn relay(&self) -> Arc<RelayGauge> {
        self.relay.clone()
    }

    /// What whoever sends alerts counts.
    pub fn alerts(&self) -> Arc<Tally> {
        self.alerts.clone()
    }

    /// The configuration was read again, or refused.
    pub fn reloaded(&self, refused: Option<String>) {
        self.reloads.fetch_add(u64::from(refused.is_none()), Ordering::Relaxed);
        *lock(&self.reload_refused) = refused;
    }

    /// What a source counts.
    pub fn gauge(&self, source: usize) -> Arc<Gauge> {
        self.sources[source].gauge.clone()
    }

    /// Lines of a source are in the journal.
    pub fn accepted(&self, source: usize, lines: u64) {
        self.sources[source].gauge.accepted.fetch_add(lines, Ordering::Relaxed);
    }

    /// Intake waits; says whether that is new.
    pub fn stall(&self, reason: String) -> bool {
        let is_new = lock(&self.stalled).replace(reason).is_none();
        self.stalls.fetch_add(u64::from(is_new), Ordering::Relaxed);
        is_new
    }

    /// Intake goes on; says whether it had waited.
    pub fn go_on(&self) -> bool {
        lock(&self.stalled).take().is_some()
    }

    /// The pipeline is there, and says this.
    pub fn say(&self, stats: &Stats) {
        *lock(&self.stats) = (stats.clone(), Instant::now());
    }

    /// A second has passed.
    pub fn tick(&self) {
        for source in &self.sources {
            if let Address::Udp(address) = source.options.address
                && let Some(lost) = datagrams_lost(address)
            {
                source.gauge.datagrams_lost.store(lost, Ordering::Relaxed);
            }
            let received = source.gauge.received.load(Ordering::Relaxed);
            let mut rates = lock(&source.rates);
            let lines = received.saturating_sub(rates.before) as f64;
            rates.before = received;
            rates.seconds += 1.0;
            // Means at first, until there is as much to look back on.
            rates.present += (lines - rates.present) / rates.seconds.min(PRESENT_SECONDS);
            rates.usual += (lines - rates.usual) / rates.seconds.min(USUAL_SECONDS);
        }
    }

    /// Whether the pipeline has said something lately. It waits on nothing without saying so.
    pub fn is_alive(&self) -> bool {
        lock(&self.stats).1.elapsed() <= BEAT_MAX
    }

    /// What keeps it from doing its work; nothing if it can.
    pub fn troubles(&self) -> Vec<String> {
        let mut troubles: Vec<String> = lock(&self.stalled).iter().cloned().collect();
        if !self.is_alive() {
            troubles.push("the pipeline stands still".into());
        }
        let stats = lock(&self.stats).0.clone();
        if let Some(reason) = stats.store_failed {
            troubles.push(format!("the store takes nothing: {reason}"));
        }
        if stats.outbox.bytes > self.outbox_bytes_max {
            troubles.push("the outbox is full".into());
        }
        if !self.sources.iter().any(|source| source.state() == "receiving") {
            troubles.push("no source is receiving".into());
        }
        troubles
    }

    /// The worst trouble, or how much comes in.
    pub fn in_a_line(&self) -> String {
        if let Some(trouble) = self.troubles().into_iter().next() {
            return trouble;
        }
        let rates = self.sources.iter().map(|source| lock(&source.rates).present);
        format!("{:.1} lines a second", rates.sum::<f64>())
    }

    /// A row for each source and for each way out.
    pub fn to_json(&self) -> serde_json::Value {
        let troubles = self.troubles();
        let stats = lock(&self.stats).0.clone();
        let sources: Vec<serde_json::Value> = self.sources.iter().map(Watched::to_json).collect();
        let refused = lock(&self.reload_refused).clone();
        let unread = if self.topic.is_some() { "unread_messages" } else { "unread_bytes" };
        let silent = self.sources.iter().any(|source| source.state() == "silent");
        json!({
            "state": if !troubles.is_empty() { "failing" } else if silent || refused.is_some() { "degraded" } else { "good" },
            "troubles": troubles,
            "configuration": { "reloads": self.reloads.load(Ordering::Relaxed), "refused": refused },
            "started_at": self.started_at.to_string(),
            "sources": sources,
            "journal": {
                "segment": stats.segment,
                "topic": self.topic,
                unread: stats.unread,
                "checkpoint_at": stats.checkpoint_at.map(|at| at.to_string()),
                "checkpoint_bytes": stats.checkpoint_bytes,
            },
            "detector": {
                "watermark": stats.newest_at.map(|at| at.to_string()),
                "counters": stats.to_json(),
            },
            "store": { "events_waiting": stats.waiting, "failed": stats.store_failed },
            "outbox": {
                "messages": stats.outbox.messages,
                "bytes": stats.outbox.bytes,
                "bytes_max": self.outbox_bytes_max,
                "refused": stats.outbox.refused,
            },
        })
    }

    /// Sources and sinks as the dashboard tells them.
    pub fn to_dashboard(&self) -> serde_json::Value {
        let stats = lock(&self.stats).0.clone();
        let watermark = stats.newest_at;
        let sources = self.sources.iter().map(|source| {
            let last_at_ms = source.gauge.last_line_at_ms.load(Ordering::Relaxed);
            let last_at = (last_at_ms != 0).then(|| Timestamp::from_millis(last_at_ms));
            let rates = *lock(&source.rates);
            let tenths = |number: f64| (number * 10.0).round() / 10.0;
            json!({
                "name": source.options.name,
                "state": source.state(),
                "last_message_at": last_at.map(|at| at.to_string()),
                "rate_per_s": tenths(rates.present),
                "usual_rate_per_s": tenths(rates.usual),
                "lag_s": watermark.map(|at| tenths(now().millis_since(at) as f64 / 1000.0)),
            })
        });
        json!({
            "sources": sources.collect::<Vec<_>>(),
            "sinks": [
                { "name": "store", "state": if stats.store_failed.is_some() { "failing" } else { "good" },
                  "waiting": stats.waiting, "failed": stats.store_failed },
                { "name": "outbox", "state": if stats.outbox.refused > 0 { "refused" } else { "good" },
                  "waiting": stats.outbox.messages, "bytes": stats.outbox.bytes },
            ],
        })
    }

    /// In the text format of Prometheus. Labels are the names of sources and the program's own words.
    pub fn to_prometheus(&self) -> String {
        let mut text = Prometheus(String::new());
        let stats = lock(&self.stats).0.clone();
        let counted = stats.counted();
        let mut each = |name: &str, kind, help, value: &dyn Fn(&Watched) -> f64| {
            text.head(name, kind, help);
            for source in &self.sources {
                text.line(name, &[("source", &source.options.name)], value(source));
            }
        };
        let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed) as f64;
        each("source_lines_received_total", "counter", "Lines that came.", &|s| {
            load(&s.gauge.received)
        });
        each("source_lines_accepted_total", "counter", "Lines that are in the journal.", &|s| {
            load(&s.gauge.accepted)
        });
        each(
            "source_lines_dropped_total",
            "counter",
            "Lines of datagrams for which there was no room.",
            &|s| load(&s.gauge.dropped),
        );
        each(
            "source_datagrams_lost_total",
            "counter",
            "Datagrams that the system dropped before they could be read.",
            &|s| load(&s.gauge.datagrams_lost),
        );
        each(
            "source_clients_refused_total",
            "counter",
            "Clients sent away because there were too many.",
            &|s| load(&s.gauge.refused_clients),
        );
        each("source_connections", "gauge", "Connections that are open.", &|s| {
            load(&s.gauge.connections)
        });
        each("source_connections_ended_total", "counter", "Connections that ended.", &|s| {
            load(&s.gauge.reconnects)
        });
        each("source_last_line_timestamp_seconds", "gauge", "When the last line came.", &|s| {
            s.gauge.last_line_at_ms.load(Ordering::Relaxed) as f64 / 1000.0
        });
        each(
            "source_lines_per_second",
            "gauge",
            "Lines a second over the last ten seconds.",
            &|s| lock(&s.rates).present,
        );
        each(
            "source_lines_per_second_usual",
            "gauge",
            "Lines a second over the last hour.",
            &|s| lock(&s.rates).usual,
        );
        each(
            "source_receiving",
            "gauge",
            "1 if lines come, 0 if it is silent, waiting or ended.",
            &|s| f64::from(u8::from(s.state() == "receiving")),
        );
        text.head(
            "source_lines_refused_total",
            "counter",
            "Lines and messages that went no further, by reason.",
        );
        for source in &self.sources {
            for refusal in Refusal::ALL {
                let labels = [("source", &source.options.name[..]), ("reason", refusal.name())];
                let count = source.gauge.refused(refusal) as f64;
                text.line("source_lines_refused_total", &labels, count);
            }
        }
        for (name, kind, help, counter) in [
            ("relay_sent_total", "counter", "Sentences that the relay gave out.", &self.relay.sent),
            (
                "relay_repeated_total",
                "counter",
                "Sentences that had gone out a moment before, as another receiver heard them.",
                &self.relay.repeated,
            ),
            (
                "relay_missed_total",
                "counter",
                "Sentences that a way out of the relay was too slow for.",
                &self.relay.missed,
            ),
            ("alerts_sent_total", "counter", "Alerts that were taken.", &self.alerts.sent),
            ("alerts_failed_total", "counter", "Attempts that failed.", &self.alerts.failed),
            ("alerts_given_up_total", "counter", "Alerts given up.", &self.alerts.given_up),
            (
                "alerts_dropped_total",
                "counter",
                "Alerts that went because too many waited.",
                &self.alerts.dropped,
            ),
            ("alerts_waiting", "gauge", "Alerts that wait.", &self.alerts.waiting),
        ] {
            text.one(name, kind, help, load(counter));
        }
        text.one(
            "records_received_total",
            "counter",
            "Lines of the journal that were read: accepted, rejected and late.",
            counted.received as f64,
        );
        text.one(
            "records_accepted_total",
            "counter",
            "Lines that were understood and came in time.",
            counted.accepted.saturating_sub(stats.late) as f64,
        );
        text.one(
            "records_late_total",
            "counter",
            "Lines that came too late and revise.",
            stats.late as f64,
        );
        text.head("records_rejected_total", "counter", "Lines that were refused.");
        for (reason, count) in counted.rejected.iter() {
            text.line("records_rejected_total", &[("reason", reason)], count as f64);
        }
        text.one(
            "positions_total",
            "counter",
            "Positions that the detector has taken in.",
            stats.detector.positions as f64,
        );
        text.one(
            "events_total",
            "counter",
            "Versions of events that were told.",
            stats.events as f64,
        );
        text.one(
            "watermark_timestamp_seconds",
            "gauge",
            "The newest instant of a report.",
            stats.newest_at.map_or(0.0, |at| at.as_millis() as f64 / 1000.0),
        );
        text.one(
            "checkpoint_timestamp_seconds",
            "gauge",
            "When the last checkpoint was left.",
            stats.checkpoint_at.map_or(0.0, |at| at.as_millis() as f64 / 1000.0),
        );
        text.one("checkpoint_bytes", "gauge", "How long it is.", stats.checkpoint_bytes as f64);
        text.one(
            "journal_segment",
            "gauge",
            "The number of the segment that is written to, of a topic the offset of its first message.",
            stats.segment as f64,
        );
        text.one(
            if self.topic.is_some() { "journal_unread_messages" } else { "journal_unread_bytes" },
            "gauge",
            "What the journal has that has not been dealt with yet, after a start.",
            stats.unread as f64,
        );
        text.one("stalls_total", "counter", "How often intake had to wait.", load(&self.stalls));
        text.one(
            "stalled",
            "gauge",
            "1 while intake waits.",
            f64::from(u8::from(lock(&self.stalled).is_some())),
        );
        text.one(
            "store_events_waiting",
            "gauge",
            "Events that wait for the store.",
            stats.waiting as f64,
        );
        text.one(
            "outbox_messages",
            "gauge",
            "Messages that wait for Kafka.",
            stats.outbox.messages as f64,
        );
        text.one("outbox_bytes", "gauge", "What they take.", stats.outbox.bytes as f64);
        text.one(
            "outbox_refused",
            "gauge",
            "Messages that Kafka will never take.",
            stats.outbox.refused as f64,
        );
        text.0
    }
}

impl Watched {
    /// `waiting` before the first line, `receiving`, `silent`, which one that has never sent a line becomes too, or
    /// `ended`.
    fn state(&self) -> &'static str {
        let last_at_ms = self.gauge.last_line_at_ms.load(Ordering::Relaxed);
        if self.gauge.ended.load(Ordering::Relaxed) {
            "ended"
        } else {
            let since_ms = if last_at_ms == 0 { self.begun_at.as_millis() } else { last_at_ms };
            let silent_ms = self.options.silent_after.as_millis() as i64;
            match (now().as_millis() - since_ms > silent_ms, last_at_ms) {
                (true, _) => "silent",
                (false, 0) => "waiting",
                (false, _) => "receiving",
            }
        }
    }

    fn to_json(&self) -> serde_json::Value {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let Gauge { received, dropped, datagrams_lost, accepted, connections, .. } = &*self.gauge;
        let last_at_ms = self.gauge.last_line_at_ms.load(Ordering::Relaxed);
        let age_s = (last_at_ms != 0).then(|| (now().as_millis() - last_at_ms) as f64 / 1000.0);
        let rates = *lock(&self.rates);
        let tenths = |number: f64| (number * 10.0).round() / 10.0;
        json!({
            "name": self.options.name,
            "address": self.options.address.to_string(),
            "state": self.state(),
            "last_line_age_s": age_s,
            "lines_per_second": tenths(rates.present),
            "lines_per_second_usual": tenths(rates.usual),
            "received": count(received),
            "accepted": count(accepted),
            "dropped": count(dropped),
            "datagrams_lost": count(datagrams_lost),
            "refused": Refusal::ALL.map(|refusal| (refusal.name(), self.gauge.refused(refusal)))
                .into_iter()
                .filter(|(_, count)| *count > 0)
                .collect::<BTreeMap<_, _>>(),
            "connections": count(connections),
        })
    }
}

/// Lines of the text format, each name with `alongside_` before it.
struct Prometheus(String);

impl Prometheus {
    fn head(&mut self, name: &str, kind: &str, help: &str) {
        let _ = writeln!(self.0, "# HELP alongside_{name} {help}\n# TYPE alongside_{name} {kind}");
    }

    fn line(&mut self, name: &str, labels: &[(&str, &str)], value: f64) {
        let labels: Vec<String> =
            labels.iter().map(|(label, value)| format!("{label}=\"{value}\"")).collect();
        let braces =
            if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
        let _ = writeln!(self.0, "alongside_{name}{braces} {value}");
    }

    fn one(&mut self, name: &str, kind: &str, help: &str, value: f64) {
        self.head(name, kind, help);
        self.line(name, &[], value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn health() -> Health {
        let address = "udp://127.0.0.1:1".parse().unwrap();
        let source = SourceOptions::new("harbour".into(), address, Duration::from_secs(60));
        Health::new(&[source], 1_000_000, None)
    }

    #[test]
    fn a_feed_that_falls_silent_is_said() {
        let health = health();
        assert_eq!(health.troubles(), ["no source is receiving"]);
        let gauge = health.gauge(0);
        gauge.last_line_at_ms.store(now().as_millis(), Ordering::Relaxed);
        assert_eq!(health.to_json()["state"], "good");
        gauge.last_line_at_ms.store(now().as_millis() - 61_000, Ordering::Relaxed);
        assert_eq!(health.to_json()["sources"][0]["state"], "silent");
        assert_eq!(health.to_json()["state"], "failing");
    }

    #[test]
    fn what_stalls_is_said_until_it_goes_on() {
        let health = health();
        health.gauge(0).last_line_at_ms.store(now().as_millis(), Ordering::Relaxed);
        assert!(health.stall("no space left".into()) && !health.stall("no space left".into()));
        assert_eq!(health.troubles(), ["no space left"]);
        assert!(health.to_prometheus().contains("\nalongside_stalls_total 1\n"));
        assert!(health.go_on() && !health.go_on());
        assert!(health.troubles().is_empty());
    }

    #[test]
    fn rates_are_means_at_first() {
        let health = health();
        for _ in 0..3 {
            health.gauge(0).received.fetch_add(30, Ordering::Relaxed);
            health.tick();
        }
        for _ in 0..3 {
            health.tick();
        }
        let row = &health.to_json()["sources"][0];
        assert_eq!(
            (&row["lines_per_second"], &row["lines_per_second_usual"]),
            (&json!(15.0), &json!(15.0))
        );
    }
}
