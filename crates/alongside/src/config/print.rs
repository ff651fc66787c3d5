//! `alongside config print FILE` and `alongside config schema`: what holds and by whose word, and what may be written.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::Path;

use anyhow::Context;
use serde_json::{Map, Value, json};

use super::{MANUAL, Override, VARIABLES, all_lines, flatten, load_daemon, overrides, read};
use crate::duration::Span;
use crate::output::Output;

/// Of these, only that there is something is shown.
const SECRET: [&str; 6] = ["password", "secret", "token", "credential", "pem", "oauthbearer"];
const MASK: &str = "\"***\"";

/// Prints every key with its value and where that comes from: the file, the environment, or the default.
///
/// # Errors
///
/// The configuration is refused.
pub fn print(file: &Path) -> anyhow::Result<()> {
    let (parameters, delivery, daemon) = load_daemon(Some(file))?;
    let text =
        read(file).with_context(|| format!("cannot read the configuration {}", file.display()))?;
    let mut output = Output::stdout();
    let name = maritime::shown(&file.display().to_string());
    let in_file = keys(&text);
    let overrides = overrides(std::env::vars_os());
    for line in all_lines(&parameters, &delivery, &daemon) {
        let (key, value) = line.split_once(" = ").unwrap_or((&line, ""));
        let origin = variable(key, &overrides).unwrap_or(match in_file.contains(key) {
            true => name.clone(),
            false => "default".into(),
        });
        let value = masked(key, value);
        writeln!(output, "{key} = {value}  # {origin}")?;
    }
    Ok(output.finish()?)
}

/// The keys that a file has, as [`flatten`] names them.
fn keys(text: &str) -> BTreeSet<String> {
    let mut lines = Vec::new();
    if let Ok(table) = toml::from_str::<toml::Table>(text) {
        flatten("", &toml::Value::Table(table), &mut lines);
    }
    lines.iter().filter_map(|line| Some(line.split_once(" = ")?.0.to_owned())).collect()
}

/// The variable that sets a key.
fn variable(key: &str, overrides: &[Override]) -> Option<String> {
    let name = format!("{VARIABLES}{}", key.replace("[]", "").replace('.', "__"));
    let found = overrides.iter().find(|(found, _)| found.eq_ignore_ascii_case(&name))?;
    Some(format!("${}", found.0))
}

/// Whether a property of Kafka has the word anywhere in its name, as `sasl.oauthbearer.config` has.
fn is_property(key: &str, word: &str) -> bool {
    key.starts_with("kafka.properties") && key.contains(word)
}

/// Secrets are not shown: those whose key says so, and those in a URL.
pub(super) fn masked(key: &str, value: &str) -> String {
    let last = key.rsplit(['.', ']']).next().unwrap_or(key).to_lowercase();
    let names_a_place = last.ends_with("_file") || last.ends_with("_variable");
    if !names_a_place
        && value != "\"\""
        && SECRET.iter().any(|secret| last.contains(secret) || is_property(key, secret))
    {
        return MASK.into();
    }
    let is_url = last == "url" || key == "serve.store";
    if is_url && let Some((address, _)) = value.split_once('?') {
        return format!("{}?***\"", masked(key, &format!("{address}\"")).trim_end_matches('"'));
    }
    if is_url && let Some((scheme, rest)) = value.split_once("://") {
        // A webhook's path is its secret.
        if key.starts_with("channel") && scheme.trim_start_matches('"').starts_with("http") {
            let host = rest.split('/').next().unwrap_or_default().trim_end_matches('"');
            let host = host.rsplit('@').next().unwrap_or_default();
            return format!("{scheme}://{host}/***\"");
        }
        if let Some((user, rest)) = rest.split_once('@')
            && let Some((user, _)) = user.split_once(':')
        {
            return format!("{scheme}://{user}:***@{rest}");
        }
    }
    value.to_owned()
}

/// Lists that a sample stands for, with all their keys.
const SAMPLE: &str = "
[[profile]]
name = \"sts\"
distance_m_max = 250.0
duration_min = \"45m\"
speed_knots_p50_max = 7.0
coast_distance_m_min = 1000.0
port_distance_m_min = 0.0
[[profile.alternatives]]
distance_m_max = 50.0
duration_min = \"10m\"
[[source]]
name = \"harbour\"
url = \"udp://0.0.0.0:10110\"
silent_after = \"5m\"
key_file = \"\"
key_variable = \"\"
boxes = [[-98.0, 24.0, -88.0, 31.0]]
[[relay]]
url = \"tcp-listen://127.0.0.1:4001\"
window = \"10s\"
[[channel]]
name = \"desk\"
url = \"http://127.0.0.1:8065/hooks/x\"
text_only = true
key_file = \"\"
key_variable = \"\"
from = \"\"
to = [\"\"]
[[alert]]
name = \"transfers\"
to = [\"desk\"]
kinds = [\"encounter\"]
profiles = [\"sts\"]
classes = [\"possible_transfer\"]
score_min = 0.7
zones = [\"\"]
watchlists = [\"any\"]
flags = [\"PA\"]
at_most_every = \"12h\"
";

/// Prints a JSON Schema of the configuration, with what the manual says of each key.
///
/// # Errors
///
/// Standard output cannot be written to.
pub fn print_schema() -> anyhow::Result<()> {
    let mut output = Output::stdout();
    writeln!(output, "{:#}", schema())?;
    Ok(output.finish()?)
}

fn schema() -> Value {
    let (parameters, delivery, daemon) =
        super::parse("").expect("nothing at all is a configuration");
    let mut all = super::all_sections(&parameters, &delivery, &daemon);
    let samples: toml::Table = toml::from_str(SAMPLE).expect("the samples are TOML");
    all.extend(samples);
    let notes = notes();
    let mut properties = Map::new();
    for (name, section) in &all {
        properties.insert(name.clone(), described(name, section, &notes));
    }
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Configuration of Alongside",
        "type": "object",
        "additionalProperties": false,
        "properties": properties,
    })
}

fn described(path: &str, value: &toml::Value, notes: &BTreeMap<String, String>) -> Value {
    let mut schema = match value {
        toml::Value::Table(table) => {
            let entry = |(key, value): (&String, &toml::Value)| {
                (key.clone(), described(&format!("{path}.{key}"), value, notes))
            };
            let properties: Map<String, Value> = table.iter().map(entry).collect();
            // Any setting of librdkafka, and any rule of the score.
            let is_open = matches!(path, "kafka.properties");
            json!({"type": "object", "additionalProperties": is_open, "properties": properties})
        }
        toml::Value::Array(values) => match values.first() {
            Some(first) => {
                json!({"type": "array", "items": described(path, first, &BTreeMap::new())})
            }
            None => json!({"type": "array", "items": {"type": "string"}}),
        },
        toml::Value::String(text) if Span::parse(text).is_ok() => {
            json!({"type": "string", "examples": [text]})
        }
        toml::Value::String(_) => json!({"type": "string"}),
        toml::Value::Boolean(_) => json!({"type": "boolean"}),
        toml::Value::Integer(_) => json!({"type": "integer"}),
        toml::Value::Float(_) => json!({"type": "number"}),
        toml::Value::Datetime(_) => json!({"type": "string"}),
    };
    if let Some(note) = notes.get(path) {
        schema["description"] = note.as_str().into();
    }
    let is_plain = !matches!(value, toml::Value::Table(_) | toml::Value::Array(_));
    if is_plain && let Ok(default) = serde_json::to_value(value) {
        schema["default"] = default;
    }
    schema
}

/// What the manual says above each key; a comment holds for the keys below it up to a blank line.
fn notes() -> BTreeMap<String, String> {
    let mut notes = BTreeMap::new();
    let (mut section, mut note) = (String::new(), String::new());
    let mut is_new = true;
    for line in MANUAL.lines().map(str::trim) {
        if let Some(words) = line.strip_prefix('#') {
            if std::mem::replace(&mut is_new, false) {
                note.clear();
            }
            note.push_str(if note.is_empty() { "" } else { " " });
            note.push_str(words.trim());
        } else if line.is_empty() {
            note.clear();
        } else if let Some(name) = line.strip_prefix('[') {
            section = name.trim_matches(['[', ']']).to_owned();
            if !note.is_empty() {
                notes.insert(section.clone(), note.clone());
            }
            is_new = true;
        } else if let Some((key, _)) = line.split_once(" = ") {
            if !note.is_empty() {
                notes.insert(format!("{section}.{key}"), note.clone());
            }
            is_new = true;
        }
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_masked(key: &str, value: &str, expected: &str) {
        assert_eq!(masked(key, value), expected);
    }

    #[test]
    fn secrets_are_masked_and_their_places_are_not() {
        check_masked("kafka.properties.sasl.password", "\"x\"", MASK);
        check_masked("clickhouse.password_file", "\"x\"", "\"x\"");
        for key in ["clickhouse.url", "serve.store"] {
            check_masked(key, "\"http://u:p@h:1/d\"", "\"http://u:***@h:1/d\"");
        }
        check_masked(
            "channel[a].url",
            "\"https://hooks.example/T0/B0/x\"",
            "\"https://hooks.example/***\"",
        );
        check_masked("source[a].key_file", "\"x\"", "\"x\"");
        check_masked("run.http", "\"127.0.0.1:1\"", "\"127.0.0.1:1\"");
    }

    #[test]
    fn the_schema_has_every_key_with_its_words() {
        let schema = schema();
        let of = |path: &[&str]| {
            path.iter().fold(&schema, |schema, key| &schema["properties"][key]).clone()
        };
        assert_eq!(of(&["contact", "distance_m_in"])["type"], "number");
        assert_eq!(of(&["contact", "distance_m_in"])["default"], 500.0);
        assert!(of(&["run", "log"])["description"].as_str().unwrap().contains("logged"));
        let source = of(&["source"]);
        assert_eq!(source["items"]["properties"]["url"]["type"], "string");
        assert_eq!(source["items"]["additionalProperties"], false);
        // Every key of the manual is in it.
        let manual: toml::Table = toml::from_str(MANUAL).unwrap();
        for (section, value) in manual {
            let Some(table) = value.as_table() else { continue };
            for key in table.keys() {
                assert!(!of(&[section.as_str(), key.as_str()]).is_null(), "{section}.{key}");
            }
        }
    }
}
