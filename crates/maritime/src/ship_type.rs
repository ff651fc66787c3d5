//! What a ship says it is.

/// The "type of ship and cargo" of AIS message 5, `0..=255` (ITU-R M.1371-5, annex 8, table 53).
///
/// ```
/// use alongside_maritime::{ShipCategory, ShipType};
///
/// assert_eq!(ShipType(84).category(), Some(ShipCategory::Tanker));
/// assert_eq!(ShipType::parse("Towing"), Some(ShipType(31)));
/// assert_eq!(ShipType(0).category(), None);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ShipType(pub u8);

/// The families of [`ShipType`] that matter to a meeting.
///
/// ```
/// use alongside_maritime::{ShipCategory, ShipType};
///
/// assert_eq!(ShipType(31).category(), Some(ShipCategory::Tug));
/// assert_eq!(ShipCategory::HighSpeedCraft.name(), "high-speed craft");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ShipCategory {
    /// 20-29
    WingInGround,
    /// 30
    Fishing,
    /// 31, 32, 52
    Tug,
    /// 33
    Dredger,
    /// 34
    Diving,
    /// 35
    Military,
    /// 36
    Sailing,
    /// 37
    Pleasure,
    /// 40-49
    HighSpeedCraft,
    /// 50
    Pilot,
    /// 51
    SearchAndRescue,
    /// 53
    PortTender,
    /// 54
    AntiPollution,
    /// 55
    LawEnforcement,
    /// 58
    Medical,
    /// 60-69
    Passenger,
    /// 70-79
    Cargo,
    /// 80-89
    Tanker,
    /// Everything else that is not 0.
    Other,
}

impl ShipType {
    /// The family; `None` for 0, "not available".
    pub const fn category(self) -> Option<ShipCategory> {
        use ShipCategory::*;
        Some(match self.0 {
            0 => return None,
            20..=29 => WingInGround,
            30 => Fishing,
            31 | 32 | 52 => Tug,
            33 => Dredger,
            34 => Diving,
            35 => Military,
            36 => Sailing,
            37 => Pleasure,
            40..=49 => HighSpeedCraft,
            50 => Pilot,
            51 => SearchAndRescue,
            53 => PortTender,
            54 => AntiPollution,
            55 => LawEnforcement,
            58 => Medical,
            60..=69 => Passenger,
            70..=79 => Cargo,
            80..=89 => Tanker,
            _ => Other,
        })
    }

    /// Reads a type as tables write it: a number, or the words of the Danish Maritime Authority and
    /// of [`ShipCategory::name`], in any case.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if let Ok(number) = text.parse::<f64>() {
            return (1.0..=255.0).contains(&number).then_some(ShipType(number as u8));
        }
        let (_, code) = WORDS.iter().find(|(word, _)| word.eq_ignore_ascii_case(text))?;
        Some(ShipType(*code))
    }
}

/// What tables call the types.
const WORDS: [(&str, u8); 29] = [
    ("wig", 20),
    ("wing in ground", 20),
    ("fishing", 30),
    ("towing", 31),
    ("towing long/wide", 32),
    ("dredging", 33),
    ("dredger", 33),
    ("diving", 34),
    ("military", 35),
    ("sailing", 36),
    ("pleasure", 37),
    ("hsc", 40),
    ("high-speed craft", 40),
    ("pilot", 50),
    ("sar", 51),
    ("search and rescue", 51),
    ("tug", 52),
    ("port tender", 53),
    ("anti-pollution", 54),
    ("law enforcement", 55),
    ("medical", 58),
    ("passenger", 60),
    ("cargo", 70),
    ("tanker", 80),
    ("other", 90),
    ("reserved", 90),
    ("not party to conflict", 90),
    ("spare 1", 90),
    ("spare 2", 90),
];

impl ShipCategory {
    /// In plain words, lower case.
    pub const fn name(self) -> &'static str {
        use ShipCategory::*;
        match self {
            WingInGround => "wing in ground",
            Fishing => "fishing",
            Tug => "tug",
            Dredger => "dredger",
            Diving => "diving",
            Military => "military",
            Sailing => "sailing",
            Pleasure => "pleasure",
            HighSpeedCraft => "high-speed craft",
            Pilot => "pilot",
            SearchAndRescue => "search and rescue",
            PortTender => "port tender",
            AntiPollution => "anti-pollution",
            LawEnforcement => "law enforcement",
            Medical => "medical",
            Passenger => "passenger",
            Cargo => "cargo",
            Tanker => "tanker",
            Other => "other",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_words_are_read() {
        assert_eq!(ShipType::parse("80"), Some(ShipType(80)));
        assert_eq!(ShipType::parse("52.0"), Some(ShipType(52)));
        assert_eq!(ShipType::parse("Tanker"), Some(ShipType(80)));
        assert_eq!(ShipType::parse("Undefined"), None);
        assert_eq!(ShipType::parse("0"), None);
        assert_eq!(ShipType(84).category().unwrap().name(), "tanker");
    }
}
