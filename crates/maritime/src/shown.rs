//! Texts that came by radio or from a file, fit to be shown.

/// The text with everything that would move a cursor, turn the direction of writing or not be seen at
/// all written as `\u{…}` (or `\n`, `\r`, `\t`). A backslash is doubled, so that no two texts are shown
/// alike.
pub fn shown(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    loop {
        let (plain, other) = rest.split_at(plain_prefix(rest));
        shown.push_str(plain);
        let mut others = other.chars();
        match others.next() {
            None => return shown,
            Some(c) if c == '\\' || !is_seen(c) => shown.extend(c.escape_default()),
            Some(c) => shown.push(c),
        }
        rest = others.as_str();
    }
}

/// How many bytes at the beginning are printable ASCII without backslash, as nearly all are.
pub fn plain_prefix(text: &str) -> usize {
    const AT_ONCE: usize = 16;
    let is_plain = |byte: &u8| matches!(byte, b' '..=b'~') & (*byte != b'\\');
    // Without a way out in the middle the compiler looks at all of them at once.
    let are_plain = |bytes: &&[u8]| bytes.iter().fold(true, |plain, byte| plain & is_plain(byte));
    let plain = AT_ONCE * text.as_bytes().chunks_exact(AT_ONCE).take_while(are_plain).count();
    plain + text.as_bytes()[plain..].iter().take_while(|byte| is_plain(byte)).count()
}

/// Whether a character shows as itself: no control, none of Unicode's format characters (general
/// category Cf), no line or paragraph separator.
pub fn is_seen(c: char) -> bool {
    let is_format = matches!(c,
        '\u{ad}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}' | '\u{70f}' | '\u{890}'..='\u{891}'
        | '\u{8e2}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{110bd}' | '\u{110cd}'
        | '\u{13430}'..='\u{1343f}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e007f}');
    !c.is_control() && !is_format
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_from_the_air_cannot_write_on_the_terminal() {
        assert_eq!(shown("EVER GIVEN"), "EVER GIVEN");
        assert_eq!(shown("\u{1b}[31mRED"), "\\u{1b}[31mRED");
        assert_eq!(shown("A\u{202e}B\u{200b}"), "A\\u{202e}B\\u{200b}");
        assert_eq!(shown("a\r\nb\\"), "a\\r\\nb\\\\");
        assert_eq!(shown("Ærøskøbing 東京"), "Ærøskøbing 東京");
        assert_eq!(
            shown("twenty-four plain letters, then\u{7f}"),
            "twenty-four plain letters, then\\u{7f}"
        );
    }
}
