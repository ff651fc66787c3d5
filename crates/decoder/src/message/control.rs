//! Messages 15, 16, 20, 22 and 23: what base stations ask of others, and how they share out channels and
//! slots (ITU-R M.1371-5, annex 8, § 3.13, § 3.14, § 3.18, § 3.20 and § 3.21).

use maritime::{Mmsi, Position};

use super::Length;
use super::field;
use super::layout::{Field, layout};
use crate::payload::Payload;

/// One station asked for one message.
pub(crate) const LENGTH_INTERROGATION: Length = Length { min: 88, full: 160, absent: &[] };
/// One station assigned.
pub(crate) const LENGTH_ASSIGNMENT: Length = Length { min: 92, full: 144, absent: &[] };
/// Reservations may be missing: messages of 40 bits occur.
pub(crate) const LENGTH_LINK: Length = Length { min: 40, full: 160, absent: &[] };
/// Up to the size of the zone; what follows is spare.
pub(crate) const LENGTH_CHANNEL: Length = Length { min: 145, full: 168, absent: &[] };
/// Up to the quiet time; what follows is spare.
pub(crate) const LENGTH_GROUP: Length = Length { min: 154, full: 160, absent: &[] };

layout! {
    /// Message 15: asks one or two stations for messages.
    ///
    /// ```
    /// use alongside_decoder::Message;
    ///
    /// let message = Message::decode(b"?h3Ovn1GP<K0<P@59a0", 2);
    /// let Ok(Message::Interrogation(inquiry)) = message else { panic!("{message:?}") };
    /// let asked = inquiry.requests().map(|(station, request)| (station.get(), request.message_type));
    /// assert!(asked.eq([(367_014_320, 3), (367_014_320, 5)]));
    /// ```
    pub struct Interrogation [88] {
        /// MMSI of the first station.
        first_station_raw: u32 = 40..=69,
        /// what it is asked for.
        first_request: MessageRequest = 70..=87,
        /// what it is asked for besides; type 0 is nothing.
        second_request: Option<MessageRequest> = 90..=107,
        /// the second station and what it is asked for; MMSI 0 is none.
        second_station: Option<StationRequest> = 110..=157,
    }
}

layout! {
    /// A message that is asked for, and when it should come.
    ///
    /// ```
    /// use alongside_decoder::Message;
    ///
    /// let message = Message::decode(b"?h3Ovn1GP<K0<P@59a0", 2);
    /// let Ok(Message::Interrogation(inquiry)) = message else { panic!("{message:?}") };
    /// assert_eq!(inquiry.first_request.message_type, 3);
    /// assert_eq!(inquiry.first_request.slot_offset, 516);
    /// ```
    pub struct MessageRequest {
        /// type of message; 0 is none.
        message_type: u8 = 0..=5,
        /// in how many slots it should come; 0 leaves that to the station.
        slot_offset: u16 = 6..=17,
    }
}

layout! {
    /// What the second station is asked for.
    ///
    /// ```
    /// use alongside_decoder::{MessageRequest, StationRequest};
    ///
    /// let request = MessageRequest { message_type: 5, slot_offset: 0 };
    /// let second = StationRequest { station_raw: 367_014_320, request };
    /// assert_eq!(second.request.message_type, 5);
    /// ```
    pub struct StationRequest {
        /// its MMSI; 0 is none.
        station_raw: u32 = 0..=29,
        /// what it is asked for.
        request: MessageRequest = 30..=47,
    }
}

impl Interrogation {
    /// Who is asked for what, without what stands for nobody and nothing.
    pub fn requests(&self) -> impl Iterator<Item = (Mmsi, MessageRequest)> {
        let second = self.second_station;
        [
            (self.first_station_raw, Some(self.first_request)),
            (self.first_station_raw, self.second_request),
            (second.map_or(0, |second| second.station_raw), second.map(|second| second.request)),
        ]
        .into_iter()
        .filter_map(|(station, request)| Some((Mmsi::new(station)?, request?)))
        .filter(|(_, request)| request.message_type != 0)
    }
}

layout! {
    /// Message 16: assigns one or two stations how often to report, or in which slots.
    ///
    /// ```
    /// use alongside_decoder::Message;
    ///
    /// let message = Message::decode(b"@01uEO@mMk7P<P00", 0);
    /// let Ok(Message::Assignment(command)) = message else { panic!("{message:?}") };
    /// assert_eq!(command.first.reports_per_ten_minutes(), Some(200));
    /// assert_eq!(command.second, None);
    /// ```
    pub struct AssignmentCommand [92] {
        /// the first station.
        first: Assignment = 40..=91,
        /// the second station; MMSI 0 is none.
        second: Option<Assignment> = 92..=143,
    }
}

layout! {
    /// When a station should report.
    ///
    /// ```
    /// use alongside_decoder::Assignment;
    ///
    /// let assignment = Assignment { destination_raw: 224_251_000, offset: 200, increment_raw: 0 };
    /// assert_eq!(assignment.reports_per_ten_minutes(), Some(200));
    /// assert_eq!(assignment.increment_slots(), None);
    /// ```
    pub struct Assignment {
        /// its MMSI; 0 is none.
        destination_raw: u32 = 0..=29,
        /// slots from the present one to the first to use; with an increment of 0, reports in ten minutes.
        offset: u16 = 30..=41,
        /// slots from each to the next, as a code; 0 if the offset is a number of reports.
        increment_raw: u16 = 42..=51,
    }
}

impl Assignment {
    /// The station that is assigned.
    pub fn destination(&self) -> Option<Mmsi> {
        Mmsi::new(self.destination_raw)
    }

    /// How often the station should report in ten minutes, in steps of 20 up to 600; `None` if slots are
    /// assigned.
    pub fn reports_per_ten_minutes(&self) -> Option<u16> {
        (self.increment_raw == 0).then_some(self.offset)
    }

    /// How many slots apart the reports are to be; `None` if a number of reports is assigned, and for reserved
    /// codes.
    pub fn increment_slots(&self) -> Option<u16> {
        [1125, 375, 225, 125, 75, 45].get(usize::from(self.increment_raw.checked_sub(1)?)).copied()
    }
}

layout! {
    /// Message 20: reserves slots for base stations.
    ///
    /// ```
    /// use alongside_decoder::Message;
    ///
    /// let message = Message::decode(b"D030p8@2tN?b<`O6DmQO6D0", 2);
    /// let Ok(Message::LinkManagement(link)) = message else { panic!("{message:?}") };
    /// assert_eq!(link.reservations.iter().flatten().count(), 3);
    /// ```
    pub struct LinkManagement [40] {
        /// up to four rows of slots; the first that is missing ends the list.
        reservations: [Option<Reservation>; 4] = 40..=159,
    }
}

layout! {
    /// A row of slots that comes again and again.
    ///
    /// ```
    /// use alongside_decoder::Message;
    ///
    /// let message = Message::decode(b"D030p8@2tN?b<`O6DmQO6D0", 2);
    /// let Ok(Message::LinkManagement(link)) = message else { panic!("{message:?}") };
    /// let first = link.reservations[0].unwrap();
    /// assert_eq!((first.offset, first.number_of_slots), (47, 1));
    /// assert_eq!((first.timeout_minutes, first.increment), (7, 250));
    /// ```
    pub struct Reservation {
        /// slots from the present one to the first; all zero is no reservation.
        offset: u16 = 0..=11,
        /// how many in a row, `1..=15`; 0 is none.
        number_of_slots: u8 = 12..=15,
        /// for how many minutes, `0..=7`.
        timeout_minutes: u8 = 16..=18,
        /// slots from each row to the next; 0 is once in a frame.
        increment: u16 = 19..=29,
    }
}

layout! {
    /// A rectangle between two corners.
    ///
    /// ```
    /// use alongside_decoder::Area;
    ///
    /// let area = Area {
    ///     north_east_longitude_raw: 1578,
    ///     north_east_latitude_raw: 30642,
    ///     south_west_longitude_raw: 1096,
    ///     south_west_latitude_raw: 30408,
    /// };
    /// assert_eq!(area.north_east().unwrap().to_string(), "51.07000 2.63000");
    /// assert_eq!(area.south_west().unwrap().to_string(), "50.68000 1.82667");
    /// ```
    pub struct Area {
        /// longitude of the north-east corner, signed, 1/10 minute, east positive; 181° is "not available".
        north_east_longitude_raw: i32 = 0..=17,
        /// latitude of the north-east corner, signed, 1/10 minute, north positive; 91° is "not available".
        north_east_latitude_raw: i32 = 18..=34,
        /// longitude of the south-west corner.
        south_west_longitude_raw: i32 = 35..=52,
        /// latitude of the south-west corner.
        south_west_latitude_raw: i32 = 53..=69,
    }
}

impl Area {
    /// To 0.1 minute.
    pub fn north_east(&self) -> Option<Position> {
        field::position_coarse(self.north_east_longitude_raw, self.north_east_latitude_raw)
    }

    /// To 0.1 minute.
    pub fn south_west(&self) -> Option<Position> {
        field::position_coarse(self.south_west_longitude_raw, self.south_west_latitude_raw)
    }
}

layout! {
    /// Message 22: sets channels and power.
    ///
    /// ```
    /// use alongside_decoder::Message;
    ///
    /// let message = Message::decode(b"F030ot22N2P6aoQbhe4736L20000", 0);
    /// let Ok(Message::ChannelManagement(management)) = message else { panic!("{message:?}") };
    /// assert_eq!((management.channel_a, management.channel_b), (2087, 2088));
    /// assert_eq!(management.zone_size_nm(), 5);
    /// ```
    pub struct ChannelManagement [168] {
        /// channel number of ITU-R M.1084 that takes the place of AIS 1; 2087 is AIS 1 itself.
        channel_a: u16 = 40..=51,
        /// channel number of ITU-R M.1084 that takes the place of AIS 2; 2088 is AIS 2 itself.
        channel_b: u16 = 52..=63,
        /// on which to send and receive: 0 both on both, 1 send on A, 2 send on B; more is reserved.
        transmit_receive_raw: u8 = 64..=67,
        /// send with low power.
        power_low: bool = 68,
        /// for whom, told by bit 139.
        target: ChannelTarget = 69..=139,
        /// channel A is 12.5 kHz wide; spare from edition 5 on.
        channel_a_narrow: bool = 140,
        /// channel B is 12.5 kHz wide; spare from edition 5 on.
        channel_b_narrow: bool = 141,
        /// width of the zone around the area less one, nautical miles; 4 is the default.
        zone_size_raw: u8 = 142..=144,
    }
}

impl ChannelManagement {
    /// Width of the transitional zone around the area, nautical miles, `1..=8`.
    pub fn zone_size_nm(&self) -> u8 {
        self.zone_size_raw + 1
    }
}

/// For whom message 22 is.
///
/// ```
/// use alongside_decoder::{ChannelTarget, Message};
///
/// let Ok(Message::ChannelManagement(management)) = Message::decode(b"F030ot22N2P6aoQbhe4736L20000", 0)
/// else {
///     panic!("not a message 22");
/// };
/// let ChannelTarget::Area(area) = management.target else { panic!("{management:?}") };
/// assert_eq!(area.north_east().unwrap().to_string(), "45.55000 -73.50000");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ChannelTarget {
    /// Bits 69-138, with bit 139 clear: all in an area.
    Area(Area),
    /// With bit 139 set: two stations.
    Stations {
        /// Bits 69-98: MMSI of the first.
        first_raw: u32,
        /// Bits 104-133: MMSI of the second; 0 is none.
        second_raw: u32,
    },
}

impl Field for ChannelTarget {
    #[inline]
    fn read(payload: &Payload, start: usize, _: usize) -> Self {
        if payload.flag(start + 70) {
            let first_raw = payload.unsigned(start, 30) as u32;
            let second_raw = payload.unsigned(start + 35, 30) as u32;
            ChannelTarget::Stations { first_raw, second_raw }
        } else {
            ChannelTarget::Area(Area::read(payload, start, 70))
        }
    }

    fn write(&self, payload: &mut Payload, start: usize, _: usize) {
        match self {
            ChannelTarget::Area(area) => area.write(payload, start, 70),
            ChannelTarget::Stations { first_raw, second_raw } => {
                first_raw.write(payload, start, 30);
                second_raw.write(payload, start + 35, 30);
                true.write(payload, start + 70, 1);
            }
        }
    }
}

layout! {
    /// Message 23: tells all stations of a sort in an area how often to report.
    ///
    /// ```
    /// use alongside_decoder::Message;
    ///
    /// let message = Message::decode(b"G02:Kn01R`sn@291nj600000900", 2);
    /// let Ok(Message::GroupAssignment(group)) = message else { panic!("{message:?}") };
    /// assert_eq!(group.station_type_raw, 6);
    /// assert_eq!((group.interval_raw, group.interval_s()), (9, None));
    /// ```
    pub struct GroupAssignment [160] {
        /// for the stations in it.
        area: Area = 40..=109,
        /// for which stations: 0 all, 1 class A, 2 class B, 3 aircraft, 4 class B "SO", 5 class B "CS",
        /// 6 inland, 7 to 9 regional, 10 base station coverage; more is reserved.
        station_type_raw: u8 = 110..=113,
        /// for which type of ship and cargo; 0 is all.
        ship_type_raw: u8 = 114..=121,
        /// on which to send and receive: 0 both on both, 1 send on A, 2 send on B, 3 reserved.
        transmit_receive_raw: u8 = 144..=145,
        /// how often to report, as a code.
        interval_raw: u8 = 146..=149,
        /// for how many minutes to be silent, `1..=15`; 0 is not at all.
        quiet_minutes: u8 = 150..=153,
    }
}

impl GroupAssignment {
    /// Seconds between two reports; `None` where that is left to the station, is relative to what it does
    /// now (codes 9 and 10), or is reserved.
    pub fn interval_s(&self) -> Option<u16> {
        [600, 360, 180, 60, 30, 15, 10, 5]
            .get(usize::from(self.interval_raw).checked_sub(1)?)
            .copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Message, message};

    /// A message of `bits` bits of ones behind its header.
    fn message(message_type: u64, bits: usize) -> Message {
        let mut payload = Payload::zeros(0);
        (0..bits).for_each(|at| payload.put(at, 1, 1));
        payload.put(0, 38, message_type << 32 | 2_442_000);
        message::decode(&mut payload).unwrap()
    }

    #[test]
    fn an_interrogation_asks_as_much_as_its_length_has_room_for() {
        for (bits, second_request, second_station) in [
            (88, false, false),
            (107, false, false),
            (108, true, false),
            (112, true, false),
            (160, true, true),
        ] {
            let Message::Interrogation(message) = message(15, bits) else { panic!() };
            assert_eq!(message.second_request.is_some(), second_request, "{bits} bits");
            assert_eq!(message.second_station.is_some(), second_station, "{bits} bits");
        }
    }

    #[test]
    fn nobody_is_asked_for_nothing() {
        let Message::Interrogation(mut message) = message(15, 160) else { panic!() };
        message.first_station_raw = 244_660_390;
        message.second_request = Some(MessageRequest { message_type: 0, slot_offset: 0 });
        message.second_station = Some(StationRequest {
            station_raw: 0,
            request: MessageRequest { message_type: 5, slot_offset: 0 },
        });
        let asked: Vec<_> = message.requests().map(|(mmsi, _)| mmsi.get()).collect();
        assert_eq!(asked, [244_660_390]);
    }

    #[test]
    fn lists_are_as_long_as_the_message() {
        for (bits, count) in [(40, 0), (69, 0), (70, 1), (72, 1), (100, 2), (130, 3), (160, 4)] {
            let Message::LinkManagement(message) = message(20, bits) else { panic!() };
            assert_eq!(message.reservations.iter().flatten().count(), count, "{bits} bits");
        }
        for (bits, count) in [(72, 1), (103, 1), (104, 2), (136, 3), (168, 4)] {
            let Message::Acknowledge(message) = message(7, bits) else { panic!() };
            assert_eq!(message.acknowledged.iter().flatten().count(), count, "{bits} bits");
        }
        for (bits, second) in [(92, false), (96, false), (143, false), (144, true)] {
            let Message::Assignment(message) = message(16, bits) else { panic!() };
            assert_eq!(message.second.is_some(), second, "{bits} bits");
        }
    }

    #[test]
    fn codes_are_told_in_units() {
        let assignment = |offset, increment_raw| {
            let each = Assignment { destination_raw: 1, offset, increment_raw };
            (each.reports_per_ten_minutes(), each.increment_slots())
        };
        assert_eq!(assignment(200, 0), (Some(200), None));
        assert_eq!(assignment(200, 1), (None, Some(1125)));
        assert_eq!(assignment(200, 7), (None, None));
        let Message::GroupAssignment(mut group) = message(23, 160) else { panic!() };
        let mut interval_s = |raw| {
            group.interval_raw = raw;
            group.interval_s()
        };
        assert_eq!([0, 1, 8, 9, 15].map(&mut interval_s), [None, Some(600), Some(5), None, None]);
    }
}
