//! Apache Kafka and the ClickHouse engine, started for a test and gone with it.
//!
//! `tests/servers/setup`, which `tests/run` calls, gets them; where they are not, [`Kafka::start`] and
//! [`ClickHouse::start`] say so and give `None`, and the test is over:
//!
//! ```ignore
//! let (Some(kafka), Some(clickhouse)) = (Kafka::start(), ClickHouse::start()) else { return };
//! ```
//!
//! Each start is a server of its own, with its data in a temporary folder. A test that dies leaves none behind:
//! a server lives as long as its standard input is open (`held`).
//!
//! Where `ALONGSIDE_TEST_KAFKA` (`host:port`) or `ALONGSIDE_TEST_CLICKHOUSE` (`http://host:port`) names a server,
//! that is used, and is shared: take topics and databases that nobody else has. It cannot be killed, so a test
//! that does this asks for [`Kafka::start_own`] or [`ClickHouse::start_own`].

use std::fs::File;
use std::io::Write;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Once;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// A start on an idle machine takes two to four seconds; beside a build, several times that.
const START_MAX: Duration = Duration::from_secs(90);

/// A broker: one node of Apache Kafka in KRaft mode.
pub(crate) struct Kafka {
    bootstrap: String,
    pub(crate) process: Process,
}

impl Kafka {
    /// The broker that `ALONGSIDE_TEST_KAFKA` names, or one of our own.
    pub(crate) fn start() -> Option<Self> {
        match std::env::var("ALONGSIDE_TEST_KAFKA") {
            Ok(bootstrap) => Some(Kafka { bootstrap, process: Process(None) }),
            Err(_) => Kafka::start_own(),
        }
    }

    /// A broker that may be killed.
    pub(crate) fn start_own() -> Option<Self> {
        static SAID: Once = Once::new();
        let folder = installed("kafka", &SAID)?;
        let data = tempfile::tempdir().unwrap();
        let (port, controller_port) = (free_port(), free_port());
        let mut command = held(&here().join("kafka/run"));
        command.arg(folder.join("lib")).arg(data.path().join("data"));
        command.args([port.to_string(), controller_port.to_string()]);
        let mut server = Server { name: "Kafka", command, data, port, child: None };
        server.start();
        Some(Kafka { bootstrap: format!("127.0.0.1:{port}"), process: Process(Some(server)) })
    }

    /// What clients call `bootstrap.servers`. A restart does not change it.
    pub(crate) fn bootstrap(&self) -> &str {
        &self.bootstrap
    }
}

/// The ClickHouse engine behind its HTTP interface.
pub(crate) struct ClickHouse {
    url: String,
    pub(crate) process: Process,
}

/// What goes wrong for a request, see `Faults` in `clickhouse/http_front.py`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Fault {
    /// Met by requests whose SQL contains this.
    pub(crate) matching: String,
    /// How many requests meet it.
    pub(crate) times: u32,
    /// Whether the query is carried out before: what is lost is the answer.
    pub(crate) after: bool,
    /// Passes before anything else.
    pub(crate) delay: Duration,
    pub(crate) then: Then,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Then {
    /// The request is carried out, late.
    GoOn,
    /// The connection is closed without an answer.
    Drop,
    /// An HTTP status and the code of ClickHouse's exception, such as `(500, 242)`: the table is read-only.
    Error(u16, u32),
}

impl ClickHouse {
    /// The server that `ALONGSIDE_TEST_CLICKHOUSE` names, or one of our own.
    pub(crate) fn start() -> Option<Self> {
        match std::env::var("ALONGSIDE_TEST_CLICKHOUSE") {
            Ok(url) => Some(ClickHouse {
                url: url.trim_end_matches('/').to_owned(),
                process: Process(None),
            }),
            Err(_) => ClickHouse::start_own(),
        }
    }

    /// A server that may be killed and take faults.
    pub(crate) fn start_own() -> Option<Self> {
        let python = python()?;
        let data = tempfile::tempdir().unwrap();
        let port = free_port();
        let mut command = held(&python);
        command.arg(here().join("clickhouse/http_front.py")).arg("--path");
        command.arg(data.path().join("data")).args(["--port", &port.to_string()]);
        let mut server = Server { name: "ClickHouse", command, data, port, child: None };
        server.start();
        Some(ClickHouse { url: format!("http://127.0.0.1:{port}"), process: Process(Some(server)) })
    }

    /// Starts it again, on the same data, with no more rights than `users` gives: what stands between `<clickhouse>`
    /// and its end in a `users.xml`, with a user `default`. The engine as a library keeps no users that are made by SQL.
    #[track_caller]
    pub(crate) fn restart_with_users(&mut self, users: &str) {
        let server = self.process.own();
        let file = server.data.path().join("users.xml");
        let path = file.to_str().unwrap();
        let whole = format!(
            "<clickhouse><users_config>{path}</users_config>\
             <user_directories><users_xml><path>{path}</path></users_xml></user_directories>{users}</clickhouse>"
        );
        std::fs::write(&file, whole).unwrap();
        server.command.arg("--users").arg(&file);
        self.process.restart();
    }

    /// Without a slash at the end. A restart does not change it.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Carries out one statement and gives its result, tab-separated unless it ends with `FORMAT …`.
    #[track_caller]
    pub(crate) fn query(&self, sql: &str) -> String {
        self.try_query(sql).unwrap_or_else(|error| panic!("{error}\nin {sql}"))
    }

    /// As [`ClickHouse::query`]; what ClickHouse says against it, or that it does not answer, is the error.
    pub(crate) fn try_query(&self, sql: &str) -> Result<String, String> {
        self.try_query_with(sql, &[])
    }

    /// With parameters of the URL: `database`, a setting, or `param_x` for `{x:String}` in the statement.
    pub(crate) fn try_query_with(
        &self,
        sql: &str,
        parameters: &[(&str, &str)],
    ) -> Result<String, String> {
        let request =
            agent().post(format!("{}/", self.url)).query_pairs(parameters.iter().copied());
        let mut answer = request.send(sql).map_err(|error| error.to_string())?;
        let body = answer.body_mut().with_config().limit(1 << 30).read_to_string();
        let text = body.map_err(|error| error.to_string())?;
        if answer.status().is_success() { Ok(text) } else { Err(text) }
    }

    /// What goes wrong from now on, in place of what was said before. A restart forgets it.
    pub(crate) fn faults(&self, faults: &[Fault]) {
        assert!(
            self.process.0.is_some(),
            "faults are for a server of our own: ClickHouse::start_own"
        );
        let list: Vec<serde_json::Value> = faults.iter().map(Fault::to_json).collect();
        let body = serde_json::to_string(&list).unwrap();
        let answer = agent().put(format!("{}/faults", self.url)).send(body).unwrap();
        assert!(answer.status().is_success(), "{answer:?}");
    }

    /// How many requests are still to meet each of the faults: nothing is proved by one that nobody met.
    pub(crate) fn faults_left(&self) -> Vec<u64> {
        let mut answer = agent().get(format!("{}/faults", self.url)).call().unwrap();
        let list: Vec<serde_json::Value> =
            serde_json::from_str(&answer.body_mut().read_to_string().unwrap()).unwrap();
        list.iter().map(|fault| fault["times"].as_u64().unwrap()).collect()
    }
}

impl Fault {
    /// The next `times` requests whose SQL contains `matching` are answered with this.
    pub(crate) fn error(matching: &str, times: u32, status: u16, code: u32) -> Self {
        let then = Then::Error(status, code);
        Fault { matching: matching.to_owned(), times, after: false, delay: Duration::ZERO, then }
    }

    /// Their connection is closed instead of an answer.
    pub(crate) fn drop(matching: &str, times: u32) -> Self {
        Fault { then: Then::Drop, ..Fault::error(matching, times, 0, 0) }
    }

    /// They take this much longer.
    pub(crate) fn slow(matching: &str, times: u32, delay: Duration) -> Self {
        Fault { then: Then::GoOn, delay, ..Fault::error(matching, times, 0, 0) }
    }

    /// The fault comes after the query was carried out.
    pub(crate) fn after(self) -> Self {
        Fault { after: true, ..self }
    }

    fn to_json(&self) -> serde_json::Value {
        let mut json = serde_json::json!({
            "match": self.matching,
            "times": self.times,
            "after": self.after,
            "delay_ms": u64::try_from(self.delay.as_millis()).unwrap(),
        });
        match self.then {
            Then::GoOn => {}
            Then::Drop => json["drop"] = true.into(),
            Then::Error(status, code) => {
                json["status"] = status.into();
                json["code"] = code.into();
            }
        }
        json
    }
}

/// What is done to a server of our own. Nobody else's is killed.
pub(crate) struct Process(Option<Server>);

impl Process {
    /// As a power cut does it.
    #[track_caller]
    pub(crate) fn kill(&mut self) {
        self.own().end(Some("kill"));
    }

    /// As an operator does it.
    #[track_caller]
    pub(crate) fn stop(&mut self) {
        self.own().end(Some("stop"));
    }

    /// On the data that are there; kills before it what still runs.
    #[track_caller]
    pub(crate) fn restart(&mut self) {
        self.own().end(Some("kill"));
        self.own().start();
    }

    /// As the death of the test process does it: nothing is said, the standard input ends.
    #[track_caller]
    pub(crate) fn hang_up(&mut self) {
        self.own().end(None);
    }

    #[track_caller]
    fn own(&mut self) -> &mut Server {
        self.0.as_mut().expect("only a server of our own can be killed: start_own")
    }
}

/// A process and its data.
struct Server {
    name: &'static str,
    command: Command,
    data: TempDir,
    port: u16,
    child: Option<Child>,
}

impl Server {
    fn start(&mut self) {
        let log = self.data.path().join("log");
        let output = File::create(&log).unwrap();
        self.command.stdin(Stdio::piped()).stdout(output.try_clone().unwrap()).stderr(output);
        let child = self.child.insert(self.command.spawn().unwrap());
        let started_at = Instant::now();
        let address = SocketAddr::from(([127, 0, 0, 1], self.port));
        // ClickHouse's front listens when the engine stands. Kafka listens before it has a leader.
        let stands = |text: &str| self.name != "Kafka" || text.contains("Kafka Server started");
        loop {
            let text = std::fs::read_to_string(&log).unwrap_or_default();
            if stands(&text) && TcpStream::connect(address).is_ok() {
                return;
            }
            let ended = child.try_wait().unwrap();
            assert!(
                ended.is_none() && started_at.elapsed() < START_MAX,
                "{} does not start: {ended:?} after {:?}\n{text}",
                self.name,
                started_at.elapsed()
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Says `kill`, `stop` or nothing more, and waits until the process is gone.
    fn end(&mut self, word: Option<&str>) {
        let Some(mut child) = self.child.take() else { return };
        // Where it is gone by itself nobody listens, and waiting tells all.
        let mut stdin = child.stdin.take();
        match (word, &mut stdin) {
            (Some(word), Some(stdin)) => drop(writeln!(stdin, "{word}")),
            _ => stdin = None,
        }
        child.wait().unwrap();
        drop(stdin);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.end(Some("kill"));
    }
}

/// A program that ends with its standard input.
fn held(program: &Path) -> Command {
    let mut command = Command::new(here().join("held"));
    command.arg(program);
    command
}

/// Where this file is. The working directory of a test is that of its crate.
fn here() -> PathBuf {
    let above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    above.map(|folder| folder.join("tests/servers")).find(|folder| folder.exists()).unwrap()
}

/// The Python of ClickHouse's engine, which has PyYAML too.
pub(crate) fn python() -> Option<PathBuf> {
    static SAID: Once = Once::new();
    Some(installed("clickhouse", &SAID)?.join("bin/python"))
}

/// Where `setup` put a server, if it did.
fn installed(name: &str, said: &Once) -> Option<PathBuf> {
    let servers = match std::env::var_os("ALONGSIDE_TEST_SERVERS") {
        Some(folder) => PathBuf::from(folder),
        None => Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("servers"),
    };
    let folder = servers.join(name);
    if folder.join("made-from").exists() {
        return Some(folder);
    }
    said.call_once(|| {
        let folder = folder.display();
        println!("skipped: there is no {name} in {folder}; `tests/servers/setup` gets it");
    });
    None
}

/// Below the ports that the system hands out to clients: a client that calls a dead server on one of those can by
/// chance be given the very port as its own, talk to itself, and keep the server from coming back.
pub(crate) fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let offset = std::process::id() % 150 * 100;
    loop {
        let next = NEXT.fetch_add(1, Ordering::Relaxed);
        let port = 15_000 + u16::try_from((offset + u32::from(next)) % 15_000).unwrap();
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

fn agent() -> ureq::Agent {
    ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(Duration::from_secs(120)))
        .build()
        .into()
}
