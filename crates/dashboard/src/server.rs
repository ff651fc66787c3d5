//! Connections, and which handler a request goes to.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use maritime::Timestamp;
use sink::StoreError;
use sink::reading::{Place, WatchSet};
use tokio::net::TcpListener;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_io_timeout::TimeoutStream;
use tower_service::Service;

use crate::access::{Access, Caller, Door, Role, carries_csrf};
use crate::answer::Refusal;
use crate::blocking::on_a_thread;
use crate::store::Store;
use crate::what_if::Profile;
use crate::{api, export, lists, live, openapi, page, session, what_if};

/// At a time; whoever comes then waits at the door of the system.
const CONNECTIONS_MAX: usize = 256;
/// The head of a request takes no longer, …
const HEAD_WITHIN: Duration = Duration::from_secs(10);
/// … and the rest of it and its handling no longer than this, apart from exports and what is live.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);
/// Whoever takes nothing of an answer for so long has gone, though the connection has not.
const TAKEN_WITHIN: Duration = Duration::from_secs(60);
/// Of a watchlist: all vessels of OpenSanctions take less.
const BODY_BYTES_MAX: usize = 16 << 20;
/// Of a name and a password, from anybody.
const LOGIN_BYTES_MAX: usize = 8 << 10;
/// Of a head.
const HEAD_BYTES_MAX: usize = 64 << 10;
/// At a time: each takes a thread.
const EXPORTS_MAX: usize = 4;
/// Passwords that are looked at at a time: each takes 19 MiB.
const LOGINS_MAX: usize = 2;

/// An id of an event in, a zip out, or why there is none.
pub type MakeDossier = Arc<dyn Fn(&str) -> Result<Vec<u8>, String> + Send + Sync>;

/// What is served, and with what of the rest of the program.
#[derive(Clone)]
pub struct Options {
    /// A store that is there.
    pub store: Place,
    /// Who may come in.
    pub access: Access,
    /// Whether a proxy with TLS stands before it: cookies are then for TLS alone, and it says who asks.
    pub behind_proxy: bool,
    /// The clock on the wall.
    pub now: fn() -> Timestamp,
    /// For example `0.1.0`.
    pub software_version: String,
    /// All land as GeoJSON; asked for once.
    pub land: fn() -> String,
    /// Reads a watchlist of that name: CSV or JSON in, or what is wrong with it.
    pub read_watchlist: fn(&str, &str) -> Result<WatchSet, String>,
    /// The definitions of a meeting of the configuration.
    pub profiles: Vec<Profile>,
    /// Makes the dossier of an event: a zip, or why there is none; `None` where the raw sentences are not at hand.
    pub dossier: Option<MakeDossier>,
    /// The members `sources` and `sinks` of the health of whatever fills the store; `None` of a store alone.
    #[allow(clippy::type_complexity, reason = "nothing in, JSON out")]
    pub health: Option<Arc<dyn Fn() -> serde_json::Value + Send + Sync>>,
}

/// Why nothing is served.
#[derive(Debug, thiserror::Error)]
pub enum RefusedError {
    /// Anybody could come in.
    #[error(
        "{0} is no loopback address, and there are no users and no token: `alongside serve users add NAME` adds one"
    )]
    Unguarded(SocketAddr),
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The system refuses.
    #[error("cannot serve")]
    Io(#[from] io::Error),
}

/// What all handlers know.
pub(crate) struct Server {
    pub(crate) store: Arc<Store>,
    pub(crate) door: Door,
    pub(crate) live: live::Live,
    pub(crate) options: Options,
    pub(crate) exports: Arc<Semaphore>,
    pub(crate) logins: Arc<Semaphore>,
    pub(crate) land: std::sync::OnceLock<axum::body::Bytes>,
}

impl Server {
    pub(crate) fn now(&self) -> Timestamp {
        (self.options.now)()
    }

    /// Whether they may change something, and mean to.
    pub(crate) fn check_change(
        &self,
        caller: &Caller,
        headers: &HeaderMap,
        role: Role,
    ) -> Result<(), Refusal> {
        self.check_role(caller, role)?;
        match carries_csrf(caller, headers) {
            true => Ok(()),
            false => Err(Refusal::new(
                StatusCode::FORBIDDEN,
                "a change needs the header X-CSRF-Token with the token of GET /api/session",
            )),
        }
    }

    /// Leave to export, for as long as it is kept.
    pub(crate) fn may_export(&self) -> Result<OwnedSemaphorePermit, Refusal> {
        self.exports.clone().try_acquire_owned().map_err(|_| {
            let message = "four exports are under way: wait for one to end";
            Refusal::new(StatusCode::SERVICE_UNAVAILABLE, message)
        })
    }

    pub(crate) fn check_role(&self, caller: &Caller, role: Role) -> Result<(), Refusal> {
        match caller.role {
            Some(has) if has >= role => Ok(()),
            Some(has) => Err(Refusal::new(
                StatusCode::FORBIDDEN,
                format!("this needs the role {}, and yours is {}", role.name(), has.name()),
            )),
            None => Err(Refusal::new(StatusCode::UNAUTHORIZED, "log in first")),
        }
    }
}

/// Where a request comes from.
#[derive(Clone, Copy)]
pub(crate) struct Peer(pub(crate) SocketAddr);

/// Serves until it is dropped.
///
/// # Errors
///
/// An address that others can reach without anybody who may come in; a store that cannot be read.
pub async fn serve(listener: TcpListener, options: Options) -> Result<(), RefusedError> {
    let address = listener.local_addr()?;
    let is_guarded = match &options.access {
        Access::Open => address.ip().is_loopback(),
        Access::Guarded { users, token } => !users.is_empty() || token.is_some(),
    };
    if !is_guarded {
        return Err(RefusedError::Unguarded(address));
    }
    let read_watchlist = options.read_watchlist;
    let place = options.store.clone();
    let store = on_a_thread(move || Store::open(place, Arc::new(read_watchlist)));
    let store = Arc::new(store.await.map_err(io::Error::other)??);
    let server = Arc::new(Server {
        live: live::Live::new(store.clone()),
        store,
        door: Door::new(options.access.clone(), options.behind_proxy),
        options,
        exports: Arc::new(Semaphore::new(EXPORTS_MAX)),
        logins: Arc::new(Semaphore::new(LOGINS_MAX)),
        land: std::sync::OnceLock::new(),
    });
    let router = router(server);
    let room = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    loop {
        let permit = room.clone().acquire_owned().await.expect("it is never closed");
        let (stream, peer) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                // Too many open files, for one: it passes.
                tracing::warn!(%error, "a connection cannot be accepted");
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let router = router.clone();
        tokio::spawn(async move {
            let _permit = permit;
            let _ = stream.set_nodelay(true);
            let mut stream = TimeoutStream::new(stream);
            stream.set_write_timeout(Some(TAKEN_WITHIN));
            let service = service_fn(move |mut request: hyper::Request<Incoming>| {
                request.extensions_mut().insert(Peer(peer));
                let mut router = router.clone();
                async move {
                    let answer: Result<Response, Infallible> =
                        router.call(request.map(Body::new)).await;
                    answer
                }
            });
            let served = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEAD_WITHIN)
                .max_buf_size(HEAD_BYTES_MAX)
                .serve_connection(TokioIo::new(Box::pin(stream)), service);
            // Whoever hangs up has seen enough.
            let _ = served.await;
        });
    }
}

fn router(server: Arc<Server>) -> Router {
    let quick = Router::new()
        .route("/api/events", get(api::events))
        .route("/api/events/{id}", get(api::event))
        .route("/api/events/{id}/tracks", get(api::tracks))
        .route("/api/events/{id}/review", put(api::review))
        .route("/api/map", get(api::map))
        .route("/api/facets", get(api::facets))
        .route("/api/vessels", get(api::vessels))
        .route("/api/vessels/{mmsi}", get(api::vessel))
        .route("/api/network", get(api::network))
        .route("/api/health", get(api::health))
        .route("/api/about", get(api::about))
        .route("/api/audit", get(api::audit))
        .route("/api/basemap/land.json", get(api::land))
        .route("/api/watchlists", get(lists::watchlists))
        .route("/api/watchlists/{name}", put(lists::put_watchlist).delete(lists::delete_watchlist))
        .route("/api/zones", get(lists::zones))
        .route("/api/zones/{name}", put(lists::put_zone).delete(lists::delete_zone))
        .route("/api/what-if", post(what_if::what_if))
        .route("/api/openapi.json", get(openapi::document))
        .route("/api/session", get(session::session))
        .route("/api/login", post(session::log_in).layer(DefaultBodyLimit::max(LOGIN_BYTES_MAX)))
        .route("/api/logout", post(session::log_out))
        .layer(middleware::from_fn(in_time));
    Router::new()
        .merge(quick)
        .route("/api/events/{id}/dossier", get(api::dossier))
        .route("/api/export", get(export::export))
        .route("/api/live", get(live::live))
        .fallback(page::page)
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(middleware::from_fn_with_state(server.clone(), enter))
        .with_state(server)
}

/// Handles a request no longer than is good for the others.
async fn in_time(request: Request, next: Next) -> Response {
    let answer = tokio::time::timeout(ANSWER_WITHIN, next.run(request)).await;
    answer.unwrap_or_else(|_| {
        let message = "this takes too long: ask for less, by time, area or score";
        Refusal::new(StatusCode::SERVICE_UNAVAILABLE, message).into_response()
    })
}

/// Finds out who asks, turns away who may not, and adds what a browser shall heed.
async fn enter(State(server): State<Arc<Server>>, mut request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let is_api = path.starts_with("/api/");
    let is_for_all = matches!(path, "/api/session" | "/api/login" | "/api/logout") || !is_api;
    let caller = server.door.caller(request.headers());
    let mut response = match caller {
        Err(refusal) => refusal.into_response(),
        Ok(caller) if caller.role.is_none() && !is_for_all => {
            Refusal::new(StatusCode::UNAUTHORIZED, "log in first").into_response()
        }
        Ok(caller) => {
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
    };
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, page::POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    for (name, value) in [
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("permissions-policy", "camera=(), geolocation=(), microphone=()"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if is_api {
        headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    }
    response
}
