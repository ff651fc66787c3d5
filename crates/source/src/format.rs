//! What an input is, told by its first bytes and never by its name.

use crate::columns::{self, ColumnMapping, Columns, ColumnsError};
use crate::table::{Layout, split_names};

/// So much of the start of an input decides what it is.
pub const SAMPLE_BYTES: usize = 64 << 10;

/// Longer first lines are no headers. Well below [`SAMPLE_BYTES`], so a header is always whole.
const HEADER_BYTES_MAX: usize = 16 << 10;

/// A disk or a link that failed leaves a few bytes of zero in a text; with more of them than one in so
/// many bytes it is none.
const BYTES_PER_NUL_MIN: usize = 100;

/// What we can read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Format {
    /// Lines of NMEA 0183 in any framing.
    Nmea,
    /// Rows with a header.
    Table(Box<Layout>),
}

/// Why we cannot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unusable {
    /// It is something else; in words.
    LooksLike(&'static str),
    /// It is a table in which something needed is missing.
    Columns(ColumnsError),
}

/// Tells what the input with the first bytes `sample` is.
///
/// # Errors
///
/// It is neither NMEA nor a table whose columns are known or named by `mapping`.
pub fn tell(sample: &[u8], mapping: Option<&ColumnMapping>) -> Result<Format, Unusable> {
    let text = sample.strip_prefix(b"\xef\xbb\xbf").unwrap_or(sample);
    if text.trim_ascii().is_empty() {
        return Err(Unusable::LooksLike("is empty"));
    }
    if let Some(kind) = binary_kind(text) {
        return Err(Unusable::LooksLike(kind));
    }
    if holds_sentence(text) {
        return Ok(Format::Nmea);
    }
    if memchr::memchr_iter(0, text).count() * BYTES_PER_NUL_MIN > text.len() {
        return Err(Unusable::LooksLike("looks like binary data of an unknown kind"));
    }
    match text.trim_ascii_start().first() {
        Some(b'{' | b'[') => return Err(Unusable::LooksLike("looks like JSON")),
        Some(b'<') => return Err(Unusable::LooksLike("looks like XML or HTML")),
        _ => {}
    }
    tell_table(text, mapping)
}

/// Whether there is anything by which to know AIS: `!..VDM,`, `!..VDO,`, `$..RMC,` or `$PGHP`.
fn holds_sentence(text: &[u8]) -> bool {
    let is_sentence = |start: usize| {
        let sentence = &text[start..];
        sentence.starts_with(b"$PGHP")
            || matches!(
                sentence,
                [b'!', _, _, b'V', b'D', b'M' | b'O', b',', ..]
                    | [b'$', _, _, b'R', b'M', b'C', b',', ..]
            )
    };
    memchr::memchr2_iter(b'!', b'$', text).any(is_sentence)
}

fn tell_table(text: &[u8], mapping: Option<&ColumnMapping>) -> Result<Format, Unusable> {
    let is_blank = |line: &&[u8]| line.trim_ascii().is_empty();
    let mut lines = text.split(|byte| *byte == b'\n').skip_while(is_blank);
    let header = lines.next().unwrap_or_default();
    let header = header.strip_suffix(b"\r").unwrap_or(header);
    if header.len() > HEADER_BYTES_MAX {
        return Err(Unusable::LooksLike("begins with a line that is too long for a header"));
    }
    let delimiter = [b',', b';', b'\t']
        .into_iter()
        .max_by_key(|delimiter| (split_names(header, *delimiter).len(), *delimiter == b','))
        .unwrap_or(b',');
    let names = split_names(header, delimiter);
    match Columns::find(&names, mapping) {
        Ok(columns) => {
            Ok(Format::Table(Box::new(Layout { delimiter, columns, header: header.into() })))
        }
        // Four columns are the least with which a table could be one of ours.
        Err(error) if names.len() >= 4 || columns::looks_like_header(&names) => {
            Err(Unusable::Columns(error))
        }
        Err(_)
            if std::str::from_utf8(&text[..text.len().min(1000)])
                .is_err_and(|error| error.error_len().is_some()) =>
        {
            Err(Unusable::LooksLike("looks like binary data of an unknown kind"))
        }
        Err(_) => Err(Unusable::LooksLike("looks like text of an unknown kind")),
    }
}

/// Files that people put beside recordings, by their first bytes.
fn binary_kind(start: &[u8]) -> Option<&'static str> {
    const KINDS: [(&[u8], &str); 17] = [
        (b"\x89PNG\r\n\x1a\n", "looks like a PNG image"),
        (b"\xff\xd8\xff", "looks like a JPEG image"),
        (b"GIF8", "looks like a GIF image"),
        (b"%PDF-", "looks like a PDF document"),
        (b"PK\x03\x04", "looks like a zip archive (unpack it first)"),
        (b"PK\x05\x06", "looks like an empty zip archive"),
        (b"7z\xbc\xaf\x27\x1c", "looks like a 7z archive (unpack it first)"),
        (b"\xfd7zXZ\0", "looks like xz-compressed data (unpack it first)"),
        (b"BZh", "looks like bzip2-compressed data (unpack it first)"),
        (b"\x1f\x8b", "is compressed twice (unpack it once)"),
        (b"\x28\xb5\x2f\xfd", "is compressed twice (unpack it once)"),
        (b"SQLite format 3\0", "looks like an SQLite database or GeoPackage"),
        (b"PAR1", "looks like a Parquet file"),
        (b"\x89HDF\r\n\x1a\n", "looks like an HDF5 or NetCDF file"),
        (b"\x7fELF", "looks like a program"),
        (b"\xff\xfe", "looks like UTF-16 text (save it as UTF-8)"),
        (b"\xfe\xff", "looks like UTF-16 text (save it as UTF-8)"),
    ];
    if start.get(257..262) == Some(b"ustar") {
        return Some("looks like a tar archive (unpack it first)");
    }
    KINDS.iter().find(|(magic, _)| start.starts_with(magic)).map(|(_, kind)| *kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_nmea(sample: &str) {
        assert_eq!(tell(sample.as_bytes(), None), Ok(Format::Nmea));
    }

    #[track_caller]
    fn check_unusable(sample: &[u8], expected: &str) {
        match tell(sample, None) {
            Err(Unusable::LooksLike(found)) => assert!(found.contains(expected), "{found}"),
            other => panic!("{other:?}"),
        }
    }

    #[track_caller]
    fn check_table(sample: &str, delimiter: u8) {
        match tell(sample.as_bytes(), None) {
            Ok(Format::Table(layout)) => assert_eq!(layout.delimiter, delimiter),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn nmea_is_known_in_every_framing() {
        // The example sentence of the gpsd project's AIVDM page.
        let sentence = "!AIVDM,1,1,,B,177KQJ5000G?tO`K>RA1wUbN0TKH,0*5C";
        for line in [
            format!("{sentence}\r\n"),
            format!("\u{feff}{sentence}"),
            format!("# a comment\n\n\\s:x,c:1609459200*00\\{sentence}\n"),
            format!("2021-01-01T00:00:00Z {sentence}\n"),
            format!("1609459200,{sentence}\n"),
            format!("time,nmea\n\"2021-01-01T00:00:00Z\",\"{sentence}\"\n"),
            format!("{sentence},r003669945,1085889680\n"),
            "$PGHP,1,2008,5,9,0,0,0,10,338,2,,1,09*17\n".into(),
            "$GPRMC,120000,A,5730.000,N,01145.000,E,0.0,0.0,200715,,*00\n".into(),
        ] {
            check_nmea(&line);
        }
    }

    #[test]
    fn tables_are_known_with_their_delimiter() {
        check_table("mmsi,time,lat,lon\n", b',');
        check_table("\u{feff}\n\"MMSI\";\"Time\";\"Latitude\";\"Longitude\"\r\n1;2;3;4\n", b';');
        check_table("mmsi\ttime\tlat\tlon", b'\t');
    }

    #[test]
    fn a_table_without_a_needed_column_says_which() {
        let sample = b"track_id,time,lat,lon\n1,2,3,4\n";
        match tell(sample, None) {
            Err(Unusable::Columns(error)) => {
                assert!(error.to_string().contains("no column for mmsi"), "{error}");
            }
            other => panic!("{other:?}"),
        }
        let mapping = "mmsi=track_id".parse().unwrap();
        assert!(matches!(tell(sample, Some(&mapping)), Ok(Format::Table(_))));
    }

    #[test]
    fn a_few_bytes_of_zero_make_no_binary_data() {
        let rows = "219000123,2024-01-01T00:00:00,1,2\n".repeat(100);
        check_table(&format!("mmsi,time,lat,lon\n{rows}\0{rows}"), b',');
        check_unusable(&[rows.as_bytes(), &[0; 500]].concat(), "binary");
    }

    #[test]
    fn everything_else_is_named() {
        check_unusable(b"", "empty");
        check_unusable(b" \n\n", "empty");
        check_unusable(b"\x89PNG\r\n\x1a\n\0\0\0", "PNG");
        check_unusable(b"%PDF-1.7", "PDF");
        check_unusable(b"PK\x03\x04abc", "zip");
        check_unusable(b"SQLite format 3\0abc", "SQLite");
        check_unusable(b"{\"mmsi\": 1, \"lat\": 2, \"lon\": 3, \"time\": 4}\n", "JSON");
        check_unusable(b"<?xml version=\"1.0\"?>", "XML");
        check_unusable(b"Dear diary,\ntoday we met a ship\n", "text of an unknown kind");
        check_unusable(b"\0\x01\x02\x03", "binary");
        check_unusable(b"\xff\xfem\0m\0", "UTF-16");
        check_unusable(b"\x80\x81\x82\x83\x84", "binary");
    }

    #[test]
    fn no_bytes_panic_it() {
        let mut state = 7_u64;
        for length in 0..3_000 {
            let bytes: Vec<u8> = (0..length % 600)
                .map(|_| {
                    state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    (state >> 40) as u8
                })
                .collect();
            let _ = tell(&bytes, None);
        }
    }
}
