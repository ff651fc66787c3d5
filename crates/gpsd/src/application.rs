//! Takes the data of messages 6 and 8, gives the fields of the applications that gpsd tells, under its names.
//! Numbers are as they were sent, or scaled, "not available" included, because that is what gpsd gives.
//!
//! Bits are counted from 0, the first behind the application id. A field that was not sent, or not all of it,
//! is left out.

use decoder::BitData;
use decoder::application::{Application, BitView};

use crate::fields::{Decimal, Fields, Key, key};
use crate::message::{Teller, ascii};
use crate::vocabulary as words;

/// Data of message 6. False, and nothing told, if it is to stay bits.
pub fn tell_addressed<F: Fields>(
    teller: &mut Teller<'_, F>,
    dac: u16,
    fid: u8,
    data: &BitData,
) -> bool {
    let mut data = Data { bits: data.view(), teller };
    let length = data.bits.len();
    match (dac, fid) {
        (1, 12) if length >= 30 => data.dangerous_cargo(),
        (1, 14) if length >= 9 => data.tidal_window_236(),
        (1, 15) if length >= 11 => data.number(key!("airdraught"), 0, 11),
        (1, 16) => return data.persons(),
        (1, 18) if length >= 10 => data.clearance(),
        (1, 20) if length >= 10 => data.berth(),
        (1, 25) if length >= 12 => data.dangerous_cargo_list(),
        (1, 28) if length >= 61 => data.route(),
        (1, 30) if length >= 10 => data.description(),
        (1, 32) if length >= 9 => data.tidal_window_289(),
        (200, 21) if length >= 120 => data.lock_eta(),
        (200, 22) if length >= 120 => data.lock_rta(),
        (200, 55) if length >= 8 => {
            data.number(key!("crew"), 0, 8);
            data.number(key!("passengers"), 8, 13);
            data.number(key!("personnel"), 21, 8);
        }
        // Others send longer data under the same id.
        (235 | 250, 10) if (10..=48).contains(&length) => data.aid_monitoring(),
        _ => return false,
    }
    true
}

/// Data of message 8. False, and nothing told, if it is to stay bits.
pub fn tell_broadcast<F: Fields>(
    teller: &mut Teller<'_, F>,
    dac: u16,
    fid: u8,
    data: &BitData,
) -> bool {
    let mut data = Data { bits: data.view(), teller };
    let length = data.bits.len();
    match (dac, fid) {
        (1, 11) if length >= 49 => data.weather_236(),
        (1, 13) if length >= 120 => data.closed_fairway(),
        (1, 15) if length >= 11 => data.number(key!("airdraught"), 0, 11),
        (1, 16) => return data.persons(),
        (1, 17) if length >= TARGET_BITS => data.targets(),
        (1, 19) if length >= 10 => data.traffic_signal(),
        (1, 27) if length >= 61 => data.route(),
        (1, 29) if length >= 10 => data.description(),
        (1, 31) if length >= 49 => data.weather_289(),
        (200, 10) => return data.inland_static(),
        (200, 23) if length >= 56 => data.weather_warning(),
        (200, 24) if length >= 37 => data.water_levels(),
        (200, 40) if length >= 55 => data.inland_signal(),
        _ => return false,
    }
    true
}

/// A synthetic target of 1/17.
const TARGET_BITS: usize = 120;

/// At most four of them are sent.
const TARGETS_MAX: usize = 4;

struct Data<'a, 't, F> {
    bits: BitView<'a>,
    teller: &'a mut Teller<'t, F>,
}

impl<F: Fields> Data<'_, '_, F> {
    fn dangerous_cargo(&mut self) {
        self.text(key!("lastport"), 0, 5);
        self.moment(key!("departure"), 30);
        self.text(key!("nextport"), 50, 5);
        self.moment(key!("eta"), 80);
        self.text(key!("dangerous"), 100, 20);
        self.text(key!("imdcat"), 220, 4);
        self.number(key!("unid"), 244, 13);
        self.number(key!("amount"), 257, 10);
        self.number(key!("unit"), 267, 2);
    }

    fn tidal_window_236(&mut self) {
        self.month_and_day();
        self.teller.out.list(key!("tidals"));
        for at in self.items(9, 93) {
            self.teller.out.item();
            self.degrees(key!("lon"), at + 27, 28, Decimal::degrees_fine);
            self.degrees(key!("lat"), at, 27, Decimal::degrees_fine);
            self.tide(at + 55, 7);
        }
        self.teller.out.end_list();
    }

    fn tidal_window_289(&mut self) {
        self.month_and_day();
        self.teller.out.list(key!("tidals"));
        for at in self.items(9, 88) {
            self.teller.out.item();
            self.place_middling(at, at + 25);
            self.tide(at + 49, 8);
        }
        self.teller.out.end_list();
    }

    fn month_and_day(&mut self) {
        self.number(key!("month"), 0, 4);
        self.number(key!("day"), 4, 5);
    }

    fn tide(&mut self, at: usize, speed_bits: usize) {
        self.number(key!("from_hour"), at, 5);
        self.number(key!("from_min"), at + 5, 6);
        self.number(key!("to_hour"), at + 11, 5);
        self.number(key!("to_min"), at + 16, 6);
        self.number(key!("cdir"), at + 22, 9);
        self.tenths(key!("cspeed"), at + 31, speed_bits, 0);
    }

    fn clearance(&mut self) {
        self.number(key!("linkage"), 0, 10);
        self.moment(key!("arrival"), 10);
        self.text(key!("portname"), 30, 20);
        self.text(key!("destination"), 150, 5);
        self.place_middling(180, 205);
    }

    fn berth(&mut self) {
        const SERVICES: [Key; 26] = [
            key!("agent"),
            key!("fuel"),
            key!("chandler"),
            key!("stevedore"),
            key!("electrical"),
            key!("water"),
            key!("customs"),
            key!("cartage"),
            key!("crane"),
            key!("lift"),
            key!("medical"),
            key!("navrepair"),
            key!("provisions"),
            key!("shiprepair"),
            key!("surveyor"),
            key!("steam"),
            key!("tugs"),
            key!("solidwaste"),
            key!("liquidwaste"),
            key!("hazardouswaste"),
            key!("ballast"),
            key!("additional"),
            key!("regional1"),
            key!("regional2"),
            key!("future1"),
            key!("future2"),
        ];
        self.number(key!("linkage"), 0, 10);
        self.number(key!("berth_length"), 10, 9);
        self.coded(key!("position"), key!("position_text"), 27, 3, |code| {
            words::BERTH[code as usize & 7]
        });
        self.moment(key!("arrival"), 30);
        self.number(key!("availability"), 50, 1);
        for (index, service) in SERVICES.into_iter().enumerate() {
            self.number(service, 51 + 2 * index, 2);
        }
        self.text(key!("berth_name"), 103, 20);
        self.degrees(key!("berth_lon"), 223, 25, Decimal::degrees_middling);
        self.degrees(key!("berth_lat"), 248, 24, Decimal::degrees_middling);
        self.tenths(key!("berth_depth"), 19, 8, 0);
    }

    fn dangerous_cargo_list(&mut self) {
        self.number(key!("unit"), 0, 2);
        self.number(key!("amount"), 2, 10);
        self.teller.out.list(key!("cargos"));
        for at in self.items(12, 17) {
            self.teller.out.item();
            self.number(key!("code"), at, 4);
            self.number(key!("subtype"), at + 4, 13);
        }
        self.teller.out.end_list();
    }

    fn route(&mut self) {
        self.number(key!("linkage"), 0, 10);
        self.number(key!("sender"), 10, 3);
        self.coded(key!("rtype"), key!("rtype_text"), 13, 5, words::route_type);
        self.moment(key!("start"), 18);
        self.number(key!("duration"), 38, 18);
        self.teller.out.list(key!("waypoints"));
        let count = self.unsigned(56, 5).unwrap_or(0) as usize;
        for at in self.items(61, 55).take(count) {
            self.teller.out.item();
            self.degrees(key!("lon"), at, 28, Decimal::degrees_fine);
            self.degrees(key!("lat"), at + 28, 27, Decimal::degrees_fine);
        }
        self.teller.out.end_list();
    }

    fn description(&mut self) {
        self.number(key!("linkage"), 0, 10);
        self.text(key!("text"), 10, (self.bits.len() - 10) / 6);
    }

    fn lock_eta(&mut self) {
        self.lock();
        self.number(key!("tugs"), 140, 3);
        self.number(key!("airdraught"), 143, 12);
    }

    fn lock_rta(&mut self) {
        self.lock();
        self.coded(key!("status"), key!("status_text"), 140, 2, |code| {
            words::LOCK[code as usize & 3]
        });
    }

    fn lock(&mut self) {
        self.text(key!("country"), 0, 2);
        self.text(key!("locode"), 12, 3);
        self.text(key!("section"), 30, 5);
        self.text(key!("terminal"), 60, 5);
        self.text(key!("hectometre"), 90, 5);
        self.moment(key!("eta"), 120);
    }

    fn aid_monitoring(&mut self) {
        self.flag(key!("off_pos"), 43);
        self.flag(key!("alarm"), 34);
        self.number(key!("stat_ext"), 35, 8);
        for (key, at) in [(key!("ana_int"), 0), (key!("ana_ext1"), 10), (key!("ana_ext2"), 20)] {
            // 0.05 V
            if let Some(raw) = self.unsigned(at, 10) {
                let scale = |raw| Decimal::new(5 * i64::from(raw), 2);
                self.teller.scaled_by(key, raw as i32, scale);
            }
        }
        self.coded(key!("racon"), key!("racon_text"), 30, 2, |code| {
            words::RACON[code as usize & 3]
        });
        self.coded(key!("light"), key!("light_text"), 32, 2, |code| {
            words::LIGHT[code as usize & 3]
        });
    }

    fn persons(&mut self) -> bool {
        // Others send other things under the same id; the decoder tells them by their length.
        let Application::PersonsOnBoard(count) = Application::decode(1, 16, self.bits) else {
            return false;
        };
        self.teller.out.integer(key!("persons"), count.persons_raw.into());
        true
    }

    fn closed_fairway(&mut self) {
        self.text(key!("reason"), 0, 20);
        self.text(key!("closefrom"), 120, 20);
        self.text(key!("closeto"), 240, 20);
        self.number(key!("radius"), 360, 10);
        self.number(key!("extunit"), 370, 2);
        for (key, at) in [(key!("from"), 372), (key!("to"), 392)] {
            if let Some(raw) = self.unsigned(at, 20) {
                let (day, month) = (raw >> 15, raw >> 11 & 15);
                self.teller.moment(key, [month, day, raw >> 6 & 31, raw & 63]);
            }
        }
    }

    fn targets(&mut self) {
        self.teller.out.list(key!("targets"));
        for at in self.items(0, TARGET_BITS).take(TARGETS_MAX) {
            self.teller.out.item();
            self.coded(key!("idtype"), key!("idtype_text"), at, 2, |code| {
                words::ID_TYPE[code as usize & 3]
            });
            match self.unsigned(at, 2).unwrap_or(0) {
                0 => self.number_as_text(key!("mmsi"), at + 2, 42),
                1 => self.number_as_text(key!("imo"), at + 2, 42),
                2 => self.text(key!("callsign"), at + 2, 7),
                _ => self.text(key!("other"), at + 2, 7),
            }
            self.degrees(key!("lat"), at + 48, 24, Decimal::degrees_middling);
            self.degrees(key!("lon"), at + 72, 25, Decimal::degrees_middling);
            self.number(key!("course"), at + 97, 9);
            self.number(key!("second"), at + 106, 6);
            self.number(key!("speed"), at + 112, 8);
        }
        self.teller.out.end_list();
    }

    fn traffic_signal(&mut self) {
        self.number(key!("linkage"), 0, 10);
        self.text(key!("station"), 10, 20);
        self.place_middling(130, 155);
        self.number(key!("status"), 179, 2);
        self.coded(key!("signal"), key!("signal_text"), 181, 5, words::signal);
        self.number(key!("hour"), 186, 5);
        self.number(key!("minute"), 191, 6);
        self.coded(key!("nextsignal"), key!("nextsignal_text"), 197, 5, words::signal);
    }

    fn weather_236(&mut self) {
        self.degrees(key!("lat"), 0, 24, Decimal::degrees_middling);
        self.degrees(key!("lon"), 24, 25, Decimal::degrees_middling);
        self.day_and_time(49);
        self.wind(65);
        self.number(key!("humidity"), 108, 7);
        self.tenths(key!("airtemp"), 97, 11, 600);
        self.tenths(key!("dewpoint"), 115, 10, 200);
        self.pressure(125, 800);
        self.trend(key!("pressuretend"), 134);
        self.tenths(key!("visibility"), 136, 8, 0);
        self.tenths(key!("waterlevel"), 144, 9, 100);
        self.trend(key!("leveltrend"), 153);
        self.currents_and_waves(155);
        self.tenths(key!("watertemp"), 266, 10, 100);
        self.coded(key!("preciptype"), key!("preciptype_text"), 276, 3, |code| {
            words::PRECIPITATION[code as usize & 7]
        });
        self.tenths(key!("salinity"), 279, 9, 0);
        self.coded(key!("ice"), key!("ice_text"), 288, 2, |code| words::ICE[code as usize & 3]);
    }

    fn weather_289(&mut self) {
        self.degrees(key!("lat"), 25, 24, Decimal::degrees_middling);
        self.degrees(key!("lon"), 0, 25, Decimal::degrees_middling);
        self.flag(key!("accuracy"), 49);
        self.day_and_time(50);
        self.wind(66);
        self.number(key!("humidity"), 109, 7);
        self.signed_tenths(key!("airtemp"), 98, 11);
        self.signed_tenths(key!("dewpoint"), 116, 10);
        self.pressure(126, 799);
        self.trend(key!("pressuretend"), 135);
        self.flag(key!("visgreater"), 137);
        self.tenths(key!("visibility"), 138, 7, 0);
        if let Some(raw) = self.unsigned(145, 12) {
            let scale = |raw| Decimal::new(i64::from(raw) - 1000, 2);
            self.teller.scaled_by(key!("waterlevel"), raw as i32, scale);
        }
        self.trend(key!("leveltrend"), 157);
        self.currents_and_waves(159);
        self.signed_tenths(key!("watertemp"), 270, 10);
        self.word_or_code(key!("preciptype"), 280, 3, &words::PRECIPITATION);
        self.tenths(key!("salinity"), 283, 9, 0);
        self.word_or_code(key!("ice"), 292, 2, &words::ICE);
    }

    fn day_and_time(&mut self, at: usize) {
        if let Some(raw) = self.unsigned(at, 16) {
            let (day, hour, minute) = (raw >> 11, raw >> 6 & 31, raw & 63);
            self.teller.out.word(key!("timestamp"), &format!("{day:02}T{hour:02}:{minute:02}Z"));
        }
    }

    fn wind(&mut self, at: usize) {
        self.number(key!("wspeed"), at, 7);
        self.number(key!("wgust"), at + 7, 7);
        self.number(key!("wdir"), at + 14, 9);
        self.number(key!("wgustdir"), at + 23, 9);
    }

    fn pressure(&mut self, at: usize, offset_hpa: i64) {
        let offset_hpa = if self.teller.scaled { offset_hpa } else { 0 };
        if let Some(raw) = self.unsigned(at, 9) {
            self.teller.out.integer(key!("pressure"), raw as i64 + offset_hpa);
        }
    }

    fn trend(&mut self, key: Key, at: usize) {
        self.word_or_code(key, at, 2, &words::TREND);
    }

    fn currents_and_waves(&mut self, at: usize) {
        self.tenths(key!("cspeed"), at, 8, 0);
        self.number(key!("cdir"), at + 8, 9);
        self.tenths(key!("cspeed2"), at + 17, 8, 0);
        self.number(key!("cdir2"), at + 25, 9);
        self.number(key!("cdepth2"), at + 34, 5);
        self.tenths(key!("cspeed3"), at + 39, 8, 0);
        self.number(key!("cdir3"), at + 47, 9);
        self.number(key!("cdepth3"), at + 56, 5);
        self.tenths(key!("waveheight"), at + 61, 8, 0);
        self.number(key!("waveperiod"), at + 69, 6);
        self.number(key!("wavedir"), at + 75, 9);
        self.tenths(key!("swellheight"), at + 84, 8, 0);
        self.number(key!("swellperiod"), at + 92, 6);
        self.number(key!("swelldir"), at + 98, 9);
        self.number(key!("seastate"), at + 107, 4);
    }

    fn inland_static(&mut self) -> bool {
        // Scrambled data is sent under the same id; the decoder tells it by its length.
        let application = Application::decode(200, 10, self.bits);
        if !matches!(application, Application::InlandStatic(_)) {
            return false;
        }
        self.text(key!("vin"), 0, 8);
        self.number(key!("length"), 48, 13);
        self.number(key!("beam"), 61, 10);
        self.coded(key!("shiptype"), key!("shiptype_text"), 71, 14, words::inland_ship_type);
        self.coded(key!("hazard"), key!("hazard_text"), 85, 3, words::hazard);
        self.number(key!("draught"), 88, 11);
        self.coded(key!("loaded"), key!("loaded_text"), 99, 2, |code| {
            words::LOADED[code as usize & 3]
        });
        self.flag(key!("speed_q"), 101);
        self.flag(key!("course_q"), 102);
        self.flag(key!("heading_q"), 103);
        true
    }

    fn weather_warning(&mut self) {
        for (key, date, time) in [(key!("start"), 0, 34), (key!("end"), 17, 45)] {
            let (Some(date), Some(time)) = (self.unsigned(date, 17), self.unsigned(time, 11))
            else {
                continue;
            };
            let (year, month, day) = (2000 + (date >> 9), date >> 5 & 15, date & 31);
            let (hour, minute) = (time >> 6, time & 63);
            let text = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}");
            self.teller.out.word(key, &text);
        }
        self.degrees(key!("start_lon"), 56, 28, Decimal::degrees_fine);
        self.degrees(key!("start_lat"), 84, 27, Decimal::degrees_fine);
        self.degrees(key!("end_lon"), 111, 28, Decimal::degrees_fine);
        self.degrees(key!("end_lat"), 139, 27, Decimal::degrees_fine);
        self.coded(key!("emma_type"), key!("emma_type_text"), 166, 4, words::emma_type);
        self.sign_and_size(key!("min"), 170, true, 171, 8);
        self.sign_and_size(key!("max"), 179, true, 180, 8);
        self.coded(key!("intensity"), key!("intensity_text"), 188, 2, |code| {
            words::EMMA_CLASS[code as usize & 3]
        });
        self.coded(key!("wind"), key!("wind_text"), 190, 4, words::emma_wind);
    }

    fn water_levels(&mut self) {
        self.text(key!("country"), 0, 2);
        self.teller.out.list(key!("gauges"));
        for at in self.items(12, 25).take(4) {
            self.teller.out.item();
            self.number(key!("id"), at, 11);
            // Centimetres; the last bit is the sign, and 1 is positive.
            self.sign_and_size(key!("level"), at + 24, false, at + 11, 13);
        }
        self.teller.out.end_list();
    }

    fn inland_signal(&mut self) {
        self.degrees(key!("lon"), 0, 28, Decimal::degrees_fine);
        self.degrees(key!("lat"), 28, 27, Decimal::degrees_fine);
        self.number(key!("form"), 55, 4);
        self.number(key!("facing"), 59, 9);
        self.coded(key!("direction"), key!("direction_text"), 68, 3, words::signal_direction);
        self.coded(key!("status"), key!("status_text"), 71, 30, words::signal_status);
    }

    /// Where the items of a list begin that takes the rest of the data; those that are whole.
    fn items(&self, start: usize, item_bits: usize) -> impl Iterator<Item = usize> + use<F> {
        (0..self.bits.len().saturating_sub(start) / item_bits).map(move |at| start + at * item_bits)
    }

    fn unsigned(&self, start: usize, width: usize) -> Option<u64> {
        self.bits.unsigned(start, width)
    }

    fn signed(&self, start: usize, width: usize) -> Option<i32> {
        self.bits.signed(start, width).map(|raw| raw as i32)
    }

    fn number(&mut self, key: Key, start: usize, width: usize) {
        if let Some(raw) = self.unsigned(start, width) {
            self.teller.out.integer(key, raw as i64);
        }
    }

    fn number_as_text(&mut self, key: Key, start: usize, width: usize) {
        if let Some(raw) = self.unsigned(start, width) {
            self.teller.out.word(key, &raw.to_string());
        }
    }

    /// Bits of sign and size; `negative` is the sign of the negative ones.
    fn sign_and_size(
        &mut self,
        key: Key,
        sign_at: usize,
        negative: bool,
        start: usize,
        width: usize,
    ) {
        if let (Some(sign), Some(size)) = (self.bits.flag(sign_at), self.unsigned(start, width)) {
            let size = size as i64;
            self.teller.out.integer(key, if sign == negative { -size } else { size });
        }
    }

    fn flag(&mut self, key: Key, at: usize) {
        if let Some(flag) = self.bits.flag(at) {
            self.teller.out.flag(key, flag);
        }
    }

    /// As many characters as were sent.
    fn text(&mut self, key: Key, start: usize, characters: usize) {
        let bits = self.bits;
        if bits.len() < start + 6 {
            return;
        }
        let six_bits = (0..characters).map_while(move |at| bits.unsigned(start + 6 * at, 6));
        self.teller.out.text(key, ascii(six_bits.map(|six| six as u8)));
    }

    /// Month, day, hour and minute, in this order.
    fn moment(&mut self, key: Key, start: usize) {
        if let Some(raw) = self.unsigned(start, 20) {
            let parts = [raw >> 16, raw >> 11 & 31, raw >> 6 & 31, raw & 63];
            self.teller.moment(key, parts);
        }
    }

    /// A number of 1/10 of its unit, of which `offset` is zero.
    fn tenths(&mut self, key: Key, start: usize, width: usize, offset: i64) {
        if let Some(raw) = self.unsigned(start, width) {
            let scale = |raw| Decimal::new(i64::from(raw) - offset, 1);
            self.teller.scaled_by(key, raw as i32, scale);
        }
    }

    fn signed_tenths(&mut self, key: Key, start: usize, width: usize) {
        if let Some(raw) = self.signed(start, width) {
            self.teller.scaled_by(key, raw, |raw| Decimal::new(raw.into(), 1));
        }
    }

    fn degrees(&mut self, key: Key, start: usize, width: usize, scale: fn(i32) -> Decimal) {
        if let Some(raw) = self.signed(start, width) {
            self.teller.scaled_by(key, raw, scale);
        }
    }

    /// In 1/1000 minute, 25 bits of longitude and 24 of latitude.
    fn place_middling(&mut self, longitude_start: usize, latitude_start: usize) {
        self.degrees(key!("lon"), longitude_start, 25, Decimal::degrees_middling);
        self.degrees(key!("lat"), latitude_start, 24, Decimal::degrees_middling);
    }

    fn coded(
        &mut self,
        key: Key,
        text_key: Key,
        start: usize,
        width: usize,
        words: impl Fn(u64) -> &'static str,
    ) {
        if let Some(code) = self.unsigned(start, width) {
            self.teller.coded(key, text_key, code, words(code));
        }
    }

    /// A word where things are scaled, else its code.
    fn word_or_code(&mut self, key: Key, start: usize, width: usize, words: &[&'static str]) {
        let Some(code) = self.unsigned(start, width) else { return };
        match words.get(code as usize) {
            Some(word) if self.teller.scaled => self.teller.out.word(key, word),
            _ => self.teller.out.integer(key, code as i64),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Json;

    /// What is told of the fields `(width, value)`, one behind the other; nothing for what stays bits.
    #[track_caller]
    fn check(dac: u16, fid: u8, addressed: bool, fields: &[(u32, i64)], expected: &str) {
        let bits = fields
            .iter()
            .flat_map(|(width, value)| (0..*width).rev().map(move |at| value >> at & 1));
        let bits: Vec<u8> = bits.map(|bit| bit as u8).collect();
        let bytes: Vec<u8> = bits
            .chunks(8)
            .map(|eight| (0..8).fold(0, |byte, at| byte << 1 | eight.get(at).copied().unwrap_or(0)))
            .collect();
        let data = BitData::new(&bytes, bits.len());
        let mut json = Json::default();
        let mut teller = Teller { out: &mut json, scaled: true };
        let tell = if addressed { tell_addressed } else { tell_broadcast };
        let told = tell(&mut teller, dac, fid, &data);
        assert_eq!(told, !expected.is_empty());
        assert_eq!(std::str::from_utf8(json.written()).unwrap(), expected);
    }

    #[test]
    fn lists_hold_what_was_sent_whole() {
        let gauges =
            [(12, 4 << 6 | 5), (11, 7), (13, 250), (1, 1), (11, 8), (13, 30), (1, 0), (11, 9)];
        let expected = r#","country":"DE","gauges":[{"id":7,"level":250},{"id":8,"level":-30}]"#;
        check(200, 24, false, &gauges, expected);
        let tide = [(25, 60_000), (24, -30_000), (5, 1), (6, 2), (5, 3), (6, 4), (9, 180), (8, 15)];
        let window = [&[(4, 5), (5, 6)], &tide[..], &tide[..4]].concat();
        let expected = r#","month":5,"day":6,"tidals":[{"lon":1.000000,"lat":-0.500000,"from_hour":1,"from_min":2,"to_hour":3,"to_min":4,"cdir":180,"cspeed":1.5}]"#;
        check(1, 32, true, &window, expected);
        check(1, 25, true, &[(2, 1), (10, 20)], r#","unit":1,"amount":20,"cargos":[]"#);
    }

    #[test]
    fn targets_are_of_120_bits() {
        let target = |kind: i64, id: i64, speed: i64| {
            let place = [(24, -30_000), (25, 60_000)];
            [&[(2, kind), (42, id), (4, 0)][..], &place, &[(9, 90), (6, 30), (8, speed)]].concat()
        };
        let name = b"PILOT".iter().fold(0, |sum, &letter| sum << 6 | i64::from(letter & 63)) << 12;
        let expected = r#","targets":[{"idtype":0,"idtype_text":"mmsi","mmsi":"244650946","lat":-0.500000,"lon":1.000000,"course":90,"second":30,"speed":255},{"idtype":3,"idtype_text":"other","other":"PILOT","lat":-0.500000,"lon":1.000000,"course":90,"second":30,"speed":12}]"#;
        let targets = [target(0, 244_650_946, 255), target(3, name, 12)].concat();
        check(1, 17, false, &targets, expected);
        check(1, 17, false, &targets[..7], "");
    }

    #[test]
    fn fields_that_were_not_sent_are_left_out() {
        let persons = [(8, 3), (13, 200), (7, 1)];
        check(200, 55, true, &persons, r#","crew":3,"passengers":200"#);
        check(200, 55, true, &persons[..1], r#","crew":3"#);
        check(200, 55, true, &[(7, 3)], "");
    }

    #[test]
    fn a_warning_has_its_own_type_and_signs() {
        let day = [(8, 24), (4, 5), (5, 6)];
        let times = [(5, 7), (6, 8), (5, 9), (6, 10)];
        let rest = [
            (28, 600_000),
            (27, 0),
            (28, 0),
            (27, 0),
            (4, 1),
            (9, 0x100 | 5),
            (9, 5),
            (2, 3),
            (4, 8),
        ];
        let expected = r#","start":"2024-05-06T07:08","end":"2024-05-06T09:10","start_lon":1.000000,"start_lat":0.000000,"end_lon":0.000000,"end_lat":0.000000,"emma_type":1,"emma_type_text":"Wind","min":-5,"max":5,"intensity":3,"intensity_text":"Strong","wind":8,"wind_text":"North West""#;
        check(200, 23, false, &[&day[..], &day, &times, &rest].concat(), expected);
    }

    #[test]
    fn what_nobody_knows_stays_bits() {
        check(366, 56, false, &[(50, 5)], "");
        check(1, 16, false, &[(60, 5), (60, 0)], "");
        check(1, 11, true, &[(50, 5)], "");
    }
}
