//! How long the API takes over a store of 50,000 events, by kind of question, over HTTP on loopback.
//!
//! `cargo bench -p alongside-benches --bench serving`. The events are made up, half encounters with tracks and half gaps,
//! spread over the world and a year; every question is asked with other words each time.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::time::{Duration, Instant};

use dashboard::{Access, Options};
use maritime::{
    Classification, Dimensions, Event, EventId, EventKind, EventState, EventVessel, Meeting,
    MeetingClass, Mmsi, Position, Reason, ShipType, Subject, Surroundings, Text, Timestamp,
    TrackPoint, VesselIdentity, VesselPair,
};
use sink::reading::Place;
use sink::{GeoPackage, Provenance, Run, VesselRow};

const EVENTS: u32 = 50_000;
const VESSELS: u32 = 8_000;
const POINTS: i64 = 120;
const ROUNDS: usize = 60;

fn main() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store.gpkg");
    let since = Instant::now();
    fill(&path);
    let bytes = std::fs::metadata(&path).unwrap().len();
    println!(
        "stored {EVENTS} events in {:.1} s, {} MB",
        since.elapsed().as_secs_f64(),
        bytes / 1_000_000
    );

    let address = serve(&path);
    let mut worst: f64 = 0.0;
    println!("| question | p50, ms | p95, ms | kB |\n|---|---:|---:|---:|");
    for (name, question) in QUESTIONS {
        let mut connection = Connection::new(address);
        connection.ask(&question(0));
        let mut bytes = 0;
        let mut times: Vec<f64> = (1..=ROUNDS)
            .map(|round| {
                let since = Instant::now();
                bytes = connection.ask(&question(round));
                since.elapsed().as_secs_f64() * 1000.0
            })
            .collect();
        times.sort_by(f64::total_cmp);
        let [p50, p95] = [50, 95].map(|percent| times[(ROUNDS - 1) * percent / 100]);
        worst = worst.max(p95);
        println!("| {name} | {p50:.1} | {p95:.1} | {} |", bytes / 1000);
    }
    println!("the worst p95 is {worst:.1} ms");
}

type Question = fn(usize) -> String;

const QUESTIONS: &[(&str, Question)] = &[
    ("first page by score", |_| "/api/events".into()),
    ("a page by time with filters", |i| {
        format!(
            "/api/events?order=-time&kind=encounter&flag={}&score_min=0.{}",
            ["MT", "PA", "LR"][i % 3],
            i % 9
        )
    }),
    ("a page by words", |i| format!("/api/events?text=vessel+{}", i * 13)),
    ("a page by area and time", |i| {
        let west = (i * 5) as i32 - 180;
        format!("/api/events?bbox={west},-40,{},40&since=2024-03-01T00:00:00Z", west + 40)
    }),
    ("a page by MMSI", |i| format!("/api/events?mmsi={}", mmsi(i as u32 * 17))),
    ("places for the map", |i| format!("/api/map?score_min=0.{}", i % 2)),
    ("counts", |i| format!("/api/facets?score_min=0.{}", i % 2)),
    ("one event", |i| format!("/api/events/{}", id(i as u32 * 2))),
    ("its tracks", |i| format!("/api/events/{}/tracks", id(i as u32 * 2))),
    ("vessels by name", |i| format!("/api/vessels?text=vessel+{}", i * 7)),
    ("one vessel", |i| format!("/api/vessels/{}", mmsi(i as u32 * 3))),
    ("network of one vessel, two steps", |i| {
        format!("/api/network?mmsi={}&depth=2", mmsi(i as u32 * 3))
    }),
];

/// Stays open, as a browser's does.
struct Connection(BufReader<TcpStream>);

impl Connection {
    fn new(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        Connection(BufReader::new(stream))
    }

    fn ask(&mut self, path: &str) -> usize {
        let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
        self.0.get_mut().write_all(request.as_bytes()).unwrap();
        let (mut length, mut line) = (0, String::new());
        self.0.read_line(&mut line).unwrap();
        assert!(line.contains(" 200 "), "{path}: {line}");
        while line != "\r\n" {
            line.clear();
            self.0.read_line(&mut line).unwrap();
            if let Some(value) = line.to_lowercase().strip_prefix("content-length: ") {
                length = value.trim().parse().unwrap();
            }
        }
        let mut body = vec![0; length];
        self.0.read_exact(&mut body).unwrap();
        length
    }
}

fn serve(path: &Path) -> SocketAddr {
    let options = Options {
        store: Place::GeoPackage(path.into()),
        access: Access::Open,
        behind_proxy: false,
        now: || Timestamp::from_secs(0),
        software_version: "bench".into(),
        land: String::new,
        read_watchlist: |_, _| Err("there are none".into()),
        profiles: Vec::new(),
        dossier: None,
        health: None,
    };
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            sender.send(listener.local_addr().unwrap()).unwrap();
            dashboard::serve(listener, options).await.unwrap();
        });
    });
    receiver.recv().unwrap()
}

fn mmsi(number: u32) -> u32 {
    [215_000_000, 351_000_000, 636_000_000, 538_000_000][(number % 4) as usize] + number % VESSELS
}

fn id(number: u32) -> String {
    event(number).id.to_string()
}

fn fill(path: &Path) {
    let run = Run {
        run_id: "bench".into(),
        started_at: Timestamp::from_secs(1_704_067_200),
        provenance: Provenance {
            software_version: "bench".into(),
            parameters_hash: "bench".into(),
        },
        parameters: String::new(),
        inputs: Vec::new(),
        selection: String::new(),
        counters: serde_json::Value::Null,
    };
    let vessels: Vec<VesselRow> = (0..VESSELS)
        .map(|number| VesselRow {
            mmsi: Mmsi::new(mmsi(number)).unwrap(),
            identity: identity(number),
            first_heard_at: run.started_at,
            last_heard_at: run.started_at,
            positions: 100,
            identities: vec![(identity(number), run.started_at, run.started_at)],
        })
        .collect();
    let events: Vec<Event> = (0..EVENTS).map(event).collect();
    GeoPackage::open(path).unwrap().store(&run, &events, &vessels).unwrap();
}

fn identity(number: u32) -> VesselIdentity {
    VesselIdentity {
        name: Text::new(&format!("VESSEL {}", number % VESSELS)),
        callsign: Text::new(&format!("C{number}")),
        ship_type: Some(ShipType([84, 70, 30, 52][(number % 4) as usize])),
        dimensions: Some(Dimensions { bow_m: 200, stern_m: 40, port_m: 20, starboard_m: 20 }),
        ..VesselIdentity::default()
    }
}

/// Even ones are encounters, odd ones gaps.
fn event(number: u32) -> Event {
    let started_at = Timestamp::from_secs(1_704_067_200 + i64::from(number) * 600);
    let ended_at = started_at.plus(Duration::from_secs(6 * 3600));
    let spread = number.wrapping_mul(2_654_435_761);
    let (latitude_deg, longitude_deg) =
        (f64::from(spread % 12_000) / 100.0 - 60.0, f64::from(spread / 7 % 35_900) / 100.0 - 179.5);
    let position = Position::new(latitude_deg, longitude_deg).unwrap();
    let numbers = [number, number / 2 + 3];
    let pair = VesselPair::new(
        Mmsi::new(mmsi(numbers[0])).unwrap(),
        Mmsi::new(mmsi(numbers[1]) + 1).unwrap(),
    );
    let is_encounter = number.is_multiple_of(2) && pair.is_some();
    let vessel = |number: u32, mmsi: Mmsi| EventVessel {
        identity: identity(number),
        track: if is_encounter { track(started_at, position) } else { Vec::new() },
        ..EventVessel::new(mmsi)
    };
    let (id, vessels) = match pair.filter(|_| is_encounter) {
        Some(pair) => (
            EventId::new(EventKind::Encounter, pair, started_at),
            vec![vessel(numbers[0], pair.low()), vessel(numbers[1], pair.high())],
        ),
        None => {
            let one = Mmsi::new(mmsi(number)).unwrap();
            (
                EventId::of(EventKind::Gap, Subject::Vessel(one), started_at),
                vec![vessel(number, one)],
            )
        }
    };
    let reasons =
        ["long", "near", "slow", "tankers", "night", "coast", "class"].map(|rule| Reason {
            rule,
            weight: 0.1,
            text: format!("a reason of the usual length, with the number {number} that decided"),
        });
    Event {
        id,
        version: 3,
        state: EventState::Closed,
        vessels,
        started_at,
        started_at_earliest: Some(started_at),
        started_at_latest: started_at,
        ended_at,
        ended_at_earliest: ended_at,
        ended_at_latest: Some(ended_at),
        position,
        place: Surroundings { coast_distance_m: Some(60_000.0), ..Surroundings::default() },
        meeting: is_encounter.then(|| {
            let spans = [50, 100, 200, 500].map(|metres| (metres, Duration::from_secs(21_000)));
            Box::new(Meeting { contact_within_m: spans, ..Meeting::default() })
        }),
        figures: Vec::new(),
        class: is_encounter.then(|| Classification {
            class: [MeetingClass::PossibleTransfer, MeetingClass::Bunkering, MeetingClass::Tow]
                [(number % 3) as usize],
            confidence: 0.8,
            reasons: reasons[..3].to_vec(),
        }),
        profiles: if is_encounter { vec!["gfw".into(), "sts".into()] } else { Vec::new() },
        score: f64::from(spread % 101) / 100.0,
        reasons: reasons.to_vec(),
        as_of: ended_at,
    }
}

fn track(from: Timestamp, around: Position) -> Vec<TrackPoint> {
    let point = |number: i64| TrackPoint {
        observed_at: from.plus_millis(number * 180_000),
        position: Position::new(
            around.latitude_deg() + number as f64 * 1e-5,
            around.longitude_deg(),
        )
        .unwrap_or(around),
        speed_knots: Some(0.4),
        course_deg: Some(90.0),
        heading_deg: Some(271.0),
        ends_silence: false,
    };
    (0..POINTS).map(point).collect()
}
