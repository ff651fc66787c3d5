//! What systemd is told, where it asks for it: `READY=1`, `WATCHDOG=1`, `STOPPING=1`, and how it goes in a line.

#[cfg(unix)]
use sd_notify::NotifyState::{Ready, Status, Stopping, Watchdog};

/// Sources are listened to.
pub fn tell_ready() {
    #[cfg(unix)]
    let _ = sd_notify::notify(&[Ready]);
}

/// It is alive, and this is how it goes.
pub fn tell_alive(status: &str) {
    #[cfg(unix)]
    let _ = sd_notify::notify(&[Watchdog, Status(status)]);
    #[cfg(not(unix))]
    let _ = status;
}

/// It ends.
pub fn tell_stopping() {
    #[cfg(unix)]
    let _ = sd_notify::notify(&[Stopping]);
}
