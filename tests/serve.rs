//! The API as a browser, a script and somebody who means harm ask it: over a server that listens, and a store that a
//! replay has filled.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::program::server::{Server, escaped};
use crate::program::{Desk, sea, two_ships_csv};

/// Names that do harm where they are taken for more than text.
const NAMES: [&str; 2] = ["<SCRIPT SRC=//X.CO>", "=HYPERLINK(\"//X.Y\")"];

/// A desk with a store of six simulated hours and of two ships with hostile names.
fn desk() -> Desk {
    let desk = Desk::new();
    desk.write("sea.nmea", sea());
    desk.write("names.csv", two_ships_csv(NAMES[0], NAMES[1]));
    for input in ["sea.nmea", "names.csv"] {
        let outcome = desk.run(&["replay", input, "--store", "store.gpkg", "--quiet"]);
        assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    }
    desk
}

fn server() -> Server {
    server_with(desk(), &[])
}

fn server_with(desk: Desk, more: &[&str]) -> Server {
    Server::start(desk, "store.gpkg", more)
}

#[test]
fn what_is_listed_is_what_the_replay_tells() {
    let server = server();
    let told = server
        .desk
        .run(&["replay", "sea.nmea", "--format", "ndjson", "--store", "none", "--quiet"]);
    let told: Vec<Value> =
        told.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(told.len() > 3);
    let listed = server.events("limit=1000");
    for record in &told {
        let found = listed.iter().find(|event| event["id"] == record["id"]).unwrap();
        let mut found = found.clone();
        let review = found.as_object_mut().unwrap().remove("review").unwrap();
        found.as_object_mut().unwrap().remove("marks").unwrap();
        assert_eq!(&found, record);
        assert_eq!(review, json!({"state":"new","note":"","changed_at":null,"changed_by":null}));
    }
    let page = server.json("/api/events?limit=2&order=time");
    assert_eq!(page["total"], listed.len());
    let mut ids: Vec<Value> = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = server.json(&format!("/api/events?limit=2&order=time&cursor={cursor}"));
        ids.extend(page["events"].as_array().unwrap().iter().map(|event| event["id"].clone()));
        let Some(next) = page["next"].as_str() else { break };
        cursor = escaped(next);
    }
    let mut distinct = ids.clone();
    distinct.sort_by_key(Value::to_string);
    distinct.dedup();
    assert_eq!((ids.len(), distinct.len()), (listed.len(), listed.len()));

    let map = server.json("/api/map");
    assert_eq!(map["rows"].as_array().unwrap().len(), listed.len());
    let facets = server.json("/api/facets");
    let kinds = facets["kinds"].as_object().unwrap().values();
    assert_eq!(kinds.map(|count| count.as_u64().unwrap()).sum::<u64>(), listed.len() as u64);
    assert_eq!(server.json("/api/health")["store"]["events"], listed.len());
}

#[test]
fn a_case_has_tracks_that_agree_with_its_figures() {
    let server = server();
    let event = &server.events("kind=encounter&class=possible_transfer,alongside,tow")[0];
    let id = event["id"].as_str().unwrap();
    let case = server.json(&format!("/api/events/{id}"));
    assert_eq!(case["event"]["id"], *id);
    assert_eq!(case["versions"][0]["record"]["id"], *id);
    assert!(case["run"]["inputs"][0].as_str().unwrap().ends_with(".nmea"), "{}", case["run"]);
    let tracks = server.json(&format!("/api/events/{id}/tracks"));
    assert_eq!(tracks["tracks"].as_array().unwrap().len(), 2);
    let started_at_ms = server.json(&format!("/api/map?text={id}"))["rows"][0][6].as_i64().unwrap();
    for track in tracks["tracks"].as_array().unwrap() {
        let points = track["points"].as_array().unwrap();
        assert!(points.len() > 20, "{}", points.len());
        assert!(points.is_sorted_by_key(|point| point[0].as_i64().unwrap()));
        assert!(track["antenna"]["to_bow_m"].is_u64(), "{track}");
        assert!(points.iter().any(|point| point[5].is_number()), "no heading");
        // An hour before, at least, as far as the recording goes.
        assert!(points[0][0].as_i64().unwrap() < started_at_ms);
    }
    let near = tracks["distance"].as_array().unwrap().iter();
    let min = near.map(|pair| pair[1].as_f64().unwrap()).fold(f64::INFINITY, f64::min);
    let told = event["distance_m_min"].as_f64().unwrap();
    assert!(min >= told - 1.0 && min < told + 60.0, "{min} m in the track, {told} m told");
    let thin = server.json(&format!("/api/events/{id}/tracks?detail=thin"));
    assert!(thin["tracks"][0]["points"].as_array().unwrap().len() <= 65);
    let mmsi = &event["vessels"][0]["mmsi"];
    let vessel = server.json(&format!("/api/vessels/{mmsi}"));
    assert_eq!(vessel["vessel"]["mmsi"], *mmsi);
    assert!(!vessel["identities"].as_array().unwrap().is_empty());
    assert!(vessel["events"].as_array().unwrap().iter().any(|event| event["id"] == *id));
    let network = server.json(&format!("/api/network?mmsi={mmsi}&depth=2"));
    assert!(network["nodes"].as_array().unwrap().len() >= 2);
    assert!(!network["links"].as_array().unwrap().is_empty());
}

#[test]
fn hostile_names_are_text_in_every_form() {
    let server = server();
    let found = server.events(&format!("name={}", escaped("<script")));
    assert_eq!(found.len(), 1);
    let names = [&found[0]["vessels"][0]["name"], &found[0]["vessels"][1]["name"]];
    assert_eq!(names, [NAMES[0], NAMES[1]]);
    let export = |format: &str| {
        let answer = server.get(&format!("/api/export?format={format}"));
        assert_eq!(answer.status, 200, "{format}");
        assert!(answer.header("content-disposition").unwrap().starts_with("attachment"));
        answer
    };
    let csv = export("csv").text();
    assert!(csv.contains("\"'=HYPERLINK("), "guarded");
    for format in ["kml", "graphml"] {
        let text = export(format).text();
        assert!(!text.contains("<SCRIPT") && text.contains("&lt;SCRIPT"), "{format}");
        assert!(text.trim_end().ends_with('>'));
    }
    let features = export("geojson").json();
    assert_eq!(features["features"].as_array().unwrap().len(), server.events("limit=1000").len());
    assert!(!export("gfw").json()["entries"].as_array().unwrap().is_empty());
    assert!(export("gpkg").body.starts_with(b"SQLite format 3\0"));
    assert_eq!(server.get("/api/export?format=parquet").status, 501);
    for path in ["/", "/event/x", "/api/events"] {
        let answer = server.get(path);
        let policy = answer.header("content-security-policy").unwrap();
        assert!(policy.contains("script-src 'self'") && !policy.contains("unsafe"), "{path}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    }
    assert!(server.get("/").header("content-type").unwrap().starts_with("text/html"));
}

#[test]
fn nothing_comes_through_a_parameter_but_what_it_means() {
    let server = server();
    let total = server.json("/api/events?flagged=all")["total"].clone();
    let attacks = [
        "' OR 1=1 --",
        "'); DROP TABLE reviews; --",
        "|') OR instr('a','a') OR ('",
        "../../../../etc/passwd",
        "..%2f..%2fetc%2fpasswd",
        "\u{0}",
        "%00",
        "{{7*7}}",
        "x\r\nSet-Cookie: a=b",
    ];
    let texts = ["class", "profile", "flag", "type", "name", "watchlist", "zone", "text"];
    let checked =
        ["kind", "state", "mmsi", "imo", "score_min", "score_max", "since", "until", "bbox"];
    let also_checked = ["flagged", "order", "limit", "cursor"];
    for attack in attacks {
        let attack = escaped(attack);
        for name in texts {
            for path in ["events", "map", "facets", "network"] {
                let answer = server.get(&format!("/api/{path}?flagged=all&{name}={attack}"));
                assert_eq!(answer.status, 200, "{path} {name} {answer:?}");
            }
            let found = server.json(&format!("/api/events?flagged=all&{name}={attack}"));
            assert_eq!(found["total"], 0, "{name} {attack}");
        }
        for name in checked.iter().chain(&also_checked) {
            let answer = server.get(&format!("/api/events?{name}={attack}"));
            assert_eq!(answer.status, 400, "{name} {attack} {answer:?}");
            assert!(answer.json()["error"].as_str().unwrap().contains("expected"), "{answer:?}");
            assert_eq!(answer.header("set-cookie"), None);
        }
        for path in [
            format!("/api/events/{attack}"),
            format!("/api/events/{attack}/tracks"),
            format!("/api/events/{attack}/dossier"),
            format!("/api/basemap/{attack}"),
        ] {
            assert_eq!(server.get(&path).status, 404, "{path}");
        }
        assert_eq!(server.get(&format!("/api/vessels/{attack}")).status, 400);
        assert_eq!(server.get(&format!("/api/export?format={attack}")).status, 400);
        assert_eq!(server.get(&format!("/api/vessels?text={attack}")).status, 200);
        assert_eq!(server.change("DELETE", &format!("/api/zones/{attack}"), "").status, 404);
        let asset = server.get(&format!("/assets/{attack}"));
        assert_eq!(asset.status, 404, "{asset:?}");
    }
    for path in ["/../../etc/passwd", "/assets/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd"] {
        assert!(!server.get(path).text().contains("root:"), "{path}");
    }
    assert_eq!(server.json("/api/events?flagged=all")["total"], total);
    assert_eq!(server.get("/api/nothing").status, 404);
    assert_eq!(server.get("/api/events?knd=gap").status, 400);
}

#[test]
fn more_than_there_may_be_is_refused_or_said() {
    let server = server();
    let words = "x+".repeat(1000);
    for path in ["/api/vessels", "/api/events", "/api/export"] {
        let format = if path.ends_with("export") { "format=csv&" } else { "" };
        let answer = server.get(&format!("{path}?{format}text={words}"));
        assert_eq!(answer.status, 400, "{path}: {answer:?}");
        assert!(answer.text().contains("at most 100"), "{answer:?}");
    }
    let network = server.json("/api/network");
    assert_eq!(network["truncated"], false);
    let graph = server.get("/api/export?format=graphml");
    assert_eq!((graph.status, graph.header("x-alongside-truncated")), (200, None));
}

#[test]
fn reviews_and_lists_are_kept_and_noted() {
    let server = server();
    let id = server.events("")[0]["id"].as_str().unwrap().to_owned();
    let path = format!("/api/events/{id}/review");
    let body = r#"{"state":"confirmed","note":"<b>seen</b>"}"#;
    assert_eq!(server.ask("PUT", &path, &[], body).status, 403, "without the token");
    let review = server.change("PUT", &path, body);
    assert_eq!(review.status, 200, "{review:?}");
    assert_eq!(review.json()["changed_by"], "local");
    assert_eq!(server.change("PUT", &path, r#"{"state":"guilty"}"#).status, 400);
    assert_eq!(server.change("PUT", "/api/events/none/review", body).status, 404);
    assert_eq!(server.events("state=confirmed").len(), 1);
    assert_eq!(server.json(&format!("/api/events/{id}"))["reviews"][0]["note"], "<b>seen</b>");

    // A replay of the same leaves what people said of it.
    let replayed = server.desk.run(&["replay", "sea.nmea", "--store", "store.gpkg", "--quiet"]);
    assert_eq!(replayed.code, 0, "{}", replayed.stderr);
    assert_eq!(server.events("state=confirmed").len(), 1);

    let name = escaped("my list; DROP TABLE");
    let csv = "name\n\"<SCRIPT SRC=//X.CO>\"\n";
    let put = server.change("PUT", &format!("/api/watchlists/{name}"), csv);
    assert_eq!((put.status, put.json()["entries"].clone()), (200, json!(1)), "{put:?}");
    let found = server.events(&format!("watchlist={name}"));
    assert_eq!(found.len(), 1);
    assert_eq!(found[0]["marks"]["watchlists"][0], "my list; DROP TABLE");
    assert_eq!(server.change("PUT", "/api/watchlists/x", "nothing\n").status, 400);
    let zone =
        r#"{"type":"Polygon","coordinates":[[[-91,26],[-89,26],[-89,28],[-91,28],[-91,26]]]}"#;
    assert_eq!(server.change("PUT", "/api/zones/gulf", zone).status, 200);
    assert!(server.events("zone=gulf").iter().any(|event| event["id"] == found[0]["id"]));
    assert_eq!(server.json("/api/zones")["features"][0]["properties"]["name"], "gulf");
    assert_eq!(server.json("/api/facets")["watchlists"]["my list; DROP TABLE"], 1);
    assert_eq!(server.change("PUT", "/api/zones/x", "{}").status, 400);
    assert_eq!(server.change("DELETE", "/api/zones/gulf", "").status, 204);
    assert!(server.events("zone=gulf").is_empty());

    server.get("/api/export?format=csv&state=confirmed");
    let audit = server.json("/api/audit");
    let actions: Vec<&str> = audit["audit"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["action"].as_str().unwrap())
        .collect();
    assert_eq!(actions, ["export", "delete zone", "put zone", "put watchlist", "review"]);
}

#[test]
fn other_profiles_are_judged_without_touching_the_events() {
    let server = server();
    let before = server.json("/api/events")["total"].clone();
    let ask = |body: &str| server.change("POST", "/api/what-if", body);
    let same = ask(r#"{"profiles":{"sts":{}}}"#).json();
    assert_eq!((same["appear_total"].clone(), same["vanish_total"].clone()), (json!(0), json!(0)));
    let all = r#"{"speed_knots":0,"distance_m":0,"duration_s":1}"#;
    let none = ask(&format!(
        r#"{{"profiles":{{"sts":{all},"gfw":{all},"skylight":{all},"starboard":{{"coast_distance_m":100000000}}}}}}"#
    ));
    let none = none.json();
    assert_eq!(none["stay"], 0, "{none}");
    assert_eq!(none["vanish_total"], same["stay"]);
    let wide = ask(
        r#"{"profiles":{"sts":{"distance_m":500,"duration_s":60,"speed_knots":30,"coast_distance_m":0}}}"#,
    );
    let wide = wide.json();
    assert!(wide["appear_total"].as_u64().unwrap() > 0, "{wide}");
    assert!(wide["rests_on"].as_str().unwrap().contains("straight line"));
    assert_eq!(ask(r#"{"profiles":{"no":{}}}"#).status, 400);
    assert_eq!(ask(r#"{"profiles":{"sts":{"distance_m":-1}}}"#).status, 400);
    assert_eq!(server.json("/api/events")["total"], before);
}

#[test]
fn without_a_right_nobody_gets_data() {
    let desk = desk();
    for (name, role, password) in
        [("vera", "viewer", "look at it all"), ("ann", "analyst", "correct horse battery")]
    {
        let added = desk.run_with_input(
            &["serve", "users", "add", name, "--role", role],
            format!("{password}\n").as_bytes(),
        );
        assert_eq!(added.code, 0, "{}", added.stderr);
    }
    assert_eq!(desk.run(&["serve", "users", "list"]).stdout, "vera viewer\nann analyst\n");
    desk.write("token", "0123456789abcdef0123456789abcdef\n");
    let server = server_with(desk, &["--users", "users", "--token-file", "token"]);
    let document = server.ask(
        "GET",
        "/api/openapi.json",
        &[("Authorization", "Bearer 0123456789abcdef0123456789abcdef")],
        "",
    );
    let paths = document.json()["paths"].as_object().unwrap().clone();
    assert!(paths.len() > 15);
    for (path, methods) in &paths {
        for method in methods.as_object().unwrap().keys() {
            let path = path.replace("{id}", "x").replace("{mmsi}", "1").replace("{name}", "x");
            let method = method.to_uppercase();
            let answer = server.ask(&method, &path, &[], "{}");
            let is_door = ["/api/session", "/api/login", "/api/logout"].contains(&path.as_str());
            assert!(is_door || answer.status == 401, "{method} {path} {answer:?}");
            // With a right each of them is there.
            if path != "/api/live" {
                let bearer = ("Authorization", "Bearer 0123456789abcdef0123456789abcdef");
                let answer = server.ask(&method, &path, &[bearer], "{}");
                let is_there = answer.status != 404
                    || answer.json()["error"].as_str().unwrap().starts_with("there is no ")
                        && !answer.text().contains("part of the API");
                assert!(is_there && answer.status != 405, "{method} {path} {answer:?}");
            }
        }
    }
    assert_eq!(server.get("/").status, 200, "the page itself is no secret");

    let log_in = |user: &str, password: &str| {
        let body = json!({"user": user, "password": password}).to_string();
        server.ask("POST", "/api/login", &[("Content-Type", "application/json")], &body)
    };
    assert_eq!(log_in("vera", "wrong password").status, 401);
    let inside = log_in("vera", "look at it all");
    assert_eq!(inside.json()["role"], "viewer");
    let cookie = inside.header("set-cookie").unwrap();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"), "{cookie}");
    let cookie = cookie.split(';').next().unwrap().to_owned();
    let csrf = inside.json()["csrf"].as_str().unwrap().to_owned();
    let with = [("Cookie", cookie.as_str()), ("X-CSRF-Token", csrf.as_str())];
    let events = server.ask("GET", "/api/events", &with, "").json();
    let id = events["events"][0]["id"].as_str().unwrap().to_owned();
    let review = format!("/api/events/{id}/review");
    let body = r#"{"state":"dismissed","note":""}"#;
    assert_eq!(server.ask("PUT", &review, &with, body).status, 403, "a viewer only looks");
    assert_eq!(server.ask("GET", "/api/audit", &with, "").status, 403);
    assert_eq!(server.ask("GET", &format!("/api/events/{id}/dossier"), &with, "").status, 403);

    let inside = log_in("ann", "correct horse battery");
    let cookie = inside.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
    let csrf = inside.json()["csrf"].as_str().unwrap().to_owned();
    let with = [("Cookie", cookie.as_str()), ("X-CSRF-Token", csrf.as_str())];
    assert_eq!(server.ask("PUT", &review, &with[..1], body).status, 403, "without the token");
    let done = server.ask("PUT", &review, &with, body);
    assert_eq!(done.json()["changed_by"], "ann");
    let dossier = server.ask("GET", &format!("/api/events/{id}/dossier"), &with, "");
    assert_eq!((dossier.status, dossier.header("content-type")), (200, Some("application/zip")));
    assert_eq!(server.ask("POST", "/api/logout", &with, "").status, 200);
    assert_eq!(server.ask("GET", "/api/events", &with, "").status, 401);

    for _ in 0..5 {
        log_in("vera", "a wrong password");
    }
    let refused = log_in("vera", "look at it all");
    assert_eq!(refused.status, 429, "{refused:?}");
}

#[test]
fn it_refuses_to_be_open_to_all() {
    let desk = desk();
    let refused = desk.run(&["serve", "--store", "store.gpkg", "--listen", "0.0.0.0:0"]);
    assert_eq!(refused.code, 2);
    assert!(refused.stderr.contains("users add"), "{}", refused.stderr);
    let absent = desk.run(&["serve", "--store", "none.gpkg", "--listen", "127.0.0.1:0"]);
    assert_eq!(absent.code, 1);
    assert!(absent.stderr.contains("there is no store at none.gpkg"), "{}", absent.stderr);
    assert!(!desk.path("none.gpkg").exists());
    let short = desk.run_with_input(&["serve", "users", "add", "ann"], b"short\n");
    assert_eq!(short.code, 1);
    assert!(short.stderr.contains("at least 10 characters"), "{}", short.stderr);

    // A page elsewhere whose name leads here is of another machine.
    let server = server_with(desk, &[]);
    let answer = server.ask("GET", "/api/events", &[("Host", "evil.example")], "");
    assert_eq!(answer.status, 421);
}

#[test]
fn whoever_asks_too_much_or_too_slowly_is_let_go() {
    let server = server();
    let csrf = server.csrf();
    // A body of 17 MB is not taken.
    let large = "x".repeat(17 << 20);
    let answer = server.ask("PUT", "/api/watchlists/x", &[("X-CSRF-Token", &csrf)], &large);
    assert!(matches!(answer.status, 413 | 0), "{}", answer.status);
    let long = server.get(&format!("/api/events?name={}", "x".repeat(5000)));
    assert_eq!(long.status, 400);
    let longer = server.ask("GET", "/api/events", &[("X-Long", &"x".repeat(200_000))], "");
    assert!(matches!(longer.status, 431 | 0), "{}", longer.status);
    // A head that never ends, and 300 of them: others are heard all the same.
    let mut slow: Vec<TcpStream> = (0..200).map(|_| server.connect()).collect();
    for stream in &mut slow {
        stream.write_all(b"GET /api/events HTTP/1.1\r\nX-Slow: ").unwrap();
    }
    let since = Instant::now();
    assert_eq!(server.get("/api/about").status, 200);
    assert!(since.elapsed() < Duration::from_secs(5));
    let mut rest = Vec::new();
    let first = &mut slow[0];
    let _ = first.read_to_end(&mut rest);
    assert!(since.elapsed() < Duration::from_secs(30), "a head takes ten seconds at most");
}

#[test]
fn events_are_told_as_they_are_stored() {
    let server = server();
    let mut stream = server.connect();
    write!(stream, "GET /api/live HTTP/1.1\r\nHost: {}\r\n\r\n", server.address).unwrap();
    let mut lines = BufReader::new(stream).lines();
    let head: Vec<String> =
        lines.by_ref().map(Result::unwrap).take_while(|line| !line.is_empty()).collect();
    assert!(head.iter().any(|line| line.contains("text/event-stream")), "{head:?}");
    server.desk.write("more.csv", two_ships_csv("A", "B").replace("2024-01-01", "2024-02-01"));
    let replayed = server.desk.run(&["replay", "more.csv", "--store", "store.gpkg", "--quiet"]);
    assert_eq!(replayed.code, 0, "{}", replayed.stderr);
    let data = lines.map(Result::unwrap).find(|line| line.starts_with("data: ")).unwrap();
    let event: Value = serde_json::from_str(&data["data: ".len()..]).unwrap();
    assert!(event["started_at"].as_str().unwrap().starts_with("2024-02-01"), "{event}");
    assert_eq!(event["review"]["state"], "new");
}

#[test]
fn the_land_is_drawn_from_the_program_itself() {
    let server = server();
    let land = server.json("/api/basemap/land.json");
    let polygons = land["coordinates"].as_array().unwrap();
    assert!(polygons.len() > 1000);
    for ring in polygons.iter().flat_map(|polygon| polygon.as_array().unwrap()) {
        let ring = ring.as_array().unwrap();
        assert!(ring.len() >= 4 && ring[0] == ring[ring.len() - 1], "{ring:?}");
    }
    let about = server.json("/api/about");
    assert!(["built", "absent"].contains(&about["page"].as_str().unwrap()));
}
