//! The pages for machines that watch: `/metrics`, `/livez`, `/readyz`, `/healthz`.

use std::io;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use tokio::net::TcpListener;

use super::health::Health;

/// Answers until it is dropped.
///
/// # Errors
///
/// What the system says of the socket.
pub async fn serve(listener: TcpListener, health: Arc<Health>) -> io::Result<()> {
    let pages = Router::new()
        .route("/livez", get(live))
        .route("/readyz", get(ready))
        .route("/healthz", get(healthy))
        .route("/metrics", get(metrics))
        .with_state(health);
    axum::serve(listener, pages).await
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
