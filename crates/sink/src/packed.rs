//! The record of an event as it lies in the GeoPackage: its JSON in the zlib format (RFC 1950), half of it.
//!
//! Most of what a store takes is records, and most of the time of storing goes into writing them to the disk. Whatever
//! reads zlib reads them: `json.loads(zlib.decompress(record))` in Python.

use std::io::{self, Read};

use flate2::bufread::ZlibDecoder;
use flate2::{Compress, Compression, FlushCompress, Status};
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ValueRef};

use crate::json::LINE_BYTES_MAX;

/// Packs one text after the other; making it takes longer than packing one.
#[derive(Debug)]
pub(crate) struct Packer(Compress);

impl Packer {
    pub(crate) fn new() -> Self {
        Packer(Compress::new(Compression::fast(), true))
    }

    pub(crate) fn pack(&mut self, text: &str) -> Vec<u8> {
        self.0.reset();
        let mut packed = Vec::with_capacity(text.len() / 2 + 64);
        loop {
            let rest = &text.as_bytes()[self.0.total_in() as usize..];
            let status = self.0.compress_vec(rest, &mut packed, FlushCompress::Finish);
            if status.expect("there is no dictionary to disagree with") == Status::StreamEnd {
                return packed;
            }
            packed.reserve(text.len() / 2 + 64);
        }
    }
}

/// # Errors
///
/// What was not packed, is damaged, or is longer than any record of ours.
pub(crate) fn unpack(packed: &[u8]) -> io::Result<String> {
    let mut text = String::with_capacity((packed.len() * 3).min(LINE_BYTES_MAX as usize));
    ZlibDecoder::new(packed).take(LINE_BYTES_MAX + 1).read_to_string(&mut text)?;
    match text.len() as u64 > LINE_BYTES_MAX {
        true => Err(io::Error::other("the record is longer than 1 MB")),
        false => Ok(text),
    }
}

/// A column with a packed text.
pub(crate) struct Unpacked(pub(crate) String);

impl FromSql for Unpacked {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        unpack(value.as_blob()?).map(Unpacked).map_err(|error| FromSqlError::Other(error.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_comes_out_again() {
        let mut packer = Packer::new();
        let random: String = (0..40_000_u32)
            .map(|i| char::from(33 + (i.wrapping_mul(2_654_435_761) >> 24) as u8 % 90))
            .collect();
        for text in ["", "{}", "schiff ⚓ ", &"again ".repeat(5000), &random, "{}"] {
            assert_eq!(unpack(&packer.pack(text)).unwrap(), text);
        }
    }

    #[test]
    fn damaged_and_endless_ones_are_errors() {
        let mut packer = Packer::new();
        let packed = packer.pack(&"a".repeat(1000));
        assert!(unpack(&packed[..packed.len() - 5]).is_err());
        assert!(unpack(b"{}").is_err());
        assert!(unpack(&vec![0; 50 << 20]).is_err());
        assert!(unpack(&packer.pack(&"a".repeat(2_000_000))).is_err());
        assert!(unpack(&packer.pack(&"a".repeat(1_000_000))).is_ok());
    }
}
