//! AIS from bytes to messages.
//!
//! Takes bytes as receivers, networks and archives write them, gives the messages that ships and stations
//! sent: NMEA 0183 / IEC 61162 sentences in their usual framings, and the payload of ITU-R M.1371-5. Knows
//! nothing of what the messages mean together. Does not panic on any bytes, keeps bounded memory, and does
//! not allocate for a sentence.
//!
//! ```
//! use alongside_decoder::{Decoder, Message, OutcomeKind};
//!
//! let mut decoder = Decoder::new();
//! let lines = b"!AIVDM,2,1,1,A,55?MbV02;H;s<HtKR20EHE:0@T4@Dn2222222216L961O5Gf0NSQEp6ClRp8,0*1C\n\
//!               !AIVDM,2,2,1,A,88888888880,2*25\n";
//! decoder.push(lines, &mut |outcome| {
//!     assert_eq!(outcome.lines, 2);
//!     let OutcomeKind::Message(received) = outcome.kind else { panic!("{outcome:?}") };
//!     let Message::StaticVoyage(voyage) = received.message else { panic!("{received:?}") };
//!     assert_eq!(voyage.name().unwrap().as_str(), "EVER DIADEM");
//!     assert_eq!(voyage.draught_m(), Some(12.2));
//! });
//! ```
//!
//! The modules are in the order of the data: line, tag block, sentence, assembled payload, message.

mod assembler;
mod decoder;
#[cfg(test)]
mod encode;
mod line;
mod message;
mod outcome;
mod own_ship;
mod payload;
mod sentence;
mod tag_block;
mod time;

pub use decoder::Decoder;
pub use line::LINE_BYTES_MAX;
pub use message::{
    BaseStationReport, ClassBExtendedReport, ClassBReport, Eta, Header, LongRangeReport, Message,
    NavigationalStatus, PositionReport, RateOfTurn, SixBitText, StaticDataA, StaticDataB,
    StaticVoyageReport,
};
pub use outcome::{Channel, Outcome, OutcomeKind, Received, Rejection, Skipped, Station};
pub use own_ship::OwnShip;
