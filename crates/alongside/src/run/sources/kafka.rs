//! A topic of Kafka whose messages are lines or JSON. How far it was read stands in the journal, not with the broker.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use maritime::Timestamp;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::{ClientConfig, Message, Offset, TopicPartitionList};
use sink::Uncounted;
use tokio::runtime::Handle;

use super::files::in_a_thread;
use super::lines::Lines;
use super::marks::Mark;
use super::tcp::again;
use super::{Feed, MESSAGE_BYTES_MAX, Refusal};

const METADATA_TIMEOUT: Duration = Duration::from_secs(10);
/// Between looks whether it is to stop.
const POLL: Duration = Duration::from_millis(200);
/// So many bytes of lines are given on together.
const BATCH_BYTES: usize = 1 << 18;

/// Reads all partitions from where they were read to, or from their beginning.
pub async fn consume(feed: &Feed, brokers: &str, topic: &str) -> io::Result<()> {
    let Some(marks) = feed.marks().await else { return Ok(()) };
    let read: BTreeMap<String, u64> =
        marks.iter().map(|mark| (mark.item.clone(), mark.offset)).collect();
    let read = Arc::new(Mutex::new(read));
    again(feed, || {
        let (feed, brokers, topic) = (feed.clone(), brokers.to_owned(), topic.to_owned());
        let read = read.clone();
        in_a_thread(move |runtime| {
            let mut read = read.lock().unwrap_or_else(PoisonError::into_inner);
            run(&feed, &brokers, &topic, &mut read, &runtime)
        })
    })
    .await
}

fn run(
    feed: &Feed,
    brokers: &str,
    topic: &str,
    read: &mut BTreeMap<String, u64>,
    runtime: &Handle,
) -> io::Result<()> {
    let consumer: BaseConsumer<Uncounted> = ClientConfig::new()
        .set("bootstrap.servers", brokers)
        .set("group.id", "alongside-run")
        .set("enable.auto.commit", "false")
        .set("auto.offset.reset", "earliest")
        .set("queued.max.messages.kbytes", "8192")
        .create_with_context(Uncounted)
        .map_err(io::Error::other)?;
    let metadata =
        consumer.fetch_metadata(Some(topic), METADATA_TIMEOUT).map_err(io::Error::other)?;
    let partitions = metadata.topics().first().map(|topic| topic.partitions()).unwrap_or_default();
    if partitions.is_empty() {
        return Err(io::Error::new(io::ErrorKind::NotFound, format!("there is no topic {topic}")));
    }
    let item = |partition: i32| format!("{topic}/{partition}");
    let mut list = TopicPartitionList::new();
    for partition in partitions {
        let known = read.get(&item(partition.id())).map(|offset| Offset::Offset(*offset as i64));
        list.add_partition_offset(topic, partition.id(), known.unwrap_or(Offset::Beginning))
            .map_err(io::Error::other)?;
    }
    consumer.assign(&list).map_err(io::Error::other)?;
    tracing::info!(source = feed.options.name, partitions = partitions.len(), "connected");
    let mut lines = Lines::new(&feed.options.name);
    while !feed.is_stopped() {
        let mut marks = BTreeMap::new();
        let mut next = consumer.poll(POLL);
        while let Some(message) = next.take() {
            let message = message.map_err(io::Error::other)?;
            match message.payload() {
                Some(payload) if payload.len() > MESSAGE_BYTES_MAX => {
                    feed.gauge.refuse(Refusal::TooLarge);
                }
                Some(payload) => {
                    // What waited there is not of now.
                    let at = message.timestamp().to_millis().map(Timestamp::from_millis);
                    lines.heard_at(at);
                    lines.push_message(payload, &feed.gauge);
                }
                None => {}
            }
            marks.insert(message.partition(), message.offset() as u64 + 1);
            if lines.len() < BATCH_BYTES {
                next = consumer.poll(Duration::ZERO);
            }
        }
        for (partition, offset) in marks {
            let mark = Mark {
                source: feed.options.name.clone(),
                item: item(partition),
                offset,
                id: String::new(),
                done: false,
                gone: false,
            };
            lines.mark(&mark.line());
            read.insert(mark.item, offset);
        }
        if !feed.give_and_wait(runtime, &mut lines) {
            return Ok(());
        }
    }
    Ok(())
}
