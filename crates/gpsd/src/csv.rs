//! Messages as a table for spreadsheets: CSV (RFC 4180), a row a message, a column for each field that is
//! neither a list nor peculiar to one application of binary messages.

use crate::fields::{Decimal, Fields, Key, write_bits, write_integer};

/// The columns, in the order of the messages.
const COLUMNS: &[&str] = &[
    "class",
    "device",
    "type",
    "repeat",
    "mmsi",
    "received_at",
    "station",
    "lon",
    "lat",
    "accuracy",
    "speed",
    "course",
    "heading",
    "turn",
    "second",
    "status",
    "status_text",
    "maneuver",
    "raim",
    "radio",
    "timestamp",
    "imo",
    "ais_version",
    "callsign",
    "shipname",
    "shiptype",
    "shiptype_text",
    "to_bow",
    "to_stern",
    "to_port",
    "to_starboard",
    "epfd",
    "epfd_text",
    "eta",
    "draught",
    "destination",
    "dte",
    "seqno",
    "dest_mmsi",
    "retransmit",
    "dac",
    "fid",
    "app_id",
    "data",
    "text",
    "alt",
    "reserved",
    "regional",
    "assigned",
    "cs",
    "display",
    "dsc",
    "band",
    "msg22",
    "part",
    "vendorid",
    "model",
    "serial",
    "mothership_mmsi",
    "aid_type",
    "aid_type_text",
    "name",
    "off_position",
    "virtual_aid",
    "gnss",
    "mmsi1",
    "mmsi2",
    "mmsi3",
    "mmsi4",
    "addressed",
    "structured",
    "nmea",
];

/// Writes rows one behind the other.
pub struct Csv {
    out: Vec<u8>,
    /// What the fields of the row say so far, in the order of [`COLUMNS`].
    cells: Vec<Vec<u8>>,
    in_list: bool,
}

impl Csv {
    /// With the heading written.
    pub fn new() -> Self {
        let mut out = COLUMNS.join(",").into_bytes();
        out.push(b'\n');
        Csv { out, cells: vec![Vec::new(); COLUMNS.len()], in_list: false }
    }

    /// The cell of a column; `None` for what has none.
    fn cell(&mut self, key: Key) -> Option<&mut Vec<u8>> {
        let at = COLUMNS.iter().position(|column| *column == key.name())?;
        (!self.in_list).then(|| &mut self.cells[at])
    }
}

/// Spreadsheets run a field that begins so, quoted or not; ships' names do begin so.
fn guard(cell: &mut Vec<u8>) {
    if let Some(b'=' | b'+' | b'-' | b'@') = cell.first() {
        cell.insert(0, b'\'');
    }
}

impl Fields for Csv {
    const IS_TABLE: bool = true;

    fn begin(&mut self, class: &'static str) {
        self.cells[0].extend_from_slice(class.as_bytes());
    }

    fn end(&mut self) {
        for (at, cell) in self.cells.iter_mut().enumerate() {
            if at > 0 {
                self.out.push(b',');
            }
            if cell.iter().any(|byte| matches!(byte, b'"' | b',' | b'\r' | b'\n')) {
                self.out.push(b'"');
                for &byte in cell.iter() {
                    if byte == b'"' {
                        self.out.push(b'"');
                    }
                    self.out.push(byte);
                }
                self.out.push(b'"');
            } else {
                self.out.extend_from_slice(cell);
            }
            cell.clear();
        }
        self.out.push(b'\n');
    }

    /// With what is not seen written out.
    fn any_text(&mut self, key: Key, text: &str) {
        if let Some(cell) = self.cell(key) {
            cell.extend_from_slice(maritime::shown(text).as_bytes());
            guard(cell);
        }
    }

    fn written(&mut self) -> &mut Vec<u8> {
        &mut self.out
    }

    /// One behind the other, with a blank between them.
    fn lines<'a>(&mut self, key: Key, lines: impl Iterator<Item = &'a [u8]>) {
        let lines: Vec<_> = lines.map(String::from_utf8_lossy).collect();
        self.any_text(key, &lines.join(" "));
    }

    fn integer(&mut self, key: Key, value: i64) {
        if let Some(cell) = self.cell(key) {
            write_integer(cell, value);
        }
    }

    fn decimal(&mut self, key: Key, value: Decimal) {
        if let Some(cell) = self.cell(key) {
            value.write(cell);
        }
    }

    fn flag(&mut self, key: Key, value: bool) {
        self.word(key, if value { "true" } else { "false" });
    }

    fn word(&mut self, key: Key, value: &str) {
        if let Some(cell) = self.cell(key) {
            cell.extend_from_slice(value.as_bytes());
        }
    }

    fn text(&mut self, key: Key, value: impl Iterator<Item = u8>) {
        if let Some(cell) = self.cell(key) {
            cell.extend(value);
            guard(cell);
        }
    }

    fn bits(&mut self, key: Key, count: usize, bytes: impl Iterator<Item = u8>) {
        if let Some(cell) = self.cell(key) {
            write_bits(cell, count, bytes);
        }
    }

    fn list(&mut self, _: Key) {
        self.in_list = true;
    }

    fn item(&mut self) {}

    fn end_list(&mut self) {
        self.in_list = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fields::key;

    #[test]
    fn a_row_has_its_fields_under_their_names_and_no_formula() {
        let mut table = Csv::new();
        for name in ["=1+1", "A,\"B\""] {
            table.begin("AIS");
            table.text(key!("shipname"), name.bytes());
            table.integer(key!("mmsi"), 5);
            table.list(key!("tidals"));
            table.item();
            table.decimal(key!("lon"), Decimal::new(5, 1));
            table.end_list();
            table.decimal(key!("lat"), Decimal::new(-5, 1));
            table.any_text(key!("station"), "-\u{1b}");
            table.end();
        }
        let mut reader = ::csv::Reader::from_reader(table.out.as_slice());
        let heading = reader.headers().unwrap().clone();
        let rows: Vec<_> = reader.records().map(Result::unwrap).collect();
        let cell = |row: usize, name| {
            rows[row].get(heading.iter().position(|column| column == name).unwrap()).unwrap()
        };
        assert_eq!((cell(0, "shipname"), cell(1, "shipname")), ("'=1+1", "A,\"B\""));
        assert_eq!((cell(0, "lon"), cell(1, "lat"), cell(1, "mmsi")), ("", "-0.5", "5"));
        assert_eq!((cell(0, "station"), cell(0, "class")), ("'-\\u{1b}", "AIS"));
    }
}
