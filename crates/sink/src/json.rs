//! Events as JSON: a line each, or one array.

use std::io::{self, BufRead, Write};

use crate::EventRecord;

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
        serde_json::to_writer(&mut out, record)?;
        out.write_all(b"\n")?;
    }
    out.flush()
}

/// Reads what [`write_ndjson`] writes, a line at a time; blank lines are skipped.
///
/// # Errors
///
/// Each line that is no record is an error that names the field and the column; reading can go on with
/// the next.
pub fn read_ndjson(lines: impl BufRead) -> impl Iterator<Item = io::Result<EventRecord>> {
    lines.lines().filter(|line| !line.as_ref().is_ok_and(|line| line.trim().is_empty())).map(
        |line| {
            let line = line?;
            serde_json::from_str(&line).map_err(|error| {
                io::Error::new(io::ErrorKind::InvalidData, format!("not an event: {error}"))
            })
        },
    )
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
        serde_json::to_writer(&mut out, record)?;
        before = ",\n";
    }
    out.write_all(if before == "[\n" { b"[]\n" } else { b"\n]\n" })?;
    out.flush()
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
