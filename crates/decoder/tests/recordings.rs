//! Reads every recorded file to its end, and compares what the messages say with what other decoders
//! say, field by field; random messages of every type besides with gpsdecode, where it is installed. Reads the
//! folder named by `ALONGSIDE_RECORDINGS`; skips when it is not set.

use std::collections::{BTreeMap, HashMap};
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use alongside_decoder::encode::{Framing, write_sentences};
use alongside_decoder::{
    ApplicationId, Area, BitData, ChannelManagement, ChannelTarget, CommunicationState, Decoder,
    GroupAssignment, Message, Outcome, OutcomeKind, RateOfTurn, Received, SotdmaSubMessage,
    StaticDataA, StaticVoyageReport,
};
use serde_json::Value;

fn recordings() -> Option<PathBuf> {
    let folder = std::env::var_os("ALONGSIDE_RECORDINGS").map(PathBuf::from);
    if folder.is_none() {
        eprintln!("skipped: ALONGSIDE_RECORDINGS is not set");
    }
    folder
}

fn read(path: &Path) -> Vec<u8> {
    let bytes = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    if path.extension().is_none_or(|extension| extension != "gz") {
        return bytes;
    }
    let mut plain = Vec::new();
    flate2::read::MultiGzDecoder::new(&bytes[..]).read_to_end(&mut plain).unwrap();
    plain
}

/// All outcomes, each with the number of the line, from 1, at which it came.
fn decode_by_lines(bytes: &[u8]) -> Vec<(usize, Outcome)> {
    let mut all = Vec::new();
    let mut decoder = Decoder::new();
    let lines = bytes.strip_suffix(b"\n").unwrap_or(bytes).split(|&byte| byte == b'\n');
    for (at, line) in lines.enumerate() {
        decoder.push_line(line, &mut |outcome| all.push((at + 1, outcome)));
    }
    all
}

fn messages(bytes: &[u8]) -> Vec<(usize, Received)> {
    let message = |(line, outcome): (usize, Outcome)| match outcome.kind {
        OutcomeKind::Message(received) => Some((line, received)),
        _ => None,
    };
    decode_by_lines(bytes).into_iter().filter_map(message).collect()
}

#[test]
fn every_recording_is_read_to_its_end_and_every_line_accounted_for() {
    let Some(folder) = recordings() else { return };
    let mut paths: Vec<_> = std::fs::read_dir(folder.join("nmea"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    for path in paths {
        let bytes = read(&path);
        let mut counts = BTreeMap::<&str, u64>::new();
        let (mut lines, mut messages, mut timed) = (0u64, 0u64, 0u64);
        let mut decoder = Decoder::new();
        let mut each = |outcome: Outcome| {
            lines += u64::from(outcome.lines);
            match outcome.kind {
                OutcomeKind::Message(received) => {
                    messages += 1;
                    timed += u64::from(received.received_at.is_some());
                }
                OutcomeKind::OwnShip(_) => *counts.entry("own_ship").or_default() += 1,
                OutcomeKind::Skipped(skipped) => *counts.entry(skipped.name()).or_default() += 1,
                OutcomeKind::Rejected(rejection) => {
                    *counts.entry(rejection.name()).or_default() += 1
                }
            }
        };
        decoder.push(&bytes, &mut each);
        decoder.finish(&mut each);
        let damaged = decoder.tag_blocks_damaged();
        let name = path.file_name().unwrap().to_string_lossy();
        println!(
            "{name}: {messages} messages, {timed} timed, {damaged} damaged tag blocks, {counts:?}"
        );
        let ends = bytes.iter().filter(|&&byte| byte == b'\n').count();
        let pushed = ends + usize::from(bytes.last().is_some_and(|&byte| byte != b'\n'));
        assert_eq!(lines, pushed as u64, "{name}");
    }
}

#[test]
fn messages_equal_what_pyais_decodes() {
    let Some(folder) = recordings() else { return };
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder.join("nmea-expected")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if let Some(stem) = name.strip_suffix(".pyais.jsonl.gz") {
            paths.push((stem.to_owned(), folder.join("nmea-expected").join(&name)));
        }
    }
    let mut differences = Vec::new();
    let mut compared = 0;
    for (stem, expected_path) in &paths {
        let input = std::fs::read_dir(folder.join("nmea"))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .find(|path| path.file_name().unwrap().to_string_lossy().starts_with(stem.as_str()))
            .unwrap();
        let mut found: HashMap<usize, Received> = messages(&read(&input)).into_iter().collect();
        for line in String::from_utf8(read(expected_path)).unwrap().lines() {
            let expected: Value = serde_json::from_str(line).unwrap();
            let message = &expected["msg"];
            if !is_defined(message["msg_type"].as_i64()) {
                continue;
            }
            let lines = expected["lines"].as_array().unwrap();
            let last = lines.iter().map(|line| line.as_u64().unwrap()).max().unwrap();
            compared += 1;
            match found.remove(&(last as usize)) {
                None => differences.push(format!("{stem} {lines:?}: nothing for {message}")),
                Some(received) => compare(
                    &format!("{stem} {lines:?}"),
                    message,
                    &pyais_fields(&received.message),
                    &mut differences,
                ),
            }
        }
        for (line, received) in found {
            if is_defined(Some(i64::from(received.message.header().message_type))) {
                differences.push(format!("{stem} line {line}: only here: {:?}", received.message));
            }
        }
    }
    report("pyais", compared, &differences);
}

#[test]
fn messages_equal_what_gpsd_decodes() {
    let Some(folder) = recordings() else { return };
    let mut differences = Vec::new();
    let mut compared = 0;
    for (input, expected) in [
        ("gpsd-ais-raw-messages.log", "gpsd-ais-raw-messages.log.chk"),
        ("gpsd-ais_unpack_sixbit.log", "gpsd-ais_unpack_sixbit.log.chk"),
        ("gpsd-sample.aivdm", "gpsd-sample.aivdm.ju.chk"),
        ("gpsd-sample.aivdm", "gpsd-sample.aivdm.js.chk"),
    ] {
        let mut names: HashMap<u32, StaticDataA> = HashMap::new();
        // gpsd says nothing of a part alone, and both parts at part B.
        let mut ours = Vec::new();
        for (line, received) in messages(&read(&folder.join("nmea").join(input))) {
            let header = received.message.header();
            match received.message {
                Message::StaticDataA(part) => {
                    names.insert(header.mmsi_raw, part);
                }
                Message::StaticDataB(_) if !names.contains_key(&header.mmsi_raw) => {}
                message if is_defined(Some(i64::from(header.message_type))) => {
                    ours.push((line, gpsd_fields(&message, &names)));
                    if let Message::StaticDataB(_) = message {
                        names.remove(&header.mmsi_raw);
                    }
                }
                _ => {}
            }
        }
        let mut theirs = Vec::new();
        for line in
            String::from_utf8_lossy(&read(&folder.join("nmea-expected").join(expected))).lines()
        {
            let Ok(message) = serde_json::from_str::<Value>(line) else { continue };
            if is_defined(message["type"].as_i64()) {
                theirs.push(message);
            }
        }
        align(expected, &theirs, &ours, &mut compared, &mut differences);
    }
    report("gpsd", compared, &differences);
}

#[test]
fn messages_equal_what_libais_decodes() {
    let Some(folder) = recordings() else { return };
    let mut differences = Vec::new();
    let mut compared = 0;
    for stem in ["libais-tagblock", "libais-typeexamples"] {
        let input = folder.join("nmea").join(format!("{stem}.nmea"));
        let ours: Vec<_> = messages(&read(&input))
            .into_iter()
            .filter(|(_, received)| {
                is_defined(Some(i64::from(received.message.header().message_type)))
            })
            .map(|(line, received)| (line, libais_fields(&received.message)))
            .collect();
        let expected = folder.join("nmea-expected").join(format!("{stem}.json"));
        let theirs: Vec<Value> = String::from_utf8(read(&expected))
            .unwrap()
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            // It also reads what is from no MMSI.
            .filter(|message: &Value| {
                message["mmsi"].as_u64().is_some_and(|mmsi| mmsi <= 999_999_999)
            })
            .collect();
        align(stem, &theirs, &ours, &mut compared, &mut differences);
    }
    report("libais", compared, &differences);
}

/// All values of all fields, as the encoder writes them. Needs gpsdecode; skips where it is not installed.
#[test]
fn random_messages_equal_what_gpsdecode_decodes() {
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    let (mut lines, mut ours) = (Vec::new(), BTreeMap::new());
    for round in 0..2000u32 {
        for (message_type, lengths) in LENGTHS {
            let mmsi = 200_000_000 + round * 100 + u32::from(*message_type);
            let bits = lengths[random.next() as usize % lengths.len()];
            let message = random_message(&mut random, *message_type, mmsi, bits);
            let framing = Framing { sequence: round as u8, ..Framing::default() };
            write_sentences(&message, &framing, &mut lines);
            ours.insert(u64::from(mmsi), message);
        }
    }
    let Some(theirs) = gpsdecode(&lines) else { return };
    let mut differences = Vec::new();
    let mut compared = 0;
    for message in theirs.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()) {
        let Some(ours) = message["mmsi"].as_u64().and_then(|mmsi| ours.get(&mmsi)) else {
            continue;
        };
        compared += 1;
        let fields = gpsd_fields(ours, &HashMap::new());
        compare(&format!("type {}", message["type"]), &message, &fields, &mut differences);
    }
    assert_eq!(compared, ours.len(), "messages");
    report("gpsdecode", compared, &differences);
}

/// Lengths of every type but 24, of which gpsd joins two.
const LENGTHS: &[(u8, &[usize])] = &[
    (1, &[168]),
    (2, &[168]),
    (3, &[168]),
    (4, &[168]),
    (5, &[424]),
    (6, &[96, 168, 440, 1008]),
    (7, &[72, 104, 136, 168]),
    (8, &[72, 168, 440, 1008]),
    (9, &[168]),
    (10, &[72]),
    (11, &[168]),
    (12, &[96, 168, 936]),
    (13, &[72, 104, 136, 168]),
    (14, &[64, 160, 1000]),
    (15, &[88, 112, 160]),
    (16, &[96, 144]),
    (17, &[120, 144, 816]),
    (18, &[168]),
    (19, &[312]),
    (20, &[72, 104, 136, 160]),
    (21, &[272, 304, 360]),
    (22, &[168]),
    (23, &[160]),
    (25, &[96, 168]),
    // gpsd takes none of more than five sentences, which messages of the full 1064 bits need.
    (26, &[128, 168, 1000]),
    (27, &[96]),
];

/// Xorshift: the same messages in every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}

fn random_message(random: &mut Random, message_type: u8, mmsi: u32, bits: usize) -> Message {
    let mut sixes: Vec<u8> =
        (0..bits.div_ceil(6)).map(|_| (random.next() >> 40) as u8 & 63).collect();
    let header = u64::from(message_type) << 32 | u64::from(mmsi);
    for (at, six) in sixes[..6].iter_mut().enumerate() {
        *six = (header >> (32 - 6 * at)) as u8 & 63;
    }
    // The last two bits of the MMSI, and what comes behind.
    sixes[6] = (header << 4) as u8 & 0x30 | sixes[6] & 0xF;
    let armoured = sixes.iter().map(|&six| char::from(if six < 40 { six + 48 } else { six + 56 }));
    let fill_bits = (6 - bits % 6) % 6;
    let body = format!("AIVDM,1,1,,A,{},{fill_bits}", armoured.collect::<String>());
    let checksum = body.bytes().fold(0, |sum, byte| sum ^ byte);
    match messages(format!("!{body}*{checksum:02X}").as_bytes())[..] {
        [(_, received)] => received.message,
        _ => panic!("type {message_type} with {bits} bits is no message"),
    }
}

fn gpsdecode(lines: &[u8]) -> Option<String> {
    let spawned = Command::new("gpsdecode")
        .args(["-j", "-u"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    let Ok(mut child) = spawned else {
        eprintln!("skipped: gpsdecode is not installed");
        return None;
    };
    let mut input = child.stdin.take().unwrap();
    let lines = lines.to_vec();
    let writer = std::thread::spawn(move || input.write_all(&lines));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn is_defined(message_type: Option<i64>) -> bool {
    matches!(message_type, Some(1..=27))
}

/// How far from its place in the list of a peer a message may be: some are held back until no other part can
/// belong to them.
const APART_MAX: usize = 20;

/// Compares two lists of messages, nearly in the order of the file.
fn align(
    name: &str,
    theirs: &[Value],
    ours: &[(usize, Fields)],
    compared: &mut usize,
    differences: &mut Vec<String>,
) {
    if theirs.len() != ours.len() {
        differences.push(format!("{name}: {} messages, here {}", theirs.len(), ours.len()));
    }
    let mut left: Vec<_> = ours.iter().enumerate().collect();
    for (place, expected) in theirs.iter().enumerate() {
        let near = left.iter().enumerate().filter(|(_, (at, _))| at.abs_diff(place) <= APART_MAX);
        let compared_with = near.map(|(index, (at, (line, fields)))| {
            let mut found = Vec::new();
            compare(&format!("{name} line {line}"), expected, fields, &mut found);
            (found, at.abs_diff(place), index)
        });
        match compared_with.min_by_key(|(found, apart, _)| (found.len(), *apart)) {
            Some((found, _, index)) => {
                *compared += 1;
                differences.extend(found);
                left.remove(index);
            }
            None => differences.push(format!("{name}: nothing for {expected}")),
        }
    }
}

#[track_caller]
fn report(peer: &str, compared: usize, differences: &[String]) {
    println!("{compared} messages compared with {peer}, {} differences", differences.len());
    for difference in differences.iter().take(40) {
        println!("{difference}");
    }
    assert!(compared > 0 && differences.is_empty());
}

/// What a field should be: the forms of the peers differ in their rounding.
#[derive(Debug)]
enum Expected {
    Number(f64),
    /// A number within a tolerance.
    About(f64, f64),
    Flag(bool),
    Text(String),
    /// Any of these.
    Either(Vec<Value>),
    ShipType(u8),
    StartsWith(String),
    /// Hexadecimal digits, with the number of bits and a colon in front or not.
    Data(BitData),
    /// As many bits of something else come before and behind.
    DataWithin(usize, BitData, usize),
    /// A number of which only the lower 14 bits are right.
    Low14(u64),
    Anything,
}

type Fields = Vec<(&'static str, Expected)>;

/// Every field named in `fields` that the peer's message has must be equal.
fn compare(place: &str, message: &Value, fields: &Fields, differences: &mut Vec<String>) {
    let scaled = message["scaled"].as_bool().unwrap_or(false);
    for (name, ours) in fields {
        // `name@scaled` and `name@raw` are for the one or the other form of gpsd.
        let (name, form) = name.split_once('@').unwrap_or((name, ""));
        let theirs = &message[name];
        if theirs.is_null() || form == "scaled" && !scaled || form == "raw" && scaled {
            continue;
        }
        let equal = match ours {
            Expected::Number(number) => theirs.as_f64() == Some(*number),
            Expected::About(number, by) => {
                {
                    // gpsd writes the corners of areas as text.
                    let number_in_text = || theirs.as_str()?.parse().ok();
                    let theirs: Option<f64> = theirs.as_f64().or_else(number_in_text);
                    theirs.is_some_and(|theirs| (theirs - number).abs() <= *by)
                }
            }
            Expected::Flag(flag) => {
                theirs.as_bool() == Some(*flag) || theirs.as_i64() == Some(i64::from(*flag))
            }
            Expected::Text(text) => {
                // pyais drops an `@` and reads on; it ends the text.
                let theirs = theirs.as_str().map(|text| text.split('@').next().unwrap_or(""));
                theirs.map(str::trim) == Some(text.as_str())
            }
            Expected::StartsWith(text) => {
                theirs.as_str().is_some_and(|theirs| theirs.starts_with(text.as_str()))
            }
            Expected::ShipType(code) => {
                theirs.as_i64() == Some(i64::from(*code))
                    || theirs.as_i64() == folded_by_pyais(*code)
            }
            Expected::Either(values) => values.contains(theirs),
            Expected::Data(data) => theirs.as_str().is_some_and(|theirs| same_data(theirs, data)),
            Expected::DataWithin(before, data, behind) => theirs
                .as_str()
                .is_some_and(|theirs| same_data_within(theirs, *before, data, *behind)),
            Expected::Low14(number) => {
                theirs.as_u64().map(|theirs| theirs & 0x3FFF) == Some(*number)
            }
            Expected::Anything => true,
        };
        if !equal {
            differences.push(format!("{place} {name}: {theirs}, here {ours:?}"));
        }
    }
}

fn same_data(theirs: &str, ours: &BitData) -> bool {
    let hex: String = ours.bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    match theirs.split_once(':') {
        Some((bits, digits)) => bits.parse() == Ok(ours.len()) && digits == hex,
        None => theirs == hex,
    }
}

fn same_data_within(theirs: &str, before: usize, ours: &BitData, behind: usize) -> bool {
    let Some((bits, digits)) = theirs.split_once(':') else { return false };
    let digit = |at: usize| u8::from_str_radix(digits.get(at..=at)?, 16).ok();
    let bit = |at: usize| digit(at / 4).map(|digit| digit >> (3 - at % 4) & 1 == 1);
    bits.parse() == Ok(before + ours.len() + behind)
        && (0..ours.len()).all(|at| bit(before + at) == ours.view().flag(at))
}

/// pyais gives some reserved ship types another code. These are the ones in the recordings; any other that
/// differs fails the test.
fn folded_by_pyais(code: u8) -> Option<i64> {
    match code {
        4 | 7 | 10 | 39 => Some(0),
        57 => Some(56),
        66 => Some(65),
        76 => Some(75),
        _ => None,
    }
}

/// Half a unit in the last of six decimals.
const DEGREES: f64 = 0.000_000_6;

fn pyais_fields(message: &Message) -> Fields {
    use Expected::*;
    let header = message.header();
    let mut fields = vec![
        ("msg_type", Number(header.message_type.into())),
        ("repeat", Number(header.repeat.into())),
        ("mmsi", Number(header.mmsi_raw.into())),
    ];
    match message {
        Message::PositionReport(m) => {
            let turn = match m.rate_of_turn() {
                None => -128.0,
                Some(RateOfTurn::FastLeft) => -127.0,
                Some(RateOfTurn::FastRight) => 127.0,
                Some(RateOfTurn::DegreesPerMinute(degrees)) => f64::from(degrees),
            };
            fields.extend([
                ("status", Number(m.navigational_status_raw.into())),
                ("turn", About(turn, 0.5)),
                ("maneuver", Number(m.manoeuvre_raw.into())),
                ("raim", Flag(m.raim)),
                ("radio", radio(m.communication_state_raw)),
            ]);
            fields.extend(movement(m.speed_raw, m.course_raw, m.heading_raw, m.second_raw));
            fields.extend(place(m.longitude_raw, m.latitude_raw, m.accuracy_high));
        }
        Message::BaseStation(m) => {
            fields.extend([
                ("year", Number(m.year_raw.into())),
                ("month", Number(m.month_raw.into())),
                ("day", Number(m.day_raw.into())),
                ("hour", Number(m.hour_raw.into())),
                ("minute", Number(m.minute_raw.into())),
                ("second", Number(m.second_raw.into())),
                ("epfd", Number(m.positioning_device_raw.into())),
                ("raim", Flag(m.raim)),
                ("radio", radio(m.communication_state_raw)),
            ]);
            fields.extend(place(m.longitude_raw, m.latitude_raw, m.accuracy_high));
        }
        Message::StaticVoyage(m) => fields.extend(voyage(m)),
        Message::ClassB(m) => {
            fields.extend(spare(m.reserved, m.regional));
            fields.extend([
                ("cs", Flag(m.carrier_sense)),
                ("display", Flag(m.display)),
                ("dsc", Flag(m.dsc)),
                ("band", Flag(m.whole_band)),
                ("msg22", Flag(m.message_22)),
                ("assigned", Flag(m.assigned)),
                ("raim", Flag(m.raim)),
                ("radio", radio(m.communication_state_raw)),
            ]);
            fields.extend(movement(m.speed_raw, m.course_raw, m.heading_raw, m.second_raw));
            fields.extend(place(m.longitude_raw, m.latitude_raw, m.accuracy_high));
        }
        Message::ClassBExtended(m) => {
            fields.extend(spare(m.reserved, m.regional));
            fields.extend([
                ("shipname", text(m.name())),
                ("ship_type", ShipType(m.ship_type_raw)),
                ("shiptype", Number(m.ship_type_raw.into())),
                ("epfd", Number(m.positioning_device_raw.into())),
                ("raim", Flag(m.raim)),
                ("dte", Flag(m.dte)),
                ("assigned", Flag(m.assigned)),
            ]);
            fields.extend(hull(m.bow_m_raw, m.stern_m_raw, m.port_m_raw, m.starboard_m_raw));
            fields.extend(movement(m.speed_raw, m.course_raw, m.heading_raw, m.second_raw));
            fields.extend(place(m.longitude_raw, m.latitude_raw, m.accuracy_high));
        }
        Message::StaticDataA(m) => {
            fields.extend([("partno", Number(0.0)), ("shipname", text(m.name()))]);
        }
        Message::StaticDataB(m) => {
            fields.extend([
                ("partno", Number(1.0)),
                ("ship_type", ShipType(m.ship_type_raw)),
                ("shiptype", Number(m.ship_type_raw.into())),
                ("vendorid", text(m.vendor())),
                ("model", Number(m.unit_model.into())),
                ("serial", Number(m.serial_number.into())),
                ("callsign", text(m.callsign())),
            ]);
            match m.mothership_mmsi() {
                Some(mmsi) => fields.push(("mothership_mmsi", Number(mmsi.get().into()))),
                None => {
                    let [bow, stern, port, starboard] = m
                        .dimensions()
                        .map_or([0; 4], |d| [d.bow_m, d.stern_m, d.port_m, d.starboard_m]);
                    fields.extend(hull(bow, stern, port as u8, starboard as u8));
                }
            }
        }
        Message::LongRange(m) => fields.extend([
            ("status", Number(m.navigational_status_raw.into())),
            ("accuracy", Flag(m.accuracy_high)),
            ("raim", Flag(m.raim)),
            ("speed", Number(m.speed_raw.into())),
            ("course", Number(m.course_raw.into())),
            ("gnss", Flag(m.position_latency)),
            ("lon", About(f64::from(m.longitude_raw) / 600.0, DEGREES)),
            ("lat", About(f64::from(m.latitude_raw) / 600.0, DEGREES)),
        ]),
        Message::BinaryAddressed(m) => {
            fields.extend([
                ("seqno", Number(m.sequence.into())),
                ("dest_mmsi", Number(m.destination_raw.into())),
                ("retransmit", Flag(m.retransmitted)),
                ("data", Data(m.data)),
            ]);
            fields.extend(application(m.application));
        }
        Message::BinaryBroadcast(m) => {
            fields.push(("data", Data(m.data)));
            fields.extend(application(m.application));
        }
        Message::Acknowledge(m) => {
            for (names, each) in [
                ("mmsi1", "mmsiseq1"),
                ("mmsi2", "mmsiseq2"),
                ("mmsi3", "mmsiseq3"),
                ("mmsi4", "mmsiseq4"),
            ]
            .into_iter()
            .zip(m.acknowledged)
            {
                fields.push((names.0, there(each.map(|each| each.destination_raw))));
                fields.push((names.1, there(each.map(|each| each.sequence))));
            }
        }
        Message::SarAircraft(m) => {
            fields.extend([
                ("alt", Number(m.altitude_raw.into())),
                (
                    "regional",
                    Number(
                        f64::from(u8::from(m.altitude_barometric)) * 128.0 + f64::from(m.regional),
                    ),
                ),
                ("dte", Flag(m.dte)),
                ("assigned", Flag(m.assigned)),
                ("raim", Flag(m.raim)),
                ("radio", radio(m.communication_state_raw)),
                ("speed", Number(m.speed_raw.into())),
                ("course", About(f64::from(m.course_raw) / 10.0, 1e-6)),
                ("second", Number(m.second_raw.into())),
            ]);
            fields.extend(place(m.longitude_raw, m.latitude_raw, m.accuracy_high));
        }
        Message::UtcInquiry(m) => fields.push(("dest_mmsi", Number(m.destination_raw.into()))),
        Message::SafetyAddressed(m) => fields.extend([
            ("seqno", Number(m.sequence.into())),
            ("dest_mmsi", Number(m.destination_raw.into())),
            ("retransmit", Flag(m.retransmitted)),
            ("text", text(m.text())),
        ]),
        Message::SafetyBroadcast(m) => fields.push(("text", text(m.text()))),
        Message::Interrogation(m) => {
            let second = m.second_station;
            fields.extend([
                ("mmsi1", Number(m.first_station_raw.into())),
                ("type1_1", Number(m.first_request.message_type.into())),
                ("offset1_1", Number(m.first_request.slot_offset.into())),
                ("type1_2", there(m.second_request.map(|request| request.message_type))),
                ("offset1_2", there(m.second_request.map(|request| request.slot_offset))),
                ("mmsi2", there(second.map(|second| second.station_raw))),
                ("type2_1", there(second.map(|second| second.request.message_type))),
                ("offset2_1", there(second.map(|second| second.request.slot_offset))),
            ]);
        }
        Message::Assignment(m) => fields.extend([
            ("mmsi1", Number(m.first.destination_raw.into())),
            ("offset1", Number(m.first.offset.into())),
            ("increment1", Number(m.first.increment_raw.into())),
            ("mmsi2", there(m.second.map(|second| second.destination_raw))),
            ("offset2", there(m.second.map(|second| second.offset))),
            ("increment2", there(m.second.map(|second| second.increment_raw))),
        ]),
        Message::Dgnss(m) => fields.extend([
            ("lon", About(f64::from(m.longitude_raw) / 10.0, 1e-6)),
            ("lat", About(f64::from(m.latitude_raw) / 10.0, 1e-6)),
            ("data", Data(m.data)),
        ]),
        Message::LinkManagement(m) => {
            for (names, each) in [
                ["offset1", "number1", "timeout1", "increment1"],
                ["offset2", "number2", "timeout2", "increment2"],
                ["offset3", "number3", "timeout3", "increment3"],
                ["offset4", "number4", "timeout4", "increment4"],
            ]
            .into_iter()
            .zip(m.reservations)
            {
                fields.push((names[0], there(each.map(|each| each.offset))));
                fields.push((names[1], there(each.map(|each| each.number_of_slots))));
                fields.push((names[2], there(each.map(|each| each.timeout_minutes))));
                fields.push((names[3], there(each.map(|each| each.increment))));
            }
        }
        Message::AidToNavigation(m) => {
            fields.extend([
                ("aid_type", Number(m.aid_type_raw.into())),
                ("name", text(m.name_raw.text())),
                ("name_ext", text(m.name_extension_raw.text())),
                // pyais appends the extension to a name that has ended before.
                (
                    "full_name",
                    StartsWith(m.name().map_or_else(String::new, |name| name.to_string())),
                ),
                ("epfd", Number(m.positioning_device_raw.into())),
                ("second", Number(m.second_raw.into())),
                ("off_position", Flag(m.off_position_raw)),
                ("reserved_1", Number(m.status_raw.into())),
                ("regional", Number(m.status_raw.into())),
                ("raim", Flag(m.raim)),
                ("virtual_aid", Flag(m.virtual_aid)),
                ("assigned", Flag(m.assigned)),
            ]);
            fields.extend(hull(m.bow_m_raw, m.stern_m_raw, m.port_m_raw, m.starboard_m_raw));
            // Of a report that ends within its position, pyais gives what is left of it.
            if m.longitude_raw != 181 * 600_000 {
                fields.extend(place(m.longitude_raw, m.latitude_raw, m.accuracy_high));
            }
        }
        Message::ChannelManagement(m) => {
            fields.extend([
                ("channel_a", Number(m.channel_a.into())),
                ("channel_b", Number(m.channel_b.into())),
                ("txrx", Number(m.transmit_receive_raw.into())),
                ("power", Flag(m.power_low)),
                ("band_a", Flag(m.channel_a_narrow)),
                ("band_b", Flag(m.channel_b_narrow)),
                ("zonesize", Number(m.zone_size_raw.into())),
            ]);
            match m.target {
                ChannelTarget::Area(corners) => {
                    fields.push(("addressed", Flag(false)));
                    fields.extend(area(corners, 10.0));
                }
                ChannelTarget::Stations { first_raw, second_raw } => fields.extend([
                    ("addressed", Flag(true)),
                    ("dest1", Number(first_raw.into())),
                    ("dest2", Number(second_raw.into())),
                ]),
            }
        }
        Message::GroupAssignment(m) => {
            fields.extend([
                ("station_type", Number(m.station_type_raw.into())),
                ("stationtype", Number(m.station_type_raw.into())),
                ("ship_type", ShipType(m.ship_type_raw)),
                ("shiptype", Number(m.ship_type_raw.into())),
                ("txrx", Number(m.transmit_receive_raw.into())),
                ("interval", Number(m.interval_raw.into())),
                ("quiet", Number(m.quiet_minutes.into())),
            ]);
            fields.extend(area(m.area, 10.0));
        }
        Message::SlotBinary(m) => {
            fields.extend([
                ("addressed", Flag(m.addressed)),
                ("structured", Flag(m.structured)),
                ("dest_mmsi", there(m.destination_raw)),
                ("app_id", there(m.application.map(|id| id.dac << 6 | u16::from(id.fi)))),
                ("data", Data(m.data)),
                ("radio", radio(m.communication_state_raw)),
            ]);
        }
        Message::Other(_) => {}
    }
    fields
}

/// Of a field that was cut, peers give 0, nothing, or what is left of it as a number of its own.
fn there(number: Option<impl Into<f64>>) -> Expected {
    number.map_or(Expected::Anything, |number| Expected::Number(number.into()))
}

fn application(id: ApplicationId) -> Fields {
    vec![("dac", Expected::Number(id.dac.into())), ("fid", Expected::Number(id.fi.into()))]
}

/// Corners in parts of a minute or of a degree.
fn area(area: Area, parts: f64) -> Fields {
    let about = |raw: i32| Expected::About(f64::from(raw) / parts, 1e-6);
    vec![
        ("ne_lon", about(area.north_east_longitude_raw)),
        ("ne_lat", about(area.north_east_latitude_raw)),
        ("sw_lon", about(area.south_west_longitude_raw)),
        ("sw_lat", about(area.south_west_latitude_raw)),
    ]
}

/// `None` where it was cut: not compared.
fn radio(raw: Option<u32>) -> Expected {
    raw.map_or(Expected::Anything, |raw| Expected::Number(raw.into()))
}

fn movement(speed: u16, course: u16, heading: u16, second: u8) -> Fields {
    use Expected::*;
    vec![
        ("speed", About(f64::from(speed) / 10.0, 1e-6)),
        ("course", About(f64::from(course) / 10.0, 1e-6)),
        ("heading", Number(heading.into())),
        ("second", Number(second.into())),
    ]
}

fn place(longitude: i32, latitude: i32, accuracy: bool) -> Fields {
    use Expected::*;
    vec![
        ("lon", About(f64::from(longitude) / 600_000.0, DEGREES)),
        ("lat", About(f64::from(latitude) / 600_000.0, DEGREES)),
        ("accuracy", Flag(accuracy)),
    ]
}

/// Under the names of gpsd and pyais.
fn spare(reserved: u8, regional: u8) -> Fields {
    use Expected::*;
    vec![
        ("reserved", Number(reserved.into())),
        ("reserved_1", Number(reserved.into())),
        ("regional", Number(regional.into())),
        ("reserved_2", Number(regional.into())),
    ]
}

fn hull(bow: u16, stern: u16, port: u8, starboard: u8) -> Fields {
    use Expected::*;
    vec![
        ("to_bow", Number(bow.into())),
        ("to_stern", Number(stern.into())),
        ("to_port", Number(port.into())),
        ("to_starboard", Number(starboard.into())),
    ]
}

fn voyage(m: &StaticVoyageReport) -> Fields {
    use Expected::*;
    let mut fields = vec![
        ("ais_version", Number(m.ais_version.into())),
        ("imo", Number(m.imo_raw.into())),
        ("callsign", text(m.callsign())),
        ("shipname", text(m.name())),
        ("ship_type", ShipType(m.ship_type_raw)),
        ("shiptype", Number(m.ship_type_raw.into())),
        ("epfd", Number(m.positioning_device_raw.into())),
        ("month", Number(m.eta_month_raw.into())),
        ("day", Number(m.eta_day_raw.into())),
        ("hour", Number(m.eta_hour_raw.into())),
        ("minute", Number(m.eta_minute_raw.into())),
        ("draught", About(f64::from(m.draught_raw) / 10.0, 1e-6)),
        ("destination", text(m.destination())),
        ("dte", Flag(m.dte)),
    ];
    fields.extend(hull(m.bow_m_raw, m.stern_m_raw, m.port_m_raw, m.starboard_m_raw));
    fields
}

fn text<const N: usize>(text: Option<texts::Text<N>>) -> Expected {
    Expected::Text(text.map_or_else(String::new, |text| text.to_string()))
}

/// Only to name the type of texts.
mod texts {
    pub(crate) use maritime::Text;
}

/// The fields of gpsd, which prints raw numbers or scaled ones.
fn gpsd_fields(message: &Message, names: &HashMap<u32, StaticDataA>) -> Fields {
    use Expected::*;
    let mut fields: Fields = pyais_fields(message)
        .into_iter()
        .filter(|(name, _)| {
            !matches!(
                *name,
                "msg_type" | "turn" | "speed" | "course" | "lon" | "lat" | "draught" | "vendorid"
            )
        })
        .collect();
    fields.push(("type", Number(message.header().message_type.into())));
    match message {
        Message::PositionReport(m) => {
            let (size, word) = match m.rate_of_turn() {
                None => (0.0, Some("n/a")),
                Some(RateOfTurn::FastLeft) => (0.0, Some("fastleft")),
                Some(RateOfTurn::FastRight) => (0.0, Some("fastright")),
                Some(RateOfTurn::DegreesPerMinute(degrees)) => (f64::from(degrees), None),
            };
            // gpsd 3.22 squares the rate and so loses its sign.
            let words = match word {
                Some(word) => vec![Value::from(word)],
                None => vec![
                    Value::from(format!("{size:.2}")),
                    Value::from(format!("{:.2}", size.abs())),
                    Value::from(format!("{size:.0}")),
                ],
            };
            fields.push(("turn@scaled", Either(words)));
            fields.push(("turn@raw", Number(m.rate_of_turn_raw.into())));
            fields.extend(gpsd_movement(
                m.speed_raw,
                m.course_raw,
                m.longitude_raw,
                m.latitude_raw,
            ));
        }
        Message::BaseStation(m) => {
            let stamp = format!(
                "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z",
                m.year_raw, m.month_raw, m.day_raw, m.hour_raw, m.minute_raw, m.second_raw
            );
            fields.retain(|(name, _)| *name != "second");
            fields.push(("timestamp", Text(stamp)));
            fields.extend(gpsd_place(m.longitude_raw, m.latitude_raw));
        }
        Message::StaticVoyage(m) => {
            fields.push((
                "eta",
                Text(format!(
                    "{:02}-{:02}T{:02}:{:02}Z",
                    m.eta_month_raw, m.eta_day_raw, m.eta_hour_raw, m.eta_minute_raw
                )),
            ));
            fields.push(("draught@raw", Number(m.draught_raw.into())));
            fields.push(("draught@scaled", About(f64::from(m.draught_raw) / 10.0, 1e-6)));
        }
        Message::ClassB(m) => {
            fields.extend(gpsd_movement(
                m.speed_raw,
                m.course_raw,
                m.longitude_raw,
                m.latitude_raw,
            ));
        }
        Message::ClassBExtended(m) => {
            fields.extend(gpsd_movement(
                m.speed_raw,
                m.course_raw,
                m.longitude_raw,
                m.latitude_raw,
            ));
        }
        Message::StaticDataB(m) => {
            // gpsd reads vendor, model and serial number as one text of seven characters; ours is its start.
            fields.push((
                "vendorid",
                StartsWith(m.vendor().map_or_else(String::new, |v| v.to_string())),
            ));
            if let Some(name) = names.get(&m.header.mmsi_raw) {
                fields.push(("shipname", text(name.name())));
            }
        }
        Message::SlotBinary(m) => {
            // gpsd takes the two spare bits behind the destination for those of the identifier or the data, and
            // the four before the communication state, which it does not read, for data.
            fields.retain(|(name, _)| !matches!(*name, "app_id" | "data" | "radio"));
            let before = if m.addressed { 2 } else { 0 };
            let behind = if m.communication_state_raw.is_some() { 4 } else { 0 };
            fields.push(("data", DataWithin(before, m.data, behind)));
            if let Some(id) = m.application {
                let id = u64::from(id.dac) << 6 | u64::from(id.fi);
                fields
                    .push(("app_id", if m.addressed { Low14(id >> 2) } else { Number(id as f64) }));
            }
        }
        Message::SarAircraft(m) => {
            fields.push(("speed", Number(m.speed_raw.into())));
            fields.push(("course@raw", Number(m.course_raw.into())));
            fields.push(("course@scaled", About(f64::from(m.course_raw) / 10.0, 1e-6)));
            fields.extend(gpsd_place(m.longitude_raw, m.latitude_raw));
        }
        Message::AidToNavigation(m) => {
            fields.retain(|(name, _)| *name != "name");
            fields.push(("name", text(m.name())));
            fields.extend(gpsd_place(m.longitude_raw, m.latitude_raw));
        }
        Message::Dgnss(m) => fields.extend([
            ("lon@raw", Number(m.longitude_raw.into())),
            ("lat@raw", Number(m.latitude_raw.into())),
            // gpsd 3.22 writes one decimal.
            ("lon@scaled", About(f64::from(m.longitude_raw) / 600.0, 0.050_001)),
            ("lat@scaled", About(f64::from(m.latitude_raw) / 600.0, 0.050_001)),
        ]),
        Message::ChannelManagement(ChannelManagement {
            target: ChannelTarget::Area(corners),
            ..
        })
        | Message::GroupAssignment(GroupAssignment { area: corners, .. }) => {
            fields.retain(|(name, _)| !matches!(*name, "ne_lon" | "ne_lat" | "sw_lon" | "sw_lat"));
            let scaled = ["ne_lon@scaled", "ne_lat@scaled", "sw_lon@scaled", "sw_lat@scaled"];
            let raw = ["ne_lon@raw", "ne_lat@raw", "sw_lon@raw", "sw_lat@raw"];
            fields
                .extend(scaled.into_iter().zip(area(*corners, 600.0)).map(|(name, f)| (name, f.1)));
            fields.extend(raw.into_iter().zip(area(*corners, 1.0)).map(|(name, f)| (name, f.1)));
        }
        Message::LongRange(m) => fields.extend([
            ("speed", Number(m.speed_raw.into())),
            ("course", Number(m.course_raw.into())),
            ("lon@raw", Number(m.longitude_raw.into())),
            ("lat@raw", Number(m.latitude_raw.into())),
            ("lon@scaled", About(f64::from(m.longitude_raw) / 600.0, 0.000_06)),
            ("lat@scaled", About(f64::from(m.latitude_raw) / 600.0, 0.000_06)),
        ]),
        _ => {}
    }
    fields
}

fn gpsd_movement(speed: u16, course: u16, longitude: i32, latitude: i32) -> Fields {
    use Expected::*;
    let speed_scaled = match speed {
        1022 => Either(vec![Value::from("fast")]),
        1023 => Either(vec![Value::from("nan"), Value::from(102.3)]),
        _ => About(f64::from(speed) / 10.0, 1e-6),
    };
    let mut fields = vec![
        ("speed@raw", Number(speed.into())),
        ("speed@scaled", speed_scaled),
        ("course@raw", Number(course.into())),
        ("course@scaled", About(f64::from(course) / 10.0, 1e-6)),
    ];
    fields.extend(gpsd_place(longitude, latitude));
    fields
}

fn gpsd_place(longitude: i32, latitude: i32) -> Fields {
    use Expected::*;
    vec![
        ("lon@raw", Number(longitude.into())),
        ("lat@raw", Number(latitude.into())),
        ("lon@scaled", About(f64::from(longitude) / 600_000.0, 1e-7)),
        ("lat@scaled", About(f64::from(latitude) / 600_000.0, 1e-7)),
    ]
}

/// The fields of libais, which keeps positions in 32-bit floats and IMO numbers as text.
fn libais_fields(message: &Message) -> Fields {
    use Expected::*;
    let mut fields: Fields = pyais_fields(message)
        .into_iter()
        .filter(|(name, _)| !matches!(*name, "msg_type" | "radio" | "turn" | "partno"))
        .map(|(name, expected)| match (name, expected) {
            ("lon" | "lat", About(number, _)) => (name, About(number, 2e-5)),
            ("retransmit", Flag(retransmitted)) if message.header().message_type == 6 => {
                (name, Flag(!retransmitted))
            }
            // Corners in degrees, not minutes.
            ("ne_lon" | "ne_lat" | "sw_lon" | "sw_lat", About(minutes, _)) => {
                (name, About(minutes / 60.0, 2e-5))
            }
            // Message 9 sends whole knots, libais takes them for tenths.
            ("speed", Number(knots)) if message.header().message_type == 9 => {
                (name, About(knots / 10.0, 1e-4))
            }
            // Two characters of its table are others.
            (_, Text(text)) => (name, Text(text.replace('_', "-").replace('\'', "`"))),
            // libais says whether the position is fresh, the inverse of the bit.
            ("gnss", Flag(latency)) => (name, Flag(!latency)),
            ("speed" | "course" | "draught", About(number, _)) => (name, About(number, 1e-4)),
            ("imo", Number(number)) => (name, Text(number.to_string())),
            other => other,
        })
        .collect();
    fields.push(("type", Number(message.header().message_type.into())));
    match message.communication_state() {
        None => {}
        Some(CommunicationState::Itdma {
            sync_state,
            slot_increment,
            number_of_slots_raw,
            keep,
        }) => {
            fields.extend([
                ("sync_state", Number(sync_state.into())),
                ("slot_increment", Number(slot_increment.into())),
                ("slots_to_allocate", Number(number_of_slots_raw.into())),
                ("keep_flag", Flag(keep)),
            ]);
        }
        Some(CommunicationState::Sotdma { sync_state, slot_timeout, sub_message }) => {
            fields.push(("sync_state", Number(sync_state.into())));
            fields.push(("slot_timeout", Number(slot_timeout.into())));
            match sub_message {
                SotdmaSubMessage::SlotOffset(n) => fields.push(("slot_offset", Number(n.into()))),
                SotdmaSubMessage::SlotNumber(n) => fields.push(("slot_number", Number(n.into()))),
                SotdmaSubMessage::ReceivedStations(n) => {
                    fields.push(("received_stations", Number(n.into())));
                }
                SotdmaSubMessage::Utc { hour, minute } => {
                    fields.push(("utc_hour", Number(hour.into())));
                    fields.push(("utc_min", Number(minute.into())));
                }
            }
        }
    }
    fields
}
