//! The sources of the daemon: what each takes in, once, whatever happens meanwhile.

use std::fs::{self, OpenOptions};
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::path::Path;
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use crate::program::daemon::Daemon;
use crate::program::{free, gzip, sea};

/// Nobody is there.
fn nowhere() -> SocketAddr {
    "127.0.0.1:1".parse().unwrap()
}

fn lines() -> Vec<&'static str> {
    std::str::from_utf8(sea()).unwrap().lines().collect()
}

/// One of AIS-catcher's messages, with a sentence in it.
fn caught(sentence: &str) -> String {
    format!("{{\"class\":\"AIS\",\"rxtime\":\"20240131235959\",\"nmea\":[\"{sentence}\"]}}")
}

const SENTENCE: &str = "!AIVDM,1,1,,B,177KQJ5000G?tO`K>RA1wUbN0TKH,0*5C";

#[track_caller]
fn wait_for_lines(daemon: &Daemon, count: usize) {
    daemon.wait_for("lines are read", |daemon| daemon.journal().len() >= count);
}

fn append(path: &Path, text: &str) {
    let mut file = OpenOptions::new().append(true).create(true).open(path).unwrap();
    file.write_all(text.as_bytes()).unwrap();
}

#[test]
fn a_growing_file_is_read_once_however_it_is_turned_over() {
    let mut daemon = Daemon::at(nowhere(), "file:feed.nmea", "");
    let lines = lines();
    let text = |from: usize, to: usize| lines[from..to].join("\n") + "\n";
    let path = daemon.desk.path("feed.nmea");
    append(&path, &text(0, 1000));
    daemon.start();
    wait_for_lines(&daemon, 1000);
    // Half a line is not read before its end has come.
    append(&path, &lines[1000][..20]);
    sleep(Duration::from_millis(500));
    assert_eq!(daemon.journal().len(), 1000);
    append(&path, &format!("{}\n", &lines[1000][20..]));
    wait_for_lines(&daemon, 1001);
    // Another is put in its place, as logrotate does, and the old one gets some more.
    fs::rename(&path, daemon.desk.path("feed.nmea.1")).unwrap();
    append(&daemon.desk.path("feed.nmea.1"), &text(1001, 1500));
    append(&path, &text(1500, 2000));
    wait_for_lines(&daemon, 2000);
    // It is killed, and the file turned over meanwhile.
    daemon.kill();
    append(&path, &text(2000, 2500));
    fs::rename(&path, daemon.desk.path("feed.nmea.2")).unwrap();
    append(&path, &text(2500, 3000));
    daemon.start();
    wait_for_lines(&daemon, 3000);
    assert_eq!(daemon.stop(), 0, "{}", daemon.desk.read("log"));
    daemon.start();
    // It is emptied in its place.
    fs::write(&path, text(3000, 3001)).unwrap();
    wait_for_lines(&daemon, 3001);
    for seed in 0..10_u64 {
        let from = 3001 + 1000 * seed as usize;
        append(&path, &text(from, from + 1000));
        sleep(Duration::from_millis(137 * seed % 400));
        daemon.kill();
        daemon.start();
    }
    wait_for_lines(&daemon, 13_001);
    assert_eq!(daemon.journal(), lines[..13_001]);
    assert_eq!(daemon.stop(), 0, "{}", daemon.desk.read("log"));
}

#[test]
fn every_file_that_comes_to_a_folder_is_read_once() {
    let mut daemon = Daemon::at(nowhere(), "directory:in", "");
    let lines = lines();
    let text = |from: usize, to: usize| lines[from..to].join("\n");
    daemon.desk.write("in/a.nmea", text(0, 1000) + "\n");
    daemon.desk.write("in/b.nmea.gz", gzip(text(1000, 9000).as_bytes()));
    daemon.desk.write("in/c.zst", zstd::encode_all(text(9000, 10_000).as_bytes(), 1).unwrap());
    daemon.desk.write("in/.hidden", text(0, 10));
    daemon.desk.write("in/d.part", text(10_001, 10_005) + "\n");
    daemon.start();
    wait_for_lines(&daemon, 10_000);
    assert_eq!(daemon.journal(), lines[..10_000]);
    // What is read already, and grows after all.
    append(&daemon.desk.path("in/a.nmea"), &format!("{}\n", lines[10_000]));
    wait_for_lines(&daemon, 10_001);
    assert_eq!(daemon.journal()[10_000], lines[10_000]);
    // Zeros without end, and a file that was cut.
    daemon.desk.write("in/e.zst", zstd::encode_all(io::repeat(0).take(200_000_000), 1).unwrap());
    let cut = gzip(text(0, 100).as_bytes());
    daemon.desk.write("in/f.gz", &cut[..cut.len() / 2]);
    fs::rename(daemon.desk.path("in/d.part"), daemon.desk.path("in/g.nmea")).unwrap();
    daemon.wait_for("both are refused", |daemon| {
        daemon.refused("unpacks_too_far") == 1 && daemon.refused("damaged_file") == 1
    });
    wait_for_lines(&daemon, 10_005);
    daemon.kill();
    daemon.desk.write("in/h.gz", gzip(text(10_005, lines.len()).as_bytes()));
    for wait in [1500, 20, 1300, 1200] {
        daemon.start();
        sleep(Duration::from_millis(wait));
        daemon.kill();
    }
    daemon.start();
    daemon.wait_for("all is read", |daemon| {
        daemon.journal().last().unwrap() == lines.last().unwrap()
    });
    let journal = daemon.journal();
    let (start, end) = journal.split_at(10_001);
    assert_eq!(start, &lines[..10_001]);
    // What was cut gave what could be read of it.
    let end: Vec<&String> = end.iter().skip_while(|line| **line != lines[10_001]).collect();
    assert_eq!(end, lines[10_001..].iter().collect::<Vec<_>>());
    assert_eq!(daemon.stop(), 0, "{}", daemon.desk.read("log"));
}

#[test]
fn a_file_in_a_folder_is_known_under_another_name_and_read_by_whole_lines() {
    let mut daemon = Daemon::at(nowhere(), "directory:in", "");
    let lines = lines();
    let text = |from: usize, to: usize| lines[from..to].join("\n") + "\n";
    daemon.desk.write("in/feed.nmea", text(0, 1000) + &lines[1000][..20]);
    daemon.start();
    wait_for_lines(&daemon, 1000);
    // A pause in the middle of a line is no end of it.
    sleep(Duration::from_millis(2500));
    assert_eq!(daemon.journal().len(), 1000);
    append(&daemon.desk.path("in/feed.nmea"), &format!("{}\n", &lines[1000][20..]));
    wait_for_lines(&daemon, 1001);
    // Turned over, as logrotate does, and once more while nobody looks.
    fs::rename(daemon.desk.path("in/feed.nmea"), daemon.desk.path("in/feed.nmea.1")).unwrap();
    append(&daemon.desk.path("in/feed.nmea"), &text(1001, 1500));
    wait_for_lines(&daemon, 1500);
    daemon.kill();
    fs::rename(daemon.desk.path("in/feed.nmea.1"), daemon.desk.path("in/feed.nmea.2")).unwrap();
    fs::rename(daemon.desk.path("in/feed.nmea"), daemon.desk.path("in/feed.nmea.1")).unwrap();
    // The last line of a file that stays as it is needs no end.
    append(&daemon.desk.path("in/feed.nmea"), text(1500, 2000).trim_end());
    daemon.start();
    wait_for_lines(&daemon, 2000);
    sleep(Duration::from_millis(2500));
    assert_eq!(daemon.journal(), lines[..2000]);
    assert_eq!(daemon.stop(), 0, "{}", daemon.desk.read("log"));
}

#[test]
fn a_broker_that_does_not_answer_keeps_nobody_from_stopping() {
    let more = "[[source]]\nname = \"raw\"\nurl = \"kafka://127.0.0.1:1/raw\"\n";
    let mut daemon = Daemon::new("tcp-listen", more);
    daemon.start();
    daemon.connect().write_all(sea()).unwrap();
    wait_for_lines(&daemon, lines().len());
    let since = Instant::now();
    assert_eq!(daemon.stop(), 0, "{}", daemon.desk.read("log"));
    assert!(since.elapsed() < Duration::from_secs(10), "{:?}", since.elapsed());
    let log = daemon.desk.read("log");
    assert!(log.contains("stopped; what is open goes on with the next start"), "{log}");
}

#[cfg(unix)]
#[test]
fn a_serial_line_is_read_and_opened_again() {
    use serialport::{SerialPort, TTYPort};
    let (mut ours, theirs) = TTYPort::pair().unwrap();
    let device = theirs.name().unwrap();
    let mut daemon =
        Daemon::at(nowhere(), &format!("serial://{device}"), "silent_after = \"2s\"\n");
    daemon.start();
    daemon.wait_for("it is opened", |daemon| daemon.number("source_connections") == 1);
    ours.write_all(format!("{SENTENCE}\r\n").repeat(100).as_bytes()).unwrap();
    wait_for_lines(&daemon, 100);
    // Silence makes it open the line anew.
    daemon.wait_for("it is opened again", |daemon| {
        daemon.number("source_connections_ended_total") > 0
            && daemon.number("source_connections") == 1
    });
    ours.write_all(format!("{SENTENCE}\r\n").as_bytes()).unwrap();
    wait_for_lines(&daemon, 101);
    assert_eq!(daemon.stop(), 0, "{}", daemon.desk.read("log"));
}

#[test]
fn datagrams_and_connections_may_carry_json() {
    let mut daemon = Daemon::new("udp", "");
    daemon.start();
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let gpsd = "{\"class\":\"AIS\",\"type\":1,\"mmsi\":477553000,\"scaled\":true,\"speed\":0.1,\"lon\":-122.345833,\"lat\":47.582833,\"second\":15}";
    for datagram in [&caught(SENTENCE)[..], gpsd, "{\"class\":\"SKY\"}", "{"] {
        socket.send_to(datagram.as_bytes(), daemon.source).unwrap();
    }
    daemon.wait_for("all are accounted for", |daemon| {
        daemon.number("source_lines_received_total") == 4
            && daemon.number("source_lines_accepted_total") == 2
    });
    assert_eq!((daemon.refused("no_message"), daemon.refused("not_json")), (1, 1));
    assert!(daemon.journal()[1].starts_with("!AIVDM,1,1,,,1"));
    // The journal is text that anybody can replay.
    assert_eq!(daemon.stop(), 0, "{}", daemon.desk.read("log"));
    let outcome = daemon.desk.run(&["decode", "journal"]);
    assert_eq!(outcome.stdout.lines().count(), 2, "{}", outcome.stderr);
}

#[test]
fn what_is_posted_is_taken_up_to_a_bound() {
    let mut daemon = Daemon::new("http-listen", "");
    daemon.start();
    let url = format!("http://{}/ais", daemon.source);
    let agent: ureq::Agent =
        ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let post = |body: &[u8], encoding: &str| {
        let request = agent.post(&url).header("content-encoding", encoding);
        request.send(body).map(|answer| answer.status().as_u16())
    };
    let body = format!("{{\"protocol\":\"jsonaiscatcher\",\"msgs\":[{0},{0}]}}", caught(SENTENCE));
    assert_eq!(post(body.as_bytes(), "identity").unwrap(), 200);
    assert_eq!(post(&gzip(body.as_bytes()), "gzip").unwrap(), 200);
    assert_eq!(post(format!("{SENTENCE}\n{SENTENCE}\n").as_bytes(), "identity").unwrap(), 200);
    wait_for_lines(&daemon, 6);
    // A bomb, and one that is as long as it looks.
    assert_eq!(post(&gzip(&vec![b' '; 50_000_000]), "gzip").unwrap(), 413);
    let _ = post(&vec![b' '; 50_000_000], "identity");
    daemon.wait_for("both are refused", |daemon| daemon.refused("message_too_large") == 2);
    assert_eq!(post(body.as_bytes(), "identity").unwrap(), 200);
    wait_for_lines(&daemon, 8);
    assert_eq!(daemon.stop(), 0, "{}", daemon.desk.read("log"));
}

#[test]
fn a_websocket_is_asked_as_aisstream_wants_it() {
    use tokio_tungstenite::tungstenite::{Message, accept};
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("ws://{}/v0/stream", server.local_addr().unwrap());
    let more = "silent_after = \"2s\"\nkey_file = \"key\"\nboxes = [[-98.0, 24.0, -88.0, 31.0]]\n";
    let mut daemon = Daemon::at(nowhere(), &url, more);
    daemon.desk.write("key", "secret\n");
    let report = r#"{"MessageType":"PositionReport","MetaData":{"MMSI":259000420,"time_utc":"2022-12-29 18:22:32.318353 +0000 UTC"},
        "Message":{"PositionReport":{"Cog":308.2,"Latitude":66.02695,"Longitude":12.25382,"MessageID":1,"Sog":0.1,
        "Timestamp":31,"TrueHeading":235,"UserID":259000420,"Valid":true}}}"#;
    let serving = thread::spawn(move || {
        let next = || {
            let mut socket = accept(server.accept().unwrap().0).unwrap();
            let asked = socket.read().unwrap().into_text().unwrap();
            assert_eq!(
                asked.as_str(),
                r#"{"APIKey":"secret","BoundingBoxes":[[[24.0,-98.0],[31.0,-88.0]]]}"#
            );
            socket
        };
        let mut socket = next();
        socket.send(Message::text(report)).unwrap();
        socket.send(Message::binary(report.as_bytes())).unwrap();
        socket.send(Message::text("{\"error\":\"Api Key Is Not Valid\"}")).unwrap();
        // A frame of 100 MB, …
        let mut frame = vec![0x81, 127];
        frame.extend(100_000_000_u64.to_be_bytes());
        socket.get_mut().write_all(&frame).unwrap();
        // … one that comes a byte at a time and never ends, …
        let mut socket = next();
        socket.get_mut().write_all(&[0x81, 126, 0x80, 0]).unwrap();
        while socket.get_mut().write_all(b"x").is_ok() {
            sleep(Duration::from_millis(50));
        }
        // … one that pings and says nothing, …
        let mut socket = next();
        while socket.send(Message::Ping(Default::default())).is_ok() {
            sleep(Duration::from_millis(100));
        }
        // … and after all that one as it should be.
        let mut socket = next();
        socket.send(Message::text(report)).unwrap();
        socket
    });
    daemon.start();
    wait_for_lines(&daemon, 3);
    assert_eq!(daemon.refused("message_too_large"), 1);
    assert_eq!(daemon.refused("no_message"), 1);
    assert!(daemon.journal().iter().all(|line| line.starts_with("!AIVDM,1,1,,,13")));
    assert!(!daemon.desk.read("log").contains("secret"));
    serving.join().unwrap();
    assert_eq!(daemon.stop(), 0, "{}", daemon.desk.read("log"));
}

#[test]
fn a_broker_of_mqtt_is_listened_to_up_to_a_bound() {
    let broker = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("mqtt://me@{}/ais/#", broker.local_addr().unwrap());
    let mut daemon = Daemon::at(nowhere(), &url, "key_file = \"key\"\n");
    daemon.desk.write("key", "secret");
    let serving = thread::spawn(move || {
        // CONNECT and CONNACK, SUBSCRIBE and SUBACK, as MQTT 3.1.1 has them.
        let packet = |stream: &mut TcpStream| {
            let mut head = [0; 2];
            stream.read_exact(&mut head).unwrap();
            let mut body = vec![0; usize::from(head[1])];
            stream.read_exact(&mut body).unwrap();
            (head[0], body)
        };
        let next = || {
            let mut stream = broker.accept().unwrap().0;
            let (kind, body) = packet(&mut stream);
            assert_eq!(kind, 0x10);
            assert!(body.ends_with(b"\0\x02me\0\x06secret"), "{body:?}");
            stream.write_all(&[0x20, 2, 0, 0]).unwrap();
            let (kind, body) = packet(&mut stream);
            assert_eq!((kind, &body[2..]), (0x82, &b"\0\x05ais/#\0"[..]));
            stream.write_all(&[0x90, 3, body[0], body[1], 0]).unwrap();
            stream
        };
        let publish = |payload: &[u8]| {
            let mut packet = vec![0x30];
            let mut left = 2 + 5 + payload.len();
            while left > 0 {
                packet.push((left % 128) as u8 | if left >= 128 { 128 } else { 0 });
                left /= 128;
            }
            packet.extend(b"\0\x05ais/1");
            packet.extend(payload);
            packet
        };
        let mut stream = next();
        stream.write_all(&publish(caught(SENTENCE).as_bytes())).unwrap();
        stream.write_all(&publish(SENTENCE.as_bytes())).unwrap();
        let _ = stream.write_all(&publish(&vec![b'x'; 100_000_000]));
        let mut stream = next();
        stream.write_all(&publish(SENTENCE.as_bytes())).unwrap();
        stream
    });
    daemon.start();
    wait_for_lines(&daemon, 3);
    assert_eq!(daemon.refused("message_too_large"), 1);
    serving.join().unwrap();
    assert_eq!(daemon.stop(), 0, "{}", daemon.desk.read("log"));
}

#[test]
fn a_gpsd_is_asked_for_sentences() {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("gpsd://{}", server.local_addr().unwrap());
    let mut daemon = Daemon::at(nowhere(), &url, "");
    daemon.start();
    let mut stream = server.accept().unwrap().0;
    let watch = b"?WATCH={\"enable\":true,\"json\":false,\"nmea\":true}\r\n";
    let mut asked = [0; 49];
    stream.read_exact(&mut asked).unwrap();
    assert_eq!(&asked, watch);
    write!(stream, "{{\"class\":\"VERSION\"}}\r\n{SENTENCE}\r\n").unwrap();
    wait_for_lines(&daemon, 1);
    assert_eq!(daemon.refused("no_message"), 1);
    assert_eq!(daemon.stop(), 0, "{}", daemon.desk.read("log"));
}

#[test]
fn a_topic_of_kafka_is_read_once_whenever_it_is_killed() {
    use rdkafka::mocking::MockCluster;
    use rdkafka::producer::{BaseRecord, DefaultProducerContext, Producer, ThreadedProducer};
    let cluster: MockCluster<'_, _> = MockCluster::new(1).unwrap();
    cluster.create_topic("raw", 3, 1).unwrap();
    let mut config = rdkafka::ClientConfig::new();
    config.set("bootstrap.servers", cluster.bootstrap_servers());
    let producer: ThreadedProducer<DefaultProducerContext> = config.create().unwrap();
    let lines = lines();
    let produce = |from: usize, to: usize| {
        for line in &lines[from..to] {
            producer.send(BaseRecord::<(), str>::to("raw").payload(line)).unwrap();
        }
        producer.flush(Duration::from_secs(30)).unwrap();
    };
    let url = format!("kafka://{}/raw", cluster.bootstrap_servers());
    let mut daemon = Daemon::at(nowhere(), &url, "");
    produce(0, 1000);
    daemon.start();
    wait_for_lines(&daemon, 1000);
    for round in 1..5 {
        produce(1000 * round, 1000 * (round + 1));
        sleep(Duration::from_millis(150 * round as u64));
        daemon.kill();
        daemon.start();
    }
    wait_for_lines(&daemon, 5000);
    assert_eq!(daemon.stop(), 0, "{}", daemon.desk.read("log"));
    let mut journal = daemon.journal();
    journal.sort();
    let mut sent: Vec<&str> = lines[..5000].to_vec();
    sent.sort_unstable();
    assert_eq!(journal, sent);
}

#[test]
fn a_source_that_cannot_be_is_said_at_the_start() {
    let check = |url: &str, more: &str, expected: &str| {
        let daemon = Daemon::at(free(), url, more);
        let outcome = daemon.desk.run(&["run", "--config", "run.toml"]);
        assert_eq!(outcome.code, 1);
        assert!(outcome.stderr.contains(expected), "{}", outcome.stderr);
    };
    check("directry:in", "", "did you mean `directory`?");
    check("ws://127.0.0.1:1/", "key_variable = \"NOT_SET_AT_ALL\"\n", "no key in $NOT_SET_AT_ALL");
    check("mqtt://127.0.0.1:1/x", "key_file = \"missing\"\n", "No such file");
    #[cfg(not(feature = "tls"))]
    check("wss://stream.aisstream.io/v0/stream", "", "feature `tls`");
}
