//! The sections `[run]`, `[journal]` and `[[source]]`: what the daemon does.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{ConfigError, Delivery, require};
use crate::alert::Alerts;
use crate::cli::parse_store;
use crate::duration::Span;
use crate::run::{Address, Daemon, JournalOptions, Key, SourceOptions};
use crate::serve::Serving;

/// Silence longer than this is a failure, unless the source says otherwise.
pub const SILENT_AFTER: Duration = Duration::from_secs(300);

/// As many sources are enough for a country.
const SOURCES_MAX: usize = 1000;
/// The name of a source stands in a tag block with every line.
const NAME_CHARACTERS_MAX: usize = 15;
const NOWHERE: &str = "none";
/// The journal is a folder, …
const FILES: &str = "files";
/// … or a topic, …
const KAFKA: &str = "kafka";
/// … which is called so unless somebody says otherwise.
const TOPIC: &str = "ais.raw";
/// Kafka takes no longer names.
const TOPIC_CHARACTERS_MAX: usize = 249;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RunSection {
    store: String,
    store_every: Span,
    publish: bool,
    checkpoint_every: Span,
    http: String,
    log: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct JournalSection {
    log: String,
    topic: String,
    directory: String,
    commit_after: Span,
    segment_bytes: u64,
    segment_age: Span,
    bytes_max: u64,
    age_max: Span,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct ServeSection {
    store: String,
    desk: String,
    listen: String,
    users: String,
    token_file: String,
    behind_proxy: bool,
    with_run: bool,
}

impl Default for ServeSection {
    fn default() -> Self {
        ServeSection {
            store: "alongside.gpkg".into(),
            desk: "alongside-desk.gpkg".into(),
            listen: "127.0.0.1:8080".into(),
            users: NOWHERE.into(),
            token_file: NOWHERE.into(),
            behind_proxy: false,
            with_run: false,
        }
    }
}

impl ServeSection {
    pub(super) fn new(serving: &Serving) -> Self {
        let or_nowhere = |path: &Option<PathBuf>| {
            path.as_ref().map_or_else(|| NOWHERE.into(), |path| path.display().to_string())
        };
        ServeSection {
            store: serving.store.name(),
            desk: serving.desk.display().to_string(),
            listen: serving.listen.to_string(),
            users: or_nowhere(&serving.users),
            token_file: or_nowhere(&serving.token_file),
            behind_proxy: serving.behind_proxy,
            with_run: serving.with_run,
        }
    }

    pub(super) fn checked(self) -> Result<Serving, ConfigError> {
        let file = |name: String| (name != NOWHERE).then(|| PathBuf::from(name));
        Ok(Serving {
            listen: self.listen.parse().map_err(|_| ConfigError::Value {
                key: "serve.listen".into(),
                value: format!("{:?}", self.listen),
                expected: "expected address:port with the address as a number".into(),
            })?,
            store: parse_store(&self.store).map_err(|expected| ConfigError::Value {
                key: "serve.store".into(),
                value: format!("{:?}", self.store),
                expected,
            })?,
            desk: self.desk.into(),
            users: file(self.users),
            token_file: file(self.token_file),
            behind_proxy: self.behind_proxy,
            with_run: self.with_run,
        })
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SourceSection {
    name: String,
    url: String,
    #[serde(default = "silent_after")]
    silent_after: Span,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    key_file: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    key_variable: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    boxes: Vec<[f64; 4]>,
}

fn silent_after() -> Span {
    Span(SILENT_AFTER)
}

impl Default for RunSection {
    fn default() -> Self {
        RunSection {
            store: "alongside.gpkg".into(),
            store_every: Span(Duration::from_secs(5)),
            publish: false,
            checkpoint_every: Span(Duration::from_secs(30)),
            http: "127.0.0.1:8090".into(),
            log: "info".into(),
        }
    }
}

impl Default for JournalSection {
    fn default() -> Self {
        JournalSection {
            log: FILES.into(),
            topic: TOPIC.into(),
            directory: "journal".into(),
            commit_after: Span(Duration::from_millis(50)),
            segment_bytes: 64_000_000,
            segment_age: Span(Duration::from_secs(3600)),
            bytes_max: 20_000_000_000,
            age_max: Span(Duration::from_secs(30 * 24 * 3600)),
        }
    }
}

/// As they would be written.
pub(super) fn sections(daemon: &Daemon) -> (RunSection, JournalSection, Vec<SourceSection>) {
    let or_nowhere = |text: Option<String>| text.unwrap_or_else(|| NOWHERE.into());
    let run = RunSection {
        store: or_nowhere(daemon.store.as_ref().map(|path| path.display().to_string())),
        store_every: Span(daemon.store_every),
        publish: daemon.publish,
        checkpoint_every: Span(daemon.checkpoint_every),
        http: or_nowhere(daemon.http.map(|address| address.to_string())),
        log: daemon.log.as_str().to_lowercase(),
    };
    let topic = &daemon.journal.topic;
    let journal = JournalSection {
        log: if topic.is_some() { KAFKA } else { FILES }.into(),
        topic: topic.clone().unwrap_or_else(|| TOPIC.into()),
        directory: daemon.journal.directory.display().to_string(),
        commit_after: Span(daemon.commit_after),
        segment_bytes: daemon.journal.segment_bytes,
        segment_age: Span(daemon.journal.segment_age),
        bytes_max: daemon.journal.bytes_max,
        age_max: Span(daemon.journal.age_max),
    };
    let section = |source: &SourceOptions| {
        let (key_file, key_variable) = written_key(source.key.as_ref());
        SourceSection {
            name: source.name.clone(),
            url: source.address.to_string(),
            silent_after: Span(source.silent_after),
            key_file,
            key_variable,
            boxes: source.boxes.iter().map(|[[s, w], [n, e]]| [*w, *s, *e, *n]).collect(),
        }
    };
    (run, journal, daemon.sources.iter().map(section).collect())
}

/// Checks what the sections say; how events leave is filled in by the caller.
pub(super) fn from_sections(
    run: RunSection,
    journal: JournalSection,
    sources: Vec<SourceSection>,
) -> Result<Daemon, ConfigError> {
    let day = Duration::from_secs(24 * 3600);
    let ms = Duration::from_millis;
    for (key, value, least, most) in [
        ("run.store_every", run.store_every.0, ms(100), day),
        ("run.checkpoint_every", run.checkpoint_every.0, ms(1000), day),
        ("journal.commit_after", journal.commit_after.0, ms(1), ms(1000)),
        ("journal.segment_age", journal.segment_age.0, Duration::from_secs(60), 7 * day),
        ("journal.age_max", journal.age_max.0, Duration::ZERO, 36_500 * day),
    ] {
        let expected = format!("expected {} to {}", Span(least), Span(most));
        require((least..=most).contains(&value), key, Span(value), &expected)?;
    }
    let expected = "expected 1 MB to 4 GB";
    let segment_bytes = journal.segment_bytes;
    let fits = (1_000_000..=4_000_000_000).contains(&segment_bytes);
    require(fits, "journal.segment_bytes", segment_bytes, expected)?;
    let is_topic = journal.log == KAFKA;
    let expected = "expected \"files\" or \"kafka\"";
    let log = format!("{:?}", journal.log);
    require(is_topic || journal.log == FILES, "journal.log", log, expected)?;
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    let fits = (1..=TOPIC_CHARACTERS_MAX).contains(&journal.topic.len())
        && journal.topic.chars().all(plain)
        && !matches!(&journal.topic[..], "." | "..");
    let expected = "expected 1 to 249 letters, digits, `.`, `-` and `_`";
    require(fits, "journal.topic", format!("{:?}", journal.topic), expected)?;
    require(sources.len() <= SOURCES_MAX, "source", sources.len(), "expected at most 1000")?;
    let mut options: Vec<SourceOptions> = Vec::new();
    for section in sources {
        let SourceSection { name, url, silent_after, key_file, key_variable, boxes } = section;
        let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'));
        let fits = plain && (1..=NAME_CHARACTERS_MAX).contains(&name.len());
        let expected = "expected 1 to 15 letters, digits, `.`, `-` and `_`";
        require(fits, "source.name", format!("{name:?}"), expected)?;
        let is_new = options.iter().all(|known| known.name != name);
        require(is_new, "source.name", format!("{name:?}"), "expected a name of its own")?;
        let address =
            url.parse().map_err(|error: crate::run::AddressError| ConfigError::Value {
                key: format!("source.url of {name}"),
                value: format!("{url:?}"),
                expected: error.to_string(),
            })?;
        let least = Duration::from_secs(1);
        let expected = format!("expected {} to {}", Span(least), Span(30 * day));
        let fits = (least..=30 * day).contains(&silent_after.0);
        require(fits, "source.silent_after", silent_after, &expected)?;
        let mut source = SourceOptions::new(name, address, silent_after.0);
        (source.key, source.boxes) = key_and_boxes(&source, key_file, key_variable, &boxes)?;
        options.push(source);
    }
    let http = match run.http.as_str() {
        NOWHERE => None,
        text => Some(text.parse().map_err(|_| ConfigError::Value {
            key: "run.http".into(),
            value: format!("{text:?}"),
            expected: "expected address:port with the address as a number, or \"none\"".into(),
        })?),
    };
    let log = run.log.parse().map_err(|_| ConfigError::Value {
        key: "run.log".into(),
        value: format!("{:?}", run.log),
        expected: "expected \"error\", \"warn\", \"info\", \"debug\" or \"trace\"".into(),
    })?;
    Ok(Daemon {
        sources: options,
        journal: JournalOptions {
            topic: is_topic.then_some(journal.topic),
            directory: journal.directory.into(),
            segment_bytes,
            segment_age: journal.segment_age.0,
            bytes_max: journal.bytes_max,
            age_max: journal.age_max.0,
        },
        commit_after: journal.commit_after.0,
        checkpoint_every: run.checkpoint_every.0,
        store: (run.store != NOWHERE).then(|| PathBuf::from(run.store)),
        store_every: run.store_every.0,
        publish: run.publish,
        http,
        log,
        relays: Vec::new(),
        alerts: Alerts::default(),
        serving: Serving::default(),
        delivery: Delivery::default(),
    })
}

/// Whether a journal that is a topic has it for itself.
pub(super) fn check_topic(daemon: &Daemon, kafka: &sink::Kafka) -> Result<(), ConfigError> {
    let Some(topic) = &daemon.journal.topic else { return Ok(()) };
    let is_ours = sink::Topic::ALL.into_iter().any(|ours| kafka.topic_name(ours) == *topic);
    let expected = "expected a topic of its own: what is found goes to that topic";
    require(!is_ours, "journal.topic", format!("{topic:?}"), expected)?;
    let is_read = daemon.sources.iter().find(|source| {
        matches!(&source.address, Address::Kafka { brokers, topic: read }
            if read == topic && *brokers == kafka.brokers)
    });
    let Some(SourceOptions { name, address, .. }) = is_read else { return Ok(()) };
    let key = format!("source.url of {name}");
    let expected =
        "that is the topic of the journal: what it reads there it would write there again";
    require(false, &key, format!("{:?}", address.to_string()), expected)
}

type Boxes = Vec<[[f64; 2]; 2]>;

/// Where a key is, by `key_file` or `key_variable`; `of` names the key of the configuration.
pub(super) fn checked_key(
    key_file: &str,
    key_variable: &str,
    of: impl Fn(&str) -> String,
) -> Result<Option<Key>, ConfigError> {
    let expected = "expected one of `key_file` and `key_variable`";
    let is_one = key_file.is_empty() || key_variable.is_empty();
    require(is_one, &of("key_variable"), key_variable, expected)?;
    Ok(match (key_file, key_variable) {
        ("", "") => None,
        ("", variable) => Some(Key::Variable(variable.to_owned())),
        (file, _) => Some(Key::File(file.into())),
    })
}

/// The same as `key_file` and `key_variable` are written.
pub(super) fn written_key(key: Option<&Key>) -> (String, String) {
    match key {
        None => Default::default(),
        Some(Key::File(path)) => (path.display().to_string(), String::new()),
        Some(Key::Variable(name)) => (String::new(), name.clone()),
    }
}

/// What only some sources have.
fn key_and_boxes(
    source: &SourceOptions,
    key_file: String,
    key_variable: String,
    boxes: &[[f64; 4]],
) -> Result<(Option<Key>, Boxes), ConfigError> {
    let of = |key: &str| format!("source.{key} of {}", source.name);
    let is_websocket = matches!(source.address, Address::Websocket(_));
    let takes_key = is_websocket || matches!(source.address, Address::Mqtt(_));
    let key = checked_key(&key_file, &key_variable, of)?;
    let given =
        if key_file.is_empty() { ("key_variable", key_variable) } else { ("key_file", key_file) };
    let expected = "only websockets and MQTT take a key";
    require(key.is_none() || takes_key, &of(given.0), format!("{:?}", given.1), expected)?;
    let shown = format!("{boxes:?}");
    let expected = "only a websocket with a key takes boxes";
    require(boxes.is_empty() || is_websocket && key.is_some(), &of("boxes"), &shown, expected)?;
    let fits = |[west, south, east, north]: &[f64; 4]| {
        [west, east].iter().all(|degrees| (-180.0..=180.0).contains(*degrees))
            && (-90.0..=90.0).contains(south)
            && (-90.0..=90.0).contains(north)
            && south < north
    };
    let expected = "expected degrees as [west, south, east, north]";
    require(boxes.iter().all(fits), &of("boxes"), &shown, expected)?;
    let mut corners: Boxes = boxes.iter().map(|[w, s, e, n]| [[*s, *w], [*n, *e]]).collect();
    if corners.is_empty() && is_websocket && key.is_some() {
        corners.push([[-90.0, -180.0], [90.0, 180.0]]);
    }
    Ok((key, corners))
}

#[cfg(test)]
mod tests {
    use super::super::parse;
    use super::*;

    #[track_caller]
    fn check_refused(text: &str, expected: &str) {
        let message = parse(text).unwrap_err().to_string();
        assert!(message.contains(expected), "{message}");
    }

    #[test]
    fn a_topic_for_the_journal_is_written_as_it_is_read() {
        let daemon = parse("[journal]\nlog = \"kafka\"\ntopic = \"raw\"\n").unwrap().2;
        assert_eq!(daemon.journal.topic.as_deref(), Some("raw"));
        let (run, journal, sources) = sections(&daemon);
        assert_eq!(from_sections(run, journal, sources).unwrap().journal, daemon.journal);
    }

    #[test]
    fn sources_are_written_as_they_are_read() {
        let text = "[[source]]\nname = \"a\"\nurl = \"udp://0.0.0.0:1\"\n\
                    [[source]]\nname = \"b\"\nurl = \"tcp://h:2\"\nsilent_after = \"1h\"\n\
                    [[source]]\nname = \"c\"\nurl = \"ws://h/v0\"\nkey_variable = \"KEY\"\nboxes = [[-98, 24, -88, 31]]\n\
                    [run]\nstore = \"none\"\nhttp = \"none\"\n";
        let daemon = parse(text).unwrap().2;
        assert_eq!((daemon.store.as_ref(), daemon.http), (None, None));
        let (run, journal, sources) = sections(&daemon);
        let alerts = daemon.alerts.clone();
        assert_eq!(Daemon { alerts, ..from_sections(run, journal, sources).unwrap() }, daemon);
    }

    #[test]
    fn sources_that_make_no_sense_are_refused() {
        let source =
            |name: &str, url: &str| format!("[[source]]\nname = \"{name}\"\nurl = \"{url}\"\n");
        check_refused(&source("a b", "stdin"), "source.name");
        check_refused(&source("a", "udp://here"), "source.url of a");
        check_refused(&(source("a", "stdin") + &source("a", "stdin")), "a name of its own");
        check_refused(&source("a", "direktory:x"), "did you mean `directory`?");
        check_refused(&(source("a", "stdin") + "key_file = \"x\"\n"), "only websockets and MQTT");
        check_refused(&(source("a", "stdin") + "key_fil = \"x\"\n"), "did you mean `key_file`?");
        check_refused(&(source("a", "ws://h/") + "boxes = [[1, 2, 3, 4]]\n"), "with a key");
        let boxed = "key_variable = \"K\"\nboxes = [[1, 4, 3, 2]]\n";
        check_refused(&(source("a", "ws://h/") + boxed), "[west, south, east, north]");
        check_refused("[journal]\nsegment_bytes = 10\n", "expected 1 MB to 4 GB");
        check_refused("[journal]\nlog = \"kafk\"\n", "expected \"files\" or \"kafka\"");
        check_refused("[journal]\ntopic = \"a b\"\n", "journal.topic");
        let on_topic = "[journal]\nlog = \"kafka\"\n";
        let events = format!("{on_topic}topic = \"ais.events\"\n");
        check_refused(&events, "what is found goes to that topic");
        let own = source("a", "kafka://127.0.0.1:9092/ais.raw");
        check_refused(&(own.clone() + on_topic), "what it reads there it would write there again");
        parse(&own).unwrap();
        check_refused("[run]\nhttp = \"8090\"\n", "expected address:port");
        check_refused("[run]\npublsh = true\n", "did you mean `publish`?");
        check_refused("[serve]\nlisten = \"8080\"\n", "expected address:port");
    }
}
