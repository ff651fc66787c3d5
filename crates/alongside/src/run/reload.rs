//! SIGHUP: the configuration is read again, and what may change without a restart does.
//!
//! That is what is found and how it is judged (with watchlists, zones and profiles) and the level of the log. Sources and
//! ways out stay as they are until the next start, and that is said.

use std::path::PathBuf;
use std::sync::Arc;

use detector::Parameters;
use tokio::sync::watch;

use super::health::Health;
use super::{Daemon, load};
use crate::logging;

/// Reads the configuration again whenever it is told, for ever. A file that is refused changes nothing.
pub async fn when_told(
    file: Option<PathBuf>,
    asked: Daemon,
    health: Arc<Health>,
    reloader: watch::Sender<Option<Parameters>>,
) {
    let Some(mut hangup) = Hangup::new() else { return };
    loop {
        hangup.next().await;
        let file = file.clone();
        let read = tokio::task::spawn_blocking(move || load(file.as_deref())).await;
        let Ok(read) = read else { continue };
        match read {
            Ok((parameters, daemon)) => {
                logging::set(daemon.log);
                health.reloaded(None);
                let is_other = Daemon { log: asked.log, ..daemon } != asked;
                if is_other {
                    tracing::warn!(
                        "sources, journal and ways out have changed too; that needs a restart"
                    );
                }
                tracing::info!("the configuration is read again");
                reloader.send_replace(Some(parameters));
            }
            Err(error) => {
                let reason = format!("{error:#}");
                tracing::error!(reason, "the configuration is refused; the old one stays");
                health.reloaded(Some(reason));
            }
        }
    }
}

#[cfg(unix)]
struct Hangup(tokio::signal::unix::Signal);

#[cfg(unix)]
impl Hangup {
    fn new() -> Option<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        signal(SignalKind::hangup()).ok().map(Hangup)
    }

    async fn next(&mut self) {
        self.0.recv().await;
    }
}

#[cfg(not(unix))]
struct Hangup;

#[cfg(not(unix))]
impl Hangup {
    fn new() -> Option<Self> {
        None
    }

    async fn next(&mut self) {}
}
