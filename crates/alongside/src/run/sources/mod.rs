//! Live lines in: UDP, TCP and standard input, each source by itself.
//!
//! A source puts before each line when it came and, as a tag block, its own name. Times and stations in the line count
//! more than these: see [`frame`].

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use memchr::memchr;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};
use tokio::time::{sleep, timeout};

use crate::source::feed_block;
use crate::store::now;

/// What is longer is no sentence, whatever stands before it.
const LINE_BYTES_MAX: usize = 1024;
/// Of standard input or a connection, so much is read at once.
const READ_BYTES: usize = 1 << 16;
/// A datagram is no longer.
const DATAGRAM_BYTES_MAX: usize = 1 << 16;
/// Of one source, so much may wait for the journal, as it stands there.
pub const WAITING_BYTES_MAX: usize = 8 << 20;
/// Of one port that listens.
const CLIENTS_MAX: usize = 1024;
/// Of these, so many of one address: whoever opens more than he needs keeps nobody else out. Behind a proxy, as in a
/// container, all may have one address.
const CLIENTS_PER_ADDRESS_MAX: usize = 256;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const BACK_OFF_MIN: Duration = Duration::from_millis(500);
const BACK_OFF_MAX: Duration = Duration::from_secs(60);

/// Where lines come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// Datagrams that arrive here.
    Udp(SocketAddr),
    /// A server that is asked again whenever it is gone: `host:port`.
    Tcp(String),
    /// Whoever connects here.
    TcpListen(SocketAddr),
    /// Standard input, to its end.
    Stdin,
}

/// Why a text is no [`Address`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected udp://address:port, tcp://host:port, tcp-listen://address:port or stdin, the addresses as numbers, as in udp://0.0.0.0:10110"
)]
pub struct AddressError;

impl std::str::FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        if text == "stdin" {
            return Ok(Address::Stdin);
        }
        let (scheme, rest) = text.split_once("://").ok_or(AddressError)?;
        let number = || rest.parse().map_err(|_| AddressError);
        match scheme {
            "udp" => Ok(Address::Udp(number()?)),
            "tcp-listen" => Ok(Address::TcpListen(number()?)),
            "tcp" => {
                let port = rest.rsplit_once(':').map(|(host, port)| (host, port.parse::<u16>()));
                match port {
                    Some((host, Ok(_))) if !host.is_empty() => Ok(Address::Tcp(rest.into())),
                    _ => Err(AddressError),
                }
            }
            _ => Err(AddressError),
        }
    }
}

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Address::Udp(address) => write!(f, "udp://{address}"),
            Address::Tcp(address) => write!(f, "tcp://{address}"),
            Address::TcpListen(address) => write!(f, "tcp-listen://{address}"),
            Address::Stdin => write!(f, "stdin"),
        }
    }
}

/// One source, as configured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceOptions {
    /// In counters, and as the station of lines that name none.
    pub name: String,
    /// Where.
    pub address: Address,
    /// Silence longer than this is a failure.
    pub silent_after: Duration,
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
    fn size(&self) -> u32 {
        self.bytes.len().min(WAITING_BYTES_MAX) as u32
    }
}

/// What is counted of one source. `received` is what came; of that, `dropped` and `too_long` went no further.
#[derive(Debug, Default)]
pub struct Gauge {
    /// Lines that came.
    pub received: AtomicU64,
    /// Lines of datagrams for which there was no room.
    pub dropped: AtomicU64,
    /// Datagrams that the system dropped before they could be read; known on Linux alone.
    pub datagrams_lost: AtomicU64,
    /// Lines that were too long.
    pub too_long: AtomicU64,
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
    /// Turns true when it is to stop.
    pub stop: watch::Receiver<bool>,
}

impl Feed {
    /// Takes lines in until it is stopped or comes to its end.
    ///
    /// # Errors
    ///
    /// The address cannot be listened on.
    pub async fn run(mut self, bound: Bound) -> io::Result<()> {
        let mut stop = self.stop.clone();
        let running = async {
            match bound {
                Bound::Udp(socket) => self.receive(socket).await,
                Bound::TcpListen(listener) => self.listen(listener).await,
                Bound::Tcp(address) => self.connect(&address).await,
                Bound::Stdin => {
                    let read = self.read(tokio::io::stdin()).await;
                    self.gauge.ended.store(true, Ordering::Relaxed);
                    read
                }
            }
        };
        tokio::select! {
            ended = running => ended,
            _ = stop.wait_for(|stop| *stop) => Ok(()),
        }
    }

    async fn receive(&mut self, socket: UdpSocket) -> io::Result<()> {
        let mut buffer = vec![0; DATAGRAM_BYTES_MAX];
        let mut lines = Lines::new(&self.options.name);
        loop {
            // An error of one datagram, such as the answer to one that was sent from here, is not the socket's end.
            let Ok((length, _)) = socket.recv_from(&mut buffer).await else {
                sleep(Duration::from_millis(10)).await;
                continue;
            };
            lines.push(&buffer[..length], &self.gauge);
            lines.end(&self.gauge);
            let Some(mut chunk) = lines.take(self.source) else { continue };
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
    }

    async fn listen(&mut self, listener: TcpListener) -> io::Result<()> {
        let room = Arc::new(Semaphore::new(CLIENTS_MAX));
        let addresses = Addresses::default();
        loop {
            let Ok((stream, address)) = listener.accept().await else {
                // Out of files, for one.
                sleep(Duration::from_millis(100)).await;
                continue;
            };
            let places = room.clone().try_acquire_owned().ok().zip(addresses.enter(address.ip()));
            let Some(places) = places else {
                self.gauge.refused_clients.fetch_add(1, Ordering::Relaxed);
                continue;
            };
            let mut client = self.clone();
            tokio::spawn(async move {
                let _places = places;
                let mut stop = client.stop.clone();
                client.gauge.connections.fetch_add(1, Ordering::Relaxed);
                tokio::select! {
                    _ = client.read(stream) => {}
                    _ = stop.wait_for(|stop| *stop) => {}
                }
                client.gauge.connections.fetch_sub(1, Ordering::Relaxed);
                client.gauge.reconnects.fetch_add(1, Ordering::Relaxed);
            });
        }
    }

    async fn connect(&mut self, address: &str) -> io::Result<()> {
        let mut back_off = BACK_OFF_MIN;
        loop {
            let name = &self.options.name;
            match timeout(CONNECT_TIMEOUT, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => {
                    tracing::info!(source = name, "connected");
                    self.gauge.connections.store(1, Ordering::Relaxed);
                    let before = self.gauge.received.load(Ordering::Relaxed);
                    let read = self.read(stream).await;
                    self.gauge.connections.store(0, Ordering::Relaxed);
                    self.gauge.reconnects.fetch_add(1, Ordering::Relaxed);
                    if self.gauge.received.load(Ordering::Relaxed) > before {
                        back_off = BACK_OFF_MIN;
                    }
                    let reason =
                        read.err().map_or("the other side ended it".into(), |e| e.to_string());
                    tracing::warn!(source = self.options.name, reason, "disconnected");
                }
                Ok(Err(error)) => {
                    let reason = error.to_string();
                    tracing::warn!(source = name, reason, "cannot connect");
                }
                Err(_) => tracing::warn!(source = name, reason = "no answer", "cannot connect"),
            }
            sleep(back_off + jitter(back_off)).await;
            back_off = (back_off * 2).min(BACK_OFF_MAX);
        }
    }

    /// Reads to the end. A connection on which nothing comes for too long is given up.
    async fn read(&mut self, mut input: impl AsyncRead + Unpin) -> io::Result<()> {
        let is_stdin = self.options.address == Address::Stdin;
        let mut buffer = vec![0; READ_BYTES];
        let mut lines = Lines::new(&self.options.name);
        loop {
            let reading = input.read(&mut buffer);
            let length = if is_stdin {
                reading.await?
            } else {
                timeout(self.options.silent_after, reading).await.map_err(|_| {
                    io::Error::new(io::ErrorKind::TimedOut, "nothing came for too long")
                })??
            };
            lines.push(&buffer[..length], &self.gauge);
            if length == 0 && is_stdin {
                // A connection that breaks off may have cut its last line, and a cut checksum may still look like one.
                lines.end(&self.gauge);
            }
            if let Some(mut chunk) = lines.take(self.source) {
                chunk.room = self.room.clone().acquire_many_owned(chunk.size()).await.ok();
                if self.sender.send(chunk).is_err() {
                    return Ok(());
                }
            }
            if length == 0 {
                return Ok(());
            }
        }
    }
}

/// How many clients there are of each address.
#[derive(Clone, Default)]
struct Addresses(Arc<Mutex<HashMap<IpAddr, usize>>>);

/// A client's place among those of its address.
struct Place {
    addresses: Addresses,
    address: IpAddr,
}

impl Addresses {
    /// `None` if there are as many as may be.
    fn enter(&self, address: IpAddr) -> Option<Place> {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(address).or_default();
        let is_free = *count < CLIENTS_PER_ADDRESS_MAX;
        *count += usize::from(is_free);
        is_free.then(|| Place { addresses: self.clone(), address })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = self.addresses.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.address);
            }
        }
    }
}

/// An address that is ours.
pub enum Bound {
    /// Datagrams arrive.
    Udp(UdpSocket),
    /// Clients may come.
    TcpListen(TcpListener),
    /// To be connected to.
    Tcp(String),
    /// As it is.
    Stdin,
}

impl Bound {
    /// Takes the address, so that one that is taken is said at the start.
    ///
    /// # Errors
    ///
    /// It is taken, or not ours.
    pub async fn new(address: &Address) -> io::Result<Self> {
        Ok(match address {
            Address::Udp(address) => {
                let socket = match address.ip().is_multicast() {
                    false => UdpSocket::bind(address).await?,
                    true => multicast(*address).await?,
                };
                Bound::Udp(socket)
            }
            Address::TcpListen(address) => Bound::TcpListen(TcpListener::bind(address).await?),
            Address::Tcp(address) => Bound::Tcp(address.clone()),
            Address::Stdin => Bound::Stdin,
        })
    }
}

/// Joins a group, on whatever interface leads there.
async fn multicast(group: SocketAddr) -> io::Result<UdpSocket> {
    use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
    match group.ip() {
        IpAddr::V4(ip) => {
            let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, group.port())).await?;
            socket.join_multicast_v4(ip, Ipv4Addr::UNSPECIFIED)?;
            Ok(socket)
        }
        IpAddr::V6(ip) => {
            let socket = UdpSocket::bind((Ipv6Addr::UNSPECIFIED, group.port())).await?;
            socket.join_multicast_v6(&ip, 0)?;
            Ok(socket)
        }
    }
}

/// How many datagrams the system has dropped of those that were for a port, as Linux says in `/proc/net/udp`.
pub fn datagrams_lost(address: SocketAddr) -> Option<u64> {
    let table = if address.is_ipv4() { "/proc/net/udp" } else { "/proc/net/udp6" };
    let port = format!(":{:04X}", address.port());
    let text = std::fs::read_to_string(table).ok()?;
    let dropped = text.lines().skip(1).filter_map(|line| {
        let mut words = line.split_ascii_whitespace();
        let is_it = words.nth(1)?.ends_with(&port);
        is_it.then(|| words.next_back()?.parse::<u64>().ok()).flatten()
    });
    Some(dropped.sum())
}

/// Up to as long again, so that those who lost the same server do not come back at once.
fn jitter(back_off: Duration) -> Duration {
    let share = now().as_millis().rem_euclid(1000) as u32;
    back_off * share / 1000
}

/// Cuts what comes into lines and frames them. Never holds more than one line that has not ended.
struct Lines {
    /// Names the feed.
    block: Vec<u8>,
    rest: Vec<u8>,
    /// The line at hand is too long, and its end has not come.
    overlong: bool,
    framed: Vec<u8>,
    count: u64,
}

impl Lines {
    fn new(source: &str) -> Self {
        Lines {
            block: feed_block(source).into_bytes(),
            rest: Vec::new(),
            overlong: false,
            framed: Vec::new(),
            count: 0,
        }
    }

    fn push(&mut self, mut bytes: &[u8], gauge: &Gauge) {
        if bytes.is_empty() {
            return;
        }
        let at = now();
        let before = gauge.received.load(Ordering::Relaxed);
        let prefix = format!("{at} ");
        while let Some(end) = memchr(b'\n', bytes) {
            self.take_line(&bytes[..end], prefix.as_bytes(), gauge);
            bytes = &bytes[end + 1..];
        }
        // A feed that sends blanks to keep its connection is as silent as one that sends nothing.
        if gauge.received.load(Ordering::Relaxed) > before {
            gauge.last_line_at_ms.store(at.as_millis(), Ordering::Relaxed);
        }
        if self.rest.len() + bytes.len() > LINE_BYTES_MAX {
            self.overlong = true;
            self.rest.clear();
        } else if !self.overlong {
            self.rest.extend_from_slice(bytes);
        }
    }

    /// What has no end of line is a line all the same.
    fn end(&mut self, gauge: &Gauge) {
        if !self.rest.is_empty() || self.overlong {
            let at = now();
            gauge.last_line_at_ms.store(at.as_millis(), Ordering::Relaxed);
            self.take_line(b"", format!("{at} ").as_bytes(), gauge);
        }
    }

    fn take_line(&mut self, end: &[u8], prefix: &[u8], gauge: &Gauge) {
        let overlong =
            std::mem::take(&mut self.overlong) || self.rest.len() + end.len() > LINE_BYTES_MAX;
        if overlong {
            self.rest.clear();
            gauge.received.fetch_add(1, Ordering::Relaxed);
            gauge.too_long.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let mut line = std::mem::take(&mut self.rest);
        line.extend_from_slice(end);
        let trimmed = line.trim_ascii();
        if !trimmed.is_empty() {
            gauge.received.fetch_add(1, Ordering::Relaxed);
            frame(trimmed, prefix, &self.block, &mut self.framed);
            self.count += 1;
        }
        line.clear();
        self.rest = line;
    }

    fn take(&mut self, source: usize) -> Option<Chunk> {
        let lines = std::mem::take(&mut self.count);
        let bytes = std::mem::take(&mut self.framed);
        (lines > 0).then_some(Chunk { source, lines, bytes, room: None })
    }
}

/// Writes a line as the journal has it: when it came, or the time that it begins with; a block that names the feed;
/// the rest.
fn frame(line: &[u8], prefix: &[u8], block: &[u8], framed: &mut Vec<u8>) {
    let begins = line.iter().position(|byte| matches!(byte, b'!' | b'$' | b'\\'));
    let (time, rest) = match begins {
        Some(begins) if line[0].is_ascii_digit() => line.split_at(begins),
        _ => (prefix, line),
    };
    framed.extend_from_slice(time);
    framed.extend_from_slice(block);
    framed.extend_from_slice(rest);
    framed.push(b'\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_address(text: &str, expected: Option<Address>) {
        assert_eq!(text.parse().ok(), expected, "{text}");
    }

    #[test]
    fn addresses_are_checked() {
        let number = |text: &str| text.parse().unwrap();
        check_address("stdin", Some(Address::Stdin));
        check_address("udp://0.0.0.0:10110", Some(Address::Udp(number("0.0.0.0:10110"))));
        check_address("udp://[::]:10110", Some(Address::Udp(number("[::]:10110"))));
        check_address("tcp-listen://127.0.0.1:1", Some(Address::TcpListen(number("127.0.0.1:1"))));
        check_address("tcp://feed.example:4001", Some(Address::Tcp("feed.example:4001".into())));
        for wrong in ["", "udp://feed.example:1", "tcp://feed.example", "tcp://:1", "http://a:1"] {
            check_address(wrong, None);
        }
    }

    fn framed(pieces: &[&[u8]]) -> (Vec<String>, Gauge) {
        let gauge = Gauge::default();
        let mut lines = Lines::new("harbour");
        for piece in pieces {
            lines.push(piece, &gauge);
        }
        lines.end(&gauge);
        let bytes = lines.take(0).map(|chunk| chunk.bytes).unwrap_or_default();
        let lines = String::from_utf8_lossy(&bytes).lines().map(|line| line.to_owned()).collect();
        (lines, gauge)
    }

    #[test]
    fn lines_are_framed_however_they_are_cut() {
        let whole = b"!AIVDM,1\r\n\r\n2021-01-01T00:00:00Z !AIVDM,2\n\\s:a*28\\!AIVDM,3";
        let check = |lines: Vec<String>| {
            let ends: Vec<&str> =
                lines.iter().map(|line| line.split_once('\\').unwrap().1).collect();
            assert_eq!(
                ends,
                [
                    "f:harbour*2D\\!AIVDM,1",
                    "f:harbour*2D\\!AIVDM,2",
                    "f:harbour*2D\\\\s:a*28\\!AIVDM,3",
                ]
            );
            assert!(lines[0].starts_with("20") && lines[1].starts_with("2021-01-01T00:00:00Z \\"));
        };
        for size in [1, 7, whole.len()] {
            check(framed(&whole.chunks(size).collect::<Vec<_>>()).0);
        }
    }

    #[test]
    fn long_lines_are_counted_and_not_kept() {
        let long = [b'x'; 3000];
        let (lines, gauge) = framed(&[&long, &long, b"\n!AIVDM,1\n", &long, b"\n"]);
        assert_eq!(lines.len(), 1);
        assert_eq!(gauge.too_long.into_inner(), 2);
        assert_eq!(gauge.received.into_inner(), 3);
    }
}
