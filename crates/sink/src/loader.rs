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
//! While ClickHouse takes nothing, the partitions are paused at a bound of memory, and the consumer stays in its group.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use rdkafka::consumer::{
    BaseConsumer, CommitMode, Consumer, ConsumerContext, Rebalance, StreamConsumer,
};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{BorrowedMessage, Message as _};
use rdkafka::{ClientContext, Offset, TopicPartitionList};
use tokio::sync::watch;
use tokio::task::{self, JoinSet};
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::block::{Block, BlockSize, Raw};
use crate::message::header;
use crate::storing::{self, DeadLetters, Stored};
use crate::{Kafka, Store, Topic};

/// What a loader does.
#[derive(Debug, Clone, PartialEq)]
pub struct Loading {
    /// How large blocks get.
    pub block: BlockSize,
    /// A block is stored this long after its first message came, full or not.
    pub flush_after: Duration,
    /// Messages that are in memory; beyond it no more are fetched.
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

/// What was stored, and up to where.
type Done = (Place, i64, Stored);

/// What the callbacks of the consumer leave for the loop.
#[derive(Default)]
struct Group {
    /// No longer ours.
    lost: Mutex<Vec<Place>>,
}

impl Group {
    fn lost(&self) -> MutexGuard<'_, Vec<Place>> {
        self.lost.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl ClientContext for Group {
    fn error(&self, error: KafkaError, reason: &str) {
        // Brokers come and go, and librdkafka finds them again.
        tracing::debug!(%error, reason, "kafka client");
    }
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
}

fn places(partitions: &TopicPartitionList) -> Vec<Place> {
    let elements = partitions.elements();
    let place = |topic: &str, partition| Some((Topic::parse(topic)?, partition));
    elements.iter().filter_map(|one| place(one.topic(), one.partition())).collect()
}

/// One partition that is ours.
struct Partition {
    /// What is being filled.
    block: Block,
    /// Where the block that begins at this offset was cut before.
    cut: Option<i64>,
    /// Cut and not stored yet, in order. More than one only while one is being stored.
    waiting: std::collections::VecDeque<Block>,
    /// Being stored.
    storing: Option<task::AbortHandle>,
    /// Stored up to here, and Kafka has not been told yet.
    uncommitted: Option<i64>,
}

struct Loop {
    kafka: Kafka,
    store: Store,
    loading: Loading,
    consumer: Arc<StreamConsumer<Group>>,
    dead_letters: DeadLetters,
    partitions: BTreeMap<Place, Partition>,
    tasks: JoinSet<Done>,
    storing: usize,
    bytes: usize,
    /// Ours or not any more: a partition that is given back stays paused until it is resumed.
    paused: HashSet<Place>,
    loaded: Loaded,
    /// Where the topics ended at the beginning, if it shall end there.
    ends: Option<BTreeMap<Place, i64>>,
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
        tasks: JoinSet::new(),
        storing: 0,
        bytes: 0,
        paused: HashSet::new(),
        loaded: *loaded,
        ends: None,
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
    loop {
        tokio::select! {
            biased;
            changed = stop.changed() => {
                if changed.is_err() || *stop.borrow() {
                    break;
                }
            }
            Some(done) = main.tasks.join_next_with_id() => main.joined(done).await,
            // Before messages, which may come without end.
            _ = tick.tick() => {
                main.flush();
                main.commit_again().await;
                if until_end && looked_at.elapsed() > Duration::from_millis(300) {
                    if main.is_done().await {
                        break;
                    }
                    looked_at = Instant::now();
                }
            }
            message = consumer.recv() => match message {
                Ok(message) => main.take(&message).await,
                Err(error) => {
                    tell(&error);
                    if consumer.client().fatal_error().is_some() {
                        ending = Ending::Broken;
                        break;
                    }
                }
            },
        }
        main.forget_lost();
        main.start().await;
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
        .set("queued.min.messages", "20000")
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
    async fn take(&mut self, message: &BorrowedMessage<'_>) {
        let Some(topic) = Topic::parse(message.topic()) else { return };
        let place = (topic, message.partition());
        let end = self.ends.as_ref().map(|ends| ends.get(&place).copied().unwrap_or(0));
        if end.is_some_and(|end| message.offset() >= end) {
            // It is for whoever comes next: a dead letter that failed again would come round for ever.
            return;
        }
        // It may have been lost since the message was fetched.
        self.forget_lost();
        if !self.partitions.contains_key(&place) {
            let (start, cut) = self.start_of(place, message.offset()).await;
            let block = Block::new(topic, message.topic(), place.1, start);
            let partition = Partition {
                block,
                cut,
                waiting: Default::default(),
                storing: None,
                uncommitted: None,
            };
            self.partitions.insert(place, partition);
        }
        let headers = message.headers();
        let number = |name| header(headers, name).and_then(|text| text.parse().ok());
        let raw = Raw {
            offset: message.offset(),
            told_at_ms: message.timestamp().to_millis().unwrap_or(0),
            source: header(headers, "ce_source").unwrap_or_default().into(),
            schema_version: number("ce_schemaversion").unwrap_or(1),
            key: message.key().map(<[u8]>::to_vec),
            payload: message.payload().unwrap_or_default().to_vec(),
        };
        self.loaded.messages += 1;
        let size = self.loading.block;
        let partition = self.partitions.get_mut(&place).expect("it was put there");
        if partition.block.is_before(raw.offset, size, partition.cut) {
            partition.close();
        }
        self.bytes += {
            let before = partition.block.bytes;
            partition.block.push(raw);
            partition.block.bytes - before
        };
        if partition.block.is_whole(size, partition.cut) {
            partition.close();
        }
    }

    /// Where the partition goes on, and where the block from there was cut before.
    async fn start_of(&self, place: Place, first: i64) -> (i64, Option<i64>) {
        let mut asked = TopicPartitionList::new();
        asked.add_partition(&self.kafka.topic_name(place.0), place.1);
        let consumer = self.consumer.clone();
        let committed = task::spawn_blocking(move || {
            consumer.committed_offsets(asked, Duration::from_secs(10))
        });
        let committed = match committed.await {
            Ok(Ok(committed)) => committed,
            failed => {
                tracing::warn!(?failed, "no word of how the last block was cut");
                return (first, None);
            }
        };
        let elements = committed.elements();
        match elements.first().map(|one| (one.offset(), one.metadata().to_owned())) {
            // Offsets between it and the first message have gone from the topic.
            Some((Offset::Offset(start), note)) if start <= first => {
                if start < first && place.0 != Topic::Vessels {
                    let (topic, missing) = (self.kafka.topic_name(place.0), first - start);
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

    /// Closes the blocks whose time is up. Where one is being stored the next may as well grow.
    fn flush(&mut self) {
        let flush_after = self.loading.flush_after;
        for partition in self.partitions.values_mut() {
            let block = &partition.block;
            let is_due = !block.messages.is_empty() && block.opened_at.elapsed() >= flush_after;
            if is_due && partition.storing.is_none() && partition.waiting.is_empty() {
                partition.close();
            }
        }
    }

    /// Begins to store what waits, as far as there is room.
    async fn start(&mut self) {
        let ready: Vec<Place> = (self.partitions.iter())
            .filter(|(_, partition)| partition.storing.is_none() && !partition.waiting.is_empty())
            .map(|(place, _)| *place)
            .collect();
        for place in ready {
            if self.storing >= self.loading.storing_max {
                return;
            }
            let Some(partition) = self.partitions.get_mut(&place) else { continue };
            let Some(block) = partition.waiting.pop_front() else { continue };
            let boundary = block.end % self.loading.block.offsets == 0;
            if !boundary && block.bytes < self.loading.block.bytes {
                let (start, end) = (block.start, block.end);
                if !self.commit(place, start, &format!("cut:{end}")).await {
                    if let Some(partition) = self.partitions.get_mut(&place) {
                        partition.waiting.push_front(block);
                    }
                    continue;
                }
            }
            // Committing may have shown that it is not ours any more; then storing is in vain and does no harm.
            let (store, dead_letters) = (self.store.clone(), self.dead_letters.clone());
            let handle = self.tasks.spawn(async move {
                let stored = storing::store(&store, &dead_letters, &block).await;
                (place, block.end, stored)
            });
            if let Some(partition) = self.partitions.get_mut(&place) {
                partition.storing = Some(handle);
                self.storing += 1;
            } else {
                handle.abort();
            }
        }
    }

    async fn joined(&mut self, done: Result<(task::Id, Done), task::JoinError>) {
        match done {
            Ok((id, (place, end, stored))) => self.stored(id, place, end, stored).await,
            // One that was aborted, because its partition is lost.
            Err(error) if error.is_cancelled() => {}
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        }
    }

    /// A block is in the tables.
    async fn stored(&mut self, id: task::Id, place: Place, end: i64, stored: Stored) {
        let Stored { events, positions, identities, dead, retries } = stored;
        let loaded = &mut self.loaded;
        loaded.blocks += 1;
        loaded.events += events;
        loaded.positions += positions;
        loaded.identities += identities;
        loaded.dead += dead;
        loaded.retries += retries;
        // It may have been lost while this was stored; then another one goes on from what is committed.
        self.forget_lost();
        let Some(partition) = self.partitions.get_mut(&place) else { return };
        // A partition that was lost and came back goes on from its committed offset, and this is none of its blocks.
        if partition.storing.as_ref().is_none_or(|handle| handle.id() != id) {
            return;
        }
        partition.storing = None;
        partition.uncommitted = Some(end);
        self.storing -= 1;
        self.count_bytes();
        self.commit(place, end, "").await;
    }

    /// Commits what could not be committed when it was stored: no later block may come that does it too.
    async fn commit_again(&mut self) {
        let left: Vec<(Place, i64)> = (self.partitions.iter())
            .filter_map(|(place, partition)| Some((*place, partition.uncommitted?)))
            .collect();
        for (place, end) in left {
            self.commit(place, end, "").await;
        }
    }

    /// All before `offset` is committed with it. Says whether it is done.
    async fn commit(&mut self, place: Place, offset: i64, note: &str) -> bool {
        let mut offsets = TopicPartitionList::new();
        let topic = self.kafka.topic_name(place.0);
        {
            let mut one = offsets.add_partition(&topic, place.1);
            one.set_metadata(note);
            if one.set_offset(Offset::Offset(offset)).is_err() {
                return false;
            }
        }
        let consumer = self.consumer.clone();
        let done = task::spawn_blocking(move || consumer.commit(&offsets, CommitMode::Sync)).await;
        if let Ok(Err(error)) = &done {
            // If the partition went to another, that one stores the block again.
            tracing::warn!(topic, partition = place.1, offset, %error, "an offset is not committed");
        }
        let is_done = matches!(done, Ok(Ok(())));
        if is_done && let Some(partition) = self.partitions.get_mut(&place) {
            partition.uncommitted = None;
        }
        is_done
    }

    fn forget_lost(&mut self) {
        let lost: HashSet<Place> = self.consumer.context().lost().drain(..).collect();
        if lost.is_empty() {
            return;
        }
        tracing::info!(partitions = lost.len(), "partitions are given back");
        let resumed: Vec<Place> =
            lost.iter().copied().filter(|it| self.paused.remove(it)).collect();
        self.resume(&resumed);
        for place in lost {
            if let Some(partition) = self.partitions.remove(&place)
                && let Some(handle) = partition.storing
            {
                handle.abort();
                self.storing -= 1;
            }
        }
        self.count_bytes();
    }

    fn count_bytes(&mut self) {
        let waits = |partition: &Partition| {
            partition.block.bytes + partition.waiting.iter().map(|block| block.bytes).sum::<usize>()
        };
        self.bytes = self.partitions.values().map(waits).sum();
    }

    /// Paused partitions are still asked, so that the group does not think us dead. Those that come while all is full
    /// are paused too.
    fn pause_or_resume(&mut self) {
        if self.bytes < self.loading.bytes_max {
            let paused: Vec<Place> = self.paused.drain().collect();
            return self.resume(&paused);
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
            let patience = Duration::from_secs(10);
            let mut ends = BTreeMap::new();
            for topic in topics {
                let name = kafka.topic_name(topic);
                let metadata = consumer.fetch_metadata(Some(&name), patience).ok()?;
                let partitions = metadata.topics().first()?.partitions();
                if partitions.is_empty() {
                    return None;
                }
                for partition in partitions {
                    let (low, high) =
                        consumer.fetch_watermarks(&name, partition.id(), patience).ok()?;
                    if high > low {
                        ends.insert((topic, partition.id()), high);
                    }
                }
            }
            Some(ends)
        });
        ends.await.ok().flatten()
    }

    /// Whether all is committed up to the ends, by us or by others of the group.
    async fn is_done(&self) -> bool {
        let Some(ends) = &self.ends else { return false };
        let mut asked = TopicPartitionList::new();
        for (topic, partition) in ends.keys() {
            asked.add_partition(&self.kafka.topic_name(*topic), *partition);
        }
        if self.storing > 0 || self.bytes > 0 {
            return false;
        }
        let consumer = self.consumer.clone();
        let committed = task::spawn_blocking(move || {
            consumer.committed_offsets(asked, Duration::from_secs(10))
        });
        let Ok(Ok(committed)) = committed.await else { return false };
        committed.elements().iter().all(|one| {
            let place = Topic::parse(one.topic()).map(|topic| (topic, one.partition()));
            let end = place.and_then(|place| ends.get(&place)).copied().unwrap_or(0);
            matches!(one.offset(), Offset::Offset(offset) if offset >= end)
        })
    }

    /// What is being stored gets a moment; the rest is read again by whoever comes next.
    async fn end(&mut self) {
        let patience = Duration::from_secs(5);
        let _ = tokio::time::timeout(patience, async {
            while self.storing > 0 {
                match self.tasks.join_next_with_id().await {
                    Some(done) => self.joined(done).await,
                    None => break,
                }
            }
        })
        .await;
        self.tasks.abort_all();
        self.consumer.unsubscribe();
    }
}

impl Partition {
    fn close(&mut self) {
        let next = Block::new(
            self.block.topic,
            &self.block.topic_name,
            self.block.partition,
            self.block.end,
        );
        if self.cut.is_some_and(|cut| self.block.end >= cut) {
            self.cut = None;
        }
        self.waiting.push_back(std::mem::replace(&mut self.block, next));
    }
}
