//! MQTT: the topics of AIS-catcher and others that send lines or JSON.

use std::io;
use std::process;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use rumqttc::mqttbytes::Error as BytesError;
use rumqttc::{AsyncClient, ConnectionError, Event, MqttOptions, Packet, QoS, StateError};
use tokio::time::timeout;

use super::address::Mqtt;
use super::lines::Lines;
use super::tcp::{again, silent};
use super::{Feed, MESSAGE_BYTES_MAX, Refusal};

const KEEP_ALIVE: Duration = Duration::from_secs(30);

/// Subscribes again and again.
pub async fn subscribe(feed: &Feed, broker: &Mqtt) -> io::Result<()> {
    again(feed, || async {
        let client = format!("alongside-{}-{}", feed.options.name, process::id());
        let mut options = MqttOptions::new(client, &broker.host, broker.port);
        options
            .set_max_packet_size(MESSAGE_BYTES_MAX, MESSAGE_BYTES_MAX)
            .set_keep_alive(KEEP_ALIVE);
        if !broker.user.is_empty() {
            let key = feed.options.key.as_ref().map(|key| key.read()).transpose()?;
            options.set_credentials(&broker.user, key.unwrap_or_default());
        }
        let (client, mut events) = AsyncClient::new(options, 16);
        client.subscribe(&broker.topic, QoS::AtMostOnce).await.map_err(io::Error::other)?;
        let mut lines = Lines::new(&feed.options.name);
        let mut heard_at = Instant::now();
        loop {
            // Pings and their answers are as silent as nothing.
            let left = feed.options.silent_after.saturating_sub(heard_at.elapsed());
            match timeout(left, events.poll()).await.map_err(|_| silent())? {
                Ok(Event::Incoming(Packet::Publish(message))) => {
                    heard_at = Instant::now();
                    lines.push_message(&message.payload, &feed.gauge);
                    if !feed.give(&mut lines).await {
                        return Ok(());
                    }
                }
                Ok(Event::Incoming(Packet::ConnAck(_))) => {
                    tracing::info!(source = feed.options.name, "connected");
                    feed.gauge.connections.store(1, Ordering::Relaxed);
                }
                Ok(_) => {}
                Err(error) => {
                    let limit = BytesError::PayloadSizeLimitExceeded(0);
                    if let ConnectionError::MqttState(StateError::Deserialization(found)) = &error
                        && std::mem::discriminant(found) == std::mem::discriminant(&limit)
                    {
                        feed.gauge.refuse(Refusal::TooLarge);
                    }
                    return Err(io::Error::other(error));
                }
            }
        }
    })
    .await
}
