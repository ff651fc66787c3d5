//! Accepted sentences out again, once each, with a tag block of our own.
//!
//! What several receivers heard goes out as the first of them had it; all of them are in the journal. A client that takes
//! too little misses sentences, which is counted; nobody waits for it.

use std::collections::{BTreeMap, VecDeque};
use std::hash::Hasher;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use maritime::Timestamp;
use memchr::{memchr, memrchr};
use rustc_hash::{FxHashSet, FxHasher};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, mpsc};
use tokio::time::{sleep, timeout};

use source::checksum;

/// Pieces of the journal that wait for the relay; beyond it they are left out, and counted.
const PIECES_MAX: usize = 64;
/// Sentences that a client may be behind.
const BEHIND_MAX: usize = 16_384;
/// Sentences that are remembered for each window, whatever it is.
const KNOWN_MAX: usize = 500_000;
const CLIENTS_MAX: usize = 256;
/// A client that takes nothing for so long is sent away.
const WRITE_TIMEOUT: Duration = Duration::from_secs(10);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const RETRY_AFTER: Duration = Duration::from_secs(5);

/// Where sentences go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelayOptions {
    /// How.
    pub target: RelayTarget,
    /// The same sentence goes out once in this time.
    pub window: Duration,
}

/// How sentences go there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RelayTarget {
    /// As datagrams, one each, to `host:port`.
    Udp(String),
    /// To a server, `host:port`, which is asked again whenever it is gone.
    Tcp(String),
    /// To whoever connects here.
    TcpListen(SocketAddr),
}

impl std::fmt::Display for RelayTarget {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            RelayTarget::Udp(address) => write!(f, "udp://{address}"),
            RelayTarget::Tcp(address) => write!(f, "tcp://{address}"),
            RelayTarget::TcpListen(address) => write!(f, "tcp-listen://{address}"),
        }
    }
}

impl std::str::FromStr for RelayTarget {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected =
            || "expected udp://host:port, tcp://host:port or tcp-listen://address:port".to_owned();
        let (scheme, place) = text.split_once("://").ok_or_else(expected)?;
        let named = place
            .rsplit_once(':')
            .is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok());
        match scheme {
            "udp" if named => Ok(RelayTarget::Udp(place.into())),
            "tcp" if named => Ok(RelayTarget::Tcp(place.into())),
            "tcp-listen" => place.parse().map(RelayTarget::TcpListen).map_err(|_| expected()),
            _ => Err(expected()),
        }
    }
}

/// What became of sentences.
#[derive(Debug, Default)]
pub struct RelayGauge {
    /// Sentences that went out, for each window.
    pub sent: AtomicU64,
    /// Sentences that had gone out a moment before, as another receiver heard them.
    pub repeated: AtomicU64,
    /// Sentences that a way out missed because it was too slow, and pieces of the journal for which there was no room.
    pub missed: AtomicU64,
}

/// Takes what was accepted.
#[derive(Clone)]
pub struct Relay {
    pieces: mpsc::Sender<Arc<[u8]>>,
    gauge: Arc<RelayGauge>,
}

impl Relay {
    /// Opens the ways out.
    ///
    /// # Errors
    ///
    /// An address is taken, or not ours.
    pub async fn start(relays: &[RelayOptions], gauge: Arc<RelayGauge>) -> io::Result<Self> {
        let (pieces, mut waiting) = mpsc::channel::<Arc<[u8]>>(PIECES_MAX);
        // Ways out with one window have one memory, so that they get the same.
        let mut windows: BTreeMap<Duration, (Known, Out)> = BTreeMap::new();
        for RelayOptions { target, window } in relays {
            let new = || (Known::new(*window), broadcast::channel(BEHIND_MAX).0);
            let (_, sentences) = windows.entry(*window).or_insert_with(new);
            let (sentences, gauge) = (sentences.clone(), gauge.clone());
            match target.clone() {
                RelayTarget::Udp(address) => {
                    let local = if address.starts_with('[') { "[::]:0" } else { "0.0.0.0:0" };
                    let socket = UdpSocket::bind(local).await?;
                    tokio::spawn(send(socket, address, sentences.subscribe(), gauge));
                }
                RelayTarget::TcpListen(address) => {
                    let listener = TcpListener::bind(address).await?;
                    tokio::spawn(listen(listener, sentences, gauge));
                }
                RelayTarget::Tcp(address) => {
                    tokio::spawn(connect(address, sentences, gauge));
                }
            }
        }
        let counting = gauge.clone();
        tokio::spawn(async move {
            while let Some(piece) = waiting.recv().await {
                for line in piece.split(|byte| *byte == b'\n') {
                    let Some(heard) = Heard::read(line) else { continue };
                    for (known, sentences) in windows.values_mut() {
                        if known.is_new(&heard) {
                            counting.sent.fetch_add(1, Ordering::Relaxed);
                            let _ = sentences.send(heard.written().into());
                        } else {
                            counting.repeated.fetch_add(1, Ordering::Relaxed);
                        }
                    }
                }
            }
        });
        Ok(Relay { pieces, gauge })
    }

    /// Takes a piece of the journal, if there is room.
    pub fn offer(&self, bytes: &[u8]) {
        if self.pieces.try_send(bytes.into()).is_err() {
            let lines = bytes.iter().filter(|byte| **byte == b'\n').count() as u64;
            self.gauge.missed.fetch_add(lines, Ordering::Relaxed);
        }
    }
}

type Out = broadcast::Sender<Arc<[u8]>>;
type Sentences = broadcast::Receiver<Arc<[u8]>>;

/// The next sentence; none at the end.
async fn next(sentences: &mut Sentences, gauge: &RelayGauge) -> Option<Arc<[u8]>> {
    loop {
        match sentences.recv().await {
            Ok(sentence) => return Some(sentence),
            Err(RecvError::Lagged(missed)) => {
                gauge.missed.fetch_add(missed, Ordering::Relaxed);
            }
            Err(RecvError::Closed) => return None,
        }
    }
}

async fn send(
    socket: UdpSocket,
    address: String,
    mut sentences: Sentences,
    gauge: Arc<RelayGauge>,
) {
    while let Some(sentence) = next(&mut sentences, &gauge).await {
        // Nobody there is no error of ours.
        if socket.send_to(&sentence, &address).await.is_err() {
            gauge.missed.fetch_add(1, Ordering::Relaxed);
        }
    }
}

async fn write(mut stream: TcpStream, mut sentences: Sentences, gauge: &RelayGauge) {
    while let Some(sentence) = next(&mut sentences, gauge).await {
        match timeout(WRITE_TIMEOUT, stream.write_all(&sentence)).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) => return,
            Err(_) => {
                gauge.missed.fetch_add(1 + sentences.len() as u64, Ordering::Relaxed);
                return;
            }
        }
    }
}

async fn listen(listener: TcpListener, sentences: Out, gauge: Arc<RelayGauge>) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            sleep(Duration::from_millis(100)).await;
            continue;
        };
        if sentences.receiver_count() < CLIENTS_MAX {
            let (receiver, gauge) = (sentences.subscribe(), gauge.clone());
            tokio::spawn(async move { write(stream, receiver, &gauge).await });
        }
    }
}

async fn connect(address: String, sentences: Out, gauge: Arc<RelayGauge>) {
    loop {
        match timeout(CONNECT_TIMEOUT, TcpStream::connect(&address)).await {
            Ok(Ok(stream)) => write(stream, sentences.subscribe(), &gauge).await,
            _ => tracing::warn!(address, "the relay cannot connect; it is tried again"),
        }
        sleep(RETRY_AFTER).await;
    }
}

/// A sentence, who heard it, and when.
#[derive(Debug, PartialEq, Eq)]
struct Heard<'a> {
    sentence: &'a [u8],
    station: &'a [u8],
    received_at: Option<Timestamp>,
}

impl<'a> Heard<'a> {
    /// A line of the journal: a time, the block of the feed, maybe further blocks, and a sentence whose checksum fits.
    fn read(line: &'a [u8]) -> Option<Self> {
        let start = memrchr(b'!', line)?;
        let sentence = &line[start..];
        let star = memchr(b'*', sentence)?;
        let stated = sentence.get(star + 1..star + 3)?;
        let stated = u8::from_str_radix(str::from_utf8(stated).ok()?, 16).ok()?;
        if checksum(&sentence[1..star]) != stated {
            return None;
        }
        let before = &line[..start];
        let block = memchr(b'\\', before)?;
        let mut received_at = Timestamp::parse(str::from_utf8(&before[..block]).ok()?.trim()).ok();
        let mut station: &[u8] = b"";
        let fields = before[block..].split(|byte| *byte == b'\\').filter_map(checked_block);
        for field in fields.flat_map(|fields| fields.split(|byte| *byte == b',')) {
            match field {
                [b'f', b':', name @ ..] if station.is_empty() => station = name,
                [b's', b':', name @ ..] if !name.is_empty() => station = name,
                [b'c', b':', digits @ ..] => {
                    let number = str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok());
                    let at = number.map(|number: i64| match number {
                        100_000_000_000_000.. => Timestamp::from_millis(number / 1000),
                        100_000_000_000.. => Timestamp::from_millis(number),
                        _ => Timestamp::from_secs(number),
                    });
                    received_at = at.or(received_at);
                }
                _ => {}
            }
        }
        Some(Heard { sentence: &sentence[..star + 3], station, received_at })
    }

    /// As it goes out.
    fn written(&self) -> Vec<u8> {
        let mut fields = b"s:".to_vec();
        fields.extend_from_slice(self.station);
        if let Some(at) = self.received_at {
            fields.extend(format!(",c:{}", at.as_millis().div_euclid(1000)).bytes());
        }
        let checksum = checksum(&fields);
        let mut written = vec![b'\\'];
        written.extend(fields);
        written.extend(format!("*{checksum:02X}\\").bytes());
        written.extend_from_slice(self.sentence);
        written.extend_from_slice(b"\r\n");
        written
    }
}

/// The fields of a tag block whose checksum fits; what does not is nobody's word, as for the decoder.
fn checked_block(block: &[u8]) -> Option<&[u8]> {
    let [fields @ .., b'*', high, low] = block else { return None };
    let stated = [*high, *low];
    let stated = u8::from_str_radix(str::from_utf8(&stated).ok()?, 16).ok()?;
    (checksum(fields) == stated).then_some(fields)
}

/// Whether a sentence carries a part of a message: `!AIVDM,2,…`.
fn is_part(sentence: &[u8]) -> bool {
    sentence.split(|byte| *byte == b',').nth(1).is_some_and(|count| count != b"1")
}

/// What went out a moment ago.
struct Known {
    window_ms: i64,
    hashes: FxHashSet<u64>,
    order: VecDeque<(u64, i64)>,
}

impl Known {
    fn new(window: Duration) -> Self {
        let window_ms = window.as_millis() as i64;
        Known { window_ms, hashes: FxHashSet::default(), order: VecDeque::new() }
    }

    /// Whether it has not gone out within the window.
    fn is_new(&mut self, heard: &Heard<'_>) -> bool {
        let at = crate::store::now().as_millis();
        while let Some((hash, then)) = self.order.front().copied() {
            if at - then < self.window_ms && self.order.len() < KNOWN_MAX {
                break;
            }
            self.order.pop_front();
            self.hashes.remove(&hash);
        }
        let mut hasher = FxHasher::default();
        hasher.write(heard.sentence);
        // The last parts of the messages of many ships are alike, padding alone: those of one receiver are all told.
        if is_part(heard.sentence) {
            hasher.write(heard.station);
            hasher.write_i64(heard.received_at.map_or(at, |at| at.as_millis()));
        }
        let hash = hasher.finish();
        let is_new = self.hashes.insert(hash);
        if is_new {
            self.order.push_back((hash, at));
        }
        is_new
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use source::feed_block;

    const SENTENCE: &str = "!AIVDM,1,1,,B,177KQJ5000G?tO`K>RA1wUbN0TKH,0*5C";

    #[track_caller]
    fn check(line: &str, expected: Option<&str>) {
        let written = Heard::read(line.as_bytes()).map(|heard| heard.written());
        let written = written.map(|written| String::from_utf8(written).unwrap());
        assert_eq!(written, expected.map(|block| format!("{block}{SENTENCE}\r\n")), "{line}");
    }

    #[test]
    fn a_sentence_has_a_block_of_ours() {
        let feed = feed_block("harbour");
        let at = "2024-01-01T00:00:00.000Z";
        check(&format!("{at} {feed}{SENTENCE}"), Some("\\s:harbour,c:1704067200*4C\\"));
        check(
            &format!("{at} {feed}\\s:x,c:1704067201500*71\\{SENTENCE},r1,2"),
            Some("\\s:x,c:1704067201*44\\"),
        );
        // A block that was damaged says nothing.
        check(
            &format!("{at} {feed}\\s:x,c:1704067201501*00\\{SENTENCE}"),
            Some("\\s:harbour,c:1704067200*4C\\"),
        );
        check(&format!("{at} {feed}{}", SENTENCE.replace("*5C", "*5D")), None);
        check(&format!("{at} {feed}junk"), None);
        check("#commit 1 2 3!", None);
    }
}
