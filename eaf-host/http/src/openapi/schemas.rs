//! JSON Schemas of the OpenAPI document that all products share.

use serde_json::{Map, Value, json};

pub fn common() -> Map<String, Value> {
    let schemas = [("Problem", problem()), ("Accepted", accepted()), ("Waiting", waiting()), ("Action", action())];
    schemas.map(|(name, schema)| (name.to_owned(), schema)).into_iter().collect()
}

fn problem() -> Value {
    json!({
        "type": "object",
        "description": "RFC 9457. `code` is stable; `detail` is for people, in the language of Accept-Language.",
        "required": ["type", "title", "status", "detail", "code", "trace_id", "errors"],
        "properties": {
            "type": { "type": "string", "format": "uri-reference" },
            "title": { "type": "string" },
            "status": { "type": "integer" },
            "detail": { "type": "string" },
            "code": { "type": "string" },
            "trace_id": { "type": "string", "pattern": "^[0-9a-f]{32}$" },
            "params": { "type": "object", "description": "Params of a product's rejection." },
            "errors": { "type": "array", "items": {
                "type": "object",
                "required": ["pointer", "code", "message"],
                "properties": {
                    "pointer": { "type": "string", "description": "JSON pointer into the body, or `?name` for a parameter." },
                    "code": { "type": "string" },
                    "message": { "type": "string" },
                },
            } },
        },
    })
}

fn accepted() -> Value {
    json!({
        "type": "object",
        "required": ["command_id", "position", "subject", "location", "dry_run"],
        "properties": {
            "command_id": { "type": "string", "format": "uuid" },
            "position": {
                "type": ["string", "null"],
                "pattern": "^[0-9]+-[0-9]+$",
                "description": "Pass as `after` to read your own write. null: nothing had to change.",
            },
            "subject": { "type": ["object", "null"], "required": ["view", "key"], "properties": {
                "view": { "type": "string" }, "key": { "type": "string" },
            } },
            "location": { "type": ["string", "null"] },
            "dry_run": { "type": "boolean" },
            "preview": {
                "type": ["object", "null"],
                "description": "With dry-run only: the expected result, if the product computes one.",
            },
        },
    })
}

fn waiting() -> Value {
    json!({
        "type": "object",
        "description": "What a row waits for.",
        "required": ["code", "text", "since", "people"],
        "properties": {
            "code": { "type": "string", "description": "`row-fault`: the product failed for this row." },
            "text": { "type": "string", "description": "One sentence; the same as `waiting_on`." },
            "since": { "type": ["string", "null"], "format": "date-time" },
            "people": {
                "type": "array",
                "items": { "type": "string" },
                "description": "Names of the people who can act, if it depends on people.",
            },
        },
    })
}

fn action() -> Value {
    json!({
        "type": "object",
        "required": ["command", "title", "permitted", "allowed", "why", "body"],
        "properties": {
            "command": { "type": "string" },
            "title": { "type": "string" },
            "permitted": {
                "type": "boolean",
                "description": "Whether the caller's roles permit the command, for any row.",
            },
            "allowed": { "type": "boolean" },
            "why": { "type": ["string", "null"], "description": "Why not: the text of the command's rejection." },
            "body": { "type": "object", "description": "Members of the command's body that follow from the row." },
        },
    })
}
