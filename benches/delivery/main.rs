//! How fast events leave, beside the libraries used plainly: `cargo bench -p alongside-benches --bench delivery`, and
//! with `-- publishing` or `-- storing` only that. `README.md` says what is measured and what is left out.
//!
//! Servers are those of `tests/servers`; where they cannot be had it says that it skips.

#[path = "../../tests/servers/mod.rs"]
mod servers;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use clickhouse::{Client, Row};
use maritime::{Mmsi, Position, PositionFix, Report, Timestamp};
use rdkafka::ClientConfig;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use serde::{Deserialize, Serialize};
use sink::{
    ClickHouse, Kafka, Loading, Message, Messenger, Outbox, Provenance, Publisher, Store, Telling,
    Until,
};
use tokio::sync::watch;

/// Positions that are published and stored: a quarter of an hour of the world's traffic.
const POSITIONS: usize = 300_000;
const ROUNDS: usize = 4;
const OUTBOX_BYTES_MAX: u64 = 10_000_000_000;

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
    let telling = Telling {
        source: "bench".into(),
        positions_every: Some(Duration::ZERO),
        vessels_max: 1_000_000,
    };
    let provenance = Provenance { software_version: "0".into(), parameters_hash: "0".into() };
    let mut messenger = Messenger::new(telling, provenance);
    let ships = 2_000;
    let mut chance: u64 = 1;
    let mut random = move || {
        chance =
            chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (chance >> 40) as f64 / f64::from(1 << 24)
    };
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
        published_at: 1_704_067_200,
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
        let mut rates: [Vec<f64>; 2] = Default::default();
        for round in 0..ROUNDS {
            let kafka = self.kafka(&format!("p{round}"));
            self.runtime.block_on(kafka.make_topics()).expect("topics are made");
            let [plain, ours] = [self.produce(&kafka), self.publish(&kafka)];
            if round > 0 {
                rates[0].push(plain);
                rates[1].push(ours);
            }
        }
        let [plain, ours] = rates.map(median);
        println!("publishing {POSITIONS} positions, messages/s:");
        println!("  rdkafka alone, idempotent, the same headers  {plain:>9.0}");
        println!(
            "  alongside, outbox and publisher              {ours:>9.0}   {:.2} of it",
            ours / plain
        );
    }

    fn produce(&self, kafka: &Kafka) -> f64 {
        let producer: BaseProducer = ClientConfig::new()
            .set("bootstrap.servers", &self.broker)
            .set("enable.idempotence", "true")
            .set("compression.codec", "lz4")
            .set("linger.ms", "5")
            .create()
            .expect("a producer");
        let topic = kafka.topic_name(sink::Topic::Positions);
        let began = Instant::now();
        for message in &self.messages {
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
        self.messages.len() as f64 / began.elapsed().as_secs_f64()
    }

    fn publish(&self, kafka: &Kafka) -> f64 {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("outbox");
        let mut outbox = Outbox::open(&path, OUTBOX_BYTES_MAX).expect("an outbox");
        let mut publisher = Publisher::new(kafka.clone(), &path).expect("a publisher");
        let until = Until {
            told: Arc::new(AtomicBool::new(false)),
            give_up_after: Duration::from_secs(60),
        };
        let told = until.told.clone();
        let began = Instant::now();
        let publishing = std::thread::spawn(move || publisher.run(&until));
        for batch in self.messages.chunks(1000) {
            outbox.append(batch, None).expect("it takes them");
        }
        told.store(true, std::sync::atomic::Ordering::Release);
        let published = publishing.join().expect("no panic").expect("all is delivered");
        assert_eq!(published.delivered, self.messages.len() as u64);
        self.messages.len() as f64 / began.elapsed().as_secs_f64()
    }

    /// The same rows by the crate alone from memory, and by the loader from Kafka.
    fn storing(&self) {
        let kafka = self.kafka("s");
        self.runtime.block_on(kafka.make_topics()).expect("topics are made");
        self.produce(&kafka);
        let rows: Vec<PlainRow> = self.messages.iter().map(plain_row).collect();
        let mut rates: [Vec<f64>; 2] = Default::default();
        for round in 0..ROUNDS {
            let plain = self.insert(&rows, round);
            let store = self.store(&format!("l{round}"));
            let (_sender, stop) = watch::channel(false);
            let loading = Loading { until_end: true, ..Loading::default() };
            let again = Kafka { group: format!("{}-{round}", kafka.group), ..kafka.clone() };
            let began = Instant::now();
            let loaded = self.runtime.block_on(async {
                // From the first assignment on: joining a group takes some seconds whatever there is to load.
                sink::load(again, store.clone(), loading, stop).await
            });
            let elapsed = began.elapsed();
            let loaded = loaded.expect("it loads");
            assert_eq!(loaded.positions, rows.len() as u64);
            let ours = rows.len() as f64 / elapsed.as_secs_f64();
            if round > 0 {
                rates[0].push(plain);
                rates[1].push(ours);
            }
        }
        let [plain, ours] = rates.map(median);
        println!("storing {POSITIONS} positions, rows/s:");
        println!("  clickhouse::Insert alone, from memory              {plain:>9.0}");
        println!(
            "  alongside load, from Kafka, joining and end included {ours:>7.0}   {:.2} of it",
            ours / plain
        );

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

    fn insert(&self, rows: &[PlainRow], round: usize) -> f64 {
        drop(self.store(&format!("i{round}")));
        let client = Client::default()
            .with_url(self.server.url())
            .with_database(format!("bench{}i{round}", std::process::id()));
        let began = Instant::now();
        self.runtime.block_on(async {
            for block in rows.chunks(50_000) {
                let mut insert = client.insert::<PlainRow>("positions").await.expect("a table");
                for row in block {
                    insert.write(row).await.expect("it takes a row");
                }
                insert.end().await.expect("it takes a block");
            }
        });
        rows.len() as f64 / began.elapsed().as_secs_f64()
    }

    /// From a message in the outbox until a view shows it, alone and while others come.
    fn waiting(&self) {
        for (name, per_second) in [("idle", 0), ("under 5 000 messages/s", 5_000)] {
            let kafka = self.kafka(&format!("w{per_second}"));
            let store = self.store(&format!("w{per_second}"));
            self.runtime.block_on(kafka.make_topics()).expect("topics are made");
            let folder = tempfile::tempdir().expect("a folder");
            let path = folder.path().join("outbox");
            let mut outbox = Outbox::open(&path, OUTBOX_BYTES_MAX).expect("an outbox");
            let mut publisher = Publisher::new(kafka.clone(), &path).expect("a publisher");
            let until = Until {
                told: Arc::new(AtomicBool::new(false)),
                give_up_after: Duration::from_secs(60),
            };
            let told = until.told.clone();
            let publishing = std::thread::spawn(move || publisher.run(&until));
            let (sender, stop) = watch::channel(false);
            let loading =
                self.runtime.spawn(sink::load(kafka, store.clone(), Loading::default(), stop));

            let mut waits: Vec<f64> = Vec::new();
            let mut others = self.messages.iter().cycle();
            for probe in 0..34u32 {
                let mut message = self.messages[0].clone();
                let mmsi = 100_000_000 + probe;
                message.payload = message.payload.replacen("200000000", &mmsi.to_string(), 1);
                let began = Instant::now();
                outbox.append(&[message], None).expect("it takes one");
                let query = format!("SELECT count() FROM v_positions WHERE mmsi = {mmsi}");
                let mut sent = 0.0;
                while self.runtime.block_on(store.number(&query)).expect("a number") == 0 {
                    let due = began.elapsed().as_secs_f64() * f64::from(per_second) - sent;
                    let batch: Vec<Message> = others.by_ref().take(due as usize).cloned().collect();
                    sent += batch.len() as f64;
                    outbox.append(&batch, None).expect("it takes some");
                    std::thread::sleep(Duration::from_millis(10));
                }
                // The first ones wait for the group to form.
                if probe >= 4 {
                    waits.push(began.elapsed().as_secs_f64());
                }
            }
            waits.sort_by(f64::total_cmp);
            let (half, most) = (waits[waits.len() / 2], waits[waits.len() - 1]);
            println!(
                "from the outbox to a row that is seen, {name}: p50 {half:.2} s, the longest of 30 {most:.2} s"
            );
            told.store(true, std::sync::atomic::Ordering::Release);
            publishing.join().expect("no panic").expect("all is delivered");
            sender.send(true).expect("it listens");
            self.runtime.block_on(loading).expect("no panic").expect("it loads");
        }
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
