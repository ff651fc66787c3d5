//! The least that any reader of AIS does: splits lines, finds the sentence in them, verifies checksums.

/// The lines of a text, each without its line end. What follows the last line end is left out.
pub fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut start = 0;
    memchr::memchr_iter(b'\n', text).map(move |end| {
        let line = &text[start..end];
        start = end + 1;
        line
    })
}

/// Whether a line is nothing but tag blocks and a sentence and every checksum in it is right. What stands
/// behind the sentence is not looked at.
pub fn checksums_hold(line: &[u8]) -> bool {
    let mut rest = line;
    while let Some(block) = rest.strip_prefix(b"\\") {
        let Some(end) = memchr::memchr(b'\\', block) else { return false };
        if !checksum_holds(&block[..end]) {
            return false;
        }
        rest = &block[end + 1..];
    }
    matches!(rest.first(), Some(b'!' | b'$')) && checksum_holds(&rest[1..])
}

fn checksum_holds(body: &[u8]) -> bool {
    let Some(star) = memchr::memchr(b'*', body) else { return false };
    let &[high, low, ..] = &body[star + 1..] else { return false };
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let (Some(high), Some(low)) = (digit(high), digit(low)) else { return false };
    let sum = body[..star].iter().fold(0, |sum, byte| sum ^ byte);
    u32::from(sum) == 16 * high + low
}

/// The AIS sentence of a line, from its `!` to its checksum, without tag blocks, times and suffixes; the last
/// one if there are several. Its checksum may be wrong or missing; `None` if it is not ASCII.
pub fn ais_sentence(line: &[u8]) -> Option<&str> {
    let start = memchr::memrchr(b'!', line)?;
    let sentence = line[start..].trim_ascii_end();
    if !matches!(sentence.get(3..7), Some(b"VDM," | b"VDO,")) {
        return None;
    }
    let end = memchr::memchr(b'*', sentence).map_or(sentence.len(), |star| star + 3);
    let sentence = &sentence[..end.min(sentence.len())];
    std::str::from_utf8(sentence).ok().filter(|sentence| sentence.is_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SENTENCE: &str = "!AIVDM,1,1,,B,177KQJ5000G?tO`K>RA1wUbN0TKH,0*5C";

    #[track_caller]
    fn check(line: &str, holds: bool, sentence: Option<&str>) {
        assert_eq!(checksums_hold(line.as_bytes()), holds);
        assert_eq!(ais_sentence(line.as_bytes()), sentence);
    }

    #[test]
    fn every_checksum_counts_and_the_sentence_is_cut_out() {
        check(SENTENCE, true, Some(SENTENCE));
        check(&format!("{SENTENCE},r003669945,1609459200\r"), true, Some(SENTENCE));
        check(&format!("\\s:rEV02,c:1334337317*58\\{SENTENCE}"), true, Some(SENTENCE));
        check(&format!("\\s:rEV02,c:1334337317*59\\{SENTENCE}"), false, Some(SENTENCE));
        check(&format!("12:00 {SENTENCE}"), false, Some(SENTENCE));
        let damaged = SENTENCE.replace("177K", "178K");
        check(&damaged, false, Some(&damaged));
        let cut = &SENTENCE[..SENTENCE.len() - 1];
        check(cut, false, Some(cut));
    }

    #[test]
    fn what_is_no_ais_sentence_is_left_out() {
        check("", false, None);
        check("# noise", false, None);
        check("$GPHDT,271.5,T*3F", false, None);
        check("!AI", false, None);
        check("!AIVDM,1,1,,B,1\u{e9},0*00", false, None);
    }

    #[test]
    fn a_text_is_split_at_its_line_ends() {
        assert_eq!(lines(b"a\n\nb\nc").collect::<Vec<_>>(), [&b"a"[..], b"", b"b"]);
    }
}
