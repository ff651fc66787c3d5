//! Messages 6, 8, 25 and 26: data of which only the application knows what it means (ITU-R M.1371-5,
//! annex 8 and, for the application identifier, annex 5).

use std::fmt;

use maritime::{Mmsi, Text};

use super::Length;
use super::field::ascii;
use super::layout::{Field, layout};
use super::{CommunicationState, Header};
use crate::payload::Payload;

/// Most bits that a [`BitData`] holds: more than the 1004 that five slots can carry.
pub const DATA_BITS_MAX: usize = 1024;

/// Up to the application identifier.
pub(crate) const LENGTH_ADDRESSED: Length = Length { min: 88, full: 88, absent: &[] };
/// Up to the application identifier.
pub(crate) const LENGTH_BROADCAST: Length = Length { min: 56, full: 56, absent: &[] };
/// Up to the two flags; whatever they promise may be missing.
pub(crate) const LENGTH_SLOT: Length = Length { min: 40, full: 40, absent: &[] };

/// Bits as they were sent, most significant first, kept in place. At most [`DATA_BITS_MAX`]: what an
/// over-long message has beyond them is no data of a transmission and left out.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct BitData {
    bits: u16,
    /// Zero behind the last bit.
    bytes: [u8; DATA_BITS_MAX / 8],
}

impl BitData {
    /// The first `bits` bits of `bytes`; as many as there are, and at most [`DATA_BITS_MAX`].
    pub fn new(bytes: &[u8], bits: usize) -> Self {
        let bits = bits.min(8 * bytes.len()).min(DATA_BITS_MAX);
        let mut data = BitData { bits: bits as u16, bytes: [0; DATA_BITS_MAX / 8] };
        let whole = bits.div_ceil(8);
        data.bytes[..whole].copy_from_slice(&bytes[..whole]);
        if bits % 8 != 0 {
            data.bytes[whole - 1] &= 0xFF << (8 - bits % 8);
        }
        data
    }

    /// Number of bits.
    pub fn len(&self) -> usize {
        usize::from(self.bits)
    }

    /// Whether there is not one bit.
    pub fn is_empty(&self) -> bool {
        self.bits == 0
    }

    /// All bits; the last byte is filled up with zeros.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[..self.len().div_ceil(8)]
    }

    /// `width` bits from `start`, unsigned; `None` where they reach beyond the end. `width` in `1..=57`.
    ///
    /// # Panics
    ///
    /// If `width` is 0 or more than 57.
    pub fn unsigned(&self, start: usize, width: usize) -> Option<u64> {
        assert!((1..=57).contains(&width), "{width} bits are no number");
        if start + width > self.len() {
            return None;
        }
        let mut window = [0; 8];
        let bytes = &self.bytes[start / 8..];
        let length = bytes.len().min(8);
        window[..length].copy_from_slice(&bytes[..length]);
        Some((u64::from_be_bytes(window) << (start % 8)) >> (64 - width))
    }

    /// `width` bits from `start`, two's complement; `None` where they reach beyond the end. `width` in
    /// `1..=57`.
    ///
    /// # Panics
    ///
    /// If `width` is 0 or more than 57.
    pub fn signed(&self, start: usize, width: usize) -> Option<i64> {
        let unsigned = self.unsigned(start, width)?;
        Some((unsigned << (64 - width)) as i64 >> (64 - width))
    }

    /// One bit; `None` beyond the end.
    pub fn flag(&self, at: usize) -> Option<bool> {
        self.unsigned(at, 1).map(|bit| bit != 0)
    }

    /// Six-bit characters from `start` on, up to the first `@`, the end, or `N` of them, without surrounding
    /// blanks; `None` if nothing is left. It is what somebody sent: escape it wherever it is shown.
    pub fn text<const N: usize>(&self, start: usize) -> Option<Text<N>> {
        let six = (0..N).map_while(|at| self.unsigned(start + 6 * at, 6));
        ascii(six.map(|six| six as u8))
    }
}

impl fmt::Debug for BitData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.bits)?;
        self.bytes().iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// As wide as what is left of the message, at most `width`.
impl Field for BitData {
    #[inline]
    fn read(payload: &Payload, start: usize, width: usize) -> Self {
        let bits = payload.len().saturating_sub(start).min(width).min(DATA_BITS_MAX);
        let mut bytes = [0; DATA_BITS_MAX / 8];
        for (at, word) in
            bytes.as_chunks_mut::<4>().0.iter_mut().take(bits.div_ceil(32)).enumerate()
        {
            let kept = (bits - 32 * at).min(32);
            let piece = payload.unsigned(start + 32 * at, kept) << (32 - kept);
            *word = (piece as u32).to_be_bytes();
        }
        BitData { bits: bits as u16, bytes }
    }

    fn write(&self, payload: &mut Payload, start: usize, _: usize) {
        for at in 0..self.len() {
            payload.put(start + at, 1, u64::from(self.flag(at) == Some(true)));
        }
    }
}

layout! {
    /// Says which application the data is for, and so what it means.
    pub struct ApplicationId {
        /// designated area code; 1 is international, else mostly the first three digits of the area's MMSIs.
        dac: u16 = 0..=9,
        /// function identifier, given out by the area.
        fi: u8 = 10..=15,
    }
}

layout! {
    /// Message 6: data for one station.
    pub struct BinaryAddressed [88] {
        /// numbers the messages to this station, `0..=3`.
        sequence: u8 = 38..=39,
        /// MMSI of the station that it is for.
        destination_raw: u32 = 40..=69,
        /// sent again, because it was not acknowledged.
        retransmitted: bool = 70,
        /// what the data is.
        application: ApplicationId = 72..=87,
        /// the data, as long as the message.
        data: BitData = 88..=1111,
    }
}

impl BinaryAddressed {
    /// The station that it is for.
    pub fn destination(&self) -> Option<Mmsi> {
        Mmsi::new(self.destination_raw)
    }
}

layout! {
    /// Message 8: data for everybody.
    pub struct BinaryBroadcast [56] {
        /// what the data is.
        application: ApplicationId = 40..=55,
        /// the data, as long as the message.
        data: BitData = 56..=1079,
    }
}

/// Messages 25 and 26: data for one or for all, with or without an identifier of its application.
///
/// Bits 38 and 39 say whether a destination and an application identifier follow. The destination takes 32
/// bits, the last two of them spare, so the identifier begins with bit 40 or 72.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SlotBinary {
    /// Bits 0-37.
    pub header: Header,
    /// Bits 40-69, if bit 38 is set: MMSI of the station that it is for. `None` also where it was cut.
    pub destination_raw: Option<u32>,
    /// The 16 bits that follow, if bit 39 is set: what the data is. `None` also where it was cut.
    pub application: Option<ApplicationId>,
    /// The rest; of message 26 without the last 24 bits, of which the first four are spare.
    pub data: BitData,
    /// The last 20 bits of message 26: selector and communication state; `None` for message 25.
    pub communication_state_raw: Option<u32>,
}

/// Four spare bits and 20 of communication state.
const BITS_BEHIND: usize = 24;

impl SlotBinary {
    #[inline]
    pub(crate) fn read(header: Header, payload: &mut Payload) -> Self {
        let bits = payload.len();
        let mut start = 40;
        let communicates = header.message_type == 26 && bits >= start + BITS_BEHIND;
        let communication_state_raw = communicates.then(|| u32::read(payload, bits - 20, 20));
        if communicates {
            payload.truncate(bits - BITS_BEHIND);
        }
        let destination_raw = payload.flag(38).then(|| Option::read(payload, start, 30)).flatten();
        start += if payload.flag(38) { 32 } else { 0 };
        let application = payload.flag(39).then(|| Option::read(payload, start, 16)).flatten();
        start += if payload.flag(39) { 16 } else { 0 };
        let data = BitData::read(payload, start, DATA_BITS_MAX);
        SlotBinary { header, destination_raw, application, data, communication_state_raw }
    }

    pub(crate) fn write(&self) -> Payload {
        let mut payload = Payload::zeros(40);
        self.header.write(&mut payload, 0, 38);
        self.destination_raw.is_some().write(&mut payload, 38, 1);
        self.application.is_some().write(&mut payload, 39, 1);
        if let Some(destination) = self.destination_raw {
            payload.put(40, 32, u64::from(destination) << 2);
        }
        let start = payload.len();
        self.application.write(&mut payload, start, 16);
        let start = payload.len();
        self.data.write(&mut payload, start, DATA_BITS_MAX);
        if let Some(state) = self.communication_state_raw {
            let start = payload.len();
            payload.put(start, BITS_BEHIND, u64::from(state));
        }
        payload
    }

    /// The station that it is for; `None` where it is for all.
    pub fn destination(&self) -> Option<Mmsi> {
        Mmsi::new(self.destination_raw?)
    }

    /// How the station keeps its slots; `None` for message 25.
    pub fn communication_state(&self) -> Option<CommunicationState> {
        self.communication_state_raw.map(CommunicationState::from_selected)
    }
}
