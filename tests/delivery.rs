//! Events through Kafka into ClickHouse: the whole program, the real servers, and what goes wrong on the way.
//!
//! What is read back from the views must be what the same replay writes as NDJSON, field by field, whatever was killed
//! meanwhile. `ALONGSIDE_KILLS=50` kills the loader more often than the usual run does, and `ALONGSIDE_SEED` makes it
//! the same way again. `-- --ignored` does everything that goes wrong at once, over a recording if there is one.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{BuildHasher, RandomState};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rdkafka::admin::{AdminClient, AdminOptions, AlterConfig, ResourceSpecifier};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::{Header, Message as _, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};
use serde_json::Value;

use crate::program::{Desk, Outcome, recordings, sea, text};
use crate::servers::{ClickHouse, Fault, Kafka};

/// Servers with topics and a database that nobody else has, and a desk to run the program at.
struct Rig {
    desk: Desk,
    kafka: String,
    url: String,
    prefix: String,
    database: String,
}

/// A loader in the background, which ends with the test.
struct Loader(Child);

impl Drop for Loader {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Those that nobody kills.
fn shared() -> Option<(&'static Kafka, &'static ClickHouse)> {
    static SHARED: OnceLock<Option<(Kafka, ClickHouse)>> = OnceLock::new();
    let shared = SHARED.get_or_init(|| Some((Kafka::start()?, ClickHouse::start()?)));
    shared.as_ref().map(|(kafka, clickhouse)| (kafka, clickhouse))
}

impl Rig {
    fn new(kafka: &Kafka, clickhouse: &ClickHouse) -> Self {
        Rig::with(kafka, clickhouse, "")
    }

    /// `clickhouse_section` is added to `[clickhouse]`.
    fn with(kafka: &Kafka, clickhouse: &ClickHouse, clickhouse_section: &str) -> Self {
        static RIGS: AtomicU32 = AtomicU32::new(0);
        let name = format!("t{}x{}", std::process::id(), RIGS.fetch_add(1, Ordering::Relaxed));
        let rig = Rig {
            desk: Desk::new(),
            kafka: kafka.bootstrap().to_owned(),
            url: clickhouse.url().to_owned(),
            prefix: format!("{name}."),
            database: format!("alongside_{name}"),
        };
        // Blocks are small, so that there are many; a member of the group that was killed is missed at once.
        let config = format!(
            "[outbox]\npositions_every = \"10s\"\ngive_up_after = \"2m\"\n\
             [kafka]\nbrokers = \"{}\"\ntopic_prefix = \"{}\"\ngroup = \"{name}\"\n\
             [kafka.properties]\n\"session.timeout.ms\" = \"6000\"\n\"heartbeat.interval.ms\" = \"500\"\n\
             [clickhouse]\nurl = \"{}\"\ndatabase = \"{}\"\nblock_offsets = 500\nflush_after = \"200ms\"\n\
             {clickhouse_section}\n",
            rig.kafka, rig.prefix, rig.url, rig.database
        );
        rig.desk.write("rig.toml", config);
        rig.desk.write("sea.nmea", sea());
        let applied = rig.run(&["schema", "apply"]);
        assert_eq!(applied.code, 0, "{}", applied.stderr);
        rig
    }

    fn run(&self, arguments: &[&str]) -> Outcome {
        self.desk.run(&[arguments, &["--config", "rig.toml"]].concat())
    }

    /// Publishes; gives the encounters as NDJSON.
    #[track_caller]
    fn publish(&self, file: &str) -> String {
        let arguments = ["replay", file, "--publish", "--store", "none", "--format", "ndjson"];
        let more = ["--kind", "encounter", "--profile", "any", "--config", "rig.toml"];
        let outcome = self.desk.run(&[&arguments[..], &more].concat());
        assert_eq!(outcome.code, 0, "{}", outcome.stderr);
        assert!(outcome.stderr.contains("published  "), "{}", outcome.stderr);
        outcome.stdout
    }

    #[track_caller]
    fn load(&self) -> String {
        let outcome = self.run(&["load", "--until-end"]);
        assert_eq!(outcome.code, 0, "{}", outcome.stderr);
        outcome.stderr
    }

    /// With a name in the group, so that a loader that comes after one that was killed has its partitions at once.
    fn load_in_background(&self, instance: &str) -> Loader {
        let config = self.desk.read("rig.toml").replace(
            "[kafka.properties]\n",
            &format!("[kafka.properties]\n\"group.instance.id\" = \"{instance}\"\n"),
        );
        let name = format!("{instance}.toml");
        self.desk.write(&name, config);
        let log = std::fs::File::options()
            .create(true)
            .append(true)
            .open(self.desk.path(&format!("{instance}.log")))
            .unwrap();
        let mut command = self.desk.command(&["load", "--config", &name]);
        Loader(command.stdout(Stdio::null()).stderr(log).spawn().unwrap())
    }

    fn ask(&self, clickhouse: &ClickHouse, sql: &str) -> Vec<Value> {
        let settings = [
            ("database", self.database.as_str()),
            ("date_time_output_format", "iso"),
            ("output_format_json_quote_64bit_integers", "0"),
        ];
        let answer = clickhouse.try_query_with(&format!("{sql} FORMAT JSONEachRow"), &settings);
        let answer = answer.unwrap_or_else(|error| panic!("{error}\nin {sql}"));
        answer.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    fn number(&self, clickhouse: &ClickHouse, sql: &str) -> u64 {
        let rows = self.ask(clickhouse, sql);
        let row = rows[0].as_object().unwrap();
        row.values().next().unwrap().as_u64().unwrap_or_else(|| panic!("{row:?}"))
    }

    /// What differs between `v_encounters` and the NDJSON; nothing if it is the same.
    fn difference(&self, clickhouse: &ClickHouse, ndjson: &str) -> Option<String> {
        let rows = self.ask(clickhouse, "SELECT * FROM v_encounters");
        let by_id = |values: Vec<Value>| -> BTreeMap<String, Value> {
            values
                .into_iter()
                .map(|value| (value["id"].as_str().unwrap().to_owned(), value))
                .collect()
        };
        let count = rows.len();
        let stored = by_id(rows);
        let told = by_id(ndjson.lines().map(|line| serde_json::from_str(line).unwrap()).collect());
        if stored.len() != count {
            return Some(format!("{count} rows of {} encounters", stored.len()));
        }
        let (ids, wanted): (Vec<_>, Vec<_>) = (stored.keys().collect(), told.keys().collect());
        if ids != wanted {
            return Some(format!("stored are\n{ids:?}\nin place of\n{wanted:?}"));
        }
        for (id, event) in &told {
            let row = &stored[id];
            let (fields, columns) = (event.as_object().unwrap(), row.as_object().unwrap());
            let names: BTreeSet<&String> = fields.keys().chain(columns.keys()).collect();
            for name in names {
                let (field, column) = (fields.get(name), columns.get(name));
                let same = field.zip(column).is_some_and(|(field, column)| {
                    let is_no_list = field.is_null() && column == &Value::Array(Vec::new());
                    same(field, column) || (name == "class_reasons" && is_no_list)
                });
                if !same {
                    return Some(format!("{name} of {id} is\n{column:?}\nin place of\n{field:?}"));
                }
            }
        }
        None
    }

    #[track_caller]
    fn check_same(&self, clickhouse: &ClickHouse, ndjson: &str) {
        assert!(ndjson.lines().count() >= 3);
        if let Some(difference) = self.difference(clickhouse, ndjson) {
            panic!("{difference}");
        }
    }

    /// How many different messages of a topic there are, by key and payload.
    fn messages(&self, topic: &str) -> BTreeSet<(Vec<u8>, Vec<u8>)> {
        let consumer: BaseConsumer = ClientConfig::new()
            .set("bootstrap.servers", &self.kafka)
            .set("group.id", format!("{}reader", self.prefix))
            .create()
            .unwrap();
        let (name, patience) = (format!("{}{topic}", self.prefix), Duration::from_secs(20));
        let metadata = consumer.fetch_metadata(Some(&name), patience).unwrap();
        let (mut left, mut places) = (0, TopicPartitionList::new());
        for partition in metadata.topics()[0].partitions() {
            let (low, high) = consumer.fetch_watermarks(&name, partition.id(), patience).unwrap();
            left += high - low;
            places.add_partition_offset(&name, partition.id(), Offset::Beginning).unwrap();
        }
        consumer.assign(&places).unwrap();
        let mut messages = BTreeSet::new();
        while left > 0 {
            let message = consumer.poll(patience).expect("a message").unwrap();
            let key = message.key().unwrap_or_default().to_vec();
            messages.insert((key, message.payload().unwrap_or_default().to_vec()));
            left -= 1;
        }
        messages
    }

    fn send(&self, topic: &str, key: &str, payloads: &[&[u8]]) {
        let producer: BaseProducer =
            ClientConfig::new().set("bootstrap.servers", &self.kafka).create().unwrap();
        let topic = format!("{}{topic}", self.prefix);
        for payload in payloads {
            let record = BaseRecord::to(&topic).key(key).payload(*payload);
            producer.send(record).map_err(|(error, _)| error).unwrap();
        }
        producer.flush(Duration::from_secs(20)).unwrap();
    }

    /// As a program would whose messages have that schema.
    fn send_as(&self, schema_version: &str, topic: &str, payload: &[u8]) {
        let producer: BaseProducer =
            ClientConfig::new().set("bootstrap.servers", &self.kafka).create().unwrap();
        let topic = format!("{}{topic}", self.prefix);
        let version = Header { key: "ce_schemaversion", value: Some(schema_version) };
        // A compacted topic takes nothing without a key.
        let record = BaseRecord::to(&topic)
            .key("any")
            .payload(payload)
            .headers(OwnedHeaders::new().insert(version));
        producer.send(record).map_err(|(error, _)| error).unwrap();
        producer.flush(Duration::from_secs(20)).unwrap();
    }

    /// Waits until the loader has stored all of it.
    #[track_caller]
    fn wait_for(&self, clickhouse: &ClickHouse, ndjson: &str) {
        let began = Instant::now();
        loop {
            match self.difference(clickhouse, ndjson) {
                None => return,
                Some(difference) if began.elapsed() > Duration::from_secs(60) => {
                    let logs: Vec<String> =
                        self.desk.names().into_iter().filter(|n| n.ends_with(".log")).collect();
                    let log: String = logs.iter().map(|name| self.desk.read(name)).collect();
                    panic!("{difference}\n{log}");
                }
                Some(_) => std::thread::sleep(Duration::from_millis(100)),
            }
        }
    }
}

/// Numbers by what they are, not by how they are written.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| same(a, b)))
        }
        _ => a == b,
    }
}

/// How often a loader is killed.
fn kills(usually: u64) -> u64 {
    std::env::var("ALONGSIDE_KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(usually)
}

/// Random enough to kill at another moment each time.
struct Chance(u64);

impl Chance {
    fn new() -> Self {
        let any = RandomState::new().hash_one(0) >> 32;
        let seed = std::env::var("ALONGSIDE_SEED").ok().and_then(|seed| seed.parse().ok());
        let seed = seed.unwrap_or(any);
        println!("ALONGSIDE_SEED={seed}");
        Chance(seed)
    }

    fn millis(&mut self, least: u64, most: u64) -> Duration {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        Duration::from_millis(least + (self.0 >> 33) % (most - least))
    }
}

#[test]
fn what_is_read_back_is_what_was_told_and_a_second_run_doubles_nothing() {
    let Some((kafka, clickhouse)) = shared() else { return };
    let rig = Rig::new(kafka, clickhouse);
    let ndjson = rig.publish("sea.nmea");
    let said = rig.load();
    assert!(said.contains("; 0 to the dead letters"), "{said}");
    rig.check_same(clickhouse, &ndjson);
    let counts = || {
        ["v_events", "v_encounter_vessels", "v_positions", "v_vessel_identities"]
            .map(|view| rig.number(clickhouse, &format!("SELECT count() FROM {view}")))
    };
    let once = counts();
    assert!(once.iter().all(|count| *count > 5), "{once:?}");
    let health = || {
        rig.ask(clickhouse, "SELECT * EXCEPT (last_published_at) FROM v_feed_health ORDER BY hour")
    };
    let healthy = health();

    assert_eq!(rig.publish("sea.nmea"), ndjson);
    rig.load();
    rig.check_same(clickhouse, &ndjson);
    assert_eq!(counts(), once);
    assert_eq!(health(), healthy);
}

#[test]
fn a_replay_stores_the_same_without_kafka() {
    let Some((kafka, clickhouse)) = shared() else { return };
    let rig = Rig::new(kafka, clickhouse);
    let url = format!("{}/{}", rig.url.replace("http://", "clickhouse://"), rig.database);
    let arguments =
        ["replay", "sea.nmea", "--format", "ndjson", "--kind", "encounter", "--profile", "any"];
    let outcome = rig.run(&[&arguments[..], &["--store", &url]].concat());
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    rig.check_same(clickhouse, &outcome.stdout);
    assert!(rig.number(clickhouse, "SELECT count() FROM v_positions") > 1000);
}

#[test]
fn the_schema_is_applied_once_and_one_from_the_future_is_refused() {
    let Some((kafka, clickhouse)) = shared() else { return };
    let rig = Rig::new(kafka, clickhouse);
    let made = || {
        clickhouse.query(&format!(
        "SELECT name, create_table_query FROM system.tables WHERE database = '{}' ORDER BY name", rig.database
    ))
    };
    let before = made();
    let outcome = rig.run(&["schema", "apply"]);
    assert!(outcome.code == 0 && outcome.stderr.contains("already"), "{}", outcome.stderr);
    assert_eq!(made(), before);

    clickhouse.query(&format!(
        "INSERT INTO {}.schema_migrations (number, name) VALUES (99, 'x')",
        rig.database
    ));
    for command in [&["schema", "apply"][..], &["load", "--until-end"]] {
        let outcome = rig.run(command);
        assert_eq!(outcome.code, 1);
        assert!(outcome.stderr.contains("has schema 99, this program knows"), "{}", outcome.stderr);
    }
    clickhouse.query(&format!("DROP DATABASE {}", rig.database));
    let outcome = rig.run(&["load", "--until-end"]);
    assert!(outcome.stderr.contains("run `alongside schema apply` first"), "{}", outcome.stderr);
}

#[test]
fn what_is_no_event_goes_to_the_dead_letters() {
    let Some((kafka, clickhouse)) = shared() else { return };
    let rig = Rig::new(kafka, clickhouse);
    let ndjson = rig.publish("sea.nmea");
    // What no JSON is, what is no text, and what is none of ours; in the middle of what is.
    rig.send("events", "a", &[b"not JSON"]);
    rig.send("events", "b", &[&[0xFF, 0xFE]]);
    rig.send("positions", "c", &[b"{\"mmsi\":\"x\"}"]);
    assert!(rig.publish("sea.nmea") == ndjson);
    let said = rig.load();
    assert!(said.contains("; 3 to the dead letters"), "{said}");
    rig.check_same(clickhouse, &ndjson);
    let letters = |attempts: u64| -> Vec<Value> {
        let all = rig.messages("deadletter");
        let all = all.iter().map(|(_, letter)| serde_json::from_slice::<Value>(letter).unwrap());
        all.filter(|letter| letter["attempts"] == attempts).collect()
    };
    let letter = |payload: &str| -> Value {
        let of = |letter: &Value| letter["payload"] == payload || letter["payload_hex"] == payload;
        letters(1).into_iter().find(of).unwrap_or_else(|| panic!("no letter with {payload}"))
    };
    assert!(letter("not JSON")["reason"].as_str().unwrap().contains("not an event: expected"));
    assert!(letter("fffe")["topic"].as_str().unwrap().ends_with(".events"));
    assert!(letter("{\"mmsi\":\"x\"}")["reason"].as_str().unwrap().contains("not a position"));

    // No better by being tried again, and kept.
    let outcome = rig.run(&["load", "--dead-letter"]);
    assert!(outcome.stderr.contains("; 3 to the dead letters"), "{}", outcome.stderr);
    assert_eq!((letters(1).len(), letters(2).len()), (3, 3));
    rig.check_same(clickhouse, &ndjson);
}

#[test]
fn a_row_that_clickhouse_refuses_is_found_by_halving_and_can_be_loaded_later() {
    let Some((kafka, _)) = shared() else { return };
    let Some(clickhouse) = ClickHouse::start_own() else { return };
    let rig = Rig::new(kafka, &clickhouse);
    let ndjson = rig.desk.events(&["sea.nmea", "--kind", "encounter"]);
    let event: Value = serde_json::from_str(ndjson.lines().next().unwrap()).unwrap();
    let events: Vec<String> = (0..8)
        .map(|at| {
            let mut event = event.clone();
            event["id"] = format!("encounter-11111111{at}-222222222-20240101T000000Z").into();
            event.to_string()
        })
        .collect();
    let payloads: Vec<&[u8]> = events.iter().map(|event| event.as_bytes()).collect();
    // It makes the topics.
    rig.load();
    rig.send("events", "one key, one partition", &payloads);
    // All eight, the first four, the first two and the first one alone violate a constraint: it is the first one.
    clickhouse.faults(&[Fault::error("INSERT INTO `events`", 4, 500, 469)]);
    let said = rig.load();
    assert!(
        said.contains("7 tellings of events") && said.contains("; 1 to the dead letters"),
        "{said}"
    );
    rig.check_same(&clickhouse, &events[1..].join("\n"));
    let outcome = rig.run(&["load", "--dead-letter"]);
    assert!(outcome.stderr.contains("; 0 to the dead letters"), "{}", outcome.stderr);
    rig.check_same(&clickhouse, &events.join("\n"));
}

#[test]
fn messages_of_older_and_later_programs() {
    let Some((kafka, clickhouse)) = shared() else { return };
    let rig = Rig::new(kafka, clickhouse);
    let ndjson = rig.publish("sea.nmea");
    rig.load();
    // A later field is passed over, and is there in the record. One without any header is from the first version.
    let mut event: Value = serde_json::from_str(ndjson.lines().next().unwrap()).unwrap();
    event["id"] = "encounter-111111111-222222222-20240101T000000Z".into();
    let mut later = event.clone();
    later["later"] = "tow".into();
    rig.send("events", "later", &[later.to_string().as_bytes()]);
    rig.load();
    rig.check_same(clickhouse, &format!("{ndjson}{event}\n"));
    let sql =
        "SELECT JSONExtractString(record, 'later') AS later FROM v_events WHERE later = 'tow'";
    assert_eq!(rig.ask(clickhouse, sql).len(), 1);

    // An earlier program did not know of all that is told today; what it left out is unknown.
    let mut earlier = event.clone();
    earlier["id"] = "encounter-111111111-333333333-20240101T000000Z".into();
    let mut expected = earlier.clone();
    let unknown =
        ["hull_gap_m_p50", "raft", "port_name", "class", "class_reasons", "ended_at_latest"];
    for name in unknown {
        earlier.as_object_mut().unwrap().remove(name).unwrap();
        expected[name] = Value::Null;
    }
    earlier.as_object_mut().unwrap().remove("zones").unwrap();
    expected["zones"] = Value::Array(Vec::new());
    for vessel in [0, 1] {
        let vessel = |event: &mut Value, change: &dyn Fn(&mut serde_json::Map<String, Value>)| {
            change(event["vessels"][vessel].as_object_mut().unwrap());
        };
        vessel(&mut earlier, &|one| drop(one.remove("draught_m_after").unwrap()));
        vessel(&mut earlier, &|one| drop(one.remove("gaps").unwrap()));
        vessel(&mut expected, &|one| drop(one.insert("draught_m_after".into(), Value::Null)));
        vessel(&mut expected, &|one| drop(one.insert("gaps".into(), Value::Array(Vec::new()))));
    }
    rig.send_as("0", "events", earlier.to_string().as_bytes());
    let position = r#"{"mmsi":311000222,"observed_at":"2024-01-01T00:00:00Z","latitude_deg":1,"longitude_deg":2,
        "coarse":false,"source":"earlier"}"#;
    rig.send_as("0", "positions", position.as_bytes());
    let identity = r#"{"mmsi":311000222,"name":"EARLIER","source":"earlier",
        "first_heard_at":"2024-01-01T00:00:00Z","last_heard_at":"2024-01-01T00:00:00Z"}"#;
    rig.send_as("0", "vessels", identity.as_bytes());
    let said = rig.load();
    assert!(said.contains("; 0 to the dead letters"), "{said}");
    rig.check_same(clickhouse, &format!("{ndjson}{event}\n{expected}\n"));
    for rows in
        ["v_positions WHERE source = 'earlier'", "v_vessel_identities WHERE name = 'EARLIER'"]
    {
        assert_eq!(rig.number(clickhouse, &format!("SELECT count() FROM {rows}")), 1, "{rows}");
    }

    // A later program has other names where it means something else: a position with just ours is one of ours.
    let position = r#"{"mmsi":311000222,"observed_at":"2024-01-01T00:00:00Z","latitude_deg":1.0,"longitude_deg":2.0,"speed_knots":null,"course_deg":null,"heading_deg":null,"coarse":false,"source":"later"}"#;
    rig.send_as("2", "positions", position.as_bytes());
    let said = rig.load();
    assert!(said.contains("; 0 to the dead letters"), "{said}");
    let sql = "SELECT count() FROM v_positions WHERE source = 'later'";
    assert_eq!(rig.number(clickhouse, sql), 1);

    // What only a later program understands is kept for it.
    rig.send_as("2", "events", later.to_string().as_bytes());
    let said = rig.load();
    assert!(said.contains("; 1 to the dead letters"), "{said}");
    let (_, letter) = rig.messages("deadletter").pop_first().unwrap();
    let letter: Value = serde_json::from_slice(&letter).unwrap();
    assert_eq!(letter["schema_version"], 2);
    let reason = letter["reason"].as_str().unwrap();
    assert!(reason.contains("schema 2 is later than 1"), "{reason}");
}

#[test]
fn tables_of_an_older_program_are_brought_up_to_date_with_their_rows() {
    let Some((kafka, clickhouse)) = shared() else { return };
    let rig = Rig::new(kafka, clickhouse);
    let ndjson = rig.publish("sea.nmea");
    rig.load();
    // As a program left it that did not know of the views.
    let database = &rig.database;
    let views = clickhouse.query(&format!(
        "SELECT name FROM system.tables WHERE database = '{database}' AND engine = 'View'"
    ));
    assert!(views.lines().count() > 5, "{views}");
    for view in views.lines() {
        clickhouse.query(&format!("DROP VIEW {database}.{view}"));
    }
    clickhouse.query(&format!(
        "ALTER TABLE {database}.schema_migrations DELETE WHERE number > 3 SETTINGS mutations_sync = 1"
    ));
    let outcome = rig.run(&["load", "--until-end"]);
    assert_eq!(outcome.code, 1);
    assert!(outcome.stderr.contains("has schema 3 of 4"), "{}", outcome.stderr);
    let outcome = rig.run(&["schema", "apply"]);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    rig.check_same(clickhouse, &ndjson);
    assert_eq!(rig.publish("sea.nmea"), ndjson);
    rig.load();
    rig.check_same(clickhouse, &ndjson);
}

#[test]
fn what_kafka_refuses_is_seen_tried_again_and_dropped() {
    let Some((kafka, clickhouse)) = shared() else { return };
    let rig = Rig::new(kafka, clickhouse);
    // Longer than the million bytes that a broker takes by default, however it is packed.
    let mut chance = Chance(1);
    let noise: String =
        (0..200_000).map(|_| format!("{:08x}", chance.millis(0, u64::MAX).as_millis())).collect();
    let message = |topic: sink::Topic, id: &str, payload: String| sink::Message {
        topic,
        key: id.into(),
        id: id.into(),
        source: "test".into(),
        payload,
    };
    let long = |topic, id: &str| message(topic, id, format!("{{\"noise\":\"{noise}\"}}"));
    let mut outbox = sink::Outbox::open(&rig.desk.path("alongside.outbox"), 100_000_000).unwrap();
    let messages = [
        long(sink::Topic::Positions, "a"),
        message(sink::Topic::Positions, "b", "{}".into()),
        long(sink::Topic::Vessels, "c"),
    ];
    outbox.append(&messages, None).unwrap();
    let published = |arguments: &[&str], words: &str| {
        let outcome = rig.run(&[&["publish"], arguments].concat());
        assert_eq!(outcome.code, 0, "{}", outcome.stderr);
        assert!(outcome.stderr.contains(words), "no {words} in\n{}", outcome.stderr);
        let lines = outcome.stdout.lines().map(|line| serde_json::from_str(line).unwrap());
        lines.collect::<Vec<Value>>()
    };
    published(&[], "published 1 messages; kafka refused 2, which stay in the outbox");
    let lines =
        published(&["--dry-run", "--refused"], "has 0 messages of 0 bytes that wait, and 2 of ");
    assert_eq!(lines.iter().map(|line| &line["id"]).collect::<Vec<_>>(), ["a", "c"]);
    assert!(
        lines[0]["reason"].as_str().unwrap().contains("MessageSizeTooLarge"),
        "{}",
        lines[0]["reason"]
    );

    // One of the topics takes it now.
    let admin: AdminClient<DefaultClientContext> =
        ClientConfig::new().set("bootstrap.servers", &rig.kafka).create().unwrap();
    let topic = format!("{}positions", rig.prefix);
    let altered =
        AlterConfig::new(ResourceSpecifier::Topic(&topic)).set("max.message.bytes", "8388608");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(admin.alter_configs([&altered], &AdminOptions::new())).unwrap();
    published(&["--refused"], "published 1 messages; kafka refused 1, which stay in the outbox");
    assert_eq!(rig.messages("positions").len(), 2);

    let lines = published(&["--drop-refused"], "and 1 of ");
    assert_eq!((lines.len(), &lines[0]["id"]), (1, &Value::from("c")));
    assert_eq!(lines[0]["payload"], messages[2].payload);
    published(&["--dry-run"], "and 0 of 0 bytes that kafka refused");
}

#[test]
fn a_second_publisher_of_an_outbox_is_refused() {
    let Some((kafka, clickhouse)) = shared() else { return };
    let rig = Rig::new(kafka, clickhouse);
    let first =
        sink::Publisher::new(sink::Kafka::default(), &rig.desk.path("alongside.outbox")).unwrap();
    let replay: &[&str] = &["replay", "sea.nmea", "--publish", "--store", "none"];
    for arguments in [&["publish"][..], replay] {
        let outcome = rig.run(arguments);
        assert_eq!(outcome.code, 1);
        assert!(
            outcome.stderr.contains("another program publishes this outbox already"),
            "{}",
            outcome.stderr
        );
    }
    drop(first);
    assert!(rig.run(&["publish", "--dry-run"]).stderr.contains(" has 0 messages"));
    rig.publish("sea.nmea");
}

#[test]
fn what_is_stored_without_kafka_is_bound_by_rows_bytes_and_time() {
    let Some((kafka, clickhouse)) = shared() else { return };
    let rig = Rig::new(kafka, clickhouse);
    let store = sink::Store::new(sink::ClickHouse {
        url: rig.url.clone(),
        database: rig.database.clone(),
        ..sink::ClickHouse::default()
    });
    let position = |mmsi: u32| sink::Message {
        topic: sink::Topic::Positions,
        key: mmsi.to_string(),
        id: mmsi.to_string(),
        source: "test".into(),
        payload: format!(
            "{{\"mmsi\":{mmsi},\"observed_at\":\"2024-01-01T00:00:00Z\",\"latitude_deg\":1,\"longitude_deg\":2,\
             \"coarse\":false,\"source\":\"test\"}}"
        ),
    };
    let bytes = position(200_000_000).bytes() as usize;
    let size = |offsets: i64, bytes: usize| sink::BlockSize { offsets, bytes };
    let long = Duration::from_secs(3600);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    // Older ones would be deleted as they come.
    #[expect(clippy::disallowed_methods, reason = "rows are deleted by the time on the wall")]
    let told_at = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as i64;
    let mut mmsi = 200_000_000;
    let mut stored = 0;
    for (name, size, flush_after, whole) in [
        ("rows", size(3, usize::MAX), long, 3),
        ("bytes", size(1000, 2 * bytes), long, 2),
        ("time", size(1000, usize::MAX), Duration::ZERO, 1),
    ] {
        let mut writer = sink::Writer::new(store.clone(), name, told_at, size, flush_after);
        for at in 1..=whole {
            assert_eq!(rig.number(clickhouse, "SELECT count() FROM v_positions"), stored, "{name}");
            mmsi += 1;
            runtime.block_on(writer.write(&position(mmsi))).unwrap();
            if at == 1 && name != "time" {
                let none = sink::Message { payload: "{}".into(), ..position(mmsi) };
                runtime.block_on(writer.write(&none)).unwrap();
                assert_eq!(writer.skipped(), 1);
            }
        }
        stored += whole;
        assert_eq!(rig.number(clickhouse, "SELECT count() FROM v_positions"), stored, "{name}");
    }
}

#[test]
fn views_and_rollups_agree_with_what_was_told() {
    let Some((kafka, clickhouse)) = shared() else { return };
    let rig = Rig::new(kafka, clickhouse);
    let ndjson = rig.publish("sea.nmea");
    rig.load();
    // Told twice, at another time, in other blocks.
    rig.publish("sea.nmea");
    rig.load();
    let events: Vec<Value> =
        ndjson.lines().map(|line| serde_json::from_str(line).unwrap()).collect();

    // By day and class, by day and area, by day and flag.
    type Sums = BTreeMap<(String, String), (u64, u64, u64)>;
    let sums = |group: &dyn Fn(&Value) -> Vec<String>| -> Sums {
        let mut sums = Sums::new();
        for event in &events {
            let day = event["started_at"].as_str().unwrap()[..10].to_owned();
            for name in group(event) {
                let sum = sums.entry((day.clone(), name)).or_default();
                sum.0 += 1;
                sum.1 += u64::from(!event["profiles"].as_array().unwrap().is_empty());
                sum.2 += event["contact_s"].as_u64().unwrap();
            }
        }
        sums
    };
    let asked = |view: &str, column: &str| -> Sums {
        let rows =
            rig.ask(clickhouse, &format!("SELECT toString(day) AS day, * EXCEPT day FROM {view}"));
        let of = |row: &Value| {
            let name = row[column].as_str().unwrap_or("null").to_owned();
            let number = |name: &str| row[name].as_u64().unwrap();
            let key = (row["day"].as_str().unwrap().to_owned(), name);
            (key, (number("encounters"), number("flagged"), number("contact_s")))
        };
        rows.iter().map(of).collect()
    };
    let class = |event: &Value| vec![event["class"].as_str().unwrap_or("null").to_owned()];
    assert_eq!(asked("v_encounters_by_day", "class"), sums(&class));
    let area = |event: &Value| {
        let cell: h3o::CellIndex = event["h3_cell"].as_str().unwrap().parse().unwrap();
        vec![cell.parent(h3o::Resolution::Three).unwrap().to_string()]
    };
    assert_eq!(asked("v_encounters_by_area", "area"), sums(&area));
    let flags = |event: &Value| {
        let vessels = event["vessels"].as_array().unwrap().iter();
        let flags: BTreeSet<String> =
            vessels.map(|vessel| vessel["flag"].as_str().unwrap_or("null").to_owned()).collect();
        flags.into_iter().collect()
    };
    assert_eq!(asked("v_encounters_by_flag", "flag"), sums(&flags));

    // A row for each vessel.
    let rows = rig.ask(clickhouse, "SELECT * FROM v_encounter_vessels");
    assert_eq!(rows.len(), 2 * events.len());
    for row in &rows {
        let event = events.iter().find(|event| event["id"] == row["id"]).unwrap();
        let at = row["place_in_event"].as_u64().unwrap() as usize - 1;
        for (name, field) in event["vessels"][at].as_object().unwrap() {
            assert!(same(field, &row[name]), "{name}: {field} and {}", row[name]);
        }
        for name in ["observed_s", "bridged_s", "silence_max_s"] {
            assert!(same(&event[name][at], &row[name]), "{name} of {event}");
        }
    }

    // Positions and vessels, against the messages themselves.
    let positions: BTreeSet<Vec<u8>> =
        rig.messages("positions").into_iter().map(|(_, payload)| payload).collect();
    let positions: Vec<Value> =
        positions.iter().map(|payload| serde_json::from_slice(payload).unwrap()).collect();
    let stored = rig.ask(clickhouse, "SELECT * FROM v_positions");
    let key = |row: &Value| format!("{} {}", row["mmsi"], row["observed_at"]);
    let stored: BTreeMap<String, &Value> = stored.iter().map(|row| (key(row), row)).collect();
    assert_eq!(stored.len(), positions.len());
    let mut hours: BTreeMap<String, (u64, BTreeSet<u64>)> = BTreeMap::new();
    for position in &positions {
        assert!(
            same(position, stored[&key(position)]),
            "{position} and {}",
            stored[&key(position)]
        );
        let hour =
            hours.entry(position["observed_at"].as_str().unwrap()[..13].to_owned()).or_default();
        hour.0 += 1;
        hour.1.insert(position["mmsi"].as_u64().unwrap());
    }
    let health = rig.ask(clickhouse, "SELECT * FROM v_feed_health ORDER BY hour");
    let health: BTreeMap<String, (u64, u64)> = health
        .iter()
        .map(|row| {
            let number = |name: &str| row[name].as_u64().unwrap();
            (
                row["hour"].as_str().unwrap()[..13].to_owned(),
                (number("positions"), number("vessels")),
            )
        })
        .collect();
    let expected: BTreeMap<String, (u64, u64)> = hours
        .into_iter()
        .map(|(hour, (count, vessels))| (hour, (count, vessels.len() as u64)))
        .collect();
    assert_eq!(health.len(), expected.len());
    for (hour, (positions, vessels)) in &health {
        // Thousands are counted to half a percent.
        let near = positions.abs_diff(expected[hour].0) * 200 <= expected[hour].0;
        assert!(near && *vessels == expected[hour].1, "{hour}: {health:?} and {expected:?}");
    }
    let vessels: BTreeSet<u64> =
        positions.iter().map(|one| one["mmsi"].as_u64().unwrap()).collect();
    let identified = rig.ask(clickhouse, "SELECT mmsi, name FROM v_vessels");
    assert!(identified.iter().all(|row| vessels.contains(&row["mmsi"].as_u64().unwrap())));
    for event in &events {
        for vessel in event["vessels"].as_array().unwrap() {
            let row = identified.iter().find(|row| row["mmsi"] == vessel["mmsi"]).unwrap();
            assert_eq!(row["name"], vessel["name"]);
        }
    }

    // Maps: one position of a vessel in a slot and a cell.
    let cells: BTreeSet<String> = positions
        .iter()
        .map(|one| {
            let at = one["observed_at"].as_str().unwrap();
            let cell =
                |name: &str, from: f64| ((one[name].as_f64().unwrap() + from) * 100.0).floor();
            format!(
                "{} {} {} {}",
                one["mmsi"],
                &at[..15],
                cell("latitude_deg", 90.0),
                cell("longitude_deg", 180.0)
            )
        })
        .collect();
    let by_place = rig.number(clickhouse, "SELECT count() FROM v_positions_by_place");
    assert_eq!(by_place, cells.len() as u64);
}

#[test]
fn a_loader_that_is_killed_again_and_again() {
    let Some((kafka, clickhouse)) = shared() else { return };
    let rig = Rig::new(kafka, clickhouse);
    let ndjson = rig.publish("sea.nmea");
    let positions = rig.messages("positions").len() as u64;
    let kills = kills(12);
    let mut chance = Chance::new();
    for _ in 0..kills {
        let loader = rig.load_in_background("one");
        std::thread::sleep(chance.millis(100, 900));
        drop(loader);
    }
    let _loader = rig.load_in_background("one");
    rig.wait_for(clickhouse, &ndjson);
    let began = Instant::now();
    while rig.number(clickhouse, "SELECT count() FROM v_positions") < positions {
        assert!(began.elapsed() < Duration::from_secs(60));
        std::thread::sleep(Duration::from_millis(100));
    }
    assert_eq!(rig.number(clickhouse, "SELECT count() FROM v_positions"), positions);
    let physical = rig.number(clickhouse, "SELECT count() FROM positions");
    println!("{kills} kills: {physical} rows for {positions} positions");
    rig.check_same(clickhouse, &ndjson);
}

#[test]
fn two_loaders_that_come_and_go() {
    let Some((kafka, clickhouse)) = shared() else { return };
    let rig = Rig::new(kafka, clickhouse);
    let first = rig.load_in_background("one");
    let ndjson = std::thread::scope(|scope| {
        let publishing = scope.spawn(|| rig.publish("sea.nmea"));
        std::thread::sleep(Duration::from_millis(700));
        let second = rig.load_in_background("two");
        std::thread::sleep(Duration::from_millis(1500));
        drop(first);
        std::thread::sleep(Duration::from_millis(500));
        let _third = rig.load_in_background("three");
        std::thread::sleep(Duration::from_millis(1500));
        drop(second);
        let ndjson = publishing.join().unwrap();
        rig.wait_for(clickhouse, &ndjson);
        ndjson
    });
    rig.load();
    rig.check_same(clickhouse, &ndjson);
    let positions = rig.messages("positions").len() as u64;
    assert_eq!(rig.number(clickhouse, "SELECT count() FROM v_positions"), positions);
}

#[test]
fn clickhouse_slow_read_only_refusing_silent_and_killed() {
    let Some((kafka, _)) = shared() else { return };
    let Some(mut clickhouse) = ClickHouse::start_own() else { return };
    let rig = Rig::with(kafka, &clickhouse, "answer_timeout = \"3s\"\nsend_timeout = \"2s\"");
    let ndjson = rig.publish("sea.nmea");
    // Answers after 10 s, stored and said to have failed, read-only, no space, an error of types, and no answer at all.
    let insert = "INSERT INTO `positions`";
    let faults = [
        Fault::slow("INSERT INTO `events`", 1, Duration::from_secs(10)),
        Fault::error(insert, 3, 500, 1002).after(),
        Fault::error(insert, 2, 500, 242),
        Fault::error(insert, 1, 500, 243),
        Fault::error("INSERT INTO `identities`", 1, 400, 53),
        Fault::drop(insert, 2).after(),
    ];
    clickhouse.faults(&faults);
    let loader = rig.load_in_background("one");
    let began = Instant::now();
    while clickhouse.faults_left().iter().sum::<u64>() > 0 {
        let log = rig.desk.read("one.log");
        assert!(began.elapsed() < Duration::from_secs(60), "{:?}\n{log}", clickhouse.faults_left());
        std::thread::sleep(Duration::from_millis(50));
    }
    // And dead, in the middle of it all.
    let again = rig.publish("sea.nmea");
    clickhouse.process.kill();
    std::thread::sleep(Duration::from_millis(500));
    clickhouse.process.restart();
    assert_eq!(again, ndjson);
    rig.wait_for(&clickhouse, &ndjson);
    drop(loader);
    let said = rig.load();
    assert!(said.contains("; 0 to the dead letters"), "{said}");
    rig.check_same(&clickhouse, &ndjson);
    let positions = rig.messages("positions").len() as u64;
    assert_eq!(rig.number(&clickhouse, "SELECT count() FROM v_positions"), positions);
    assert_eq!(rig.messages("deadletter").len(), 0);
}

#[test]
fn a_table_that_is_not_as_it_is_known_costs_nothing_but_time() {
    let Some((kafka, clickhouse)) = shared() else { return };
    let rig = Rig::new(kafka, clickhouse);
    let ndjson = rig.publish("sea.nmea");
    let database = &rig.database;
    clickhouse
        .query(&format!("ALTER TABLE {database}.events MODIFY COLUMN contact_s Nullable(String)"));
    let _loader = rig.load_in_background("one");
    let began = Instant::now();
    while !rig.desk.read("one.log").contains("the table is not as it is known") {
        assert!(began.elapsed() < Duration::from_secs(30), "{}", rig.desk.read("one.log"));
        std::thread::sleep(Duration::from_millis(50));
    }
    clickhouse
        .query(&format!("ALTER TABLE {database}.events MODIFY COLUMN contact_s Nullable(UInt32)"));
    rig.wait_for(clickhouse, &ndjson);
    assert_eq!(rig.messages("deadletter").len(), 0);
}

#[test]
fn kafka_killed_while_it_is_written_and_read_and_away_for_long() {
    let Some(mut kafka) = Kafka::start_own() else { return };
    let Some((_, clickhouse)) = shared() else { return };
    let rig = Rig::new(&kafka, clickhouse);
    // A short outage for librdkafka's sake would be five minutes; what it would lose then is lost here after one second.
    let loader = rig.load_in_background("one");
    let expected = rig.publish("sea.nmea");
    std::thread::scope(|scope| {
        let publishing = scope.spawn(|| rig.publish("sea.nmea"));
        std::thread::sleep(Duration::from_millis(300));
        kafka.process.kill();
        std::thread::sleep(Duration::from_secs(2));
        kafka.process.restart();
        assert_eq!(publishing.join().unwrap(), expected);
    });
    rig.wait_for(clickhouse, &expected);

    // Away to the end: what waits is in the outbox, and is seen there.
    kafka.process.kill();
    let config = rig.desk.read("rig.toml");
    rig.desk.write("rig.toml", config.replace("give_up_after = \"2m\"", "give_up_after = \"1s\""));
    let arguments = ["replay", "sea.nmea", "--publish", "--store", "none", "--source", "later"];
    let outcome = rig.run(&arguments);
    assert_eq!(outcome.code, 1);
    assert!(
        outcome.stderr.contains("messages wait in the outbox and are not lost"),
        "{}",
        outcome.stderr
    );
    let waits = rig.run(&["publish", "--dry-run"]).stderr;
    assert!(waits.contains("that wait") && !waits.contains(" has 0 messages"), "{waits}");
    kafka.process.restart();
    rig.desk.write("rig.toml", config);
    let outcome = rig.run(&["publish"]);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    assert!(rig.run(&["publish", "--dry-run"]).stderr.contains(" has 0 messages"));
    drop(loader);
    rig.load();
    rig.check_same(clickhouse, &expected);
    let sources =
        "SELECT source, count() AS positions FROM v_positions GROUP BY source ORDER BY source";
    let rows = rig.ask(clickhouse, sources);
    assert_eq!(rows.len(), 2, "{rows:?}");
    assert_eq!(rows[0]["positions"], rows[1]["positions"]);
}

#[test]
fn an_outage_longer_than_clickhouse_remembers_tokens() {
    let Some((kafka, clickhouse)) = shared() else { return };
    let rig = Rig::new(kafka, clickhouse);
    let database = &rig.database;
    for table in ["events", "positions", "identities", "positions_by_place", "feed_health"] {
        clickhouse.query(&format!(
            "ALTER TABLE {database}.{table} MODIFY SETTING non_replicated_deduplication_window = 0"
        ));
    }
    let ndjson = rig.publish("sea.nmea");
    rig.load();
    let count = |view: &str| rig.number(clickhouse, &format!("SELECT count() FROM {view}"));
    let views = ["v_events", "v_positions", "v_positions_by_place", "v_vessel_identities"];
    let (once, health) =
        (views.map(count), rig.ask(clickhouse, "SELECT * FROM v_feed_health ORDER BY hour"));
    // Everything is read from the beginning, by another group, and nobody remembers anything.
    let config = rig.desk.read("rig.toml").replacen("group = \"", "group = \"again", 1);
    rig.desk.write("rig.toml", config);
    rig.load();
    rig.check_same(clickhouse, &ndjson);
    assert_eq!(views.map(count), once);
    assert_eq!(rig.ask(clickhouse, "SELECT * FROM v_feed_health ORDER BY hour"), health);
}

#[test]
fn a_lone_event_in_the_night_is_seen_within_five_seconds() {
    let Some((kafka, clickhouse)) = shared() else { return };
    let rig = Rig::with(kafka, clickhouse, "");
    let config =
        rig.desk.read("rig.toml").replace("flush_after = \"200ms\"", "flush_after = \"1s\"");
    rig.desk.write("rig.toml", config);
    let ndjson = rig.publish("sea.nmea");
    let _loader = rig.load_in_background("one");
    rig.wait_for(clickhouse, &ndjson);
    let mut event: Value = serde_json::from_str(ndjson.lines().next().unwrap()).unwrap();
    event["id"] = "encounter-111111111-222222222-20240101T000000Z".into();
    let began = Instant::now();
    rig.send("events", "lone", &[event.to_string().as_bytes()]);
    rig.wait_for(clickhouse, &format!("{ndjson}{event}\n"));
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
}

/// Recorded days.
fn days(recordings: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(recordings.join("nmea-reencoded")).unwrap();
    let days = entries.map(|entry| entry.unwrap().path());
    let days: Vec<PathBuf> = days.filter(|path| text(path).ends_with("_example.nmea.gz")).collect();
    assert!(!days.is_empty(), "no recording of that kind");
    days
}

#[test]
#[ignore = "it takes some minutes"]
fn everything_goes_wrong_at_once() {
    let (Some(mut kafka), Some(mut clickhouse)) = (Kafka::start_own(), ClickHouse::start_own())
    else {
        return;
    };
    let rig = Rig::with(&kafka, &clickhouse, "answer_timeout = \"3s\"\nsend_timeout = \"2s\"");
    let day = recordings().map(|recordings| days(&recordings).swap_remove(0));
    let file = day.as_deref().map_or("sea.nmea", text);
    let insert = "INSERT INTO `positions`";
    let faults = [
        Fault::slow("INSERT INTO `events`", 1, Duration::from_secs(10)),
        Fault::error(insert, 1, 500, 1002).after(),
        Fault::error(insert, 1, 500, 242),
        Fault::error(insert, 1, 500, 243),
        Fault::error("INSERT INTO `identities`", 1, 400, 50),
        Fault::drop(insert, 1).after(),
    ];
    let kills = kills(50);
    let mut chance = Chance::new();
    let mut sent = 0;
    let names = ["one", "two"];
    let (ndjson, mut met) = std::thread::scope(|scope| {
        // Twice, and what was told first is loaded while the second telling is on its way.
        let publishing = scope.spawn(|| [rig.publish(file), rig.publish(file)]);
        let mut loaders = names.map(|name| Some(rig.load_in_background(name)));
        let mut met = 0;
        for kill in 0..kills {
            std::thread::sleep(chance.millis(100, 1500));
            let which = chance.millis(0, 2).as_millis() as usize;
            drop(loaders[which].take());
            match kill % 10 {
                3 => {
                    kafka.process.kill();
                    std::thread::sleep(chance.millis(0, 2000));
                    kafka.process.restart();
                }
                6 => {
                    met += faults_met(&clickhouse, &faults);
                    clickhouse.process.kill();
                    std::thread::sleep(chance.millis(0, 2000));
                    clickhouse.process.restart();
                }
                8 => {
                    rig.send("events", "none", &[format!("no event {kill}").as_bytes()]);
                    sent += 1;
                }
                at if at % 2 == 0 => {
                    met += faults_met(&clickhouse, &faults);
                    clickhouse.faults(&faults);
                }
                _ => {}
            }
            loaders[which] = Some(rig.load_in_background(names[which]));
        }
        let [first, second] = publishing.join().unwrap();
        assert_eq!(first, second);
        rig.wait_for(&clickhouse, &first);
        (first, met)
    });
    met += faults_met(&clickhouse, &faults);
    clickhouse.faults(&[]);
    rig.load();
    rig.check_same(&clickhouse, &ndjson);
    let positions = rig.messages("positions").len() as u64;
    let physical = rig.number(&clickhouse, "SELECT count() FROM positions");
    let letters = rig.messages("deadletter").len();
    println!(
        "{kills} kills, {met} faults met: {} encounters, {physical} rows for {positions} positions, {letters} dead letters",
        ndjson.lines().count()
    );
    assert_eq!(rig.number(&clickhouse, "SELECT count() FROM v_positions"), positions);
    let ids: BTreeSet<Vec<u8>> = rig.messages("events").into_iter().map(|(id, _)| id).collect();
    let none = usize::from(sent > 0);
    assert_eq!(rig.number(&clickhouse, "SELECT count() FROM v_events") as usize, ids.len() - none);
    assert_eq!(letters, sent);
    assert!(met as u64 >= kills / 10, "{met}");
}

/// How many requests met one of `faults` since they were set; none if they were not since the last start.
fn faults_met(clickhouse: &ClickHouse, faults: &[Fault]) -> usize {
    let left = clickhouse.faults_left();
    left.iter().zip(faults).filter(|(left, _)| **left == 0).count()
}

#[test]
fn a_recorded_day_comes_back_as_it_was_told() {
    let Some(recordings) = recordings() else { return };
    let Some((kafka, clickhouse)) = shared() else { return };
    for path in days(&recordings) {
        let rig = Rig::new(kafka, clickhouse);
        let config =
            rig.desk.read("rig.toml").replace("block_offsets = 500", "block_offsets = 20000");
        rig.desk.write("rig.toml", config);
        for _ in 0..2 {
            let began = Instant::now();
            let ndjson = rig.publish(text(&path));
            let published = began.elapsed();
            rig.load();
            println!(
                "{} encounters, published after {published:?}, loaded after {:?}",
                ndjson.lines().count(),
                began.elapsed()
            );
            rig.check_same(clickhouse, &ndjson);
        }
    }
}
