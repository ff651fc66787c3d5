//! Takes a message, gives its fields under the names of gpsd's JSON, in its units.

use decoder::{
    Acknowledge, AidToNavigationReport, Area, AssignmentCommand, BaseStationReport,
    BinaryAddressed, BinaryBroadcast, BitData, ChannelManagement, ChannelTarget,
    ClassBExtendedReport, ClassBReport, DgnssCorrections, GroupAssignment, Header, Interrogation,
    LinkManagement, LongRangeReport, Message, PositionReport, SafetyAddressed, SarAircraftReport,
    SixBitText, SlotBinary, StaticDataA, StaticDataB, StaticVoyageReport,
};

use crate::application;
use crate::fields::{Decimal, Fields, Key, key};
use crate::vocabulary as words;

/// Speed in 1/10 knot or, for aircraft, whole knots.
const SPEED_ABSENT: u16 = 1023;
/// That fast or faster.
const SPEED_FAST: u16 = 1022;

/// Puts the fields of a message into `out`.
pub struct Teller<'a, F> {
    /// Where they go.
    pub out: &'a mut F,
    /// In units that people use; else as they were sent.
    pub scaled: bool,
}

impl<F: Fields> Teller<'_, F> {
    /// What every message has.
    #[inline]
    pub fn header(&mut self, header: Header) {
        self.number(key!("type"), header.message_type);
        self.number(key!("repeat"), header.repeat);
        self.number(key!("mmsi"), header.mmsi_raw);
        self.out.flag(key!("scaled"), self.scaled);
    }

    /// What the types have of their own. `ship_name` is that of part A, if a part B is to have it.
    #[inline]
    pub fn message(&mut self, message: &Message, ship_name: Option<SixBitText<20>>) {
        match message {
            Message::PositionReport(message) => self.position_report(message),
            Message::BaseStation(message) => self.base_station(message),
            Message::StaticVoyage(message) => self.static_voyage(message),
            Message::BinaryAddressed(message) => self.binary_addressed(message),
            Message::Acknowledge(message) => self.acknowledge(message),
            Message::BinaryBroadcast(message) => self.binary_broadcast(message),
            Message::SarAircraft(message) => self.sar_aircraft(message),
            Message::UtcInquiry(message) => {
                self.number(key!("dest_mmsi"), message.destination_raw);
            }
            Message::SafetyAddressed(message) => self.safety_addressed(message),
            Message::SafetyBroadcast(message) => {
                self.out.text(key!("text"), characters(&message.text_raw));
            }
            Message::Interrogation(message) => self.interrogation(message),
            Message::Assignment(message) => self.assignment(message),
            Message::Dgnss(message) => self.dgnss(message),
            Message::ClassB(message) => self.class_b(message),
            Message::ClassBExtended(message) => self.class_b_extended(message),
            Message::LinkManagement(message) => self.link_management(message),
            Message::AidToNavigation(message) => self.aid_to_navigation(message),
            Message::ChannelManagement(message) => self.channel_management(message),
            Message::GroupAssignment(message) => self.group_assignment(message),
            Message::StaticDataA(message) => self.static_data_a(message),
            Message::StaticDataB(message) => self.static_data_b(message, ship_name),
            Message::SlotBinary(message) => self.slot_binary(message),
            Message::LongRange(message) => self.long_range(message),
            Message::Other(_) => {}
        }
    }

    #[inline]
    fn position_report(&mut self, message: &PositionReport) {
        self.status(message.navigational_status_raw);
        self.turn(message.rate_of_turn_raw);
        match message.speed_raw {
            SPEED_ABSENT if self.scaled => self.out.word(key!("speed"), "nan"),
            SPEED_FAST if self.scaled => self.out.word(key!("speed"), "fast"),
            raw => self.tenths(key!("speed"), raw),
        }
        self.out.flag(key!("accuracy"), message.accuracy_high);
        self.place(message.longitude_raw, message.latitude_raw);
        self.tenths(key!("course"), message.course_raw);
        self.number(key!("heading"), message.heading_raw);
        self.number(key!("second"), message.second_raw);
        self.number(key!("maneuver"), message.manoeuvre_raw);
        self.out.flag(key!("raim"), message.raim);
        self.radio(message.communication_state_raw);
    }

    fn base_station(&mut self, message: &BaseStationReport) {
        let date = [message.year_raw, message.month_raw.into(), message.day_raw.into()];
        let [year, month, day] = date;
        let (hour, minute, second) = (message.hour_raw, message.minute_raw, message.second_raw);
        let timestamp = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z");
        self.out.word(key!("timestamp"), &timestamp);
        self.out.flag(key!("accuracy"), message.accuracy_high);
        self.place(message.longitude_raw, message.latitude_raw);
        self.epfd(message.positioning_device_raw);
        self.out.flag(key!("raim"), message.raim);
        self.radio(message.communication_state_raw);
    }

    fn static_voyage(&mut self, message: &StaticVoyageReport) {
        self.number(key!("imo"), message.imo_raw);
        self.number(key!("ais_version"), message.ais_version);
        self.six_bits(key!("callsign"), message.callsign_raw);
        self.six_bits(key!("shipname"), message.name_raw);
        self.ship_type(message.ship_type_raw);
        self.dimensions(
            message.bow_m_raw,
            message.stern_m_raw,
            message.port_m_raw,
            message.starboard_m_raw,
        );
        self.epfd(message.positioning_device_raw);
        let month_to_minute = [
            message.eta_month_raw,
            message.eta_day_raw,
            message.eta_hour_raw,
            message.eta_minute_raw,
        ];
        self.moment(key!("eta"), month_to_minute.map(u64::from));
        self.tenths(key!("draught"), message.draught_raw.into());
        self.six_bits(key!("destination"), message.destination_raw);
        self.number(key!("dte"), u8::from(message.dte));
    }

    fn binary_addressed(&mut self, message: &BinaryAddressed) {
        self.number(key!("seqno"), message.sequence);
        self.number(key!("dest_mmsi"), message.destination_raw);
        self.out.flag(key!("retransmit"), message.retransmitted);
        let (dac, fid) = (message.application.dac, message.application.fi);
        self.number(key!("dac"), dac);
        self.number(key!("fid"), fid);
        if F::IS_TABLE || !application::tell_addressed(self, dac, fid, &message.data) {
            self.data(&message.data);
        }
    }

    fn binary_broadcast(&mut self, message: &BinaryBroadcast) {
        let (dac, fid) = (message.application.dac, message.application.fi);
        self.number(key!("dac"), dac);
        self.number(key!("fid"), fid);
        if F::IS_TABLE || !application::tell_broadcast(self, dac, fid, &message.data) {
            self.data(&message.data);
        }
    }

    fn acknowledge(&mut self, message: &Acknowledge) {
        const KEYS: [Key; 4] = [key!("mmsi1"), key!("mmsi2"), key!("mmsi3"), key!("mmsi4")];
        for (key, acknowledged) in KEYS.into_iter().zip(message.acknowledged) {
            self.number(key, acknowledged.map_or(0, |acknowledged| acknowledged.destination_raw));
        }
    }

    fn sar_aircraft(&mut self, message: &SarAircraftReport) {
        match message.altitude_raw {
            4095 if self.scaled => self.out.word(key!("alt"), "nan"),
            4094 if self.scaled => self.out.word(key!("alt"), "high"),
            raw => self.number(key!("alt"), raw),
        }
        match message.speed_raw {
            SPEED_ABSENT if self.scaled => self.out.word(key!("speed"), "nan"),
            SPEED_FAST if self.scaled => self.out.word(key!("speed"), "fast"),
            raw => self.number(key!("speed"), raw),
        }
        self.out.flag(key!("accuracy"), message.accuracy_high);
        self.place(message.longitude_raw, message.latitude_raw);
        self.tenths(key!("course"), message.course_raw);
        self.number(key!("second"), message.second_raw);
        let regional = u8::from(message.altitude_barometric) << 7 | message.regional;
        self.number(key!("regional"), regional);
        self.number(key!("dte"), u8::from(message.dte));
        self.out.flag(key!("raim"), message.raim);
        self.radio(message.communication_state_raw);
    }

    fn safety_addressed(&mut self, message: &SafetyAddressed) {
        self.number(key!("seqno"), message.sequence);
        self.number(key!("dest_mmsi"), message.destination_raw);
        self.out.flag(key!("retransmit"), message.retransmitted);
        self.out.text(key!("text"), characters(&message.text_raw));
    }

    fn interrogation(&mut self, message: &Interrogation) {
        let request = |request: Option<decoder::MessageRequest>| {
            request.map_or((0, 0), |request| (request.message_type, request.slot_offset))
        };
        let (type1_1, offset1_1) = request(Some(message.first_request));
        let (type1_2, offset1_2) = request(message.second_request);
        let (type2_1, offset2_1) = request(message.second_station.map(|second| second.request));
        self.number(key!("mmsi1"), message.first_station_raw);
        self.number(key!("type1_1"), type1_1);
        self.number(key!("offset1_1"), offset1_1);
        self.number(key!("type1_2"), type1_2);
        self.number(key!("offset1_2"), offset1_2);
        self.number(key!("mmsi2"), message.second_station.map_or(0, |second| second.station_raw));
        self.number(key!("type2_1"), type2_1);
        self.number(key!("offset2_1"), offset2_1);
    }

    fn assignment(&mut self, message: &AssignmentCommand) {
        self.number(key!("mmsi1"), message.first.destination_raw);
        self.number(key!("offset1"), message.first.offset);
        self.number(key!("increment1"), message.first.increment_raw);
        let second = message.second;
        self.number(key!("mmsi2"), second.map_or(0, |second| second.destination_raw));
        self.number(key!("offset2"), second.map_or(0, |second| second.offset));
        self.number(key!("increment2"), second.map_or(0, |second| second.increment_raw));
    }

    fn dgnss(&mut self, message: &DgnssCorrections) {
        self.place_coarse(message.longitude_raw, message.latitude_raw);
        self.data(&message.data);
    }

    #[inline]
    fn class_b(&mut self, message: &ClassBReport) {
        self.number(key!("reserved"), message.reserved);
        self.tenths(key!("speed"), message.speed_raw);
        self.out.flag(key!("accuracy"), message.accuracy_high);
        self.place(message.longitude_raw, message.latitude_raw);
        self.tenths(key!("course"), message.course_raw);
        self.number(key!("heading"), message.heading_raw);
        self.number(key!("second"), message.second_raw);
        self.number(key!("regional"), message.regional);
        self.out.flag(key!("cs"), message.carrier_sense);
        self.out.flag(key!("display"), message.display);
        self.out.flag(key!("dsc"), message.dsc);
        self.out.flag(key!("band"), message.whole_band);
        self.out.flag(key!("msg22"), message.message_22);
        self.out.flag(key!("raim"), message.raim);
        self.radio(message.communication_state_raw);
    }

    fn class_b_extended(&mut self, message: &ClassBExtendedReport) {
        self.number(key!("reserved"), message.reserved);
        self.tenths(key!("speed"), message.speed_raw);
        self.out.flag(key!("accuracy"), message.accuracy_high);
        self.place(message.longitude_raw, message.latitude_raw);
        self.tenths(key!("course"), message.course_raw);
        self.number(key!("heading"), message.heading_raw);
        self.number(key!("second"), message.second_raw);
        self.number(key!("regional"), message.regional);
        self.six_bits(key!("shipname"), message.name_raw);
        self.ship_type(message.ship_type_raw);
        self.dimensions(
            message.bow_m_raw,
            message.stern_m_raw,
            message.port_m_raw,
            message.starboard_m_raw,
        );
        self.epfd(message.positioning_device_raw);
        self.out.flag(key!("raim"), message.raim);
        self.number(key!("dte"), u8::from(message.dte));
        self.out.flag(key!("assigned"), message.assigned);
    }

    fn link_management(&mut self, message: &LinkManagement) {
        const KEYS: [[Key; 4]; 4] = [
            [key!("offset1"), key!("number1"), key!("timeout1"), key!("increment1")],
            [key!("offset2"), key!("number2"), key!("timeout2"), key!("increment2")],
            [key!("offset3"), key!("number3"), key!("timeout3"), key!("increment3")],
            [key!("offset4"), key!("number4"), key!("timeout4"), key!("increment4")],
        ];
        for ([offset, number, timeout, increment], row) in
            KEYS.into_iter().zip(message.reservations)
        {
            self.number(offset, row.map_or(0, |row| row.offset));
            self.number(number, row.map_or(0, |row| row.number_of_slots));
            self.number(timeout, row.map_or(0, |row| row.timeout_minutes));
            self.number(increment, row.map_or(0, |row| row.increment));
        }
    }

    fn aid_to_navigation(&mut self, message: &AidToNavigationReport) {
        self.coded(
            key!("aid_type"),
            key!("aid_type_text"),
            message.aid_type_raw.into(),
            words::AID_TYPE[usize::from(message.aid_type_raw & 31)],
        );
        let name = six_bits(message.name_raw).chain(six_bits(message.name_extension_raw));
        self.out.text(key!("name"), ascii(name));
        self.place(message.longitude_raw, message.latitude_raw);
        self.out.flag(key!("accuracy"), message.accuracy_high);
        self.dimensions(
            message.bow_m_raw,
            message.stern_m_raw,
            message.port_m_raw,
            message.starboard_m_raw,
        );
        self.epfd(message.positioning_device_raw);
        self.number(key!("second"), message.second_raw);
        self.number(key!("regional"), message.status_raw);
        self.out.flag(key!("off_position"), message.off_position_raw);
        self.out.flag(key!("raim"), message.raim);
        self.out.flag(key!("virtual_aid"), message.virtual_aid);
    }

    fn channel_management(&mut self, message: &ChannelManagement) {
        self.number(key!("channel_a"), message.channel_a);
        self.number(key!("channel_b"), message.channel_b);
        self.number(key!("txrx"), message.transmit_receive_raw);
        self.out.flag(key!("power"), message.power_low);
        let addressed = match message.target {
            ChannelTarget::Area(area) => {
                self.area(area);
                false
            }
            ChannelTarget::Stations { first_raw, second_raw } => {
                self.number(key!("dest1"), first_raw);
                self.number(key!("dest2"), second_raw);
                true
            }
        };
        self.out.flag(key!("addressed"), addressed);
        self.out.flag(key!("band_a"), message.channel_a_narrow);
        self.out.flag(key!("band_b"), message.channel_b_narrow);
        self.number(key!("zonesize"), message.zone_size_raw);
    }

    fn group_assignment(&mut self, message: &GroupAssignment) {
        self.area(message.area);
        let station_type = message.station_type_raw;
        self.coded(
            key!("stationtype"),
            key!("stationtype_text"),
            station_type.into(),
            words::station_type(station_type),
        );
        self.ship_type(message.ship_type_raw);
        self.number(key!("interval"), message.interval_raw);
        self.number(key!("quiet"), message.quiet_minutes);
    }

    fn static_data_a(&mut self, message: &StaticDataA) {
        self.out.word(key!("part"), "A");
        self.six_bits(key!("shipname"), message.name_raw);
    }

    fn static_data_b(&mut self, message: &StaticDataB, ship_name: Option<SixBitText<20>>) {
        match ship_name {
            Some(name) => self.six_bits(key!("shipname"), name),
            None => self.out.word(key!("part"), "B"),
        }
        self.ship_type(message.ship_type_raw);
        self.six_bits(key!("vendorid"), message.vendor_raw);
        self.number(key!("model"), message.unit_model);
        self.number(key!("serial"), message.serial_number);
        self.six_bits(key!("callsign"), message.callsign_raw);
        let bits = message.dimensions_or_mothership_raw;
        if message.header.mmsi_raw / 10_000_000 == 98 {
            self.number(key!("mothership_mmsi"), bits);
        } else {
            let side = |shift: u32, mask: u32| (bits >> shift & mask) as u16;
            let [port, starboard] = [side(6, 0x3F) as u8, side(0, 0x3F) as u8];
            self.dimensions(side(21, 0x1FF), side(12, 0x1FF), port, starboard);
        }
    }

    fn slot_binary(&mut self, message: &SlotBinary) {
        self.out.flag(key!("addressed"), message.addressed);
        self.out.flag(key!("structured"), message.structured);
        self.number(key!("dest_mmsi"), message.destination_raw.unwrap_or(0));
        let app_id = message.application.map_or(0, |id| u32::from(id.dac) << 6 | u32::from(id.fi));
        self.number(key!("app_id"), app_id);
        self.data(&message.data);
        if message.header.message_type == 26 {
            self.radio(message.communication_state_raw);
        }
    }

    fn long_range(&mut self, message: &LongRangeReport) {
        self.status(message.navigational_status_raw);
        self.out.flag(key!("accuracy"), message.accuracy_high);
        self.place_coarse(message.longitude_raw, message.latitude_raw);
        self.number(key!("speed"), message.speed_raw);
        self.number(key!("course"), message.course_raw);
        self.out.flag(key!("raim"), message.raim);
        self.out.flag(key!("gnss"), message.position_latency);
    }

    fn status(&mut self, raw: u8) {
        let text = words::STATUS[usize::from(raw & 15)];
        self.coded(key!("status"), key!("status_text"), raw.into(), text);
    }

    #[inline]
    fn turn(&mut self, raw: i8) {
        match raw {
            _ if !self.scaled => self.number(key!("turn"), raw),
            -128 => self.out.word(key!("turn"), "nan"),
            -127 => self.out.word(key!("turn"), "fastleft"),
            127 => self.out.word(key!("turn"), "fastright"),
            _ => {
                let root = f64::from(raw) / 4.733;
                let tenths = (root * root.abs() * 10.0).round() as i64;
                self.out.decimal(key!("turn"), Decimal::new(tenths, 1));
            }
        }
    }

    fn epfd(&mut self, raw: u8) {
        self.coded(key!("epfd"), key!("epfd_text"), raw.into(), words::epfd(raw));
    }

    fn ship_type(&mut self, raw: u8) {
        let text = words::ship_type(raw);
        self.coded(key!("shiptype"), key!("shiptype_text"), raw.into(), text);
    }

    fn dimensions(&mut self, bow_m: u16, stern_m: u16, port_m: u8, starboard_m: u8) {
        self.number(key!("to_bow"), bow_m);
        self.number(key!("to_stern"), stern_m);
        self.number(key!("to_port"), port_m);
        self.number(key!("to_starboard"), starboard_m);
    }

    fn radio(&mut self, raw: Option<u32>) {
        if let Some(raw) = raw {
            self.number(key!("radio"), raw);
        }
    }

    /// Corners as gpsd gives them: degrees in a string.
    fn area(&mut self, area: Area) {
        let corners = [
            (key!("ne_lon"), area.north_east_longitude_raw),
            (key!("ne_lat"), area.north_east_latitude_raw),
            (key!("sw_lon"), area.south_west_longitude_raw),
            (key!("sw_lat"), area.south_west_latitude_raw),
        ];
        let mut degrees = Vec::new();
        for (key, raw) in corners {
            if self.scaled {
                degrees.clear();
                Decimal::degrees_coarse(raw).write(&mut degrees);
                self.out.text(key, degrees.iter().copied());
            } else {
                self.number(key, raw);
            }
        }
    }

    #[inline(always)]
    fn place(&mut self, longitude_raw: i32, latitude_raw: i32) {
        self.scaled_by(key!("lon"), longitude_raw, Decimal::degrees_fine);
        self.scaled_by(key!("lat"), latitude_raw, Decimal::degrees_fine);
    }

    fn place_coarse(&mut self, longitude_raw: i32, latitude_raw: i32) {
        self.scaled_by(key!("lon"), longitude_raw, Decimal::degrees_coarse);
        self.scaled_by(key!("lat"), latitude_raw, Decimal::degrees_coarse);
    }

    /// A number of 1/10 of its unit.
    #[inline(always)]
    fn tenths(&mut self, key: Key, raw: u16) {
        self.scaled_by(key, raw.into(), |raw| Decimal::new(raw.into(), 1));
    }

    /// A number that is scaled if anything is.
    #[inline(always)]
    pub fn scaled_by(&mut self, key: Key, raw: i32, scale: impl Fn(i32) -> Decimal) {
        if self.scaled {
            self.out.decimal(key, scale(raw));
        } else {
            self.out.integer(key, raw.into());
        }
    }

    #[inline(always)]
    fn number(&mut self, key: Key, raw: impl Into<i64>) {
        self.out.integer(key, raw.into());
    }

    /// A code, and what it stands for.
    pub fn coded(&mut self, key: Key, text_key: Key, code: u64, text: &str) {
        self.out.integer(key, code as i64);
        self.out.word(text_key, text);
    }

    /// Month, day, hour and minute as they were sent.
    pub fn moment(&mut self, key: Key, [month, day, hour, minute]: [u64; 4]) {
        self.out.word(key, &format!("{month:02}-{day:02}T{hour:02}:{minute:02}Z"));
    }

    #[inline]
    fn six_bits<const N: usize>(&mut self, key: Key, text: SixBitText<N>) {
        self.out.text(key, ascii(six_bits(text)));
    }

    fn data(&mut self, data: &BitData) {
        self.out.bits(key!("data"), data.len(), data.bytes().iter().copied());
    }
}

/// The characters of a field as they were sent.
fn six_bits<const N: usize>(text: SixBitText<N>) -> impl Iterator<Item = u8> + Clone {
    let raw = text.raw();
    (0..N).rev().map(move |place| (raw >> (6 * place)) as u8 & 0x3F)
}

/// All characters of a text that is as long as its message.
fn characters(data: &BitData) -> impl Iterator<Item = u8> {
    let view = data.view();
    let six_bits = (0..data.len() / 6).filter_map(move |at| view.unsigned(6 * at, 6));
    ascii(six_bits.map(|six| six as u8))
}

/// Six-bit characters as ASCII up to the first `@`, without blanks at the end. Blanks in front stay.
pub fn ascii(six_bits: impl Iterator<Item = u8> + Clone) -> impl Iterator<Item = u8> {
    let text = six_bits.take_while(|&six| six != 0);
    let seen = text.clone().enumerate().filter(|&(_, six)| six != 32).last();
    let length = seen.map_or(0, |(at, _)| at + 1);
    text.take(length).map(|six| if six < 32 { six + 64 } else { six })
}
