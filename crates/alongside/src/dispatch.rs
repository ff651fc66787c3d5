//! What is told while a replay goes on, on its way out: into the outbox and from there to Kafka, or straight into
//! ClickHouse.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::Context;
use detector::Parameters;
use sink::{
    Loading, Message, Messenger, MessengerOptions, Outbox, OutboxError, Provenance, PublishError,
    Published, Publisher, Store, Until, Writer,
};
use tokio::runtime::Runtime;
use tracing::Level;

use crate::cli::{self, ReplayArgs};
use crate::config::Delivery;
use crate::logging;
use crate::replay::Told;
use crate::report::grouped;
use crate::store::now;

/// Messages that go into the outbox in one transaction.
const BATCH: usize = 1_000;
/// How often a full outbox is tried again.
const PAUSE: Duration = Duration::from_millis(50);

/// On the way out.
pub struct Dispatch {
    messenger: Messenger,
    kafka: Option<ToKafka>,
    clickhouse: Option<ToClickHouse>,
}

struct ToKafka {
    outbox: Outbox,
    brokers: String,
    batch: Vec<Message>,
    messages: u64,
    until: Until,
    publisher: JoinHandle<Result<Published, PublishError>>,
}

struct ToClickHouse {
    runtime: Runtime,
    writer: Writer,
    url: String,
    messages: u64,
}

impl Dispatch {
    /// The way out that is asked for, if any is.
    ///
    /// # Errors
    ///
    /// There can be no outbox, or ClickHouse does not answer or has not the tables.
    pub fn new(
        args: &ReplayArgs,
        mut delivery: Delivery,
        parameters: &Parameters,
        provenance: &Provenance,
    ) -> anyhow::Result<Option<Self>> {
        if let Some(brokers) = &args.kafka {
            delivery.kafka.brokers = brokers.clone();
        }
        let kafka =
            (args.publish || args.kafka.is_some()).then(|| ToKafka::new(&delivery)).transpose()?;
        let clickhouse = match &args.store {
            cli::Store::ClickHouse(url) => Some(ToClickHouse::new(url, &mut delivery)?),
            _ => None,
        };
        if kafka.is_none() && clickhouse.is_none() {
            return Ok(None);
        }
        logging::start(Level::WARN);
        let telling = MessengerOptions {
            source: args.source.clone().unwrap_or_else(|| source(&args.files[0])),
            positions_every: delivery.outbox.positions_every,
            vessels_max: parameters.bounds.vessels_max,
        };
        let messenger = Messenger::new(telling, provenance.clone());
        Ok(Some(Dispatch { messenger, kafka, clickhouse }))
    }

    /// Takes what is told.
    ///
    /// # Errors
    ///
    /// The outbox is full and stays so, or ClickHouse takes nothing.
    pub fn tell(&mut self, told: &Told<'_>) -> anyhow::Result<()> {
        let message = match told {
            Told::Event(event) => Some(self.messenger.event(event)),
            Told::Report(report) => self.messenger.report(report),
            Told::Settled(_) => None,
        };
        match (message, &mut self.clickhouse) {
            (Some(message), _) => self.take(message),
            (None, Some(clickhouse)) => clickhouse.flush_if_due(),
            (None, None) => Ok(()),
        }
    }

    /// Waits until all has arrived; gives what to say about it.
    ///
    /// # Errors
    ///
    /// Kafka takes nothing for too long, and then what waits stays in the outbox; or ClickHouse does not.
    pub fn finish(mut self) -> anyhow::Result<String> {
        let last: Vec<Message> = self.messenger.finish().collect();
        last.into_iter().try_for_each(|message| self.take(message))?;
        let mut words = Vec::new();
        if let Some(clickhouse) = self.clickhouse {
            words.push(clickhouse.finish()?);
        }
        if let Some(kafka) = self.kafka {
            words.push(kafka.finish()?);
        }
        Ok(words.join("\n"))
    }

    fn take(&mut self, message: Message) -> anyhow::Result<()> {
        if let Some(clickhouse) = &mut self.clickhouse {
            clickhouse.take(&message)?;
        }
        if let Some(kafka) = &mut self.kafka {
            kafka.take(message)?;
        }
        Ok(())
    }
}

/// `day.nmea.gz`
fn source(file: &Path) -> String {
    match file.file_name() {
        Some(name) if file != Path::new("-") => {
            maritime::shown(&name.to_string_lossy()).to_string()
        }
        _ => "standard input".into(),
    }
}

impl ToKafka {
    fn new(delivery: &Delivery) -> anyhow::Result<Self> {
        let Delivery { outbox: options, kafka, .. } = delivery;
        let outbox = Outbox::open(&options.file, options.bytes_max)?;
        let mut publisher = Publisher::new(kafka.clone(), &options.file)?;
        let told = Arc::new(AtomicBool::new(false));
        let until = Until { told, give_up_after: options.give_up_after };
        let publishing = until.clone();
        let publisher = thread::Builder::new()
            .name("publisher".into())
            .spawn(move || publisher.run(&publishing))
            .context("cannot start a thread")?;
        let (batch, brokers) = (Vec::new(), kafka.brokers.clone());
        Ok(ToKafka { outbox, brokers, batch, messages: 0, until, publisher })
    }

    fn take(&mut self, message: Message) -> anyhow::Result<()> {
        self.batch.push(message);
        self.messages += 1;
        if self.batch.len() >= BATCH { self.append() } else { Ok(()) }
    }

    /// Where the outbox is full the replay waits.
    fn append(&mut self) -> anyhow::Result<()> {
        let mut since = (u64::MAX, Instant::now());
        loop {
            match self.outbox.append(&self.batch, None) {
                Ok(()) => {
                    self.batch.clear();
                    return Ok(());
                }
                Err(error @ OutboxError::Full { depth, .. }) => {
                    if depth.bytes < since.0 {
                        since = (depth.bytes, Instant::now());
                    }
                    if since.1.elapsed() > self.until.give_up_after || self.publisher.is_finished()
                    {
                        let brokers = &self.brokers;
                        return Err(error)
                            .with_context(|| format!("kafka at {brokers} takes nothing"));
                    }
                    thread::sleep(PAUSE);
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn finish(mut self) -> anyhow::Result<String> {
        self.append()?;
        self.until.told.store(true, Ordering::Release);
        let published = self.publisher.join().expect("the publisher does not panic");
        let published =
            published.context("`alongside publish` goes on with what waits in the outbox")?;
        let refused = match published.refused {
            0 => String::new(),
            count => format!("; {count} were refused for ever and stay in the outbox"),
        };
        let (messages, brokers) = (grouped(published.delivered), &self.brokers);
        Ok(format!("published  {messages} messages to kafka at {brokers}{refused}"))
    }
}

impl ToClickHouse {
    fn new(url: &str, delivery: &mut Delivery) -> anyhow::Result<Self> {
        delivery.read_password()?;
        delivery.use_url(url)?;
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let store = Store::new(delivery.clickhouse.clone());
        runtime.block_on(store.check_schema())?;
        let started_at = now();
        let run = format!("replay-{started_at}-{}", std::process::id());
        let Loading { block, flush_after, .. } = delivery.loading;
        let writer = Writer::new(store, &run, started_at.as_millis(), block, flush_after);
        Ok(ToClickHouse { runtime, writer, url: delivery.clickhouse.url.clone(), messages: 0 })
    }

    fn take(&mut self, message: &Message) -> anyhow::Result<()> {
        self.messages += 1;
        Ok(self.runtime.block_on(self.writer.write(message))?)
    }

    fn flush_if_due(&mut self) -> anyhow::Result<()> {
        Ok(self.runtime.block_on(self.writer.flush_if_due())?)
    }

    fn finish(mut self) -> anyhow::Result<String> {
        self.runtime.block_on(self.writer.flush())?;
        let skipped = match self.writer.skipped() {
            0 => String::new(),
            count => format!("; {} it cannot hold, and they are not there", grouped(count)),
        };
        let (messages, url) = (grouped(self.messages - self.writer.skipped()), &self.url);
        Ok(format!(
            "stored     {messages} tellings, positions and identities in clickhouse at {url}{skipped}"
        ))
    }
}
