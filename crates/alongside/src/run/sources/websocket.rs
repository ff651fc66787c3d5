//! Websockets: aisstream.io, and others that send lines or JSON.

use std::io;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use serde_json::json;
use tokio::time::timeout;
use tokio_tungstenite::connect_async_with_config;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error, Message};

use super::lines::Lines;
use super::tcp::{again, no_answer, silent};
use super::{Feed, MESSAGE_BYTES_MAX, Refusal};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Asks a server again and again. Where there is a key, it is asked for the boxes as aisstream.io wants it.
pub async fn connect(feed: &Feed, url: &str) -> io::Result<()> {
    again(feed, || async {
        let config = WebSocketConfig::default()
            .max_message_size(Some(MESSAGE_BYTES_MAX))
            .max_frame_size(Some(MESSAGE_BYTES_MAX));
        let connecting =
            timeout(CONNECT_TIMEOUT, connect_async_with_config(url, Some(config), false));
        let (mut socket, _) =
            connecting.await.map_err(|_| no_answer())?.map_err(io::Error::other)?;
        if let Some(key) = &feed.options.key {
            let asked = json!({"APIKey": key.read()?, "BoundingBoxes": feed.options.boxes});
            socket.send(Message::text(asked.to_string())).await.map_err(io::Error::other)?;
        }
        tracing::info!(source = feed.options.name, "connected");
        feed.gauge.connections.store(1, Ordering::Relaxed);
        let mut lines = Lines::new(&feed.options.name);
        let mut heard_at = Instant::now();
        loop {
            // A message whose end does not come is silence too, and so are pings.
            let left = feed.options.silent_after.saturating_sub(heard_at.elapsed());
            let next = timeout(left, socket.next()).await;
            match next.map_err(|_| silent())? {
                None | Some(Ok(Message::Close(_))) => return Ok(()),
                Some(Ok(Message::Text(text))) => {
                    heard_at = Instant::now();
                    lines.push_message(text.as_bytes(), &feed.gauge);
                }
                Some(Ok(Message::Binary(bytes))) => {
                    heard_at = Instant::now();
                    lines.push_message(&bytes, &feed.gauge);
                }
                Some(Ok(_)) => {}
                Some(Err(error)) => {
                    if matches!(error, Error::Capacity(_)) {
                        feed.gauge.refuse(Refusal::TooLarge);
                    }
                    return Err(io::Error::other(error));
                }
            }
            if !feed.give(&mut lines).await {
                return Ok(());
            }
        }
    })
    .await
}
