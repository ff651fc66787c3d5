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
    pub fn new(text: &str) -> Option<Self> {
        const { assert!(N <= u8::MAX as usize) };
        let text = text.trim();
        let mut length = text.len().min(N);
        while !text.is_char_boundary(length) {
            length -= 1;
        }
        let text = text[..length].trim_end();
        let mut bytes = [0; N];
        bytes[..text.len()].copy_from_slice(text.as_bytes());
        (!text.is_empty()).then_some(Text { length: text.len() as u8, bytes })
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        core::str::from_utf8(&self.bytes[..usize::from(self.length)])
            .expect("a Text is made from a str, cut at a whole character")
    }
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
