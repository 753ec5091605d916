//! Operation of the API: its route and its OpenAPI entry together, so that neither exists without
//! the other.
//!
//! To add an operation: one file with a handler and an `operation()`; one line in
//! [`super::operations`].

use super::App;
use super::access::Access;
use super::code::Code;
use super::problem::MEDIA_TYPE;
use axum::routing::MethodRouter;
use serde_json::{Map, Value, json};

pub struct Operation {
    /// HTTP method in lower case, as in OpenAPI.
    pub method: &'static str,
    /// Path in axum's syntax; `{*key}` takes the rest of the path.
    pub path: &'static str,
    /// Access that the router enforces before the handler runs.
    pub access: Access,
    pub route: MethodRouter<App>,
    pub doc: Doc,
}

pub enum Doc {
    One(Value),
    /// One OpenAPI entry for each command of each product, made from the package's description. The
    /// next variants do the same for members with choices, for views, and for rows of views.
    Commands,
    Choices,
    Views,
    Rows,
    /// No OpenAPI entry: browsers show the answer as a page.
    Page,
}

/// OpenAPI entry of one operation, as a builder.
pub struct Entry(Value);

impl Entry {
    pub fn new(id: &str, tag: &str, summary: &str) -> Self {
        Entry(json!({
            "operationId": id,
            "tags": [tag],
            "summary": summary,
            "parameters": [],
            "responses": {},
        }))
    }

    pub fn public(mut self) -> Self {
        self.0["security"] = json!([]);
        self
    }

    pub fn path(self, name: &str, description: &str) -> Self {
        self.parameter(json!({
            "name": name, "in": "path", "required": true, "description": description, "schema": { "type": "string" },
        }))
    }

    pub fn query(self, name: &str, schema: Value, description: &str) -> Self {
        self.parameter(json!({ "name": name, "in": "query", "description": description, "schema": schema }))
    }

    /// Adds a required query parameter.
    pub fn required_query(self, name: &str, schema: Value, description: &str) -> Self {
        self.parameter(json!({
            "name": name, "in": "query", "required": true, "description": description, "schema": schema,
        }))
    }

    pub fn header(self, name: &str, schema: Value, description: &str) -> Self {
        self.parameter(json!({ "name": name, "in": "header", "description": description, "schema": schema }))
    }

    fn parameter(mut self, parameter: Value) -> Self {
        if let Some(parameters) = self.0["parameters"].as_array_mut() {
            parameters.push(parameter);
        }
        self
    }

    pub fn body(mut self, schema: Value) -> Self {
        self.0["requestBody"] = json!({ "required": true, "content": { "application/json": { "schema": schema } } });
        self
    }

    pub fn answers(self, status: &str, description: &str, schema: Value) -> Self {
        self.answers_as(status, description, "application/json", schema)
    }

    pub fn answers_as(mut self, status: &str, description: &str, media_type: &str, schema: Value) -> Self {
        let content = Map::from_iter([(media_type.to_owned(), json!({ "schema": schema }))]);
        self.0["responses"][status] = json!({ "description": description, "content": content });
        self
    }

    pub fn response_header(mut self, status: &str, name: &str, description: &str) -> Self {
        self.0["responses"][status]["headers"][name] =
            json!({ "description": description, "schema": { "type": "string" } });
        self
    }

    /// Adds the error codes particular to this operation, and those of authentication unless the
    /// operation is public. A code that is listed already stays as it is.
    pub fn refuses(mut self, codes: &[Code]) -> Self {
        let mut codes = codes.to_vec();
        if self.0.get("security").is_none() {
            codes.extend([Code::TokenMissing, Code::TokenInvalid, Code::TokenExpired, Code::NotAMember]);
            codes.extend([Code::PersonChanged]);
            codes.extend([Code::TooManyRequests, Code::UriTooLong, Code::HeadersTooLarge]);
        }
        for code in codes {
            let status = code.status().as_str().to_owned();
            let response = &mut self.0["responses"][&status];
            let quoted = format!("`{}`", code.as_str());
            let description = match response.get("description").and_then(Value::as_str) {
                Some(described) if described.split(", ").any(|listed| listed == quoted) => continue,
                Some(described) => format!("{described}, {quoted}"),
                None => quoted,
            };
            *response = json!({
                "description": description,
                "content": { MEDIA_TYPE: { "schema": { "$ref": "#/components/schemas/Problem" } } },
            });
        }
        self
    }

    pub fn build(self) -> Value {
        self.0
    }

    pub fn done(self) -> Doc {
        Doc::One(self.0)
    }
}
