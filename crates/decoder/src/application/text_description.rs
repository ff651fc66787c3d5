//! DAC 1, FI 29 (broadcast) and FI 30 (addressed): text description (IMO SN.1/Circ.289).

use super::{BitView, SixBitView};

/// Up to the link.
pub(super) const BITS_MIN: usize = 10;

/// Text that stands alone or explains another message of the same sender with the same link.
///
/// ```
/// use alongside_decoder::application::{Application, BitView};
///
/// let bytes = [0x01, 0xC8, 0x24];
/// let Application::TextDescription(note) = Application::decode(1, 29, BitView::new(&bytes, 0, 22))
/// else {
///     panic!("not a text");
/// };
/// assert_eq!((note.linkage(), note.text.to_string().as_str()), (Some(7), "HI"));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TextDescription<'a> {
    /// Bits 0-9: number that links messages of one sender; 0 is "not available".
    pub linkage_raw: u16,
    /// Bits 10 to the end: at most 161 characters broadcast, 155 addressed.
    pub text: SixBitView<'a>,
}

impl<'a> TextDescription<'a> {
    pub(super) fn decode(data: BitView<'a>) -> Self {
        TextDescription {
            linkage_raw: data.unsigned_or(0, 10, 0) as u16,
            text: SixBitView::new(data.rest(10)),
        }
    }

    /// In `1..=1023`: what the other messages carry that this text explains.
    pub fn linkage(&self) -> Option<u16> {
        (self.linkage_raw != 0).then_some(self.linkage_raw)
    }
}

#[cfg(test)]
mod tests {
    use super::super::bits::BitWriter;
    use super::*;

    #[test]
    fn text_of_any_length_comes_back() {
        for length in [0, 1, 14, 161] {
            let text = "ICE AHEAD, STAY CLEAR OF THIS. ".repeat(6);
            let text = text[..length].trim();
            let bits = BitWriter::default().number(1023, 10).text(text, length).number(0, 4);
            let decoded = TextDescription::decode(bits.view());
            assert_eq!(decoded.linkage(), Some(1023));
            assert_eq!(decoded.text.to_string(), text);
        }
    }
}
