//! The journal: every line that was heard live, on disk before anything is made of it.
//!
//! Takes lines, gives them back after a restart; a line is accepted when [`Journal::commit`] has returned. A journal is
//! a folder of segments, `00000000000000000001.nmea` and so on, which `alongside replay` reads as they are. A segment
//! is lines with a comment behind each commit that holds its length and its checksum:
//!
//! ```text
//! 2026-11-27T15:00:00.123Z \f:harbour*2D\!AIVDM,1,1,,B,177KQJ5000G?tO`K>RA1wUbN0TKH,0*5C
//! #commit 87 5d0e3a1f 2026-11-27T15:00:00.171Z
//! ```
//!
//! What stands behind the last commit that fits was never accepted, and is cut off when the journal is opened. Damage
//! before that is said, and what can be read of it is read.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use maritime::Timestamp;

use super::log::Next;

const EXTENSION: &str = "nmea";
const COMMIT: &str = "#commit ";
/// No commit is longer: the lines of one are bounded by [`super::pipeline`].
const COMMIT_BYTES_MAX: usize = 64 << 20;

/// How much is kept, and in which pieces.
#[derive(Debug, Clone, PartialEq)]
pub struct JournalOptions {
    /// A topic of Kafka in place of the folder.
    pub topic: Option<String>,
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

impl JournalOptions {
    /// Whether a segment of so many bytes, begun then, is as long or as old as it may be.
    pub fn ends_segment(&self, length: u64, begun_at: Timestamp, now: Timestamp) -> bool {
        let age_ms = now.millis_since(begun_at);
        length > 0
            && (length >= self.segment_bytes
                || u128::from(age_ms.max(0).unsigned_abs()) >= self.segment_age.as_millis())
    }
}

/// The end of what was committed.
#[derive(Debug)]
pub struct Journal {
    options: JournalOptions,
    number: u64,
    file: File,
    /// Of the file, as committed.
    length: u64,
    /// Something may stand behind that.
    dirty: bool,
    begun_at: Timestamp,
    /// Nobody else writes here while it is held.
    _lock: File,
}

impl Journal {
    /// Opens the journal in the folder, makes it if there is none, and cuts off what was never accepted. Its segments
    /// have numbers from `least` on, which stays so if somebody has removed them.
    ///
    /// # Errors
    ///
    /// What the file system says; another program has it open.
    pub fn open(options: JournalOptions, least: u64, now: Timestamp) -> io::Result<Self> {
        fs::create_dir_all(&options.directory)?;
        let lock = File::create(options.directory.join(".lock"))?;
        lock.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => {
                io::Error::new(io::ErrorKind::ResourceBusy, "another program has it open")
            }
            TryLockError::Error(error) => error,
        })?;
        let last = segments(&options.directory)?.last().copied();
        let number = last.unwrap_or(least).max(least);
        let path = segment_path(&options.directory, number);
        let mut file =
            OpenOptions::new().read(true).append(true).create(true).truncate(false).open(&path)?;
        let length = committed_length(&path)?;
        let found = file.seek(SeekFrom::End(0))?;
        if length < found {
            let (segment, bytes) = (path.display(), found - length);
            tracing::warn!(%segment, bytes, "cut off the end of the journal, which was never accepted");
            file.set_len(length)?;
            file.sync_all()?;
        }
        sync_directory(&options.directory)?;
        Ok(Journal { options, number, file, length, dirty: false, begun_at: now, _lock: lock })
    }

    /// The number of the segment that is written to.
    pub fn segment(&self) -> u64 {
        self.number
    }

    /// How much of that segment is accepted.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// The oldest segment that is there.
    ///
    /// # Errors
    ///
    /// What the file system says.
    pub fn first(&self) -> io::Result<Option<u64>> {
        Ok(segments(&self.options.directory)?.first().copied())
    }

    /// How many bytes there are from a segment on.
    ///
    /// # Errors
    ///
    /// What the file system says.
    pub fn bytes_from(&self, segment: u64) -> io::Result<u64> {
        let mut bytes = 0;
        for number in segments(&self.options.directory)? {
            if number >= segment {
                bytes += fs::metadata(segment_path(&self.options.directory, number))?.len();
            }
        }
        Ok(bytes)
    }

    /// What a segment is called where people read.
    pub fn place(&self, segment: u64) -> String {
        segment_path(&self.options.directory, segment).display().to_string()
    }

    /// Accepts `lines`, which end in a line feed each, at `now`; appends to them what was written behind them, so that
    /// they are what a reader of the segment finds there.
    ///
    /// # Errors
    ///
    /// What the file system says; a full disk, for one. Nothing was accepted then, and it can be tried again.
    pub fn commit(&mut self, lines: &mut Vec<u8>, now: Timestamp) -> io::Result<()> {
        if self.dirty {
            self.file.set_len(self.length)?;
            self.dirty = false;
        }
        let length = lines.len();
        mark(lines, now);
        self.dirty = true;
        if let Err(error) = self.file.write_all(lines).and_then(|()| self.file.sync_data()) {
            lines.truncate(length);
            return Err(error);
        }
        self.dirty = false;
        self.length += lines.len() as u64;
        Ok(())
    }

    /// Whether the segment is as long or as old as it may be.
    pub fn is_full(&self, now: Timestamp) -> bool {
        self.options.ends_segment(self.length, self.begun_at, now)
    }

    /// Begins the next segment.
    ///
    /// # Errors
    ///
    /// What the file system says; the present one goes on then.
    pub fn roll(&mut self, now: Timestamp) -> io::Result<()> {
        let path = segment_path(&self.options.directory, self.number + 1);
        // One that was made and could not be made sure of is there already, and empty.
        let file = OpenOptions::new().append(true).create(true).open(&path)?;
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

/// Reads a journal that is written to meanwhile, from the beginning of a segment on.
pub struct Reader {
    segment: u64,
    commits: Option<Commits>,
    read: u64,
}

impl Reader {
    /// Before the first line of a segment, which may have been removed.
    pub fn new(segment: u64) -> Self {
        Reader { segment, commits: None, read: 0 }
    }

    /// How many bytes of the segment were read.
    pub fn read(&self) -> u64 {
        self.read
    }

    /// What stands next.
    ///
    /// # Errors
    ///
    /// What the file system says.
    pub fn next(&mut self, journal: &Journal) -> io::Result<Next<'_>> {
        let directory = &journal.options.directory;
        let is_last = self.segment == journal.number;
        if self.commits.is_none() {
            let path = segment_path(directory, self.segment);
            if path.exists() {
                self.commits = Some(Commits::open(&path)?);
            }
        }
        let end = if is_last { journal.length } else { u64::MAX };
        let has_more = match &mut self.commits {
            Some(commits) => commits.advance(end)?,
            None => false,
        };
        if !has_more && is_last {
            return Ok(Next::Nothing);
        }
        if !has_more {
            let numbers = segments(directory)?;
            let next = numbers.into_iter().find(|number| *number > self.segment);
            *self = Reader::new(next.unwrap_or(journal.number));
            return Ok(Next::Segment(self.segment));
        }
        let commits = self.commits.as_ref().expect("there is more of them");
        let commit = commits.present();
        self.read += commit.bytes.len() as u64;
        Ok(Next::Commit(commit))
    }
}

/// The numbers of the segments in a folder, in order.
fn segments(directory: &Path) -> io::Result<Vec<u64>> {
    let mut numbers = Vec::new();
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == EXTENSION)
            && let Some(stem) = path.file_stem().and_then(|stem| stem.to_str())
            && stem.len() == 20
            && let Ok(number) = stem.parse()
        {
            numbers.push(number);
        }
    }
    numbers.sort_unstable();
    Ok(numbers)
}

/// Where a segment lies.
fn segment_path(directory: &Path, number: u64) -> PathBuf {
    directory.join(format!("{number:020}.{EXTENSION}"))
}

/// Up to where the last commit of a segment reaches whose checksum fits.
fn committed_length(path: &Path) -> io::Result<u64> {
    let mut commits = Commits::open(path)?;
    let (mut length, mut whole) = (0, 0);
    while commits.advance(u64::MAX)? {
        let commit = commits.present();
        length += commit.bytes.len() as u64;
        if commit.is_whole() {
            whole = length;
        }
    }
    Ok(whole)
}

/// Walks over the commits of a segment with as much memory as the longest of them takes.
struct Commits {
    input: File,
    buffer: Vec<u8>,
    /// The present commit takes so much of it, …
    given: usize,
    /// … and was accepted then, if its checksum fits.
    at: Option<Timestamp>,
    /// No mark of a commit ends before this.
    scanned: usize,
    /// Bytes read of the segment.
    read: u64,
}

/// Some lines that were accepted together.
pub struct Commit<'a> {
    /// The lines, and the mark behind them.
    pub bytes: &'a [u8],
    /// When; unknown where they or the mark are damaged.
    pub at: Option<Timestamp>,
}

impl Commit<'_> {
    /// Its checksum fits.
    pub fn is_whole(&self) -> bool {
        self.at.is_some()
    }
}

impl Commits {
    /// From the beginning of a segment.
    fn open(path: &Path) -> io::Result<Self> {
        let input = File::open(path)?;
        Ok(Commits { input, buffer: Vec::new(), given: 0, at: None, scanned: 0, read: 0 })
    }

    /// Goes on to the next commit of the first `end` bytes; says whether there is one. Where there is none, more may
    /// follow when the segment has grown.
    fn advance(&mut self, end: u64) -> io::Result<bool> {
        self.buffer.drain(..self.given);
        self.given = 0;
        loop {
            while let Some(end) = memchr::memchr(b'\n', &self.buffer[self.scanned..]) {
                let start = self.scanned;
                self.scanned += end + 1;
                let (lines, mark) = self.buffer[..start + end].split_at(start);
                if mark.starts_with(COMMIT.as_bytes()) {
                    self.at = committed_at(lines, mark);
                    self.given = self.scanned;
                    self.scanned = 0;
                    return Ok(true);
                }
            }
            let left = end.saturating_sub(self.read).min(1 << 18) as usize;
            if left == 0 || self.buffer.len() > COMMIT_BYTES_MAX {
                return Ok(false);
            }
            let start = self.buffer.len();
            self.buffer.resize(start + left, 0);
            let read = self.input.read(&mut self.buffer[start..])?;
            self.buffer.truncate(start + read);
            self.read += read as u64;
            if read == 0 {
                return Ok(false);
            }
        }
    }

    /// The commit that it has come to.
    fn present(&self) -> Commit<'_> {
        Commit { bytes: &self.buffer[..self.given], at: self.at }
    }
}

/// Appends to `lines` the mark of a commit at `now`.
pub fn mark(lines: &mut Vec<u8>, now: Timestamp) {
    let (length, checksum) = (lines.len(), crc32fast::hash(lines));
    lines.extend_from_slice(format!("{COMMIT}{length} {checksum:08x} {now}\n").as_bytes());
}

/// When `lines` were accepted, by the mark behind them, without its end; `None` where that does not fit them.
pub fn committed_at(lines: &[u8], mark: &[u8]) -> Option<Timestamp> {
    let expected = format!("{COMMIT}{} {:08x} ", lines.len(), crc32fast::hash(lines));
    let at = mark.strip_prefix(expected.as_bytes())?;
    Timestamp::parse(std::str::from_utf8(at).ok()?).ok()
}

/// Makes sure that a new file is found after a loss of power.
pub(super) fn sync_directory(directory: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(directory)?.sync_all() } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(directory: &Path) -> JournalOptions {
        JournalOptions {
            topic: None,
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
        Journal::open(options(directory), 1, at(0)).unwrap()
    }

    #[test]
    fn what_was_committed_is_there_and_what_was_not_is_cut_off() {
        let directory = tempfile::tempdir().unwrap();
        let mut journal = open(directory.path());
        journal.commit(&mut b"one\n".to_vec(), at(0)).unwrap();
        journal.commit(&mut b"two\nthree\n".to_vec(), at(1)).unwrap();
        drop(journal);
        let path = segment_path(directory.path(), 1);
        let whole = fs::read(&path).unwrap();
        for damage in [&b"four\n"[..], b"four\n#commit 5 00000000\n", b"#com", b"\0\0\0\n"] {
            fs::write(&path, [&whole, damage].concat()).unwrap();
            drop(open(directory.path()));
            assert_eq!(fs::read(&path).unwrap(), whole);
        }
        let first = first_commit(&whole);
        let flipped = |index: usize| {
            let mut flipped = whole.clone();
            flipped[index] ^= 1;
            fs::write(&path, &flipped).unwrap();
            drop(open(directory.path()));
            (flipped, fs::read(&path).unwrap())
        };
        let (_, left) = flipped(first + 1);
        assert_eq!(left, whole[..first]);
        // What was accepted behind the damage is not lost with it.
        let (damaged, left) = flipped(1);
        assert_eq!(left, damaged);
        let mut commits = Commits::open(&path).unwrap();
        assert!(commits.advance(u64::MAX).unwrap() && !commits.present().is_whole());
        assert!(commits.advance(u64::MAX).unwrap());
        assert_eq!(commits.present().at, Some(at(1)));
        assert!(!commits.advance(u64::MAX).unwrap());
    }

    #[test]
    fn two_programs_do_not_write_one_journal_and_numbers_do_not_come_again() {
        let directory = tempfile::tempdir().unwrap();
        let journal = open(directory.path());
        let error = Journal::open(options(directory.path()), 1, at(0)).unwrap_err();
        assert_eq!(error.to_string(), "another program has it open");
        drop(journal);
        fs::remove_file(segment_path(directory.path(), 1)).unwrap();
        fs::write(directory.path().join("9.nmea"), b"").unwrap();
        let journal = Journal::open(options(directory.path()), 7, at(0)).unwrap();
        assert_eq!(journal.segment(), 7);
    }

    #[test]
    fn a_reader_goes_from_segment_to_segment_while_more_is_written() {
        let directory = tempfile::tempdir().unwrap();
        let mut journal = open(directory.path());
        let mut reader = Reader::new(journal.first().unwrap().unwrap());
        let read = |reader: &mut Reader, journal: &Journal| {
            let mut all = String::new();
            loop {
                match reader.next(journal).unwrap() {
                    Next::Commit(commit) => {
                        let end = commit.bytes.iter().position(|&byte| byte == b'\n').unwrap();
                        all += std::str::from_utf8(&commit.bytes[..end]).unwrap();
                    }
                    Next::Segment(number) => all += &format!("|{number}|"),
                    Next::Nothing => return all,
                    Next::Later(_) => unreachable!("files are there"),
                }
            }
        };
        assert_eq!(read(&mut reader, &journal), "");
        journal.commit(&mut b"a\n".to_vec(), at(0)).unwrap();
        journal.commit(&mut b"b\n".to_vec(), at(0)).unwrap();
        assert_eq!(read(&mut reader, &journal), "ab");
        journal.commit(&mut b"c\n".to_vec(), at(0)).unwrap();
        journal.roll(at(1)).unwrap();
        journal.roll(at(2)).unwrap();
        journal.commit(&mut b"d\n".to_vec(), at(2)).unwrap();
        assert_eq!(read(&mut reader, &journal), "c|2||3|d");
        fs::remove_file(segment_path(directory.path(), 2)).unwrap();
        assert_eq!(read(&mut Reader::new(1), &journal), "abc|3|d");
        assert_eq!(read(&mut Reader::new(2), &journal), "|3|d");
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
            journal.commit(&mut [&[b'x'; 29][..], b"\n"].concat(), at(0)).unwrap();
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
