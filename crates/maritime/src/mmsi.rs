//! The number under which a station speaks.

use core::fmt;

use crate::Flag;

/// A Maritime Mobile Service Identity: nine decimal digits (ITU-R M.585).
///
/// It names a radio, not a hull: it changes with the flag, and on the air anyone can claim any.
///
/// ```
/// use alongside_maritime::{Mmsi, MmsiKind};
///
/// let mmsi = Mmsi::new(2_573_000).unwrap();
/// assert_eq!(mmsi.to_string(), "002573000");
/// assert_eq!(mmsi.kind(), MmsiKind::CoastStation);
/// assert_eq!(mmsi.flag().unwrap().name(), "Norway");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mmsi(u32);

/// What sort of station an MMSI belongs to, by its form (ITU-R M.585, annex 1).
///
/// ```
/// use alongside_maritime::{Mmsi, MmsiKind};
///
/// assert_eq!(Mmsi::new(992_351_000).unwrap().kind(), MmsiKind::AidToNavigation);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MmsiKind {
    /// `MIDxxxxxx`, first digit 2 to 7: a ship.
    Ship,
    /// `0MIDxxxxx`: a group of ships.
    Group,
    /// `00MIDxxxx`: a coast station.
    CoastStation,
    /// `111MIDxxx`: an aircraft in search and rescue.
    SarAircraft,
    /// `8MIDxxxxx`: a hand-held radio.
    Handheld,
    /// `98MIDxxxx`: a craft of a parent ship.
    AuxiliaryCraft,
    /// `99MIDxxxx`: an aid to navigation.
    AidToNavigation,
    /// `970…` AIS-SART, `972…` man overboard, `974…` EPIRB-AIS.
    Distress,
    /// None of these. Fishing buoys often look like this.
    Other,
}

impl Mmsi {
    /// `None` for more than nine digits, and for 0, which nobody owns.
    #[inline]
    pub const fn new(number: u32) -> Option<Self> {
        if number == 0 || number > 999_999_999 { None } else { Some(Mmsi(number)) }
    }

    /// The number, in `1..=999_999_999`.
    #[inline]
    pub const fn get(self) -> u32 {
        self.0
    }

    /// What sort of station this is, by the form of the number alone.
    #[inline]
    pub const fn kind(self) -> MmsiKind {
        match self.0 {
            2_000_000..=7_999_999 => MmsiKind::CoastStation,
            20_000_000..=79_999_999 => MmsiKind::Group,
            111_000_000..=111_999_999 => MmsiKind::SarAircraft,
            200_000_000..=799_999_999 => MmsiKind::Ship,
            800_000_000..=899_999_999 => MmsiKind::Handheld,
            970_000_000..=970_999_999 | 972_000_000..=972_999_999 | 974_000_000..=974_999_999 => {
                MmsiKind::Distress
            }
            980_000_000..=989_999_999 => MmsiKind::AuxiliaryCraft,
            990_000_000..=999_999_999 => MmsiKind::AidToNavigation,
            _ => MmsiKind::Other,
        }
    }

    /// The Maritime Identification Digits, three digits that stand for a country; `None` where the
    /// form of the number has no place for them.
    #[inline]
    pub const fn mid(self) -> Option<u16> {
        let mid = match self.kind() {
            MmsiKind::Ship => self.0 / 1_000_000,
            MmsiKind::Group | MmsiKind::Handheld => self.0 / 100_000 % 1000,
            MmsiKind::CoastStation | MmsiKind::AuxiliaryCraft | MmsiKind::AidToNavigation => {
                self.0 / 10_000 % 1000
            }
            MmsiKind::SarAircraft => self.0 / 1000 % 1000,
            MmsiKind::Distress | MmsiKind::Other => return None,
        };
        Some(mid as u16)
    }

    /// The flag that the MID stands for; `None` where there is no MID or nobody was given it.
    pub fn flag(self) -> Option<Flag> {
        Flag::from_mid(self.mid()?)
    }
}

/// Nine digits, with leading zeros.
impl fmt::Display for Mmsi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:09}", self.0)
    }
}

impl fmt::Debug for Mmsi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(number: u32, kind: MmsiKind, flag: Option<&str>) {
        let mmsi = Mmsi::new(number).unwrap();
        assert_eq!(mmsi.kind(), kind);
        assert_eq!(mmsi.flag().map(|flag| flag.code()), flag);
    }

    #[test]
    fn the_form_tells_the_kind_and_the_flag() {
        check(311_000_222, MmsiKind::Ship, Some("BS"));
        check(2_573_000, MmsiKind::CoastStation, Some("NO"));
        check(23_700_000, MmsiKind::Group, Some("GR"));
        check(111_232_506, MmsiKind::SarAircraft, Some("GB"));
        check(992_351_000, MmsiKind::AidToNavigation, Some("GB"));
        check(982_111_234, MmsiKind::AuxiliaryCraft, Some("DE"));
        check(970_010_001, MmsiKind::Distress, None);
        check(941_000_123, MmsiKind::Other, None);
        check(799_000_000, MmsiKind::Ship, None);
    }

    #[test]
    fn ten_digits_and_nothing_are_no_mmsi() {
        assert_eq!(Mmsi::new(1_000_000_000), None);
        assert_eq!(Mmsi::new(0), None);
    }
}
