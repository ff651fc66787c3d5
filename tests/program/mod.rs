//! The program as a user has it: run with arguments in a directory of its own.

pub(crate) mod daemon;
pub(crate) mod server;

use std::io::{Read, Write};
use std::net::{SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

use tempfile::TempDir;

use crate::servers::free_port;

/// An empty directory, and the program in it.
pub(crate) struct Desk {
    directory: TempDir,
}

/// What a run left.
pub(crate) struct Outcome {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Desk {
    pub(crate) fn new() -> Self {
        Desk { directory: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, bytes).unwrap();
        path
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_alongside"));
        command.args(arguments).current_dir(self.directory.path()).stdin(Stdio::null());
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Outcome {
        Outcome::from(self.command(arguments).output().unwrap())
    }

    pub(crate) fn run_with_input(&self, arguments: &[&str], input: &[u8]) -> Outcome {
        let mut child = self
            .command(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        std::thread::scope(|scope| {
            scope.spawn(move || {
                // The program may have seen enough before the end.
                let _ = stdin.write_all(input);
            });
            Outcome::from(child.wait_with_output().unwrap())
        })
    }

    /// Events as NDJSON, all of them, of inputs in this directory.
    #[track_caller]
    pub(crate) fn events(&self, arguments: &[&str]) -> String {
        let mut all = vec!["replay", "--format", "ndjson", "--store", "none", "--profile", "any"];
        all.extend(arguments);
        let outcome = self.run(&all);
        assert_eq!(outcome.code, 0, "{}", outcome.stderr);
        outcome.stdout
    }

    pub(crate) fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.directory.path()).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

impl From<Output> for Outcome {
    fn from(output: Output) -> Self {
        Outcome {
            code: output.status.code().expect("the program ends by itself"),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

/// Six simulated hours with three meetings, as NMEA with tag blocks; some 36,000 sentences.
pub(crate) fn sea() -> &'static [u8] {
    static SEA: OnceLock<Vec<u8>> = OnceLock::new();
    SEA.get_or_init(|| {
        let desk = Desk::new();
        let arguments = "simulate --seed 5 --hours 6 --area gulf_of_mexico --ships 12 \
                         --meetings short=3,tow=1,pilot=1 --output sea.nmea";
        let outcome =
            desk.run(&arguments.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>());
        assert_eq!(outcome.code, 0, "{}", outcome.stderr);
        std::fs::read(desk.path("sea.nmea")).unwrap()
    })
}

/// Two ships side by side for three hours, far from land, as a table; and how they are called.
pub(crate) fn two_ships_csv(name_a: &str, name_b: &str) -> String {
    let mut csv = String::from("mmsi,time,lat,lon,sog,name\n");
    let quoted = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
    for minute in (0..180).step_by(5) {
        let time = format!("2024-01-01T{:02}:{:02}:00Z", minute / 60, minute % 60);
        for (mmsi, longitude_deg, name) in
            [(311_000_222, -90.0, quoted(name_a)), (538_005_541, -90.001, quoted(name_b))]
        {
            csv.push_str(&format!("{mmsi},{time},27.0,{longitude_deg},0.1,{name}\n"));
        }
    }
    csv
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

/// A number in the closing counters, such as `received` in `received 36 351 = accepted …`.
#[track_caller]
pub(crate) fn counted(stderr: &str, name: &str) -> u64 {
    let rest = stderr.split_once(&format!("{name} ")).unwrap_or_else(|| panic!("{stderr}")).1;
    let digits: String = rest
        .chars()
        .take_while(|c| c.is_ascii_digit() || *c == ' ')
        .filter(|c| *c != ' ')
        .collect();
    digits.parse().unwrap_or_else(|_| panic!("no number after {name}:\n{stderr}"))
}

/// Reads all that a child writes to standard output, up to `count` bytes, and hangs up.
pub(crate) fn read_some(command: &mut Command, count: u64) -> (Vec<u8>, Outcome) {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut some = Vec::new();
    child.stdout.take().unwrap().take(count).read_to_end(&mut some).unwrap();
    (some, Outcome::from(child.wait_with_output().unwrap()))
}

/// Where recordings lie, if there are any here.
pub(crate) fn recordings() -> Option<PathBuf> {
    let directory = std::env::var_os("ALONGSIDE_RECORDINGS").map(PathBuf::from);
    if directory.is_none() {
        println!("skipped: ALONGSIDE_RECORDINGS does not name a directory of recordings");
    }
    directory
}

pub(crate) fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// A port that nobody has, for datagrams either.
pub(crate) fn free() -> SocketAddr {
    loop {
        let address = SocketAddr::from(([127, 0, 0, 1], free_port()));
        if UdpSocket::bind(address).is_ok() {
            return address;
        }
    }
}
