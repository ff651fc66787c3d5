//! Messages 7 and 13: that messages 6 and 12 arrived (ITU-R M.1371-5, annex 8, § 3.5 and § 3.11).

use maritime::Mmsi;

use super::Length;
use super::layout::layout;

/// One acknowledgement.
pub(crate) const LENGTH: Length = Length { min: 72, full: 168, absent: &[] };

layout! {
    /// Up to four messages that arrived.
    ///
    /// ```
    /// use alongside_decoder::Message;
    ///
    /// let message = Message::decode(b"702R5`hwCjq8", 0);
    /// let Ok(Message::Acknowledge(message)) = message else { panic!("{message:?}") };
    /// let [Some(first), None, None, None] = message.acknowledged else { panic!("{message:?}") };
    /// assert_eq!(first.destination().unwrap().get(), 265_538_450);
    /// ```
    pub struct Acknowledge [72] {
        /// whose messages; the first that is missing ends the list.
        acknowledged: [Option<Acknowledged>; 4] = 40..=167,
    }
}

layout! {
    /// A message that arrived.
    ///
    /// ```
    /// use alongside_decoder::Acknowledged;
    ///
    /// let acknowledged = Acknowledged { destination_raw: 265_538_450, sequence: 0 };
    /// assert_eq!(acknowledged.destination().unwrap().flag().unwrap().name(), "Sweden");
    /// ```
    pub struct Acknowledged {
        /// MMSI of the station that sent it; 0 is nobody.
        destination_raw: u32 = 0..=29,
        /// the number that it gave the message, `0..=3`; spare before edition 5.
        sequence: u8 = 30..=31,
    }
}

impl Acknowledged {
    /// The station that sent it.
    pub fn destination(&self) -> Option<Mmsi> {
        Mmsi::new(self.destination_raw)
    }
}
