//! The daemon with a topic of Kafka in the place of its journal.
//!
//! What it tells waits in the outbox in these tests, where it can be looked at: the topics that it would go to are not
//! there, and want more replicas than there are brokers.

use std::io::Write;
use std::thread::sleep;
use std::time::{Duration, Instant};

use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::{ClientConfig, Message, Offset, TopicPartitionList};

use crate::program::daemon::{Daemon, lines_of};
use crate::program::sea;
use crate::servers::Kafka;

const WAIT_MAX: Duration = Duration::from_secs(60);

fn client(kafka: &Kafka) -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", kafka.bootstrap());
    config
}

fn admin<T>(
    kafka: &Kafka,
    ask: impl AsyncFnOnce(AdminClient<DefaultClientContext>, AdminOptions) -> T,
) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(ask(client(kafka).create().unwrap(), AdminOptions::new()))
}

fn create_topics(kafka: &Kafka, topics: &[NewTopic<'_>]) {
    let made = admin(kafka, async |admin, options| admin.create_topics(topics, &options).await);
    assert!(made.unwrap().iter().all(Result::is_ok));
}

/// A broker with a topic for lines.
fn start() -> Option<Kafka> {
    let kafka = Kafka::start_own()?;
    create_topics(&kafka, &[NewTopic::new("ais.raw", 1, TopicReplication::Fixed(1))]);
    Some(kafka)
}

/// A daemon whose journal is that topic.
fn with_topic(kafka: &Kafka, topic: &str, more: &str) -> Daemon {
    let journal = format!("[journal]\nlog = \"kafka\"\ntopic = \"{topic}\"\n{more}");
    let mut daemon = Daemon::new("tcp-listen", &journal);
    let brokers = format!("brokers = \"{}\"\nreplication = 3", kafka.bootstrap());
    let config = daemon.desk.read("run.toml").replace("brokers = \"127.0.0.1:1\"", &brokers);
    daemon.desk.write("run.toml", config);
    daemon.recording = "raw.nmea".into();
    daemon
}

/// The values of a topic as `kafka-console-consumer` writes them.
fn values(kafka: &Kafka, topic: &str) -> String {
    let consumer: BaseConsumer = client(kafka).set("group.id", "console").create().unwrap();
    let (low, high) = consumer.fetch_watermarks(topic, 0, WAIT_MAX).unwrap();
    let mut list = TopicPartitionList::new();
    list.add_partition_offset(topic, 0, Offset::Offset(low)).unwrap();
    consumer.assign(&list).unwrap();
    let (mut text, mut next, since) = (Vec::new(), low, Instant::now());
    while next < high {
        assert!(since.elapsed() < WAIT_MAX, "{next} of {high} came");
        let Some(Ok(message)) = consumer.poll(Duration::from_millis(100)) else { continue };
        assert_eq!(message.offset(), next, "each offset is a commit");
        text.extend_from_slice(message.payload().unwrap());
        text.push(b'\n');
        next += 1;
    }
    String::from_utf8(text).unwrap()
}

/// Its lines, as they were sent; and it is where a replay finds it.
fn journal(kafka: &Kafka, topic: &str, daemon: &Daemon) -> Vec<String> {
    let text = values(kafka, topic);
    daemon.desk.write("raw.nmea", &text);
    lines_of(&text)
}

fn send(daemon: &Daemon, lines: &[&str]) {
    daemon.connect().write_all((lines.join("\n") + "\n").as_bytes()).unwrap();
}

fn sent() -> Vec<&'static str> {
    std::str::from_utf8(sea()).unwrap().lines().collect()
}

#[track_caller]
fn wait_for_accepted(daemon: &Daemon, lines: usize) {
    daemon.wait_for("all is read", |daemon| {
        daemon.number("source_lines_accepted_total") as usize == lines
            && daemon.number("journal_unread_messages") == 0
    });
}

#[test]
fn a_topic_in_place_of_the_journal_changes_no_event() {
    let Some(kafka) = start() else { return };
    let sent = sent();
    let mut files = Daemon::new("tcp-listen", "");
    files.start();
    send(&files, &sent);
    files.wait_for("all is read", |daemon| {
        daemon.number("source_lines_accepted_total") as usize == sent.len()
    });
    assert_eq!(files.stop(), 0, "{}", files.desk.read("log"));
    files.check_events();

    let mut daemon = with_topic(&kafka, "ais.raw", "");
    daemon.start();
    send(&daemon, &sent);
    wait_for_accepted(&daemon, sent.len());
    assert_eq!(daemon.health()["journal"]["topic"], "ais.raw");
    assert_eq!(daemon.health()["journal"]["unread_messages"], 0);
    assert_eq!(daemon.stop(), 0, "{}", daemon.desk.read("log"));
    assert_eq!(journal(&kafka, "ais.raw", &daemon), sent);
    assert!(!daemon.desk.path("journal").exists());
    daemon.check_events();
    assert_eq!(daemon.told(), files.told());

    // Other parameters hold from the beginning of the topic.
    let told = daemon.told().len();
    let config = daemon.desk.read("run.toml") + "[encounter]\nopen_after = \"40m\"\n";
    daemon.desk.write("run.toml", config);
    daemon.start();
    daemon.wait_for("the topic is read again", |daemon| {
        daemon.number("positions_total") > 0 && daemon.number("journal_unread_messages") == 0
    });
    assert_eq!(daemon.stop(), 0, "{}", daemon.desk.read("log"));
    let again = daemon.told().split_off(told);
    assert!(again.len() > 20);
    assert_eq!(again, daemon.replayed_with(&["--config", "run.toml"])[..again.len()]);
}

#[test]
fn daemon_and_broker_killed_lose_and_double_nothing() {
    let Some(mut kafka) = start() else { return };
    let kills: usize = std::env::var("ALONGSIDE_KILLS").map_or(6, |text| text.parse().unwrap());
    let sent = sent();
    let mut daemon = with_topic(&kafka, "ais.raw", "segment_bytes = 1000000\n");
    let (mut position, mut accepted) = (0, 0);
    for kill in 0..kills {
        daemon.start();
        let mut stream = daemon.connect();
        let end = (position + sent.len() / kills + 100 * kill).min(sent.len());
        let (first, second) = sent[position..end].split_at((end - position) / 2);
        let mut write = |lines: &[&str]| {
            for lines in lines.chunks(500) {
                stream.write_all((lines.join("\n") + "\n").as_bytes()).unwrap();
                sleep(Duration::from_millis(3));
            }
        };
        write(first);
        daemon.wait_for("it takes lines", |daemon| {
            // Now and then when it has read the topic again, too; else it is killed while it does.
            daemon.number("source_lines_accepted_total") as usize == first.len()
                && (kill % 2 == 1 || daemon.number("journal_unread_messages") == 0)
        });
        if kill % 3 == 1 {
            kafka.process.kill();
            write(second);
            daemon.wait_for("intake waits", |daemon| daemon.number("stalled") == 1);
            let ready = daemon.page("readyz").unwrap();
            assert!(
                ready.contains("the topic ais.raw takes nothing: no answer from kafka at"),
                "{ready}"
            );
            assert_eq!(daemon.page("livez").unwrap(), "alive\n");
            if kill % 2 == 1 {
                kafka.process.restart();
                daemon.wait_for("it goes on", |daemon| daemon.number("stalled") == 0);
            }
        } else {
            write(second);
        }
        sleep(Duration::from_millis(40 * kill as u64));
        accepted = accepted.max(position + daemon.number("source_lines_accepted_total") as usize);
        daemon.kill();
        if kill % 3 == 1 && kill % 2 == 0 {
            kafka.process.restart();
        }
        // What it had given to the system may still be on its way to the broker.
        sleep(Duration::from_millis(300));
        let journal = journal(&kafka, "ais.raw", &daemon);
        assert!(journal.len() >= accepted, "{} of {accepted} lines are left", journal.len());
        position = journal.len();
        assert_eq!(journal, sent[..position]);
    }
    daemon.start();
    daemon.wait_for("the topic is read again", |daemon| {
        daemon.number("positions_total") > 0 && daemon.number("journal_unread_messages") == 0
    });
    for lines in sent[position..].chunks(1000) {
        send(&daemon, lines);
        sleep(Duration::from_millis(100));
    }
    wait_for_accepted(&daemon, sent.len() - position);
    assert_eq!(daemon.stop(), 0, "{}", daemon.desk.read("log"));
    assert_eq!(journal(&kafka, "ais.raw", &daemon), sent);
    let segments = daemon.desk.read("raw.nmea").matches("\n#segment ").count();
    assert!(segments > 0, "{segments}");
    daemon.check_events();
}

#[test]
fn a_broker_that_is_away_is_waited_for_and_kept_from_by_no_signal() {
    let Some(mut kafka) = start() else { return };
    let sent = sent();
    let mut daemon = with_topic(&kafka, "ais.raw", "");
    daemon.start();
    send(&daemon, &sent[..5000]);
    wait_for_accepted(&daemon, 5000);
    kafka.process.kill();
    send(&daemon, &sent[5000..6000]);
    daemon.wait_for("intake waits", |daemon| daemon.number("stalled") == 1);
    let since = Instant::now();
    assert_eq!(daemon.stop(), 1);
    assert!(since.elapsed() < Duration::from_secs(10), "{:?}", since.elapsed());
    let log = daemon.desk.read("log");
    assert!(log.contains("stopped while waiting"), "{log}");
    // At a start too.
    daemon.start();
    daemon.wait_for("it says so", |daemon| {
        daemon.page("readyz").unwrap().contains("the topic ais.raw cannot be opened")
    });
    kafka.process.restart();
    daemon.wait_for("it goes on", |daemon| daemon.number("stalled") == 0);
    let lines = journal(&kafka, "ais.raw", &daemon).len();
    assert!(lines == 5000 || lines == 6000, "{lines}");
    send(&daemon, &sent[lines..]);
    wait_for_accepted(&daemon, sent.len() - lines);
    assert_eq!(daemon.stop(), 0, "{}", daemon.desk.read("log"));
    assert_eq!(journal(&kafka, "ais.raw", &daemon), sent);
    daemon.check_events();
}

#[test]
fn what_does_not_fit_a_journal_is_said() {
    let Some(kafka) = start() else { return };
    create_topics(&kafka, &[NewTopic::new("wide", 3, TopicReplication::Fixed(1))]);
    let daemon = with_topic(&kafka, "wide", "");
    let outcome = daemon.desk.run(&["run", "--config", "run.toml"]);
    assert_eq!(outcome.code, 1);
    let expected =
        "cannot open the topic wide: the topic wide has 3 partitions, and a journal has one";
    assert!(outcome.stderr.contains(expected), "{}", outcome.stderr);
    let doctor = daemon.desk.run(&["doctor", "--config", "run.toml"]).stdout;
    assert!(doctor.contains("FAIL  journal: the topic wide has 3 partitions"), "{doctor}");

    // One that is not there is made.
    let mut daemon = with_topic(&kafka, "made", "");
    let config = daemon.desk.read("run.toml").replace("replication = 3", "replication = 1");
    daemon.desk.write("run.toml", config.replace("publish = true", "publish = false"));
    let doctor = daemon.desk.run(&["doctor", "--config", "run.toml"]).stdout;
    assert!(doctor.contains("has no topic made yet; `run` makes it, if it may"), "{doctor}");
    daemon.start();
    send(&daemon, &sent()[..100]);
    wait_for_accepted(&daemon, 100);
    assert_eq!(daemon.stop(), 0, "{}", daemon.desk.read("log"));
    assert_eq!(journal(&kafka, "made", &daemon), sent()[..100]);

    // A topic that takes short messages alone takes the lines of one commit in several.
    let sent = sent();
    create_topics(
        &kafka,
        &[NewTopic::new("narrow", 1, TopicReplication::Fixed(1)).set("max.message.bytes", "20000")],
    );
    let mut daemon = with_topic(&kafka, "narrow", "");
    let doctor = daemon.desk.run(&["doctor", "--config", "run.toml"]).stdout;
    assert!(doctor.contains("good  journal: topic narrow of"), "{doctor}");
    daemon.start();
    send(&daemon, &sent);
    wait_for_accepted(&daemon, sent.len());
    assert_eq!(daemon.stop(), 0, "{}", daemon.desk.read("log"));
    assert_eq!(journal(&kafka, "narrow", &daemon), sent);
    daemon.check_events();

    // What the broker has deleted meanwhile is said, and it goes on with what is there.
    let mut list = TopicPartitionList::new();
    let consumer: BaseConsumer = client(&kafka).create().unwrap();
    let (_, high) = consumer.fetch_watermarks("narrow", 0, WAIT_MAX).unwrap();
    list.add_partition_offset("narrow", 0, Offset::Offset(high - 3)).unwrap();
    admin(&kafka, async |admin, options| admin.delete_records(&list, &options).await).unwrap();
    let told = daemon.told().len();
    daemon.start();
    send(&daemon, &sent[..100]);
    wait_for_accepted(&daemon, 100);
    assert_eq!(daemon.stop(), 0, "{}", daemon.desk.read("log"));
    let log = daemon.desk.read("log");
    assert!(log.contains("the log lacks what the checkpoint rests on"), "{log}");
    assert_eq!(daemon.told().len(), told, "nothing is told twice");
}

#[test]
fn of_two_that_write_to_one_topic_the_later_one_goes_on() {
    let Some(kafka) = start() else { return };
    let sent = sent();
    let mut first = with_topic(&kafka, "ais.raw", "");
    first.start();
    send(&first, &sent[..10_000]);
    wait_for_accepted(&first, 10_000);
    let mut second = with_topic(&kafka, "ais.raw", "");
    second.start();
    second.wait_for("the topic is read", |daemon| {
        daemon.number("positions_total") > 0 && daemon.number("journal_unread_messages") == 0
    });
    send(&second, &sent[10_000..20_000]);
    wait_for_accepted(&second, 10_000);
    // What the first one takes now is in the topic behind that, and it sees by this that it is not alone.
    send(&first, &sent[20_000..20_100]);
    first.wait_for("the first ends", |first| first.page("livez").is_none());
    let log = first.desk.read("log");
    assert!(log.contains("another program writes to the topic ais.raw"), "{log}");
    send(&second, &sent[20_100..]);
    wait_for_accepted(&second, sent.len() - 10_100);
    assert_eq!(second.stop(), 0, "{}", second.desk.read("log"));
    // Whoever wrote it: what is told is what a replay of the topic tells.
    assert_eq!(journal(&kafka, "ais.raw", &second), sent);
    second.check_events();
}
