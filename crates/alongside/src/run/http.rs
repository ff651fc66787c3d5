//! The pages for machines that watch: `/metrics`, `/livez`, `/readyz`, `/healthz`.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};

use super::health::Health;

/// Clients at a time; others wait.
const CLIENTS_MAX: usize = 64;
/// Whoever asks for nothing for so long is sent away, …
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);
/// … and whoever takes the answers no faster than in this time.
const CONNECTION_TIMEOUT: Duration = Duration::from_secs(300);

/// Answers until it is dropped.
///
/// # Errors
///
/// None.
pub async fn serve(listener: TcpListener, health: Arc<Health>) -> io::Result<()> {
    let pages = Router::new()
        .route("/livez", get(live))
        .route("/readyz", get(ready))
        .route("/healthz", get(healthy))
        .route("/metrics", get(metrics))
        .with_state(health);
    let room = Arc::new(Semaphore::new(CLIENTS_MAX));
    loop {
        let Ok(place) = room.clone().acquire_owned().await else { return Ok(()) };
        let Ok((stream, _)) = listener.accept().await else {
            // Out of files, for one.
            sleep(Duration::from_millis(100)).await;
            continue;
        };
        let pages = pages.clone();
        tokio::spawn(async move {
            let _place = place;
            serve_client(stream, pages).await;
        });
    }
}

/// Answers one client, until it has gone or was idle or slow for too long.
pub async fn serve_client(stream: TcpStream, pages: Router) {
    let serving = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(pages));
    let _ = timeout(CONNECTION_TIMEOUT, serving).await;
}

async fn live(State(health): State<Arc<Health>>) -> impl IntoResponse {
    match health.is_alive() {
        true => (StatusCode::OK, "alive\n"),
        false => (StatusCode::SERVICE_UNAVAILABLE, "the pipeline stands still\n"),
    }
}

async fn ready(State(health): State<Arc<Health>>) -> impl IntoResponse {
    let troubles = health.troubles();
    match troubles.is_empty() {
        true => (StatusCode::OK, "ready\n".to_owned()),
        false => (StatusCode::SERVICE_UNAVAILABLE, troubles.join("\n") + "\n"),
    }
}

async fn healthy(State(health): State<Arc<Health>>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], format!("{:#}\n", health.to_json()))
}

async fn metrics(State(health): State<Arc<Health>>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], health.to_prometheus())
}
