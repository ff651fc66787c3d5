//! The journal as a topic of Kafka: every line that was heard live, on the brokers before anything is made of it.
//!
//! Takes lines and gives them back after a restart, as [`super::journal`] does. A message is one commit, or a part
//! of one where brokers want them shorter, and its value the very bytes that the journal would have on disk; so the
//! values one after the other, as `kafka-console-consumer` writes them, are what `alongside replay` reads. A segment is
//! called by the offset of its first message, which has one line more, [`SEGMENT`], by which every reader begins with a
//! decoder of its own there.
//!
//! A commit is accepted when the brokers have it, and is never given up: where they are away it stays in the
//! producer, and the same one is waited for again.
//!
//! Only one program may write to the topic, and each knows at which offset its next commit must stand. Where it stands
//! behind something else, what is found is not told from memory any more, but from the topic, in its order; and of two
//! programs the one that was started later goes on. Transactions, by which Kafka itself would refuse the earlier one,
//! cost two more rounds for every commit, cannot be told from a time-out when brokers were away for long, and would
//! not show who else writes there.

use std::io;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow, bail};
use maritime::Timestamp;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::Client;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{BorrowedMessage, Header, Headers, OwnedHeaders};
use rdkafka::producer::{BaseRecord, DeliveryResult, Producer, ProducerContext, ThreadedProducer};
use rdkafka::{ClientContext, Message, Offset, TopicPartitionList};
use sink::{Kafka, Uncounted};
use source::SEGMENT;

use super::journal::{Commit, JournalOptions, committed_at, mark};
use super::log::{Accepted, Next, OpenError, Refused};

/// There is no other: lines have one order.
const PARTITION: i32 = 0;
/// Brokers that do not answer in this time are away; a commit is asked for again after it.
const ANSWER_WITHIN: Duration = Duration::from_secs(2);
/// A topic that was just made is known to all brokers after a moment.
const MADE_WITHIN: Duration = Duration::from_secs(10);
/// One look for messages; lines are taken in between.
const POLL: Duration = Duration::from_millis(50);
/// Where nothing has come for so long although there is something, it is said.
const SILENCE_MAX: Duration = Duration::from_secs(5);
/// A message is no longer, unless the brokers want them shorter.
const MESSAGE_BYTES_MAX: usize = 4 << 20;
/// What brokers are asked to take, of a topic that is made: packed they are shorter, and a line is never cut.
const TOPIC_BYTES_MAX: usize = 8 << 20;
/// A message is not made shorter than this because brokers refuse it; a line with its time and feed fits in.
const PIECE_BYTES_MIN: usize = 4 << 10;
/// A topic that is made keeps what is in it at least for so long, …
const KEPT_MIN: Duration = Duration::from_secs(24 * 3600);
/// … or so many bytes of it: Kafka does not know how far the last checkpoint is.
const KEPT_BYTES_MIN: u64 = 1 << 30;
/// The header that says who wrote a message: when the program was started, and its process.
const WRITER: &str = "writer";

/// What librdkafka said last of its brokers.
#[derive(Clone, Default)]
struct Said(Arc<Mutex<Option<String>>>);

impl Said {
    fn lock(&self) -> MutexGuard<'_, Option<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// That, or else what a call ended with.
    fn or(&self, error: &KafkaError) -> String {
        self.lock().clone().unwrap_or_else(|| error.to_string())
    }
}

impl ClientContext for Said {
    fn error(&self, error: KafkaError, reason: &str) {
        sink::log_client_error(&error, reason);
        *self.lock() = Some(reason.to_owned());
    }

    fn stats_raw(&self, _: &[u8]) {}
}

impl ConsumerContext for Said {}

/// What became of a message: its offset, or why it is not there.
type Report = Result<u64, RDKafkaErrorCode>;

struct Reports(Sender<Report>, Said);

impl ClientContext for Reports {
    fn error(&self, error: KafkaError, reason: &str) {
        self.1.error(error, reason);
    }

    fn stats_raw(&self, _: &[u8]) {}
}

impl ProducerContext for Reports {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        let report = match result {
            // Of one that it had sent before, librdkafka does not know where it stands; it is looked for then.
            Ok(message) => u64::try_from(message.offset()).map_err(|_| RDKafkaErrorCode::Unknown),
            Err((error, _)) => Err(error.rdkafka_error_code().unwrap_or(RDKafkaErrorCode::Unknown)),
        };
        // Nobody listens any more once the producer is given up.
        let _ = self.0.send(report);
    }
}

struct Line {
    producer: ThreadedProducer<Reports>,
    reports: Receiver<Report>,
}

/// Lines on their way, which are the same however often they are asked for.
struct Pending {
    at: Timestamp,
    /// So much of them is in messages that are there, …
    taken: usize,
    /// … which have these bytes.
    done: Vec<u8>,
    /// They stand directly behind what was there.
    follows: bool,
    /// The message at hand, and how many bytes of lines it has.
    message: Option<(Vec<u8>, usize)>,
    /// It is with the producer, which reports on it.
    is_sent: bool,
}

/// The end of what was committed.
pub struct Topic {
    name: String,
    kafka: Kafka,
    options: JournalOptions,
    line: Line,
    said: Said,
    started_at: Timestamp,
    /// The segment that is written to, as far as it is known.
    number: u64,
    /// Behind the last message.
    end: u64,
    /// Where that was when it was opened: what comes behind it and is not ours, another program writes now.
    opened_end: u64,
    /// Bytes of the segment.
    length: u64,
    begun_at: Timestamp,
    /// The next commit begins a segment.
    begins: bool,
    pending: Option<Pending>,
    /// It is not known whether what was sent last is there.
    in_doubt: bool,
    piece_bytes_max: usize,
}

impl Topic {
    /// Opens the topic, and makes it if it is not there.
    ///
    /// # Errors
    ///
    /// Brokers are away; they refuse to make the topic; it has more partitions than one.
    pub fn open(
        options: JournalOptions,
        kafka: Kafka,
        name: &str,
        now: Timestamp,
    ) -> Result<Self, OpenError> {
        let said = Said::default();
        let line = connect(&kafka, &said).map_err(OpenError::Failed)?;
        let partitions = match look(&line.producer, name, &said)? {
            0 => {
                make(&kafka, name, &options)?;
                tracing::info!(topic = name, "made the topic of the journal");
                let since = Instant::now();
                loop {
                    match look(&line.producer, name, &said)? {
                        0 if since.elapsed() < MADE_WITHIN => std::thread::sleep(POLL),
                        0 => {
                            return Err(OpenError::Away(format!(
                                "{name} was made and is not there"
                            )));
                        }
                        partitions => break partitions,
                    }
                }
            }
            partitions => partitions,
        };
        check_partitions(name, partitions).map_err(OpenError::Failed)?;
        let (_, end) = watermarks(&line, name, &said).map_err(OpenError::Away)?;
        Ok(Topic {
            name: name.into(),
            kafka,
            options,
            line,
            said,
            started_at: now,
            number: end,
            end,
            opened_end: end,
            length: 0,
            begun_at: now,
            begins: false,
            pending: None,
            in_doubt: false,
            piece_bytes_max: MESSAGE_BYTES_MAX,
        })
    }

    /// Where it is.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The segment that is written to, and how many messages there are in it.
    pub fn segment(&self) -> (u64, u64) {
        (self.number, self.end - self.number)
    }

    /// Behind the last message.
    pub fn end(&self) -> u64 {
        self.end
    }

    /// Where a reader goes on who had read so many messages of a segment, if that is not where it was, because the
    /// topic has not what it had.
    ///
    /// # Errors
    ///
    /// Brokers are away.
    pub fn instead_of(&self, segment: u64, read: u64) -> io::Result<Option<u64>> {
        let low = self.first()?;
        Ok(match segment {
            _ if segment > self.end => Some(low),
            _ if segment < low => Some(low.max((segment + read).min(self.end))),
            _ => None,
        })
    }

    /// The oldest message that is there.
    ///
    /// # Errors
    ///
    /// Brokers are away.
    pub fn first(&self) -> io::Result<u64> {
        let found = watermarks(&self.line, &self.name, &self.said);
        found.map(|(low, _)| low).map_err(io::Error::other)
    }

    /// Accepts `lines`, and puts in their place what a reader finds. Until that has succeeded it must be asked for with
    /// the same lines again.
    ///
    /// # Errors
    ///
    /// Brokers are away or refuse them; or another program writes to the topic.
    pub fn commit(&mut self, lines: &mut Vec<u8>, now: Timestamp) -> Result<Accepted, Refused> {
        let fresh = || Pending {
            at: now,
            taken: 0,
            done: Vec::new(),
            follows: true,
            message: None,
            is_sent: false,
        };
        let mut pending = self.pending.take().unwrap_or_else(fresh);
        match self.deliver(&mut pending, lines) {
            Ok(()) => {
                *lines = pending.done;
                Ok(Accepted { at: pending.at, follows: pending.follows })
            }
            Err(refused) => {
                self.pending = Some(pending);
                Err(refused)
            }
        }
    }

    fn deliver(&mut self, pending: &mut Pending, lines: &[u8]) -> Result<(), Refused> {
        while pending.taken < lines.len() {
            let (value, length) = match pending.message.take() {
                Some(message) => message,
                None => {
                    self.message(piece(&lines[pending.taken..], self.piece_bytes_max), pending.at)
                }
            };
            let reported = match pending.is_sent {
                true => None,
                false => self.send(&value)?,
            };
            pending.is_sent = true;
            let report = match reported {
                Some(report) => report,
                None => match self.line.reports.recv_timeout(ANSWER_WITHIN) {
                    Ok(report) => report,
                    Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                        pending.message = Some((value, length));
                        return Err(Refused::ForNow(self.silence()));
                    }
                },
            };
            pending.is_sent = false;
            let offset = match report {
                Ok(offset) => offset,
                Err(code) if is_too_long(code) && length > PIECE_BYTES_MIN => {
                    // The lines of one commit may then be in several messages, of which some alone may be there
                    // after a kill.
                    self.piece_bytes_max = (length / 2).max(PIECE_BYTES_MIN);
                    continue;
                }
                Err(code) => {
                    self.in_doubt = true;
                    pending.message = Some((value, length));
                    return Err(Refused::ForNow(code.to_string()));
                }
            };
            self.take(offset, &value, pending)?;
            pending.taken += length;
            pending.done.extend_from_slice(&value);
        }
        Ok(())
    }

    /// A message of these lines, and how many bytes they are.
    fn message(&self, lines: &[u8], at: Timestamp) -> (Vec<u8>, usize) {
        let mut value = Vec::with_capacity(lines.len() + 128);
        if self.begins {
            value.extend_from_slice(SEGMENT);
            value.extend_from_slice(format!("{at}\n").as_bytes());
        }
        value.extend_from_slice(lines);
        mark(&mut value, at);
        (value, lines.len())
    }

    /// Sends a message; gives a report at once where none will come.
    fn send(&mut self, value: &[u8]) -> Result<Option<Report>, Refused> {
        if self.in_doubt {
            if self.line.producer.client().fatal_error().is_some() {
                self.line = connect(&self.kafka, &self.said).map_err(Refused::ForGood)?;
            }
            let found = self.find(value).map_err(|error| Refused::ForNow(format!("{error:#}")))?;
            self.in_doubt = false;
            if let Some(offset) = found {
                return Ok(Some(Ok(offset)));
            }
        }
        let writer = self.writer();
        let header = Header { key: WRITER, value: Some(&writer) };
        let record = BaseRecord::<(), [u8]>::to(&self.name)
            .partition(PARTITION)
            .payload(value)
            .headers(OwnedHeaders::new().insert(header));
        match self.line.producer.send(record) {
            Ok(()) => Ok(None),
            Err((error, _)) => {
                Ok(Some(Err(error.rdkafka_error_code().unwrap_or(RDKafkaErrorCode::Unknown))))
            }
        }
    }

    /// A message is there.
    fn take(&mut self, offset: u64, value: &[u8], pending: &mut Pending) -> Result<(), Refused> {
        if offset < self.end {
            return Err(Refused::ForGood(anyhow!(
                "the topic {} was made anew, or has lost what it had taken: offset {} came after {}",
                self.name,
                offset,
                self.end - 1
            )));
        }
        pending.follows &= offset == self.end;
        if self.begins {
            (self.number, self.length, self.begun_at, self.begins) = (offset, 0, pending.at, false);
        }
        self.end = offset + 1;
        self.length += value.len() as u64;
        *self.said.lock() = None;
        Ok(())
    }

    /// Where a message stands behind the end that is known.
    fn find(&self, value: &[u8]) -> anyhow::Result<Option<u64>> {
        let (_, end) =
            watermarks(&self.line, &self.name, &self.said).map_err(|reason| anyhow!(reason))?;
        let (mut next, since) = (self.end, Instant::now());
        if next >= end {
            return Ok(None);
        }
        let consumer = self.consumer(next)?;
        while next < end {
            match consumer.poll(POLL) {
                Some(Ok(message)) if message.payload() == Some(value) => {
                    return Ok(Some(message.offset() as u64));
                }
                Some(Ok(message)) => next = message.offset() as u64 + 1,
                Some(Err(KafkaError::PartitionEOF(_))) => {
                    let high = watermarks(&self.line, &self.name, &self.said);
                    if high.map_err(|reason| anyhow!(reason))?.1 < end {
                        bail!("the topic {} ends before what it said was its end", self.name);
                    }
                    break;
                }
                _ if since.elapsed() > SILENCE_MAX => bail!(self.silence()),
                _ => {}
            }
        }
        Ok(None)
    }

    fn consumer(&self, from: u64) -> anyhow::Result<BaseConsumer<Said>> {
        let mut config = self.kafka.client();
        config
            // librdkafka reads with the name of a group alone; it is never joined.
            .set("group.id", "alongside-journal")
            .set("enable.auto.commit", "false")
            .set("auto.offset.reset", "earliest")
            // Somebody else's open transaction hides nothing of ours.
            .set("isolation.level", "read_uncommitted")
            .set("enable.partition.eof", "true")
            .set("queued.max.messages.kbytes", "16384")
            .set("fetch.queue.backoff.ms", "10");
        let cannot = || format!("cannot read the topic {}", self.name);
        let consumer: BaseConsumer<Said> =
            config.create_with_context(self.said.clone()).with_context(cannot)?;
        assign(&consumer, &self.name, from).with_context(cannot)?;
        Ok(consumer)
    }

    /// Reads what stands behind the first messages of a segment that were read already.
    pub fn reader(&mut self, segment: u64, read: u64) -> Reader {
        // Where it has nothing yet, the next commit begins it.
        self.begins |= read == 0 && segment >= self.end;
        Reader::new(segment, read)
    }

    /// Why nothing comes, as far as it is known.
    fn silence(&self) -> String {
        silence(&self.kafka.brokers, &self.said)
    }

    /// Whether the segment is as long or as old as it may be.
    pub fn is_full(&self, now: Timestamp) -> bool {
        !self.begins && self.options.ends_segment(self.length, self.begun_at, now)
    }

    /// The next commit begins another segment.
    pub fn roll(&mut self) {
        self.begins = true;
    }
}

/// Reads the topic while it is written to.
pub struct Reader {
    segment: u64,
    /// The offset that comes next.
    next: u64,
    /// Nothing of the segment has been read.
    is_fresh: bool,
    /// It was read from its beginning, and has so many bytes up to here, …
    length: Option<u64>,
    /// … and says when it began.
    begun_at: Option<Timestamp>,
    consumer: Option<BaseConsumer<Said>>,
    value: Vec<u8>,
    /// That is the first of a segment, and has not been given.
    is_held: bool,
    /// Where the topic ended when the consumer said so.
    end_seen: Option<u64>,
    heard_at: Instant,
}

impl Reader {
    fn new(segment: u64, read: u64) -> Self {
        Reader {
            segment,
            next: segment + read,
            is_fresh: read == 0,
            length: (read == 0).then_some(0),
            begun_at: None,
            consumer: None,
            value: Vec::new(),
            is_held: false,
            end_seen: None,
            heard_at: Instant::now(),
        }
    }

    /// How many messages of the segment were read.
    pub fn read(&self) -> u64 {
        self.next - self.segment
    }

    /// What stands next.
    ///
    /// # Errors
    ///
    /// A program that was started later writes to the topic.
    pub fn next(&mut self, topic: &mut Topic) -> anyhow::Result<Next<'_>> {
        if std::mem::take(&mut self.is_held) {
            return Ok(Next::Commit(self.give()));
        }
        if self.next >= topic.end {
            self.tell(topic);
            return Ok(Next::Nothing);
        }
        let consumer = match &self.consumer {
            Some(consumer) => consumer,
            None => &*self.consumer.insert(topic.consumer(self.next)?),
        };
        let message = match consumer.poll(POLL) {
            Some(Ok(message)) => message,
            Some(Err(KafkaError::PartitionEOF(_))) => {
                // Said once at the end of what there was. Where there is still nothing when it is asked for again,
                // what stands there is no message, but a mark of somebody's transaction.
                let has_all = watermarks(&topic.line, &topic.name, &topic.said)
                    .is_ok_and(|(_, high)| high >= topic.end);
                if has_all && self.end_seen.replace(topic.end) == Some(topic.end) {
                    if self.next < topic.end {
                        let (topic, from, to) = (&topic.name, self.next, topic.end - 1);
                        tracing::warn!(topic, from, to, "there are no messages there; passed over");
                    }
                    self.next = topic.end;
                }
                assign(consumer, &topic.name, self.next)?;
                return Ok(Next::Later(None));
            }
            Some(Err(error)) => {
                tracing::debug!(%error, "kafka did not give a message");
                *topic.said.lock() = Some(error.to_string());
                return Ok(self.later(topic));
            }
            None => return Ok(self.later(topic)),
        };
        self.heard_at = Instant::now();
        let offset = message.offset() as u64;
        if offset < self.next {
            return Ok(Next::Later(None));
        }
        if offset >= topic.opened_end {
            topic.check_writer(&message)?;
        }
        let missed = if offset > self.next { topic.first().unwrap_or_default() } else { 0 };
        let is_lost = missed > self.next;
        if is_lost {
            tracing::error!(
                topic = topic.name,
                from = self.next,
                to = offset - 1,
                "kafka has deleted what was not read yet; it goes on with what is there"
            );
        }
        self.value.clear();
        self.value.extend_from_slice(message.payload().unwrap_or_default());
        if self.value.last().is_some_and(|last| *last != b'\n') {
            self.value.push(b'\n');
        }
        drop(message);
        let begins = is_lost || self.value.starts_with(SEGMENT);
        self.next = offset + 1;
        if begins && !self.is_fresh {
            (self.segment, self.length, self.begun_at) = (offset, Some(0), None);
            self.is_held = true;
            return Ok(Next::Segment(offset));
        }
        Ok(Next::Commit(self.give()))
    }

    fn give(&mut self) -> Commit<'_> {
        self.is_fresh = false;
        if let Some(length) = &mut self.length {
            *length += self.value.len() as u64;
        }
        if let Some(line) = self.value.strip_prefix(SEGMENT) {
            let line = line.split(|byte| *byte == b'\n').next().unwrap_or_default();
            self.begun_at = std::str::from_utf8(line).ok().and_then(|at| Timestamp::parse(at).ok());
        }
        let whole = self.value.strip_suffix(b"\n").unwrap_or(&self.value);
        let start = memchr::memrchr(b'\n', whole).map_or(0, |end| end + 1);
        let (lines, mark) = whole.split_at(start);
        Commit { bytes: &self.value, at: committed_at(lines, mark) }
    }

    fn later(&self, topic: &Topic) -> Next<'static> {
        let is_long = self.heard_at.elapsed() > SILENCE_MAX;
        Next::Later(is_long.then(|| topic.silence()))
    }

    /// All has been read: now it is known what the present segment is.
    fn tell(&self, topic: &mut Topic) {
        topic.begins |= self.is_fresh;
        topic.number = self.segment;
        if let Some(length) = self.length {
            topic.length = length;
        }
        if let Some(begun_at) = self.begun_at {
            topic.begun_at = begun_at;
        }
    }
}

impl Topic {
    /// What [`WRITER`] says of this program.
    fn writer(&self) -> String {
        format!("{} {}", self.started_at, std::process::id())
    }

    /// Looks at who wrote a message since the topic was opened.
    fn check_writer(&self, message: &BorrowedMessage<'_>) -> anyhow::Result<()> {
        let headers = message.headers();
        let header = headers.and_then(|all| all.iter().find(|header| header.key == WRITER));
        let value = header.and_then(|header| std::str::from_utf8(header.value?).ok());
        if value == Some(&self.writer()) {
            return Ok(());
        }
        let (topic, offset) = (&self.name, message.offset());
        let started_at = value.and_then(|value| Timestamp::parse(value.split_once(' ')?.0).ok());
        if started_at.is_some_and(|at| at >= self.started_at) {
            let writer = value.unwrap_or_default();
            bail!(
                "another program writes to the topic {topic} (offset {offset}, started at {writer}): only one may, and the \
                 one that was started later goes on"
            );
        }
        tracing::warn!(
            topic,
            offset,
            "somebody else has written to the topic of the journal; it is read in its turn"
        );
        Ok(())
    }
}

fn assign(consumer: &BaseConsumer<Said>, topic: &str, from: u64) -> Result<(), KafkaError> {
    let mut list = TopicPartitionList::new();
    list.add_partition_offset(topic, PARTITION, Offset::Offset(from as i64))?;
    consumer.assign(&list)
}

/// How many partitions a topic has; 0 if it is not there.
///
/// # Errors
///
/// Brokers do not answer, with their addresses.
pub fn partitions(kafka: &Kafka, name: &str, within: Duration) -> Result<usize, String> {
    let said = Said::default();
    let consumer: BaseConsumer<Said> =
        kafka.client().create_with_context(said.clone()).map_err(|error| error.to_string())?;
    count_partitions(consumer.client(), name, within).map_err(|_| silence(&kafka.brokers, &said))
}

fn look(producer: &ThreadedProducer<Reports>, name: &str, said: &Said) -> Result<usize, OpenError> {
    let found = count_partitions(producer.client(), name, ANSWER_WITHIN);
    found.map_err(|error| OpenError::Away(said.or(&error)))
}

fn count_partitions<C: ClientContext>(
    client: &Client<C>,
    name: &str,
    within: Duration,
) -> Result<usize, KafkaError> {
    // All topics: to ask for one that is not there makes it on many a broker.
    let found = client.fetch_metadata(None, within)?;
    let topic = found.topics().iter().find(|topic| topic.name() == name);
    Ok(topic.map_or(0, |topic| topic.partitions().len()))
}

/// Whether a topic that is there can be a journal.
///
/// # Errors
///
/// It has more partitions than one.
pub fn check_partitions(name: &str, partitions: usize) -> anyhow::Result<()> {
    if partitions != 1 {
        bail!(
            "the topic {name} has {partitions} partitions, and a journal has one, because lines have one order: name \
             another in journal.topic"
        );
    }
    Ok(())
}

fn watermarks(line: &Line, name: &str, said: &Said) -> Result<(u64, u64), String> {
    let found = line.producer.client().fetch_watermarks(name, PARTITION, ANSWER_WITHIN);
    let (low, high) = found.map_err(|error| said.or(&error))?;
    Ok((low.max(0).unsigned_abs(), high.max(0).unsigned_abs()))
}

fn silence(brokers: &str, said: &Said) -> String {
    match &*said.lock() {
        Some(reason) => format!("no answer from kafka at {brokers}: {reason}"),
        None => format!("no answer from kafka at {brokers}"),
    }
}

fn connect(kafka: &Kafka, said: &Said) -> anyhow::Result<Line> {
    let (sender, reports) = mpsc::channel();
    let mut config = kafka.client();
    config
        .set("enable.idempotence", "true")
        .set("acks", "all")
        // Never: what was given up could be there all the same, and be there twice.
        .set("message.timeout.ms", "0")
        .set("compression.codec", &kafka.compression)
        // A commit has waited for others already.
        .set("linger.ms", "0")
        .set("message.max.bytes", TOPIC_BYTES_MAX.to_string());
    let context = Reports(sender, said.clone());
    let producer = config.create_with_context(context).with_context(|| {
        format!("kafka at {} cannot be used with these settings", kafka.brokers)
    })?;
    Ok(Line { producer, reports })
}

/// Makes the topic, which keeps what is in it as the files of a journal would be kept.
fn make(kafka: &Kafka, name: &str, options: &JournalOptions) -> Result<(), OpenError> {
    let failed = |error: KafkaError| OpenError::Away(error.to_string());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| OpenError::Failed(error.into()))?;
    let admin: AdminClient<Uncounted> =
        kafka.client().create_with_context(Uncounted).map_err(failed)?;
    let (kept_ms, kept_bytes) = (
        options.age_max.max(KEPT_MIN).as_millis().to_string(),
        options.bytes_max.max(KEPT_BYTES_MIN).min(i64::MAX as u64).to_string(),
    );
    let longest = TOPIC_BYTES_MAX.to_string();
    let new = NewTopic::new(name, 1, TopicReplication::Fixed(kafka.replication))
        .set("cleanup.policy", "delete")
        .set("retention.ms", &kept_ms)
        .set("retention.bytes", &kept_bytes)
        .set("max.message.bytes", &longest);
    let within = Some(Duration::from_secs(10));
    let asked = AdminOptions::new().request_timeout(within).operation_timeout(within);
    for made in runtime.block_on(admin.create_topics([&new], &asked)).map_err(failed)? {
        match made {
            Ok(_) | Err((_, RDKafkaErrorCode::TopicAlreadyExists)) => {}
            Err((_, code)) => {
                return Err(OpenError::Failed(anyhow!(
                    "kafka at {} has no topic {name}, and refuses to make it: {code}",
                    kafka.brokers
                )));
            }
        }
    }
    Ok(())
}

/// So many whole lines as fit into `bytes_max`, and one at least.
fn piece(lines: &[u8], bytes_max: usize) -> &[u8] {
    if lines.len() <= bytes_max {
        return lines;
    }
    let end = memchr::memrchr(b'\n', &lines[..bytes_max])
        .or_else(|| memchr::memchr(b'\n', lines))
        .map_or(lines.len(), |end| end + 1);
    &lines[..end]
}

fn is_too_long(code: RDKafkaErrorCode) -> bool {
    matches!(code, RDKafkaErrorCode::MessageSizeTooLarge | RDKafkaErrorCode::InvalidMessageSize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_whole_lines() {
        let lines = b"one\ntwo\nthree\n";
        for (bytes_max, expected) in [
            (100, &lines[..]),
            (13, b"one\ntwo\n"),
            (8, b"one\ntwo\n"),
            (7, b"one\n"),
            (1, b"one\n"),
        ] {
            assert_eq!(piece(lines, bytes_max), expected, "{bytes_max}");
        }
    }
}
