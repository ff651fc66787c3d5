//! The publisher against brokers that fail in every way that librdkafka can act: `MockCluster`. What the real broker
//! does is tried in `tests/delivery.rs` of the workspace.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use alongside_sink::{Kafka, Message, Outbox, Published, Publisher, Topic, Until};
use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::{Headers, Message as _};
use rdkafka::mocking::MockCluster;
use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr};
use rdkafka::{Offset, TopicPartitionList};
use tempfile::TempDir;

const TOPIC: &str = "ais.events";

fn message(at: usize) -> Message {
    let (key, payload) = (format!("event-{}", at % 7), format!("{{\"version\":{at}}}"));
    Message { topic: Topic::Events, id: format!("{key}/{at}"), key, source: "test".into(), payload }
}

/// Publishes `count` messages, while `fail` makes something go wrong.
fn publish(
    cluster: &MockCluster<'static, impl rdkafka::ClientContext>,
    count: usize,
    fail: impl FnOnce(),
) -> (TempDir, Outbox, Published) {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("outbox");
    let mut outbox = Outbox::open(&path, 1_000_000_000).unwrap();
    let kafka = Kafka { brokers: cluster.bootstrap_servers(), ..Kafka::default() };
    let mut publisher = Publisher::new(kafka, &path).unwrap();
    let until =
        Until { told: Arc::new(AtomicBool::new(false)), give_up_after: Duration::from_secs(60) };
    let told = until.told.clone();
    let publishing = std::thread::spawn(move || publisher.run(&until));
    let messages: Vec<Message> = (0..count).map(message).collect();
    let (first, rest) = messages.split_at(count / 2);
    outbox.append(first, None).unwrap();
    fail();
    outbox.append(rest, None).unwrap();
    told.store(true, std::sync::atomic::Ordering::Release);
    let published = publishing.join().unwrap().unwrap();
    (folder, outbox, published)
}

/// The versions of each key as they are in the topic, in order.
fn topic(brokers: &str) -> BTreeMap<String, Vec<String>> {
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", brokers)
        .set("group.id", "reader")
        .set("enable.partition.eof", "true")
        .create()
        .unwrap();
    let mut places = TopicPartitionList::new();
    for partition in 0..3 {
        places.add_partition_offset(TOPIC, partition, Offset::Beginning).unwrap();
    }
    consumer.assign(&places).unwrap();
    let (mut keys, mut ended) = (BTreeMap::<String, Vec<String>>::new(), 0);
    while ended < 3 {
        match consumer.poll(Duration::from_secs(20)).expect("an answer") {
            Ok(message) => {
                let headers = message.headers().unwrap();
                assert!(headers.iter().any(|one| one.key == "ce_id" && one.value.is_some()));
                let key = String::from_utf8(message.key().unwrap().to_vec()).unwrap();
                let payload = String::from_utf8(message.payload().unwrap().to_vec()).unwrap();
                keys.entry(key).or_default().push(payload);
            }
            Err(rdkafka::error::KafkaError::PartitionEOF(_)) => ended += 1,
            Err(error) => panic!("{error}"),
        }
    }
    keys
}

#[track_caller]
fn check_all_there(brokers: &str, count: usize, twice_is_fine: bool) {
    let mut keys = topic(brokers);
    for (key, versions) in &mut keys {
        if twice_is_fine {
            let mut seen = std::collections::HashSet::new();
            versions.retain(|version| seen.insert(version.clone()));
        }
        let expected: Vec<String> =
            (0..count).map(message).filter(|one| one.key == *key).map(|one| one.payload).collect();
        assert_eq!(*versions, expected, "{key}");
    }
    assert_eq!(keys.values().map(Vec::len).sum::<usize>(), count);
}

fn cluster() -> MockCluster<'static, rdkafka::producer::DefaultProducerContext> {
    let cluster = MockCluster::new(3).unwrap();
    cluster.create_topic(TOPIC, 3, 3).unwrap();
    cluster
}

#[test]
fn errors_that_pass_lose_and_double_nothing() {
    use RDKafkaRespErr::*;

    let cluster = cluster();
    cluster.request_errors(
        RDKafkaApiKey::Produce,
        &[
            RD_KAFKA_RESP_ERR__TRANSPORT,
            RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
            RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT,
            RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS,
            RD_KAFKA_RESP_ERR__TRANSPORT,
        ],
    );
    let (_folder, outbox, published) = publish(&cluster, 2_000, || {});
    assert_eq!((published.delivered, published.restarts), (2_000, 0));
    assert_eq!(outbox.depth().unwrap().messages, 0);
    check_all_there(&cluster.bootstrap_servers(), 2_000, false);
}

#[test]
fn brokers_that_are_down_for_a_while_are_waited_for() {
    let cluster = cluster();
    let (_folder, outbox, published) = publish(&cluster, 2_000, || {
        (1..=3).for_each(|broker| cluster.broker_down(broker).unwrap());
        std::thread::sleep(Duration::from_millis(1500));
        (1..=3).for_each(|broker| cluster.broker_up(broker).unwrap());
    });
    assert_eq!((published.refused, outbox.depth().unwrap().messages), (0, 0));
    check_all_there(&cluster.bootstrap_servers(), 2_000, true);
}

#[test]
fn what_no_retry_mends_is_sent_by_another_producer() {
    let cluster = cluster();
    let error = RDKafkaRespErr::RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED;
    cluster.request_errors(RDKafkaApiKey::Produce, &[error]);
    let (_folder, outbox, published) = publish(&cluster, 1_000, || {});
    assert!(published.restarts >= 1);
    assert_eq!(outbox.depth().unwrap().messages, 0);
    check_all_there(&cluster.bootstrap_servers(), 1_000, true);
}

#[test]
fn a_message_that_no_broker_takes_does_not_hold_up_the_others() {
    let cluster = cluster();
    let error = RDKafkaRespErr::RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE;
    cluster.request_errors(RDKafkaApiKey::Produce, &[error]);
    let (_folder, outbox, published) = publish(&cluster, 1_000, || {});
    assert!(published.refused > 0);
    let depth = outbox.depth().unwrap();
    assert_eq!((depth.messages, depth.refused), (0, published.refused));
    let there: usize = topic(&cluster.bootstrap_servers()).values().map(Vec::len).sum();
    assert_eq!(there as u64 + published.refused, 1_000);
}
