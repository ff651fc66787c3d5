//! The store, read on threads that may wait for a disk.

use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use axum::http::StatusCode;
use sink::StoreError;
use sink::reading::{Interrupt, Lists, Place, Reader};
use tokio::sync::Semaphore;

use crate::answer::{Answer, Refusal};
use crate::blocking::on_a_thread;
use crate::lists::{self, ReadWatchlist};

/// Reads at a time: two cores are busy with fewer.
const READS_MAX: usize = 8;

pub(crate) struct Store {
    place: Place,
    idle: Mutex<Vec<Opened>>,
    lists: RwLock<(u64, Arc<Lists>)>,
    changing: Mutex<()>,
    room: Arc<Semaphore>,
    read_watchlist: ReadWatchlist,
}

/// Somebody waits for an answer; when this goes, nobody does.
#[derive(Default)]
struct Waiting(Arc<Mutex<Work>>);

#[derive(Default)]
enum Work {
    #[default]
    Waiting,
    Reading(Interrupt),
    Done,
    Unwanted,
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let mut work = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Work::Reading(interrupt) = &*work {
            interrupt.interrupt();
        }
        *work = Work::Unwanted;
    }
}

struct Opened {
    reader: Reader,
    /// The file may have been replaced by another one of its name.
    file: Option<u64>,
    lists: u64,
}

impl Store {
    pub(crate) fn open(place: Place, read_watchlist: ReadWatchlist) -> Result<Self, StoreError> {
        let reader = place.open()?;
        let lists = lists::read(&reader, &read_watchlist)?;
        let file = identity(place.desk());
        let store = Store {
            place,
            idle: Mutex::new(vec![Opened { reader, file, lists: 0 }]),
            lists: RwLock::new((1, Arc::new(lists))),
            changing: Mutex::default(),
            room: Arc::new(Semaphore::new(READS_MAX)),
            read_watchlist,
        };
        Ok(store)
    }

    pub(crate) fn place(&self) -> &Place {
        &self.place
    }

    pub(crate) fn read_watchlist(&self) -> &ReadWatchlist {
        &self.read_watchlist
    }

    /// Does something with the store where it may wait.
    pub(crate) async fn with<T: Send + 'static>(
        self: &Arc<Self>,
        act: impl FnOnce(&mut Reader) -> Result<T, StoreError> + Send + 'static,
    ) -> Answer<T> {
        let permit = self.room.clone().acquire_owned().await;
        let store = self.clone();
        let done = on_a_thread(move || {
            let _permit = permit;
            store.act(act)
        });
        match done.await {
            Ok(done) => Ok(done?),
            Err(error) => {
                tracing::error!(%error, "reading the store has failed");
                let message = "reading the store has failed; the log of the server says why";
                Err(Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, message))
            }
        }
    }

    /// Reads from the store; whoever no longer waits for the answer breaks the reading off. Only for what changes nothing.
    pub(crate) async fn read<T: Send + 'static>(
        self: &Arc<Self>,
        read: impl FnOnce(&mut Reader) -> Result<T, StoreError> + Send + 'static,
    ) -> Answer<T> {
        let waiting = Waiting::default();
        let at_work = waiting.0.clone();
        let done = self.with(move |reader| {
            {
                let mut work = at_work.lock().unwrap_or_else(PoisonError::into_inner);
                if let Work::Unwanted = *work {
                    return Ok(None);
                }
                *work = Work::Reading(reader.interrupt());
            }
            let done = read(reader);
            // What comes later must not meet somebody else's reading.
            *at_work.lock().unwrap_or_else(PoisonError::into_inner) = Work::Done;
            done.map(Some)
        });
        done.await?.ok_or_else(|| {
            Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "nobody waits for it any longer")
        })
    }

    /// The same for those who wait already.
    pub(crate) fn act<T>(
        &self,
        act: impl FnOnce(&mut Reader) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let file = identity(self.place.desk());
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|opened| opened.file == file);
        let opened = idle.pop();
        drop(idle);
        let mut opened = match opened {
            Some(opened) => opened,
            None => Opened { reader: self.place.open()?, file, lists: 0 },
        };
        let (number, lists) = {
            let lists = self.lists.read().unwrap_or_else(PoisonError::into_inner);
            (lists.0, lists.1.clone())
        };
        if opened.lists != number {
            opened.reader.use_lists(lists)?;
            opened.lists = number;
        }
        // A reader that has failed is not used again.
        let done = act(&mut opened.reader)?;
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < READS_MAX {
            idle.push(opened);
        }
        Ok(done)
    }

    /// Reads the lists again after one of them was changed.
    pub(crate) fn read_lists(&self, reader: &Reader) -> Result<(), StoreError> {
        // One after the other: what was read before another change must not stand after it.
        let _changing = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let read = lists::read(reader, &self.read_watchlist)?;
        let mut lists = self.lists.write().unwrap_or_else(PoisonError::into_inner);
        *lists = (lists.0 + 1, Arc::new(read));
        Ok(())
    }

    pub(crate) fn lists(&self) -> Arc<Lists> {
        self.lists.read().unwrap_or_else(PoisonError::into_inner).1.clone()
    }
}

/// Of the file that has this name now.
#[cfg(unix)]
fn identity(path: &Path) -> Option<u64> {
    use std::os::unix::fs::MetadataExt;

    fs::metadata(path).ok().map(|found| found.ino())
}

#[cfg(not(unix))]
fn identity(path: &Path) -> Option<u64> {
    fs::metadata(path).ok().map(|_| 0)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    #[tokio::test]
    async fn what_nobody_waits_for_is_broken_off() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("store.gpkg");
        sink::GeoPackage::open(&path).unwrap();
        let read_watchlist: ReadWatchlist = Arc::new(|_, _| Ok(sink::reading::WatchSet::default()));
        let store = Arc::new(Store::open(Place::GeoPackage(path), read_watchlist).unwrap());
        let (sender, ended) = std::sync::mpsc::channel();
        let reading = store.read(move |reader| {
            let done = reader.count_without_end();
            sender.send(done.is_err()).unwrap();
            done
        });
        assert!(tokio::time::timeout(Duration::from_millis(200), reading).await.is_err());
        let since = Instant::now();
        let is_broken_off = tokio::task::spawn_blocking(move || {
            ended.recv_timeout(Duration::from_secs(60)).unwrap()
        });
        assert!(is_broken_off.await.unwrap() && since.elapsed() < Duration::from_secs(30));
        assert!(store.read(|reader| reader.summary()).await.is_ok());
    }
}
