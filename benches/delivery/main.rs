//! How fast events leave, beside the libraries used plainly: `cargo bench -p alongside-benches --bench delivery`, and
//! with `-- publishing`, `-- storing` or `-- waiting` only that. `README.md` says what is measured and what is left out.
//!
//! Servers are those of `tests/servers`; where they cannot be had it says that it skips.

#[allow(dead_code, reason = "faults and kills are for tests")]
#[path = "../../tests/servers/mod.rs"]
mod servers;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use clickhouse::{Client, Row};
use maritime::{Mmsi, Position, PositionFix, Report, Timestamp};
use rdkafka::ClientConfig;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use serde::{Deserialize, Serialize};
use sink::{
    ClickHouse, Kafka, Loading, Message, Messenger, MessengerOptions, Outbox, Provenance,
    PublishError, Published, Publisher, Store, Until, Writer,
};
use tempfile::TempDir;
use tokio::sync::watch;

/// As the program has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Positions that are stored: some hours of the world's traffic, thinned to one a minute.
const POSITIONS: usize = 900_000;
/// Of these, positions that are published.
const PUBLISHED: usize = 300_000;
const ROUNDS: usize = 4;
/// Rows of a block, with the crate alone and with ours.
const BLOCK: usize = 50_000;
/// Events whose way is timed.
const PROBES: usize = 100;
const OUTBOX_BYTES_MAX: u64 = 10_000_000_000;
/// One that was told, to be told under other names.
const EVENT: &str = include_str!("event.json");

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    // `cargo test --benches` and the like only ask whether it builds.
    if !arguments.iter().any(|argument| argument == "--bench") {
        return;
    }
    let chosen: Vec<&String> = arguments.iter().filter(|name| !name.starts_with('-')).collect();
    let is_chosen = |name: &str| chosen.is_empty() || chosen.iter().any(|chosen| *chosen == name);
    let (Some(broker), Some(server)) = (servers::Kafka::start(), servers::ClickHouse::start())
    else {
        println!("skipped: no servers");
        return;
    };
    let bench = Bench {
        runtime: tokio::runtime::Runtime::new().expect("a runtime starts"),
        broker: broker.bootstrap().to_owned(),
        server,
        messages: messages(),
    };
    if is_chosen("publishing") {
        bench.publishing();
    }
    if is_chosen("storing") {
        bench.storing();
    }
    if is_chosen("waiting") {
        bench.waiting();
    }
}

struct Bench {
    runtime: tokio::runtime::Runtime,
    broker: String,
    server: servers::ClickHouse,
    messages: Vec<Message>,
}

/// Ships under way, at anchor and in between, each heard once a minute.
fn messages() -> Vec<Message> {
    let telling = MessengerOptions {
        source: "bench".into(),
        positions_every: Some(Duration::ZERO),
        vessels_max: 1_000_000,
    };
    let provenance = Provenance { software_version: "0".into(), parameters_hash: "0".into() };
    let mut messenger = Messenger::new(telling, provenance);
    let ships = 2_000;
    let mut chance = Chance(1);
    let mut random = move || chance.next();
    let start = Timestamp::from_secs(1_704_067_200);
    let mut fleet: Vec<(f64, f64, f64, f64)> = (0..ships)
        .map(|ship| {
            let speed = if ship % 3 == 0 { 0.0 } else { 6.0 + 14.0 * random() };
            (120.0 * random() - 60.0, 340.0 * random() - 170.0, speed, 360.0 * random())
        })
        .collect();
    let mut messages = Vec::with_capacity(POSITIONS);
    for minute in 0..POSITIONS / ships {
        for (ship, (latitude_deg, longitude_deg, speed, course)) in fleet.iter_mut().enumerate() {
            let metres = *speed * 1852.0 / 60.0 + 4.0 * (random() - 0.5);
            *latitude_deg += metres / 111_120.0 * course.to_radians().cos();
            *longitude_deg += metres / 111_120.0 * course.to_radians().sin();
            *course = (*course + 2.0 * (random() - 0.5)).rem_euclid(360.0);
            // As AIS has it: 1/10000 minute.
            let grid = |degrees: f64| (degrees * 600_000.0).round() / 600_000.0;
            let fix = PositionFix {
                mmsi: Mmsi::new(200_000_000 + 7 * ship as u32).expect("a number"),
                observed_at: start.plus_millis(
                    60_000 * minute as i64 + (1000.0 * (59.0 * random()).floor()) as i64,
                ),
                position: Position::new(grid(*latitude_deg), grid(*longitude_deg))
                    .expect("on earth"),
                speed_knots: Some(
                    ((*speed + 0.4 * (random() - 0.5)).max(0.0) as f32 * 10.0).round() / 10.0,
                ),
                course_deg: Some(((*course * 10.0).round() / 10.0) as f32 % 360.0),
                heading_deg: Some((*course).floor() as f32),
                coarse: false,
                station: None,
            };
            messages.extend(messenger.report(&Report::Position(fix)));
        }
    }
    messages
}

/// A row of the table, as whoever uses the crate plainly would write it.
#[derive(Row, Serialize, Deserialize)]
struct PlainRow {
    mmsi: u32,
    observed_at: i64,
    latitude_deg: i32,
    longitude_deg: i32,
    speed_knots: Option<i32>,
    course_deg: Option<i32>,
    heading_deg: Option<u16>,
    coarse: bool,
    source: String,
    published_at: u32,
}

fn plain_row(message: &Message) -> PlainRow {
    let record: sink::PositionRecord = serde_json::from_str(&message.payload).expect("a position");
    let tenths = |value: Option<f64>| value.map(|value| (value * 10.0).round() as i32);
    PlainRow {
        mmsi: record.mmsi,
        observed_at: record.observed_at.as_millis(),
        latitude_deg: (record.latitude_deg * 1e6).round() as i32,
        longitude_deg: (record.longitude_deg * 1e6).round() as i32,
        speed_knots: tenths(record.speed_knots),
        course_deg: tenths(record.course_deg),
        heading_deg: record.heading_deg,
        coarse: record.coarse,
        source: record.source,
        published_at: now_s() as u32,
    }
}

impl Bench {
    fn kafka(&self, name: &str) -> Kafka {
        let name = format!("bench{}{name}", std::process::id());
        Kafka {
            brokers: self.broker.clone(),
            topic_prefix: format!("{name}."),
            group: name,
            ..Kafka::default()
        }
    }

    fn store(&self, name: &str) -> Store {
        let database = format!("bench{}{name}", std::process::id());
        let store = Store::new(ClickHouse {
            url: self.server.url().to_owned(),
            database,
            ..ClickHouse::default()
        });
        self.runtime.block_on(store.apply_schema()).expect("the schema is applied");
        store
    }

    /// The same messages through the outbox, and by a producer alone.
    fn publishing(&self) {
        let messages = &self.messages[..PUBLISHED];
        let mut rates: [Vec<f64>; 2] = Default::default();
        for round in 0..ROUNDS {
            let kafka = self.kafka(&format!("p{round}"));
            self.runtime.block_on(kafka.make_topics()).expect("topics are made");
            let [plain, ours] = [self.produce(&kafka, messages), publish(&kafka, messages)];
            if round > 0 {
                rates[0].push(plain);
                rates[1].push(ours);
            }
        }
        println!("publishing {PUBLISHED} positions, messages/s:");
        let names =
            ["rdkafka alone, idempotent, the same headers", "alongside, outbox and publisher"];
        print_rates(&names, rates);
    }

    fn produce(&self, kafka: &Kafka, messages: &[Message]) -> f64 {
        let producer: BaseProducer = ClientConfig::new()
            .set("bootstrap.servers", &self.broker)
            .set("enable.idempotence", "true")
            .set("compression.codec", "lz4")
            .set("linger.ms", "5")
            .create()
            .expect("a producer");
        let topic = kafka.topic_name(sink::Topic::Positions);
        let began = Instant::now();
        for message in messages {
            let mut headers = rdkafka::message::OwnedHeaders::new();
            for (key, value) in [
                ("ce_specversion", "1.0"),
                ("ce_type", "alongside.position"),
                ("ce_id", &message.id),
                ("ce_source", &message.source),
                ("ce_schemaversion", "1"),
                ("content-type", "application/json"),
            ] {
                headers = headers.insert(rdkafka::message::Header { key, value: Some(value) });
            }
            let mut record =
                BaseRecord::to(&topic).key(&message.key).payload(&message.payload).headers(headers);
            while let Err((_, back)) = producer.send(record) {
                producer.poll(Duration::from_millis(5));
                record = back;
            }
            producer.poll(Duration::ZERO);
        }
        producer.flush(Duration::from_secs(60)).expect("all is delivered");
        messages.len() as f64 / began.elapsed().as_secs_f64()
    }

    /// The same rows by the crate alone from memory, and by the loader from Kafka.
    fn storing(&self) {
        let kafka = self.kafka("s");
        self.runtime.block_on(kafka.make_topics()).expect("topics are made");
        self.produce(&kafka, &self.messages);
        let rows: Vec<PlainRow> = self.messages.iter().map(plain_row).collect();
        let mut rates: [Vec<f64>; 5] = Default::default();
        for round in 0..ROUNDS {
            let plain = self.insert(&rows, &format!("i{round}"), false);
            let once = self.insert(&rows, &format!("o{round}"), true);
            let written = self.write(&format!("m{round}"));
            let (loaded, whole) = self.load(&kafka, round);
            if round > 0 {
                for (rates, rate) in rates.iter_mut().zip([plain, once, written, loaded, whole]) {
                    rates.push(rate);
                }
            }
        }
        println!("storing {POSITIONS} positions, rows/s:");
        let names = [
            "clickhouse::Insert alone, rows from memory",
            "the same with a token for each block, as ours",
            "alongside, messages (JSON) from memory",
            "alongside load, from the first message of Kafka on",
            "alongside load, with joining the group and the end",
        ];
        print_rates(&names, rates);

        let database = format!("bench{}l0", std::process::id());
        for table in ["positions", "positions_by_place"] {
            self.server.query(&format!("OPTIMIZE TABLE {database}.{table} FINAL"));
            let size = self.server.query(&format!(
                "SELECT sum(data_compressed_bytes), sum(rows), sum(data_compressed_bytes) / {POSITIONS} \
                 FROM system.parts WHERE active AND database = '{database}' AND table = '{table}'"
            ));
            println!("  {table}, merged: bytes, rows, bytes a position: {}", size.trim());
        }
    }

    /// From Kafka: rows a second from the first message on, and from the very beginning.
    fn load(&self, kafka: &Kafka, round: usize) -> (f64, f64) {
        let store = self.store(&format!("l{round}"));
        let (_sender, stop) = watch::channel(false);
        let loading = Loading { until_end: true, ..Loading::default() };
        let again = Kafka { group: format!("{}-{round}", kafka.group), ..kafka.clone() };
        let began = Instant::now();
        let loaded = self.runtime.block_on(sink::load(again, store, loading, stop));
        let whole = began.elapsed();
        let loaded = loaded.expect("it loads");
        assert_eq!(loaded.positions, POSITIONS as u64);
        let rate = |span: Duration| POSITIONS as f64 / span.as_secs_f64();
        (rate(loaded.took), rate(whole))
    }

    /// The way of `replay --store clickhouse://…`.
    fn write(&self, name: &str) -> f64 {
        let Loading { block, flush_after, .. } = Loading::default();
        let mut writer = Writer::new(self.store(name), name, 1000 * now_s(), block, flush_after);
        let began = Instant::now();
        self.runtime.block_on(async {
            for message in &self.messages {
                writer.write(message).await.expect("it takes a message");
            }
            writer.flush().await.expect("it takes the rest");
        });
        POSITIONS as f64 / began.elapsed().as_secs_f64()
    }

    fn insert(&self, rows: &[PlainRow], name: &str, once: bool) -> f64 {
        drop(self.store(name));
        let client = Client::default()
            .with_url(self.server.url())
            .with_database(format!("bench{}{name}", std::process::id()));
        let began = Instant::now();
        self.runtime.block_on(async {
            for (at, block) in rows.chunks(BLOCK).enumerate() {
                let mut insert = client.insert::<PlainRow>("positions").await.expect("a table");
                if once {
                    insert = insert
                        .with_setting("insert_deduplicate", "1")
                        .with_setting("insert_deduplication_token", format!("{name}/{at}"))
                        .with_setting("deduplicate_blocks_in_dependent_materialized_views", "1");
                }
                for row in block {
                    insert.write(row).await.expect("it takes a row");
                }
                insert.end().await.expect("it takes a block");
            }
        });
        rows.len() as f64 / began.elapsed().as_secs_f64()
    }

    /// From an event in the outbox until a view shows it, alone and while positions come.
    fn waiting(&self) {
        for (name, per_second) in [("idle", 0), ("under 5,000 positions/s", 5_000)] {
            let kafka = self.kafka(&format!("w{per_second}"));
            let store = self.store(&format!("w{per_second}"));
            self.runtime.block_on(kafka.make_topics()).expect("topics are made");
            let (mut outbox, publishing) = outbox_and_publisher(&kafka);
            let (sender, stop) = watch::channel(false);
            let loading =
                self.runtime.spawn(sink::load(kafka, store.clone(), Loading::default(), stop));

            let mut waits: Vec<f64> = Vec::new();
            let mut others = self.messages.iter().cycle();
            let mut chance = Chance(1);
            // The first ones wait for the group to form.
            let warming_up = 4;
            for probe in 0..warming_up + PROBES {
                let id = format!("encounter-311000222-{}-20240101T001407Z", 100_000_000 + probe);
                let message = Message {
                    topic: sink::Topic::Events,
                    key: id.clone(),
                    id: id.clone(),
                    source: "bench".into(),
                    payload: EVENT.replace("encounter-311000222-538005541-20240101T001407Z", &id),
                };
                let query = format!("SELECT count() FROM v_events WHERE id = '{id}'");
                let mut began = Instant::now();
                let told_after = Duration::from_secs_f64(chance.next());
                let (mut told, mut sent) = (Some(message), 0.0);
                loop {
                    let due = began.elapsed().as_secs_f64() * f64::from(per_second) - sent;
                    let batch: Vec<Message> =
                        others.by_ref().take(due.max(0.0) as usize).cloned().collect();
                    sent += batch.len() as f64;
                    outbox.append(&batch, None).expect("it takes some");
                    // At any moment of what goes on already.
                    if told.is_some() && began.elapsed() >= told_after {
                        began = Instant::now();
                        sent = 0.0;
                        outbox
                            .append(&[told.take().expect("it is there")], None)
                            .expect("one more");
                    }
                    if told.is_none()
                        && self.runtime.block_on(store.number(&query)).expect("a number") > 0
                    {
                        break;
                    }
                    std::thread::sleep(Duration::from_millis(5));
                }
                if probe >= warming_up {
                    waits.push(began.elapsed().as_secs_f64());
                }
            }
            waits.sort_by(f64::total_cmp);
            let quantile = |share: f64| waits[((PROBES - 1) as f64 * share).round() as usize];
            println!(
                "from an event in the outbox to a row that is seen, {name}: p50 {:.2} s, p99 {:.2} s, of {PROBES}",
                quantile(0.5),
                quantile(0.99)
            );
            publishing.finish();
            sender.send(true).expect("it listens");
            self.runtime.block_on(loading).expect("no panic").expect("it loads");
        }
    }
}

/// A publisher at work.
struct Publishing {
    told: Arc<AtomicBool>,
    thread: JoinHandle<Result<Published, PublishError>>,
    _folder: TempDir,
}

impl Publishing {
    /// Waits until all is delivered; gives how much that was.
    fn finish(self) -> u64 {
        self.told.store(true, std::sync::atomic::Ordering::Release);
        self.thread.join().expect("no panic").expect("all is delivered").delivered
    }
}

fn outbox_and_publisher(kafka: &Kafka) -> (Outbox, Publishing) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("outbox");
    let outbox = Outbox::open(&path, OUTBOX_BYTES_MAX).expect("an outbox");
    let mut publisher = Publisher::new(kafka.clone(), &path).expect("a publisher");
    let told = Arc::new(AtomicBool::new(false));
    let until = Until { told: told.clone(), give_up_after: Duration::from_secs(60) };
    let thread = std::thread::spawn(move || publisher.run(&until));
    (outbox, Publishing { told, thread, _folder: folder })
}

fn publish(kafka: &Kafka, messages: &[Message]) -> f64 {
    let (mut outbox, publishing) = outbox_and_publisher(kafka);
    let began = Instant::now();
    for batch in messages.chunks(1000) {
        outbox.append(batch, None).expect("it takes them");
    }
    assert_eq!(publishing.finish(), messages.len() as u64);
    messages.len() as f64 / began.elapsed().as_secs_f64()
}

/// The medians, and beside them as shares of the first.
fn print_rates<const N: usize>(names: &[&str; N], rates: [Vec<f64>; N]) {
    let medians = rates.map(|mut rates| {
        rates.sort_by(f64::total_cmp);
        rates[rates.len() / 2]
    });
    for (name, rate) in names.iter().zip(medians) {
        println!("  {name:<52} {rate:>9.0}  {:.2}", rate / medians[0]);
    }
}

/// What was published long ago would be deleted while it is stored.
#[expect(clippy::disallowed_methods, reason = "what is measured is the time on the wall")]
fn now_s() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
    since.as_secs() as i64
}

/// Numbers in [0, 1), the same in every run.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> f64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 40) as f64 / f64::from(1 << 24)
    }
}
