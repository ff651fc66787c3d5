//! The publisher: from the outbox to Kafka.
//!
//! It sends in order, waits for the reports of delivery, and forgets a message only then. The producer is idempotent,
//! waits for all replicas and never gives a message up. Where it fails beyond repair it is made anew and goes on from
//! the first message that is not reported: then some may be in the topic twice, which their versions undo.
//!
//! Two publishers of one outbox would tell everything twice and forget what the other has not delivered; so it is locked,
//! by a file beside it that the system unlocks however the program ends.

use std::collections::BTreeSet;
use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use rdkafka::ClientContext;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{BaseRecord, DeliveryResult, Producer, ProducerContext, ThreadedProducer};

use crate::outbox::Queued;
use crate::{Depth, Kafka, Outbox, OutboxError, log_client_error};

/// Sent and not reported yet; more than a second's worth of anything.
const IN_FLIGHT_MAX: usize = 100_000;
/// Read from the outbox at once.
const BATCH: usize = 2_000;
/// Reports that are taken into the outbox at once.
const FORGET_EVERY: usize = 2_000;
/// How often an empty outbox is looked into: what an event waits here.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// Before a producer is made anew.
const PAUSE: Duration = Duration::from_secs(1);
/// How often is said that nothing moves.
const COMPLAIN_EVERY: Duration = Duration::from_secs(10);

/// Takes an outbox to Kafka.
pub struct Publisher {
    kafka: Kafka,
    outbox: Outbox,
    /// Locked for as long as it is open.
    _lock: File,
}

/// What a publisher did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Published {
    /// Messages that are on all replicas.
    pub delivered: u64,
    /// Messages that Kafka will never take, put aside in the outbox.
    pub refused: u64,
    /// How often the producer had to be made anew.
    pub restarts: u64,
}

/// When [`Publisher::run`] ends.
#[derive(Debug, Clone)]
pub struct Until {
    /// Nothing more will be told: end once all is delivered.
    pub told: Arc<AtomicBool>,
    /// End although something waits, if nothing was delivered for so long after that.
    pub give_up_after: Duration,
}

/// Why a publisher stopped.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// The outbox cannot be used.
    #[error(transparent)]
    Outbox(#[from] OutboxError),
    /// Another publisher is at work.
    #[error(
        "another program publishes this outbox already (it has locked {}): let it go on, or end it first",
        lock.display()
    )]
    Taken {
        /// The file beside the outbox.
        lock: PathBuf,
    },
    /// It cannot be made sure that no other publisher is at work.
    #[error("cannot lock {}", lock.display())]
    Lock {
        /// The file beside the outbox.
        lock: PathBuf,
        /// The system's words.
        source: io::Error,
    },
    /// No client can be made with these settings.
    #[error("kafka at {brokers} cannot be used with these settings")]
    Client {
        /// Who would have been asked.
        brokers: String,
        /// librdkafka's words.
        source: KafkaError,
    },
    /// Nothing was delivered for too long.
    #[error(
        "kafka at {brokers} has taken nothing for {}: {} messages wait in the outbox and are not lost",
        crate::publisher::seconds(*waited), depth.messages
    )]
    Stalled {
        /// Who was asked.
        brokers: String,
        /// For how long.
        waited: Duration,
        /// What waits.
        depth: Depth,
    },
}

pub(crate) fn seconds(span: Duration) -> String {
    format!("{} s", span.as_secs())
}

type Report = (i64, Result<(), RDKafkaErrorCode>);

struct Reports(Sender<Report>);

impl ClientContext for Reports {
    fn error(&self, error: KafkaError, reason: &str) {
        log_client_error(&error, reason);
    }

    /// They are not asked for, and what reads them is so much code that it is left out.
    fn stats_raw(&self, _: &[u8]) {}
}

impl ProducerContext for Reports {
    type DeliveryOpaque = Box<i64>;

    fn delivery(&self, result: &DeliveryResult<'_>, seq: Box<i64>) {
        let outcome = match result {
            Ok(_) => Ok(()),
            Err((error, _)) => Err(error.rdkafka_error_code().unwrap_or(RDKafkaErrorCode::Unknown)),
        };
        // Nobody listens any more once the producer is given up.
        let _ = self.0.send((*seq, outcome));
    }
}

struct Line {
    producer: ThreadedProducer<Reports>,
    reports: Receiver<Report>,
}

impl Publisher {
    /// A publisher of the outbox at `path`, which may be written to meanwhile.
    ///
    /// # Errors
    ///
    /// The outbox cannot be opened, or another publisher is at work on it.
    pub fn new(kafka: Kafka, path: &Path) -> Result<Self, PublishError> {
        let outbox = Outbox::open(path, u64::MAX)?;
        Ok(Publisher { kafka, outbox, _lock: lock(path)? })
    }

    /// Publishes until all was told and is delivered.
    ///
    /// # Errors
    ///
    /// The outbox cannot be used, or nothing is delivered for too long. What waits, waits in the outbox.
    pub fn run(&mut self, until: &Until) -> Result<Published, PublishError> {
        let mut published = Published::default();
        let mut moved_at = Instant::now();
        let mut complained_at = Instant::now();
        let mut told_at = None;
        'producers: loop {
            // With every producer: what went wrong may be that they are gone.
            self.make_topics();
            let line = self.connect()?;
            // What is sent and not reported; all before it is delivered and forgotten.
            let mut in_flight: BTreeSet<i64> = BTreeSet::new();
            let (mut sent, mut forgotten, mut reported) = (0, 0, 0);
            loop {
                let mut idle = in_flight.len() >= IN_FLIGHT_MAX;
                if !idle {
                    // Said before looking, so that what was told before it was said is seen.
                    let all_told = until.told.load(Ordering::Acquire);
                    let batch = self.outbox.after(sent, BATCH)?;
                    idle = batch.is_empty();
                    for queued in batch {
                        match self.send(&line.producer, &queued) {
                            Ok(()) => {
                                sent = queued.seq;
                                in_flight.insert(sent);
                            }
                            Err(RDKafkaErrorCode::QueueFull) => {
                                idle = true;
                                break;
                            }
                            Err(code) if is_refusal(code) => {
                                self.refuse(queued.seq, code, &mut published)?;
                                sent = queued.seq;
                            }
                            Err(code) => {
                                tracing::warn!(%code, "kafka producer failed, making another");
                                self.forget_before(&in_flight, sent, &mut forgotten)?;
                                published.restarts += 1;
                                std::thread::sleep(PAUSE);
                                continue 'producers;
                            }
                        }
                    }
                    if in_flight.is_empty() && idle && all_told {
                        return Ok(published);
                    }
                }

                let mut wait = if idle { LOOK_EVERY } else { Duration::ZERO };
                loop {
                    match line.reports.recv_timeout(wait) {
                        Ok((seq, Ok(()))) => {
                            in_flight.remove(&seq);
                            published.delivered += 1;
                            reported += 1;
                            moved_at = Instant::now();
                        }
                        Ok((seq, Err(code))) if is_refusal(code) => {
                            self.refuse(seq, code, &mut published)?;
                            in_flight.remove(&seq);
                        }
                        Ok((_, Err(code))) => {
                            tracing::warn!(%code, "kafka did not take a message, sending again from there");
                            self.forget_before(&in_flight, sent, &mut forgotten)?;
                            published.restarts += 1;
                            std::thread::sleep(PAUSE);
                            continue 'producers;
                        }
                        Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => break,
                    }
                    wait = Duration::ZERO;
                    if reported >= FORGET_EVERY {
                        break;
                    }
                }
                if reported >= FORGET_EVERY || (reported > 0 && in_flight.is_empty()) {
                    self.forget_before(&in_flight, sent, &mut forgotten)?;
                    reported = 0;
                }
                if in_flight.is_empty() {
                    moved_at = Instant::now();
                } else if moved_at.elapsed() > COMPLAIN_EVERY
                    && complained_at.elapsed() > COMPLAIN_EVERY
                {
                    complained_at = Instant::now();
                    let Depth { messages, bytes, .. } = self.outbox.depth()?;
                    let waited = seconds(moved_at.elapsed());
                    tracing::warn!(
                        messages,
                        bytes,
                        waited,
                        "kafka takes nothing, messages wait in the outbox"
                    );
                }
                if told_at.is_none() && until.told.load(Ordering::Acquire) {
                    told_at = Some(Instant::now());
                }
                let waited = moved_at.elapsed();
                if told_at.is_some_and(|at| at.elapsed().min(waited) > until.give_up_after) {
                    self.forget_before(&in_flight, sent, &mut forgotten)?;
                    let (brokers, depth) = (self.kafka.brokers.clone(), self.outbox.depth()?);
                    line.producer
                        .purge(rdkafka::producer::PurgeConfig::default().queue().inflight());
                    return Err(PublishError::Stalled { brokers, waited, depth });
                }
            }
        }
    }

    fn connect(&self) -> Result<Line, PublishError> {
        let (sender, reports) = mpsc::channel();
        let mut config = self.kafka.client();
        config
            .set("enable.idempotence", "true")
            .set("acks", "all")
            // Never: without this a broker that is away for five minutes costs what was told in them.
            .set("message.timeout.ms", "0")
            .set("compression.codec", &self.kafka.compression)
            .set("linger.ms", "5")
            .set("queue.buffering.max.messages", IN_FLIGHT_MAX.to_string())
            // Of an outage disk is the price, not memory.
            .set("queue.buffering.max.kbytes", "65536")
            // What is longer than the broker takes shall be refused by the broker, whose bound is not known here.
            .set("message.max.bytes", "8388608");
        let producer = config.create_with_context(Reports(sender)).map_err(|source| {
            PublishError::Client { brokers: self.kafka.brokers.clone(), source }
        })?;
        Ok(Line { producer, reports })
    }

    /// Brokers may forbid it, and make topics themselves; so what is in the way is told and no error.
    fn make_topics(&self) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let made = runtime.map_err(|error| error.to_string()).and_then(|runtime| {
            runtime.block_on(self.kafka.make_topics()).map_err(|error| error.to_string())
        });
        if let Err(reason) = &made {
            tracing::warn!(reason, "topics are not made");
        }
    }

    fn send(
        &self,
        producer: &ThreadedProducer<Reports>,
        queued: &Queued,
    ) -> Result<(), RDKafkaErrorCode> {
        let message = &queued.message;
        let topic = self.kafka.topic_name(message.topic);
        let record = BaseRecord::with_opaque_to(&topic, Box::new(queued.seq))
            .key(message.key.as_bytes())
            .payload(message.payload.as_bytes())
            .headers(message.headers());
        producer
            .send(record)
            .map_err(|(error, _)| error.rdkafka_error_code().unwrap_or(RDKafkaErrorCode::Unknown))
    }

    fn refuse(
        &mut self,
        seq: i64,
        code: RDKafkaErrorCode,
        published: &mut Published,
    ) -> Result<(), PublishError> {
        tracing::error!(seq, %code, "kafka will never take a message, it stays in the outbox among the refused");
        published.refused += 1;
        Ok(self.outbox.refuse(seq, &code.to_string())?)
    }

    fn forget_before(
        &mut self,
        in_flight: &BTreeSet<i64>,
        sent: i64,
        forgotten: &mut i64,
    ) -> Result<(), PublishError> {
        let delivered = in_flight.first().map_or(sent, |first| first - 1);
        if delivered > *forgotten {
            self.outbox.forget(delivered)?;
            *forgotten = delivered;
        }
        Ok(())
    }
}

/// Locks the outbox at `path` for publishers. SQLite's own locks are for moments, and another file descriptor of the
/// same file would undo them; hence a file of its own.
fn lock(path: &Path) -> Result<File, PublishError> {
    // The outbox has one name here, whatever links lead to it.
    let mut name = path.canonicalize().unwrap_or_else(|_| path.into()).into_os_string();
    name.push(".lock");
    let lock = PathBuf::from(name);
    let file = File::options().create(true).truncate(false).write(true).open(&lock);
    let file = file.map_err(|source| PublishError::Lock { lock: lock.clone(), source })?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(PublishError::Taken { lock }),
        Err(TryLockError::Error(source)) => Err(PublishError::Lock { lock, source }),
    }
}

/// Whether the message itself is in the way, and no broker at no time would take it.
fn is_refusal(code: RDKafkaErrorCode) -> bool {
    matches!(
        code,
        RDKafkaErrorCode::MessageSizeTooLarge
            | RDKafkaErrorCode::InvalidMessage
            | RDKafkaErrorCode::InvalidRecord
            | RDKafkaErrorCode::InvalidMessageSize
    )
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    #[test]
    fn a_second_publisher_is_refused_while_the_first_is_there() {
        let directory = TempDir::new().unwrap();
        let path = directory.path().join("o.db");
        let first = Publisher::new(Kafka::default(), &path).unwrap();
        let error = Publisher::new(Kafka::default(), &path).err().unwrap();
        assert!(matches!(error, PublishError::Taken { .. }), "{error}");
        #[cfg(unix)]
        {
            let link = directory.path().join("link.db");
            std::os::unix::fs::symlink(&path, &link).unwrap();
            assert!(Publisher::new(Kafka::default(), &link).is_err());
        }
        drop(first);
        Publisher::new(Kafka::default(), &path).unwrap();
    }
}
