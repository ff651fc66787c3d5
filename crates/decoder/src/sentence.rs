//! Takes the bytes of one sentence, gives its fields. Never looks into the payload.
//!
//! `!AIVDM,2,1,3,A,55?MbV02;H;s<HtKR20EHE:0@T4@Dn2222222216L961O5Gf0NSQEp6ClRp8,0*1C`: talker and
//! formatter, fragment count and number, sequence number, channel, payload, fill bits, checksum
//! (IEC 61162-1, VDM and VDO).

use crate::Rejection;

/// Stands for an empty field.
pub(crate) const ABSENT: u8 = 0;

/// The fields of a VDM or VDO sentence whose checksum is right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sentence<'a> {
    /// `AI` for most, `BS` and `AB` for base stations; any two characters are taken.
    pub(crate) talker: [u8; 2],
    /// VDO, not VDM.
    pub(crate) own_ship: bool,
    /// In `1..=9`.
    pub(crate) fragment_count: u8,
    /// In `1..=fragment_count`.
    pub(crate) fragment_number: u8,
    /// The character sent, or [`ABSENT`].
    pub(crate) sequence: u8,
    /// The character sent, or [`ABSENT`].
    pub(crate) channel: u8,
    /// Not yet checked.
    pub(crate) payload: &'a [u8],
    /// In `0..=5`.
    pub(crate) fill_bits: u8,
    /// As stated and found.
    pub(crate) checksum: u8,
}

impl<'a> Sentence<'a> {
    /// Reads the sentence that fills `line` from `!` to the two digits of its checksum. `None` if
    /// anything is unusual: [`Framed::find`] and [`Sentence::from_framed`] then say what. A comma too many
    /// ends up in the payload, where it cannot stay.
    #[inline(always)]
    pub(crate) fn parse_plain(line: &'a [u8]) -> Option<Self> {
        let (line, checksum_digits) = line.split_last_chunk::<3>()?;
        let [b'*', high, low] = *checksum_digits else { return None };
        let stated = hex_digit(high)? << 4 | hex_digit(low)?;
        let (body, fill) = line.split_last_chunk::<2>()?;
        let [b',', fill @ b'0'..=b'5'] = *fill else { return None };
        let (&[b'!', t0, t1, b'V', b'D', last, b',', count, b',', number, b','], body) =
            body.split_first_chunk::<11>()?
        else {
            return None;
        };
        let own_ship = last == b'O';
        if !(own_ship || last == b'M') || checksum(&line[1..]) != stated {
            return None;
        }
        if !(b'1'..=b'9').contains(&number) || number > count || count > b'9' {
            return None;
        }
        let (sequence, body) = short_field(body)?;
        let (channel, payload) = short_field(body)?;
        Some(Sentence {
            talker: [t0, t1],
            own_ship,
            fragment_count: count - b'0',
            fragment_number: number - b'0',
            sequence,
            channel,
            payload,
            fill_bits: fill - b'0',
            checksum: stated,
        })
    }

    /// Whether `body` is named like an AIS sentence: two letters and VDM or VDO.
    pub(crate) fn is_named(body: &[u8]) -> bool {
        matches!(body, [_, _, b'V', b'D', b'M' | b'O', b',', ..])
    }

    /// Reads the fields of a sentence that [`Sentence::is_named`] knows.
    pub(crate) fn from_framed(framed: &Framed<'a>) -> Result<Self, Rejection> {
        let mut fields = [&framed.body[..0]; 7];
        let mut found = 0u8;
        for field in framed.body.split(|&byte| byte == b',') {
            if let Some(slot) = fields.get_mut(usize::from(found)) {
                *slot = field;
            }
            found = found.saturating_add(1);
        }
        if found != 7 {
            return Err(Rejection::BadFieldCount { found });
        }
        let [name, count, number, sequence, channel, payload, fill] = fields;
        let (fragment_count, fragment_number) =
            fragment_numbers(count, number).ok_or(Rejection::BadFragmentNumbers)?;
        let fill_bits = match *fill {
            // Some receivers leave it out.
            [] => 0,
            [digit @ b'0'..=b'5'] => digit - b'0',
            [found, ..] => return Err(Rejection::BadFillBits { found }),
        };
        Ok(Sentence {
            talker: [name[0], name[1]],
            own_ship: name[4] == b'O',
            fragment_count,
            fragment_number,
            sequence: sequence.first().copied().unwrap_or(ABSENT),
            channel: channel.first().copied().unwrap_or(ABSENT),
            payload,
            fill_bits,
            checksum: framed.checksum,
        })
    }
}

/// A sentence of any kind, told from what stands behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Framed<'a> {
    /// From `!` or `$` to the end of the checksum.
    pub(crate) whole: &'a [u8],
    /// Between `!` or `$` and `*`.
    pub(crate) body: &'a [u8],
    /// As stated and found.
    pub(crate) checksum: u8,
}

impl<'a> Framed<'a> {
    /// Finds the end of the sentence that starts with the first byte of `bytes`, and verifies its
    /// checksum, whose digits may be lower case and whose leading zero may be missing.
    ///
    /// # Errors
    ///
    /// With the number of bytes that the failed attempt covers.
    pub(crate) fn find(bytes: &'a [u8]) -> Result<Self, (Rejection, usize)> {
        let Some(star) = memchr::memchr(b'*', bytes) else {
            return Err((Rejection::NoChecksum, bytes.len()));
        };
        let digits = &bytes[star + 1..];
        let (stated, width) = match (digit(digits, 0), digit(digits, 1)) {
            (Some(high), Some(low)) => (high << 4 | low, 2),
            (Some(low), None) => (low, 1),
            _ => return Err((Rejection::NoChecksum, star + 1)),
        };
        let body = &bytes[1..star];
        let found = checksum(body);
        let end = star + 1 + width;
        if found != stated {
            return Err((Rejection::BadChecksum { found, stated }, end));
        }
        Ok(Framed { whole: &bytes[..end], body, checksum: stated })
    }
}

/// The exclusive or of all bytes.
#[inline]
pub(crate) fn checksum(bytes: &[u8]) -> u8 {
    let (words, rest) = bytes.as_chunks::<8>();
    let word = words.iter().fold(0, |sum, word| sum ^ u64::from_le_bytes(*word));
    let word = word ^ (word >> 32);
    let word = word ^ (word >> 16);
    let folded = (word ^ (word >> 8)) as u8;
    rest.iter().fold(folded, |sum, byte| sum ^ byte)
}

/// The value of a hexadecimal digit in either case.
#[inline]
pub(crate) fn hex_digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    }
}

fn digit(digits: &[u8], at: usize) -> Option<u8> {
    hex_digit(*digits.get(at)?)
}

/// A field of at most one character, and what follows its comma.
#[inline]
fn short_field(bytes: &[u8]) -> Option<(u8, &[u8])> {
    match bytes {
        [b',', rest @ ..] => Some((ABSENT, rest)),
        [character, b',', rest @ ..] => Some((*character, rest)),
        _ => None,
    }
}

/// Count and number. Some senders count a lone sentence as 0 of 1 or 1 of 0: it is whole all the same.
fn fragment_numbers(count: &[u8], number: &[u8]) -> Option<(u8, u8)> {
    let (&[count @ b'0'..=b'9'], &[number @ b'0'..=b'9']) = (count, number) else { return None };
    match (count - b'0', number - b'0') {
        (0 | 1, 0 | 1) => Some((1, 1)),
        (count, number) if (1..=count).contains(&number) => Some((count, number)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PLAIN: &str = "!AIVDM,1,1,,B,177KQJ5000G?tO`K>RA1wUbN0TKH,0*5C";

    #[track_caller]
    fn check(line: &str, expected: Result<&str, &str>) {
        let parsed = Framed::find(line.as_bytes())
            .map_err(|(rejection, _)| rejection)
            .and_then(|framed| Sentence::from_framed(&framed));
        let got = parsed.as_ref().map(|s| std::str::from_utf8(s.payload).unwrap());
        assert_eq!(got.map_err(|rejection| rejection.name()), expected);
        if let Some(plain) = plain(line) {
            assert_eq!(Ok(plain), parsed, "the fast way differs");
        }
    }

    /// What the fast way gives. A comma in the payload is the one thing that it leaves to the payload.
    fn plain(line: &str) -> Option<Sentence<'_>> {
        Sentence::parse_plain(line.as_bytes()).filter(|plain| !plain.payload.contains(&b','))
    }

    fn with_checksum(body: &str) -> String {
        format!("!{body}*{:02X}", checksum(body.as_bytes()))
    }

    #[test]
    fn a_plain_sentence_is_read_fast_and_slowly_alike() {
        assert!(Sentence::parse_plain(PLAIN.as_bytes()).is_some());
        check(PLAIN, Ok("177KQJ5000G?tO`K>RA1wUbN0TKH"));
    }

    #[test]
    fn lower_case_checksum_is_accepted() {
        check(
            "!AIVDM,1,1,,B,177KQJ5000G?tO`K>RA1wUbN0TKH,0*5c",
            Ok("177KQJ5000G?tO`K>RA1wUbN0TKH"),
        );
    }

    #[test]
    fn checksum_without_its_leading_zero_is_accepted() {
        let line = with_checksum("AIVDM,1,1,,A,1P@,0");
        assert_eq!(&line[line.len() - 3..line.len() - 1], "*0");
        let payload = "1P@";
        check(&line.replace("*0", "*"), Ok(payload));
    }

    #[test]
    fn damage_is_told() {
        check("!AIVDM,1,1,,B,177KQJ5000G?tO`K>RA1wUbN0TKH,0*5D", Err("bad_checksum"));
        check("!AIVDM,1,1,,B,177KQJ5000G?tO`K>RA1wUbN0TKH,0", Err("no_checksum"));
        check("!AIVDM,1,1,,B,177KQJ5000G?tO`K>RA1wUbN0TKH,0*", Err("no_checksum"));
        check(&with_checksum("AIVDM,1,1,,B,177KQJ,0,1"), Err("bad_field_count"));
        check(&with_checksum("AIVDM,1,1,,B"), Err("bad_field_count"));
        check(&with_checksum("AIVDM,1,2,,B,177KQJ,0"), Err("bad_fragment_numbers"));
        check(&with_checksum("AIVDM,2,,,B,177KQJ,0"), Err("bad_fragment_numbers"));
        check(&with_checksum("AIVDM,12,1,,B,177KQJ,0"), Err("bad_fragment_numbers"));
        check(&with_checksum("AIVDM,1,1,,B,177KQJ,6"), Err("bad_fill_bits"));
    }

    #[test]
    fn missing_fill_bits_and_a_count_of_zero_are_accepted() {
        check(&with_checksum("AIVDM,1,1,,B,177KQJ,"), Ok("177KQJ"));
        check(&with_checksum("AIVDM,0,1,,B,177KQJ,0"), Ok("177KQJ"));
        check(&with_checksum("AIVDM,1,0,,B,177KQJ,0"), Ok("177KQJ"));
    }

    proptest! {
        #[test]
        fn checksum_is_the_exclusive_or_of_all_bytes(bytes in prop::collection::vec(any::<u8>(), 0..99)) {
            prop_assert_eq!(checksum(&bytes), bytes.iter().fold(0, |sum, byte| sum ^ byte));
        }

        #[test]
        fn the_fast_way_agrees_with_the_slow_way(
            body in "(AI|BS|.)VD[MOA],[0-3]?,[0-3],[0-9]?,[AB1]?,[0-w,]{0,30},[0-7]?",
        ) {
            let line = with_checksum(&body);
            if let Some(plain) = plain(&line) {
                let framed = Framed::find(line.as_bytes()).unwrap();
                prop_assert_eq!(Ok(plain), Sentence::from_framed(&framed));
            }
        }
    }
}
