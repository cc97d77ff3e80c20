//! As much of JSON Schema (draft 2020-12) as the schema in this repository uses. An unknown keyword is an error, so that
//! no requirement can be missed. A validator for the whole draft takes longer to build than everything else that these
//! tests need.

use serde_json::{Map, Value};

pub(super) struct Validator {
    root: Value,
}

impl Validator {
    pub(super) fn new(root: Value) -> Validator {
        Validator { root }
    }

    /// All ways in which `value` violates the schema, each with its path.
    pub(super) fn violations(&self, value: &Value) -> Vec<String> {
        self.compare(&self.root, value, "")
    }

    fn compare(&self, schema: &Value, value: &Value, path: &str) -> Vec<String> {
        let schema = schema.as_object().unwrap_or_else(|| panic!("{path}: a schema is an object: {schema}"));
        schema.iter().flat_map(|(keyword, rule)| self.apply(schema, keyword, rule, value, path)).collect()
    }

    /// The violations of one keyword of a schema.
    fn apply(
        &self,
        schema: &Map<String, Value>,
        keyword: &str,
        rule: &Value,
        value: &Value,
        path: &str,
    ) -> Vec<String> {
        let holds = match keyword {
            "$schema" | "$defs" | "title" | "description" => true,
            "$ref" => return self.compare(self.definition(rule), value, path),
            "type" => match rule {
                Value::Array(types) => types.iter().any(|one| is_of_type(value, one)),
                one => is_of_type(value, one),
            },
            "const" => value == rule,
            "minimum" => value.as_f64().is_none_or(|number| number >= rule.as_f64().expect("a number")),
            "maximum" => value.as_f64().is_none_or(|number| number <= rule.as_f64().expect("a number")),
            "minLength" => {
                let least = rule.as_u64().expect("a length");
                value.as_str().is_none_or(|text| text.chars().count() as u64 >= least)
            }
            "anyOf" => self.count_matches(rule, value, path) >= 1,
            "oneOf" => self.count_matches(rule, value, path) == 1,
            "items" => {
                let items = value.as_array().into_iter().flatten().enumerate();
                return items
                    .flat_map(|(index, item)| self.compare(rule, item, &format!("{path}/{index}")))
                    .collect();
            }
            "required" => {
                let names = rule.as_array().expect("names").iter().map(|name| name.as_str().expect("a name"));
                let missing =
                    |name: &&str| value.as_object().is_some_and(|object| !object.contains_key(*name));
                return names.filter(missing).map(|name| format!("{path}: {name} is missing")).collect();
            }
            "properties" => {
                let rules = rule.as_object().expect("members");
                let members = value.as_object().into_iter().flatten();
                return members
                    .filter_map(|(name, member)| Some((name, member, rules.get(name)?)))
                    .flat_map(|(name, member, rule)| self.compare(rule, member, &format!("{path}/{name}")))
                    .collect();
            }
            "additionalProperties" => {
                assert_eq!(rule, &Value::Bool(false), "{path}: only `false` is supported");
                let known = schema["properties"].as_object().expect("members");
                let members = value.as_object().into_iter().flatten();
                return members
                    .filter(|(name, _)| !known.contains_key(*name))
                    .map(|(name, _)| format!("{path}: {name} is unknown"))
                    .collect();
            }
            unknown => panic!("{path}: the keyword {unknown} is not supported"),
        };
        if holds { Vec::new() } else { vec![format!("{path}: {value} against {keyword}: {rule}")] }
    }

    fn count_matches(&self, rule: &Value, value: &Value, path: &str) -> usize {
        let schemas = rule.as_array().expect("schemas").iter();
        schemas.filter(|schema| self.compare(schema, value, path).is_empty()).count()
    }

    /// The schema that a reference such as `#/$defs/NAME` names.
    fn definition(&self, reference: &Value) -> &Value {
        let pointer =
            reference.as_str().and_then(|text| text.strip_prefix('#')).expect("a reference into this file");
        self.root.pointer(pointer).unwrap_or_else(|| panic!("{reference}: there is no such definition"))
    }
}

fn is_of_type(value: &Value, name: &Value) -> bool {
    match name.as_str().expect("the name of a type") {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_u64() || value.is_i64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        unknown => panic!("there is no type {unknown}"),
    }
}

#[test]
fn each_keyword_is_enforced() {
    let schema = serde_json::json!({
        "$defs": { "name": { "type": "string", "minLength": 2 } },
        "type": "object",
        "additionalProperties": false,
        "required": ["name"],
        "properties": {
            "name": { "$ref": "#/$defs/name" },
            "count": { "type": ["integer", "null"], "minimum": 1, "maximum": 3 },
            "list": { "type": "array", "items": { "type": "boolean" } },
            "any": { "anyOf": [{ "type": "number" }, { "type": "integer" }] },
            "one": { "oneOf": [{ "const": "a" }, { "const": "b" }, { "type": "number" }, { "type": "integer" }] },
        },
    });
    let validator = Validator::new(schema);
    let violations = |text: &str| validator.violations(&serde_json::from_str(text).unwrap());
    for good in [
        r#"{ "name": "ab" }"#,
        r#"{ "name": "ab", "count": null, "list": [], "any": 1, "one": 1.5 }"#,
        r#"{ "name": "ab", "count": 3, "list": [true, false], "any": 1.5, "one": "b" }"#,
    ] {
        assert!(violations(good).is_empty(), "{good}: {:?}", violations(good));
    }
    for bad in [
        r"[]",
        r"{}",
        r#"{ "name": "a" }"#,
        r#"{ "name": 12 }"#,
        r#"{ "name": "ab", "count": 0 }"#,
        r#"{ "name": "ab", "count": 4 }"#,
        r#"{ "name": "ab", "count": 1.5 }"#,
        r#"{ "name": "ab", "list": [true, 1] }"#,
        r#"{ "name": "ab", "any": "x" }"#,
        r#"{ "name": "ab", "one": "c" }"#,
        r#"{ "name": "ab", "one": 1 }"#,
        r#"{ "name": "ab", "more": 1 }"#,
    ] {
        assert_eq!(violations(bad).len(), 1, "{bad}: {:?}", violations(bad));
    }
}
