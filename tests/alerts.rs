//! What the daemon says to others: alerts, and what it relays.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::process::Command;
use std::sync::mpsc;
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::program::daemon::Daemon;
use crate::program::{Desk, free, sea};

const SENTENCE: &str = "!AIVDM,1,1,,B,177KQJ5000G?tO`K>RA1wUbN0TKH,0*5C";

/// What was posted: its head in lower case, and its body.
type Posted = (String, String);

/// Takes what is posted, and answers as it is told, at last always with 200.
fn hook(answers: &'static [u16]) -> (SocketAddr, mpsc::Receiver<Posted>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut answers = answers.iter();
        for stream in listener.incoming() {
            let mut reader = BufReader::new(stream.unwrap());
            let mut head = String::new();
            while !head.ends_with("\r\n\r\n") {
                if reader.read_line(&mut head).unwrap_or_default() == 0 {
                    break;
                }
            }
            let head = head.to_lowercase();
            let length = head.split("content-length: ").nth(1).and_then(|rest| rest.lines().next());
            let mut body = vec![0; length.map_or(0, |length| length.trim().parse().unwrap())];
            reader.read_exact(&mut body).unwrap();
            let code = answers.next().copied().unwrap_or(200);
            let answer =
                format!("HTTP/1.1 {code} x\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            let _ = reader.get_mut().write_all(answer.as_bytes());
            if code == 200 && sender.send((head, String::from_utf8(body).unwrap())).is_err() {
                return;
            }
        }
    });
    (address, receiver)
}

/// Takes one mail, as SMTP has it.
fn mailbox() -> (SocketAddr, mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut reader = BufReader::new(stream.unwrap());
            let say = |reader: &mut BufReader<TcpStream>, text: &str| {
                let _ = reader.get_mut().write_all(format!("{text}\r\n").as_bytes());
            };
            say(&mut reader, "220 here");
            let (mut line, mut mail, mut is_data) = (String::new(), String::new(), false);
            while reader.read_line(&mut line).unwrap_or_default() > 0 {
                match line.trim_end() {
                    "." if is_data => {
                        is_data = false;
                        let _ = sender.send(std::mem::take(&mut mail));
                        say(&mut reader, "250 taken");
                    }
                    _ if is_data => mail.push_str(&line),
                    "DATA" => {
                        is_data = true;
                        say(&mut reader, "354 go on");
                    }
                    "QUIT" => say(&mut reader, "221 bye"),
                    _ => say(&mut reader, "250 well"),
                }
                line.clear();
            }
        }
    });
    (address, receiver)
}

fn hmac(key: &str, text: &str) -> String {
    let mut child = Command::new("openssl")
        .args(["dgst", "-sha256", "-hmac", key])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap();
    output.trim().rsplit("= ").next().unwrap().to_owned()
}

#[test]
fn rules_tell_once_however_often_it_is_killed_and_refused() {
    let (hook, posted) = hook(&[500, 503]);
    let (smtp, mails) = mailbox();
    let rules = format!(
        "[alerts]\nage_max = \"36500d\"\n\
         [[channel]]\nname = \"ops\"\nurl = \"http://{hook}/hooks/T0\"\nkey_file = \"key\"\n\
         [[channel]]\nname = \"desk\"\nurl = \"smtp://{smtp}\"\nfrom = \"a@example.org\"\nto = [\"b@example.org\"]\n\
         [[channel]]\nname = \"topic\"\nurl = \"kafka\"\n\
         [[alert]]\nname = \"met\"\nto = [\"ops\", \"topic\"]\nkinds = [\"encounter\"]\nprofiles = [\"sts\"]\nat_most_every = \"0s\"\n\
         [[alert]]\nname = \"mailed\"\nto = [\"desk\"]\nclasses = [\"possible_transfer\", \"alongside\", \"tow\"]\nat_most_every = \"36500d\"\n"
    );
    let mut daemon = Daemon::new("tcp-listen", &rules);
    daemon.desk.write("key", "secret");
    let lines: Vec<&str> = std::str::from_utf8(sea()).unwrap().lines().collect();
    for piece in lines.chunks(lines.len() / 4 + 1) {
        daemon.start();
        let mut stream = daemon.connect();
        stream.write_all((piece.join("\n") + "\n").as_bytes()).unwrap();
        daemon.wait_for("all is read", |daemon| {
            daemon.number("source_lines_accepted_total") as usize == piece.len()
        });
        daemon.kill();
    }
    daemon.start();
    daemon.wait_for("all is read", |daemon| daemon.number("journal_unread_bytes") == 0);
    daemon.wait_for("all is sent", |daemon| {
        daemon.number("alerts_waiting") == 0 && daemon.number("positions_total") > 0
    });
    sleep(Duration::from_secs(1));
    daemon.wait_for("all is sent", |daemon| daemon.number("alerts_waiting") == 0);
    assert_eq!(daemon.stop(), 0, "{}", daemon.desk.read("log"));

    let told = daemon.told();
    let is_told =
        |event: &&Value| matches!(event["state"].as_str(), Some("open" | "closed" | "revised"));
    let mut expected: Vec<&str> = told
        .iter()
        .filter(is_told)
        .filter(|event| event["kind"] == "encounter")
        .filter(|event| event["profiles"].as_array().unwrap().contains(&"sts".into()))
        .map(|event| event["id"].as_str().unwrap())
        .collect();
    expected.sort_unstable();
    expected.dedup();
    assert!(!expected.is_empty());
    let posted: Vec<Posted> = posted.try_iter().collect();
    let mut found: Vec<String> = posted
        .iter()
        .map(|(head, body)| {
            let of = |name: &str| {
                let rest = head.split(&format!("\r\n{name}: ")).nth(1).unwrap();
                rest.lines().next().unwrap().to_owned()
            };
            let signed = format!("{}.{body}", of("x-alongside-timestamp"));
            assert_eq!(of("x-alongside-signature"), format!("sha256={}", hmac("secret", &signed)));
            let body: Value = serde_json::from_str(body).unwrap();
            assert!(body["text"].as_str().unwrap().starts_with("met: "));
            body["event"]["id"].as_str().unwrap().to_owned()
        })
        .collect();
    found.sort_unstable();
    // One that was taken as the program was killed may come again, under the same id; none is missing.
    found.dedup();
    assert_eq!(found, expected);
    let mails: Vec<String> = mails.try_iter().collect();
    assert!(!mails.is_empty() && mails[0].contains("Subject: Alongside: mailed"), "{mails:?}");
    let outbox = rusqlite::Connection::open(daemon.desk.path("alongside.outbox")).unwrap();
    let query = "SELECT count(DISTINCT id) FROM messages WHERE topic LIKE '%alerts'";
    let count: i64 = outbox.query_row(query, [], |row| row.get(0)).unwrap();
    assert_eq!(count as usize, expected.len());

    // And over the store, without sending.
    let outcome = daemon.desk.run(&["alerts", "test", "--config", "run.toml", "--since", "36500d"]);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    let first = outcome.stdout.lines().next().unwrap();
    let count = first.strip_prefix("met: ").and_then(|rest| rest.split(' ').next()).unwrap();
    assert!((1..=expected.len()).contains(&count.parse().unwrap()), "{}", outcome.stdout);
    assert!(!daemon.desk.read("log").contains("secret"));
}

#[test]
fn what_is_old_alarms_nobody() {
    let (hook, posted) = hook(&[]);
    let rules = format!(
        "[[channel]]\nname = \"ops\"\nurl = \"http://{hook}/\"\n[[alert]]\nname = \"all\"\nto = [\"ops\"]\n"
    );
    let mut daemon = Daemon::new("tcp-listen", &rules);
    daemon.start();
    daemon.connect().write_all(sea()).unwrap();
    let lines = std::str::from_utf8(sea()).unwrap().lines().count() as u64;
    daemon.wait_for("all is read", |daemon| daemon.number("source_lines_accepted_total") == lines);
    assert_eq!(daemon.stop(), 0, "{}", daemon.desk.read("log"));
    assert!(daemon.told().len() > 20);
    assert_eq!(posted.try_iter().count(), 0);
}

#[test]
fn what_several_heard_is_relayed_once() {
    let (out, listener) = (free(), UdpSocket::bind("127.0.0.1:0").unwrap());
    let relays = format!(
        "[[relay]]\nurl = \"tcp-listen://{out}\"\nwindow = \"10m\"\n[[relay]]\nurl = \"udp://{}\"\nwindow = \"10m\"\n",
        listener.local_addr().unwrap()
    );
    let mut daemon = Daemon::new("tcp-listen", &relays);
    daemon.start();
    let client = TcpStream::connect(out).unwrap();
    client.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    listener.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    sleep(Duration::from_millis(200));
    let mut one = daemon.connect();
    let mut other = daemon.connect();
    writeln!(one, "\\s:one,c:1704067200*59\\{SENTENCE}\n{SENTENCE}").unwrap();
    daemon.wait_for("it is there", |daemon| daemon.number("relay_sent_total") == 1);
    writeln!(other, "\\s:two*25\\{SENTENCE}\n{}\njunk", SENTENCE.replace("*5C", "*5D")).unwrap();
    daemon.wait_for("it is known", |daemon| daemon.number("relay_repeated_total") == 2);
    let text = std::str::from_utf8(sea()).unwrap();
    let lines: Vec<&str> = text.lines().take(5000).collect();
    one.write_all((lines.join("\n") + "\n").as_bytes()).unwrap();
    daemon.wait_for("all is relayed", |daemon| {
        daemon.number("relay_sent_total") + daemon.number("relay_repeated_total") == 5003
    });
    let sent = daemon.number("relay_sent_total") as usize;
    let mut reader = BufReader::new(client);
    let relayed: Vec<String> = (0..sent)
        .map(|_| {
            let mut line = String::new();
            reader.read_line(&mut line).unwrap();
            line
        })
        .collect();
    assert!(relayed[0].starts_with("\\s:one,c:1704067200*"), "{}", relayed[0]);
    assert!(relayed[0].ends_with(&format!("\\{SENTENCE}\r\n")));
    let bare = |line: &str| line.trim_end().rsplit('\\').next().unwrap().to_owned();
    let mut expected: Vec<String> = lines.iter().map(|line| bare(line)).collect();
    let mut found: Vec<String> = relayed[1..].iter().map(|line| bare(line)).collect();
    expected.sort();
    expected.dedup();
    found.sort();
    // Parts of messages are told of each receiver.
    found.dedup();
    assert_eq!(found, expected);
    let mut datagram = [0; 2000];
    let length = listener.recv(&mut datagram).unwrap();
    assert_eq!(&datagram[..length], relayed[0].as_bytes());
    // What went out is what anybody can read.
    let outcome = daemon.desk.run_with_input(&["decode", "--quiet"], relayed.concat().as_bytes());
    assert!(
        outcome.stdout.lines().next().unwrap().contains("\"station\":\"one\""),
        "{}",
        outcome.stdout
    );
    assert_eq!(daemon.stop(), 0, "{}", daemon.desk.read("log"));
}

#[test]
fn a_client_that_reads_nothing_delays_nobody() {
    let out = free();
    let mut daemon = Daemon::new(
        "tcp-listen",
        &format!("[[relay]]\nurl = \"tcp-listen://{out}\"\nwindow = \"0s\"\n"),
    );
    daemon.start();
    let idle = TcpStream::connect(out).unwrap();
    let since = Instant::now();
    let lines = std::str::from_utf8(sea()).unwrap().lines().count() as u64;
    for _ in 0..5 {
        daemon.connect().write_all(sea()).unwrap();
    }
    daemon.wait_for("all is read", |daemon| {
        daemon.number("source_lines_accepted_total") == 5 * lines
    });
    daemon.wait_for("what it missed is counted", |daemon| daemon.number("relay_missed_total") > 0);
    assert!(since.elapsed() < Duration::from_secs(45));
    drop(idle);
    assert_eq!(daemon.stop(), 0, "{}", daemon.desk.read("log"));
}

#[test]
fn a_doctor_says_what_is_missing_and_what_to_do() {
    let daemon =
        Daemon::new("tcp-listen", "[[source]]\nname = \"usb\"\nurl = \"serial:///dev/nothing\"\n");
    let taken = TcpListener::bind(daemon.source).unwrap();
    let before = daemon.desk.names();
    let outcome = daemon.desk.run(&["doctor", "--config", "run.toml"]);
    assert_eq!(outcome.code, 1, "{}", outcome.stdout);
    for words in [
        "good  configuration: parameters",
        "good  journal: journal, ",
        "good  store: alongside.gpkg",
        "FAIL  source sim: 127.0.0.1:",
        "ss -lptun",
        "FAIL  source usb: /dev/nothing",
        "dialout",
        "FAIL  broker: 127.0.0.1:1",
        "note  database: http://127.0.0.1:8123",
    ] {
        assert!(outcome.stdout.contains(words), "{words}: {}", outcome.stdout);
    }
    let outbox_alone = |name: &String| name.starts_with("alongside.outbox");
    let after: Vec<String> =
        daemon.desk.names().into_iter().filter(|name| !outbox_alone(name)).collect();
    assert_eq!(after, before);
    drop(taken);
    daemon.desk.write("good.toml", format!("[run]\nhttp = \"{}\"\n", daemon.pages));
    let outcome = daemon.desk.run(&["doctor", "--config", "good.toml"]);
    assert_eq!(outcome.code, 0, "{}", outcome.stdout);
    daemon.desk.write(
        "map.geojson",
        r#"{"type":"Feature","properties":{"name":"Gulf"},
        "geometry":{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1]]]}}"#,
    );
    let more = |map: &str, zone: &str, file: &str, users: &str, relay: SocketAddr| {
        format!(
            "[run]\nhttp = \"none\"\n[map]\nfiles = [\"{map}\"]\n[alerts]\nfile = \"{file}\"\n\
             [serve]\nwith_run = true\nlisten = \"{}\"\nusers = \"{users}\"\n\
             [[channel]]\nname = \"c\"\nurl = \"http://127.0.0.1:1/\"\n\
             [[alert]]\nname = \"r\"\nto = [\"c\"]\nzones = [\"{zone}\"]\n\
             [[relay]]\nurl = \"tcp-listen://{relay}\"\n",
            daemon.pages
        )
    };
    let busy = TcpListener::bind("127.0.0.1:0").unwrap();
    let busy_at = busy.local_addr().unwrap();
    let free_at = free();
    for (toml, doctor, check) in [
        (more("map.geojson", "Gulf", "a.alerts", "none", free_at), "good  rules: a.alerts", ""),
        (
            more("nowhere.geojson", "Gulf", "a.alerts", "none", free_at),
            "FAIL  maps:",
            "nowhere.geojson",
        ),
        (
            more("map.geojson", "Gulv", "a.alerts", "none", free_at),
            "FAIL  rules:",
            "did you mean `Gulf`?",
        ),
        (
            more("map.geojson", "Gulf", "no/a.alerts", "none", free_at),
            "FAIL  rules:",
            "no such folder",
        ),
        (
            more("map.geojson", "Gulf", "a.alerts", "nobody", free_at),
            "FAIL  serve:",
            "there is nobody in",
        ),
        (more("map.geojson", "Gulf", "a.alerts", "none", busy_at), "FAIL  relay:", ""),
        (
            more("map.geojson", "Gulf", "a.alerts", "none", daemon.pages),
            "FAIL  addresses:",
            "at one address",
        ),
    ] {
        daemon.desk.write("more.toml", toml);
        let outcome = daemon.desk.run(&["doctor", "--config", "more.toml"]);
        assert!(outcome.stdout.contains(doctor), "{doctor}: {}", outcome.stdout);
        assert_eq!(outcome.code, i32::from(doctor.starts_with("FAIL")), "{}", outcome.stdout);
        let outcome = daemon.desk.run(&["config", "check", "more.toml"]);
        assert_eq!(outcome.code, i32::from(!check.is_empty()), "{doctor}: {}", outcome.stderr);
        assert!(outcome.stderr.contains(check), "{}", outcome.stderr);
        assert!(!daemon.desk.names().iter().any(|name| name.starts_with("a.alerts")));
    }
    daemon.desk.write("bad.toml", "[run]\nhtp = \"none\"\n");
    let outcome = daemon.desk.run(&["doctor", "--config", "bad.toml"]);
    assert_eq!(outcome.code, 1);
    assert!(outcome.stdout.contains("did you mean `http`?"), "{}", outcome.stdout);
}

#[test]
fn a_configuration_is_shown_with_where_it_comes_from() {
    let desk = Desk::new();
    desk.write(
        "my.toml",
        "[contact]\ndistance_m_in = 400.0\n[kafka.properties]\n\"sasl.password\" = \"hush\"\n\
         [[source]]\nname = \"a\"\nurl = \"stdin\"\n\
         [[channel]]\nname = \"c\"\nurl = \"http://h/hush\"\n",
    );
    let mut command = desk.command(&["config", "print", "my.toml"]);
    let output = command.env("ALONGSIDE__RUN__LOG", "debug").output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    for line in [
        "contact.distance_m_in = 400.0  # my.toml",
        "contact.distance_m_out = 700.0  # default",
        "run.log = \"debug\"  # $ALONGSIDE__RUN__LOG",
        "source[a].url = \"stdin\"  # my.toml",
        "source[a].silent_after = \"5m\"  # default",
        "channel[c].url = \"http://h/***\"  # my.toml",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}: {text}");
    }
    assert!(!text.contains("hush"), "{text}");
    let outcome = desk.run(&["config", "schema"]);
    let schema: Value = serde_json::from_str(&outcome.stdout).unwrap();
    assert_eq!(schema["properties"]["run"]["properties"]["log"]["default"], "info");
    assert_eq!(schema["additionalProperties"], false);
}
