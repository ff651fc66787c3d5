//! The log of what runs for long: a line on standard error for what changes or fails.

use std::io::{self, IsTerminal};
use std::sync::OnceLock;

use tracing::Level;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Registry, fmt, reload};

/// Which lines are written: `error`, `warn`, `info`, `debug` or `trace`. It says more than the configuration.
const VARIABLE: &str = "ALONGSIDE_LOG";

/// By which the level is changed.
static LEVEL: OnceLock<reload::Handle<LevelFilter, Registry>> = OnceLock::new();

/// From now on lines are written, from `least` on unless the environment says otherwise.
pub fn start(least: Level) {
    let (filter, handle) = reload::Layer::new(LevelFilter::from_level(asked().unwrap_or(least)));
    let lines = fmt::layer()
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .with_target(false);
    // A second start would change nothing, which is fine.
    if tracing_subscriber::registry().with(filter).with(lines).try_init().is_ok() {
        let _ = LEVEL.set(handle);
    }
}

/// From now on lines are written from another level on.
pub fn set(least: Level) {
    if let Some(level) = LEVEL.get() {
        let _ = level.reload(LevelFilter::from_level(asked().unwrap_or(least)));
    }
}

fn asked() -> Option<Level> {
    std::env::var(VARIABLE).ok().and_then(|level| level.parse().ok())
}
