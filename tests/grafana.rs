//! Every query of every dashboard, on the real engine, over events that the program told of ships with hostile names.
//!
//! Grafana itself is not here. What it does to a query before ClickHouse gets it (macros of the data source, variables)
//! is done in `Screen`, and a query that leaves anything of it over fails.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use serde_json::Value;

use crate::program::Desk;
use crate::servers::ClickHouse;

/// Names that fit into AIS and do harm where they are taken for more than text.
const NAMES: [&str; 2] = ["<SCRIPT SRC=//X.CO>", "';DROP TABLE A;--"];

/// A text from outside that leaves a quoted string of SQL, whichever way it is escaped.
const BREAKOUT: &str = "\\'), 1); DROP TABLE events; -- ' \" ` $__timeFilter(x) ${class} {} %27";

const DATABASE: &str = "alongside_grafana";

#[test]
fn every_panel_shows_something() {
    let Some(clickhouse) = filled() else { return };
    let mut panels = 0;
    for dashboard in dashboards() {
        let screen = Screen::of(clickhouse, &dashboard);
        for (title, sql) in dashboard.queries() {
            let rows = screen
                .ask(clickhouse, &sql)
                .unwrap_or_else(|error| panic!("{title}: {error}\n{sql}"));
            assert!(!rows.is_empty(), "{title} of {} is empty:\n{sql}", dashboard.title());
            panels += 1;
        }
    }
    assert!(panels >= 25, "{panels}");
}

#[test]
fn names_come_back_as_they_were_sent() {
    let Some(clickhouse) = filled() else { return };
    let (mut seen, mut searched) = ([0; 2], 0);
    for dashboard in dashboards() {
        let screen = Screen::of(clickhouse, &dashboard);
        for (_, sql) in dashboard.queries() {
            for row in screen.ask(clickhouse, &sql).unwrap() {
                for text in row.as_object().unwrap().values().filter_map(Value::as_str) {
                    for (name, count) in NAMES.iter().zip(&mut seen) {
                        *count += usize::from(text.contains(name));
                    }
                }
            }
        }
        for name in NAMES {
            if let Some(vessel) = dashboard.variable("vessel") {
                let mut screen =
                    Screen { values: BTreeMap::from([("search".to_owned(), text(name))]) };
                let found = screen.ask(clickhouse, vessel["query"].as_str().unwrap()).unwrap();
                assert_eq!(found.len(), 1, "{found:?}");
                assert!(found[0]["text"].as_str().unwrap().contains(name), "{found:?}");
                screen.values.insert("search".into(), text("no such ship"));
                let none = screen.ask(clickhouse, vessel["query"].as_str().unwrap()).unwrap();
                assert!(none.is_empty(), "{none:?}");
                searched += 1;
            }
        }
    }
    assert!(seen.iter().all(|count| *count >= 5), "{seen:?}");
    assert_eq!(searched, 2);
}

#[test]
fn no_value_of_a_variable_gets_out_of_its_quotes() {
    let Some(clickhouse) = filled() else { return };
    for dashboard in dashboards() {
        let names =
            dashboard.variables().map(|variable| variable["name"].as_str().unwrap().to_owned());
        let names: Vec<String> = names.collect();
        for value in [text(BREAKOUT), Shown::Many(vec![BREAKOUT.to_owned(), "none".to_owned()])] {
            let screen = Screen {
                values: names.iter().cloned().map(|name| (name, value.clone())).collect(),
            };
            for (title, sql) in dashboard.queries() {
                screen
                    .ask(clickhouse, &sql)
                    .unwrap_or_else(|error| panic!("{title}: {error}\n{sql}"));
            }
            for variable in dashboard.variables().filter(|one| one["type"] == "query") {
                screen.ask(clickhouse, variable["query"].as_str().unwrap()).unwrap();
            }
        }
    }
    let parameters = [("database", DATABASE)];
    assert_ne!(
        clickhouse.try_query_with("SELECT count() FROM events", &parameters).unwrap(),
        "0\n"
    );
}

#[test]
fn dashboards_are_whole() {
    let mut uids = Vec::new();
    for dashboard in dashboards() {
        let Dashboard { json, name } = &dashboard;
        uids.push(json["uid"].as_str().unwrap().to_owned());
        for (number, panel) in json["panels"].as_array().unwrap().iter().enumerate() {
            assert_eq!(panel["id"], number + 1, "{name}");
            assert_eq!(panel["datasource"]["uid"], "alongside", "{name}");
            let grid = &panel["gridPos"];
            assert!(
                grid["x"].as_u64().unwrap() + grid["w"].as_u64().unwrap() <= 24,
                "{name}: {grid}"
            );
            for target in panel["targets"].as_array().unwrap() {
                assert_eq!(target["datasource"]["uid"], "alongside", "{name}");
            }
        }
        for (title, sql) in dashboard.queries() {
            // Tables may change, views stay.
            let words = sql.split(|c: char| !c.is_alphanumeric() && c != '_').collect::<Vec<_>>();
            for pair in words.windows(2).filter(|pair| pair[0] == "FROM") {
                let fine = pair[1].starts_with("v_")
                    || pair[1].is_empty()
                    || pair[1] == "decodeURLComponent";
                assert!(fine, "{title} of {name} reads {}", pair[1]);
            }
        }
        // A link to a dashboard leads somewhere.
        let text = json.to_string();
        for link in text.split("/d/").skip(1) {
            let uid = link.split(['?', '"']).next().unwrap();
            assert!(dashboards().iter().any(|one| one.json["uid"] == uid), "{name} links to {uid}");
        }
    }
    uids.sort();
    uids.dedup();
    assert_eq!(uids.len(), 4, "{uids:?}");
}

/// A file of `config/grafana/dashboards`.
struct Dashboard {
    name: String,
    json: Value,
}

fn dashboards() -> Vec<Dashboard> {
    let folder = root().join("config/grafana/dashboards");
    let mut paths: Vec<PathBuf> = files(&folder);
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    let read = |path: &PathBuf| Dashboard {
        name: path.file_name().unwrap().to_string_lossy().into_owned(),
        json: serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap(),
    };
    paths.iter().map(read).collect()
}

impl Dashboard {
    fn title(&self) -> &str {
        self.json["title"].as_str().unwrap()
    }

    /// Title of the panel, and SQL.
    fn queries(&self) -> Vec<(String, String)> {
        let mut queries = Vec::new();
        for panel in self.json["panels"].as_array().unwrap() {
            for target in panel["targets"].as_array().unwrap() {
                let title = panel["title"].as_str().unwrap().to_owned();
                queries.push((title, target["rawSql"].as_str().unwrap().to_owned()));
            }
        }
        queries
    }

    fn variables(&self) -> impl Iterator<Item = &Value> {
        self.json["templating"]["list"].as_array().unwrap().iter()
    }

    fn variable(&self, name: &str) -> Option<&Value> {
        self.variables().find(|variable| variable["name"] == name)
    }
}

/// What is chosen on a dashboard. The time chosen is the day of the recording.
struct Screen {
    values: BTreeMap<String, Shown>,
}

#[derive(Clone)]
enum Shown {
    One(String),
    Many(Vec<String>),
}

fn text(value: &str) -> Shown {
    Shown::One(value.to_owned())
}

/// 2024-01-01 and the day after, in seconds.
const FROM: u32 = 1_704_067_200;
const TO: u32 = FROM + 2 * 86_400;
const INTERVAL_S: u32 = 3600;

impl Screen {
    /// As it opens: what may be many is all, what is one is the first, texts are empty.
    fn of(clickhouse: &ClickHouse, dashboard: &Dashboard) -> Self {
        let mut screen = Screen { values: BTreeMap::new() };
        for variable in dashboard.variables() {
            let name = variable["name"].as_str().unwrap().to_owned();
            let shown = match variable["type"].as_str().unwrap() {
                "query" => {
                    let sql = variable["query"].as_str().unwrap();
                    let rows = screen
                        .ask(clickhouse, sql)
                        .unwrap_or_else(|error| panic!("{name}: {error}\n{sql}"));
                    // The data source takes the first column for the value.
                    let first = variable_column(sql);
                    let values = rows.iter().map(|row| row[&first].as_str().unwrap().to_owned());
                    let values: Vec<String> = values.collect();
                    assert!(!values.is_empty(), "{name} has no values:\n{sql}");
                    match variable["multi"].as_bool().unwrap() {
                        true => Shown::Many(values),
                        false => Shown::One(values[0].clone()),
                    }
                }
                "custom" => text(variable["current"]["value"].as_str().unwrap()),
                "textbox" => text(""),
                other => panic!("{name} is a {other}"),
            };
            screen.values.insert(name, shown);
        }
        screen
    }

    /// The rows, read as whoever may only read.
    fn ask(&self, clickhouse: &ClickHouse, sql: &str) -> Result<Vec<Value>, String> {
        let sql = format!("{} FORMAT JSONEachRow", self.expand(sql));
        let rows = clickhouse.try_query_with(&sql, &[("database", DATABASE), ("readonly", "1")])?;
        Ok(rows.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
    }

    /// What Grafana and the data source make of a query. In the order of Grafana: variables first, so that a value
    /// which looks like a macro would be taken for one if it were not encoded.
    fn expand(&self, sql: &str) -> String {
        let mut with_values = String::new();
        let mut rest = sql;
        while let Some((before, after)) = rest.split_once("${") {
            let (variable, after) = after.split_once('}').unwrap();
            let (name, format) = variable.split_once(':').unwrap_or((variable, ""));
            // Of all formats this alone leaves no sign that means something in SQL.
            assert_eq!(format, "percentencode", "in {sql}");
            let value = match self.values.get(name).unwrap_or_else(|| panic!("no variable {name}"))
            {
                Shown::One(value) => value.clone(),
                Shown::Many(values) => format!("{{{}}}", values.join(",")),
            };
            with_values.push_str(before);
            with_values.push_str(&percent_encoded(&value));
            rest = after;
        }
        with_values.push_str(rest);

        let mut expanded = String::new();
        let mut rest = with_values.as_str();
        while let Some((before, after)) = rest.split_once("$__") {
            let end = after.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(after.len());
            let (name, after) = after.split_at(end);
            let (argument, after) = match after.strip_prefix('(') {
                Some(after) => after.split_once(')').unwrap(),
                None => ("", after),
            };
            let text = match name {
                "timeFilter" => {
                    format!("{argument} >= toDateTime({FROM}) AND {argument} <= toDateTime({TO})")
                }
                "timeInterval" => {
                    format!(
                        "toStartOfInterval(toDateTime({argument}), INTERVAL {INTERVAL_S} second)"
                    )
                }
                "fromTime" => format!("toDateTime({FROM})"),
                "toTime" => format!("toDateTime({TO})"),
                "interval_s" => INTERVAL_S.to_string(),
                other => panic!("no macro {other}"),
            };
            expanded.push_str(before);
            expanded.push_str(&text);
            rest = after;
        }
        expanded.push_str(rest);
        assert!(!expanded.contains('$'), "left over in {expanded}");
        expanded
    }
}

/// The name of the first column.
fn variable_column(sql: &str) -> String {
    let columns = sql.split_once(" FROM ").unwrap().0;
    let first = columns.split_once(" AS ").map_or_else(
        || columns.rsplit(' ').next().unwrap(),
        |(_, name)| name.split([',', ' ']).next().unwrap(),
    );
    first.to_owned()
}

/// As Grafana's `encodeURIComponentStrict`.
fn percent_encoded(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                encoded.push(char::from(byte))
            }
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

/// A server with the schema, and in it what the program tells of two ships, and their positions and identities.
fn filled() -> Option<&'static ClickHouse> {
    static FILLED: OnceLock<Option<ClickHouse>> = OnceLock::new();
    let fill = || {
        let clickhouse = ClickHouse::start()?;
        clickhouse.query(&format!("DROP DATABASE IF EXISTS {DATABASE}"));
        clickhouse.query(&format!("CREATE DATABASE {DATABASE}"));
        let run = |sql: &str, settings: &[(&str, &str)]| {
            let mut parameters = vec![("database", DATABASE)];
            parameters.extend(settings);
            clickhouse
                .try_query_with(sql, &parameters)
                .unwrap_or_else(|error| panic!("{error}\n{sql}"));
        };
        let schema = files(&root().join("config/clickhouse"));
        assert!(!schema.is_empty(), "there is no schema");
        for path in schema.iter().filter(|path| path.extension().is_some_and(|one| one == "sql")) {
            let text = std::fs::read_to_string(path).unwrap();
            let code = |line: &&str| !line.trim_start().starts_with("--");
            let text = text.lines().filter(code).collect::<Vec<_>>().join("\n");
            for statement in text.split(";\n").map(str::trim).filter(|one| !one.is_empty()) {
                run(statement.trim_end_matches(';'), &[]);
            }
        }
        let lenient = [
            ("date_time_input_format", "best_effort"),
            ("input_format_skip_unknown_fields", "1"),
            ("input_format_null_as_default", "1"),
        ];
        let rows: Vec<String> = events().iter().map(Value::to_string).collect();
        // Tuples have names in the view alone.
        run("CREATE TABLE told ENGINE = Memory AS SELECT * FROM v_events LIMIT 0", &[]);
        run(&format!("INSERT INTO told FORMAT JSONEachRow\n{}", rows.join("\n")), &lenient);
        run("INSERT INTO events SELECT * FROM told", &[]);
        for (mmsi, name, heard_at) in [(311_000_222, NAMES[0], TO), (538_005_541, NAMES[1], FROM)] {
            let quoted = name.replace('\'', "''");
            run(
                &format!(
                    "INSERT INTO positions SELECT {mmsi}, toDateTime64({FROM} + number * 60 + intDiv(number, 100) * 7200, 3), \
                     27, -90, 0.1, 12.3, NULL, false, 'station', now() FROM numbers(180)"
                ),
                &[],
            );
            run(
                &format!(
                    "INSERT INTO identities VALUES ({mmsi}, 0, '{quoted}', 'CALL{mmsi}', 'BS', 'tanker', 180, 30, \
                     'station', toDateTime64({FROM}, 3), toDateTime64({heard_at}, 3))"
                ),
                &[],
            );
        }
        Some(clickhouse)
    };
    FILLED.get_or_init(fill).as_ref()
}

/// What the program tells of two tankers that lie side by side for three hours, one of them on a watchlist, and of one
/// of them that loiters; as rows of `events`.
fn events() -> Vec<Value> {
    let desk = Desk::new();
    let mut csv = "MMSI,BaseDateTime,LAT,LON,SOG,COG,Heading,VesselName,IMO,CallSign,VesselType,Length,Width\n".to_owned();
    for minute in (0..600).step_by(5) {
        for (mmsi, longitude_deg, name) in
            [(311_000_222, -90.0, NAMES[0]), (538_005_541, -90.001, NAMES[1])]
        {
            // The second comes after two hours and leaves after five.
            let away = f64::from((120 - minute).max(minute - 300).max(0)) / 60.0 * 0.1;
            let longitude_deg =
                if mmsi == 538_005_541 { longitude_deg - away } else { longitude_deg };
            csv.push_str(&format!(
                "{mmsi},2024-01-01T{:02}:{:02}:00,27.0,{longitude_deg:.5},0.1,0,0,\"{name}\",,CALL,80,180,30\n",
                minute / 60,
                minute % 60
            ));
        }
    }
    desk.write("ships.csv", csv);
    desk.write("list.csv", "mmsi,reason\n311000222,test\n");
    let told = desk.events(&[
        "ships.csv",
        "--kind",
        "encounter,loitering,watchlist_hit",
        "--watchlist",
        "list.csv",
    ]);
    let mut rows = Vec::new();
    for line in told.lines() {
        let mut row: Value = serde_json::from_str(line).unwrap();
        row["first_started_at"] = row["started_at"].clone();
        row["source"] = "test".into();
        row["told_at"] = row["ended_at"].clone();
        row["record"] = line.into();
        rows.push(row);
    }
    rows
}

/// In order of their names.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries =
        std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().to_owned()
}
