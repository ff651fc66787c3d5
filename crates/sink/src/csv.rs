//! Events as a table for spreadsheets: CSV (RFC 4180) with a heading, a row per event.

use std::borrow::Borrow;
use std::io::{self, Write};

use maritime::shown;

use crate::EventRecord;
use crate::columns::{Cell, columns};

/// Writes a heading and a row for each record; what is unknown stays empty.
///
/// Texts are [`shown`], because a table ends up on a terminal; one that a spreadsheet would take for a
/// formula gets an apostrophe in front. What was said exactly is in the JSON.
///
/// # Errors
///
/// What `out` says.
pub fn write_csv(
    records: impl IntoIterator<Item: Borrow<EventRecord>>,
    out: impl Write,
) -> io::Result<()> {
    let mut table = ::csv::Writer::from_writer(out);
    table.write_record(columns().map(|column| column.name))?;
    for record in records {
        table.write_record(columns().map(|column| field((column.cell)(record.borrow()))))?;
    }
    table.flush()
}

/// Writes rows of texts with the same care, the first of them the heading. What is a number stays one.
///
/// # Errors
///
/// What `out` says.
pub fn write_guarded_csv(rows: &[Vec<String>], out: impl Write) -> io::Result<()> {
    let mut table = ::csv::Writer::from_writer(out);
    for row in rows {
        let is_number = |text: &str| text.parse::<f64>().is_ok_and(f64::is_finite);
        table.write_record(row.iter().map(|text| match is_number(text) {
            true => text.clone(),
            false => guarded(shown(text)),
        }))?;
    }
    table.flush()
}

fn field(cell: Cell) -> String {
    match cell {
        Cell::Unknown => String::new(),
        Cell::Text(text) => guarded(shown(&text)),
        Cell::Integer(number) => number.to_string(),
        Cell::Real(number) => number.to_string(),
        Cell::Time(at) => at.to_string(),
    }
}

/// Spreadsheets run a field that begins so, quoted or not; ships' names do begin so. They pass over a
/// tab or a line break in front, but none is left in a text that is shown.
fn guarded(text: String) -> String {
    if text.starts_with(['=', '+', '-', '@']) { format!("'{text}") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{event, provenance};

    fn written(records: &[EventRecord]) -> Vec<Vec<String>> {
        let mut bytes = Vec::new();
        write_csv(records, &mut bytes).unwrap();
        let mut table =
            ::csv::ReaderBuilder::new().has_headers(false).from_reader(bytes.as_slice());
        table.records().map(|row| row.unwrap().iter().map(Into::into).collect()).collect()
    }

    #[track_caller]
    fn check(column: &str, expected: &str) {
        let table = written(&[EventRecord::new(&event(), &provenance())]);
        let at = table[0].iter().position(|name| name == column).unwrap();
        assert_eq!(table[1][at], expected);
    }

    #[test]
    fn fields_stand_under_their_names() {
        check("event_id", "encounter-311000222-538005541-20240101T001407Z");
        check("name_a", "GULF \"ONE\"");
        check("imo_b", "");
        check("longitude_deg", "-94.8597");
        check("started_at", "2024-01-01T00:14:07.250Z");
        check("profiles", "gfw sts");
    }

    #[test]
    fn formulas_are_told_from_texts() {
        check("name_b", "'=HYPERLINK(\"//X.Y\")");
        for begin in ["=1", "+1", "-1", "@A1"] {
            assert_eq!(guarded(begin.into()), format!("'{begin}"));
        }
        assert_eq!(field(Cell::Text("\t=1".into())), "\\t=1");
        assert_eq!(guarded("EVER GIVEN".into()), "EVER GIVEN");
    }

    #[test]
    fn commas_and_quotes_stay_in_their_field_and_what_is_not_seen_is_written_out() {
        let mut record = EventRecord::new(&event(), &provenance());
        record.vessels[0].name = Some("A,\"B\"\r\nC;\u{202e}\u{9b}1m".into());
        let table = written(&[record.clone(), record]);
        assert_eq!(table.len(), 3);
        let expected = "A,\"B\"\\r\\nC;\\u{202e}\\u{9b}1m";
        assert!(table[2].iter().any(|field| field == expected), "{:?}", table[2]);
    }

    #[test]
    fn rows_of_texts_are_guarded_and_their_numbers_are_not() {
        let mut bytes = Vec::new();
        let row = ["-94.5", "=1+1", "-x", "+49 1"].map(String::from).to_vec();
        write_guarded_csv(&[row], &mut bytes).unwrap();
        assert_eq!(bytes, b"-94.5,'=1+1,'-x,'+49 1\n");
    }

    #[test]
    fn no_event_leaves_the_heading() {
        assert_eq!(written(&[]).len(), 1);
    }
}
