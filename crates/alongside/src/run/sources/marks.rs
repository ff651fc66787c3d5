//! How far was read of what can be read again: files, and partitions of Kafka.
//!
//! A mark stands in the journal behind the lines that it tells of, as a comment, and is accepted with them: so nothing is
//! read twice or left out, whenever the program is killed. The newest marks are kept with the checkpoint, because the
//! segments in which they stand may be gone.
//!
//! ```text
//! #read {"source":"archive","item":"day.nmea.gz","offset":188231,"id":"2051:1831"}
//! ```

use std::collections::BTreeMap;

use memchr::memmem;
use serde::{Deserialize, Serialize};

/// What the line of a mark begins with.
const BEGINS: &str = "#read ";
/// So many are kept. Folders with more files are not followed.
pub const MARKS_MAX: usize = 100_000;

/// How far one thing was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// The source that reads it.
    pub source: String,
    /// What it is called there.
    pub item: String,
    /// How far, in bytes or messages.
    pub offset: u64,
    /// Something by which it is known though its name is another's now.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub id: String,
    /// It has been read to its end.
    #[serde(default, skip_serializing_if = "is_false")]
    pub done: bool,
    /// It is no longer there.
    #[serde(default, skip_serializing_if = "is_false")]
    pub gone: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it so")]
fn is_false(value: &bool) -> bool {
    !value
}

impl Mark {
    /// As it stands in the journal.
    pub fn line(&self) -> String {
        format!("{BEGINS}{}\n", serde_json::to_string(self).expect("a mark can be written"))
    }
}

/// The newest marks, by source and item.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Marks(BTreeMap<(String, String), Mark>);

impl Marks {
    /// Notes the marks in a piece of the journal.
    pub fn note(&mut self, bytes: &[u8]) {
        for start in memmem::find_iter(bytes, BEGINS.as_bytes()) {
            // Whatever came from outside has a time in front of it.
            if start > 0 && bytes[start - 1] != b'\n' {
                continue;
            }
            let line = bytes[start + BEGINS.len()..].split(|byte| *byte == b'\n').next();
            if let Some(mark) = line.and_then(|line| serde_json::from_slice(line).ok()) {
                self.insert(mark);
            }
        }
    }

    fn insert(&mut self, mark: Mark) {
        let key = (mark.source.clone(), mark.item.clone());
        if mark.gone {
            self.0.remove(&key);
        } else if self.0.len() < MARKS_MAX || self.0.contains_key(&key) {
            self.0.insert(key, mark);
        }
    }

    /// Those of one source.
    pub fn of(&self, source: &str) -> Marks {
        let own = self.0.iter().filter(|((of, _), _)| of == source);
        Marks(own.map(|(key, mark)| (key.clone(), mark.clone())).collect())
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Mark> {
        self.0.values()
    }

    /// For the checkpoint.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.0.values().flat_map(|mark| mark.line().into_bytes()).collect()
    }

    /// From the checkpoint.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        let mut marks = Marks::default();
        marks.note(bytes);
        marks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_read_where_we_wrote_them_alone() {
        let mark = |item: &str, offset: u64, gone: bool| Mark {
            source: "a".into(),
            item: item.into(),
            offset,
            id: "1:2".into(),
            done: false,
            gone,
        };
        let mut text = mark("x\n#commit", 1, false).line();
        text +=
            "2026-11-27T15:00:00Z \\f:a*3D\\#read {\"source\":\"a\",\"item\":\"x\",\"offset\":9}\n";
        text += &mark("y", 1, false).line();
        text += &mark("x\n#commit", 7, false).line();
        let mut marks = Marks::default();
        marks.note(text.as_bytes());
        assert_eq!(marks.iter().count(), 2);
        assert_eq!(marks.of("a").iter().next().unwrap().offset, 7);
        assert_eq!(marks.of("b"), Marks::default());
        assert_eq!(Marks::from_bytes(&marks.to_bytes()), marks);
        marks.note(mark("y", 0, true).line().as_bytes());
        assert_eq!(marks.iter().count(), 1);
    }
}
