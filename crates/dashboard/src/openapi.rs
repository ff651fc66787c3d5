//! The description of the API, at `/api/openapi.json`. A test asks the router for every path in it.

use axum::response::Response;
use serde_json::{Value, json};
use utoipa::openapi::path::{
    HttpMethod, OperationBuilder, Parameter, ParameterBuilder, ParameterIn,
};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::openapi::{
    Content, ContentBuilder, HeaderBuilder, InfoBuilder, OpenApi, OpenApiBuilder, PathItem,
    PathsBuilder, RefOr, Required, ResponseBuilder,
};

use crate::answer;

/// One thing that can be asked for.
pub(crate) struct Route {
    pub(crate) method: &'static str,
    pub(crate) path: &'static str,
    summary: &'static str,
    /// Name and meaning; those of the filter are added where it says so.
    query: &'static [(&'static str, &'static str)],
    has_filter: bool,
    /// The kind of the answer.
    gives: &'static str,
    /// The kind of the body, and what it is.
    takes: Option<(&'static str, &'static str)>,
}

const JSON: &str = "application/json";

const FILTER: &[(&str, &str)] = &[
    (
        "kind",
        "kinds of events, separated by commas, as all lists here; of a list one must hold, and all that is given",
    ),
    ("class", "classes of encounters"),
    ("profile", "definitions of a meeting that are satisfied"),
    ("state", "of the review: new, reviewing, dismissed, confirmed"),
    ("flag", "of a vessel: two letters"),
    ("type", "of a vessel, such as tanker"),
    ("mmsi", "numbers of vessels"),
    ("imo", "numbers of hulls"),
    ("name", "a part of a vessel's name"),
    ("watchlist", "lists that name a vessel: those it was found with, and those kept here"),
    ("zone", "zones around the place: those it was found with, and those kept here"),
    ("text", "words in id, names, callsigns, numbers, port, zones and lists; all must be there"),
    ("score_min", "at least"),
    ("score_max", "at most"),
    ("since", "ended then or later"),
    ("until", "began before"),
    ("bbox", "west,south,east,north in degrees; west is more than east across the 180th meridian"),
    (
        "flagged",
        "true: encounters that satisfy a profile, and all other kinds; all: every encounter",
    ),
];

macro_rules! route {
    ($method:literal $path:literal $summary:literal, $query:expr, $filter:literal, $gives:expr) => {
        Route {
            method: $method,
            path: $path,
            summary: $summary,
            query: $query,
            has_filter: $filter,
            gives: $gives,
            takes: None,
        }
    };
    ($method:literal $path:literal $summary:literal, takes $kind:literal $what:literal) => {
        Route {
            method: $method,
            path: $path,
            summary: $summary,
            query: &[],
            has_filter: false,
            gives: JSON,
            takes: Some(($kind, $what)),
        }
    };
}

pub(crate) const ROUTES: &[Route] = &[
    route!("get" "/api/events" "A page of events with their reviews", &[
        ("order", "score, -score (if not given), time or -time"),
        ("limit", "1 to 1000, 100 if not given"), ("cursor", "`next` of the page before"),
    ], true, JSON),
    route!("get" "/api/events/{id}" "An event with its versions, reviews and run", &[], false, JSON),
    route!("get" "/api/events/{id}/tracks" "The reports of both vessels of a flagged encounter, and their distance", &[
        ("detail", "full or thin"),
    ], false, JSON),
    route!("put" "/api/events/{id}/review" "Says what was made of an event; needs the role analyst",
        takes "application/json" "{\"state\":\"new|reviewing|dismissed|confirmed\",\"note\":\"…\"}"),
    route!("get" "/api/events/{id}/dossier" "Everything about an event in a zip; needs the role analyst", &[], false, "application/zip"),
    route!("get" "/api/map" "Places of up to 100 000 events", &[], true, JSON),
    route!("get" "/api/facets" "How many events there are of each kind, class, flag and so on", &[], true, JSON),
    route!("get" "/api/vessels" "A page of vessels", &[
        ("text", "words in name, callsign and numbers"), ("flag", "two letters"), ("type", "in words"),
        ("limit", "1 to 1000, 100 if not given"), ("cursor", "`next` of the page before"),
    ], false, JSON),
    route!("get" "/api/vessels/{mmsi}" "A vessel with every identity and its events", &[], false, JSON),
    route!("get" "/api/network" "Who met whom: around one vessel (mmsi, depth), or among events", &[
        ("depth", "1 to 3 steps from the vessel"),
    ], true, JSON),
    route!("get" "/api/export" "Events as a file", &[
        ("format", "geojson, csv, kml, gpkg, graphml or gfw"),
    ], true, "application/octet-stream"),
    route!("get" "/api/live" "Server-sent events: each event with its review as it is stored", &[], false, "text/event-stream"),
    route!("get" "/api/health" "How sources, sinks and the store do", &[], false, JSON),
    route!("get" "/api/about" "The program, its profiles and the store", &[], false, JSON),
    route!("get" "/api/audit" "Who did what; needs the role admin", &[], false, JSON),
    route!("get" "/api/watchlists" "The lists kept here", &[], false, JSON),
    route!("put" "/api/watchlists/{name}" "Keeps a list; needs the role analyst",
        takes "text/csv" "CSV with a column imo, mmsi, callsign or name, or JSON as OpenSanctions gives it"),
    route!("delete" "/api/watchlists/{name}" "Forgets a list; needs the role analyst", &[], false, JSON),
    route!("get" "/api/zones" "The zones kept here, as GeoJSON", &[], false, JSON),
    route!("put" "/api/zones/{name}" "Keeps a zone; needs the role analyst",
        takes "application/geo+json" "GeoJSON with polygons"),
    route!("delete" "/api/zones/{name}" "Forgets a zone; needs the role analyst", &[], false, JSON),
    route!("post" "/api/what-if" "Which encounters other numbers in the profiles would flag",
        takes "application/json" "{\"profiles\":{\"sts\":{\"distance_m\":300,\"duration_s\":7200}}}"),
    route!("get" "/api/session" "Who asks, and the token that changes carry as X-CSRF-Token", &[], false, JSON),
    route!("post" "/api/login" "Comes in; sets a cookie",
        takes "application/json" "{\"user\":\"…\",\"password\":\"…\"}"),
    route!("post" "/api/logout" "Goes out", &[], false, JSON),
    route!("get" "/api/basemap/land.json" "All land of Natural Earth 1:10m as GeoJSON", &[], false, "application/geo+json"),
    route!("get" "/api/openapi.json" "This", &[], false, JSON),
];

pub(crate) async fn document() -> Response {
    answer::text(described().to_json().expect("the description is JSON"))
}

fn described() -> OpenApi {
    let info = InfoBuilder::new()
        .title("Alongside")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(
            "Events that were found in AIS: evidence, not an accusation. Instants are UTC, names and units those of the \
             NDJSON of `alongside replay`; an error is {\"error\":\"what and what to do\"}.",
        ));
    let mut paths = PathsBuilder::new();
    for route in ROUTES {
        paths = paths.path(route.path, PathItem::new(method(route.method), operation(route)));
    }
    OpenApiBuilder::new().info(info.build()).paths(paths.build()).build()
}

fn method(name: &str) -> HttpMethod {
    match name {
        "put" => HttpMethod::Put,
        "post" => HttpMethod::Post,
        "delete" => HttpMethod::Delete,
        _ => HttpMethod::Get,
    }
}

fn operation(route: &Route) -> OperationBuilder {
    let schema = match route.gives {
        JSON | "application/geo+json" => Type::Object,
        _ => Type::String,
    };
    let is_export = route.path == "/api/export";
    let mut ok = ResponseBuilder::new()
        .description(given(route.path))
        .content(route.gives, content(schema, None));
    if is_export {
        let words = "of a network: there are more vessels or events than are in it";
        let header = HeaderBuilder::new().schema(self::schema(Type::String));
        ok = ok.header("x-alongside-truncated", header.description(Some(words)).build());
    }
    let error = ResponseBuilder::new()
        .description("what is wrong, and what to do")
        .content(JSON, content(Type::Object, Some(json!({"error": "…"}))));
    let named = route.path.split('{').skip(1).filter_map(|rest| rest.split('}').next());
    let in_path = named.map(|name| parameter(name, ParameterIn::Path, None));
    let filter = if route.has_filter { FILTER } else { &[] };
    let in_query = route
        .query
        .iter()
        .chain(filter)
        .map(|(name, meaning)| parameter(name, ParameterIn::Query, Some(meaning)));
    let mut operation = OperationBuilder::new()
        .summary(Some(route.summary))
        .parameters(Some(in_path.chain(in_query)))
        .response("200", ok)
        .response("default", error);
    if is_export || route.takes.is_some() {
        let words = match is_export {
            true => "more events than a GeoPackage is made of: ask for less",
            false => "the body is too long",
        };
        operation = operation.response("413", ResponseBuilder::new().description(words));
    }
    if let Some((kind, what)) = route.takes {
        let body = RequestBodyBuilder::new()
            .description(Some(what))
            .required(Some(Required::True))
            .content(kind, content(Type::String, None));
        operation = operation.request_body(Some(body.build()));
    }
    operation
}

/// What is in the answer, where that is not plain.
fn given(path: &str) -> &'static str {
    match path {
        "/api/map" => "rows with the fields that are named; `truncated` if there are more",
        "/api/network" => {
            "vessels and links; `truncated` if there are more, and then these are those with the highest scores"
        }
        _ => "as asked for",
    }
}

fn parameter(name: &str, place: ParameterIn, meaning: Option<&str>) -> Parameter {
    let required = match place {
        ParameterIn::Path => Required::True,
        _ => Required::False,
    };
    ParameterBuilder::new()
        .name(name)
        .parameter_in(place)
        .required(required)
        .description(meaning)
        .schema(Some(schema(Type::String)))
        .build()
}

fn content(kind: Type, example: Option<Value>) -> Content {
    ContentBuilder::new().schema(Some(schema(kind))).example(example).build()
}

fn schema(kind: Type) -> RefOr<Schema> {
    RefOr::T(Schema::Object(ObjectBuilder::new().schema_type(kind).build()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_route_is_described_once() {
        let document: Value = serde_json::from_str(&described().to_json().unwrap()).unwrap();
        for route in ROUTES {
            let described = &document["paths"][route.path][route.method];
            assert_eq!(described["summary"], route.summary, "{} {}", route.method, route.path);
        }
        let parameters = document["paths"]["/api/events"]["get"]["parameters"].as_array().unwrap();
        assert_eq!(parameters.len(), 3 + FILTER.len());
        let export = &document["paths"]["/api/export"]["get"]["responses"];
        assert!(export["413"].is_object());
        assert!(export["200"]["headers"]["x-alongside-truncated"].is_object());
    }
}
