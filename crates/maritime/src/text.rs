//! Short texts that came by radio.

use core::fmt;

/// A text of at most `N` bytes, kept in place: a name, a callsign, a destination.
///
/// It is what somebody sent, and anybody can send anything: it is data to be escaped wherever it is
/// shown, never markup, formula or SQL.
///
/// ```
/// use alongside_maritime::Text;
///
/// let name = Text::<20>::new("  EVER DIADEM  ").unwrap();
/// assert_eq!(name.as_str(), "EVER DIADEM");
/// assert_eq!(Text::<20>::new("   "), None);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Text<const N: usize> {
    length: u8,
    bytes: [u8; N],
}

impl<const N: usize> Text<N> {
    /// The text without surrounding blanks, cut to `N` bytes at a whole character. `None` if nothing
    /// is left, so an empty name is no name.
    #[inline]
    pub fn new(text: &str) -> Option<Self> {
        const { assert!(N <= u8::MAX as usize) };
        // Most have no blanks around them, which is soon seen if they are ASCII.
        let bare = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_graphic);
        let is_bare = bare(text.as_bytes().first()) && bare(text.as_bytes().last());
        let text = if is_bare && text.len() <= N { text } else { trimmed(text, N) };
        let mut bytes = [0; N];
        bytes[..text.len()].copy_from_slice(text.as_bytes());
        (!text.is_empty()).then_some(Text { length: text.len() as u8, bytes })
    }

    /// The text, in UTF-8.
    #[inline]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.length)]
    }

    /// The text.
    #[inline]
    pub fn as_str(&self) -> &str {
        core::str::from_utf8(self.as_bytes())
            .expect("a Text is made from a str, cut at a whole character")
    }
}

/// Without surrounding blanks, and cut to so many bytes at a whole character.
fn trimmed(text: &str, bytes_max: usize) -> &str {
    let text = text.trim();
    let mut length = text.len().min(bytes_max);
    while !text.is_char_boundary(length) {
        length -= 1;
    }
    text[..length].trim_end()
}

impl<const N: usize> fmt::Display for Text<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl<const N: usize> fmt::Debug for Text<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_go_and_whole_characters_stay() {
        assert_eq!(Text::<20>::new("  EVER GIVEN  ").unwrap().as_str(), "EVER GIVEN");
        assert_eq!(Text::<4>::new("abc\u{e9}").unwrap().as_str(), "abc");
        assert_eq!(Text::<20>::new("   "), None);
    }
}
