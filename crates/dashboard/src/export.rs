//! Many events as a file: written while it is sent, so that no export is held in memory.

use std::cell::RefCell;
use std::io::{self, Write};
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{RawQuery, State};
use axum::http::{HeaderValue, StatusCode};
use futures_util::stream;
use sink::StoreError;
use sink::reading::{Filter, Network, Reader};
use tokio::sync::mpsc;

use crate::access::Caller;
use crate::answer::{Answer, Refusal};
use crate::api::attachment;
use crate::query::{Query, unexpected};
use crate::server::Server;

/// Pieces that wait for a slow reader, and how large they are.
const PIECES_MAX: usize = 8;
const PIECE_BYTES: usize = 64 << 10;
/// A reader that takes nothing for so long has gone.
const TAKEN_WITHIN: Duration = Duration::from_secs(60);
/// Events of an export as a GeoPackage, which is made before it is sent.
const COPIED_MAX: usize = 200_000;

#[derive(Clone, Copy)]
enum Format {
    GeoJson,
    Csv,
    Kml,
    GraphMl,
    Gfw,
    GeoPackage,
}

impl Format {
    fn of_name(name: &str) -> Answer<Self> {
        Ok(match name {
            "geojson" => Format::GeoJson,
            "csv" => Format::Csv,
            "kml" => Format::Kml,
            "graphml" => Format::GraphMl,
            "gfw" => Format::Gfw,
            "gpkg" => Format::GeoPackage,
            "parquet" => {
                return Err(Refusal::new(
                    StatusCode::NOT_IMPLEMENTED,
                    "this program writes no Parquet: take format=gpkg, and ogr2ogr or DuckDB makes GeoParquet of it",
                ));
            }
            other => {
                return Err(unexpected("format", other, "geojson, csv, kml, gpkg, graphml or gfw"));
            }
        })
    }

    fn kind_and_ending(self) -> (&'static str, &'static str) {
        match self {
            Format::GeoJson => ("application/geo+json", "geojson"),
            Format::Csv => ("text/csv; charset=utf-8", "csv"),
            Format::Kml => ("application/vnd.google-earth.kml+xml", "kml"),
            Format::GraphMl => ("application/graphml+xml", "graphml"),
            Format::Gfw => ("application/json", "json"),
            Format::GeoPackage => ("application/geopackage+sqlite3", "gpkg"),
        }
    }
}

pub(crate) async fn export(
    State(server): State<Arc<Server>>,
    caller: Caller,
    RawQuery(query): RawQuery,
) -> Answer {
    let subject = query.clone().unwrap_or_default();
    let mut query = Query::new(query.as_deref())?;
    let format = query.take("format").unwrap_or_default();
    let format = Format::of_name(&format)?;
    let filter = query.take_filter()?;
    query.finish()?;
    let permit = server.may_export()?;
    let (at, by) = (server.now(), caller.name());
    if let Format::GeoPackage = format {
        let of = filter.clone();
        let count = server.store.read(move |reader| reader.count(&of)).await?;
        if count > COPIED_MAX as u64 {
            return Err(too_many(count));
        }
    }
    let network = match format {
        Format::GraphMl => {
            let of = filter.clone();
            Some(server.store.read(move |reader| reader.network(&of)).await?)
        }
        _ => None,
    };
    let is_truncated = network.as_ref().is_some_and(|network| network.truncated);
    let subject = maritime::shown(&subject.chars().take(1000).collect::<String>());
    server.store.with(move |reader| reader.audit(at, &by, "export", &subject)).await?;
    let (sender, receiver) = mpsc::channel(PIECES_MAX);
    let exporting = server.clone();
    tokio::task::spawn_blocking(move || {
        let _permit = permit;
        let store = &exporting.store;
        let written = store.act(|reader| {
            let mut pieces = Pieces { sender: sender.clone(), piece: Vec::new() };
            match write(reader, &filter, (format, network.as_ref()), at, &mut pieces) {
                Err(Failure::Store(error)) => Err(error),
                Err(Failure::TooMany) => {
                    let _ = sender.blocking_send(Err(io::Error::other("too many events")));
                    Ok(())
                }
                // Whoever asked has gone.
                Err(Failure::Reader) | Ok(()) => Ok(()),
            }
        });
        if let Err(error) = written {
            tracing::warn!(%error, "an export is broken off");
            // The connection ends without the end of the answer, which tells a broken file from a whole one.
            let _ = sender.blocking_send(Err(io::Error::other("the store cannot be read")));
        }
    });
    let body = stream::unfold(receiver, |mut receiver| async move {
        receiver.recv().await.map(|piece| (piece, receiver))
    });
    let (kind, ending) = format.kind_and_ending();
    let mut answer = attachment(Body::from_stream(body), kind, &format!("alongside.{ending}"));
    if is_truncated {
        let words =
            "the vessels and events with the highest scores; ask for less by time, area or score";
        answer.headers_mut().insert("x-alongside-truncated", HeaderValue::from_static(words));
    }
    Ok(answer)
}

fn too_many(count: u64) -> Refusal {
    Refusal::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        format!(
            "these are {count} events, and a GeoPackage is made of at most {COPIED_MAX}: ask for less by time, area or \
             score, or for geojson or csv, which have no bound"
        ),
    )
}

enum Failure {
    Store(StoreError),
    TooMany,
    Reader,
}

impl From<io::Error> for Failure {
    fn from(_: io::Error) -> Self {
        Failure::Reader
    }
}

fn write(
    reader: &Reader,
    filter: &Filter,
    (format, network): (Format, Option<&Network>),
    at: maritime::Timestamp,
    out: &mut Pieces,
) -> Result<(), Failure> {
    if let Format::GeoPackage = format {
        let directory = tempfile::tempdir().map_err(|_| Failure::Reader)?;
        let path = directory.path().join("export.gpkg");
        let copied = reader.copy_to(filter, COPIED_MAX, &path, at).map_err(Failure::Store)?;
        if let Err(count) = copied {
            tracing::warn!(count, "an export is broken off: too many events have come meanwhile");
            return Err(Failure::TooMany);
        }
        let mut copy = std::fs::File::open(path)?;
        io::copy(&mut copy, out)?;
        return Ok(out.flush()?);
    }
    if let Some(network) = network {
        return Ok(sink::write_graphml(network, out)?);
    }
    let failed = RefCell::new(None);
    let records = reader.records(filter).map_while(|record| match record {
        Ok(record) => Some(record),
        Err(error) => {
            *failed.borrow_mut() = Some(error);
            None
        }
    });
    let written = match format {
        Format::Csv => sink::write_csv(records, &mut *out),
        Format::Kml => sink::write_kml(records, &mut *out),
        Format::Gfw => sink::write_gfw(records, &mut *out),
        Format::GeoJson | Format::GraphMl | Format::GeoPackage => {
            sink::write_geojson(records, &mut *out)
        }
    };
    match failed.into_inner() {
        Some(error) => Err(Failure::Store(error)),
        None => Ok(written?),
    }
}

/// Sends what is written a piece at a time.
struct Pieces {
    sender: mpsc::Sender<io::Result<Bytes>>,
    piece: Vec<u8>,
}

impl Pieces {
    fn send(&mut self) -> io::Result<()> {
        if self.piece.is_empty() {
            return Ok(());
        }
        let mut piece = Ok(Bytes::from(std::mem::take(&mut self.piece)));
        let mut waited = Duration::ZERO;
        loop {
            match self.sender.try_send(piece) {
                Ok(()) => return Ok(()),
                Err(mpsc::error::TrySendError::Full(back)) if waited < TAKEN_WITHIN => {
                    let pause = Duration::from_millis(5);
                    std::thread::sleep(pause);
                    waited += pause;
                    piece = back;
                }
                Err(_) => return Err(io::ErrorKind::BrokenPipe.into()),
            }
        }
    }
}

impl Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.piece.extend_from_slice(bytes);
        if self.piece.len() >= PIECE_BYTES {
            self.send()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.send()
    }
}
