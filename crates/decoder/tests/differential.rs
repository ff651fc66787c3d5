//! Compares every field with what two other decoders make of the same payloads: random messages of all types, and
//! those of the recordings in the folder named by `ALONGSIDE_RECORDINGS`. Only the fields that both have; how
//! sentences are put together is not compared here.
//!
//! These differences are known, counted and printed; there may be no others. What decides is ITU-R M.1371-5,
//! annex 8, under the message.
//!
//! | peer | what | it says | here | decided by |
//! |---|---|---|---|---|
//! | both | a message that was cut | nothing | the fields that are there | a report of 163 bits has its position |
//! | both | a text with `@` inside | leaves it in and reads on | ends there | `@` fills unused places |
//! | both | an MMSI of more than nine digits | a message | a rejection | an MMSI has nine digits |
//! | both | type 24 with part number 2 or 3, type 28 | nothing | the header | reserved |
//! | aivdm | `retransmit` of type 6 | the inverse of the bit | the bit: sent again | message 6: 1 is retransmitted |
//! | aivdm | application identifier and data of an addressed type 25 or 26 | from bit 70 on | from bit 72 on | two spare bits follow the destination |
//! | aivdm | last bits of the data of type 26 | four spare bits more | without them | four spare bits stand before the communication state |
//! | aivdm | vendor of type 24 B | seven characters, as in edition 3 | three characters, model, serial number | message 24 B, from edition 4 on |
//! | aivdm | name of type 21 shorter than 20 characters with an extension | both together | the name | the extension is for names of more than 20 |
//! | aivdm | data longer than the five slots of its type allow, or one for type 25 | nothing | up to 1024 bits | what arrived is kept |
//! | nmea-0183-rs | data of types 25 and 26 | the application identifier, too | what follows it | the identifier is a field |
//! | nmea-0183-rs | rate of turn | the number that was sent | the same number; degrees from an accessor | messages 1-3: 4.733 times the root |

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use aivdm::AisMessage as Aivdm;
use aivdm::message as aivdm_message;
use alongside_decoder::encode::write_payload;
use alongside_decoder::{
    Area, BitData, ChannelTarget, Decoder, Header, Message, OutcomeKind, Rejection, SixBitText,
};
use nmea_0183_rs::ais::{
    AisDecodeOutcome, AisMessage as Nmea0183, AisParser, ChannelManagementScope, PositionTimestamp,
    StaticDataReport,
};

use inputs::{Random, any_message, write_checked};

#[allow(dead_code)]
#[path = "properties/inputs.rs"]
mod inputs;

/// The characters of a payload and how many bits of the last are only filled up.
type Armoured = (String, u8);

/// What was found of one peer.
#[derive(Default)]
struct Findings {
    compared: BTreeMap<u8, usize>,
    explained: BTreeMap<&'static str, usize>,
    differences: Vec<String>,
    /// What is compared right now.
    place: String,
}

impl Findings {
    fn same<T: PartialEq + Debug>(&mut self, field: &str, theirs: T, ours: T) {
        if theirs != ours {
            self.differences.push(format!("{field}: {theirs:?}, here {ours:?}: {}", self.place));
        }
    }

    fn explain(&mut self, why: &'static str) {
        *self.explained.entry(why).or_default() += 1;
    }

    fn text<const N: usize>(&mut self, field: &str, theirs: &str, ours: Option<maritime::Text<N>>) {
        let ended = theirs.split('@').next().unwrap_or_default().trim();
        if ended != theirs.trim() {
            self.explain("a text with @ inside");
        }
        self.same(field, ended, ours.as_ref().map_or("", |text| text.as_str()));
    }

    fn six_bit<const N: usize>(&mut self, field: &str, theirs: &str, ours: SixBitText<N>) {
        self.text(field, theirs, ours.text());
    }

    fn header(&mut self, repeat: u8, mmsi: u32, ours: Header) {
        self.same("repeat", repeat, ours.repeat);
        self.same("mmsi", mmsi, ours.mmsi_raw);
    }

    /// One of them has no message.
    fn refused(&mut self, ours: Result<&Message, Rejection>, bits: usize, most_data: usize) {
        match ours {
            Ok(Message::Other(_)) => self.explain("reserved types and parts"),
            Ok(message) if bits < full_length(message) => self.explain("a message that was cut"),
            Ok(message) if data_length(message) > most_data => {
                self.explain("data that is too long")
            }
            Err(Rejection::BadMmsi { .. }) => self.explain("an MMSI of more than nine digits"),
            other => self.differences.push(format!("{other:?}: {}", self.place)),
        }
    }
}

/// How long a message is that has all its fields.
fn full_length(message: &Message) -> usize {
    match message {
        Message::StaticVoyage(_) => 424,
        Message::BinaryAddressed(_) => 88,
        Message::Acknowledge(_) | Message::UtcInquiry(_) | Message::SafetyAddressed(_) => 72,
        Message::BinaryBroadcast(_) => 56,
        Message::SafetyBroadcast(_) => 40,
        Message::Interrogation(_) => 88,
        Message::Assignment(_) => 96,
        Message::Dgnss(_) => 80,
        Message::ClassBExtended(_) => 312,
        Message::LinkManagement(_) => 72,
        Message::AidToNavigation(_) => 272,
        Message::GroupAssignment(_) | Message::StaticDataA(_) => 160,
        Message::SlotBinary(m) => {
            let destination = if m.addressed { 32 } else { 0 };
            let application = if m.structured { 16 } else { 0 };
            let state = if m.header.message_type == 26 { 24 } else { 0 };
            40 + destination + application + state
        }
        Message::LongRange(_) => 96,
        Message::Other(_) => 40,
        _ => 168,
    }
}

fn data_length(message: &Message) -> usize {
    match message {
        Message::BinaryAddressed(m) => m.data.len(),
        Message::BinaryBroadcast(m) => m.data.len(),
        Message::Dgnss(m) => m.data.len(),
        Message::SlotBinary(m) => m.data.len(),
        _ => 0,
    }
}

/// The message that the decoder finds.
fn ours((characters, fill_bits): &Armoured) -> Result<Message, Rejection> {
    let mut found = None;
    Decoder::new().push(&sentence(characters, *fill_bits), &mut |outcome| {
        found = Some(match outcome.kind {
            OutcomeKind::Message(received) => Ok(received.message),
            OutcomeKind::Rejected(rejection) => Err(rejection),
            other => panic!("{other:?}"),
        });
    });
    found.expect("one outcome")
}

fn sentence(characters: &str, fill_bits: u8) -> Vec<u8> {
    let mut line = Vec::new();
    write_checked("!", format!("AIVDM,1,1,,A,{characters},{fill_bits}").as_bytes(), &mut line);
    line
}

fn compare_with_aivdm(armoured: &Armoured, findings: &mut Findings) {
    let (characters, fill_bits) = armoured;
    findings.place = format!("{characters},{fill_bits}");
    let bits = 6 * characters.len() - usize::from(*fill_bits);
    let ours = ours(armoured);
    let theirs = aivdm::decode_payload(characters.as_bytes(), *fill_bits);
    let (ours, theirs) = match (&ours, &theirs) {
        (Ok(ours), Ok(theirs)) => (ours, theirs),
        (Err(_), Err(_)) => return,
        (ours, _) => {
            let most_data = match ours.as_ref().map(Message::header) {
                Ok(Header { message_type: 6, .. }) => 115 * 8,
                Ok(Header { message_type: 17, .. }) => 92 * 8,
                Ok(Header { message_type: 25, .. }) => 16 * 8,
                Ok(Header { message_type: 26, .. }) => 126 * 8 - 4,
                _ => 119 * 8,
            };
            return findings.refused(ours.as_ref().map_err(|&error| error), bits, most_data);
        }
    };
    *findings.compared.entry(ours.header().message_type).or_default() += 1;
    let f = findings;
    f.same("type", theirs.message_type(), ours.header().message_type);
    f.same("mmsi", theirs.mmsi().raw(), ours.header().mmsi_raw);
    if !matches!(theirs, Aivdm::StaticDataReport(_)) {
        f.same("repeat", theirs.repeat_indicator(), ours.header().repeat);
    }
    match (theirs, ours) {
        (Aivdm::PositionReportClassA(t), Message::PositionReport(o)) => {
            f.same("status", t.navigation_status.to_raw(), o.navigational_status_raw);
            f.same("turn", t.rate_of_turn.raw(), o.rate_of_turn_raw);
            f.same("speed", t.sog.raw(), o.speed_raw);
            f.same("speed", t.sog.knots().map(|n| n as f32), o.speed_knots());
            f.same("accuracy", t.position_accuracy, o.accuracy_high);
            f.same("longitude", t.longitude.raw(), o.longitude_raw);
            f.same("latitude", t.latitude.raw(), o.latitude_raw);
            f.same("course", t.cog.raw(), o.course_raw);
            f.same("heading", t.heading.raw(), o.heading_raw);
            f.same("second", t.timestamp.to_raw(), o.second_raw);
            f.same("manoeuvre", t.maneuver_indicator.to_raw(), o.manoeuvre_raw);
            f.same("raim", t.raim, o.raim);
            f.same("state", Some(t.radio_status), o.communication_state_raw);
        }
        (Aivdm::BaseStationReport(t), Message::BaseStation(o)) => {
            f.same("year", t.utc_year, o.year_raw);
            f.same("month", t.utc_month, o.month_raw);
            f.same("day", t.utc_day, o.day_raw);
            f.same("hour", t.utc_hour, o.hour_raw);
            f.same("minute", t.utc_minute, o.minute_raw);
            f.same("second", t.utc_second, o.second_raw);
            f.same("accuracy", t.position_accuracy, o.accuracy_high);
            f.same("longitude", t.longitude.raw(), o.longitude_raw);
            f.same("latitude", t.latitude.raw(), o.latitude_raw);
            f.same("device", t.epfd_type.to_raw(), o.positioning_device_raw);
            f.same("raim", t.raim, o.raim);
            f.same("state", Some(t.radio_status), o.communication_state_raw);
        }
        (Aivdm::StaticVoyageData(t), Message::StaticVoyage(o)) => {
            f.same("version", t.ais_version, o.ais_version);
            f.same("imo", t.imo_number, o.imo_raw);
            f.six_bit("callsign", t.call_sign.as_str(), o.callsign_raw);
            f.six_bit("name", t.name.as_str(), o.name_raw);
            f.same("ship type", t.ship_type, o.ship_type_raw);
            f.same("bow", t.dimension_to_bow, o.bow_m_raw);
            f.same("stern", t.dimension_to_stern, o.stern_m_raw);
            f.same("port", t.dimension_to_port, o.port_m_raw);
            f.same("starboard", t.dimension_to_starboard, o.starboard_m_raw);
            f.same("device", t.epfd_type.to_raw(), o.positioning_device_raw);
            f.same("month", t.eta_month, o.eta_month_raw);
            f.same("day", t.eta_day, o.eta_day_raw);
            f.same("hour", t.eta_hour, o.eta_hour_raw);
            f.same("minute", t.eta_minute, o.eta_minute_raw);
            f.same("draught", t.draught_decimeters, o.draught_raw);
            f.six_bit("destination", t.destination.as_str(), o.destination_raw);
            f.same("dte", t.dte_not_ready, o.dte);
        }
        (Aivdm::BinaryAddressedMessage(t), Message::BinaryAddressed(o)) => {
            f.same("sequence", t.sequence_number, o.sequence);
            f.same("destination", t.destination_mmsi.raw(), o.destination_raw);
            f.explain("retransmit of type 6");
            f.same("retransmit", !t.retransmit, o.retransmitted);
            f.same("application", (t.dac, t.fi), (o.application.dac, o.application.fi));
            data(f, t.data.bytes(), t.data.bit_len(), &o.data);
        }
        (Aivdm::Acknowledge(t), Message::Acknowledge(o)) => {
            let theirs = t.acks.map(|ack| ack.map(|ack| (ack.mmsi.raw(), ack.sequence_number)));
            let ours = o.acknowledged.map(|one| one.map(|one| (one.destination_raw, one.sequence)));
            f.same("acknowledged", theirs, ours);
        }
        (Aivdm::BinaryBroadcastMessage(t), Message::BinaryBroadcast(o)) => {
            f.same("application", (t.dac, t.fi), (o.application.dac, o.application.fi));
            data(f, t.data.bytes(), t.data.bit_len(), &o.data);
        }
        (Aivdm::SarAircraftPositionReport(t), Message::SarAircraft(o)) => {
            f.same("altitude", t.altitude_meters, o.altitude_raw);
            f.same("speed", t.sog_knots, o.speed_raw);
            f.same("accuracy", t.position_accuracy, o.accuracy_high);
            f.same("longitude", t.longitude.raw(), o.longitude_raw);
            f.same("latitude", t.latitude.raw(), o.latitude_raw);
            f.same("course", t.cog.raw(), o.course_raw);
            f.same("second", t.timestamp.to_raw(), o.second_raw);
            f.same("barometric", t.barometric_altitude, o.altitude_barometric);
            f.same("regional", t.regional_reserved, o.regional);
            f.same("dte", t.dte_not_ready, o.dte);
            f.same("assigned", t.assigned, o.assigned);
            f.same("raim", t.raim, o.raim);
            f.same("state", Some(t.radio_status), o.communication_state_raw);
        }
        (Aivdm::UtcDateInquiry(t), Message::UtcInquiry(o)) => {
            f.same("destination", t.destination_mmsi.raw(), o.destination_raw);
        }
        (Aivdm::SafetyRelatedAddressed(t), Message::SafetyAddressed(o)) => {
            f.same("sequence", t.sequence_number, o.sequence);
            f.same("destination", t.destination_mmsi.raw(), o.destination_raw);
            f.same("retransmit", t.retransmit, o.retransmitted);
            // It reads up to 156 characters, as many as five slots have room for.
            f.text("text", t.text.as_str(), o.text_raw.text::<156>());
        }
        (Aivdm::SafetyRelatedBroadcast(t), Message::SafetyBroadcast(o)) => {
            f.text("text", t.text.as_str(), o.text());
        }
        (Aivdm::Interrogation(t), Message::Interrogation(o)) => {
            let theirs = |request: aivdm_message::MessageRequest| {
                (request.message_type, request.slot_offset)
            };
            let ours = |request: alongside_decoder::MessageRequest| {
                (request.message_type, request.slot_offset)
            };
            f.same("station", t.station_1_mmsi.raw(), o.first_station_raw);
            f.same("request", theirs(t.station_1_request_1), ours(o.first_request));
            f.same("request", t.station_1_request_2.map(theirs), o.second_request.map(ours));
            f.same(
                "second",
                t.station_2.map(|station| (station.mmsi.raw(), theirs(station.request))),
                o.second_station.map(|station| (station.station_raw, ours(station.request))),
            );
        }
        (Aivdm::AssignmentModeCommand(t), Message::Assignment(o)) => {
            let theirs = |one: aivdm_message::Assignment| {
                (one.destination_mmsi.raw(), one.offset, one.increment)
            };
            let ours = |one: alongside_decoder::Assignment| {
                (one.destination_raw, one.offset, one.increment_raw)
            };
            f.same("first", theirs(t.first), ours(o.first));
            f.same("second", t.second.map(theirs), o.second.map(ours));
        }
        (Aivdm::DgnssBroadcastMessage(t), Message::Dgnss(o)) => {
            f.same("longitude", t.longitude_raw, o.longitude_raw);
            f.same("latitude", t.latitude_raw, o.latitude_raw);
            data(f, t.data.bytes(), t.data.bit_len(), &o.data);
        }
        (Aivdm::PositionReportClassB(t), Message::ClassB(o)) => {
            f.same("speed", t.sog.raw(), o.speed_raw);
            f.same("accuracy", t.position_accuracy, o.accuracy_high);
            f.same("longitude", t.longitude.raw(), o.longitude_raw);
            f.same("latitude", t.latitude.raw(), o.latitude_raw);
            f.same("course", t.cog.raw(), o.course_raw);
            f.same("heading", t.heading.raw(), o.heading_raw);
            f.same("second", t.timestamp.to_raw(), o.second_raw);
            f.same("carrier sense", t.cs_unit, o.carrier_sense);
            f.same("display", t.display_flag, o.display);
            f.same("dsc", t.dsc_flag, o.dsc);
            f.same("band", t.band_flag, o.whole_band);
            f.same("assigned", t.assigned, o.assigned);
            f.same("raim", t.raim, o.raim);
            f.same("state", Some(t.radio_status), o.communication_state_raw);
        }
        (Aivdm::PositionReportClassBExtended(t), Message::ClassBExtended(o)) => {
            f.same("speed", t.sog.raw(), o.speed_raw);
            f.same("accuracy", t.position_accuracy, o.accuracy_high);
            f.same("longitude", t.longitude.raw(), o.longitude_raw);
            f.same("latitude", t.latitude.raw(), o.latitude_raw);
            f.same("course", t.cog.raw(), o.course_raw);
            f.same("heading", t.heading.raw(), o.heading_raw);
            f.same("second", t.timestamp.to_raw(), o.second_raw);
            f.six_bit("name", t.name.as_str(), o.name_raw);
            f.same("ship type", t.ship_type, o.ship_type_raw);
            f.same("bow", t.dimension_to_bow, o.bow_m_raw);
            f.same("stern", t.dimension_to_stern, o.stern_m_raw);
            f.same("port", t.dimension_to_port, o.port_m_raw);
            f.same("starboard", t.dimension_to_starboard, o.starboard_m_raw);
            f.same("device", t.epfd_type.to_raw(), o.positioning_device_raw);
            f.same("raim", t.raim, o.raim);
            f.same("dte", t.dte_not_ready, o.dte);
            f.same("assigned", t.assigned, o.assigned);
        }
        (Aivdm::DataLinkManagement(t), Message::LinkManagement(o)) => {
            let theirs = t.reservations.map(|one| {
                one.map(|one| (one.offset, one.reserved_slots, one.timeout, one.increment))
            });
            let ours = o.reservations.map(|one| {
                one.map(|one| (one.offset, one.number_of_slots, one.timeout_minutes, one.increment))
            });
            f.same("reservations", theirs, ours);
        }
        (Aivdm::AidToNavigationReport(t), Message::AidToNavigation(o)) => {
            f.same("aid type", t.aid_type, o.aid_type_raw);
            let name = o.name_raw.text();
            let length = name.as_ref().map_or(0, |name| name.as_str().len());
            if length < 20 && bits > 277 {
                f.explain("a short name with an extension");
                let theirs = t.name.as_str().split('@').next().unwrap_or_default().trim();
                let ours = name.as_ref().map_or("", |name| name.as_str());
                f.same("name", theirs.starts_with(ours), true);
            } else {
                f.text("name", t.name.as_str(), o.name());
            }
            f.same("accuracy", t.position_accuracy, o.accuracy_high);
            f.same("longitude", t.longitude.raw(), o.longitude_raw);
            f.same("latitude", t.latitude.raw(), o.latitude_raw);
            f.same("bow", t.dimension_to_bow, o.bow_m_raw);
            f.same("stern", t.dimension_to_stern, o.stern_m_raw);
            f.same("port", t.dimension_to_port, o.port_m_raw);
            f.same("starboard", t.dimension_to_starboard, o.starboard_m_raw);
            f.same("device", t.epfd_type.to_raw(), o.positioning_device_raw);
            f.same("second", t.timestamp.to_raw(), o.second_raw);
            f.same("off position", t.off_position, o.off_position_raw);
            f.same("status", t.regional_reserved, o.status_raw);
            f.same("raim", t.raim, o.raim);
            f.same("virtual", t.virtual_aid, o.virtual_aid);
            f.same("assigned", t.assigned, o.assigned);
        }
        (Aivdm::ChannelManagement(t), Message::ChannelManagement(o)) => {
            f.same("channels", (t.channel_a, t.channel_b), (o.channel_a, o.channel_b));
            f.same("mode", t.tx_rx_mode, o.transmit_receive_raw);
            f.same("power", t.low_power, o.power_low);
            use aivdm_message::ChannelManagementTarget as Target;
            let theirs = match t.target {
                Target::Area {
                    ne_longitude_raw,
                    ne_latitude_raw,
                    sw_longitude_raw,
                    sw_latitude_raw,
                } => ChannelTarget::Area(Area {
                    north_east_longitude_raw: ne_longitude_raw,
                    north_east_latitude_raw: ne_latitude_raw,
                    south_west_longitude_raw: sw_longitude_raw,
                    south_west_latitude_raw: sw_latitude_raw,
                }),
                Target::Addressed { destination_mmsi_1, destination_mmsi_2 } => {
                    ChannelTarget::Stations {
                        first_raw: destination_mmsi_1.raw(),
                        second_raw: destination_mmsi_2.raw(),
                    }
                }
                other => panic!("{other:?}"),
            };
            f.same("target", theirs, o.target);
            f.same("narrow", t.channel_a_bandwidth, o.channel_a_narrow);
            f.same("narrow", t.channel_b_bandwidth, o.channel_b_narrow);
            f.same("zone", t.zone_size, o.zone_size_raw);
        }
        (Aivdm::GroupAssignmentCommand(t), Message::GroupAssignment(o)) => {
            let theirs = Area {
                north_east_longitude_raw: t.ne_longitude_raw,
                north_east_latitude_raw: t.ne_latitude_raw,
                south_west_longitude_raw: t.sw_longitude_raw,
                south_west_latitude_raw: t.sw_latitude_raw,
            };
            f.same("area", theirs, o.area);
            f.same("station type", t.station_type, o.station_type_raw);
            f.same("ship type", t.ship_type, o.ship_type_raw);
            f.same("mode", t.tx_rx_mode, o.transmit_receive_raw);
            f.same("interval", t.report_interval, o.interval_raw);
            f.same("quiet", t.quiet_time, o.quiet_minutes);
        }
        (
            Aivdm::StaticDataReport(aivdm_message::StaticDataReport::A(t)),
            Message::StaticDataA(o),
        ) => f.six_bit("name", t.name.as_str(), o.name_raw),
        (
            Aivdm::StaticDataReport(aivdm_message::StaticDataReport::B(t)),
            Message::StaticDataB(o),
        ) => {
            f.same("ship type", t.ship_type, o.ship_type_raw);
            f.explain("vendor of type 24 B");
            let vendor = t.vendor_id.as_str();
            f.six_bit("vendor", vendor.get(..3).unwrap_or(vendor), o.vendor_raw);
            f.six_bit("callsign", t.call_sign.as_str(), o.callsign_raw);
            let (bow, stern) = (u32::from(t.dimension_to_bow), u32::from(t.dimension_to_stern));
            let sides = u32::from(t.dimension_to_port) << 6 | u32::from(t.dimension_to_starboard);
            f.same("hull", bow << 21 | stern << 12 | sides, o.dimensions_or_mothership_raw);
        }
        (Aivdm::SingleSlotBinaryMessage(t), Message::SlotBinary(o)) => {
            f.same("destination", t.destination_mmsi.map(|mmsi| mmsi.raw()), o.destination_raw);
            if o.addressed {
                f.explain("application and data of an addressed type 25 or 26");
                return;
            }
            f.same("application", t.app_id, o.application.map(|id| (id.dac, id.fi)));
            data(f, t.data.bytes(), t.data.bit_len(), &o.data);
        }
        (Aivdm::MultiSlotBinaryMessage(t), Message::SlotBinary(o)) => {
            f.same("destination", t.destination_mmsi.map(|mmsi| mmsi.raw()), o.destination_raw);
            let state = u32::from(t.communication_state_itdma) << 19 | t.radio_status;
            if o.communication_state_raw.is_some() {
                f.same("state", Some(state), o.communication_state_raw);
            }
            if o.addressed {
                f.explain("application and data of an addressed type 25 or 26");
                return;
            }
            f.same("application", t.app_id, o.application.map(|id| (id.dac, id.fi)));
            f.explain("last bits of the data of type 26");
            let bits = t.data.bit_len().saturating_sub(4);
            data(f, BitData::new(t.data.bytes(), bits).bytes(), bits, &o.data);
        }
        (Aivdm::LongRangeBroadcast(t), Message::LongRange(o)) => {
            f.same("accuracy", t.position_accuracy, o.accuracy_high);
            f.same("raim", t.raim, o.raim);
            f.same("status", t.navigation_status.to_raw(), o.navigational_status_raw);
            f.same("longitude", t.longitude_raw, o.longitude_raw);
            f.same("latitude", t.latitude_raw, o.latitude_raw);
            f.same("speed", t.sog_knots, o.speed_raw);
            f.same("course", t.cog_degrees, o.course_raw);
            f.same("latency", t.position_latency_high, o.position_latency);
        }
        (theirs, ours) => f.differences.push(format!("{theirs:?}, here {ours:?}")),
    }
}

fn data(f: &mut Findings, bytes: &[u8], bits: usize, ours: &BitData) {
    f.same("bits", bits, ours.len());
    f.same("data", bytes, ours.bytes());
}

fn compare_with_nmea_0183(armoured: &Armoured, findings: &mut Findings) {
    let (characters, fill_bits) = armoured;
    findings.place = format!("{characters},{fill_bits}");
    let bits = 6 * characters.len() - usize::from(*fill_bits);
    let ours = ours(armoured);
    let line = String::from_utf8(sentence(characters, *fill_bits)).expect("armour is ASCII");
    let frame = nmea_0183_rs::parse_frame(line.trim_end()).expect("a good sentence");
    let theirs = match AisParser::new().decode(&frame) {
        Ok(AisDecodeOutcome::Message(Nmea0183::Unknown { .. })) | Err(_) => None,
        Ok(AisDecodeOutcome::Message(message)) => Some(message),
        other => panic!("{other:?}"),
    };
    let (ours, theirs) = match (&ours, &theirs) {
        (Ok(ours), Some(theirs)) => (ours, theirs),
        (Err(_), None) => return,
        (ours, _) => {
            return findings.refused(ours.as_ref().map_err(|&error| error), bits, usize::MAX);
        }
    };
    *findings.compared.entry(ours.header().message_type).or_default() += 1;
    let f = findings;
    let header = ours.header();
    match (theirs, ours) {
        (Nmea0183::Position(t), Message::PositionReport(o)) => {
            f.same("type", t.msg_type, header.message_type);
            f.header(t.repeat_indicator, t.mmsi, header);
            f.same("status", t.nav_status.map(u8::from), Some(o.navigational_status_raw));
            let turn = (o.rate_of_turn_raw != -128).then_some(f32::from(o.rate_of_turn_raw));
            f.same("turn", t.rate_of_turn, turn);
            f.same("speed", t.sog, o.speed_knots());
            f.same("accuracy", t.position_accuracy, o.accuracy_high);
            place(f, (t.longitude, t.latitude), (o.longitude_raw, o.latitude_raw), 600_000.0);
            f.same("course", t.cog, o.course_deg());
            f.same("heading", t.heading.map(f32::from), o.heading_deg());
            f.same("second", second(t.timestamp), o.second_raw);
            f.same("manoeuvre", t.maneuver_indicator, Some(o.manoeuvre_raw));
            f.same("raim", t.raim, o.raim);
            f.same("state", t.communication_state, o.communication_state_raw);
        }
        (Nmea0183::Position(t), Message::ClassB(o)) => {
            f.same("type", t.msg_type, header.message_type);
            f.header(t.repeat_indicator, t.mmsi, header);
            f.same("speed", t.sog, o.speed_knots());
            f.same("accuracy", t.position_accuracy, o.accuracy_high);
            place(f, (t.longitude, t.latitude), (o.longitude_raw, o.latitude_raw), 600_000.0);
            f.same("course", t.cog, o.course_deg());
            f.same("heading", t.heading.map(f32::from), o.heading_deg());
            f.same("second", second(t.timestamp), o.second_raw);
            f.same("raim", t.raim, o.raim);
            let class_b = t.class_b.as_ref().expect("of class B");
            f.same("carrier sense", class_b.class_b_cs, o.carrier_sense);
            f.same("display", class_b.display_available, o.display);
            f.same("dsc", class_b.dsc_capable, o.dsc);
            f.same("band", class_b.full_band_capable, o.whole_band);
            f.same("assigned", class_b.assigned_mode, o.assigned);
            let selector = u32::from(class_b.communication_state_selector) << 19;
            let state = t.communication_state.map(|state| selector | state);
            f.same("state", state, o.communication_state_raw);
        }
        (Nmea0183::Position(t), Message::ClassBExtended(o)) => {
            f.same("type", t.msg_type, header.message_type);
            f.header(t.repeat_indicator, t.mmsi, header);
            f.same("speed", t.sog, o.speed_knots());
            f.same("accuracy", t.position_accuracy, o.accuracy_high);
            place(f, (t.longitude, t.latitude), (o.longitude_raw, o.latitude_raw), 600_000.0);
            f.same("course", t.cog, o.course_deg());
            f.same("heading", t.heading.map(f32::from), o.heading_deg());
            f.same("second", second(t.timestamp), o.second_raw);
            f.same("raim", t.raim, o.raim);
            let more = t.class_b_extended.as_ref().expect("of type 19");
            f.six_bit("name", &more.vessel_name, o.name_raw);
            f.same("ship type", more.ship_type, o.ship_type_raw);
            f.same("bow", more.dimension_to_bow, o.bow_m_raw);
            f.same("stern", more.dimension_to_stern, o.stern_m_raw);
            f.same("port", more.dimension_to_port, o.port_m_raw);
            f.same("starboard", more.dimension_to_starboard, o.starboard_m_raw);
            f.same("device", more.position_fixing_device, o.positioning_device_raw);
            f.same("dte", more.dte, o.dte);
            f.same("assigned", more.assigned_mode, o.assigned);
        }
        (Nmea0183::BaseStation(t), Message::BaseStation(o)) if header.message_type == 4 => {
            f.header(t.repeat_indicator, t.mmsi, header);
            let date = (t.year, t.month, t.day);
            f.same("date", date, date_of(o.year_raw, o.month_raw, o.day_raw));
            let time = (t.hour, t.minute, t.second);
            f.same("time", time, time_of(o.hour_raw, o.minute_raw, o.second_raw));
            f.same("accuracy", t.position_accuracy, o.accuracy_high);
            place(f, (t.longitude, t.latitude), (o.longitude_raw, o.latitude_raw), 600_000.0);
            f.same("device", t.type_of_epfd, o.positioning_device_raw);
            f.same("raim", t.raim, o.raim);
            f.same("state", Some(t.communication_state), o.communication_state_raw);
        }
        (Nmea0183::UtcDateResponse(t), Message::BaseStation(o)) if header.message_type == 11 => {
            f.header(t.repeat_indicator, t.mmsi, header);
            let date = (t.year, t.month, t.day);
            f.same("date", date, date_of(o.year_raw, o.month_raw, o.day_raw));
            let time = (t.hour, t.minute, t.second);
            f.same("time", time, time_of(o.hour_raw, o.minute_raw, o.second_raw));
            f.same("accuracy", t.position_accuracy, o.accuracy_high);
            place(f, (t.longitude, t.latitude), (o.longitude_raw, o.latitude_raw), 600_000.0);
            f.same("device", t.type_of_epfd, o.positioning_device_raw);
            f.same("raim", t.raim, o.raim);
            f.same("state", Some(t.communication_state), o.communication_state_raw);
        }
        (Nmea0183::StaticVoyage(t), Message::StaticVoyage(o)) => {
            f.header(t.repeat_indicator, t.mmsi, header);
            f.same("version", t.ais_version, o.ais_version);
            f.same("imo", t.imo, o.imo_raw);
            f.six_bit("callsign", &t.callsign, o.callsign_raw);
            f.six_bit("name", &t.vessel_name, o.name_raw);
            f.same("ship type", t.ship_type, o.ship_type_raw);
            f.same("bow", t.dimension_to_bow, o.bow_m_raw);
            f.same("stern", t.dimension_to_stern, o.stern_m_raw);
            f.same("port", t.dimension_to_port, o.port_m_raw);
            f.same("starboard", t.dimension_to_starboard, o.starboard_m_raw);
            f.same("device", t.position_fixing_device, o.positioning_device_raw);
            let within = |raw: u8, range: std::ops::Range<u8>| range.contains(&raw).then_some(raw);
            f.same("month", t.eta_month, within(o.eta_month_raw, 1..13));
            f.same("day", t.eta_day, within(o.eta_day_raw, 1..32));
            f.same("hour", t.eta_hour, within(o.eta_hour_raw, 0..24));
            f.same("minute", t.eta_minute, within(o.eta_minute_raw, 0..60));
            f.same("draught", t.draught_meters, o.draught_m());
            f.six_bit("destination", &t.destination, o.destination_raw);
            f.same("dte", t.dte, o.dte);
        }
        (Nmea0183::BinaryAddressed(t), Message::BinaryAddressed(o)) => {
            f.header(t.repeat_indicator, t.mmsi, header);
            f.same("sequence", t.sequence, o.sequence);
            f.same("destination", t.dest_mmsi, o.destination_raw);
            f.same("retransmit", t.retransmit, o.retransmitted);
            f.same("application", (t.dac, t.fid), (o.application.dac, o.application.fi));
            bit_list(f, &t.data, &o.data);
        }
        (Nmea0183::BinaryAck(t), Message::Acknowledge(o)) => {
            f.same("type", t.msg_type, header.message_type);
            f.header(t.repeat_indicator, t.mmsi, header);
            let ours = o.acknowledged.iter().flatten();
            let ours: Vec<_> = ours.map(|one| (one.destination_raw, one.sequence)).collect();
            let theirs: Vec<_> = t.acks.iter().map(|ack| (ack.mmsi, ack.sequence)).collect();
            f.same("acknowledged", theirs, ours);
        }
        (Nmea0183::BinaryBroadcast(t), Message::BinaryBroadcast(o)) => {
            f.header(t.repeat_indicator, t.mmsi, header);
            f.same("application", (t.dac, t.fid), (o.application.dac, o.application.fi));
            bit_list(f, &t.data, &o.data);
        }
        (Nmea0183::SarAircraft(t), Message::SarAircraft(o)) => {
            f.header(t.repeat_indicator, t.mmsi, header);
            f.same("altitude", t.altitude, (o.altitude_raw != 4095).then_some(o.altitude_raw));
            f.same("speed", t.sog, o.speed_knots());
            f.same("accuracy", t.position_accuracy, o.accuracy_high);
            place(f, (t.longitude, t.latitude), (o.longitude_raw, o.latitude_raw), 600_000.0);
            f.same("course", t.cog, o.course_deg());
            f.same("second", second(t.timestamp), o.second_raw);
            let regional = u8::from(o.altitude_barometric) << 7 | o.regional;
            f.same("regional", t.regional_application, regional);
            f.same("dte", t.dte, o.dte);
            f.same("assigned", t.assigned, o.assigned);
            f.same("raim", t.raim, o.raim);
            let state = u32::from(t.communication_state_selector) << 19 | t.communication_state;
            f.same("state", Some(state), o.communication_state_raw);
        }
        (Nmea0183::UtcDateInquiry(t), Message::UtcInquiry(o)) => {
            f.header(t.repeat_indicator, t.mmsi, header);
            f.same("destination", t.destination_mmsi, o.destination_raw);
        }
        (Nmea0183::SafetyAddressed(t), Message::SafetyAddressed(o)) => {
            f.header(t.repeat_indicator, t.mmsi, header);
            f.same("sequence", t.sequence, o.sequence);
            f.same("destination", t.dest_mmsi, o.destination_raw);
            f.same("retransmit", t.retransmit, o.retransmitted);
            f.text("text", cut(&t.text), o.text());
        }
        (Nmea0183::Safety(t), Message::SafetyBroadcast(o)) => {
            f.header(t.repeat_indicator, t.mmsi, header);
            f.text("text", cut(&t.text), o.text());
        }
        (Nmea0183::Interrogation(t), Message::Interrogation(o)) => {
            f.header(t.repeat_indicator, t.mmsi, header);
            f.same("station", t.mmsi_1, o.first_station_raw);
            let first = (t.msg_type_1_1, t.slot_offset_1_1);
            f.same("first", first, (o.first_request.message_type, o.first_request.slot_offset));
            let second = o.second_request.filter(|request| request.message_type != 0);
            let theirs = t.msg_type_1_2.zip(t.slot_offset_1_2);
            f.same("second", theirs, second.map(|one| (one.message_type, one.slot_offset)));
            let third = o.second_station.filter(|station| station.station_raw != 0);
            f.same("second station", t.mmsi_2, third.map(|station| station.station_raw));
            let theirs = t.msg_type_2_1.zip(t.slot_offset_2_1);
            let third = third.map(|one| (one.request.message_type, one.request.slot_offset));
            f.same("third", theirs, third);
        }
        (Nmea0183::AssignmentMode(t), Message::Assignment(o)) => {
            f.header(t.repeat_indicator, t.mmsi, header);
            let theirs = t.assignments.iter();
            let theirs = theirs.map(|one| (one.destination_mmsi, one.offset, one.increment));
            let ours = std::iter::once(o.first).chain(o.second);
            let ours = ours.map(|one| (one.destination_raw, one.offset, one.increment_raw));
            f.same("assigned", theirs.collect::<Vec<_>>(), ours.collect());
        }
        (Nmea0183::DgnssBroadcast(t), Message::Dgnss(o)) => {
            f.header(t.repeat_indicator, t.mmsi, header);
            place(f, (t.longitude, t.latitude), (o.longitude_raw, o.latitude_raw), 600.0);
            bit_list(f, t.data.get(..736).unwrap_or(&t.data), &o.data);
        }
        (Nmea0183::DataLinkManagement(t), Message::LinkManagement(o)) => {
            f.header(t.repeat_indicator, t.mmsi, header);
            let theirs = t.reservations.iter();
            let theirs = theirs.map(|one| (one.offset, one.slots, one.timeout, one.increment));
            let ours =
                o.reservations.iter().flatten().map(|one| {
                    (one.offset, one.number_of_slots, one.timeout_minutes, one.increment)
                });
            f.same("reservations", theirs.collect::<Vec<_>>(), ours.collect());
        }
        (Nmea0183::AidToNavigation(t), Message::AidToNavigation(o)) => {
            f.header(t.repeat_indicator, t.mmsi, header);
            f.same("aid type", t.aid_type, o.aid_type_raw);
            f.six_bit("name", &t.name, o.name_raw);
            let extension: String =
                t.name_extension.iter().flat_map(|e| e.chars()).take(14).collect();
            f.six_bit("extension", &extension, o.name_extension_raw);
            place(f, (t.lon, t.lat), (o.longitude_raw, o.latitude_raw), 600_000.0);
            f.same("accuracy", t.position_accuracy, o.accuracy_high);
            f.same("bow", t.dimension_to_bow, o.bow_m_raw);
            f.same("stern", t.dimension_to_stern, o.stern_m_raw);
            f.same("port", t.dimension_to_port, o.port_m_raw);
            f.same("starboard", t.dimension_to_starboard, o.starboard_m_raw);
            f.same("device", t.position_fixing_device, o.positioning_device_raw);
            f.same("second", second(t.timestamp), o.second_raw);
            f.same("off position", t.off_position, o.off_position_raw);
            f.same("status", t.regional_application, o.status_raw);
            f.same("raim", t.raim, o.raim);
            f.same("virtual", t.virtual_aid, o.virtual_aid);
            f.same("assigned", t.assigned_mode, o.assigned);
        }
        (Nmea0183::ChannelManagement(t), Message::ChannelManagement(o)) => {
            f.header(t.repeat_indicator, t.mmsi, header);
            f.same("channels", (t.channel_a, t.channel_b), (o.channel_a, o.channel_b));
            f.same("mode", t.tx_rx_mode, o.transmit_receive_raw);
            f.same("power", t.power_low, o.power_low);
            match (&t.scope, o.target) {
                (
                    ChannelManagementScope::Addressed { station_1_mmsi, station_2_mmsi },
                    ChannelTarget::Stations { first_raw, second_raw },
                ) => f.same("target", (*station_1_mmsi, *station_2_mmsi), (first_raw, second_raw)),
                (
                    ChannelManagementScope::Geographic {
                        northeast_longitude,
                        northeast_latitude,
                        southwest_longitude,
                        southwest_latitude,
                    },
                    ChannelTarget::Area(area),
                ) => {
                    let theirs = [
                        (*northeast_longitude, *northeast_latitude),
                        (*southwest_longitude, *southwest_latitude),
                    ];
                    corners(f, theirs, area);
                }
                other => f.differences.push(format!("{other:?}")),
            }
            f.same("narrow", t.channel_a_bandwidth, o.channel_a_narrow);
            f.same("narrow", t.channel_b_bandwidth, o.channel_b_narrow);
            f.same("zone", t.transitional_zone_size, o.zone_size_raw);
        }
        (Nmea0183::GroupAssignment(t), Message::GroupAssignment(o)) => {
            f.header(t.repeat_indicator, t.mmsi, header);
            let theirs = [
                (t.northeast_longitude, t.northeast_latitude),
                (t.southwest_longitude, t.southwest_latitude),
            ];
            corners(f, theirs, o.area);
            f.same("station type", t.station_type, o.station_type_raw);
            f.same("ship type", t.ship_type, o.ship_type_raw);
            f.same("mode", t.tx_rx_mode, o.transmit_receive_raw);
            f.same("interval", t.reporting_interval, o.interval_raw);
            f.same("quiet", t.quiet_time, o.quiet_minutes);
        }
        (
            Nmea0183::StaticReport(StaticDataReport::PartA { repeat_indicator, mmsi, vessel_name }),
            Message::StaticDataA(o),
        ) => {
            f.header(*repeat_indicator, *mmsi, header);
            f.six_bit("name", vessel_name, o.name_raw);
        }
        (
            Nmea0183::StaticReport(StaticDataReport::PartB {
                repeat_indicator,
                mmsi,
                manufacturer_id,
                model_code,
                serial_number,
                callsign,
                ship_type,
                dimension_to_bow,
                dimension_to_stern,
                dimension_to_port,
                dimension_to_starboard,
                position_fixing_device,
                ..
            }),
            Message::StaticDataB(o),
        ) => {
            f.header(*repeat_indicator, *mmsi, header);
            f.six_bit("vendor", manufacturer_id, o.vendor_raw);
            f.same("model", *model_code, o.unit_model);
            f.same("serial number", *serial_number, o.serial_number);
            f.six_bit("callsign", callsign, o.callsign_raw);
            f.same("ship type", *ship_type, o.ship_type_raw);
            let (bow, stern) = (u32::from(*dimension_to_bow), u32::from(*dimension_to_stern));
            let sides = u32::from(*dimension_to_port) << 6 | u32::from(*dimension_to_starboard);
            f.same("hull", bow << 21 | stern << 12 | sides, o.dimensions_or_mothership_raw);
            f.same("device", *position_fixing_device, o.positioning_device_raw);
        }
        (Nmea0183::BinarySingleSlot(t), Message::SlotBinary(o)) => {
            f.header(t.repeat_indicator, t.mmsi, header);
            f.same("destination", t.destination_mmsi, o.destination_raw);
            f.same("structured", t.binary_data_flag, o.structured);
            slot_data(f, &t.data, o);
        }
        (Nmea0183::BinaryMultiSlot(t), Message::SlotBinary(o)) => {
            f.header(t.repeat_indicator, t.mmsi, header);
            f.same("destination", t.destination_mmsi, o.destination_raw);
            f.same("structured", t.binary_data_flag, o.structured);
            let state = u32::from(t.communication_state_selector) << 19 | t.communication_state;
            f.same("state", Some(state), o.communication_state_raw);
            slot_data(f, &t.data, o);
        }
        (Nmea0183::LongRangePosition(t), Message::LongRange(o)) => {
            f.header(t.repeat_indicator, t.mmsi, header);
            f.same("accuracy", t.position_accuracy, o.accuracy_high);
            f.same("raim", t.raim, o.raim);
            f.same("status", t.nav_status.map(u8::from), Some(o.navigational_status_raw));
            place(f, (t.longitude, t.latitude), (o.longitude_raw, o.latitude_raw), 600.0);
            f.same("speed", t.sog.map(f32::from), o.speed_knots());
            f.same("course", t.cog.map(f32::from), o.course_deg());
            f.same("latency", t.gnss_position_status, o.position_latency);
        }
        (theirs, ours) => f.differences.push(format!("{theirs:?}, here {ours:?}")),
    }
}

fn second(theirs: PositionTimestamp) -> u8 {
    match theirs {
        PositionTimestamp::Exact(second) => second,
        PositionTimestamp::NotAvailable => 60,
        PositionTimestamp::ManualInput => 61,
        PositionTimestamp::DeadReckoning => 62,
        PositionTimestamp::Inoperative => 63,
    }
}

type Degrees = (Option<f64>, Option<f64>);

/// Longitude and latitude, each `None` where it is out of range.
fn place(f: &mut Findings, theirs: Degrees, (longitude, latitude): (i32, i32), parts: f64) {
    let within = |raw: i32, most: f64| {
        let degrees = f64::from(raw) / parts;
        (degrees.abs() <= most).then_some(degrees)
    };
    f.same("place", theirs, (within(longitude, 180.0), within(latitude, 90.0)));
}

fn corners(f: &mut Findings, theirs: [Degrees; 2], area: Area) {
    let north_east = (area.north_east_longitude_raw, area.north_east_latitude_raw);
    let south_west = (area.south_west_longitude_raw, area.south_west_latitude_raw);
    place(f, theirs[0], north_east, 600.0);
    place(f, theirs[1], south_west, 600.0);
}

fn date_of(year: u16, month: u8, day: u8) -> (Option<u16>, Option<u8>, Option<u8>) {
    let month = (1..=12).contains(&month).then_some(month);
    ((year != 0).then_some(year), month, (day != 0).then_some(day))
}

fn time_of(hour: u8, minute: u8, second: u8) -> (Option<u8>, Option<u8>, Option<u8>) {
    let below = |raw: u8, end: u8| (raw < end).then_some(raw);
    (below(hour, 24), below(minute, 60), below(second, 60))
}

/// No text of a transmission is longer.
fn cut(text: &str) -> &str {
    text.get(..161).unwrap_or(text)
}

/// One number for each bit.
fn bit_list(f: &mut Findings, theirs: &[u8], ours: &BitData) {
    let theirs = theirs.get(..alongside_decoder::DATA_BITS_MAX).unwrap_or(theirs);
    let ours: Vec<u8> = ours.view().iter().map(u8::from).collect();
    f.same("data", theirs, &ours[..]);
}

fn slot_data(f: &mut Findings, theirs: &[u8], ours: &alongside_decoder::SlotBinary) {
    if !ours.structured {
        return bit_list(f, theirs, &ours.data);
    }
    f.explain("application identifier in the data of types 25 and 26");
    let number = |bits: &[u8]| bits.iter().fold(0, |sum, &bit| sum << 1 | u16::from(bit));
    let Some((id, data)) = theirs.split_at_checked(16) else {
        return f.same("application", None, ours.application);
    };
    let id = Some((number(&id[..10]), number(&id[10..]) as u8));
    f.same("application", id, ours.application.map(|id| (id.dac, id.fi)));
    bit_list(f, data, &ours.data);
}

fn compare_all(payloads: &BTreeSet<Armoured>) {
    let mut peers = [Findings::default(), Findings::default()];
    for armoured in payloads {
        compare_with_aivdm(armoured, &mut peers[0]);
        compare_with_nmea_0183(armoured, &mut peers[1]);
    }
    for (name, findings) in ["aivdm", "nmea-0183-rs"].iter().zip(&peers) {
        println!("{name}: messages of each type {:?}", findings.compared);
        println!("{name}: explained {:#?}", findings.explained);
    }
    for (name, findings) in ["aivdm", "nmea-0183-rs"].iter().zip(&peers) {
        let count = findings.differences.len();
        let some: Vec<_> = findings.differences.iter().take(20).cloned().collect();
        assert_eq!(count, 0, "differences from {name}, among them\n{}", some.join("\n"));
    }
}

#[test]
fn messages_of_all_types_equal_what_peers_decode() {
    let mut random = Random(1371);
    let mut payloads = BTreeSet::new();
    for nth in 0..28 * 300 {
        let message = any_message(1 + (nth % 28) as u8, &mut random);
        let mut characters = Vec::new();
        let fill_bits = write_payload(&message, &mut characters);
        payloads.insert((String::from_utf8(characters).expect("armour is ASCII"), fill_bits));
    }
    compare_all(&payloads);
}

#[test]
fn recorded_messages_equal_what_peers_decode() {
    let Some(folder) = std::env::var_os("ALONGSIDE_RECORDINGS").map(PathBuf::from) else {
        eprintln!("skipped: ALONGSIDE_RECORDINGS is not set");
        return;
    };
    let mut payloads = BTreeSet::new();
    for entry in std::fs::read_dir(folder.join("nmea")).unwrap() {
        collect(&String::from_utf8_lossy(&read(&entry.unwrap().path())), &mut payloads);
    }
    println!("{} different payloads", payloads.len());
    compare_all(&payloads);
}

fn read(path: &Path) -> Vec<u8> {
    let bytes = std::fs::read(path).unwrap();
    if path.extension().is_none_or(|extension| extension != "gz") {
        return bytes;
    }
    let mut plain = Vec::new();
    flate2::read::MultiGzDecoder::new(&bytes[..]).read_to_end(&mut plain).unwrap();
    plain
}

/// The payloads of a text, those of several sentences where the sentences follow one another.
fn collect(text: &str, payloads: &mut BTreeSet<Armoured>) {
    let mut before = (String::new(), 0);
    for line in text.lines() {
        let Some(start) = line.find('!') else { continue };
        let sentence = &line[start..];
        let Some((body, rest)) = sentence[1..].split_once('*') else { continue };
        let sum = body.bytes().fold(0, |sum, byte| sum ^ byte);
        if rest.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok()) != Some(sum) {
            continue;
        }
        let fields: Vec<_> = body.split(',').collect();
        let [name, count, number, _, _, characters, fill] = fields[..] else { continue };
        let armoured = characters.bytes().all(|byte| matches!(byte, b'0'..=b'W' | b'`'..=b'w'));
        let (Ok(count), Ok(number)) = (count.parse::<u8>(), number.parse::<u8>()) else { continue };
        let Ok(fill @ 0..=5) = fill.parse() else { continue };
        if !matches!(name.get(2..), Some("VDM" | "VDO")) || !armoured || characters.is_empty() {
            continue;
        }
        if number != before.1 + 1 {
            before = (String::new(), 0);
        }
        if number == before.1 + 1 {
            before.0.push_str(characters);
            before.1 = number;
        }
        if number == count {
            // Longer than any transmission.
            if before.1 == count && before.0.len() <= 256 {
                payloads.insert((std::mem::take(&mut before.0), fill));
            }
            before = (String::new(), 0);
        }
    }
}
