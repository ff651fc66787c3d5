//! What is posted: lines or JSON, plain or gzip, as AIS-catcher does.

use std::io::{self, Read};
use std::time::Duration;

use axum::Router;
use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode, header};
use flate2::read::MultiGzDecoder;
use tokio::net::TcpListener;
use tokio::time::timeout;

use super::lines::Lines;
use super::tcp::Doors;
use super::{Feed, MESSAGE_BYTES_MAX, Refusal};
use crate::run::http::serve_client;

/// So long somebody who posts waits for room.
const ROOM_TIMEOUT: Duration = Duration::from_secs(30);

/// Takes whatever is posted, to any path.
pub async fn listen(feed: &Feed, listener: TcpListener) -> io::Result<()> {
    let doors = Doors::default();
    let pages = Router::new().fallback(take).with_state(feed.clone());
    loop {
        let (stream, _place) = doors.enter(feed, &listener).await;
        let (client, pages) = (feed.clone(), pages.clone());
        tokio::spawn(async move {
            let _place = _place;
            client.with_connection(serve_client(stream, pages)).await;
        });
    }
}

async fn take(State(feed): State<Feed>, request: Request) -> (StatusCode, &'static str) {
    if !matches!(*request.method(), Method::POST | Method::PUT) {
        return (StatusCode::METHOD_NOT_ALLOWED, "post lines or JSON here\n");
    }
    let encoding = request.headers().get(header::CONTENT_ENCODING);
    let is_packed = encoding.is_some_and(|encoding| encoding.as_bytes() == b"gzip");
    let too_large = || {
        feed.gauge.refuse(Refusal::TooLarge);
        (StatusCode::PAYLOAD_TOO_LARGE, "more than 1 MiB\n")
    };
    let Ok(mut bytes) = to_bytes(request.into_body(), MESSAGE_BYTES_MAX).await else {
        return too_large();
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
    let mut lines = Lines::new(&feed.options.name);
    lines.push_message(&bytes, &feed.gauge);
    match timeout(ROOM_TIMEOUT, feed.give(&mut lines)).await {
        Ok(true) => (StatusCode::OK, ""),
        _ => (StatusCode::SERVICE_UNAVAILABLE, "no room; try again\n"),
    }
}
