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
//! The modules are in the order of the data: line, tag block, sentence, assembled payload, message. A
//! [`PositionBatch`] keeps the positions of many messages as columns.
//!
//! # Without std
//!
//! Without the feature `std`, which is on by default, there is neither std nor an allocator: what is left are
//! the messages, read by [`Message::decode`] and [`Message::decode_bits`], and the [`application`]s.
//!
//! # Where other decoders say something else
//!
//! The tests compare the fields of all types with what gpsd 3.22, pyais 3.3 and libais make of recorded
//! sentences, where these give the field, and random messages of all types with gpsdecode. These differences
//! remain. The last column is what ITU-R M.1371-5,
//! annex 8, lays down for the field, or what the bits themselves show.
//!
//! | peer | field | it says | here | decided by |
//! |---|---|---|---|---|
//! | all | a field that was cut | 0, nothing, or the bits left of it as a number | `None`, or the field's "not available" | a part of a number is another number |
//! | gpsd | rate of turn, scaled | the square, without its sign | signed, right positive | messages 1-3: the sign tells the side |
//! | gpsd | position of type 17, scaled | one decimal | all of 1/10 minute | message 17: unit 1/10 minute |
//! | gpsd | position of type 27, scaled | four decimals | all of 1/10 minute | message 27: unit 1/10 minute |
//! | gpsd | communication state of a 163-bit report | the 14 bits that are left, as a number | `None` | the field is 19 bits |
//! | gpsd | type 24 | nothing until both parts came, one message for both | each part as it comes | message 24: each part is a transmission of its own |
//! | gpsd | vendor of type 24 B | seven characters, as in edition 3 | three characters, model, serial number | message 24 B, from edition 4 on |
//! | gpsd | application identifier and data of an addressed type 25 or 26 | from bit 70 on | from bit 72 on | messages 25 and 26: two spare bits follow the destination |
//! | gpsd | last bits of the data of type 26 | four spare bits more | without them | message 26: four spare bits stand before the communication state |
//! | gpsd | communication state of type 26 | 0 | the last 20 bits | message 26 |
//! | pyais | text with `@` inside | leaves the `@` out and reads on | ends there | `@` fills unused places |
//! | pyais | name of type 21 shorter than 20 characters with an extension | both together | the name | message 21: the extension is for names of more than 20 |
//! | pyais | type of ship in a reserved code | a neighbouring code | the code as sent | reserved codes have no other meaning |
//! | pyais | rate of turn | whole degrees | unrounded | messages 1-3: (raw / 4.733)² |
//! | libais | `retransmit` of type 6 | the inverse of the bit | the bit: sent again | message 6: 1 is retransmitted |
//! | libais | speed of type 9 | tenths of a knot | knots | message 9: whole knots |
//! | libais | `_` and `'` in texts | `-` and `` ` `` | as they are | the table of six-bit characters: 31 and 39 |
//! | libais | `gnss` of type 27 | the inverse of the bit | the bit: older than 5 s | message 27: 1 is more than 5 s |
//! | libais | positions | 32-bit floats, up to 1 m off | 64-bit | unit 1/10000 minute is 0.2 m |
//! | libais | MMSI of more than nine digits | a message | a rejection | an MMSI has nine digits |

#![cfg_attr(not(feature = "std"), no_std)]
// Only the encoder writes messages.
#![cfg_attr(not(feature = "std"), allow(dead_code))]

pub mod application;
#[cfg(feature = "std")]
mod assembler;
#[cfg(feature = "std")]
mod batch;
#[cfg(feature = "std")]
mod decoder;
#[cfg(feature = "std")]
pub mod encode;
#[cfg(feature = "std")]
mod line;
mod message;
mod outcome;
#[cfg(feature = "std")]
mod own_ship;
mod payload;
#[cfg(test)]
mod samples;
#[cfg(feature = "std")]
mod sentence;
#[cfg(feature = "std")]
mod tag_block;
#[cfg(feature = "std")]
mod time;

#[cfg(feature = "std")]
pub use batch::{PositionBatch, PositionRow};
#[cfg(feature = "std")]
pub use decoder::Decoder;
pub use message::{
    Acknowledge, Acknowledged, AidToNavigationReport, ApplicationId, Area, Assignment,
    AssignmentCommand, BaseStationReport, BinaryAddressed, BinaryBroadcast, BitData,
    ChannelManagement, ChannelTarget, ClassBExtendedReport, ClassBReport, CommunicationState,
    DATA_BITS_MAX, DgnssCorrection, DgnssCorrections, Eta, GroupAssignment, Header, Interrogation,
    LinkManagement, LongRangeReport, Message, MessageRequest, NavigationalStatus, PositionReport,
    RateOfTurn, Reservation, SafetyAddressed, SafetyBroadcast, SarAircraftReport, SixBitText,
    SlotBinary, SotdmaSubMessage, StaticDataA, StaticDataB, StaticVoyageReport, StationRequest,
    UtcInquiry,
};
pub use outcome::{Channel, LINE_BYTES_MAX, Rejection, Skipped, Station};
#[cfg(feature = "std")]
pub use outcome::{Outcome, OutcomeKind, Received};
#[cfg(feature = "std")]
pub use own_ship::OwnShip;
#[cfg(feature = "std")]
pub use tag_block::{TagBlock, TagGroup};
