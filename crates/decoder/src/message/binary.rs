//! Messages 6, 8, 25 and 26: data of which only the application knows what it means (ITU-R M.1371-5,
//! annex 8, § 3.4, § 3.6, § 3.23 and § 3.24, and, for the application identifier, annex 5, § 2.1).

use core::fmt;

use maritime::{Mmsi, Text};

use super::Length;
use super::field::ascii;
use super::layout::{Field, layout};
use super::{CommunicationState, Header};
use crate::application::BitView;
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
///
/// ```
/// use alongside_decoder::BitData;
///
/// let data = BitData::new(&[0x20, 0x92, 0xFF], 18);
/// assert_eq!((data.len(), data.bytes()), (18, &[0x20, 0x92, 0xC0][..]));
/// assert_eq!(data.view().unsigned(0, 6), Some(8));
/// assert_eq!(data.text::<2>().unwrap().as_str(), "HI");
/// ```
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
        if !bits.is_multiple_of(8) {
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

    /// The same bits, to be read piece by piece.
    pub fn view(&self) -> BitView<'_> {
        BitView::from(self)
    }

    /// All of it as six-bit characters, up to the first `@` or `N` of them, without surrounding blanks; `None` if
    /// nothing is left. It is what somebody sent: escape it wherever it is shown.
    pub fn text<const N: usize>(&self) -> Option<Text<N>> {
        let view = self.view();
        ascii((0..N).map_while(|at| view.unsigned(6 * at, 6)).map(|six| six as u8))
    }
}

impl fmt::Debug for BitData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.view(), f)
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
        for (at, bit) in self.view().iter().enumerate() {
            payload.put(start + at, 1, u64::from(bit));
        }
    }
}

layout! {
    /// Says which application the data is for, and so what it means.
    ///
    /// ```
    /// use alongside_decoder::{ApplicationId, Message};
    ///
    /// let Ok(Message::BinaryBroadcast(binary)) =
    ///     Message::decode(b"803Ovrh0EP:024`@02PN04da=3V<>N0000", 4)
    /// else {
    ///     panic!("not a message 8");
    /// };
    /// assert_eq!(binary.application, ApplicationId { dac: 1, fi: 22 });
    /// ```
    pub struct ApplicationId {
        /// designated area code; 1 is international, else mostly the first three digits of the area's MMSIs.
        dac: u16 = 0..=9,
        /// function identifier, given out by the area.
        fi: u8 = 10..=15,
    }
}

layout! {
    /// Message 6: data for one station.
    ///
    /// ```
    /// use alongside_decoder::Message;
    ///
    /// let message = Message::decode(b"63LBA4;WBevJ04k0=@E=B0td", 0);
    /// let Ok(Message::BinaryAddressed(binary)) = message else { panic!("{message:?}") };
    /// assert_eq!(binary.destination().unwrap().get(), 970_110_950);
    /// assert_eq!((binary.application.dac, binary.application.fi), (1, 12));
    /// assert_eq!(binary.data.len(), 56);
    /// ```
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
    ///
    /// ```
    /// use alongside_decoder::{Message, application::Application};
    ///
    /// let message = Message::decode(b"803Ovrh0EP:024`@02PN04da=3V<>N0000", 4);
    /// let Ok(Message::BinaryBroadcast(binary)) = message else { panic!("{message:?}") };
    /// let application = Application::decode(
    ///     binary.application.dac,
    ///     binary.application.fi,
    ///     binary.data.view(),
    /// );
    /// assert!(matches!(application, Application::AreaNotice(_)));
    /// ```
    pub struct BinaryBroadcast [56] {
        /// what the data is.
        application: ApplicationId = 40..=55,
        /// the data, as long as the message.
        data: BitData = 56..=1079,
    }
}

/// Messages 25 and 26: data for one or for all, with or without an identifier of its application.
///
/// Destination and identifier are there only if their flags are set. The destination takes 32 bits, the last
/// two of them spare, so the identifier begins with bit 40 or 72.
///
/// ```
/// use alongside_decoder::Message;
///
/// let message = Message::decode(b"JB3R0GO7p>vQL8tjw0b5hqpd0706kh9d3lR2vbl0400", 2);
/// let Ok(Message::SlotBinary(binary)) = message else { panic!("{message:?}") };
/// assert_eq!((binary.addressed, binary.structured), (true, true));
/// assert_eq!(binary.destination().unwrap().get(), 838_351_848);
/// assert_eq!(binary.application.unwrap().dac, 450);
/// assert!(binary.communication_state().is_some());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SlotBinary {
    /// Bits 0-37.
    pub header: Header,
    /// Bit 38: the message is for one station.
    pub addressed: bool,
    /// Bit 39: the data begins with the identifier of its application.
    pub structured: bool,
    /// Bits 40-69, if addressed: MMSI of the station that it is for. `None` also where it was cut.
    pub destination_raw: Option<u32>,
    /// The 16 bits that follow, if structured: what the data is. `None` also where it was cut.
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
        let (addressed, structured) = (payload.flag(38), payload.flag(39));
        let end = payload.len().saturating_sub(BITS_BEHIND);
        let communication_state_raw = (header.message_type == 26 && end >= 40).then(|| {
            payload.truncate(end);
            u32::read(payload, end + BITS_BEHIND - 20, 20)
        });
        let id_start = if addressed { 72 } else { 40 };
        let data_start = if structured { id_start + 16 } else { id_start };
        SlotBinary {
            header,
            addressed,
            structured,
            destination_raw: if addressed { Field::read(payload, 40, 30) } else { None },
            application: if structured { Field::read(payload, id_start, 16) } else { None },
            data: Field::read(payload, data_start, DATA_BITS_MAX),
            communication_state_raw,
        }
    }

    /// What a flag promises and is not there ends the message, as if it had been cut.
    pub(crate) fn write(&self) -> Payload {
        let mut payload = Payload::zeros(40);
        self.header.write(&mut payload, 0, 38);
        self.addressed.write(&mut payload, 38, 1);
        self.structured.write(&mut payload, 39, 1);
        if let (true, Some(destination)) = (self.addressed, self.destination_raw) {
            payload.put(40, 32, u64::from(destination) << 2);
        }
        let start = payload.len();
        if let (true, Some(application)) = (self.structured, self.application) {
            application.write(&mut payload, start, 16);
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Message, message};

    /// `bits` bits of ones behind the header of `message_type` with its two flags.
    #[track_caller]
    fn slot_binary(
        message_type: u64,
        addressed: bool,
        structured: bool,
        bits: usize,
    ) -> SlotBinary {
        let mut payload = Payload::zeros(0);
        (0..bits).for_each(|at| payload.put(at, 1, 1));
        payload.put(0, 38, message_type << 32 | 244_660_390);
        payload.put(38, 2, u64::from(addressed) << 1 | u64::from(structured));
        match message::decode(&mut payload) {
            Ok(Message::SlotBinary(message)) => message,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_flags_move_the_identifier_and_the_data() {
        for (addressed, structured, data_bits) in
            [(false, false, 128), (false, true, 112), (true, false, 96), (true, true, 80)]
        {
            let message = slot_binary(25, addressed, structured, 168);
            assert_eq!(message.data.len(), data_bits);
            assert_eq!(message.destination_raw, addressed.then_some(0x3FFF_FFFF));
            assert_eq!(message.application.map(|id| id.dac), structured.then_some(1023));
            assert_eq!(message.communication_state(), None);
            let message = slot_binary(26, addressed, structured, 168);
            assert_eq!(message.data.len(), data_bits - 24);
            assert_eq!(message.communication_state_raw, Some(0xF_FFFF));
        }
    }

    #[test]
    fn what_was_cut_is_not_there() {
        let message = slot_binary(25, true, true, 71);
        assert_eq!((message.destination_raw, message.application), (Some(0x3FFF_FFFF), None));
        let message = slot_binary(25, true, true, 69);
        assert_eq!((message.addressed, message.destination()), (true, None));
        assert_eq!(slot_binary(26, false, false, 63).communication_state_raw, None);
        assert!(slot_binary(26, false, false, 64).data.is_empty());
    }

    #[test]
    fn data_is_read_to_its_last_bit_and_not_beyond() {
        let data = BitData::new(&[0b1010_0001, 0b0111_1111], 11);
        assert_eq!(data.bytes(), [0b1010_0001, 0b0110_0000]);
        assert_eq!(data.view().unsigned(3, 8), Some(0b0000_1011));
        assert_eq!(data.view().unsigned(3, 9), None);
        assert_eq!(format!("{data:?}"), "11:a160");
        assert_eq!(BitData::new(&[0xFF; 200], 1600).len(), DATA_BITS_MAX);
        assert_eq!(BitData::new(&[0xFF; 128], 1024).view().unsigned(967, 57), Some((1 << 57) - 1));
    }
}
