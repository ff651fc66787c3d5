//! The loader: from Kafka to ClickHouse, exactly once as read.
//!
//! It is a member of a consumer group. Messages of one partition become blocks (see `block`), blocks are stored one
//! after the other, and the offset after a block is committed once its rows are in the tables. Whoever gets the
//! partition next goes on from there. A block that was stored and not committed is stored again, with the same token:
//!
//! - a block that was full is cut at the same offsets by whoever reads it again;
//! - where a block is cut because time is up, the loader first commits the offset at which it begins with a note where
//!   it ends, and whoever starts from that offset cuts there.
//!
//! What ClickHouse no longer remembers by its token is undone by the versions in the tables.
//!
//! Whoever comes to a partition with a lot in it does not wait until a block is full before ClickHouse has something to
//! do: the first blocks are cut early too, each at twice as many messages as the one before, as long as it could store more.
//!
//! One loop takes the messages and decides; whatever takes time is a task beside it. While a block is being inserted,
//! the next one of its partition is made into rows, those after it are fetched, and what was stored before is
//! committed; only a block that time cut waits for its note.
//!
//! While ClickHouse takes nothing, the partitions are paused at a bound of memory, and the consumer stays in its group.

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use futures_util::{FutureExt, StreamExt};
use rdkafka::consumer::{
    BaseConsumer, CommitMode, Consumer, ConsumerContext, Rebalance, StreamConsumer,
};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{BorrowedMessage, Headers as _, Message as _};
use rdkafka::{ClientContext, Offset, TopicPartitionList};
use tokio::sync::watch;
use tokio::task::{self, JoinSet};
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::block::{Block, BlockSize, Raw};
use crate::clickhouse::PositionRow;
use crate::storing::{self, DeadLetters, Prepared, Stored};
use crate::{Kafka, Store, Topic, log_client_error};

/// Messages that are taken before anything else is looked after: a few milliseconds' worth.
const BATCH: usize = 1_000;
/// The first block of a partition is cut at this share of a full one, if ClickHouse has nothing else of it and could store more.
const FIRST_SHARE: i64 = 4;
/// Before a commit that failed is tried again.
const PAUSE: Duration = Duration::from_millis(200);
/// How long Kafka may take to say what is committed, or where a topic ends.
const PATIENCE: Duration = Duration::from_secs(10);

/// What a loader does.
#[derive(Debug, Clone, PartialEq)]
pub struct Loading {
    /// How large blocks get.
    pub block: BlockSize,
    /// A block is stored this long after its first message came, full or not.
    pub flush_after: Duration,
    /// Messages that are in memory, those included that are being stored; beyond it no more are fetched. The rows they
    /// become, two blocks of each partition at most, are on top of it.
    pub bytes_max: usize,
    /// Blocks that are stored at a time, of different partitions.
    pub storing_max: usize,
    /// Load the dead letters again, in place of the topics; those that are there, and then end.
    pub dead_letters: bool,
    /// End when all is loaded that was there when it began, and leave what came since.
    pub until_end: bool,
}

impl Default for Loading {
    fn default() -> Self {
        Loading {
            block: BlockSize { offsets: 50_000, bytes: 16_000_000 },
            flush_after: Duration::from_secs(1),
            bytes_max: 128_000_000,
            storing_max: 2,
            dead_letters: false,
            until_end: false,
        }
    }
}

/// What a loader did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Loaded {
    /// Messages taken from Kafka, those taken again included.
    pub messages: u64,
    /// Blocks stored.
    pub blocks: u64,
    /// Rows put into `events`.
    pub events: u64,
    /// Rows put into `positions`.
    pub positions: u64,
    /// Rows put into `identities`.
    pub identities: u64,
    /// Messages that went to the dead letters.
    pub dead: u64,
    /// Inserts that had to be tried again.
    pub retries: u64,
    /// From the first message until the last of them was committed.
    pub took: Duration,
}

/// Why a loader could not go on.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// No client can be made, or the group does not take it.
    #[error("kafka at {brokers}: cannot {doing}")]
    Kafka {
        /// Who was asked.
        brokers: String,
        /// What was tried.
        doing: &'static str,
        /// librdkafka's words.
        source: KafkaError,
    },
}

/// A partition of a topic.
type Place = (Topic, i32);

/// A task that is done.
enum Done {
    /// Of a partition, in that life of it.
    Of(Place, u64, Step),
    /// Whether all is committed up to the ends.
    Looked(bool),
}

/// What is done for a partition.
enum Step {
    /// Where it goes on, and where the block from there was cut before.
    Started(i64, Option<i64>),
    /// A block was made into rows.
    Prepared(Box<Prepared>),
    /// A block is in the tables: where it ends, and what it took.
    Stored { end: i64, bytes: usize, stored: Stored },
    /// Whether it was committed.
    Committed(Note, bool),
}

/// What is committed: that all before an offset is stored, and where time cut the block that begins there.
type Note = (i64, Option<i64>);

/// What the callbacks of the consumer leave for the loop.
#[derive(Default)]
struct Group {
    /// No longer ours.
    lost: Mutex<Vec<Place>>,
    /// Others came, which are not paused yet if all others are.
    assigned: AtomicBool,
}

impl Group {
    fn lost(&self) -> MutexGuard<'_, Vec<Place>> {
        self.lost.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl ClientContext for Group {
    fn error(&self, error: KafkaError, reason: &str) {
        log_client_error(&error, reason);
    }

    /// They are not asked for, and what reads them is so much code that it is left out.
    fn stats_raw(&self, _: &[u8]) {}
}

impl ConsumerContext for Group {
    fn pre_rebalance(&self, _: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        match rebalance {
            Rebalance::Revoke(partitions) => self.lost().extend(places(partitions)),
            Rebalance::Assign(partitions) => {
                tracing::info!(partitions = partitions.count(), "partitions are assigned");
            }
            Rebalance::Error(error) => tracing::warn!(%error, "rebalance failed"),
        }
    }

    fn post_rebalance(&self, _: &BaseConsumer<Self>, _: &Rebalance<'_>) {
        self.assigned.store(true, Ordering::Relaxed);
    }
}

fn places(partitions: &TopicPartitionList) -> Vec<Place> {
    let elements = partitions.elements();
    let place = |topic: &str, partition| Some((Topic::parse(topic)?, partition));
    elements.iter().filter_map(|one| place(one.topic(), one.partition())).collect()
}

/// One partition that is ours.
struct Partition {
    /// Tells it from the same one, lost and given back since.
    life: u64,
    /// What came before Kafka said where it goes on; `None` once it did.
    early: Option<Vec<Raw>>,
    /// What is being filled.
    block: Block,
    /// Where the block that begins at this offset was cut before.
    cut: Option<i64>,
    /// It may be cut at that many messages as well; more than fit in when enough has been cut early.
    early_at: i64,
    /// Closed, in order.
    waiting: VecDeque<Block>,
    /// The next one is being made into rows.
    preparing: bool,
    /// The next one to be stored.
    prepared: Option<Prepared>,
    /// Being stored.
    storing: Option<task::AbortHandle>,
    /// All before this is in the tables.
    stored: i64,
    /// What Kafka knows of it.
    committed: Note,
    committing: bool,
    /// When a commit that failed may be tried again.
    commit_after: Option<Instant>,
    /// Of all its messages that are in memory.
    bytes: usize,
}

struct Loop {
    kafka: Kafka,
    store: Store,
    loading: Loading,
    consumer: Arc<StreamConsumer<Group>>,
    dead_letters: DeadLetters,
    partitions: BTreeMap<Place, Partition>,
    lives: u64,
    tasks: JoinSet<Done>,
    preparing: usize,
    storing: usize,
    bytes: usize,
    /// Ours or not any more: a partition that is given back stays paused until it is resumed.
    paused: HashSet<Place>,
    /// Of the last message.
    source: Arc<str>,
    /// When the first message came, and what was told of earlier consumers as `took`.
    began: Option<(Instant, Duration)>,
    loaded: Loaded,
    /// Where the topics ended at the beginning, if it shall end there.
    ends: Option<BTreeMap<Place, i64>>,
    looking: bool,
}

/// Loads until `stop` says so, or all is loaded if that was asked for. What is not stored by then stays in Kafka.
///
/// # Errors
///
/// No client can be made with these settings. Brokers and servers that are away are waited for.
pub async fn load(
    kafka: Kafka,
    store: Store,
    loading: Loading,
    mut stop: watch::Receiver<bool>,
) -> Result<Loaded, LoadError> {
    let mut loaded = Loaded::default();
    while !*stop.borrow() {
        match session(&kafka, &store, &loading, &mut stop, &mut loaded).await? {
            Ending::Done => break,
            Ending::Broken => {
                tracing::warn!("the consumer is broken for good, making another");
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
    }
    Ok(loaded)
}

/// How a consumer ended.
enum Ending {
    /// As asked.
    Done,
    /// librdkafka says that it will never work again. Another goes on from the committed offsets.
    Broken,
}

async fn session(
    kafka: &Kafka,
    store: &Store,
    loading: &Loading,
    stop: &mut watch::Receiver<bool>,
    loaded: &mut Loaded,
) -> Result<Ending, LoadError> {
    if let Err(error) = kafka.make_topics().await {
        tracing::warn!(%error, "topics are not made");
    }
    let consumer = Arc::new(connect(kafka, loading)?);
    let failed = |doing| {
        let brokers = kafka.brokers.clone();
        move |source| LoadError::Kafka { brokers, doing, source }
    };
    let topics: Vec<Topic> =
        if loading.dead_letters { vec![Topic::DeadLetter] } else { Topic::LOADED.into() };
    let dead_letters = DeadLetters::new(kafka).map_err(failed("make a producer"))?;

    let until_end = loading.until_end || loading.dead_letters;
    let mut main = Loop {
        kafka: kafka.clone(),
        store: store.clone(),
        loading: loading.clone(),
        consumer: consumer.clone(),
        dead_letters,
        partitions: BTreeMap::new(),
        lives: 0,
        tasks: JoinSet::new(),
        preparing: 0,
        storing: 0,
        bytes: 0,
        paused: HashSet::new(),
        source: "".into(),
        began: None,
        loaded: *loaded,
        ends: None,
        looking: false,
    };
    while until_end && main.ends.is_none() {
        tokio::select! {
            biased;
            _ = stop.changed() => return Ok(Ending::Done),
            ends = main.ends(&topics) => main.ends = ends,
        }
        if main.ends.is_none() {
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
    }
    let names: Vec<String> = topics.iter().map(|topic| kafka.topic_name(*topic)).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    consumer.subscribe(&names).map_err(failed("subscribe"))?;
    let mut ending = Ending::Done;
    let mut tick = interval(Duration::from_millis(50));
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut looked_at = Instant::now();
    let mut messages = consumer.stream();
    loop {
        tokio::select! {
            biased;
            changed = stop.changed() => {
                if changed.is_err() || *stop.borrow() {
                    break;
                }
            }
            Some(done) = main.tasks.join_next() => if main.joined(done) {
                break;
            },
            // Before messages, which may come without end.
            _ = tick.tick() => {
                main.flush();
                if until_end && looked_at.elapsed() > PAUSE {
                    main.look();
                    looked_at = Instant::now();
                }
            }
            mut message = messages.next() => {
                let (mut taken, mut failed) = (0, false);
                while let Some(next) = message.take() {
                    match next {
                        Ok(next) => main.take(&next),
                        Err(error) => {
                            tell(&error);
                            failed = true;
                        }
                    }
                    taken += 1;
                    if failed || taken == BATCH || main.bytes >= loading.bytes_max {
                        break;
                    }
                    // Those that are fetched already.
                    message = messages.next().now_or_never().flatten();
                }
                if failed && consumer.client().fatal_error().is_some() {
                    ending = Ending::Broken;
                    break;
                }
            }
        }
        main.forget_lost();
        main.advance();
        main.pause_or_resume();
    }
    main.end().await;
    *loaded = main.loaded;
    Ok(ending)
}

fn connect(kafka: &Kafka, loading: &Loading) -> Result<StreamConsumer<Group>, LoadError> {
    let group = match loading.dead_letters {
        true => format!("{}-deadletter", kafka.group),
        false => kafka.group.clone(),
    };
    let mut config = kafka.client();
    config
        .set("group.id", &group)
        .set("enable.auto.commit", "false")
        .set("enable.auto.offset.store", "false")
        .set("auto.offset.reset", "earliest")
        .set("partition.assignment.strategy", "cooperative-sticky")
        .set("isolation.level", "read_committed")
        // What librdkafka fetches ahead is on top of our own bound.
        .set("queued.max.messages.kbytes", "32768")
        .set("queued.min.messages", "50000")
        // With so much fetched ahead librdkafka pauses for a second by default, in which a loader that catches up is
        // through with it and waits.
        .set("fetch.queue.backoff.ms", "10")
        .set("fetch.wait.max.ms", "50");
    config.create_with_context(Group::default()).map_err(|source| LoadError::Kafka {
        brokers: kafka.brokers.clone(),
        doing: "make a consumer",
        source,
    })
}

fn tell(error: &KafkaError) {
    match error.rdkafka_error_code() {
        Some(RDKafkaErrorCode::UnknownTopicOrPartition) => {
            tracing::warn!(%error, "a topic is not there yet");
        }
        _ => tracing::warn!(%error, "kafka did not give a message"),
    }
}

impl Loop {
    fn take(&mut self, message: &BorrowedMessage<'_>) {
        let Some(topic) = Topic::parse(message.topic()) else { return };
        let place = (topic, message.partition());
        let end = self.ends.as_ref().map(|ends| ends.get(&place).copied().unwrap_or(0));
        if end.is_some_and(|end| message.offset() >= end) {
            // It is for whoever comes next: a dead letter that failed again would come round for ever.
            return;
        }
        // It may have been lost since the message was fetched.
        self.forget_lost();
        let raw = self.raw(topic, message);
        self.began.get_or_insert_with(|| (Instant::now(), self.loaded.took));
        self.loaded.messages += 1;
        self.bytes += raw.bytes();
        let size = self.loading.block;
        match self.partitions.get_mut(&place) {
            Some(partition) => partition.take(raw, size),
            None => self.begin(place, message.topic(), raw),
        }
    }

    fn raw(&mut self, topic: Topic, message: &BorrowedMessage<'_>) -> Raw {
        let payload = message.payload().unwrap_or_default();
        let (mut source, mut schema_version) = ("", None);
        let written = (topic == Topic::Positions).then(|| PositionRow::source_as_written(payload));
        if let Some(named) = written.flatten() {
            source = named;
        } else if let Some(headers) = message.headers() {
            // From behind, where ours have both.
            let (mut has_source, mut has_version) = (false, false);
            for at in (0..headers.count()).rev() {
                let header = headers.get(at);
                let text = || std::str::from_utf8(header.value?).ok();
                match header.key {
                    "ce_source" if !has_source => {
                        (source, has_source) = (text().unwrap_or_default(), true);
                    }
                    "ce_schemaversion" if !has_version => {
                        schema_version = text().and_then(|text| text.parse().ok());
                        has_version = true;
                    }
                    _ => {}
                }
                if has_source && has_version {
                    break;
                }
            }
        }
        if *self.source != *source {
            self.source = source.into();
        }
        Raw::new(
            (message.offset(), message.timestamp().to_millis().unwrap_or(0)),
            self.source.clone(),
            schema_version.unwrap_or(1),
            message.key(),
            payload,
        )
    }

    /// The first message of a partition: Kafka is asked where it goes on.
    fn begin(&mut self, place: Place, topic_name: &str, first: Raw) {
        self.lives += 1;
        let (life, offset, bytes) = (self.lives, first.offset, first.bytes());
        let partition = Partition {
            life,
            early: Some(vec![first]),
            block: Block::new(place.0, topic_name, place.1, offset),
            cut: None,
            early_at: (self.loading.block.offsets / FIRST_SHARE).max(1),
            waiting: VecDeque::new(),
            preparing: false,
            prepared: None,
            storing: None,
            stored: offset,
            committed: (offset, None),
            committing: false,
            commit_after: None,
            bytes,
        };
        self.partitions.insert(place, partition);
        let (consumer, topic) = (self.consumer.clone(), topic_name.to_owned());
        self.tasks.spawn_blocking(move || {
            let (start, cut) = start_of(&consumer, &topic, place, offset);
            Done::Of(place, life, Step::Started(start, cut))
        });
    }

    /// Closes the blocks whose time is up, or after which nothing is to come. Where one is on its way the next may as
    /// well grow.
    fn flush(&mut self) {
        let flush_after = self.loading.flush_after;
        for (place, partition) in &mut self.partitions {
            let block = &partition.block;
            if block.messages.is_empty() {
                continue;
            }
            let is_due = !partition.is_busy() && block.opened_at.elapsed() >= flush_after;
            let end = self.ends.as_ref().and_then(|ends| ends.get(place));
            if is_due || end.is_some_and(|end| block.end >= *end) {
                partition.close();
            }
        }
        let busy = self.partitions.values().filter(|partition| partition.is_busy()).count();
        let idle = self.loading.storing_max.saturating_sub(busy);
        for partition in self.partitions.values_mut().filter(|it| it.is_early()).take(idle) {
            partition.early_at = partition.early_at.saturating_mul(2);
            partition.close();
        }
    }

    /// Commits what there is to commit. Of one partition one thing at a time, so that nothing is overtaken by what
    /// came before it.
    fn commit_all(&mut self) {
        for (&place, partition) in &mut self.partitions {
            let Some(note) = partition.to_commit(self.loading.block) else { continue };
            partition.committing = true;
            let (life, topic) = (partition.life, self.kafka.topic_name(place.0));
            let consumer = self.consumer.clone();
            self.tasks.spawn_blocking(move || {
                let (offset, cut) = note;
                let mut offsets = TopicPartitionList::new();
                let mut one = offsets.add_partition(&topic, place.1);
                one.set_metadata(cut.map(|cut| format!("cut:{cut}")).unwrap_or_default());
                let done = one.set_offset(Offset::Offset(offset));
                let done = done.and_then(|()| consumer.commit(&offsets, CommitMode::Sync));
                if let Err(error) = &done {
                    // If the partition went to another, that one stores the block again.
                    tracing::warn!(topic, partition = place.1, offset, %error, "an offset is not committed");
                }
                Done::Of(place, life, Step::Committed(note, done.is_ok()))
            });
        }
    }

    /// Begins whatever can be done now, for those first that have waited longest.
    fn advance(&mut self) {
        self.commit_all();
        let size = self.loading.block;
        while self.storing < self.loading.storing_max {
            let ready = self.partitions.iter_mut().filter(|(_, one)| one.may_store(size));
            let opened_at = |one: &Partition| one.prepared.as_ref().map(|it| it.block.opened_at);
            let Some((place, partition)) = ready.min_by_key(|(_, one)| opened_at(one)) else {
                break;
            };
            let Some(prepared) = partition.prepared.take() else { break };
            let (place, life) = (*place, partition.life);
            let (end, bytes) = (prepared.block.end, prepared.block.bytes);
            let (store, dead_letters) = (self.store.clone(), self.dead_letters.clone());
            partition.storing = Some(self.tasks.spawn(async move {
                let stored = storing::store(&store, &dead_letters, prepared).await;
                Done::Of(place, life, Step::Stored { end, bytes, stored })
            }));
            self.storing += 1;
        }
        // One block ahead of what is being stored.
        while self.preparing < self.loading.storing_max {
            let ready = self.partitions.iter_mut().filter(|(_, one)| one.may_prepare());
            let opened_at = |one: &Partition| one.waiting.front().map(|block| block.opened_at);
            let Some((place, partition)) = ready.min_by_key(|(_, one)| opened_at(one)) else {
                break;
            };
            let Some(block) = partition.waiting.pop_front() else { break };
            let (place, life) = (*place, partition.life);
            partition.preparing = true;
            self.preparing += 1;
            self.tasks.spawn_blocking(move || {
                Done::Of(place, life, Step::Prepared(Box::new(storing::prepare(block))))
            });
        }
    }

    /// Says whether all is done.
    fn joined(&mut self, done: Result<Done, task::JoinError>) -> bool {
        let (place, life, step) = match done {
            Ok(Done::Of(place, life, step)) => (place, life, step),
            Ok(Done::Looked(all)) => {
                self.looking = false;
                return all && self.is_idle();
            }
            // One that was aborted, because its partition is lost.
            Err(error) if error.is_cancelled() => return false,
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        };
        match &step {
            Step::Prepared(_) => self.preparing -= 1,
            Step::Stored { stored, .. } => self.loaded.count(stored),
            _ => {}
        }
        // It may have been lost meanwhile; then another one goes on from what is committed. One that was lost and came
        // back does so too, and this is none of its steps.
        self.forget_lost();
        let Some(partition) = self.partitions.get_mut(&place).filter(|one| one.life == life) else {
            return false;
        };
        match step {
            Step::Started(start, cut) => partition.start(start, cut, self.loading.block),
            Step::Prepared(prepared) => {
                partition.preparing = false;
                partition.prepared = Some(*prepared);
            }
            Step::Stored { end, bytes, .. } => {
                partition.storing = None;
                partition.stored = end;
                partition.bytes -= bytes;
                self.storing -= 1;
                self.bytes -= bytes;
            }
            Step::Committed(note, is_done) => {
                partition.committing = false;
                partition.commit_after = (!is_done).then(|| Instant::now() + PAUSE);
                if is_done {
                    partition.committed = note;
                    if let Some((began, before)) = self.began {
                        self.loaded.took = before + began.elapsed();
                    }
                }
            }
        }
        false
    }

    fn forget_lost(&mut self) {
        let lost: HashSet<Place> = {
            let mut lost = self.consumer.context().lost();
            if lost.is_empty() {
                return;
            }
            lost.drain(..).collect()
        };
        tracing::info!(partitions = lost.len(), "partitions are given back");
        let resumed: Vec<Place> =
            lost.iter().copied().filter(|it| self.paused.remove(it)).collect();
        self.resume(&resumed);
        for place in lost {
            let Some(partition) = self.partitions.remove(&place) else { continue };
            self.bytes -= partition.bytes;
            if let Some(handle) = partition.storing {
                handle.abort();
                self.storing -= 1;
            }
        }
    }

    /// Paused partitions are still asked, so that the group does not think us dead. Those that come while all is full
    /// are paused too.
    fn pause_or_resume(&mut self) {
        if self.bytes < self.loading.bytes_max {
            let paused: Vec<Place> = self.paused.drain().collect();
            return self.resume(&paused);
        }
        let came = self.consumer.context().assigned.swap(false, Ordering::Relaxed);
        if !self.paused.is_empty() && !came {
            return;
        }
        let Ok(assignment) = self.consumer.assignment() else { return };
        let new: Vec<Place> =
            places(&assignment).into_iter().filter(|place| !self.paused.contains(place)).collect();
        if new.is_empty() {
            return;
        }
        match self.consumer.pause(&self.list(&new)) {
            Ok(()) => self.paused.extend(new),
            Err(error) => tracing::warn!(%error, "partitions are not paused"),
        }
    }

    fn resume(&self, places: &[Place]) {
        if places.is_empty() {
            return;
        }
        if let Err(error) = self.consumer.resume(&self.list(places)) {
            tracing::warn!(%error, "partitions are not resumed");
        }
    }

    fn list(&self, places: &[Place]) -> TopicPartitionList {
        let mut list = TopicPartitionList::new();
        for (topic, partition) in places {
            list.add_partition(&self.kafka.topic_name(*topic), *partition);
        }
        list
    }

    /// Where the topics end now; `None` if no broker says.
    async fn ends(&self, topics: &[Topic]) -> Option<BTreeMap<Place, i64>> {
        let (consumer, kafka, topics) =
            (self.consumer.clone(), self.kafka.clone(), topics.to_vec());
        let ends = task::spawn_blocking(move || {
            let mut ends = BTreeMap::new();
            for topic in topics {
                let name = kafka.topic_name(topic);
                let metadata = consumer.fetch_metadata(Some(&name), PATIENCE).ok()?;
                let partitions = metadata.topics().first()?.partitions();
                if partitions.is_empty() {
                    return None;
                }
                for partition in partitions {
                    let (low, high) =
                        consumer.fetch_watermarks(&name, partition.id(), PATIENCE).ok()?;
                    if high > low {
                        ends.insert((topic, partition.id()), high);
                    }
                }
            }
            Some(ends)
        });
        ends.await.ok().flatten()
    }

    /// Looks whether all is committed up to the ends, by us or by others of the group.
    fn look(&mut self) {
        if self.looking || !self.is_idle() {
            return;
        }
        let Some(ends) = self.ends.clone() else { return };
        let asked = self.list(&ends.keys().copied().collect::<Vec<_>>());
        let consumer = self.consumer.clone();
        self.looking = true;
        self.tasks.spawn_blocking(move || {
            let Ok(committed) = consumer.committed_offsets(asked, PATIENCE) else {
                return Done::Looked(false);
            };
            Done::Looked(committed.elements().iter().all(|one| {
                let place = Topic::parse(one.topic()).map(|topic| (topic, one.partition()));
                let end = place.and_then(|place| ends.get(&place)).copied().unwrap_or(0);
                matches!(one.offset(), Offset::Offset(offset) if offset >= end)
            }))
        });
    }

    /// Whether nothing is on its way.
    fn is_idle(&self) -> bool {
        self.bytes == 0 && self.partitions.values().all(Partition::is_committed)
    }

    /// What is being stored gets a moment, to be committed too; the rest is read again by whoever comes next.
    async fn end(&mut self) {
        let patience = Duration::from_secs(5);
        let _ = tokio::time::timeout(patience, async {
            while self.storing > 0 || !self.partitions.values().all(Partition::is_committed) {
                self.commit_all();
                tokio::select! {
                    Some(done) = self.tasks.join_next() => drop(self.joined(done)),
                    () = tokio::time::sleep(PAUSE) => {}
                }
            }
        })
        .await;
        self.tasks.abort_all();
        self.consumer.unsubscribe();
    }
}

/// Where the partition goes on, and where the block from there was cut before.
fn start_of(
    consumer: &StreamConsumer<Group>,
    topic: &str,
    place: Place,
    first: i64,
) -> (i64, Option<i64>) {
    let mut asked = TopicPartitionList::new();
    asked.add_partition(topic, place.1);
    let committed = match consumer.committed_offsets(asked, PATIENCE) {
        Ok(committed) => committed,
        Err(error) => {
            tracing::warn!(%error, "no word of how the last block was cut");
            return (first, None);
        }
    };
    let elements = committed.elements();
    match elements.first().map(|one| (one.offset(), one.metadata().to_owned())) {
        // Offsets between it and the first message have gone from the topic.
        Some((Offset::Offset(start), note)) if start <= first => {
            if start < first && place.0 != Topic::Vessels {
                let missing = first - start;
                tracing::error!(
                    topic,
                    partition = place.1,
                    offset = start,
                    missing,
                    "messages have gone from kafka before they were loaded; its retention is too short"
                );
            }
            let cut = note.strip_prefix("cut:").and_then(|cut| cut.parse().ok());
            (start, cut.filter(|cut| *cut > start))
        }
        _ => (first, None),
    }
}

impl Loaded {
    fn count(&mut self, stored: &Stored) {
        let Stored { events, positions, identities, dead, retries } = *stored;
        self.blocks += 1;
        self.events += events;
        self.positions += positions;
        self.identities += identities;
        self.dead += dead;
        self.retries += retries;
    }
}

impl Partition {
    fn take(&mut self, raw: Raw, size: BlockSize) {
        self.bytes += raw.bytes();
        match &mut self.early {
            Some(early) => early.push(raw),
            None => self.fill(raw, size),
        }
    }

    /// What came early comes now.
    fn start(&mut self, start: i64, cut: Option<i64>, size: BlockSize) {
        let Block { topic, topic_name, partition, .. } = &self.block;
        self.block = Block::new(*topic, topic_name, *partition, start);
        (self.cut, self.stored, self.committed) = (cut, start, (start, cut));
        for raw in self.early.take().into_iter().flatten() {
            self.fill(raw, size);
        }
    }

    fn fill(&mut self, raw: Raw, size: BlockSize) {
        if self.block.is_before(raw.offset, size, self.cut) {
            self.close();
        }
        self.block.push(raw);
        if self.block.is_whole(size, self.cut) {
            self.close();
        }
    }

    fn close(&mut self) {
        let Block { topic, topic_name, partition, end, .. } = &self.block;
        let next = Block::new(*topic, topic_name, *partition, *end);
        if self.cut.is_some_and(|cut| self.block.end >= cut) {
            self.cut = None;
        }
        self.waiting.push_back(std::mem::replace(&mut self.block, next));
    }

    /// Whether a block is on its way.
    fn is_busy(&self) -> bool {
        self.storing.is_some()
            || self.prepared.is_some()
            || self.preparing
            || !self.waiting.is_empty()
    }

    /// Whether the block may be closed before it is full, so that ClickHouse has something to do. Where it was cut before,
    /// it is cut there again.
    fn is_early(&self) -> bool {
        !self.is_busy() && self.cut.is_none() && self.block.messages.len() as i64 >= self.early_at
    }

    fn may_prepare(&self) -> bool {
        !self.preparing && self.prepared.is_none() && !self.waiting.is_empty()
    }

    /// Of a block that time cut, Kafka must know it first.
    fn may_store(&self, size: BlockSize) -> bool {
        self.storing.is_none()
            && self.prepared.as_ref().is_some_and(|Prepared { block, .. }| {
                !block.is_cut(size) || self.committed == (block.start, Some(block.end))
            })
    }

    /// What Kafka shall know now, if anything new.
    fn to_commit(&self, size: BlockSize) -> Option<Note> {
        if self.committing || self.commit_after.is_some_and(|at| Instant::now() < at) {
            return None;
        }
        let next = self.prepared.as_ref().filter(|_| self.storing.is_none());
        let cut = next.map(|one| &one.block).filter(|block| block.is_cut(size)).map(|one| one.end);
        let note = (self.stored, cut);
        let is_new = !self.is_committed() || (cut.is_some() && self.committed != note);
        is_new.then_some(note)
    }

    fn is_committed(&self) -> bool {
        self.committed.0 == self.stored
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: BlockSize = BlockSize { offsets: 10, bytes: 1_000_000 };

    fn raw(offset: i64) -> Raw {
        Raw::new((offset, 0), "s".into(), 1, None, b"{}")
    }

    fn partition(start: i64, cut: Option<i64>) -> Partition {
        let mut partition = Partition {
            life: 1,
            early: Some(Vec::new()),
            block: Block::new(Topic::Positions, "ais.positions", 0, start),
            cut: None,
            early_at: SIZE.offsets / FIRST_SHARE,
            waiting: VecDeque::new(),
            preparing: false,
            prepared: None,
            storing: None,
            stored: start,
            committed: (start, None),
            committing: false,
            commit_after: None,
            bytes: 0,
        };
        partition.start(start, cut, SIZE);
        partition
    }

    /// Prepares the next block; gives its offsets.
    fn prepare(partition: &mut Partition) -> (i64, i64) {
        let block = partition.waiting.pop_front().unwrap();
        let offsets = (block.start, block.end);
        partition.prepared = Some(storing::prepare(block));
        offsets
    }

    /// Stores it.
    fn store(partition: &mut Partition) {
        assert!(partition.may_store(SIZE));
        partition.stored = partition.prepared.take().unwrap().block.end;
    }

    #[test]
    fn a_block_that_time_cut_waits_for_its_note_and_full_ones_do_not() {
        let mut partition = partition(0, None);
        (0..13).for_each(|offset| partition.take(raw(offset), SIZE));
        assert_eq!((prepare(&mut partition), partition.to_commit(SIZE)), ((0, 10), None));
        store(&mut partition);
        // It need not be committed for the next one to be stored, if that is full.
        assert_eq!(partition.to_commit(SIZE), Some((10, None)));
        partition.close();
        assert_eq!(prepare(&mut partition), (10, 13));
        assert_eq!(partition.to_commit(SIZE), Some((10, Some(13))));
        assert!(!partition.may_store(SIZE));
        partition.committed = (10, None);
        assert!(!partition.may_store(SIZE));
        partition.committed = (10, Some(13));
        assert_eq!(partition.to_commit(SIZE), None);
        store(&mut partition);
        assert_eq!(partition.to_commit(SIZE), Some((13, None)));
    }

    #[test]
    fn a_note_stays_until_its_block_is_stored() {
        let mut partition = partition(10, Some(13));
        assert_eq!(partition.to_commit(SIZE), None);
        (10..12).for_each(|offset| partition.take(raw(offset), SIZE));
        assert!(!partition.is_early(), "it would end elsewhere than it did");
        (12..15).for_each(|offset| partition.take(raw(offset), SIZE));
        assert_eq!(prepare(&mut partition), (10, 13));
        assert_eq!(partition.to_commit(SIZE), None);
        store(&mut partition);
        assert_eq!(partition.to_commit(SIZE), Some((13, None)));
        assert!(partition.is_early());
    }
}
