//! The published schemas of the messages, held against real messages.

use maritime::{Mmsi, Position, PositionFix, Timestamp, VesselIdentity};
use serde_json::Value;

use crate::samples::{dead_letter, event, gap, provenance};
use crate::{EventRecord, IdentityRecord, PositionRecord};

/// What is wrong with `value`, by as much of JSON Schema as our schemas use. Fields that a schema does not name are
/// wrong here: our own messages have none.
fn faults(root: &Value, schema: &Value, value: &Value, path: &str, found: &mut Vec<String>) {
    if let Some(name) = schema["$ref"].as_str() {
        return faults(
            root,
            &root["$defs"][name.trim_start_matches("#/$defs/")],
            value,
            path,
            found,
        );
    }
    let is = |name: &str| match name {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("{path}: unknown type {other}"),
    };
    let types: Vec<&str> = match &schema["type"] {
        Value::String(name) => vec![name],
        Value::Array(names) => names.iter().map(|name| name.as_str().unwrap()).collect(),
        other => panic!("{path}: no type but {other}"),
    };
    if !types.iter().any(|name| is(name)) {
        found.push(format!("{path} is {value} and not {types:?}"));
    }
    if let (Some(number), least, most) = (value.as_f64(), &schema["minimum"], &schema["maximum"]) {
        let inside = least.as_f64().is_none_or(|least| number >= least)
            && most.as_f64().is_none_or(|most| number <= most);
        if !inside {
            found.push(format!("{path} = {number}"));
        }
    }
    if let Some(words) = schema["enum"].as_array()
        && !words.contains(value)
    {
        found.push(format!("{path} is {value}, not among {words:?}"));
    }
    if schema["format"] == "date-time"
        && let Some(text) = value.as_str()
        && Timestamp::parse(text).is_err()
    {
        found.push(format!("{path} is no time: {text}"));
    }
    for (at, item) in value.as_array().into_iter().flatten().enumerate() {
        faults(root, &schema["items"], item, &format!("{path}[{at}]"), found);
    }
    let Some(fields) = value.as_object() else { return };
    for name in schema["required"].as_array().into_iter().flatten() {
        if !fields.contains_key(name.as_str().unwrap()) {
            found.push(format!("{path} lacks {name}"));
        }
    }
    for (name, field) in fields {
        let path = format!("{path}.{name}");
        match (schema["properties"].get(name), schema.get("additionalProperties")) {
            (Some(schema), _) | (None, Some(schema)) => faults(root, schema, field, &path, found),
            (None, None) => found.push(format!("{path} is not in the schema")),
        }
    }
}

#[track_caller]
fn check(schema: &str, record: &impl serde::Serialize) {
    let schema: Value = serde_json::from_str(schema).unwrap();
    let mut found = Vec::new();
    faults(&schema, &schema, &serde_json::to_value(record).unwrap(), "", &mut found);
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn messages_are_as_the_published_schemas_say() {
    for event in [event(), gap()] {
        let record = EventRecord::new(&event, &provenance());
        check(include_str!("../../../config/schemas/event.v1.json"), &record);
    }
    let mmsi = Mmsi::new(311_000_222).unwrap();
    let at = Timestamp::from_secs(1_704_067_200);
    let fix = PositionFix {
        mmsi,
        observed_at: at,
        position: Position::new(28.25, -94.86).unwrap(),
        speed_knots: Some(0.5),
        course_deg: None,
        heading_deg: Some(12.0),
        coarse: false,
        station: None,
    };
    let schema = include_str!("../../../config/schemas/position.v1.json");
    check(schema, &PositionRecord::new(&fix, "test"));
    let schema = include_str!("../../../config/schemas/identity.v1.json");
    check(schema, &IdentityRecord::new(mmsi, &VesselIdentity::default(), (at, at), "test"));
    check(schema, &IdentityRecord::new(mmsi, &event().vessels[0].identity, (at, at), "test"));
    for payload in [&b"{}"[..], &[0xFF]] {
        let letter = dead_letter().with_payload(payload);
        check(include_str!("../../../config/schemas/dead_letter.v1.json"), &letter);
    }
}

#[test]
fn the_check_finds_what_is_wrong() {
    let schema: Value =
        serde_json::from_str(include_str!("../../../config/schemas/event.v1.json")).unwrap();
    let mut record = serde_json::to_value(EventRecord::new(&event(), &provenance())).unwrap();
    record["state"] = "guilty".into();
    record["vessels"][0]["mmsi"] = "1".into();
    record["as_of"] = "never".into();
    record["more"] = 1.into();
    record.as_object_mut().unwrap().remove("score");
    let mut found = Vec::new();
    faults(&schema, &schema, &record, "", &mut found);
    assert_eq!(found.len(), 5, "{found:?}");
}
