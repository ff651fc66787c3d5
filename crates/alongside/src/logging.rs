//! The log of what runs for long: a line on standard error for what changes or fails.

use std::io::{self, IsTerminal};

use tracing::Level;

/// Which lines are written: `error`, `warn`, `info`, `debug` or `trace`.
const VARIABLE: &str = "ALONGSIDE_LOG";

/// From now on lines are written, from `least` on unless the environment says otherwise.
pub fn start(least: Level) {
    let asked = std::env::var(VARIABLE).ok().and_then(|level| level.parse().ok());
    // A second start would change nothing, which is fine.
    let _ = tracing_subscriber::fmt()
        .with_max_level(asked.unwrap_or(least))
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .with_target(false)
        .try_init();
}
