//! Answers: JSON, or what went wrong and what to do.

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;
use sink::StoreError;
use sink::reading::{Listed, Review};

/// Why there is no answer.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    pub(crate) message: String,
}

pub(crate) type Answer<T = Response> = Result<T, Refusal>;

impl Refusal {
    pub(crate) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Refusal { status, message: message.into() }
    }

    pub(crate) fn bad(message: impl Into<String>) -> Self {
        Refusal::new(StatusCode::BAD_REQUEST, message)
    }

    pub(crate) fn absent(message: impl Into<String>) -> Self {
        Refusal::new(StatusCode::NOT_FOUND, message)
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        let status = match &error {
            StoreError::Busy { .. } | StoreError::Absent { .. } | StoreError::ClickHouse(_) => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}"));
        tracing::warn!(%error, cause, "the store gives no answer");
        // Where the tables are is nobody's business who is not on this machine.
        let message = match &error {
            StoreError::ClickHouse(_) | StoreError::Tables(_) => {
                "the server with the events gives no answer".to_owned()
            }
            error => error.to_string(),
        };
        Refusal::new(status, format!("{message}; try again, or look at the log of the server"))
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = text(json!({"error": self.message}).to_string());
        *response.status_mut() = self.status;
        if self.status == StatusCode::TOO_MANY_REQUESTS {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("60"));
        }
        response
    }
}

/// JSON that is written already.
pub(crate) fn text(json: impl Into<Body>) -> Response {
    let mut response = Response::new(json.into());
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

pub(crate) fn value(value: &serde_json::Value) -> Response {
    text(value.to_string())
}

pub(crate) fn review(review: &Review) -> serde_json::Value {
    let Review { state, note, changed_at, changed_by } = review;
    json!({"state": state, "note": note, "changed_at": changed_at, "changed_by": changed_by})
}

/// The record as it is told, with the review and the marks added; `None` if what is stored is no JSON.
pub(crate) fn with_review(listed: &Listed) -> Option<String> {
    let mut record = checked(&listed.record)?.to_owned();
    record.truncate(record.len() - 1);
    let marks = json!({"zones": listed.marks.zones, "watchlists": listed.marks.watchlists});
    record.push_str(&format!(",\"review\":{},\"marks\":{marks}}}", review(&listed.review)));
    Some(record)
}

/// A stored record, if it is an object that is not empty: the file may be anybody's.
pub(crate) fn checked(record: &str) -> Option<&str> {
    let record = record.trim();
    let read: Result<serde::de::IgnoredAny, _> = serde_json::from_str(record);
    (read.is_ok() && record.starts_with('{') && record.len() > 2).then_some(record)
}

/// As a JSON array.
pub(crate) fn array(listed: &[Listed]) -> String {
    let records: Vec<String> = listed.iter().filter_map(with_review).collect();
    format!("[{}]", records.join(","))
}
