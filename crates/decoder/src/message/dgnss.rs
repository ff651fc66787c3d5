//! Message 17: corrections for satellite navigation, made by a reference station (ITU-R M.1371-5, annex 8,
//! § 3.15, tables 68 and 69).

use maritime::Position;

use super::BitData;
use super::Length;
use super::field;
use super::layout::layout;

/// Up to the corrections, which may be missing.
pub(crate) const LENGTH: Length = Length { min: 80, full: 80, absent: &[] };

layout! {
    /// Corrections and where they were made.
    ///
    /// ```
    /// use alongside_decoder::Message;
    ///
    /// let payload = b"A02VqLPA4I6C07h5Ed1h<OrsuBTTwS?r:C?w`?la<gno1RTRwSP9:BcurA8a\
    ///     :Oko02TSwu8<:Jbb";
    /// let message = Message::decode(payload, 0);
    /// let Ok(Message::Dgnss(corrections)) = message else { panic!("{message:?}") };
    /// assert_eq!(corrections.position().unwrap().to_string(), "59.98667 29.13000");
    /// assert_eq!(corrections.data.len(), 376);
    /// ```
    pub struct DgnssCorrections [80] {
        /// longitude, signed, 1/10 minute, east positive; 181° (108600) is "not available".
        longitude_raw: i32 = 40..=57,
        /// latitude, signed, 1/10 minute, north positive; 91° (54600) is "not available".
        latitude_raw: i32 = 58..=74,
        /// the corrections, as long as the message; see [`DgnssCorrections::correction`].
        data: BitData = 80..=815,
    }
}

/// One message of corrections. The words hold what ITU-R M.823 lays down, without its header and parity.
///
/// ```
/// use alongside_decoder::Message;
///
/// let payload = b"A02VqLPA4I6C07h5Ed1h<OrsuBTTwS?r:C?w`?la<gno1RTRwSP9:BcurA8a\
///     :Oko02TSwu8<:Jbb";
/// let message = Message::decode(payload, 0);
/// let Ok(Message::Dgnss(corrections)) = message else { panic!("{message:?}") };
/// let correction = corrections.correction().unwrap();
/// assert_eq!((correction.message_type, correction.station_id), (31, 5));
/// assert_eq!((correction.z_count, correction.words), (2776, 14));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DgnssCorrection {
    /// Data bits 0-5: type of message in ITU-R M.823.
    pub message_type: u8,
    /// Data bits 6-15: number of the reference station.
    pub station_id: u16,
    /// Data bits 16-28: time in 0.6 s of the hour, `0..=5999`.
    pub z_count: u16,
    /// Data bits 29-31: counts the messages.
    pub sequence: u8,
    /// Data bits 32-36: how many words of 24 bits follow from data bit 40 on, `0..=29`.
    pub words: u8,
    /// Data bits 37-39: how good the station's own corrections are, as in ITU-R M.823.
    pub health: u8,
}

impl DgnssCorrections {
    /// Of the reference station, to 0.1 minute.
    pub fn position(&self) -> Option<Position> {
        field::position_coarse(self.longitude_raw, self.latitude_raw)
    }

    /// What the data starts with; `None` if even that was cut.
    pub fn correction(&self) -> Option<DgnssCorrection> {
        let data = self.data.view();
        Some(DgnssCorrection {
            message_type: data.unsigned(0, 6)? as u8,
            station_id: data.unsigned(6, 10)? as u16,
            z_count: data.unsigned(16, 13)? as u16,
            sequence: data.unsigned(29, 3)? as u8,
            words: data.unsigned(32, 5)? as u8,
            health: data.unsigned(37, 3)? as u8,
        })
    }
}
