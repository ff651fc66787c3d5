//! Coming in and going out.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use serde::Deserialize;
use serde_json::json;

use crate::access::{Caller, carries_csrf};
use crate::answer::{self, Answer, Refusal};
use crate::blocking::on_a_thread;
use crate::server::{Peer, Server};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Login {
    user: String,
    password: String,
}

pub(crate) async fn session(State(server): State<Arc<Server>>, caller: Caller) -> Response {
    told(&server, &caller)
}

pub(crate) async fn log_in(
    State(server): State<Arc<Server>>,
    Extension(Peer(peer)): Extension<Peer>,
    headers: HeaderMap,
    body: String,
) -> Answer {
    if server.door.is_open() {
        return Err(Refusal::bad("nobody logs in here: the machine itself is served alone"));
    }
    // A form of another site cannot send this without asking first.
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if !content_type.is_some_and(|kind| kind.starts_with("application/json")) {
        return Err(Refusal::bad("expected content-type: application/json"));
    }
    let Login { user, password } = serde_json::from_str(&body)
        .map_err(|_| Refusal::bad("expected {\"user\":\"…\",\"password\":\"…\"}"))?;
    let too_many = || {
        let message = "too many attempts: wait a minute";
        Refusal::new(StatusCode::TOO_MANY_REQUESTS, message)
    };
    let from = server.door.address_of(peer.ip(), &headers);
    let permit = server.logins.clone().acquire_owned().await.map_err(|_| too_many())?;
    if !server.door.may_try(from, &user) {
        return Err(too_many());
    }
    let (at, name) = (server.now(), user.clone());
    let trying = server.clone();
    let trial = on_a_thread(move || {
        // It goes on when the other side hangs up, and so does the permit.
        let _permit = permit;
        trying.door.log_in(from, &user, &password)
    });
    let done = trial.await.ok().flatten();
    let action = if done.is_some() { "login" } else { "failed login" };
    let name: String = maritime::shown(&name.chars().take(64).collect::<String>());
    tracing::info!(user = name, %from, "{action}");
    let noted = server.store.with(move |reader| reader.audit(at, &name, action, &from.to_string()));
    noted.await?;
    let Some((cookie, caller)) = done else {
        return Err(Refusal::new(StatusCode::UNAUTHORIZED, "the name or the password is wrong"));
    };
    Ok(with_cookie(told(&server, &caller), &cookie))
}

pub(crate) async fn log_out(
    State(server): State<Arc<Server>>,
    caller: Caller,
    headers: HeaderMap,
) -> Answer {
    if caller.role.is_some() && !carries_csrf(&caller, &headers) {
        return Err(Refusal::new(StatusCode::FORBIDDEN, "logging out needs X-CSRF-Token"));
    }
    let cookie = server.door.log_out(&headers);
    Ok(with_cookie(answer::value(&json!({})), &cookie))
}

fn told(server: &Server, caller: &Caller) -> Response {
    answer::value(&json!({
        "user": caller.user,
        "role": caller.role.map(|role| role.name()),
        "open": server.door.is_open(),
        "csrf": caller.csrf,
    }))
}

fn with_cookie(mut response: Response, cookie: &str) -> Response {
    let cookie = HeaderValue::from_str(cookie).expect("a cookie of ours is ASCII");
    response.headers_mut().insert(header::SET_COOKIE, cookie);
    response
}
