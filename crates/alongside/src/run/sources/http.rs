//! What is posted: lines or JSON, plain or gzip, as AIS-catcher does.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::Router;
use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode, header};
use flate2::read::MultiGzDecoder;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::lines::Lines;
use super::tcp::Doors;
use super::{Feed, MESSAGE_BYTES_MAX, Refusal};
use crate::run::http::serve_client;

/// So long somebody who posts waits for room.
const ROOM_TIMEOUT: Duration = Duration::from_secs(30);

/// A body that takes longer is not awaited: others may need its room.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);
/// Bytes of bodies that are there at a time, of one source.
const BODIES_BYTES_MAX: usize = 64 << 20;
/// Posts of one source that wait for the journal at a time.
const WAITING_MAX: usize = 4;

/// Takes whatever is posted, to any path.
pub async fn listen(feed: &Feed, listener: TcpListener) -> io::Result<()> {
    let doors = Doors::default();
    let pages = Router::new().fallback(take).with_state(Posts::new(feed.clone()));
    loop {
        let (stream, _place) = doors.enter(feed, &listener).await;
        let (client, pages) = (feed.clone(), pages.clone());
        tokio::spawn(async move {
            let _place = _place;
            client.with_connection(serve_client(stream, pages)).await;
        });
    }
}

/// What posts may take in memory, all together.
#[derive(Clone)]
struct Posts {
    feed: Feed,
    /// Bytes of bodies at a time.
    bodies: Arc<Semaphore>,
    /// Posts at a time whose lines are there and wait for the journal: a body of short lines is many times as long when
    /// each has its time and its feed.
    waiting: Arc<Semaphore>,
}

impl Posts {
    fn new(feed: Feed) -> Self {
        Posts {
            feed,
            bodies: Arc::new(Semaphore::new(BODIES_BYTES_MAX)),
            waiting: Arc::new(Semaphore::new(WAITING_MAX)),
        }
    }
}

const NO_ROOM: (StatusCode, &str) = (StatusCode::SERVICE_UNAVAILABLE, "no room; try again\n");

async fn take(State(posts): State<Posts>, request: Request) -> (StatusCode, &'static str) {
    let Posts { feed, bodies, waiting } = posts;
    if !matches!(*request.method(), Method::POST | Method::PUT) {
        return (StatusCode::METHOD_NOT_ALLOWED, "post lines or JSON here\n");
    }
    let encoding = request.headers().get(header::CONTENT_ENCODING);
    let is_packed = encoding.is_some_and(|encoding| encoding.as_bytes() == b"gzip");
    let too_large = || {
        feed.gauge.refuse(Refusal::TooLarge);
        (StatusCode::PAYLOAD_TOO_LARGE, "more than 1 MiB\n")
    };
    // A body of unknown length may be as long as any; one that is unpacked is there twice.
    let length = request.headers().get(header::CONTENT_LENGTH);
    let length = length.and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    let length = length.filter(|_| !is_packed).unwrap_or(2 * MESSAGE_BYTES_MAX);
    let length = length.clamp(1, 2 * MESSAGE_BYTES_MAX) as u32;
    let body = timeout(ROOM_TIMEOUT, bodies.acquire_many_owned(length)).await;
    let Ok(Ok(_body)) = body else { return NO_ROOM };
    let read = timeout(BODY_TIMEOUT, to_bytes(request.into_body(), MESSAGE_BYTES_MAX));
    let mut bytes = match read.await {
        Ok(Ok(bytes)) => bytes,
        Ok(Err(_)) => return too_large(),
        Err(_) => return (StatusCode::REQUEST_TIMEOUT, "too slow\n"),
    };
    if is_packed {
        let mut unpacked = Vec::new();
        let mut packed = MultiGzDecoder::new(&bytes[..]).take(MESSAGE_BYTES_MAX as u64 + 1);
        if packed.read_to_end(&mut unpacked).is_err() {
            feed.gauge.refuse(Refusal::Damaged);
            return (StatusCode::BAD_REQUEST, "damaged gzip\n");
        }
        if unpacked.len() > MESSAGE_BYTES_MAX {
            return too_large();
        }
        bytes = unpacked.into();
    }
    let place = timeout(ROOM_TIMEOUT, waiting.acquire_owned()).await;
    let mut lines = Lines::new(&feed.options.name);
    lines.push_message(&bytes, &feed.gauge);
    let Ok(Ok(_place)) = place else {
        feed.gauge.dropped.fetch_add(lines.count(), Ordering::Relaxed);
        return NO_ROOM;
    };
    match feed.give_within(&mut lines, ROOM_TIMEOUT).await {
        true => (StatusCode::OK, ""),
        false => NO_ROOM,
    }
}
