//! The journal: every line that was heard live, on disk before anything is made of it.
//!
//! Takes lines, gives them back after a restart; a line is accepted when [`Journal::commit`] has returned. A journal is
//! a folder of segments, `00000000000000000001.nmea` and so on, which `alongside replay` reads as they are. A segment
//! is lines with a comment behind each commit that holds its length and its checksum:
//!
//! ```text
//! 2026-11-27T15:00:00.123Z \s:harbour*1C\!AIVDM,1,1,,B,177KQJ5000G?tO`K>RA1wUbN0TKH,0*5C
//! #commit 87 5d0e3a1f
//! ```
//!
//! What stands behind the last commit that fits was never accepted, and is cut off when the journal is opened.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use maritime::Timestamp;

const EXTENSION: &str = "nmea";
const COMMIT: &str = "#commit ";
/// No commit is longer: the lines of one are bounded by [`super::pipeline`].
const COMMIT_BYTES_MAX: usize = 16 << 20;

/// How much is kept, and in which pieces.
#[derive(Debug, Clone, PartialEq)]
pub struct JournalOptions {
    /// The folder.
    pub directory: PathBuf,
    /// A segment ends when it is so long, …
    pub segment_bytes: u64,
    /// … or so old.
    pub segment_age: Duration,
    /// Of segments that are not needed to start again, so many bytes are kept …
    pub bytes_max: u64,
    /// … for so long.
    pub age_max: Duration,
}

/// The end of what was committed.
#[derive(Debug)]
pub struct Journal {
    options: JournalOptions,
    number: u64,
    file: File,
    /// Of the file, as committed.
    length: u64,
    begun_at: Timestamp,
}

impl Journal {
    /// Opens the journal in the folder, makes it if there is none, and cuts off what was never accepted.
    ///
    /// # Errors
    ///
    /// What the file system says.
    pub fn open(options: JournalOptions, now: Timestamp) -> io::Result<Self> {
        fs::create_dir_all(&options.directory)?;
        let last = segments(&options.directory)?.last().copied();
        let number = last.unwrap_or(1);
        let path = segment_path(&options.directory, number);
        let mut file =
            OpenOptions::new().read(true).append(true).create(true).truncate(false).open(&path)?;
        let length = committed_length(&mut file)?;
        if length < file.metadata()?.len() {
            let cut = file.metadata()?.len() - length;
            tracing::warn!(segment = %path.display(), bytes = cut, "cut off the end of the journal, which was never accepted");
            file.set_len(length)?;
            file.sync_all()?;
        }
        sync_directory(&options.directory)?;
        Ok(Journal { options, number, file, length, begun_at: now })
    }

    /// The number of the segment that is written to.
    pub fn segment(&self) -> u64 {
        self.number
    }

    /// Accepts `lines`, which end in a line feed each, and gives them with what was written behind them. What is
    /// returned is what a reader of the segment finds there.
    ///
    /// # Errors
    ///
    /// What the file system says; a full disk, for one. Nothing was accepted then, and it can be tried again.
    pub fn commit(&mut self, lines: &mut Vec<u8>) -> io::Result<()> {
        let length = lines.len();
        let checksum = crc32fast::hash(lines);
        writeln!(lines, "{COMMIT}{length} {checksum:08x}")?;
        let written = self.file.write_all(lines).and_then(|()| self.file.sync_data());
        if let Err(error) = written {
            lines.truncate(length);
            // Half of it may stand there.
            self.file.set_len(self.length)?;
            return Err(error);
        }
        self.length += lines.len() as u64;
        Ok(())
    }

    /// Whether the segment is as long or as old as it may be.
    pub fn is_full(&self, now: Timestamp) -> bool {
        let age_ms = now.millis_since(self.begun_at);
        self.length > 0
            && (self.length >= self.options.segment_bytes
                || u128::from(age_ms.max(0).unsigned_abs()) >= self.options.segment_age.as_millis())
    }

    /// Begins the next segment.
    ///
    /// # Errors
    ///
    /// What the file system says; the present one goes on then.
    pub fn roll(&mut self, now: Timestamp) -> io::Result<()> {
        let path = segment_path(&self.options.directory, self.number + 1);
        let file = OpenOptions::new().append(true).create_new(true).open(&path)?;
        sync_directory(&self.options.directory)?;
        (self.file, self.number, self.length, self.begun_at) = (file, self.number + 1, 0, now);
        Ok(())
    }

    /// Deletes the oldest segments before `needed_from`, as many as are too many or too old.
    ///
    /// # Errors
    ///
    /// What the file system says.
    pub fn sweep(&self, needed_from: u64) -> io::Result<()> {
        let directory = &self.options.directory;
        let mut kept = 0;
        for &number in segments(directory)?.iter().rev() {
            let path = segment_path(directory, number);
            let metadata = fs::metadata(&path)?;
            kept += metadata.len();
            let age = metadata.modified()?.elapsed().unwrap_or_default();
            if number < needed_from && (kept > self.options.bytes_max || age > self.options.age_max)
            {
                fs::remove_file(&path)?;
            }
        }
        Ok(())
    }
}

/// The numbers of the segments in a folder, in order.
///
/// # Errors
///
/// What the file system says.
pub fn segments(directory: &Path) -> io::Result<Vec<u64>> {
    let mut numbers = Vec::new();
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == EXTENSION)
            && let Some(stem) = path.file_stem().and_then(|stem| stem.to_str())
            && let Ok(number) = stem.parse()
        {
            numbers.push(number);
        }
    }
    numbers.sort_unstable();
    Ok(numbers)
}

/// Where a segment lies.
pub fn segment_path(directory: &Path, number: u64) -> PathBuf {
    directory.join(format!("{number:020}.{EXTENSION}"))
}

/// Up to where `file` is made of commits whose checksums fit.
fn committed_length(file: &mut File) -> io::Result<u64> {
    file.seek(SeekFrom::Start(0))?;
    let mut reader = Commits { input: file, buffer: Vec::new(), scanned: 0, ended: false };
    let mut length = 0;
    while let Some(commit) = reader.next()? {
        length += commit;
    }
    Ok(length)
}

/// Walks over the commits of a segment with as much memory as the longest of them takes.
struct Commits<'a> {
    input: &'a mut File,
    buffer: Vec<u8>,
    /// No mark of a commit ends before this.
    scanned: usize,
    ended: bool,
}

impl Commits<'_> {
    /// The length of the next commit with its mark; `None` where none follows that fits.
    fn next(&mut self) -> io::Result<Option<u64>> {
        loop {
            while let Some(end) = memchr::memchr(b'\n', &self.buffer[self.scanned..]) {
                let line = &self.buffer[self.scanned..self.scanned + end];
                let lines = &self.buffer[..self.scanned];
                if let Some(mark) = line.strip_prefix(COMMIT.as_bytes()) {
                    let expected = format!("{} {:08x}", lines.len(), crc32fast::hash(lines));
                    if mark != expected.as_bytes() {
                        return Ok(None);
                    }
                    let length = self.scanned + end + 1;
                    self.buffer.drain(..length);
                    self.scanned = 0;
                    return Ok(Some(length as u64));
                }
                self.scanned += end + 1;
            }
            if self.ended || self.buffer.len() > COMMIT_BYTES_MAX {
                return Ok(None);
            }
            let start = self.buffer.len();
            self.buffer.resize(start + (1 << 18), 0);
            let read = self.input.read(&mut self.buffer[start..])?;
            self.buffer.truncate(start + read);
            self.ended = read == 0;
        }
    }
}

/// Makes sure that a new file is found after a loss of power.
fn sync_directory(directory: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(directory)?.sync_all() } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(directory: &Path) -> JournalOptions {
        JournalOptions {
            directory: directory.into(),
            segment_bytes: 100,
            segment_age: Duration::from_secs(3600),
            bytes_max: 250,
            age_max: Duration::from_secs(86_400),
        }
    }

    fn at(secs: i64) -> Timestamp {
        Timestamp::from_secs(1_700_000_000 + secs)
    }

    fn open(directory: &Path) -> Journal {
        Journal::open(options(directory), at(0)).unwrap()
    }

    #[test]
    fn what_was_committed_is_there_and_what_was_not_is_cut_off() {
        let directory = tempfile::tempdir().unwrap();
        let mut journal = open(directory.path());
        journal.commit(&mut b"one\n".to_vec()).unwrap();
        journal.commit(&mut b"two\nthree\n".to_vec()).unwrap();
        drop(journal);
        let path = segment_path(directory.path(), 1);
        let whole = fs::read(&path).unwrap();
        for damage in [&b"four\n"[..], b"four\n#commit 5 00000000\n", b"#com", b"\0\0\0\n"] {
            fs::write(&path, [&whole, damage].concat()).unwrap();
            drop(open(directory.path()));
            assert_eq!(fs::read(&path).unwrap(), whole);
        }
        let mut flipped = whole.clone();
        flipped[20] ^= 1;
        fs::write(&path, &flipped).unwrap();
        drop(open(directory.path()));
        assert_eq!(fs::read(&path).unwrap(), whole[..first_commit(&whole)]);
    }

    /// How long the first commit is.
    fn first_commit(whole: &[u8]) -> usize {
        let mark = whole.iter().position(|&byte| byte == b'#').unwrap();
        mark + whole[mark..].iter().position(|&byte| byte == b'\n').unwrap() + 1
    }

    #[test]
    fn segments_end_and_the_oldest_go() {
        let directory = tempfile::tempdir().unwrap();
        let mut journal = open(directory.path());
        for _ in 0..12 {
            journal.commit(&mut [&[b'x'; 59][..], b"\n"].concat()).unwrap();
            if journal.is_full(at(1)) {
                journal.roll(at(1)).unwrap();
            }
        }
        assert_eq!(segments(directory.path()).unwrap(), [1, 2, 3, 4, 5, 6, 7]);
        journal.sweep(2).unwrap();
        assert_eq!(segments(directory.path()).unwrap(), [2, 3, 4, 5, 6, 7]);
        journal.sweep(7).unwrap();
        assert_eq!(segments(directory.path()).unwrap(), [6, 7]);
        drop(journal);
        assert_eq!(open(directory.path()).segment(), 7);
    }
}
