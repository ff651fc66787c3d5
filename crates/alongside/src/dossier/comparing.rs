//! Two accounts of one event, field by field in words.

use serde::Serialize;
use serde_json::Value;
use sink::EventRecord;

/// A field in which two accounts differ.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Difference {
    /// As on the wire: `distance_m_min`, `vessels[1].name`, `reasons.night.weight`.
    pub field: String,
    /// In the first account; `null` if it is not there.
    pub stored: Value,
    /// In the second account.
    pub derived: Value,
    /// Why the wider recording may have it otherwise; `null` where nothing explains it.
    pub because: Option<&'static str>,
}

/// Every field in which `derived` differs from `stored`, in the order in which they are written.
pub fn compare(stored: &EventRecord, derived: &EventRecord) -> Vec<Difference> {
    let [stored, derived] =
        [stored, derived].map(|record| serde_json::to_value(record).expect("a record is JSON"));
    let mut differences = Vec::new();
    walk("", &stored, &derived, &mut differences);
    explain(&mut differences);
    differences
}

/// What follows from other fields is explained by those alone: if these are the same, or nothing explains them
/// either, it was altered or reckoned by somebody else.
fn explain(differences: &mut [Difference]) {
    let moves = |difference: &Difference| {
        !["version", "as_of", "state"].contains(&difference.field.as_str())
            && difference.because.is_some_and(|because| because != FOLLOWS)
    };
    if differences.iter().any(moves) {
        return;
    }
    for difference in differences.iter_mut().filter(|it| it.because == Some(FOLLOWS)) {
        difference.because = None;
    }
}

/// Every value in which two files of JSON differ.
pub fn compare_json(stated: &Value, derived: &Value) -> Vec<Difference> {
    let mut differences = Vec::new();
    walk("", stated, derived, &mut differences);
    differences
}

fn walk(path: &str, stored: &Value, derived: &Value, out: &mut Vec<Difference>) {
    if stored == derived {
        return;
    }
    let below =
        |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    match (stored, derived) {
        (Value::Object(a), Value::Object(b)) => {
            for (name, value) in a {
                walk(&below(name), value, b.get(name).unwrap_or(&Value::Null), out);
            }
            for (name, value) in b.iter().filter(|(name, _)| !a.contains_key(*name)) {
                walk(&below(name), &Value::Null, value, out);
            }
        }
        // Reasons have names: one more does not move the others.
        (Value::Array(a), Value::Array(b)) if is_named(a) && is_named(b) => {
            let rule = |value: &Value| value["rule"].as_str().unwrap_or_default().to_owned();
            let in_b = |name: &str| b.iter().find(|value| rule(value) == name);
            for value in a {
                let name = rule(value);
                walk(&below(&name), value, in_b(&name).unwrap_or(&Value::Null), out);
            }
            for value in b.iter().filter(|value| !a.iter().any(|known| rule(known) == rule(value)))
            {
                walk(&below(&rule(value)), &Value::Null, value, out);
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            for (index, (a, b)) in a.iter().zip(b).enumerate() {
                walk(&format!("{path}[{index}]"), a, b, out);
            }
        }
        _ => out.push(Difference {
            field: path.into(),
            stored: stored.clone(),
            derived: derived.clone(),
            because: because(path),
        }),
    }
}

fn is_named(values: &[Value]) -> bool {
    values.iter().all(|value| value.get("rule").is_some())
}

/// Of fields that are reckoned from those before them.
const FOLLOWS: &str = "it follows from the fields above";

/// What a field owes to the recording beyond the sentences of a dossier.
fn because(field: &str) -> Option<&'static str> {
    let name = field.split(['.', '[']).next().unwrap_or_default();
    if name == "vessels" && field.contains(".gaps") {
        return Some("whether a ship was silent is told by who else was heard there");
    }
    Some(match name {
        "anchorage_distance_m" => "anchorages are learned from all ships of the recording",
        "meetings_nearby" => "meetings of other ships are counted over the whole recording",
        "third_vessels" | "raft" => "it depends on whom the other ships met",
        "version" => "how often an event is told depends on who else was heard meanwhile",
        "as_of" => "the recording goes on for longer than what was kept of it",
        "state" => "whether it has ended is known by how the recording goes on",
        "figures" => "it is reckoned from how other ships were heard in the whole recording",
        "profiles" | "score" | "reasons" | "class" | "class_confidence" | "class_reasons"
        | "explanation" => FOLLOWS,
        "software_version" => "another version of the program found it",
        "parameters_hash" => "it was found with other parameters",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(stored: Value, derived: Value, expected: &[&str]) {
        let differences = compare_json(&stored, &derived);
        let fields: Vec<&str> = differences.iter().map(|it| it.field.as_str()).collect();
        assert_eq!(fields, expected);
    }

    #[test]
    fn a_difference_is_named_where_it_is() {
        check(json!({"a": 1, "b": [1, 2]}), json!({"a": 1, "b": [1, 2]}), &[]);
        check(json!({"a": 1, "b": [1, 2]}), json!({"a": 2, "b": [1, 3]}), &["a", "b[1]"]);
        check(json!({"a": [1]}), json!({"a": [1, 2], "c": 3}), &["a", "c"]);
        let reason = |rule: &str, weight: f64| json!({"rule": rule, "weight": weight});
        check(
            json!({"reasons": [reason("long", 0.2), reason("night", 0.1)]}),
            json!({"reasons": [reason("near", 0.2), reason("long", 0.2), reason("night", 0.2)]}),
            &["reasons.night.weight", "reasons.near"],
        );
    }

    #[test]
    fn what_follows_is_explained_by_what_it_follows_from() {
        let explained = |stored: Value, derived: Value| -> Vec<bool> {
            let mut differences = compare_json(&stored, &derived);
            explain(&mut differences);
            differences.iter().map(|difference| difference.because.is_some()).collect()
        };
        assert_eq!(explained(json!({"score": 0.1}), json!({"score": 0.8})), [false]);
        assert_eq!(
            explained(json!({"as_of": 1, "score": 0.1}), json!({"as_of": 2, "score": 0.8})),
            [true, false]
        );
        assert_eq!(
            explained(
                json!({"distance_m_min": 1, "class": "tow"}),
                json!({"distance_m_min": 2, "class": "gear"})
            ),
            [false, false]
        );
        assert_eq!(
            explained(json!({"raft": 3, "score": 0.1}), json!({"raft": 2, "score": 0.8})),
            [true, true]
        );
    }

    #[test]
    fn what_the_wider_recording_cannot_explain_is_told_apart() {
        assert!(because("reasons.night.weight").is_some());
        assert!(because("vessels[0].name").is_none());
        assert!(because("distance_m_min").is_none());
    }
}
