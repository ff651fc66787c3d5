//! Reads the applications of binary messages from example sentences, and compares every field with what
//! gpsd and libais say: of recorded sentences in the folder named by `ALONGSIDE_RECORDINGS`, and of made-up
//! ones where `gpsdecode` is installed. Skips what it does not find.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use alongside_decoder::application::{
    Application, BitView, HazardousCargo, LockPlace, MetHydro, MetHydroEdition, Precipitation,
    RouteType, SubArea, Tendency,
};
use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::TestRunner;
use serde_json::Value;

/// An addressed or broadcast binary message, taken from its sentences without the decoder's help.
#[derive(Debug)]
struct Binary {
    message_type: u8,
    mmsi: u64,
    dac: u16,
    fi: u8,
    bytes: Vec<u8>,
    start: usize,
    bits: usize,
}

impl Binary {
    fn data(&self) -> BitView<'_> {
        BitView::new(&self.bytes, self.start, self.bits - self.start)
    }

    fn application(&self) -> Application<'_> {
        Application::decode(self.dac, self.fi, self.data())
    }
}

/// All binary messages of types 6 and 8, in the order in which they are complete.
fn binaries(text: &str) -> Vec<Binary> {
    let mut all = Vec::new();
    let mut pending = BTreeMap::<_, Vec<bool>>::new();
    for line in text.lines() {
        let start = line.find('!').unwrap_or(0);
        let fields: Vec<_> = line[start..].split(',').collect();
        let [name, count, number, sequence, _, characters, fill, ..] = fields[..] else { continue };
        if !name.starts_with('!')
            || line.starts_with('#')
            || !matches!(name.get(3..), Some("VDM" | "VDO"))
        {
            continue;
        }
        if characters.bytes().any(|byte| !matches!(byte, b'0'..=b'W' | b'`'..=b'w')) {
            continue;
        }
        let bits = pending.entry((count, sequence)).or_default();
        if number == "1" {
            bits.clear();
        }
        for byte in characters.bytes() {
            let six = if byte < 88 { byte - 48 } else { byte - 56 };
            bits.extend((0..6).rev().map(|bit| six >> bit & 1 == 1));
        }
        let Some(Ok(fill)) = fill.get(..1).map(str::parse::<usize>) else { continue };
        bits.truncate(bits.len().saturating_sub(fill));
        if count == number {
            all.extend(binary(bits));
        }
    }
    all
}

fn binary(bits: &[bool]) -> Option<Binary> {
    let number = |start: usize, width: usize| {
        let bits = bits.get(start..start + width)?;
        Some(bits.iter().fold(0u64, |sum, &bit| sum << 1 | u64::from(bit)))
    };
    let id = match number(0, 6)? {
        6 => 72,
        8 => 40,
        _ => return None,
    };
    let byte = |eight: &[bool]| {
        eight.iter().enumerate().fold(0, |sum, (at, &bit)| sum | u8::from(bit) << (7 - at))
    };
    Some(Binary {
        message_type: number(0, 6)? as u8,
        mmsi: number(8, 30)?,
        dac: number(id, 10)? as u16,
        fi: number(id + 10, 6)? as u8,
        bytes: bits.chunks(8).map(byte).collect(),
        start: id + 16,
        bits: bits.len(),
    })
}

fn only(sentences: &str) -> Binary {
    let mut all = binaries(sentences);
    assert_eq!(all.len(), 1, "{sentences}");
    all.remove(0)
}

#[test]
fn a_whale_is_heard_off_cape_cod() {
    let binary = only("!AIVDM,1,1,,B,803Ovrh0EP:024`@02PN04da=3V<>N0000,4*39");
    let Application::AreaNotice(notice) = binary.application() else { panic!("{binary:?}") };
    assert_eq!(notice.linkage(), Some(10));
    assert_eq!(notice.description(), Some("Caution Area: Marine mammals habitat"));
    assert_eq!(notice.duration().unwrap().as_secs(), 1200);
    let areas: Vec<_> = notice.sub_areas().collect();
    let [SubArea::Circle(circle)] = areas[..] else { panic!("{areas:?}") };
    let position = circle.position().unwrap();
    assert!((position.latitude_deg() - 42.08295).abs() < 1e-9);
    assert!((position.longitude_deg() + 69.864_983_333).abs() < 1e-9);
    assert_eq!(circle.radius_m(), 9260.0);
}

#[test]
fn a_beacon_reports_the_weather() {
    let binary = only(
        "!AIVDM,2,1,9,B,8>j`;MP0GhRHI1S`CrTW2?u2Ot1owwnews0F003wwwwwww0001wwwwwwwwh0,0*02\n\
         !AIVDM,2,2,9,B,00,4*18",
    );
    let Application::MetHydro(weather) = binary.application() else { panic!("{binary:?}") };
    assert_eq!(weather.edition, MetHydroEdition::Circular289);
    assert_eq!(weather.wind_speed_knots(), Some(17.0));
    assert_eq!(weather.gust_speed_knots(), None);
    assert_eq!(weather.wind_direction_deg(), Some(132.0));
    assert_eq!(weather.air_temperature_celsius(), Some(1.4));
    assert_eq!(weather.dew_point_celsius(), Some(-0.1));
    assert_eq!(weather.air_pressure_hpa(), Some(1013.0));
    assert_eq!(weather.water_level_m(), Some(5.38));
    assert_eq!((weather.salinity_per_mille(), weather.ice()), (None, None));
}

#[test]
fn a_lighthouse_reports_the_weather_in_the_old_layout() {
    let binary =
        only("!AIVDM,1,1,,A,8@2<HW@0BkdhF0dcH59=RiRRDqnJ7wfRwwwwwwwwwwwwwwwwwwwwwwwwwt0,2*7D");
    let Application::MetHydro(weather) = binary.application() else { panic!("{binary:?}") };
    assert_eq!(weather.edition, MetHydroEdition::Circular236);
    let position = weather.position().unwrap();
    assert!((position.latitude_deg() - 64.65).abs() < 1e-9);
    assert!((position.longitude_deg() - 24.4).abs() < 1e-9);
    let moment = weather.measured_at();
    assert_eq!((moment.month, moment.day), (None, Some(20)));
    assert_eq!((moment.hour, moment.minute), (Some(18), Some(27)));
    assert_eq!(weather.gust_direction_deg(), Some(167.0));
    assert_eq!(weather.humidity_percent(), Some(80.0));
    assert_eq!(weather.air_temperature_celsius(), Some(-12.7));
    assert_eq!(weather.air_pressure_tendency(), Some(Tendency::Increasing));
    assert_eq!((weather.dew_point_celsius(), weather.water_level_m()), (None, None));
}

#[test]
fn a_barge_says_what_it_is() {
    let binary = only("!AIVDM,1,1,,B,83aDChPj2d<dL<uM=hhhI?a@6HP0,0*40");
    let Application::InlandStatic(vessel) = binary.application() else { panic!("{binary:?}") };
    assert_eq!(vessel.vessel_id().unwrap().as_str(), "02103547");
    assert_eq!((vessel.length_m(), vessel.beam_m()), (Some(39.0), Some(5.0)));
    assert_eq!(vessel.eri_type(), Some(8010));
    assert_eq!(vessel.hazardous_cargo(), Some(HazardousCargo::BlueCones(0)));
    assert_eq!((vessel.draught_m(), vessel.is_loaded()), (Some(2.04), Some(false)));
    assert!(!vessel.speed_quality_high);
}

fn recordings() -> Option<PathBuf> {
    let folder = std::env::var_os("ALONGSIDE_RECORDINGS").map(PathBuf::from);
    if folder.is_none() {
        eprintln!("skipped: ALONGSIDE_RECORDINGS is not set");
    }
    folder
}

#[test]
fn recorded_applications_equal_what_gpsd_decodes() {
    let Some(folder) = recordings() else { return };
    let text = std::fs::read_to_string(folder.join("nmea/gpsd-sample.aivdm")).unwrap();
    for name in ["gpsd-sample.aivdm.ju.chk", "gpsd-sample.aivdm.js.chk"] {
        let expected = std::fs::read_to_string(folder.join("nmea-expected").join(name)).unwrap();
        let compared = compare_with_gpsd(&binaries(&text), &expected);
        println!("{name}: {compared:?}");
        assert_eq!(compared.get("MetHydro"), Some(&11));
        assert_eq!(compared.get("InlandStatic"), Some(&1));
        assert_eq!(compared.get("TidalWindow"), Some(&2));
        assert_eq!(compared.get("TextDescription"), Some(&1));
    }
}

#[test]
fn recorded_area_notice_equals_what_libais_decodes() {
    let Some(folder) = recordings() else { return };
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    let binaries = binaries(&read("nmea/libais-typeexamples.nmea"));
    let binary = binaries.iter().find(|binary| (binary.dac, binary.fi) == (1, 22)).unwrap();
    let expected = read("nmea-expected/libais-typeexamples.json");
    let expected: Value =
        expected.lines().find(|line| line.contains("\"sub_areas\"")).unwrap().parse().unwrap();
    let Application::AreaNotice(notice) = binary.application() else { panic!("{binary:?}") };
    assert_eq!(expected["link_id"], notice.linkage_raw);
    assert_eq!(expected["notice_type"], notice.notice_raw);
    // Of the 20 minutes that are sent libais makes 2.
    assert_eq!((expected["duration_minutes"].as_u64(), notice.duration_raw), (Some(2), 20));
    let areas: Vec<_> = notice.sub_areas().collect();
    assert_eq!(expected["sub_areas"].as_array().unwrap().len(), areas.len());
    for (expected, area) in expected["sub_areas"].as_array().unwrap().iter().zip(&areas) {
        let SubArea::Circle(circle) = area else { panic!("{area:?}") };
        assert_eq!(expected["sub_area_type"], 0);
        assert_eq!(expected["precision"], circle.precision_raw);
        assert_eq!(expected["radius"].as_f64().unwrap(), f64::from(circle.radius_m()));
        let position = circle.position().unwrap();
        assert!((expected["x"].as_f64().unwrap() - position.longitude_deg()).abs() < 1e-9);
        assert!((expected["y"].as_f64().unwrap() - position.latitude_deg()).abs() < 1e-9);
    }
}

/// Full-length messages of random bits, for the gpsd that is installed here.
#[test]
fn random_applications_equal_what_gpsdecode_decodes() {
    const ROUNDS: usize = 100;
    let applications = [
        (8, 1, 11, 296),
        (8, 1, 27, 61 + 16 * 55),
        (6, 1, 28, 61 + 15 * 55),
        (8, 1, 29, 610),
        (6, 1, 30, 610),
        (8, 1, 31, 304),
        (6, 1, 32, 9 + 88),
        (6, 1, 32, 9 + 3 * 88),
        (8, 200, 10, 112),
        (6, 200, 21, 160),
        (6, 200, 22, 144),
        (8, 200, 23, 200),
        (8, 200, 24, 112),
        (6, 200, 55, 80),
    ];
    let mut runner = TestRunner::deterministic();
    let mut text = String::new();
    for (message_type, dac, fi, bits) in applications.repeat(ROUNDS) {
        let bits = proptest::collection::vec(proptest::bool::ANY, bits);
        let data = bits.new_tree(&mut runner).unwrap().current();
        text += &sentences(message_type, dac, fi, &data);
    }
    let Some(expected) = gpsdecode(&text) else { return };
    let compared = compare_with_gpsd(&binaries(&text), &expected);
    println!("{compared:?}");
    let applications = [
        "EmmaWarning",
        "InlandPersons",
        "InlandStatic",
        "LockEta",
        "LockRta",
        "MetHydro",
        "Route",
        "TextDescription",
        "TidalWindow",
        "WaterLevels",
    ];
    for name in applications {
        assert!(
            compared.get(name).is_some_and(|&count| count > ROUNDS / 4),
            "{name}: {compared:?}"
        );
    }
}

/// The applications of all recordings, each packed again into sentences of its own.
#[test]
fn all_recorded_applications_equal_what_gpsdecode_decodes() {
    let Some(folder) = recordings() else { return };
    let mut text = String::new();
    for entry in std::fs::read_dir(folder.join("nmea")).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        let mut plain = Vec::new();
        if flate2::read::MultiGzDecoder::new(&bytes[..]).read_to_end(&mut plain).is_err() {
            plain = bytes;
        }
        for binary in binaries(&String::from_utf8_lossy(&plain)) {
            // gpsd reads more applications, and fills cut weather reports with zeros.
            let more = matches!((binary.dac, binary.fi), (1, 12 | 14 | 18));
            let cut = matches!((binary.dac, binary.fi), (1, 11 | 31)) && binary.data().len() < 296;
            if matches!(binary.dac, 1 | 200) && !more && !cut {
                let data: Vec<bool> = binary.data().iter().collect();
                text += &sentences(binary.message_type, binary.dac, binary.fi, &data);
            }
        }
    }
    let Some(expected) = gpsdecode(&text) else { return };
    println!("{:?}", compare_with_gpsd(&binaries(&text), &expected));
}

fn gpsdecode(text: &str) -> Option<String> {
    let gpsdecode = Command::new("gpsdecode")
        .args(["-j", "-u"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let Ok(mut gpsdecode) = gpsdecode else {
        eprintln!("skipped: gpsdecode is not installed");
        return None;
    };
    let mut input = gpsdecode.stdin.take().unwrap();
    let text = text.to_owned();
    let writer = std::thread::spawn(move || input.write_all(text.as_bytes()).unwrap());
    let output = gpsdecode.wait_with_output().unwrap();
    writer.join().unwrap();
    Some(String::from_utf8(output.stdout).unwrap())
}

fn sentences(message_type: u8, dac: u16, fi: u8, data: &[bool]) -> String {
    let mut bits = Vec::new();
    let mut put = |value: u32, width: u32| {
        bits.extend((0..width).rev().map(|bit| value >> bit & 1 == 1));
    };
    put(message_type.into(), 6);
    put(0, 2);
    put(244_650_946, 30);
    put(0, 2);
    if message_type == 6 {
        put(244_670_500, 30);
        put(0, 2);
    }
    put(dac.into(), 10);
    put(fi.into(), 6);
    bits.extend(data);
    let fill = (6 - bits.len() % 6) % 6;
    let characters: Vec<u8> = bits
        .chunks(6)
        .map(|six| (0..6).fold(0, |sum, at| sum << 1 | u8::from(six.get(at) == Some(&true))))
        .map(|six| if six < 40 { six + 48 } else { six + 56 })
        .collect();
    let parts: Vec<_> = characters.chunks(60).collect();
    let mut text = String::new();
    for (at, part) in parts.iter().enumerate() {
        let (count, number) = (parts.len(), at + 1);
        let fill = if number == count { fill } else { 0 };
        let part = std::str::from_utf8(part).unwrap();
        let body = format!("AIVDM,{count},{number},1,A,{part},{fill}");
        let checksum = body.bytes().fold(0, |sum, byte| sum ^ byte);
        text += &format!("!{body}*{checksum:02X}\n");
    }
    text
}

/// What gpsd should say of a field.
#[derive(Debug)]
enum Expected {
    Number(f64),
    /// Its rounding allows that much.
    About(f64, f64),
    Flag(bool),
    Text(String),
    /// The numbers in a text, such as a time.
    Numbers(Vec<u64>),
    OneOf(Vec<Value>),
}

impl Expected {
    fn is(&self, found: &Value) -> bool {
        let near = |number: f64, by: f64| {
            found.as_f64().is_some_and(|found| (found - number).abs() <= by + 1e-9)
        };
        match self {
            Expected::Number(number) => near(*number, 0.0),
            Expected::About(number, by) => near(*number, *by),
            Expected::Flag(flag) => found == flag,
            Expected::Text(text) => found.as_str().is_some_and(|found| found.trim() == text),
            Expected::Numbers(numbers) => {
                let found = found.as_str().unwrap_or("").split(|c: char| !c.is_ascii_digit());
                let found: Vec<u64> = found.filter_map(|number| number.parse().ok()).collect();
                found == *numbers
            }
            Expected::OneOf(values) => values.contains(found),
        }
    }
}

type Fields = BTreeMap<String, Expected>;

/// Panics over the first differences; gives how many messages were compared of each application.
fn compare_with_gpsd(binaries: &[Binary], expected: &str) -> BTreeMap<String, usize> {
    let lines: Vec<_> = expected
        .lines()
        .filter(|line| line.contains("\"type\":6,") || line.contains("\"type\":8,"))
        .collect();
    assert_eq!(lines.len(), binaries.len(), "messages");
    let mut compared = BTreeMap::new();
    let mut differences = Vec::new();
    for (line, binary) in lines.iter().zip(binaries) {
        // gpsd 3.22 does not escape quotes and backslashes in the codes of places.
        let unescaped = binary.dac == 200 && matches!(binary.fi, 21 | 22 | 24);
        let Ok(value) = line.parse::<Value>() else {
            assert!(unescaped, "{line}");
            continue;
        };
        if unescaped && line.contains('\\') {
            continue;
        }
        assert!(line.contains(&format!("\"type\":{},\"repeat\"", binary.message_type)), "{line}");
        assert_eq!(value["mmsi"], binary.mmsi, "{line}");
        assert_eq!((&value["dac"], &value["fid"]), (&binary.dac.into(), &binary.fi.into()));
        let application = binary.application();
        let name = format!("{application:?}");
        let name = name.split(['(', ' ']).next().unwrap_or_default().to_owned();
        if name == "Unknown" && value.get("data").is_none() {
            // gpsd reads more applications.
            assert!(matches!((binary.dac, binary.fi), (1, 12 | 14 | 18) | (235, 10)), "{line}");
            continue;
        }
        if name != "Unknown" && value.get("data").is_some() {
            // gpsd 3.22 does not read area notices and extended static data, gives up where a field of
            // 200/10 is out of its range, and reads the weather only at its full length.
            *compared.entry(format!("{name} as bits")).or_default() += 1;
            continue;
        }
        let fields = fields(&application, value["scaled"] == true);
        let mut found = BTreeMap::new();
        flatten("", &value, &mut found);
        if fields.contains_key("type") {
            // gpsd gives 200/23 two fields of that name, and this is the second.
            found.insert("type".to_owned(), value["type"].clone());
        }
        for (path, value) in found {
            // Behind the last place that was sent gpsd lists zeros.
            let list = path.split('[').next().unwrap_or_default();
            let listed =
                fields.keys().any(|ours| ours.starts_with(&path[..path.len().min(list.len() + 3)]));
            let beyond = matches!(list, "waypoints" | "tidals") && !listed;
            let equal = match fields.get(&path) {
                Some(expected) => expected.is(&value),
                None => {
                    beyond
                        || path.ends_with("_text") && fields.contains_key(&path[..path.len() - 5])
                }
            };
            if !equal {
                differences.push(format!("{path}: {value}, {:?}\n  {line}", fields.get(&path)));
            }
        }
        *compared.entry(name).or_default() += 1;
    }
    let count = differences.len();
    differences.truncate(10);
    assert_eq!(count, 0, "differences from gpsd, among them\n{}", differences.join("\n"));
    compared
}

/// Lists and what stands in them become `list[0].name`; what every message has is left out.
fn flatten(path: &str, value: &Value, into: &mut BTreeMap<String, Value>) {
    const ENVELOPE: [&str; 11] = [
        "class",
        "device",
        "type",
        "repeat",
        "mmsi",
        "scaled",
        "seqno",
        "dest_mmsi",
        "retransmit",
        "dac",
        "fid",
    ];
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                if path.is_empty() && ENVELOPE.contains(&name.as_str()) {
                    continue;
                }
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                flatten(&path, value, into);
            }
        }
        Value::Array(values) => {
            for (at, value) in values.iter().enumerate() {
                flatten(&format!("{path}[{at}]"), value, into);
            }
        }
        other => {
            into.insert(path.to_owned(), other.clone());
        }
    }
}

/// The fields under gpsd's names. Scaled ones are what the accessors say; where they say `None`, gpsd
/// scales the "not available" like any number.
fn fields(application: &Application<'_>, scaled: bool) -> Fields {
    use Expected::*;
    let mut fields = Fields::new();
    let mut put = |name: &str, expected| {
        assert!(fields.insert(name.to_owned(), expected).is_none(), "{name}");
    };
    // A place in 1/1000 or 1/10000 minute.
    let place = |raw: i32, steps: f64| {
        if scaled { About(f64::from(raw) / 60.0 / steps, 1e-6) } else { Number(raw.into()) }
    };
    match application {
        Application::MetHydro(m) => return met_hydro(m, scaled),
        Application::PersonsOnBoard(m) => put("persons", Number(m.persons_raw.into())),
        Application::Route(m) => {
            put("linkage", Number(m.linkage_raw.into()));
            put("sender", Number(m.sender_raw.into()));
            put("rtype", Number(m.route_type_raw.into()));
            put("rtype_text", route_type(m.route_type()));
            let start = [m.month_raw, m.day_raw, m.hour_raw, m.minute_raw];
            put("start", Numbers(start.map(u64::from).to_vec()));
            put("duration", Number(m.duration_raw.into()));
            for (at, waypoint) in m.waypoints().enumerate() {
                put(&format!("waypoints[{at}].lon"), place(waypoint.longitude_raw, 10_000.0));
                put(&format!("waypoints[{at}].lat"), place(waypoint.latitude_raw, 10_000.0));
            }
        }
        Application::TextDescription(m) => {
            put("linkage", Number(m.linkage_raw.into()));
            put("text", Text(m.text.to_string()));
        }
        Application::TidalWindow(m) => {
            put("month", Number(m.month_raw.into()));
            put("day", Number(m.day_raw.into()));
            for (at, tide) in m.tides().enumerate() {
                let mut put = |name, expected| put(&format!("tidals[{at}].{name}"), expected);
                // gpsd takes what a short message lacks for zeros.
                let whole = m.tides_raw.len() >= 88 * (at + 1);
                let sent = |number: f64| {
                    if whole { Number(number) } else { OneOf(vec![0.into(), 0.0.into()]) }
                };
                put("lon", place(tide.longitude_raw, 1000.0));
                put("lat", place(tide.latitude_raw, 1000.0));
                put("from_hour", Number(tide.from_hour_raw.into()));
                put("from_min", Number(tide.from_minute_raw.into()));
                put("to_hour", Number(tide.to_hour_raw.into()));
                put("to_min", Number(tide.to_minute_raw.into()));
                put("cdir", sent(tide.current_direction_raw.into()));
                put(
                    "cspeed",
                    sent(f64::from(tide.current_speed_raw) / if scaled { 10.0 } else { 1.0 }),
                );
            }
        }
        Application::InlandStatic(m) => {
            put("vin", Text(m.vessel_id().map_or_else(String::new, |id| id.to_string())));
            put("length", Number(m.length_raw.into()));
            put("beam", Number(m.beam_raw.into()));
            put("shiptype", Number(m.eri_type_raw.into()));
            let eri_type = m.eri_type_description().unwrap_or("Illegal ship type value.");
            put("shiptype_text", OneOf(vec![eri_type.into()]));
            put("hazard", Number(m.hazardous_cargo_raw.into()));
            put(
                "hazard_text",
                OneOf(match m.hazardous_cargo() {
                    Some(HazardousCargo::BlueCones(1)) => vec!["1 blue cone/light".into()],
                    Some(HazardousCargo::BlueCones(cones)) => {
                        vec![format!("{cones} blue cones/lights").into()]
                    }
                    Some(HazardousCargo::BFlag) => vec!["4 B-Flag".into()],
                    None => vec!["Unknown".into(), "INVALID HAZARD CODE".into()],
                }),
            );
            put("draught", Number(m.draught_raw.into()));
            put("loaded", Number(m.loaded_raw.into()));
            put(
                "loaded_text",
                OneOf(match m.is_loaded() {
                    Some(true) => vec!["Loaded".into()],
                    Some(false) => vec!["Unloaded".into()],
                    None => vec!["N/A (default)".into(), "INVALID LOAD STATUS".into()],
                }),
            );
            put("speed_q", Flag(m.speed_quality_high));
            put("course_q", Flag(m.course_quality_high));
            put("heading_q", Flag(m.heading_quality_high));
        }
        Application::LockEta(m) => {
            lock_place(&m.place, &mut put);
            let eta = [m.month_raw, m.day_raw, m.hour_raw, m.minute_raw];
            put("eta", Numbers(eta.map(u64::from).to_vec()));
            put("tugs", Number(m.tugs_raw.into()));
            put("airdraught", Number(m.air_draught_raw.into()));
        }
        Application::LockRta(m) => {
            lock_place(&m.place, &mut put);
            let rta = [m.month_raw, m.day_raw, m.hour_raw, m.minute_raw];
            put("eta", Numbers(rta.map(u64::from).to_vec()));
            put("status", Number(m.status_raw.into()));
        }
        Application::EmmaWarning(m) => {
            let time = |year: u8, rest: [u8; 4]| {
                Numbers([2000 + u64::from(year)].into_iter().chain(rest.map(u64::from)).collect())
            };
            // gpsd 3.22 writes the hour, minute and day of the start in that order.
            let start = [m.start_month_raw, m.start_hour_raw, m.start_minute_raw, m.start_day_raw];
            put("start", time(m.start_year_raw, start));
            let end = [m.end_month_raw, m.end_day_raw, m.end_hour_raw, m.end_minute_raw];
            put("end", time(m.end_year_raw, end));
            put("start_lon", place(m.start_longitude_raw, 10_000.0));
            put("start_lat", place(m.start_latitude_raw, 10_000.0));
            put("end_lon", place(m.end_longitude_raw, 10_000.0));
            put("end_lat", place(m.end_latitude_raw, 10_000.0));
            put("type", Number(m.warning_type_raw.into()));
            // gpsd reads two's complement where the standard has a sign and a size.
            let twos = |raw: u16| Number(f64::from(((raw << 7) as i16) >> 7));
            put("min", twos(m.value_min_raw));
            put("max", twos(m.value_max_raw));
            put("class", Number(m.intensity_raw.into()));
            put("wind", Number(m.wind_direction_raw.into()));
        }
        Application::WaterLevels(m) => {
            put("country", Text(m.country().map_or_else(String::new, |code| code.to_string())));
            for (at, gauge) in m.gauges_raw.iter().enumerate() {
                put(&format!("gauges[{at}].id"), Number(gauge.id_raw.into()));
                // gpsd reads two's complement where the standard has a sign and a size.
                let twos = ((gauge.level_raw << 2) as i16) >> 2;
                put(&format!("gauges[{at}].level"), Number(twos.into()));
            }
        }
        Application::InlandPersons(m) => {
            put("crew", Number(m.crew_raw.into()));
            put("passengers", Number(m.passengers_raw.into()));
            put("personnel", Number(m.personnel_raw.into()));
        }
        Application::Unknown { data, .. } => put("data", Text(format!("{data:?}"))),
        // gpsd 3.22 does not read these.
        Application::AreaNotice(_) | Application::ExtendedStatic(_) => {}
    }
    fields
}

fn lock_place(place: &LockPlace, put: &mut impl FnMut(&str, Expected)) {
    let text = |text: Option<String>| Expected::Text(text.unwrap_or_default());
    put("country", text(place.country().map(|text| text.to_string())));
    put("locode", text(place.location().map(|text| text.to_string())));
    put("section", text(place.section().map(|text| text.to_string())));
    put("terminal", text(place.terminal().map(|text| text.to_string())));
    put("hectometre", text(place.hectometre().map(|text| text.to_string())));
}

fn route_type(route_type: Option<RouteType>) -> Expected {
    let words = match route_type {
        None => vec!["Undefined (default)", "Reserved for future use."],
        Some(RouteType::Mandatory) => vec!["Mandatory"],
        Some(RouteType::Recommended) => vec!["Recommended"],
        Some(RouteType::Alternative) => vec!["Alternative"],
        Some(RouteType::RecommendedThroughIce) => vec!["Recommended route through ice"],
        Some(RouteType::ShipPlan) => vec!["Ship route plan"],
        Some(RouteType::Cancellation) => {
            vec!["Cancel route identified by message linkage", "Reserved for future use."]
        }
    };
    Expected::OneOf(words.into_iter().map(Value::from).collect())
}

fn met_hydro(m: &MetHydro, scaled: bool) -> Fields {
    use Expected::*;
    let old = m.edition == MetHydroEdition::Circular236;
    let mut fields = Fields::new();
    let mut put = |name: &str, expected| {
        assert!(fields.insert(name.to_owned(), expected).is_none(), "{name}");
    };
    // The accessor's number; without one, what gpsd makes of `raw` steps above `lowest`.
    let measure = |raw: i32, accessor: Option<f32>, steps: f64, lowest: f64| {
        let scaled_raw = f64::from(raw) / steps + lowest;
        match (scaled, accessor) {
            (false, _) => Number(raw.into()),
            (true, Some(number)) => About(number.into(), 0.05),
            (true, None) => About(scaled_raw, 0.05),
        }
    };
    let place = |raw: i32| {
        if scaled { About(f64::from(raw) / 60_000.0, 1e-6) } else { Number(raw.into()) }
    };
    put("lat", place(m.latitude_raw));
    put("lon", place(m.longitude_raw));
    put("timestamp", Numbers([m.day_raw, m.hour_raw, m.minute_raw].map(u64::from).to_vec()));
    put("wspeed", measure(m.wind_speed_raw.into(), m.wind_speed_knots(), 1.0, 0.0));
    put("wgust", measure(m.gust_speed_raw.into(), m.gust_speed_knots(), 1.0, 0.0));
    put("wdir", measure(m.wind_direction_raw.into(), m.wind_direction_deg(), 1.0, 0.0));
    put("wgustdir", measure(m.gust_direction_raw.into(), m.gust_direction_deg(), 1.0, 0.0));
    put("humidity", measure(m.humidity_raw.into(), m.humidity_percent(), 1.0, 0.0));
    let above = |lowest: f64| if old { lowest } else { 0.0 };
    let air = m.air_temperature_celsius();
    put("airtemp", measure(m.air_temperature_raw.into(), air, 10.0, above(-60.0)));
    put("dewpoint", measure(m.dew_point_raw.into(), m.dew_point_celsius(), 10.0, above(-20.0)));
    let water = m.water_temperature_celsius();
    put("watertemp", measure(m.water_temperature_raw.into(), water, 10.0, above(-10.0)));
    let lowest_hpa = if old { 800.0 } else { 799.0 };
    put("pressure", measure(m.air_pressure_raw.into(), m.air_pressure_hpa(), 1.0, lowest_hpa));
    put("visibility", measure(m.visibility_raw.into(), m.visibility_nmi(), 10.0, 0.0));
    let steps = if old { 10.0 } else { 100.0 };
    put("waterlevel", measure(m.water_level_raw.into(), m.water_level_m(), steps, -10.0));
    put("pressuretend", tendency(m.air_pressure_tendency_raw, scaled));
    put("leveltrend", tendency(m.water_level_tendency_raw, scaled));
    for (at, current) in m.currents.iter().enumerate() {
        let name = |name: &str| if at == 0 { name.to_owned() } else { format!("{name}{}", at + 1) };
        put(&name("cspeed"), measure(current.speed_raw.into(), current.speed_knots(), 10.0, 0.0));
        put(
            &name("cdir"),
            measure(current.direction_raw.into(), current.direction_deg(), 1.0, 0.0),
        );
        if at > 0 {
            put(&name("cdepth"), measure(current.depth_raw.into(), current.depth_m(), 1.0, 0.0));
        }
    }
    for (name, waves) in [("wave", m.waves), ("swell", m.swell)] {
        let mut put = |field, expected| put(&format!("{name}{field}"), expected);
        put("height", measure(waves.height_raw.into(), waves.height_m(), 10.0, 0.0));
        put("period", measure(waves.period_raw.into(), waves.period_s(), 1.0, 0.0));
        put("dir", measure(waves.direction_raw.into(), waves.direction_deg(), 1.0, 0.0));
    }
    put("seastate", Number(m.sea_state_raw.into()));
    put("salinity", measure(m.salinity_raw.into(), m.salinity_per_mille(), 10.0, 0.0));
    let precipitation = match m.precipitation() {
        Some(Precipitation::Rain) => vec!["rain".into()],
        Some(Precipitation::Thunderstorm) => vec!["thunderstorm".into()],
        Some(Precipitation::FreezingRain) => vec!["freezing rain".into()],
        Some(Precipitation::MixedOrIce) => vec!["mixed/ice".into()],
        Some(Precipitation::Snow) => vec!["snow".into()],
        None => vec!["reserved".into(), "N/A".into()],
    };
    let ice = match m.ice() {
        Some(false) => vec!["no".into()],
        Some(true) => vec!["yes".into()],
        None => vec!["reserved".into(), "N/A".into()],
    };
    if old {
        put("preciptype", Number(m.precipitation_raw.into()));
        put("preciptype_text", OneOf(precipitation));
        put("ice", Number(m.ice_raw.into()));
        put("ice_text", OneOf(ice));
    } else {
        put("accuracy", Flag(m.accuracy_high));
        put("visgreater", Flag(m.visibility_greater));
        let word_or = |words, raw: u8| if scaled { OneOf(words) } else { Number(raw.into()) };
        put("preciptype", word_or(precipitation, m.precipitation_raw));
        put("ice", word_or(ice, m.ice_raw));
    }
    fields
}

/// gpsd's words for 1 and 2 are the other way round than in the circulars and in its own description.
fn tendency(raw: u8, scaled: bool) -> Expected {
    if !scaled {
        return Expected::Number(raw.into());
    }
    Expected::Text(
        match Tendency::from_raw(raw) {
            Some(Tendency::Steady) => "steady",
            Some(Tendency::Decreasing) => "increasing",
            Some(Tendency::Increasing) => "decreasing",
            None => "N/A",
        }
        .to_owned(),
    )
}
