//! Takes the bits of one message, gives its fields. Never says more than was sent: every accessor with a
//! unit gives `None` where the field holds "not available" or a value that the standard reserves.
//!
//! One file per family. Bits are counted from 0, the first that is sent, as in gpsd's description of the
//! protocol; what they mean is said by ITU-R M.1371-5, annex 8, under the message.

mod base_station;
mod class_b;
mod field;
mod long_range;
mod position_report;
mod static_data;
mod static_voyage;

pub use base_station::BaseStationReport;
pub use class_b::{ClassBExtendedReport, ClassBReport};
pub use field::{Eta, NavigationalStatus, RateOfTurn, SixBitText};
pub use long_range::LongRangeReport;
pub use position_report::PositionReport;
pub use static_data::{StaticDataA, StaticDataB};
pub use static_voyage::StaticVoyageReport;

use maritime::Mmsi;

use crate::Rejection;
use crate::payload::Payload;

/// What every message starts with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Header {
    /// Bits 0-5: what sort of message, `1..=28`.
    pub message_type: u8,
    /// Bits 6-7: how often a station may have repeated it, `0..=3`; 3 is "do not repeat any more".
    pub repeat: u8,
    /// Bits 8-37: who sends, `0..=999_999_999`.
    pub mmsi_raw: u32,
}

impl Header {
    /// Who sends; `None` for 0, which transponders send that nobody has set up.
    pub fn mmsi(&self) -> Option<Mmsi> {
        Mmsi::new(self.mmsi_raw)
    }
}

/// A message by its type.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Message {
    /// Types 1, 2 and 3
    PositionReport(PositionReport),
    /// Types 4 and 11
    BaseStation(BaseStationReport),
    /// Type 5
    StaticVoyage(StaticVoyageReport),
    /// Type 18
    ClassB(ClassBReport),
    /// Type 19
    ClassBExtended(ClassBExtendedReport),
    /// Type 24, part A
    StaticDataA(StaticDataA),
    /// Type 24, part B
    StaticDataB(StaticDataB),
    /// Type 27
    LongRange(LongRangeReport),
    /// Any other type, of which only the header is read.
    Other(Header),
}

impl Message {
    /// What every message starts with.
    pub fn header(&self) -> Header {
        match self {
            Message::PositionReport(message) => message.header,
            Message::BaseStation(message) => message.header,
            Message::StaticVoyage(message) => message.header,
            Message::ClassB(message) => message.header,
            Message::ClassBExtended(message) => message.header,
            Message::StaticDataA(message) => message.header,
            Message::StaticDataB(message) => message.header,
            Message::LongRange(message) => message.header,
            Message::Other(header) => *header,
        }
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
            need(payload, header, position_report::BITS_MIN, 168)?;
            Message::PositionReport(PositionReport::decode(header, payload))
        }
        4 | 11 => {
            need(payload, header, base_station::BITS_MIN, 168)?;
            Message::BaseStation(BaseStationReport::decode(header, payload))
        }
        5 => {
            need(payload, header, static_voyage::BITS_MIN, 424)?;
            Message::StaticVoyage(StaticVoyageReport::decode(header, payload))
        }
        18 => {
            need(payload, header, class_b::BITS_MIN, 168)?;
            Message::ClassB(ClassBReport::decode(header, payload))
        }
        19 => {
            need(payload, header, class_b::BITS_MIN_EXTENDED, 312)?;
            Message::ClassBExtended(ClassBExtendedReport::decode(header, payload, bits))
        }
        24 => {
            need(payload, header, 40, 40)?;
            match payload.unsigned(38, 2) {
                0 => {
                    need(payload, header, static_data::BITS_MIN_A, 168)?;
                    Message::StaticDataA(StaticDataA::decode(header, payload))
                }
                1 => {
                    need(payload, header, static_data::BITS_MIN_B, 168)?;
                    Message::StaticDataB(StaticDataB::decode(header, payload, bits))
                }
                _ => Message::Other(header),
            }
        }
        27 => {
            need(payload, header, long_range::BITS_MIN, 96)?;
            Message::LongRange(LongRangeReport::decode(header, payload))
        }
        _ => Message::Other(header),
    })
}

/// Refuses a message that ends before `bits_min`, and lets one that ends before `bits_full` read as zero
/// from there on.
#[inline]
fn need(
    payload: &mut Payload,
    header: Header,
    bits_min: usize,
    bits_full: usize,
) -> Result<(), Rejection> {
    let bits = payload.len();
    if bits < bits_min {
        let message_type = header.message_type;
        return Err(Rejection::PayloadTooShort { message_type, bits: bits as u16 });
    }
    payload.pad_with_zeros(bits_full);
    Ok(())
}
