//! `alongside publish`: what waits in the outbox, to Kafka.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use anyhow::bail;
use sink::{Outbox, Publisher, Until};
use tracing::Level;

use crate::cli::PublishArgs;
use crate::report::grouped;
use crate::terminal::tell;
use crate::{config, logging};

/// Publishes, or says how much waits.
///
/// # Errors
///
/// There is no outbox, or Kafka takes nothing.
pub fn run(args: &PublishArgs) -> anyhow::Result<()> {
    let (_, mut delivery) = config::load(args.config.as_deref())?;
    if let Some(brokers) = &args.kafka {
        delivery.kafka.brokers = brokers.clone();
    }
    let file = &delivery.outbox.file;
    if !file.exists() {
        bail!("there is no outbox {}", file.display());
    }
    let depth = Outbox::open(file, delivery.outbox.bytes_max)?.depth()?;
    let [messages, bytes, refused] = [depth.messages, depth.bytes, depth.refused].map(grouped);
    tell(format_args!(
        "{} has {messages} messages of {bytes} bytes that wait, and {refused} that kafka refused for ever",
        file.display()
    ));
    if args.dry_run {
        return Ok(());
    }
    logging::start(Level::INFO);
    let until = Until {
        told: Arc::new(AtomicBool::new(true)),
        give_up_after: delivery.outbox.give_up_after,
    };
    let published = Publisher::new(delivery.kafka, file)?.run(&until)?;
    tell(format_args!("published {} messages", grouped(published.delivered)));
    Ok(())
}
