//! Events as they are stored.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use tokio::sync::{Semaphore, broadcast};

use crate::answer::{Answer, Refusal, with_review};
use crate::query::Query;
use crate::server::Server;
use crate::store::Store;

/// The store is asked so often.
const ASKED_EVERY: Duration = Duration::from_secs(1);
/// Told at a time; whoever fills a store at once is not watched event by event.
const EVENTS_MAX: usize = 200;
/// Whoever is further behind misses some.
const WAITING_MAX: usize = 1000;
/// Who watches at a time: each keeps a connection.
const WATCHERS_MAX: usize = 64;

pub(crate) struct Live {
    sender: broadcast::Sender<Arc<str>>,
    room: Arc<Semaphore>,
    store: Arc<Store>,
    is_asking: Arc<AtomicBool>,
}

impl Live {
    pub(crate) fn new(store: Arc<Store>) -> Self {
        let (sender, _) = broadcast::channel(WAITING_MAX);
        let room = Arc::new(Semaphore::new(WATCHERS_MAX));
        Live { sender, room, store, is_asking: Arc::default() }
    }

    /// Asks the store for as long as anybody watches.
    fn ask(&self) {
        if self.is_asking.swap(true, Ordering::AcqRel) {
            return;
        }
        let (store, sender, is_asking) =
            (self.store.clone(), self.sender.clone(), self.is_asking.clone());
        // By itself: whoever asks first may hang up at any moment.
        tokio::spawn(async move {
            let mut seen = None;
            let mut ticks = tokio::time::interval(ASKED_EVERY);
            loop {
                if sender.receiver_count() == 0 {
                    is_asking.store(false, Ordering::Release);
                    // Somebody may have come in between, and have seen that it is asked already.
                    if sender.receiver_count() == 0 || is_asking.swap(true, Ordering::AcqRel) {
                        return;
                    }
                }
                ticks.tick().await;
                let Some(before) = seen.clone() else {
                    // What is there already is no news.
                    seen = store.with(|reader| reader.seen()).await.ok();
                    continue;
                };
                // What cannot be read now can be the next time.
                let asked =
                    store.with(move |reader| reader.stored_since(&before, EVENTS_MAX)).await;
                let Ok((events, now)) = asked else { continue };
                seen = Some(now);
                for event in events.iter().filter_map(with_review) {
                    let _ = sender.send(event.into());
                }
            }
        });
    }
}

pub(crate) async fn live(
    State(server): State<Arc<Server>>,
    RawQuery(query): RawQuery,
) -> Answer<Response> {
    Query::new(query.as_deref())?.finish()?;
    let live = &server.live;
    let permit = live.room.clone().try_acquire_owned().map_err(|_| {
        let message = "too many are watching: close a page";
        Refusal::new(StatusCode::SERVICE_UNAVAILABLE, message)
    })?;
    let receiver = live.sender.subscribe();
    live.ask();
    let events = stream::unfold((receiver, permit), |(mut receiver, permit)| async move {
        loop {
            match receiver.recv().await {
                Ok(record) => {
                    let event = Event::default().event("event").data(&*record);
                    return Some((Ok::<_, Infallible>(event), (receiver, permit)));
                }
                Err(broadcast::error::RecvError::Lagged(_)) => {}
                Err(broadcast::error::RecvError::Closed) => return None,
            }
        }
    });
    let alive = KeepAlive::new().interval(Duration::from_secs(15));
    Ok(Sse::new(events).keep_alive(alive).into_response())
}
