//! Messages that the tests send.

use crate::encode::{Framing, write_framed};
use crate::payload::Payload;
use crate::sentence::checksum;
use crate::{
    Channel, ClassBExtendedReport, Header, Message, PositionReport, SixBitText, StaticVoyageReport,
};

/// `body` between `start` and its checksum.
pub(crate) fn checked(start: &str, body: &str) -> String {
    format!("{start}{body}*{:02X}", checksum(body.as_bytes()))
}

/// As many sentences as it takes, of at most 60 characters of payload each.
pub(crate) fn sentences(
    talker: &str,
    sequence: u8,
    channel: char,
    payload: &Payload,
) -> Vec<String> {
    let framing = Framing {
        talker: talker.as_bytes().try_into().expect("two characters"),
        channel: Some(if channel == 'A' { Channel::A } else { Channel::B }),
        sequence,
        payload_characters_max: 60,
        ..Framing::default()
    };
    let mut out = Vec::new();
    write_framed(payload, &framing, &mut out);
    String::from_utf8(out).expect("sentences are ASCII").lines().map(str::to_owned).collect()
}

fn header(message_type: u8, mmsi_raw: u32) -> Header {
    Header { message_type, repeat: 0, mmsi_raw }
}

/// Message 1 at 48.38 N 123.40 W, 12.3 knots, 224°, heading 215°.
pub(crate) fn position_report(mmsi: u32) -> Payload {
    let report = PositionReport {
        header: header(1, mmsi),
        navigational_status_raw: 0,
        rate_of_turn_raw: -20,
        speed_raw: 123,
        accuracy_high: true,
        longitude_raw: -74037230,
        latitude_raw: 29028980,
        course_raw: 2240,
        heading_raw: 215,
        second_raw: 33,
        manoeuvre_raw: 1,
        raim: true,
        communication_state_raw: Some(34017),
    };
    Message::PositionReport(report).write()
}

/// Message 5, whose destination tells the MMSI again.
pub(crate) fn static_voyage(mmsi: u32, name: &str) -> Payload {
    let destination =
        if name == "LAHRINGEN" { "R'DAM/LWARDEN".into() } else { format!("TO {mmsi} AGAIN") };
    let report = StaticVoyageReport {
        header: header(5, mmsi),
        ais_version: 1,
        imo_raw: 9074729,
        callsign_raw: SixBitText::new("PB4664"),
        name_raw: SixBitText::new(name),
        ship_type_raw: 70,
        bow_m_raw: 100,
        stern_m_raw: 10,
        port_m_raw: 6,
        starboard_m_raw: 5,
        positioning_device_raw: 1,
        eta_month_raw: 11,
        eta_day_raw: 21,
        eta_hour_raw: 12,
        eta_minute_raw: 0,
        draught_raw: 30,
        destination_raw: SixBitText::new(&destination),
        dte: false,
    };
    Message::StaticVoyage(report).write()
}

/// Message 19 at 29.54 N 88.81 W, 8.7 knots, 335.9°.
pub(crate) fn class_b_extended(mmsi: u32) -> Payload {
    let report = ClassBExtendedReport {
        header: header(19, mmsi),
        reserved: 0,
        speed_raw: 87,
        accuracy_high: false,
        longitude_raw: -53286235,
        latitude_raw: 17726217,
        course_raw: 3359,
        heading_raw: 511,
        second_raw: 46,
        regional: 0,
        name_raw: SixBitText::new("CAPT.J.RIMES"),
        ship_type_raw: 70,
        bow_m_raw: 5,
        stern_m_raw: 21,
        port_m_raw: 4,
        starboard_m_raw: 4,
        positioning_device_raw: 1,
        raim: false,
        dte: false,
        assigned: false,
    };
    Message::ClassBExtended(report).write()
}
