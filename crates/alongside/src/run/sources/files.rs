//! Files that grow, and folders to which files come.
//!
//! Both are looked at again and again, and how far they were read is marked in the journal with the lines.

use std::collections::{HashMap, HashSet};
use std::fs::{self, File, Metadata};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::sleep;
use std::time::{Duration, Instant, UNIX_EPOCH};

use memchr::memrchr;
use source::{ByteStream, Place};
use tokio::runtime::Handle;

use super::lines::Lines;
use super::marks::{MARKS_MAX, Mark, Marks};
use super::{Feed, Refusal};

/// Between looks at a file that has not grown.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// Between looks at a folder. A file that has not changed from one to the next is whole.
const SCAN_EVERY: Duration = Duration::from_secs(1);
/// Bytes read at once. A line that is longer is refused.
const BLOCK_BYTES: usize = 64 << 10;
/// Lines pack to a tenth or so. What unpacks to more than this many times its size, and to more than
/// [`UNPACKED_BYTES_FREE`], is something else.
const UNPACKED_RATIO_MAX: u64 = 100;
const UNPACKED_BYTES_FREE: u64 = 16 << 20;
/// Between looks whether it is to stop, where what is known is passed over.
const SKIPPED_BYTES: u64 = 16 << 20;
/// A last line without an end is half of one, until the file has stayed as it is for so long.
const ENDS_AFTER: Duration = Duration::from_secs(10);
/// How the name of a file ends that somebody is still writing.
const UNFINISHED: [&str; 4] = [".tmp", ".part", ".partial", ".swp"];

/// Reads a file as it grows, from its beginning, or from where it was read to when it is known. One that is put in its
/// place is read from its beginning once the old one has been read to its end, and so is one that has become shorter.
pub async fn follow(feed: &Feed, path: &Path) -> io::Result<()> {
    let Some(marks) = feed.marks().await else { return Ok(()) };
    let (feed, path) = (feed.clone(), path.to_owned());
    in_a_thread(move |runtime| Follower::new(feed, path, &marks, runtime).run()).await
}

/// Reads every file that comes to a folder, plain, gzip or zstd, once; of one that has been read and grows, what is new.
pub async fn watch(feed: &Feed, path: &Path) -> io::Result<()> {
    let Some(marks) = feed.marks().await else { return Ok(()) };
    let (feed, path) = (feed.clone(), path.to_owned());
    in_a_thread(move |runtime| Watcher::new(feed, path, marks, runtime).run()).await
}

/// Files are waited for. Whoever runs there looks itself whether it is to stop.
pub async fn in_a_thread(
    run: impl FnOnce(Handle) -> io::Result<()> + Send + 'static,
) -> io::Result<()> {
    let runtime = Handle::current();
    let joined = tokio::task::spawn_blocking(move || run(runtime)).await;
    joined.unwrap_or_else(|_| Err(io::Error::other("it has failed")))
}

struct Follower {
    feed: Feed,
    path: PathBuf,
    runtime: Handle,
    lines: Lines,
    file: Option<File>,
    /// Of the file that is open, or was read last.
    id: String,
    /// All before it has been given on.
    offset: u64,
    buffer: Vec<u8>,
}

impl Follower {
    fn new(feed: Feed, path: PathBuf, marks: &Marks, runtime: Handle) -> Self {
        let lines = Lines::new(&feed.options.name);
        let name = path.to_string_lossy();
        let mark = marks.iter().find(|mark| mark.item == *name);
        Follower {
            lines,
            feed,
            path,
            runtime,
            file: None,
            id: mark.map(|mark| mark.id.clone()).unwrap_or_default(),
            offset: mark.map_or(0, |mark| mark.offset),
            buffer: vec![0; BLOCK_BYTES],
        }
    }

    fn run(mut self) -> io::Result<()> {
        let mut trouble = String::new();
        while !self.feed.is_stopped() {
            match self.go_on() {
                Ok(()) => trouble.clear(),
                Err(error) => {
                    let reason = error.to_string();
                    if reason != trouble {
                        tracing::warn!(
                            source = self.feed.options.name,
                            reason,
                            "cannot read the file; it is tried again"
                        );
                        trouble = reason;
                    }
                }
            }
            sleep(LOOK_EVERY);
        }
        Ok(())
    }

    fn go_on(&mut self) -> io::Result<()> {
        if self.file.is_none() {
            self.open()?;
        }
        self.read_on(false)?;
        let Ok(metadata) = fs::metadata(&self.path) else { return Ok(()) };
        if id(&metadata) != self.id {
            // Another has taken its place: nothing more comes to this one.
            self.read_on(true)?;
            self.file = None;
            tracing::info!(source = self.feed.options.name, "another file is in its place");
            return self.go_on();
        }
        if metadata.len() < self.offset {
            tracing::warn!(
                source = self.feed.options.name,
                "the file has become shorter; it is read from its beginning"
            );
            self.offset = 0;
        }
        Ok(())
    }

    fn open(&mut self) -> io::Result<()> {
        let file = File::open(&self.path)?;
        let found = id(&file.metadata()?);
        if found != self.id {
            // What was moved away while we were not there may still have something for us.
            if !self.id.is_empty()
                && let Some(old) = self.moved()
            {
                self.file = Some(old);
                self.read_on(true)?;
            }
            (self.id, self.offset) = (found, 0);
        }
        self.file = Some(file);
        Ok(())
    }

    /// The file that was read last, under another name in the same folder.
    fn moved(&self) -> Option<File> {
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty());
        for entry in fs::read_dir(folder.unwrap_or(Path::new("."))).ok()?.flatten() {
            // One that has just gone is not the one.
            let Ok(metadata) = entry.metadata() else { continue };
            if metadata.is_file() && id(&metadata) == self.id && metadata.len() >= self.offset {
                return File::open(entry.path()).ok();
            }
        }
        tracing::warn!(
            source = self.feed.options.name,
            "the file that was read last is gone, with what it had more"
        );
        None
    }

    /// Gives on whole lines up to the end of the file; of one that has ended the last line too.
    fn read_on(&mut self, ends: bool) -> io::Result<()> {
        let Some(file) = &mut self.file else { return Ok(()) };
        loop {
            file.seek(SeekFrom::Start(self.offset))?;
            let length = fill(file, &mut self.buffer)?;
            let bytes = &self.buffer[..length];
            let whole = match memrchr(b'\n', bytes) {
                Some(end) => end + 1,
                // No line is so long.
                None if ends || length == BLOCK_BYTES => length,
                None => 0,
            };
            if whole == 0 {
                return Ok(());
            }
            self.lines.push(&bytes[..whole], &self.feed.gauge);
            self.offset += whole as u64;
            if ends && length < BLOCK_BYTES && whole == length {
                self.lines.end(&self.feed.gauge);
            }
            let mark = Mark {
                source: self.feed.options.name.clone(),
                item: self.path.display().to_string(),
                offset: self.offset,
                id: self.id.clone(),
                done: false,
                gone: false,
            };
            self.lines.mark(&mark.line());
            if !self.feed.give_and_wait(&self.runtime, &mut self.lines) {
                return Ok(());
            }
        }
    }
}

struct Watcher {
    feed: Feed,
    path: PathBuf,
    runtime: Handle,
    lines: Lines,
    /// What was read of each file by its name.
    read: HashMap<String, Mark>,
    /// The same by what a file is known by: where names were passed on, one mark may have taken another's name.
    by_id: HashMap<String, Mark>,
    /// What was there at the last look.
    seen: HashMap<String, String>,
    /// Files that end in the middle of a line, what they were like, and since when.
    unended: HashMap<String, (String, Instant)>,
    is_full: bool,
}

impl Watcher {
    fn new(feed: Feed, path: PathBuf, marks: Marks, runtime: Handle) -> Self {
        let read = marks.iter().map(|mark| (mark.item.clone(), mark.clone())).collect();
        let by_id = |mark: &Mark| (id_of(&mark.id).to_owned(), mark.clone());
        let by_id = marks.iter().map(by_id).collect();
        let lines = Lines::new(&feed.options.name);
        let (seen, unended) = (HashMap::new(), HashMap::new());
        Watcher { feed, path, runtime, lines, read, by_id, seen, unended, is_full: false }
    }

    fn run(mut self) -> io::Result<()> {
        let mut trouble = String::new();
        while !self.feed.is_stopped() {
            match self.look() {
                Ok(()) => trouble.clear(),
                Err(error) => {
                    let reason = error.to_string();
                    if reason != trouble {
                        tracing::warn!(
                            source = self.feed.options.name,
                            reason,
                            "cannot read the folder; it is tried again"
                        );
                        trouble = reason;
                    }
                }
            }
            let mut left = SCAN_EVERY;
            while left > Duration::ZERO && !self.feed.is_stopped() {
                sleep(LOOK_EVERY);
                left = left.saturating_sub(LOOK_EVERY);
            }
        }
        Ok(())
    }

    fn look(&mut self) -> io::Result<()> {
        let mut found = HashMap::new();
        let mut whole = Vec::new();
        for entry in fs::read_dir(&self.path)? {
            let entry = entry?;
            // A name that is no text cannot be marked; nobody who has recordings to give names them so.
            let Ok(name) = entry.file_name().into_string() else { continue };
            let hidden = name.starts_with('.') || UNFINISHED.iter().any(|end| name.ends_with(end));
            let metadata = fs::metadata(entry.path());
            let Some(metadata) = metadata.ok().filter(|metadata| metadata.is_file() && !hidden)
            else {
                continue;
            };
            let state = state(&metadata);
            self.follow_name(&name, &state);
            let is_waited_for = self
                .unended
                .get(&name)
                .is_some_and(|(before, since)| *before == state && since.elapsed() < ENDS_AFTER);
            let is_done = is_waited_for
                || self.read.get(&name).is_some_and(|mark| mark.done && mark.id == state);
            if !is_done && self.seen.get(&name) == Some(&state) {
                whole.push((name.clone(), metadata.len(), state.clone()));
            }
            found.insert(name, state);
        }
        let gone: Vec<Mark> =
            self.read.values().filter(|mark| !found.contains_key(&mark.item)).cloned().collect();
        self.unended.retain(|name, _| found.contains_key(name));
        let ids: HashSet<&str> = found.values().map(|state| id_of(state)).collect();
        self.by_id.retain(|id, _| ids.contains(id.as_str()));
        for mark in gone {
            self.read.remove(&mark.item);
            self.lines.mark(&Mark { gone: true, ..mark }.line());
        }
        self.seen = found;
        whole.sort();
        for (name, bytes, state) in whole {
            if self.read.len() >= MARKS_MAX && !self.read.contains_key(&name) {
                if !std::mem::replace(&mut self.is_full, true) {
                    tracing::error!(
                        source = self.feed.options.name,
                        "the folder has more files than can be remembered; take some away"
                    );
                }
                break;
            }
            if !self.read_file(&name, bytes, &state) {
                break;
            }
        }
        self.feed.give_and_wait(&self.runtime, &mut self.lines);
        Ok(())
    }

    /// A file that was read under another name, as logrotate leaves it, has been read under this one.
    fn follow_name(&mut self, name: &str, state: &str) {
        // Without the number of a file, two that were made at one time would be taken for one.
        let is_numbered = !id_of(state).starts_with(':');
        if !is_numbered || self.read.len() >= MARKS_MAX {
            return;
        }
        if self.read.get(name).is_some_and(|mark| has_grown(&mark.id, state)) {
            return;
        }
        let known = self.by_id.get(id_of(state));
        // Where a file system does not say when a file was made, its number may have been another's before.
        let is_same = |mark: &&Mark| {
            mark.id == state || (!id_of(state).ends_with(":0") && has_grown(&mark.id, state))
        };
        let Some(mark) = known.filter(is_same).cloned() else { return };
        let mark = Mark { item: name.to_owned(), ..mark };
        self.lines.mark(&mark.line());
        self.remember(mark);
    }

    fn remember(&mut self, mark: Mark) {
        self.by_id.insert(id_of(&mark.id).to_owned(), mark.clone());
        self.read.insert(mark.item.clone(), mark);
    }

    /// Reads a file to its end; says whether there is somebody to read for.
    fn read_file(&mut self, name: &str, bytes: u64, state: &str) -> bool {
        let known = self.read.get(name).filter(|mark| has_grown(&mark.id, state));
        let mut mark = Mark {
            source: self.feed.options.name.clone(),
            item: name.to_owned(),
            offset: known.map_or(0, |mark| mark.offset),
            id: state.to_owned(),
            done: false,
            gone: false,
        };
        let waited = self.unended.remove(name).filter(|(before, _)| before == state);
        match self.read_into_lines(&self.path.join(name), bytes, &mut mark, waited.is_some()) {
            Ok(Reading::Stopped) => return false,
            Ok(Reading::Unended) => {
                self.unended.insert(name.to_owned(), (state.to_owned(), Instant::now()));
                self.remember(mark);
                return true;
            }
            Ok(Reading::Ended) => {}
            Err((refusal, reason)) => {
                self.feed.gauge.refuse(refusal);
                // What the next file begins with is no part of a line of this one.
                self.lines.end(&self.feed.gauge);
                tracing::error!(source = self.feed.options.name, file = %maritime::shown(name), reason, "a file was not read to its end");
            }
        }
        mark.done = true;
        self.lines.mark(&mark.line());
        self.remember(mark);
        self.feed.give_and_wait(&self.runtime, &mut self.lines)
    }

    fn read_into_lines(
        &mut self,
        path: &Path,
        packed: u64,
        mark: &mut Mark,
        ends: bool,
    ) -> Result<Reading, (Refusal, String)> {
        let damaged = |error: io::Error| (Refusal::Damaged, error.to_string());
        let place = Place::File { path: path.to_owned(), bytes: packed };
        let mut stream = ByteStream::open(&place, Arc::default()).map_err(damaged)?;
        let most = UNPACKED_BYTES_FREE + packed.saturating_mul(UNPACKED_RATIO_MAX);
        let is_plain = matches!(stream, ByteStream::Plain(_));
        let mut unpacked = 0;
        while unpacked < mark.offset {
            if self.feed.is_stopped() {
                return Ok(Reading::Stopped);
            }
            let known = (&mut stream).take((mark.offset - unpacked).min(SKIPPED_BYTES));
            let skipped = io::copy(&mut { known }, &mut io::sink()).map_err(damaged)?;
            if skipped == 0 {
                break;
            }
            unpacked += skipped;
        }
        let mut buffer = Vec::new();
        // Whether part of a line that is longer than any was given on.
        let mut is_within_line = false;
        loop {
            let start = buffer.len();
            buffer.resize(start + BLOCK_BYTES, 0);
            // What came before the damage is given on.
            let length = stream
                .read(&mut buffer[start..])
                .map_err(|error| (Refusal::Damaged, stream.describe(&error)))?;
            buffer.truncate(start + length);
            unpacked += length as u64;
            if unpacked > most {
                return Err((Refusal::Bomb, format!("{packed} bytes unpack to more than {most}")));
            }
            let is_over = length == 0;
            if is_over && is_plain && !ends && !is_within_line && !buffer.is_empty() {
                return Ok(Reading::Unended);
            }
            let whole = match memrchr(b'\n', &buffer) {
                _ if is_over => buffer.len(),
                Some(end) => end + 1,
                // No line is so long.
                None if buffer.len() >= BLOCK_BYTES => buffer.len(),
                None => 0,
            };
            self.lines.push(&buffer[..whole], &self.feed.gauge);
            is_within_line = match whole {
                0 => is_within_line,
                _ => buffer[whole - 1] != b'\n',
            };
            buffer.drain(..whole);
            mark.offset += whole as u64;
            if is_over {
                self.lines.end(&self.feed.gauge);
                return Ok(Reading::Ended);
            }
            self.lines.mark(&mark.line());
            if !self.feed.give_and_wait(&self.runtime, &mut self.lines) {
                return Ok(Reading::Stopped);
            }
        }
    }
}

/// How far a file was read.
enum Reading {
    /// To its end.
    Ended,
    /// To the beginning of a line whose end is not there.
    Unended,
    /// Nobody takes any more.
    Stopped,
}

/// Reads until the buffer is full or nothing more comes.
fn fill(input: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match input.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(length) => filled += length,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// By what a file is known whatever its name is. Numbers come again when a file is gone, so when it was made counts too.
fn id(metadata: &Metadata) -> String {
    let made = metadata.created().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok());
    format!("{}:{}", number(metadata), made.unwrap_or_default().as_millis())
}

#[cfg(unix)]
fn number(metadata: &Metadata) -> String {
    use std::os::unix::fs::MetadataExt;
    format!("{}:{}", metadata.dev(), metadata.ino())
}

#[cfg(not(unix))]
fn number(_: &Metadata) -> String {
    String::new()
}

/// By what it is seen that a file has changed: which it is, its length, and when it was written to.
fn state(metadata: &Metadata) -> String {
    let modified = metadata.modified().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok());
    format!("{} {} {}", id(metadata), metadata.len(), modified.unwrap_or_default().as_millis())
}

/// The part of a state by which a file is known.
fn id_of(state: &str) -> &str {
    state.split(' ').next().unwrap_or_default()
}

/// Whether a file of which one state was read is now the same with more behind it.
fn has_grown(before: &str, now: &str) -> bool {
    let parts = |state: &str| {
        let (id, rest) = state.split_once(' ')?;
        Some((id.to_owned(), rest.split_once(' ')?.0.parse::<u64>().ok()?))
    };
    match (parts(before), parts(now)) {
        (Some((id, length)), Some((id_now, length_now))) => id == id_now && length_now >= length,
        _ => false,
    }
}
