//! The daemon as somebody runs it who looks at its pages, its journal, and what it tells.

use std::fs;
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::program::{Desk, Outcome, free};

/// Every kind, so that `--history` looks for dark meetings as the daemon does.
const KINDS: &str = "encounter,gap,dark_meeting,loitering,identity_change,identity_conflict,jump,displacement,\
                     on_land,watchlist_hit";

/// The daemon at a desk, with a source and pages of its own.
pub(crate) struct Daemon {
    pub(crate) desk: Desk,
    pub(crate) source: SocketAddr,
    pub(crate) pages: SocketAddr,
    /// What a replay is made of: the journal, or a copy of what takes its place.
    pub(crate) recording: String,
    child: Option<Child>,
}

impl Daemon {
    /// Not started yet; `scheme` is of the source, `more` of the configuration is added.
    pub(crate) fn new(scheme: &str, more: &str) -> Self {
        let source = free();
        Self::at(source, &format!("{scheme}://{source}"), more)
    }

    /// The same with any source.
    pub(crate) fn at(source: SocketAddr, url: &str, more: &str) -> Self {
        let (desk, pages) = (Desk::new(), free());
        desk.write(
            "run.toml",
            format!(
                "[run]\nhttp = \"{pages}\"\npublish = true\ncheckpoint_every = \"1s\"\nstore_every = \"500ms\"\n\
                 [kafka]\nbrokers = \"127.0.0.1:1\"\n[kafka.properties]\n\
                 [[source]]\nname = \"sim\"\nurl = \"{url}\"\n{more}"
            ),
        );
        Daemon { desk, source, pages, recording: "journal".into(), child: None }
    }

    pub(crate) fn start(&mut self) {
        self.start_with(&[]);
    }

    pub(crate) fn start_with(&mut self, environment: &[(&str, String)]) {
        let log =
            fs::OpenOptions::new().create(true).append(true).open(self.desk.path("log")).unwrap();
        let mut command = self.desk.command(&["run", "--config", "run.toml"]);
        command.envs(environment.iter().cloned());
        self.child = Some(command.stderr(log).stdout(Stdio::null()).spawn().unwrap());
        let since = Instant::now();
        while self.page("livez").is_none() {
            assert!(since.elapsed() < Duration::from_secs(60), "{}", self.desk.read("log"));
            sleep(Duration::from_millis(20));
        }
    }

    pub(crate) fn connect(&self) -> TcpStream {
        TcpStream::connect(self.source).unwrap()
    }

    /// What a page says; nothing if nobody answers.
    pub(crate) fn page(&self, name: &str) -> Option<String> {
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(5)))
            .build()
            .into();
        let mut answer = agent.get(format!("http://{}/{name}", self.pages)).call().ok()?;
        answer.body_mut().read_to_string().ok()
    }

    pub(crate) fn health(&self) -> Value {
        serde_json::from_str(&self.page("healthz").unwrap()).unwrap()
    }

    /// A number of the page for Prometheus, of the source if it has one.
    pub(crate) fn number(&self, name: &str) -> u64 {
        let text = self.page("metrics").unwrap();
        let line = text
            .lines()
            .find(|line| {
                line.strip_prefix("alongside_")
                    .and_then(|line| line.strip_prefix(name))
                    .is_some_and(|rest| rest.starts_with(' ') || rest.starts_with('{'))
            })
            .unwrap_or_else(|| panic!("{name} is not in {text}"));
        line.rsplit_once(' ').unwrap().1.parse().unwrap()
    }

    /// How much was refused for a reason.
    pub(crate) fn refused(&self, reason: &str) -> u64 {
        self.number(&format!("source_lines_refused_total{{source=\"sim\",reason=\"{reason}\"}}"))
    }

    #[track_caller]
    pub(crate) fn wait_for(&self, what: &str, mut holds: impl FnMut(&Self) -> bool) {
        let since = Instant::now();
        while !holds(self) {
            assert!(since.elapsed() < Duration::from_secs(60), "{what}: {}", self.desk.read("log"));
            sleep(Duration::from_millis(50));
        }
    }

    /// Until so many lines have been accepted since it was started, and all that is in the journal has been read.
    #[track_caller]
    pub(crate) fn wait_until_read(&self, lines: usize) {
        self.wait_for("all is read", |daemon| {
            daemon.number("source_lines_accepted_total") as usize == lines
                && daemon.number("journal_unread_bytes") == 0
        });
    }

    pub(crate) fn kill(&mut self) {
        let mut child = self.child.take().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// Asks it to read its configuration again.
    pub(crate) fn hang_up(&self) {
        let id = self.child.as_ref().unwrap().id().to_string();
        assert!(Command::new("kill").args(["-HUP", &id]).status().unwrap().success());
    }

    /// Asks it to end, and gives its exit code.
    pub(crate) fn stop(&mut self) -> i32 {
        let mut child = self.child.take().unwrap();
        assert!(Command::new("kill").arg(child.id().to_string()).status().unwrap().success());
        child.wait().unwrap().code().unwrap()
    }

    /// The lines of the journal, as they were sent; those behind the last mark are not accepted.
    pub(crate) fn journal(&self) -> Vec<String> {
        let entries = fs::read_dir(self.desk.path("journal")).into_iter().flatten();
        let mut segments: Vec<_> = entries
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "nmea"))
            .collect();
        segments.sort();
        let mut lines = Vec::new();
        for segment in segments {
            lines.append(&mut lines_of(&String::from_utf8_lossy(&fs::read(segment).unwrap())));
        }
        lines
    }

    /// What was told of events, in order.
    pub(crate) fn told(&self) -> Vec<Value> {
        let outbox = rusqlite::Connection::open(self.desk.path("alongside.outbox")).unwrap();
        let mut query = outbox
            .prepare("SELECT payload FROM messages WHERE topic LIKE '%events' ORDER BY seq")
            .unwrap();
        let rows = query.query_map([], |row| row.get::<_, String>(0)).unwrap();
        rows.map(|row| serde_json::from_str(&row.unwrap()).unwrap()).collect()
    }

    /// What a replay of the journal tells; what it tells at the end, of what is open, comes last.
    pub(crate) fn replayed(&self) -> Vec<Value> {
        self.replayed_with(&[])
    }

    pub(crate) fn replayed_with(&self, more: &[&str]) -> Vec<Value> {
        let mut arguments = vec!["replay", &self.recording, "--history", "--format", "ndjson"];
        arguments.extend(["--store", "none", "--kind", KINDS]);
        arguments.extend(more);
        let Outcome { code, stdout, stderr } = self.desk.run(&arguments);
        assert_eq!(code, 0, "{stderr}");
        stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The events are those of a replay of the journal, and the store has the last version of each.
    #[track_caller]
    pub(crate) fn check_events(&self) {
        let (told, replayed) = (self.told(), self.replayed());
        assert!(told.len() > 20 && told.len() <= replayed.len());
        for (told, replayed) in told.iter().zip(&replayed) {
            assert_eq!(told, replayed);
        }
        let store = sink::GeoPackage::open(&self.desk.path("alongside.gpkg")).unwrap();
        let mut stored = store.events().unwrap();
        stored.retain(|event| event.kind == "encounter");
        stored.sort_by(|a, b| a.id.cmp(&b.id));
        let stored: Vec<Value> =
            stored.iter().map(|event| serde_json::to_value(event).unwrap()).collect();
        let mut last = std::collections::BTreeMap::new();
        for event in &told {
            last.insert(event["id"].as_str().unwrap(), event);
        }
        let kept = |event: &&Value| {
            event["kind"] == "encounter"
                && event["state"] != "candidate"
                && event["state"] != "retracted"
        };
        assert_eq!(stored, last.into_values().filter(kept).cloned().collect::<Vec<_>>());
    }
}

/// The lines of a journal, as they were sent.
pub(crate) fn lines_of(text: &str) -> Vec<String> {
    let (mut lines, mut commit) = (Vec::new(), Vec::new());
    for line in text.lines() {
        if line.starts_with("#commit") {
            lines.append(&mut commit);
        } else if !line.is_empty() && !line.starts_with("#read ") && !line.starts_with("#segment ")
        {
            let sent = line.split_once("\\f:sim*2B\\");
            commit.push(sent.map_or(line, |(_, sent)| sent).to_owned());
        }
    }
    lines
}

impl Drop for Daemon {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
