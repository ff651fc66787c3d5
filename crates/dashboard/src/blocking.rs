//! Work that may wait, off the threads that serve.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::task::{self, JoinError};

/// Does `act` on a thread that may wait for a disk. It goes on when nobody waits for its end any more.
///
/// The runtime sees every act as one type. Of each of its own the compiler would make a task, which for all the routes
/// together was a third of this crate's code.
///
/// # Errors
///
/// It has panicked, or the runtime ends.
pub(crate) async fn on_a_thread<T: Send + 'static>(
    act: impl FnOnce() -> T + Send + 'static,
) -> Result<T, JoinError> {
    let made = Arc::new(Mutex::new(None));
    let place = made.clone();
    let act: Box<dyn FnOnce() + Send> = Box::new(move || {
        let made = act();
        *place.lock().unwrap_or_else(PoisonError::into_inner) = Some(made);
    });
    task::spawn_blocking(act).await?;
    let made = made.lock().unwrap_or_else(PoisonError::into_inner).take();
    Ok(made.expect("an act that has ended has made something"))
}
