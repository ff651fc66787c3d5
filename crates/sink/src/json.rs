//! Events as JSON: a line each, or one array.

use std::io::{self, BufRead, Read, Write};

use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};

use crate::EventRecord;

/// No line of ours comes near. What is longer is something else, and could fill the memory.
pub const LINE_BYTES_MAX: u64 = 1_000_000;

/// Writes each record as one line of JSON.
///
/// # Errors
///
/// What `out` says.
pub fn write_ndjson<'a>(
    records: impl IntoIterator<Item = &'a EventRecord>,
    mut out: impl Write,
) -> io::Result<()> {
    for record in records {
        write_value(record, &mut out)?;
        out.write_all(b"\n")?;
    }
    out.flush()
}

/// Reads what [`write_ndjson`] writes, a line at a time; blank lines are skipped.
///
/// # Errors
///
/// Each line that is no record is an error that names the field and the column; reading can go on with
/// the next. After what [`ndjson_lines`] refuses there is none.
pub fn read_ndjson(input: impl BufRead) -> impl Iterator<Item = io::Result<EventRecord>> {
    let is_blank = |line: &io::Result<String>| matches!(line, Ok(line) if line.trim().is_empty());
    ndjson_lines(input).filter(move |line| !is_blank(line)).map(|line| {
        let line = line?;
        serde_json::from_str(&line).map_err(|error| invalid(format!("not an event: {error}")))
    })
}

/// The lines of `input`, blank ones included, with their ends.
///
/// # Errors
///
/// What `input` says, bytes that are no text, a line of more than [`LINE_BYTES_MAX`]; the last item
/// then.
pub fn ndjson_lines(mut input: impl BufRead) -> impl Iterator<Item = io::Result<String>> {
    let mut ended = false;
    std::iter::from_fn(move || {
        if ended {
            return None;
        }
        let mut line = String::new();
        let read = input.by_ref().take(LINE_BYTES_MAX + 1).read_line(&mut line);
        let read = read.and_then(|bytes| match bytes as u64 > LINE_BYTES_MAX {
            true => Err(invalid("a line is longer than 1 MB".into())),
            false => Ok(bytes),
        });
        ended = read.is_err();
        match read {
            Ok(0) => None,
            Ok(_) => Some(Ok(line)),
            Err(error) => Some(Err(error)),
        }
    })
}

fn invalid(message: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, message)
}

/// Writes one JSON array, a record to a line.
///
/// # Errors
///
/// What `out` says.
pub fn write_json<'a>(
    records: impl IntoIterator<Item = &'a EventRecord>,
    mut out: impl Write,
) -> io::Result<()> {
    let mut before = "[\n";
    for record in records {
        out.write_all(before.as_bytes())?;
        write_value(record, &mut out)?;
        before = ",\n";
    }
    out.write_all(if before == "[\n" { b"[]\n" } else { b"\n]\n" })?;
    out.flush()
}

/// Writes `value` as JSON in which everything that is not seen is escaped: JSON asks for that with
/// control characters below U+0020 alone, but these lines end up on terminals.
pub(crate) fn write_value(value: &impl Serialize, out: impl Write) -> io::Result<()> {
    Ok(value.serialize(&mut Serializer::with_formatter(out, Seen))?)
}

/// The same as text.
pub(crate) fn to_text(value: &impl Serialize) -> String {
    let mut written = Vec::new();
    write_value(value, &mut written).expect("a vector takes what is written to it");
    String::from_utf8(written).expect("JSON is text")
}

struct Seen;

impl Formatter for Seen {
    fn write_string_fragment<W: ?Sized + Write>(
        &mut self,
        out: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let (mut written, mut at) = (0, maritime::plain_prefix(fragment));
        while let Some(c) = fragment[at..].chars().next() {
            let next = at + c.len_utf8();
            if !maritime::is_seen(c) {
                out.write_all(&fragment.as_bytes()[written..at])?;
                for unit in c.encode_utf16(&mut [0; 2]) {
                    write!(out, "\\u{unit:04x}")?;
                }
                written = next;
            }
            at = next + maritime::plain_prefix(&fragment[next..]);
        }
        out.write_all(&fragment.as_bytes()[written..])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{event, provenance};

    #[test]
    fn lines_read_as_they_are_written() {
        let record = EventRecord::new(&event(), &provenance());
        let mut written = Vec::new();
        write_ndjson([&record, &record], &mut written).unwrap();
        assert_eq!(written.iter().filter(|&&byte| byte == b'\n').count(), 2);

        written.extend_from_slice(b"\n{\"id\":7}\n");
        let read: Vec<_> = read_ndjson(written.as_slice()).collect();
        assert_eq!(read.len(), 3);
        assert_eq!(read[1].as_ref().unwrap(), &record);
        assert!(read[2].as_ref().unwrap_err().to_string().contains("invalid type: integer `7`"));
    }

    #[test]
    fn what_is_not_seen_is_escaped_and_reads_as_it_was() {
        let text = "A\u{202e}B\u{9b}\u{7f}\n\u{e0041}\u{feff}東\"";
        let written = to_text(&text);
        assert_eq!(written, r#""A\u202eB\u009b\u007f\n\udb40\udc41\ufeff東\"""#);
        assert_eq!(serde_json::from_str::<String>(&written).unwrap(), text);
    }

    #[test]
    fn a_line_without_end_is_refused() {
        let mut lines = ndjson_lines(io::BufReader::new(io::repeat(b'x')));
        let error = lines.next().unwrap().unwrap_err();
        assert_eq!(error.to_string(), "a line is longer than 1 MB");
        assert!(lines.next().is_none());
    }

    #[track_caller]
    fn check_array(count: usize) {
        let record = EventRecord::new(&event(), &provenance());
        let mut written = Vec::new();
        write_json(vec![&record; count], &mut written).unwrap();
        let read: Vec<EventRecord> = serde_json::from_slice(&written).unwrap();
        assert_eq!(read, vec![record; count]);
    }

    #[test]
    fn an_array_of_any_length_is_json() {
        check_array(0);
        check_array(1);
        check_array(3);
    }
}
