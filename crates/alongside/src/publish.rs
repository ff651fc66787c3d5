//! `alongside publish`: what waits in the outbox, to Kafka; and what Kafka refused.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use anyhow::bail;
use serde_json::json;
use sink::{Outbox, Publisher, Refused, Until};
use tracing::Level;

use crate::cli::PublishArgs;
use crate::report::grouped;
use crate::terminal::tell;
use crate::{config, logging};

/// Refused messages that are in memory at a time; each may have some megabytes.
const BATCH: usize = 10;

/// Publishes, or says how much waits and what is refused.
///
/// # Errors
///
/// There is no outbox, another program publishes it, or Kafka takes nothing.
pub fn run(args: &PublishArgs) -> anyhow::Result<()> {
    let (_, mut delivery) = config::load(args.config.as_deref())?;
    if let Some(brokers) = &args.kafka {
        delivery.kafka.brokers = brokers.clone();
    }
    let file = &delivery.outbox.file;
    if !file.exists() {
        bail!("there is no outbox {}", file.display());
    }
    let mut outbox = Outbox::open(file, delivery.outbox.bytes_max)?;
    let depth = outbox.depth()?;
    let [messages, bytes] = [depth.messages, depth.bytes].map(grouped);
    let [refused, refused_bytes] = [depth.refused, depth.refused_bytes].map(grouped);
    tell(format_args!(
        "{} has {messages} messages of {bytes} bytes that wait, and {refused} of {refused_bytes} bytes that kafka refused",
        file.display()
    ));
    if args.drop_refused {
        return write_refused(&mut outbox, true);
    }
    if args.dry_run {
        return if args.refused { write_refused(&mut outbox, false) } else { Ok(()) };
    }
    logging::start(Level::INFO);
    let until = Until {
        told: Arc::new(AtomicBool::new(true)),
        give_up_after: delivery.outbox.give_up_after,
    };
    // Before anything is tried again: it makes sure that nobody else publishes.
    let mut publisher = Publisher::new(delivery.kafka, file)?;
    if args.refused {
        outbox.retry_refused()?;
    }
    let published = publisher.run(&until)?;
    let refused = match published.refused {
        0 => String::new(),
        count => format!("; kafka refused {}, which stay in the outbox", grouped(count)),
    };
    tell(format_args!("published {} messages{refused}", grouped(published.delivered)));
    Ok(())
}

/// Writes out what is refused; forgets each message, if it shall, once it is written.
fn write_refused(outbox: &mut Outbox, forget: bool) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    let mut seq = 0;
    loop {
        let batch = outbox.refused(seq, BATCH)?;
        let Some(last) = batch.last() else { return Ok(()) };
        seq = last.seq;
        for Refused { message, reason, .. } in &batch {
            let line = json!({
                "topic": message.topic.name(), "key": message.key, "id": message.id,
                "source": message.source, "reason": reason, "payload": message.payload,
            });
            writeln!(out, "{line}")?;
        }
        out.flush()?;
        if forget {
            batch.iter().try_for_each(|one| outbox.drop_refused(one.seq))?;
        }
    }
}
