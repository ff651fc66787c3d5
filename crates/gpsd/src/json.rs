//! Messages as JSON, an object a line, written byte by byte into one buffer: a tree of values for each
//! message would take longer than its decoding.

use crate::fields::{Decimal, Fields, Key, write_bits, write_integer};

/// Writes objects one behind the other.
#[derive(Default)]
pub struct Json {
    out: Vec<u8>,
}

impl Json {
    #[inline(always)]
    fn key(&mut self, key: Key) {
        let in_json = key.in_json().as_bytes();
        let first = self.out.last() == Some(&b'{');
        self.out.extend_from_slice(if first { &in_json[1..] } else { in_json });
    }

    fn string(&mut self, bytes: &[u8]) {
        self.out.push(b'"');
        for c in String::from_utf8_lossy(bytes).chars() {
            match c {
                ' '..='~' => self.byte(c as u8),
                // What is not seen stays unseen on no terminal.
                c if !maritime::is_seen(c) => {
                    for unit in c.encode_utf16(&mut [0; 2]) {
                        self.out.extend_from_slice(format!("\\u{unit:04x}").as_bytes());
                    }
                }
                c => self.out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
            }
        }
        self.out.push(b'"');
    }

    #[inline(always)]
    fn byte(&mut self, byte: u8) {
        if matches!(byte, b'"' | b'\\') {
            self.out.push(b'\\');
        }
        self.out.push(byte);
    }
}

impl Fields for Json {
    const IS_TABLE: bool = false;

    #[inline]
    fn begin(&mut self, class: &'static str) {
        self.out.extend_from_slice(b"{\"class\":\"");
        self.out.extend_from_slice(class.as_bytes());
        self.out.push(b'"');
    }

    #[inline]
    fn end(&mut self) {
        self.out.extend_from_slice(b"}\n");
    }

    fn written(&mut self) -> &mut Vec<u8> {
        &mut self.out
    }

    #[inline]
    fn integer(&mut self, key: Key, value: i64) {
        self.key(key);
        write_integer(&mut self.out, value);
    }

    #[inline]
    fn decimal(&mut self, key: Key, value: Decimal) {
        self.key(key);
        value.write(&mut self.out);
    }

    #[inline]
    fn flag(&mut self, key: Key, value: bool) {
        self.key(key);
        self.out.extend_from_slice(if value { b"true" } else { b"false" });
    }

    #[inline]
    fn word(&mut self, key: Key, value: &str) {
        self.key(key);
        self.out.push(b'"');
        self.out.extend_from_slice(value.as_bytes());
        self.out.push(b'"');
    }

    #[inline]
    fn text(&mut self, key: Key, value: impl Iterator<Item = u8>) {
        self.key(key);
        self.out.push(b'"');
        value.for_each(|byte| self.byte(byte));
        self.out.push(b'"');
    }

    fn any_text(&mut self, key: Key, value: &str) {
        self.key(key);
        self.string(value.as_bytes());
    }

    fn lines<'a>(&mut self, key: Key, lines: impl Iterator<Item = &'a [u8]>) {
        self.key(key);
        self.out.push(b'[');
        for (at, line) in lines.enumerate() {
            if at > 0 {
                self.out.push(b',');
            }
            self.string(line);
        }
        self.out.push(b']');
    }

    fn bits(&mut self, key: Key, count: usize, bytes: impl Iterator<Item = u8>) {
        self.key(key);
        self.out.push(b'"');
        write_bits(&mut self.out, count, bytes);
        self.out.push(b'"');
    }

    fn list(&mut self, key: Key) {
        self.key(key);
        self.out.push(b'[');
    }

    fn item(&mut self) {
        let first = self.out.last() == Some(&b'[');
        self.out.extend_from_slice(if first { b"{" } else { b"},{" });
    }

    fn end_list(&mut self) {
        let empty = self.out.last() == Some(&b'[');
        self.out.extend_from_slice(if empty { b"]" } else { b"}]" });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fields::key;

    #[test]
    fn what_is_written_is_json() {
        let mut json = Json::default();
        json.begin("AIS");
        json.integer(key!("a"), -5);
        json.text(key!("b"), b"\"\\/ A".iter().copied());
        json.any_text(key!("c"), "\u{1b}[31m\u{202e}\u{1d173}\u{e9}");
        json.lines(key!("d"), [&b"!A\xff"[..], b"\t"].into_iter());
        json.list(key!("e"));
        json.end_list();
        json.list(key!("f"));
        for value in [1, 2] {
            json.item();
            json.flag(key!("g"), value == 1);
            json.decimal(key!("h"), Decimal::new(value, 1));
        }
        json.end_list();
        json.bits(key!("i"), 12, [0xAB, 0xC0].into_iter());
        json.end();
        let value: serde_json::Value = serde_json::from_slice(&json.out).unwrap();
        let expected = serde_json::json!({
            "class": "AIS", "a": -5, "b": "\"\\/ A", "c": "\u{1b}[31m\u{202e}\u{1d173}\u{e9}",
            "d": ["!A\u{fffd}", "\t"], "e": [], "f": [{"g": true, "h": 0.1}, {"g": false, "h": 0.2}],
            "i": "12:abc0",
        });
        assert_eq!(value, expected);
        assert!(!json.out.contains(&0x1b));
    }
}
