//! The web page, as it was built into the program.

use axum::body::Body;
use axum::http::{HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};

use crate::answer::Refusal;

/// By their paths within `web/dist`; empty where the page was not built.
const ASSETS: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// Nothing is fetched from anywhere else, and nothing that came by radio can become a script.
pub(crate) const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self' data: blob:; connect-src 'self'; worker-src 'self' blob:; font-src 'self'; \
    base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

const INDEX: &str = "index.html";

const ABSENT: &str = "<!doctype html><html lang=en><meta charset=utf-8><title>Alongside</title>\
<h1>Alongside</h1><p>This program was built without its web page. The API is here all the same: \
<a href=/api/openapi.json>/api/openapi.json</a> describes it, <a href=/api/events>/api/events</a> lists what was found.\
<p>To have the page, build it with Node.js and then the program again:\
<pre>cd crates/dashboard/web\nnpm ci\nnpm run build\ncd ../../..\ncargo build --release</pre>";

/// Whether the page is there.
pub(crate) fn is_built() -> bool {
    ASSETS.iter().any(|(name, _)| *name == INDEX)
}

/// Whatever is no part of the API: a file of the page, or one of its routes.
pub(crate) async fn page(method: Method, uri: Uri) -> Response {
    let path = uri.path();
    if path.starts_with("/api") {
        let message = "there is no such part of the API; /api/openapi.json lists those there are";
        return Refusal::absent(message).into_response();
    }
    if method != Method::GET && method != Method::HEAD {
        return Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "a page is only read").into_response();
    }
    let name = path.trim_start_matches('/');
    // Names are compared, and no file is looked for: a path leads nowhere else.
    let found = |name: &str| ASSETS.iter().find(|(known, _)| *known == name);
    if let Some((name, bytes)) = found(name).filter(|(name, _)| *name != INDEX) {
        let is_named_by_content = name.starts_with("assets/");
        return file(name, bytes, is_named_by_content);
    }
    if name.starts_with("assets/") {
        return Refusal::absent("there is no such file").into_response();
    }
    match found(INDEX) {
        Some((name, bytes)) => file(name, bytes, false),
        None => file(INDEX, ABSENT.as_bytes(), false),
    }
}

fn file(name: &str, bytes: &'static [u8], is_named_by_content: bool) -> Response {
    let kind = match name.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "json" | "map" => "application/json",
        "woff2" => "font/woff2",
        "wasm" => "application/wasm",
        _ => "application/octet-stream",
    };
    let kept = match is_named_by_content {
        true => "public, max-age=31536000, immutable",
        false => "no-cache",
    };
    let mut response = Response::new(Body::from(bytes));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(kept));
    response
}
