//! Connections: to a server, from clients, and standard input and serial lines, which are read alike.

use std::collections::HashMap;
use std::future::Future;
use std::io;
use std::net::IpAddr;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{sleep, timeout};
use tokio_serial::SerialPortBuilderExt;

use super::lines::Lines;
use super::{Address, Feed};
use crate::store::now;

/// Of standard input or a connection, so much is read at once.
const READ_BYTES: usize = 1 << 16;
/// Of one port that listens.
const CLIENTS_MAX: usize = 1024;
/// Of these, so many of one address: whoever opens more than he needs keeps nobody else out. Behind a proxy, as in a
/// container, all may have one address.
const CLIENTS_PER_ADDRESS_MAX: usize = 256;
/// What a gpsd is told: sentences, as they were heard.
const WATCH: &[u8] = b"?WATCH={\"enable\":true,\"json\":false,\"nmea\":true}\r\n";
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const BACK_OFF_MIN: Duration = Duration::from_millis(500);
const BACK_OFF_MAX: Duration = Duration::from_secs(60);

/// Takes whoever connects.
pub async fn listen(feed: &Feed, listener: TcpListener) -> io::Result<()> {
    let doors = Doors::default();
    loop {
        let (stream, _place) = doors.enter(feed, &listener).await;
        let client = feed.clone();
        tokio::spawn(async move {
            let _place = _place;
            client.with_connection(read(&client, stream)).await;
        });
    }
}

/// Asks a server again and again.
pub async fn connect(feed: &Feed, address: &str, is_gpsd: bool) -> io::Result<()> {
    again(feed, || async {
        let connecting = timeout(CONNECT_TIMEOUT, TcpStream::connect(address));
        let mut stream = connecting.await.map_err(|_| no_answer())??;
        if is_gpsd {
            stream.write_all(WATCH).await?;
        }
        tracing::info!(source = feed.options.name, "connected");
        feed.gauge.connections.store(1, Ordering::Relaxed);
        read(feed, stream).await
    })
    .await
}

/// Reads a serial line: 8 bits, no parity, 1 stop bit. One that is pulled out is opened again when it is there.
pub async fn listen_to_line(feed: &Feed, device: &str, baud: u32) -> io::Result<()> {
    again(feed, || async {
        let line = tokio_serial::new(device, baud).open_native_async()?;
        tracing::info!(source = feed.options.name, device, baud, "opened");
        feed.gauge.connections.store(1, Ordering::Relaxed);
        read(feed, line).await
    })
    .await
}

/// Does it for ever; waits the longer the oftener it gives nothing.
pub async fn again<F>(feed: &Feed, mut attempt: impl FnMut() -> F) -> io::Result<()>
where
    F: Future<Output = io::Result<()>>,
{
    let mut back_off = BACK_OFF_MIN;
    loop {
        // One that only says no is not asked again at once.
        let before = feed.gauge.taken();
        let ended = attempt().await;
        feed.gauge.connections.store(0, Ordering::Relaxed);
        feed.gauge.reconnects.fetch_add(1, Ordering::Relaxed);
        if feed.gauge.taken() > before {
            back_off = BACK_OFF_MIN;
        }
        let reason = ended.err().map_or("the other side ended it".into(), |e| e.to_string());
        tracing::warn!(source = feed.options.name, reason, "not connected");
        sleep(back_off + jitter(back_off)).await;
        back_off = (back_off * 2).min(BACK_OFF_MAX);
    }
}

/// Nobody answers.
pub fn no_answer() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, "no answer")
}

/// Nothing has come for so long that the connection is given up.
pub fn silent() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, "nothing came for too long")
}

/// Reads to the end. A connection on which nothing comes for too long is given up.
pub async fn read(feed: &Feed, mut input: impl AsyncRead + Unpin) -> io::Result<()> {
    let is_stdin = feed.options.address == Address::Stdin;
    let mut buffer = vec![0; READ_BYTES];
    let mut lines = Lines::new(&feed.options.name);
    loop {
        let reading = input.read(&mut buffer);
        let length = if is_stdin {
            reading.await?
        } else {
            timeout(feed.options.silent_after, reading).await.map_err(|_| silent())??
        };
        lines.push(&buffer[..length], &feed.gauge);
        if length == 0 && is_stdin {
            // A connection that breaks off may have cut its last line, and a cut checksum may still look like one.
            lines.end(&feed.gauge);
        }
        if !feed.give(&mut lines).await || length == 0 {
            return Ok(());
        }
    }
}

/// Up to as long again, so that those who lost the same server do not come back at once.
fn jitter(back_off: Duration) -> Duration {
    let share = now().as_millis().rem_euclid(1000) as u32;
    back_off * share / 1000
}

/// Lets so many clients in as may be, in all and of each address.
#[derive(Clone)]
pub struct Doors {
    room: Arc<Semaphore>,
    counts: Arc<Mutex<HashMap<IpAddr, usize>>>,
}

/// A client's place.
pub struct Place {
    doors: Doors,
    address: IpAddr,
    _room: OwnedSemaphorePermit,
}

impl Default for Doors {
    fn default() -> Self {
        Doors { room: Arc::new(Semaphore::new(CLIENTS_MAX)), counts: Arc::default() }
    }
}

impl Doors {
    /// The next client for whom there is a place. Others are sent away, and counted.
    pub async fn enter(&self, feed: &Feed, listener: &TcpListener) -> (TcpStream, Place) {
        loop {
            let Ok((stream, address)) = listener.accept().await else {
                // Out of files, for one.
                sleep(Duration::from_millis(100)).await;
                continue;
            };
            match self.place(address.ip()) {
                Some(place) => return (stream, place),
                None => feed.gauge.refused_clients.fetch_add(1, Ordering::Relaxed),
            };
        }
    }

    fn place(&self, address: IpAddr) -> Option<Place> {
        let room = self.room.clone().try_acquire_owned().ok()?;
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(address).or_default();
        let is_free = *count < CLIENTS_PER_ADDRESS_MAX;
        *count += usize::from(is_free);
        is_free.then(|| Place { doors: self.clone(), address, _room: room })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = self.doors.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.address);
            }
        }
    }
}
