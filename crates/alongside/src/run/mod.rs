//! `alongside run`: live feeds in, events out, until it is stopped.
//!
//! [`sources`] take lines in, each by itself; the [`log`] keeps them, which is a [`journal`] or a [`topic`]; [`pipeline`]
//! decodes them, finds what there is, and gives it to the store and the outbox; [`health`] says how it goes, on the pages of
//! [`http`] and to a [`supervisor`].

mod checkpoint;
mod health;
mod http;
mod journal;
mod log;
mod pipeline;
mod relay;
mod reload;
mod sources;
mod supervisor;
mod topic;

use std::error::Error;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use detector::Parameters;
use sink::reading::Place;
use sink::{PublishError, Published, Publisher, Until};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, mpsc, watch};
use tracing::Level;

pub use self::journal::JournalOptions;
pub use self::relay::{RelayOptions, RelayTarget};
pub use self::sources::{Address, AddressError, Key, SourceOptions};
pub use self::topic::{check_partitions, partitions};

use self::health::Health;
use self::pipeline::{Ends, Pipeline};
use self::relay::Relay;
use self::sources::{Bound, Feed, WAITING_BYTES_MAX};
use crate::alert::{self, Alerts};
use crate::cli::RunArgs;
use crate::config::{self, Delivery};
use crate::load::until_signal;
use crate::serve::{self, Serving};
use crate::{UsageError, logging, places};

/// After a signal, the rest takes no longer.
const STOP_WITHIN: Duration = Duration::from_secs(10);

/// At the end, what waits for Kafka is waited for this long.
const PUBLISH_WITHIN: Duration = Duration::from_secs(3);

/// What the daemon does, checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Daemon {
    /// Where lines come from.
    pub sources: Vec<SourceOptions>,
    /// Where they are kept.
    pub journal: JournalOptions,
    /// Lines wait no longer for others to be written with.
    pub commit_after: Duration,
    /// How much a restart has to do again, in time.
    pub checkpoint_every: Duration,
    /// A GeoPackage for what is found.
    pub store: Option<PathBuf>,
    /// How long that waits for others to be stored with.
    pub store_every: Duration,
    /// Whether it goes to Kafka.
    pub publish: bool,
    /// Where the pages are.
    pub http: Option<SocketAddr>,
    /// What is shown of the store, and to whom.
    pub serving: Serving,
    /// The least of what is logged.
    pub log: Level,
    /// Where accepted sentences go.
    pub relays: Vec<RelayOptions>,
    /// Whom it tells of what.
    pub alerts: Alerts,
    /// How it goes to Kafka, and the file of the outbox, which names the checkpoint as well.
    pub delivery: Delivery,
}

impl Daemon {
    /// Every address at which somebody is to listen by TCP, with the key that says so.
    fn listeners(&self) -> Vec<(String, SocketAddr)> {
        let mut all = Vec::new();
        for SourceOptions { name, address, .. } in &self.sources {
            if let Address::TcpListen(address) | Address::HttpListen(address) = address {
                all.push((format!("source {name}"), *address));
            }
        }
        all.extend(self.http.map(|address| ("run.http".to_owned(), address)));
        if self.serving.with_run {
            all.push(("serve.listen".to_owned(), self.serving.listen));
        }
        for RelayOptions { target, .. } in &self.relays {
            if let RelayTarget::TcpListen(address) = target {
                all.push(("relay".to_owned(), *address));
            }
        }
        all
    }

    /// Whether no two of them would listen at one address by TCP.
    ///
    /// # Errors
    ///
    /// They would; the message says who and where.
    pub fn check_addresses(&self) -> anyhow::Result<()> {
        let all = self.listeners();
        // All addresses of its family, and `[::]` mostly those of the other one as well.
        let covers = |one: IpAddr, other: IpAddr| {
            one == other || (one.is_unspecified() && (one.is_ipv6() || other.is_ipv4()))
        };
        for (index, (key, address)) in all.iter().enumerate() {
            let is_same = |(_, other): &&(String, SocketAddr)| {
                let overlap = covers(address.ip(), other.ip()) || covers(other.ip(), address.ip());
                address.port() != 0 && address.port() == other.port() && overlap
            };
            if let Some((other, _)) = all[..index].iter().find(is_same) {
                bail!("{key} and {other} are to listen at one address, {address}");
            }
        }
        Ok(())
    }
}

/// Runs as asked.
///
/// # Errors
///
/// The configuration is refused; an address is taken; the journal, the outbox or the store cannot be used.
pub fn run(args: &RunArgs) -> anyhow::Result<()> {
    let (parameters, mut daemon) = load(args.config.as_deref())?;
    let asked = daemon.clone();
    if let Some(brokers) = &args.kafka {
        daemon.delivery.kafka.brokers = brokers.clone();
        daemon.publish = true;
    }
    for address in &args.source {
        let is_free = |name: &String| daemon.sources.iter().all(|source| source.name != *name);
        let name = (1..).map(|number| format!("source{number}")).find(is_free);
        let name = name.expect("there are more numbers than sources");
        daemon.sources.push(SourceOptions::new(name, address.clone(), config::SILENT_AFTER));
    }
    if daemon.sources.is_empty() {
        return Err(UsageError(
            "there is no source: --source udp://0.0.0.0:10110 names one, or [[source]] in the configuration".into(),
        )
        .into());
    }
    logging::start(daemon.log);

    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("cannot start")?;
    let topic = daemon.journal.topic.clone();
    let bytes_max = daemon.delivery.outbox.bytes_max;
    let health = Arc::new(Health::new(&daemon.sources, bytes_max, topic));
    let (stopper, stop) = watch::channel(false);

    // Whatever is taken or not ours is said before anything begins.
    let mut bounds = Vec::new();
    for source in &daemon.sources {
        let SourceOptions { name, address, .. } = source;
        let bound = runtime
            .block_on(Bound::new(source))
            .with_context(|| format!("source {name}: cannot use {address}"))?;
        bounds.push(bound);
    }
    let page = daemon.http.map(|address| {
        let bound = runtime.block_on(TcpListener::bind(address));
        bound.with_context(|| format!("run.http: cannot use {address}"))
    });
    let page = page.transpose()?;
    if daemon.serving.with_run && daemon.store.is_none() {
        let expected = "serve.with_run needs a store: run.store names one";
        return Err(UsageError(expected.into()).into());
    }
    let shown = match daemon.serving.with_run {
        true => Some(serve::bind(&runtime, daemon.serving.listen)?),
        false => None,
    };
    let access = shown.is_some().then(|| serve::access(&daemon.serving)).transpose()?;

    let relay = match daemon.relays.is_empty() {
        true => None,
        false => {
            let started = runtime.block_on(Relay::start(&daemon.relays, health.relay()));
            Some(started.context("relay: cannot use its address")?)
        }
    };
    for channel in &daemon.alerts.channels {
        let key = channel.key.as_ref().map(|key| key.read()).transpose();
        key.with_context(|| format!("channel {}: cannot read its key", channel.name))?;
    }

    runtime.spawn(stop_when_told(stopper));
    let publisher = daemon.publish.then(|| Publishing::start(&daemon.delivery)).transpose()?;
    if let Some(listener) = page {
        tracing::info!(address = %listener.local_addr()?, "pages");
        runtime.spawn(http::serve(listener, health.clone()));
    }
    let ticking = health.clone();
    runtime.spawn(async move {
        let mut ticks = tokio::time::interval(Duration::from_secs(1));
        loop {
            ticks.tick().await;
            ticking.tick();
            if ticking.is_alive() {
                supervisor::tell_alive(&ticking.in_a_line());
            }
        }
    });

    let (marker, marks) = watch::channel(None);
    let (reloader, reloads) = watch::channel(None);
    let file = args.config.clone();
    runtime.spawn(reload::when_told(file, asked, health.clone(), reloader));
    let ends = Ends { health: health.clone(), stop: stop.clone(), marker, reloads, relay };
    let pipeline = Pipeline::open(daemon.clone(), &parameters, ends)?;
    let Delivery { outbox, .. } = &daemon.delivery;
    let alerts = (!daemon.alerts.rules.is_empty()).then(|| {
        let outbox = (outbox.file.clone(), outbox.bytes_max);
        alert::Sender::start(daemon.alerts.clone(), outbox, health.alerts())
    });
    let alerts = alerts.transpose()?;
    if let (Some(listener), Some(access), Some(store)) = (shown, access, &daemon.store) {
        tracing::info!(address = %listener.local_addr()?, "serving");
        let place = Place::GeoPackage(store.clone());
        let mut options = serve::options(place, access, daemon.serving.behind_proxy, &parameters);
        let health = health.clone();
        options.health = Some(Arc::new(move || health.to_dashboard()));
        runtime.spawn(async move {
            if let Err(error) = dashboard::serve(listener, options).await {
                tracing::error!(reason = describe(&error), "nothing is served");
            }
        });
    }
    let (sender, chunks) = mpsc::unbounded_channel();
    for (source, (options, bound)) in daemon.sources.iter().zip(bounds).enumerate() {
        let feed = Feed {
            source,
            options: options.clone(),
            gauge: health.gauge(source),
            sender: sender.clone(),
            room: Arc::new(Semaphore::new(WAITING_BYTES_MAX)),
            marks: marks.clone(),
            stop: stop.clone(),
        };
        let name = options.name.clone();
        runtime.spawn(async move {
            if let Err(error) = feed.run(bound).await {
                tracing::error!(source = name, reason = describe(&error), "a source failed");
            }
        });
    }
    drop(sender);
    tracing::info!(sources = daemon.sources.len(), "running");
    supervisor::tell_ready();

    let running = thread::Builder::new()
        .name("pipeline".into())
        .spawn(move || pipeline.run(chunks))
        .context("cannot start a thread")?;
    let ran =
        running.join().unwrap_or_else(|_| bail!("the pipeline has failed; its journal is whole"));
    alerts.into_iter().for_each(alert::Sender::finish);
    publisher.into_iter().for_each(Publishing::finish);
    runtime.shutdown_background();
    ran?;
    tracing::info!("stopped; what is open goes on with the next start");
    Ok(())
}

/// Reads the configuration, with the lists and maps that it names.
fn load(file: Option<&Path>) -> anyhow::Result<(Parameters, Daemon)> {
    let (mut parameters, delivery, mut daemon) = config::load_daemon(file)?;
    places::load(&mut parameters, &[] as &[PathBuf])?;
    config::check_names(&daemon.alerts, &parameters)?;
    daemon.delivery = delivery;
    Ok((parameters, daemon))
}

/// The first signal ends the intake, and what was accepted is dealt with; a second one, or too long a time, ends all.
async fn stop_when_told(stopper: watch::Sender<bool>) {
    until_signal().await;
    tracing::info!("stopping");
    supervisor::tell_stopping();
    let _ = stopper.send(true);
    tokio::select! {
        () = until_signal() => tracing::warn!("stopped at once; the next start goes on from the last checkpoint"),
        () = tokio::time::sleep(STOP_WITHIN) => tracing::error!("it takes too long; the next start goes on from the last checkpoint"),
    }
    process::exit(i32::from(crate::FAILED));
}

/// What waits in the outbox, on its way to Kafka.
struct Publishing {
    told: Arc<AtomicBool>,
    thread: thread::JoinHandle<Result<Published, PublishError>>,
}

impl Publishing {
    fn start(delivery: &Delivery) -> anyhow::Result<Self> {
        // The outbox must be there before somebody publishes from it.
        sink::Outbox::open(&delivery.outbox.file, delivery.outbox.bytes_max)?;
        // What is refused outright is said at the start.
        let mut publisher = Publisher::new(delivery.kafka.clone(), &delivery.outbox.file)?;
        let told = Arc::new(AtomicBool::new(false));
        // At the end, what has not been taken soon waits for the next start.
        let until = Until { told: told.clone(), give_up_after: PUBLISH_WITHIN };
        let thread = thread::Builder::new()
            .name("publisher".into())
            .spawn(move || {
                loop {
                    let error = match publisher.run(&until) {
                        Err(error) if !until.told.load(Ordering::Acquire) => error,
                        ended => return ended,
                    };
                    let reason = describe(&error);
                    tracing::error!(reason, "publishing failed; it is tried again");
                    thread::sleep(Duration::from_secs(1));
                }
            })
            .context("cannot start a thread")?;
        Ok(Publishing { told, thread })
    }

    /// Lets it deliver what it can soon. What it holds is in the outbox, so it may be left alone with brokers that do
    /// not answer.
    fn finish(self) {
        self.told.store(true, Ordering::Release);
        let since = Instant::now();
        while !self.thread.is_finished() {
            if since.elapsed() > PUBLISH_WITHIN {
                tracing::warn!("what waits in the outbox goes on with the next start");
                return;
            }
            thread::sleep(Duration::from_millis(20));
        }
        match self.thread.join().expect("the publisher does not panic") {
            Ok(_) => {}
            Err(error) => tracing::warn!(
                reason = describe(&error),
                "what waits in the outbox goes on with the next start"
            ),
        }
    }
}

/// An error with what caused it.
pub fn describe(error: &(dyn Error + 'static)) -> String {
    let mut words = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        words.push_str(": ");
        words.push_str(&cause.to_string());
        source = cause.source();
    }
    words
}
