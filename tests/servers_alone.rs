//! The servers that other tests lean on: they keep what they are given, through kills too, and fail when told.

use std::time::{Duration, Instant};

use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::message::Message;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};

use crate::servers::{ClickHouse, Fault, Kafka};

const WAIT_MAX: Duration = Duration::from_secs(60);

#[test]
fn kafka_keeps_messages_and_offsets_through_kills() {
    let Some(mut kafka) = Kafka::start_own() else { return };
    create_topic(&kafka, "ships", 1);
    produce(&kafka, "ships", 0..100);
    let mut consumer = group(&kafka, "readers", "ships");
    assert_eq!(read(&consumer, 60), (0..60).collect::<Vec<_>>());
    consumer.commit_consumer_state(CommitMode::Sync).unwrap();
    drop(consumer);

    kafka.process.kill();
    kafka.process.restart();
    produce(&kafka, "ships", 100..150);
    consumer = group(&kafka, "readers", "ships");
    assert_eq!(read(&consumer, 90), (60..150).collect::<Vec<_>>());
    drop(consumer);

    kafka.process.stop();
    kafka.process.restart();
    let consumer = group(&kafka, "others", "ships");
    assert_eq!(read(&consumer, 150), (0..150).collect::<Vec<_>>());
}

#[test]
fn a_topic_that_nobody_made_is_an_error() {
    let Some(kafka) = Kafka::start_own() else { return };
    let producer: BaseProducer =
        client(&kafka).set("topic.metadata.propagation.max.ms", "1000").create().unwrap();
    producer.send(BaseRecord::<str, str>::to("nowhere").payload("lost")).unwrap();
    assert!(producer.flush(Duration::from_secs(1)).is_err() || producer.in_flight_count() == 0);
    let metadata = producer.client().fetch_metadata(None, WAIT_MAX).unwrap();
    assert!(metadata.topics().iter().all(|topic| topic.name() != "nowhere"));
}

#[test]
fn clickhouse_keeps_rows_through_kills() {
    let Some(mut clickhouse) = ClickHouse::start_own() else { return };
    clickhouse
        .query("CREATE TABLE ships (mmsi UInt32, name String) ENGINE = MergeTree ORDER BY mmsi");
    clickhouse.query(
        "INSERT INTO ships VALUES (311000222, 'SEA STAR'), (538005541, ''';DROP TABLE A;--')",
    );
    let stored = "311000222\tSEA STAR\n538005541\t\\';DROP TABLE A;--\n";
    assert_eq!(clickhouse.query("SELECT * FROM ships ORDER BY mmsi"), stored);

    clickhouse.process.kill();
    let error = clickhouse.try_query("SELECT 1").unwrap_err();
    assert!(error.contains("refused"), "{error}");
    clickhouse.process.restart();
    assert_eq!(clickhouse.query("SELECT * FROM ships ORDER BY mmsi"), stored);

    clickhouse.process.stop();
    clickhouse.process.restart();
    assert_eq!(clickhouse.query("SELECT * FROM ships ORDER BY mmsi"), stored);
}

#[test]
fn clickhouse_takes_settings_and_parameters_and_names_its_errors() {
    let Some(clickhouse) = ClickHouse::start() else { return };
    let version = clickhouse.query("SELECT version()");
    assert!(version.split('.').next().unwrap().parse::<u32>().unwrap() >= 24, "{version}");
    let hostile = "<SCRIPT SRC=//X.CO>';DROP TABLE A;--";
    let parameters = [("param_name", hostile), ("max_threads", "1")];
    let sql =
        "SELECT {name:String} AS name, getSetting('max_threads') AS threads FORMAT JSONEachRow";
    let row: serde_json::Value =
        serde_json::from_str(&clickhouse.try_query_with(sql, &parameters).unwrap()).unwrap();
    assert_eq!(row["name"], hostile);
    assert_eq!(row["threads"].to_string().trim_matches('"'), "1");
    let error = clickhouse.try_query("SELECT * FROM nowhere").unwrap_err();
    assert!(error.starts_with("Code: 60. DB::Exception"), "{error}");
    let error = clickhouse.try_query("SELECT 1; SELECT 2").unwrap_err();
    assert!(error.starts_with("Code: 62. DB::Exception"), "{error}");
}

#[test]
fn faults_come_as_often_as_told_before_or_after_the_deed() {
    let Some(clickhouse) = ClickHouse::start_own() else { return };
    clickhouse.query("CREATE TABLE t (n UInt32) ENGINE = MergeTree ORDER BY n");
    let insert = |n: u32| clickhouse.try_query(&format!("INSERT INTO t VALUES ({n})"));

    clickhouse.faults(&[
        Fault::error("INSERT INTO t", 2, 503, 252),
        Fault::error("INSERT INTO t", 1, 500, 242).after(),
        Fault::drop("INSERT INTO t", 1),
        Fault::slow("SELECT", 1, Duration::from_millis(300)),
    ]);
    for n in [1, 2] {
        let error = insert(n).unwrap_err();
        assert!(error.starts_with("Code: 252. DB::Exception"), "{error}");
    }
    let error = insert(3).unwrap_err();
    assert!(error.starts_with("Code: 242. DB::Exception"), "{error}");
    insert(4).unwrap_err();
    insert(5).unwrap();
    let asked_at = Instant::now();
    assert_eq!(clickhouse.query("SELECT n FROM t ORDER BY n"), "3\n5\n");
    assert!(asked_at.elapsed() >= Duration::from_millis(300), "{:?}", asked_at.elapsed());
    assert_eq!(clickhouse.faults_left(), [0, 0, 0, 0]);
}

#[test]
fn nothing_is_left_of_a_server_whose_test_died() {
    let Some(mut kafka) = Kafka::start_own() else { return };
    // The end of the standard input is all that a dead process can say.
    let bootstrap = kafka.bootstrap().to_owned();
    kafka.process.hang_up();
    assert!(std::net::TcpStream::connect(bootstrap).is_err());
}

fn client(kafka: &Kafka) -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", kafka.bootstrap());
    config
}

fn create_topic(kafka: &Kafka, name: &str, partitions: i32) {
    let admin: AdminClient<_> = client(kafka).create().unwrap();
    let topic = NewTopic::new(name, partitions, TopicReplication::Fixed(1));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let made = runtime.block_on(admin.create_topics([&topic], &AdminOptions::new())).unwrap();
    assert_eq!(made, [Ok(name.to_owned())]);
}

fn produce(kafka: &Kafka, topic: &str, numbers: std::ops::Range<u32>) {
    let producer: BaseProducer = client(kafka).set("enable.idempotence", "true").create().unwrap();
    for number in numbers {
        let text = number.to_string();
        producer.send(BaseRecord::to(topic).key(&text).payload(&text)).unwrap();
    }
    producer.flush(WAIT_MAX).unwrap();
}

fn group(kafka: &Kafka, name: &str, topic: &str) -> BaseConsumer {
    let mut config = client(kafka);
    config
        .set("group.id", name)
        .set("auto.offset.reset", "earliest")
        .set("enable.auto.commit", "false");
    let consumer: BaseConsumer = config.create().unwrap();
    consumer.subscribe(&[topic]).unwrap();
    consumer
}

/// So many numbers, in the order in which they come.
fn read(consumer: &BaseConsumer, count: usize) -> Vec<u32> {
    let mut numbers = Vec::new();
    let started_at = Instant::now();
    while numbers.len() < count {
        assert!(started_at.elapsed() < WAIT_MAX, "{} of {count} came", numbers.len());
        let Some(message) = consumer.poll(Duration::from_millis(100)) else { continue };
        // A broker that has just come back is not there yet for a moment.
        let Ok(message) = message else { continue };
        let text = message.payload_view::<str>().unwrap().unwrap();
        numbers.push(text.parse().unwrap());
    }
    numbers
}
