//! `docker-compose.yml` as far as it can be tried without Docker: it is YAML, what it names is there, nothing in it
//! listens beyond this machine, floats or is a password, and the program knows its own commands.

#[path = "program/mod.rs"]
mod program;
#[path = "servers/mod.rs"]
mod servers;

use std::path::{Path, PathBuf};
use std::process::Command;

use program::Desk;
use serde_json::Value;

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
    let outcome = desk.run(&["config", "check", program::text(&config)]);
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
    let Some(clickhouse) = servers::ClickHouse::start() else { return };
    let sql = std::fs::read_to_string(root().join("config/clickhouse/roles/reader.sql")).unwrap();
    let lines: Vec<&str> = sql.lines().filter(|line| !line.starts_with("--")).collect();
    let text = lines.join("\n");
    let statements: Vec<&str> =
        text.split(';').map(str::trim).filter(|it| !it.is_empty()).collect();
    assert_eq!(statements.len(), 3);
    for statement in statements {
        // The engine as a library knows no roles, but their grammar.
        clickhouse.query(&format!("EXPLAIN AST {statement}"));
    }
    let script = std::fs::read_to_string(root().join("config/compose/reader.sh")).unwrap();
    assert!(script.contains("alongside_reader") && !script.contains("CREATE ROLE"));
}

fn compose() -> Option<Value> {
    yaml(&root().join("docker-compose.yml"))
}

/// By the Python that ClickHouse's engine runs in.
fn yaml(path: &Path) -> Option<Value> {
    let python = servers::python()?;
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
