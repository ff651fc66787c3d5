//! `alongside decode`: what it writes, beside what gpsdecode writes.

use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use decoder::encode::{Framing, write_sentences};
use decoder::{
    ApplicationId, BinaryAddressed, BinaryBroadcast, BitData, Header, Message, SixBitText,
    SlotBinary, StaticDataA, StaticDataB,
};
use serde_json::{Map, Value};

use crate::program::{Desk, Outcome, counted, gzip};

/// From the documentation of gpsd.
const POSITION: &str = "!AIVDM,1,1,,A,15RTgt0PAso;90TKcjM8h6g208CQ,0*4A\n";
/// From the documentation of gpsd.
const VOYAGE: &str = "!AIVDM,2,1,1,A,55?MbV02;H;s<HtKR20EHE:0@T4@Dn2222222216L961O5Gf0NSQEp6ClRp8,0*1C\n\
                      !AIVDM,2,2,1,A,88888888880,2*25\n";

fn decode(arguments: &[&str], input: impl AsRef<[u8]>) -> Outcome {
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

#[test]
fn lines_stand_beside_a_message_that_was_held_back() {
    let [first, second] = [0, 1].map(|at| VOYAGE.lines().nth(at).unwrap());
    let others = POSITION.repeat(20);
    // Parts that came out of order may be of two ships; the message comes some lines later.
    let all = objects(&decode(&["--nmea"], format!("{second}\n{first}\n{others}")).stdout);
    let at = all.iter().position(|object| object["type"] == 5).unwrap();
    assert!(at > 0 && at < 20, "{at}");
    assert_eq!(all[at]["nmea"], serde_json::json!([first.trim(), second.trim()]));
    let position = serde_json::json!([POSITION.trim()]);
    assert!(all.iter().all(|object| object["type"] == 5 || object["nmea"] == position));
    // Or at the end.
    let all = objects(&decode(&["--nmea"], format!("{second}\n{first}\n{POSITION}")).stdout);
    assert_eq!(all[1]["nmea"], serde_json::json!([first.trim(), second.trim()]));
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
        if !compared.run_both(&path.display().to_string(), &text) {
            return;
        }
    }
    compared.check();
    assert!(compared.messages > 10_000, "only {} messages", compared.messages);
}

/// The same numbers from the same seed (SplitMix64).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn data(&mut self, bits: usize) -> BitData {
        let bytes: Vec<u8> = (0..bits.div_ceil(8)).map(|_| self.next() as u8).collect();
        BitData::new(&bytes, bits)
    }
}

/// Any values in any field of applications that are seldom heard, as long as gpsd knows them.
#[test]
fn applications_are_decoded_as_gpsdecode_does() {
    const EACH: usize = 300;
    let applications = [
        (8, 1, 13, 416),
        (8, 1, 17, 120),
        (8, 1, 19, 304),
        (6, 1, 20, 272),
        (6, 200, 21, 160),
        (6, 200, 22, 144),
        (8, 200, 23, 200),
        (8, 200, 24, 112),
        (6, 200, 55, 80),
    ];
    let mut random = Random(289);
    let mut lines = Vec::new();
    for (at, (message_type, dac, fi, bits)) in applications.repeat(EACH).into_iter().enumerate() {
        let header = Header { message_type, repeat: 0, mmsi_raw: 244_000_000 + at as u32 };
        let application = ApplicationId { dac, fi };
        let mut data = random.data(bits);
        match (dac, fi) {
            (200, 21 | 22) => data = with_quotable_text(&data, 120),
            (200, 24) => data = with_quotable_text(&data, 12),
            _ => {}
        }
        let message = match message_type {
            6 => Message::BinaryAddressed(BinaryAddressed {
                header,
                sequence: 1,
                destination_raw: 2_442_000,
                retransmitted: at % 2 == 0,
                application,
                data,
            }),
            _ => Message::BinaryBroadcast(BinaryBroadcast { header, application, data }),
        };
        let framing = Framing { sequence: at as u8, ..Framing::default() };
        write_sentences(&message, &framing, &mut lines);
    }
    let mut compared = Compared { is_whole: true, ..Compared::default() };
    if compared.run_both("applications", &lines) {
        compared.check();
        assert_eq!(compared.messages, 2 * EACH * applications.len());
    }
}

/// Without `"` and `\` in the text that the data begins with: gpsd does not escape it.
fn with_quotable_text(data: &BitData, text_bits: usize) -> BitData {
    let mut bits: Vec<bool> = data.view().iter().collect();
    for six in bits[..text_bits].chunks_mut(6) {
        if let [false, true, true, true, false, false] | [true, false, false, false, true, false] =
            six
        {
            six.fill(true);
        }
    }
    let byte = |eight: &[bool]| {
        eight.iter().enumerate().fold(0, |byte, (at, &bit)| byte | u8::from(bit) << (7 - at))
    };
    let bytes: Vec<u8> = bits.chunks(8).map(byte).collect();
    BitData::new(&bytes, bits.len())
}

#[test]
fn slot_messages_are_decoded_as_gpsdecode_does() {
    const EACH: usize = 100;
    let mut random = Random(1371);
    let mut lines = Vec::new();
    for at in 0..8 * EACH {
        let [is_26, addressed, structured] = [1, 2, 4].map(|flag| at & flag != 0);
        let message_type = if is_26 { 26 } else { 25 };
        let number = random.next();
        let data_bits = 8 * (number >> 60) as usize + if addressed { 0 } else { 32 };
        let message = SlotBinary {
            header: Header { message_type, repeat: 0, mmsi_raw: 244_000_000 + at as u32 },
            addressed,
            structured,
            destination_raw: addressed.then_some(number as u32 & 0x1FFF_FFFF),
            application: structured
                .then_some(ApplicationId { dac: 1000 & (number >> 30) as u16, fi: at as u8 & 63 }),
            data: random.data(data_bits.min(72)),
            communication_state_raw: is_26.then_some(number as u32 >> 12),
        };
        write_sentences(&Message::SlotBinary(message), &Framing::default(), &mut lines);
    }
    let mut compared = Compared { is_whole: true, ..Compared::default() };
    if compared.run_both("slot messages", &lines) {
        compared.check();
        assert_eq!(compared.messages, 2 * 8 * EACH);
    }
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

/// Our messages among which one of theirs is looked for. We have more, and hold back some whose parts may be of
/// several ships.
const LOOK_AHEAD: usize = 60;
const LOOK_BACK: usize = 30;

#[derive(Default)]
struct Compared {
    messages: usize,
    ours_alone: usize,
    unexplained: Vec<String>,
    /// Nothing was cut, so that both have all fields.
    is_whole: bool,
}

impl Compared {
    /// Compares what both make of `input`, with numbers scaled and as they were sent. False if gpsdecode is not
    /// installed.
    fn run_both(&mut self, name: &str, input: &[u8]) -> bool {
        let pairs: [(&[&str], &[&str]); 2] = [
            (&["-j"], &["-q", "--join-static"]),
            (&["-j", "-u"], &["-q", "--join-static", "--unscaled"]),
        ];
        for (theirs, ours) in pairs {
            let Some(theirs) = gpsdecode(theirs, input) else {
                println!("skipped: gpsdecode is not installed");
                return false;
            };
            self.add(name, &theirs, &decode(ours, input).stdout);
        }
        true
    }

    fn add(&mut self, name: &str, theirs: &str, ours: &str) {
        let ours: Vec<_> = objects(ours)
            .into_iter()
            .filter(|object| object["class"] == "AIS" && !object.contains_key("part"))
            .collect();
        let mut taken = vec![false; ours.len()];
        let mut next = 0_usize;
        for line in theirs.lines() {
            let line = &mended(line);
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
            let first = next.saturating_sub(LOOK_BACK);
            let candidates = ours.iter().enumerate().skip(first).take(next - first + LOOK_AHEAD);
            let best = candidates
                .filter(|(at, our)| !taken[*at] && same(our))
                .map(|(at, our)| (differences(&their, our, self.is_whole), at))
                .min_by_key(|(differences, at)| (differences.len(), at.abs_diff(next)));
            match best {
                Some((differences, at)) => {
                    taken[at] = true;
                    next = next.max(at + 1);
                    let each = differences.iter().map(|what| format!("{name}: {what} in {line}"));
                    self.unexplained.extend(each);
                }
                // An MMSI has nine digits.
                None if their["mmsi"].as_u64() > Some(999_999_999) => {}
                None => self.unexplained.push(format!("{name}: not here: {line}")),
            }
        }
        self.ours_alone += taken.iter().filter(|taken| !**taken).count();
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

/// As JSON: gpsd leaves out a comma and does not escape its own words in a traffic signal (1/19), and gives a weather
/// warning (200/23) two fields of one name.
fn mended(line: &str) -> String {
    if line.contains("\"dac\":1,\"fid\":19,") {
        let mut line = line.to_owned();
        for word in ["in-bound", "out-bound", "in- and out-bound", "I", "O"] {
            line = line.replace(&format!(" \"{word}\" "), &format!(" \\\"{word}\\\" "));
        }
        return line.replace("\"nextsignal_text\"", ",\"nextsignal_text\"").replace(",,", ",");
    }
    match line.split_once("\"fid\":23,\"start\"") {
        Some((before, rest)) => {
            let rest = rest.replace("\"type", "\"emma_type").replace("\"class", "\"intensity");
            format!("{before}\"fid\":23,\"start\"{rest}")
        }
        None => line.to_owned(),
    }
}

/// The fields about which they and we say something else, without what the documentation of the crate
/// `gpsd` explains.
fn differences(
    their: &Map<String, Value>,
    our: &Map<String, Value>,
    is_whole: bool,
) -> Vec<String> {
    let is_ours = |field: &str| matches!(field, "received_at" | "station");
    let more = our.keys().filter(|field| !their.contains_key(*field) && !is_ours(field));
    let fields: Vec<&String> = their.keys().chain(more).collect();
    let is_other = |field: &&&String| {
        let (theirs, ours) = (their.get(**field), our.get(**field));
        !is_same(theirs, ours)
            && (is_whole && ours.is_none() || !is_explained(field, theirs, ours, their, our))
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
    our: &Map<String, Value>,
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
        (6 | 8, "lon" | "lat" | "berth_lon" | "berth_lat") if scaled && within(6e-5) => true,
        (6 | 8, _)
            if theirs.is_some() && is_explained_of_application(field, theirs, ours, message) =>
        {
            true
        }
        (1..=4 | 9 | 11 | 18, "radio") => is_absent,
        (4 | 5 | 11 | 19 | 21, "epfd_text") => {
            (their_word == "INVALID EPFD" && our_word == "Internal GNSS")
                || (their_word.starts_with("Reserved") && our_word == "INVALID EPFD")
        }
        // A part of a number is another number.
        (7 | 13 | 15 | 16 | 20, _) => our_number == Some(0.0),
        (24, "vendorid") => their_word.starts_with(&our_word),
        // Two spare bits behind the destination are taken for the first of what follows.
        (25 | 26, "app_id") if message["addressed"] == true && message["structured"] == true => {
            let number = |value: Option<&Value>| value.and_then(Value::as_u64);
            number(theirs).map(|id| id & 0x3FFF) == number(ours).map(|id| id >> 2)
        }
        (25 | 26, "data") => {
            let (their_bits, our_bits) = (bits(&their_word), bits(&our_word));
            let id = our["app_id"].as_u64().unwrap_or(0);
            let before = match (message["addressed"] == true, message["structured"] == true) {
                (true, true) => vec![Some(id >> 1 & 1 == 1), Some(id & 1 == 1)],
                (true, false) => vec![None; 2],
                (false, _) => Vec::new(),
            };
            let behind = vec![None; if message_type == 26 { 4 } else { 0 }];
            let all = [before, our_bits.into_iter().map(Some).collect(), behind].concat();
            let is = |(their, our): (&bool, &Option<bool>)| our.is_none_or(|our| our == *their);
            their_bits.len() == all.len() && their_bits.iter().zip(&all).all(is)
        }
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

/// The same for fields that only some applications have.
fn is_explained_of_application(
    field: &str,
    theirs: Option<&Value>,
    ours: Option<&Value>,
    message: &Map<String, Value>,
) -> bool {
    let (Some(theirs), Some(ours)) = (theirs, ours) else { return false };
    let numbers = |value: &Value| -> Vec<u64> {
        let parts = value.as_str().unwrap_or("").split(|c: char| !c.is_ascii_digit());
        parts.filter_map(|number| number.parse().ok()).collect()
    };
    let near = |theirs: &Value, ours: f64| {
        theirs.as_f64().is_some_and(|theirs| (theirs - ours).abs() <= 6e-5)
    };
    let id = [&message["dac"], &message["fid"]].map(|number| number.as_u64().unwrap_or(0));
    match (id, field) {
        ([1, 13], "from" | "to") | ([1, 20], "arrival") | ([200, 21 | 22], "eta") => {
            numbers(theirs) == numbers(ours) && !theirs.as_str().unwrap_or("Z").contains('Z')
        }
        // In degrees even where nothing is scaled.
        ([1, 19], "lon" | "lat") => near(theirs, ours.as_f64().unwrap_or(f64::NAN) / 60_000.0),
        ([1, 17], "targets") => all_same(theirs, ours, |field, theirs, ours| match field {
            "lon" | "lat" => near(theirs, ours.as_f64().unwrap_or(f64::NAN)),
            // Two bits more of speed, which are not there; a number of 42 bits in 32 bits.
            "speed" => theirs.as_u64() == ours.as_u64().map(|speed| speed << 2),
            "mmsi" | "imo" => {
                let number = |value: &Value| value.as_str()?.parse::<u64>().ok();
                number(theirs) == number(ours).map(|number| number & 0xFFFF_FFFF)
            }
            _ => false,
        }),
        // Hour, minute and day in this order.
        ([200, 23], "start") => match numbers(ours)[..] {
            [year, month, day, hour, minute] => numbers(theirs) == [year, month, hour, minute, day],
            _ => false,
        },
        ([200, 23], "min" | "max") => is_twos_complement(theirs, ours, |value| {
            let sign = |value: i64| i64::from(value < 0) << 8;
            // Nothing can be negative, too.
            let other = if value == 0 { 1 << 8 } else { sign(value) | value.abs() };
            [sign(value) | value.abs(), other].map(|bits| bits << 55 >> 55)
        }),
        // Their words begin with code 0, which is "not available".
        ([200, 23], "intensity_text") => {
            let words = ["N/A", "Slight", "Medium", "Strong", "INVALID EMMA TYPE"];
            let code = message["intensity"].as_u64().unwrap_or(0) as usize & 3;
            ours == words[code] && theirs == words[code + 1]
        }
        // One word stands there twice, so that those behind it belong to the code before.
        ([1, 19], "signal_text" | "nextsignal_text") => {
            let words = ["Vessels", "I", "O", "F", "XI", "XO", "X", "INVALID"];
            let code = message[field.trim_end_matches("_text")].as_u64().unwrap_or(0) as usize;
            let first = |value: &Value| value.as_str()?.split(' ').next().map(str::to_owned);
            (8..=14).contains(&code)
                && first(theirs).is_some_and(|word| word == words[code - 8])
                && first(ours).is_some_and(|word| word == words[code - 7])
        }
        ([200, 24], "gauges") => all_same(theirs, ours, |field, theirs, ours| {
            field == "level"
                && is_twos_complement(theirs, ours, |value| {
                    let bits = value.abs() << 1 | i64::from(value >= 0);
                    let other = if value == 0 { 0 } else { bits };
                    [bits, other].map(|bits| bits << 50 >> 50)
                })
        }),
        _ => false,
    }
}

/// Whether two lists have the same items, the fields excepted that `is_explained`.
fn all_same(
    theirs: &Value,
    ours: &Value,
    is_explained: impl Fn(&str, &Value, &Value) -> bool,
) -> bool {
    let (Some(theirs), Some(ours)) = (theirs.as_array(), ours.as_array()) else { return false };
    theirs.len() == ours.len()
        && theirs.iter().zip(ours).all(|(theirs, ours)| {
            let (Some(theirs), Some(ours)) = (theirs.as_object(), ours.as_object()) else {
                return false;
            };
            theirs.len() == ours.len()
                && theirs.iter().all(|(field, their)| {
                    ours.get(field).is_some_and(|our| {
                        is_same(Some(their), Some(our)) || is_explained(field, their, our)
                    })
                })
        })
}

/// Whether theirs is one of the numbers that bits of ours are in two's complement, if ours are sign and size.
fn is_twos_complement(theirs: &Value, ours: &Value, misread: impl Fn(i64) -> [i64; 2]) -> bool {
    match (theirs.as_i64(), ours.as_i64()) {
        (Some(theirs), Some(ours)) => misread(ours).contains(&theirs),
        _ => false,
    }
}

/// The bits in `98:e06f…`.
fn bits(data: &str) -> Vec<bool> {
    let (count, digits) = data.split_once(':').unwrap_or(("0", ""));
    let fours = digits.chars().filter_map(|digit| digit.to_digit(16));
    let bits = fours.flat_map(|four| (0..4).rev().map(move |at| four >> at & 1 == 1));
    bits.take(count.parse().unwrap_or(0)).collect()
}
