//! Recordings and lines in, reports out.
//!
//! In the order of the data: `paths` lists the inputs, `compression` unpacks them, `format` tells what they are, `nmea`
//! with a decoder for each of its `feeds` and its `dating` by the recording's `clock`, or `table` with its `columns`,
//! reads them, `order` puts each in the order of time, `merge` makes one stream of all ([`Sources`]), and `intake` counts
//! what became of every record ([`Intake`]).
//!
//! [`LiveReader`] reads lines that come one by one, and leaves their order to the detector. [`survey`] makes no reports of
//! the lines of a recording but tells which of them say what, for dossiers.
//!
//! ```
//! use alongside_source::{Options, Sources};
//!
//! let file = tempfile::NamedTempFile::new()?;
//! std::fs::write(file.path(), "mmsi,time,lat,lon\n311000222,2024-01-01T00:14:07Z,28.2504,-94.8597\n")?;
//! let mut sources = Sources::open(&[file.path().into()], &Options::default())?;
//! let mut batch = Vec::new();
//! assert!(sources.next_batch(&mut batch));
//! assert_eq!(batch[0].report.mmsi().get(), 311_000_222);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Whatever the input is, memory stays bounded and nothing here panics or asks what time it is.

#![expect(unreachable_pub, reason = "`pub` says what a module offers to the others")]

mod clock;
mod columns;
mod compression;
mod dating;
mod feeds;
mod format;
mod input;
mod intake;
mod live;
mod merge;
mod nmea;
mod number;
mod order;
mod paths;
mod survey;
mod table;

use std::path::PathBuf;
use std::sync::Arc;

use maritime::Timestamp;

pub use columns::ColumnMapping;
pub use compression::{ByteStream, Progress};
pub use feeds::{Feeds, SEGMENT, checksum, feed_block};
pub use intake::{Arrival, BoundingBox, Counters, Intake};
pub use live::LiveReader;
pub use paths::{Location, Place, expand};
pub use survey::{Line, Said, Sighting, is_nmea, survey};

use format::Unusable;
use intake::Selection;
use merge::Merge;

/// What was expected of an input, for the end of an error.
const EXPECTED: &str = "expected NMEA lines with AIS (!AIVDM…) or a CSV table with columns for MMSI, time, latitude and longitude, plain or packed by gzip or zstd";

/// Reports of a batch.
const BATCH: usize = 1024;

/// How to read.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Which column of a table is which; the usual names are known without it.
    pub columns: Option<ColumnMapping>,
    /// When the first line of each NMEA input was heard, for recordings that do not say.
    pub start_time: Option<Timestamp>,
    /// Leave out reports before this.
    pub since: Option<Timestamp>,
    /// Leave out reports at or after this.
    pub until: Option<Timestamp>,
    /// Leave out positions outside of this.
    pub bbox: Option<BoundingBox>,
}

impl Options {
    fn selection(&self) -> Selection {
        Selection { since: self.since, until: self.until, bbox: self.bbox }
    }
}

/// Why an input cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// It is not there, or the system does not let us.
    #[error("cannot read {input}")]
    Unreadable {
        /// As it was named.
        input: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// It is something else.
    #[error("{input} {found}: {EXPECTED}")]
    Unusable {
        /// As it was named.
        input: String,
        /// `looks like a PNG image`.
        found: String,
    },
    /// It is a table in which something is missing.
    #[error("{input} {found}")]
    Columns {
        /// As it was named.
        input: String,
        /// What is missing, what is there, and what to say.
        found: String,
    },
    /// A directory without a single usable file.
    #[error("{} holds nothing that can be read{}: {EXPECTED}", .directory.display(), first(.skipped))]
    NothingReadable {
        /// As it was named.
        directory: PathBuf,
        /// What is in it and cannot be used.
        skipped: Vec<SourceError>,
    },
    /// A directory with too many files.
    #[error("{} holds more than {files_max} files", .directory.display())]
    TooManyFiles {
        /// As it was named.
        directory: PathBuf,
        /// As many are allowed.
        files_max: usize,
    },
    /// `-` and `-` again.
    #[error("standard input is named twice")]
    StdinTwice,
}

impl SourceError {
    fn from_unusable(input: String, unusable: Unusable) -> Self {
        match unusable {
            Unusable::LooksLike(found) => SourceError::Unusable { input, found: found.into() },
            Unusable::Columns(error) => SourceError::Columns { input, found: error.to_string() },
        }
    }
}

/// ` (12 files; the first, x.png, looks like a PNG image …)`
fn first(skipped: &[SourceError]) -> String {
    match skipped {
        [] => String::new(),
        [SourceError::Unusable { input, found }, ..] => {
            format!(" ({} files; the first, {input}, {found})", skipped.len())
        }
        [error, ..] => format!(" ({} files; of the first: {error})", skipped.len()),
    }
}

/// All inputs as one stream of reports.
pub struct Sources {
    merge: Merge,
    skipped: Vec<SourceError>,
}

impl Sources {
    /// Opens the files, directories and standard input (`-`) that `paths` name, and tells what each is
    /// before the first record of any is read.
    ///
    /// # Errors
    ///
    /// The first named input that cannot be used. Within a directory such files are left out, see
    /// [`Sources::skipped`], unless nothing remains of it.
    pub fn open(paths: &[PathBuf], options: &Options) -> Result<Self, SourceError> {
        Sources::of(paths::expand(paths)?, paths, options)
    }

    /// The same of inputs that are listed already.
    ///
    /// # Errors
    ///
    /// As [`Sources::open`].
    pub fn at(locations: Vec<Location>, options: &Options) -> Result<Self, SourceError> {
        Sources::of(locations, &[], options)
    }

    fn of(
        locations: Vec<Location>,
        paths: &[PathBuf],
        options: &Options,
    ) -> Result<Self, SourceError> {
        let (merge, skipped) = Merge::open(locations, options)?;
        for (index, directory) in paths.iter().enumerate() {
            let is_useless =
                skipped.iter().any(|(found_in, _)| *found_in == index) && !merge.has_any_of(index);
            if is_useless {
                let mine = skipped.into_iter().filter(|(found_in, _)| *found_in == index);
                return Err(SourceError::NothingReadable {
                    directory: directory.clone(),
                    skipped: mine.map(|(_, error)| error).collect(),
                });
            }
        }
        Ok(Sources { merge, skipped: skipped.into_iter().map(|(_, error)| error).collect() })
    }

    /// What was found in directories and left out.
    pub fn skipped(&self) -> &[SourceError] {
        &self.skipped
    }

    /// Puts the next reports into `batch`, in the order of time, in place of what it holds. False at
    /// the end, with an empty batch.
    pub fn next_batch(&mut self, batch: &mut Vec<Arrival>) -> bool {
        batch.clear();
        self.merge.next(batch, BATCH)
    }

    /// The counters as they stand. Copies those of every input: for once a second, not for every batch.
    pub fn intake(&self) -> Intake {
        Intake::new(self.merge.intakes())
    }

    /// How far the reading is; can be looked at from another thread.
    pub fn progress(&self) -> Arc<Progress> {
        self.merge.progress()
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write;
    use std::path::Path;

    use super::*;

    const HEADER: &str = "mmsi,time,lat,lon\n";

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    /// A row per second, from second `from` of the epoch day 2024-01-01 to `to`.
    fn table(mmsi: u32, seconds: impl Iterator<Item = i64>) -> String {
        let begins_at = Timestamp::parse("2024-01-01T00:00:00Z").unwrap();
        let row =
            |second: i64| format!("{mmsi},{},28.5,-95.5\n", begins_at.plus_millis(second * 1000));
        HEADER.to_owned() + &seconds.map(row).collect::<String>()
    }

    /// Reads everything that `paths` name.
    fn read(paths: &[PathBuf], options: &Options) -> Result<(Vec<Arrival>, Intake), SourceError> {
        let mut sources = Sources::open(paths, options)?;
        let (mut all, mut batch) = (Vec::new(), Vec::new());
        while sources.next_batch(&mut batch) {
            assert!(batch.len() <= BATCH);
            all.extend_from_slice(&batch);
        }
        let intake = sources.intake();
        for counters in intake.inputs.iter().map(|input| &input.counters).chain([&intake.total]) {
            assert_eq!(counters.received, counters.accepted + counters.rejected.total());
        }
        let without_report = intake.total.without_report.total();
        let lines: u64 = all.iter().map(|arrival| u64::from(arrival.lines)).sum();
        if options.bbox.is_none() && options.since.is_none() && options.until.is_none() {
            assert_eq!(intake.total.accepted, lines + without_report);
        }
        Ok((all, intake))
    }

    fn write(directory: &Path, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = directory.join(name);
        fs::write(&path, bytes).unwrap();
        path
    }

    fn is_in_order(arrivals: &[Arrival]) -> bool {
        arrivals.is_sorted_by_key(|arrival| arrival.report.observed_at())
    }

    #[test]
    fn several_files_come_out_in_the_order_of_time() {
        let root = tempfile::tempdir().unwrap();
        let paths = [
            write(root.path(), "b", table(219_000_002, (5_000..9_000).step_by(3))),
            write(root.path(), "a.gz", gzip(table(219_000_001, 0..6_000).as_bytes())),
            write(root.path(), "c", table(219_000_003, (0..900).rev())),
        ];
        let (arrivals, intake) = read(&paths, &Options::default()).unwrap();
        assert!(is_in_order(&arrivals));
        assert_eq!(arrivals.len(), 1_334 + 6_000 + 900);
        assert_eq!(intake.inputs.len(), 3);
        let (again, _) = read(&[root.path().into()], &Options::default()).unwrap();
        assert_eq!(again.len(), arrivals.len());
    }

    #[test]
    fn equal_times_go_by_the_order_of_the_inputs() {
        let root = tempfile::tempdir().unwrap();
        let a = write(root.path(), "a", table(219_000_001, 0..100));
        let b = write(root.path(), "b", table(219_000_002, 0..100));
        for paths in [[a.clone(), b.clone()], [b, a]] {
            let (arrivals, _) = read(&paths, &Options::default()).unwrap();
            let first = arrivals[0].report.mmsi();
            assert!(arrivals.chunks(2).all(|two| two[0].report.mmsi() == first));
        }
    }

    #[test]
    fn a_cut_gzip_gives_what_is_before_the_cut_and_says_so() {
        let root = tempfile::tempdir().unwrap();
        let stored = gzip(table(219_000_001, 0..20_000).as_bytes());
        let path = write(root.path(), "cut.csv.gz", &stored[..stored.len() / 2]);
        let (arrivals, intake) = read(&[path], &Options::default()).unwrap();
        assert!(arrivals.len() > 5_000 && is_in_order(&arrivals));
        assert_eq!(intake.total.rejected.iter().collect::<Vec<_>>(), [("cut_off", 1)]);
        let damage = intake.inputs[0].damage.as_deref().unwrap();
        assert!(damage.starts_with("ends in the middle of its gzip data"), "{damage}");
    }

    #[track_caller]
    fn check_refused(path: &Path, expected: &str) {
        let error = read(&[path.into()], &Options::default()).unwrap_err().to_string();
        assert!(error.starts_with(&format!("{} {expected}", path.display())), "{error}");
    }

    #[test]
    fn what_is_something_else_is_refused_by_name() {
        let root = tempfile::tempdir().unwrap();
        let png = write(root.path(), "map.csv", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR");
        check_refused(&png, "looks like a PNG image: expected NMEA lines");
        check_refused(&write(root.path(), "empty", ""), "is empty: expected");
        let packed = zstd::encode_all(HEADER.repeat(9000).as_bytes(), 1).unwrap();
        let cut = write(root.path(), "cut.zst", &packed[..packed.len().min(20)]);
        let found = "ends in the middle of its zstd data, before anything in it could be read: ";
        check_refused(&cut, found);
        check_refused(&write(root.path(), "empty.gz", gzip(b"")), "is empty: expected");
        let other = write(root.path(), "other.csv", "ship,time,lat,lon\n1,2,3,4\n");
        check_refused(&other, "has no column for mmsi; its columns are \"ship\", \"time\"");
        check_refused(root.path(), "holds nothing that can be read (5 files; the first, ");
        write(root.path(), "good.csv", table(219_000_001, 0..10));
        let sources = Sources::open(&[root.path().into()], &Options::default()).unwrap();
        assert_eq!(sources.skipped().len(), 5);
    }

    /// Gzip whose reads give `size` bytes each: a member ends a read.
    fn gzip_in_pieces(text: &[u8], size: usize) -> Vec<u8> {
        text.chunks(size).flat_map(gzip).collect()
    }

    #[test]
    fn how_the_bytes_are_packed_and_read_makes_no_difference() {
        let root = tempfile::tempdir().unwrap();
        // Disorder of hours, which cannot be put right wholly, beside an input that opens later.
        let shuffled = table(219_000_001, (0..9_000).map(|i| i + (i * 7919) % 11_000));
        let beside = write(root.path(), "beside", table(219_000_002, 3_000..9_000));
        let plain = write(root.path(), "plain", &shuffled);
        let expected = read(&[plain, beside.clone()], &Options::default()).unwrap().0;
        assert!(!is_in_order(&expected));
        for size in [1, 7, 512, 64 << 10, usize::MAX] {
            let packed = gzip_in_pieces(shuffled.as_bytes(), size);
            let path = write(root.path(), &format!("{size}.gz"), packed);
            let (found, _) = read(&[path, beside.clone()], &Options::default()).unwrap();
            assert!(found == expected, "pieces of {size}");
        }
    }

    #[test]
    fn hundreds_of_inputs_side_by_side_lose_nothing() {
        let root = tempfile::tempdir().unwrap();
        for i in 0..1_200_u32 {
            let rows = table(219_000_001 + i, (0..3_600).step_by(400));
            write(root.path(), &format!("{i}"), rows);
        }
        let (arrivals, intake) = read(&[root.path().into()], &Options::default()).unwrap();
        assert!(is_in_order(&arrivals));
        assert_eq!(arrivals.len(), 1_200 * 9);
        assert!(intake.inputs.iter().all(|input| !input.waited));
    }

    #[test]
    fn what_is_not_selected_is_counted() {
        let root = tempfile::tempdir().unwrap();
        let path = write(root.path(), "a", table(219_000_001, 0..1_000));
        let at = |text: &str| Some(Timestamp::parse(text).unwrap());
        let options = Options {
            since: at("2024-01-01T00:01:00Z"),
            until: at("2024-01-01T00:02:00Z"),
            ..Options::default()
        };
        let (arrivals, intake) = read(std::slice::from_ref(&path), &options).unwrap();
        assert_eq!(arrivals.len(), 60);
        assert_eq!(intake.total.outside_selection, 940);
        assert_eq!(intake.total.accepted, 1_000);
        let bbox = Some("0,0,10,10".parse().unwrap());
        let (arrivals, _) = read(&[path], &Options { bbox, ..Options::default() }).unwrap();
        assert_eq!(arrivals, []);
    }

    #[test]
    fn it_can_be_read_in_a_thread_of_its_own() {
        fn is_send<T: Send>() {}
        is_send::<Sources>();
    }

    /// `ALONGSIDE_RECORDINGS` names a folder of recordings; see CONTRIBUTING.md.
    #[test]
    fn recordings_are_read_to_their_end() {
        let Some(root) = std::env::var_os("ALONGSIDE_RECORDINGS").map(PathBuf::from) else {
            println!("skipped: ALONGSIDE_RECORDINGS is not set");
            return;
        };
        for folder in ["nmea", "nmea-reencoded", "tracks"] {
            for location in paths::expand(&[root.join(folder)]).unwrap() {
                let path = PathBuf::from(location.place.to_string());
                let mut options = Options::default();
                let name = path.file_name().unwrap().to_string_lossy().into_owned();
                if name.contains(".jsonl") {
                    let error = read(&[path], &options).unwrap_err();
                    assert!(error.to_string().contains("looks like JSON"), "{error}");
                    continue;
                }
                let mut text = Vec::new();
                let mut stream =
                    compression::ByteStream::open(&location.place, Arc::default()).unwrap();
                std::io::Read::read_to_end(&mut stream, &mut text).unwrap();
                let mut lines = memchr::memchr_iter(b'\n', &text).count() as u64;
                lines += u64::from(!text.ends_with(b"\n"));
                if text.starts_with(b"point_id") {
                    assert!(matches!(
                        read(std::slice::from_ref(&path), &options),
                        Err(SourceError::Columns { .. })
                    ));
                    options.columns = Some("mmsi=track_id".parse().unwrap());
                }
                let (arrivals, intake) = read(&[path], &options).unwrap();
                // A header is no record.
                lines -= u64::from(folder == "tracks");
                assert_eq!(intake.total.received, lines, "{name}");
                assert_eq!(intake.inputs[0].damage, None, "{name}");
                if folder != "nmea" {
                    assert_eq!(intake.total.step_back_ms_max, 0, "{name}");
                    assert!(is_in_order(&arrivals) && arrivals.len() as u64 * 1000 >= lines * 999);
                }
            }
        }
    }
}
