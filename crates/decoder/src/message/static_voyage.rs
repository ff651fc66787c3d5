//! Message 5: static and voyage related data of a class A vessel (ITU-R M.1371-5, annex 8, § 3.3,
//! table 52).

use maritime::{Dimensions, Imo, ShipType, Text};

use super::Length;
use super::field::{self, Eta, SixBitText};
use super::layout::layout;

/// Up to the callsign. Messages of 420, 422, 424 and 426 bits occur, and some end in the first slot or within the
/// destination, which then is as long as what was sent.
pub(crate) const LENGTH: Length = Length {
    min: 112,
    full: 424,
    absent: &[
        (112, 120, 0),
        (232, 8, 0),
        (240, 30, 0),
        (270, 4, 0),
        (274, 20, 24 << 6 | 60),
        (294, 8, 0),
    ],
};

layout! {
    /// Who a class A vessel is, how deep it lies and where it says it goes.
    ///
    /// ```
    /// use alongside_decoder::Message;
    ///
    /// let message = Message::decode(b"55?MbV02;H;s<HtKR20EHE:0@T4@Dn2222222216L961O5Gf0NSQEp6ClRp888888888880", 2);
    /// let Ok(Message::StaticVoyage(voyage)) = message else { panic!("{message:?}") };
    /// assert_eq!(voyage.imo().unwrap().get(), 9_134_270);
    /// assert_eq!(voyage.destination().unwrap().as_str(), "NEW YORK");
    /// assert_eq!(voyage.dimensions().unwrap().length_m(), 295);
    /// ```
    pub struct StaticVoyageReport [424] {
        /// edition of M.1371 that the transponder follows; 0 is edition 1.
        ais_version: u8 = 38..=39,
        /// IMO number; 0 is "not available", more than seven digits an official flag number.
        imo_raw: u32 = 40..=69,
        /// callsign, seven characters; `@@@@@@@` is "not available".
        callsign_raw: SixBitText<7> = 70..=111,
        /// name, twenty characters; all `@` is "not available".
        name_raw: SixBitText<20> = 112..=231,
        /// type of ship and cargo; 0 is "not available".
        ship_type_raw: u8 = 232..=239,
        /// metres to the bow.
        bow_m_raw: u16 = 240..=248,
        /// metres to the stern.
        stern_m_raw: u16 = 249..=257,
        /// metres to port.
        port_m_raw: u8 = 258..=263,
        /// metres to starboard.
        starboard_m_raw: u8 = 264..=269,
        /// type of positioning device; 0 is "undefined".
        positioning_device_raw: u8 = 270..=273,
        /// month of arrival; 0 is "not available".
        eta_month_raw: u8 = 274..=277,
        /// day of arrival; 0 is "not available".
        eta_day_raw: u8 = 278..=282,
        /// hour of arrival; 24 is "not available".
        eta_hour_raw: u8 = 283..=287,
        /// minute of arrival; 60 is "not available".
        eta_minute_raw: u8 = 288..=293,
        /// draught, 1/10 m; 0 is "not available", 255 is 25.5 m or more.
        draught_raw: u8 = 294..=301,
        /// destination, twenty characters; all `@` is "not available".
        destination_raw: SixBitText<20> = 302..=421,
        /// the display is not ready; `false` where the bit was cut.
        dte: bool = 422,
    }
}

impl StaticVoyageReport {
    /// The hull's number, only with a right check digit.
    pub fn imo(&self) -> Option<Imo> {
        Imo::new(self.imo_raw)
    }

    /// As sent.
    pub fn callsign(&self) -> Option<Text<7>> {
        self.callsign_raw.text()
    }

    /// As sent.
    pub fn name(&self) -> Option<Text<20>> {
        self.name_raw.text()
    }

    /// As sent.
    pub fn ship_type(&self) -> Option<ShipType> {
        (self.ship_type_raw != 0).then_some(ShipType(self.ship_type_raw))
    }

    /// Of the hull, about the antenna.
    pub fn dimensions(&self) -> Option<Dimensions> {
        let length = (self.bow_m_raw, self.stern_m_raw);
        field::dimensions(length.0, length.1, self.port_m_raw, self.starboard_m_raw)
    }

    /// When the vessel means to arrive; `None` without a possible month and day.
    pub fn eta(&self) -> Option<Eta> {
        let dated = (1..=12).contains(&self.eta_month_raw) && (1..=31).contains(&self.eta_day_raw);
        dated.then_some(Eta {
            month: self.eta_month_raw,
            day: self.eta_day_raw,
            hour: (self.eta_hour_raw < 24).then_some(self.eta_hour_raw),
            minute: (self.eta_minute_raw < 60).then_some(self.eta_minute_raw),
        })
    }

    /// Greatest present static draught in metres, in `[0.1, 25.5]`; 25.5 means that or more.
    pub fn draught_m(&self) -> Option<f32> {
        (self.draught_raw != 0).then(|| f32::from(self.draught_raw) / 10.0)
    }

    /// As entered by hand on board.
    pub fn destination(&self) -> Option<Text<20>> {
        self.destination_raw.text()
    }
}
