//! Bytes of an input, unpacked. Gzip (of any number of members) and zstd are told by their first
//! bytes, never by the name; everything is streamed.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::bufread::MultiGzDecoder;

use crate::paths::Place;

/// Compressed bytes asked of the system at once.
const BLOCK_BYTES: usize = 64 << 10;

/// How far the reading is, for whoever draws a bar, in bytes as they are stored.
#[derive(Debug, Default)]
pub struct Progress {
    /// Read so far.
    pub bytes_read: AtomicU64,
    /// Of all inputs together; `None` if one of them is a pipe.
    pub bytes_total: Option<u64>,
}

/// The unpacked bytes of one input.
pub enum ByteStream {
    /// As stored.
    Plain(Block),
    /// Gzip.
    Gzip(Box<MultiGzDecoder<Block>>),
    /// Zstandard.
    Zstd(Box<zstd::Decoder<'static, Block>>),
}

type Block = BufReader<Counted>;

impl ByteStream {
    /// Opens `place` and looks at its first bytes.
    ///
    /// # Errors
    ///
    /// As the system says.
    pub fn open(place: &Place, progress: Arc<Progress>) -> io::Result<Self> {
        let inner = match place {
            Place::Stdin => Raw::Stdin(io::stdin()),
            Place::Memory { bytes, .. } => Raw::Memory(Cursor::new(bytes.clone())),
            Place::Stream(path) | Place::File { path, .. } => Raw::File(File::open(path)?),
        };
        let mut block = BufReader::with_capacity(BLOCK_BYTES, Counted { inner, progress });
        if matches!(place, Place::Memory { .. }) {
            // It is unpacked already; what is packed twice is there to fill the memory.
            return Ok(ByteStream::Plain(block));
        }
        let start = block.fill_buf()?;
        if start.starts_with(&[0x1f, 0x8b, 0x08]) {
            return Ok(ByteStream::Gzip(Box::new(MultiGzDecoder::new(block))));
        }
        // A frame, or one of the skippable frames that parallel compressors put first. The library
        // refuses windows over 128 MiB, so memory is bounded whatever the header claims.
        let is_zstd = start.starts_with(&[0x28, 0xb5, 0x2f, 0xfd])
            || matches!(start, [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..]);
        if is_zstd {
            return Ok(ByteStream::Zstd(Box::new(zstd::Decoder::with_buffer(block)?)));
        }
        Ok(ByteStream::Plain(block))
    }

    /// What went wrong, in words for the user: cut off, damaged, or what the system said.
    pub fn describe(&self, error: &io::Error) -> String {
        let kind = match self {
            ByteStream::Plain(_) => return format!("cannot be read further: {error}"),
            ByteStream::Gzip(_) => "gzip",
            ByteStream::Zstd(_) => "zstd",
        };
        match error.kind() {
            io::ErrorKind::UnexpectedEof => {
                format!("ends in the middle of its {kind} data")
            }
            _ => {
                format!("has damaged {kind} data ({error})")
            }
        }
    }
}

impl Read for ByteStream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let result = match self {
                ByteStream::Plain(inner) => inner.read(buffer),
                ByteStream::Gzip(inner) => inner.read(buffer),
                ByteStream::Zstd(inner) => inner.read(buffer),
            };
            match result {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => return result,
            }
        }
    }
}

/// Counts what passes.
pub struct Counted {
    inner: Raw,
    progress: Arc<Progress>,
}

enum Raw {
    Stdin(io::Stdin),
    File(File),
    Memory(Cursor<Arc<[u8]>>),
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = match &mut self.inner {
            Raw::Stdin(inner) => inner.read(buffer),
            Raw::File(inner) => inner.read(buffer),
            Raw::Memory(inner) => inner.read(buffer),
        }?;
        // Nothing else is read under the guard of this number, so no order is needed.
        self.progress.bytes_read.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    /// The bytes that came out, and the error they ended with.
    fn unpack(stored: &[u8]) -> (Vec<u8>, Option<String>) {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(stored).unwrap();
        let place = Place::File { path: file.path().into(), bytes: stored.len() as u64 };
        let progress = Arc::new(Progress::default());
        let mut stream = ByteStream::open(&place, progress.clone()).unwrap();
        let mut unpacked = Vec::new();
        let mut buffer = [0; 1000];
        let error = loop {
            match stream.read(&mut buffer) {
                Ok(0) => break None,
                Ok(count) => unpacked.extend_from_slice(&buffer[..count]),
                Err(error) => break Some(stream.describe(&error)),
            }
        };
        if error.is_none() {
            assert_eq!(progress.bytes_read.load(Ordering::Relaxed), stored.len() as u64);
        }
        (unpacked, error)
    }

    fn text() -> Vec<u8> {
        (0..20_000)
            .flat_map(|i: u32| format!("{}\n", i.wrapping_mul(2_654_435_761)).into_bytes())
            .collect()
    }

    #[test]
    fn every_kind_gives_the_same_bytes() {
        let text = text();
        assert_eq!(unpack(&text), (text.clone(), None));
        assert_eq!(unpack(&gzip(&text)), (text.clone(), None));
        let members = [gzip(&text[..5000]), gzip(&text[5000..])].concat();
        assert_eq!(unpack(&members), (text.clone(), None));
        let zstd = zstd::encode_all(text.as_slice(), 1).unwrap();
        assert_eq!(unpack(&zstd), (text.clone(), None));
    }

    #[test]
    fn a_cut_file_gives_what_is_before_the_cut() {
        let text = text();
        for stored in [gzip(&text), zstd::encode_all(text.as_slice(), 1).unwrap()] {
            let (unpacked, error) = unpack(&stored[..stored.len() - 2000]);
            assert!(text.starts_with(&unpacked));
            let error = error.unwrap();
            assert!(error.starts_with("ends in the middle of its "), "{error}");
        }
        // Gzip gives nearly all of it; zstd whole blocks.
        let stored = gzip(&text);
        assert!(unpack(&stored[..stored.len() - 9]).0.len() + 100 > text.len());
    }

    #[test]
    fn damage_is_told_from_a_cut() {
        let mut stored = gzip(&text());
        let middle = stored.len() / 2;
        stored[middle..middle + 50].fill(0xff);
        let error = unpack(&stored).1.unwrap();
        assert!(error.starts_with("has damaged gzip data"), "{error}");
    }
}
