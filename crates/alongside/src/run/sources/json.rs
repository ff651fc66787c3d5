//! What other programs say in JSON: the sentences inside where there are any, else sentences that say the same.
//!
//! Known are the messages of gpsd (`"class":"AIS"`) and AIS-catcher, alone or as the `msgs` of a POST, and those of
//! aisstream.io (`MessageType` and `Message`). Positions, identities and the clocks of base stations are written as
//! sentences; of other messages without their sentences there is nothing to write.

use decoder::encode::{
    Framing, course_raw, heading_raw, position_raw, rate_of_turn_raw, speed_raw, write_sentences,
};
use decoder::{
    BaseStationReport, ClassBExtendedReport, ClassBReport, Header, LongRangeReport, Message,
    PositionReport, SixBitText, StaticDataA, StaticDataB, StaticVoyageReport,
};
use maritime::{Position, Timestamp};
use serde_json::Value;

/// Positions are sent in 1/10000 minute, those of message 27 in 1/10 minute.
const UNITS_PER_DEGREE: f64 = 600_000.0;
const COARSE_PER_DEGREE: f64 = 600.0;

/// Why a piece of JSON gave no line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unusable {
    /// It is none.
    NotJson,
    /// There is no message in it that can be written as a sentence.
    NoMessage,
}

/// Gives the lines that `text` holds to `each`: a time, if there is one, and a sentence.
pub fn read(text: &[u8], sequence: &mut u8, each: &mut impl FnMut(&str)) -> Result<(), Unusable> {
    let value: Value = serde_json::from_slice(text).map_err(|_| Unusable::NotJson)?;
    let mut lines = 0;
    let mut count = |line: &str| {
        lines += 1;
        each(line);
    };
    match &value {
        Value::Array(values) => values.iter().for_each(|value| say(value, sequence, &mut count)),
        value => match value.get("msgs").and_then(Value::as_array) {
            Some(values) => values.iter().for_each(|value| say(value, sequence, &mut count)),
            None => say(value, sequence, &mut count),
        },
    }
    if lines == 0 { Err(Unusable::NoMessage) } else { Ok(()) }
}

fn say(value: &Value, sequence: &mut u8, each: &mut impl FnMut(&str)) {
    let time = received_at(value).map(|at| format!("{at} ")).unwrap_or_default();
    let mut any = false;
    let mut sentence = |text: &str| {
        // Whatever stands there goes on as a line of its own, and the decoder judges it.
        for line in text.lines().filter(|line| line.starts_with(['!', '\\', '$'])) {
            any = true;
            each(&format!("{time}{line}"));
        }
    };
    match value.get("nmea") {
        Some(Value::String(text)) => sentence(text),
        Some(Value::Array(texts)) => texts.iter().filter_map(Value::as_str).for_each(sentence),
        _ => {}
    }
    if any {
        return;
    }
    let said = match value.get("MessageType").and_then(Value::as_str) {
        Some(name) => {
            value.get("Message").and_then(|message| message.get(name)).map(from_aisstream)
        }
        None => value.get("mmsi").is_some().then(|| from_gpsd(value)),
    };
    let mut lines = Vec::new();
    for message in said.into_iter().flatten() {
        *sequence = (*sequence + 1) % 10;
        let framing = Framing { sequence: *sequence, channel: None, ..Framing::default() };
        write_sentences(&message, &framing, &mut lines);
    }
    for line in String::from_utf8_lossy(&lines).lines() {
        each(&format!("{time}{line}"));
    }
}

/// `rxuxtime`, `rxtime` as `20240131235959`, or the `time_utc` of aisstream.
fn received_at(value: &Value) -> Option<Timestamp> {
    if let Some(seconds) = value.get("rxuxtime").and_then(Value::as_f64) {
        let millis = seconds * 1000.0;
        return (millis > 0.0 && millis < 4e12).then(|| Timestamp::from_millis(millis as i64));
    }
    if let Some(text) = value.get("rxtime").and_then(Value::as_str)
        && text.len() >= 14
        && text.bytes().all(|byte| byte.is_ascii_digit())
    {
        let number = |from: usize, to: usize| text[from..to].parse::<u32>().ok();
        return Timestamp::from_civil(
            number(0, 4)? as i32,
            number(4, 6)?,
            number(6, 8)?,
            number(8, 10)?,
            number(10, 12)?,
            number(12, 14)?,
        );
    }
    // 2022-12-29 18:22:32.318353 +0000 UTC
    let text = value.get("MetaData")?.get("time_utc")?.as_str()?;
    let (day, rest) = text.split_once(' ')?;
    let time = rest.split(' ').next()?;
    Timestamp::parse(&format!("{day}T{}Z", time.get(..time.len().min(12))?)).ok()
}

/// The parts of a message, whoever names them how.
#[derive(Default)]
struct Said {
    message_type: u8,
    repeat: u8,
    mmsi: u32,
    status: u8,
    turn_raw: i8,
    speed_knots: Option<f32>,
    is_accurate: bool,
    position: Option<Position>,
    course_deg: Option<f32>,
    heading_deg: Option<f32>,
    second: u8,
    raim: bool,
    imo: u32,
    callsign: String,
    name: String,
    destination: String,
    ship_type: u8,
    /// To bow, stern, port and starboard.
    dimensions_m: [u16; 4],
    device: u8,
    /// Month, day, hour, minute.
    eta: [u8; 4],
    draught_m: f64,
    dte: bool,
    /// Of type 24: part A is said, part B is said.
    parts: [bool; 2],
    utc: Option<[u16; 6]>,
}

impl Said {
    fn messages(self) -> Vec<Message> {
        let header =
            Header { message_type: self.message_type, repeat: self.repeat, mmsi_raw: self.mmsi };
        let (longitude_raw, latitude_raw) = position_raw(self.position, UNITS_PER_DEGREE);
        let speed_raw = speed_raw(self.speed_knots);
        let [course_raw, heading_raw] =
            [course_raw(self.course_deg), heading_raw(self.heading_deg)];
        let [bow_m_raw, stern_m_raw, port, starboard] = self.dimensions_m;
        let (bow_m_raw, stern_m_raw) = (bow_m_raw.min(511), stern_m_raw.min(511));
        let [port_m_raw, starboard_m_raw] = [port, starboard].map(|metres| metres.min(63) as u8);
        let name_raw = SixBitText::new(&self.name);
        let message = match self.message_type {
            1..=3 => Message::PositionReport(PositionReport {
                header,
                navigational_status_raw: self.status,
                rate_of_turn_raw: self.turn_raw,
                speed_raw,
                accuracy_high: self.is_accurate,
                longitude_raw,
                latitude_raw,
                course_raw,
                heading_raw,
                second_raw: self.second,
                manoeuvre_raw: 0,
                raim: self.raim,
                communication_state_raw: Some(0),
            }),
            4 | 11 => {
                let Some([year, month, day, hour, minute, second]) = self.utc else {
                    return Vec::new();
                };
                Message::BaseStation(BaseStationReport {
                    header,
                    year_raw: year,
                    month_raw: month as u8,
                    day_raw: day as u8,
                    hour_raw: hour as u8,
                    minute_raw: minute as u8,
                    second_raw: second as u8,
                    accuracy_high: self.is_accurate,
                    longitude_raw,
                    latitude_raw,
                    positioning_device_raw: self.device,
                    raim: self.raim,
                    communication_state_raw: Some(0),
                })
            }
            5 => Message::StaticVoyage(StaticVoyageReport {
                header,
                ais_version: 0,
                imo_raw: self.imo,
                callsign_raw: SixBitText::new(&self.callsign),
                name_raw,
                ship_type_raw: self.ship_type,
                bow_m_raw,
                stern_m_raw,
                port_m_raw,
                starboard_m_raw,
                positioning_device_raw: self.device,
                eta_month_raw: self.eta[0],
                eta_day_raw: self.eta[1],
                eta_hour_raw: self.eta[2],
                eta_minute_raw: self.eta[3],
                draught_raw: (self.draught_m * 10.0).round().clamp(0.0, 255.0) as u8,
                destination_raw: SixBitText::new(&self.destination),
                dte: self.dte,
            }),
            18 => Message::ClassB(ClassBReport {
                header,
                reserved: 0,
                speed_raw,
                accuracy_high: self.is_accurate,
                longitude_raw,
                latitude_raw,
                course_raw,
                heading_raw,
                second_raw: self.second,
                regional: 0,
                carrier_sense: true,
                display: false,
                dsc: false,
                whole_band: false,
                message_22: false,
                assigned: false,
                raim: self.raim,
                communication_state_raw: Some(0),
            }),
            19 => Message::ClassBExtended(ClassBExtendedReport {
                header,
                reserved: 0,
                speed_raw,
                accuracy_high: self.is_accurate,
                longitude_raw,
                latitude_raw,
                course_raw,
                heading_raw,
                second_raw: self.second,
                regional: 0,
                name_raw,
                ship_type_raw: self.ship_type,
                bow_m_raw,
                stern_m_raw,
                port_m_raw,
                starboard_m_raw,
                positioning_device_raw: self.device,
                raim: self.raim,
                dte: self.dte,
                assigned: false,
            }),
            24 => {
                let dimensions = u32::from(bow_m_raw) << 21
                    | u32::from(stern_m_raw) << 12
                    | u32::from(port_m_raw) << 6
                    | u32::from(starboard_m_raw);
                let first = Message::StaticDataA(StaticDataA { header, name_raw });
                let second = Message::StaticDataB(StaticDataB {
                    header,
                    ship_type_raw: self.ship_type,
                    vendor_raw: SixBitText::ABSENT,
                    unit_model: 0,
                    serial_number: 0,
                    callsign_raw: SixBitText::new(&self.callsign),
                    dimensions_or_mothership_raw: dimensions,
                    positioning_device_raw: self.device,
                });
                let both = [first, second].into_iter().zip(self.parts);
                return both.filter(|(_, is_said)| *is_said).map(|(part, _)| part).collect();
            }
            27 => {
                let (longitude_raw, latitude_raw) = position_raw(self.position, COARSE_PER_DEGREE);
                Message::LongRange(LongRangeReport {
                    header,
                    accuracy_high: self.is_accurate,
                    raim: self.raim,
                    navigational_status_raw: self.status,
                    longitude_raw,
                    latitude_raw,
                    speed_raw: self.speed_knots.map_or(63, |knots| knots.round().min(62.0) as u8),
                    course_raw: self.course_deg.map_or(511, |deg| deg.round() as u16 % 360),
                    position_latency: false,
                })
            }
            _ => return Vec::new(),
        };
        vec![message]
    }
}

fn float(value: &Value, key: &str) -> Option<f64> {
    value.get(key).and_then(Value::as_f64)
}

/// A whole number that fits; 0 if there is none.
fn whole<T: TryFrom<u64> + Default>(value: &Value, key: &str) -> T {
    let number = value.get(key).and_then(Value::as_u64).and_then(|number| T::try_from(number).ok());
    number.unwrap_or_default()
}

fn flag(value: &Value, key: &str) -> bool {
    value.get(key).and_then(Value::as_bool).unwrap_or_default()
}

fn text(value: &Value, key: &str) -> String {
    value
        .get(key)
        .and_then(Value::as_str)
        .unwrap_or_default()
        .trim_end_matches(['@', ' '])
        .to_owned()
}

/// What is "not available" in a message is so here.
fn speed(knots: Option<f64>) -> Option<f32> {
    knots.filter(|knots| (0.0..102.25).contains(knots)).map(|knots| knots as f32)
}

fn course(degrees: Option<f64>) -> Option<f32> {
    degrees.filter(|degrees| (0.0..360.0).contains(degrees)).map(|degrees| degrees as f32)
}

fn position(latitude_deg: Option<f64>, longitude_deg: Option<f64>) -> Option<Position> {
    Position::new(latitude_deg?, longitude_deg?)
}

/// `{"class":"AIS","type":1,"mmsi":…,"scaled":true,"lat":…}`, as gpsd and AIS-catcher write it.
fn from_gpsd(value: &Value) -> Vec<Message> {
    let is_raw = value.get("scaled").and_then(Value::as_bool) == Some(false);
    let message_type: u8 = whole(value, "type");
    let per_degree = match (is_raw, message_type) {
        (false, _) => 1.0,
        (true, 27) => COARSE_PER_DEGREE,
        (true, _) => UNITS_PER_DEGREE,
    };
    let tenths = if is_raw && message_type != 27 { 10.0 } else { 1.0 };
    let scaled = |key: &str, by: f64| float(value, key).map(|number| number / by);
    let turn_raw = match value.get("turn") {
        Some(Value::String(word)) if word == "fastright" => 127,
        Some(Value::String(word)) if word == "fastleft" => -127,
        Some(Value::Number(number)) if is_raw => number.as_i64().unwrap_or(-128) as i8,
        Some(Value::Number(number)) => rate_of_turn_raw(number.as_f64().map(|turn| turn as f32)),
        _ => -128,
    };
    let eta = text(value, "eta");
    let eta: Vec<u8> =
        eta.split(['-', 'T', ':', 'Z']).filter_map(|part| part.parse().ok()).collect();
    let utc = text(value, "timestamp");
    let utc: Vec<u16> =
        utc.split(['-', 'T', ':', 'Z']).filter_map(|part| part.parse().ok()).collect();
    let part = text(value, "part");
    let has = |keys: &[&str]| keys.iter().any(|key| value.get(key).is_some());
    Said {
        message_type,
        repeat: whole::<u8>(value, "repeat").min(3),
        mmsi: whole(value, "mmsi"),
        status: value
            .get("status")
            .and_then(Value::as_u64)
            .map_or(15, |status| status.min(15) as u8),
        turn_raw,
        speed_knots: speed(scaled("speed", tenths)),
        is_accurate: flag(value, "accuracy"),
        position: position(scaled("lat", per_degree), scaled("lon", per_degree)),
        course_deg: course(scaled("course", tenths)),
        heading_deg: course(float(value, "heading")),
        second: value
            .get("second")
            .and_then(Value::as_u64)
            .map_or(60, |second| second.min(63) as u8),
        raim: flag(value, "raim"),
        imo: whole(value, "imo"),
        callsign: text(value, "callsign"),
        name: text(value, "shipname"),
        destination: text(value, "destination"),
        ship_type: whole(value, "shiptype"),
        dimensions_m: ["to_bow", "to_stern", "to_port", "to_starboard"]
            .map(|key| whole(value, key)),
        device: whole::<u8>(value, "epfd").min(15),
        eta: eta.try_into().unwrap_or([0, 0, 24, 60]),
        draught_m: scaled("draught", if is_raw { 10.0 } else { 1.0 }).unwrap_or_default(),
        dte: value.get("dte").and_then(Value::as_u64) == Some(1),
        parts: match &part[..] {
            "A" => [true, false],
            "B" => [false, true],
            _ => [has(&["shipname"]), has(&["callsign", "shiptype", "to_bow"])],
        },
        utc: utc.try_into().ok(),
    }
    .messages()
}

/// `{"MessageID":1,"UserID":…,"Latitude":…}`, as aisstream.io writes it.
fn from_aisstream(value: &Value) -> Vec<Message> {
    let message_type: u8 = whole(value, "MessageID");
    let report = |name: &str| {
        let report = value.get(name);
        report.filter(|report| report.get("Valid").and_then(Value::as_bool) != Some(false))
    };
    let (first, second) = (report("ReportA"), report("ReportB"));
    // What is in part A or B of message 24 stands at the top of the others.
    let of = |part: Option<&'_ Value>| part.unwrap_or(value).clone();
    let (of_first, of_second) = (of(first), of(second));
    let hull = of_second.get("Dimension").cloned().unwrap_or_default();
    let eta = value.get("Eta").cloned().unwrap_or_default();
    let number = |key: &str| value.get(key).and_then(Value::as_u64);
    let utc = ["UtcYear", "UtcMonth", "UtcDay", "UtcHour", "UtcMinute", "UtcSecond"];
    let ship_type = if message_type == 24 { "ShipType" } else { "Type" };
    Said {
        message_type,
        repeat: whole::<u8>(value, "RepeatIndicator").min(3),
        mmsi: whole(value, "UserID"),
        status: number("NavigationalStatus").map_or(15, |status| status.min(15) as u8),
        turn_raw: value.get("RateOfTurn").and_then(Value::as_i64).map_or(-128, |turn| turn as i8),
        speed_knots: speed(float(value, "Sog")),
        is_accurate: flag(value, "PositionAccuracy"),
        position: position(float(value, "Latitude"), float(value, "Longitude")),
        course_deg: course(float(value, "Cog")),
        heading_deg: course(float(value, "TrueHeading")),
        second: number("Timestamp").map_or(60, |second| second.min(63) as u8),
        raim: flag(value, "Raim"),
        imo: whole(value, "ImoNumber"),
        callsign: text(&of_second, "CallSign"),
        name: text(&of_first, "Name"),
        destination: text(value, "Destination"),
        ship_type: whole(&of_second, ship_type),
        dimensions_m: ["A", "B", "C", "D"].map(|key| whole(&hull, key)),
        device: whole::<u8>(&of_second, "FixType").min(15),
        eta: ["Month", "Day", "Hour", "Minute"].map(|key| whole(&eta, key)),
        draught_m: float(value, "MaximumStaticDraught").unwrap_or_default(),
        dte: flag(value, "Dte"),
        parts: [first.is_some(), second.is_some()],
        utc: value.get("UtcYear").is_some().then(|| utc.map(|key| whole(value, key))),
    }
    .messages()
}

#[cfg(test)]
mod tests {
    use decoder::{Decoder, OutcomeKind};

    use super::*;

    fn lines(text: &str) -> Result<Vec<String>, Unusable> {
        let mut lines = Vec::new();
        read(text.as_bytes(), &mut 0, &mut |line| lines.push(line.to_owned())).map(|()| lines)
    }

    fn messages(text: &str) -> Vec<Message> {
        let mut messages = Vec::new();
        let lines = lines(text).unwrap_or_default().join("\n");
        Decoder::new().push(format!("{lines}\n").as_bytes(), &mut |outcome| match outcome.kind {
            OutcomeKind::Message(received) => messages.push(received.message),
            other => panic!("{other:?} of {lines}"),
        });
        messages
    }

    #[test]
    fn sentences_inside_are_preferred() {
        let sentence = "!AIVDM,1,1,,B,177KQJ5000G?tO`K>RA1wUbN0TKH,0*5C";
        let catcher = format!(
            "{{\"class\":\"AIS\",\"rxtime\":\"20240131235959\",\"mmsi\":1,\"type\":1,\"nmea\":[\"{sentence}\"]}}"
        );
        let expected = [format!("2024-01-31T23:59:59.000Z {sentence}")];
        assert_eq!(lines(&catcher).unwrap(), expected);
        let posted = format!("{{\"protocol\":\"jsonaiscatcher\",\"msgs\":[{catcher},{catcher}]}}");
        assert_eq!(lines(&posted).unwrap().len(), 2);
        let hostile = "{\"nmea\":[\"#commit 1\\n!A\\n\"]}";
        assert_eq!(lines(hostile).unwrap(), ["!A"]);
    }

    #[test]
    fn what_gpsd_decoded_is_written_again() {
        let text = r#"{"class":"AIS","device":"x","type":1,"repeat":0,"mmsi":477553000,"scaled":true,"status":5,"turn":0,
            "speed":12.3,"accuracy":false,"lon":-122.345833,"lat":47.582833,"course":51.0,"heading":181,"second":15}"#;
        let [Message::PositionReport(report)] = messages(text)[..] else { panic!() };
        assert_eq!(report.header.mmsi_raw, 477_553_000);
        assert_eq!(report.position().unwrap().to_string(), "47.58283 -122.34583");
        assert_eq!((report.speed_knots(), report.course_deg()), (Some(12.3), Some(51.0)));
        assert_eq!((report.heading_deg(), report.second()), (Some(181.0), Some(15)));
        let raw = r#"{"class":"AIS","type":18,"mmsi":367059850,"scaled":false,"speed":5,"lon":-53244150,"lat":28549700,
            "course":3600,"heading":511,"second":60}"#;
        let [Message::ClassB(report)] = messages(raw)[..] else { panic!() };
        assert_eq!((report.longitude_raw, report.latitude_raw), (-53_244_150, 28_549_700));
        assert_eq!((report.speed_knots(), report.course_deg()), (Some(0.5), None));
        let voyage = r#"{"class":"AIS","type":5,"mmsi":351759000,"scaled":true,"imo":9134270,"callsign":"3FOF8",
            "shipname":"EVER DIADEM","shiptype":70,"to_bow":225,"to_stern":70,"to_port":1,"to_starboard":31,"epfd":1,
            "eta":"05-15T14:00Z","draught":12.2,"destination":"NEW YORK","dte":0}"#;
        let [Message::StaticVoyage(voyage)] = messages(voyage)[..] else { panic!() };
        assert_eq!(voyage.imo().unwrap().get(), 9_134_270);
        assert_eq!(voyage.name().unwrap().as_str(), "EVER DIADEM");
        assert_eq!(voyage.draught_m(), Some(12.2));
        assert_eq!((voyage.eta_month_raw, voyage.eta_hour_raw), (5, 14));
    }

    #[test]
    fn what_aisstream_decoded_is_written_again() {
        let text = r#"{"MessageType":"PositionReport","MetaData":{"MMSI":259000420,"time_utc":"2022-12-29 18:22:32.318353 +0000 UTC"},
            "Message":{"PositionReport":{"Cog":308.2,"Latitude":66.02695,"Longitude":12.25382,"MessageID":1,
            "NavigationalStatus":15,"PositionAccuracy":true,"RateOfTurn":4,"Sog":0.1,"Timestamp":31,"TrueHeading":235,
            "UserID":259000420,"Valid":true}}}"#;
        assert!(lines(text).unwrap()[0].starts_with("2022-12-29T18:22:32.318Z !AIVDM,1,1,,,"));
        let [Message::PositionReport(report)] = messages(text)[..] else { panic!() };
        assert_eq!(report.position().unwrap().to_string(), "66.02695 12.25382");
        assert_eq!((report.course_deg(), report.heading_deg()), (Some(308.2), Some(235.0)));
        let text = r#"{"MessageType":"StaticDataReport","MetaData":{},"Message":{"StaticDataReport":{"MessageID":24,
            "UserID":271041815,"ReportA":{"Valid":false,"Name":""},"ReportB":{"Valid":true,"CallSign":"TC6163",
            "ShipType":60,"Dimension":{"A":0,"B":15,"C":0,"D":5},"FixType":1}}}}"#;
        let [Message::StaticDataB(part)] = messages(text)[..] else { panic!() };
        assert_eq!(part.callsign().unwrap().as_str(), "TC6163");
        assert_eq!(part.dimensions().unwrap().length_m(), 15);
    }

    #[test]
    fn what_says_nothing_is_told_apart() {
        assert_eq!(lines("{"), Err(Unusable::NotJson));
        assert_eq!(lines("{\"class\":\"TPV\"}"), Err(Unusable::NoMessage));
        assert_eq!(lines("[1,\"x\",null]"), Err(Unusable::NoMessage));
        assert_eq!(lines("{\"error\":\"Api Key Is Not Valid\"}"), Err(Unusable::NoMessage));
        assert_eq!(lines("{\"mmsi\":1,\"type\":8}"), Err(Unusable::NoMessage));
        // However deep, it is refused and not followed.
        assert_eq!(lines(&"[".repeat(100_000)), Err(Unusable::NotJson));
    }
}
