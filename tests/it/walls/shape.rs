//! Whether a value is what a schema of the document says.

use serde_json::{Map, Value};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use uuid::Uuid;

/// The schemas of a document, by name.
pub struct Shapes<'a>(pub &'a Map<String, Value>);

impl<'a> Shapes<'a> {
    /// The named schema that this one refers to, or itself.
    pub fn resolve(&self, schema: &'a Value) -> &'a Value {
        match schema["$ref"].as_str() {
            Some(reference) => {
                let name = reference.strip_prefix("#/components/schemas/").unwrap();
                self.0
                    .get(name)
                    .unwrap_or_else(|| panic!("there is no schema {name}"))
            }
            None => schema,
        }
    }

    /// What does not fit, with the place; nothing when all does.
    pub fn misfits(&self, schema: &'a Value, value: &Value) -> Vec<String> {
        let mut found = Vec::new();
        self.check(schema, value, "", &mut found);
        found
    }

    fn check(&self, schema: &'a Value, value: &Value, place: &str, found: &mut Vec<String>) {
        let schema = self.resolve(schema);
        if value.is_null() && schema["nullable"] == true {
            return;
        }
        for part in list(schema, "allOf") {
            self.check(part, value, place, found);
        }
        let any = list(schema, "anyOf");
        if !any.is_empty() && !any.iter().any(|one| self.misfits(one, value).is_empty()) {
            found.push(format!("{place}: none of the choices: {value}"));
        }
        let choices = list(schema, "enum");
        if !choices.is_empty() && !choices.contains(value) {
            found.push(format!("{place}: {value} is not in the list"));
        }
        let fits = match schema["type"].as_str() {
            None => true,
            Some("object") if !any.is_empty() => value.is_object(),
            Some("string") => value.as_str().is_some_and(|text| has_format(schema, text)),
            Some("integer") => value.is_i64() || value.is_u64(),
            Some("number") => value.is_number(),
            Some("boolean") => value.is_boolean(),
            Some("array") => self.check_items(schema, value, place, found),
            Some("object") => self.check_object(schema, value, place, found),
            Some(other) => panic!("{place}: a type `{other}`"),
        };
        if !fits {
            found.push(format!("{place}: {value} is no {schema}"));
        }
    }

    fn check_items(
        &self,
        schema: &'a Value,
        value: &Value,
        place: &str,
        found: &mut Vec<String>,
    ) -> bool {
        let Some(items) = value.as_array() else {
            return false;
        };
        for (number, item) in items.iter().enumerate() {
            self.check(&schema["items"], item, &format!("{place}[{number}]"), found);
        }
        true
    }

    fn check_object(
        &self,
        schema: &'a Value,
        value: &Value,
        place: &str,
        found: &mut Vec<String>,
    ) -> bool {
        let Some(object) = value.as_object() else {
            return false;
        };
        for name in list(schema, "required").iter().filter_map(Value::as_str) {
            if !object.contains_key(name) {
                found.push(format!("{place}.{name} is missing"));
            }
        }
        for (name, value) in object {
            let any_name = Some(&schema["additionalProperties"]).filter(|any| any.is_object());
            match schema["properties"].get(name).or(any_name) {
                Some(property) => self.check(property, value, &format!("{place}.{name}"), found),
                None => found.push(format!("{place}.{name} is unknown")),
            }
        }
        true
    }
}

fn list<'v>(schema: &'v Value, key: &str) -> &'v [Value] {
    schema[key].as_array().map_or(&[], Vec::as_slice)
}

fn has_format(schema: &Value, text: &str) -> bool {
    match schema["format"].as_str() {
        Some("uuid") => Uuid::parse_str(text).is_ok(),
        Some("date-time") => OffsetDateTime::parse(text, &Rfc3339).is_ok(),
        _ => true,
    }
}

#[test]
fn a_planted_misfit_is_found() {
    use serde_json::json;
    let schemas = json!({
        "Word": {"type": "string", "enum": ["a", "b"]},
        "Thing": {
            "type": "object",
            "required": ["id", "word"],
            "properties": {
                "id": {"type": "string", "format": "uuid"},
                "word": {"allOf": [{"$ref": "#/components/schemas/Word"}]},
                "many": {"type": "array", "nullable": true, "items": {"type": "integer"}},
            },
        },
        "Either": {
            "type": "object",
            "anyOf": [{"$ref": "#/components/schemas/Thing"}, {"$ref": "#/components/schemas/Other"}],
        },
        "Other": {"type": "object", "properties": {}},
    });
    let shapes = Shapes(schemas.as_object().unwrap());
    let id = Uuid::nil();
    for (name, value, misfits) in [
        ("Thing", json!({"id": id, "word": "a", "many": null}), 0),
        ("Thing", json!({"id": id, "word": "a", "many": [1, 2]}), 0),
        ("Thing", json!({"id": id, "word": "c"}), 1),
        ("Thing", json!({"id": "x", "word": "a"}), 1),
        ("Thing", json!({"word": "a"}), 1),
        ("Thing", json!({"id": id, "word": null}), 2),
        (
            "Thing",
            json!({"id": id, "word": "a", "many": [1, "2"], "more": 1}),
            2,
        ),
        ("Thing", json!([]), 1),
        ("Either", json!({}), 0),
        ("Either", json!({"id": id, "word": "b"}), 0),
        ("Either", json!({"id": 7}), 1),
    ] {
        let found = shapes.misfits(&schemas[name], &value);
        assert_eq!(found.len(), misfits, "{name} {value}: {found:?}");
    }
}
