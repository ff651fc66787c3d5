//! `alongside load`: Kafka into ClickHouse, until it is stopped.

use std::time::Duration;

use anyhow::Context;
use sink::{Loaded, SchemaError, Store};
use tokio::sync::watch;
use tracing::Level;

use crate::cli::LoadArgs;
use crate::report::grouped;
use crate::terminal::tell;
use crate::{config, logging};

/// Between looks for a server that is not there yet.
const PAUSE: Duration = Duration::from_secs(2);

/// Loads as asked.
///
/// # Errors
///
/// The configuration is refused, the tables are not those that are known, or no client can be made.
pub fn run(args: &LoadArgs) -> anyhow::Result<()> {
    let (_, mut delivery) = config::load(args.config.as_deref())?;
    delivery.read_password()?;
    if let Some(url) = &args.clickhouse {
        delivery.use_url(url)?;
    }
    if let Some(brokers) = &args.kafka {
        delivery.kafka.brokers = brokers.clone();
    }
    delivery.loading.dead_letters = args.dead_letter;
    delivery.loading.until_end = args.until_end;

    logging::start(Level::INFO);
    let runtime = tokio::runtime::Runtime::new().context("cannot start")?;
    let store = Store::new(delivery.clickhouse.clone());
    let loaded = runtime.block_on(async {
        let (sender, stop) = watch::channel(false);
        let mut stopped = stop.clone();
        tokio::spawn(async move {
            until_signal().await;
            let _ = sender.send(true);
        });
        tokio::select! {
            ready = ready(&store, args.apply_schema) => ready?,
            _ = stopped.changed() => return Ok(Loaded::default()),
        }
        anyhow::Ok(sink::load(delivery.kafka, store, delivery.loading, stop).await?)
    })?;
    let Loaded { messages, blocks, events, positions, identities, dead, retries, took } = loaded;
    let [messages, blocks, events, positions, identities, dead, retries] =
        [messages, blocks, events, positions, identities, dead, retries].map(grouped);
    tell(format_args!(
        "loaded {messages} messages in {blocks} blocks and {:.1} s: {events} tellings of events, {positions} positions, \
         {identities} identities; {dead} to the dead letters; {retries} inserts tried again",
        took.as_secs_f64()
    ));
    Ok(())
}

/// Waits for a server that is not there yet. Tables that are not right are not waited for.
async fn ready(store: &Store, apply_schema: bool) -> Result<(), SchemaError> {
    loop {
        let looked = match apply_schema {
            true => store.apply_schema().await.map(drop),
            false => store.check_schema().await,
        };
        match looked {
            Err(SchemaError::ClickHouse(error)) => {
                let reason = format!("{:#}", anyhow::Error::from(error));
                tracing::warn!(reason, "waiting for clickhouse");
            }
            done => return done,
        }
        tokio::time::sleep(PAUSE).await;
    }
}

#[cfg(unix)]
/// Until somebody asks for the end.
pub async fn until_signal() {
    use tokio::signal::unix::{SignalKind, signal};

    let (Ok(mut interrupt), Ok(mut terminate)) =
        (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}

#[cfg(not(unix))]
/// Until somebody asks for the end.
pub async fn until_signal() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending().await
    }
}
