//! `alongside decode`: what it writes, beside what gpsdecode writes.

#[path = "program/mod.rs"]
mod program;

use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use decoder::encode::{Framing, write_sentences};
use decoder::{Header, Message, SixBitText, StaticDataA, StaticDataB};
use program::{Desk, counted, gzip};
use serde_json::{Map, Value};

/// From the documentation of gpsd.
const POSITION: &str = "!AIVDM,1,1,,A,15RTgt0PAso;90TKcjM8h6g208CQ,0*4A\n";
/// From the documentation of gpsd.
const VOYAGE: &str = "!AIVDM,2,1,1,A,55?MbV02;H;s<HtKR20EHE:0@T4@Dn2222222216L961O5Gf0NSQEp6ClRp8,0*1C\n\
                      !AIVDM,2,2,1,A,88888888880,2*25\n";

fn decode(arguments: &[&str], input: impl AsRef<[u8]>) -> program::Outcome {
    let all: Vec<&str> = ["decode"].iter().chain(arguments).copied().collect();
    Desk::new().run_with_input(&all, input.as_ref())
}

fn objects(text: &str) -> Vec<Map<String, Value>> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn a_message_is_the_object_that_gpsd_documents() {
    let outcome = decode(&[], [POSITION, VOYAGE].concat());
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    let expected = concat!(
        r#"{"class":"AIS","device":"stdin","type":1,"repeat":0,"mmsi":371798000,"scaled":true,"status":0,"#,
        r#""status_text":"Under way using engine","turn":"fastleft","speed":12.3,"accuracy":true,"#,
        r#""lon":-123.395383,"lat":48.381633,"course":224.0,"heading":215,"second":33,"maneuver":0,"#,
        r#""raim":false,"radio":34017}"#,
        "\n",
        r#"{"class":"AIS","device":"stdin","type":5,"repeat":0,"mmsi":351759000,"scaled":true,"imo":9134270,"#,
        r#""ais_version":0,"callsign":"3FOF8","shipname":"EVER DIADEM","shiptype":70,"#,
        r#""shiptype_text":"Cargo - all ships of this type","to_bow":225,"to_stern":70,"to_port":1,"#,
        r#""to_starboard":31,"epfd":1,"epfd_text":"GPS","eta":"05-15T14:00Z","draught":12.2,"#,
        r#""destination":"NEW YORK","dte":0}"#,
        "\n",
    );
    assert_eq!(outcome.stdout, expected);
}

#[test]
fn unscaled_numbers_are_as_they_were_sent() {
    let all = objects(&decode(&["--unscaled"], [POSITION, VOYAGE].concat()).stdout);
    let numbers = ["turn", "speed", "lon", "lat", "course"].map(|name| all[0][name].as_i64());
    assert_eq!(numbers, [-127, 123, -74_037_230, 29_028_980, 2240].map(Some));
    assert_eq!((&all[0]["scaled"], &all[1]["draught"]), (&false.into(), &122.into()));
}

#[test]
fn time_station_and_lines_stand_beside_the_message() {
    let block = |body: &str| {
        let sum = body.bytes().fold(0, |sum, byte| sum ^ byte);
        format!("\\{body}*{sum:02X}\\")
    };
    let [first, second] = [0, 1].map(|at| VOYAGE.lines().nth(at).unwrap());
    let lines = format!("{}{first}\n{POSITION}{second}", block("s:coast,c:1700000000"));
    let all = objects(&decode(&["--nmea"], &lines).stdout);
    assert_eq!(all[0]["nmea"], serde_json::json!([POSITION.trim()]));
    assert_eq!(all[0].get("received_at"), None);
    assert_eq!(all[1]["received_at"], "2023-11-14T22:13:20.000Z");
    assert_eq!(all[1]["station"], "coast");
    let parts = [lines.lines().next().unwrap(), second];
    assert_eq!(all[1]["nmea"], serde_json::json!(parts));
}

/// Both parts of a class B vessel.
fn class_b(name: &str) -> Vec<u8> {
    let header = Header { message_type: 24, repeat: 0, mmsi_raw: 338_020_001 };
    let parts = [
        Message::StaticDataA(StaticDataA { header, name_raw: SixBitText::new(name) }),
        Message::StaticDataB(StaticDataB {
            header,
            ship_type_raw: 37,
            vendor_raw: SixBitText::new("SHI"),
            unit_model: 1,
            serial_number: 69,
            callsign_raw: SixBitText::new("WX1"),
            dimensions_or_mothership_raw: 3 << 21 | 5 << 12 | 2 << 6 | 1,
            positioning_device_raw: 0,
        }),
    ];
    let mut out = Vec::new();
    parts.iter().for_each(|part| write_sentences(part, &Framing::default(), &mut out));
    out
}

#[test]
fn part_b_has_the_name_of_part_a_on_request_alone() {
    let all = objects(&decode(&[], class_b("SEA J")).stdout);
    assert_eq!((&all[0]["part"], &all[0]["shipname"]), (&"A".into(), &"SEA J".into()));
    assert_eq!((&all[1]["part"], all[1].get("shipname")), (&"B".into(), None));
    let all = objects(&decode(&["--join-static"], class_b("SEA J")).stdout);
    assert_eq!(all[0]["part"], "A");
    assert_eq!((all[1].get("part"), &all[1]["shipname"]), (None, &"SEA J".into()));
    assert_eq!((&all[1]["vendorid"], &all[1]["to_stern"]), (&"SHI".into(), &5.into()));
}

#[test]
fn a_table_has_a_row_for_each_message_and_no_formula() {
    let lines = [POSITION.as_bytes(), VOYAGE.as_bytes(), &class_b("=1+1")].concat();
    let outcome = decode(&["--format", "csv"], lines);
    let mut table = csv::Reader::from_reader(outcome.stdout.as_bytes());
    let heading = table.headers().unwrap().clone();
    let rows: Vec<_> = table.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 4);
    let cell = |row: usize, name| {
        rows[row].get(heading.iter().position(|column| column == name).unwrap()).unwrap()
    };
    assert_eq!((cell(0, "lon"), cell(0, "speed"), cell(0, "imo")), ("-123.395383", "12.3", ""));
    assert_eq!((cell(1, "shipname"), cell(1, "eta")), ("EVER DIADEM", "05-15T14:00Z"));
    assert_eq!((cell(2, "shipname"), cell(3, "shiptype")), ("'=1+1", "37"));
}

#[test]
fn the_receivers_own_place_is_an_object_of_its_own() {
    let sentence = |body: &str| {
        let sum = body.bytes().fold(0, |sum, byte| sum ^ byte);
        format!("${body}*{sum:02X}\r\n")
    };
    let place = sentence("GPRMC,225446,A,4916.45,N,12311.12,W,010.0,054.7,191120,020.3,E");
    let all = objects(&decode(&[], place + &sentence("HEHDT,271.5,T")).stdout);
    assert_eq!((&all[1]["class"], &all[1]["heading"]), (&"ATT".into(), &271.5.into()));
    assert_eq!(all.len(), 2);
    assert_eq!((&all[0]["class"], &all[0]["mode"]), (&"TPV".into(), &2.into()));
    assert_eq!(all[0]["time"], "2020-11-19T22:54:46.000Z");
    let numbers = ["lat", "lon", "speed"].map(|name| all[0][name].as_f64().unwrap());
    assert!((numbers[0] - 49.274_167).abs() < 1e-6 && (numbers[1] + 123.185_333).abs() < 1e-6);
    assert_eq!(numbers[2], 5.144);
}

#[test]
fn every_line_is_accounted_for() {
    let damaged = POSITION.replace("*4A", "*4B");
    let lines = [POSITION, &damaged, "\n# comment\n", VOYAGE, "noise\n"].concat();
    let outcome = decode(&[], &lines);
    assert_eq!(outcome.code, 0);
    let count = |name| counted(&outcome.stderr, name);
    assert_eq!((count("received"), count("accepted"), count("+ rejected")), (7, 5, 2));
    assert!(outcome.stderr.contains("bad checksum 1, not a sentence 1"), "{}", outcome.stderr);
    assert_eq!(decode(&["--strict", "-q"], &lines).code, 3);
    assert_eq!(decode(&["--strict", "-q"], POSITION).stderr, "");
    let outcome = decode(&[], "a,b,c\n1,2,3\n");
    assert_eq!((outcome.code, outcome.stdout.as_str()), (1, ""));
    assert!(outcome.stderr.contains("all 2 records were rejected"), "{}", outcome.stderr);
}

#[test]
fn files_are_named_and_a_cut_one_is_read_as_far_as_it_goes() {
    let desk = Desk::new();
    desk.write("a.nmea", POSITION);
    let packed = gzip(POSITION.repeat(10_000).as_bytes());
    desk.write("b.gz", &packed[..packed.len() - 20]);
    let outcome = desk.run(&["decode", "--strict", "a.nmea", "b.gz"]);
    assert_eq!(outcome.code, 3, "{}", outcome.stderr);
    assert!(outcome.stderr.contains("b.gz ends in the middle of its gzip data"));
    let all = objects(&outcome.stdout);
    assert_eq!(all[0]["device"], "a.nmea");
    assert!(all.len() > 1000 && all[1..].iter().all(|object| object["device"] == "b.gz"));
    assert_eq!(desk.run(&["decode", "missing"]).code, 1);
}

/// The folder of recordings, of which `ALONGSIDE_RECORDINGS` tells; see CONTRIBUTING.md.
fn recordings() -> Option<PathBuf> {
    let root = std::env::var_os("ALONGSIDE_RECORDINGS").map(PathBuf::from);
    if root.is_none() {
        println!("skipped: ALONGSIDE_RECORDINGS is not set");
    }
    root
}

/// What gpsdecode makes of `input`; `None` where it is not installed.
fn gpsdecode(arguments: &[&str], input: &[u8]) -> Option<String> {
    let mut child = Command::new("gpsdecode")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let mut stdin = child.stdin.take().unwrap();
    let output = std::thread::scope(|scope| {
        scope.spawn(move || stdin.write_all(input));
        child.wait_with_output().unwrap()
    });
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn recordings_are_decoded_as_gpsdecode_does() {
    let Some(root) = recordings() else { return };
    let mut entries: Vec<_> =
        std::fs::read_dir(root.join("nmea")).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    let mut compared = Compared::default();
    for path in entries {
        let stored = std::fs::read(&path).unwrap();
        let mut text = Vec::new();
        if stored.starts_with(&[0x1f, 0x8b]) {
            flate2::read::MultiGzDecoder::new(&stored[..]).read_to_end(&mut text).unwrap();
        } else {
            text = stored;
        }
        let pairs: [(&[&str], &[&str]); 2] = [
            (&["-j"], &["-q", "--join-static"]),
            (&["-j", "-u"], &["-q", "--join-static", "--unscaled"]),
        ];
        for (theirs, ours) in pairs {
            let Some(theirs) = gpsdecode(theirs, &text) else {
                println!("skipped: gpsdecode is not installed");
                return;
            };
            compared.add(&path.display().to_string(), &theirs, &decode(ours, &text).stdout);
        }
    }
    compared.check();
    assert!(compared.messages > 10_000, "only {} messages", compared.messages);
}

#[test]
fn recordings_are_decoded_as_is_expected_of_gpsd() {
    let Some(root) = recordings() else { return };
    let mut compared = Compared::default();
    for (kind, arguments) in
        [("js", &["-q", "--join-static"][..]), ("ju", &["-q", "--join-static", "--unscaled"])]
    {
        let theirs = root.join(format!("nmea-expected/gpsd-sample.aivdm.{kind}.chk"));
        let theirs = std::fs::read_to_string(theirs).unwrap();
        let text = std::fs::read(root.join("nmea/gpsd-sample.aivdm")).unwrap();
        compared.add(kind, &theirs, &decode(arguments, text).stdout);
    }
    compared.check();
    assert!(compared.messages > 150, "only {} messages", compared.messages);
}

/// Our messages among which one of theirs is looked for. They come in the same order, but we have more.
const LOOK_AHEAD: usize = 60;

#[derive(Default)]
struct Compared {
    messages: usize,
    ours_alone: usize,
    unexplained: Vec<String>,
}

impl Compared {
    fn add(&mut self, name: &str, theirs: &str, ours: &str) {
        let ours: Vec<_> = objects(ours)
            .into_iter()
            .filter(|object| object["class"] == "AIS" && !object.contains_key("part"))
            .collect();
        let mut next = 0;
        for line in theirs.lines() {
            let Ok(their) = serde_json::from_str::<Map<String, Value>>(line) else {
                self.unexplained.push(format!("{name}: no JSON: {line}"));
                continue;
            };
            // Clock and place of the receiver are other objects there.
            if their["class"] != "AIS" {
                continue;
            }
            self.messages += 1;
            let same = |our: &Map<String, Value>| {
                ["type", "mmsi", "repeat"].iter().all(|field| our[*field] == their[*field])
            };
            let candidates = ours.iter().enumerate().skip(next).take(LOOK_AHEAD);
            let best = candidates
                .filter(|(_, our)| same(our))
                .map(|(at, our)| (differences(&their, our), at))
                .min_by_key(|(differences, at)| (differences.len(), *at));
            match best {
                Some((differences, at)) => {
                    self.ours_alone += at - next;
                    next = at + 1;
                    let each = differences.iter().map(|what| format!("{name}: {what} in {line}"));
                    self.unexplained.extend(each);
                }
                // An MMSI has nine digits.
                None if their["mmsi"].as_u64() > Some(999_999_999) => {}
                None => self.unexplained.push(format!("{name}: not here: {line}")),
            }
        }
    }

    #[track_caller]
    fn check(&self) {
        println!(
            "{} messages, {} more here, {} differences that are not explained",
            self.messages,
            self.ours_alone,
            self.unexplained.len()
        );
        let first = &self.unexplained[..self.unexplained.len().min(20)];
        assert!(first.is_empty(), "{}", first.join("\n"));
        assert!(self.ours_alone * 50 <= self.messages, "{} are here alone", self.ours_alone);
    }
}

/// The fields about which they and we say something else, without what the documentation of the module
/// `decode` explains.
fn differences(their: &Map<String, Value>, our: &Map<String, Value>) -> Vec<String> {
    let is_ours = |field: &str| matches!(field, "received_at" | "station");
    let more = our.keys().filter(|field| !their.contains_key(*field) && !is_ours(field));
    let fields: Vec<&String> = their.keys().chain(more).collect();
    let is_other = |field: &&&String| {
        let (theirs, ours) = (their.get(**field), our.get(**field));
        !is_same(theirs, ours) && !is_explained(field, theirs, ours, their)
    };
    let told =
        |field: &String| format!("{field}: {:?}, here {:?}", their.get(field), our.get(field));
    fields.iter().filter(is_other).map(|field| told(field)).collect()
}

fn is_same(theirs: Option<&Value>, ours: Option<&Value>) -> bool {
    match (theirs.and_then(Value::as_f64), ours.and_then(Value::as_f64)) {
        (Some(theirs), Some(ours)) => theirs == ours,
        _ => theirs == ours,
    }
}

fn is_explained(
    field: &str,
    theirs: Option<&Value>,
    ours: Option<&Value>,
    message: &Map<String, Value>,
) -> bool {
    let number = |value: Option<&Value>| match value? {
        // Later editions of gpsd give the rate of turn as a string.
        Value::String(text) => text.parse().ok(),
        value => value.as_f64(),
    };
    let (their_number, our_number) = (number(theirs), number(ours));
    let within = |tolerance: f64| match (their_number, our_number) {
        (Some(theirs), Some(ours)) => (theirs - ours).abs() <= tolerance,
        _ => false,
    };
    let word = |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or("").to_owned();
    let (their_word, our_word) = (word(theirs), word(ours));
    let scaled = message["scaled"] == true;
    let message_type = message["type"].as_u64().unwrap();
    let is_absent = ours.is_none();
    match (message_type, field) {
        (1..=3, "turn") if scaled => {
            let size = our_number.map(f64::abs);
            (their_word == "n/a" && our_word == "nan")
                || their_number
                    .zip(size)
                    .is_some_and(|(theirs, ours)| (theirs - ours).abs() <= 0.55)
        }
        (17 | 27, "lon" | "lat") if scaled => within(0.051),
        (27, "status") if scaled => !their_word.is_empty() && our_number.is_some(),
        (27, "status_text") => !is_absent,
        // Later editions give seven decimals.
        (1..=5 | 9 | 11 | 18 | 19 | 21, "lon" | "lat") if scaled => within(6e-7),
        (6 | 8, "lon" | "lat") if scaled && within(6e-5) => true,
        (1..=4 | 9 | 11 | 18, "radio") => is_absent,
        (18 | 19, "reserved" | "regional") => is_absent,
        (4 | 5 | 11 | 19 | 21, "epfd_text") => {
            (their_word == "INVALID EPFD" && our_word == "Internal GNSS")
                || (their_word.starts_with("Reserved") && our_word == "INVALID EPFD")
        }
        // A part of a number is another number.
        (7 | 13 | 15 | 16 | 20, _) => our_number == Some(0.0),
        (24, "vendorid") => their_word.starts_with(&our_word),
        (25 | 26, "app_id" | "data") if message["addressed"] == true => true,
        (26, "data") => bits(&their_word) == bits(&our_word) + 4,
        (26, "radio") => their_number == Some(0.0),
        (8, "pressuretend" | "leveltrend") if scaled && !is_absent => matches!(
            (their_word.as_str(), our_word.as_str()),
            ("increasing", "decreasing") | ("decreasing", "increasing")
        ),
        (8, "waterlevel") if scaled && !is_absent => {
            within(0.051) || their_number.is_some_and(|number| number > 1e6)
        }
        // The last item was not sent, or not all of it.
        (6, "tidals" | "cargos") | (6 | 8, "waypoints" | "targets" | "gauges") => {
            let length = |value: Option<&Value>| value.and_then(Value::as_array).map(Vec::len);
            length(ours) < length(theirs)
        }
        (6 | 8, _) => is_absent && matches!(message["dac"].as_u64(), Some(1 | 200 | 235 | 250)),
        _ => false,
    }
}

/// How many bits are in `98:e06f…`.
fn bits(data: &str) -> u64 {
    data.split(':').next().and_then(|count| count.parse().ok()).unwrap_or(0)
}
