//! The store, read on threads that may wait for a disk.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use axum::http::StatusCode;
use sink::StoreError;
use sink::reading::{Lists, Reader};
use tokio::sync::Semaphore;

use crate::answer::{Answer, Refusal};
use crate::lists::{self, ReadWatchlist};

/// Reads at a time: two cores are busy with fewer.
const READS_MAX: usize = 8;

pub(crate) struct Store {
    path: PathBuf,
    idle: Mutex<Vec<Opened>>,
    lists: RwLock<(u64, Arc<Lists>)>,
    room: Arc<Semaphore>,
    read_watchlist: ReadWatchlist,
}

struct Opened {
    reader: Reader,
    /// The file may have been replaced by another one of its name.
    file: Option<u64>,
    lists: u64,
}

impl Store {
    pub(crate) fn open(path: &Path, read_watchlist: ReadWatchlist) -> Result<Self, StoreError> {
        let reader = Reader::open(path)?;
        let lists = lists::read(&reader, &read_watchlist)?;
        let file = identity(path);
        let store = Store {
            path: path.into(),
            idle: Mutex::new(vec![Opened { reader, file, lists: 0 }]),
            lists: RwLock::new((1, Arc::new(lists))),
            room: Arc::new(Semaphore::new(READS_MAX)),
            read_watchlist,
        };
        Ok(store)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
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
        let done = tokio::task::spawn_blocking(move || {
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

    /// The same for those who wait already.
    pub(crate) fn act<T>(
        &self,
        act: impl FnOnce(&mut Reader) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let file = identity(&self.path);
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|opened| opened.file == file);
        let opened = idle.pop();
        drop(idle);
        let mut opened = match opened {
            Some(opened) => opened,
            None => Opened { reader: Reader::open(&self.path)?, file, lists: 0 },
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
