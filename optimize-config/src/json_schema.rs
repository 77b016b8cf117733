//! The JSON Schema of a configuration file, for editors, from the same structs as the settings.

use std::collections::BTreeMap;

use schemars::{JsonSchema, SchemaGenerator, generate::SchemaSettings};
use serde_json::{Value, json};

use crate::keys::{Auth, Connection, Key, Printing, Provider, Server, Storage};
use crate::settings::SANDBOX_PROFILE;

/// Configuration of optimize
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "only its schema is used")]
struct File {
    #[schemars(flatten)]
    settings: Profile,
    /// The profile that is used if none is named
    default_profile: Option<String>,
    /// Settings by name; `sandbox` is built in
    profiles: Option<BTreeMap<String, Profile>>,
}

#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, rename = "profile")]
#[expect(dead_code, reason = "only its schema is used")]
struct Profile {
    #[schemars(flatten)]
    server: Server,
    #[schemars(flatten)]
    output: Printing,
    #[schemars(flatten)]
    http: Connection,
    #[schemars(flatten)]
    storage: Storage,
    #[schemars(flatten)]
    provider: Provider,
    auth: Option<Auth>,
}

/// The schema (2020-12). Unknown keys are errors to the program, and so they are here.
pub fn json_schema() -> Value {
    let generator = SchemaGenerator::new(SchemaSettings::draft2020_12());
    let mut schema = generator.into_root_schema_for::<File>().to_value();
    schema["properties"]["profiles"]["propertyNames"] = json!({ "not": { "const": SANDBOX_PROFILE } });
    add_variables(&mut schema["properties"], "");
    add_variables(&mut schema["$defs"]["profile"]["properties"], "");
    add_variables(&mut schema["$defs"]["auth"]["properties"], "auth.");
    schema
}

/// Adds the environment variables of each setting. They are for people; a validator ignores them.
fn add_variables(properties: &mut Value, prefix: &str) {
    for (name, property) in properties.as_object_mut().into_iter().flatten() {
        remove_null(property);
        let path = format!("{prefix}{name}");
        let key = Key::ALL.iter().find(|key| key.path() == path);
        let variables = key.map(|key| key.all_variables()).unwrap_or_default();
        if !variables.is_empty() {
            property["x-environment"] = variables.into();
        }
    }
}

/// A file of TOML has no null: a setting that is not made is absent.
fn remove_null(property: &mut Value) {
    let is_null = |value: &Value| value.is_null() || value == "null" || value["type"] == "null";
    for name in ["type", "enum", "anyOf"] {
        if let Some(Value::Array(values)) = property.get_mut(name) {
            values.retain(|value| !is_null(value));
        }
    }
    if let Some([only]) = property["type"].as_array().map(Vec::as_slice) {
        property["type"] = only.clone();
    }
    if let Some([Value::Object(only)]) = property["anyOf"].as_array().map(Vec::as_slice) {
        let only = only.clone();
        if let Some(members) = property.as_object_mut() {
            members.remove("anyOf");
            members.extend(only);
        }
    }
}
