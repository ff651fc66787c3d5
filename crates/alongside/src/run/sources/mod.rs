//! Live lines in, each source by itself: datagrams, connections, files, brokers.
//!
//! A source puts before each line when it came and, as a block, its own name: see [`lines`]. What comes as JSON is
//! written as sentences, so that the journal is text that can be replayed: see [`json`]. Who reads something that can be
//! read again, such as a file, remembers in the journal how far it was read: see [`marks`].

mod address;
mod files;
mod http;
mod json;
mod kafka;
mod lines;
pub mod marks;
mod mqtt;
mod tcp;
mod udp;
mod websocket;

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use tokio::net::{TcpListener, UdpSocket};
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};
use tokio::time::timeout;

pub use self::address::{Address, AddressError};
pub use self::udp::datagrams_lost;

use self::lines::Lines;
use self::marks::Marks;

/// Of one source, so much may wait for the journal, as it stands there.
pub const WAITING_BYTES_MAX: usize = 8 << 20;
/// What a chunk takes beside its lines: itself, its place in the queue and its permit.
const CHUNK_BYTES: usize = 256;
/// No message of a websocket, a broker or a POST is longer.
const MESSAGE_BYTES_MAX: usize = 1 << 20;

/// One source, as configured.
#[derive(Debug, Clone, PartialEq)]
pub struct SourceOptions {
    /// In counters, and as the station of lines that name none.
    pub name: String,
    /// Where.
    pub address: Address,
    /// Silence longer than this is a failure.
    pub silent_after: Duration,
    /// Where a key or password is kept.
    pub key: Option<Key>,
    /// What is asked of aisstream: south-west and north-east corners, as latitude and longitude in degrees.
    pub boxes: Vec<[[f64; 2]; 2]>,
}

impl SourceOptions {
    /// With the usual in all else.
    pub fn new(name: String, address: Address, silent_after: Duration) -> Self {
        SourceOptions { name, address, silent_after, key: None, boxes: Vec::new() }
    }
}

/// Where a secret is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Key {
    /// In a file, alone.
    File(PathBuf),
    /// In a variable of the environment.
    Variable(String),
}

impl Key {
    /// Reads it.
    ///
    /// # Errors
    ///
    /// It is not there, or empty.
    pub fn read(&self) -> io::Result<String> {
        let (text, place) = match self {
            Key::File(path) => (std::fs::read_to_string(path)?, path.display().to_string()),
            Key::Variable(name) => (std::env::var(name).unwrap_or_default(), format!("${name}")),
        };
        let text = text.trim();
        match text.is_empty() {
            true => Err(io::Error::new(io::ErrorKind::NotFound, format!("no key in {place}"))),
            false => Ok(text.to_owned()),
        }
    }
}

/// Some lines of one source, framed.
#[derive(Debug)]
pub struct Chunk {
    /// Which, in the order of the configuration.
    pub source: usize,
    /// How many.
    pub lines: u64,
    /// The lines, each with its end.
    pub bytes: Vec<u8>,
    /// The room that they take of what their source may have waiting.
    pub room: Option<OwnedSemaphorePermit>,
}

impl Chunk {
    /// What it takes, not only what it says. One that takes more than may wait, waits alone.
    fn size(&self) -> u32 {
        (self.bytes.capacity() + CHUNK_BYTES).min(WAITING_BYTES_MAX) as u32
    }
}

/// Why something that came became no line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// A line is longer than any sentence.
    TooLong,
    /// A message is longer than any that is taken.
    TooLarge,
    /// It begins as JSON and is none.
    NotJson,
    /// JSON in which there is no message that can be written as a sentence.
    NoMessage,
    /// A packed file that unpacks to far more than lines do.
    Bomb,
    /// A packed file that is damaged.
    Damaged,
}

impl Refusal {
    /// All of them.
    pub const ALL: [Refusal; 6] = [
        Refusal::TooLong,
        Refusal::TooLarge,
        Refusal::NotJson,
        Refusal::NoMessage,
        Refusal::Bomb,
        Refusal::Damaged,
    ];

    /// In counters.
    pub fn name(self) -> &'static str {
        match self {
            Refusal::TooLong => "too_long",
            Refusal::TooLarge => "message_too_large",
            Refusal::NotJson => "not_json",
            Refusal::NoMessage => "no_message",
            Refusal::Bomb => "unpacks_too_far",
            Refusal::Damaged => "damaged_file",
        }
    }
}

/// Lines that are dropped, and counted, with this: whoever waits for room may be gone before there is any.
struct Dropped<'a> {
    gauge: &'a Gauge,
    lines: u64,
}

impl Drop for Dropped<'_> {
    fn drop(&mut self) {
        self.gauge.dropped.fetch_add(self.lines, Ordering::Relaxed);
    }
}

/// What is counted of one source. `received` is what came; of that, `dropped` and `refused` went no further.
#[derive(Debug, Default)]
pub struct Gauge {
    /// Lines that came.
    pub received: AtomicU64,
    /// Lines of datagrams and posts for which there was no room, or nobody to take them.
    pub dropped: AtomicU64,
    /// Datagrams that the system dropped before they could be read; known on Linux alone.
    pub datagrams_lost: AtomicU64,
    /// Lines and messages that were refused, by [`Refusal`].
    refused: [AtomicU64; Refusal::ALL.len()],
    /// Lines that are in the journal.
    pub accepted: AtomicU64,
    /// Clients that were sent away because there were too many.
    pub refused_clients: AtomicU64,
    /// Connections that are open.
    pub connections: AtomicU64,
    /// Connections that were made or lost in the end, so far.
    pub reconnects: AtomicU64,
    /// When the last line came, in milliseconds since 1970; 0 before the first.
    pub last_line_at_ms: AtomicI64,
    /// Whether it has come to its end.
    pub ended: AtomicBool,
}

impl Gauge {
    /// Something came, and went no further.
    pub fn refuse(&self, refusal: Refusal) {
        self.received.fetch_add(1, Ordering::Relaxed);
        self.refused[refusal as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// What came and was not refused.
    pub fn taken(&self) -> u64 {
        let refused = self.refused.iter().map(|count| count.load(Ordering::Relaxed)).sum();
        self.received.load(Ordering::Relaxed).saturating_sub(refused)
    }

    /// How often that was.
    pub fn refused(&self, refusal: Refusal) -> u64 {
        self.refused[refusal as usize].load(Ordering::Relaxed)
    }
}

/// What a source needs to run.
#[derive(Clone)]
pub struct Feed {
    /// Which it is.
    pub source: usize,
    /// How.
    pub options: SourceOptions,
    /// What it counts.
    pub gauge: Arc<Gauge>,
    /// Where its lines go.
    pub sender: mpsc::UnboundedSender<Chunk>,
    /// Bytes that may wait there.
    pub room: Arc<Semaphore>,
    /// How far everybody has read, as soon as the journal says so.
    pub marks: watch::Receiver<Option<Marks>>,
    /// Turns true when it is to stop.
    pub stop: watch::Receiver<bool>,
}

impl Feed {
    /// Takes lines in until it is stopped or comes to its end.
    ///
    /// # Errors
    ///
    /// What keeps it from taking anything.
    pub async fn run(self, bound: Bound) -> io::Result<()> {
        let running = async {
            match (bound, &self.options.address) {
                (Bound::Udp(socket), _) => udp::receive(&self, socket).await,
                (Bound::Listener(listener), Address::HttpListen(_)) => {
                    http::listen(&self, listener).await
                }
                (Bound::Listener(listener), _) => tcp::listen(&self, listener).await,
                (Bound::Nothing, address) => match address {
                    Address::Tcp(server) => tcp::connect(&self, server, false).await,
                    Address::Gpsd(server) => tcp::connect(&self, server, true).await,
                    Address::Serial(device, baud) => {
                        tcp::listen_to_line(&self, &device.to_string_lossy(), *baud).await
                    }
                    Address::Websocket(url) => websocket::connect(&self, url).await,
                    Address::Mqtt(broker) => mqtt::subscribe(&self, broker).await,
                    Address::Kafka { brokers, topic } => {
                        kafka::consume(&self, brokers, topic).await
                    }
                    Address::File(path) => files::follow(&self, path).await,
                    Address::Directory(path) => files::watch(&self, path).await,
                    Address::Stdin => {
                        let read = tcp::read(&self, tokio::io::stdin()).await;
                        self.gauge.ended.store(true, Ordering::Relaxed);
                        read
                    }
                    Address::Udp(_) | Address::TcpListen(_) | Address::HttpListen(_) => {
                        unreachable!("what listens is bound")
                    }
                },
            }
        };
        let mut stop = self.stop.clone();
        tokio::select! {
            ended = running => ended,
            _ = stop.wait_for(|stop| *stop) => Ok(()),
        }
    }

    /// Does something for a client until it is done or the source is stopped.
    async fn with_connection<T>(&self, doing: impl Future<Output = T>) {
        let mut stop = self.stop.clone();
        self.gauge.connections.fetch_add(1, Ordering::Relaxed);
        tokio::select! {
            _ = doing => {}
            _ = stop.wait_for(|stop| *stop) => {}
        }
        self.gauge.connections.fetch_sub(1, Ordering::Relaxed);
        self.gauge.reconnects.fetch_add(1, Ordering::Relaxed);
    }

    /// Gives lines to the journal when there is room for them; says whether there is anybody to take them.
    async fn give(&self, lines: &mut Lines) -> bool {
        let Some(mut chunk) = lines.take(self.source) else { return true };
        chunk.room = self.room.clone().acquire_many_owned(chunk.size()).await.ok();
        self.sender.send(chunk).is_ok()
    }

    /// The same, for no longer than `within`; what is not taken then is dropped, and counted.
    async fn give_within(&self, lines: &mut Lines, within: Duration) -> bool {
        let mut dropped = Dropped { gauge: &self.gauge, lines: lines.count() };
        let given = timeout(within, self.give(lines)).await.unwrap_or(false);
        if given {
            dropped.lines = 0;
        }
        given
    }

    /// The same from a thread that may wait; says no as well when the source is stopped.
    fn give_and_wait(&self, runtime: &Handle, lines: &mut Lines) -> bool {
        let mut stop = self.stop.clone();
        runtime.block_on(async {
            tokio::select! {
                given = self.give(lines) => given,
                _ = stop.wait_for(|stop| *stop) => false,
            }
        })
    }

    /// Gives lines to the journal if there is room for them now; else they are dropped, and counted.
    fn give_or_drop(&self, lines: &mut Lines) {
        let Some(mut chunk) = lines.take(self.source) else { return };
        match self.room.clone().try_acquire_many_owned(chunk.size()) {
            Ok(room) => {
                chunk.room = Some(room);
                let _ = self.sender.send(chunk);
            }
            Err(_) => {
                self.gauge.dropped.fetch_add(chunk.lines, Ordering::Relaxed);
            }
        }
    }

    /// How far this source had read, when the journal has been read; `None` if it is stopped before that.
    async fn marks(&self) -> Option<Marks> {
        let mut marks = self.marks.clone();
        let all = marks.wait_for(Option::is_some).await.ok()?;
        all.as_ref().map(|all| all.of(&self.options.name))
    }

    fn is_stopped(&self) -> bool {
        *self.stop.borrow()
    }
}

/// What was taken before anything began, so that what is taken or not ours is said at the start.
pub enum Bound {
    /// Datagrams arrive.
    Udp(UdpSocket),
    /// Clients may come.
    Listener(TcpListener),
    /// There is nothing to take.
    Nothing,
}

impl Bound {
    /// Takes the address, and makes sure that there is a key where one is named.
    ///
    /// # Errors
    ///
    /// It is taken, or not ours.
    pub async fn new(options: &SourceOptions) -> io::Result<Self> {
        if let Some(key) = &options.key {
            key.read()?;
        }
        let listener = |address: SocketAddr| async move {
            Ok::<_, io::Error>(Bound::Listener(TcpListener::bind(address).await?))
        };
        match &options.address {
            Address::Udp(address) => Ok(Bound::Udp(udp::bind(*address).await?)),
            Address::TcpListen(address) | Address::HttpListen(address) => listener(*address).await,
            _ => Ok(Bound::Nothing),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_finds_no_room_in_time_is_counted() {
        let (sender, mut chunks) = mpsc::unbounded_channel();
        let room = Arc::new(Semaphore::new(WAITING_BYTES_MAX));
        let address = "stdin".parse().unwrap();
        let feed = Feed {
            source: 0,
            options: SourceOptions::new("posts".into(), address, Duration::from_secs(1)),
            gauge: Arc::default(),
            sender,
            room: room.clone(),
            marks: watch::channel(None).1,
            stop: watch::channel(false).1,
        };
        let mut lines = Lines::new("posts");
        lines.push(&b"!AIVDM,1\n".repeat(1000), &feed.gauge);
        assert!(feed.give_within(&mut lines, Duration::from_secs(10)).await);
        let taken = WAITING_BYTES_MAX - room.available_permits();
        let chunk = chunks.recv().await.unwrap();
        assert!(taken > chunk.bytes.len() && chunk.bytes.len() > 30_000, "{taken}");
        let all = room.clone().acquire_many_owned(room.available_permits() as u32).await;
        lines.push(&b"!AIVDM,1\n".repeat(7), &feed.gauge);
        assert!(!feed.give_within(&mut lines, Duration::from_millis(10)).await);
        assert_eq!(feed.gauge.dropped.load(Ordering::Relaxed), 7);
        assert_eq!(feed.gauge.received.load(Ordering::Relaxed), 1007);
        drop(all);
    }
}
