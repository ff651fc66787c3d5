//! What becomes of the lines that are pushed.

use maritime::Text;
#[cfg(feature = "std")]
use maritime::Timestamp;

#[cfg(feature = "std")]
use crate::{Message, OwnShip};

/// The longest line that is read, in bytes, its line end left out. Two full sentences with tag blocks
/// fit several times over; anything longer is no line of sentences.
pub const LINE_BYTES_MAX: usize = 4096;

/// What became of one or more lines.
///
/// ```
/// use alongside_decoder::{Decoder, OutcomeKind};
///
/// let mut lines = 0;
/// Decoder::new().push(b"# a comment\n\nnoise\n", &mut |outcome| {
///     lines += outcome.lines;
///     assert!(!matches!(outcome.kind, OutcomeKind::Message(_)));
/// });
/// assert_eq!(lines, 3);
/// ```
#[cfg(feature = "std")]
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Outcome {
    /// How many lines this settles. Every line pushed is in exactly one outcome: that of a waiting
    /// fragment in the message it completes or in its rejection as an orphan, that of several glued
    /// sentences in the outcome of the first (the others have 0).
    pub lines: u32,
    /// What became of them.
    pub kind: OutcomeKind,
}

/// The four things that can become of a line.
///
/// ```
/// use alongside_decoder::{Decoder, OutcomeKind, Rejection, Skipped};
///
/// let mut kinds = Vec::new();
/// Decoder::new().push(b"# a comment\nnoise\n", &mut |outcome| kinds.push(outcome.kind));
/// assert_eq!(
///     kinds,
///     [OutcomeKind::Skipped(Skipped::Comment), OutcomeKind::Rejected(Rejection::NotASentence)],
/// );
/// ```
// The large variant is the common one, and it is handed to the caller, not kept.
#[cfg(feature = "std")]
#[allow(clippy::large_enum_variant)]
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum OutcomeKind {
    /// An AIS message.
    Message(Received),
    /// Clock or position of the receiver itself.
    OwnShip(OwnShip),
    /// Accepted, with nothing to say.
    Skipped(Skipped),
    /// Lost, and why.
    Rejected(Rejection),
}

/// The name of a receiving station, as tag block or suffix give it.
///
/// ```
/// use alongside_decoder::Station;
///
/// assert_eq!(Station::new("rEV02").unwrap().as_str(), "rEV02");
/// ```
pub type Station = Text<20>;

/// A message and how it came.
///
/// ```
/// use alongside_decoder::{Channel, Decoder, OutcomeKind};
///
/// let line = b"!AIVDM,1,1,,B,177KQJ5000G?tO`K>RA1wUbN0TKH,0*5C,r003669945,1609459200";
/// Decoder::new().push_line(line, &mut |outcome| {
///     let OutcomeKind::Message(received) = outcome.kind else { panic!("{outcome:?}") };
///     assert_eq!(received.received_at.unwrap().to_string(), "2021-01-01T00:00:00.000Z");
///     assert_eq!(received.station.unwrap().as_str(), "r003669945");
///     assert_eq!((received.channel, received.own_ship), (Some(Channel::B), false));
/// });
/// ```
#[cfg(feature = "std")]
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Received {
    /// When a receiver heard it: by tag block, suffix, prefix or `$PGHP` line, in this order of
    /// trust; of the first of its parts that has one.
    pub received_at: Option<Timestamp>,
    /// Who heard it: by tag block or suffix.
    pub station: Option<Station>,
    /// The sender's count of lines: by tag block, of the first of its parts that has one.
    pub line_count: Option<u32>,
    /// For whom the sentence is: by tag block.
    pub destination: Option<Text<15>>,
    /// Relative time, in a unit that sender and receiver agree on: by tag block.
    pub relative_time: Option<u32>,
    /// Sent by the receiver's own ship (formatter VDO).
    pub own_ship: bool,
    /// On which of the two VHF channels; `None` where the sentence does not say A, B, 1 or 2.
    pub channel: Option<Channel>,
    /// The message.
    pub message: Message,
}

/// One of the two channels of AIS.
///
/// ```
/// use alongside_decoder::{Channel, Decoder, OutcomeKind};
///
/// let line = b"!AIVDM,1,1,,B,177KQJ5000G?tO`K>RA1wUbN0TKH,0*5C";
/// Decoder::new().push_line(line, &mut |outcome| {
///     let OutcomeKind::Message(received) = outcome.kind else { panic!("{outcome:?}") };
///     assert_eq!(received.channel, Some(Channel::B));
/// });
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Channel {
    /// AIS 1, 161.975 MHz
    A,
    /// AIS 2, 162.025 MHz
    B,
}

/// Lines that are in order and carry no message.
///
/// ```
/// use alongside_decoder::Skipped;
///
/// assert_eq!(Skipped::OtherSentence.name(), "other_sentence");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Skipped {
    /// Nothing but blanks.
    Blank,
    /// Starts with `#`.
    Comment,
    /// `$PGHP`: the time of the sentence that follows.
    Timing,
    /// A tag block that stands alone and belongs to the sentence that follows.
    TagBlock,
    /// A sentence of some other instrument, its checksum right.
    OtherSentence,
}

impl Skipped {
    /// A name for counters.
    pub const fn name(&self) -> &'static str {
        match self {
            Skipped::Blank => "blank",
            Skipped::Comment => "comment",
            Skipped::Timing => "timing",
            Skipped::TagBlock => "tag_block",
            Skipped::OtherSentence => "other_sentence",
        }
    }
}

/// Why lines gave no message. Common on the air, hence `Copy` and free of allocation.
///
/// ```
/// use alongside_decoder::{Message, Rejection};
///
/// let rejection = Message::decode(b"177KQJ", 0).unwrap_err();
/// assert_eq!(rejection, Rejection::PayloadTooShort { message_type: 1, bits: 36 });
/// assert_eq!(rejection.name(), "payload_too_short");
/// assert_eq!(rejection.to_string(), "payload of message type 1 has only 36 bits");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Rejection {
    /// Longer than any framing makes it; the rest up to the line's end is skipped.
    #[error("line is longer than {} bytes", LINE_BYTES_MAX)]
    LineTooLong,
    /// Neither `!` nor `$` in it.
    #[error("line holds no sentence")]
    NotASentence,
    /// Nothing that could be a checksum behind it.
    #[error("sentence has no checksum")]
    NoChecksum,
    /// Damaged on its way, or cut.
    #[error("checksum is {found:02X}, sentence states {stated:02X}")]
    BadChecksum {
        /// Computed over what arrived.
        found: u8,
        /// Stated behind the `*`.
        stated: u8,
    },
    /// A VDM or VDO sentence has seven fields, its name included.
    #[error("sentence has {found} fields, not 7")]
    BadFieldCount {
        /// Name included.
        found: u8,
    },
    /// Not digits, or the number is greater than the count.
    #[error("fragment numbers are no pair of digits in order")]
    BadFragmentNumbers,
    /// More than 5, or no digit.
    #[error("fill bits are byte {found:#04x}, not 0 to 5")]
    BadFillBits {
        /// The byte found there.
        found: u8,
    },
    /// Not one of the 64 characters.
    #[error("payload holds byte {found:#04x}")]
    BadPayloadCharacter {
        /// The first such byte.
        found: u8,
    },
    /// Ends before the fields that make the message worth having.
    #[error("payload of message type {message_type} has only {bits} bits")]
    PayloadTooShort {
        /// 0 if even that is missing.
        message_type: u8,
        /// Fill bits left out.
        bits: u16,
    },
    /// Longer than five slots of transmission.
    #[error("payload has {characters} characters, more than any transmission")]
    PayloadTooLong {
        /// Six bits each.
        characters: u16,
    },
    /// The other parts never came, came too late, or cannot be told from another ship's.
    #[error("only {arrived} of {count} fragments arrived")]
    OrphanFragment {
        /// How many of them were there.
        arrived: u8,
        /// How many there should have been.
        count: u8,
    },
    /// More than nine digits.
    #[error("{mmsi} is no MMSI")]
    BadMmsi {
        /// Bits 8-37.
        mmsi: u32,
    },
    /// Types are 1 to 28.
    #[error("message type {message_type} is not defined")]
    UnknownMessageType {
        /// Bits 0-5.
        message_type: u8,
    },
}

impl Rejection {
    /// A name for counters.
    pub const fn name(&self) -> &'static str {
        match self {
            Rejection::LineTooLong => "line_too_long",
            Rejection::NotASentence => "not_a_sentence",
            Rejection::NoChecksum => "no_checksum",
            Rejection::BadChecksum { .. } => "bad_checksum",
            Rejection::BadFieldCount { .. } => "bad_field_count",
            Rejection::BadFragmentNumbers => "bad_fragment_numbers",
            Rejection::BadFillBits { .. } => "bad_fill_bits",
            Rejection::BadPayloadCharacter { .. } => "bad_payload_character",
            Rejection::PayloadTooShort { .. } => "payload_too_short",
            Rejection::PayloadTooLong { .. } => "payload_too_long",
            Rejection::OrphanFragment { .. } => "orphan_fragment",
            Rejection::BadMmsi { .. } => "bad_mmsi",
            Rejection::UnknownMessageType { .. } => "unknown_message_type",
        }
    }
}
