//! The daemon: lines in by TCP and UDP, events out, and what happens when it is killed, filled or flooded.
//!
//! `ALONGSIDE_KILLS=100` kills it more often than the usual run does, and `ALONGSIDE_SEED` makes it the same way again.

use std::fs;
use std::io::Write;
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::process::Command;
use std::thread::{JoinHandle, sleep};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::program::daemon::Daemon;
use crate::program::sea;

/// A number from the environment.
fn asked(name: &str, usual: u64) -> u64 {
    std::env::var(name).map_or(usual, |text| text.parse().unwrap())
}

/// Numbers that look random; the same for one seed.
fn numbers(mut seed: u64) -> impl FnMut(u64) -> u64 {
    move |below| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % below
    }
}

#[test]
fn killed_at_any_moment_it_loses_and_doubles_nothing() {
    let (kills, seed) = (asked("ALONGSIDE_KILLS", 12), asked("ALONGSIDE_SEED", 1));
    println!("ALONGSIDE_KILLS={kills} ALONGSIDE_SEED={seed}");
    let mut random = numbers(seed);
    let text = std::str::from_utf8(sea()).unwrap();
    let sent: Vec<&str> = text.lines().collect();
    let mut daemon = Daemon::new("tcp-listen", "[journal]\nsegment_bytes = 1000000\n");
    let (mut position, mut accepted) = (0, 0);
    for _ in 0..kills {
        daemon.start();
        let mut stream = daemon.connect();
        let end = (position + random(2 * sent.len() as u64 / kills) as usize).min(sent.len());
        for lines in sent[position..end].chunks(500) {
            stream.write_all((lines.join("\n") + "\n").as_bytes()).unwrap();
            sleep(Duration::from_millis(random(5)));
        }
        sleep(Duration::from_millis(random(150)));
        accepted = accepted.max(position + daemon.number("source_lines_accepted_total") as usize);
        daemon.kill();
        let journal = daemon.journal();
        assert!(journal.len() >= accepted, "{} of {accepted} lines are left", journal.len());
        position = journal.len();
        assert_eq!(journal, sent[..position]);
    }
    daemon.start();
    let mut stream = daemon.connect();
    stream.write_all((sent[position..].join("\n") + "\n").as_bytes()).unwrap();
    drop(stream);
    daemon.wait_until_read(sent.len() - position);
    assert_eq!(daemon.stop(), 0, "{}", daemon.desk.read("log"));
    assert_eq!(daemon.journal(), sent);
    daemon.check_events();
}

#[test]
fn what_it_says_of_itself_adds_up() {
    let mut daemon = Daemon::new("tcp-listen", "silent_after = \"1s\"\n");
    daemon.start();
    assert_eq!(daemon.page("livez").unwrap(), "alive\n");
    assert_eq!(daemon.page("readyz").unwrap(), "no source is receiving\n");
    let mut stream = daemon.connect();
    // A time of the line's own counts; one that has not come does not.
    let sentence = "!AIVDM,1,1,,B,177KQJ5000G?tO`K>RA1wUbN0TKH,0*5C";
    writeln!(stream, "2024-01-01T00:00:00Z {sentence}").unwrap();
    let watermark = |daemon: &Daemon| {
        daemon.health()["detector"]["watermark"].as_str().unwrap_or_default().to_owned()
    };
    daemon.wait_for("one line is there", |daemon| !watermark(daemon).is_empty());
    let watermark = watermark(&daemon);
    assert!(
        watermark.starts_with("2024-01-01T00:00") || watermark.starts_with("2023-12-31T23:59"),
        "{watermark}"
    );
    let tag = "c:4070908800";
    let checksum = tag.bytes().fold(0, |sum, byte| sum ^ byte);
    for _ in 0..3 {
        writeln!(stream, "\\{tag}*{checksum:02X}\\{sentence}").unwrap();
    }
    daemon.wait_for("they are refused", |daemon| {
        daemon.page("metrics").unwrap().contains("rejected_total{reason=\"clock_ahead\"} 3")
    });
    writeln!(stream, "{sentence}").unwrap();
    stream.write_all(b"!AIVDM,1,1,,B,177KQJ5000G?tO`K>RA1wUbN0TKH,0*5D\n\0\0junk\n").unwrap();
    stream.write_all(&[b'x'; 10_000_000]).unwrap();
    stream.write_all(b"\n#commit 1 00000000\n").unwrap();
    daemon.wait_for("nine lines came", |daemon| daemon.number("source_lines_received_total") == 9);
    daemon
        .wait_for("eight are accepted", |daemon| daemon.number("source_lines_accepted_total") == 8);
    daemon.wait_for("the wrong checksum is counted", |daemon| {
        daemon.page("metrics").unwrap().contains("rejected_total{reason=\"bad_checksum\"} 1")
    });
    assert_eq!(daemon.refused("too_long"), 1);
    assert_eq!(daemon.page("readyz").unwrap(), "ready\n");
    let [received, accepted, late] = ["received", "accepted", "late"]
        .map(|name| daemon.number(&format!("records_{name}_total")));
    let metrics = daemon.page("metrics").unwrap();
    let rejected: u64 = metrics
        .lines()
        .filter(|line| line.starts_with("alongside_records_rejected_total{"))
        .map(|line| line.rsplit_once(' ').unwrap().1.parse::<u64>().unwrap())
        .sum();
    assert_eq!(received, accepted + rejected + late, "{metrics}");
    daemon.wait_for("silence is said", |daemon| {
        daemon.health()["sources"][0]["state"] == "silent" && daemon.health()["state"] == "failing"
    });
    assert_eq!(daemon.stop(), 0);
}

/// A tag block around fields.
fn block(fields: &str) -> String {
    let checksum = fields.bytes().fold(0, |sum, byte| sum ^ byte);
    format!("\\{fields}*{checksum:02X}\\")
}

#[test]
fn the_name_of_a_feed_is_no_word_of_a_station() {
    let mut daemon = Daemon::new("tcp-listen", "");
    daemon.start();
    let text = std::str::from_utf8(sea()).unwrap();
    let bare = |line: &str| line.rsplit_once('\\').unwrap().1.to_owned();
    let parts: Vec<String> =
        text.lines().filter(|line| line.contains("!AIVDM,2,")).take(4).map(bare).collect();
    let lone = bare(text.lines().find(|line| line.contains("!AIVDM,1,1,")).unwrap());
    let lone = (lone + "\n").repeat(14);
    let mut stream = daemon.connect();
    // Nobody says that these are of one receiver, …
    write!(stream, "{}\n{lone}{}\n", parts[0], parts[1]).unwrap();
    // … and here somebody does, in the first of two blocks.
    let [first, second] = [block("g:1-2-17,s:one,c:1704067200"), block("g:2-2-17")];
    write!(stream, "{first}{}\n{lone}{second}{}\n", parts[2], parts[3]).unwrap();
    write!(stream, "junk\n{}junk\n", block("s:one")).unwrap();
    daemon.wait_for("all is read", |daemon| daemon.number("records_received_total") >= 34);
    let metrics = daemon.page("metrics").unwrap();
    for (reason, count) in [("orphan_fragment", 2), ("not_a_sentence", 2)] {
        let line = format!("rejected_total{{reason=\"{reason}\"}} {count}\n");
        assert!(metrics.contains(&line), "{line}{metrics}");
    }
    assert_eq!(daemon.stop(), 0);
}

#[test]
fn one_address_keeps_nobody_else_out() {
    let mut daemon = Daemon::new("tcp-listen", "");
    daemon.start();
    let idle: Vec<TcpStream> = (0..300).map(|_| daemon.connect()).collect();
    daemon.wait_for("some are sent away", |daemon| {
        daemon.number("source_clients_refused_total") == 300 - 256
    });
    // Loopback has more addresses than one.
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    socket.bind(&SocketAddr::from(([127, 0, 0, 2], 0)).into()).unwrap();
    socket.connect(&daemon.source.into()).unwrap();
    let mut stream = TcpStream::from(socket);
    writeln!(stream, "!AIVDM,1,1,,B,177KQJ5000G?tO`K>RA1wUbN0TKH,0*5C").unwrap();
    daemon.wait_for("it is served", |daemon| daemon.number("source_lines_accepted_total") == 1);
    drop(idle);
    daemon.wait_for("places are free again", |daemon| daemon.number("source_connections") == 1);
    writeln!(daemon.connect(), "!AIVDM,1,1,,B,177KQJ5000G?tO`K>RA1wUbN0TKH,0*5C").unwrap();
    daemon.wait_for("it is served", |daemon| daemon.number("source_lines_accepted_total") == 2);
    assert_eq!(daemon.stop(), 0);
}

#[test]
fn who_asks_for_nothing_does_not_keep_the_pages_from_others() {
    let mut daemon = Daemon::new("tcp-listen", "");
    daemon.start();
    let idle: Vec<TcpStream> = (0..80)
        .map(|_| {
            let mut stream = TcpStream::connect(daemon.pages).unwrap();
            stream.write_all(b"GET /livez HTTP/1.1\r\nHost: x\r\nX-").unwrap();
            stream
        })
        .collect();
    let since = Instant::now();
    while daemon.page("livez").is_none() {
        assert!(since.elapsed() < Duration::from_secs(30));
    }
    drop(idle);
    assert_eq!(daemon.stop(), 0);
}

#[test]
fn datagrams_are_counted_to_the_line() {
    let mut daemon = Daemon::new("udp", "");
    daemon.start();
    let text = std::str::from_utf8(sea()).unwrap();
    let lines: Vec<&str> = text.lines().take(20_000).collect();
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    for datagram in lines.chunks(3) {
        socket.send_to(datagram.join("\r\n").as_bytes(), daemon.source).unwrap();
    }
    // What the system could not keep for us is counted in datagrams, of three lines but for the last.
    daemon.wait_for("all are accounted for", |daemon| {
        let [accepted, dropped] = ["accepted", "dropped"]
            .map(|name| daemon.number(&format!("source_lines_{name}_total")) as usize);
        let lost = daemon.number("source_datagrams_lost_total") as usize;
        lines.len() - (accepted + dropped) <= 3 * lost
            && accepted + dropped + 3 * lost <= lines.len() + 2
    });
    let [received, accepted, dropped] = ["received", "accepted", "dropped"]
        .map(|name| daemon.number(&format!("source_lines_{name}_total")));
    assert_eq!(received, accepted + dropped);
    assert_eq!(daemon.journal().len() as u64, accepted);
    assert_eq!(daemon.stop(), 0);
}

#[test]
fn standard_input_is_read_to_its_end() {
    let daemon = Daemon::new("tcp-listen", "");
    let outcome = daemon.desk.run_with_input(&["run", "--source", "stdin"], sea());
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    assert_eq!(daemon.desk.run(&["run"]).code, 2);
    let store = rusqlite::Connection::open(daemon.desk.path("alongside.gpkg")).unwrap();
    let stored: i64 =
        store.query_row("SELECT count(*) FROM flagged", [], |row| row.get(0)).unwrap();
    assert!(stored > 0);
}

#[test]
fn an_address_that_is_taken_is_said_at_the_start() {
    let mut daemon = Daemon::new("tcp-listen", "");
    let taken = TcpListener::bind(daemon.source).unwrap();
    let outcome = daemon.desk.run(&["run", "--config", "run.toml"]);
    assert_eq!(outcome.code, 1);
    assert!(outcome.stderr.contains("source sim: cannot use tcp-listen://"), "{}", outcome.stderr);
    drop(taken);
    daemon.start();
    assert_eq!(daemon.stop(), 0);
}

#[test]
fn a_journal_that_somebody_removed_costs_what_was_in_it_alone() {
    let mut daemon = Daemon::new("tcp-listen", "[journal]\nsegment_bytes = 1000000\n");
    let text = std::str::from_utf8(sea()).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let (before, after) = lines.split_at(20_000);
    daemon.start();
    daemon.connect().write_all((before.join("\n") + "\n").as_bytes()).unwrap();
    daemon.wait_for("all is read", |daemon| {
        daemon.number("source_lines_accepted_total") as usize == before.len()
    });
    assert_eq!(daemon.stop(), 0, "{}", daemon.desk.read("log"));
    let told = daemon.told().len();
    fs::remove_dir_all(daemon.desk.path("journal")).unwrap();
    daemon.start();
    daemon.wait_for("its numbers go on", |daemon| daemon.number("journal_segment") > 1);
    daemon.connect().write_all((after.join("\n") + "\n").as_bytes()).unwrap();
    daemon.wait_for("all is read", |daemon| {
        daemon.number("source_lines_accepted_total") as usize == after.len()
    });
    assert!(daemon.number("positions_total") > after.len() as u64 / 2);
    assert_eq!(daemon.stop(), 0, "{}", daemon.desk.read("log"));
    assert!(daemon.told().len() > told);
}

#[test]
fn other_parameters_read_the_journal_from_its_beginning() {
    let mut daemon = Daemon::new("tcp-listen", "[journal]\nsegment_bytes = 1000000\n");
    daemon.start();
    let mut stream = daemon.connect();
    for piece in sea().chunks(sea().len() / 40) {
        // Each is a commit of its own.
        stream.write_all(piece).unwrap();
        sleep(Duration::from_millis(80));
    }
    let lines = std::str::from_utf8(sea()).unwrap().lines().count() as u64;
    daemon.wait_for("all is read", |daemon| daemon.number("source_lines_accepted_total") == lines);
    assert_eq!(daemon.stop(), 0, "{}", daemon.desk.read("log"));
    let told = daemon.told().len();
    assert!(told > 20);
    let config = daemon.desk.read("run.toml") + "[encounter]\nopen_after = \"40m\"\n";
    daemon.desk.write("run.toml", config);
    daemon.start();
    // What comes meanwhile is taken in, and dealt with in its turn.
    daemon.connect().write_all(sea()).unwrap();
    let mut was_busy = false;
    daemon.wait_for("it is taken in", |daemon| {
        was_busy |= daemon.number("journal_unread_bytes") > 0;
        daemon.number("source_lines_accepted_total") == lines
    });
    daemon.wait_for("all is read", |daemon| daemon.number("journal_unread_bytes") == 0);
    assert!(was_busy, "it was read before anything could come meanwhile");
    assert_eq!(daemon.journal().len() as u64, 2 * lines);
    assert_eq!(daemon.stop(), 0, "{}", daemon.desk.read("log"));
    let log = daemon.desk.read("log");
    assert!(log.contains("the checkpoint is set aside"), "{log}");
    let again = daemon.told().split_off(told);
    assert!(again.len() > 20);
    let replayed = daemon.replayed_with(&["--config", "run.toml"]);
    assert_eq!(again, replayed[..again.len()]);
    assert!(
        again.iter().all(|event| event["parameters_hash"] != daemon.told()[0]["parameters_hash"])
    );
}

#[test]
fn what_is_read_again_holds_from_the_beginning_of_the_journal() {
    let mut daemon = Daemon::new(
        "tcp-listen",
        "[watchlists]\nfiles = [\"list.csv\"]\n[map]\nfiles = [\"zones.geojson\"]\n\
         [journal]\nsegment_bytes = 1000000\n",
    );
    daemon.desk.write("list.csv", "mmsi,name\n255999999,NOBODY\n");
    let zones = |corners: &str| {
        format!(
            "{{\"type\":\"FeatureCollection\",\"features\":[{{\"type\":\"Feature\",\"properties\":{{\"name\":\"Gulf\"}},\
             \"geometry\":{{\"type\":\"Polygon\",\"coordinates\":[{corners}]}}}}]}}"
        )
    };
    daemon.desk.write("zones.geojson", zones("[[0,0],[1,0],[1,1],[0,0]]"));
    daemon.start();
    let text = std::str::from_utf8(sea()).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let (before, after) = lines.split_at(30_000);
    daemon.connect().write_all((before.join("\n") + "\n").as_bytes()).unwrap();
    daemon.wait_for("all is read", |daemon| {
        daemon.number("source_lines_accepted_total") as usize == before.len()
    });
    daemon.wait_for("something is told", |daemon| !daemon.told().is_empty());
    let told = || daemon.told().iter().filter(|event| event["kind"] == "watchlist_hit").count();
    assert_eq!(told(), 0);
    let ship = daemon.told()[0]["vessels"][0]["mmsi"].clone();

    // A file that is refused changes nothing, and is said.
    let config = daemon.desk.read("run.toml");
    daemon.desk.write("run.toml", format!("{config}\n[encounter]\nopen_aftr = \"40m\"\n"));
    daemon.hang_up();
    daemon.wait_for("it is refused", |daemon| {
        daemon.health()["configuration"]["refused"]
            .as_str()
            .is_some_and(|reason| reason.contains("did you mean `open_after`?"))
    });
    assert_eq!(daemon.health()["state"], "degraded");
    let outbox = daemon.told().len();

    daemon.desk.write("run.toml", config.replace("[[source]]", "[[source]] # the same"));
    daemon.desk.write("list.csv", format!("mmsi,name\n{ship},LOOKED FOR\n"));
    daemon.desk.write("zones.geojson", zones("[[-180,0],[0,0],[0,80],[-180,80],[-180,0]]"));
    daemon.hang_up();
    daemon.wait_for("the ship is found", |_| told() > 0);
    assert_eq!(daemon.health()["configuration"]["refused"], Value::Null);
    daemon.connect().write_all((after.join("\n") + "\n").as_bytes()).unwrap();
    daemon.wait_until_read(lines.len());
    // And it goes on from there.
    daemon.kill();
    daemon.start();
    daemon.wait_for("all is read", |daemon| daemon.number("journal_unread_bytes") == 0);
    assert_eq!(daemon.stop(), 0, "{}", daemon.desk.read("log"));
    let again = daemon.told().split_off(outbox);
    let replayed = daemon.replayed_with(&["--config", "run.toml"]);
    assert!(again.len() > 20);
    assert_eq!(again, replayed[..again.len()]);
    assert!(again.iter().any(|event| event["zones"][0] == "Gulf"));
}

#[test]
fn a_supervisor_is_told() {
    let mut daemon = Daemon::new("tcp-listen", "");
    let socket = std::os::unix::net::UnixDatagram::bind(daemon.desk.path("notify")).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let told = |expected: &str| {
        let mut buffer = [0; 4096];
        loop {
            let length = socket.recv(&mut buffer).unwrap();
            let text = std::str::from_utf8(&buffer[..length]).unwrap();
            if text.contains(expected) {
                return text.to_owned();
            }
        }
    };
    daemon
        .start_with(&[("NOTIFY_SOCKET", daemon.desk.path("notify").to_str().unwrap().to_owned())]);
    told("READY=1");
    assert!(told("WATCHDOG=1").contains("STATUS=no source is receiving"));
    let stopping = std::thread::spawn(move || daemon.stop());
    told("STOPPING=1");
    assert_eq!(stopping.join().unwrap(), 0);
}

/// A small disk of its own, if this machine lets us have one.
struct Disk(std::path::PathBuf);

impl Disk {
    fn new(path: std::path::PathBuf, size: &str) -> Option<Self> {
        fs::create_dir_all(&path).unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"])
            .arg(&path)
            .output();
        if mounted.is_ok_and(|mounted| mounted.status.success()) {
            return Some(Disk(path));
        }
        println!("skipped: a file system cannot be mounted here");
        None
    }

    fn resize(&self, size: &str) {
        let options = format!("remount,size={size}");
        let status = Command::new("mount").args(["-o", &options]).arg(&self.0).status();
        assert!(status.unwrap().success());
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").args(["-l"]).arg(&self.0).status();
    }
}

/// Ten kilobytes at a time, with a pause after each.
fn send_slowly(daemon: &Daemon, text: &'static str, pause: Duration) -> JoinHandle<()> {
    let mut stream = daemon.connect();
    std::thread::spawn(move || {
        for piece in text.as_bytes().chunks(10_000) {
            stream.write_all(piece).unwrap();
            sleep(pause);
        }
    })
}

#[test]
fn a_full_disk_is_said_and_waited_for() {
    let mut daemon = Daemon::new("tcp-listen", "");
    let Some(disk) = Disk::new(daemon.desk.path("journal"), "1m") else { return };
    daemon.start();
    let text = std::str::from_utf8(sea()).unwrap();
    let sending = send_slowly(&daemon, text, Duration::from_millis(2));
    daemon.wait_for("intake waits", |daemon| daemon.number("stalled") == 1);
    let ready = daemon.page("readyz").unwrap();
    assert!(
        ready.contains("the journal takes nothing") && ready.contains("No space left"),
        "{ready}"
    );
    assert_eq!(daemon.page("livez").unwrap(), "alive\n");
    let accepted = daemon.number("source_lines_accepted_total");
    assert!(daemon.journal().len() as u64 == accepted && accepted > 1000);

    disk.resize("100m");
    sending.join().unwrap();
    let lines: Vec<&str> = text.lines().collect();
    daemon.wait_for("all is read", |daemon| {
        daemon.number("source_lines_accepted_total") as usize == lines.len()
    });
    assert_eq!(daemon.page("readyz").unwrap(), "ready\n");
    assert_eq!(daemon.stop(), 0, "{}", daemon.desk.read("log"));
    assert_eq!(daemon.journal(), lines);
    daemon.check_events();
}

#[test]
fn a_checkpoint_that_somebody_removed_or_damaged_is_derived_again() {
    let mut daemon = Daemon::new("tcp-listen", "[journal]\nsegment_bytes = 1000000\n");
    let text = std::str::from_utf8(sea()).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let thirds: Vec<&[&str]> = lines.chunks(lines.len().div_ceil(3)).collect();
    let mut told = 0;
    let spoil: [fn(&std::path::Path); 2] = [
        |path| fs::remove_file(path).unwrap(),
        |path| {
            let state = fs::read(path).unwrap();
            fs::write(path, &state[..state.len() / 2]).unwrap();
        },
    ];
    for (part, spoil) in thirds[..2].iter().zip(spoil) {
        daemon.start();
        daemon.connect().write_all((part.join("\n") + "\n").as_bytes()).unwrap();
        daemon.wait_until_read(part.len());
        assert_eq!(daemon.stop(), 0, "{}", daemon.desk.read("log"));
        told = daemon.told().len();
        let desk = fs::read_dir(daemon.desk.path(".")).unwrap();
        let states = desk.map(|entry| entry.unwrap().path()).filter(|path| {
            path.file_name().unwrap().to_str().unwrap().starts_with("alongside.outbox.run-")
        });
        assert!(states.map(|path| spoil(&path)).count() > 0);
    }
    daemon.start();
    daemon.connect().write_all((thirds[2].join("\n") + "\n").as_bytes()).unwrap();
    daemon.wait_until_read(thirds[2].len());
    assert_eq!(daemon.stop(), 0, "{}", daemon.desk.read("log"));
    let said = daemon.desk.read("log").matches("the checkpoint is set aside").count();
    assert_eq!(said, 2, "{}", daemon.desk.read("log"));
    assert_eq!(daemon.journal(), lines);
    // Everything is told again under the same ids and versions, so that whoever reads it has nothing twice.
    let again = daemon.told().split_off(told);
    let replayed = daemon.replayed();
    assert!(again.len() > 20);
    assert_eq!(again, replayed[..again.len()]);
}

#[test]
fn a_full_disk_under_the_outbox_and_its_checkpoints_is_waited_for() {
    let mut daemon = Daemon::new("tcp-listen", "[outbox]\nfile = \"state/alongside.outbox\"\n");
    let Some(disk) = Disk::new(daemon.desk.path("state"), "1m") else { return };
    std::os::unix::fs::symlink("state/alongside.outbox", daemon.desk.path("alongside.outbox"))
        .unwrap();
    daemon.start();
    let text = std::str::from_utf8(sea()).unwrap();
    let sending = send_slowly(&daemon, text, Duration::from_millis(5));
    daemon.wait_for("intake waits", |daemon| {
        let ready = daemon.page("readyz").unwrap();
        ready.contains("the outbox takes nothing") && ready.contains("disk is full")
    });
    assert_eq!(daemon.page("livez").unwrap(), "alive\n");
    disk.resize("200m");
    sending.join().unwrap();
    let lines = text.lines().count();
    daemon.wait_until_read(lines);
    daemon.wait_for("all is well", |daemon| daemon.page("readyz").unwrap() == "ready\n");
    assert_eq!(daemon.stop(), 0, "{}", daemon.desk.read("log"));
    daemon.check_events();
}
