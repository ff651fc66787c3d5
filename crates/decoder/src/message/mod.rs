//! Takes the bits of one message, gives its fields. Never says more than was sent: every accessor with a
//! unit gives `None` where the field holds "not available" or a value that the standard reserves.
//!
//! One file per family. Bits are counted from 0, the first that is sent, as in gpsd's description of the
//! protocol; what they mean is said by ITU-R M.1371-5, annex 8, § 3.1 to § 3.25, under the message.

mod layout;

// After the macro that they are made with.
mod acknowledge;
mod aid_to_navigation;
mod base_station;
mod binary;
mod class_b;
mod communication_state;
mod control;
mod dgnss;
pub(crate) mod field;
mod long_range;
mod position_report;
mod safety;
mod sar_aircraft;
mod static_data;
mod static_voyage;

pub use acknowledge::{Acknowledge, Acknowledged};
pub use aid_to_navigation::AidToNavigationReport;
pub use base_station::{BaseStationReport, UtcInquiry};
pub use binary::{
    ApplicationId, BinaryAddressed, BinaryBroadcast, BitData, DATA_BITS_MAX, SlotBinary,
};
pub use class_b::{ClassBExtendedReport, ClassBReport};
pub use communication_state::{CommunicationState, SotdmaSubMessage};
pub use control::{
    Area, Assignment, AssignmentCommand, ChannelManagement, ChannelTarget, GroupAssignment,
    Interrogation, LinkManagement, MessageRequest, Reservation, StationRequest,
};
pub use dgnss::{DgnssCorrection, DgnssCorrections};
pub use field::{Eta, NavigationalStatus, RateOfTurn, SixBitText};
pub use long_range::LongRangeReport;
pub use position_report::PositionReport;
pub use safety::{SafetyAddressed, SafetyBroadcast};
pub use sar_aircraft::SarAircraftReport;
pub use static_data::{StaticDataA, StaticDataB};
pub use static_voyage::StaticVoyageReport;

use maritime::Mmsi;

use crate::Rejection;
use crate::payload::{CHARACTERS_MAX, Payload};
use layout::{Field, layout};

layout! {
    /// What every message starts with.
    ///
    /// ```
    /// use alongside_decoder::Message;
    ///
    /// let message = Message::decode(b"177KQJ5000G?tO`K>RA1wUbN0TKH", 0);
    /// let Ok(Message::PositionReport(report)) = message else { panic!("{message:?}") };
    /// assert_eq!(report.header.message_type, 1);
    /// assert_eq!(report.header.mmsi().unwrap().to_string(), "477553000");
    /// ```
    pub struct Header {
        /// what sort of message, `1..=28`.
        message_type: u8 = 0..=5,
        /// how often a station may have repeated it, `0..=3`; 3 is "do not repeat any more".
        repeat: u8 = 6..=7,
        /// who sends, `0..=999_999_999`.
        mmsi_raw: u32 = 8..=37,
    }
}

impl Header {
    /// Who sends; `None` for 0, which transponders send that nobody has set up.
    pub fn mmsi(&self) -> Option<Mmsi> {
        Mmsi::new(self.mmsi_raw)
    }
}

/// A message by its type.
///
/// ```
/// use alongside_decoder::Message;
///
/// let message = Message::decode(b"15RTgt0PAso;90TKcjM8h6g208CQ", 0).unwrap();
/// assert_eq!(message.header().mmsi_raw, 371_798_000);
/// match message {
///     Message::PositionReport(report) => assert_eq!(report.speed_knots(), Some(12.3)),
///     other => panic!("{other:?}"),
/// }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Message {
    /// Types 1, 2 and 3
    PositionReport(PositionReport),
    /// Types 4 and 11
    BaseStation(BaseStationReport),
    /// Type 5
    StaticVoyage(StaticVoyageReport),
    /// Type 6
    BinaryAddressed(BinaryAddressed),
    /// Types 7 and 13
    Acknowledge(Acknowledge),
    /// Type 8
    BinaryBroadcast(BinaryBroadcast),
    /// Type 9
    SarAircraft(SarAircraftReport),
    /// Type 10
    UtcInquiry(UtcInquiry),
    /// Type 12
    SafetyAddressed(SafetyAddressed),
    /// Type 14
    SafetyBroadcast(SafetyBroadcast),
    /// Type 15
    Interrogation(Interrogation),
    /// Type 16
    Assignment(AssignmentCommand),
    /// Type 17
    Dgnss(DgnssCorrections),
    /// Type 18
    ClassB(ClassBReport),
    /// Type 19
    ClassBExtended(ClassBExtendedReport),
    /// Type 20
    LinkManagement(LinkManagement),
    /// Type 21
    AidToNavigation(AidToNavigationReport),
    /// Type 22
    ChannelManagement(ChannelManagement),
    /// Type 23
    GroupAssignment(GroupAssignment),
    /// Type 24, part A
    StaticDataA(StaticDataA),
    /// Type 24, part B
    StaticDataB(StaticDataB),
    /// Types 25 and 26
    SlotBinary(SlotBinary),
    /// Type 27
    LongRange(LongRangeReport),
    /// Type 28, which edition 5 does not know, and further parts of type 24: only the header is read.
    Other(Header),
}

impl Message {
    /// Reads the payload of one message as sentences carry it: the characters of all its sentences one after the
    /// other, without the last `fill_bits` bits, `0..=5`.
    ///
    /// # Errors
    ///
    /// What is wrong with the payload, or why its bits are no message.
    pub fn decode(characters: &[u8], fill_bits: u8) -> Result<Self, Rejection> {
        let mut payload = Payload::new();
        payload.append(characters, fill_bits)?;
        decode(&mut payload)
    }

    /// Reads a message from the first `bits` bits of `bytes`, most significant first, as radios give them; from as
    /// many as there are, if there are fewer.
    ///
    /// # Errors
    ///
    /// Why the bits are no message.
    pub fn decode_bits(bytes: &[u8], bits: usize) -> Result<Self, Rejection> {
        let bits = bits.min(8 * bytes.len());
        if bits > 6 * CHARACTERS_MAX {
            let characters = bits.div_ceil(6).min(9999) as u16;
            return Err(Rejection::PayloadTooLong { characters });
        }
        let mut payload = Payload::zeros(bits);
        for (at, byte) in bytes.iter().take(bits.div_ceil(8)).enumerate() {
            payload.put(8 * at, 8, u64::from(*byte));
        }
        payload.truncate(bits);
        decode(&mut payload)
    }

    /// What every message starts with.
    pub fn header(&self) -> Header {
        match self {
            Message::PositionReport(message) => message.header,
            Message::BaseStation(message) => message.header,
            Message::StaticVoyage(message) => message.header,
            Message::BinaryAddressed(message) => message.header,
            Message::Acknowledge(message) => message.header,
            Message::BinaryBroadcast(message) => message.header,
            Message::SarAircraft(message) => message.header,
            Message::UtcInquiry(message) => message.header,
            Message::SafetyAddressed(message) => message.header,
            Message::SafetyBroadcast(message) => message.header,
            Message::Interrogation(message) => message.header,
            Message::Assignment(message) => message.header,
            Message::Dgnss(message) => message.header,
            Message::ClassB(message) => message.header,
            Message::ClassBExtended(message) => message.header,
            Message::LinkManagement(message) => message.header,
            Message::AidToNavigation(message) => message.header,
            Message::ChannelManagement(message) => message.header,
            Message::GroupAssignment(message) => message.header,
            Message::StaticDataA(message) => message.header,
            Message::StaticDataB(message) => message.header,
            Message::SlotBinary(message) => message.header,
            Message::LongRange(message) => message.header,
            Message::Other(header) => *header,
        }
    }

    /// How the station keeps its slots; `None` for types that do not say and where that was cut.
    pub fn communication_state(&self) -> Option<CommunicationState> {
        match self {
            Message::PositionReport(message) => message.communication_state(),
            Message::BaseStation(message) => message.communication_state(),
            Message::SarAircraft(message) => message.communication_state(),
            Message::ClassB(message) => message.communication_state(),
            Message::SlotBinary(message) => message.communication_state(),
            _ => None,
        }
    }

    /// The bits of the message, in as few whole bytes as it needs. Data and text say themselves where they end,
    /// and so keep their length to the bit.
    pub(crate) fn write(&self) -> Payload {
        let mut payload = match self {
            Message::PositionReport(message) => message.write(),
            Message::BaseStation(message) => message.write(),
            Message::StaticVoyage(message) => message.write(),
            Message::BinaryAddressed(message) => return message.write(),
            Message::Acknowledge(message) => message.write(),
            Message::BinaryBroadcast(message) => return message.write(),
            Message::SarAircraft(message) => message.write(),
            Message::UtcInquiry(message) => message.write(),
            Message::SafetyAddressed(message) => return message.write(),
            Message::SafetyBroadcast(message) => return message.write(),
            Message::Interrogation(message) => message.write(),
            Message::Assignment(message) => message.write(),
            Message::Dgnss(message) => return message.write(),
            Message::ClassB(message) => message.write(),
            Message::ClassBExtended(message) => message.write(),
            Message::LinkManagement(message) => message.write(),
            Message::AidToNavigation(message) => message.write_short(),
            Message::ChannelManagement(message) => message.write(),
            Message::GroupAssignment(message) => message.write(),
            Message::StaticDataA(message) => message.write(),
            Message::StaticDataB(message) => {
                let mut payload = message.write();
                payload.put(38, 2, 1);
                payload
            }
            Message::SlotBinary(message) => return message.write(),
            Message::LongRange(message) => message.write(),
            Message::Other(header) => {
                let mut payload = Payload::zeros(40);
                header.write(&mut payload, 0, 38);
                // A further part of message 24, and not part A.
                payload.put(38, 2, if header.message_type == 24 { 2 } else { 0 });
                payload
            }
        };
        payload.fill_last_byte();
        payload
    }
}

/// Reads the message whose bits are in `payload`; fields beyond its end read as zero where a type
/// allows it to end early.
#[inline]
pub(crate) fn decode(payload: &mut Payload) -> Result<Message, Rejection> {
    let bits = payload.len();
    if bits < 38 {
        let message_type = if bits < 6 { 0 } else { payload.unsigned(0, 6) as u8 };
        return Err(Rejection::PayloadTooShort { message_type, bits: bits as u16 });
    }
    let start = payload.unsigned(0, 38);
    let header = Header {
        message_type: (start >> 32) as u8,
        repeat: (start >> 30 & 3) as u8,
        mmsi_raw: (start & 0x3FFF_FFFF) as u32,
    };
    let message_type = header.message_type;
    if !(1..=28).contains(&message_type) {
        return Err(Rejection::UnknownMessageType { message_type });
    }
    if header.mmsi_raw > 999_999_999 {
        return Err(Rejection::BadMmsi { mmsi: header.mmsi_raw });
    }
    Ok(match message_type {
        1..=3 => {
            need(payload, header, position_report::LENGTH)?;
            Message::PositionReport(PositionReport::read(header, payload))
        }
        4 | 11 => {
            need(payload, header, base_station::LENGTH)?;
            Message::BaseStation(BaseStationReport::read(header, payload))
        }
        5 => {
            need(payload, header, static_voyage::LENGTH)?;
            Message::StaticVoyage(StaticVoyageReport::read(header, payload))
        }
        6 => {
            need(payload, header, binary::LENGTH_ADDRESSED)?;
            Message::BinaryAddressed(BinaryAddressed::read(header, payload))
        }
        7 | 13 => {
            need(payload, header, acknowledge::LENGTH)?;
            Message::Acknowledge(Acknowledge::read(header, payload))
        }
        8 => {
            need(payload, header, binary::LENGTH_BROADCAST)?;
            Message::BinaryBroadcast(BinaryBroadcast::read(header, payload))
        }
        9 => {
            need(payload, header, sar_aircraft::LENGTH)?;
            Message::SarAircraft(SarAircraftReport::read(header, payload))
        }
        10 => {
            need(payload, header, base_station::LENGTH_INQUIRY)?;
            Message::UtcInquiry(UtcInquiry::read(header, payload))
        }
        12 => {
            need(payload, header, safety::LENGTH_ADDRESSED)?;
            Message::SafetyAddressed(SafetyAddressed::read(header, payload))
        }
        14 => {
            need(payload, header, safety::LENGTH_BROADCAST)?;
            Message::SafetyBroadcast(SafetyBroadcast::read(header, payload))
        }
        15 => {
            need(payload, header, control::LENGTH_INTERROGATION)?;
            Message::Interrogation(Interrogation::read(header, payload))
        }
        16 => {
            need(payload, header, control::LENGTH_ASSIGNMENT)?;
            Message::Assignment(AssignmentCommand::read(header, payload))
        }
        17 => {
            need(payload, header, dgnss::LENGTH)?;
            Message::Dgnss(DgnssCorrections::read(header, payload))
        }
        18 => {
            need(payload, header, class_b::LENGTH)?;
            Message::ClassB(ClassBReport::read(header, payload))
        }
        19 => {
            need(payload, header, class_b::LENGTH_EXTENDED)?;
            Message::ClassBExtended(ClassBExtendedReport::read(header, payload))
        }
        20 => {
            need(payload, header, control::LENGTH_LINK)?;
            Message::LinkManagement(LinkManagement::read(header, payload))
        }
        21 => {
            AidToNavigationReport::end_at_character(payload);
            need(payload, header, aid_to_navigation::LENGTH)?;
            Message::AidToNavigation(AidToNavigationReport::read(header, payload))
        }
        22 => {
            need(payload, header, control::LENGTH_CHANNEL)?;
            Message::ChannelManagement(ChannelManagement::read(header, payload))
        }
        23 => {
            need(payload, header, control::LENGTH_GROUP)?;
            Message::GroupAssignment(GroupAssignment::read(header, payload))
        }
        24 => {
            need(payload, header, Length { min: 40, full: 40, absent: &[] })?;
            match payload.unsigned(38, 2) {
                0 => {
                    need(payload, header, static_data::LENGTH_A)?;
                    Message::StaticDataA(StaticDataA::read(header, payload))
                }
                1 => {
                    need(payload, header, static_data::LENGTH_B)?;
                    Message::StaticDataB(StaticDataB::read(header, payload))
                }
                _ => Message::Other(header),
            }
        }
        25 | 26 => {
            need(payload, header, binary::LENGTH_SLOT)?;
            Message::SlotBinary(SlotBinary::read(header, payload))
        }
        27 => {
            need(payload, header, long_range::LENGTH)?;
            Message::LongRange(LongRangeReport::read(header, payload))
        }
        _ => Message::Other(header),
    })
}

/// How long a type of message is, and what its fields say that were cut.
pub(crate) struct Length {
    /// What ends before this is not worth having.
    min: usize,
    /// Up to where fields are read.
    full: usize,
    /// Start, width and "not available" of fields that say nothing unless they are whole, in order.
    absent: &'static [(usize, usize, u64)],
}

/// Refuses a message that is too short, and lets what is missing of others read as "not available", or as
/// zero where there is no such value.
#[inline(always)]
fn need(payload: &mut Payload, header: Header, length: Length) -> Result<(), Rejection> {
    let bits = payload.len();
    if bits < length.min {
        let message_type = header.message_type;
        return Err(Rejection::PayloadTooShort { message_type, bits: bits as u16 });
    }
    if bits < length.full {
        fill(payload, &length);
    }
    Ok(())
}

#[cold]
fn fill(payload: &mut Payload, length: &Length) {
    let is_cut = |(start, width, _): &&(usize, usize, u64)| start + width > payload.len();
    let cut = length.absent.iter().position(|field| is_cut(&field)).unwrap_or(length.absent.len());
    let cut = &length.absent[cut..];
    if let Some((start, ..)) = cut.first() {
        payload.truncate(*start);
    }
    payload.pad_with_zeros(length.full);
    let bits = payload.len();
    for &(start, width, absent) in cut.iter().filter(|(.., absent)| *absent != 0) {
        payload.put(start, width, absent);
    }
    payload.truncate(bits);
}
