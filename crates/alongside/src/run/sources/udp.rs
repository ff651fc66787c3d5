//! Datagrams.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::UdpSocket;
use tokio::time::sleep;

use super::Feed;
use super::lines::Lines;

/// A datagram is no longer.
const DATAGRAM_BYTES_MAX: usize = 1 << 16;

/// Takes datagrams for ever. What there is no room for is dropped, and counted.
pub async fn receive(feed: &Feed, socket: UdpSocket) -> io::Result<()> {
    let mut buffer = vec![0; DATAGRAM_BYTES_MAX];
    let mut lines = Lines::new(&feed.options.name);
    loop {
        // An error of one datagram, such as the answer to one that was sent from here, is not the socket's end.
        let Ok((length, _)) = socket.recv_from(&mut buffer).await else {
            sleep(Duration::from_millis(10)).await;
            continue;
        };
        lines.push(&buffer[..length], &feed.gauge);
        lines.end(&feed.gauge);
        feed.give_or_drop(&mut lines);
    }
}

/// Takes the address, or joins the group that it is of.
///
/// # Errors
///
/// It is taken, or not ours.
pub async fn bind(address: SocketAddr) -> io::Result<UdpSocket> {
    match address.ip().is_multicast() {
        false => UdpSocket::bind(address).await,
        true => multicast(address).await,
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
