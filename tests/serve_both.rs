//! The same questions to a GeoPackage and to ClickHouse, filled by the same replays: the answers are the same, byte for
//! byte. What ClickHouse cannot know (runs, former versions, where an antenna is) is named where it is left out.

use serde_json::Value;

use crate::program::server::{Answer, Server, escaped};
use crate::program::{Desk, sea, two_ships_csv};
use crate::servers::ClickHouse;

/// Names that do harm where they are taken for more than text.
const NAMES: [&str; 2] = ["<SCRIPT SRC=//X.CO>", "';DROP TABLE A;--"];
const ZONE: &str = r#"<b>Gülf|"'\ zone"#;
const DATABASE: &str = "alongside_both";

const ATTACKS: [&str; 14] = [
    "' OR 1=1 --",
    "'); DROP TABLE reviews; --",
    "\\'; DROP TABLE events; --",
    "') UNION ALL SELECT record FROM events --",
    "{p1:String}",
    "{ids:Array(String)}",
    "?",
    "|') OR instr('a','a') OR ('",
    "\\N",
    "\u{0}",
    "x\r\n--boundary\r\nSet-Cookie: a=b",
    "a\tb\\tc",
    "|",
    "\u{202e}💥",
];

/// Both, with what they say of one event put into them.
struct Both {
    geopackage: Server,
    clickhouse: Server,
    /// In the order of time.
    events: Vec<Value>,
    _engine: ClickHouse,
}

/// One test, because servers that a test leaves to others outlive it.
#[test]
fn both_stores_answer_alike() {
    let Some(both) = Both::new() else { return };
    every_filter_finds_the_same(&both);
    nothing_but_text_comes_through_a_parameter(&both);
    pages_go_on_in_either_store(&both);
    a_case_is_the_same_but_for_what_clickhouse_does_not_keep(&both);
    vessels_and_networks_are_the_same(&both);
    every_export_is_the_same(&both);
    the_rest_of_the_api_is_the_same(&both);
}

impl Both {
    /// `None` where the engine is not installed.
    fn new() -> Option<Self> {
        let mut engine = ClickHouse::start_own()?;
        let url = format!("{}/{DATABASE}", engine.url().replace("http://", "clickhouse://"));
        let desk = Desk::new();
        desk.write("sea.nmea", sea());
        desk.write("names.csv", two_ships_csv(NAMES[0], NAMES[1]));
        desk.write("gap.csv", silent_ships_csv());
        desk.write("list.csv", "mmsi,reason\n311000222,test\n");
        let zone = serde_json::to_string(ZONE).unwrap();
        let square = "[[[-96,25],[-87,25],[-87,30],[-96,30],[-96,25]]]";
        desk.write("zones.geojson", format!(
            r#"{{"type":"FeatureCollection","features":[{{"type":"Feature","properties":{{"name":{zone}}},"geometry":{{"type":"Polygon","coordinates":{square}}}}}]}}"#
        ));
        // All positions, so that tracks and counts are whole.
        let config = format!(
            "[outbox]\npositions_every = \"0s\"\n[clickhouse]\nurl = \"{}\"\ndatabase = \"{DATABASE}\"\n",
            engine.url()
        );
        desk.write("config.toml", config);
        let run = |arguments: &[&str]| {
            let outcome = desk.run(&[arguments, &["--config", "config.toml"]].concat());
            assert_eq!(outcome.code, 0, "{arguments:?}: {}", outcome.stderr);
        };
        run(&["schema", "apply"]);
        for store in ["store.gpkg", &url] {
            for input in ["sea.nmea", "names.csv", "gap.csv"] {
                let lists = ["--watchlist", "list.csv", "--places", "zones.geojson"];
                run(&[&["replay", input, "--store", store, "--quiet"][..], &lists].concat());
            }
        }
        // Whoever serves it needs no more than to read it.
        engine.restart_with_users(&format!(
            "<profiles><default></default></profiles><quotas><default/></quotas><users><default><password></password>\
             <networks><ip>::/0</ip></networks><profile>default</profile><quota>default</quota>\
             <grants><query>GRANT SELECT ON {DATABASE}.*</query></grants></default></users>"
        ));
        let insert = format!("INSERT INTO {DATABASE}.events (id) VALUES ('x')");
        assert!(engine.try_query(&insert).unwrap_err().contains("ACCESS_DENIED"));
        let clickhouse = Server::start(Desk::new(), &url, &["--desk", "desk.gpkg"]);
        let geopackage = Server::start(desk, "store.gpkg", &[]);
        let events = geopackage.events("order=time&flagged=all&limit=1000");
        let both = Both { geopackage, clickhouse, events, _engine: engine };
        both.review(0, "confirmed", "<b>seen</b>");
        both.review(2, "dismissed", "");
        for (path, body) in [
            ("/api/watchlists/mine", "name\n\"<SCRIPT SRC=//X.CO>\"\n"),
            (
                "/api/zones/near",
                r#"{"type":"Polygon","coordinates":[[[-91,26],[-89,26],[-89,28],[-91,28],[-91,26]]]}"#,
            ),
        ] {
            both.change("PUT", path, body);
        }
        Some(both)
    }
}

/// Ships of which one is silent for six hours while its neighbours are heard.
fn silent_ships_csv() -> String {
    let mut csv = String::from("mmsi,time,lat,lon,sog,name,imo,callsign,vessel_type\n");
    for minute in (0..14 * 60).step_by(3) {
        let time = format!("2024-03-01T{:02}:{:02}:00Z", minute / 60, minute % 60);
        for ship in 0..8 {
            if ship == 0 && (240..600).contains(&minute) {
                continue;
            }
            let longitude_deg = -88.0 + 0.02 * f64::from(ship) + 0.0004 * f64::from(minute);
            csv.push_str(&format!(
                "{},{time},26.5,{longitude_deg:.5},8.0,SHIP {ship},,CALL{ship},80\n",
                311_000_500 + ship
            ));
        }
    }
    csv
}

impl Both {
    fn review(&self, index: usize, state: &str, note: &str) {
        let id = self.events[index]["id"].as_str().unwrap();
        let body = serde_json::json!({"state": state, "note": note}).to_string();
        self.change("PUT", &format!("/api/events/{id}/review"), &body);
    }

    #[track_caller]
    fn change(&self, method: &str, path: &str, body: &str) {
        let answers = [&self.geopackage, &self.clickhouse].map(|server| {
            let answer = server.change(method, path, body);
            (answer.status, plain(&answer))
        });
        assert!(answers[0].0 < 300, "{path}: {answers:?}");
        assert_eq!(answers[0], answers[1], "{path}");
    }

    /// The answer of both.
    #[track_caller]
    fn same(&self, path: &str) -> Answer {
        let [one, other] = self.ask(path);
        assert_eq!(one.status, other.status, "{path}: {one:?} {other:?}");
        check_text(path, &plain(&one), &plain(&other));
        one
    }

    #[track_caller]
    fn ask(&self, path: &str) -> [Answer; 2] {
        [&self.geopackage, &self.clickhouse].map(|server| server.get(path))
    }

    #[track_caller]
    fn same_json(&self, path: &str) -> Value {
        let answer = self.same(path);
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        answer.json()
    }

    /// A filter, wherever there are filters; gives how many events it finds.
    #[track_caller]
    fn same_filtered(&self, filter: &str) -> u64 {
        let mut total = 0;
        for order in ["score", "-score", "time", "-time"] {
            let page = self.same_json(&format!("/api/events?limit=1000&order={order}&{filter}"));
            total = page["total"].as_u64().unwrap();
            assert_eq!(page["events"].as_array().unwrap().len() as u64, total, "{filter}");
        }
        self.same_json(&format!("/api/facets?{filter}"));
        self.same_json(&format!("/api/network?{filter}"));
        let maps = self.ask(&format!("/api/map?{filter}")).map(|answer| {
            let mut map = answer.json();
            // In no order.
            map["rows"].as_array_mut().unwrap().sort_by_key(Value::to_string);
            map
        });
        assert_eq!(maps[0], maps[1], "{filter}");
        assert_eq!(maps[0]["rows"].as_array().unwrap().len() as u64, total, "{filter}");
        total
    }
}

/// Without the times at which the test reviewed, and without how many positions of a vessel were heard: a GeoPackage counts
/// whatever was received, ClickHouse copies of one transmission once.
fn plain(answer: &Answer) -> String {
    let text = String::from_utf8_lossy(&answer.body);
    without(&without(&text, "\"changed_at\":\"", '"'), "\"positions\":", ',')
}

/// Without what stands between `begin` and `end`.
fn without(text: &str, begin: &str, end: char) -> String {
    let mut parts = text.split(begin);
    let mut rest = parts.next().unwrap().to_owned();
    for part in parts {
        rest.push_str(begin);
        rest.push_str(&part[part.find(end).unwrap()..]);
    }
    rest
}

#[track_caller]
fn check_text(what: &str, one: &str, other: &str) {
    if one != other {
        let at = one.bytes().zip(other.bytes()).take_while(|(a, b)| a == b).count();
        let around = |text: &str| {
            let bytes = &text.as_bytes()[at.saturating_sub(100)..text.len().min(at + 200)];
            String::from_utf8_lossy(bytes).into_owned()
        };
        panic!("{what}: byte {at}\n{}\n{}", around(one), around(other));
    }
}

fn every_filter_finds_the_same(both: &Both) {
    let all = both.events.len() as u64;
    assert!(all > 8, "{all}");
    let first = &both.events[0];
    let (mmsi, started_at) = (&first["vessels"][0]["mmsi"], first["started_at"].as_str().unwrap());
    let of = |name: &str| {
        let vessels = both.events.iter().flat_map(|event| event["vessels"].as_array().unwrap());
        let mut known = vessels.map(|vessel| &vessel[name]).filter(|value| !value.is_null());
        known.next().map(|value| value.to_string().trim_matches('"').to_owned()).unwrap()
    };
    let (name, zone) = (escaped("<script"), escaped(ZONE));
    let (latitude_deg, longitude_deg) =
        (first["latitude_deg"].as_f64().unwrap(), first["longitude_deg"].as_f64().unwrap());
    let near = format!(
        "{},{},{},{}",
        longitude_deg - 0.1,
        latitude_deg - 0.1,
        longitude_deg + 0.1,
        latitude_deg + 0.1
    );
    // A filter, and whether it finds some and not all.
    let filters: Vec<(String, bool)> = [
        ("", false),
        ("flagged=all", false),
        ("kind=encounter", true),
        ("kind=gap", true),
        ("kind=gap,loitering,watchlist_hit,dark_meeting", true),
        ("class=possible_transfer", true),
        ("class=tow,alongside,no_such", true),
        ("profile=gfw", true),
        ("profile=sts,skylight", true),
        ("profile=s", false),
        ("state=new", true),
        ("state=confirmed", true),
        ("state=confirmed,dismissed", true),
        ("state=new,dismissed", true),
        ("state=reviewing", false),
        ("state=new,reviewing,confirmed,dismissed", false),
        ("mmsi=311000222", true),
        ("mmsi=31100022", false),
        ("mmsi=311000222,538005541", true),
        ("imo=1", false),
        ("name=SHIP%20", true),
        ("text=ship%20call0", true),
        ("text=gülf", true),
        ("text=encounter-%20GÜLF", true),
        ("watchlist=mine", true),
        ("watchlist=mine,none", true),
        ("watchlist=none", false),
        ("zone=near", true),
        ("zone=none", false),
        ("zone=near,none&watchlist=mine", true),
        ("score_min=0.5", true),
        ("score_max=0.5", true),
        ("score_min=0.3&score_max=0.7", true),
        ("score_min=1e-7&score_max=1e300", false),
        ("since=2024-02-01", true),
        ("until=2024-02-01", true),
        ("since=1900-01-01&until=2200-01-01", false),
        ("bbox=-180,-90,180,90", false),
        ("bbox=170,-90,-90,90", true),
        ("bbox=-90,-90,170,90", true),
        ("kind=encounter&state=confirmed&zone=near&name=script&score_min=0.1", true),
        ("flag=BS,MH&type=tanker,cargo&profile=sts&since=2023-01-01&bbox=-100,0,-80,60", false),
    ]
    .into_iter()
    .map(|(filter, some)| (filter.to_owned(), some))
    .chain([
        (format!("flag={}", of("flag")), true),
        (format!("type={}", escaped(&of("type"))), true),
        (format!("imo={}", of("imo")), true),
        (format!("mmsi={mmsi}"), true),
        (format!("name={name}"), true),
        (format!("zone={zone}"), true),
        (format!("watchlist={}", escaped("list by MMSI")), false),
        (format!("text={}", of("callsign")), true),
        (format!("text={}", first["id"].as_str().unwrap()), true),
        (format!("until={started_at}"), false),
        (format!("since={started_at}"), false),
        (format!("bbox={near}"), true),
    ])
    .collect();
    let mut misses = Vec::new();
    for (filter, is_some) in &filters {
        let filter = match filter.contains("flagged=") {
            true => filter.clone(),
            false => format!("flagged=all&{filter}"),
        };
        let found = both.same_filtered(&filter);
        if *is_some && (found == 0 || found == all) {
            misses.push((filter, found));
        }
    }
    both.same_filtered("");
    assert!(misses.is_empty(), "of {all} these find none or all: {misses:?}");
}

fn nothing_but_text_comes_through_a_parameter(both: &Both) {
    let texts = ["class", "profile", "flag", "type", "name", "watchlist", "zone", "text"];
    let checked = [
        "kind",
        "state",
        "mmsi",
        "imo",
        "score_min",
        "score_max",
        "since",
        "until",
        "bbox",
        "flagged",
        "order",
        "limit",
        "cursor",
    ];
    let total = both.same_json("/api/events?flagged=all")["total"].clone();
    for attack in ATTACKS {
        let attack = escaped(attack);
        for name in texts {
            both.same_json(&format!("/api/events?flagged=all&{name}={attack}"));
        }
        both.same_json(&format!("/api/facets?flagged=all&text={attack}&zone={attack}"));
        for name in checked {
            assert_eq!(both.same(&format!("/api/events?{name}={attack}")).status, 400, "{name}");
        }
        for path in ["", "/tracks"] {
            assert_eq!(both.same(&format!("/api/events/{attack}{path}")).status, 404);
            // With an instant it could be asked for.
            let id = format!("{attack}-20240101T000000Z");
            assert_eq!(both.same(&format!("/api/events/{id}{path}")).status, 404);
        }
        both.same(&format!("/api/vessels?text={attack}&flag={attack}&type={attack}"));
        let cursor = escaped(&format!("-score~0.5~0~{attack}"));
        both.same_json(&format!("/api/events?flagged=all&cursor={cursor}"));
    }
    assert_eq!(both.same_json("/api/events?flagged=all")["total"], total);
}

fn pages_go_on_in_either_store(both: &Both) {
    for order in ["score", "-score", "time", "-time"] {
        for filter in ["flagged=all", "", "zone=near&flagged=all", "state=new"] {
            let mut ids: Vec<Value> = Vec::new();
            let mut cursor = String::new();
            let total = loop {
                let page = format!("/api/events?limit=2&order={order}&{filter}&cursor={cursor}");
                let page = both.same_json(&page);
                let events = page["events"].as_array().unwrap();
                ids.extend(events.iter().map(|event| event["id"].clone()));
                let Some(next) = page["next"].as_str() else {
                    break page["total"].as_u64().unwrap();
                };
                cursor = escaped(next);
            };
            let count = ids.len() as u64;
            ids.sort_by_key(Value::to_string);
            ids.dedup();
            assert_eq!((count, ids.len() as u64), (total, total), "{order} {filter}");
        }
    }
    let (mut numbers, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = both.same_json(&format!("/api/vessels?limit=3&cursor={cursor}"));
        numbers.extend(page["vessels"].as_array().unwrap().clone());
        let Some(next) = page["next"].as_str() else { break };
        cursor = next.to_owned();
    }
    assert!(numbers.len() > 12, "{}", numbers.len());
    both.same_json("/api/vessels?text=ship");
    both.same_json("/api/vessels?text=script");
    both.same_json("/api/vessels?flag=BS&type=tanker,cargo");
}

fn a_case_is_the_same_but_for_what_clickhouse_does_not_keep(both: &Both) {
    let (mut points, mut with_tracks) = (0, 0);
    for event in &both.events {
        let id = event["id"].as_str().unwrap();
        let [one, mut other] = both
            .ask(&format!("/api/events/{id}"))
            .map(|answer| serde_json::from_str::<Value>(&plain(&answer)).unwrap());
        // ClickHouse has no runs, and a replay into a GeoPackage keeps the last version alone.
        assert!(one["run"].is_object() && other["run"].is_null());
        let versions = other["versions"].as_array_mut().unwrap();
        assert!(versions.is_sorted_by_key(|version| -version["version"].as_i64().unwrap()));
        versions.truncate(1);
        for name in ["event", "review", "reviews", "versions"] {
            assert_eq!(one[name], other[name], "{id}");
        }

        let [one, other] =
            both.ask(&format!("/api/events/{id}/tracks")).map(|answer| answer.json());
        let tracks = |tracks: &Value| tracks["tracks"].as_array().unwrap().clone();
        assert_eq!(tracks(&one).len(), tracks(&other).len(), "{id}");
        for (one, other) in tracks(&one).iter().zip(&tracks(&other)) {
            with_tracks += 1;
            for name in ["mmsi", "name", "length_m", "beam_m"] {
                assert_eq!(one[name], other[name], "{id}");
            }
            // The track of a GeoPackage is thinned, and its reports are among the positions.
            let there = other["points"].as_array().unwrap();
            for point in one["points"].as_array().unwrap() {
                points += 1;
                assert!(there.contains(point), "{id}: {point}");
            }
        }
    }
    assert!(with_tracks >= 8 && points > 500, "{with_tracks} tracks, {points} points");
}

fn vessels_and_networks_are_the_same(both: &Both) {
    let vessels = both.events.iter().flat_map(|event| event["vessels"].as_array().unwrap());
    let mut mmsis: Vec<u64> = vessels.map(|vessel| vessel["mmsi"].as_u64().unwrap()).collect();
    mmsis.sort_unstable();
    mmsis.dedup();
    for mmsi in &mmsis {
        both.same_json(&format!("/api/vessels/{mmsi}"));
        for depth in 1..=3 {
            both.same_json(&format!("/api/network?mmsi={mmsi}&depth={depth}"));
        }
    }
    assert_eq!(both.same("/api/vessels/1").status, 404);
    both.same_json("/api/network?mmsi=1");
}

fn every_export_is_the_same(both: &Both) {
    for filter in ["flagged=all", "", "kind=encounter&zone=near", "state=confirmed", "name=nobody"]
    {
        for format in ["geojson", "csv", "kml", "graphml", "gfw"] {
            let answer = both.same(&format!("/api/export?format={format}&{filter}"));
            assert_eq!(answer.status, 200);
        }
    }
    // Two copies, as two servers show them.
    let servers = [&both.geopackage, &both.clickhouse].map(|server| {
        let copy = server.get("/api/export?format=gpkg&flagged=all").body;
        let desk = Desk::new();
        desk.write("copy.gpkg", copy);
        Server::start(desk, "copy.gpkg", &[])
    });
    let mut paths: Vec<String> =
        ["events?limit=1000&flagged=all", "facets?flagged=all", "network", "vessels"]
            .map(|path| format!("/api/{path}"))
            .into();
    let vessels = servers[0].json("/api/vessels?limit=1000")["vessels"].as_array().unwrap().clone();
    paths.extend(vessels.iter().map(|vessel| format!("/api/vessels/{}", vessel["mmsi"])));
    for path in paths {
        let [one, other] = servers.each_ref().map(|server| plain(&server.get(&path)));
        check_text(&path, &one, &other);
    }
    for event in &both.events {
        let path = format!("/api/events/{}/tracks", event["id"].as_str().unwrap());
        let [one, other] = servers.each_ref().map(|server| server.json(&path)["tracks"].clone());
        assert_eq!(one.as_array().unwrap().len(), other.as_array().unwrap().len(), "{path}");
    }
}

fn the_rest_of_the_api_is_the_same(both: &Both) {
    for body in [
        r#"{"profiles":{"sts":{}}}"#,
        r#"{"profiles":{"sts":{"distance_m":500,"duration_s":60,"speed_knots":30,"coast_distance_m":0}}}"#,
        r#"{"profiles":{"sts":{"speed_knots":0},"gfw":{"speed_knots":0},"skylight":{"speed_knots":0},"starboard":{"speed_knots":0}}}"#,
    ] {
        both.change("POST", "/api/what-if", body);
    }
    for path in ["/api/watchlists", "/api/zones", "/api/openapi.json", "/api/session"] {
        let [one, other] = both.ask(path);
        assert_eq!(one.status, other.status);
        if path != "/api/session" {
            check_text(path, &plain(&one), &plain(&other));
        }
    }
    let [one, other] = both.ask("/api/about").map(|answer| answer.json());
    for name in ["software_version", "parameters_hash", "profiles", "page"] {
        assert_eq!(one[name], other[name]);
    }
    assert_eq!(one["store"]["events"], other["store"]["events"]);
    assert_eq!(other["store"]["kind"], "clickhouse");
    assert!(other["store"]["path"].as_str().unwrap().ends_with(DATABASE), "{other}");
    let [one, other] = both.ask("/api/health").map(|answer| answer.json());
    assert!(one["sources"].as_array().unwrap().is_empty(), "a GeoPackage does not know");
    let sources: Vec<&str> = other["sources"]
        .as_array()
        .unwrap()
        .iter()
        .map(|source| source["name"].as_str().unwrap())
        .collect();
    assert_eq!(sources, ["gap.csv", "names.csv", "sea.nmea"]);
    let id = both.events[0]["id"].as_str().unwrap();
    let dossier = both.clickhouse.get(&format!("/api/events/{id}/dossier"));
    assert_eq!(dossier.status, 501, "{dossier:?}");
    // What people did is beside ClickHouse, and not in it.
    let audit = both.clickhouse.json("/api/audit").to_string();
    assert!(audit.contains("put watchlist") && audit.contains("confirmed"), "{audit}");
    let unknown = both.clickhouse.change(
        "PUT",
        "/api/events/encounter-1-2-20240101T000000Z/review",
        r#"{"state":"confirmed"}"#,
    );
    assert_eq!(unknown.status, 404);
}
