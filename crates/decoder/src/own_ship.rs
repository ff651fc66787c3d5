//! Takes `$` sentences of the receiver's own instruments, gives its clock and its place.
//!
//! nmea-parser reads them. It was written for well-meant input: text that is not ASCII and absurd
//! numbers make it panic, so a guard lets only what is short, printable and plausible through to it.

use std::ops::RangeInclusive;

use maritime::{Position, Timestamp};
use nmea_parser::{NmeaParser, ParsedMessage};

use crate::sentence::Framed;

/// What the receiver's own instruments said: RMC, ZDA, GGA or HDT.
///
/// ```
/// use alongside_decoder::{Decoder, OutcomeKind};
///
/// let line = b"$GPRMC,225446,A,4916.45,N,12311.12,W,000.5,054.7,191120,020.3,E*67";
/// Decoder::new().push_line(line, &mut |outcome| {
///     let OutcomeKind::OwnShip(own_ship) = outcome.kind else { panic!("{outcome:?}") };
///     assert_eq!(own_ship.observed_at.unwrap().to_string(), "2020-11-19T22:54:46.000Z");
///     assert_eq!((own_ship.speed_knots, own_ship.course_deg), (Some(0.5), Some(54.7)));
/// });
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OwnShip {
    /// When the line was written, if it says so: by tag block, suffix or prefix.
    pub received_at: Option<Timestamp>,
    /// The instant in UTC that the sentence tells; GGA, HDT and an RMC without a date tell none.
    pub observed_at: Option<Timestamp>,
    /// Where the receiver was; ZDA and HDT do not say, nor does a fix marked as void.
    pub position: Option<Position>,
    /// Over ground, `0.0..=1e4`; RMC only.
    pub speed_knots: Option<f32>,
    /// Over ground, clockwise from true north, `0.0..360.0`; RMC only.
    pub course_deg: Option<f32>,
    /// Of the bow, clockwise from true north, `0.0..360.0`; HDT only.
    pub heading_deg: Option<f32>,
}

/// The standard allows 82; some receivers write a few more.
const BYTES_MAX: usize = 120;

/// Reads the sentence if it is one of the four. `None` for all others, and for those that make no sense.
pub(crate) fn parse_own_ship(
    parser: &mut NmeaParser,
    framed: &Framed<'_>,
    received_at: Option<Timestamp>,
) -> Option<OwnShip> {
    let text = guard(framed)?;
    let nothing = OwnShip {
        received_at,
        observed_at: None,
        position: None,
        speed_knots: None,
        course_deg: None,
        heading_deg: None,
    };
    Some(match parser.parse_sentence(text).ok()? {
        ParsedMessage::Rmc(rmc) => {
            let observed_at = rmc.timestamp.map(|t| Timestamp::from_millis(t.timestamp_millis()));
            if rmc.status_active != Some(true) {
                return Some(OwnShip { observed_at, ..nothing });
            }
            OwnShip {
                observed_at,
                position: position(rmc.latitude, rmc.longitude),
                // "nan" and "inf" are numbers to nmea-parser.
                speed_knots: within(rmc.sog_knots, 0.0..=1e4),
                course_deg: direction_deg(rmc.bearing),
                ..nothing
            }
        }
        ParsedMessage::Zda(zda) => OwnShip {
            observed_at: zda.timestamp_utc.map(|t| Timestamp::from_millis(t.timestamp_millis())),
            ..nothing
        },
        ParsedMessage::Gga(gga) => {
            let fixed = gga.quality != nmea_parser::gnss::GgaQualityIndicator::Invalid;
            let position = position(gga.latitude, gga.longitude).filter(|_| fixed);
            OwnShip { position, ..nothing }
        }
        ParsedMessage::Hdt(hdt) => {
            OwnShip { heading_deg: direction_deg(hdt.heading_true), ..nothing }
        }
        _ => return None,
    })
}

/// The sentence as text, if nmea-parser can be trusted with it.
fn guard<'a>(framed: &Framed<'a>) -> Option<&'a str> {
    let body = framed.body;
    let known = framed.whole[0] == b'$'
        && body[..2.min(body.len())].iter().all(u8::is_ascii_uppercase)
        && matches!(body.get(2..6)?, b"RMC," | b"ZDA," | b"GGA," | b"HDT,");
    let printable = framed.whole.iter().all(|byte| matches!(byte, b' '..=b'~'));
    if !known || !printable || framed.whole.len() > BYTES_MAX {
        return None;
    }
    // The zone of a ZDA is multiplied without a check.
    let zone_is_short = body.split(|&byte| byte == b',').skip(5).all(|field| field.len() <= 3);
    if &body[2..5] == b"ZDA" && !zone_is_short {
        return None;
    }
    // Without the checksum, which is known to be right and may be in lower case.
    std::str::from_utf8(&framed.whole[..=body.len()]).ok()
}

fn direction_deg(number: Option<f64>) -> Option<f32> {
    within(number, 0.0..=360.0).map(|degrees| degrees % 360.0)
}

fn within(number: Option<f64>, range: RangeInclusive<f32>) -> Option<f32> {
    number.map(|number| number as f32).filter(|number| range.contains(number))
}

fn position(latitude_deg: Option<f64>, longitude_deg: Option<f64>) -> Option<Position> {
    Position::new(latitude_deg?, longitude_deg?)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::sentence::checksum;

    fn parse(body: &str) -> Option<OwnShip> {
        let line = format!("${body}*{:02X}", checksum(body.as_bytes()));
        let framed = Framed::find(line.as_bytes()).unwrap();
        parse_own_ship(&mut NmeaParser::new(), &framed, None)
    }

    #[test]
    fn rmc_tells_time_and_place() {
        let own = parse("GPRMC,225446,A,4916.45,N,12311.12,W,000.5,054.7,191120,020.3,E").unwrap();
        assert_eq!(own.observed_at.unwrap().to_string(), "2020-11-19T22:54:46.000Z");
        assert_eq!(own.position.unwrap().to_string(), "49.27417 -123.18533");
        assert_eq!(own.speed_knots, Some(0.5));
        assert_eq!(own.course_deg, Some(54.7));
    }

    #[test]
    fn speeds_and_courses_that_cannot_be_are_left_out() {
        for (speed, course, expected) in [
            ("nan", "inf", (None, None)),
            ("-0.5", "-1", (None, None)),
            ("1e9", "361", (None, None)),
            ("22.4", "360.0", (Some(22.4), Some(0.0))),
        ] {
            let own = parse(&format!(
                "GPRMC,225446,A,4916.45,N,12311.12,W,{speed},{course},191120,020.3,E"
            ));
            let own = own.unwrap();
            assert_eq!((own.speed_knots, own.course_deg), expected, "{speed} {course}");
        }
    }

    #[test]
    fn a_void_fix_has_no_place() {
        let own = parse("GPRMC,225446,V,4916.45,N,12311.12,W,000.5,054.7,191120,020.3,E").unwrap();
        assert!(own.observed_at.is_some() && own.position.is_none());
        assert_eq!(
            parse("GPGGA,092212,5759.097,N,01144.345,E,0,06,1.9,3.5,M,39.4,M,,").unwrap().position,
            None
        );
    }

    #[test]
    fn zda_tells_the_time_and_gga_the_place() {
        let own = parse("GPZDA,072914.00,31,05,2018,-03,00").unwrap();
        assert_eq!(own.observed_at.unwrap().to_string(), "2018-05-31T07:29:14.000Z");
        let own = parse("GPGGA,092212,5759.097,N,01144.345,E,1,06,1.9,3.5,M,39.4,M,,").unwrap();
        assert_eq!((own.observed_at, own.position.is_some()), (None, true));
    }

    #[test]
    fn hdt_tells_the_heading() {
        for (heading, expected) in
            [("274.07", Some(274.07)), ("360.0", Some(0.0)), ("", None), ("-1", None)]
        {
            assert_eq!(parse(&format!("HEHDT,{heading},T")).unwrap().heading_deg, expected);
        }
    }

    #[test]
    fn others_and_absurd_ones_are_left_alone() {
        assert_eq!(parse("GPVTG,,T,,M,0.5,N,0.9,K"), None);
        assert_eq!(parse("GPZDA,072914.00,31,05,2018,2147483647,00"), None);
        assert_eq!(parse("GPRMC,2254\u{e9}46,A,4916.45,N,12311.12,W,0,0,191120,,"), None);
    }

    proptest! {
        #[test]
        fn whatever_passes_the_guard_does_not_panic(
            body in "[A-Z]{2}(RMC|ZDA|GGA|HDT),([ -)+-~]{0,12},){0,14}[ -)+-~]{0,6}",
        ) {
            parse(&body);
        }

        #[test]
        fn nearly_right_numbers_do_not_panic(
            body in "GP(RMC,[0-9.+-]{0,10},A,[0-9.]{0,10},N,[0-9.]{0,11},E,[0-9.e-]{0,9},[0-9.e-]{0,9},[0-9+-]{0,8},[0-9]{0,9},E|ZDA,[0-9.e]{0,14},[0-9-]{0,9},[0-9-]{0,9},[0-9-]{0,11},[0-9-]{0,3},[0-9-]{0,3})",
        ) {
            parse(&body);
        }
    }
}
