//! Messages 12 and 14: text about safety (ITU-R M.1371-5, annex 8, § 3.10 and § 3.12).

use maritime::{Mmsi, Text};

use super::BitData;
use super::Length;
use super::layout::layout;

/// Up to the text, which may be missing.
pub(crate) const LENGTH_ADDRESSED: Length = Length { min: 72, full: 72, absent: &[] };
/// Up to the text, which may be missing.
pub(crate) const LENGTH_BROADCAST: Length = Length { min: 40, full: 40, absent: &[] };

layout! {
    /// Message 12: text for one station.
    ///
    /// ```
    /// use alongside_decoder::Message;
    ///
    /// let message = Message::decode(b"<5?SIj1;GbD07??4", 0);
    /// let Ok(Message::SafetyAddressed(message)) = message else { panic!("{message:?}") };
    /// assert_eq!(message.text().unwrap().as_str(), "GOOD");
    /// assert_eq!(message.destination().unwrap().get(), 316_123_456);
    /// ```
    pub struct SafetyAddressed [72] {
        /// numbers the messages to this station, `0..=3`.
        sequence: u8 = 38..=39,
        /// MMSI of the station that it is for.
        destination_raw: u32 = 40..=69,
        /// sent again, because it was not acknowledged.
        retransmitted: bool = 70,
        /// the text in six-bit characters, as long as the message.
        text_raw: BitData = 72..=1095,
    }
}

impl SafetyAddressed {
    /// The station that it is for.
    pub fn destination(&self) -> Option<Mmsi> {
        Mmsi::new(self.destination_raw)
    }

    /// Up to 156 characters. It is what somebody sent: escape it wherever it is shown.
    pub fn text(&self) -> Option<Text<161>> {
        self.text_raw.text()
    }
}

layout! {
    /// Message 14: text for everybody.
    ///
    /// ```
    /// use alongside_decoder::Message;
    ///
    /// let message = Message::decode(b">5?Per18=HB1U:1@E=B0m<L", 2);
    /// let Ok(Message::SafetyBroadcast(message)) = message else { panic!("{message:?}") };
    /// assert_eq!(message.text().unwrap().as_str(), "RCVD YR TEST MSG");
    /// ```
    pub struct SafetyBroadcast [40] {
        /// the text in six-bit characters, as long as the message.
        text_raw: BitData = 40..=1063,
    }
}

impl SafetyBroadcast {
    /// Up to 161 characters. It is what somebody sent: escape it wherever it is shown.
    pub fn text(&self) -> Option<Text<161>> {
        self.text_raw.text()
    }
}
