//! The last 19 or 20 bits of many messages: what a station tells the others about its use of the slots
//! (ITU-R M.1371-5, annex 2, § 3.3.7.2.1 and § 3.3.7.3.2). 2250 slots make a minute on each channel.

/// How a station keeps its slots apart from those of others.
///
/// ```
/// use alongside_decoder::CommunicationState;
///
/// let state = CommunicationState::from_sotdma(34017);
/// let CommunicationState::Sotdma { slot_timeout, .. } = state else { panic!("{state:?}") };
/// assert_eq!(slot_timeout, 2);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CommunicationState {
    /// Self-organised: the slot is used again for some minutes.
    Sotdma {
        /// Where the station has its time from, `0..=3`: 0 UTC direct, 1 UTC indirect, 2 a base station,
        /// 3 another station.
        sync_state: u8,
        /// For how many more minutes the slot is used, `0..=7`; 0 is "this was the last time".
        slot_timeout: u8,
        /// Which of several things follows depends on `slot_timeout`.
        sub_message: SotdmaSubMessage,
    },
    /// Incremental: the next slot is announced each time.
    Itdma {
        /// As for SOTDMA.
        sync_state: u8,
        /// How many slots later the next transmission comes; 0 is "no more".
        slot_increment: u16,
        /// How many slots in a row it takes: `1..=5` for 0 to 4; 5 to 7 mean 1 to 3 with an offset of
        /// 8192 slots added to the increment.
        number_of_slots_raw: u8,
        /// The slot stays allocated for one more minute.
        keep: bool,
    },
}

/// What a self-organised station says besides.
///
/// ```
/// use alongside_decoder::{CommunicationState, SotdmaSubMessage};
///
/// let state = CommunicationState::from_sotdma(34017);
/// let CommunicationState::Sotdma { sub_message, .. } = state else { panic!("{state:?}") };
/// assert_eq!(sub_message, SotdmaSubMessage::SlotNumber(1249));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SotdmaSubMessage {
    /// Time-out 0: how many slots later the transmission will be in the next minute; 0 is "no more".
    SlotOffset(u16),
    /// Time-out 1: the time in UTC.
    Utc {
        /// `0..=23`, more is meaningless.
        hour: u8,
        /// `0..=59`, more is meaningless.
        minute: u8,
    },
    /// Time-outs 2, 4 and 6: in which slot this was sent, `0..=2249`.
    SlotNumber(u16),
    /// Time-outs 3, 5 and 7: how many other stations the station hears.
    ReceivedStations(u16),
}

impl CommunicationState {
    /// Of the 19 bits of messages 1, 2, 4 and 11.
    pub fn from_sotdma(raw: u32) -> Self {
        let slot_timeout = (raw >> 14 & 7) as u8;
        let rest = (raw & 0x3FFF) as u16;
        CommunicationState::Sotdma {
            sync_state: (raw >> 17 & 3) as u8,
            slot_timeout,
            sub_message: match slot_timeout {
                0 => SotdmaSubMessage::SlotOffset(rest),
                1 => SotdmaSubMessage::Utc {
                    hour: (rest >> 9) as u8,
                    minute: (rest >> 2 & 0x7F) as u8,
                },
                2 | 4 | 6 => SotdmaSubMessage::SlotNumber(rest),
                _ => SotdmaSubMessage::ReceivedStations(rest),
            },
        }
    }

    /// Of the 19 bits of message 3.
    pub fn from_itdma(raw: u32) -> Self {
        CommunicationState::Itdma {
            sync_state: (raw >> 17 & 3) as u8,
            slot_increment: (raw >> 4 & 0x1FFF) as u16,
            number_of_slots_raw: (raw >> 1 & 7) as u8,
            keep: raw & 1 != 0,
        }
    }

    /// Of the 20 bits of messages 9, 18 and 26, whose first says which of the two follows.
    pub fn from_selected(raw: u32) -> Self {
        if raw & 1 << 19 == 0 { Self::from_sotdma(raw) } else { Self::from_itdma(raw) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(raw: u32, expected: SotdmaSubMessage) {
        let CommunicationState::Sotdma { sub_message, .. } = CommunicationState::from_selected(raw)
        else {
            panic!("{raw} is ITDMA")
        };
        assert_eq!(sub_message, expected);
    }

    #[test]
    fn the_time_out_tells_what_follows() {
        check(2249, SotdmaSubMessage::SlotOffset(2249));
        check(1 << 14 | 23 << 9 | 59 << 2, SotdmaSubMessage::Utc { hour: 23, minute: 59 });
        check(2 << 14 | 2249, SotdmaSubMessage::SlotNumber(2249));
        check(7 << 14 | 16383, SotdmaSubMessage::ReceivedStations(16383));
    }

    #[test]
    fn the_selector_tells_itdma() {
        // What a carrier-sense unit sends always.
        assert_eq!(
            CommunicationState::from_selected(1 << 19 | 0b110_0000_0000_0000_0110),
            CommunicationState::Itdma {
                sync_state: 3,
                slot_increment: 0,
                number_of_slots_raw: 3,
                keep: false
            }
        );
    }
}
