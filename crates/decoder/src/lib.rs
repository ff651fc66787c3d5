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
//! sentences, where these give the field, and random messages of all types with gpsdecode and the crates aivdm
//! and nmea-0183-rs. These differences remain. A § and a table alone are those of Recommendation ITU-R M.1371-5,
//! annex 8, where the messages are laid down: § 3.1 has messages 1 to 3, § 3.2 messages 4 and 11, § 3.3
//! message 5, and so on to § 3.25, message 27.
//!
//! In the sentences:
//!
//! | peer | what | it says | here | decided by |
//! |---|---|---|---|---|
//! | gpsd | a sentence without a checksum | a message | a rejection | IEC 61162-1: every sentence ends with its checksum |
//! | gpsd | a message in more than five sentences | nothing | the message | IEC 61162-1, VDM: one to nine sentences; § 3.24: up to 1064 bits |
//! | gpsd | parts of several messages, mixed | joined, or none of them | each with its own | IEC 61162-1, VDM: parts share number and channel |
//!
//! In any message:
//!
//! | peer | what | it says | here | decided by |
//! |---|---|---|---|---|
//! | gpsd, pyais, libais | a field that was cut | 0, nothing, or the bits left of it as a number | `None`, or the field's "not available" | the table of the message has the width of the field: a part of a number is another number |
//! | gpsd, aivdm, nmea-0183-rs | a message of another length than the full one | nothing | the fields that are there | the table of the message has the place of each field, whatever follows it |
//! | gpsd, pyais, libais | "not available" | its number, scaled, or a word: 102.3 knots, 360°, 181° | `None`; the number in the field | § 3.1, table 48, and the like in the other tables |
//! | gpsd, libais, aivdm, nmea-0183-rs | MMSI of more than nine digits | a message | a rejection | Recommendation ITU-R M.585: an MMSI has nine digits |
//! | pyais, aivdm, nmea-0183-rs | text with `@` inside | reads on, without the `@` or with it | ends there | § 3.3, table 52, and § 3.22, table 78: `@` is what a place holds that has no character |
//! | libais | `_` and `'` in texts | `-` and `` ` `` | as they are | table 47, 6-bit ASCII: 31 and 39 |
//! | libais | positions | 32-bit floats, up to 1 m off | 64-bit | § 3.1, table 48: 1/10000 minute, which is 0.2 m |
//!
//! In one type:
//!
//! | type | peer | field | it says | here | decided by |
//! |---|---|---|---|---|---|
//! | 1-3 | gpsd | rate of turn, scaled | the square, without its sign | signed, right positive | § 3.1, table 48: 0 to +126 right, 0 to -126 left |
//! | 1-3 | pyais | rate of turn | whole degrees | unrounded | § 3.1, table 48: the number is 4.733 times the root of the rate |
//! | 1-3 | nmea-0183-rs | rate of turn | the number that was sent | the same number; degrees from an accessor | § 3.1, table 48: the number is 4.733 times the root of the rate |
//! | 1-3 | gpsd | communication state of a report of 163 bits | the 14 bits that are left, as a number | `None` | § 3.1, table 48: 19 bits; annex 2, § 3.3.7.2.1 and § 3.3.7.3.2: which they are |
//! | 4, 5, 11, 19, 21 | gpsd | positioning device 15 | an invalid one | internal GNSS | § 3.3, table 52 |
//! | 5, 19, 23, 24 | pyais | type of ship in a reserved code | a neighbouring code | the code as sent | § 3.3.2, table 53: reserved codes have no other meaning |
//! | 6 | libais, aivdm | `retransmit` | the inverse of the bit | the bit: sent again | § 3.4, table 54: 1 is retransmitted |
//! | 6, 8, 17, 25, 26 | aivdm | data longer than five slots allow, or one for type 25 | nothing | up to [`DATA_BITS_MAX`] bits | § 3.4, table 54, and the like: stations send no more, but what arrived is kept |
//! | 6, 8, 25, 26 | nmea-0183-rs | data of more than [`DATA_BITS_MAX`] bits | all of it | the first of them | § 3.4, table 54: at most 1008 bits in all; § 3.24: 1064 |
//! | 9 | libais | speed | tenths of a knot | knots | § 3.7, table 59: in knot steps |
//! | 12, 14 | aivdm, nmea-0183-rs | text of more than 156 or 161 characters | 156 in type 12; all of it | up to 161 | § 3.10 and § 3.12: no longer one fits into 1008 bits |
//! | 17 | gpsd | position, scaled | one decimal of a degree | all of 1/10 minute | § 3.15, table 68: 1/10 minute |
//! | 17, 22, 23 | pyais | position, corners of the area | minutes | degrees | § 3.15, table 68, § 3.20 and § 3.21: 1/10 minute |
//! | 17 | nmea-0183-rs | data of more than 736 bits | all of it | the first 736 | § 3.15, table 68: 0 to 736 bits |
//! | 21 | pyais, aivdm | name shorter than 20 characters, with an extension | both together | the name | § 3.19, table 73: the extension carries a name on that fills its field |
//! | 21 | nmea-0183-rs | name extension of more than 14 characters | all of it | the first 14 | § 3.19, table 73: up to 84 bits |
//! | 24 | gpsd | either part | nothing until both came, one message for both | each part as it comes | § 3.22, tables 78 and 79: each part is a message of its own |
//! | 24 | gpsd, aivdm | vendor of part B | seven characters, as in edition 3 | three characters, model, serial number | § 3.22, table 79 |
//! | 24, 28 | aivdm, nmea-0183-rs | part 2 or 3; type 28 | nothing | the header | § 3.22: parts 0 and 1 alone; § 3 ends with message 27 |
//! | 25, 26 | gpsd, aivdm | application identifier and data of an addressed one | from bit 70 on | from bit 72 on | § 3.23, table 80, and § 3.24: two spare bits follow the destination |
//! | 25, 26 | gpsd | destination or application identifier that was not sent | that of an earlier message | `None` | § 3.23, table 80, and § 3.24: the flags say whether they are there |
//! | 25, 26 | nmea-0183-rs | data | the application identifier, too | what follows it | annex 5, § 2.1: the identifier is 16 bits before the data |
//! | 26 | gpsd, aivdm | last bits of the data | four spare bits more | without them | § 3.24: four spare bits stand before the communication state |
//! | 26 | gpsd | communication state | 0 | the last 20 bits | § 3.24: one bit that selects, then 19 |
//! | 27 | gpsd | position, scaled | four decimals of a degree | all of 1/10 minute | § 3.25: 1/10 minute |
//! | 27 | libais | `gnss` | the inverse of the bit | the bit: older than 5 s | § 3.25: 1 is more than 5 s |
//!
//! Where they read the data of an application in another way is told in the module [`application`].

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
#[cfg(feature = "std")]
mod parts;
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
pub use parts::PartLines;
#[cfg(feature = "std")]
pub use tag_block::{TagBlock, TagGroup};
#[cfg(feature = "std")]
pub use time::read_instant;
