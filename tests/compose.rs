//! `docker-compose.yml` as far as it can be tried without Docker: it is YAML, what it names is there, nothing in it
//! listens beyond this machine, floats or is a password, and the program knows its own commands.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::program::{Desk, sea, text};
use crate::servers::{ClickHouse, python};

#[test]
fn every_image_is_pinned() {
    let Some(compose) = compose() else { return };
    for (name, service) in services(&compose) {
        let Some(image) = service["image"].as_str() else { panic!("{name} has no image") };
        let (_, tag) =
            image.rsplit_once(':').unwrap_or_else(|| panic!("{name}: {image} has no tag"));
        let built = service["build"] == "." && tag == "local";
        assert!(built || tag.matches('.').count() >= 2, "{name}: {image}");
    }
    let dockerfile = std::fs::read_to_string(root().join("Dockerfile")).unwrap();
    for line in dockerfile.lines().filter(|line| line.starts_with("FROM ")) {
        assert!(line.contains(':') && !line.contains("latest"), "{line}");
    }
    assert!(dockerfile.contains("\nUSER alongside\n"));
}

#[test]
fn ports_are_on_loopback_and_data_in_named_volumes() {
    let Some(compose) = compose() else { return };
    let mut ports = 0;
    for (name, service) in services(&compose) {
        for port in list(&service["ports"]) {
            assert!(port.as_str().unwrap().starts_with("127.0.0.1:"), "{name}: {port}");
            ports += 1;
        }
        for volume in list(&service["volumes"]) {
            let source = volume.as_str().unwrap().split(':').next().unwrap();
            match source.strip_prefix("./") {
                Some(path) => assert!(root().join(path).exists(), "{name}: {path} is not there"),
                None => assert!(compose["volumes"].get(source).is_some(), "{name}: {source}"),
            }
        }
    }
    assert!(ports >= 3, "{ports}");
}

#[test]
fn passwords_are_in_files_alone() {
    let Some(compose) = compose() else { return };
    let script = std::fs::read_to_string(root().join("config/compose/secrets.sh")).unwrap();
    for (name, service) in services(&compose) {
        for (key, value) in service["environment"].as_object().into_iter().flatten() {
            if ["PASSWORD", "SECRET", "TOKEN"].iter().any(|word| key.contains(word)) {
                assert!(
                    value.as_str().is_some_and(|one| one.starts_with("/run/secrets/")),
                    "{name}: {key}"
                );
            }
        }
        for secret in list(&service["secrets"]) {
            let secret = secret.as_str().unwrap();
            assert_eq!(compose["secrets"][secret]["file"], format!("./secrets/{secret}"), "{name}");
            assert!(script.contains(secret), "secrets.sh does not make {secret}");
        }
    }
}

#[test]
fn what_runs_on_is_checked_and_waited_for() {
    let Some(compose) = compose() else { return };
    let names: Vec<&String> = services(&compose).map(|(name, _)| name).collect();
    for (name, service) in services(&compose) {
        for (other, condition) in service["depends_on"].as_object().into_iter().flatten() {
            assert!(names.contains(&other), "{name} waits for {other}");
            let healthy = condition["condition"] == "service_healthy";
            assert!(!healthy || compose["services"][other]["healthcheck"].is_object(), "{other}");
        }
    }
    for name in ["kafka", "clickhouse", "grafana"] {
        let test = compose["services"][name]["healthcheck"]["test"].to_string();
        assert!(
            test.contains(&format!("{name}:")) || test.contains("127.0.0.1:"),
            "{name}: {test}"
        );
    }
}

#[test]
fn the_program_knows_the_commands_that_are_given_to_it() {
    let Some(compose) = compose() else { return };
    let desk = Desk::new();
    let mut tried = 0;
    for (name, service) in
        services(&compose).filter(|(_, service)| service["image"] == "alongside:local")
    {
        let words =
            |key: &str| list(&service[key]).iter().map(|word| word.as_str().unwrap().to_owned());
        let words: Vec<String> = words("entrypoint")
            .chain(words("command"))
            .filter(|word| word != "alongside")
            .collect();
        let commands = words.iter().take_while(|word| !word.starts_with('-'));
        let mut arguments: Vec<&str> = commands.map(String::as_str).collect();
        arguments.push("--help");
        let outcome = desk.run(&arguments);
        assert_eq!(outcome.code, 0, "{name}: {arguments:?}: {}", outcome.stderr);
        for option in words.iter().filter(|word| word.starts_with("--")) {
            let option = option.split('=').next().unwrap();
            assert!(
                outcome.stdout.contains(option),
                "{name}: {option} is not in the help of {arguments:?}"
            );
        }
        tried += 1;
    }
    assert_eq!(tried, 3);
    let config = root().join("config/compose/alongside.toml");
    let outcome = desk.run(&["config", "check", text(&config)]);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
}

#[test]
fn what_grafana_is_given_is_yaml_and_names_its_data_source() {
    for name in ["datasources/clickhouse.yaml", "dashboards/alongside.yaml"] {
        let Some(yaml) = yaml(&root().join("config/grafana/provisioning").join(name)) else {
            return;
        };
        assert_eq!(yaml["apiVersion"], 1, "{name}");
        if let Some(source) = yaml["datasources"].get(0) {
            assert_eq!(source["uid"], "alongside");
            assert!(
                source["secureJsonData"]["password"]
                    .as_str()
                    .unwrap()
                    .starts_with("$__file{/run/secrets/")
            );
        }
    }
}

#[test]
fn the_role_of_those_who_only_look_is_read_by_the_engine_and_used_by_the_script() {
    let Some(clickhouse) = ClickHouse::start() else { return };
    let sql = std::fs::read_to_string(root().join("config/clickhouse/roles/reader.sql")).unwrap();
    let lines: Vec<&str> = sql.lines().filter(|line| !line.starts_with("--")).collect();
    let text = lines.join("\n");
    let statements: Vec<&str> =
        text.split(';').map(str::trim).filter(|it| !it.is_empty()).collect();
    assert_eq!(statements.len(), 3);
    for statement in statements {
        // The engine as a library keeps no roles, but knows their grammar.
        clickhouse.query(&format!("EXPLAIN AST {statement}"));
    }
    let script = std::fs::read_to_string(root().join("config/compose/reader.sh")).unwrap();
    assert!(script.contains("alongside_reader") && !script.contains("CREATE ROLE"));
}

/// What `reader.sql` says, in the words of a `users.xml`, since the engine as a library keeps no roles. It does not count
/// for quotas, which are left out, and does not start where the profile is read-only: that comes with each request.
struct Rights {
    /// Name and value.
    settings: Vec<(String, String)>,
    grants: Vec<String>,
}

impl Rights {
    fn read(sql: &str) -> Self {
        let lines: Vec<&str> = sql.lines().filter(|line| !line.starts_with("--")).collect();
        let text = lines.join(" ");
        let statements: Vec<&str> =
            text.split(';').map(str::trim).filter(|it| !it.is_empty()).collect();
        let starts = |start: &str| {
            let found: Vec<&str> =
                statements.iter().copied().filter(|it| it.starts_with(start)).collect();
            assert!(!found.is_empty(), "no {start} in {sql}");
            found
        };
        let pairs = |list: &str| -> Vec<(String, String)> {
            let pair = |one: &str| {
                let (name, rest) = one.split_once('=').unwrap();
                // MIN, MAX and CHANGEABLE_IN_READONLY come after the value.
                (name.trim().to_owned(), rest.split_whitespace().next().unwrap().to_owned())
            };
            list.split(',').map(pair).collect()
        };
        let role = starts("CREATE ROLE")[0].split_once("SETTINGS").unwrap().1;
        let grants = starts("GRANT").into_iter().map(|grant| {
            grant.strip_suffix(" TO alongside_reader").expect("to the role").to_owned()
        });
        Rights { settings: pairs(role), grants: grants.collect() }
    }

    fn to_xml(&self) -> String {
        let settings = self.settings.iter().filter(|(name, _)| name != "readonly");
        let settings: String =
            settings.map(|(name, value)| format!("<{name}>{value}</{name}>")).collect();
        let grants: String =
            self.grants.iter().map(|grant| format!("<query>{grant}</query>")).collect();
        format!(
            "<profiles><default>{settings}</default></profiles>\
             <quotas><default/></quotas>\
             <users><default><password></password><networks><ip>::/0</ip></networks><profile>default</profile>\
             <quota>default</quota><grants>{grants}</grants></default></users>"
        )
    }
}

#[test]
fn those_who_only_look_see_every_view_and_change_nothing() {
    let Some(mut clickhouse) = ClickHouse::start_own() else { return };
    let desk = Desk::new();
    desk.write("sea.nmea", sea());
    let url = format!("{}/alongside", clickhouse.url().replace("http://", "clickhouse://"));
    for command in
        [&["schema", "apply", "--clickhouse", &url][..], &["replay", "sea.nmea", "--store", &url]]
    {
        let outcome = desk.run(command);
        assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    }
    clickhouse.query("CREATE DATABASE other");
    clickhouse.query("CREATE TABLE other.t (n UInt32) ENGINE = MergeTree ORDER BY n");
    let views = clickhouse.query(
        "SELECT name FROM system.tables WHERE database = 'alongside' AND engine != 'MaterializedView'",
    );

    let sql = std::fs::read_to_string(root().join("config/clickhouse/roles/reader.sql")).unwrap();
    let rights = Rights::read(&sql);
    assert_eq!(rights.grants, ["GRANT SELECT ON alongside.*"]);
    let is_readonly = ("readonly".to_owned(), "1".to_owned());
    assert!(rights.settings.contains(&is_readonly));
    clickhouse.restart_with_users(&rights.to_xml());
    let ask = |sql: &str| clickhouse.try_query_with(sql, &[("readonly", "1")]);
    let mut seen = 0;
    for view in views.lines() {
        let count = ask(&format!("SELECT count() FROM alongside.{view}")).unwrap();
        // Nobody else's rows are in the way, and none are hidden.
        assert!(count.trim().parse::<u64>().unwrap() > 0, "{view} is empty");
        seen += 1;
    }
    assert!(seen >= 15, "{views}");
    for (name, value) in &rights.settings {
        let setting = ask(&format!("SELECT toString(getSetting('{name}'))")).unwrap();
        assert_eq!(setting.trim(), value, "{name}");
    }
    let refused = |sql: &str, code: &str| {
        let error = ask(sql).expect_err(sql);
        assert!(error.contains(code), "{sql}: {error}");
    };
    for change in [
        "INSERT INTO alongside.events (id) VALUES ('x')",
        "ALTER TABLE alongside.events DELETE WHERE 1",
        "ALTER TABLE alongside.positions MODIFY TTL published_at + INTERVAL 1 SECOND",
        "TRUNCATE TABLE alongside.positions",
        "DROP TABLE alongside.events",
        "DROP VIEW alongside.v_events",
        "DROP DATABASE alongside",
        "CREATE TABLE alongside.t (n UInt32) ENGINE = Memory",
        "OPTIMIZE TABLE alongside.events FINAL",
    ] {
        refused(change, "ACCESS_DENIED");
    }
    for elsewhere in [
        "SELECT count() FROM other.t",
        "SELECT * FROM file('/etc/hostname', 'LineAsString')",
        "SELECT * FROM url('http://127.0.0.1:1/', 'LineAsString')",
        "SELECT * FROM remote('127.0.0.1:1', 'alongside.events')",
    ] {
        refused(elsewhere, "ACCESS_DENIED");
    }
    refused("SET max_result_rows = 0", "READONLY");
    refused("SET readonly = 0", "READONLY");
    refused("SELECT number FROM numbers(10000001)", "TOO_MANY_ROWS_OR_BYTES");
}

fn compose() -> Option<Value> {
    yaml(&root().join("docker-compose.yml"))
}

/// By the Python that ClickHouse's engine runs in.
fn yaml(path: &Path) -> Option<Value> {
    let python = python()?;
    let program = "import json, sys, yaml; print(json.dumps(yaml.safe_load(open(sys.argv[1]))))";
    let output = Command::new(python).args(["-c", program]).arg(path).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

fn services(compose: &Value) -> impl Iterator<Item = (&String, &Value)> {
    compose["services"].as_object().unwrap().iter()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().to_owned()
}
