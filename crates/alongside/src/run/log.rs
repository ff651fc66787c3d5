//! Where lines are accepted and whence they are read again: the local journal, or a topic in its place.

use std::io;

use maritime::Timestamp;
use sink::Kafka;

use super::journal::{self, Commit, Journal, JournalOptions};
use super::topic::{self, Topic};

/// Lines of one commit, as far as they can be chosen: so much is taken by brokers that nobody has set up.
const MESSAGE_BYTES: usize = 512 << 10;
/// A commit to the local journal takes no more than this.
const COMMIT_BYTES_MAX: usize = 4 << 20;

/// One of the two.
pub enum Log {
    Files(Journal),
    Topic(Box<Topic>),
}

/// Reads it from the beginning of a segment on, while it is written to.
pub enum Reader {
    Files(journal::Reader),
    Topic(Box<topic::Reader>),
}

/// What stands next.
pub enum Next<'a> {
    /// Lines that were accepted together.
    Commit(Commit<'a>),
    /// Nothing more in this segment; this is the next one.
    Segment(u64),
    /// Nothing; all that was accepted has been read.
    Nothing,
    /// Something, but it has not come yet; why, if it takes long.
    Later(Option<String>),
}

/// Lines were accepted.
pub struct Accepted {
    /// When, as it stands with them.
    pub at: Timestamp,
    /// They stand directly behind what the log was known to have.
    pub follows: bool,
}

/// Lines were not accepted, …
pub enum Refused {
    /// … and are to be given again.
    ForNow(String),
    /// … and never will be by this program.
    ForGood(anyhow::Error),
}

/// Why a log cannot be opened.
#[derive(Debug)]
pub enum OpenError {
    /// Whoever has it does not answer now.
    Away(String),
    /// As it is, it cannot be used.
    Failed(anyhow::Error),
}

impl Log {
    /// Opens it, where there is none makes it. Segments of files have numbers from `least` on.
    ///
    /// # Errors
    ///
    /// It cannot be used, or not now.
    pub fn open(
        options: JournalOptions,
        kafka: &Kafka,
        least: u64,
        now: Timestamp,
    ) -> Result<Self, OpenError> {
        match options.topic.clone() {
            Some(name) => {
                let topic = Topic::open(options, kafka.clone(), &name, now)?;
                Ok(Log::Topic(Box::new(topic)))
            }
            None => match Journal::open(options, least, now) {
                Ok(journal) => Ok(Log::Files(journal)),
                Err(error) => Err(OpenError::Failed(error.into())),
            },
        }
    }

    /// What it is called where people read.
    pub fn name(&self) -> String {
        match self {
            Log::Files(_) => "journal".into(),
            Log::Topic(topic) => format!("topic {}", topic.name()),
        }
    }

    /// The topic, if it is one.
    pub fn topic(&self) -> Option<&str> {
        match self {
            Log::Files(_) => None,
            Log::Topic(topic) => Some(topic.name()),
        }
    }

    /// Where a segment is, where people read.
    pub fn place(&self, segment: u64) -> String {
        match self {
            Log::Files(journal) => journal.place(segment),
            Log::Topic(topic) => format!("topic {} from offset {segment}", topic.name()),
        }
    }

    /// The number of the segment that is written to, …
    pub fn segment(&self) -> u64 {
        match self {
            Log::Files(journal) => journal.segment(),
            Log::Topic(topic) => topic.segment().0,
        }
    }

    /// … and how much of it is accepted: bytes of a file, messages of a topic.
    pub fn length(&self) -> u64 {
        match self {
            Log::Files(journal) => journal.length(),
            Log::Topic(topic) => topic.segment().1,
        }
    }

    /// How much a commit is of that.
    pub fn measure(&self, commit: &[u8]) -> u64 {
        match self {
            Log::Files(_) => commit.len() as u64,
            Log::Topic(_) => 1,
        }
    }

    /// How much there is behind the first `read` of a segment.
    ///
    /// # Errors
    ///
    /// What the file system says.
    pub fn unread(&self, segment: u64, read: u64) -> io::Result<u64> {
        match self {
            Log::Files(journal) => {
                journal.bytes_from(segment).map(|bytes| bytes.saturating_sub(read))
            }
            Log::Topic(topic) => Ok(topic.end().saturating_sub(segment + read)),
        }
    }

    /// The number of the oldest segment that is there.
    ///
    /// # Errors
    ///
    /// What the file system says; brokers are away.
    pub fn first(&self) -> io::Result<u64> {
        match self {
            Log::Files(journal) => Ok(journal.first()?.unwrap_or(1)),
            Log::Topic(topic) => topic.first(),
        }
    }

    /// Where to go on instead, if it is known not to have what was read of a segment. Files say so only when they are
    /// read.
    ///
    /// # Errors
    ///
    /// Brokers are away.
    pub fn instead_of(&self, segment: u64, read: u64) -> io::Result<Option<u64>> {
        match self {
            Log::Files(_) => Ok(None),
            Log::Topic(topic) => topic.instead_of(segment, read),
        }
    }

    /// Lines beyond this are for the next commit.
    pub fn commit_bytes_max(&self) -> usize {
        match self {
            Log::Files(_) => COMMIT_BYTES_MAX,
            Log::Topic(_) => MESSAGE_BYTES,
        }
    }

    /// Accepts `lines`, which end in a line feed each, at `now`, and makes of them what a reader finds there.
    ///
    /// # Errors
    ///
    /// They were not accepted; they are as they were.
    pub fn commit(&mut self, lines: &mut Vec<u8>, now: Timestamp) -> Result<Accepted, Refused> {
        match self {
            Log::Files(journal) => match journal.commit(lines, now) {
                Ok(()) => Ok(Accepted { at: now, follows: true }),
                Err(error) => Err(Refused::ForNow(super::describe(&error))),
            },
            Log::Topic(topic) => topic.commit(lines, now),
        }
    }

    /// Whether the segment is as long or as old as it may be.
    pub fn is_full(&self, now: Timestamp) -> bool {
        match self {
            Log::Files(journal) => journal.is_full(now),
            Log::Topic(topic) => topic.is_full(now),
        }
    }

    /// Begins the next segment: of files now, of a topic with the next commit.
    ///
    /// # Errors
    ///
    /// What the file system says; the present one goes on then.
    pub fn roll(&mut self, now: Timestamp) -> io::Result<()> {
        match self {
            Log::Files(journal) => journal.roll(now),
            Log::Topic(topic) => {
                topic.roll();
                Ok(())
            }
        }
    }

    /// Deletes what is too much of what is older than a segment; of a topic, the brokers do.
    ///
    /// # Errors
    ///
    /// What the file system says.
    pub fn sweep(&self, needed_from: u64) -> io::Result<()> {
        match self {
            Log::Files(journal) => journal.sweep(needed_from),
            Log::Topic(_) => Ok(()),
        }
    }

    /// Reads what stands behind the first `read` of a segment; files, from the beginning of the segment.
    pub fn reader(&mut self, segment: u64, read: u64) -> Reader {
        match self {
            Log::Files(_) => Reader::Files(journal::Reader::new(segment)),
            Log::Topic(topic) => Reader::Topic(Box::new(topic.reader(segment, read))),
        }
    }
}

impl Reader {
    /// What stands next.
    ///
    /// # Errors
    ///
    /// What the file system says; a topic is another program's now.
    pub fn next(&mut self, log: &mut Log) -> anyhow::Result<Next<'_>> {
        match (self, log) {
            (Reader::Files(reader), Log::Files(journal)) => Ok(reader.next(journal)?),
            (Reader::Topic(reader), Log::Topic(topic)) => reader.next(topic),
            _ => unreachable!("a log makes readers of its own kind"),
        }
    }

    /// How much of the segment was read.
    pub fn read(&self) -> u64 {
        match self {
            Reader::Files(reader) => reader.read(),
            Reader::Topic(reader) => reader.read(),
        }
    }
}
